"""Revisions of the catalogue: drafted, published whole, planned, rolled back; named by what they
hold."""

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from journal.cursor import PAGE_ROWS_MAX
from pricebook.rows import CATALOGUE, REVISIONS, Change, Contents
from retail.catalogue import Pack, Product
from retail.refusals import Refusal
from retail.revision import Plan, Recall, Revision
from sync_server.catalogue import records
from sync_server.catalogue.records import State
from sync_server.feed import records as feed
from tests.builders import a_product
from tests.hand_till import HandTill
from tests.hub.test_feed import keys_of, rows_of
from tests.served_hub import ServedHub


def drafted(hub: ServedHub, *products: Product, author: str = "wang", note: str = "") -> int:
    number = hub.do(hub.hub.office.draft(author, note))
    assert hub.do(hub.hub.office.put_products(number, list(products))) == {}
    return number


def published(hub: ServedHub, *products: Product) -> tuple[int, str]:
    """A revision of these -> its number and its name."""
    number = drafted(hub, *products)
    return number, hub.do(hub.hub.office.publish(number, "wang")).name


def standing(hub: ServedHub) -> dict[str, Product]:
    """What the catalogue holds now."""
    rows = hub.read(lambda c: feed.all_published(c, CATALOGUE, "product"))
    return {key: msgspec.json.decode(body, type=Product) for key, body in rows.items()}


def revision(hub: ServedHub, number: int) -> records.RevisionRow:
    row = hub.read(lambda c: records.find(c, number))
    assert row is not None
    return row


def refused(hub: ServedHub, work: Any) -> str:
    with pytest.raises(Refusal) as no:
        hub.do(work)
    assert no.value.say.zh
    assert no.value.remedy.zh
    return no.value.code


def test_a_draft_is_nobodys_until_it_is_published_and_then_everybodys_at_once(
    hub: ServedHub, till: HandTill
) -> None:
    hub.publish([a_product("cola"), a_product("water")])
    cursor = till.pull().cursor
    number = drafted(hub, a_product("cola", price_minor=400), a_product("pen"))
    assert till.pull(cursor).rows == []
    name = hub.do(hub.hub.office.publish(number, "wang")).name
    page = till.pull(cursor)
    assert sorted(keys_of([page], "product")) == ["cola", "pen"]
    stands = next(row.body for row in page.rows if row.kind == "revision")
    assert msgspec.json.decode(stands, type=Revision).name == name


def test_a_revision_is_named_by_what_the_catalogue_holds_however_it_came_to_it(
    hub: ServedHub,
) -> None:
    one, two = a_product("cola"), a_product("water")
    _, first = published(hub, one, two)
    _, other = published(hub, a_product("cola", price_minor=400))
    _, again = published(hub, one)
    assert first == again != other
    contents = hub.read(lambda c: feed.head(c, CATALOGUE).contents)
    assert contents == hub.read(lambda c: feed.recounted(c, CATALOGUE))
    assert contents.name == first
    body = {product.product_id: msgspec.json.encode(product) for product in (two, one)}
    anew = Contents().with_changes(Change("product", key, None, body[key]) for key in body)
    assert anew == contents


def test_what_says_the_same_is_no_change(hub: ServedHub) -> None:
    hub.publish([a_product("cola")])
    number = drafted(hub, a_product("cola"))
    assert refused(hub, hub.hub.office.publish(number, "wang")) == "nothing_changed"
    assert hub.publish([a_product("cola")]) == 0
    assert [row.number for row in hub.read(lambda c: records.history(c, 10))] == [1]


def test_of_a_draft_the_latter_word_counts(hub: ServedHub) -> None:
    hub.publish([a_product("cola", codes=("A",)), a_product("water", codes=("W",))])
    number = drafted(hub, a_product("cola", price_minor=1, codes=("B",)), a_product("pen"))
    drafted_again = [a_product("cola", codes=("A",)), a_product("pen", codes=("B",))]
    assert hub.do(hub.hub.office.put_products(number, drafted_again)) == {}
    hub.do(hub.hub.office.publish(number, "wang"))
    assert standing(hub)["cola"] == a_product("cola", codes=("A",))
    assert standing(hub)["pen"].codes == ("B",)
    owners = hub.read(lambda c: records.owners(c, 0, ["A", "B", "W"]))
    assert owners == {"A": "cola", "B": "pen", "W": "water"}


