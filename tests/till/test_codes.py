"""What a code does at the till: goods by every kind of code, and a kind word for what is none."""

from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from journal.wire import FeedPage, FeedRow
from pos_client.till import Till
from retail.barcode import EightDigits, Family, issue
from retail.catalogue import StoreSettings
from retail.facts import CodeDecided, SaleCompleted
from tests.builders import OWN, STORE, a_product, open_till, publish
from tests.till.counter import (
    APPLES,
    COLA,
    assert_in_order,
    begin,
    did,
    do,
    recorded,
    refused,
    types,
)
from tests.till.supermarket import BUNDLE, CASE, LABEL, MILK, SHELF, TWO_THINGS, UPC_A, gs1, label

SETTINGS = StoreSettings(
    code_templates=("21IIIIIVVVVVC price=2", "22IIIIIWWWWWC weight=3"), member_prefix="V"
)
PAYMENT = "134567890123456789"


@pytest.fixture
def till(till: Till) -> Till:
    """A shift is open on the larger shelf."""
    publish(till, [*SHELF, a_product("weighed-bag", codes=("2200001",))], SETTINGS)
    begin(till)
    return till


def sold(till: Till) -> SaleCompleted:
    did(till, "pay")
    sale = next(fact for _, fact in reversed(recorded(till)) if isinstance(fact, SaleCompleted))
    assert_in_order(till)
    return sale


def test_one_number_is_found_in_all_its_forms(till: Till) -> None:
    for code in (COLA, "0" + COLA, "]E0" + COLA, f"(01)0{COLA}", "69 0102 8075-022"):
        assert did(till, "scan", code=code)["line"]["product_id"] == "cola"
    assert did(till, "scan", code="0" + UPC_A)["line"]["product_id"] == "soda"
    (cola, _) = sold(till).lines
    assert (cola.quantity, cola.code) == (5000, COLA)


def test_a_case_and_a_bundle_are_so_many_pieces_and_the_bundle_has_its_own_price(
    till: Till,
) -> None:
    did(till, "scan", code=CASE)
    line = did(till, "scan", code=BUNDLE, quantity=2000)["line"]
    assert (line["quantity"], line["total"]) == (12_000, 3800)
    assert line["code_price"] == {"quantity": 6000, "total": 1900}
    assert did(till, "take_out", code=BUNDLE)["line"]["total"] == 1900
    case, bundle = sold(till).lines
    assert (case.quantity, case.total_minor) == (24_000, 24 * 350)
    assert (bundle.quantity, bundle.total_minor) == (6000, 1900)
    assert "箱包装价 19.00 / 6 件" in did(till, "last_receipt")["text"]


def test_a_price_label_costs_what_it_says_to_the_cent(till: Till) -> None:
    line = did(till, "scan", code=LABEL)["line"]
    assert (line["product_id"], line["quantity"], line["total"]) == ("apple", 655, 838)
    assert did(till, "scan", code=label("00001", 839))["basket"]["total"] == 838 + 839
    assert refused(till, "scan", code=LABEL[:-1] + "9") == "code_unreadable"
    assert refused(till, "scan", code=label("99999", 100)) == "unknown_barcode"
    assert [line.total_minor for line in sold(till).lines] == [838, 839]


def test_what_the_catalogue_lists_exactly_wins_over_a_label(till: Till) -> None:
    publish(till, [*SHELF, a_product("special", codes=(LABEL,))], SETTINGS)
    assert did(till, "scan", code=LABEL)["line"]["product_id"] == "special"


def test_a_weight_label_on_goods_sold_by_the_piece_is_refused(till: Till) -> None:
    assert refused(till, "scan", code=label("00001", 655, "22")) == "not_weighed"


def test_a_weighed_line_by_hand_is_not_bound_to_its_label(till: Till) -> None:
    assert did(till, "weigh", code=LABEL, weight_g=1000)["line"]["total"] == 1280
    did(till, "scan", code=LABEL)
    assert did(till, "quantity", quantity=1000)["line"]["total"] == 1280


def test_batch_expiry_and_serial_go_with_the_line_into_the_fact(till: Till) -> None:
    milk = "0" + MILK
    for batch in ("L7", "L8", "L7"):
        line = did(till, "scan", code=gs1(("01", milk), ("17", "260630"), ("10", batch)))["line"]
    assert (line["batch"], line["expires"], line["quantity"]) == ("L7", "2026-06-30", 2000)
    did(till, "scan", code=gs1(("01", milk), ("21", "0042")))
    lines = sold(till).lines
    assert [(line.batch, line.serial, str(line.expires), line.quantity) for line in lines] == [
        ("L7", "", "2026-06-30", 2000),
        ("L8", "", "2026-06-30", 1000),
        ("", "0042", "None", 1000),
    ]
    assert {line.code for line in lines} == {MILK}


