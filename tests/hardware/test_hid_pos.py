"""A scanner by HID-POS: reports of any maker's layout, long codes, reports that make no sense."""

import asyncio
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.fault import Taken
from hardware.link.hid_descriptor import Descriptor
from hardware.link.hidraw import HidrawLink
from hardware.link.sysfs import Roots
from hardware.scanner.hid_pos import (
    NUMBERED,
    PLAIN,
    UNNUMBERED,
    USAGE_PAGE,
    HidPosParser,
    Layout,
    looks_like,
)
from hardware.scanner.scan import BREAK_GAP_S, CODE_LIMIT_BYTES, Heard, Noise, Scan
from hardware.scanner.scanner import Scanner, hid_pos_scanner
from hardware.simulator.scanner import REPORT_BYTES, Form, SimulatedScanner
from tests.hardware.plugged import (
    COUNTED_POS,
    KEYBOARD,
    OF_THE_MAKER,
    PLAIN_POS,
    UNCOUNTED_POS,
    plug_hid,
    unplug_hid,
)
from tests.hardware.readers import far_end, reading, serving_file

COLA = "6901028075022"
BOARDING_PASS = "M1GATHERGOOD/MICHAEL  YABCDEF LHRDURAK 3542 052Y003D23  1234"


def report(
    data: bytes, aim: str = "\0\0\0", *, more: bool = False, id_: bytes = b"\x02", maker: int = 0
) -> bytes:
    """As LSR118 Product Manual, appendix B; `maker` is its further symbology identifier."""
    head = id_ + bytes((len(data),)) + aim.encode()
    tail = bytes((maker, 0, more))
    return (head + data).ljust(len(head) + 56, b"\0") + tail


def plain(data: bytes, id_: int = 2, size_bytes: int = 63) -> bytes:
    """As Newland FM430 and Microscan MS-4."""
    return (bytes((id_, len(data))) + data).ljust(size_bytes, b"\0")


def heard(*reports: bytes, layout: Layout | None = None) -> list[Heard]:
    parser = HidPosParser(layout)
    return [one for each in reports for one in parser.feed(each)]


def test_the_report_of_the_manual_is_64_bytes() -> None:
    one = report(COLA.encode(), "]E0", maker=0x64)
    assert len(one) == 64
    assert one[:5] == b"\x02\x0d]E0"
    assert heard(one) == [Scan(COLA, "]E0")]


def test_the_example_of_the_manual_a_code_of_two_reports() -> None:
    text = BOARDING_PASS.encode()
    assert len(text) == 60
    first = report(text[:56], "]Q0", more=True, maker=0x73)
    last = report(text[56:], "]Q0", maker=0x73)
    assert first[:5] == bytes((0x02, 0x38, 0x5D, 0x51, 0x30))
    assert first[61:] == bytes((0x73, 0, 1))
    parser = HidPosParser()
    assert parser.feed(first) == []
    assert parser.begun
    assert parser.feed(last) == [Scan(BOARDING_PASS, "]Q0")]
    assert not parser.begun


