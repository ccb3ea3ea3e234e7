"""Text to the bytes of four kinds of printers: the vectors of real ones, and that whatever a text
holds, its bytes order nothing and print over the columns that were announced."""

import doctest
import re
import unicodedata

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from hardware.printer import encoding
from hardware.printer.encoding import PAGE_437, Cjk, Encoding, Page, width_cols
from hardware.printer.parts import Line
from hardware.printer.profile import Profile
from hardware.printer.receipt_bytes import receipt
from hardware.simulator.printer.characters import Charset
from hardware.simulator.printer.machine import SimulatedPrinter

ANY_TEXT = st.text(st.characters(exclude_categories=()))
EUROPEAN = Encoding(Cjk.RASTER, (PAGE_437, Page(19, "cp858"), Page(18, "cp852")))
MANY_PAGES = Encoding(Cjk.FS_GB18030, EUROPEAN.pages)
ENCODINGS = [*map(Encoding, Cjk), EUROPEAN, MANY_PAGES]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("会员积分", "1C 26 BB E1 D4 B1 BB FD B7 D6 1C 2E"),
        (
            "会员积分 ¥12.00",
            "1C 26 BB E1 D4 B1 BB FD B7 D6 20 A3 A4 31 32 2E 30 30 1C 2E",
        ),
        ("café 咖啡", "63 61 66 1C 2E 1B 74 00 82 20 1C 26 BF A7 B7 C8 1C 2E"),
        ("（副本）", "1C 26 A3 A8 B8 B1 B1 BE A3 A9 1C 2E"),
        ("Total 1.00", "54 6F 74 61 6C 20 31 2E 30 30"),
        ("：，。", "1C 26 A3 BA A3 AC A1 A3 1C 2E"),
        ("。（）￥℃×°·", "1C 26 A1 A3 A3 A8 A3 A9 A3 A4 A1 E6 A1 C1 A1 E3 A1 A4 1C 2E"),
        ("£5", "1C 2E 1B 74 00 9C 35"),
        ("茶é", "1C 26 B2 E8 1C 2E 1B 74 00 82"),
        ("", ""),
    ],
)
def test_text_becomes_the_bytes_that_chinese_printers_read(text: str, expected: str) -> None:
    assert Encoding().encode(text) == bytes.fromhex(expected)
    assert Encoding().has(text)


@pytest.mark.parametrize(
    ("text", "python_escpos_sends", "we_send"),
    [
        ("（）：，。", "3F 3F 3F 3F 3F", "1C 26 A3 A8 A3 A9 A3 BA A3 AC A1 A3 1C 2E"),
        ("￥12.00", "3F 31 32 2E 30 30", "1C 26 A3 A4 31 32 2E 30 30 1C 2E"),
        (
            "合计 ¥12.00",
            "BA CF BC C6 20 81 30 84 36 31 32 2E 30 30",
            "1C 26 BA CF BC C6 20 A3 A4 31 32 2E 30 30 1C 2E",
        ),
        ("café", "63 61 66 82", "63 61 66 1C 2E 1B 74 00 82"),
        ("王䶮", "CD F5 FE 9F", None),
        ("䶮", "3F", None),
        ("𠮷", "95 34 B2 35", None),
        ("龦", "82 35 8F 33", None),
        ("会员😀", "BB E1 D4 B1 94 39 FC 36", None),
        ("ｶﾅ", "3F 3F", None),
        ("한국", "3F 3F", None),
    ],
)
def test_what_a_printer_would_misread_is_never_sent(
    text: str, python_escpos_sends: str, we_send: str | None
) -> None:
    assert Encoding().has(text) is (we_send is not None)
    if we_send is None:  # goes out as dots
        return
    assert Encoding().encode(text) == bytes.fromhex(we_send)
    assert Encoding().encode(text) != bytes.fromhex(python_escpos_sends)


def test_kana_that_gbk_has_goes_out_as_characters() -> None:
    assert Encoding().encode("ありがとう").hex(" ") == "1c 26 a4 a2 a4 ea a4 ac a4 c8 a4 a6 1c 2e"


