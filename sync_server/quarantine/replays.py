"""What head office does about facts without effect, as transactions one after the other: a replay
takes a part of one stream at a time, so that pushes go on meanwhile and a kill undoes one step."""

import logging
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import NamedTuple

from sqlalchemy import Connection

from sync_server.database import Database
from sync_server.quarantine import records, service
from sync_server.quarantine.breaker import Failing, Window
from sync_server.quarantine.records import Found, SettlementRow, State, Where
from sync_server.quarantine.service import NoSuchFact, NothingOfTill, Step
from sync_server.recorder import Projection
from sync_server.settings import HubSettings

log = logging.getLogger(__name__)

#: the author of what the hub does by itself
BY_ITSELF = ""


class Tally(NamedTuple):
    """How many facts were applied, how many of those that were tried first have no effect still;
    whether the hub stopped applying again, because too many failed."""

    applied: int = 0
    kept: int = 0
    stopped: bool = False


class Shown(NamedTuple):
    """All that is known of a fact: what the hub did with it and since, what waits behind it, and
    the fact itself as it was stored."""

    found: Found
    settlements: list[SettlementRow]
    behind: list[Found]
    data: bytes


#: hears of each step: how many facts it tried
Progress = Callable[[int], None]


def _unseen(_tried: int) -> None:
    """Nobody watches."""


class Quarantine:
    """Facts without effect, seen from head office."""

    def __init__(
        self,
        database: Database,
        settings: HubSettings,
        now: Callable[[], datetime],
        project: Projection,
    ) -> None:
        self._database = database
        self._settings = settings
        self._now = now
        self._project = project
        self._window = Window(settings)

    # What comes in

    async def note(self, till_id: str, taken: int, quarantined: int, deferring: bool) -> None:
        """Count what became of a push; where too much fails, apply nothing from now on."""
        if deferring:
            self._window.clear()
            return
        failing = self._window.note(till_id, taken, quarantined)
        if failing is not None and await self._stop(failing):
            self._window.clear()

    async def _stop(self, failing: Failing) -> bool:
        """Apply nothing from now on, unless that is so already -> whether it is news."""
        work = partial(service.stop, failing=failing, now=self._now())
        stopped = await self._database.write(work)
        if stopped:
            log.error(
                "the hub applies nothing any more: of its last %s facts %s came to quarantine,"
                " from %s; see what fails: sync-server quarantine list;"
                " then: sync-server quarantine resume",
                *(failing.facts, failing.quarantined, ", ".join(sorted(failing.tills))),
            )
        return stopped

    # What head office sees

    async def state(self) -> State:
        """Whether the hub applies facts, and whether any is unsettled."""
        return await self._database.read(records.state)

    async def listed(self, most: int) -> list[Found]:
        """What has no effect, what needs a person most first."""
        return await self._database.read(partial(records.listed, most=most))

    async def shown(self, eid: str, most: int) -> Shown:
        """A fact, and at most so many that wait behind it. Raises NoSuchFact."""

        def look(connection: Connection) -> Shown:
            found = records.find(connection, eid)
            if found is None:
                raise NoSuchFact(eid=eid)
            return Shown(
                found,
                records.settlements(connection, found),
                records.parked_behind(connection, eid, most),
                records.body(connection, found),
            )

        return await self._database.read(look)

    async def how_many(self, where: Where) -> int:
        return await self._database.read(partial(records.how_many, where=where))

    async def left_out(self) -> list[tuple[str, int]]:
        """By till, how many facts a replay of all leaves out: they came while it was revoked."""
        return await self._database.read(records.left_out)

    # What head office does

    async def replay(self, where: Where, author: str, on_step: Progress = _unseen) -> Tally:
        """Try these facts again, then what is parked behind those that are applied now."""
        tally = await self._pass(where, where, author, on_step)
        while not tally.stopped:
            freed = await self._pass(records.IS_FREE, records.MAY_FOLLOW, author, on_step)
            tally = tally._replace(applied=tally.applied + freed.applied, stopped=freed.stopped)
            if not freed.applied:
                break
        await self._database.write(service.note_what_is_left)
        return tally

    async def replay_till(self, till_id: str, author: str, on_step: Progress = _unseen) -> Tally:
        """Try all of one till, revoked or not. Raises NothingOfTill."""
        of_till = records.of_till(till_id)
        if not await self.how_many(of_till):
            raise NothingOfTill(till=till_id)
        return await self.replay(of_till, author, on_step)

    async def replay_fact(self, eid: str, author: str) -> Tally:
        """Try one fact again, also one that is parked behind what was set aside. Raises what
        `service.known` does."""
        await self._database.read(partial(service.known, eid=eid))
        return await self.replay(records.of_fact(eid), author)

    async def set_aside(self, eid: str, reason: str, author: str) -> None:
        """Let a fact never count. Raises what `service.set_aside` does."""
        work = partial(service.set_aside, eid=eid, reason=reason, author=author, now=self._now())
        await self._database.write(work)

    async def resume(self, author: str, on_step: Progress = _unseen) -> Tally:
        """Apply again what comes in, and what was deferred. Raises NotDeferring."""
        await self._database.write(service.resume)
        return await self.replay(records.IS_DEFERRED, author, on_step)

    async def take_up(self) -> Tally:
        """Do what needs nobody's word: apply what waited for this program, and what a resumption or
        a replay that was cut short left over."""
        held = await self.state()
        if not held.unsettled or held.deferring_since:
            return Tally()
        return await self.replay(records.BY_ITSELF, BY_ITSELF)

    async def _pass(self, begin: Where, where: Where, author: str, on_step: Progress) -> Tally:
        """One way through each stream that has facts to `begin` with, trying all `where`. What was
        deferred and fails now counts as what comes in does."""
        tally = Tally()
        window = Window(self._settings)
        for stream_no in await self._database.read(partial(records.streams_with, where=begin)):
            after = 0
            while (step := await self._step(stream_no, where, after, author)).last:
                after = step.last
                tally = Tally(tally.applied + step.applied, tally.kept + step.kept)
                on_step(step.applied + step.kept)
                failing = window.note(step.till_id, step.deferred, step.failed)
                if failing is not None and await self._stop(failing):
                    return tally._replace(stopped=True)
        return tally

    async def _step(self, stream_no: int, where: Where, after: int, author: str) -> Step:
        def work(connection: Connection) -> Step:
            most = self._settings.replay_facts_max
            how = (most, self._project, author, self._now())
            return service.replay(connection, stream_no, where, after, *how)

        return await self._database.write(work)
