"""/hq/catalogue over HTTP: what is typed there is drafted, published, planned, rolled back and
recalled; what is refused is said on the page, and nothing typed is lost."""

import html
import re
from collections.abc import Iterator
from datetime import timedelta

import httpx
import msgspec
import pytest

from pricebook.rows import CATALOGUE, RECALLS, REVISIONS
from retail.catalogue import Pack, Product
from retail.revision import Recall
from sync_server.catalogue.moments import told as told_time
from tests.builders import a_product, the_shelf
from tests.hand_till import a_sale, reply_of
from tests.hub.conftest import TillMaker
from tests.hub.office import Office, done, fields_of, number_of, shown_on, told
from tests.served_hub import ServedHub


@pytest.fixture
def shelf(hub: ServedHub) -> ServedHub:
    """A hub with the test store's products published."""
    hub.publish(the_shelf())
    return hub


@pytest.fixture
def office(shelf: ServedHub) -> Iterator[Office]:
    with Office(shelf.url) as opened:
        yield opened


def stands(hub: ServedHub, product_id: str) -> Product | None:
    return hub.do(hub.hub.office.product(product_id)).product


def price(hub: ServedHub, product_id: str = "cola") -> int:
    product = stands(hub, product_id)
    assert product is not None
    return product.price_minor


def read(page: str) -> str:
    """What a page says, one blank apart."""
    return " ".join(
        html.unescape(re.sub(r"<style>.*?</style>|<[^>]+>", " ", page, flags=re.DOTALL)).split()
    )


def test_what_is_typed_into_a_product_goes_into_a_draft_and_is_published(
    shelf: ServedHub, office: Office, a_till: TillMaker
) -> None:
    till = a_till()
    number = office.drafts("cola", {"price": "3.90", "price:member": "", "note": "June"})
    assert price(shelf) == 350
    page = office.page(f"/revisions/{number}")
    assert "<del><bdi>3.50</bdi></del>" in page
    assert "<ins><bdi>3.90</bdi></ins>" in page
    assert done(office.acts(number, "publish")) == "published"
    assert price(shelf) == 390
    rows = [row for page in till.pull_all() for row in page.rows if row.scope == CATALOGUE]
    published = {row.key: msgspec.json.decode(row.body, type=Product) for row in rows}
    assert published["cola"].price_minor == 390
    (latest, *_) = shelf.do(shelf.hub.office.history(1))
    assert (latest.row.author, latest.row.note, latest.changes) == ("王敏", "June", 1)


@pytest.mark.parametrize(
    ("language", "sentence", "beside"),
    [
        ("en", "◇ What is marked ◇ is in draft {} alone.", "◇ drafted; in force: {}"),
        ("zh", "◇ 带 ◇ 的内容仅在草稿 {} 中", "◇ 草稿；现行： {}"),
    ],
    ids=["English", "Chinese"],
)
def test_a_drafted_price_is_marked_and_the_one_in_force_stands_beside_it(
    shelf: ServedHub, office: Office, language: str, sentence: str, beside: str
) -> None:
    number = office.drafts("cola", {"price": "3.90", "brand": "Cola", "unit": "litre"})
    office.language = language
    page = office.page("/product", id="cola")
    assert fields_of(page)["price"] == "3.90"
    said = read(page)
    assert sentence.format(number) in said
    assert beside.format("3.50") in said
    assert beside.format({"en": "nothing", "zh": "无"}[language]) in said
    assert beside.format({"en": "piece", "zh": "件"}[language]) in said
    assert page.count('class="drafted"') == 3


def test_a_product_that_the_draft_leaves_alone_bears_no_mark(
    shelf: ServedHub, office: Office
) -> None:
    office.drafts("cola", {"price": "3.90"})
    assert "◇" not in read(office.page("/product", id="water"))
    office.acts(2, "publish")
    assert "◇" not in read(office.page("/product", id="cola"))


def test_a_product_that_is_in_a_draft_alone_is_said_to_be_sold_by_nobody(
    shelf: ServedHub, office: Office
) -> None:
    fields = {"id": "mate", "new": "1", "name": "Mate", "price": "9.00", "draft": "new"}
    number = number_of(office.post("/product", {**fields, "by": "王敏"}))
    page = read(office.page("/product", id="mate"))
    assert f"All of it is in draft {number} alone. It is not published: no till sells it." in page


