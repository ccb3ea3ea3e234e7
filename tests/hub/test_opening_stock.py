"""Opening stock of a file: kept for the store that is named, told to its tills, shown and exported;
through the real commands and on both databases."""

from pathlib import Path

import msgspec
import pytest

from journal.cursor import PAGE_ROWS_MAX
from sync_server import head_office
from sync_server.commands import files
from sync_server.stock.records import OnHand, Opening
from tests.builders import OWN, STORE, a_product
from tests.hand_till import HandTill, a_delivery, a_sale, an_opened_shift, reply_of
from tests.hub.office import Office
from tests.hub.test_commands import STORES, Ended, Head
from tests.served_hub import ServedHub

COLUMNS = "product_id,name,price,currency,barcodes,unit,cost,opening_stock"
FILE = f"""{COLUMNS}
cola,可口可乐 330ml,3.50,CNY,6901028075022,,1.80,24
apple,散装苹果,12.80,CNY,2100001,kg,,10.5
tea,お茶,150,JPY,4901777018686,,90,-3
pen,荧光笔,8.90,CNY,4006381333931,,4,
"""


@pytest.fixture
def head(tmp_path: Path, database_url: str) -> Head:
    """Head office with two stores."""
    opened = Head(tmp_path, database_url)
    assert opened.imports("stores", STORES).code == 0
    return opened


def imports(head: Head, text: str, *options: str) -> Ended:
    file = head.folder / "goods.csv"
    file.write_text(text, encoding="utf-8")
    return head.runs("import", "products", str(file), *options)


def stock(head: Head, product: str) -> list[list[str]]:
    """What the command shows of a product's stock."""
    shown = head.runs("products", "show", product).out.splitlines()
    return [line.split("\t") for line in shown if line.startswith("stock ")]


def test_what_a_file_says_lay_in_a_store_is_kept(head: Head) -> None:
    ended = imports(head, FILE, "--store", "S01")
    assert (ended.code, ended.said) == (0, "4 rows taken, 4 changed something, 0 rejected")
    assert "opening stock in S01: 3 products changed\n" in ended.err
    assert stock(head, "cola") == [["stock S01", "24; opening 24 at 1.80 CNY"]]
    assert stock(head, "apple") == [["stock S01", "10.500; opening 10.500"]]
    assert stock(head, "tea") == [["stock S01", "-3; opening -3 at 90 JPY"]]
    assert stock(head, "pen") == []


def test_the_same_file_again_changes_nothing_and_tells_no_till(head: Head) -> None:
    imports(head, FILE, "--store", "S01")
    with ServedHub(head.database_url) as hub:
        before = hub.do(hub.hub.heads())
    again = imports(head, FILE, "--store", "S01")
    assert again.said == "4 rows taken, 0 changed something, 0 rejected"
    assert "opening stock in S01: 0 products changed\n" in again.err
    with ServedHub(head.database_url) as hub:
        assert hub.do(hub.hub.heads()) == before


def test_each_store_has_its_own_and_a_file_that_says_nothing_leaves_it(head: Head) -> None:
    imports(head, FILE, "--store", "S01")
    imports(
        head, f"{COLUMNS}\ncola,可口可乐 330ml,3.50,CNY,6901028075022,,1.90,7\n", "--store", "S02"
    )
    assert stock(head, "cola") == [
        ["stock S01", "24; opening 24 at 1.80 CNY"],
        ["stock S02", "7; opening 7 at 1.90 CNY"],
    ]
    imports(
        head, f"{COLUMNS}\ncola,可口可乐 330ml,3.50,CNY,6901028075022,,2.00,\n", "--store", "S01"
    )
    assert stock(head, "cola")[0] == ["stock S01", "24; opening 24 at 1.80 CNY"]
    ended = imports(head, FILE.replace("1.80", "1.70"), "--store", "S01")
    assert "opening stock in S01: 1 products changed\n" in ended.err
    assert stock(head, "cola")[0] == ["stock S01", "24; opening 24 at 1.70 CNY"]


def test_of_a_product_named_twice_the_latter_counts(
    head: Head, monkeypatch: pytest.MonkeyPatch
) -> None:
    twice = FILE + "apple,散装苹果,12.80,CNY,2100001,kg,3,2\n"
    ended = imports(head, twice, "--store", "S01")
    assert "opening stock in S01: 3 products changed\n" in ended.err
    assert stock(head, "apple") == [["stock S01", "2.000; opening 2.000 at 3.00 CNY"]]
    monkeypatch.setattr(files, "_ROWS_AT_ONCE", 1)
    imports(head, twice.replace("kg,3,2\n", "kg,3,4\n"), "--store", "S01")
    assert stock(head, "apple") == [["stock S01", "4.000; opening 4.000 at 3.00 CNY"]]


