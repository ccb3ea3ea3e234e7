"""What a printer answers decides what became of a job: byte by byte."""

import asyncio
import itertools
from dataclasses import replace

import pytest

from hardware.device import State
from hardware.fault import NotUnderstood
from hardware.link import Link
from hardware.link.memory import memory_pair
from hardware.printer.faults import (
    CoverOpen,
    CutterJammed,
    HeadHot,
    OutOfPaper,
    PaperLow,
    PrinterError,
)
from hardware.printer.printer import Outcome, Printed, Printer, TimeLimits
from tests.hardware.wires import LINES, PATIENT, SOON, TIRED, run

CONFIRMED = Printed(Outcome.CONFIRMED)


async def play(far: Link, *turns: bytes) -> None:
    """A printer of few words: one prepared answer for each thing it is sent."""
    for answer in turns:
        await far.read(None)
        await far.write(answer)
    await far.read(None)


WELL = (b"\x12", b"\x12", b"\x12")


def answering(*turns: bytes, limits: TimeLimits = PATIENT) -> Printer:
    playing: list[asyncio.Task[None]] = []

    async def connect() -> Link:
        near, far = memory_pair(write_s=60)
        playing.append(asyncio.create_task(play(far, *turns)))
        return near

    return Printer(connect, limits=limits, numbers=itertools.count(9_999), back_off=SOON)


@pytest.mark.parametrize(
    ("fence_answer", "outcome"),
    [
        (b"\x37\x229999\x00", Outcome.CONFIRMED),
        (b"\x14\x00\x00\x00\x11\xff\x37\x229999\x00", Outcome.CONFIRMED),
        (b"\x37\x229998\x00", Outcome.UNKNOWN),
        (b"\x00", Outcome.UNKNOWN),
        (b"\x12", Outcome.UNKNOWN),
    ],
)
def test_only_the_fence_of_this_very_job_means_printed(
    fence_answer: bytes, outcome: Outcome
) -> None:
    async def scenario() -> None:
        limits = PATIENT if outcome is Outcome.CONFIRMED else replace(TIRED, status_s=0.01)
        async with answering(*WELL, *WELL, fence_answer, limits=limits) as printer:
            assert (await printer.print(LINES)).outcome is outcome

    run(scenario)


@pytest.mark.parametrize(
    ("causes", "reason"),
    [
        ((b"\x1a", b"\x52", b"\x12", b"\x32"), PrinterError),
        ((b"\x1a", b"\x52", b"\x12", b"\x1a"), CutterJammed),
        ((b"\x1a", b"\x52", b"\x12", b"\x52"), HeadHot),
        ((*(b"\x1e", b"\x12", b"\x12") * 2, b"\x12"), PrinterError),
        ((b"\x1a", b"\x12", b"\x12", b"\x12", b"\x12", b"\x12"), type(None)),
        ((b"\x1a", b"\x32", b"\x12"), OutOfPaper),
        ((b"\x12", b"\x12", b"\x72"), OutOfPaper),
        ((b"\x1a", b"\x36", b"\x7e"), CoverOpen),
        ((b"\x1a", b"\x32", b"\x7e"), OutOfPaper),
        ((b"\x16", b"\x12", b"\x1e"), PaperLow),
    ],
)
def test_the_status_bits_name_the_trouble(
    causes: tuple[bytes, ...], reason: type[Exception]
) -> None:
    async def scenario() -> None:
        async with answering(*causes) as printer:
            assert type((await printer.reached()).fault) is reason

    run(scenario)


def test_paper_that_is_nearly_used_up_prints() -> None:
    async def scenario() -> None:
        low = (b"\x16", b"\x12", b"\x1e")
        async with answering(*low, *low, b"\x37\x229999\x00") as printer:
            assert await printer.print(LINES) == CONFIRMED
            assert printer.health.state is State.DEGRADED

    run(scenario)


def test_rubbish_instead_of_a_status_is_another_speed_or_another_device() -> None:
    async def scenario() -> None:
        limits = replace(PATIENT, status_s=0.05)
        async with answering(b"\xff\xfe\x80", limits=limits) as printer:
            assert type((await printer.reached()).fault) is NotUnderstood

    run(scenario)
