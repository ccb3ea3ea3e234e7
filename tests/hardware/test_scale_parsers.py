"""From a scale's bytes to readings: every frame of the manuals, damage, and stray bytes."""

from collections.abc import Callable
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.scale import aclas, cas, toledo
from hardware.scale.aclas import AclasParser
from hardware.scale.cas import CasParser
from hardware.scale.reading import (
    NOISE_KEPT_BYTES,
    Acknowledged,
    Condition,
    FrameParser,
    Heard,
    Noise,
    Reading,
    grams_of,
)
from hardware.scale.toledo import ToledoParser
from hardware.simulator.scale import SimulatedScale, State, Tongue

MOVING, EMPTY = Reading(Condition.MOVING), Reading(Condition.EMPTY, 0)
OVER, BELOW = Reading(Condition.OVERLOAD), Reading(Condition.BELOW_ZERO)
NOT_READY, DEFECT = Reading(Condition.NOT_READY), Reading(Condition.DEFECT)
NO_UNIT = Reading(Condition.NO_UNIT)
PARSERS: dict[Tongue, Callable[[], FrameParser]] = {
    Tongue.TOLEDO: ToledoParser,
    Tongue.CAS: CasParser,
    Tongue.ACLAS: AclasParser,
}


def weight(grams: int) -> Reading:
    return Reading(Condition.WEIGHT, grams)


def in_pieces(parser: FrameParser, data: bytes, size: int) -> list[Heard]:
    heard: list[Heard] = []
    for begin in range(0, len(data), size):
        heard += parser.feed(data[begin : begin + size])
    return heard + parser.gap()


ECR = [
    (b"\n01.234KG\r\nS00\r\x03", weight(1234)),
    (b"\n00.655KG\r\nS00\r\x03", weight(655)),
    (b"\n001.00LB\r\nS00\r\x03", weight(454)),
    (b"\n  1234G\r\nS00\r\x03", weight(1234)),
    (b"\n12.345KG\r\nS0pp0\r\x03", weight(12_345)),  # whoever set bit 6 has more to say
    (b"\n00.655KG\r\nS0p0\r\x03", weight(655)),  # a third byte: low range, gross
    (b"\n00.655KG\r\nS0p4\r\x03", weight(655)),  # net
    (b"\n01.234kg\r\n00\r\x03", weight(1234)),  # Salter: small letters, no S
    (b"\n 1234g \r\n00\r\x03", weight(1234)),
    (b"\n01.234KG\n\rS00\r\x03", weight(1234)),  # line ends the other way round
    (b"\n00.000KG\r\nS20\r\x03", EMPTY),
    (b"\n00.000KG\r\nS00\r\x03", EMPTY),
    (b"\nS20\r\x03", EMPTY),
    (b"\n01.234KG\r\nS20\r\x03", EMPTY),  # it contradicts itself: no weight
    (b"\nS10\r\x03", MOVING),
    (b"\n01.234KG\r\nS10\r\x03", Reading(Condition.MOVING, 1234)),
    (b"\nS01\r\x03", BELOW),
    (b"\nS11\r\x03", BELOW),
    (b"\nS02\r\x03", OVER),
    (b"\nS12\r\x03", OVER),
    (b"\nS40\r\x03", DEFECT),
    (b"\nS80\r\x03", DEFECT),
    (b"\nS04\r\x03", DEFECT),
    (b"\nS08\r\x03", DEFECT),
    (b"\n01.234KG\r\nS04\r\x03", DEFECT),
    (b"\nS0p8\r\x03", NOT_READY),  # it never found its zero
    (b"\nS00\r\x03", NOT_READY),
    (b"\n?\r\x03", NOT_READY),
    (b"\n^^^^^^KG\r\n02\r\x03", OVER),
    (b"\n^^^^^^KG\r\n00\r\x03", OVER),
    (b"\n______KG\r\n01\r\x03", BELOW),
    (b"\n______KG\r\n00\r\x03", BELOW),
    (b"\n------KG\r\n00\r\x03", NOT_READY),
    (b"\n-0.120KG\r\n00\r\x03", BELOW),
]
STX = [
    (b"\x02?A\r", MOVING),
    (b"\x02?B\r", OVER),
    (b"\x02?C\r", OVER),
    (b"\x02?D\r", BELOW),
    (b"\x02?P\r", EMPTY),
    (b"\x02?p\r", EMPTY),  # bit 5: net
    (b"\x02?H\r", NOT_READY),  # bit 3 is what a load does: no trouble, and no weight
    (b"\x02?@\r", NOT_READY),
    (b"\x0200.000\r", EMPTY),
    (b"\x0201.234\r", NO_UNIT),
    (b"\x0201.234N\r", NO_UNIT),
    (b"\x0200655\r", NO_UNIT),
    (b"\x0201.234KG\r", weight(1234)),
    (b"\x02 1.00lb\r", weight(454)),
    (b"\x0200655G\r", weight(655)),
]
BLOCKS = [
    ("53 20 31 2E 32 33 34 6B 67", 0x55, weight(1234)),  # five characters, as in the Ohaus manual
    ("53 20 30 31 2E 32 33 34 6B 67", 0x65, weight(1234)),
    ("53 20 30 30 31 2E 32 33 34 6B 67", 0x55, weight(1234)),
    ("53 20 20 30 2E 32 35 30 4B 67", 0x56, weight(250)),  # "Kg", and a blank before it
    ("53 20 20 20 31 32 33 34 20 67", 0x30, weight(1234)),
    ("53 20 20 30 31 2E 30 30 6C 62", 0x72, weight(454)),
    ("53 20 30 30 2E 30 30 30 6B 67", 0x61, EMPTY),
    ("55 20 30 30 2E 36 35 35 6B 67", 0x61, Reading(Condition.MOVING, 655)),
    ("46 20 46 46 46 46 46 46 6B 67", 0x6A, OVER),
    ("53 46 46 46 46 46 46 46 6B 67", 0x19, OVER),
    ("53 2D 30 30 2E 31 32 30 6B 67", 0x6F, BELOW),
    ("55 2D 30 30 2E 31 32 30 6B 67", 0x69, BELOW),
]


