"""From a scanner's bytes to codes: framing, AIM identifiers, and bytes nobody asked for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.scanner.parser import Framing, ScanParser, Suffix
from hardware.scanner.scan import CODE_LIMIT_BYTES, NOISE_KEPT_BYTES, Heard, Noise, Scan

COLA = "6901028075022"
ENDS = {
    Suffix.LINE: b"\r\n", Suffix.CR: b"\r", Suffix.LF: b"\n", Suffix.CRLF: b"\r\n",
    Suffix.TAB: b"\t",
}  # fmt: skip
CODES = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"], include_characters="\x1d"),
    min_size=1,
    max_size=40,
).filter(lambda code: not code.startswith("]"))


def heard(data: bytes, framing: Framing | None = None, *, gap: bool = False) -> list[Heard]:
    parser = ScanParser(framing or Framing())
    return parser.feed(data) + (parser.gap() if gap else [])


@pytest.mark.parametrize("end", [b"\r", b"\n", b"\r\n", b"\n\r"])
def test_unless_told_a_code_ends_at_cr_or_lf_or_both(end: bytes) -> None:
    assert heard(COLA.encode() + end + b"123" + end) == [Scan(COLA), Scan("123")]


def test_unless_told_a_code_ends_at_a_pause() -> None:
    assert heard(COLA.encode()) == []
    assert heard(COLA.encode(), gap=True) == [Scan(COLA)]


@pytest.mark.parametrize("suffix", [Suffix.CR, Suffix.LF, Suffix.CRLF, Suffix.TAB])
def test_where_a_suffix_is_agreed_half_a_code_is_none(suffix: Suffix) -> None:
    parser = ScanParser(Framing(suffix=suffix))
    assert parser.feed(b"69010") == []
    assert parser.gap() == [Noise(b"69010")]
    assert parser.feed(COLA.encode() + ENDS[suffix]) == [Scan(COLA)]


def test_a_code_cut_by_a_broken_link_is_none() -> None:
    parser = ScanParser(Framing())
    parser.feed(b"69010")
    assert parser.broken() == [Noise(b"69010")]
    assert not parser.begun


def test_lines_within_a_code_stay_where_the_suffix_is_another() -> None:
    card = "BEGIN:VCARD\r\nN:Wang\r\nEND:VCARD"
    assert heard(card.encode() + b"\t", Framing(suffix=Suffix.TAB)) == [Scan(card)]


def test_the_prefix_is_taken_off_and_what_comes_without_it_is_noise() -> None:
    framing = Framing(prefix=b"\x02")
    assert heard(b"\x026901\r8075022\r\x02\r", framing) == [
        Scan("6901"), Noise(b"8075022"), Noise(b"\x02"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "scan"),
    [
        (f"]E0{COLA}", Scan(COLA, "]E0")),
        ("]C10109521234543213\x1d10ABC", Scan("0109521234543213\x1d10ABC", "]C1")),
        ("]E0", Scan("]E0")),
        ("]11A", Scan("]11A")),
        ("A]E01", Scan("A]E01")),
    ],
)
def test_an_aim_identifier_is_told_apart_and_gs_stays(text: str, scan: Scan) -> None:
    assert heard(text.encode() + b"\r") == [scan]
    assert Scan.read(text) == scan


def test_chinese_comes_as_utf_8_or_gb18030() -> None:
    assert heard("会员".encode() + b"\r" + "会员".encode("gb18030") + b"\r") == [Scan("会员")] * 2


@pytest.mark.parametrize("strange", [b"\xff\xff\xff", b"69\x1b[2J01", b"\x00", b"69\xc2\x9b31m"])
def test_what_is_no_text_or_would_steer_a_terminal_is_noise(strange: bytes) -> None:
    assert heard(strange + b"\r" + COLA.encode() + b"\r") == [Noise(strange), Scan(COLA)]


def test_a_code_is_bounded_and_the_next_one_is_whole() -> None:
    longest = b"1" * CODE_LIMIT_BYTES
    assert heard(longest + b"\r") == [Scan(longest.decode())]
    parser = ScanParser(Framing())
    for _ in range(100):
        assert parser.feed(longest) == []
        assert len(parser._held) <= CODE_LIMIT_BYTES + 1
    assert parser.feed(b"1\r" + COLA.encode() + b"\r") == [
        Noise(b"1" * NOISE_KEPT_BYTES), Scan(COLA),
    ]  # fmt: skip


@given(codes=st.lists(CODES, max_size=8), suffix=st.sampled_from(Suffix), data=st.data())
def test_codes_cut_anywhere_come_out_whole_and_in_order(
    codes: list[str], suffix: Suffix, data: st.DataObject
) -> None:
    stream = b"".join(code.encode() + ENDS[suffix] for code in codes)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=8)))
    parser, found = ScanParser(Framing(suffix=suffix)), list[Heard]()
    for begin, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        found += parser.feed(stream[begin:end])
    assert found == [Scan(code) for code in codes]


@given(
    pieces=st.lists(st.binary(max_size=6000) | st.none(), max_size=12),
    prefix=st.binary(max_size=2),
    suffix=st.sampled_from(Suffix),
)
def test_any_bytes_at_all_do_no_harm(
    pieces: list[bytes | None], prefix: bytes, suffix: Suffix
) -> None:
    """None is a pause. After the next end of a code all is as it was."""
    parser = ScanParser(Framing(prefix, suffix))
    for piece in pieces:
        for one in parser.gap() if piece is None else parser.feed(piece):
            size = len(one.code if isinstance(one, Scan) else one.data)
            assert 0 < size <= CODE_LIMIT_BYTES
        assert len(parser._held) <= CODE_LIMIT_BYTES + 1
    parser.feed(ENDS[suffix])
    parser.gap()
    assert not parser.begun


def test_the_other_half_of_cr_lf_is_no_noise() -> None:
    parser = ScanParser(Framing(suffix=Suffix.CR))
    assert parser.feed(COLA.encode() + b"\r\n") == [Scan(COLA)]
    assert parser.gap() == []
