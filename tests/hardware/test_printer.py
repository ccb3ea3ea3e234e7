"""A receipt is known to have printed, known not to have, or said to be unknown: over real wires."""

import asyncio
import itertools

import pytest

from hardware.device import (
    CoverOpen,
    LinkLost,
    NoReply,
    OutOfPaper,
    PaperRanOut,
    PrinterError,
    Unconfirmed,
    Unplugged,
)
from hardware.link import Connect, Link, memory_pair
from hardware.printer import WRITE_BYTES, EscposPrinter, FenceKind, Outcome, Printed, TimeLimits
from hardware.receipt_bytes import Line, Picture
from hardware.simulator.port import in_process
from hardware.simulator.printer import Event, SimulatedPrinter
from tests.hardware.wires import LINES, TEXT, TIRED, WIRES, bell_for, opened, wired

STATUS_BYTES = 9
"""What is asked before a job: three DLE EOT of three bytes."""

on_every_wire = pytest.mark.parametrize("wire", WIRES)


@on_every_wire
@pytest.mark.parametrize("fence", list(FenceKind))
def test_an_answered_fence_means_printed(wire: str, fence: FenceKind) -> None:
    async def scenario() -> None:
        simulated = SimulatedPrinter()
        async with wired(simulated, wire) as connect, opened(connect, fence=fence) as printer:
            for _ in range(3):
                assert await printer.print(LINES) == Printed(Outcome.PRINTED)
        assert simulated.receipts == [TEXT] * 3
        assert (simulated.kicks, simulated.unknown) == (0, [])

    asyncio.run(scenario())


@on_every_wire
def test_the_drawer_opens_before_the_first_line(wire: str) -> None:
    async def scenario() -> None:
        simulated = SimulatedPrinter()
        heard: list[Event] = []
        simulated.listeners.append(lambda event, _detail: heard.append(event))
        async with wired(simulated, wire) as connect, opened(connect) as printer:
            await printer.print(LINES, kick_drawer=True)
        assert heard[:2] == [Event.DRAWER_KICKED, Event.LINE]
        assert simulated.kicks == 1

    asyncio.run(scenario())


@on_every_wire
@pytest.mark.parametrize(
    ("knob", "mended", "reason"),
    [("paper out", "paper in", OutOfPaper), ("cover open", "cover closed", CoverOpen)],
)
def test_a_printer_in_trouble_gets_no_job_but_opens_the_drawer(
    wire: str, knob: str, mended: str, reason: type[Exception]
) -> None:
    async def scenario() -> None:
        simulated = SimulatedPrinter()
        simulated.turn_knob(knob)
        async with wired(simulated, wire) as connect, opened(connect) as printer:
            printed = await printer.print(LINES, kick_drawer=True)
            assert printed.outcome is Outcome.NOT_PRINTED
            assert type(printed.reason) is reason
            simulated.turn_knob(mended)
            assert await printer.kick() is None
            assert await printer.print(LINES) == Printed(Outcome.PRINTED)
        assert simulated.receipts == [TEXT]
        assert simulated.kicks == 2

    asyncio.run(scenario())


@on_every_wire
def test_a_look_says_what_keeps_it_from_printing_and_prints_nothing(wire: str) -> None:
    async def scenario() -> None:
        simulated = SimulatedPrinter()
        async with wired(simulated, wire) as connect, opened(connect) as printer:
            assert await printer.look() is None
            for knob, mended, fault in (
                ("paper out", "paper in", OutOfPaper),
                ("cover open", "cover closed", CoverOpen),
            ):
                simulated.turn_knob(knob)
                assert type(await printer.look()) is fault
                simulated.turn_knob(mended)
                assert await printer.look() is None
            assert await printer.print(LINES) == Printed(Outcome.PRINTED)
        assert simulated.receipts == [TEXT]
        assert (simulated.kicks, simulated.unknown) == (0, [])

    asyncio.run(scenario())


