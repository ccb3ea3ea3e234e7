"""What hypothesis fills a shop with: products, baskets however they were filled, payments, and a
fact of every type with every value its types allow."""

from collections.abc import Sequence
from typing import NamedTuple, cast

from hypothesis import strategies as st
from msgspec import inspect

from retail.basket import Basket, Discount
from retail.catalogue import CASH, Product, TenderType
from retail.facts import TYPES, Fact, SaleCompleted
from retail.money import Money
from retail.quantity import ONE, Unit
from retail.refusals import Refusal
from retail.tax import Tax
from retail.tender import exact, take
from tests.builders import a_product

QUANTITY_MAX = 999 * ONE
CARD = TenderType("card", "Card", "银行卡")

#: included and on top, rates with a fraction of a percent, and none
TAXES = (
    Tax("VAT13", 130_000),
    Tax("VAT9", 90_000),
    Tax("GST", 88_750, included=False),
    Tax("EXCISE", 50_000, included=False),
    Tax(),
)


class Scan(NamedTuple):
    """A product, and how much of it: pieces, or what the scale says."""

    product: Product
    quantity: int


@st.composite
def scans(draw: st.DrawFn, most: int = 12) -> list[Scan]:
    """What passes the scanner for one customer, all from one shelf, pieces often again."""
    prices = draw(st.lists(st.integers(0, 5_000), min_size=6, max_size=6))
    shelf = [
        a_product(
            f"p{number}",
            price_minor=price_minor,
            unit=Unit.KILOGRAM if number % 3 == 0 else Unit.PIECE,
            tax=TAXES[number % len(TAXES)],
        )
        for number, price_minor in enumerate(prices)
    ]
    weights, pieces = st.integers(1, 3_000), st.integers(1, 4).map(lambda count: count * ONE)
    picked = draw(st.lists(st.sampled_from(shelf), min_size=1, max_size=most))
    return [Scan(each, draw(weights if each.unit.is_measured else pieces)) for each in picked]


EMPTY = Basket("CNY")


def scanned(passed: Sequence[Scan], basket: Basket = EMPTY) -> Basket:
    for product, quantity in passed:
        basket, _ = basket.with_product(product, product.codes[0], quantity, QUANTITY_MAX)
    return basket


@st.composite
def baskets(draw: st.DrawFn) -> Basket:
    """A basket as a busy cashier leaves it: some lines removed, priced by hand, discounted, or
    of another quantity; never empty, not yet paid."""
    basket = scanned(draw(scans()))
    for _ in range(draw(st.integers(0, 4))):
        basket = _handled(draw, basket)
    return basket


def _handled(draw: st.DrawFn, basket: Basket) -> Basket:
    """One act on one line; what the shop refuses changes nothing."""
    number = draw(st.sampled_from([line.number for line in basket.lines]))
    try:
        match draw(st.sampled_from(["remove", "price", "amount", "rate", "quantity"])):
            case "remove" if len(basket.lines) > 1:
                return basket.without_line(number)[0]
            case "price":
                total = Money(draw(st.integers(0, 20_000)), basket.currency)
                return basket.with_line_price(number, total, "damaged")[0]
            case "amount":
                off = Discount("regular", amount_minor=draw(st.integers(0, 5_000)))
                return basket.with_discount(number, off)[0]
            case "rate":
                off = Discount("regular", rate_ppm=draw(st.integers(0, 1_000_000)))
                return basket.with_discount(number, off)[0]
            case _:
                quantity = draw(st.integers(1, 9)) * ONE
                return basket.with_quantity(number, quantity, QUANTITY_MAX)[0]
    except Refusal:
        return basket


@st.composite
def sales(draw: st.DrawFn) -> SaleCompleted:
    """A completed sale: paid in parts by cash and card, the last part all that was still due,
    with or without coins that are missing."""
    basket = draw(baskets())
    step = draw(st.sampled_from([1, 5, 10, 100]))
    for kind in draw(st.lists(st.sampled_from([CASH, CARD]), max_size=3)):
        part = basket.due.minor // 2 // step * step
        if part > 0:
            basket = basket.with_tender(take(basket.due, kind, _cny(part), step, 10_000))
    last = draw(st.sampled_from([CASH, CARD]))
    given = exact(basket.due, last, step)
    if last.is_cash:
        given += _cny(draw(st.integers(0, 20)) * step)
    basket = basket.with_tender(take(basket.due, last, given, step, 10_000))
    assert not basket.due
    return SaleCompleted.of(basket, "S01-1-K7Q2XM-000001")


def _cny(minor: int) -> Money:
    return Money(minor, "CNY")


# A fact of every type, read off the types themselves


def facts() -> st.SearchStrategy[Fact]:
    return st.one_of([facts_of(kind) for kind in TYPES])


def facts_of(kind: type[Fact]) -> st.SearchStrategy[Fact]:
    """Any value of this fact's type; its numbers need not add up."""
    return cast("st.SearchStrategy[Fact]", _values(inspect.type_info(kind)))


def _values(of: inspect.Type) -> st.SearchStrategy[object]:
    strategy: st.SearchStrategy[object]
    match of:
        case inspect.StructType(cls=cls, fields=fields):
            strategy = st.builds(cls, **{each.name: _values(each.type) for each in fields})
        case inspect.VarTupleType(item_type=item):
            strategy = st.lists(_values(item), max_size=3).map(tuple)
        case inspect.UnionType(types=types):
            strategy = st.one_of([_values(each) for each in types])
        case inspect.IntType(ge=int(low), le=int(high)):  # a number without bounds has no case
            strategy = st.integers(low, high) | st.integers(max(low, -1), 1)
        case inspect.StrType():
            strategy = st.text(max_size=12)
        case inspect.EnumType(cls=cls):
            strategy = st.sampled_from(list(cls))
        case inspect.BoolType():
            strategy = st.booleans()
        case inspect.NoneType():
            strategy = st.none()
        case inspect.DateType():
            strategy = st.dates()
        case _:
            raise NotImplementedError(f"no values for {of}")
    return strategy
