"""Tenders: what is given, what comes back, and the smallest coin."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from retail.catalogue import CASH, TenderType
from retail.money import AMOUNT_MAX, Money
from retail.refusals import AbsurdPayment, TenderTooLarge
from retail.tender import Tender, exact, take
from tests.retail.goods import CARD

OVERPAYMENT_MAX = 10_000


def paid(due: int, tender: TenderType, given: int, step: int = 1) -> Tender:
    return take(Money(due, "CHF"), tender, Money(given, "CHF"), step, OVERPAYMENT_MAX)


def left(due: int, tender: Tender) -> int:
    """What is still to be paid, as a basket counts it."""
    return due - (tender.amount_minor - tender.rounding_minor)


# Change


def test_cash_above_what_is_due_gives_change() -> None:
    tender = paid(350, CASH, 500)
    assert (tender.change_minor, tender.amount_minor, tender.rounding_minor) == (150, 350, 0)
    assert left(350, tender) == 0


def test_cash_to_the_fen_gives_no_change() -> None:
    assert paid(350, CASH, 350) == Tender("cash", True, 350)


def test_cash_below_what_is_due_is_a_part_of_it() -> None:
    tender = paid(350, CASH, 100)
    assert tender == Tender("cash", True, 100)
    assert left(350, tender) == 250


def test_a_card_pays_all_or_a_part_and_never_gives_change() -> None:
    assert paid(350, CARD, 350) == Tender("card", False, 350)
    assert left(350, paid(350, CARD, 100)) == 250
    with pytest.raises(TenderTooLarge) as refused:
        paid(350, CARD, 351)
    assert refused.value.values == {"tender": CARD.label, "due": "3.50", "amount": "3.51"}


def test_a_card_gives_no_change_where_cash_would_be_rounded_up() -> None:
    with pytest.raises(TenderTooLarge):
        paid(353, CARD, 355, step=5)


# Slips of the hand


def test_a_payment_far_above_what_is_due_is_a_slip() -> None:
    assert paid(350, CASH, 350 + OVERPAYMENT_MAX).change_minor == OVERPAYMENT_MAX
    for tender in (CASH, CARD):
        with pytest.raises(AbsurdPayment):
            paid(350, tender, 350 + OVERPAYMENT_MAX + 1)
        with pytest.raises(AbsurdPayment):
            paid(350, tender, 10**30)


def test_a_payment_that_no_fact_can_hold_is_a_slip() -> None:
    assert paid(AMOUNT_MAX, CASH, AMOUNT_MAX).given_minor == AMOUNT_MAX
    with pytest.raises(AbsurdPayment):
        paid(AMOUNT_MAX, CASH, AMOUNT_MAX + 1)


@pytest.mark.parametrize("given_minor", [0, -1, -350, -(10**30)])
def test_nothing_is_no_payment_while_something_is_due(given_minor: int) -> None:
    for tender in (CASH, CARD):
        with pytest.raises(AbsurdPayment):
            paid(350, tender, given_minor)


@pytest.mark.parametrize("given_minor", [349, 351, 352, 353, 354])
def test_cash_that_no_coins_make_is_a_slip(given_minor: int) -> None:
    """Else a payment between what is due and what closes it would leave a debt of the store."""
    with pytest.raises(AbsurdPayment):
        paid(353, CASH, given_minor, step=5)


# A sale that costs nothing


def test_a_sale_that_costs_nothing_is_closed_by_nothing() -> None:
    for tender in (CASH, CARD):
        assert paid(0, tender, 0) == Tender(tender.name, tender.is_cash, 0)
    assert paid(0, CASH, 500).change_minor == 500
    with pytest.raises(TenderTooLarge):
        paid(0, CARD, 1)


def test_what_is_less_than_half_a_coin_is_closed_by_no_cash() -> None:
    tender = paid(2, CASH, 0, step=5)
    assert (tender.amount_minor, tender.rounding_minor) == (0, -2)
    assert left(2, tender) == 0


# Rounding to the smallest coin


@pytest.mark.parametrize(
    ("due", "closing", "rounding"),
    [(492, 490, -2), (493, 495, 2), (495, 495, 0), (497, 495, -2), (498, 500, 2)],
)
def test_the_cash_that_closes_is_rounded(due: int, closing: int, rounding: int) -> None:
    assert exact(Money(due, "CHF"), CASH, 5) == Money(closing, "CHF")
    tender = paid(due, CASH, 1_000, step=5)
    assert (tender.change_minor, tender.rounding_minor) == (1_000 - closing, rounding)
    assert left(due, tender) == 0


def test_cash_that_does_not_close_is_not_rounded() -> None:
    first = paid(498, CASH, 200, step=5)
    assert first.rounding_minor == 0
    assert left(498, first) == 298
    second = paid(298, CARD, 298, step=5)
    assert second.rounding_minor == 0
    assert left(298, second) == 0


def test_a_card_is_never_rounded() -> None:
    assert exact(Money(498, "CHF"), CARD, 5) == Money(498, "CHF")
    assert paid(498, CARD, 498, step=5).rounding_minor == 0


@given(
    due=st.integers(0, 10**9),
    step=st.sampled_from([1, 5, 10, 25, 50, 100]),
    coins=st.integers(0, 10**7),
)
def test_cash_closes_or_leaves_a_debt_and_change_is_always_coins(
    due: int, step: int, coins: int
) -> None:
    given_minor = coins * step
    closing = exact(Money(due, "CHF"), CASH, step).minor
    assume(given_minor <= closing + OVERPAYMENT_MAX)
    assume(given_minor or not closing)
    tender = paid(due, CASH, given_minor, step)
    assert tender.given_minor == given_minor
    assert tender.change_minor % step == 0
    assert tender.change_minor >= 0
    if given_minor >= closing:
        assert left(due, tender) == 0
        assert abs(tender.rounding_minor) * 2 <= step
    else:
        assert tender.rounding_minor == tender.change_minor == 0
        assert left(due, tender) == due - given_minor > 0
