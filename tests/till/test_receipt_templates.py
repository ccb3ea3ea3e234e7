"""Receipts by a store's own template: what stands where, on every paper, and what never goes."""

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest
from PIL import Image
from typer.testing import CliRunner

from hardware.printer.barcode import Barcode
from hardware.printer.encoding import width_cols
from hardware.printer.glyphs import NoFont, find_font
from hardware.printer.parts import Line, Part, Picture, Qr
from hardware.printer.profile import COLUMNS
from pos_client.__main__ import app
from pos_client.sale.receipt import receipt_parts
from pos_client.sale.sample import sample_parts
from pos_client.till import Till
from retail.catalogue import StoreSettings
from retail.language import Language
from retail.receipt import BUILT_IN, FIELDS, UnusableTemplate
from tests.builders import open_till, publish
from tests.till.counter import did

NEEDED = ("{receipt}", "[items]", "{total}", "[tenders]")
NUMBER = "S01-2-K7Q2XM-000123"


def printed(*template: str, columns: int = 48, language: Language = Language.ENGLISH) -> list[Part]:
    """What the sample prints in front of what every receipt needs."""
    whole = sample_parts((*template, *NEEDED), language, columns)
    rest = sample_parts(NEEDED, language, columns)
    assert whole[len(whole) - len(rest) :] == rest
    return whole[: len(whole) - len(rest)]


def texts(parts: Sequence[Part]) -> list[str]:
    return [part.text for part in parts if isinstance(part, Line)]


def sold_at(till: Till, **settings: object) -> list[Part]:
    """A cola, sold and laid out by the store's settings."""
    publish(till, settings=StoreSettings(**settings))  # type: ignore[arg-type]
    did(till, "open_shift", cashier="1001")
    did(till, "scan", code="6901028075022")
    did(till, "pay", amount=5000)
    return receipt_parts(till.sale.last_sale(), till.catalogue.settings, 48, copy=0)


def test_a_line_stands_where_its_marks_put_it() -> None:
    assert printed("^ ab", "* ab", "=^ ab", "ab | cd", columns=32) == [
        Line(" " * 15 + "ab"),
        Line("ab", bold=True),
        Line(" " * 7 + "ab", bold=True, large=True),
        Line("ab" + " " * 28 + "cd"),
    ]


def test_a_rule_is_as_wide_as_the_paper() -> None:
    for columns in COLUMNS:
        assert printed("x", "===", columns=columns)[1] == Line("=" * columns)


def test_a_line_with_a_field_that_is_empty_is_left_out() -> None:
    template = ("Member | {customer}", "You saved {saved} {currency}", "[qr {customer}]", *NEEDED)
    full, small = (
        sample_parts(template, Language.ENGLISH, 48, small=small) for small in (False, True)
    )
    assert [line.split() for line in texts(full)[:2]] == [
        ["Member", "****1234"],
        ["You", "saved", "12.80", "CNY"],
    ]
    assert texts(small)[0] == NUMBER
    assert not any(isinstance(part, Qr) for part in small)


def test_blank_lines_above_the_first_words_are_left_out_and_no_others() -> None:
    assert texts(printed("", "^ {customer}"))[0].strip() == "****1234"
    assert texts(printed("", "", "a", "", "b")) == ["a", "", "b"]


def test_every_field_says_something_of_the_sample() -> None:
    for field in FIELDS:
        (line,) = printed(f"<{{{field}}}>")
        assert isinstance(line, Line)
        assert len(line.text) > 2, field


def test_the_code_of_each_article_stands_below_it_where_it_is_asked_for() -> None:
    with_codes, without = (texts(printed(block)) for block in ("[items codes]", "[items]"))
    assert "  6901028075022" in with_codes
    assert [line for line in with_codes if line not in without] == [
        *("  6901028075022", "  21001", "  6900000000014"),
    ]


def test_a_code_to_scan_holds_the_words_it_is_given() -> None:
    assert printed("[qr https://x.example/{receipt}]") == [Qr(f"https://x.example/{NUMBER}")]
    (bars,) = printed("[barcode]")
    assert isinstance(bars, Barcode)
    assert bars.data == NUMBER


def test_what_no_code_can_hold_is_printed_as_words() -> None:
    long = "x" * 100
    for line in ("[barcode 小票]", f"[barcode {long}]", f"[qr {long}{'{receipt}' * 8}]"):
        parts = printed(line)
        assert parts
        assert all(isinstance(part, Line) for part in parts)


