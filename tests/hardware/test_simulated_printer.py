"""The simulated printer at its wire: what real ones do with bytes, paper and power."""

import doctest

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hardware.simulator.printer import machine
from hardware.simulator.printer.intake import BUFFER_LIMIT_BYTES
from hardware.simulator.printer.machine import Event, SimulatedPrinter
from hardware.simulator.printer.paper import LINE_ROWS
from hardware.simulator.printer.print_head import BIN_LINES, PAPER_LIMIT_LINES
from hardware.simulator.printer.stream import MACRO_LIMIT_BYTES

CUT = b"\x1dV\x01"
FENCE = b"\x1d(H\x06\x0000ab12"
FENCE_ANSWER = b"\x37\x22ab12\x00"
ASK = (b"\x10\x04\x01", b"\x10\x04\x02", b"\x10\x04\x04")
KICK = b"\x1bp\x00\x19\xfa"
KICK_NOW = b"\x10\x14\x01\x00\x01"
PIECES = [
    *(b"\x1b@", b"\x1bE\x01", b"\x1bd\x06", KICK, b"\x1bt\x00", b"\x1bt\x13", b"\x1ba\x01"),
    *(b"\x1c&", b"\x1c.", b"\x1d!\x11", b"\x1dV\x01", b"\x1dVB\x00", b"\x1dr\x01", FENCE, b"\n"),
    *(*ASK, KICK_NOW, b"\x10\x05\x02", b"\x1dv0\x00\x02\x00\x01\x00ab", b"\x1da\x0f", b"\x1dI\x43"),
    *(b"\x1d(k\x02\x00ab", "会员积分𠮷".encode("gb18030"), b"caf\x82", b"Total 1.00", b"\x10"),
    *(b"\x1bL", b"\x1bS", b"\x0c", b"\x1b\x0c", b"\x1bT\x01", b"\x1d$\x40\x00", b"\x1b$\x40\x00"),
    *(b"\x1bW\x00\x00\x00\x00\x40\x01\x80\x00", b"\x18", b"\x1b{\x01", b"\x1bV\x01", b"\x09"),
    *(b"\x1dkC\x0c690102807502", b"\x1dk\x04AB\x00", b"\x1d(k\x05\x001P0S1\x1d(k\x03\x001Q0"),
    *(
        b"\x1b*\x21\x02\x00abcdef",
        b"\x1d*\x01\x01abcdefgh\x1d/\x00",
        b"\x1cp\x01\x00",
        b"\x1b=\x02",
    ),
    *(b"\x1cq\x01\x01\x00\x01\x00abcdefgh", b"\x1d:", b"\x1d^\x03\x00\x00", b"\x1b=\x01", b"\x1b"),
    *(b"\x1d(L\x0b\x000p0\x01\x011\x08\x00\x01\x00a\x1d(L\x02\x0002", b"\x1bK\x10", b"\x1d\x1b"),
    *(b"\x10\x14\x08\x01\x03\x14\x01\x06\x02\x08", b"\x1b&\x03AB\x01abc\x01def", b"\x1b%\x01"),
]
STREAMS = st.lists(st.one_of(st.sampled_from(PIECES), st.binary(max_size=8))).map(b"".join)


def fed(*chunks: bytes, columns: int = 48) -> SimulatedPrinter:
    printer = SimulatedPrinter(columns=columns)
    for chunk in chunks:
        printer.feed(chunk)
    return printer


def answers_to(printer: SimulatedPrinter, *requests: bytes) -> bytes:
    for request in requests:
        printer.feed(request)
    return printer.take_answers()


def test_text_is_printed_line_by_line_and_cut_into_receipts() -> None:
    printer = fed(b"\x1b@A\nB\n\x1bd\x06", CUT, b"C\n", CUT)
    assert printer.receipts == ["A\nB", "C"]
    assert printer.paper == ["A", "B", *[""] * 6, "C"]
    assert printer.receipts_cut == 2


def test_a_line_too_long_for_the_paper_wraps_and_hanzi_take_two_columns() -> None:
    assert fed(b"abcde\n", columns=4).paper == ["abcd", "e"]
    assert fed("会员积".encode("gbk") + b"\n", columns=4).paper == ["会员", "积"]
    assert fed(b"\x1d!\x11abc\n", columns=4).paper == ["ab", "c"]
    assert fed(b"abcd\nef\n", columns=4).paper == ["abcd", "ef"]


