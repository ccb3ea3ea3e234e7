"""What the simulated printer answers and tells unasked, to the bit: section by section of the
command references."""

from collections.abc import Iterable

import pytest

from hardware.printer.replies import (
    AutomaticStatus,
    BufferStatus,
    ProcessDone,
    RealTimeStatus,
    ReplyParser,
)
from hardware.simulator.printer.dialect import CHEAP, XPRINTER, Dialect, Identity
from hardware.simulator.printer.machine import DrawerPin, SimulatedPrinter
from tests.hardware.test_simulated_printer import (
    CUT,
    FENCE,
    FENCE_ANSWER,
    KICK,
    KICK_NOW,
    answers_to,
)

ASK_ALL = tuple(b"\x10\x04" + bytes((n,)) for n in (1, 2, 3, 4))
WATCH_ALL = b"\x1da\x0f"


def with_knobs(*knobs: str, drawer_open_is_high: bool = True) -> SimulatedPrinter:
    printer = SimulatedPrinter(drawer_open_is_high=drawer_open_is_high)
    for knob in knobs:
        printer.turn_knob(knob)
    return printer


@pytest.mark.parametrize(
    ("knobs", "answers"),
    [
        ([], "12 12 12 12"),
        (["drawer open"], "16 12 12 12"),
        (["paper near"], "12 12 12 1e"),
        (["paper out"], "1a 32 12 7e"),
        (["cover open"], "1a 16 12 12"),
        (["cover open", "drawer open"], "1e 16 12 12"),
        (["cover open", "paper out"], "1a 36 12 7e"),
        (["cutter jam"], "1a 52 1a 12"),
        (["cutter stop"], "1a 52 1a 12"),
        (["head hot"], "1a 52 52 12"),
        (["machine broken"], "1a 52 32 12"),
        (["head hot", "cutter jam", "machine broken"], "1a 52 7a 12"),
        (["paper out", "paper in"], "12 12 12 12"),
        (["head hot", "head cool", "cutter jam", "cutter free"], "12 12 12 12"),
    ],
)
def test_real_time_status_tells_how_it_stands(knobs: Iterable[str], answers: str) -> None:
    printer = with_knobs(*knobs)
    answer = answers_to(printer, *ASK_ALL)
    assert answer.hex(" ") == answers
    assert all(isinstance(reply, RealTimeStatus) for reply in ReplyParser().feed(answer))


@pytest.mark.parametrize(
    ("knobs", "high_is_open", "told"),
    [
        ([], True, "10 00 00 00"),
        ([], False, "14 00 00 00"),
        (["cover open"], False, "3c 00 00 00"),
        (["paper out"], False, "1c 00 0f 00"),
        (["paper near"], True, "10 00 03 00"),
        (["drawer open"], True, "14 00 00 00"),
        (["drawer open"], False, "10 00 00 00"),
        (["cutter jam"], True, "18 08 00 00"),
        (["head hot"], True, "18 40 00 00"),
        (["machine broken"], True, "18 20 00 00"),
    ],
)
def test_automatic_status_is_four_bytes_told_at_once_and_on_every_change(
    knobs: list[str], high_is_open: bool, told: str
) -> None:
    printer = with_knobs(drawer_open_is_high=high_is_open)
    usual = "10 00 00 00" if high_is_open else "14 00 00 00"
    assert answers_to(printer, WATCH_ALL).hex(" ") == usual
    for knob in knobs:
        printer.turn_knob(knob)
        assert printer.take_answers().hex(" ") == told
    assert ReplyParser().feed(bytes.fromhex(told)) == [AutomaticStatus(bytes.fromhex(told))]


def test_only_the_groups_that_were_asked_for_are_watched() -> None:
    printer = with_knobs()
    assert answers_to(printer, b"\x1da\x08") == b"\x10\x00\x00\x00"
    printer.turn_knob("drawer open")
    printer.turn_knob("cover open")
    assert printer.take_answers() == b""
    printer.turn_knob("paper near")
    assert printer.take_answers() == b"\x3c\x00\x03\x00"  # and tells all when it tells
    printer.turn_knob("cover closed")
    assert answers_to(printer, b"\x1da\x00") == b""
    printer.turn_knob("paper out")
    assert printer.take_answers() == b""


