"""How a stream begins, and what its first fact says of the one before it."""

from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime

import msgspec
from sqlalchemy import Connection, func, insert, select, update

from journal.push import Arrived
from journal.stream import SEQ_MAX, STREAM_BEGAN, Predecessor, StreamBegan, StreamId, genesis
from journal.wire import Declared
from sync_server.recorder import may_be_id
from sync_server.sync.records import StreamRow, as_text, locked, period, stream, till


def begun(
    connection: Connection,
    who: StreamId,
    store_id: str,
    now: datetime,
    former: Predecessor | None = None,
) -> StreamRow:
    """The stream, begun at genesis unless it is there by now, locked as `locked` does; before it
    the `former` one, if the hub has never heard of it: its facts are still to come. A shift
    outlives its stream: what was open at the till is open until a fact says otherwise."""
    # Two pushes of one till may begin its stream at once: the second waits here.
    connection.execute(select(till.c.till_id).where(till.c.till_id == who.till).with_for_update())
    _, there = locked(connection, who)
    if there is not None:
        return there
    left_over = _left_over(connection, who.till, store_id)
    if former is not None and former.seq > 0:
        before = StreamId(who.till, former.incarnation)
        if before != who and not _is_begun(connection, before):
            owed = Declared(former.seq, former.hash)
            _begin(connection, before, store_id, owed, "", left_over)
    _begin(connection, who, store_id, Declared(0, ""), as_text(now), left_over)
    _, there = locked(connection, who)
    assert there is not None
    return there


def _is_begun(connection: Connection, who: StreamId) -> bool:
    found = select(stream.c.stream_no).where(
        stream.c.till_id == who.till, stream.c.incarnation == who.incarnation
    )
    return connection.execute(found).first() is not None


def _begin(
    connection: Connection,
    who: StreamId,
    store_id: str,
    declared: Declared,
    last_contact: str,
    left_over: dict[str, str],
) -> None:
    first = genesis(who)
    connection.execute(
        insert(stream).values(
            till_id=who.till,
            incarnation=who.incarnation,
            store_id=store_id,
            head_seq=first.seq,
            head_hash=first.hash,
            declared_seq=declared.seq,
            declared_hash=declared.hash,
            waiting_since="",
            last_contact=last_contact,
            **left_over,
        )
    )


def _left_over(connection: Connection, till_id: str, store_id: str) -> dict[str, str]:
    """The shift that the till's newest stream left open, and its business date; empty without one;
    and up to where the store's periods are closed, now that its tills are held."""
    newest = (
        select(stream.c.open_shift, stream.c.business_date)
        .where(stream.c.till_id == till_id)
        .order_by(stream.c.stream_no.desc())
        .limit(1)
    )
    shift, business_date = connection.execute(newest).first() or ("", "")
    closed = select(func.max(period.c.business_date)).where(period.c.store_id == store_id)
    closed_to = connection.execute(closed).scalar() or ""
    return {"open_shift": shift, "business_date": business_date, "closed_to": closed_to}


def said(first: Arrived) -> StreamBegan | None:
    """What the first fact of a stream says, if it is one that may be noted."""
    told = first.envelope
    if (told.type, told.tv) == STREAM_BEGAN:
        with suppress(msgspec.MsgspecError):
            began = msgspec.json.decode(told.body, type=StreamBegan)
            return began if _may_be_noted(began) else None
    return None


def _may_be_noted(began: StreamBegan) -> bool:
    """Not what no till would write, and no database would keep."""
    former = began.predecessor
    names = [began.reason] if former is None else [began.reason, former.incarnation, former.hash]
    return all(map(may_be_id, names)) and (former is None or 0 <= former.seq <= SEQ_MAX)


def note(connection: Connection, till_id: str, stream_no: int, first: Arrived) -> None:
    """Note what the first fact of a stream says of it, and of the one before it."""
    began = said(first)
    if began is not None:
        _note(connection, stream_no, began)
        if began.predecessor is not None:
            _note_predecessor(connection, till_id, began.predecessor)


def _note(connection: Connection, stream_no: int, began: StreamBegan) -> None:
    former = began.predecessor
    connection.execute(
        update(stream)
        .where(stream.c.stream_no == stream_no)
        .values(
            began_because=began.reason,
            predecessor=former.incarnation if former else "",
            predecessor_seq=former.seq if former else 0,
        )
    )


def _note_predecessor(connection: Connection, till_id: str, former: Predecessor) -> None:
    """The new incarnation says how far the former one goes: no more of it will come."""
    connection.execute(
        update(stream)
        .where(stream.c.till_id == till_id, stream.c.incarnation == former.incarnation)
        .values(declared_seq=former.seq, declared_hash=former.hash)
    )


def note_moved(connection: Connection, till_id: str, new: Iterable[Arrived]) -> None:
    """Facts that stood in another stream (`Envelope.stood`) came by this one: what that stream
    declared up to them is here."""
    moved: dict[str, int] = {}
    for stood in (fact.envelope.stood for fact in new if fact.envelope.stood):
        incarnation, _, place = stood.partition("/")
        if may_be_id(incarnation) and place.isascii() and place.isdecimal():
            moved[incarnation] = max(moved.get(incarnation, 0), min(int(place[:20]), SEQ_MAX))
    for incarnation, seq in sorted(moved.items()):
        connection.execute(
            update(stream)
            .where(
                stream.c.till_id == till_id,
                stream.c.incarnation == incarnation,
                stream.c.declared_seq > stream.c.head_seq,
                stream.c.declared_seq <= seq,
            )
            .values(
                declared_seq=stream.c.head_seq,
                declared_hash=stream.c.head_hash,
                waiting_since="",
            )
        )
