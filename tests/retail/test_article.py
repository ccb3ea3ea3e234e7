"""What a code says of the goods it names: how much, at what price, which piece."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retail.article import NO_LABEL, Article, CodePrice, Label
from retail.barcode import CodeRules, Embedded, Goods, LabelPrice, read
from retail.basket import Basket, Discount
from retail.catalogue import Pack, Product
from retail.money import Money
from retail.quantity import ONE, Unit
from retail.refusals import (
    AbsurdPrice,
    NeedsMeasure,
    NeedsWeight,
    NotInBasket,
    NotSellable,
    SerialOnce,
)
from retail.refusals import NotWeighed as SoldByThePiece
from tests.builders import a_product, apples

TODAY = date(2026, 6, 3)
QUANTITY_MAX = 999 * ONE
CASE, BUNDLE = Pack("case", 24 * ONE), Pack("bundle", 6 * ONE, 1900)
COLA = a_product("cola", codes=("6901028075022",), packs=(CASE, BUNDLE))


def put(basket: Basket, article: Article, times: int | None = None) -> Basket:
    quantity = article.quantity(times)
    grown, _ = basket.with_product(
        *(article.product, article.code, quantity, QUANTITY_MAX), article.label, article.price
    )
    return grown


def found(product: Product, code: str, embedded: Embedded | None = None) -> Article:
    """The product found under exactly this code."""
    meaning = read(code, CodeRules(), TODAY)
    assert isinstance(meaning, Goods)
    return Article.found(product, meaning, meaning.keys[-1], embedded)


def packed(pack: Pack) -> Article:
    return Article.found(COLA, Goods((pack.code,)), pack.code, None)


def test_a_case_without_a_price_of_its_own_is_so_many_pieces_at_the_price_of_each() -> None:
    basket = put(Basket("CNY"), packed(CASE))
    basket = put(basket, Article(COLA, "6901028075022"))
    (line,) = basket.lines
    assert (line.quantity, line.total.minor) == (25 * ONE, 25 * 350)


def test_a_bundle_costs_what_it_costs_and_two_of_it_twice_that_on_one_line() -> None:
    basket = put(put(Basket("CNY"), packed(BUNDLE)), packed(BUNDLE), 2 * ONE)
    (line,) = basket.lines
    assert (line.quantity, line.total.minor) == (18 * ONE, 3 * 1900)
    basket = put(basket, Article(COLA, "6901028075022"))
    assert [line.total.minor for line in basket.lines] == [5700, 350]


def test_a_bundle_that_was_opened_costs_what_its_pieces_cost() -> None:
    basket = put(Basket("CNY"), packed(BUNDLE), 2 * ONE)
    opened, line = basket.with_quantity(1, 5 * ONE, QUANTITY_MAX)
    assert line.total.minor == 5 * 350
    assert opened.with_quantity(1, 6 * ONE, QUANTITY_MAX)[1].total.minor == 6 * 350
    assert basket.with_quantity(1, 6 * ONE, QUANTITY_MAX)[1].total.minor == 1900


@given(st.integers(1, 99_999), st.integers(1, 50_000))
def test_a_price_label_costs_exactly_what_it_says_and_weighs_what_that_buys(
    label_minor: int, by_kilo_minor: int
) -> None:
    kilo = a_product(unit=Unit.KILOGRAM, price_minor=by_kilo_minor)
    article = Article.found(kilo, Goods(("2",)), "2", Embedded("t", ("2",), label_minor))
    grams = article.quantity(None)
    if grams <= QUANTITY_MAX:
        assert put(Basket("CNY"), article).total.minor == label_minor
    assert grams == 1 or abs(grams * by_kilo_minor - label_minor * ONE) * 2 <= by_kilo_minor


def test_the_example_of_the_shop_floor() -> None:
    article = Article.found(apples(), Goods(("2",)), "2", Embedded("t", ("2",), 838))
    assert article.quantity(None) == 655
    assert article.price == CodePrice(655, 838)


def test_a_weight_label_weighs_what_it_says_and_both_say_both() -> None:
    weighed = Article.found(apples(), Goods(("2",)), "2", Embedded("t", ("2",), grams=655))
    assert (weighed.quantity(None), weighed.price) == (655, None)
    both = Article.found(apples(), Goods(("2",)), "2", Embedded("t", ("2",), 800, 655))
    assert (both.quantity(None), both.price) == (655, CodePrice(655, 800))
    assert both.quantity(2 * ONE) == 1310


def test_a_label_of_nothing_and_a_weight_of_pieces_are_refused() -> None:
    with pytest.raises(AbsurdPrice):
        Article.found(apples(), Goods(("2",)), "2", Embedded("t", ("2",), 0))
    with pytest.raises(SoldByThePiece):
        Article.found(a_product(), Goods(("2",)), "2", Embedded("t", ("2",), grams=5))
    litres = a_product(unit=Unit.LITRE)
    with pytest.raises(NeedsMeasure):
        Article.found(litres, Goods(("2",)), "2", Embedded("t", ("2",), grams=5))


def test_gs1_fields_go_with_the_piece_and_the_line_keeps_the_number_alone() -> None:
    article = found(COLA, "]d2010690102807502217260606\x1d10L7\x1d21A-1\x1d15260605")
    assert article.label == Label("L7", "A-1", date(2026, 6, 6), date(2026, 6, 5))
    assert article.code.isdigit()
    assert found(COLA, "6901028075022").label == NO_LABEL


def test_the_last_day_of_sale_is_the_first_of_expiry_and_sell_by() -> None:
    article = found(COLA, "]d20106901028075022172606061626060410L7")
    assert article.label.expires == date(2026, 6, 4)


def test_a_net_weight_is_the_weight_of_what_is_weighed_and_a_count_that_of_pieces() -> None:
    assert found(apples(), "]d201969010280750253103000655").quantity(None) == 655
    assert found(COLA, "]d201069010280750223103000655").quantity(None) == ONE
    assert found(COLA, "]d2010690102807502230" + "12").quantity(None) == 12 * ONE
    with pytest.raises(NeedsWeight):
        found(apples(), "]d20196901028075025").quantity(None)


def test_a_price_field_is_the_price_of_the_piece_in_the_currency_it_names() -> None:
    goods = Goods(("k",), price=LabelPrice(838, 2, "156"))
    assert Article.found(apples(), goods, "k", None).price == CodePrice(655, 838)
    dollars = Goods(("k",), price=LabelPrice(838, 2, "840"))
    with pytest.raises(NotSellable):
        Article.found(apples(), dollars, "k", None)
    with pytest.raises(AbsurdPrice):
        Article.found(apples(), Goods(("k",), price=LabelPrice(8381, 3)), "k", None)


def test_two_batches_are_two_lines_and_one_batch_is_one() -> None:
    one, other = (Article(COLA, "c", Label(batch=batch)) for batch in ("L7", "L8"))
    basket = put(put(put(Basket("CNY"), one), other), one)
    assert [(line.label.batch, line.quantity) for line in basket.lines] == [
        ("L7", 2 * ONE),
        ("L8", ONE),
    ]


def test_a_piece_with_a_serial_number_is_meant_once_and_a_weight_is_no_number_of_times() -> None:
    piece = Article(COLA, "c", Label(serial="0042"))
    label = Article(apples(), "c", Label(serial="0042"), content=655)
    for article in (piece, label):
        article.check_times(None)
        article.check_times(ONE)
        with pytest.raises(SerialOnce):
            article.check_times(2 * ONE)
    Article(apples(), "c", Label(serial="0042")).check_times(2 * ONE)
    Article(COLA, "c", Label("L7")).check_times(2 * ONE)


def test_what_is_taken_out_is_of_the_batch_that_was_scanned() -> None:
    one, other = (Article(COLA, "c", Label(batch=batch)) for batch in ("L7", "L8"))
    basket = put(put(Basket("CNY"), one), other)
    left, _ = basket.without_some(COLA, None, "c", one.label)
    assert [line.label.batch for line in left.lines] == ["L8"]
    with pytest.raises(NotInBasket):
        left.without_some(COLA, None, "c", one.label)


def test_a_rate_by_rule_leaves_a_line_untouched_and_one_by_the_cashier_does_not() -> None:
    off = Discount("near", rate_ppm=100_000, by_rule=True)
    basket, line = Basket("CNY").with_product(COLA, "c", ONE, QUANTITY_MAX, discount=off)
    basket, line = basket.with_product(COLA, "c", ONE, QUANTITY_MAX, discount=off)
    assert (line.quantity, line.total, line.is_untouched) == (2 * ONE, Money(630, "CNY"), True)
    basket, line = basket.with_discount(1, Discount("damaged", rate_ppm=100_000))
    assert not line.is_untouched
    assert len(basket.with_product(COLA, "c", ONE, QUANTITY_MAX, discount=off)[0].lines) == 2
