"""A customer display: what stands there is what was said last, whatever happened in between."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, closing
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.display.display import Display
from hardware.display.protocols import Cd5220
from hardware.display.text import Charset, cols_of, spelled
from hardware.fault import UnknownDevice, Unplugged
from hardware.registry import open_device
from hardware.simulator.display import SimulatedDisplay, Tongue
from hardware.simulator.pty import SerialPort
from hardware.simulator.wire import in_process, serve_tcp, serving_serial
from tests.hardware.wires import PATIENCE_S, SOON, run, until


async def stands(simulated: SimulatedDisplay, *lines: str) -> None:
    """Until these lines stand there."""
    changed = asyncio.Event()
    simulated.on_change.append(changed.set)
    async with asyncio.timeout(PATIENCE_S):
        while [line.rstrip() for line in simulated.lines][: len(lines)] != list(lines):
            changed.clear()
            await changed.wait()
    simulated.on_change.remove(changed.set)


async def missed(display: Display) -> None:
    """Until the host has noticed that it is away."""
    await until(display, lambda: not display.health.answers)
    assert isinstance(display.health.fault, Unplugged)


@asynccontextmanager
async def opened(simulated: SimulatedDisplay, wire: str) -> AsyncIterator[Display]:
    async with AsyncExitStack() as stack:
        if wire == "tcp":
            url = (await stack.enter_async_context(await serve_tcp(simulated))).url
        else:
            port = stack.enter_context(closing(SerialPort(name="display")))
            url = await stack.enter_async_context(serving_serial(simulated, port))
        display = open_device(url)
        assert isinstance(display, Display)
        display._back_off = SOON
        yield await stack.enter_async_context(display)


@pytest.mark.parametrize("wire", ["tcp", "pty"])
@pytest.mark.parametrize("tongue", Tongue)
def test_what_was_said_last_stands_there_again_after_it_was_away(tongue: Tongue, wire: str) -> None:
    def shown(upper: str, lower: str) -> list[str]:
        return [lower, ""] if tongue is Tongue.LED8 else [upper, lower]

    async def scenario() -> None:
        simulated = SimulatedDisplay(tongue)
        async with opened(simulated, wire) as display:
            display.show("Cola", "3.50")
            await stands(simulated, *shown("Cola", "3.50"))
            for round_ in range(1, 3):
                simulated.power_off()
                display.show("Tea", f"{round_}.00")
                await missed(display)
                simulated.power_on()
                await stands(simulated, *shown("Tea", f"{round_}.00"))
                simulated.power_off()
                await missed(display)
                simulated.power_on()  # nothing new was said: what was said last comes back
                await stands(simulated, *shown("Tea", f"{round_}.00"))
            simulated.unplug()
            await missed(display)
            display.show("Milk", "4.00")
            simulated.power_off()
            simulated.power_on()
            simulated.plug()
            await stands(simulated, *shown("Milk", "4.00"))
            assert simulated.unknown == []

    run(scenario)


@pytest.mark.parametrize(("said", "turns", "most_frames"), [(1_000, 0, 10), (100, 5, 20)])
def test_what_is_superseded_before_its_turn_is_never_sent(
    said: int, turns: int, most_frames: int
) -> None:
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
            if turns:
                display.show("first", "")
                await stands(simulated, "first", "")
            for number in range(said):
                display.show(str(number), "")
                for _ in range(turns):
                    await asyncio.sleep(0)
            await stands(simulated, str(said - 1), "")
        assert frames < most_frames

    run(scenario)


def test_showing_never_waits_even_when_nothing_is_there() -> None:
    async def refused() -> Any:
        raise ConnectionRefusedError

    async def scenario() -> None:
        async with Display(refused, Cd5220(), back_off=SOON) as display:
            for number in range(1_000):
                display.show(str(number), "")
            assert isinstance((await display.reached()).fault, Unplugged)

    run(scenario)


# ---- a line


@pytest.mark.parametrize(
    ("charset", "left", "right", "line"),
    [
        (Charset.ASCII, "可口可乐（罐装）330ml", "3.50", "330ml           3.50"),
        (Charset.ASCII, "可口可乐可口可乐可口可乐 cola", "3.50", "cola            3.50"),
        (Charset.ASCII, "Coca-Cola zero sugar", "1,234.00", "Coca-Cola z 1,234.00"),
        (Charset.GBK, "可口可乐罐装三百三十毫升", "13.50", "可口可乐罐装三 13.50"),
        (Charset.GBK, "a可口可乐罐装三百三十毫升", "13.50", "a可口可乐罐装  13.50"),
        (Charset.GBK, "", "¥3.50", "              ￥3.50"),
    ],
)
def test_a_line_gives_the_room_of_what_cannot_be_shown_to_what_can(
    charset: Charset, left: str, right: str, line: str
) -> None:
    display = Display(in_process(SimulatedDisplay()), Cd5220(20, charset), charset=charset)
    assert display.line(left, right) == line


@given(st.text(), st.decimals(-9999, 9999, places=2), st.sampled_from(Charset))
def test_a_line_is_of_what_can_be_shown_and_its_amount_is_whole(
    left: str, amount: Any, charset: Charset
) -> None:
    display = Display(in_process(SimulatedDisplay()), Cd5220(20, charset), charset=charset)
    line = display.line(left, f"{amount}")
    assert cols_of(line) == 20
    assert line.endswith(f"{amount}")
    assert spelled(line, charset) == line


# ---- its address


@pytest.mark.parametrize(
    ("options", "baud"),
    [("", 9600), ("?protocol=escpos", 9600), ("?protocol=led8", 2400),
     ("?protocol=led8&baud=9600", 9600), ("?charset=gbk&cols=20&rows=2", 9600)],
)  # fmt: skip
def test_a_serial_port_is_opened_as_the_protocol_has_it(options: str, baud: int) -> None:
    display = open_device(f"display+serial:///dev/ttyUSB7{options}")
    assert isinstance(display, Display)
    connect: Any = display.connect
    assert connect.keywords["baud"] == baud
    assert connect.keywords["framing"] == "8N1"


@pytest.mark.parametrize(
    "url",
    [
        "display+serial:///dev/ttyUSB7?protocol=dsp800",
        "display+serial:///dev/ttyUSB7?charset=utf8",
        "display+tcp://10.0.0.5:4001?rows=3",
        "display+tcp://10.0.0.5:4001?cols=200",
        "sim://display?protocol=vt100",
    ],
)
def test_an_address_that_makes_no_sense_is_refused(url: str) -> None:
    with pytest.raises(UnknownDevice):
        open_device(url)


@pytest.mark.parametrize("tongue", Tongue)
def test_a_simulated_display_has_an_address_too(tongue: Tongue) -> None:
    async def scenario() -> None:
        display = open_device(f"sim://display?protocol={tongue}&charset=gbk")
        assert isinstance(display, Display)
        async with display:
            display.show("茶", "3.50")
            assert (await display.reached()).ready

    run(scenario)
