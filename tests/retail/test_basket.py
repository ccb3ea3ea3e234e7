"""The basket: a value that every act returns anew, and whose total no order of scanning changes."""

from collections import Counter
from collections.abc import Callable
from fractions import Fraction

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retail.article import Label
from retail.basket import Basket, Discount, LinePrice, RemovedLine, TaxTotal
from retail.catalogue import Product
from retail.money import AMOUNT_MAX, Money
from retail.quantity import ONE, Unit
from retail.refusals import (
    AbsurdPrice,
    AbsurdQuantity,
    AbsurdRate,
    AmountOrRate,
    BasketEmpty,
    NeedsWeight,
    NoSuchLine,
    NotSellable,
    NotWeighed,
    PaymentBegun,
    ReasonNeeded,
    SerialOnce,
    TooMuchAtOnce,
)
from retail.tax import PER_MILLION, Tax
from retail.tender import Tender
from tests.builders import a_product, apples
from tests.retail.goods import QUANTITY_MAX, Scan, baskets, scanned, scans
from tests.retail.test_money import half_away_from_zero

COLA = a_product("cola")
WATER = a_product("water", price_minor=200)
ON_TOP = a_product("imported", price_minor=1_000, tax=Tax("GST", 88_750, included=False))


def holding(*products: Product) -> Basket:
    return scanned([Scan(product, ONE) for product in products])


def yuan(minor: int) -> Money:
    return Money(minor, "CNY")


# Any order of scanning


def by_hand(passed: list[Scan]) -> int:
    """What a customer owes, in exact fractions: equal pieces on one line, each weighing alone,
    each line rounded, then its tax on top rounded."""
    pieces: Counter[str] = Counter()
    shelf = {product.product_id: product for product, _ in passed}
    lines: list[tuple[Product, int]] = []
    for product, quantity in passed:
        if product.unit.is_measured:
            lines.append((product, quantity))
        else:
            pieces[product.product_id] += quantity
    due = 0
    together = [(shelf[product_id], quantity) for product_id, quantity in pieces.items()]
    for product, quantity in [*lines, *together]:
        line = half_away_from_zero(Fraction(product.price_minor * quantity, ONE))
        due += line
        if not product.tax.included:
            due += half_away_from_zero(Fraction(line * product.tax.rate_ppm, PER_MILLION))
    return due


@given(st.data())
def test_any_order_of_scanning_gives_the_same_lines_taxes_and_total(data: st.DataObject) -> None:
    passed = data.draw(scans())
    shuffled = data.draw(st.permutations(passed))
    one, other = scanned(passed), scanned(shuffled)
    assert one.total == other.total == one.due == yuan(by_hand(passed))
    assert one.taxes == other.taxes
    assert _lines(one) == _lines(other)


def _lines(basket: Basket) -> Counter[tuple[str, int]]:
    return Counter((line.product.product_id, line.quantity) for line in basket.lines)


@given(baskets())
def test_taxes_and_lines_of_any_basket_add_up_to_its_total(basket: Basket) -> None:
    assert basket.total.minor == sum(tax.net.minor + tax.amount.minor for tax in basket.taxes)
    assert basket.total.minor == sum(
        line.total.minor + line.product.tax.on_top(line.total.minor) for line in basket.lines
    )
    assert basket.total.minor >= 0
    assert all(line.total == line.before_discount - line.reduction for line in basket.lines)


def test_tax_is_told_by_code_with_what_lies_under_it() -> None:
    basket = holding(COLA, ON_TOP, WATER)
    assert basket.taxes == (
        TaxTotal(ON_TOP.tax, yuan(1_000), yuan(89)),
        TaxTotal(COLA.tax, yuan(550 - 63), yuan(40 + 23)),
    )
    assert basket.total == yuan(350 + 200 + 1_089)


# Scanning


def test_a_piece_that_is_there_already_adds_to_its_line() -> None:
    basket, line = holding(COLA, WATER).with_product(COLA, "6901", 2 * ONE, QUANTITY_MAX)
    assert [(each.number, each.quantity) for each in basket.lines] == [(1, 3 * ONE), (2, ONE)]
    assert line is basket.lines[0]
    assert line.total == yuan(1_050)


