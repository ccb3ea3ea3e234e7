"""Receipts as they stand on paper, compared with what a person has looked at and kept.

The kept ones lie beside, a file for each sale, width and language. After a change that is meant:

    OMNITILL_TESTS_KEEP_RECEIPTS=1 .venv/bin/pytest tests/till/test_receipts.py

and then look at every line that the version control shows.
"""

import os
from contextlib import closing
from pathlib import Path

import msgspec
import pytest
import zxingcpp
from PIL import Image

from hardware.printer import receipt_bytes
from hardware.printer.encoding import width_cols
from hardware.printer.glyphs import NoFont
from hardware.printer.parts import Line, Part, Picture, Qr
from hardware.printer.profile import COLUMNS
from hardware.simulator.printer.machine import SimulatedPrinter
from pos_client.sale import receipt
from pos_client.sale.receipt import as_text as text_of
from pos_client.sale.receipt import receipt_parts
from pos_client.settings import WrongSetting
from pos_client.till import Till
from retail.catalogue import Product, StoreSettings
from retail.language import CLOSING, Language
from retail.quantity import Unit
from retail.receipt import BUILT_IN
from retail.tax import Tax
from tests.builders import SteppedClock, a_product, apples, open_till, publish, till_settings
from tests.till.counter import did

KEPT = Path(__file__).parent / "receipts"
KEEP = os.environ.get("OMNITILL_TESTS_KEEP_RECEIPTS")

LONG = "进口有机无添加糖全脂高钙儿童成长牛奶礼盒装 Organic Whole Milk Gift Box 250ml×24"
ON_TOP = Tax("FOOD", 70_000, included=False)
SHELF: list[Product] = [
    a_product("cola", name="可口可乐 330ml", codes=("1",)),
    a_product("long", name=LONG, price_minor=12_800, codes=("2",)),
    a_product("pen", name="Stabilo Boss 荧光笔 黄", price_minor=890, codes=("3",)),
    msgspec.structs.replace(apples(), codes=("4",)),
    a_product("bread", name="Brötchen", price_minor=65, codes=("5",), tax=ON_TOP),
    a_product("gold", name="金条 Au999.9 1kg", price_minor=99_999_999, codes=("6",), tax=Tax()),
    a_product("free", name="Bag 购物袋", price_minor=0, codes=("7",)),
    a_product("oil", name="菜籽油（散装）", price_minor=1799, codes=("8",), unit=Unit.LITRE),
    a_product("torn", name="两行\n的\t名字", price_minor=100, codes=("9",)),
]  # fmt: skip


def plain(till: Till) -> None:
    """The everyday sale: pieces, a weighing, cash and change."""
    did(till, "scan", code="1", quantity=2000)
    did(till, "weigh", code="4", weight_g=655)
    did(till, "scan", code="3")
    did(till, "pay", amount=5000)


def everything(till: Till) -> None:
    """Long names, discounts, a line price, two taxes, rounding, three payments, a customer."""
    did(till, "scan", code="2")
    did(till, "scan", code="2")
    did(till, "line_discount", rate_ppm=100_000, reason="gold")
    did(till, "scan", code="3", quantity=3000)
    did(till, "line_price", total=2000, reason="label")
    did(till, "scan", code="5", quantity=6000)
    did(till, "scan", code="7")
    did(till, "scan", code="8", quantity=1250)
    did(till, "scan", code="9")
    did(till, "customer", customer="****1234 金卡")
    did(till, "pay", tender="wechat", amount=10_000)
    did(till, "pay", tender="card", amount=10_000)
    did(till, "pay", amount=10_000)


def as_large_as_it_gets(till: Till) -> None:
    """Amounts, quantities and numbers that do not fit beside each other."""
    did(till, "scan", code="6", quantity=999_000)
    did(till, "weigh", code="4", weight_g=998_999)
    did(till, "customer", customer="membership-number-" + "0123456789" * 4)
    did(till, "pay", tender="card")