@pytest.mark.parametrize(("frame", "reading"), ECR + STX)
@pytest.mark.parametrize("size", [1, 3, 100])
def test_every_answer_of_ecr_and_8217_is_read(frame: bytes, reading: Reading, size: int) -> None:
    assert in_pieces(ToledoParser(), frame + frame, size) == [reading, reading]


def test_what_an_8217_weighs_in_can_be_said_for_it() -> None:
    def says(frame: bytes) -> list[Heard]:
        return ToledoParser("kg").feed(frame)

    assert says(b"\x0201.234\r") == [weight(1234)]
    assert says(b"\x0201.234N\r") == [weight(1234)]
    assert says(b"\x0200655\r") == [NO_UNIT]  # no kilograms are told without a point
    assert says(b"\x0201.00LB\r") == [weight(454)]  # its own word counts more


@pytest.mark.parametrize(
    "frame",
    [
        b"\n1LB 02.3OZ\r\nS00\r\x03",  # pounds and ounces
        b"\n01.234OZ\r\nS00\r\x03",
        b"\n01.234KG\r\nS0\r\x03",
        b"\n01.23.4KG\r\nS00\r\x03",
        b"\n01 234KG\r\nS00\r\x03",
        b"\n01.234KG\r\nSP0\r\x03",  # no status byte
        b"\n01.234KGS00\r\x03",
        b"\x02\r\x03",
        b"\x02?\r",
        b"\x02?!\r",
        b"\x0201.234XY\r",
        b"\x02-1.234\r",
    ],
)
def test_what_is_almost_an_answer_is_none(frame: bytes) -> None:
    heard = in_pieces(ToledoParser("kg"), frame, 1)
    assert heard
    assert all(isinstance(one, Noise) for one in heard)


@pytest.mark.parametrize(("body", "check", "reading"), BLOCKS)
@pytest.mark.parametrize("size", [1, 4, 100])
def test_every_answer_of_cas_is_read(body: str, check: int, reading: Reading, size: int) -> None:
    frame = b"\x01\x02" + bytes.fromhex(body) + bytes((check,)) + b"\x03\x04"
    acknowledged = [Acknowledged()]
    assert in_pieces(CasParser(), b"\x06" + frame, size) == [*acknowledged, reading]
    assert in_pieces(AclasParser(), b"\x06" + frame, size) == [*acknowledged, reading]


@pytest.mark.parametrize(("body", "check", "reading"), BLOCKS)
@pytest.mark.parametrize("flags", [b"", b"\x00", b"\x10", b"\x20", b"\x40"])
@pytest.mark.parametrize("size", [1, 5, 100])
def test_every_answer_of_aclas_is_read_with_its_flags_and_either_bcc(
    body: str, check: int, reading: Reading, flags: bytes, size: int
) -> None:
    with_head = b"\x01\x02" + bytes.fromhex(body) + bytes((check ^ 0x03,)) + b"\x03\x04" + flags
    without = b"\x01\x02" + bytes.fromhex(body) + bytes((check,)) + b"\x03\x04" + flags
    heard = in_pieces(AclasParser(), (with_head + without) * 2, size)
    assert heard == [reading] * 4
    assert isinstance(CasParser().feed(with_head)[0], Noise)


