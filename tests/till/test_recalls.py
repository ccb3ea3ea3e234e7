"""What may not be sold any more, what is past its date, and what costs less near it."""

from contextlib import closing
from datetime import timedelta
from pathlib import Path

from journal.wire import FeedPage, FeedRow
from pos_client.till import Till
from pricebook.rows import RECALLS
from retail.catalogue import MarkDown, StoreSettings
from retail.facts import SaleCompleted
from retail.revision import Recall
from tests.builders import SteppedClock, open_till, publish
from tests.till.counter import COLA, WATER, assert_in_order, begin, did, do, recorded, refused, sell
from tests.till.supermarket import MILK, SHELF, gs1, recall

L7 = gs1(("01", "0" + MILK), ("10", "L7"))
L8 = gs1(("01", "0" + MILK), ("10", "L8"))


def until(yymmdd: str, ai: str = "17") -> str:
    return gs1(("01", "0" + MILK), (ai, yymmdd), ("10", "L7"))


def on_the_larger_shelf(till: Till, settings: StoreSettings | None = None) -> None:
    publish(till, SHELF, settings)
    begin(till)


def test_a_recall_counts_from_the_next_scan_also_within_a_sale(till: Till) -> None:
    on_the_larger_shelf(till)
    did(till, "scan", code=WATER)
    recall(till, Recall("cola", "瓶盖松动"))
    assert refused(till, "scan", code=COLA) == "recalled"
    assert "瓶盖松动" in do(till, "scan", code=COLA)["refusal"]["say"]
    assert refused(till, "choose", product_id="cola") == "recalled"
    assert did(till, "pay")["sale"]["total"] == 200


def test_what_lies_in_the_basket_already_is_not_paid_until_it_is_out(till: Till) -> None:
    on_the_larger_shelf(till)
    for code in (WATER, COLA):
        did(till, "scan", code=code)
    did(till, "pay", tender="card", amount=100)
    recall(till, Recall("cola", "瓶盖松动"))
    assert refused(till, "pay") == "recalled_in_basket"
    said = do(till, "pay")["refusal"]["say"]
    assert "第 2 行" in said
    assert "可口可乐" in said
    did(till, "take_back")
    did(till, "remove_line", line=2)
    assert did(till, "pay")["sale"]["total"] == 200
    assert_in_order(till)


def test_a_recalled_batch_is_refused_where_its_code_says_so_and_told_where_it_does_not(
    till: Till,
) -> None:
    on_the_larger_shelf(till)
    recall(till, Recall("milk", "杀菌不足", "L7"))
    assert refused(till, "scan", code=L7) == "recalled"
    assert "remarks" not in did(till, "scan", code=L8)
    (remark,) = did(till, "scan", code=MILK)["remarks"]
    assert "L7" in remark
    assert did(till, "product", code=MILK)["product"]["recalled_batches"] == {"L7": "杀菌不足"}


def test_a_recall_holds_over_a_restart_and_ends_when_head_office_takes_it_back(
    tmp_path: Path,
) -> None:
    with closing(open_till(tmp_path)) as till:
        on_the_larger_shelf(till)
        did(till, "scan", code=COLA)
        recall(till, Recall("cola", "r"))
    with closing(open_till(tmp_path)) as till:
        assert refused(till, "pay") == "recalled_in_basket"
        taken_back = [FeedRow(RECALLS, "recall", "cola")]
        till.catalogue.stage(FeedPage("epoch-1", "taken-back", taken_back, True))
        assert did(till, "pay")["sale"]["total"] == 350


def test_expired_goods_are_refused_with_the_date(till: Till) -> None:
    on_the_larger_shelf(till)
    assert refused(till, "scan", code=until("260602")) == "expired"
    assert "2026-06-02" in do(till, "scan", code=until("260602"))["refusal"]["say"]
    assert did(till, "scan", code=until("260603"))["line"]["expires"] == "2026-06-03"


def test_today_is_the_stores_day(tmp_path: Path) -> None:
    clock = SteppedClock()
    with closing(open_till(tmp_path, clock=clock)) as till:
        on_the_larger_shelf(till)
        clock.move(timedelta(hours=14, minutes=59))  # 23:59 in Shanghai
        did(till, "scan", code=until("260603"))
        clock.move(timedelta(minutes=1))
        assert refused(till, "scan", code=until("260603")) == "expired"


def test_past_its_best_it_is_sold_with_a_word_or_not_as_the_store_says(till: Till) -> None:
    on_the_larger_shelf(till)
    past = until("260602", ai="15")
    assert len(did(till, "scan", code=past)["remarks"]) == 1
    did(till, "void", reason="r")
    publish(till, SHELF, StoreSettings(sells_past_best_before=False))
    assert refused(till, "scan", code=past) == "past_best_before"


def test_goods_near_their_date_cost_less_on_line_receipt_and_record(till: Till) -> None:
    rules = (MarkDown(3, 300_000), MarkDown(7, 100_000, "乳品"))
    on_the_larger_shelf(till, StoreSettings(near_expiry=rules))
    line = did(till, "scan", code=until("260606"))["line"]
    assert (line["total"], line["discount"]) == (1580 - 474, 474)
    line = did(till, "scan", code=until("260606"))["line"]
    assert (line["quantity"], line["total"]) == (2000, 3160 - 948)
    assert did(till, "scan", code=until("260609"))["line"]["discount"] == 158
    assert did(till, "scan", code=until("260630"))["line"]["discount"] == 0
    did(till, "pay")
    sale = recorded(till)[-1][1]
    assert isinstance(sale, SaleCompleted)
    assert [(line.discount_reason, line.discount_by_rule) for line in sale.lines] == [
        ("临期", True),
        ("临期", True),
        (None, False),
    ]
    assert "优惠 · 临期" in did(till, "last_receipt")["text"]
    assert_in_order(till)


def test_the_cashiers_discount_takes_the_place_of_the_rules(till: Till) -> None:
    on_the_larger_shelf(till, StoreSettings(near_expiry=(MarkDown(3, 300_000),)))
    did(till, "scan", code=until("260606"))
    assert did(till, "line_discount", amount=100, reason="dent")["line"]["total"] == 1480
    did(till, "undo")
    assert till.sale.basket.line().total.minor == 1580 - 474


def test_selling_without_recalls_is_as_it_was(till: Till) -> None:
    begin(till)
    assert sell(till)["total"] == 350