def test_a_product_that_is_removed_is_gone_with_its_barcodes(
    hub: ServedHub, till: HandTill
) -> None:
    hub.publish([a_product("cola", codes=("A",), packs=(Pack("C", 24_000),)), a_product("water")])
    cursor = till.pull().cursor
    number = hub.do(hub.hub.office.draft("", ""))
    hub.do(hub.hub.office.remove_products(number, ["cola", "never"]))
    assert hub.do(hub.hub.office.publish(number, "wang")).moved == 1
    (gone,) = [row for row in till.pull(cursor).rows if row.kind == "product"]
    assert (gone.key, bytes(gone.body)) == ("cola", b"null")
    assert hub.publish([a_product("pen", codes=("A", "C"))]) == 1


def test_a_barcode_is_one_products_also_against_what_is_planned(hub: ServedHub) -> None:
    hub.publish([a_product("cola", codes=("A",))])
    number = drafted(hub, a_product("pen", codes=("P",)))
    hub.do(hub.hub.office.plan(number, hub.clock.now() + timedelta(days=1), "wang"))
    late = hub.do(hub.hub.office.draft("", ""))
    taken = [a_product("x", codes=("A",)), a_product("y", codes=("P",)), a_product("z")]
    assert sorted(hub.do(hub.hub.office.put_products(late, taken))) == ["x", "y"]


def test_a_barcode_that_was_taken_since_the_draft_is_told_when_it_is_published(
    hub: ServedHub,
) -> None:
    number = drafted(hub, a_product("pen", codes=("A",)))
    hub.publish([a_product("cola", codes=("A",))])
    assert refused(hub, hub.hub.office.publish(number, "wang")) == "barcode_taken"
    assert revision(hub, number).state == State.DRAFT
    assert list(standing(hub)) == ["cola"]


def test_a_draft_upon_what_has_changed_since_changes_only_its_own_fields(hub: ServedHub) -> None:
    hub.publish([a_product("cola", brand="old", prices={"member": 300})])
    number = drafted(
        hub, a_product("cola", brand="old", price_minor=400, prices={"member": 300, "vip": 1})
    )
    hub.publish([a_product("cola", name="Renamed", brand="new", prices={"member": 300})])
    hub.do(hub.hub.office.publish(number, "wang"))
    stands = standing(hub)["cola"]
    assert (stands.name, stands.brand, stands.price_minor) == ("Renamed", "new", 400)
    assert stands.prices == {"member": 300, "vip": 1}


def test_a_rollback_brings_back_what_stood_and_its_name(hub: ServedHub, till: HandTill) -> None:
    first, name = published(hub, a_product("cola"), a_product("water"))
    published(hub, a_product("cola", price_minor=400), a_product("pen"))
    number = drafted(hub, a_product("cola", price_minor=500))
    hub.do(hub.hub.office.remove_products(number, ["water"]))
    hub.do(hub.hub.office.publish(number, "wang"))
    assert hub.do(hub.hub.office.roll_back(first, "li")).name == name
    assert standing(hub) == {"cola": a_product("cola"), "water": a_product("water")}
    assert refused(hub, hub.hub.office.roll_back(first, "li")) == "nothing_changed"
    last = hub.read(lambda c: records.history(c, 1))[0]
    assert (last.author, last.name, last.place) == ("li", name, 4)
    assert set(keys_of(till.pull_all(), "product")) == {"cola", "pen", "water"}


def test_what_became_of_a_product_is_remembered_with_who_and_why(hub: ServedHub) -> None:
    hub.publish([a_product("cola")])
    number = drafted(hub, a_product("cola", price_minor=400), author="wang", note="spring")
    hub.do(hub.hub.office.publish(number, "wang"))
    history = hub.read(lambda c: records.changes_to(c, "product", "cola", State.PUBLISHED))
    assert [row.author for row, _ in history] == ["wang", "office"]
    _, change = history[0]
    assert b'"price_minor":350' in (change.before or b"")
    assert b'"price_minor":400' in (change.after or b"")


# Plans


def test_a_plan_reaches_tills_ahead_and_the_feed_at_its_time(
    hub: ServedHub, till: HandTill
) -> None:
    hub.publish([a_product("cola"), a_product("water")])
    cursor = till.pull().cursor
    number = drafted(hub, a_product("cola", price_minor=400), note="New Year")
    when = hub.clock.now() + timedelta(hours=1)
    name = hub.do(hub.hub.office.plan(number, when, "wang"))
    ahead = till.pull(cursor)
    assert {row.scope for row in ahead.rows} == {REVISIONS}
    told = next(row.body for row in ahead.rows if row.kind == "plan")
    assert msgspec.json.decode(told, type=Plan) == Plan(str(number), when, 1, "New Year")
    hub.do(hub.hub.office.publish_due())
    assert revision(hub, number).state == State.PLANNED
    hub.clock.move(timedelta(hours=1))
    hub.do(hub.hub.office.publish_due())
    then = till.pull(ahead.cursor)
    assert keys_of([then], "product") == ["cola"]
    assert {row.key for row in rows_of([then]) if bytes(row.body) == b"null"} == {
        str(number),
        f"{number}/product/cola",
    }
    assert revision(hub, number).name == name