def test_what_has_no_line_feed_is_not_on_paper_yet() -> None:
    printer = fed(b"String")
    assert (printer.begun_line, printer.paper) == ("String", [])
    printer.feed(b"\x1b@\n")
    assert (printer.begun_line, printer.paper) == ("", [""])


def test_unknown_commands_are_kept_and_the_next_line_still_prints() -> None:
    printer = fed(
        b"\x1b\x99\x01A\n\x1d(k\x04\x00zzzzB\n\x1d8L\x0a\x00\x00\x001123456789C\n",
        b"\x1dv1\x00\x02\x00\x02\x00wwwwD\n\x1dv0\x00\xff\xff\xff\x00"
        + bytes(255 * 65_535)
        + b"E\n",
    )
    assert printer.paper == ["A", "B", "C", "D", "E"]
    assert printer.unknown == [
        b"\x1b\x99",
        b"\x01",
        b"\x1d(k\x04\x00zzz",
        b"\x1d8L\x0a\x00\x00\x001",
        b"\x1dv1\x00\x02\x00\x02\x00",
        b"\x1dv0\x00\xff\xff\xff\x00",
    ]


def test_a_picture_larger_than_the_buffer_is_printed_as_it_arrives() -> None:
    rows = 2 * BUFFER_LIMIT_BYTES // 72
    printer = fed(b"\x1dv0\x00\x48\x00" + rows.to_bytes(2, "little"))
    for _ in range(rows):
        assert printer.feed(bytes((0xAA,)) * 72) == 72
    assert (printer.paper, printer.unknown) == (["[picture]"], [])
    assert printer.feed(b"A\n") == 2
    assert printer.paper == ["[picture]", "A"]


# ---- real time


def test_the_drawer_is_kicked_in_its_turn_or_at_once() -> None:
    printer = fed(KICK)
    assert printer.kicks == 1
    printer.paper_out = True
    printer.feed(KICK)
    assert printer.kicks == 1
    printer.feed(KICK_NOW)
    assert printer.kicks == 2
    printer.paper_out = False
    assert printer.kicks == 3


def test_real_time_status_overtakes_what_waits_but_not_what_is_done() -> None:
    printer = SimulatedPrinter()
    assert answers_to(printer, b"\x1dr\x01" + b"\x10\x04\x01") == b"\x00\x12"
    printer.cover_open = True
    assert answers_to(printer, b"\x1dr\x01" + b"\x10\x04\x01") == b"\x1a"
    printer.cover_open = False
    assert printer.take_answers() == b"\x00"


def test_a_real_time_order_inside_a_picture_is_obeyed_and_stays_part_of_it() -> None:
    """Epson RP-U420 specification: after it was executed it is in the buffer all the same."""
    dots = b"\x10\x04\x01" + KICK_NOW + b"\xff" * 8
    printer = fed(b"\x1dv0\x00\x01\x00\x10\x00" + dots + b"A\n" + CUT)
    assert (printer.receipts, printer.unknown) == (["[picture]\nA"], [])
    assert (printer.kicks, printer.take_answers()) == (1, b"\x12")


def test_clearing_the_buffer_forgets_what_waits_and_says_so() -> None:
    printer = SimulatedPrinter()
    printer.paper_out = True
    printer.feed(b"A\n\x10\x14\x08\x01\x03\x14\x01\x06\x02\x08B\n")
    assert printer.take_answers() == b"\x37\x25\x00"
    printer.paper_out = False
    assert printer.paper == ["B"]


def test_a_host_may_switch_it_off_only_after_it_was_allowed() -> None:
    printer = fed(b"\x10\x14\x02\x01\x08A\n")
    assert (printer.powered, printer.paper) == (True, ["A"])
    printer.feed(b"\x1d(D\x03\x00\x14\x02\x01\x10\x14\x02\x01\x08B\n")
    assert (printer.powered, printer.paper) == (False, ["A"])


def test_a_kick_in_real_time_can_be_forbidden() -> None:
    printer = fed(b"\x1d(D\x03\x00\x14\x01\x00" + KICK_NOW + KICK)
    assert printer.kicks == 1


# ---- what others send


def test_what_is_for_the_display_behind_it_is_not_printed() -> None:
    printer = fed(b"A\n\x1b=\x02\x1b@Total 12.00\r\x0c\x1bQA\x1f\x1b\x1b=\x01B\n")
    assert (printer.paper, printer.unknown) == (["A", "B"], [])
    printer = fed(b"\x1b=\x02C\x1b", b"=", b"\x02D\x1b=\x03E\n")
    assert printer.paper == ["E"]
    printer = fed(b"\x1b=\x02\x10\x04\x01")
    assert printer.take_answers() == b"\x12"  # in real time it answers


