"""Each command of ESC/POS to its last byte, and what it does to the words on paper."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hardware.simulator.printer.command_sizes import needed_bytes
from hardware.simulator.printer.machine import SimulatedPrinter
from hardware.simulator.printer.paper import (
    FONT_A,
    FONT_B,
    HANZI,
    Barcode,
    Dots,
    Feed,
    Page,
    Patch,
    Run,
    Text,
)
from tests.hardware.test_simulated_printer import CUT, fed

QR = b"\x1d(k\x03\x001C\x06\x1d(k\x05\x001P0S1\x1d(k\x03\x001Q0"
RASTER = b"\x1dv0\x00\x01\x00\x02\x00\xff\xff"

#: commands that change no words, in the order of Epson's reference and then of others
SILENT = [
    *(b"\x1b 2", b"\x1b!9", b"\x1b%\x00", b"\x1b&\x03AB\x02abcdef\x00"),
    *(b"\x1b(A\x04\x000\x01\x02\x03", b"\x1b(A\x05\x00ad\x01\x01\x01", b"\x1b-\x01", b"\x1b2"),
    *(b"\x1b3\x18", b"\x1b=\x01", b"\x1b?A", b"\x1b@", b"\x1bD\x08\x10\x00", b"\x1bD\x00"),
    *(b"\x1bE\x01", b"\x1bG\x01", b"\x1bM\x01", b"\x1bR\x00", b"\x1bS", b"\x1bT\x00"),
    *(b"\x1bU\x01", b"\x1bV\x00", b"\x1bW" + bytes(8), b"\x1b{\x00", b"\x1ba\x00", b"\x1bc0\x01"),
    *(b"\x1bc1\x01", b"\x1bc3\x0f", b"\x1bc4\x0f", b"\x1bc5\x00", b"\x1bf\x00\x05", b"\x1bo"),
    *(b"\x1bp\x00\x19\xfa", b"\x1br\x01", b"\x1bt\x00", b"\x1bu\x00", b"\x1bv", b"\x1b<"),
    *(b"\x1bK\x00", b"\x1bA\x0c", b"\x1b+<", b"\x1bB\x02\x03", b"\x1bC\x01\x02\x03"),
    *(b"\x1b7\x07P\x02", b"\x1b8\x00\x00", b"\x1b9\x00", b"\x1bk\x00", b"\x1be\x00"),
    *(b"\x1bj\x00", b"\x1b\x0c", b"\x1b\\\x00\x00", b"\x1c!\x0c", b"\x1c&"),
    *(b"\x1c(A\x02\x000\x00", b"\x1c(C\x02\x000\x01", b"\x1c(E\x03\x00<\x02\x00"),
    *(b"\x1c(L\x02\x00!0", b"\x1c(e\x02\x0033", b"\x1c-\x01", b"\x1c."),
    *(b"\x1c2\xaa\xa1" + bytes(72), b"\x1c?\xaa\xa1", b"\x1cC\x00", b"\x1cS\x00\x00"),
    *(b"\x1cW\x01", b"\x1cg1\x00\x01\x00\x00\x00\x02\x00ab"),
    *(b"\x1cg2\x00\x01\x00\x00\x00\x02\x00", b"\x1cq\x01\x01\x00\x01\x00abcdefgh", b"\x1cr\x00"),
    *(b"\x1ca0\x01", b"\x1ca1", b"\x1cc", b"\x1d!\x00"),
    *(b"\x1d$\x00\x00", b"\x1d\\\x00\x00", b"\x1d(A\x02\x00\x00\x02", b"\x1d(B\x02\x00a\x00"),
    *(b"\x1d(C\x05\x00\x00\x00\x00ab", b"\x1d(D\x03\x00\x14\x01\x01", b"\x1d(E\x04\x00\x02OUT"),
    *(b"\x1d(F\x04\x00\x01\x00\x00\x00", b"\x1d(G\x02\x0000", b"\x1d(H\x03\x0010\x00"),
    *(b"\x1d(I\x02\x0000", b"\x1d(J\x02\x0000", b"\x1d(K\x02\x000\x00", b"\x1d(K\x02\x002\x05"),
    *(b"\x1d(M\x02\x0011", b"\x1d(N\x02\x0001", b"\x1d(P\n\x000" + bytes(9)),
    *(b"\x1d(Q\x0c\x000" + bytes(11), b"\x1d(X\x02\x0000", b"\x1d(Y\x02\x0000"),
    *(b"\x1d(Z\x02\x0000", b"\x1d(z\x02\x00*0", b"\x1d(j\x02\x0000", b"\x1d(k\x04\x001A2\x00"),
    *(b"\x1d(k\x03\x001C\x06", b"\x1d(k\x03\x001E1", b"\x1d(k\x03\x000A\x00"),
    *(b"\x1d(k\x03\x000B\x00", b"\x1d(k\x03\x000C\x03", b"\x1d(k\x03\x000D\x03"),
    *(b"\x1d(k\x04\x000E1\x03", b"\x1d(k\x03\x000F\x00", b"\x1d(k\x03\x002A2"),
    *(b"\x1d(k\x03\x003C\x02", b"\x1d(k\x04\x005B\x00\x00", b"\x1d(k\x05\x006B0\x00\x00"),
    *(b"\x1d(k\x04\x001P0A", b"\x1d(k\x03\x002Q0", b"\x1d*\x01\x01abcdefgh"),
    *(b"\x1d(L\x04\x000112", b"\x1d(L\x05\x000ACLR", b"\x1d(L\x04\x000BG1"),
    *(b"\x1d(L\x05\x000QCLR", b"\x1d(L\x0c\x000S0G1\x01\x08\x00\x01\x001a"),
    *(b"\x1d8L\x0c\x00\x00\x000C0G1\x01\x08\x00\x01\x001a", b"\x1d/\x00", b"\x1d:", b"\x1dB\x01"),
    *(b"\x1dC0\x06\x00", b"\x1dC1\x00\x00\x00\x00\x00\x00", b"\x1dC2\x00\x00"),
    *(b"\x1dC;1;2;3;4;5;", b"\x1dE\x00", b"\x1dG0", b"\x1dH\x02", b"\x1dL\x00\x00"),
    *(b"\x1dP\x00\x00", b"\x1dT\x01", b"\x1dT0", b"\x1dW@\x02", b"\x1dIA", b"\x1d^\x01\x00\x00"),
    *(b"\x1da\x00", b"\x1db\x01", b"\x1dc", b"\x1df\x01", b"\x1dg0\x00\x14\x00"),
    *(b"\x1dg2\x00\x14\x00", b"\x1dhP", b"\x1dj\x00", b"\x1dr\x01", b"\x1dw\x02"),
    *(b"\x1dz0\x03\x01", b"\x1dA\x00\x00", b"\x1d<", b"\x1d|\x04", ),
    *(b"\x1d\x0c", b"\x10\x04\x01", b"\x10\x04\x07\x01", b"\x10\x04\x12\x01", b"\x10\x05\x01"),
    *(b"\x10\x14\x01\x00\x01", b"\x10\x14\x03\x01\x01\x01\x01\x01", b"\x10\x14\x07\x01"),
    *(b"\x12#\x04", b"\x12T", b"\x00", b"\x07", b"\x0b", b"\x0c", b"\r", b"\x11", b"\x13"),
    *(b"\x18", b"\x1e"),
]  # fmt: skip
PRINTING = [
    *(b"\x1bJ\x18", b"\x1bd\x02", b"\x1b*!\x02\x00abcdef", b"\x1b*\x00\x02\x00ab", RASTER),
    *(b"\x1dQ0\x00\x02\x00\x01\x00ab", b"\x12*\x02\x01ab", b"\x12V\x01" + bytes(49), b"\t"),
    *(b"\x1dk\x0412\x00", b"\x1dkE\x0212", b"\x1dk\x08ab\x00", b"\x1dka\x05\x02\x03\x00abc"),
    *(b"\x1cp\x01\x00", b"\x1bZ\x00\x02\x05\x03\x00abc", b"\x1dkO\x03abc"),
    *(b"\x1dkK\r1234567890123", b"\x1d(L\x0b\x000p0\x01\x011\x08\x00\x01\x00a"),
    *(b"\x1d(L\x02\x0002", b"\x1d(L\x06\x000EG1\x01\x01", b"\x1dD0C0G100BM\n\x00\x00\x00ABCD"),
]  # fmt: skip


@pytest.mark.parametrize("command", SILENT, ids=lambda command: command[:6].hex())
def test_a_command_that_prints_nothing_is_stepped_over_to_its_last_byte(command: bytes) -> None:
    printer = fed(b"A\n" + command + b"\x1b@B\n")
    assert (printer.paper, printer.unknown) == (["A", "B"], [])
    assert needed_bytes(command) in (len(command), 1, 2)


@pytest.mark.parametrize("command", PRINTING, ids=lambda command: command[:6].hex())
def test_a_command_that_prints_something_ends_at_its_last_byte(command: bytes) -> None:
    printer = fed(b"A\n" + command + b"\n\x1b@B\n")
    assert (printer.paper[0], printer.paper[-1], printer.unknown) == ("A", "B", [])


@pytest.mark.parametrize("command", [*SILENT, *PRINTING], ids=lambda command: command[:6].hex())
def test_a_command_waits_for_its_last_byte_and_for_no_more(command: bytes) -> None:
    for length in range(1, len(command)):
        if (needed := needed_bytes(command[:length])) > 2:
            assert length < needed <= len(command)


@pytest.mark.parametrize(
    ("cut", "cuts"),
    [
        *((b"\x1dV" + bytes((m,)), True) for m in b"\x00\x0101"),
        *((b"\x1dV" + bytes((m, 3)), True) for m in b"ABabgh"),
        *((b"\x1bi", True), (b"\x1bm", True), (b"\x1d(V\x02\x0000", True)),
        (b"\x1dV\x07", False),
    ],
)
def test_every_way_to_cut(cut: bytes, cuts: bool) -> None:
    printer = fed(b"A" + cut + b"B\n")
    assert (printer.receipts, printer.unknown) == ((["A"], []) if cuts else ([], [cut]))


def test_a_cut_with_feed_leaves_white_paper_below() -> None:
    printer = fed(b"A\n\x1dVB\x10")
    assert printer.strips[0][-1] == Feed(112 + 16)


# ---- words


@pytest.mark.parametrize(
    ("page", "byte", "char"),
    [
        *((0, 0x82, "é"), (1, 0xB1, "ｱ"), (1, 0xF0, "╳"), (2, 0x9B, "ø"), (3, 0x84, "ã")),
        *((4, 0xA0, "¦"), (5, 0x9D, "Ø"), (13, 0x98, "İ"), (14, 0x80, "Α"), (15, 0xC1, "Α")),
        *((16, 0x80, "€"), (17, 0x80, "А"), (18, 0x88, "ł"), (19, 0xD5, "€"), (21, 0xA1, "ก")),
        *((32, 0x98, "ء"), (33, 0x85, "ģ"), (34, 0xA1, "А"), (35, 0x95, "þ"), (36, 0x80, "א")),
        *((37, 0xC7, "\ufe8d"), (38, 0x86, "Ά"), (39, 0xB1, "ą"), (40, 0xA4, "€"), (44, 0xF2, "Ґ")),
        *((45, 0x8C, "Ś"), (46, 0xC0, "А"), (47, 0xC1, "Α"), (48, 0xD0, "Ğ"), (49, 0xE0, "א")),
        *((50, 0xC7, "ا"), (51, 0xC0, "Ą"), (52, 0xD0, "Đ"), (53, 0xAA, "Ғ"), (41, 0xB0, "\ufffd")),
        (200, 0x82, "é"),  # no such page: that of before
    ],
)
def test_a_byte_is_a_character_of_the_page_that_was_chosen(page: int, byte: int, char: str) -> None:
    printer = fed(b"\x1c.\x1bt" + bytes((page, byte)) + b"\n")
    assert printer.paper == [char]


@pytest.mark.parametrize(
    ("country", "words"),
    [
        (0, "#$@[\\]^`{|}~"),
        (1, "#$à°ç§^`éùè¨"),
        (2, "#$§ÄÖÜ^`äöüß"),
        (3, "£$@[\\]^`{|}~"),
        (8, "#$@[¥]^`{|}~"),
        (12, "#$á¡Ñ¿éüíñóú"),
        (13, "#$@[₩]^`{|}~"),
        (15, "#¥@[\\]^`{|}~"),
        (77, "#$@[\\]^`{|}~"),
    ],
)
def test_some_signs_differ_by_country(country: int, words: str) -> None:
    assert fed(b"\x1bR" + bytes((country,)) + b"#$@[\\]^`{|}~\n").paper == [words]


def test_alignment_moves_lines_codes_and_pictures() -> None:
    line = b"AB\n" + QR + RASTER
    printer = fed(line, b"\x1ba\x01" + line, b"\x1ba2" + line, columns=21)
    assert printer.paper == [
        *("AB", "[QR S1]", "[picture]"),
        *("         AB", "       [QR S1]", "      [picture]"),
        *("                   AB", "              [QR S1]", "            [picture]"),
    ]
    assert printer.unknown == []


def test_alignment_and_margins_are_for_the_next_line_not_for_the_one_that_has_begun() -> None:
    printer = fed(b"A\x1ba\x01B\x1dL\x40\x00C\x1dW\x40\x00\n\x1ba\x01D\n", columns=9)
    assert printer.paper == ["ABC", "    D"]


def test_margins_and_width_move_and_wrap_lines() -> None:
    printer = fed(b"\x1dL\x30\x00\x1dW\x48\x00abcdefgh\n\x1ba\x02x\n" + QR, columns=20)
    assert printer.paper == ["    abcdef", "    gh", "         x", "    [QR S1]"]


def test_bands_of_one_picture_are_one_picture_and_a_begun_line_ends_before_it() -> None:
    assert fed(b"A" + RASTER + RASTER + b"B\n" + RASTER).paper == [
        "A",
        "[picture]",
        "B",
        "[picture]",
    ]
    strips = b"\x1b3\x18" + 3 * (b"\x1b*\x21\x02\x00abcdef\n")
    assert fed(b"A\n" + strips + b"B\n").paper == ["A", "[picture]", "B"]


def test_dots_in_a_line_stand_between_its_words() -> None:
    printer = fed(b"A\x1b*\x21\x0c\x00" + b"abc" * 12 + b"B\n")
    assert printer.paper == ["A[picture]B"]


def test_tabs_go_to_the_next_eighth_column_and_carriage_returns_are_not_needed() -> None:
    printer = fed(b"A\tB\tC\r\n")
    assert (printer.paper, printer.unknown) == (["A       B       C"], [])


def test_tabs_can_be_set_and_without_one_a_tab_goes_nowhere() -> None:
    assert fed(b"\x1bD\x03\x0a\x00A\tB\tC\tD\n").paper == ["A  B      CD"]
    assert fed(b"\x1bD\x00A\tB\n").paper == ["AB"]


def test_positions_put_words_where_they_are_told() -> None:
    assert fed(b"\x1b$\x18\x00A\x1b\\\x24\x00B\n").paper == ["  A   B"]
    assert fed(b"\x1b$\xc0\x0012.00\x1b$\x00\x00name\n").paper == ["name            12.00"]
    assert fed(b"A\x1b$\xff\xffB\n").paper == ["AB"]  # beyond the paper
    assert fed(b"A\x1b\\\x00\x80B\n").paper == ["AB"]
    assert fed(b"total\x1b$\x00\x00total\n").paper == ["total"]  # struck twice
    assert fed(b"\x1dP\x19\x19\x1b$\x02\x00A\n").paper == [" A"]  # 2 of 25 to the inch are 16 dots


def test_a_page_reads_from_top_to_bottom_whatever_the_order_it_was_filled_in() -> None:
    page = (
        b"\x1bL\x1d$\x60\x00\x1b$\x00\x01right\x1d$\x60\x00\x1b$\x00\x00left"
        b"\x1d$\x20\x00\x1b$\x00\x00top"
    )
    printer = fed(page, b"\x1b\x0c", b"\x18gone\x18", b"\x0cB\n" + CUT)
    assert printer.receipts == ["top\nleft                 right\nB"]
    assert printer.unknown == []


def test_a_page_has_boxes_and_directions() -> None:
    box = b"\x1bW\x60\x00\x00\x00\x40\x01\x80\x00"
    printer = fed(b"\x1bL" + box + b"A\nB\x1bT\x01C\x1bT2D\x1bT3E" + QR + b"\x0c\n" + CUT)
    page = next(piece for piece in printer.strips[0] if isinstance(piece, Page))
    assert [(piece.quarters, piece.x, piece.bottom) for piece in page.pieces] == [
        *((0, 0, 24), (0, 0, 54), (1, 0, 24), (2, 0, 24), (3, 0, 24), (3, 12, 126)),
    ]
    assert page.rows == 128
    assert printer.paper[:3] == ["        A", "        B", "C"]


def test_a_page_that_is_left_is_not_printed() -> None:
    printer = fed(b"\x1bLA\nB\x1bSC\n\x1bLD\n\x1b@E\n")
    assert (printer.paper, printer.unknown) == (["C", "E"], [])


def test_a_logo_that_was_stored_prints_and_another_stands_with_its_name() -> None:
    store = b"\x1cq\x02\x01\x00\x01\x00abcdefgh\x01\x00\x02\x00" + b"ABCDEFGH" * 2
    printer = fed(store + b"\x1cp\x02\x03A\n\x1cp\x07\x00" + CUT)
    assert printer.receipts == ["[picture]\nA\n[logo 7]"]
    logo = printer.strips[0][0]
    assert isinstance(logo, Dots)
    assert (logo.width, logo.rows) == (16, 32)
    printer.power_off()
    printer.power_on()
    printer.feed(b"\x1cp\x01\x00")
    assert printer.paper[-1] == "[picture]"


def test_graphics_are_stored_by_key_and_printed_by_it() -> None:
    define = (
        b"\x1d(L\x0c\x000C0G1\x01\x08\x00\x01\x001\xaa\x1d(L\x0c\x000T0G1\x01\x01\x00\x08\x001\xf0"
    )
    printer = fed(define + b"\x1d(L\x06\x000EG1\x01\x01\n\x1d(L\x06\x000UG1\x02\x02\n" + CUT)
    first, second = (piece for piece in printer.strips[0] if isinstance(piece, Dots))
    assert (first.bitmap.width, first.bitmap.bits, second.wide, second.high) == (8, b"\xaa", 2, 2)
    assert (second.bitmap.width, second.bitmap.bits) == (1, bytes((0x80,)) * 4 + bytes(4))
    printer.feed(b"\x1b@\x1d(L\x06\x000UG1\x01\x01")
    assert printer.paper[-1] == "[logo G1]"  # loaded ones do not outlast ESC @
    assert printer.unknown == []


def test_a_downloaded_picture_is_turned_from_columns_to_rows() -> None:
    printer = fed(b"\x1d*\x01\x01\xff\x81\x81\x81\x81\x81\x81\xff\x1d/\x00" + CUT)
    picture = printer.strips[0][0]
    assert isinstance(picture, Dots)
    assert picture.bitmap.bits == b"\xff\x81\x81\x81\x81\x81\x81\xff"
    assert fed(b"\x1d*\x01\x01\xff\x00\x00\x00\x00\x00\x00\x00\x1d/\x00").paper == ["[picture]"]


def test_graphics_in_the_print_buffer_wait_for_their_order_and_colours_add_up() -> None:
    one = b"\x1d(L\x0b\x000p0\x01\x021\x08\x00\x01\x00\xf0"
    printer = fed(one + one.replace(b"\xf0", b"\x0f").replace(b"\x021", b"\x022"))
    assert printer.paper == []
    printer.feed(b"\x1d(L\x02\x0002\x1d(L\x02\x00\x30\x02" + CUT)
    picture = printer.strips[0][0]
    assert isinstance(picture, Dots)
    assert (picture.bitmap.bits, picture.wide, picture.high) == (b"\xff", 1, 2)
    assert len(printer.strips[0]) == 1


# ---- styles


def line_of(stream: bytes) -> Text:
    """The first line that the stream prints."""
    printer = fed(stream + b"\n" + CUT)
    assert printer.unknown == []
    line = printer.strips[0][0]
    assert isinstance(line, Text)
    return line


def runs_of(stream: bytes) -> list[Run]:
    return [piece for piece in line_of(stream).pieces if isinstance(piece, Run)]


@pytest.mark.parametrize(
    ("command", "changed"),
    [
        (b"\x1bE\x01", {"bold": True}),
        (b"\x1bG\x01", {"bold": True}),
        (b"\x1b!\x08", {"bold": True}),
        (b"\x1b-\x01", {"underline": 1}),
        (b"\x1b-2", {"underline": 2}),
        (b"\x1b!\x80", {"underline": 1}),
        (b"\x1b!\x30", {"wide": 2, "high": 2}),
        (b"\x1b!\x10", {"high": 2}),
        (b"\x1d!\x70", {"wide": 8}),
        (b"\x1d!\x07", {"high": 8}),
        (b"\x1dB\x01", {"reverse": True}),
        (b"\x1bV\x01", {"turned": True}),
        (b"\x1b!\xb8\x1b!\x00", {}),
        (b"\x1d!\x11\x1b!\x00", {}),
        (b"\x1bE\x01\x1bG\x01\x1bE\x00", {"bold": True}),
        (b"\x1c!\x8c", {}),
    ],
)
def test_styles_of_letters(command: bytes, changed: dict[str, object]) -> None:
    (run,) = runs_of(command + b"ab")
    usual = {name: value for name, value in run.style._asdict().items() if name not in changed}
    assert {name: getattr(run.style, name) for name in changed} == changed
    assert usual == {name: value for name, value in type(run.style)()._asdict().items()
                     if name not in changed}  # fmt: skip


@pytest.mark.parametrize(
    ("command", "changed"),
    [
        (b"\x1bE\x01", {"bold": True}),
        (b"\x1d!\x11", {"wide": 2, "high": 2}),
        (b"\x1c!\x0c", {"wide": 2, "high": 2}),
        (b"\x1c!\x04", {"wide": 2}),
        (b"\x1cW\x01", {"wide": 2, "high": 2}),
        (b"\x1c-\x02", {"underline": 2}),
        (b"\x1c!\x80", {"underline": 1}),
        (b"\x1dB\x01", {"reverse": True}),
        (b"\x1b!\xb0", {}),  # is for letters alone
        (b"\x1b-\x01", {}),
    ],
)
def test_styles_of_hanzi(command: bytes, changed: dict[str, object]) -> None:
    (run,) = runs_of(command + "会员".encode("gbk"))
    assert run.style == type(run.style)()._replace(**changed)  # type: ignore[arg-type]
    assert run.cell == HANZI


def test_fonts_and_spaces_make_lines_hold_more_or_less() -> None:
    assert [run.cell for run in runs_of(b"a\x1bM\x01b\x1bM0c\x1b!\x01d\x1b!\x00e")] == [
        *(FONT_A, FONT_B, FONT_A, FONT_B, FONT_A),
    ]
    assert fed(b"\x1bM\x01" + b"x" * 70 + b"\n").paper == ["x" * 64, "x" * 6]
    assert fed(b"\x1b \x0c" + b"x" * 30 + b"\n").paper == ["x" * 24, "x" * 6]
    assert fed(b"\x1cS\x06\x06" + "会".encode("gbk") * 20 + b"\n").paper == ["会" * 16, "会" * 4]
    assert fed(b"\x1bV\x01" + b"x" * 30 + b"\n").paper == ["x" * 24, "x" * 6]


def test_a_line_can_stand_on_its_head_and_keeps_its_words() -> None:
    line = line_of(b"\x1b{\x01ab")
    assert line.upside_down
    assert fed(b"a\x1b{\x01b\n").paper == ["ab"]


def test_feeds_and_line_spacing_are_in_rows_of_dots() -> None:
    printer = fed(b"\x1b3\x40A\n\x1b2B\x1bJ\x50C\x1bd\x02\x1bA\x0aD\n\x1b+\xb4E\n\x1bJ\x10" + CUT)
    rows = [piece.rows for piece in printer.strips[0]]
    assert rows == [64, 80, 30, 30, 33, 101, 16]
    assert printer.paper == ["A", "B", "C", "", "D", "E"]


def test_paper_can_be_fed_back_a_little_and_never_above_its_beginning() -> None:
    printer = fed(b"\x1bK\x10A\n\x1bK\x10\x1bK\xffB\n\x1be\x01" + CUT)
    assert [piece for piece in printer.strips[0] if isinstance(piece, Feed)] == [
        Feed(-16),
        Feed(-30),
    ]
    assert printer.receipts == ["A\nB"]


def test_characters_can_be_defined_and_read_as_what_they_stand_for() -> None:
    define = b"\x1b&\x03AB\x02\xff\xff\xff\x00\x00\x00\x01\xaa\xaa\xaa"
    printer = fed(define + b"ABC\x1b%\x01ABC\x1b?B B\n" + CUT)
    assert printer.receipts == ["ABCABC B"]
    line = printer.strips[0][0]
    assert isinstance(line, Text)
    shapes = [piece for piece in line.pieces if isinstance(piece, Patch)]
    assert [(shape.text, shape.bitmap.width, shape.bitmap.rows) for shape in shapes] == [
        *(("A", 12, 24), ("B", 12, 24)),
    ]
    assert shapes[0].bitmap.bits[:2] == b"\x80\x00"


@pytest.mark.parametrize("code", [b"\x1bt", b"\x00\x00", b"\x1f\xa1"])
def test_a_character_defined_under_no_characters_code_is_taken_and_not_heeded(code: bytes) -> None:
    printer = fed(b"\x1c?" + code + b"\x1c2" + code + bytes(72) + b"Total\n" + CUT)
    assert (printer.paper[0], printer.unknown) == ("Total", [])


def test_hanzi_can_be_defined() -> None:
    printer = fed(b"\x1c2\xaa\xa1" + b"\xff" * 72 + b"\xaa\xa1\x1c?\xaa\xa1\xaa\xa1\n" + CUT)
    line = printer.strips[0][0]
    assert isinstance(line, Text)
    assert [type(piece) for piece in line.pieces] == [Patch, Run]
    assert len(printer.receipts[0]) == 2


def test_barcode_settings_last_until_they_are_changed() -> None:
    settings_ = b"\x1dh\x28\x1dw\x02\x1dH\x03\x1df\x01"
    printer = fed(settings_ + b"\x1dk\x02690102807502\x00\x1b@\x1dk\x02690102807502\x00" + CUT)
    first, second = printer.strips[0]
    assert isinstance(first, Barcode)
    assert isinstance(second, Barcode)
    assert (first.width, first.bar_rows, first.words_cell) == (190, 40, FONT_B)
    assert (first.words_above, first.words_below) == (True, True)
    assert (second.width, second.bar_rows, second.words_below) == (285, 162, False)


# ---- any command


@given(st.binary(min_size=2, max_size=40))
@settings(deadline=None)
def test_a_command_never_ends_before_what_is_known_of_it(data: bytes) -> None:
    """However much has arrived: the end is never put before where it was, once it was found."""
    for prefix in b"\x1b\x1c\x1d\x10\x12":
        command = bytes((prefix,)) + data
        whole = needed_bytes(command)
        assert whole > 0
        if whole <= len(command):
            for length in range(max(whole, 3), len(command)):
                assert needed_bytes(command[:length]) == whole or command[1:2] in (b"D", b"k", b"C")


@given(st.binary(max_size=300))
@settings(deadline=None, max_examples=25)
def test_a_macro_of_anything_prints_in_bounded_time(data: bytes) -> None:
    printer = SimulatedPrinter()
    printer.feed(b"\x1d:" + data + b"\x1d:" + b"\x1d^\xff\x00\x00" * 3)
