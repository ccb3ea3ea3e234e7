"""What a printer can do, found out by asking it: it fills in what its profile leaves open.

Asks only what no printer takes amiss: DLE EOT, GS I, GS r, GS a and GS ( H; never DLE ENQ or the
power-off and clearing forms of DLE DC4. Prints nothing. What a printer says of its name is told and
not trusted: a Rongta claims to be a TM-T88V.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from hardware.device import Device
from hardware.dialogue import Dialogue, Parser
from hardware.fault import Kind, Unplugged
from hardware.link import Connect
from hardware.printer import receipt_bytes
from hardware.printer.profile import FenceKind
from hardware.printer.replies import (
    AutomaticStatus,
    BufferStatus,
    Identity,
    ProcessDone,
    RealTimeStatus,
    Reply,
    ReplyParser,
)

ANSWER_S: Final = 1.0
"""For each answer; a slow printer on an idle line takes 0.1."""
_NAMES: Final = {"maker": 66, "model": 67, "firmware": 65, "serial": 68}


@dataclass(frozen=True, slots=True)
class Probed:
    """What it answered. `options` is what to write into its URL."""

    status: bool = False
    asb: bool = False
    fence: FenceKind = FenceKind.NONE
    identity: Mapping[str, str] = field(default_factory=dict)

    @property
    def options(self) -> dict[str, str]:
        return {
            "fence": str(self.fence),
            "status": "yes" if self.status else "no",
            # Its bytes look like answers to GS r when the first of them is lost.
            "asb": "yes" if self.asb and self.fence is FenceKind.PROCESS_ID else "no",
        }


class Prober(Device[Reply]):
    """A printer that is asked, and given nothing to do."""

    kind = Kind.PRINTER

    def __init__(self, connect: Connect, *, answer_s: float = ANSWER_S) -> None:
        super().__init__(connect)
        self._answer_s = answer_s

    def _parser(self) -> Parser[Reply]:
        return ReplyParser()

    async def probe(self) -> Probed:
        """Ask it everything; a `Fault` when there is no link."""
        async with self._order() as dialogue:
            try:
                return await probed(dialogue, self._answer_s)
            except OSError as broken:
                raise Unplugged(self.kind, str(broken)) from None


async def probed(dialogue: Dialogue[Reply], answer_s: float = ANSWER_S) -> Probed:
    """What a printer at the end of that link can do; `OSError` when the link breaks."""
    asking = _Asking(dialogue, answer_s)
    status = [await asking.gets(receipt_bytes.ask_status(n), RealTimeStatus) for n in (1, 4)]
    ident = receipt_bytes.process_id(0)
    done = ProcessDone(ident)
    named = await asking.hears(receipt_bytes.process_id_fence(ident), lambda reply: reply == done)
    # A byte of a line that says no status is no answer: anything may have sent it.
    answers = all(status)
    passed = named or (answers and await asking.gets(receipt_bytes.BUFFER_FENCE, BufferStatus))
    asb = await asking.gets(receipt_bytes.AUTOMATIC_STATUS, AutomaticStatus)
    await dialogue.tell(receipt_bytes.NO_AUTOMATIC_STATUS)
    identity = await asking.identity()
    # What a printer does not know it may take for text: that is forgotten, not printed.
    await dialogue.tell(receipt_bytes.INIT)
    return Probed(
        status=answers,
        asb=asb is not None,
        fence=_fence(named is not None, bool(passed)),
        identity=identity,
    )


class _Asking:
    def __init__(self, dialogue: Dialogue[Reply], answer_s: float) -> None:
        self._dialogue, self._answer_s = dialogue, answer_s

    async def gets(self, order: bytes, wanted: type[Reply]) -> Reply | None:
        return await self.hears(order, lambda reply: isinstance(reply, wanted))

    async def hears(self, order: bytes, wanted: Callable[[Reply], bool]) -> Reply | None:
        try:
            return await self._dialogue.ask(order, wanted, self._answer_s)
        except TimeoutError:
            return None

    async def identity(self) -> dict[str, str]:
        said = {}
        for name, number in _NAMES.items():
            reply = await self.gets(receipt_bytes.ask_identity(number), Identity)
            if isinstance(reply, Identity):
                said[name] = reply.text
        return said


async def probing(connect: Connect) -> Probed:
    """Ask the printer at the end of that link; a `Fault` when there is no link."""
    async with Prober(connect) as prober:
        return await prober.probe()


def _fence(named: bool, passed: bool) -> FenceKind:
    if named:
        return FenceKind.PROCESS_ID
    return FenceKind.BUFFER if passed else FenceKind.NONE
