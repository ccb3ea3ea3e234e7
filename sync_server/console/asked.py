"""A request to a page where head office does something: what was asked and typed, and how the
answer is drawn."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, ClassVar
from urllib.parse import urlencode

from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from retail.language import Language, Text
from retail.refusals import Refusal
from sync_server.catalogue.service import NoSuchProduct, NoSuchRevision
from sync_server.console import catalogue_words as words
from sync_server.console import guard
from sync_server.console.drawn import Sheet
from sync_server.console.guard import Form, NotFromHere, one
from sync_server.console.search import Search
from sync_server.console.words import DATABASE_AWAY, NOT_HERE
from sync_server.database import FAULTS
from sync_server.hub import Hub
from sync_server.stores import NoSuchStore

HERE = "/hq/catalogue"
#: a greater number is no revision's
NUMBER_MAX = 2**53
_ABSENT = (NoSuchRevision, NoSuchProduct, NoSuchStore)
#: a browser says where its forms come from to the hub alone
_SHEET = Sheet(
    ("page.css", "catalogue.css"), "catalogue.js", form_action="'self'", referrer="same-origin"
)


class AuthorNeeded(Refusal):
    code = "author_needed"
    sentence = Text("Say who you are.", "请填写操作人。")
    way_on = Text("Your name stands beside what you change.", "每次更改都会记录操作人。")


class TextTooLong(Refusal):
    code = "text_too_long"
    sentence = Text("{what} is longer than {most} characters.", "{what}超过 {most} 个字符。")
    way_on = Text("Shorten it.", "请缩短。")


class Asked:
    """A request, whose language it speaks, and the hub it asks."""

    #: where its pages are, what stands on them, and what has been done by the address's word
    here: ClassVar[str] = HERE
    vocabulary: ClassVar[Mapping[str, Text]] = words.WORDS
    done: ClassVar[Mapping[str, Text]] = words.DONE

    def __init__(self, request: Request, hub: Hub, search: Search) -> None:
        self.request = request
        self.hub = hub
        self.search = search
        self.language = guard.language_of(request)
        self.form: Form = {}

    def query(self, name: str) -> str:
        return self.request.query_params.get(name, "").replace("\0", "").strip()

    @property
    def number(self) -> int:
        """The revision in the path. Raises NoSuchRevision."""
        number = int(self.request.path_params["number"])
        if number > NUMBER_MAX:
            raise NoSuchRevision(revision=number)
        return number

    @property
    def author(self) -> str:
        """Who posted the form. Raises AuthorNeeded or TextTooLong."""
        author = one(self.form, "by")
        if not author:
            raise AuthorNeeded
        return bounded("by", author, guard.AUTHOR_CHARACTERS_MAX)

    @property
    def note(self) -> str:
        return bounded("note", one(self.form, "note"), guard.NOTE_CHARACTERS_MAX)

    @property
    def part(self) -> str:
        """Which part of the catalogue the page belongs to."""
        path = self.request.url.path.removeprefix(HERE)
        if path.startswith("/hq"):
            return path
        return next((part for part in ("/revisions", "/recalls") if path.startswith(part)), "")

    def link(self, path: str = "", **parameters: object) -> str:
        """An address of these pages in the reader's language."""
        given = {name: value for name, value in parameters.items() if value not in ("", None)}
        return f"{self.here}{path}?{urlencode({**given, 'lang': self.language.value})}"

    def drawn(self, template: str, no: Refusal | None = None, **seen: Any) -> Response:
        """A page; with what was refused and how to go on."""
        other = Language.ENGLISH if self.language is Language.CHINESE else Language.CHINESE
        parameters = {**self.request.query_params, "lang": other.value}
        done = self.done.get(self.query("done"))
        status = 200 if no is None else 404 if isinstance(no, _ABSENT) else 422
        html = _SHEET.draw(
            template,
            language=self.language,
            other=other,
            other_link=f"{self.request.url.path}?{urlencode(parameters)}",
            link=self.link,
            part=self.part,
            words={name: text.to(self.language) for name, text in self.vocabulary.items()},
            token=guard.token(self.hub),
            by=one(self.form, "by") or guard.author_of(self.request),
            typed=lambda name: one(self.form, name),
            refused=(no.say.to(self.language), no.remedy.to(self.language)) if no else None,
            done=done.to(self.language) if done and not no else "",
            author_max=guard.AUTHOR_CHARACTERS_MAX,
            note_max=guard.NOTE_CHARACTERS_MAX,
            **seen,
        )
        return HTMLResponse(html, status, headers=dict(_SHEET.headers))

    def going_to(self, path: str, **parameters: object) -> Response:
        """What a browser is told after something was done: to read the page of it."""
        headers = dict(_SHEET.headers)
        response = RedirectResponse(self.link(path, **parameters), 303, headers=headers)
        if author := one(self.form, "by"):
            guard.remember_author(response, author)
        return response


def bounded(field: str, text: str, most: int) -> str:
    """The text, in one line. Raises TextTooLong."""
    if len(text) > most:
        raise TextTooLong(what=words.WORDS[field], most=most)
    return " ".join(text.split())


Handler = Callable[[Asked], Awaitable[Response]]


def answering(
    hub: Callable[[], Hub], asked_as: type[Asked] = Asked
) -> Callable[[Handler], Callable[[Request], Awaitable[Response]]]:
    """Makes endpoints of handlers: to this machine only, and what is posted comes from a page."""
    search = Search()

    def endpoint(handler: Handler) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            if not guard.is_local(request):
                return guard.sentence(NOT_HERE, 403)
            asked = asked_as(request, hub(), search)
            try:
                if request.method == "POST":
                    asked.form = await guard.posted(request, asked.hub)
                return await handler(asked)
            except NotFromHere as no:
                return guard.sentence(no.said, no.status)
            except FAULTS:
                return guard.sentence(DATABASE_AWAY, 503)
            except ClientDisconnect:
                return Response(status_code=400)

        return answer

    return endpoint
