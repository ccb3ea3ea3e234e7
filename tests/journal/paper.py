"""A till and a hub of paper: the real steps of `journal.push` on lists instead of databases.

A `PaperTill` keeps its chain and how far the hub acknowledged it; a `PaperHub` does with a
push what the real one does, in the same order, and remembers every head it ever had.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import NamedTuple, assert_never

from journal.backoff import Backoff
from journal.chain import ChainBroken
from journal.push import (
    Acknowledged,
    Arrived,
    Fork,
    Forked,
    Gap,
    Meeting,
    Pusher,
    Retry,
    Step,
    meet,
    open_batch,
)
from journal.signature import Signer, head_message, push_message, verified
from journal.stream import Head, genesis
from journal.wire import Problem, PushReply, PushRequest, pack, unpack
from tests.journal.streams import STREAM, Chain

TILL_KEY = Signer(bytes(range(32)))
HUB_KEY = Signer(bytes(32))
STRANGER = Signer(bytes([7]) * 32)

Meet = Callable[
    [Head, Head, Sequence[Arrived], Callable[[int, int], dict[int, str]]], Meeting | Gap | Fork
]


class Said(NamedTuple):
    """What comes back on the line: a status, and the message under it."""

    status: int
    message: PushReply | Problem


def a_pusher(kind: type[Pusher] = Pusher) -> Pusher:
    return kind(STREAM, TILL_KEY, HUB_KEY.public, Backoff(Random(1)))


@dataclass
class PaperTill:
    """A till's side: the outbox that a pusher asks, and what its answers change."""

    pusher: Pusher
    chain: Chain = field(default_factory=Chain)
    acknowledged: Head = field(default_factory=lambda: genesis(STREAM))
    forked: bool = False

    # journal.push.Outbox

    def head(self) -> Head:
        return self.chain.head

    def acked(self) -> Head:
        return self.acknowledged

    def hash_at(self, seq: int) -> str | None:
        return self.chain.hash_at(seq)

    def facts_after(self, seq: int, count: int, size_bytes: int) -> list[bytes]:
        facts: list[bytes] = []
        for data in self.chain.facts[seq : seq + count]:
            size_bytes -= len(data)
            if size_bytes < 0 and facts:
                break
            facts.append(data)
        return facts

    def waiting_since(self) -> str:
        return "" if self.acknowledged == self.chain.head else "2026-06-03T09:00:00+08:00"

    # What it does

    def request(self) -> PushRequest:
        """The next request, as it comes out at the other end of the line."""
        return unpack(pack(self.pusher.next_request(self)), PushRequest)

    def hears(self, said: Said) -> Step:
        match said.message:
            case PushReply():
                step = self.pusher.answered(self, said.message)
            case Problem():
                step = self.pusher.refused(self, said.status, said.message, None)
            case _:
                assert_never(said.message)
        match step:
            case Acknowledged(head):
                self.acknowledged = head
            case Forked():
                self.forked = True
            case Retry():
                pass
            case _:
                assert_never(step)
        return step


@dataclass
class PaperHub:
    """The hub's side of one stream."""

    chain: Chain = field(default_factory=Chain)
    epoch: str = "epoch-1"
    meet: Meet = meet
    #: every head this hub ever had, before and after restores
    ever: set[tuple[int, str]] = field(default_factory=set)
    #: at which seq it found forks
    forks: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._note_head()

    def _note_head(self) -> None:
        self.ever.add((self.chain.head.seq, self.chain.head.hash))

    def told(self, request: PushRequest) -> Said:
        """Check the chain and the signature, meet, append, answer: as the hub's push does."""
        try:
            arrived = open_batch(request)
        except ChainBroken as broken:
            return Said(422, Problem("not_a_chain", str(broken)))
        last = Head(request.base.seq + len(arrived), arrived[-1].hash) if arrived else request.base
        declared = request.declared.head
        message = push_message(STREAM, declared, last)
        if not verified(TILL_KEY.public, message, request.sig):
            return Said(401, Problem("wrong_signature", ""))
        met = self.meet(self.chain.head, request.base, arrived, self._hashes)
        match met:
            case Meeting(new=new):
                for fact in new:
                    self.chain.append(fact.data)
                    self._note_head()
                return Said(200, self._reply(HUB_KEY))
            case Gap():
                return Said(409, self._problem("gap"))
            case Fork(seq):
                self.forks.append(seq)
                return Said(409, self._problem("fork"))
            case _:
                assert_never(met)

    def _hashes(self, first: int, last: int) -> dict[int, str]:
        found = {seq: self.chain.hash_at(seq) for seq in range(first, last + 1)}
        return {seq: hash_ for seq, hash_ in found.items() if hash_ is not None}

    def _signature(self, key: Signer, head: Head) -> str:
        return key.sign(head_message(self.epoch, STREAM, head, 0))

    def _reply(self, key: Signer) -> PushReply:
        head = self.chain.head
        return PushReply(self.epoch, head, self._signature(key, head))

    def _problem(self, code: str) -> Problem:
        head = self.chain.head
        signature = self._signature(HUB_KEY, head)
        return Problem(code, "", epoch=self.epoch, head=head, head_sig=signature)

    def imposture(self, head: Head) -> list[Said]:
        """What somebody says who has another key, or a signature of the hub for something else."""
        other = [
            STRANGER.sign(head_message(self.epoch, STREAM, head, 0)),
            HUB_KEY.sign(head_message("another", STREAM, head, 0)),
            HUB_KEY.sign(head_message(self.epoch, STREAM, head, 1)),
            HUB_KEY.sign(push_message(STREAM, head, head)),
            "",
        ]
        return [
            said
            for signature in other
            for said in (
                Said(200, PushReply(self.epoch, head, signature)),
                Said(409, Problem("gap", "", epoch=self.epoch, head=head, head_sig=signature)),
            )
        ]

    def restored(self, length: int, epoch: str) -> None:
        """A backup is put back: what came after its first `length` facts is gone."""
        self.chain.cut(length)
        self.epoch = epoch
