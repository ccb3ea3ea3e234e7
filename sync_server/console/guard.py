"""Who may read head office's pages and change anything there.

They are served to this machine only, until they have passwords. What changes anything comes from
one of these very pages: any web site that is open in a browser here can post to this address, and
may give its own name this machine's address.
"""

import hmac
import re
from collections import defaultdict
from hashlib import sha256
from urllib.parse import parse_qsl, quote, unquote

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from retail.language import Language, Text
from sync_server.console import words
from sync_server.hub import Hub
from sync_server.settings import is_loopback

#: what proxies say of those they speak for (RFC 7239, and the names before it)
_FORWARDED = (
    "forwarded",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-real-ip",
    "via",
    "x-forwarded-proto",
    "x-forwarded-server",
    "cf-connecting-ip",
)
#: a name or an address and perhaps a port, and nothing else (RFC 9110 §7.2)
_HOST = re.compile(r"(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9.-]+)(?::\d{1,5})?")
_FORM = "application/x-www-form-urlencoded"
#: a product with a thousand barcodes is posted in less
FORM_BYTES_MAX = 128 * 1024
_FIELDS_MAX = 1_000
_BY = "omnitill-by"
_BY_KEPT_S = 366 * 86_400
#: who did it, and why
AUTHOR_CHARACTERS_MAX = 60
NOTE_CHARACTERS_MAX = 200

HEADERS = {
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}

#: what was posted: the values of each field, in their order
Form = dict[str, list[str]]


class NotFromHere(Exception):
    """A form that was not posted by one of our pages, or is none."""

    def __init__(self, said: Text, status: int) -> None:
        super().__init__(said.en)
        self.said = said
        self.status = status


def is_local(request: Request) -> bool:
    """Whether the reader sits at this machine and asked for it by such a name: a proxy speaks for
    somebody else, and any web site may give its own name this machine's address."""
    if any(name in request.headers for name in _FORWARDED):
        return False
    peer = request.client.host if request.client else ""
    asked = _HOST.fullmatch(request.headers.get("host", ""))
    return asked is not None and is_loopback(peer) and is_loopback(asked[1].strip("[]"))


def sentence(said: Text, status: int) -> Response:
    """A page of one sentence."""
    return _plain(f"<p>{said.en}</p><p>{said.zh}</p>", status)


def nowhere(language: Language) -> Response:
    """At an address of the console that has no page, with the way back."""
    said, back = words.NO_PAGE.to(language), words.WORDS["title"].to(language)
    link = f'<a href="/hq?lang={language}">{back}</a>'
    return _plain(f'<!doctype html><html lang="{language}"><p>{said}</p><p>{link}</p>', 404)


def _plain(html: str, status: int) -> Response:
    policy = {"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'"}
    return HTMLResponse(html, status, headers={**HEADERS, **policy})


def language_of(request: Request) -> Language:
    """The reader's: what was asked for, else what the browser prefers."""
    asked = request.query_params.get("lang", "")
    if asked in list(Language):
        return Language(asked)
    first = request.headers.get("accept-language", "zh")
    return Language.ENGLISH if first.lower().startswith("en") else Language.CHINESE


def token(hub: Hub) -> str:
    """What a form of this hub carries: no other site can read it, none can reckon it."""
    return hmac.digest(hub.voice.secret, b"omnitill/hq", sha256).hex()


async def posted(request: Request, hub: Hub) -> Form:
    """A form that one of this hub's own pages posted. Raises NotFromHere."""
    site = request.headers.get("sec-fetch-site", "same-origin")
    own = f"{request.url.scheme}://{request.headers.get('host', '')}"
    if site != "same-origin" or request.headers.get("origin", "") != own:
        raise NotFromHere(words.NOT_FROM_HERE, 403)
    if request.headers.get("content-type", "").partition(";")[0].strip() != _FORM:
        raise NotFromHere(words.NO_FORM, 415)
    form: Form = defaultdict(list)
    try:
        text = (await _body(request)).decode("ascii")
        pairs = parse_qsl(text, True, max_num_fields=_FIELDS_MAX, errors="strict")
    except ValueError:
        raise NotFromHere(words.NO_FORM, 400) from None
    for name, value in pairs:
        if "\0" in name or "\0" in value:
            raise NotFromHere(words.NO_FORM, 400)
        form[name].append(value.replace("\r\n", "\n"))
    if not hmac.compare_digest(one(form, "token").encode(), token(hub).encode()):
        raise NotFromHere(words.NOT_FROM_HERE, 403)
    return form


async def _body(request: Request) -> bytes:
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > FORM_BYTES_MAX:
            raise NotFromHere(words.TOO_LONG, 413)
    return bytes(body)


def one(form: Form, name: str) -> str:
    """The first value of a field, without blanks around it; empty when it was not posted."""
    values = form.get(name)
    return values[0].strip() if values else ""


def author_of(request: Request) -> str:
    """Who did something here last."""
    return unquote(request.cookies.get(_BY, ""))[:AUTHOR_CHARACTERS_MAX]


def remember_author(response: Response, author: str) -> None:
    response.set_cookie(
        _BY, quote(author), max_age=_BY_KEPT_S, path="/hq", httponly=True, samesite="strict"
    )
