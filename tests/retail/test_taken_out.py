"""Goods that leave the basket unpaid, by quantity, by the piece, taken back: all stay on record."""

import pytest

from retail.basket import Discount, RemovedLine
from retail.quantity import ONE
from retail.refusals import AbsurdQuantity, NotInBasket, NotWeighed
from tests.builders import apples
from tests.retail.goods import QUANTITY_MAX, Scan, scanned
from tests.retail.test_basket import COLA, ON_TOP, WATER, holding, yuan


def test_a_quantity_that_goes_down_is_remembered_at_its_share() -> None:
    basket = scanned([Scan(COLA, 3 * ONE)])
    basket, _ = basket.with_line_price(1, yuan(1_000), "dented")
    basket, line = basket.with_quantity(1, ONE, QUANTITY_MAX)
    assert line.total == yuan(350)
    assert basket.removed == (RemovedLine("cola", 2 * ONE, 667),)
    assert basket.with_quantity(1, 4 * ONE, QUANTITY_MAX)[0].removed == basket.removed


# Taking out by the piece


def test_a_piece_comes_off_the_newest_line_that_nobody_touched() -> None:
    basket, _ = holding(COLA, WATER, COLA).with_discount(1, Discount("x", amount_minor=50))
    basket = scanned([Scan(COLA, 2 * ONE)], basket)
    basket, left = basket.without_some(COLA, None)
    assert left is not None
    assert (left.number, left.quantity) == (3, ONE)
    assert basket.line() == left
    basket, left = basket.without_some(COLA, None)
    assert left is None
    assert [line.number for line in basket.lines] == [1, 2]
    assert basket.removed == (RemovedLine("cola", ONE, 350),) * 2
    with pytest.raises(NotInBasket):
        basket.without_some(COLA, None)


def test_so_many_pieces_come_off_as_the_line_has() -> None:
    basket = scanned([Scan(COLA, 3 * ONE)])
    assert basket.without_some(COLA, 2 * ONE)[0].removed == (RemovedLine("cola", 2 * ONE, 700),)
    assert basket.without_some(COLA, 3 * ONE)[0].is_empty
    for quantity in (4 * ONE, 0, -ONE):
        with pytest.raises(AbsurdQuantity):
            basket.without_some(COLA, quantity)
    with pytest.raises(NotWeighed):
        basket.without_some(COLA, 500)


def test_of_what_is_weighed_the_newest_weighing_comes_off_whole() -> None:
    basket = scanned([Scan(apples(), 655), Scan(apples(), 300)])
    whole, left = basket.without_some(apples(), None)
    assert left is None
    assert [line.quantity for line in whole.lines] == [655]
    part, left = basket.without_some(apples(), 100)
    assert left is not None
    assert left.quantity == 200
    assert part.removed == (RemovedLine("apple", 100, 128),)


# Taking back


def test_a_scan_that_is_taken_back_leaves_its_goods_on_record() -> None:
    before = holding(COLA, WATER)
    after, _ = before.with_product(COLA, "c", 2 * ONE, QUANTITY_MAX)
    back = after.back_to(before, after)
    assert back.lines == before.lines
    assert back.line() == before.line()
    assert back.removed == (RemovedLine("cola", 2 * ONE, 700),)


def test_a_removal_that_is_taken_back_is_forgotten_and_the_line_stands_where_it_stood() -> None:
    before, _ = holding(COLA, WATER, ON_TOP).with_quantity(2, 2 * ONE, QUANTITY_MAX)
    after, _ = before.without_line(2)
    assert after.back_to(before, after) == before


def test_what_was_taken_back_since_a_removal_stays_on_record_without_it() -> None:
    one = holding(COLA, WATER)
    two, _ = one.without_line(1)
    three, _ = two.with_product(ON_TOP, "c", None, QUANTITY_MAX)
    back = three.back_to(two, three).back_to(one, two)
    assert back.lines == one.lines
    assert back.removed == (RemovedLine("imported", ONE, 1_000),)
