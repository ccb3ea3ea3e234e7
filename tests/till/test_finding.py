"""Products by words, one of them in full, and which revision they come from."""

import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from pos_client.catalogue.finding import matched
from pos_client.till import Till
from retail.catalogue import StoreSettings
from retail.revision import Recall
from tests.builders import SteppedClock, a_product, open_till, publish
from tests.till.counter import COLA, begin, did, refused, sell
from tests.till.supermarket import BUNDLE, CASE, MILK, SHELF, checked, recall

SETTINGS = StoreSettings(price_list="市区")


def found(till: Till, words: str, **fields: object) -> list[str]:
    return [each["product_id"] for each in did(till, "find", words=words, **fields)["found"]]


@pytest.fixture
def till(till: Till) -> Till:
    publish(till, SHELF, SETTINGS)
    return till


def test_words_find_by_name_pinyin_category_and_a_part_of_the_code(till: Till) -> None:
    assert found(till, "可乐 无糖") == ["pepsi"]
    assert found(till, "kkkl") == ["cola"]
    assert found(till, "tansuan") == ["cola"]
    assert found(till, "80750") == ["cola"]
    assert found(till, "nothing of the kind") == []
    assert found(till, "") == []


def test_what_this_store_sells_most_comes_first(till: Till) -> None:
    begin(till)
    for _ in range(2):
        sell(till, SHELF[5].codes[0])
    sell(till, COLA)
    assert SHELF[5].product_id == "pepsi"
    assert found(till, "kele")[:2] == ["pepsi", "cola"]


def test_what_sells_most_is_counted_anew_once_a_day(tmp_path: Path) -> None:
    clock = SteppedClock()
    with closing(open_till(tmp_path, clock=clock)) as till:
        publish(till, SHELF, SETTINGS)
        begin(till)
        assert found(till, "kele")[:2] == ["cola", "pepsi"]
        sell(till, SHELF[5].codes[0])
        assert found(till, "kele")[:2] == ["cola", "pepsi"]
        clock.move(timedelta(days=1))
        assert found(till, "kele")[:2] == ["pepsi", "cola"]


def test_a_hit_shows_the_stores_price_and_what_there_is_here(till: Till) -> None:
    did(till, "receive", reference="DN", lines=[{"code": CASE, "quantity": 1000}])
    begin(till)
    sell(till, COLA)
    (hit,) = did(till, "find", words="kkkl")["found"]
    assert (hit["unit_price"], hit["spec"], hit["stock"]) == (380, "330ml", 23_000)


def test_a_limit_is_kept_and_an_absurd_one_is_no_act(till: Till) -> None:
    assert len(found(till, "kele", limit=1)) == 1
    assert refused(till, "find", words="kele", limit=0) == "not_an_act"


def test_after_a_swap_the_new_book_is_searched(till: Till) -> None:
    assert found(till, "kkkl") == ["cola"]
    publish(till, [a_product("cola", name="可口可乐"), a_product("new", name="可口可乐 新")])
    assert found(till, "kkkl") == ["cola", "new"]
    till.catalogue.start_over()
    publish(till, [a_product("only", name="可口可乐 唯一")])
    assert found(till, "kkkl") == ["only"]


def test_a_product_without_a_code_is_sold_by_its_id(till: Till) -> None:
    begin(till)
    assert refused(till, "choose", product_id="nuts") == "needs_weight"
    line = did(till, "choose", product_id="nuts", quantity=250)["line"]
    assert (line["code"], line["total"]) == ("", 640)
    assert refused(till, "choose", product_id="none") == "unknown_product"


def test_a_product_in_full(till: Till) -> None:
    recall(till, Recall("milk", "r", "L7"), Recall("cola", "cap"))
    answer = did(till, "product", code=BUNDLE)
    product = answer["product"]
    assert product["packs"][1] == {"code": BUNDLE, "quantity": 6000, "price": 1900}
    assert product["prices"] == {"市区": 380, "会员": 320}
    assert (product["unit_price"], product["recalled"]) == (380, "cap")
    assert (product["stock"], product["sold"]) == (0, 0)
    assert did(till, "product", product_id="milk")["product"]["recalled_batches"] == {"L7": "r"}
    assert answer["revision"]["name"] == till.catalogue.in_force.name
    assert refused(till, "product", product_id="none") == "unknown_product"
    assert refused(till, "product") == "code_unreadable"


def test_status_says_which_revision_is_sold_by_and_when_it_was_checked(till: Till) -> None:
    checked(till, days_ago=9)
    revision = did(till, "status")["revision"]
    assert revision["name"] == till.catalogue.seen
    assert revision["short"] == revision["name"][:6]
    assert revision["checked_at"] == "2026-05-25T01:00:00+00:00"
    assert revision["published_at"] is None


# As it is typed


def test_only_the_newest_question_is_answered(till: Till) -> None:
    finder = till.catalogue.finder
    for words in ("k", "kk", "kkk", "kkkl"):
        finder.ask(words)
    answer = finder.settle()
    assert answer.words == "kkkl"
    assert [hit.product.product_id for hit in answer.hits] == ["cola"]


def test_a_book_that_cannot_be_read_is_said_and_the_next_question_is_tried(
    till: Till, monkeypatch: pytest.MonkeyPatch
) -> None:
    finder = till.catalogue.finder

    def fail(*_: object) -> list[object]:
        raise sqlite3.DatabaseError("malformed")

    with monkeypatch.context() as broken:
        broken.setattr("pos_client.catalogue.finding.search.find", fail)
        finder.ask("kele")
        no = finder.settle().no
        assert no is not None
        assert no.code == "price_book_damaged"
    finder.ask("kkkl")
    assert finder.settle().no is None


def test_a_till_that_closes_ends_what_is_looked_for(tmp_path: Path) -> None:
    with closing(open_till(tmp_path)) as till:
        till.catalogue.finder.ask("kele")
    assert till.catalogue.finder.settle() is not None


@pytest.mark.parametrize(
    ("name", "text", "inked"),
    [
        ("可口可乐 330ml", "可乐", "  ██      "),
        ("可口可乐 330ml", "kele", "  ██      "),
        ("可口可乐 330ml", "kk 330", "██   ███  "),
        ("Coca-Cola", "cola", "     ████"),
        ("百事可乐", "milk", "    "),
        ("重庆小面", "cq", "██  "),
        ("ﬁne 茶", "fi", "█    "),
        ("", "x", ""),
    ],
)
def test_the_part_that_was_found_is_inked(name: str, text: str, inked: str) -> None:
    assert "".join("█" if mark else " " for mark in matched(name, text)) == inked


def test_a_code_of_milk_is_no_word_of_its_name(till: Till) -> None:
    assert found(till, MILK[3:9]) == ["milk"]
    assert not any(matched("光明鲜牛奶", MILK[3:9]))
