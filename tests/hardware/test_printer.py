"""A receipt is known to have printed, known not to have, or said to be unknown: over real wires."""

import asyncio
from dataclasses import replace

import pytest

from hardware.device import HealthChanged, State
from hardware.fault import LinkLost, NoReply, Unconfirmed, Unplugged
from hardware.link import Connect, Link
from hardware.printer.faults import (
    CoverOpen,
    GivenUp,
    OutOfPaper,
)
from hardware.printer.parts import Line, Picture
from hardware.printer.printer import (
    WRITE_BYTES,
    Outcome,
    Printed,
    Printer,
)
from hardware.printer.profile import FenceKind, Profile
from hardware.simulator.printer.machine import Event, SimulatedPrinter
from tests.hardware.wires import (
    LINES,
    PATIENT,
    TEXT,
    TIRED,
    WIRES,
    bell_for,
    opened,
    run,
    until,
    wired,
)

LOOK_BYTES = 9
"""What a look asks: three DLE EOT of three bytes; one at the meeting, one before each job."""
CONFIRMED = Printed(Outcome.CONFIRMED)

on_every_wire = pytest.mark.parametrize("wire", WIRES)


@on_every_wire
@pytest.mark.parametrize(
    ("fence", "outcome"),
    [
        (FenceKind.PROCESS_ID, Outcome.CONFIRMED),
        (FenceKind.BUFFER, Outcome.FENCED),
        (FenceKind.NONE, Outcome.UNCONFIRMED),
    ],
)
def test_how_a_job_is_known_to_have_printed_depends_on_its_fence(
    wire: str, fence: FenceKind, outcome: Outcome
) -> None:
    async def scenario() -> None:
        simulated = SimulatedPrinter()
        cut = bell_for(simulated, Event.RECEIPT)
        async with wired(simulated, wire) as connect, opened(connect, fence=fence) as printer:
            for _ in range(3):
                cut.clear()
                assert await printer.print(LINES) == Printed(outcome)
                await cut.wait()
        assert simulated.receipts == [TEXT] * 3
        assert (simulated.kicks, simulated.unknown) == (0, [])

    run(scenario)


@on_every_wire
@pytest.mark.parametrize(
    ("knob", "mended", "reason"),
    [("paper out", "paper in", OutOfPaper), ("cover open", "cover closed", CoverOpen)],
)
def test_a_job_waits_for_what_a_person_can_mend_and_prints_by_itself(
    wire: str, knob: str, mended: str, reason: type[Exception]
) -> None:
    async def scenario() -> None:
        simulated = SimulatedPrinter()
        simulated.turn_knob(knob)
        async with wired(simulated, wire) as connect, opened(connect) as printer:
            job = asyncio.create_task(printer.print(LINES))
            await until(printer, lambda: printer.health.state is State.BUSY)
            assert type(printer.health.fault) is reason
            simulated.turn_knob(mended)
            assert await job == CONFIRMED
            assert printer.health.ready
        assert simulated.receipts == [TEXT]

    run(scenario)


@on_every_wire
@pytest.mark.parametrize("fence", [FenceKind.PROCESS_ID, FenceKind.BUFFER])
def test_paper_that_runs_out_inside_the_job_is_waited_for_and_the_rest_comes_by_itself(
    wire: str, fence: FenceKind
) -> None:
    async def scenario() -> None:
        simulated = SimulatedPrinter()
        _run_out_after_a_line(simulated)
        async with wired(simulated, wire) as connect, opened(connect, fence=fence) as printer:
            job = asyncio.create_task(printer.print(LINES))
            await until(printer, lambda: isinstance(printer.health.fault, OutOfPaper))
            assert simulated.paper == ["会员积分"]
            assert not job.done()
            simulated.turn_knob("paper in")
            printed = await job
            assert printed.reason is None
        assert simulated.receipts == [TEXT]

    run(scenario)


@pytest.mark.slow
def test_while_paper_is_out_the_fence_has_no_limit() -> None:
    async def scenario() -> None:
        simulated = SimulatedPrinter()
        _run_out_after_a_line(simulated)
        limits = replace(PATIENT, fence_s=1.0, line_s=0)
        async with wired(simulated, "memory") as connect, opened(connect, limits) as printer:
            job = asyncio.create_task(printer.print(LINES))
            await asyncio.wait([job], timeout=1.5)
            assert not job.done()
            simulated.turn_knob("paper in")
            assert await job == CONFIRMED

    run(scenario)


