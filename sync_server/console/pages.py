"""/hq: what was taken today, how every till stands, what is to be settled; Chinese and English.

Served to this machine only, until the console has passwords. An open page asks for itself again
every half second and changes in place; all of them share one look into the database.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from hashlib import sha256
from time import monotonic
from typing import NamedTuple

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from retail.language import Language, Text
from retail.money import rounded_quotient
from sync_server.console import catalogue, periods, words
from sync_server.console.board import StoreBoard, board
from sync_server.console.chart import Chart, chart
from sync_server.console.discrepancies import Discrepancy, discrepancies
from sync_server.console.drawn import Sheet
from sync_server.console.guard import is_local, language_of, nowhere, sentence
from sync_server.database import FAULTS
from sync_server.hub import Hub
from sync_server.overview.records import HourTaken, Overview
from sync_server.periods.standing import in_step
from sync_server.words import NOTHING, ago, facts_of, grouped

#: a look takes at most this part of the time, however long it takes
_LOOKING_SHARE = 0.1
_STALE_AFTER_MS = 5_000
_ASK_EVERY_MS = 500
_BACKUP_LATE = timedelta(days=7)
#: the board changes nothing, and says to nobody that it was read
_BOARD = Sheet(("page.css", "hq.css"), "hq.js", form_action="'none'", referrer="no-referrer")


class Figures(NamedTuple):
    """The chain's day in one currency."""

    currency: str
    takings: str
    sales: str
    average: str
    chart: Chart


class Page(NamedTuple):
    """All that stands on the page but the clock, in the reader's language."""

    headline: str
    well: bool
    #: that the hub takes nothing, or applies nothing, each with what to do
    bars: tuple[tuple[str, str], ...]
    in_step: str
    unsettled: str
    differences: str
    #: how old the last backup is, and whether that is something to attend to
    backup: str
    backup_is_late: bool
    day: str
    figures: tuple[Figures, ...]
    stores: tuple[StoreBoard, ...]
    discrepancies: tuple[Discrepancy, ...]


def page(seen: Overview, language: Language, now: datetime) -> Page:
    """What a reader of that language sees."""
    well, tills = in_step(seen.standings, now)
    headline = words.ALL_WELL
    if well < tills:
        headline = words.SOME_NOT.filled(count=tills - well, all=tills)
    facts, differing = sum(seen.unsettled_facts.values()), seen.differing
    backup, backup_is_late = _backup(seen, now)
    bars = tuple((said.to(language), todo.to(language)) for said, todo in _bars(seen))
    return Page(
        headline=headline.to(language) if tills else "",
        well=well == tills and not bars,
        bars=bars,
        in_step=f"{well} / {tills}",
        unsettled=words.UNSETTLED.filled(facts=facts_of(facts)).to(language) if facts else "",
        differences=words.DIFFERENCES.filled(count=differing).to(language) if differing else "",
        backup=backup.to(language),
        backup_is_late=backup_is_late,
        day=seen.day,
        figures=_figures(seen, language),
        stores=board(seen, language, now),
        discrepancies=discrepancies(seen, language, now),
    )


def _bars(seen: Overview) -> Iterator[tuple[Text, Text]]:
    """What is wrong with the hub itself, and what to do."""
    if seen.disk_fault:
        yield words.DISK.filled(why=seen.disk_fault), words.DISK_TODO
    since, why = seen.intake.deferring_since, seen.intake.deferring_why
    if since:
        yield words.STOPPED.filled(since=_here(since), why=why), words.STOPPED_TODO


def _backup(seen: Overview, now: datetime) -> tuple[Text, bool]:
    """How old the last backup is, and whether that is something to attend to: not before there is
    anything to lose."""
    last = seen.last_backup
    if last is None:
        has_facts = any(standing.head_seq for standing in seen.standings)
        return (words.NO_BACKUP, True) if has_facts else (NOTHING, False)
    is_late = now - datetime.fromisoformat(last.taken_at) > _BACKUP_LATE
    said = words.BACKUP if last.file else words.BACKUP_NOTED
    if is_late:
        said = words.BACKUP_LATE
    return said.filled(age=ago(last.taken_at, now)), is_late