def test_the_orders_to_a_scale_are_those_of_the_manuals() -> None:
    assert toledo.protocol().questions == (b"W\r",)
    assert cas.PROTOCOL.questions == aclas.PROTOCOL.questions == (b"\x05", b"\x11")
    assert aclas.PROTOCOL.greeting.hex(" ") == "3c 41 4c 3e 09"
    assert toledo.protocol().greeting == cas.PROTOCOL.greeting == b""
    ports = [protocol.serial for protocol in (toledo.protocol(), cas.PROTOCOL, aclas.PROTOCOL)]
    assert [(port.baud, port.framing) for port in ports] == [
        (9600, "7E1"), (9600, "8N1"), (9600, "8N1"),
    ]  # fmt: skip


def test_a_scale_that_says_no_is_not_ready() -> None:
    assert CasParser().feed(b"\x15") == [NOT_READY]


@pytest.mark.parametrize("number", range(15))
@pytest.mark.parametrize("bit", range(8))
def test_no_flipped_bit_makes_another_weight_of_a_frame_with_a_bcc(number: int, bit: int) -> None:
    frame = bytearray(b"\x01\x02S 00.655kg\x67\x03\x04")
    frame[number] ^= 1 << bit
    for parser in (CasParser(), AclasParser()):
        for heard in parser.feed(bytes(frame)) + parser.gap():
            assert not isinstance(heard, Reading) or heard.condition is not Condition.WEIGHT


@pytest.mark.parametrize("number", range(15))
def test_no_lost_or_doubled_byte_makes_a_weight_of_a_frame_with_a_bcc(number: int) -> None:
    frame = b"\x01\x02S 00.655kg\x67\x03\x04"
    for damaged in (
        frame[:number] + frame[number + 1 :],
        frame[: number + 1] + frame[number:],
    ):
        parser = CasParser()
        for heard in parser.feed(damaged) + parser.gap():
            # a doubled first or last byte leaves the frame whole
            assert not isinstance(heard, Reading) or heard in (weight(655), NOT_READY)


def test_a_frame_behind_half_a_frame_is_read() -> None:
    whole = b"\x01\x02S 00.655kg\x67\x03\x04"
    for half in range(1, 15):
        parser = CasParser()
        heard = parser.feed(whole[:half] + whole)
        heard += parser.feed(whole + whole)
        assert heard.count(weight(655)) >= 2
    assert ToledoParser().feed(b"\n01.2\x02?A\r") == [Noise(b"\n01.2"), MOVING]


def test_line_ends_between_answers_are_no_noise() -> None:
    parser = ToledoParser()
    assert parser.feed(b"\r\n\x02?A\r\n") + parser.gap() == [MOVING]
    assert not parser.begun


def test_half_an_answer_is_none_when_a_pause_or_the_end_comes() -> None:
    for parser in (ToledoParser(), CasParser(), AclasParser()):
        for end in (parser.gap, parser.broken):
            assert parser.feed(b"\x01\x02S 0") == []
            assert parser.begun
            assert end() == [Noise(b"\x01\x02S 0")]
            assert not parser.begun


@pytest.mark.parametrize(
    ("number", "unit", "grams"),
    [
        ("0.655", "kg", 655), ("1", "KG", 1000), ("12.345", "kg", 12_345), ("655", "g", 655),
        ("655.5", "g", 656), ("0.5", "g", 0), ("1.5", "g", 2), ("0.0005", "kg", 0),
        ("1", "lb", 454), ("2.20", "LB", 998), ("0.01", "lb", 5), ("100.00", "lb", 45_359),
        ("655", " g", 655), ("1", "oz", None), ("1", "", None), ("1", "t", None),
    ],
)  # fmt: skip
def test_units_become_whole_grams(number: str, unit: str, grams: int | None) -> None:
    assert grams_of(number, unit) == grams


@given(grams=st.integers(1, 99_999), tongue=st.sampled_from(Tongue))
def test_any_weight_comes_from_the_simulated_scale_as_it_lies_there(
    grams: int, tongue: Tongue
) -> None:
    simulated = SimulatedScale(tongue, shown=Decimal(grams).scaleb(-3).quantize(Decimal("0.001")))
    parser = PARSERS[tongue]()
    simulated.feed(b"W\r" if tongue is Tongue.TOLEDO else b"\x11")
    assert parser.feed(simulated.take_answers()) == [weight(grams)]
    simulated.rest(State.UNSTABLE)
    simulated.feed(b"W\r" if tongue is Tongue.TOLEDO else b"\x11")
    (moving,) = parser.feed(simulated.take_answers())
    assert isinstance(moving, Reading)
    assert moving.condition is Condition.MOVING


