"""What a till shows of itself whenever it speaks: its head, since when facts wait, its clock, its
program."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, bindparam, select, update

from journal.stream import StreamId
from journal.wire import Declared
from sync_server.recorder import may_be_id
from sync_server.statements import Prepared
from sync_server.sync.records import as_text, moment, stream

#: one that another holds is left out: it is being pushed to, and that says newer things of the till
_ITS_STREAM = (
    select(stream.c.stream_no)
    .where(
        stream.c.till_id == bindparam("the_till"),
        stream.c.incarnation == bindparam("the_incarnation"),
        stream.c.last_contact <= bindparam("the_time"),
    )
    .with_for_update(skip_locked=True)
    .scalar_subquery()
)
_NOTE_CONTACT = Prepared(
    update(stream).where(stream.c.stream_no == _ITS_STREAM),
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
    """Note who spoke, unless more was heard of it since. It waits for nobody: what one till's long
    push holds would keep back all whose turn is before it, at every hub."""
    for who, declared, at, ahead_s, program in contacts:
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