def test_a_product_that_a_draft_takes_out_is_said_to_be_sold_until_then(
    shelf: ServedHub, office: Office
) -> None:
    number = office.drafts("cola", {"act": "remove"})
    page = read(office.page("/product", id="cola"))
    assert f"Draft {number} takes it out of the catalogue." in page
    assert stands(shelf, "cola") is not None


def test_a_revision_is_called_by_its_number_before_the_name_that_tills_show(
    shelf: ServedHub, office: Office
) -> None:
    office.acts(office.drafts("cola", {"price": "3.90"}), "publish")
    latest, first = shelf.do(shelf.hub.office.history(2))
    for path in ("", "/revisions", "/revisions/2", "/product"):
        page = read(office.page(path, id="cola"))
        assert f"● Revision 2 ≡ {latest.row.name[:6]}" in page, path
    back = number_of(office.acts(first.row.number, "roll_back"))
    assert "↶ 1" in read(office.page(f"/revisions/{back}"))


def test_every_field_of_a_product_can_be_typed(shelf: ServedHub, office: Office) -> None:
    typed = {
        "name": "可口可乐",
        "spec": "330ml",
        "brand": "可口可乐",
        "category": "饮料 / 汽水",
        "price": "¥3.90",
        "list_name": "member",
        "list_price": "3.60",
        "tax_rate": "9%",
        "tax_included": "no",
        "barcodes": "6901028075022\n6921168509249",
        "pack_code": "16901028075029",
        "pack_quantity": "24",
        "pack_price": "88",
        "other_names": "Coke",
        "mnemonic": "kkkl",
    }
    office.acts(office.drafts("cola", typed), "publish")
    product = stands(shelf, "cola")
    assert product is not None
    assert (product.name, product.spec, product.category) == ("可口可乐", "330ml", "饮料/汽水")
    assert (product.price_minor, product.prices) == (390, {"member": 360})
    assert (product.tax.code, product.tax.rate_ppm, product.tax.included) == ("VAT9", 90_000, False)
    assert product.codes == ("6901028075022", "6921168509249")
    assert product.packs == (Pack("16901028075029", 24_000, 8800),)
    assert fields_of(office.page("/product", id="cola"))["price:member"] == "3.60"


def test_a_form_that_nobody_typed_into_changes_nothing(shelf: ServedHub, office: Office) -> None:
    odd = a_product("odd", name="'=1  +1", codes=("a/b", "c;d"), prices={"a;b": 1, "": 2})
    shelf.publish([odd])
    assert told(office.edits("odd", {})).startswith("▲ Product odd is like that already.")
    number = office.drafts("odd", {"price": "9"})
    assert done(office.acts(number, "publish")) == "published"
    assert stands(shelf, "odd") == msgspec.structs.replace(odd, price_minor=900)


def test_what_others_published_meanwhile_stays(shelf: ServedHub, office: Office) -> None:
    form = fields_of(office.page("/product", id="cola"))
    shelf.publish([a_product("cola", name="新名称", price_minor=400, codes=("6901028075022",))])
    typed = {**form, "spec": "330ml", "by": "王敏", "act": "save"}
    office.acts(number_of(office.post("/product", typed)), "publish")
    product = stands(shelf, "cola")
    assert product is not None
    assert (product.name, product.price_minor, product.spec) == ("新名称", 400, "330ml")


def test_several_products_go_into_one_draft_and_one_is_left_again(
    shelf: ServedHub, office: Office
) -> None:
    number = office.drafts("cola", {"price": "3.90"})
    assert office.drafts("water", {"price": "9", "draft": str(number)}) == number
    removed = office.edits("pen", {"act": "remove", "draft": str(number)})
    assert number_of(removed) == number
    assert done(office.acts(number, "", leave="water")) == "left"
    assert done(office.acts(number, "publish")) == "published"
    assert (price(shelf), price(shelf, "water"), stands(shelf, "pen")) == (390, 200, None)
    assert "not in the catalogue now" in office.page("/product", id="pen")