def test_a_look_never_raises_and_finds_the_printer_again_when_it_is_back() -> None:
    async def scenario() -> None:
        simulated = SimulatedPrinter()
        async with (
            wired(simulated, "memory") as connect,
            opened(connect, TimeLimits(status_s=0.05)) as printer,
        ):
            simulated.power_off()
            assert type(await printer.look()) is Unplugged
            simulated.power_on()
            simulated.stall_at(0)
            assert type(await printer.look()) is NoReply
            simulated.resume()
        async with wired(simulated, "memory") as connect, opened(connect) as printer:
            assert await printer.look() is None
            simulated.power_off()
            simulated.power_on()
            assert await printer.look() is None

    asyncio.run(scenario())


def test_looks_reuse_the_link_and_take_turns_with_jobs() -> None:
    async def scenario() -> None:
        simulated = SimulatedPrinter()
        connects = 0
        async with wired(simulated, "memory") as connect:

            async def counted() -> Link:
                nonlocal connects
                connects += 1
                return await connect()

            async with opened(counted) as printer:
                looks = asyncio.gather(printer.look(), printer.look())
                jobs = asyncio.gather(printer.print(LINES), printer.print(LINES))
                assert [*await looks] == [None, None]
                assert [*await jobs] == [Printed(Outcome.PRINTED)] * 2
        assert (simulated.receipts, connects) == ([TEXT] * 2, 1)

    asyncio.run(scenario())


def test_a_logo_takes_longer_than_one_write_may(monkeypatch: pytest.MonkeyPatch) -> None:
    """A printer that takes a piece at a time, each in time, gets the whole picture."""
    pieces: list[int] = []

    async def scenario() -> None:
        simulated = SimulatedPrinter()
        async with wired(simulated, "memory") as connect:

            async def listened() -> Link:
                link = await connect()
                write = link.write

                async def noted(data: bytes) -> None:
                    pieces.append(len(data))
                    await write(data)

                monkeypatch.setattr(link, "write", noted)
                return link

            async with opened(listened) as printer:
                picture = Picture(72, b"\xff" * 72 * 200)
                assert await printer.print([picture]) == Printed(Outcome.PRINTED)
        assert simulated.unknown == []

    asyncio.run(scenario())
    assert max(pieces) == WRITE_BYTES
    assert sum(pieces) > 72 * 200


def test_a_refused_connection_is_not_printed() -> None:
    async def scenario() -> None:
        simulated = SimulatedPrinter()
        simulated.power_off()
        async with wired(simulated, "memory") as connect, opened(connect) as printer:
            printed = await printer.print(LINES, kick_drawer=True)
            assert printed.outcome is Outcome.NOT_PRINTED
            assert type(printed.reason) is Unplugged
            assert type(await printer.kick()) is Unplugged
            simulated.power_on()
            assert await printer.print(LINES) == Printed(Outcome.PRINTED)
        assert (simulated.receipts, simulated.kicks) == ([TEXT], 0)

    asyncio.run(scenario())


@on_every_wire
def test_a_printer_that_hangs_up_at_once_is_not_printed(wire: str) -> None:
    async def scenario() -> None:
        simulated = SimulatedPrinter()
        simulated.power_cut_at(STATUS_BYTES)
        async with wired(simulated, wire) as connect, opened(connect) as printer:
            for _ in range(2):
                printed = await printer.print(LINES)
                assert printed.outcome is Outcome.NOT_PRINTED
                assert type(printed.reason) is Unplugged
        assert simulated.paper == []

    asyncio.run(scenario())


@on_every_wire
def test_a_silent_printer_gets_no_job_and_its_drawer_stays_shut_when_it_wakes(wire: str) -> None:
    async def scenario() -> None:
        simulated = SimulatedPrinter()
        simulated.stall_at(0)
        async with wired(simulated, wire) as connect:
            async with opened(connect, TimeLimits(status_s=0.05)) as hurried:
                printed = await hurried.print(LINES, kick_drawer=True)
                assert printed.outcome is Outcome.NOT_PRINTED
                assert type(printed.reason) is NoReply
                assert type(await hurried.kick()) is NoReply
            simulated.resume()
            async with opened(connect) as printer:
                assert await printer.print(LINES) == Printed(Outcome.PRINTED)
        assert (simulated.receipts, simulated.kicks) == ([TEXT], 0)

    asyncio.run(scenario())