@pytest.mark.parametrize(
    ("reports", "scan"),
    [
        ([report(COLA.encode())], Scan(COLA)),
        ([report(b"69\r\n", "]E4")], Scan("69", "]E4")),
        ([report(b"0109521234543213\x1d10ABC", "]C1")], Scan("0109521234543213\x1d10ABC", "]C1")),
        ([report("会员".encode(), "]Q1")], Scan("会员", "]Q1")),
        ([report("会员".encode("gb18030"), "]Q1")], Scan("会员", "]Q1")),
        ([report(b"7", "]A0")], Scan("7", "]A0")),
        ([report(COLA.encode(), "]E0")[1:]], Scan(COLA, "]E0")),
        ([report(COLA.encode())[1:]], Scan(COLA)),
        ([report(COLA.encode(), "]E0", id_=b"\x01")], Scan(COLA, "]E0")),
        ([report(COLA.encode(), "]E0")[:61] + b"\0"], Scan(COLA, "]E0")),
        ([plain(COLA.encode())], Scan(COLA)),
        ([plain(b"]E0" + COLA.encode(), id_=1, size_bytes=64)], Scan(COLA, "]E0")),
        ([plain(b"A]002374938", id_=1, size_bytes=64)], Scan("A]002374938")),
        ([plain(b"1" * 62, id_=1, size_bytes=64)], Scan("1" * 62)),
        (
            [report(b"1" * 56, "]Q1", more=True), report(b"2" * 9)],
            Scan("1" * 56 + "2" * 9, "]Q1"),
        ),
        (
            [report(b"1" * 56, more=True)[1:], report(b"2" * 9)[1:]],
            Scan("1" * 56 + "2" * 9),
        ),
        (
            [report(b"1" * 56, "]Q1", more=True), report(b"2" * 9, "   ")],
            Scan("1" * 56 + "2" * 9, "]Q1"),
        ),
    ],
)
def test_the_layout_is_found_by_how_a_report_looks(reports: list[bytes], scan: Scan) -> None:
    assert heard(*reports, *reports) == [scan, scan]


@pytest.mark.parametrize(
    ("text", "one"),
    [
        ("data:5,length:1,aim:2,more:63,id:2", report(COLA.encode(), "]E0")),
        ("data:5,length:1,aim:2,more:-1,size:56", report(COLA.encode(), "]E0")),
        ("data:2,length:1", plain(b"]E0" + COLA.encode())),
        ("data:4,aim:1", b"\x02]E0" + COLA.encode().ljust(50, b"\0")),
        ("data:0", f"]E0{COLA}".encode().ljust(64, b"\0")),
        ("data:2,aim:-4,length:0", b"\x0d\x00" + COLA.encode().ljust(50, b"\0") + b"]E0\0"),
    ],
)
def test_a_layout_can_be_told(text: str, one: bytes) -> None:
    layout = Layout.read(text)
    assert heard(one, layout=layout) == [Scan(COLA, "]E0")]
    assert Layout.read(layout.text) == layout


@pytest.mark.parametrize(
    "text",
    [
        *("", "data", "data:", "data:x", "data:5,data:6", "length:1", "data:-1", "data:5000"),
        *("data:5,long:1", "data:5,bit:8", "data:5,bit:-1", "data:5,size:-1", "data:٥", "data:--5"),
    ],
)
def test_a_layout_that_makes_no_sense_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="layout is"):
        Layout.read(text)


def test_the_code_that_goes_on_is_known_by_any_bit_of_any_byte() -> None:
    layout = Layout.read("data:3,length:1,more:2,bit:3")
    assert heard(b"\x01\x02\x08ab", b"\x01\x02\xf7cd", layout=layout) == [Scan("abcd")]


def test_reports_of_another_number_are_no_codes() -> None:
    layout = Layout.read("data:2,length:1,id:2")
    other = b"\x03\x02ab"
    assert heard(other, b"\x02\x02ab", layout=layout) == [Noise(other), Scan("ab")]


@pytest.mark.parametrize(
    "strange",
    [
        *(b"\x02\xff" + b"1" * 62, b"\x02\x39]E0" + b"1" * 59, b"\x02", b"\x02\x05]E0", b"x"),
        report(b"69\x1b[2J01", "]Q1"),
        report(b"\xff\xff\xff", "]d1"),
        report(b"", "]E0"),
    ],
)
def test_a_report_that_makes_no_sense_is_noise_and_the_next_code_is_whole(strange: bytes) -> None:
    found = heard(strange, report(COLA.encode(), "]E0"))
    assert found[-1] == Scan(COLA, "]E0")
    assert all(isinstance(one, Noise) for one in found[:-1])


