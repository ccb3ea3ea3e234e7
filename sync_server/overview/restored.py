"""What was put back or copied: tills' disks, and the hub's own database."""

from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Connection, and_, func, or_, select

from journal.envelope import Envelope, decode
from sync_server import lives
from sync_server.recorder import journal
from sync_server.stores import store
from sync_server.sync.records import stream, till

#: so long head office is told of it
TOLD_DAYS = 14
LISTED_MAX = 50
_BROKEN_OFF = ("forked", "marker_differs")


class BrokenOff(NamedTuple):
    """A till began a new stream because its disk was a copy. The copy ended at `copied_seq`, of the
    old stream `known_seq` facts are here; `goes_on` when somebody recorded in the old one since, or
    in another copy: two machines are this till."""

    till_id: str
    timezone: str
    since: str
    copied_seq: int
    known_seq: int
    goes_on: bool


class PutBack(NamedTuple):
    """The hub's database was put back to an older state; the tills that have not spoken since."""

    at: str
    why: str
    tills: int
    silent: tuple[str, ...]


def broken_off(connection: Connection, now: datetime) -> list[BrokenOff]:
    """The tills whose disk was put back or copied, the latest first. A disk that merely moved to
    another machine, whole, is none."""
    old, sibling, first = stream.alias(), stream.alias(), journal.alias()
    others = (
        select(func.count())
        .select_from(sibling)
        .where(
            sibling.c.till_id == stream.c.till_id,
            sibling.c.stream_no != stream.c.stream_no,
            sibling.c.last_contact > first.c.received_at,
            or_(
                sibling.c.stream_no == old.c.stream_no,
                sibling.c.predecessor == stream.c.predecessor,
            ),
        )
        .scalar_subquery()
    )
    rows = connection.execute(
        select(
            stream.c.till_id,
            store.c.timezone,
            first.c.received_at,
            stream.c.predecessor_seq,
            old.c.head_seq,
            others > 0,
            stream.c.predecessor,
            first.c.data,
        )
        .select_from(
            stream.join(store, store.c.store_id == stream.c.store_id)
            .join(till, till.c.till_id == stream.c.till_id)
            .join(first, and_(first.c.stream_no == stream.c.stream_no, first.c.seq == 1))
            .join(
                old,
                and_(old.c.till_id == stream.c.till_id, old.c.incarnation == stream.c.predecessor),
            )
        )
        .where(
            stream.c.began_because.in_(_BROKEN_OFF),
            or_(old.c.head_seq > stream.c.predecessor_seq, others > 0),
            # who enrolled the till anew took its name from every other machine
            first.c.received_at >= till.c.enrolled_at,
            first.c.received_at >= (now - timedelta(days=TOLD_DAYS)).isoformat(),
        )
        .order_by(first.c.received_at.desc(), stream.c.stream_no)
        .limit(LISTED_MAX)
    )
    return [
        BrokenOff(
            *(till_id, timezone, since, copied, known),
            bool(spoke) and _goes_on(connection, till_id, predecessor, decode(bytes(data))),
        )
        for till_id, timezone, since, copied, known, spoke, predecessor, data in rows
    ]


def _goes_on(connection: Connection, till_id: str, predecessor: str, began: Envelope) -> bool:
    """Whether somebody recorded in the stream that was copied, or in another that goes on from it,
    after this one began. What only came later does not count: the machine itself brings in what
    its former disk held (`pos-client journal import`)."""
    last = and_(journal.c.stream_no == stream.c.stream_no, journal.c.seq == stream.c.head_seq)
    rows = connection.execute(
        select(journal.c.data)
        .join_from(stream, journal, last)
        .where(
            stream.c.till_id == till_id,
            stream.c.incarnation != began.inc,
            or_(stream.c.incarnation == predecessor, stream.c.predecessor == predecessor),
        )
    )
    return any(_is_later(decode(bytes(data)), began) for (data,) in rows)


def _is_later(fact: Envelope, than: Envelope) -> bool:
    """By the steady clock within one start of a machine, else by what the machines' clocks said."""
    if fact.boot == than.boot:
        return fact.mono > than.mono
    try:
        return datetime.fromisoformat(fact.at) > datetime.fromisoformat(than.at)
    except (ValueError, TypeError):  # no time, or one without an offset
        return False


def put_back(connection: Connection, now: datetime) -> PutBack | None:
    """The last time that the hub was put back, if it was lately."""
    begun = lives.begun(connection)
    since = (now - timedelta(days=TOLD_DAYS)).isoformat(timespec="seconds")
    if not begun or begun[-1].began_at < since:
        return None
    last = begun[-1]
    spoke = (
        select(stream.c.till_id, func.max(stream.c.last_contact).label("at"))
        .group_by(stream.c.till_id)
        .subquery()
    )
    rows = connection.execute(
        select(till.c.till_id, spoke.c.at)
        .select_from(till.outerjoin(spoke, spoke.c.till_id == till.c.till_id))
        .where(till.c.revoked_at.is_(None))
        .order_by(till.c.till_id)
    ).all()
    silent = tuple(row.till_id for row in rows if (row.at or "") < last.began_at)
    return PutBack(last.began_at, last.why, len(rows), silent)