@pytest.mark.parametrize(
    ("cjk", "text", "expected"),
    [
        (Cjk.RAW_GB18030, "会员积分 ¥5", "BB E1 D4 B1 BB FD B7 D6 20 A3 A4 35"),
        (Cjk.RAW_GB18030, "Total 1.00", "54 6F 74 61 6C 20 31 2E 30 30"),
        (Cjk.RAW_GB18030, "café", None),  # 82 and what follows would be a hanzi
        (Cjk.RAW_GB18030, "£5", None),
        (Cjk.RAW_GB18030, "王䶮", None),
        (Cjk.UTF8, "会员积分 ¥5", "E4 BC 9A E5 91 98 E7 A7 AF E5 88 86 20 EF BF A5 35"),
        (Cjk.UTF8, "ありがとう", "E3 81 82 E3 82 8A E3 81 8C E3 81 A8 E3 81 86"),
        (Cjk.UTF8, "2×3", None),  # one printer prints × over one column, the next over two
        (Cjk.UTF8, "café", None),
        (Cjk.UTF8, "会员😀", None),  # in UTF-8, but in no printer's font
        (Cjk.UTF8, "王䶮", None),
        (Cjk.RASTER, "Total 1.00", "54 6F 74 61 6C 20 31 2E 30 30"),
        (Cjk.RASTER, "café", "63 61 66 1C 2E 1B 74 00 82"),
        (Cjk.RASTER, "会员积分", None),
        (Cjk.RASTER, "20 °C", None),  # over two columns like all of GBK, and 437 prints one
    ],
)
def test_each_way_sends_what_its_printers_read_and_no_more(
    cjk: Cjk, text: str, expected: str | None
) -> None:
    assert Encoding(cjk).has(text) is (expected is not None)
    if expected is not None:
        assert Encoding(cjk).encode(text) == bytes.fromhex(expected)


@pytest.mark.parametrize("cjk", Cjk)
@pytest.mark.parametrize(
    "text", ["สวัสดี", "مرحبا", "שלום", "नमस्ते", "😀", "𠮷", "e\u0301", "5 €", "ā"]
)
def test_no_chinese_printer_has_the_characters_of_everybody(cjk: Cjk, text: str) -> None:
    assert not Encoding(cjk).has(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("5 €", "35 20 1C 2E 1B 74 13 D5"),
        ("zł", "7A 1C 2E 1B 74 12 88"),
        ("é€é", "1C 2E 1B 74 00 82 1C 2E 1B 74 13 D5 1C 2E 1B 74 00 82"),
    ],
)
def test_a_printer_with_more_pages_is_sent_to_the_one_that_has_it(text: str, expected: str) -> None:
    assert EUROPEAN.encode(text) == bytes.fromhex(expected)
    assert EUROPEAN.has(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("䶮", b"??"), ("𠮷", b"??"), ("😀", b"??"), ("€", b"?"), ("ā", b"?"), ("\ud800", b"?")],
)
def test_what_cannot_be_encoded_keeps_its_width_in_question_marks(
    text: str, expected: bytes
) -> None:
    assert Encoding().encode(text) == expected
    assert width_cols(text) == len(expected)


def test_the_spaces_of_number_formats_are_spaces() -> None:
    assert Encoding().encode("1\u202f234\u00a0kr") == b"1 234 kr"
    assert Encoding().encode("合\u3000计").hex(" ") == "1c 26 ba cf a1 a1 bc c6 1c 2e"


def test_control_characters_and_marks_of_direction_print_as_nothing() -> None:
    for way in ENCODINGS:
        assert way.encode("A\x1bp\x00\x19\n\x10\x14\x7f\x85\u200e\u2028\ufeffB") == b"ApB"
        assert way.has("A\x1b\u200e")


def test_hanzi_and_full_width_forms_that_are_taken_for_granted_are_all_two_bytes_of_gbk() -> None:
    taken = encoding._PIECES.pattern[len("([ -~]+)|(") :].split("]+)")[0] + "]"
    chars = [char for char in map(chr, range(0x10000)) if re.fullmatch(taken, char)]
    assert len(chars) == 20_902 + 94 + 2
    assert all(len(char.encode("gbk", errors="ignore")) == 2 for char in chars)
    assert all(unicodedata.east_asian_width(char) in "WF" for char in chars)


# ---- whatever a text holds


def orders_in(data: bytes, cjk: Cjk) -> bytes:
    """The bytes that are no character: what is left when kanji, pages and their switches go."""
    if cjk in (Cjk.FS_GB18030, Cjk.RASTER):
        data = re.sub(rb"\x1c&|\x1c\.(?:\x1bt.)?", b"", data, flags=re.DOTALL)
    return bytes(byte for byte in data if byte < 0x20 or byte == 0x7F)


@given(ANY_TEXT, st.sampled_from(ENCODINGS))
@settings(deadline=None)
def test_no_text_smuggles_in_a_command(text: str, way: Encoding) -> None:
    data = way.encode(text)
    assert orders_in(data, way.cjk) == b""
    assert b"\x10" not in data