def test_a_scanner_at_rest_says_nothing() -> None:
    assert heard(b"\x02" + bytes(63), bytes(64), b"") == []


def test_half_a_long_code_is_none() -> None:
    parser = HidPosParser()
    assert parser.gap_s == BREAK_GAP_S
    assert parser.feed(report(b"1" * 56, "]Q1", more=True)) == []
    assert parser.gap() == [Noise(b"1" * 56)]
    assert not parser.begun
    parser.feed(report(b"1" * 56, "]Q1", more=True))
    assert parser.broken() == [Noise(b"1" * 56)]
    assert parser.feed(report(COLA.encode(), "]E0")) == [Scan(COLA, "]E0")]


def test_the_end_of_a_code_with_a_damaged_middle_is_no_code() -> None:
    damaged = b"\x02\xff" + bytes(60) + b"\xff\xff"
    parts = report(b"1" * 56, "]Q1", more=True), damaged, report(b"2" * 9, "]Q1")
    assert heard(*parts, report(COLA.encode(), "]E0")) == [
        Noise(damaged[:64]), Noise(b"1" * 56 + b"2" * 8), Scan(COLA, "]E0"),
    ]  # fmt: skip


def test_a_code_of_another_symbology_does_not_go_on_with_the_one_before() -> None:
    broken_off = report(b"1" * 56, "]Q1", more=True)
    assert heard(broken_off, report(COLA.encode(), "]E0")) == [
        Noise(b"1" * 56), Scan(COLA, "]E0"),
    ]  # fmt: skip


def test_a_code_is_bounded_and_the_next_one_is_whole() -> None:
    parser = HidPosParser()
    longest = b"1" * CODE_LIMIT_BYTES
    pieces = [longest[at : at + 56] for at in range(0, len(longest), 56)]
    for piece in pieces[:-1]:
        assert parser.feed(report(piece, "]Q1", more=True)) == []
    assert parser.feed(report(pieces[-1], "]Q1")) == [Scan(longest.decode(), "]Q1")]
    for _ in range(200):
        parser.feed(report(b"1" * 56, "]Q1", more=True))
        assert len(parser._held) <= CODE_LIMIT_BYTES + 56
    assert parser.feed(report(b"1", "]Q1")) == [Noise(b"1" * 64)]
    assert parser.feed(report(COLA.encode(), "]E0")) == [Scan(COLA, "]E0")]


def test_on_a_wire_that_keeps_no_reports_apart_they_are_cut_by_their_length() -> None:
    parser = HidPosParser(report_bytes=64)
    stream = report(COLA.encode(), "]E0") * 3
    assert parser.feed(stream[:100]) == [Scan(COLA, "]E0")]
    assert parser.begun
    assert parser.feed(stream[100:]) == [Scan(COLA, "]E0")] * 2
    assert parser.feed(b"\x02\x01") == []
    assert parser.gap() == [Noise(b"\x02\x01")]
    assert parser.feed(stream[:64]) == [Scan(COLA, "]E0")]


LAYOUTS = st.builds(
    Layout,
    data=st.integers(0, 70),
    length=st.none() | st.integers(-70, 70),
    aim=st.none() | st.integers(-70, 70),
    more=st.none() | st.integers(-70, 70),
    bit=st.integers(0, 7),
    size=st.none() | st.integers(0, 70),
    id=st.none() | st.integers(0, 2**32),
)


