"""The tills as a board: a card for each, grouped by store, in the reader's language.

Owns when a till is in step, and the mark and the words of every state.
"""

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from itertools import groupby
from typing import NamedTuple

from retail.language import Language, Text
from sync_server.console.records import Overview, Takings, TillStanding
from sync_server.console.words import SHIFT_NONE, SHIFT_OPEN, UNSETTLED, amount, clock, facts_of
from sync_server.settings import IN_STEP_S


class State(StrEnum):
    """How a till stands with the hub."""

    IN_STEP = "in_step"
    CLOSED = "closed"
    BEHIND = "behind"
    SILENT = "silent"
    NEVER = "never"
    FORKED = "forked"
    REVOKED = "revoked"


_STATES = {
    State.IN_STEP: Text("in step", "同步"),
    State.CLOSED: Text("closed, in step", "已交班，同步"),
    State.BEHIND: Text("{facts} outstanding{since}", "{since}{facts}待传"),
    State.SILENT: Text(
        "silent since {contact}, last declared head {declared}",
        "{contact} 起无联系，最后声明 {declared}",
    ),
    State.NEVER: Text("has never spoken", "从未联系"),
    State.FORKED: Text("forked: two histories", "记录分叉"),
    State.REVOKED: Text("revoked", "已停用"),
}
_SINCE = Text(" since {time}", "{time} 起 ")
MARKS = {
    State.IN_STEP: "●",
    State.CLOSED: "●",
    State.BEHIND: "◐",
    State.SILENT: "○",
    State.NEVER: "–",
    State.FORKED: "▲",
    State.REVOKED: "✕",
}
_WELL = {State.IN_STEP, State.CLOSED}


class TillCard(NamedTuple):
    """One till of the board."""

    till_id: str
    state: str
    mark: str
    said: str
    #: how many of its facts are to be settled, empty for none
    unsettled: str
    contact: str
    facts: str
    day: str
    sales: str
    takings: str
    shift: str


class StoreBoard(NamedTuple):
    """One store of the board; `day` is its tills' latest business date, empty without any."""

    store_id: str
    name: str
    day: str
    takings: str
    tills: tuple[TillCard, ...]


def state_of(standing: TillStanding, now: datetime) -> State:
    """Whether a till is in step: it declared the head we have and spoke within IN_STEP_S, or has no
    shift open (design: a closed till owes nothing until the store opens)."""
    if standing.revoked:
        return State.REVOKED
    if not standing.last_contact:
        return State.NEVER
    if standing.forked:
        return State.FORKED
    caught_up = standing.declared_seq <= standing.head_seq
    if caught_up and not standing.open_shift:
        return State.CLOSED
    silent_s = (now - datetime.fromisoformat(standing.last_contact)).total_seconds()
    if silent_s > IN_STEP_S:
        return State.SILENT
    return State.IN_STEP if caught_up else State.BEHIND


def in_step(standings: Iterable[TillStanding], now: datetime) -> tuple[int, int]:
    """How many tills are in step, of how many in service."""
    states = [
        state_of(standing, now)
        for standing in standings
        if standing.till_id and not standing.revoked
    ]
    return sum(state in _WELL for state in states), len(states)


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
    contact = clock(standing.last_contact, standing.timezone, now)
    since = clock(standing.waiting_since, standing.timezone, now)
    said = _STATES[state].filled(
        facts=facts_of(standing.declared_seq - standing.head_seq),
        since=_SINCE.filled(time=since) if since else "",
        contact=contact,
        declared=f"{standing.declared_seq:,}",
    )
    return TillCard(
        till_id,
        state,
        MARKS[state],
        said.to(language),
        UNSETTLED.filled(facts=facts_of(unsettled)).to(language) if unsettled else "",
        contact,
        f"{standing.head_seq:,}",
        taken.business_date if taken else "",
        f"{taken.sales:,}" if taken else "",
        amount(taken.minor, standing.currency) if taken else "",
        _shift(standing.open_shift).to(language) if standing.last_contact else "",
    )


def _shift(shift: str) -> Text:
    """A shift's id ends in its number at the till."""
    return SHIFT_OPEN.filled(number=shift.rpartition("-")[2]) if shift else SHIFT_NONE