@pytest.mark.parametrize(
    ("tongue", "asked", "answers"),
    [
        (Tongue.TOLEDO, b"W\r", {
            State.STABLE: b"\n01.234KG\r\nS00\r\x03", State.UNSTABLE: b"\nS10\r\x03",
            State.OVERLOAD: b"\nS02\r\x03", State.NEGATIVE: b"\nS01\r\x03", State.SILENT: b"",
        }),
        (Tongue.CAS, b"\x05\x11", {
            State.STABLE: b"\x06\x01\x02S 01.234kg\x65\x03\x04",
            State.UNSTABLE: b"\x06\x01\x02U 01.234kg\x63\x03\x04",
            State.OVERLOAD: b"\x06\x01\x02F FFFFFFkg\x6a\x03\x04",
            State.NEGATIVE: b"\x06\x01\x02S-01.234kg\x68\x03\x04", State.SILENT: b"",
        }),
        (Tongue.ACLAS, b"\x05\x11", {
            State.STABLE: b"\x06\x01\x02S 01.234kg\x66\x03\x04",
            State.UNSTABLE: b"\x06\x01\x02U 01.234kg\x60\x03\x04",
            State.OVERLOAD: b"\x06\x01\x02F FFFFFFkg\x69\x03\x04",
            State.NEGATIVE: b"\x06\x01\x02S-01.234kg\x6b\x03\x04", State.SILENT: b"",
        }),
    ],
)  # fmt: skip
def test_the_simulated_scale_speaks_as_the_manuals_have_it(
    tongue: Tongue, asked: bytes, answers: dict[State, bytes]
) -> None:
    simulated = SimulatedScale(tongue)
    simulated.turn_knob("weight 1.234")
    for state, answer in answers.items():
        simulated.turn_knob(state)
        assert simulated.feed(asked) == len(asked)
        assert simulated.take_answers() == answer


def test_the_simulated_8217_knows_no_carriage_return() -> None:
    simulated = SimulatedScale(dialect="8217", shown=Decimal("1.234"))
    simulated.feed(b"W\r")
    assert simulated.take_answers() == b"\x0201.234\r\x02?@\r"
    for state, answer in {"unstable": b"A", "overload": b"B", "negative": b"D"}.items():
        simulated.turn_knob(state)
        simulated.feed(b"W")
        assert simulated.take_answers() == b"\x02?" + answer + b"\r"


def test_the_simulated_scale_knows_its_commands_and_no_others() -> None:
    toledo_ = SimulatedScale(shown=Decimal("0.000"))
    toledo_.feed(b"S\rZ\rQ\r" + b"W" * 1000 + b"\r")
    assert toledo_.take_answers() == b"\nS20\r\x03" * 2 + b"\n?\r\x03" * 2
    speaking = SimulatedScale(Tongue.ACLAS)
    for order, sends in {"3C50423E09": True, "3C544B3E09": True, "3C414C3E09": False}.items():
        speaking.feed(bytes.fromhex(order))
        assert speaking.sends is sends
    speaking.feed(b"\x3cPB\x3e\x08" + b"\x05")  # another end: no order
    assert not speaking.sends
    assert speaking.take_answers() == b"\x06"


@pytest.mark.parametrize("words", ["weight", "weight x", "weight -1", "weight 1e3", "unstable x"])
def test_a_knob_that_is_none_is_refused(words: str) -> None:
    with pytest.raises(ValueError, match=r"no such knob|no weight"):
        SimulatedScale().turn_knob(words)


@given(
    pieces=st.lists(
        st.none()
        | st.binary(max_size=600)
        | st.sampled_from(
            [b"\x01\x02S 00.655kg", b"\x67\x03\x04", b"\n00.655KG\r\nS00\r\x03", b"\x02", b"\x06"]
        ),
        max_size=12,
    ),
    tongue=st.sampled_from(Tongue),
)
def test_any_bytes_at_all_do_no_harm(pieces: list[bytes | None], tongue: Tongue) -> None:
    """None is a pause; after one all is as it was."""
    parser = PARSERS[tongue]()
    for piece in pieces:
        for heard in parser.gap() if piece is None else parser.feed(piece):
            if isinstance(heard, Noise):
                assert 0 < len(heard.data) <= NOISE_KEPT_BYTES
            elif isinstance(heard, Reading) and heard.condition is Condition.WEIGHT:
                assert heard.grams is not None
                assert heard.grams > 0
        assert len(parser._held) <= parser.longest_bytes
    parser.gap()
    assert not parser.begun