@on_every_wire
def test_a_stall_inside_the_job_is_unknown_and_nothing_is_sent_again(wire: str) -> None:
    async def scenario() -> None:
        simulated = SimulatedPrinter()
        simulated.stall_at(STATUS_BYTES + 6)
        async with wired(simulated, wire) as connect:
            async with opened(connect, TIRED) as hurried:
                printed = await hurried.print(LINES)
                assert printed.outcome is Outcome.UNKNOWN
                assert type(printed.reason) is Unconfirmed
            simulated.resume()
            async with opened(connect) as printer:
                assert await printer.print([Line("next")]) == Printed(Outcome.PRINTED)
        assert simulated.receipts == [TEXT, "next"]

    asyncio.run(scenario())


@on_every_wire
def test_a_power_cut_inside_the_job_is_unknown_and_the_next_job_reconnects(wire: str) -> None:
    async def scenario() -> None:
        simulated = SimulatedPrinter()
        simulated.power_cut_at(STATUS_BYTES + 20)
        async with wired(simulated, wire) as connect, opened(connect) as printer:
            printed = await printer.print(LINES)
            assert printed.outcome is Outcome.UNKNOWN
            assert type(printed.reason) is LinkLost
            assert simulated.paper == ["会员积分"]
            simulated.power_on()
            assert await printer.print([Line("next")]) == Printed(Outcome.PRINTED)
        assert simulated.paper[:2] == ["会员积分", "next"]

    asyncio.run(scenario())


@on_every_wire
def test_a_link_that_broke_between_two_jobs_is_opened_again_unseen(wire: str) -> None:
    async def scenario() -> None:
        simulated = SimulatedPrinter()
        async with wired(simulated, wire) as connect, opened(connect) as printer:
            assert await printer.print(LINES) == Printed(Outcome.PRINTED)
            simulated.power_off()
            simulated.power_on()
            assert await printer.print(LINES) == Printed(Outcome.PRINTED)
        assert simulated.receipts == [TEXT] * 2

    asyncio.run(scenario())


@on_every_wire
def test_paper_that_runs_out_inside_the_job_is_unknown_and_the_rest_comes_by_itself(
    wire: str,
) -> None:
    async def scenario() -> None:
        simulated = SimulatedPrinter()

        def run_out(event: Event, _detail: str) -> None:
            if event is Event.LINE:
                simulated.listeners.remove(run_out)
                simulated.paper_out = True

        simulated.listeners.append(run_out)
        limits = TimeLimits(fence_s=0.2, line_s=0, status_s=60, cause_s=60)
        async with wired(simulated, wire) as connect, opened(connect, limits) as printer:
            printed = await printer.print(LINES)
            assert printed.outcome is Outcome.UNKNOWN
            assert type(printed.reason) is PaperRanOut
            assert type((await printer.print(LINES)).reason) is OutOfPaper
            assert simulated.paper == ["会员积分"]
            simulated.paper_out = False
        assert simulated.receipts == [TEXT]

    asyncio.run(scenario())


def test_a_job_that_the_far_end_does_not_take_is_unknown() -> None:
    async def scenario() -> None:
        simulated = SimulatedPrinter()
        simulated.stall_at(STATUS_BYTES)
        connect = in_process(simulated, write_s=TIRED.write_s)
        async with opened(connect, TIRED) as printer:
            printed = await printer.print([Line("x" * 48)] * 2000)
        assert printed.outcome is Outcome.UNKNOWN
        assert type(printed.reason) is Unconfirmed

    asyncio.run(scenario())


@on_every_wire
def test_jobs_take_turns(wire: str) -> None:
    async def scenario() -> None:
        simulated = SimulatedPrinter()
        async with wired(simulated, wire) as connect, opened(connect) as printer:
            jobs = [printer.print([Line(f"{n}a"), Line(f"{n}b")]) for n in range(5)]
            printed = await asyncio.gather(*jobs, printer.kick())
        assert printed == [Printed(Outcome.PRINTED)] * 5 + [None]
        assert sorted(simulated.receipts) == [f"{n}a\n{n}b" for n in range(5)]

    asyncio.run(scenario())