def test_a_plan_takes_over_what_changes_before_its_time(hub: ServedHub, till: HandTill) -> None:
    hub.publish([a_product("cola")])
    number = drafted(hub, a_product("cola", price_minor=400))
    hub.do(hub.hub.office.plan(number, hub.clock.now() + timedelta(hours=1), "wang"))
    cursor = till.pull().cursor
    hub.publish([a_product("cola", name="Renamed")])
    planned = next(row.body for row in till.pull(cursor).rows if row.kind == "planned")
    assert b"Renamed" in bytes(planned)
    assert b'"price_minor":400' in bytes(planned)
    hub.clock.move(timedelta(hours=1))
    hub.do(hub.hub.office.publish_due())
    assert (standing(hub)["cola"].name, standing(hub)["cola"].price_minor) == ("Renamed", 400)


def test_plans_come_into_force_in_the_order_of_their_times(hub: ServedHub) -> None:
    hub.publish([a_product("cola")])
    later, sooner = (drafted(hub, a_product("cola", price_minor=price)) for price in (500, 400))
    hub.do(hub.hub.office.plan(later, hub.clock.now() + timedelta(hours=2), "wang"))
    hub.do(hub.hub.office.plan(sooner, hub.clock.now() + timedelta(hours=1), "wang"))
    hub.clock.move(timedelta(hours=3))
    hub.do(hub.hub.office.publish_due())
    assert standing(hub)["cola"].price_minor == 500
    assert [row.number for row in hub.read(lambda c: records.history(c, 2))] == [later, sooner]


def test_a_plan_may_be_withdrawn_before_its_time_and_leaves_nothing(
    hub: ServedHub, till: HandTill
) -> None:
    hub.publish([a_product("cola", codes=("A",))])
    number = drafted(hub, a_product("cola", price_minor=400, codes=("B",)))
    hub.do(hub.hub.office.plan(number, hub.clock.now() + timedelta(hours=1), "wang"))
    cursor = till.pull().cursor
    hub.do(hub.hub.office.withdraw(number, "wang"))
    assert {bytes(row.body) for row in till.pull(cursor).rows} == {b"null"}
    hub.clock.move(timedelta(hours=2))
    hub.do(hub.hub.office.publish_due())
    assert standing(hub)["cola"] == a_product("cola", codes=("A",))
    assert hub.publish([a_product("pen", codes=("B",))]) == 1


def test_what_cannot_be_done_with_a_revision_is_a_sentence(hub: ServedHub) -> None:
    hub.publish([a_product("cola")])
    number = drafted(hub, a_product("cola", price_minor=400))
    past = hub.clock.now() - timedelta(minutes=1)
    assert refused(hub, hub.hub.office.plan(number, past, "wang")) == "planned_in_the_past"
    assert refused(hub, hub.hub.office.publish(77, "wang")) == "no_such_revision"
    assert refused(hub, hub.hub.office.roll_back(number, "")) == "not_that_state"
    hub.do(hub.hub.office.publish(number, "wang"))
    assert refused(hub, hub.hub.office.publish(number, "wang")) == "not_that_state"
    assert refused(hub, hub.hub.office.withdraw(number, "wang")) == "not_that_state"
    assert refused(hub, hub.hub.office.put_products(number, [a_product("x")])) == "not_that_state"


# What may not be sold, and what is gone for long


def test_a_recall_comes_before_everything_else(hub: ServedHub, till: HandTill) -> None:
    hub.publish([a_product("cola")])
    hub.do(hub.hub.office.recall(Recall("cola", "glass in it", batch="L7"), "wang"))
    rows = till.pull().rows
    assert (rows[0].scope, rows[0].key) == ("recalls", "cola/L7")
    assert hub.do(hub.hub.office.lift_recall("cola/L7", "wang")) == 1
    assert hub.do(hub.hub.office.lift_recall("cola/L7", "wang")) == 0


