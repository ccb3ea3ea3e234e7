"""The bytes of customer displays: those of their manuals, and what stands there when they come."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.display.protocols import Cd5220, DisplayProtocol, EscposDisplay, Lamp, Led8
from hardware.display.text import Charset, cols_of, fitted, spelled
from hardware.simulator.display import SimulatedDisplay, Tongue

TWO_LINES: dict[Tongue, type[Cd5220] | type[EscposDisplay]] = {
    Tongue.CD5220: Cd5220,
    Tongue.ESCPOS: EscposDisplay,
}
PROTOCOLS: dict[Tongue, DisplayProtocol] = {
    Tongue.CD5220: Cd5220(),
    Tongue.ESCPOS: EscposDisplay(),
    Tongue.LED8: Led8(),
}


def stands(simulated: SimulatedDisplay) -> list[str]:
    return [line.rstrip() for line in simulated.lines]


@pytest.mark.parametrize(
    ("data", "frame"),
    [
        (Cd5220().frame("A" * 20, "B" * 20), "1B5141" + "41" * 20 + "0D 1B5142" + "42" * 20
         + "0D"),
        (Cd5220().frame("TEA", "3.50"),
         "1B5141" + b"TEA".ljust(20).hex() + "0D 1B5142" + b"3.50".ljust(20).hex() + "0D"),
        (Cd5220(8, rows=1).frame("TEA", "3.50"), "1B5141" + b"3.50    ".hex() + "0D"),
        (Cd5220(8, Charset.GBK).frame("茶", ""), "1B5141 B2E8 202020202020 0D 1B5142"
         + "20" * 8 + "0D"),
        (Cd5220.greeting, "0D0D 0C 1B40"),
        (EscposDisplay().frame("A" * 20, "B" * 20), "1B3D02 1F240101" + "41" * 20
         + "1F240102" + "42" * 20 + "1B3D01"),
        (EscposDisplay(8).frame("TEA", "3.50"), "1B3D02 1F240101" + b"TEA     ".hex()
         + "1F240102" + b"3.50    ".hex() + "1B3D01"),
        (EscposDisplay(8, rows=1).frame("TEA", "3.50"),
         "1B3D02 1F240101" + b"3.50    ".hex() + "1B3D01"),
        (EscposDisplay.greeting, "0D0D 1B3D02 1B40 0C 1B3D02 1F01 1F4300 1B3D01"),
        (Led8().frame("", "12.00"), "0C 1B7330 1B5141 31322E3030 0D"),
        (Led8().frame("", "Total 12.00"), "0C 1B7330 1B5141 31322E3030 0D"),
        (Led8().frame("", "12.00", Lamp.PRICE), "0C 1B7331 1B5141 31322E3030 0D"),
        (Led8().frame("", "TOTAL 12.00", Lamp.TOTAL), "0C 1B7332 1B5141 31322E3030 0D"),
        (Led8().frame("", "20", Lamp.PAID), "0C 1B7333 1B5141 3230 0D"),
        (Led8().frame("", "CHANGE 8.00", Lamp.CHANGE), "0C 1B7334 1B5141 382E3030 0D"),
        (Led8().frame("", "-1,234.50"), "0C 1B7330 1B5141 2D313233342E3530 0D"),
        (Led8().frame("", "123456789.00"), "0C 1B7330 1B5141 0D"),  # half of it is another amount
        (Led8.greeting, "0D0D 1B40 0C"),
    ],
)  # fmt: skip
def test_the_bytes_are_those_of_the_manuals(data: bytes, frame: str) -> None:
    assert data == bytes.fromhex(frame)


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


# ---- what stands there


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
    assert stands(simulated) == [upper, lower]
    assert simulated.unknown == []


@given(st.lists(st.binary()), st.sampled_from(Tongue))
def test_any_bytes_do_the_simulated_display_no_harm(chunks: list[bytes], tongue: Tongue) -> None:
    simulated = SimulatedDisplay(tongue)
    for chunk in chunks:
        simulated.feed(chunk)
    assert [cols_of(line) for line in simulated.lines] == [20, 20]


@given(st.text(), st.text(), st.sampled_from(sorted(TWO_LINES)), st.sampled_from(Charset))
def test_what_is_said_stands_there_in_as_many_pieces_as_the_wire_likes(
    upper: str, lower: str, tongue: Tongue, charset: Charset
) -> None:
    simulated = SimulatedDisplay(tongue, charset=charset)
    protocol = TWO_LINES[tongue](20, charset)
    for byte in (
        protocol.greeting + protocol.frame("before", "x" * 20) + protocol.frame(upper, lower)
    ):
        simulated.feed(bytes((byte,)))
    assert simulated.lines == (
        fitted(spelled(upper, charset), 20),
        fitted(spelled(lower, charset), 20),
    )
    assert simulated.unknown == []


@pytest.mark.parametrize(
    ("upper", "lower", "shown"),
    [
        ("Thank you", "Total 12.00", "12.00"),
        ("Thank you", "1,234.50", "1234.50"),
        ("Thank you", "Welcome", ""),
        ("TEA 3.50", "Thank you", "3.50"),
    ],
)
def test_a_price_display_shows_the_amount_alone(upper: str, lower: str, shown: str) -> None:
    simulated = SimulatedDisplay(Tongue.LED8)
    simulated.feed(Led8.greeting + Led8().frame(upper, lower))
    assert stands(simulated) == [shown, ""]
    assert simulated.unknown == []


@pytest.mark.parametrize("tongue", Tongue)
def test_what_an_earlier_link_left_half_said_is_not_seen(tongue: Tongue) -> None:
    protocol = PROTOCOLS[tongue]
    whole = protocol.greeting + protocol.frame("Cola", "3.50")
    for said in range(len(whole)):
        simulated = SimulatedDisplay(tongue)
        simulated.feed(whole[:said] + protocol.greeting + protocol.frame("Tea", "4.00"))
        assert stands(simulated) == (["4.00", ""] if tongue is Tongue.LED8 else ["Tea", "4.00"])


def test_an_escpos_display_leaves_the_cable_to_the_printer_behind_it() -> None:
    simulated = SimulatedDisplay(Tongue.ESCPOS)
    for said in (EscposDisplay.greeting, EscposDisplay().frame("Tea", "4.00")):
        simulated.feed(said + b"a receipt")
    assert stands(simulated) == ["Tea", "4.00"]
