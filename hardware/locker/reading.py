"""Reading boards over one link, so that what comes out can be believed.

Owns asking again, waiting for quiet, and what agreement is. Refuses to own what a contact means.

The checks of these boards are weak (see `hardware.locker.board`), so one reading is a rumour. A
change is believed when three readings in a row agree on the whole board, its length included; one
that agrees with what is believed already is enough. Two would be too few: of a WKLY board's long
answers, with 5 % of all bytes damaged, one in 500 is wrong and passes its check, and the same
error twice in a row comes in a million; a door would be called open that is not. The third costs
one more exchange and leaves one in about a thousand million (counted in
`tests/hardware/test_locker_noise.py`).
"""

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from hardware.dialogue import Dialogue
from hardware.fault import Kind, NotUnderstood
from hardware.locker.board import (
    Address,
    Codec,
    Contact,
    Contacts,
    FrameParser,
    Noise,
    OrderAnswered,
    Refused,
    Reply,
)


@dataclass(frozen=True, slots=True)
class Patience:
    """How often and how long a board is asked."""

    silent_asks: int = 3
    """Unanswered so often in a row, it is silent."""
    failed_asks: int = 10
    """Unanswered or damaged so often, it speaks another language or the wire is no wire."""
    disagreeing_asks: int = 12
    """Readings that never agree: a contact that rattles, or the same."""
    agreeing: int = 3
    """So many readings in a row make a change."""
    quiet_s: float = 0.3
    """After a damaged frame nothing is said until nothing was heard for so long: boards answer a
    query within 0.2 s, so what comes later belongs to no earlier one."""


class Boards:
    """The boards on one link that is up, asked one at a time by whoever has the turn.

    `TimeoutError`: a board is silent. `NotUnderstood`: what it says is not its language. Other
    `OSError`: the link broke."""

    def __init__(
        self, codec: Codec, parser: FrameParser, dialogue: Dialogue[Reply], patience: Patience
    ) -> None:
        self._codec: Final = codec
        self._parser = parser
        self._dialogue = dialogue
        self._patience = patience
        self._echo_known = False
        self._widths: dict[int, int] = {}

    async def agreed(self, board: int, locks: int, believed: Contacts | None) -> Contacts:
        """What its contacts are beyond doubt."""
        if board not in self._widths:
            await self._greet(board, locks)
        last, agreeing = None, 0
        for _ in range(self._patience.disagreeing_asks):
            contacts = await self._reading(board, locks)
            agreeing = agreeing + 1 if contacts == last else 1
            if contacts == believed or agreeing == self._patience.agreeing:
                self._widths[board] = len(contacts.closed)
                return contacts
            last = contacts
        raise NotUnderstood(Kind.LOCKER, f"board {board} tells something else each time")

    async def _greet(self, board: int, locks: int) -> None:
        """Before the first reading: let go of its coils; find out whether the adapter echoes."""
        calm = self._codec.calm(board)
        if calm is not None:
            with contextlib.suppress(TimeoutError):
                await self._heeded(calm, board)
        probe = self._codec.query_one(board, 1)
        if probe is None or self._codec.only_echo(self._codec.query(board, locks)):
            return
        if not self._echo_known:
            # It tells only when it went without damage: a damaged echo is one all the same.
            await self._asked(probe, lambda reply: _is_contact(reply, board))
            self._echo_known = True

    async def pulse(self, board: int, lock: int) -> None:
        """Send the order to open, once, and give the board the time it takes. Whatever it answers
        does not matter, nor whether it does."""
        order = self._codec.open(board, lock)
        if self._codec.timing.open_answer_s is None:
            self._parser.sent(order)
            await self._dialogue.tell(order)
            await asyncio.sleep(self._codec.timing.settle_s)
        else:
            with contextlib.suppress(TimeoutError):
                await self._heeded(order, board)

    async def roll_call(self) -> tuple[int, ...]:
        """The boards that answer when all are called; none where there is no such order."""
        call = self._codec.roll_call()
        here: set[int] = set()
        if call is not None:
            self._parser.sent(call)
            with contextlib.suppress(TimeoutError):
                await self._dialogue.ask(
                    call, lambda reply: _gathered(reply, here), self._codec.timing.answer_s
                )
        return tuple(sorted(here))

    async def _heeded(self, order: bytes, board: int) -> None:
        """Whatever comes of an order that is sent once."""
        timing = self._codec.timing
        timeout_s = timing.answer_s if timing.open_answer_s is None else timing.open_answer_s
        await self._exchange(order, lambda reply: _is_heeding(reply, board), timeout_s)

    async def _reading(self, board: int, locks: int) -> Contacts:
        def whole(reply: Reply) -> bool:
            return isinstance(reply, Contacts) and reply.board == board

        query = self._codec.query(board, locks)
        width = self._widths.get(board)
        reply = await self._asked(
            query,
            whole,
            lambda reply: (
                isinstance(reply, Contacts)
                and len(reply.closed) >= locks
                and width in (None, len(reply.closed))
            ),
        )
        assert isinstance(reply, Contacts)
        return reply

    async def _asked(
        self,
        query: bytes,
        wanted: Callable[[Reply], bool],
        fits: Callable[[Reply], bool] = lambda _: True,
    ) -> Reply:
        """The answer to a query, asked again while it is damaged or fails to come."""
        silent = failed = 0
        while True:
            try:
                reply = await self._exchange(query, wanted, self._codec.timing.answer_s)
            except TimeoutError:
                silent += 1
                if silent == self._patience.silent_asks:
                    raise
            else:
                silent = 0
                if reply is not None and fits(reply):
                    return reply
            failed += 1
            if failed == self._patience.failed_asks:
                raise NotUnderstood(Kind.LOCKER, f"asked {query.hex(' ')}")

    async def _exchange(
        self, order: bytes, wanted: Callable[[Reply], bool], timeout_s: float
    ) -> Reply | None:
        """One order and its answer; None, and quiet on the wire, when that was damaged."""
        self._parser.sent(order)
        reply = await self._dialogue.ask(
            order, lambda reply: isinstance(reply, Noise | Refused) or wanted(reply), timeout_s
        )
        if not isinstance(reply, Noise | Refused):
            return reply
        await self._quiet()
        return None

    async def _quiet(self) -> None:
        """Until nothing comes any more, though no longer than an answer takes."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._codec.timing.answer_s):
                while await self._hears_something():
                    pass

    async def _hears_something(self) -> bool:
        with self._dialogue.expecting(lambda _: True) as anything:
            try:
                async with asyncio.timeout(self._patience.quiet_s):
                    await anything
            except TimeoutError:
                return self._parser.begun
            return True


def _is_contact(reply: Reply, board: int) -> bool:
    return isinstance(reply, Contact) and (reply.board, reply.lock) == (board, 1)


def _is_heeding(reply: Reply, board: int) -> bool:
    return isinstance(reply, OrderAnswered | Contact) and reply.board == board


def _gathered(reply: Reply, here: set[int]) -> bool:
    """Never enough: all who are there answer."""
    if isinstance(reply, Contacts | Address):
        here.add(reply.board)
    return False
