"""Many tills in one event loop: each with facts in memory and the pusher of a real till, which
waits as long as it is told. What they cost the hub is counted where it comes in."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from random import Random
from typing import NamedTuple

import httpx
import pytest

from journal import wire
from journal.backoff import Backoff
from journal.push import Acknowledged, Forked, Pusher, Step
from journal.stream import Head
from sync_server.sync.admission import Gone, Rank, stays
from tests.hand_till import TIME_OUT_S, HandTill, a_sale
from tests.served_hub import ServedHub

CONNECTIONS_MAX = 500


class Seen(NamedTuple):
    """A push that came to the hub, or was given a slot."""

    what: str
    who: str
    rank: Rank


@dataclass
class Door:
    """What the hub has seen, in order, over all its lives."""

    seen: list[Seen] = field(default_factory=list)

    @contextmanager
    def watched(self, hub: ServedHub) -> Iterator[None]:
        admission = hub.hub.admission
        turn = admission.turn

        @asynccontextmanager
        async def watched(who: str, rank: Rank, gone: Gone = stays) -> AsyncIterator[None]:
            self.seen.append(Seen("came", who, rank))
            async with turn(who, rank, gone):
                self.seen.append(Seen("served", who, rank))
                yield

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(admission, "turn", watched)
            yield

    def backlogs_before(self, rank: Rank) -> list[int]:
        """For each push of that rank that was served, how many backlogs were while it waited."""
        came: dict[str, int] = {}
        backlogs = 0
        waited = []
        for what, who, of_rank in self.seen:
            backlogs += what == "served" and of_rank is Rank.BACKLOG
            if what == "came":
                came[who] = backlogs
            elif of_rank is rank:
                waited.append(backlogs - came[who])
        return waited


class CrowdTill:
    """A till of the crowd, and its outbox (journal.push.Outbox)."""

    def __init__(self, facts: HandTill, line: httpx.AsyncClient, chance: Random) -> None:
        self._till = facts
        self._line = line
        self._acked = facts.head(0)
        self._pusher = Pusher(facts.stream, facts.signer, facts.hub_key, Backoff(chance))

    def head(self) -> Head:
        return self._till.head()

    def acked(self) -> Head:
        return self._acked

    def hash_at(self, seq: int) -> str | None:
        return self._till.head(seq).hash if seq <= len(self._till.facts) else None

    def facts_after(self, seq: int, count: int, size_bytes: int) -> list[bytes]:
        return self._till.facts[seq : seq + count]

    def waiting_since(self) -> str:
        return ""

    @property
    def waiting(self) -> int:
        return len(self._till.facts) - self._acked.seq

    def sell(self) -> None:
        self._till.record(a_sale(receipt=f"R{len(self._till.facts)}"))

    async def drain(self) -> None:
        """Push until the hub has everything."""
        while self.waiting:
            step = await self._exchange()
            assert not isinstance(step, Forked)
            if isinstance(step, Acknowledged):
                self._acked = step.head
            await asyncio.sleep(step.wait_s)

    async def _exchange(self) -> Step:
        body = wire.pack(self._pusher.next_request(self))
        try:
            answer = await self._line.post(
                "/v1/push", content=body, headers={"Content-Encoding": "zstd"}
            )
        except httpx.HTTPError as dead:
            return self._pusher.unanswered(why=str(dead))
        if answer.is_success:
            return self._pusher.answered(self, wire.read(answer.content, wire.PushReply))
        problem = wire.read(answer.content, wire.Problem)
        retry_after_s = answer.headers.get("Retry-After")
        return self._pusher.refused(
            self, answer.status_code, problem, float(retry_after_s) if retry_after_s else None
        )


@asynccontextmanager
async def a_crowd(url: str, tills: list[HandTill]) -> AsyncIterator[list[CrowdTill]]:
    """These tills on lines of their own."""
    limits = httpx.Limits(max_connections=CONNECTIONS_MAX)
    async with httpx.AsyncClient(
        base_url=url, timeout=TIME_OUT_S, limits=limits, trust_env=False, verify=False
    ) as line:
        yield [CrowdTill(till, line, Random(till.number)) for till in tills]
