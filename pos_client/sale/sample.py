"""Sales that nobody made, one with everything in it that a receipt can say and one with as little
as can be: to look at a template before a store prints by it."""

from collections.abc import Sequence
from pathlib import Path

from hardware.printer.parts import Part, Picture
from hardware.printer.profile import profile_of
from hardware.url import DeviceUrl
from pos_client.sale.receipt import receipt_parts
from pos_client.sale.sold import Sold
from retail import tender
from retail.basket import Basket, Discount
from retail.catalogue import CASH, Product, StoreSettings, TenderType
from retail.facts import SaleCompleted
from retail.language import Language, Text
from retail.money import Money
from retail.quantity import ONE, Unit
from retail.receipt import ReceiptNumber
from retail.tax import Tax

_STORE = Text("Sample Store", "示例门店")
_OFF = Text("10% off today", "今日九折")
_VAT, _FOOD = Tax("VAT13", 130_000), Tax("VAT9", 90_000)
#: name, price, unit, tax, code, how much of it in 1/1000
_GOODS = (
    (Text("Cola 330 ml", "可乐 330ml"), 350, Unit.PIECE, _VAT, "6901028075022", 2 * ONE),
    (Text("Apples, loose", "散装苹果"), 1280, Unit.KILOGRAM, _FOOD, "21001", 655),
    (
        Text(
            "Organic whole milk in a gift box, 250 ml × 24", "有机全脂牛奶礼盒装 250ml×24 送礼佳品"
        ),
        12_800, Unit.PIECE, _FOOD, "6900000000014", ONE,
    ),
)  # fmt: skip


def sample_parts(
    template: Sequence[str],
    language: Language,
    columns: int,
    *,
    small: bool = False,
    logo: Picture | None = None,
) -> list[Part]:
    """The receipt of such a sale by a template, of a `small` one one article without discount,
    customer and change. Raises UnusableTemplate or IncompleteTemplate."""
    settings = StoreSettings(
        store_name=_STORE.to(language),
        language=language,
        cash_step_minor=10,
        receipt_template=tuple(template),
    )
    basket = _small(settings) if small else _full(settings)
    receipt = ReceiptNumber("S01-2", "K7Q2XM", 123)
    fact = SaleCompleted.of(basket, str(receipt))
    sold = Sold("", "2026-06-03T18:05:09+08:00", "", "1001", "2026-06-03", fact)
    return receipt_parts(sold, settings, columns, copy=0, logo=logo)


def _small(settings: StoreSettings) -> Basket:
    return _paid(_with_goods(settings, 1), settings, (CASH, 700))


def _full(settings: StoreSettings) -> Basket:
    basket = _with_goods(settings, len(_GOODS))
    off = Discount(_OFF.to(settings.language), rate_ppm=100_000, by_rule=True)
    basket, _ = basket.with_discount(basket.line().number, off)
    basket = basket.for_customer("****1234")
    return _paid(basket, settings, (settings.tenders[1], 10_000), (CASH, 5_000))


def _with_goods(settings: StoreSettings, many: int) -> Basket:
    basket = Basket(settings.currency)
    for name, price, unit, tax, code, quantity in _GOODS[:many]:
        named = name.to(settings.language)
        product = Product(code, named, price, settings.currency, (code,), unit, tax)
        basket, _ = basket.with_product(product, code, quantity, settings.quantity_max)
    return basket


def _paid(basket: Basket, settings: StoreSettings, *payments: tuple[TenderType, int]) -> Basket:
    for kind, given in payments:
        amount = Money(given, settings.currency)
        basket = basket.with_tender(
            tender.take(basket.due, kind, amount, settings.cash_step_minor, 10_000)
        )
    return basket


def draw(parts: Sequence[Part], columns: int, file: Path) -> None:
    """What a printer makes of it, as a PNG picture, whatever the file is called. Raises NoFont or
    OSError."""
    # only who wants a picture waits for the drawing
    from hardware.printer.receipt_bytes import receipt  # noqa: PLC0415
    from hardware.simulator.printer.machine import SimulatedPrinter  # noqa: PLC0415

    printer = SimulatedPrinter(columns=columns)
    profile = profile_of(DeviceUrl.parse(f"sim://printer?cols={columns}"))
    printer.feed(receipt(parts, profile))
    printer.picture().save(file, format="PNG")