def test_initialising_it_ends_automatic_status() -> None:
    """Bixolon SRP-332II manual p. 107: in force until ESC @, a reset or the power."""
    printer = with_knobs()
    answers_to(printer, WATCH_ALL + b"\x1b@")
    printer.turn_knob("cover open")
    assert printer.take_answers() == b""


def test_some_tell_from_power_up_without_being_asked() -> None:
    printer = SimulatedPrinter(dialect=Dialect(automatic_status=0x0F))
    assert printer.take_answers() == b"\x10\x00\x00\x00"
    printer.turn_knob("paper near")
    assert printer.take_answers() == b"\x10\x00\x03\x00"
    printer.power_off()
    assert printer.take_answers() == b""
    printer.power_on()
    assert printer.take_answers() == b"\x10\x00\x03\x00"


@pytest.mark.parametrize(
    ("request_", "knobs", "answer"),
    [
        (b"\x1dr\x01", [], "00"),
        (b"\x1dr1", ["paper near"], "03"),
        (b"\x1dr\x02", [], "00"),
        (b"\x1dr2", ["drawer open"], "01"),
        (b"\x1bu\x00", ["drawer open"], "01"),
        (b"\x1bv", ["paper near"], "03"),
        (b"\x1dr\x04", [], "00"),
        (b"\x1dg2\x00\x14\x00", [], "5f 30 00"),
        (b"\x1d(E\x03\x00\x01IN", [], "37 20 00"),
        (b"\x10\x14\x07\x01", ["cover open"], "38 00 00 00"),
        (b"\x1d(k\x03\x001R0", [], "37 36 30 1f 30 1f 31 1f 31 00"),
        (b"\x1d(L\x02\x0003", [], "37 31 33 39 33 32 31 36 00"),
        (b"\x1d(L\x04\x000@KC", [], "37 72 40 00"),
    ],
)
def test_what_is_asked_in_its_turn_is_answered_in_its_turn(
    request_: bytes, knobs: list[str], answer: str
) -> None:
    assert answers_to(with_knobs(*knobs), request_).hex(" ") == answer


def test_a_fence_answers_only_when_all_before_it_was_processed() -> None:
    printer = SimulatedPrinter()
    assert answers_to(printer, b"A\n" + FENCE[:-1]) == b""
    assert answers_to(printer, FENCE[-1:]) == FENCE_ANSWER
    assert ReplyParser().feed(FENCE_ANSWER) == [ProcessDone(b"ab12")]
    assert ReplyParser().feed(b"\x00") == [BufferStatus(0)]
    assert answers_to(printer, b"\x1d(H\x06\x0000ab1\x07") == b""


def test_it_says_who_it_is() -> None:
    identity = Identity.parse("Gprinter/GP-L80180I/V2.1/GP123")
    printer = SimulatedPrinter(identity=identity)
    answers = [answers_to(printer, b"\x1dI" + bytes((n,))) for n in (1, 50, 3, 65, 66, 67, 68, 69)]
    assert answers == [
        *(b"\x20", b"\x03", b"\x01", b"_V2.1\x00", b"_Gprinter\x00", b"_GP-L80180I\x00"),
        *(b"_GP123\x00", b"_CHINA GB18030\x00"),
    ]
    assert answers_to(printer, b"\x1dI\xc8") == b""
    with pytest.raises(ValueError, match="identity"):
        Identity.parse("打印机")
    with pytest.raises(ValueError, match="identity"):
        Identity.parse("a/b/c/d/e")


# ---- errors


@pytest.mark.parametrize("trouble", ["cutter jam", "cutter stop", "head hot", "machine broken"])
def test_an_error_keeps_it_from_printing_until_it_is_over(trouble: str) -> None:
    printer = with_knobs(trouble)
    printer.feed(b"A\n" + CUT + FENCE)
    assert (printer.paper, printer.take_answers()) == ([], b"")
    printer.turn_knob({"cutter": "cutter free", "head": "head cool"}.get(
        trouble.split(maxsplit=1)[0], "machine mended"))  # fmt: skip
    assert (printer.receipts, printer.take_answers()) == (["A"], FENCE_ANSWER)


