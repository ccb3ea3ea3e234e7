"""What a till shows of itself whenever it speaks: its head, since when facts wait, its clock, its
program; and what it says of a former incarnation."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, bindparam, update

from journal.push import Arrived
from journal.stream import SEQ_MAX, Predecessor, StreamId
from journal.wire import Declared
from sync_server.recorder import may_be_id
from sync_server.statements import Prepared
from sync_server.sync.records import as_text, moment, stream

_NOTE_CONTACT = Prepared(
    update(stream).where(
        stream.c.till_id == bindparam("the_till"),
        stream.c.incarnation == bindparam("the_incarnation"),
        stream.c.last_contact <= bindparam("the_time"),
    ),
    ("declared_seq", "declared_hash", "waiting_since", "last_contact", "clock_ahead_s", "program"),
)


class Contact(NamedTuple):
    """A till spoke without pushing and declared its head; by how much its clock is ahead of ours,
    None where it did not say; the version of its program."""

    who: StreamId
    declared: Declared
    at: datetime
    clock_ahead_s: int | None
    program: str = ""


def note_contacts(connection: Connection, contacts: Sequence[Contact]) -> None:
    """Note who spoke, unless more was heard of it since. In the order of streams, so that two
    hubs never wait for each other in a circle."""
    for who, declared, at, ahead_s, program in sorted(contacts, key=lambda contact: contact.who):
        _NOTE_CONTACT.run(
            connection,
            the_till=who.till,
            the_incarnation=who.incarnation,
            the_time=as_text(at),
            declared_seq=declared.seq,
            declared_hash=declared.hash,
            waiting_since=moment(declared.waiting_since),
            last_contact=as_text(at),
            clock_ahead_s=ahead_s,
            program=program if may_be_id(program) else "",
        )


def note_predecessor(connection: Connection, till_id: str, former: Predecessor) -> None:
    """The new incarnation says how far the former one goes: no more of it will come."""
    if not (may_be_id(former.incarnation) and may_be_id(former.hash)):
        return
    connection.execute(
        update(stream)
        .where(stream.c.till_id == till_id, stream.c.incarnation == former.incarnation)
        .values(declared_seq=max(0, min(former.seq, SEQ_MAX)), declared_hash=former.hash)
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