@on_every_wire
def test_a_cancelled_job_leaves_the_printer_usable(wire: str) -> None:
    async def scenario() -> None:
        simulated = SimulatedPrinter()
        stalled = bell_for(simulated, Event.STALLED)
        simulated.stall_at(STATUS_BYTES + 6)
        links: list[Link] = []
        async with (
            wired(simulated, wire) as connect,
            opened(counted(connect, links)) as printer,
        ):
            job = asyncio.create_task(printer.print(LINES))
            await stalled.wait()
            job.cancel()
            with pytest.raises(asyncio.CancelledError):
                await job
            simulated.resume()
            assert await printer.print([Line("next")]) == Printed(Outcome.PRINTED)
            assert len(links) == 2  # half a conversation is not gone on with
        assert simulated.receipts == [TEXT, "next"]

    asyncio.run(scenario())


@on_every_wire
def test_after_an_unknown_end_the_next_job_has_a_fresh_link(wire: str) -> None:
    async def scenario() -> None:
        simulated = SimulatedPrinter()
        simulated.stall_at(STATUS_BYTES + 6)
        links: list[Link] = []
        async with (
            wired(simulated, wire) as connect,
            opened(counted(connect, links), TIRED) as printer,
        ):
            assert (await printer.print(LINES)).outcome is Outcome.UNKNOWN
            simulated.resume()
            await printer.kick()
            assert len(links) == 2

    asyncio.run(scenario())


def counted(connect: Connect, links: list[Link]) -> Connect:
    """The same way to connect; every link it opens is put in `links`."""

    async def connect_and_count() -> Link:
        links.append(await connect())
        return links[-1]

    return connect_and_count


async def play(far: Link, *turns: bytes) -> None:
    """A printer of few words: one prepared answer for each thing it is sent."""
    for answer in turns:
        await far.read(None)
        await far.write(answer)


def answering(*turns: bytes, fence_s: float = 60) -> tuple[EscposPrinter, list[asyncio.Task[None]]]:
    playing: list[asyncio.Task[None]] = []

    async def connect() -> Link:
        near, far = memory_pair(write_s=60)
        playing.append(asyncio.create_task(play(far, *turns)))
        return near

    limits = TimeLimits(status_s=60, fence_s=fence_s, line_s=0, cause_s=0.05)
    return EscposPrinter(connect, limits=limits, numbers=itertools.count(9_999)), playing


@pytest.mark.parametrize(
    ("fence_answer", "outcome"),
    [
        (b"\x37\x229999\x00", Outcome.PRINTED),
        (b"\x14\x00\x00\x00\x11\xff\x12\x37\x229999\x00", Outcome.PRINTED),
        (b"\x37\x229998\x00", Outcome.UNKNOWN),
        (b"\x00", Outcome.UNKNOWN),
        (b"\x12", Outcome.UNKNOWN),
    ],
)
def test_only_the_fence_of_this_very_job_means_printed(
    fence_answer: bytes, outcome: Outcome
) -> None:
    async def scenario() -> None:
        fence_s = 60 if outcome is Outcome.PRINTED else 0.2
        printer, playing = answering(b"\x12", b"\x12", b"\x12", fence_answer, fence_s=fence_s)
        printed = await printer.print(LINES)
        assert printed.outcome is outcome
        await printer.close()
        await asyncio.gather(*playing)

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("causes", "reason"),
    [
        ((b"\x1a", b"\x52", b"\x12"), PrinterError),
        ((b"\x1e", b"\x12", b"\x12"), PrinterError),
        ((b"\x1a", b"\x32", b"\x12"), OutOfPaper),
        ((b"\x12", b"\x12", b"\x72"), OutOfPaper),
        ((b"\x1a", b"\x36", b"\x7e"), CoverOpen),
    ],
)
def test_the_status_bits_name_the_trouble(
    causes: tuple[bytes, ...], reason: type[Exception]
) -> None:
    async def scenario() -> None:
        printer, playing = answering(*causes)
        printed = await printer.print(LINES)
        assert printed.outcome is Outcome.NOT_PRINTED
        assert type(printed.reason) is reason
        await printer.close()
        await asyncio.gather(*playing)

    asyncio.run(scenario())


def test_near_end_of_paper_is_no_trouble() -> None:
    async def scenario() -> None:
        printer, playing = answering(b"\x16", b"\x12", b"\x1e", b"\x37\x229999\x00")
        assert await printer.print(LINES) == Printed(Outcome.PRINTED)
        await printer.close()
        await asyncio.gather(*playing)

    asyncio.run(scenario())