@pytest.mark.parametrize(
    "touch",
    [
        lambda basket: basket.with_line_price(1, yuan(300), "dented"),
        lambda basket: basket.with_discount(1, Discount("staff", amount_minor=10)),
        lambda basket: basket.with_discount(1, Discount("staff", rate_ppm=100_000)),
    ],
    ids=["line price", "amount off", "rate off"],
)
def test_a_line_whose_price_was_touched_does_not_grow(
    touch: Callable[[Basket], tuple[Basket, object]],
) -> None:
    basket, touched = touch(holding(COLA))
    basket, line = basket.with_product(COLA, "c", None, QUANTITY_MAX)
    assert basket.lines == (touched, line)
    assert (line.number, line.quantity, line.total) == (2, ONE, yuan(350))
    basket, line = basket.with_product(COLA, "c", None, QUANTITY_MAX)
    assert (line.number, line.quantity) == (2, 2 * ONE)


def test_a_product_whose_price_has_changed_stands_in_a_line_of_its_own() -> None:
    basket = holding(COLA, msgspec.structs.replace(COLA, price_minor=400))
    assert [line.total.minor for line in basket.lines] == [350, 400]


def test_each_weighing_is_a_line_of_its_own() -> None:
    basket = scanned([Scan(apples(), 655), Scan(apples(), 655)])
    assert [line.total.minor for line in basket.lines] == [838, 838]


def test_a_line_keeps_its_number_and_none_is_given_twice() -> None:
    basket, _ = holding(COLA, WATER, ON_TOP).without_line(3)
    basket, _ = basket.without_line(1)
    for product in (ON_TOP, COLA):
        basket, line = basket.with_product(product, "c", None, QUANTITY_MAX)
        assert basket.line(line.number) == line
    assert [each.number for each in basket.lines] == [2, 4, 5]


def test_what_is_measured_needs_its_weight() -> None:
    with pytest.raises(NeedsWeight):
        Basket("CNY").with_product(apples(), "c", None, QUANTITY_MAX)


def test_what_is_counted_is_not_weighed() -> None:
    with pytest.raises(NotWeighed):
        Basket("CNY").with_product(COLA, "c", 655, QUANTITY_MAX)
    with pytest.raises(NotWeighed):
        holding(COLA).with_quantity(1, 1_500, QUANTITY_MAX)


def test_what_is_priced_in_another_currency_is_not_sold() -> None:
    with pytest.raises(NotSellable):
        Basket("EUR").with_product(COLA, "c", None, QUANTITY_MAX)


# Serial numbers


def numbered(basket: Basket, product: Product, code: str, serial: str, batch: str = "") -> Basket:
    label = Label(batch, serial)
    return basket.with_product(product, code, ONE, QUANTITY_MAX, label)[0]


@pytest.mark.parametrize("product", [COLA, apples()], ids=["piece", "weighed"])
def test_a_serial_number_is_sold_once_unless_it_was_taken_out_again(product: Product) -> None:
    basket = numbered(Basket("CNY"), product, "c", "0042")
    for batch in ("", "L7"):
        with pytest.raises(SerialOnce) as no:
            numbered(basket, product, "c", "0042", batch)
        assert no.value.values == {"name": product.name, "serial": "0042"}
    taken_out, _ = basket.without_some(product, None, "c", Label(serial="0042"))
    for before in (taken_out, basket.without_line(1)[0]):
        assert len(numbered(before, product, "c", "0042").lines) == 1


def test_another_serial_another_code_and_none_at_all_are_other_pieces() -> None:
    basket = numbered(holding(COLA, COLA), COLA, "c", "0042")
    basket = numbered(numbered(basket, COLA, "c", "0043"), COLA, "case", "0042")
    assert [line.quantity for line in basket.lines] == [2 * ONE, ONE, ONE, ONE]


