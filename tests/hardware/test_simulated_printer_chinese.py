"""Chinese on the simulated paper: what Python's codecs make of the same bytes, in any pieces."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hardware.simulator.printer.characters import Charset
from hardware.simulator.printer.machine import SimulatedPrinter
from tests.hardware.test_simulated_printer import fed

HANZI = st.characters(codec="gb18030", min_codepoint=0x80)
ASCII = st.characters(min_codepoint=0x20, max_codepoint=0x7E)
MIXED = st.text(st.one_of(HANZI, ASCII, st.sampled_from("会员积分￥（）×…𠮷䶮龦€é")))
CUTS = st.lists(st.integers(0, 400), max_size=6)


def cut(data: bytes, cuts: list[int]) -> list[bytes]:
    """The bytes in pieces, ending at those places."""
    ends = sorted({min(end, len(data)) for end in cuts} | {len(data)})
    return [data[begin:end] for begin, end in zip([0, *ends], ends, strict=False)]


def wide_paper(charset: Charset, *chunks: bytes) -> SimulatedPrinter:
    """So wide that nothing wraps."""
    printer = SimulatedPrinter(columns=10_000, charset=charset)
    for chunk in chunks:
        printer.feed(chunk)
    assert printer.unknown == []
    return printer


@given(MIXED, CUTS)
@settings(deadline=None, max_examples=300)
def test_gb18030_in_any_mixture_and_any_pieces_reads_as_it_was_written(
    text: str, cuts: list[int]
) -> None:
    data = text.encode("gb18030") + b"\n"
    assert wide_paper(Charset.GB18030, *cut(data, cuts)).paper == [text]
    assert wide_paper(Charset.GB18030, b"\x1c&", *cut(data, cuts)).paper == [text]


@given(st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc"))), CUTS)
@settings(deadline=None)
def test_a_printer_of_utf8_reads_every_character(text: str, cuts: list[int]) -> None:
    data = text.encode() + b"\n"
    assert wide_paper(Charset.UTF8, *cut(data, cuts)).paper == [text]
    assert wide_paper(Charset.GB18030, b"\x1c(C\x02\x000\x02", *cut(data, cuts)).paper == [text]


@pytest.mark.parametrize(
    ("charset", "codec", "text"),
    [
        (Charset.GBK, "gbk", "会员积分 12.00 ￥"),
        (Charset.BIG5, "big5", "會員積分 12.00 功能許蓋"),
        (Charset.SHIFT_JIS, "cp932", "ポイント ｶﾅ 表示 12.00"),
        (Charset.EUC_KR, "cp949", "회원 포인트 12.00"),
    ],
)
@given(cuts=CUTS)
@settings(deadline=None, max_examples=30)
def test_printers_of_other_places_read_their_own_codes(
    charset: Charset, codec: str, text: str, cuts: list[int]
) -> None:
    data = text.encode(codec) + b"\n"
    assert wide_paper(charset, *cut(data, cuts)).paper == [text]


@pytest.mark.parametrize(
    ("stream", "paper"),
    [  # section 2.2 of the reference: what our encoder sends
        ("1c 26 bb e1 d4 b1 bb fd b7 d6 1c 2e", "会员积分"),
        ("1c 26 bb e1 d4 b1 bb fd b7 d6 20 a3 a4 31 32 2e 30 30 1c 2e", "会员积分 ￥12.00"),
        ("63 61 66 1c 2e 1b 74 00 82 20 1c 26 bf a7 b7 c8 1c 2e", "café 咖啡"),
        ("1c 26 a3 a8 b8 b1 b1 be a3 a9 1c 2e", "（副本）"),
        # and section 2.1: what python-escpos does
        ("bb e1 d4 b1 bb fd b7 d6", "会员积分"),
        ("1b 74 00 3f 3f", "??"),
        ("81 30 84 36 31 32 2e 30 30", "¥12.00"),
        ("cd f5 fe 9f", "王䶮"),
        ("95 34 b2 35 82 35 8f 33", "𠮷龦"),
        ("94 39 fc 36", "😀"),
    ],
)
def test_the_bytes_of_the_reference_read_as_it_says(stream: str, paper: str) -> None:
    assert fed(bytes.fromhex(stream) + b"\n").paper == [paper]


def test_chinese_is_read_in_kanji_mode_and_page_437_outside_it() -> None:
    chinese = "会员￥".encode("gb18030")
    printer = fed(b"\x1c&" + chinese + b"\x1c.\n", b"\x1c.caf\x82\n", b"\x1c." + chinese + b"\n")
    assert printer.paper == ["会员￥", "café", "╗ß╘▒úñ"]


def test_a_chinese_model_powers_up_in_kanji_mode_and_eats_an_accent() -> None:
    assert fed(b"\x1bt\x00caf\x82 x\n").paper == ["caf\ufffdx"]
    assert fed(b"\x1bt\x00\x63\x61\x66\x82\xbf\xa7\xb7\xc8\n").paper != ["café咖啡"]


def test_a_printer_without_hanzi_has_no_kanji_mode() -> None:
    printer = SimulatedPrinter(charset=Charset.NONE)
    printer.feed(b"\x1c&caf\x82 x\n")
    assert printer.paper == ["café x"]


def test_a_control_character_is_never_eaten_by_half_a_hanzi() -> None:
    assert fed(b"caf\x82\nB\n").paper == ["caf\ufffd", "B"]
    assert fed(b"caf\x82\x1bE\x01B\n").paper == ["caf\ufffdB"]
    assert fed(b"\x82\x31\n\x82\x31\x82\nB\n").paper == ["\ufffd", "\ufffd\ufffd", "B"]


def test_bytes_that_are_no_character_show_as_such_and_reading_goes_on() -> None:
    assert fed(b"\xfe\x39\xfe\x39A\n").paper == ["\ufffdA"]  # four bytes without a meaning
    assert fed(b"\x82\x31\x31A\n").paper == ["\ufffd1A"]
    assert fed(b"\x80A\xff\n").paper == ["ÇA\xa0"]
    printer = SimulatedPrinter(charset=Charset.UTF8)
    printer.feed(b"\xe4\xbc\x9a \xe4\xbcA \xc0\x80 \xed\xa0\x80 \x80\xf4\xff\n")
    assert printer.paper == ["会 \ufffd\ufffdA \ufffd\ufffd \ufffd\ufffd\ufffd \ufffd\ufffd\ufffd"]


def test_a_printer_is_told_which_code_it_gets() -> None:
    assert fed(b"\x1b9\x01" + "会".encode() + b"\x1b9\x00" + "会".encode("gbk") + b"\n").paper == [
        "会会"
    ]
    assert fed(b"\x1b9\x03" + "會".encode("big5") + b"\x1b9\x09\n").paper == ["會"]
    utf8 = b"\x1c(C\x02\x000\x02" + "é会".encode() + b"\x1c(C\x02\x000\x01" + "会".encode("gbk")
    assert fed(utf8 + b"\n").paper == ["é会会"]
