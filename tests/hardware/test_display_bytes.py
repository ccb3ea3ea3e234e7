"""Customer displays: the frames of their manuals, what was left half said, and real wires."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, closing
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.device import BackOff
from hardware.display.display import Display
from hardware.display.protocols import Cd5220, DisplayProtocol, EscposDisplay, Lamp, Led8
from hardware.display.text import Charset, cols_of, spelled
from hardware.fault import UnknownDevice, Unplugged
from hardware.registry import open_device
from hardware.simulator.display import SimulatedDisplay, Tongue
from hardware.simulator.pty import SerialPort
from hardware.simulator.wire import in_process, serve_tcp, serving_serial

PATIENCE_S = 60.0
SOON = BackOff(0.01, 0.02)
PROTOCOLS: dict[Tongue, DisplayProtocol] = {
    Tongue.CD5220: Cd5220(),
    Tongue.ESCPOS: EscposDisplay(),
    Tongue.LED8: Led8(),
}


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
    told = asyncio.Event()
    display.listeners.append(lambda _: told.set())
    async with asyncio.timeout(PATIENCE_S):
        while display.health.answers:
            told.clear()
            await told.wait()


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


@pytest.mark.parametrize(
    ("data", "frame"),
    [
        (Cd5220().frame("TEA", "3.50"),
         "1B5141" + b"TEA".ljust(20).hex() + "0D 1B5142" + b"3.50".ljust(20).hex() + "0D"),
        (Cd5220(8, rows=1).frame("TEA", "3.50"), "1B5141" + b"3.50    ".hex() + "0D"),
        (Cd5220(8, Charset.GBK).frame("茶", ""), "1B5141 B2E8 202020202020 0D 1B5142"
         + "20" * 8 + "0D"),
        (Cd5220.greeting, "0D0D 0C 1B40"),
        (EscposDisplay(8).frame("TEA", "3.50"), "1B3D02 1F240101" + b"TEA     ".hex()
         + "1F240102" + b"3.50    ".hex() + "1B3D01"),
        (EscposDisplay(8, rows=1).frame("TEA", "3.50"),
         "1B3D02 1F240101" + b"3.50    ".hex() + "1B3D01"),
        (EscposDisplay.greeting, "0D0D 1B3D02 1B40 0C 1B3D02 1F01 1F4300 1B3D01"),
        (Led8().frame("", "12.00"), "0C 1B7330 1B5141 31322E3030 0D"),
        (Led8().frame("", "12.00", Lamp.PRICE), "0C 1B7331 1B5141 31322E3030 0D"),
        (Led8().frame("", "TOTAL 12.00", Lamp.TOTAL), "0C 1B7332 1B5141 31322E3030 0D"),
        (Led8().frame("", "20", Lamp.PAID), "0C 1B7333 1B5141 3230 0D"),
        (Led8().frame("", "CHANGE 8.00", Lamp.CHANGE), "0C 1B7334 1B5141 382E3030 0D"),
        (Led8().frame("TEA 3.50", "Thank you"), "0C 1B7330 1B5141 332E3530 0D"),
        (Led8().frame("", "-1,234.50"), "0C 1B7330 1B5141 2D313233342E3530 0D"),
        (Led8().frame("", "123456789.00"), "0C 1B7330 1B5141 0D"),  # half of it is another amount
        (Led8.greeting, "0D0D 1B40 0C"),
    ],
)  # fmt: skip
def test_the_bytes_are_those_of_the_manuals(data: bytes, frame: str) -> None:
    assert data == bytes.fromhex(frame)


@pytest.mark.parametrize(
    ("orders", "upper", "lower"),
    [
        ("1B40 54 45 41", "TEA", ""),
        ("1B6C0302 54", "", "  T"),
        ("1F240202 54 0D 53", "", "ST"),
        ("1B5141 544541 0D 1B5142 33 0D", "TEA", "3"),
        ("1B5141 544541 0D 0C", "", ""),
    ],
)
def test_the_simulated_display_obeys_the_manuals(orders: str, upper: str, lower: str) -> None:
    simulated = SimulatedDisplay()
    simulated.feed(bytes.fromhex(orders))
    assert [line.rstrip() for line in simulated.lines] == [upper, lower]
    assert simulated.unknown == []


@pytest.mark.parametrize("tongue", Tongue)
def test_what_an_earlier_link_left_half_said_is_not_seen(tongue: Tongue) -> None:
    protocol = PROTOCOLS[tongue]
    whole = protocol.greeting + protocol.frame("Cola", "3.50")
    for said in range(len(whole)):
        simulated = SimulatedDisplay(tongue)
        simulated.feed(whole[:said] + protocol.greeting + protocol.frame("Tea", "4.00"))
        shown = [line.rstrip() for line in simulated.lines]
        assert shown == (["4.00", ""] if tongue is Tongue.LED8 else ["Tea", "4.00"])


@given(
    texts=st.tuples(st.text(), st.text()),
    charset=st.sampled_from(Charset),
    rows=st.integers(1, 2),
    columns=st.integers(8, 40),
)
def test_no_control_character_ever_passes(
    texts: tuple[str, str], charset: Charset, rows: int, columns: int
) -> None:
    for line in Cd5220(columns, charset, rows)._lines(*texts):
        assert len(line) == columns
        assert min(line) >= 0x20
        assert 0x7F not in line
    lamp_and_number = Led8().frame(*texts).removeprefix(b"\x0c\x1bs0\x1bQA").removesuffix(b"\r")
    assert set(lamp_and_number) <= set(b"0123456789.-")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("可口可乐 cola", " cola"), ("（５００ｍｌ）", "(500ml)"), ("café ßäÅ", "cafe ssaA"),
        ("5㎏×2", "5kgx2"), ("½", ""), ("a\x00b\x1b\u202e\u200bc\n", "abc"), ("😀", ""),
    ],
)  # fmt: skip
def test_a_display_without_such_characters_shows_what_looks_like_them(
    text: str, shown: str
) -> None:
    assert spelled(text, Charset.ASCII) == shown


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
def test_the_amount_of_a_line_is_whole_and_flush(left: str, amount: Any, charset: Charset) -> None:
    display = Display(in_process(SimulatedDisplay()), Cd5220(20, charset), charset=charset)
    line = display.line(left, f"{amount}")
    assert cols_of(line) == 20
    assert line.endswith(f"{amount}")
    assert spelled(line, charset) == line


@pytest.mark.parametrize("wire", ["tcp", "pty"])
@pytest.mark.parametrize("tongue", Tongue)
def test_what_is_said_is_shown_and_comes_back_after_an_unplug(tongue: Tongue, wire: str) -> None:
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
                assert isinstance(display.health.fault, Unplugged)
                simulated.power_on()
                await stands(simulated, *shown("Tea", f"{round_}.00"))
                simulated.power_off()
                await missed(display)
                simulated.power_on()  # nothing new was said: what was said last comes back
                await stands(simulated, *shown("Tea", f"{round_}.00"))
            assert simulated.unknown == []

    asyncio.run(scenario())


def test_what_is_superseded_while_a_frame_is_on_the_wire_is_never_sent() -> None:
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
            display.show("0", "")
            await stands(simulated, "0", "")
            for number in range(1, 101):
                display.show(str(number), "")
                for _ in range(5):
                    await asyncio.sleep(0)
            await stands(simulated, "100", "")
        assert frames < 20

    asyncio.run(scenario())


def test_showing_never_waits_even_when_nothing_is_there() -> None:
    async def refused() -> Any:
        raise ConnectionRefusedError

    async def scenario() -> None:
        async with Display(refused, Cd5220(), back_off=SOON) as display:
            for number in range(1_000):
                display.show(str(number), "")
            assert isinstance((await display.reached()).fault, Unplugged)

    asyncio.run(scenario())


def test_an_escpos_display_leaves_the_cable_to_the_printer_behind_it() -> None:
    simulated = SimulatedDisplay(Tongue.ESCPOS)
    for said in (EscposDisplay.greeting, EscposDisplay().frame("Tea", "4.00")):
        simulated.feed(said + b"a receipt")
    assert [line.rstrip() for line in simulated.lines] == ["Tea", "4.00"]


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
        async with asyncio.timeout(PATIENCE_S), display:
            display.show("茶", "3.50")
            assert (await display.reached()).ready

    asyncio.run(scenario())