def _run_out_after_a_line(simulated: SimulatedPrinter) -> None:
    def run_out(event: Event, _detail: str) -> None:
        if event is Event.LINE:
            simulated.listeners.remove(run_out)
            simulated.turn_knob("paper out")

    simulated.listeners.append(run_out)


def test_a_printer_switched_off_for_its_new_roll_has_forgotten_the_receipt() -> None:
    """It answers again, the fence that would end the job never comes: a person must look."""

    async def scenario() -> None:
        simulated = SimulatedPrinter()
        _run_out_after_a_line(simulated)
        async with wired(simulated, "memory") as connect, opened(connect) as printer:
            job = asyncio.create_task(printer.print(LINES))
            await until(printer, lambda: isinstance(printer.health.fault, OutOfPaper))
            simulated.turn_knob("power off")
            simulated.turn_knob("paper in")
            simulated.turn_knob("power on")
            printed = await job
            assert (printed.outcome, type(printed.reason)) == (Outcome.UNKNOWN, LinkLost)
            assert await printer.print([Line("next")]) == CONFIRMED
        assert simulated.paper[0] == "会员积分"
        assert simulated.receipts[-1].endswith("next")

    run(scenario)


def _is_out(printer: Printer) -> bool:
    return isinstance(printer.health.fault, OutOfPaper)


@pytest.mark.parametrize("in_the_middle", [False, True])
def test_a_person_can_stop_waiting(in_the_middle: bool) -> None:
    async def scenario() -> None:
        simulated = SimulatedPrinter()
        if in_the_middle:
            _run_out_after_a_line(simulated)
        else:
            simulated.turn_knob("paper out")
        async with wired(simulated, "memory") as connect, opened(connect) as printer:
            job = asyncio.create_task(printer.print(LINES))
            await until(printer, lambda: printer.health.state is State.BUSY and _is_out(printer))
            printer.give_up()
            printed = await job
            assert printed.outcome is (Outcome.UNKNOWN if in_the_middle else Outcome.FAILED)
            assert isinstance(printed.reason, GivenUp)
            assert printed.reason.detail == "printer.out_of_paper"

    run(scenario)


def test_patience_has_an_end() -> None:
    async def scenario() -> None:
        simulated = SimulatedPrinter()
        simulated.turn_knob("paper out")
        limits = replace(PATIENT, patience_s=0.05)
        async with wired(simulated, "memory") as connect, opened(connect, limits) as printer:
            printed = await printer.print(LINES)
            assert (printed.outcome, type(printed.reason)) == (Outcome.FAILED, GivenUp)

    run(scenario)


@on_every_wire
def test_a_check_says_what_keeps_it_from_printing_and_prints_nothing(wire: str) -> None:
    async def scenario() -> None:
        simulated = SimulatedPrinter()
        async with wired(simulated, wire) as connect, opened(connect) as printer:
            assert (await printer.check()).ready
            for knob, mended, fault in (
                ("paper out", "paper in", OutOfPaper),
                ("cover open", "cover closed", CoverOpen),
            ):
                simulated.turn_knob(knob)
                health = await printer.check()
                assert (health.state, type(health.fault)) == (State.DEGRADED, fault)
                simulated.turn_knob(mended)
                assert (await printer.check()).ready
        assert (simulated.receipts, simulated.kicks, simulated.unknown) == ([], 0, [])

    run(scenario)


def test_an_idle_printer_is_looked_at_and_its_changes_told() -> None:
    async def scenario() -> None:
        simulated = SimulatedPrinter()
        limits = replace(PATIENT, look_s=0.01)
        async with wired(simulated, "memory") as connect, opened(connect, limits) as printer:
            await printer.reached()
            simulated.turn_knob("paper out")
            await until(printer, lambda: isinstance(printer.health.fault, OutOfPaper))
            simulated.turn_knob("paper in")
            await until(printer, lambda: printer.health.ready)

    run(scenario)


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
                assert await printer.print([Picture(72, b"\xff" * 72 * 200)]) == CONFIRMED
        assert simulated.unknown == []

    run(scenario)
    assert max(pieces) <= WRITE_BYTES
    assert sum(pieces) > 72 * 200