def test_an_unknown_store_is_refused_before_anything_is_changed(head: Head) -> None:
    ended = imports(head, FILE, "--store", "S09")
    assert (ended.code, ended.out) == (1, "")
    assert "There is no store S09." in ended.err
    assert "没有门店 S09。" in ended.err
    assert head.runs("products", "history").out == ""
    assert head.runs("products", "show", "cola").code == 1


def test_without_a_store_all_else_is_imported_and_that_is_said(head: Head) -> None:
    ended = imports(head, FILE)
    assert ended.said == "4 rows taken, 4 changed something, 0 rejected"
    assert "The opening stock of 3 products is not kept: --store S01 says in which" in ended.err
    assert "未保存 3 个商品的期初库存：请用 --store S01 注明所属门店。" in ended.err
    assert stock(head, "cola") == []
    nothing = imports(head, FILE.replace(",opening_stock", ",of no use"))
    assert "opening stock" not in nothing.err


def test_a_dry_run_saves_none(head: Head) -> None:
    ended = imports(head, FILE, "--store", "S01", "--dry-run")
    assert ended.said == "4 rows taken, nothing was changed, 0 rejected"
    assert "products changed" not in ended.err
    assert head.runs("products", "show", "cola").code == 1
    assert "is not kept" in imports(head, FILE, "--dry-run").err


def test_only_products_have_an_opening_stock(head: Head) -> None:
    file = head.folder / "stores.csv"
    assert head.runs("import", "stores", str(file), "--store", "S01").code == 2


def test_rows_that_stay_out_leave_no_stock(head: Head) -> None:
    text = f"{FILE}rival,对手,1,CNY,6901028075022,,1,5\nbad,坏,free,CNY,,,1,6\n"
    ended = imports(head, text, "--store", "S01")
    assert (ended.code, ended.said) == (1, "4 rows taken, 4 changed something, 2 rejected")
    assert "opening stock in S01: 3 products changed\n" in ended.err
    with ServedHub(head.database_url) as hub:
        kept = hub.do(hub.hub.office.openings("S01", ["cola", "rival", "bad", "pen"]))
    assert kept == {"cola": Opening("cola", 24_000, 180, "CNY")}


def test_a_row_that_waits_for_its_barcode_has_its_stock_too(
    head: Head, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "_ROWS_AT_ONCE", 1)
    imports(head, FILE)
    moved = f"{COLUMNS}\nrival,对手,1,CNY,6901028075022,,1,5\ncola,可乐,3.50,CNY,-,,,\n"
    assert imports(head, moved, "--store", "S01").code == 0
    assert stock(head, "rival") == [["stock S01", "5; opening 5 at 1.00 CNY"]]


def test_nothing_is_kept_of_a_file_that_ends_in_the_middle(
    head: Head, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "_ROWS_AT_ONCE", 1)
    kept: list[str] = []

    async def note(_: object, store_id: str, rows: list[Opening]) -> int:
        kept.extend(row.product_id for row in rows)
        return len(rows)

    async def torn(*_: object) -> int:
        raise OSError("torn")

    monkeypatch.setattr(head_office.HeadOffice, "keep_opening_stock", note)
    monkeypatch.setattr(head_office.HeadOffice, "publish_or_forget", torn)
    assert imports(head, FILE, "--store", "S01").code == 1
    assert kept == []


# What there is in a store


@pytest.fixture
def stocked(hub: ServedHub) -> ServedHub:
    """A hub whose S01 had 24 of cola at 1.80, and whose S02 had 7 of it."""
    hub.add_store("S02", name="徐汇店")
    for store_id, quantity in ((STORE, 24_000), ("S02", 7_000)):
        lay_there = Opening("cola", quantity, 180 if store_id == STORE else None, "CNY")
        assert hub.do(hub.hub.office.keep_opening_stock(store_id, [lay_there])) == 1
    return hub


def test_there_is_what_lay_there_and_what_all_facts_added_and_took(
    stocked: ServedHub, till: HandTill
) -> None:
    till.begin()
    till.record(an_opened_shift())
    till.record(a_sale(quantity=2_000))
    till.record(a_delivery("water", 6_000))
    reply_of(till.push())
    cola = stocked.do(stocked.hub.office.on_hand("cola"))
    lay_there = Opening("cola", 24_000, 180, "CNY")
    assert cola[0] == OnHand(STORE, "上海静安店", lay_there, -2_000)
    assert [(each.store_id, each.quantity) for each in cola] == [(STORE, 22_000), ("S02", 7_000)]
    (water,) = stocked.do(stocked.hub.office.on_hand("water"))
    assert (water.opening, water.quantity) == (None, 6_000)
    assert stocked.do(stocked.hub.office.on_hand("nobody")) == []