def test_a_line_with_a_serial_number_grows_by_no_quantity() -> None:
    basket = numbered(Basket("CNY"), COLA, "c", "0042")
    with pytest.raises(SerialOnce):
        basket.with_quantity(1, 2 * ONE, QUANTITY_MAX)
    assert basket.with_quantity(1, ONE, QUANTITY_MAX)[0].lines == basket.lines
    weighed = numbered(Basket("CNY"), apples(), "c", "0042")
    assert weighed.with_quantity(1, 1_050, QUANTITY_MAX)[1].quantity == 1_050


# Quantities


@pytest.mark.parametrize("quantity", [0, -ONE, 4 * ONE, 10**30, -(10**30)])
def test_a_quantity_beyond_the_stores_setting_is_refused(quantity: int) -> None:
    with pytest.raises(AbsurdQuantity) as refused:
        Basket("CNY").with_product(COLA, "c", quantity, quantity_max=3 * ONE)
    assert refused.value.values["most"] == "3"
    with pytest.raises(AbsurdQuantity):
        holding(COLA).with_quantity(1, quantity, quantity_max=3 * ONE)
    with pytest.raises(AbsurdQuantity):
        holding(COLA).with_product(COLA, "c", quantity, quantity_max=3 * ONE)


def test_the_largest_quantity_of_the_setting_is_sold_and_one_more_is_not() -> None:
    basket, line = Basket("CNY").with_product(COLA, "c", 3 * ONE, quantity_max=3 * ONE)
    assert line.quantity == 3 * ONE
    with pytest.raises(AbsurdQuantity):
        basket.with_product(COLA, "c", None, quantity_max=3 * ONE)
    kilos = msgspec.structs.replace(COLA, unit=Unit.KILOGRAM)
    with pytest.raises(AbsurdQuantity):
        Basket("CNY").with_product(kilos, "c", 3_001, quantity_max=3 * ONE)


def test_a_new_quantity_drops_the_line_price_and_an_amount_off() -> None:
    basket, _ = holding(COLA).with_line_price(1, yuan(300), "dented")
    basket, _ = basket.with_discount(1, Discount("staff", amount_minor=50))
    basket, line = basket.with_quantity(1, 2 * ONE, QUANTITY_MAX)
    assert (line.line_price, line.discount, line.total) == (None, None, yuan(700))
    assert basket.total == yuan(700)


def test_a_new_quantity_keeps_a_rate_off() -> None:
    basket, _ = holding(COLA).with_discount(1, Discount("staff", rate_ppm=100_000))
    _, line = basket.with_quantity(1, 3 * ONE, QUANTITY_MAX)
    assert line.total == yuan(1_050 - 105)


# Prices by hand


def test_a_line_price_is_the_whole_lines_and_drops_a_former_discount() -> None:
    basket, _ = holding(COLA).with_discount(1, Discount("staff", rate_ppm=500_000))
    basket, line = basket.with_line_price(1, yuan(300), " dented ")
    assert line.line_price == LinePrice(300, "dented")
    assert basket.total == yuan(300)
    basket, line = basket.with_discount(1, Discount("staff", rate_ppm=500_000))
    assert line.total == yuan(150)


@pytest.mark.parametrize("total", [Money(-1, "CNY"), Money(1, "EUR")])
def test_a_line_price_below_nothing_or_of_another_currency_is_refused(total: Money) -> None:
    with pytest.raises(AbsurdPrice):
        holding(COLA).with_line_price(1, total, "why")


def test_a_discount_takes_an_amount_or_a_rate_half_away_from_zero() -> None:
    basket = holding(COLA)
    _, line = basket.with_discount(1, Discount("x", amount_minor=50))
    assert (line.reduction.minor, line.total.minor) == (50, 300)
    _, line = basket.with_discount(1, Discount("x", rate_ppm=10_000))  # 3.5 of 350
    assert (line.reduction.minor, line.total.minor) == (4, 346)