def test_a_till_that_missed_what_is_forgotten_pulls_from_the_beginning(
    hub: ServedHub, till: HandTill
) -> None:
    hub.publish([a_product("cola"), a_product("water")])
    before = till.pull().cursor
    number = hub.do(hub.hub.office.draft("", ""))
    hub.do(hub.hub.office.remove_products(number, ["cola"]))
    hub.do(hub.hub.office.publish(number, "wang"))
    after = till.pull(before).cursor
    hub.publish([a_product("pen")])
    soon = (hub.clock.now() + timedelta(days=1)).isoformat(timespec="seconds")
    now = hub.clock.now().isoformat(timespec="seconds")
    assert hub.write(lambda c: feed.forget_gone(c, now)) == 0
    assert hub.write(lambda c: feed.forget_gone(c, soon)) == 1
    late, fresh = till.pull(before), till.pull()
    assert keys_of([late], "product") == keys_of([till.pull(after)], "product") == ["pen"]
    assert sorted(keys_of([fresh], "product")) == ["pen", "water"]
    held = Contents.parse(late.contents[CATALOGUE])
    assert held.rows == 2  # the till that still has cola has three


def test_a_fresh_till_pulls_all_pages_after_something_was_forgotten(
    hub: ServedHub, till: HandTill
) -> None:
    hub.publish([a_product(f"p{number}") for number in range(PAGE_ROWS_MAX + 500)])
    number = hub.do(hub.hub.office.draft("", ""))
    hub.do(hub.hub.office.remove_products(number, ["p7"]))
    hub.do(hub.hub.office.publish(number, "wang"))
    later = (hub.clock.now() + timedelta(days=1)).isoformat(timespec="seconds")
    assert hub.write(lambda c: feed.forget_gone(c, later)) == 1
    assert len(set(keys_of(till.pull_all(), "product"))) == PAGE_ROWS_MAX + 499
    assert hub.do(hub.hub.book.up_to_date()).count() == PAGE_ROWS_MAX + 499


def test_barcodes_follow_what_a_draft_is_put_upon(hub: ServedHub) -> None:
    hub.publish([a_product("cola", codes=("A",)), a_product("tea", codes=("T",))])
    number = drafted(hub, a_product("cola", name="Renamed", codes=("A",)))
    hub.publish([a_product("cola", codes=("B",))])
    hub.do(hub.hub.office.publish(number, "wang"))
    assert (standing(hub)["cola"].name, standing(hub)["cola"].codes) == ("Renamed", ("B",))
    assert hub.read(lambda c: records.owners(c, 0, ["A", "B"])) == {"B": "cola"}
    late = hub.do(hub.hub.office.draft("", ""))
    assert list(hub.do(hub.hub.office.put_products(late, [a_product("tea", codes=("B",))]))) == [
        "tea"
    ]


def test_a_barcode_that_a_plan_will_need_is_not_given_away_before(hub: ServedHub) -> None:
    at_once, later = (drafted(hub, a_product(key, codes=("X",))) for key in ("pen", "ink"))
    hub.do(hub.hub.office.plan(later, hub.clock.now() + timedelta(hours=1), "wang"))
    assert refused(hub, hub.hub.office.publish(at_once, "wang")) == "barcode_taken"


def test_a_plan_that_would_change_nothing_any_more_is_given_up_at_its_time(
    hub: ServedHub, till: HandTill
) -> None:
    hub.publish([a_product("cola")])
    number = drafted(hub, a_product("cola", price_minor=400))
    hub.do(hub.hub.office.plan(number, hub.clock.now() + timedelta(hours=1), "wang"))
    hub.publish([a_product("cola", price_minor=400)])
    hub.clock.move(timedelta(hours=1))
    hub.do(hub.hub.office.publish_due())
    assert revision(hub, number).state == State.WITHDRAWN
    assert [row.kind for row in till.pull().rows if bytes(row.body) != b"null"].count("plan") == 0


def test_a_whole_cut_says_what_its_scopes_hold(hub: ServedHub, till: HandTill) -> None:
    hub.publish([a_product(f"p{number}") for number in range(PAGE_ROWS_MAX + 500)])
    hub.publish([a_product("p7", price_minor=1)])
    first, last = till.pull_all()
    assert (first.contents, first.behind > 0, last.behind) == ({}, True, 0)
    contents = Contents().with_changes(
        Change(row.kind, row.key, None, bytes(row.body))
        for row in {row.key: row for row in rows_of([first, last])}.values()
        if row.scope == CATALOGUE
    )
    assert last.contents[CATALOGUE] == contents.text