def test_a_new_product_is_typed_in_whole(shelf: ServedHub, office: Office) -> None:
    form = fields_of(office.page("/product", new="1"))
    typed = {**form, "id": "100", "by": "王敏", "name": "绿茶", "barcodes": "6921168509249"}
    assert told(office.post("/product", {**typed, "price": ""})).startswith("▲ Price: price is")
    number = number_of(office.post("/product", {**typed, "price": "4.50"}))
    office.acts(number, "publish")
    assert stands(shelf, "100") == Product("100", "绿茶", 450, "CNY", ("6921168509249",))
    again = office.post("/product", {**typed, "price": "5"})
    assert told(again).startswith("▲ There is a product 100 already.")


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ({"price": "free"}, "Price: 'free' is not a number."),
        ({"price": "3.901"}, "Price: '3.901' is finer than 1/100."),
        ({"price": "-1"}, "Price: price -1 is not between 0"),
        ({"name": " "}, "Name: name is empty."),
        ({"tax_rate": "200%"}, "Tax: tax_rate 200% is not between"),
        ({"unit": "斤"}, "Unit: '斤' is none of piece"),
        ({"barcodes": "6901028075023"}, "Barcodes: barcode 6901028075023: its check digit"),
        ({"barcodes": "6921168509256"}, "Product cola: barcode 6921168509256 belongs to product"),
        ({"pack_code": "1", "pack_quantity": "few"}, "Packs: pack_quantity 'few' does not say"),
        ({"list_name": "member", "list_price": "x"}, "Price member: 'x' is not a number."),
        ({"by": ""}, "Say who you are."),
        ({"by": "x" * 61}, "By is longer than 60 characters."),
        ({"note": "x" * 201}, "Note is longer than 200 characters."),
        ({"draft": "99"}, "There is no revision 99."),
        ({"draft": "1"}, "Revision 1 is published."),
    ],
    ids=str,
)
def test_what_is_refused_is_said_and_nothing_typed_is_lost(
    shelf: ServedHub, office: Office, typed: dict[str, str], why: str
) -> None:
    answer = office.edits("cola", {"spec": "typed <here>", **typed})
    assert answer.status_code in (404, 422)
    assert told(answer).removeprefix("▲ ").startswith(why)
    assert fields_of(answer.text)["spec"] == "typed <here>"
    for name, value in typed.items():
        assert html.escape(value, quote=True).replace("&#x27;", "&#39;") in answer.text, name
    assert shelf.do(shelf.hub.office.pending()) == []


def test_a_refusal_is_said_in_the_readers_language(shelf: ServedHub) -> None:
    with Office(shelf.url, "zh") as office:
        assert told(office.edits("cola", {"unit": "x"})).startswith("▲ 单位：'x' 不是")
        assert told(office.get("/revisions/77")).startswith("▲ 没有版本 77。")


def test_what_another_published_in_between_is_said(shelf: ServedHub, office: Office) -> None:
    number = office.drafts("cola", {"barcodes": "6921168509249"})
    shelf.publish([a_product("rival", codes=("6921168509249",))])
    taken = office.acts(number, "publish")
    assert told(taken).startswith("▲ Barcode 6921168509249 of product cola belongs to product")
    same = office.drafts("cola", {"price": "4", "draft": "new"})
    shelf.publish([a_product("cola", price_minor=400, codes=("6901028075022",))])
    assert told(office.acts(same, "publish")).startswith(f"▲ Revision {same} changes nothing")
    office.acts(same, "withdraw")
    assert told(office.acts(same, "publish")).startswith(f"▲ Revision {same} is withdrawn.")


@pytest.mark.parametrize("act", ["publish", "plan"])
def test_nobody_publishes_what_he_has_not_seen(shelf: ServedHub, office: Office, act: str) -> None:
    number = office.drafts("cola", {"price": "3.90"})
    seen = shown_on(office.page(f"/revisions/{number}"))
    office.drafts("water", {"price": "9", "draft": str(number)})
    refused = office.acts(number, act, shown=seen, at="2036-01-01T00:00")
    assert told(refused).startswith(f"▲ Draft {number} is not what it was when you looked.")
    assert "9.00</bdi></ins>" in refused.text
    anew = shown_on(refused.text)
    assert office.acts(number, act, shown=anew, at="2036-01-01T00:00").status_code == 303


