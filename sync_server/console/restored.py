"""What was put back or copied: tills' disks, and the hub's own database."""

from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Connection, and_, func, or_, select

from sync_server.feed import epochs
from sync_server.recorder import journal
from sync_server.sync.records import store, stream, till

#: so long head office is told of it
TOLD_DAYS = 14
LISTED_MAX = 50
_BROKEN_OFF = ("forked", "marker_differs")


class BrokenOff(NamedTuple):
    """A till began a new stream because its disk was a copy. The copy ended at `copied_seq`, of the
    old stream `known_seq` facts are here; `goes_on` when the old one was heard of since, or
    another copy: two machines are this till."""

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
        )
        .select_from(
            stream.join(store, store.c.store_id == stream.c.store_id)
            .join(first, and_(first.c.stream_no == stream.c.stream_no, first.c.seq == 1))
            .join(
                old,
                and_(old.c.till_id == stream.c.till_id, old.c.incarnation == stream.c.predecessor),
            )
        )
        .where(
            stream.c.began_because.in_(_BROKEN_OFF),
            or_(old.c.head_seq > stream.c.predecessor_seq, others > 0),
            first.c.received_at >= (now - timedelta(days=TOLD_DAYS)).isoformat(),
        )
        .order_by(first.c.received_at.desc(), stream.c.stream_no)
        .limit(LISTED_MAX)
    )
    return [
        BrokenOff(till_id, timezone, since, copied, known, bool(goes_on))
        for till_id, timezone, since, copied, known, goes_on in rows
    ]


def put_back(connection: Connection, now: datetime) -> PutBack | None:
    """The last time that the hub was put back, if it was lately."""
    lives = epochs.lives(connection)
    since = (now - timedelta(days=TOLD_DAYS)).isoformat(timespec="seconds")
    if not lives or lives[-1].began_at < since:
        return None
    last = lives[-1]
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