@pytest.mark.parametrize(
    "discount",
    [
        Discount("x", amount_minor=351),
        Discount("x", amount_minor=-1),
        Discount("x", amount_minor=10**30),
    ],
)
def test_a_discount_takes_at_most_the_whole_line_and_adds_nothing(discount: Discount) -> None:
    with pytest.raises(AbsurdPrice) as refused:
        holding(COLA).with_discount(1, discount)
    assert refused.value.say.zh


@pytest.mark.parametrize("rate_ppm", [PER_MILLION + 1, -1, 10**4299])
def test_a_rate_of_discount_is_of_nothing_to_all_of_the_line(rate_ppm: int) -> None:
    with pytest.raises(AbsurdRate) as refused:
        holding(COLA).with_discount(1, Discount("x", rate_ppm=rate_ppm))
    assert refused.value.say.zh


@pytest.mark.parametrize(
    "discount", [Discount("x", amount_minor=350), Discount("x", rate_ppm=PER_MILLION)]
)
def test_a_discount_may_take_the_whole_line(discount: Discount) -> None:
    assert holding(COLA).with_discount(1, discount)[0].total == yuan(0)


@pytest.mark.parametrize("reason", ["", "  \t"])
def test_a_price_by_hand_needs_a_reason(reason: str) -> None:
    with pytest.raises(ReasonNeeded):
        holding(COLA).with_line_price(1, yuan(1), reason)
    with pytest.raises(ReasonNeeded):
        holding(COLA).with_discount(1, Discount(reason, amount_minor=1))


# What no fact could hold


def test_a_sale_that_no_fact_can_hold_is_refused_line_by_line() -> None:
    dear = a_product("dear", price_minor=AMOUNT_MAX, tax=Tax())
    full = holding(dear)
    assert full.total.minor == AMOUNT_MAX
    penny = a_product("penny", price_minor=1)
    free, _ = full.with_discount(1, Discount("x", rate_ppm=PER_MILLION))
    attempts: list[Callable[[], object]] = [
        lambda: full.with_product(penny, "c", None, QUANTITY_MAX),
        lambda: full.with_quantity(1, 2 * ONE, QUANTITY_MAX),
        lambda: holding(COLA).with_line_price(1, yuan(AMOUNT_MAX + 1), "why"),
        lambda: free.with_quantity(1, 2 * ONE, QUANTITY_MAX),
    ]
    for too_much in attempts:
        with pytest.raises(TooMuchAtOnce):
            too_much()


def test_tax_on_top_counts_towards_what_a_fact_can_hold() -> None:
    dear = a_product("dear", price_minor=AMOUNT_MAX, tax=ON_TOP.tax)
    with pytest.raises(TooMuchAtOnce):
        holding(dear)


# Lines


def test_without_a_number_the_newest_line_is_meant() -> None:
    basket = holding(COLA, WATER)
    assert basket.line() == basket.lines[1]
    assert basket.with_quantity(None, 2 * ONE, QUANTITY_MAX)[1].product == WATER


def test_a_line_that_is_not_there_is_refused() -> None:
    for number in (0, 3, -1, 10**30):
        with pytest.raises(NoSuchLine):
            holding(COLA, WATER).line(number)
    with pytest.raises(BasketEmpty):
        Basket("CNY").line()


def test_a_removed_line_is_remembered_as_it_was() -> None:
    basket, _ = holding(COLA, WATER).with_discount(1, Discount("x", amount_minor=50))
    basket, gone = basket.without_line(1)
    basket, _ = basket.without_line(None)
    assert gone.product == COLA
    assert basket.is_empty
    assert basket.total == yuan(0)
    assert basket.removed == (RemovedLine("cola", ONE, 300), RemovedLine("water", ONE, 200))


# What the screen shows


@given(baskets())
def test_subtotal_discounts_and_tax_on_top_make_the_total(basket: Basket) -> None:
    assert basket.total == basket.before_discounts - basket.discounts + basket.tax_on_top
    told = sum(tax.amount.minor for tax in basket.taxes)
    assert told == basket.tax_included.minor + basket.tax_on_top.minor
    assert basket.discounts.minor >= 0
    pieces = sum(line.quantity for line in basket.lines if not line.product.unit.is_measured)
    assert basket.pieces * ONE == pieces


