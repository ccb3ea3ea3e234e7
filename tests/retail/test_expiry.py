"""What may not be sold today, what is said of what may, and what comes off near its date."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retail.article import NO_LABEL, Label
from retail.basket import Basket, Discount
from retail.catalogue import MarkDown, StoreSettings
from retail.expiry import (
    Expired,
    PastBestBefore,
    Recalled,
    RecalledInBasket,
    check,
    check_basket,
    mark_down,
    remarks,
)
from retail.language import Language
from retail.quantity import ONE
from retail.refusals import Refusal
from retail.revision import Recall
from tests.builders import a_product

TODAY = date(2026, 6, 3)
MILK = a_product("milk", category="乳品/低温奶")
SETTINGS = StoreSettings()


def recalls(*each: Recall) -> dict[str, Recall]:
    return {recall.key: recall for recall in each}


def may_be_sold(label: Label, *of: Recall, settings: StoreSettings = SETTINGS) -> bool:
    try:
        check(MILK, label, recalls(*of), settings, TODAY)
    except Refusal:
        return False
    return True


def test_a_recall_of_the_product_forbids_all_of_it_and_one_of_a_batch_that_batch() -> None:
    whole, batch = Recall("milk", "r"), Recall("milk", "r", "L7")
    assert not may_be_sold(NO_LABEL, whole)
    assert not may_be_sold(Label(batch="L8"), whole)
    assert not may_be_sold(Label(batch="L7"), batch)
    assert may_be_sold(Label(batch="L8"), batch)
    assert may_be_sold(NO_LABEL, batch)
    assert may_be_sold(Label(batch="L7"), Recall("cream", "r", "L7"))


def test_a_recalled_batch_is_told_where_the_code_does_not_say_which_it_is() -> None:
    of = recalls(Recall("milk", "sour", "L7"), Recall("milkshake", "sour", "L9"))
    (said,) = remarks(MILK, NO_LABEL, of, TODAY)
    assert "L7" in said.en
    assert "sour" in said.zh
    assert remarks(MILK, Label(batch="L8"), of, TODAY) == []


def test_goods_are_sold_on_their_last_day_and_not_after_it() -> None:
    assert may_be_sold(Label(expires=TODAY))
    with pytest.raises(Expired) as refused:
        check(MILK, Label(expires=TODAY - timedelta(1)), {}, SETTINGS, TODAY)
    assert "2026-06-02" in refused.value.say.en


def test_past_its_best_goods_are_sold_with_a_word_unless_the_store_says_no() -> None:
    past = Label(best_before=TODAY - timedelta(1))
    assert may_be_sold(past)
    assert len(remarks(MILK, past, {}, TODAY)) == 1
    assert remarks(MILK, Label(best_before=TODAY), {}, TODAY) == []
    with pytest.raises(PastBestBefore):
        check(MILK, past, {}, StoreSettings(sells_past_best_before=False), TODAY)


def test_what_was_recalled_meanwhile_is_named_by_its_place_in_the_basket() -> None:
    basket, _ = Basket("CNY").with_product(a_product(), "c", ONE, 9 * ONE)
    basket, _ = basket.with_product(MILK, "m", ONE, 9 * ONE, Label(batch="L7"))
    check_basket(basket, recalls(Recall("milk", "r", "L8")))
    with pytest.raises(RecalledInBasket) as refused:
        check_basket(basket, recalls(Recall("milk", "sour", "L7")))
    assert refused.value.values["line"] == 2
    assert {Recalled.code, RecalledInBasket.code} == {"recalled", "recalled_in_basket"}


RULES = (MarkDown(7, 100_000), MarkDown(3, 300_000), MarkDown(3, 500_000, "乳品"))


@given(st.integers(-400, 400))
def test_the_rule_of_the_fewest_days_that_fits_counts(days: int) -> None:
    settings = StoreSettings(near_expiry=RULES)
    label = Label(expires=TODAY + timedelta(days))
    off = mark_down(a_product(), label, settings, TODAY)
    wanted = 300_000 if days <= 3 else 100_000 if days <= 7 else None
    assert (off.rate_ppm if off else None) == wanted


def test_of_rules_alike_the_one_of_the_closest_category_counts() -> None:
    settings = StoreSettings(near_expiry=RULES)
    soon = Label(best_before=TODAY + timedelta(2))
    assert mark_down(MILK, soon, settings, TODAY) == Discount(
        "临期", rate_ppm=500_000, by_rule=True
    )
    other = a_product("x", category="乳品之友")
    off = mark_down(other, soon, settings, TODAY)
    assert off is not None
    assert off.rate_ppm == 300_000


def test_the_reason_is_in_the_words_of_the_store_and_without_a_date_nothing_comes_off() -> None:
    settings = StoreSettings(near_expiry=RULES, language=Language.ENGLISH)
    off = mark_down(MILK, Label(expires=TODAY), settings, TODAY)
    assert off is not None
    assert off.reason == "Near expiry"
    assert mark_down(MILK, Label(batch="L7"), settings, TODAY) is None
    assert mark_down(MILK, Label(expires=TODAY), SETTINGS, TODAY) is None
