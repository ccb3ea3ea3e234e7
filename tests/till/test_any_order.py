"""Whatever a cashier does in whatever order: the books agree with the journal, the X report with
the sales, and the disk with what the till shows."""

import tempfile
from contextlib import closing
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pos_client.till import Till
from retail.catalogue import StoreSettings
from retail.quantity import Unit
from retail.tax import Tax
from tests.builders import a_product, apples, open_till, publish
from tests.till.counter import (
    assert_in_order,
    counted_by_hand,
    did,
    kept_basket,
    recorded,
    say,
)

SHELF = [
    a_product("cola", codes=("1",)),
    a_product("odd", price_minor=333, codes=("2",), tax=Tax("VAT6", 60_000, included=True)),
    a_product("free", price_minor=0, codes=("3",), tax=Tax()),
    a_product("net", price_minor=999, codes=("4",), tax=Tax("GST", 70_000, included=False)),
    a_product("oil", price_minor=1799, codes=("5",), unit=Unit.LITRE),
    apples(),
]
CODES = st.sampled_from(["1", "2", "3", "4", "1", "2", "4", "5", "2100001", "nothing"])
QUANTITIES = st.sampled_from([None, None, None, 1000, 2000, 655, 12_000, 1, 0, 10**6])
LINES = st.sampled_from([None, None, 1, 2, 3, 0, 9])
AMOUNTS = st.one_of(st.integers(-1, 5_000), st.integers(0, 10**6))


def an_act(what: str, **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({"do": st.just(what), **fields}).map(
        lambda act: {name: value for name, value in act.items() if value is not None}
    )


SCANNING = an_act("scan", code=CODES, quantity=QUANTITIES)
PAYING = an_act(
    "pay",
    tender=st.sampled_from(["cash", "cash", "card", "wechat", "shells"]),
    amount=st.one_of(st.none(), st.none(), AMOUNTS),
)
AT_THE_BASKET = [
    an_act("weigh", code=st.sampled_from(["2100001", "5", "1"]), weight_g=st.integers(1, 5_000)),
    an_act("quantity", quantity=st.sampled_from([1000, 3000, 500, 0]), line=LINES),
    an_act("remove_line", line=LINES),
    an_act("line_price", total=AMOUNTS, reason=st.sampled_from(["r", "r", " "]), line=LINES),
    an_act(
        "line_discount",
        reason=st.just("r"),
        amount=st.one_of(st.none(), st.integers(-1, 400)),
        rate_ppm=st.sampled_from([None, 0, 50_000, 1_000_000, 2_000_000]),
        line=LINES,
    ),
    an_act("customer", customer=st.sampled_from([None, "C-1", "客户"])),
    an_act("take_back", tender=LINES),
    an_act("take_out", code=CODES, quantity=QUANTITIES),
    st.just({"do": "undo"}),
    st.just({"do": "undo"}),
]
SELDOM = [
    an_act("void", reason=st.sampled_from(["r", ""])),
    *[an_act("park", note=st.sampled_from(["", "n"])), an_act("resume", number=LINES)],
    an_act(
        "receive",
        reference=st.just("DN"),
        lines=st.lists(
            st.fixed_dictionaries(
                {"code": CODES, "quantity": st.sampled_from([1000, 24_000, 10**7, 0])}
            ),
            min_size=1,
            max_size=3,
        ),
    ),
    an_act("close_shift", counted=AMOUNTS),
    st.sampled_from([{"do": "x_report"}, {"do": "reprint"}, {"do": "last_receipt"}]),
    st.just({"do": "RESTART"}),
]
OPENING = {"do": "open_shift", "cashier": "1001", "float": 20_000}
ACTS = st.sampled_from([SCANNING] * 10 + [PAYING] * 7 + AT_THE_BASKET + SELDOM).flatmap(
    lambda act: act
)


@settings(
    max_examples=15, suppress_health_check=[HealthCheck.too_slow, HealthCheck.large_base_example]
)
@given(
    acts=st.lists(ACTS, min_size=30, max_size=80),
    coin=st.sampled_from([1, 5, 10]),
)
def test_after_any_acts_books_journal_figures_and_basket_agree(
    acts: list[dict[str, Any]], coin: int
) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        till = open_till(folder)
        publish(till, SHELF, StoreSettings(cash_step_minor=coin))
        try:
            for act in [OPENING, *acts]:
                if act["do"] == "RESTART":
                    left = till.sale.basket
                    till.close()
                    till = open_till(folder)
                    assert till.sale.basket == left
                    continue
                _one_act(till, act)
                if till.shift.current is None:
                    _one_act(till, OPENING)
            _end_of_day(till)
        finally:
            till.close()


def _one_act(till: Till, act: dict[str, Any]) -> None:
    before = till.sale.basket, till.recorder.head
    answer = say(till, act)
    if not answer["ok"]:
        assert (till.sale.basket, till.recorder.head) == before
    assert kept_basket(till) == till.sale.basket
    if till.shift.current is not None:
        assert till.shift.figures() == counted_by_hand(till)


def _end_of_day(till: Till) -> None:
    if till.shift.current is None:
        did(till, "open_shift", cashier="1001")
    if till.sale.basket.tenders or till.sale.basket.lines:
        did(till, "pay")
    elif till.sale.is_open():
        did(till, "void", reason="end of day")
    assert not till.sale.is_open()
    did(till, "close_shift", counted=till.shift.figures().expected_cash_minor)
    assert_in_order(till)
    seqs = [envelope.seq for envelope, _ in recorded(till)]
    assert seqs == list(range(2, len(seqs) + 2))


def test_two_tills_told_the_same_record_the_same(tmp_path: Path) -> None:
    """Nothing in a till's facts comes from chance but their ids."""
    story = [
        {"do": "open_shift", "cashier": "1001"},
        {"do": "scan", "code": "6901028075022"},
        {"do": "pay"},
    ]
    told = []
    for folder in ("one", "two"):
        with closing(open_till(tmp_path / folder)) as till:
            for act in story:
                assert say(till, act)["ok"]
            told.append([(each.type, each.at, bytes(each.body)) for each, _ in recorded(till)])
    assert told[0] == told[1]