def test_a_cutter_that_only_stopped_goes_on_when_the_host_says_so() -> None:
    printer = with_knobs("cutter stop")
    printer.feed(b"A\n\x10\x05\x01")
    assert printer.paper == ["A"]
    printer.turn_knob("cutter stop")
    printer.feed(b"B\nC\x10\x05\x02D\n")
    assert printer.paper == ["A", "D"]
    printer.turn_knob("cutter stop")
    printer.turn_knob("cover open")
    printer.turn_knob("cover closed")
    assert answers_to(printer, *ASK_ALL).hex(" ") == "12 12 12 12"


def test_a_jammed_cutter_does_not_care_what_the_host_says() -> None:
    printer = with_knobs("cutter jam")
    printer.feed(b"A\n\x10\x05\x01\x10\x05\x02")
    assert printer.paper == []
    printer.turn_knob("cutter free")
    assert printer.paper == ["A"]


def test_asked_to_recover_from_nothing_it_goes_on() -> None:
    printer = SimulatedPrinter()
    printer.feed(b"A\x10\x05\x02B\n")
    assert (printer.paper, printer.unknown) == (["AB"], [])


# ---- the drawer


@pytest.mark.parametrize("order", [KICK, b"\x1bp0\x19\xfa", KICK_NOW])
def test_a_kick_opens_the_drawer_and_its_sensor_tells(order: bytes) -> None:
    printer = SimulatedPrinter()
    answers_to(printer, WATCH_ALL)
    assert answers_to(printer, order) == b"\x14\x00\x00\x00"
    assert printer.drawer_open
    assert answers_to(printer, b"\x10\x04\x01") == b"\x16"
    assert answers_to(printer, order) == b""  # open already
    printer.turn_knob("drawer closed")
    assert printer.take_answers() == b"\x10\x00\x00\x00"
    assert answers_to(printer, b"\x10\x04\x01") == b"\x12"


@pytest.mark.parametrize(
    ("pin", "order", "opens"),
    [
        (DrawerPin.TWO, KICK, True),
        (DrawerPin.TWO, b"\x1bp\x01\x19\xfa", False),
        (DrawerPin.TWO, b"\x10\x14\x01\x01\x01", False),
        (DrawerPin.FIVE, b"\x1bp1\x19\xfa", True),
        (DrawerPin.FIVE, b"\x10\x14\x01\x01\x08", True),
        (DrawerPin.FIVE, KICK_NOW, False),
        (DrawerPin.BOTH, b"\x1bp\x01\x19\xfa", True),
    ],
)
def test_a_drawer_opens_by_the_pin_it_is_plugged_into(
    pin: DrawerPin, order: bytes, opens: bool
) -> None:
    printer = SimulatedPrinter(drawer_pin=pin)
    printer.feed(order)
    assert (printer.kicks, printer.drawer_open) == (1, opens)


# ---- dialects


def test_a_mute_printer_prints_and_never_answers() -> None:
    printer = with_knobs("mute")
    assert answers_to(printer, b"A\n", *ASK_ALL, WATCH_ALL, FENCE, b"\x1dI\x43") == b""
    printer.turn_knob("paper out")
    assert (printer.take_answers(), printer.paper, printer.unknown) == (b"", ["A"], [])
    printer.turn_knob("unmute")
    assert answers_to(printer, b"\x10\x04\x01") == b"\x1a"


def test_a_cheap_printer_prints_the_data_of_what_it_does_not_know() -> None:
    printer = SimulatedPrinter(dialect=CHEAP)
    assert answers_to(printer, b"A\n" + FENCE + WATCH_ALL + b"\x1dI\x43\n") == b""
    assert printer.paper == ["A", "H00ab12C"]
    assert printer.unknown[0] == b"\x1d("
    assert answers_to(printer, b"\x1dr\x01\x10\x04\x01") == b"\x00\x12"
    printer = SimulatedPrinter(dialect=CHEAP)
    printer.feed(b"\x1d(k\xff\xff1P0https\n")
    assert printer.paper == ["k\xa0\xa01P0https"]


def test_another_steps_over_a_fence_that_it_does_not_know() -> None:
    printer = SimulatedPrinter(dialect=XPRINTER)
    assert answers_to(printer, b"A" + FENCE + b"B\n\x1dr\x01") == b"\x00"
    assert (printer.paper, printer.unknown) == (["AB"], [FENCE[:8]])