def printed_cols(data: bytes, way: Encoding) -> int:
    """What a printer makes of the bytes, by the description of kanji mode."""
    if way.cjk is Cjk.UTF8:
        return sum(1 if char <= "~" else 2 for char in data.decode("utf-8"))
    kanji = way.cjk is Cjk.RAW_GB18030
    cols = at = 0
    while at < len(data):
        if data[at : at + 2] in (b"\x1c&", b"\x1c."):
            kanji = data[at + 1] == 0x26
            at += 2
        elif data[at : at + 2] == b"\x1bt":
            at += 3
        else:
            is_hanzi = kanji and data[at] >= 0x81
            cols += 1 + is_hanzi
            at += 1 + is_hanzi
    return cols


@given(ANY_TEXT, st.sampled_from(ENCODINGS))
@settings(deadline=None)
def test_any_text_prints_over_the_announced_columns(text: str, way: Encoding) -> None:
    assert printed_cols(way.encode(text), way) == width_cols(text)


@given(ANY_TEXT, st.sampled_from(ENCODINGS))
@settings(deadline=None)
def test_a_question_mark_that_nobody_wrote_means_that_it_was_not_encodable(
    text: str, way: Encoding
) -> None:
    text = text.replace("?", "")
    marks = way.encode(text).count(b"?")
    assert marks == 0 if way.has(text) else marks >= 0
    if not way.has(text):
        missing = [char for char in text if not way.has(char)]
        assert marks == width_cols("".join(missing))


@given(ANY_TEXT)
@settings(deadline=None)
def test_a_text_is_as_wide_as_its_characters(text: str) -> None:
    assert width_cols(text) == sum(map(width_cols, text))


#: all that GBK has, without its Latin letters and what another character stands for
GBK = [
    char
    for char in map(chr, range(0x80, 0x10000))
    if len(char.encode("gbk", errors="ignore")) == 2
    and not unicodedata.name(char, "").startswith("LATIN")
]


def test_gbk_is_whole() -> None:
    assert len(GBK) > 21_700


WHAT_GBK_HAS = st.text(st.sampled_from(GBK) | st.characters(min_codepoint=0x20, max_codepoint=0x7E))


@pytest.mark.parametrize(
    ("cjk", "charset"),
    [
        (Cjk.FS_GB18030, Charset.GB18030),
        (Cjk.FS_GB18030, Charset.GBK),
        (Cjk.RAW_GB18030, Charset.GB18030),
        (Cjk.UTF8, Charset.UTF8),
    ],
)
def test_what_gbk_has_comes_back_from_the_paper(cjk: Cjk, charset: Charset) -> None:
    @given(WHAT_GBK_HAS)
    @settings(deadline=None)
    def comes_back(text: str) -> None:
        assume(Encoding(cjk).has(text))
        printer = SimulatedPrinter(columns=1000, charset=charset)
        printer.feed(receipt([Line(text)], Profile(columns=1000, cjk=cjk)))
        assert printer.receipts == [text]
        assert printer.unknown == []

    comes_back()


@given(WHAT_GBK_HAS)
@settings(deadline=None)
def test_raw_and_utf8_bytes_read_back_as_the_same_text(text: str) -> None:
    assert Encoding(Cjk.RAW_GB18030).encode(text).decode("gb18030") == text
    if Encoding(Cjk.UTF8).has(text):
        assert Encoding(Cjk.UTF8).encode(text).decode("utf-8") == text


@given(st.text("aZ 9éüñ£ł€ąő"))
@settings(deadline=None)
def test_a_european_printer_prints_its_pages(text: str) -> None:
    printer = SimulatedPrinter(columns=1000, charset=Charset.NONE)
    printer.feed(receipt([Line(text)], Profile(columns=1000, cjk=Cjk.RASTER, pages=EUROPEAN.pages)))
    assert printer.receipts == [text]


@given(st.text("会员积分（副本），。：￥×℃° AZaz09+-/éüñ£«█"))
@settings(deadline=None)
def test_chinese_and_page_437_mixed_come_back_from_the_paper(text: str) -> None:
    printer = SimulatedPrinter(columns=1000)
    printer.feed(receipt([Line(text)], Profile(columns=1000)))
    assert printer.receipts == [text.rstrip("\n")]


def test_the_examples_in_the_docstrings_hold() -> None:
    assert doctest.testmod(encoding).failed == 0