def test_one_serial_number_is_sold_once_in_a_sale(till: Till) -> None:
    piece = gs1(("01", "0" + MILK), ("21", "0042"))
    assert refused(till, "scan", code=piece, quantity=2000) == "serial_once"
    did(till, "scan", code=piece)
    assert refused(till, "scan", code=piece) == "serial_once"
    assert refused(till, "scan", code=f"https://id.gs1.org/01/0{MILK}/21/0042") == "serial_once"
    assert refused(till, "quantity", quantity=2000) == "serial_once"
    did(till, "take_out", code=piece)
    did(till, "scan", code=piece)
    did(till, "undo")
    did(till, "scan", code=piece)
    did(till, "scan", code=gs1(("01", "0" + MILK), ("21", "0043")))
    assert [(line.serial, line.quantity) for line in sold(till).lines] == [
        ("0042", 1000),
        ("0043", 1000),
    ]
    did(till, "scan", code=piece)  # a return, sold again: another sale


def test_a_label_survives_a_restart(tmp_path: Path) -> None:
    with closing(open_till(tmp_path)) as till:
        publish(till, SHELF, SETTINGS)
        begin(till)
        did(till, "scan", code=LABEL)
        did(till, "scan", code=gs1(("01", "0" + MILK), ("10", "L7")))
        before = till.sale.basket
    with closing(open_till(tmp_path)) as till:
        assert till.sale.basket == before
        assert [line.total_minor for line in sold(till).lines] == [838, 1580]


# What is no product


@pytest.mark.parametrize(
    ("code", "refusal"),
    [
        (issue(Family.PICKUP, "A-1024"), "pickup_not_here"),
        (issue(Family.VOUCHER, "7"), "voucher_not_here"),
        ("S01-1-716RNN-000001", "receipt_not_goods"),
        ("]d200123456789012345675", "not_for_sale"),
        ("PK1.torn", "code_unreadable"),
        ("6901028075023", "code_unreadable"),
        ("", "code_unreadable"),
        ("6901028075039\x00x", "code_unreadable"),
        (PAYMENT, "code_unreadable"),
        ("0000", "unknown_barcode"),
    ],
)
def test_each_kind_has_its_own_sentence(till: Till, code: str, refusal: str) -> None:
    assert refused(till, "scan", code=code) == refusal
    said = do(till, "scan", code=code)["refusal"]
    assert said["say"]
    assert said["remedy"]


def test_an_unknown_code_names_the_search(till: Till) -> None:
    assert "F8" in do(till, "scan", code="0000")["refusal"]["remedy"]


def test_a_members_code_makes_the_sale_theirs_and_is_taken_back_as_that(till: Till) -> None:
    did(till, "scan", code=COLA)
    answer = did(till, "scan", code=issue(Family.MEMBER, "1234"))
    assert answer["line"] is None
    assert answer["basket"]["customer"] == "1234"
    assert did(till, "undo")["undone"] == "customer"
    assert did(till, "scan", code="V80001")["basket"]["customer"] == "V80001"
    assert refused(till, "price_check", code="V80001") == "member_not_goods"
    assert sold(till).customer == "V80001"


def test_a_members_code_may_be_given_as_the_customer(till: Till) -> None:
    did(till, "customer", customer=issue(Family.MEMBER, "1234"))
    assert till.sale.basket.customer == "1234"
    assert did(till, "customer", customer="anyone")["basket"]["customer"] == "anyone"


def test_a_payment_code_is_neither_said_nor_kept(till: Till) -> None:
    did(till, "scan", code=COLA)
    for act in ({"do": "scan", "code": PAYMENT}, {"do": "customer", "customer": PAYMENT}):
        answer = do(till, act.pop("do"), **act)
        assert answer["refusal"]["code"] == "code_unreadable"
        assert "1345…6789" in answer["refusal"]["say"]
        assert PAYMENT not in str(answer)
    assert sold(till).customer is None


@pytest.mark.parametrize("code", [" ".join(PAYMENT), "MB1.A100.0000"])
def test_what_is_a_code_and_nobodys_number_is_no_customer(till: Till, code: str) -> None:
    assert refused(till, "customer", customer=code) == "code_unreadable"
    assert till.sale.basket.customer is None


# 8 digits that are two things