@given(
    pieces=st.lists(
        st.binary(max_size=80)
        | st.builds(report, st.binary(max_size=56), st.sampled_from(["]E0", "]Q1", "\0\0\0"]))
        | st.none(),
        max_size=12,
    ),
    layout=st.none() | LAYOUTS,
    report_bytes=st.none() | st.integers(1, 80),
)
def test_any_bytes_at_all_do_no_harm(
    pieces: list[bytes | None], layout: Layout | None, report_bytes: int | None
) -> None:
    """None is a pause. After one all is as it was."""
    parser = HidPosParser(layout, report_bytes)
    for piece in pieces:
        for one in parser.gap() if piece is None else parser.feed(piece):
            assert isinstance(one, Scan | Noise)
            size = len(one.code if isinstance(one, Scan) else one.data)
            assert size <= CODE_LIMIT_BYTES
        assert len(parser._held) <= CODE_LIMIT_BYTES + 80
        assert len(parser._partial) < 80
    parser.gap()
    assert not parser.begun
    if layout is None and report_bytes in (None, 64):
        assert parser.feed(report(COLA.encode(), "]E0")) == [Scan(COLA, "]E0")]


@given(
    codes=st.lists(
        st.text(st.characters(codec="ascii", exclude_categories=["Cc"]), min_size=1, max_size=200),
        max_size=5,
    ),
    aim=st.sampled_from(["]E0", "]C1", "]Q3"]),
)
def test_what_a_scanner_sends_comes_out_whole_and_in_order(codes: list[str], aim: str) -> None:
    def reports(code: str) -> Iterator[bytes]:
        for at in range(0, len(code), 56):
            yield report(code[at : at + 56].encode(), aim, more=at + 56 < len(code))

    found = heard(*(one for code in codes for one in reports(code)))
    assert found == [Scan(code, aim) for code in codes]


def test_known_layouts_look_like_themselves() -> None:
    one = report(COLA.encode(), "]E0")
    assert (looks_like(one), looks_like(one[1:]), looks_like(plain(b"123"))) == (
        NUMBERED, UNNUMBERED, PLAIN,
    )  # fmt: skip


# ---- over device files


def test_ten_thousand_codes_in_reports_at_full_speed_are_all_there_once(tmp_path: Path) -> None:
    async def scenario() -> None:
        simulated = SimulatedScanner(form=Form.HID_POS)
        fifo = tmp_path / "hidraw0"
        async with (
            serving_file(simulated, fifo, REPORT_BYTES),
            reading(f"scan+hidraw://{fifo}") as reader,
        ):
            await reader.until_ready()
            codes = [f"69{number:011d}" for number in range(10_000)]
            for code in codes:
                assert simulated.scan(code)
                assert await simulated.gone_out()
            assert await reader.until_scanned(len(codes)) == codes
            assert reader.noise == []

    asyncio.run(scenario())


def by_name(roots: Roots, which: str | None = None, product: int = 0x0901) -> Scanner:
    connect = partial(
        HidrawLink.called, 0x0C2E, product, which,
        usage_page=USAGE_PAGE, connect_s=60, roots=roots,
    )  # fmt: skip
    return hid_pos_scanner(connect)


def test_a_scanner_is_found_by_its_name_and_read_as_it_declares(tmp_path: Path) -> None:
    """A keyboard and a file of the maker's own come first, and their reports are none."""

    async def scenario() -> None:
        roots = Roots(tmp_path / "sys", tmp_path / "dev")
        others = [far_end(plug_hid(roots, 0, KEYBOARD)), far_end(plug_hid(roots, 1, OF_THE_MAKER))]
        far = far_end(plug_hid(roots, 2, UNCOUNTED_POS))
        async with reading(by_name(roots)) as reader:
            await reader.until_ready()
            for part, flag in ((b"69010280".ljust(46, b"0"), 8), (b"75022".ljust(46, b"\0"), 0)):
                await far.write(b"]C1" + part + bytes((flag,)))
            await reader.until_scanned(1)
            assert reader.scans == [Scan("69010280".ljust(46, "0") + "75022", "]C1")]
        for end in (far, *others):
            await end.close()

    asyncio.run(scenario())