def test_a_plan_is_told_with_its_offset_and_goes_into_force_at_its_time(
    shelf: ServedHub, office: Office, a_till: TillMaker
) -> None:
    till = a_till()
    number = office.drafts("cola", {"price": "3.90"})
    at = shelf.clock.now() + timedelta(days=2)
    typed = at.astimezone().strftime("%Y-%m-%dT%H:%M")
    past = office.acts(number, "plan", at="2020-01-01T00:00")
    assert "is not in the future" in told(past)
    assert "2020-01-01T00:00" in past.text
    assert "is no time" in told(office.acts(number, "plan", at="soon"))
    assert done(office.acts(number, "plan", at=typed)) == "planned"
    assert f"in force from {told_time(at)}" in office.page(f"/revisions/{number}")
    rows = [row for page in till.pull_all() for row in page.rows if row.scope == REVISIONS]
    assert {row.kind for row in rows} == {"plan", "planned", "revision"}
    assert price(shelf) == 350
    shelf.clock.move(timedelta(days=3))
    shelf.do(shelf.hub.office.publish_due())
    assert price(shelf) == 390


def test_a_plan_is_withdrawn(shelf: ServedHub, office: Office) -> None:
    number = office.drafts("cola", {"price": "3.90"})
    office.acts(number, "plan", at="2030-01-01T00:00")
    assert done(office.acts(number, "withdraw")) == "withdrawn"
    assert shelf.do(shelf.hub.office.pending()) == []


def test_a_roll_back_shows_first_what_it_changes(shelf: ServedHub, office: Office) -> None:
    office.acts(office.drafts("cola", {"price": "3.90"}), "publish")
    office.acts(office.drafts("cola", {"price": "4.20"}), "publish")
    back = number_of(office.acts(1, "roll_back"))
    page = office.page(f"/revisions/{back}", done="back")
    assert "<del><bdi>4.20</bdi></del>" in page
    assert "<ins><bdi>3.50</bdi></ins>" in page
    assert price(shelf) == 420
    office.acts(back, "publish")
    assert price(shelf) == 350
    names = [each.row.name for each in shelf.do(shelf.hub.office.history(9))]
    assert names[0] == names[-1]
    assert "Everything is as it was" in told(office.acts(1, "roll_back"))


def test_a_recall_reaches_tills_and_is_lifted(
    shelf: ServedHub, office: Office, a_till: TillMaker
) -> None:
    till = a_till()
    fields = {"id": "cola", "batch": "L1", "reason": "glass", "by": "王敏"}
    assert done(office.post("/recalls", fields)) == "recalled"
    page = office.page("/product", id="cola")
    assert "glass" in page
    (row,) = [row for row in till.pull().rows if row.scope == RECALLS]
    assert msgspec.json.decode(row.body, type=Recall) == Recall("cola", "glass", "L1")
    assert done(office.post("/recalls", {"lift": "cola/L1", "by": "王敏"})) == "lifted"
    assert shelf.do(shelf.hub.office.recalls()) == []
    nobody = office.post("/recalls", {**fields, "id": "nobody"})
    assert told(nobody).startswith("▲ There is no product nobody.")
    assert 'value="glass"' in nobody.text
    assert "needs a reason" in told(office.post("/recalls", {**fields, "reason": " "}))


def test_a_product_shows_who_changed_what(shelf: ServedHub, office: Office) -> None:
    office.acts(office.drafts("cola", {"price": "3.90", "note": "sum<mer"}), "publish")
    office.drafts("cola", {"price": "4.10", "note": "later"})
    page = office.page("/product", id="cola")
    assert page.index("Coming changes") < page.index("4.10</bdi></ins>") < page.index("sum&lt;mer")
    assert "3.90</bdi></ins>" in page[page.index("What was changed") :]


def test_products_are_found_by_words_pinyin_number_and_barcode(office: Office) -> None:
    for words, product in (
        ("kekou", "cola"),
        ("water", "water"),
        ("6921168509256", "water"),
        ("荧光 stabilo", "pen"),
    ):
        found = office.page(q=words)
        assert f"id={product}&amp;" in found[found.index('id="found"') :]
    assert "No product with these words." in office.page(q="zzz")