SALES = {sale.__name__: sale for sale in (plain, everything, as_large_as_it_gets)}


def with_words_of_its_own(language: Language) -> tuple[str, ...]:
    """The built-in template with an address below the store's name, and thanks above the code."""
    built_in = BUILT_IN[language]
    address = ("^ 静安区南京西路 1 号", "^ Tel 021-5555 0100", f"^ {LONG}")
    thanks = ("^ 谢谢惠顾 Thank you!", "^ Return within 7 days with this receipt, please.")
    return (*built_in[:2], *address, *built_in[2:-2], *thanks, *built_in[-2:])


def laid_out(
    folder: Path,
    sale: str,
    language: Language,
    columns: int,
    copy: int,
    logo: Picture | None = None,
) -> list[Part]:
    settings = StoreSettings(
        store_name="上海静安店" if language is Language.CHINESE else "Corner Shop Jing'an",
        language=language,
        cash_step_minor=5,
        receipt_template=with_words_of_its_own(language),
    )
    with closing(open_till(folder, clock=SteppedClock())) as till:
        publish(till, SHELF, settings)
        did(till, "open_shift", cashier="1001")
        SALES[sale](till)
        return receipt_parts(till.sale.last_sale(), settings, columns, copy, logo)


def as_kept(parts: list[Part], columns: int) -> str:
    """The paper with its styles told at the edge: B bold, L large, Q a QR code."""
    lines = text_of(parts, columns).splitlines()
    return "".join(f"{style(part)}|{line}\n" for part, line in zip(parts, lines, strict=True))


def style(part: Part) -> str:
    match part:
        case Line(large=True):
            return "L"
        case Line(bold=True):
            return "B"
        case Qr():
            return "Q"
    return " "


def written(parts: list[Part]) -> list[Line]:
    return [part for part in parts if isinstance(part, Line)]


def width(line: Line) -> int:
    return width_cols(line.text) * (2 if line.large else 1)


@pytest.mark.parametrize("columns", COLUMNS)
@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("sale", SALES)
def test_a_receipt_is_the_one_that_was_looked_at(
    tmp_path: Path, sale: str, language: Language, columns: int
) -> None:
    copy = 2 if sale == "everything" else 0
    parts = laid_out(tmp_path, sale, language, columns, copy)
    text = as_kept(parts, columns)
    assert [line for line in written(parts) if width(line) > columns] == []
    assert not any(char in line.text for line in written(parts) for char in "\n\t\r")
    kept = KEPT / f"{sale}-{language}-{columns}.txt"
    if KEEP:
        kept.parent.mkdir(exist_ok=True)
        kept.write_text(text, encoding="utf-8")
    assert text == kept.read_text(encoding="utf-8")


@pytest.mark.parametrize("columns", COLUMNS)
@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("sale", SALES)
def test_every_amount_stands_at_the_right_edge_and_nothing_is_cut_off(
    tmp_path: Path, sale: str, language: Language, columns: int
) -> None:
    lines = written(laid_out(tmp_path, sale, language, columns, copy=0))
    rules = [place for place, line in enumerate(lines) if line.text == "-" * columns]
    assert len(rules) in (3, 4)  # a fourth one above the taxes, when there are any
    ends = [line for line in lines[rules[0] : rules[-1]] if line.text[-1:].isdigit()]
    assert ends
    for line in ends:
        if "." in line.text.split()[-1] and not line.text.startswith("  "):
            assert width(line) == columns, line
    squeezed = "".join(line.text for line in lines).replace(" ", "")
    for whole in ("S01-1-000001-000001", "2026-06-0309:00:00", LONG.replace(" ", "")):
        assert whole in squeezed


def test_a_receipt_ends_with_its_number_to_scan_and_to_read(tmp_path: Path) -> None:
    *_, code, number = laid_out(tmp_path, "plain", Language.CHINESE, 48, copy=0)
    assert code == Qr("S01-1-000001-000001")
    assert isinstance(number, Line)
    assert number.text.strip() == "S01-1-000001-000001"