@pytest.mark.parametrize("typed", ["0123 4053", "０１２３４０５３"])
def test_8_digits_are_decided_however_they_were_typed(till: Till, typed: str) -> None:
    assert refused(till, "scan", code=typed) == "ambiguous_code"
    did(till, "decide_code", code=TWO_THINGS, reading="upce")
    assert did(till, "scan", code=typed)["line"]["product_id"] == "soda"


def test_what_8_digits_are_is_asked_once_and_remembered_for_ever(tmp_path: Path) -> None:
    with closing(open_till(tmp_path)) as till:
        publish(till, SHELF, SETTINGS)
        begin(till)
        said = do(till, "scan", code=TWO_THINGS)["refusal"]
        assert said["code"] == "ambiguous_code"
        assert "口香糖" in said["say"]
        assert "Soda" in said["say"]
        assert did(till, "decide_code", code=TWO_THINGS, reading="upce")["reading"] == "upce"
        assert did(till, "scan", code=TWO_THINGS)["line"]["product_id"] == "soda"
        assert recorded(till)[-1][1] == CodeDecided(TWO_THINGS, EightDigits.UPCE)
    with closing(open_till(tmp_path)) as till:
        assert did(till, "price_check", code=TWO_THINGS)["product"]["product_id"] == "soda"
        did(till, "decide_code", code=TWO_THINGS, reading="ean8")
        assert did(till, "price_check", code=TWO_THINGS)["product"]["product_id"] == "gum"
        assert types(till)[-2:] == ["code.decided", "code.decided"]
        assert_in_order(till)


def test_a_scanner_that_says_which_is_not_asked_nor_is_a_store_that_has_but_one(
    till: Till,
) -> None:
    assert did(till, "scan", code="]E4" + TWO_THINGS)["line"]["product_id"] == "gum"
    assert did(till, "scan", code="]E0" + TWO_THINGS)["line"]["product_id"] == "gum"  # as listed
    did(till, "void", reason="r")
    publish(till, [a_product("gum", codes=("1",)), SHELF[-1]], SETTINGS)
    assert did(till, "scan", code=TWO_THINGS)["line"]["product_id"] == "soda"


@pytest.mark.parametrize("code", ["6901028075022", "", "12345678", "０1234053", "x" * 100])
def test_only_what_is_two_things_is_decided(till: Till, code: str) -> None:
    assert refused(till, "decide_code", code=code, reading="ean8") == "not_ambiguous"


def test_what_another_till_of_the_store_said_counts_too(till: Till) -> None:
    row = FeedRow(OWN, "reading", TWO_THINGS, msgspec.Raw(b'"upce"'))
    till.catalogue.stage(FeedPage("epoch-1", "later", [row], True))
    till.sale.between_sales()
    assert did(till, "scan", code=TWO_THINGS)["line"]["product_id"] == "soda"


def test_a_store_may_say_once_what_all_such_digits_are(till: Till) -> None:
    publish(till, SHELF, msgspec.structs.replace(SETTINGS, eight_digits=EightDigits.UPCE))
    assert did(till, "scan", code=TWO_THINGS)["line"]["product_id"] == "soda"


# Settings


@pytest.mark.parametrize(
    "body",
    [
        b'{"code_templates": ["nonsense"]}',
        b'{"code_templates": ["21IIIIIVVVVVC price=2", "21IIIIWWWWWWC weight=3"]}',
        b'{"code_templates": ["21IIIIIVVVVVC price=4"]}',
        b'{"eight_digits": "both"}',
        b'{"near_expiry": [{"days_left_max": 3, "rate_ppm": 0}]}',
        b'{"near_expiry": [{"days_left_max": -1, "rate_ppm": 1}]}',
        b'{"prices_old_after_days": 0}',
    ],
)
def test_settings_that_cannot_be_leave_the_till_selling_by_those_it_had(
    till: Till, body: bytes
) -> None:
    row = FeedRow(OWN, "settings", STORE, msgspec.Raw(body))
    (unread,) = till.catalogue.stage(FeedPage("epoch-1", "later", [row], True))
    assert unread.kind == "settings"
    till.sale.between_sales()
    assert till.catalogue.settings == SETTINGS
    assert did(till, "scan", code=LABEL)["line"]["total"] == 838


def test_a_delivery_of_cases_is_so_many_pieces(till: Till) -> None:
    did(till, "receive", reference="DN-1", lines=[{"code": CASE, "quantity": 2000}])
    assert till.stock.on_hand("cola").stock == 48_000
    did(till, "receive", reference="DN-2", lines=[{"code": APPLES, "quantity": 10_500}])
    assert till.stock.on_hand("apple") == (10_500, 0)