def test_pieces_are_counted_and_measures_added_up_by_unit() -> None:
    basket = scanned([Scan(COLA, 3 * ONE), Scan(apples(), 655), Scan(apples(), 300)])
    assert basket.quantities == {Unit.PIECE: 3 * ONE, Unit.KILOGRAM: 955}
    assert basket.pieces == 3
    assert Basket("CNY").quantities == {}


def test_what_is_paid_is_told_without_its_rounding() -> None:
    basket = holding(COLA)
    assert basket.paid == yuan(0)
    paid = basket.with_tender(Tender("cash", True, 200, 50, -2))
    assert (paid.paid, paid.due) == (yuan(152), yuan(198))


# After a payment


@pytest.mark.parametrize(
    "change",
    [
        lambda basket: basket.with_product(WATER, "c", None, QUANTITY_MAX),
        lambda basket: basket.with_quantity(1, 2 * ONE, QUANTITY_MAX),
        lambda basket: basket.with_line_price(1, yuan(1), "why"),
        lambda basket: basket.with_discount(1, Discount("x", amount_minor=1)),
        lambda basket: basket.without_line(1),
        lambda basket: basket.without_some(COLA, None),
        lambda basket: basket.back_to(Basket("CNY"), basket),
    ],
    ids=["scan", "quantity", "line price", "discount", "remove", "take out", "undo"],
)
def test_nothing_changes_once_a_payment_was_taken(change: Callable[[Basket], object]) -> None:
    basket = holding(COLA)
    change(basket)
    paid = basket.with_tender(Tender("cash", True, 100))
    with pytest.raises(PaymentBegun):
        change(paid)
    assert paid.due == yuan(250)
    given_back = paid.without_tender(0)
    assert given_back == basket
    change(given_back)


def test_giving_one_of_two_payments_back_leaves_the_other() -> None:
    first, second = Tender("cash", True, 100), Tender("card", False, 50)
    basket = holding(COLA).with_tender(first).with_tender(second)
    assert basket.due == yuan(200)
    assert basket.without_tender(0).tenders == (second,)
    assert basket.without_tender(1).tenders == (first,)


# A value


@given(baskets())
def test_no_act_changes_the_basket_it_started_from(basket: Basket) -> None:
    total, copy = basket.total, msgspec.json.encode(basket)
    number = basket.lines[0].number
    grown, _ = basket.with_product(WATER, "c", None, QUANTITY_MAX)
    smaller, _ = basket.without_line(number)
    paid = basket.with_tender(Tender("cash", True, 1)).for_customer("C-1")
    assert grown.total - total == yuan(200)
    assert smaller.total == total - basket.line(number).total - yuan(_on_top(basket, number))
    assert paid.due == total - yuan(1)
    assert (basket.total, msgspec.json.encode(basket)) == (total, copy)


def _on_top(basket: Basket, number: int) -> int:
    line = basket.line(number)
    return line.product.tax.on_top(line.total.minor)


@given(baskets())
def test_a_basket_survives_the_disk(basket: Basket) -> None:
    assert msgspec.json.decode(msgspec.json.encode(basket), type=Basket) == basket


# The current line


def test_without_a_number_the_line_scanned_last_is_meant_even_when_it_grew() -> None:
    basket = holding(COLA, WATER, COLA)
    changed, line = basket.with_quantity(None, 5 * ONE, QUANTITY_MAX)
    assert line.product == COLA
    assert changed.line().number == line.number


def test_after_a_removal_the_newest_line_is_current() -> None:
    basket, gone = holding(COLA, WATER, COLA).without_line(None)
    assert gone.product == COLA
    assert basket.line().product == WATER


@pytest.mark.parametrize("discount", [Discount("why"), Discount("why", 50, PER_MILLION // 10)])
def test_a_discount_is_an_amount_or_a_rate(discount: Discount) -> None:
    with pytest.raises(AmountOrRate):
        holding(COLA).with_discount(None, discount)