def test_what_is_sold_most_is_found_first(
    shelf: ServedHub, office: Office, a_till: TillMaker
) -> None:
    shelf.publish([a_product(f"tea{number}", name=f"茶 {number}") for number in range(9)])
    till = a_till()
    till.begin()
    till.record(a_sale("tea7"))
    reply_of(till.push())
    found = office.page(q="茶")
    assert found.index("id=tea7&amp;") < found.index("id=tea0&amp;")


def test_a_diff_of_many_products_comes_in_pages(shelf: ServedHub, office: Office) -> None:
    many = [a_product(f"p{number:04}") for number in range(250)]
    number = shelf.do(shelf.hub.office.draft("import", "many"))
    shelf.do(shelf.hub.office.put_products(number, many))
    first = office.page(f"/revisions/{number}")
    assert "250 products" in first
    assert first.count('class="what"') == 100
    last = office.page(f"/revisions/{number}", after="p0199")
    assert last.count('class="what"') == 50
    assert "p0200" in last
    assert 'rel="next"' in first
    assert 'rel="next"' not in last


def test_the_history_comes_in_pages(shelf: ServedHub, office: Office) -> None:
    for number in range(60):
        shelf.publish([a_product("cola", price_minor=1000 + number, codes=("6901028075022",))])
    first = office.page("/revisions")
    assert first.count('class="revision published"') == 50
    older = office.page("/revisions", before="12")
    assert older.count('class="revision published"') == 11


def test_tills_are_shown_by_the_revision_they_sold_by_last(
    shelf: ServedHub, office: Office, a_till: TillMaker
) -> None:
    (latest,) = shelf.do(shelf.hub.office.history(1))
    for seen in (latest.row.name, latest.row.name, "F" * 16):
        till = a_till()
        till.begin()
        till.record(a_sale(), seen="E" * 16)
        till.record(a_sale(receipt="R2"), seen=seen)
        reply_of(till.push())
    page = read(office.page())
    assert f"● Revision {latest.row.number} ≡ {latest.row.name[:6]} 2 tills S01-1 S01-2" in page
    assert "◐ ≡ FFFFFF 1 till" in page
    assert "EEEEEE" not in page


HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "x" * 10_000,
    "\u202eevil\u2066",
    "{{ 7*7 }}",
    "a\nb\tc",
]


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_names_are_shown_harmlessly(shelf: ServedHub, office: Office, name: str) -> None:
    shelf.publish([a_product("evil", name=name, spec=name, category=name, other_names=(name,))])
    number = office.drafts("evil", {"price": "4", "note": name[:200]})
    pages = [
        office.page(),
        office.page(q=name[:200]),
        office.page("/product", id="evil"),
        office.page(f"/revisions/{number}"),
        office.page("/product", id=name[:200], new="1"),
    ]
    for page in pages:
        assert "<script>alert" not in page
        assert "<img" not in page
    assert " ".join(name.split())[:20] in " ".join(html.unescape(pages[2]).split())


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/revisions/99", 404),
        (f"/revisions/{10**30}", 404),
        ("/revisions/x", 404),
        ("/product?id=nobody", 404),
        ("/product?id=%00", 404),
        ("/product", 404),
        ("/revisions?before=x", 200),
        (f"/revisions?before={10**30}", 200),
        ("?q=%00", 200),
        ("?q=" + "a" * 5000, 200),
        ("/product?id=cola&draft=zzz", 200),
    ],
)
def test_an_address_that_leads_nowhere_is_a_sentence(
    office: Office, path: str, status: int
) -> None:
    answer = office.http.get(f"/hq/catalogue{path}", params=None)
    assert answer.status_code == status
    assert "Traceback" not in answer.text


def test_who_did_it_is_remembered(office: Office) -> None:
    answer = office.edits("cola", {"price": "5", "by": "王 敏"})
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "samesite=strict" in cookie.lower()
    assert 'name="by" value="王 敏"' in office.page("/product", id="cola")


def test_a_database_that_is_away_is_a_sentence(shelf: ServedHub, office: Office) -> None:
    shelf.write(lambda connection: connection.exec_driver_sql("DROP TABLE revision_change"))
    answer = office.get()
    assert answer.status_code == 503
    assert "does not answer" in answer.text
    assert isinstance(answer, httpx.Response)