def test_a_macro_is_printed_again_as_often_as_told() -> None:
    printer = fed(b"\x1d:A\n\x1bE\x01\x1d:\x1d^\x02\x00\x00B\n")
    assert (printer.paper, printer.unknown) == (["A", "A", "A", "B"], [])
    assert fed(b"\x1d^\x02\x00\x00").paper == []
    assert fed(b"\x1d:A\n\x1d^\x02\x00\x00\x1d:B\n\x1d:\x1d^\x01\x00\x00").paper == ["A", "B", "B"]


def test_a_macro_that_is_too_long_is_none() -> None:
    printer = fed(b"\x1d:" + b"A\n" * (MACRO_LIMIT_BYTES // 2 + 1) + b"\x1d:\x1d^\x01\x00\x00")
    assert len(printer.paper) == MACRO_LIMIT_BYTES // 2 + 1


# ---- paper, power, stalls


def test_without_paper_a_job_waits_and_its_fences_with_it() -> None:
    printer = SimulatedPrinter()
    printer.paper_out = True
    printer.feed(b"A\n" + CUT + FENCE + b"\x1dr\x01")
    assert (printer.paper, printer.take_answers()) == ([], b"")
    printer.paper_out = False
    assert printer.receipts == ["A"]
    assert printer.take_answers() == FENCE_ANSWER + b"\x00"


def test_paper_that_ends_after_some_lines_stops_it_inside_the_receipt() -> None:
    printer = SimulatedPrinter()
    printer.turn_knob("paper ends in 5")
    printer.feed(b"".join(b"line %d\n" % n for n in range(1, 9)) + CUT + FENCE)
    assert printer.paper == [f"line {n}" for n in range(1, 6)]
    assert answers_to(printer, *ASK, FENCE) == b"\x1a\x32\x7e"
    printer.turn_knob("paper in")
    assert printer.receipts == ["\n".join(f"line {n}" for n in range(1, 9))]
    assert printer.take_answers() == 2 * FENCE_ANSWER


def test_pictures_codes_and_feeds_use_paper_as_lines_do() -> None:
    tall = b"\x1dv0\x00\x01\x00" + (2 * LINE_ROWS).to_bytes(2, "little") + bytes(2 * LINE_ROWS)
    for used, lines in ((tall, 2), (b"\x1bJ\x3c", 2), (b"\x1bd\x02", 2), (b"\x1d!\x13\n", 1)):
        printer = SimulatedPrinter()
        printer.paper_ends_in(lines)
        printer.feed(used + b"A\n")
        assert (printer.paper_out, "A" in printer.paper) == (True, False)


def test_a_stalled_printer_takes_so_many_bytes_and_no_more() -> None:
    printer = SimulatedPrinter()
    printer.stall_at(3)
    assert printer.feed(b"AB\nCD\n") == 3
    assert (printer.paper, printer.appetite_bytes()) == (["AB"], 0)
    assert printer.feed(b"CD\n") == 0
    printer.resume()
    assert printer.feed(b"CD\n") == 3
    assert printer.paper == ["AB", "CD"]


def test_a_power_cut_forgets_what_was_not_on_paper() -> None:
    printer = SimulatedPrinter()
    printer.power_cut_at(4)
    assert printer.feed(b"AB\nCD\n" + FENCE) == 4
    assert (printer.powered, printer.paper) == (False, ["AB"])
    assert answers_to(printer, *ASK) == b""
    printer.power_on()
    assert printer.feed(b"EF\n") == 3
    assert printer.paper == ["AB", "EF"]


def test_a_power_cut_inside_a_command_leaves_nothing_of_it() -> None:
    printer = SimulatedPrinter()
    printer.power_cut_at(6)
    printer.feed(b"\x1b=\x02\x1dv0")
    printer.power_on()
    printer.feed(b"A\n")
    assert (printer.paper, printer.unknown) == (["A"], [])


def test_a_full_buffer_is_read_no_further_until_paper_is_loaded() -> None:
    printer = SimulatedPrinter()
    printer.paper_out = True
    data = b"A\n" * BUFFER_LIMIT_BYTES
    assert printer.feed(data) == BUFFER_LIMIT_BYTES
    printer.paper_out = False
    assert PAPER_LIMIT_LINES <= len(printer.paper) <= PAPER_LIMIT_LINES + BIN_LINES
    assert printer.feed(b"B\n") == 2


# ---- knobs


def test_knobs_can_be_turned_by_words() -> None:
    printer = SimulatedPrinter()
    heard: list[tuple[Event, str]] = []
    printer.listeners.append(lambda *event: heard.append(event))
    for words in (
        *("paper out", "paper in", "paper near", "paper in", "cover open", "cover closed"),
        *("drawer open", "drawer closed", "cutter jam", "cutter free", "head hot", "head cool"),
        *("machine broken", "machine mended", "mute", "unmute", "paper ends in 7", "slow off"),
        *("stall 0", "resume", "power cut 0", "power on", "power off", "unplug", "plug"),
    ):
        printer.turn_knob(words)
    assert heard == [
        *((Event.PAPER_OUT, ""), (Event.PAPER_IN, ""), (Event.PAPER_NEAR_END, "")),
        *((Event.PAPER_IN, ""), (Event.COVER_OPEN, ""), (Event.COVER_CLOSED, "")),
        *((Event.DRAWER_OPEN, ""), (Event.DRAWER_CLOSED, "")),
        *((Event.FAILED, "cutter jammed"), (Event.RECOVERED, "cutter jammed")),
        *((Event.FAILED, "head hot"), (Event.RECOVERED, "head hot")),
        *((Event.FAILED, "broken"), (Event.RECOVERED, "broken")),
        *((Event.STALLED, ""), (Event.RESUMED, ""), (Event.POWER_OFF, "")),
        *((Event.POWER_ON, ""), (Event.POWER_OFF, "")),
    ]


@pytest.mark.parametrize(
    "words",
    ["", "paper", "paper maybe", "stall x", "stall -1", "power cut", "coffee", "cutter", "slow",
     "paper ends in soon", "drawer ajar", "stall ²"],
)  # fmt: skip
def test_a_knob_that_does_not_exist_is_refused(words: str) -> None:
    printer = SimulatedPrinter()
    with pytest.raises(ValueError, match="knob"):
        printer.turn_knob(words)


def test_a_bystander_is_told_what_happens_but_not_what_he_did_himself() -> None:
    printer = SimulatedPrinter()
    told: list[str] = []
    printer.tellers.append(told.append)
    printer.turn_knob("paper ends in 2")
    printer.feed(b"A\n" + CUT + b"B\nC\n" + KICK_NOW)
    printer.turn_knob("paper in")
    printer.feed(CUT + b"\x1b\x99")
    printer.turn_knob("power cut 1")
    printer.feed(b"D")
    assert told == [
        *("printed receipt 1", "paper out", "drawer kicked"),
        *("printed receipt 2", "unknown 1b 99", "power off"),
    ]


# ---- any bytes, in any pieces


def state(printer: SimulatedPrinter) -> tuple[object, ...]:
    return (
        *(printer.paper, printer.receipts, printer.kicks, printer.unknown, printer.strips),
        *(printer.take_answers(), printer.powered, printer.appetite_bytes(), printer.begun_line),
    )


@given(STREAMS, st.integers(1, 7), st.booleans(), st.integers(0, 60))
@settings(deadline=None)
def test_how_the_stream_was_cut_does_not_matter_and_nothing_crashes_it(
    stream: bytes, size_bytes: int, paper_out: bool, fails_at: int
) -> None:
    chunks = [stream[at : at + size_bytes] for at in range(0, len(stream), size_bytes)]
    outcomes = []
    for pieces in ([stream], chunks):
        printer = SimulatedPrinter()
        printer.paper_out = paper_out
        printer.stall_at(fails_at)
        for piece in pieces:
            taken = printer.feed(piece)
            if taken < len(piece):
                printer.resume()
                printer.power_cut_at(400)
                printer.feed(piece[taken:])
        printer.paper_out = False
        outcomes.append(state(printer))
    assert outcomes[0] == outcomes[1]


@given(st.binary(max_size=4000))
@settings(deadline=None)
def test_no_bytes_crash_it(data: bytes) -> None:
    assert SimulatedPrinter().feed(data) == len(data)


def test_text_is_fed_in_time_that_grows_as_its_length_does() -> None:
    """A long text in one piece, and line by line: what is quadratic would take minutes."""
    line = "可口可乐 330ml  3.50 ".encode("gb18030") + b"\n"
    printer = SimulatedPrinter()
    assert printer.feed(line * (200_000 // len(line))) > 150_000
    for _ in range(200_000 // len(line)):
        printer.feed(line)
    assert printer.paper[-1] == printer.paper[-2] == "可口可乐 330ml  3.50 "


def test_the_examples_in_the_docstrings_hold() -> None:
    assert doctest.testmod(machine).failed == 0