def test_a_long_receipt_never_lies_in_the_buffer_whole() -> None:
    """Cheap printers drop what does not fit: no more is sent than was answered for."""

    async def scenario() -> None:
        simulated = SimulatedPrinter()
        most = 0
        feed = simulated.feed

        def watched(data: bytes) -> int:
            nonlocal most
            most = max(most, len(data))
            return feed(data)

        simulated.feed = watched  # type: ignore[method-assign]
        lines = [Line(f"{number:04} " + "x" * 40) for number in range(500)]
        async with wired(simulated, "memory") as connect, opened(connect) as printer:
            assert await printer.print(lines) == CONFIRMED
        assert simulated.receipts == ["\n".join(line.text for line in lines)]
        assert most <= 2 * WRITE_BYTES

    run(scenario)


def test_a_refused_connection_is_a_failed_job() -> None:
    async def scenario() -> None:
        simulated = SimulatedPrinter()
        simulated.power_off()
        async with wired(simulated, "memory") as connect, opened(connect) as printer:
            printed = await printer.print(LINES)
            assert (printed.outcome, type(printed.reason)) == (Outcome.FAILED, Unplugged)
            assert type(await printer.kick()) is Unplugged
            simulated.power_on()
            assert await printer.print(LINES) == CONFIRMED
        assert (simulated.receipts, simulated.kicks) == ([TEXT], 0)

    run(scenario)


@pytest.mark.parametrize("wire", ["memory", "tcp"])
def test_a_printer_that_hangs_up_before_the_job_has_not_printed(wire: str) -> None:
    async def scenario() -> None:
        simulated = SimulatedPrinter()
        simulated.power_cut_at(2 * LOOK_BYTES)
        async with wired(simulated, wire) as connect, opened(connect) as printer:
            printed = await printer.print(LINES)
            assert printed.outcome is Outcome.FAILED or simulated.paper == []
            assert type((await printer.print(LINES)).reason) is Unplugged
        assert simulated.paper == []

    run(scenario)


@on_every_wire
def test_a_silent_printer_gets_no_job_and_its_drawer_stays_shut_when_it_wakes(wire: str) -> None:
    async def scenario() -> None:
        simulated = SimulatedPrinter()
        simulated.stall_at(0)
        hurried_limits = replace(PATIENT, status_s=0.05)
        async with wired(simulated, wire) as connect:
            async with opened(connect, hurried_limits) as hurried:
                printed = await hurried.print(LINES)
                assert (printed.outcome, type(printed.reason)) == (Outcome.FAILED, NoReply)
                assert type(await hurried.kick()) is NoReply
            simulated.resume()
            async with opened(connect) as printer:
                assert await printer.print(LINES) == CONFIRMED
        assert (simulated.receipts, simulated.kicks) == ([TEXT], 0)

    run(scenario)


@on_every_wire
def test_a_stall_inside_the_job_is_unknown_and_nothing_is_sent_again(wire: str) -> None:
    async def scenario() -> None:
        simulated = SimulatedPrinter()
        async with wired(simulated, wire) as connect:
            async with opened(connect, TIRED) as hurried:
                await hurried.reached()
                simulated.stall_at(LOOK_BYTES + 6)
                printed = await hurried.print(LINES)
                assert (printed.outcome, type(printed.reason)) == (Outcome.UNKNOWN, Unconfirmed)
            simulated.resume()
            async with opened(connect) as printer:
                assert await printer.print([Line("next")]) == CONFIRMED
        assert simulated.receipts == [TEXT, "next"]

    run(scenario)


@on_every_wire
def test_a_power_cut_inside_the_job_is_unknown_and_the_next_job_reconnects(wire: str) -> None:
    async def scenario() -> None:
        simulated = SimulatedPrinter()
        async with wired(simulated, wire) as connect, opened(connect) as printer:
            await printer.reached()
            simulated.power_cut_at(LOOK_BYTES + 20)
            printed = await printer.print(LINES)
            assert (printed.outcome, type(printed.reason)) == (Outcome.UNKNOWN, LinkLost)
            assert simulated.paper == ["会员积分"]
            simulated.power_on()
            await until(printer, lambda: printer.health.ready)
            assert await printer.print([Line("next")]) == CONFIRMED
            assert await printer.print([Line("last")]) == CONFIRMED
        # nobody is handed the half of another's receipt, and one cut parts the two
        assert simulated.receipts == ["会员积分", "next", "last"]

    run(scenario)