def test_a_scanner_that_has_only_a_file_of_the_makers_own_is_read_by_that(tmp_path: Path) -> None:
    async def scenario() -> None:
        roots = Roots(tmp_path / "sys", tmp_path / "dev")
        plug_hid(roots, 0, KEYBOARD)
        far = far_end(plug_hid(roots, 1, OF_THE_MAKER))
        async with reading(by_name(roots)) as reader:
            await reader.until_ready()
            await far.write(report(COLA.encode(), "]E0"))
            assert await reader.until_scanned(1) == [COLA]
        await far.close()

    asyncio.run(scenario())


def test_a_scanner_that_is_plugged_in_again_is_found_under_its_new_number(tmp_path: Path) -> None:
    async def scenario() -> None:
        roots = Roots(tmp_path / "sys", tmp_path / "dev")
        async with reading(by_name(roots)) as reader:
            for number in range(3):
                await reader.until(lambda: not reader.ready and bool(reader.stood))
                far = far_end(plug_hid(roots, number, PLAIN_POS))
                await reader.until_ready()
                await far.write(report(f"{number}".encode(), "]E0"))
                await reader.until_scanned(number + 1)
                unplug_hid(roots, number)
                await far.close()
            assert reader.codes == ["0", "1", "2"]
            await reader.until(lambda: not reader.ready)
            fault = reader.scanner.health.fault
            assert fault is not None
            assert fault.code == "scanner.unplugged"

    asyncio.run(scenario())


def test_two_of_the_same_make_are_told_apart_or_each_is_somebodys(tmp_path: Path) -> None:
    async def scenario() -> None:
        roots = Roots(tmp_path / "sys", tmp_path / "dev")
        files = [
            plug_hid(roots, 0, COUNTED_POS, serial="A1", place="1-1"),
            plug_hid(roots, 1, COUNTED_POS, serial="B2", place="1-1.4"),
        ]
        far = [far_end(file) for file in files]
        for names in (("A1", "B2"), (None, None), ("1-1", "1-1.4")):
            async with reading(by_name(roots, names[0])) as one:
                await one.until_ready()
                async with reading(by_name(roots, names[1])) as other:
                    await other.until_ready()
                    for number, end in enumerate(far):
                        await end.write(report(f"{number}".encode(), "]E0"))
                    assert await one.until_scanned(1) == ["0"]
                    assert await other.until_scanned(1) == ["1"]
                    async with reading(by_name(roots)) as third:
                        await third.until(lambda: third.scanner.health.known)
                        assert isinstance(third.scanner.health.fault, Taken)
        for end in far:
            await end.close()

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("product", "which", "why"),
    [
        (0x0901, "C3", "no 0c2e:0901/C3"),
        (0x0902, None, "no 0c2e:0902"),
        (0x0A01, None, "0c2e:0a01 is set up as a keyboard"),
    ],
)
def test_a_scanner_that_is_not_there_is_said_by_name(
    product: int, which: str | None, why: str, tmp_path: Path
) -> None:
    async def scenario() -> None:
        roots = Roots(tmp_path / "sys", tmp_path / "dev")
        plug_hid(roots, 0, COUNTED_POS, serial="A1")
        plug_hid(roots, 1, KEYBOARD, ids="0c2e:0a01")
        async with reading(by_name(roots, which, product)) as reader:
            await reader.until(lambda: reader.scanner.health.known)
            fault = reader.scanner.health.fault
            assert fault is not None
            assert fault.code == "scanner.unplugged"
            assert why in fault.detail

    asyncio.run(scenario())


def test_the_files_own_path_knows_the_layout_too(tmp_path: Path) -> None:
    async def scenario() -> None:
        roots = Roots(tmp_path / "sys", tmp_path / "dev")
        file = plug_hid(roots, 0, UNCOUNTED_POS)
        far = far_end(file)
        (tmp_path / "scanner").symlink_to(file)
        link = await HidrawLink.at(str(tmp_path / "scanner"), connect_s=60, roots=roots)
        assert link.descriptor == Descriptor.read(UNCOUNTED_POS)
        await link.close()
        await far.close()

    asyncio.run(scenario())