def test_a_stores_tills_are_told_how_much_and_not_what_it_cost(
    stocked: ServedHub, till: HandTill
) -> None:
    page = till.pull()
    told = [row for row in page.rows if row.kind == "opening_stock"]
    assert [(row.scope, row.key, bytes(row.body)) for row in told] == [(OWN, "cola", b"24000")]
    assert page.contents[OWN].startswith("2:")
    assert b"180" not in msgspec.json.encode(page.rows)
    lay_there = Opening("cola", 24_000, 99, "CNY")
    assert stocked.do(stocked.hub.office.keep_opening_stock(STORE, [lay_there])) == 1
    assert till.pull(page.cursor).rows == []
    less = lay_there._replace(quantity=23_000)
    stocked.do(stocked.hub.office.keep_opening_stock(STORE, [less]))
    (row,) = till.pull(page.cursor).rows
    assert bytes(row.body) == b"23000"


def test_rows_of_the_store_send_no_till_to_the_snapshot(stocked: ServedHub, till: HandTill) -> None:
    many = [Opening(f"p{number}", number, None, "CNY") for number in range(PAGE_ROWS_MAX)]
    assert stocked.do(stocked.hub.office.keep_opening_stock(STORE, many)) == PAGE_ROWS_MAX
    first, last = till.pull_all()
    assert (first.up_to_date, first.behind) == (False, 0)
    assert {row.scope for row in (*first.rows, *last.rows)} == {OWN}
    assert len([*first.rows, *last.rows]) == PAGE_ROWS_MAX + 2


@pytest.mark.parametrize(
    ("language", "heads"),
    [("en", ["Store", "On hand", "Opening", "Cost"]), ("zh", ["门店", "账面", "期初", "成本"])],
)
def test_the_products_page_shows_each_store(
    stocked: ServedHub, till: HandTill, language: str, heads: list[str]
) -> None:
    stocked.publish([a_product("cola"), a_product("water"), a_product("pen")])
    till.begin()
    till.record(an_opened_shift())
    till.record(a_sale(quantity=2_000))
    till.record(a_delivery("water", 6_000))
    reply_of(till.push())
    with Office(stocked.url, language) as office:
        pages = {key: office.page("/product", id=key) for key in ("cola", "water", "pen")}
    table = table_of(pages["cola"])
    assert [table.index(head) for head in heads] == sorted(table.index(head) for head in heads)
    first, second = table.split("<tr>")[2:]
    for said in ("S01", "上海静安店", ">22<", ">24<", ">1.80 CNY<"):
        assert said in first
    for said in ("S02", "徐汇店", ">7<", ">–<"):
        assert said in second
    assert table_of(pages["water"]).count(">–<") == 2
    assert 'class="stock"' not in pages["pen"]


def table_of(page: str) -> str:
    table = page[page.index('<table class="stock">') :]
    return table[: table.index("</table>")]


# Out again


@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
def test_what_is_exported_with_a_store_and_imported_changes_nothing(
    head: Head, suffix: str
) -> None:
    imports(head, FILE, "--store", "S01")
    out = head.folder / f"out.{suffix}"
    assert head.runs("export", "products", str(out), "--store", "S01").code == 0
    again = head.runs("import", "products", str(out), "--store", "S01")
    assert again.said == "4 rows taken, 0 changed something, 0 rejected"
    assert "opening stock in S01: 0 products changed\n" in again.err
    for store, changed in (("S01", 0), ("S02", 3)):
        ended = head.runs("import", "products", str(out), "--store", store)
        assert f"opening stock in {store}: {changed} products changed\n" in ended.err
    assert stock(head, "tea")[1] == ["stock S02", "-3; opening -3 at 90 JPY"]


def test_without_a_store_an_export_says_nothing_of_stock(head: Head) -> None:
    imports(head, FILE, "--store", "S01")
    out = head.folder / "out.csv"
    assert head.runs("export", "products", str(out)).code == 0
    assert "is not kept" not in head.runs("import", "products", str(out)).err
    assert head.runs("export", "products", str(out), "--store", "S09").code == 1


def test_a_cost_in_another_currency_is_not_exported_as_the_products(head: Head) -> None:
    imports(head, FILE, "--store", "S01")
    imports(head, f"{COLUMNS}\ncola,可口可乐 330ml,3.50,EUR,6901028075022,,,\n")
    out = head.folder / "out.csv"
    head.runs("export", "products", str(out), "--store", "S01")
    (cola,) = [line for line in out.read_text("utf-8").splitlines() if line.startswith("cola,")]
    assert cola.endswith(",,24")
