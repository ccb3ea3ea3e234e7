"""The tills as a board: a card for each, grouped by store, in the reader's language.

Owns the mark and the words of every state.
"""

from datetime import datetime
from itertools import groupby
from typing import NamedTuple

from retail.language import Language, Text
from sync_server.console.words import SHIFT_NONE, SHIFT_OPEN, UNSETTLED
from sync_server.overview.records import Overview, Takings
from sync_server.periods.standing import (
    State,
    TillStanding,
    clock_said,
    program_said,
    said_of,
    state_of,
)
from sync_server.words import amount, clock, facts_of

MARKS = {
    State.IN_STEP: "●",
    State.CLOSED: "●",
    State.BEHIND: "◐",
    State.SILENT: "○",
    State.NEVER: "–",
    State.FORKED: "▲",
    State.REVOKED: "✕",
}


class TillCard(NamedTuple):
    """One till of the board."""

    till_id: str
    state: str
    mark: str
    said: str
    #: how many of its facts are to be settled, empty for none
    unsettled: str
    #: by how much its clock is off, empty while it is right
    clock: str
    #: the version of its program, empty while it is the hub's
    program: str
    contact: str
    facts: str
    day: str
    sales: str
    takings: str
    shift: str
    #: up to which business date all its facts are here
    whole_to: str


class StoreBoard(NamedTuple):
    """One store of the board; `day` is its tills' latest business date, `closed_to` the last one
    that is closed, each empty without any."""

    store_id: str
    name: str
    day: str
    takings: str
    closed_to: str
    tills: tuple[TillCard, ...]


def board(seen: Overview, language: Language, now: datetime) -> tuple[StoreBoard, ...]:
    """Every store with its tills, in the order of their ids, so that nothing changes its place."""
    stores, takings = [], seen.takings
    for store_id, of_store in groupby(seen.standings, key=lambda standing: standing.store_id):
        tills = list(of_store)
        first = tills[0]
        day, taken = _day([takings[each.till_id] for each in tills if each.till_id in takings])
        stores.append(
            StoreBoard(
                store_id,
                first.store_name,
                day,
                amount(taken, first.currency) if day else "",
                seen.closed[store_id].business_date if store_id in seen.closed else "",
                tuple(_card(each, seen, language, now) for each in tills if each.till_id),
            )
        )
    return tuple(stores)


def _day(taken: list[Takings]) -> tuple[str, int]:
    """The latest business date of any of them, and what was taken on it; empty without any."""
    day = max((each.business_date for each in taken), default="")
    return day, sum(each.minor for each in taken if each.business_date == day)


def _card(standing: TillStanding, seen: Overview, language: Language, now: datetime) -> TillCard:
    till_id = standing.till_id or ""
    taken, unsettled = seen.takings.get(till_id), seen.unsettled_facts.get(till_id, 0)
    state = state_of(standing, now)
    return TillCard(
        till_id,
        state,
        MARKS[state],
        said_of(standing, now).to(language),
        UNSETTLED.filled(facts=facts_of(unsettled)).to(language) if unsettled else "",
        clock_said(standing).to(language),
        program_said(standing).to(language),
        clock(standing.last_contact, standing.timezone, now),
        f"{standing.facts:,}",
        taken.business_date if taken else "",
        f"{taken.sales:,}" if taken else "",
        amount(taken.minor, standing.currency) if taken else "",
        _shift(standing.open_shift).to(language) if standing.last_contact else "",
        standing.whole_to,
    )


def _shift(shift: str) -> Text:
    """A shift's id ends in its number at the till."""
    return SHIFT_OPEN.filled(number=shift.rpartition("-")[2]) if shift else SHIFT_NONE
