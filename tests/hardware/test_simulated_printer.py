"""The simulated printer at its wire: what real ones do with bytes, paper and power."""

import doctest
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hardware.simulator import printer as simulated
from hardware.simulator.print_head import PAPER_LIMIT_LINES
from hardware.simulator.printer import (
    BUFFER_LIMIT_BYTES,
    Event,
    SimulatedPrinter,
)

CUT = b"\x1dV\x01"
FENCE = b"\x1d(H\x06\x0000ab12"
FENCE_ANSWER = b"\x37\x22ab12\x00"
ASK = (b"\x10\x04\x01", b"\x10\x04\x02", b"\x10\x04\x04")
PIECES = [
    *(b"\x1b@", b"\x1bE\x01", b"\x1bd\x06", b"\x1bp\x00\x19\xfa", b"\x1bt\x00", b"\x1bt\x13"),
    *(b"\x1c&", b"\x1c.", b"\x1d!\x11", b"\x1dV\x01", b"\x1dVB\x00", b"\x1dr\x01", FENCE, b"\n"),
    *(b"\x10\x04\x01", b"\x10\x14\x01\x00\x01", b"\x10\x05\x02", b"\x1dv0\x00\x02\x00\x01\x00ab"),
    *(b"\x1d(k\x02\x00ab", "会员积分𠮷".encode("gb18030"), b"caf\x82", b"Total 1.00", b"\x10"),
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


def test_chinese_is_read_in_kanji_mode_and_page_437_outside_it() -> None:
    chinese = "会员￥".encode("gb18030")
    printer = fed(b"\x1c&" + chinese + b"\x1c.\n", b"\x1c.caf\x82\n")
    assert printer.paper == ["会员￥", "café"]


def test_a_chinese_model_powers_up_in_kanji_mode_and_eats_an_accent() -> None:
    assert fed(b"caf\x82 x\n").paper != ["café x"]


def test_a_character_of_four_bytes_is_one_character() -> None:
    assert fed("𠮷".encode("gb18030") + b"\n").paper == ["𠮷"]


def test_another_code_page_shows_as_wrong_letters() -> None:
    assert fed(b"\x1c.\x1bt\x13caf\x82\n").paper == ["caf\ufffd"]


def test_a_line_too_long_for_the_paper_wraps_and_hanzi_take_two_columns() -> None:
    assert fed(b"abcde\n", columns=4).paper == ["abcd", "e"]
    assert fed("会员积".encode("gbk") + b"\n", columns=4).paper == ["会员", "积"]
    assert fed(b"\x1d!\x11abc\n", columns=4).paper == ["ab", "c"]


def test_unknown_commands_are_kept_and_the_next_line_still_prints() -> None:
    printer = fed(
        b"\x1b\x99\x07A\n\x1d(k\x04\x00zzzzB\n\x1d8L\x0a\x00\x00\x000123456789C\n",
        b"\x1dv1\x00\x02\x00\x02\x00wwwwD\n\x1dv0\x00\xff\xff\x02\x00" + bytes(2 * 65_535) + b"E\n",
    )
    assert printer.paper == ["A", "B", "C", "D", "E"]
    assert printer.unknown == [
        b"\x1b\x99",
        b"\x07",
        b"\x1d(k\x04\x00zzz",
        b"\x1d8L\x0a\x00\x00\x000",
        b"\x1dv1\x00\x02\x00\x02\x00",
        b"\x1dv0\x00\xff\xff\x02\x00",
    ]


QR = b"\x1d(k\x03\x001C\x06\x1d(k\x05\x001P0S1\x1d(k\x03\x001Q0"
RASTER = b"\x1dv0\x00\x01\x00\x02\x00\xff\xff"


def test_alignment_moves_lines_codes_and_pictures() -> None:
    line = b"AB\n" + QR + RASTER
    printer = fed(line, b"\x1ba\x01" + line, b"\x1ba2" + line, columns=21)
    assert printer.paper == [
        *("AB", "[QR S1]", "[picture]"),
        *("         AB", "       [QR S1]", "      [picture]"),
        *("                   AB", "              [QR S1]", "            [picture]"),
    ]
    assert printer.unknown == []


def test_bands_of_one_picture_are_one_picture_and_a_begun_line_ends_before_it() -> None:
    assert fed(b"A" + RASTER + RASTER + b"B\n" + RASTER).paper == [
        "A",
        "[picture]",
        "B",
        "[picture]",
    ]


def test_tabs_go_to_the_next_eighth_column_and_carriage_returns_are_not_needed() -> None:
    printer = fed(b"A\tB\tC\r\n")
    assert (printer.paper, printer.unknown) == (["A       B       C"], [])


@pytest.mark.parametrize(
    "command",
    [
        *(
            b"\x1dk\x0412\x00",
            b"\x1dkE\x0212",
            b"\x1dh\x50",
            b"\x1dw\x02",
            b"\x1dH\x02",
            b"\x1df\x01",
        ),
        *(
            b"\x1dL\x40\x00",
            b"\x1dW\x40\x00",
            b"\x1bR\x0f",
            b"\x1bM\x01",
            b"\x1bc5\x00",
            b"\x1bD\x08\x00",
        ),
        *(b"\x1b 2", b"\x1c!\x0c", b"\x1c-\x01", b"\x1cS\x00\x00", b"\x1dB\x01", b"\x1dP\x00\x00"),
        *(b"\x1d(k\x04\x001A2\x00", b"\x1d(k\x03\x001E1", b"\x1b3\x18", b"\x1b2", b"\x1bJ\x18"),
    ],
)
def test_a_command_is_stepped_over_to_its_last_byte(command: bytes) -> None:
    printer = fed(b"A\n" + command + b"B\n")
    assert (printer.paper[0], printer.paper[-1], printer.unknown) == ("A", "B", [])
    assert set(printer.paper) <= {"A", "B", "[barcode 12]"}


@pytest.mark.parametrize(
    "command",
    [b"\x1b*\x21\x02\x00abcdef", b"\x1b*\x00\x02\x00ab", b"\x1d*\x01\x01abcdefgh", b"\x1d/\x00"],
)
def test_a_picture_it_cannot_draw_is_noted_and_prints_no_letters(command: bytes) -> None:
    printer = fed(command + b"B\n")
    assert (printer.paper, printer.unknown) == (["B"], [command[:8]])


STREAMS_OF_OTHERS = os.environ.get("OMNITILL_TESTS_ESCPOS_STREAMS", "")


@pytest.mark.skipif(not STREAMS_OF_OTHERS, reason="OMNITILL_TESTS_ESCPOS_STREAMS names no folder")
def test_what_other_programs_print_is_read_to_the_last_byte() -> None:
    """A folder of .bin files as other libraries send them: nothing unknown, nothing garbled."""
    streams = sorted(Path(STREAMS_OF_OTHERS).glob("*.bin"))
    assert streams
    for stream in streams:
        printer = fed(stream.read_bytes())
        assert (printer.unknown, printer.receipts_cut) == ([], 1), stream
        letters = printer.receipts[0].replace("\n", "").replace("\ufffd", "")
        assert letters.isascii(), stream
        assert letters.isprintable(), stream


def test_the_drawer_is_kicked_in_its_turn_or_at_once() -> None:
    printer = fed(b"\x1bp\x00\x19\xfa")
    assert printer.kicks == 1
    printer.paper_out = True
    printer.feed(b"\x1bp\x00\x19\xfa")
    assert printer.kicks == 1
    printer.feed(b"\x10\x14\x01\x00\x01")
    assert printer.kicks == 2
    printer.paper_out = False
    assert printer.kicks == 3


def test_status_answers_tell_paper_cover_and_offline() -> None:
    printer = SimulatedPrinter()
    assert answers_to(printer, *ASK).hex(" ") == "12 12 12"
    printer.paper_out = True
    assert answers_to(printer, *ASK).hex(" ") == "1a 32 7e"
    printer.paper_out, printer.cover_open = False, True
    assert answers_to(printer, *ASK).hex(" ") == "1a 16 12"
    assert answers_to(printer, b"\x10\x04\x03") == b"\x12"


def test_real_time_status_overtakes_what_waits_but_not_what_is_done() -> None:
    printer = SimulatedPrinter()
    assert answers_to(printer, b"\x1dr\x01" + b"\x10\x04\x01") == b"\x00\x12"
    printer.cover_open = True
    assert answers_to(printer, b"\x1dr\x01" + b"\x10\x04\x01") == b"\x1a"
    printer.cover_open = False
    assert printer.take_answers() == b"\x00"


def test_without_paper_a_job_waits_and_its_fences_with_it() -> None:
    printer = SimulatedPrinter()
    printer.paper_out = True
    printer.feed(b"A\n" + CUT + FENCE + b"\x1dr\x01")
    assert (printer.paper, printer.take_answers()) == ([], b"")
    printer.paper_out = False
    assert printer.receipts == ["A"]
    assert printer.take_answers() == FENCE_ANSWER + b"\x00"


def test_a_fence_answers_only_when_all_before_it_was_processed() -> None:
    printer = fed(b"A\n" + FENCE[:-1])
    assert printer.take_answers() == b""
    assert answers_to(printer, FENCE[-1:]) == FENCE_ANSWER
    assert answers_to(printer, b"\x1d(H\x06\x0000ab1\x07") == b""


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


def test_a_full_buffer_is_read_no_further_until_paper_is_loaded() -> None:
    printer = SimulatedPrinter()
    printer.paper_out = True
    data = b"A\n" * BUFFER_LIMIT_BYTES
    assert printer.feed(data) == BUFFER_LIMIT_BYTES
    printer.paper_out = False
    assert len(printer.paper) == PAPER_LIMIT_LINES  # older lines went to the bin
    assert printer.feed(b"B\n") == 2


def test_knobs_can_be_turned_by_words() -> None:
    printer = SimulatedPrinter()
    heard: list[Event] = []
    printer.listeners.append(lambda event, _detail: heard.append(event))
    for words in (
        *("paper out", "paper in", "cover open", "cover closed"),
        *("stall 0", "resume", "power cut 0", "power on", "power off"),
    ):
        printer.turn_knob(words)
    assert heard == [
        *(Event.PAPER_OUT, Event.PAPER_IN, Event.COVER_OPEN, Event.COVER_CLOSED),
        *(Event.STALLED, Event.RESUMED, Event.POWER_OFF, Event.POWER_ON, Event.POWER_OFF),
    ]


@pytest.mark.parametrize("words", ["", "paper", "paper maybe", "stall x", "power cut", "coffee"])
def test_a_knob_that_does_not_exist_is_refused(words: str) -> None:
    printer = SimulatedPrinter()
    with pytest.raises(ValueError, match=r"knob|invalid literal"):
        printer.turn_knob(words)


def state(printer: SimulatedPrinter) -> tuple[object, ...]:
    return (
        *(printer.paper, printer.receipts, printer.kicks, printer.unknown),
        *(printer.take_answers(), printer.powered, printer.appetite_bytes()),
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
                printer.power_cut_at(40)
                printer.feed(piece[taken:])
        printer.paper_out = False
        outcomes.append(state(printer))
    assert outcomes[0] == outcomes[1]


@given(st.binary(max_size=4000))
@settings(deadline=None)
def test_no_bytes_crash_it(data: bytes) -> None:
    assert SimulatedPrinter().feed(data) == len(data)


def test_the_examples_in_the_docstrings_hold() -> None:
    assert doctest.testmod(simulated).failed == 0
