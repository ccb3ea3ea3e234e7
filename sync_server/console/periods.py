"""/hq/periods: up to where each store is complete and closed, what closing means before it is done,
and what came late."""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from starlette.responses import Response
from starlette.routing import Route

from retail.language import Language, Text
from retail.refusals import Refusal
from sync_server.catalogue import moments
from sync_server.console import guard
from sync_server.console import period_words as words
from sync_server.console.asked import Asked, answering, bounded
from sync_server.console.guard import one
from sync_server.hub import Hub
from sync_server.periods.late import effect
from sync_server.periods.records import LateFact
from sync_server.periods.service import PeriodIncomplete, Preview, StorePeriods, typed
from sync_server.words import NOTHING, amount, clock, facts_of, kind_name

HERE = "/hq/periods"
_LATE_MAX = 100


class AskedPeriods(Asked):
    """A request to this page."""

    here = HERE
    vocabulary = words.WORDS
    done = words.DONE


class StoreLine(NamedTuple):
    """A store: up to where it is complete and closed, by whom, why although it was not complete;
    and what the button to close it says, empty while there is nothing to close."""

    store_id: str
    name: str
    whole_to: str
    closed_to: str
    closed_by: str
    reason: str
    next_date: str
    close: str


class Look(NamedTuple):
    """What closing a date means: which dates it closes, what was taken on each, which tills keep it
    open, how many facts are not in the books."""

    store_id: str
    name: str
    date: str
    span: str
    taken: tuple[tuple[str, str, str], ...]
    hindrances: tuple[tuple[str, str], ...]
    unsettled: str


class LateLine(NamedTuple):
    """A late fact and what it moved."""

    store_id: str
    till_id: str
    business_date: str
    what: str
    takings: str
    stock: str
    at: str


def routes(hub: Callable[[], Hub]) -> list[Route]:
    """The routes of the page."""
    endpoint = answering(hub, AskedPeriods)
    return [
        Route(HERE, endpoint(_page), methods=["GET"]),
        Route(HERE, endpoint(_close), methods=["POST"]),
    ]


async def _page(asked: Asked, no: Refusal | None = None) -> Response:
    office, language = asked.hub.office, asked.language
    store_id = one(asked.form, "store") or asked.query("store")
    day = one(asked.form, "date") or asked.query("date")
    look = None
    if store_id and day:
        try:
            seen = await office.preview_close(store_id, typed(day))
            look = _look(seen, language)
        except Refusal as refused:
            no = no or refused
    late = await office.late_facts(_LATE_MAX)
    moving, unmoving = await office.how_many_late()
    return asked.drawn(
        "periods.html",
        None if isinstance(no, PeriodIncomplete) and look else no,
        stores=[_store_line(each, language) for each in await office.stores_closed()],
        look=look,
        late=list(_late_lines(late, language, asked)),
        more=_more(moving - len(late), moving, unmoving, language),
    )


async def _close(asked: Asked) -> Response:
    """Close a date; anyway where a person gives the reason."""
    store_id, anyway = one(asked.form, "store"), one(asked.form, "act") == "anyway"
    try:
        reason = bounded("reason", one(asked.form, "reason"), guard.NOTE_CHARACTERS_MAX)
        day, author = typed(one(asked.form, "date")), asked.author
        how = (store_id, day, author, reason if anyway else None)
        await asked.hub.office.close_period(*how)
    except Refusal as no:
        return await _page(asked, no)
    return asked.going_to("", done="closed")


def _store_line(each: StorePeriods, language: Language) -> StoreLine:
    closed = each.closed
    by = close = NOTHING
    if closed is not None:
        by = words.CLOSED_BY.filled(author=closed.author, at=moments.told(closed.closed_at))
    if each.next_date:
        close = words.CLOSE_DATE.filled(date=each.next_date)
    return StoreLine(
        each.store_id,
        each.store_name,
        each.whole_to,
        closed.business_date if closed else "",
        by.to(language),
        closed.reason if closed else "",
        each.next_date,
        close.to(language),
    )


def _look(seen: Preview, language: Language) -> Look:
    days = [day.business_date for day in seen.taken]
    first, last = min([*days, seen.business_date]), seen.business_date
    span = words.SPAN.filled(first=first, last=last).to(language) if first < last else last
    unsettled = words.UNSETTLED.filled(facts=facts_of(seen.unsettled)).to(language)
    return Look(
        seen.store_id,
        seen.store_name,
        last,
        span,
        tuple(
            (day.business_date, amount(day.minor, day.currency), f"{day.sales:,}")
            for day in seen.taken
        ),
        tuple((till_id, why.to(language)) for till_id, why in seen.hindrances),
        unsettled if seen.unsettled else "",
    )


def _late_lines(late: Iterable[LateFact], language: Language, asked: Asked) -> Iterable[LateLine]:
    now = asked.hub.now()
    for each in late:
        moved = effect(each)
        yield LateLine(
            each.store_id,
            each.till_id,
            each.business_date,
            kind_name(each.type).to(language),
            moved.money_said.to(language),
            moved.stock_said,
            clock(each.noted_at, each.timezone, now),
        )


def _more(left_out: int, moving: int, unmoving: int, language: Language) -> list[str]:
    said: list[Text] = []
    if left_out > 0:
        said.append(words.MORE_LATE.filled(count=f"{left_out:,}", all=moving))
    if unmoving:
        said.append(words.UNMOVING.filled(facts=facts_of(unmoving)))
    return [each.to(language) for each in said]