@on_every_wire
def test_a_link_that_broke_between_two_jobs_is_opened_again_unseen(wire: str) -> None:
    async def scenario() -> None:
        simulated = SimulatedPrinter()
        async with wired(simulated, wire) as connect, opened(connect) as printer:
            assert await printer.print(LINES) == CONFIRMED
            simulated.power_off()
            simulated.power_on()
            await until(printer, lambda: printer.health.ready)
            assert await printer.print(LINES) == CONFIRMED
        assert simulated.receipts == [TEXT] * 2

    run(scenario)


@on_every_wire
def test_a_writer_that_nobody_reads_ends_in_time(wire: str) -> None:
    async def scenario() -> None:
        simulated = SimulatedPrinter()
        async with (
            wired(simulated, wire, write_s=0.05) as connect,
            opened(connect, TIRED) as printer,
        ):
            await printer.reached()
            simulated.stall_at(LOOK_BYTES)
            printed = await printer.print([Picture(72, b"\xaa" * 72 * 40_000)])
            assert (printed.outcome, type(printed.reason)) == (Outcome.UNKNOWN, Unconfirmed)

    run(scenario)


@on_every_wire
def test_jobs_take_turns(wire: str) -> None:
    async def scenario() -> None:
        simulated = SimulatedPrinter()
        async with wired(simulated, wire) as connect, opened(connect) as printer:
            jobs = [printer.print([Line(f"{n}a"), Line(f"{n}b")]) for n in range(5)]
            printed = await asyncio.gather(*jobs, printer.kick())
        assert printed == [CONFIRMED] * 5 + [None]
        assert sorted(simulated.receipts) == [f"{n}a\n{n}b" for n in range(5)]

    run(scenario)


@on_every_wire
def test_a_cancelled_job_leaves_the_printer_usable(wire: str) -> None:
    async def scenario() -> None:
        simulated = SimulatedPrinter()
        stalled = bell_for(simulated, Event.STALLED)
        links: list[Link] = []
        async with (
            wired(simulated, wire) as connect,
            opened(counted(connect, links)) as printer,
        ):
            await printer.reached()
            simulated.stall_at(LOOK_BYTES + 6)
            job = asyncio.create_task(printer.print(LINES))
            await stalled.wait()
            job.cancel()
            with pytest.raises(asyncio.CancelledError):
                await job
            simulated.resume()
            assert await printer.print([Line("next")]) == CONFIRMED
            assert len(links) == 2  # half a conversation is not gone on with
        # it had come out after all: then an empty strip is cut off before the next
        assert simulated.receipts == [TEXT, "", "next"]

    run(scenario)


def counted(connect: Connect, links: list[Link]) -> Connect:
    """The same way to connect; every link it opens is put in `links`."""

    async def connect_and_count() -> Link:
        links.append(await connect())
        return links[-1]

    return connect_and_count


def test_a_printer_that_cannot_answer_is_written_to_all_the_same() -> None:
    async def scenario() -> None:
        simulated = SimulatedPrinter()
        simulated.turn_knob("mute")
        cut = bell_for(simulated, Event.RECEIPT)
        profile = Profile(fence=FenceKind.NONE, status=False)
        async with (
            wired(simulated, "memory") as connect,
            opened(connect, profile=profile) as printer,
        ):
            assert await printer.print(LINES) == Printed(Outcome.UNCONFIRMED)
            assert await printer.kick() is None
            await cut.wait()
        assert simulated.receipts == [TEXT]

    run(scenario)


def test_every_change_is_told_once() -> None:
    async def scenario() -> None:
        simulated = SimulatedPrinter()
        told: list[str] = []
        limits = replace(PATIENT, look_s=0.001)
        async with wired(simulated, "memory") as connect, opened(connect, limits) as printer:
            printer.listeners.append(
                lambda event: (
                    told.append(str(event.health.state))
                    if isinstance(event, HealthChanged)
                    else None
                )
            )
            await printer.reached()
            simulated.turn_knob("paper out")
            await until(printer, lambda: not printer.health.ready)
            simulated.turn_knob("paper in")
            await until(printer, lambda: printer.health.ready)
        assert told == ["ready", "degraded", "ready", "closed"]

    run(scenario)
