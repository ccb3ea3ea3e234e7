"""The hub's page for head office as a reader sees it: fetched over HTTP, its tills taken out of the
HTML.

Owns finding the cards; refuses to know what makes a till be in step.
"""

import urllib.request
from html.parser import HTMLParser
from typing import NamedTuple

TIME_OUT_S = 10.0


class TillCard(NamedTuple):
    """One till's card, each figure as it stands there; `state` with its mark before it."""

    till: str
    state: str
    contact: str
    facts: str
    day: str
    sales: str
    takings: str
    shift: str
    whole_to: str
    clock: str = ""
    program: str = ""


def till_cards(hub_url: str, language: str = "en") -> list[TillCard]:
    """The tills of `/hq` of the hub at that address, in page order. Raises OSError."""
    page = f"{hub_url}/hq?lang={language}"
    with urllib.request.urlopen(page, timeout=TIME_OUT_S) as answer:
        parser = _Cards()
        parser.feed(answer.read().decode())
    return [
        TillCard(**{cell: " ".join(text.split()) for cell, text in card.items()})
        for card in parser.cards
    ]


class _Cards(HTMLParser):
    """What stands in the elements that are marked `data-cell`, till by till."""

    def __init__(self) -> None:
        super().__init__()
        self.cards: list[dict[str, str]] = []
        self._cell = ""
        self._within = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        marked = dict(attrs)
        if "data-till" in marked:
            self.cards.append({})
        if self._cell:
            self._within += 1
        elif cell := marked.get("data-cell"):
            self._cell = cell
            self.cards[-1][cell] = ""

    def handle_endtag(self, tag: str) -> None:  # noqa: ARG002  the parser's signature
        if self._within:
            self._within -= 1
        else:
            self._cell = ""

    def handle_data(self, data: str) -> None:
        if self._cell:
            self.cards[-1][self._cell] += data