def test_a_copy_says_so_on_top_whatever_the_template_says(tmp_path: Path) -> None:
    with closing(open_till(tmp_path)) as till:
        sold_at(till, receipt_template=NEEDED, language=Language.ENGLISH)
        sold, settings = till.sale.last_sale(), till.catalogue.settings
        first = receipt_parts(sold, settings, 48, copy=2)[0]
    assert isinstance(first, Line)
    assert "COPY 2" in first.text


def test_the_logo_stands_where_the_template_puts_it(tmp_path: Path) -> None:
    logo = Picture(1, b"\xff")
    with closing(open_till(tmp_path)) as till:
        sold_at(till, receipt_template=("top", "[logo]", *NEEDED))
        sold, settings = till.sale.last_sale(), till.catalogue.settings
        assert receipt_parts(sold, settings, 48, 0, logo)[:2] == [Line("top"), logo]
        assert logo not in receipt_parts(sold, settings, 48, 0)


@pytest.mark.parametrize("columns", COLUMNS)
@pytest.mark.parametrize("language", list(Language))
def test_no_line_is_wider_than_the_paper(language: Language, columns: int) -> None:
    long = "汉字 and words " * 12
    rows = (f"= {long}", f"^ {long}", long, f"{long} | {{receipt}}", f"=* a | {long}")
    for part in sample_parts((*rows, *BUILT_IN[language]), language, columns):
        if isinstance(part, Line):
            assert width_cols(part.text) * (2 if part.large else 1) <= columns


def test_a_till_keeps_to_the_receipts_it_knew_when_a_template_cannot_be(tmp_path: Path) -> None:
    with closing(open_till(tmp_path)) as till:
        sold_at(till, receipt_template=("Our own", *NEEDED))
        for wrong in (("{nothing}", *NEEDED), ("no total",)):
            publish(till, settings=StoreSettings(store_name="New", receipt_template=wrong))
            assert till.catalogue.settings.receipt_template[0] == "Our own"
            assert till.catalogue.settings.store_name == ""


def documented() -> list[str]:
    """The template in docs/receipts.md."""
    text = (Path(__file__).parents[2] / "docs/receipts.md").read_text(encoding="utf-8")
    block = text.split("receipt-template-zh.png)\n\n")[1].split("\n\n")[0]
    return [line.removeprefix("    ") for line in block.splitlines()]


def test_the_template_of_the_documents_prints_as_its_picture_shows() -> None:
    for columns in COLUMNS:
        parts = sample_parts(documented(), Language.CHINESE, columns)
        assert "  6901028075022" in texts(parts)
        assert Qr(f"https://invoice.example/r?n={NUMBER}") in parts
        assert texts(parts)[-1].startswith("[退换货]") or columns == min(COLUMNS)


# ---- pos-client receipt


def tried(*words: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["receipt", *words], catch_exceptions=False)
    return done.exit_code, done.output


def test_a_template_is_looked_at_before_a_store_prints_by_it(tmp_path: Path) -> None:
    file = tmp_path / "receipt.txt"
    file.write_text("\n".join(("* 欢迎光临", *NEEDED)), encoding="gb18030")
    code, said = tried(str(file), "--columns", "32")
    assert code == 0
    assert said.splitlines()[:2] == ["欢迎光临", NUMBER]
    assert tried("--language", "en")[1].split()[:2] == ["Sample", "Store"]
    assert "****1234" in tried()[1]
    assert "****1234" not in tried("--small")[1]


def test_a_template_is_drawn_as_it_prints(tmp_path: Path) -> None:
    try:
        find_font()
    except NoFont:
        pytest.skip("no font with Chinese is installed here")
    picture, logo = tmp_path / "receipt", tmp_path / "logo.png"
    Image.new("1", (80, 40)).save(logo)
    code, said = tried("--picture", str(picture), "--logo", str(logo))
    assert code == 0
    assert "[picture]" in said
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_a_wrong_template_is_answered_with_a_sentence(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.txt"
    for data, says in (
        (b"{price}\n", "line 1"),
        (b"nothing\n", "[items]"),
        (b"", "[items]"),
        (b"\x00\x01", "not text"),
    ):
        wrong.write_bytes(data)
        code, said = tried(str(wrong))
        assert code == 1
        assert says in said
    for words in (("/nowhere/it.txt",), (str(tmp_path),), ("--columns", "33")):
        assert tried(*words)[0] == 1
    assert tried("--picture", "/nowhere/it.png")[0] == 1
    assert "PNG" in tried("--logo", str(wrong))[1]


def test_the_sample_itself_refuses_what_a_store_could_not_use() -> None:
    with pytest.raises(UnusableTemplate):
        sample_parts(("{x}", *NEEDED), Language.CHINESE, 48)
