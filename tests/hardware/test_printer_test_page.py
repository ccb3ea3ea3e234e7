"""The page that finds out how a printer is spoken to."""

import pytest
import zxingcpp

from hardware.printer import test_page as page
from hardware.printer.barcode import Barcode
from hardware.printer.encoding import Cjk, width_cols
from hardware.printer.parts import Line, Qr
from hardware.printer.profile import Cut, Profile, profile_of
from hardware.printer.receipt_bytes import pieces, receipt
from hardware.simulator.printer.characters import Charset
from hardware.simulator.printer.dialect import CHEAP
from hardware.simulator.printer.machine import SimulatedPrinter
from hardware.url import DeviceUrl
from tests.hardware.test_dots import needs_font

WIDE = Profile(model="xp-n160ii")
NARROW = Profile(columns=32, dots=384, draws_qr=False, draws_barcodes=False, model="zj-5890")
PROFILES = [WIDE, Profile(columns=42, dots=512, cjk=Cjk.RASTER), NARROW]


@pytest.mark.parametrize("profile", PROFILES)
def test_each_proof_has_a_number_of_its_own_that_stands_on_the_paper(profile: Profile) -> None:
    made = page.proofs(profile)
    assert [proof.number for proof in made] == list(range(1, len(made) + 1))
    for proof in made:
        first = proof.parts[0]
        assert isinstance(first, Line)
        assert first.text.startswith(f"{proof.number:>2} ")


def test_chinese_stands_there_each_way_with_the_same_words() -> None:
    ways = [proof for proof in page.proofs(WIDE) if proof.option == "cjk"]
    assert [proof.value for proof in ways] == list(Cjk)
    for proof, cjk in zip(ways, Cjk, strict=True):
        assert proof.parts == (Line(f"{proof.number:>2} {page.SAMPLE}", cjk=cjk),)


def test_a_ruler_is_as_wide_as_the_paper_it_is_for_and_ends_with_its_width() -> None:
    rulers = [proof for proof in page.proofs(WIDE) if proof.option == "cols"]
    assert [proof.value for proof in rulers] == ["48", "42", "32"]
    for proof in rulers:
        (ruler,) = proof.parts
        assert isinstance(ruler, Line)
        assert width_cols(ruler.text) == int(proof.value)
        assert ruler.text.endswith(f"-{proof.value}")
        assert ruler.text[8:10] == "10"


def test_codes_stand_there_drawn_by_the_printer_and_as_dots() -> None:
    codes = [
        part for proof in page.proofs(NARROW) for part in proof.parts if not isinstance(part, Line)
    ]
    assert [type(code) for code in codes] == [Qr, Qr, Barcode, Barcode]
    assert [code.native for code in codes if isinstance(code, Qr | Barcode)] == [True, False] * 2


@pytest.mark.parametrize(
    ("numbers", "options"),
    [
        (
            range(1, 13),
            "cjk=fs_gb18030 cols=48 qr=native barcode=native cut=partial",
        ),
        ([2, 4, 6, 9, 10, 12], "cjk=raw_gb18030 cols=42 qr=picture barcode=native cut=partial"),
        ([3, 4, 7, 9, 11], "cjk=utf8 cols=32 qr=picture barcode=picture cut=none"),
        ([4], "cjk=raster cut=none"),
        ([], "cut=none"),
    ],
)
def test_the_numbers_that_came_out_well_are_the_options_to_write(
    numbers: list[int], options: str
) -> None:
    found = page.options_of(WIDE, numbers)
    assert " ".join(f"{name}={value}" for name, value in found.items()) == options
    url = DeviceUrl.parse("escpos+tcp://h?" + options.replace(" ", "&"))
    profile = profile_of(url)
    url.nothing_left()
    assert profile.assumed.isdisjoint(found)


@pytest.mark.parametrize("profile", PROFILES)
def test_all_questions_fit_the_paper_and_can_be_read_whatever_the_printer_does_with_chinese(
    profile: Profile,
) -> None:
    rulers = {proof.parts[0] for proof in page.proofs(profile) if proof.option == "cols"}
    for part in page.test_page(profile):
        if isinstance(part, Line) and part not in rulers:
            assert width_cols(part.text) * (2 if part.large else 1) <= profile.columns
            shown_anyhow = part.text.isascii() or part.cjk is not None
            assert shown_anyhow or part.text in ("普通 Plain", "粗体 Bold", "大字 Large")


@pytest.mark.parametrize(
    ("charset", "readable"),
    [
        (Charset.GB18030, {1, 2}),
        (Charset.GBK, {1, 2}),
        (Charset.UTF8, {3}),
        (Charset.BIG5, set()),
        (Charset.SHIFT_JIS, set()),
        (Charset.NONE, set()),
    ],
)
def test_a_printer_shows_by_the_lines_that_can_be_read_what_characters_it_has(
    charset: Charset, readable: set[int]
) -> None:
    printer = SimulatedPrinter(columns=48, charset=charset)
    printer.feed(receipt(page.test_page(WIDE), WIDE))
    lines = [line.rstrip() for line in printer.receipts[0].splitlines()]
    shown = {n for n in (1, 2, 3) if f"{n:>2} {page.SAMPLE}".rstrip() in lines}
    assert shown == readable
    assert printer.unknown == []


def test_a_cheap_printer_types_the_code_that_it_cannot_draw() -> None:
    printer = SimulatedPrinter(columns=48, dialect=CHEAP)
    printer.feed(receipt(page.test_page(WIDE), WIDE))
    assert "[QR 8 QR native]" not in printer.receipts[0]
    assert "8 QR native" in printer.receipts[0]


@needs_font
@pytest.mark.parametrize("profile", PROFILES)
def test_every_code_on_the_page_scans_and_says_its_number(profile: Profile) -> None:
    printer = SimulatedPrinter(columns=profile.columns)
    printer.feed(receipt(page.test_page(profile), profile))
    found = {code.text for code in zxingcpp.read_barcodes(printer.picture())}
    assert found == {"8 QR native", "9 QR picture", "10 native", "11 picture"}


def test_the_paper_is_cut_at_its_end_as_the_profile_says() -> None:
    for cut in Cut:
        profile = Profile(cut=cut)
        assert list(pieces(page.test_page(profile), profile))[-1].startswith(b"\x1bd\x06")
        assert page.proofs(profile)[-1].value == cut
