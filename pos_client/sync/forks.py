"""What a till does where the hub holds another history of one of its streams (docs/protocol.md,
"Forks"; decision 0023).

A copy of its disk was put back, or went on elsewhere. The till goes on selling in a new stream.
There, under the same ids, it gives a place to what it alone has; what the hub alone has of the old
stream it takes back. Nothing is thrown away, and each fact counts once.
"""

import sqlite3
from typing import NamedTuple, Protocol

from msgspec.structs import replace

from journal import wire
from journal.chain import ChainBroken
from journal.clock import Ids
from journal.envelope import Envelope, decode
from journal.push import Arrived, follow
from journal.signature import head_message, verified
from journal.stream import Head, StreamId
from journal.wire import PUSH_FACTS_MAX
from pos_client.identity import begin_anew
from pos_client.recorder import Transaction
from pos_client.sync import records
from pos_client.sync.records import StreamState


class Settled(NamedTuple):
    """How many facts moved into the new stream, and how many were fetched; up to where the hub's
    facts were seen."""

    moved: int
    fetched: int
    seen: Head


def is_signed(told: wire.StreamFacts, stream: StreamId, hub_key: str) -> bool:
    """Whether the hub vouches for the head it names."""
    message = head_message(told.epoch, stream, told.head, told.safe_seq)
    return verified(hub_key, message, told.head_sig)


class Sales(Protocol):
    """The completed sales, of which each is found by where its fact stands."""

    def moved(
        self,
        driver: sqlite3.Connection,
        stream_no: int,
        envelope: Envelope,
        new: tuple[int, int],
        /,
    ) -> None:
        """The fact, perhaps a sale's, stood in that stream as the envelope says; its place is now
        another: the stream's number and seq."""
        ...

    def known_again(
        self, driver: sqlite3.Connection, stream_no: int, envelope: Envelope, /
    ) -> None:
        """A fact was fetched back, perhaps a sale's."""
        ...


def settle(
    write: Transaction,
    ids: Ids,
    sales: Sales,
    state: StreamState,
    after: Head,
    told: wire.StreamFacts,
) -> Settled:
    """Compare a run of the hub's facts, which follow `after`, with this till's. Where they part,
    what stands here after that point moves into another stream, and the hub's facts take their
    places. Where some of those stand elsewhere at this till already (they were brought in from
    another disk), the others join them, and the old stream ends here."""
    try:
        theirs = _theirs(state, after, told)
    except ChainBroken:
        # The hub lost what it had acknowledged, and may have other facts there: from the beginning.
        records.compared(write.driver, state.stream_no, state.beginning, whole=False)
        return Settled(0, 0, state.beginning)
    ours = records.facts_from(write.driver, state.stream_no, after.seq, len(theirs))
    alike = next(
        (n for n, (fact, data) in enumerate(zip(theirs, ours, strict=False)) if fact.data != data),
        min(len(theirs), len(ours)),
    )
    common = theirs[alike - 1].head if alike else after
    fetched, moved = theirs[alike:], 0
    if fetched:
        if write.writer.stream == state.stream:
            begin_anew(write, ids, "forked", common)
        moved = _move(write, sales, state, common.seq)
    known = records.known(write.driver, [fact.envelope.eid for fact in fetched])
    new = [fact for fact in fetched if fact.envelope.eid not in known]
    joins = bool(known) or after.seq > state.head.seq
    for fact in new:
        if joins:
            bring(write, sales, fact.envelope)
        else:
            write.adopt(state.stream_no, fact.envelope, fact.data)
            sales.known_again(write.driver, state.stream_no, fact.envelope)
    seen = theirs[-1].head if theirs else after
    stands = min(common, state.head, key=lambda head: head.seq) if joins else seen
    whole = seen.seq >= told.head.seq
    records.compared(write.driver, state.stream_no, stands, whole=whole)
    return Settled(moved, len(new), seen)


def bring(write: Transaction, sales: Sales, envelope: Envelope) -> None:
    """Give a fact that has no place here one in the stream that is written, under its id."""
    seq = write.bring(envelope)
    sales.known_again(write.driver, write.writer.stream_no, replace(envelope, seq=seq))


def _theirs(state: StreamState, after: Head, told: wire.StreamFacts) -> list[Arrived]:
    """The hub's facts, checked. Raises ChainBroken."""
    if told.head.seq <= after.seq and told.head != after:
        raise ChainBroken(after.seq, "is another one at the hub, or none")
    return follow(state.stream, after, told.facts)


def _move(write: Transaction, sales: Sales, state: StreamState, after: int) -> int:
    """Move what stands after that fact into the stream that is written -> how many. A page of them
    is in memory at a time; a part of them is never on disk."""
    moved = 0
    while facts := records.facts_from(write.driver, state.stream_no, after, PUSH_FACTS_MAX):
        envelopes = [decode(data) for data in facts]
        last = envelopes[-1].seq
        records.set_aside(write.driver, state.stream, state.stream_no, after, last)
        for envelope in envelopes:
            new = write.writer.stream_no, write.move_here(envelope)
            sales.moved(write.driver, state.stream_no, envelope, new)
        moved += len(envelopes)
    return moved
