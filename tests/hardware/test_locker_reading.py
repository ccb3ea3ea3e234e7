"""Whom to believe on a bad wire, when to ask again and when to be quiet."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest

from hardware.dialogue import Dialogue
from hardware.fault import NotUnderstood
from hardware.link.memory import MemoryLink, memory_pair
from hardware.locker.board import Contacts, FrameParser
from hardware.locker.reading import Boards, Patience
from hardware.locker.xor_board import XorBoard
from tests.hardware.lockers import jumping

CODEC = XorBoard()
QUERY, PROBE = CODEC.query(1, 24), CODEC.query_one(1, 1)
PROBED = "80 01 01 11 91"
CLOSED, OPENED, OTHER = "80 01 FF FF FF 33 4D", "80 01 FF FF FE 33 4C", "80 01 FE FF FF 33 4C"
ALL_CLOSED = Contacts(1, (True,) * 24)
ONE_OPEN = Contacts(1, (False,) + (True,) * 23)
SILENCE, DAMAGED = "", "80 01 FF FF FF 33 4E"


@asynccontextmanager
async def board_that_says(*answers: str) -> AsyncIterator[tuple[Boards, list[float]]]:
    """To each query the next of `answers`, in hexadecimal, and the last one for ever; with it,
    when it was asked."""
    near, far = memory_pair(write_s=60)
    parser = FrameParser(CODEC)
    dialogue = Dialogue(near, parser, lambda _: None)
    asked_at: list[float] = []
    tasks = [
        asyncio.create_task(_answer(far, asked_at, iter(answers))),
        asyncio.create_task(dialogue.listen()),
    ]
    try:
        yield Boards(CODEC, parser, dialogue, Patience()), asked_at
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _answer(far: MemoryLink, asked_at: list[float], answers: Iterator[str]) -> None:
    answer = SILENCE
    while True:
        asked = await far.read(None)
        if asked == PROBE:
            await far.write(bytes.fromhex(PROBED))
            continue
        asked_at.append(asyncio.get_running_loop().time())
        answer = next(answers, answer)
        for piece in answer.split("|"):  # each a tenth of a second after the one before
            await far.write(bytes.fromhex(piece))
            await asyncio.sleep(0.1)


@pytest.mark.parametrize(
    ("answers", "believed", "asked"),
    [
        ([CLOSED], ALL_CLOSED, 1),
        ([OPENED], ONE_OPEN, 3),
        ([OPENED, OPENED, CLOSED], ALL_CLOSED, 3),
        ([OPENED, OTHER, OPENED, OPENED, OTHER, OPENED], ONE_OPEN, 8),
        ([OPENED, DAMAGED, OPENED, SILENCE, OPENED], ONE_OPEN, 5),
        ([DAMAGED, CLOSED], ALL_CLOSED, 2),
        ([SILENCE, SILENCE, CLOSED], ALL_CLOSED, 3),
        ([SILENCE, SILENCE, DAMAGED, SILENCE, SILENCE, CLOSED], ALL_CLOSED, 6),
        (["80 02 FF FF FF 33 4E", CLOSED], ALL_CLOSED, 2),  # another board's
        (["80 01 FF FF 33 B2", CLOSED], ALL_CLOSED, 2),  # a lost byte of its own
    ],
)
def test_three_readings_that_agree_make_a_change_and_one_confirms(
    answers: list[str], believed: Contacts, asked: int
) -> None:
    async def scenario() -> None:
        async with board_that_says(*answers) as (boards, asked_at):
            assert await boards.agreed(1, 24, ALL_CLOSED) == believed
            assert len(asked_at) == asked

    jumping(scenario())


def test_what_nobody_believed_yet_takes_three_readings_too() -> None:
    async def scenario() -> None:
        async with board_that_says(CLOSED) as (boards, asked_at):
            assert await boards.agreed(1, 24, None) == ALL_CLOSED
            assert len(asked_at) == 3

    jumping(scenario())


def test_a_byte_of_zeros_that_is_lost_or_comes_twice_leaves_no_trace_but_the_length() -> None:
    async def scenario() -> None:
        whole, lost, twice = "80 01 00 01 00 33 B3", "80 01 00 01 33 B3", "80 01 00 01 00 00 33 B3"
        async with board_that_says(*[whole] * 3, *[lost] * 3, *[twice] * 3, whole) as (boards, at):
            truth = await boards.agreed(1, 16, None)
            assert await boards.agreed(1, 16, truth) == truth
            assert len(at) == 10

    jumping(scenario())


@pytest.mark.parametrize(
    ("answer", "trouble", "asked"),
    [
        (SILENCE, TimeoutError, 3),
        (DAMAGED, NotUnderstood, 10),
        ("80 02 FF FF FE 33 4F", TimeoutError, 3),
        ("80 01 FF 33 4D", NotUnderstood, 10),
    ],
)
def test_a_board_that_cannot_be_read_is_given_up(
    answer: str, trouble: type[Exception], asked: int
) -> None:
    async def scenario() -> None:
        async with board_that_says(answer) as (boards, asked_at):
            with pytest.raises(trouble):
                await boards.agreed(1, 24, ALL_CLOSED)
            assert len(asked_at) == asked

    jumping(scenario())


def test_readings_that_never_agree_are_given_up() -> None:
    async def scenario() -> None:
        async with board_that_says(*[OPENED, OTHER] * 20) as (boards, _):
            with pytest.raises(NotUnderstood, match="something else each time"):
                await boards.agreed(1, 24, ALL_CLOSED)

    jumping(scenario())


def test_after_a_damaged_frame_nothing_is_said_until_the_wire_is_quiet() -> None:
    async def scenario() -> None:
        quiet_s = Patience().quiet_s
        babble = "|".join([DAMAGED] * 5)  # the last piece comes 0.4 s after the first
        async with board_that_says(babble, CLOSED) as (boards, asked_at):
            assert await boards.agreed(1, 24, ALL_CLOSED) == ALL_CLOSED
            assert asked_at[1] - asked_at[0] >= 0.4 + quiet_s

    jumping(scenario())


def test_a_wire_that_is_never_quiet_is_asked_all_the_same() -> None:
    async def scenario() -> None:
        async with board_that_says("|".join([DAMAGED] * 100), CLOSED) as (boards, _):
            assert await boards.agreed(1, 24, ALL_CLOSED) == ALL_CLOSED

    jumping(scenario())
