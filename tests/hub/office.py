"""Head office at the catalogue's pages: forms posted as a browser would, over HTTP."""

import html
import re
from typing import Self
from urllib.parse import parse_qs, urlsplit

import httpx

CATALOGUE = "/hq/catalogue"
_TOKEN = re.compile(r'name="token" value="([0-9a-f]+)"')
_TOLD = re.compile(r'<p class="told (?:no|yes)".*?</p>', re.DOTALL)
_FIELD = re.compile(r'<input[^>]*? name="([^"]+)" value="([^"]*)"')
_CHOSEN = re.compile(r'<select name="([^"]+)".*?</select>', re.DOTALL)
_OPTION = re.compile(r'<option value="([^"]*)"( selected)?>')
_AREA = re.compile(r'<textarea name="([^"]+)"[^>]*>\n([^<]*)</textarea>')


class Office:
    """A browser without a script. Close it."""

    def __init__(self, hub_url: str, language: str = "en") -> None:
        self.language = language
        self.http = httpx.Client(base_url=hub_url, trust_env=False, timeout=60.0)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()

    def get(self, path: str = "", **parameters: str) -> httpx.Response:
        return self.http.get(CATALOGUE + path, params={**parameters, "lang": self.language})

    def page(self, path: str = "", **parameters: str) -> str:
        answer = self.get(path, **parameters)
        assert answer.status_code == 200, answer.text
        return answer.text

    def token(self) -> str:
        """What a form of the hub carries."""
        return the_token(self.page("/recalls"))

    def post(
        self, path: str, fields: dict[str, str], headers: dict[str, str] | None = None
    ) -> httpx.Response:
        """Post a form as one of the hub's own pages does."""
        own = {"Origin": str(self.http.base_url).rstrip("/"), "Sec-Fetch-Site": "same-origin"}
        return self.http.post(
            CATALOGUE + path,
            params={"lang": self.language},
            data={"token": self.token(), **fields},
            headers={**own, **(headers or {})},
        )

    def edits(self, product_id: str, changes: dict[str, str], **parameters: str) -> httpx.Response:
        """Open a product, type something else into some fields, and put it into the draft."""
        form = fields_of(self.page("/product", id=product_id, **parameters))
        return self.post("/product", {**form, "by": "王敏", "act": "save", **changes})

    def drafts(self, product_id: str, changes: dict[str, str], **parameters: str) -> int:
        """The same; the draft's number."""
        return number_of(self.edits(product_id, changes, **parameters))

    def acts(self, number: int, act: str, **fields: str) -> httpx.Response:
        return self.post(f"/revisions/{number}", {"act": act, "by": "王敏", **fields})


def the_token(page: str) -> str:
    found = _TOKEN.search(page)
    assert found is not None
    return found[1]


def shown_on(page: str) -> str:
    """The fingerprint of the draft that a page shows."""
    found = re.search(r'name="shown" value="([0-9a-f]+)"', page)
    assert found is not None
    return found[1]


def told(answer: httpx.Response) -> str:
    """The sentence on top of a page, without markup."""
    found = _TOLD.search(answer.text)
    assert found is not None, answer.text
    return " ".join(html.unescape(re.sub("<[^>]+>", "", found[0])).split())


def fields_of(page: str) -> dict[str, str]:
    """What a browser would post of the product's form if nothing was typed."""
    form = page[page.index('class="edit"') : page.index('class="acts"')]
    fields = {name: html.unescape(value) for name, value in _FIELD.findall(form)}
    for select in _CHOSEN.finditer(form):
        options = _OPTION.findall(select[0])
        fields[select[1]] = next((value for value, mark in options if mark), options[0][0])
    for name, text in _AREA.findall(form):
        fields[name] = html.unescape(text)
    return fields


def number_of(answer: httpx.Response) -> int:
    """The revision that the browser is sent to."""
    assert answer.status_code == 303, told(answer)
    return int(urlsplit(answer.headers["Location"]).path.rpartition("/")[2])


def done(answer: httpx.Response) -> str:
    """What was done, by the word in the address that the browser is sent to."""
    assert answer.status_code == 303, told(answer)
    return parse_qs(urlsplit(answer.headers["Location"]).query)["done"][0]
