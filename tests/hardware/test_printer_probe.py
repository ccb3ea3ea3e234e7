"""What a printer can do is asked of it, not of its name; and asking prints nothing."""

import asyncio

import pytest

from hardware.fault import Unplugged
from hardware.link.memory import MemoryLink, memory_pair
from hardware.printer.probe import Probed, Prober
from hardware.printer.profile import FenceKind
from hardware.simulator.printer.dialect import CHEAP, EPSON, Dialect, Identity
from hardware.simulator.printer.machine import SimulatedPrinter
from tests.hardware.wires import WIRES, wired

ANSWER_S = 0.3


async def probed(simulated: SimulatedPrinter, wire: str = "memory") -> Probed:
    async with wired(simulated, wire) as connect, Prober(connect, answer_s=ANSWER_S) as prober:
        return await prober.probe()


@pytest.mark.parametrize("wire", WIRES)
def test_a_printer_that_knows_everything_says_so(wire: str) -> None:
    simulated = SimulatedPrinter(identity=Identity(maker="EPSON", model="TM-T88V"))
    found = asyncio.run(probed(simulated, wire))
    assert (found.status, found.asb, found.fence) == (True, True, FenceKind.PROCESS_ID)
    assert (found.identity["maker"], found.identity["model"]) == ("EPSON", "TM-T88V")
    assert found.options == {"fence": "process_id", "status": "yes", "asb": "yes"}


@pytest.mark.parametrize("dialect", [EPSON, CHEAP])
def test_asking_prints_nothing_and_moves_nothing(dialect: Dialect) -> None:
    simulated = SimulatedPrinter(dialect=dialect)
    asyncio.run(probed(simulated))
    assert (simulated.paper, simulated.receipts, simulated.kicks) == ([], [], 0)
    assert simulated.begun_line == ""


def test_a_cheap_printer_has_another_fence() -> None:
    found = asyncio.run(probed(SimulatedPrinter(dialect=CHEAP)))
    assert (found.status, found.fence, found.asb) == (True, FenceKind.BUFFER, False)


def test_a_link_that_breaks_is_a_fault() -> None:
    async def scenario() -> None:
        simulated = SimulatedPrinter()
        simulated.power_cut_at(3)
        with pytest.raises(Unplugged):
            await probed(simulated)

    asyncio.run(scenario())


@pytest.mark.parametrize("answer", [b"\x00", b"\x0f\x0f"])
def test_rubbish_is_no_fence(answer: bytes) -> None:
    async def scenario() -> None:
        near, far = memory_pair(write_s=60)

        async def babble() -> None:
            while True:
                await far.read(None)
                await far.write(answer)

        async def connect() -> MemoryLink:
            return near

        babbling = asyncio.create_task(babble())
        async with Prober(connect, answer_s=0.05) as prober:
            found = await prober.probe()
        babbling.cancel()
        await asyncio.gather(babbling, return_exceptions=True)
        assert (found.status, found.fence) == (False, FenceKind.NONE)

    asyncio.run(scenario())


def test_a_printer_that_never_answers_has_none() -> None:
    simulated = SimulatedPrinter()
    simulated.turn_knob("mute")
    assert asyncio.run(probed(simulated)) == Probed(False, False, FenceKind.NONE, {})
