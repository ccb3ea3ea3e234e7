"""The hub's status page as a reader sees it: fetched over HTTP, its rows taken out of the HTML.

Owns finding the rows; refuses to know what makes a till be in step.
"""

import urllib.request
from html.parser import HTMLParser
from typing import NamedTuple

TIME_OUT_S = 10.0


class TillRow(NamedTuple):
    """One till's row, each cell as it stands there; `state` with its mark before it."""

    till: str
    state: str
    contact: str
    facts: str
    day: str
    sales: str
    takings: str


def till_rows(hub_url: str, language: str = "en") -> list[TillRow]:
    """The rows of `/hq` of the hub at that address, in page order. Raises OSError."""
    page = f"{hub_url}/hq?lang={language}"
    with urllib.request.urlopen(page, timeout=TIME_OUT_S) as answer:
        parser = _Rows()
        parser.feed(answer.read().decode())
    return [TillRow(*cells) for cells in parser.rows if len(cells) == len(TillRow._fields)]


class _Rows(HTMLParser):
    """The data cells of every table row."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self._in_cell = False

    def handle_starttag(self, tag: str, attrs: object) -> None:  # noqa: ARG002  the parser's signature
        if tag == "tr":
            self.rows.append([])
        elif tag == "td":
            self.rows[-1].append("")
            self._in_cell = True

    def handle_endtag(self, tag: str) -> None:
        if tag == "td":
            self._in_cell = False
        elif tag == "span" and self._in_cell:  # the mark stands close to its words
            self.rows[-1][-1] += " "

    def handle_data(self, data: str) -> None:
        if self._in_cell:
            self.rows[-1][-1] += data
