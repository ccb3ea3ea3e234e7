"""Customer displays: what stands there is what was said last, whatever happened in between."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.display.display import Display
from hardware.display.protocols import Cd5220, EscposDisplay, Led8
from hardware.display.text import Charset, clipped, cols_of, fitted, sides, spelled
from hardware.link.serial import SerialLink
from hardware.simulator.display import SimulatedDisplay, Tongue
from hardware.simulator.pty import SerialPort
from hardware.simulator.wire import in_process, serving_serial
from tests.hardware.wires import PATIENCE_S, SOON, until

PROTOCOLS: dict[Tongue, type[Cd5220] | type[EscposDisplay]] = {
    Tongue.CD5220: Cd5220,
    Tongue.ESCPOS: EscposDisplay,
}


async def stands(simulated: SimulatedDisplay, upper: str, lower: str) -> None:
    changed = asyncio.Event()
    simulated.on_change.append(changed.set)
    async with asyncio.timeout(PATIENCE_S):
        while [line.rstrip() for line in simulated.lines] != [upper, lower]:
            changed.clear()
            await changed.wait()


@asynccontextmanager
async def at_a_pty(simulated: SimulatedDisplay) -> AsyncIterator[Display]:
    with closing(SerialPort(name="display")) as port:
        async with serving_serial(simulated, port):
            connect = partial(SerialLink.connect, str(port.path))
            async with Display(connect, Cd5220(), back_off=SOON) as display:
                yield display


def test_the_frames_of_the_manuals() -> None:
    upper, lower = "A" * 20, "B" * 20
    assert Cd5220().frame(upper, lower) == (
        bytes.fromhex("1b5141") + upper.encode() + b"\x0d"
        + bytes.fromhex("1b5142") + lower.encode() + b"\x0d"
    )  # fmt: skip
    assert Cd5220.greeting == bytes.fromhex("0d0d 0c 1b40")
    daisy_chained = EscposDisplay().frame(upper, lower)
    assert daisy_chained.startswith(bytes.fromhex("1b3d02 1f240101"))
    assert daisy_chained.endswith(bytes.fromhex("1b3d01"))
    assert Led8().frame("", "Total 12.00").endswith(bytes.fromhex("1b5141") + b"12.00\r")


@given(st.text(), st.text(), st.sampled_from(sorted(PROTOCOLS)), st.sampled_from(Charset))
def test_what_is_said_stands_there_in_as_many_pieces_as_the_wire_likes(
    upper: str, lower: str, tongue: Tongue, charset: Charset
) -> None:
    simulated = SimulatedDisplay(tongue, charset=charset)
    protocol = PROTOCOLS[tongue](20, charset)
    for byte in (
        protocol.greeting + protocol.frame("before", "x" * 20) + protocol.frame(upper, lower)
    ):
        simulated.feed(bytes((byte,)))
    assert simulated.lines == (
        fitted(spelled(upper, charset), 20),
        fitted(spelled(lower, charset), 20),
    )
    assert simulated.unknown == []


@given(st.lists(st.binary()), st.sampled_from(Tongue))
def test_any_bytes_do_a_display_no_harm(chunks: list[bytes], tongue: Tongue) -> None:
    simulated = SimulatedDisplay(tongue)
    for chunk in chunks:
        simulated.feed(chunk)
    assert [cols_of(line) for line in simulated.lines] == [20, 20]


@given(st.text(), st.text(max_size=12), st.integers(8, 40))
def test_an_amount_is_never_cut_and_nothing_is_wider_than_the_display(
    left: str, right: str, columns: int
) -> None:
    left, right = spelled(left, Charset.GBK), clipped(spelled(right, Charset.GBK), columns)
    line = sides(left, right, columns)
    assert cols_of(line) == columns
    assert line.endswith(right)


def test_a_display_without_chinese_still_shows_what_is_useful() -> None:
    assert spelled("可口可乐 330ml", Charset.ASCII) == " 330ml"
    assert spelled("¥１２．００", Charset.ASCII) == "Y12.00"
    assert spelled("\x1b@\x0cx\n", Charset.GBK) == "@x"


def test_a_display_shows_again_what_it_showed_when_it_is_back() -> None:
    async def scenario() -> None:
        simulated = SimulatedDisplay()
        async with at_a_pty(simulated) as display:
            display.show("Cola", "3.50")
            await stands(simulated, "Cola", "3.50")
            simulated.unplug()
            await until(display, lambda: not display.health.ready)
            display.show("Tea", "4.00")
            simulated.power_off()
            simulated.power_on()
            simulated.plug()
            await stands(simulated, "Tea", "4.00")

    asyncio.run(scenario())


def test_only_the_newest_is_shown_by_a_display_that_lags() -> None:
    async def scenario() -> None:
        simulated = SimulatedDisplay()
        frames = 0
        feed = simulated.feed

        def counted(data: bytes) -> int:
            nonlocal frames
            frames += data.count(b"\x1bQA")
            return feed(data)

        simulated.feed = counted  # type: ignore[method-assign]
        async with Display(in_process(simulated), Cd5220()) as display:
            for number in range(1_000):
                display.show(str(number), "")
            await stands(simulated, "999", "")
        assert frames < 10

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("lower", "shown"), [("Total 12.00", "12.00"), ("1,234.50", "1234.50"), ("Welcome", "")]
)
def test_a_price_display_shows_the_amount_alone(lower: str, shown: str) -> None:
    simulated = SimulatedDisplay(Tongue.LED8)
    simulated.feed(Led8.greeting + Led8().frame("Thank you", lower))
    assert simulated.lines[0].strip() == shown
    assert simulated.unknown == []