def _here(at: str) -> str:
    """A time of the hub's own, as its machine's clock shows it."""
    return datetime.fromisoformat(at).astimezone().strftime("%m-%d %H:%M %Z")


def _figures(seen: Overview, language: Language) -> tuple[Figures, ...]:
    names = {standing.store_id: standing.store_name for standing in seen.standings}
    by_currency: dict[str, list[HourTaken]] = defaultdict(list)
    for taken in seen.hours:
        by_currency[taken.currency].append(taken)
    figures = []
    for currency, of in by_currency.items():
        minor, sales = sum(each.minor for each in of), sum(each.sales for each in of)
        average = rounded_quotient(minor, sales) if sales else 0
        figures.append(
            Figures(
                currency,
                grouped(minor, currency),
                f"{sales:,}",
                grouped(average, currency),
                chart(of, names, seen.day, currency, language),
            )
        )
    return tuple(figures)


class _Shown(NamedTuple):
    """A page in one language, its name among all that were shown, and its clock."""

    page: Page
    tag: str
    as_of: str


class _Looks:
    """One look into the database for all open pages."""

    def __init__(self, hub: Callable[[], Hub]) -> None:
        self._hub = hub
        self._seen: tuple[datetime, Overview] | None = None
        self._next_s = 0.0
        self._shown: dict[Language, _Shown] = {}
        self._looking = asyncio.Lock()

    async def shown(self, language: Language, *, afresh: bool) -> _Shown:
        """The page as it is now, or as it was within `console_look_every_s`."""
        async with self._looking:
            if self._seen is None or afresh or monotonic() >= self._next_s:
                began_s, hub = monotonic(), self._hub()
                self._seen = hub.now(), await hub.office.overview()
                self._shown = {}
                took_s = monotonic() - began_s
                pause_s = max(hub.settings.console_look_every_s, took_s / _LOOKING_SHARE)
                self._next_s = began_s + pause_s
            if language not in self._shown:
                at, overview = self._seen
                seen = page(overview, language, at)
                tag = f'"{sha256(repr(seen).encode()).hexdigest()[:32]}"'
                as_of = at.astimezone().strftime("%H:%M:%S %Z")
                self._shown[language] = _Shown(seen, tag, as_of)
            return self._shown[language]


def routes(hub: Callable[[], Hub]) -> list[Route]:
    """The console's routes."""
    looks = _Looks(hub)

    async def board_page(request: Request) -> Response:
        if not is_local(request):
            return sentence(words.NOT_HERE, 403)
        try:
            return await _answer(looks, request)
        except FAULTS:
            return sentence(words.DATABASE_AWAY, 503)

    async def root(_request: Request) -> Response:
        return RedirectResponse("/hq", 303)

    async def elsewhere(request: Request) -> Response:
        return nowhere(language_of(request)) if is_local(request) else sentence(words.NOT_HERE, 403)

    return [
        Route("/", root, methods=["GET"]),
        Route("/hq", board_page, methods=["GET"]),
        *catalogue.routes(hub),
        *periods.routes(hub),
        Route("/hq/{_:path}", elsewhere, methods=["GET"]),
    ]


async def _answer(looks: _Looks, request: Request) -> Response:
    """The page; to a page that is open already only what it does not show yet."""
    language = language_of(request)
    has = request.headers.get("if-none-match")
    shown = await looks.shown(language, afresh=has is None)
    headers = {**_BOARD.headers, "ETag": shown.tag, "As-Of": shown.as_of}
    if has == shown.tag:
        return Response(status_code=304, headers=headers)
    html = _BOARD.draw(
        "hq.html",
        language=language,
        other=Language.ENGLISH if language is Language.CHINESE else Language.CHINESE,
        words={name: text.to(language) for name, text in words.WORDS.items()},
        ask_every_ms=_ASK_EVERY_MS,
        stale_after_ms=_STALE_AFTER_MS,
        page=shown.page,
        as_of=shown.as_of,
    )
    return HTMLResponse(html, headers=headers)