def test_a_copy_says_so_before_all_else_and_the_logo_opens_every_receipt(tmp_path: Path) -> None:
    logo = Picture(1, b"\xff")
    first, second, *_ = laid_out(tmp_path, "plain", Language.ENGLISH, 48, 3, logo)
    assert isinstance(first, Line)
    assert (first.text.strip(), first.bold) == ("*** COPY 3 ***", True)
    assert second is logo


def test_the_receipt_on_the_screen_is_the_one_on_paper(tmp_path: Path) -> None:
    with closing(open_till(tmp_path)) as till:
        publish(till, SHELF)
        did(till, "open_shift", cashier="1001")
        plain(till)
        parts = receipt_parts(till.sale.last_sale(), till.catalogue.settings, 48, 0)
        assert did(till, "last_receipt")["text"] == text_of(parts, 48)


@pytest.mark.parametrize("columns", COLUMNS)
@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("sale", SALES)
def test_the_paper_reads_as_the_screen_does_and_its_code_is_the_number(
    tmp_path: Path, sale: str, language: Language, columns: int
) -> None:
    parts = laid_out(tmp_path, sale, language, columns, 1, Picture(24, b"\x0f" * 24 * 60))
    printer = SimulatedPrinter(columns=columns)
    printer.feed(receipt_bytes.receipt(parts))
    assert printer.unknown == []
    shown = [line.split() for line in text_of(parts, columns).splitlines()]
    assert [line.split() for line in printer.receipts[0].splitlines()] == shown
    try:
        paper = printer.picture()
    except NoFont:
        pytest.skip("no font with Chinese is installed here")
    found = zxingcpp.read_barcodes(paper)
    assert [code.text for code in found] == ["S01-1-000001-000001"]


def test_the_logo_lies_in_the_tills_folder(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    Image.new("1", (160, 80)).save(tmp_path / "data" / "shop.png")
    settings = till_settings(tmp_path).model_copy(update={"logo": Path("shop.png")})
    logo = receipt.Logo(settings)
    assert logo.at(48) == Picture(20, b"\xff" * 20 * 80)
    assert receipt.Logo(till_settings(tmp_path)).at(48) is None


@pytest.mark.parametrize("name", ["none.png", ".", "words.png"])
def test_a_wrong_logo_is_refused_at_the_start_and_names_the_setting(
    tmp_path: Path, name: str
) -> None:
    open_till(tmp_path).close()
    (tmp_path / "data" / "words.png").write_text("no picture")
    with pytest.raises(WrongSetting, match="logo") as refused:
        open_till(tmp_path, logo=Path(name))
    assert "PNG" in str(refused.value)
    open_till(tmp_path).close()


@pytest.mark.parametrize("columns", [2, 7, 16, 48])
@pytest.mark.parametrize(
    "text", ["", " ", "汉", LONG, "a" * 200, "x " * 90, "\n\n", "é×…￥" * 9, "凭小票，退换。" * 9]
)
def test_folding_keeps_every_character_and_every_width(text: str, columns: int) -> None:
    pieces = receipt.folded(text, columns)
    assert all(width_cols(piece) <= columns for piece in pieces)
    assert columns == 2 or not any(piece[0] in CLOSING for piece in pieces[1:])
    kept = "".join(pieces).replace(" ", "")
    assert kept == text.replace("\n", " ").replace(" ", "")


@pytest.mark.parametrize("columns", [16, 32, 48])
@pytest.mark.parametrize("left", ["", "合计", LONG])
@pytest.mark.parametrize("right", ["0.00", "99,999,999,999.00", "汉字" * 12])
def test_two_sides_share_a_line_or_stand_one_above_the_other(
    left: str, right: str, columns: int
) -> None:
    lines = receipt.sides(left, right, columns)
    assert all(width_cols(line) <= columns for line in lines)
    assert "".join(lines).replace(" ", "") == (left + right).replace(" ", "")
    assert width_cols(lines[-1]) == columns
