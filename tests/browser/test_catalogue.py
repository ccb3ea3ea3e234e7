"""The catalogue's pages in a real browser: found, edited, looked at, published, and a till has it;
by keyboard alone, without script, and with names that mean harm."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from playwright.sync_api import Browser, Page

from pricebook.rows import CATALOGUE
from retail.catalogue import Product
from tests.browser import catalogue_demo, demo
from tests.browser.test_hq import CUT_OFF, LOWEST_CONTRAST, Scheme
from tests.builders import a_product, the_shelf
from tests.hand_till import HandTill
from tests.served_hub import ServedHub

pytestmark = pytest.mark.slow

WIDTHS = (1280, 800, 400)
#: generous: no test waits for it
WAIT_MS = 30_000
PAGES = (
    "",
    "?q=cola",
    "/product?id=cola",
    "/product?new=1",
    "/revisions/5",
    "/revisions/4",
    "/revisions/1",
    "/revisions",
    "/recalls",
)


#: what has no words that say what it is for
NAMELESS = """[...document.querySelectorAll(
    'input:not([type=hidden]), select, textarea, button')]
  .filter(e => !(e.labels?.length && e.labels[0].innerText.trim())
    && !e.ariaLabel && !e.innerText.trim()).map(e => e.outerHTML)"""


@contextmanager
def window(
    browser: Browser, width: int = 1280, scheme: Scheme = "light", *, script: bool = True
) -> Iterator[Page]:
    opened = browser.new_page(
        viewport={"width": width, "height": 800}, color_scheme=scheme, java_script_enabled=script
    )
    opened.set_default_timeout(WAIT_MS)
    yield opened
    opened.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    with window(browser) as opened:
        yield opened


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[ServedHub]:
    """A hub with a store and the test store's products."""
    with ServedHub(f"sqlite:///{tmp_path / 'hub.db'}") as hub:
        hub.add_store()
        hub.publish(the_shelf())
        yield hub


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedHub]:
    """A catalogue on a usual afternoon."""
    file = tmp_path_factory.mktemp("catalogue") / "hub.db"
    with demo.the_hub(f"sqlite:///{file}") as hub:
        catalogue_demo.fill(hub)
        yield hub


def told(page: Page) -> str:
    """The sentence on top of the page."""
    return " ".join(page.locator(".told").inner_text().split())


def sold_by(till: HandTill) -> dict[str, Product]:
    """The products that the till is told of."""
    rows = [row for each in till.pull_all() for row in each.rows if row.scope == CATALOGUE]
    return {row.key: msgspec.json.decode(row.body, type=Product) for row in rows}


@pytest.mark.parametrize("script", [True, False], ids=["with script", "without script"])
def test_a_price_is_found_edited_looked_at_and_published_and_a_till_has_it(
    shelf: ServedHub, browser: Browser, script: bool
) -> None:
    with HandTill(shelf.url) as till, window(browser, script=script) as page:
        till.enrol(shelf.enrol_code())
        page.goto(f"{shelf.url}/hq?lang=en")
        page.get_by_role("link", name="Catalogue").click()
        page.get_by_role("searchbox").fill("kekou")
        page.get_by_role("button", name="Find").click()
        page.get_by_role("link", name="可口可乐").click()
        page.locator("[name=price]").fill("3.90")
        page.get_by_label("By").fill("王敏")
        page.get_by_role("button", name="Put into the draft").click()
        assert told(page) == "● It is in the draft; nothing is published yet."
        assert page.locator(".fields").inner_text().split() == ["Price", "3.50", "→", "3.90"]
        page.get_by_role("button", name="Publish now").click()
        assert told(page) == "● Published: it stands now."
        assert sold_by(till)["cola"].price_minor == 390
        page.get_by_role("link", name="Catalogue").click()
        assert "王敏" in page.locator("[aria-label=Revisions] li").first.inner_text()


def test_it_finds_as_one_types_and_the_keyboard_is_enough(shelf: ServedHub, page: Page) -> None:
    page.goto(f"{shelf.url}/hq/catalogue?lang=en")
    page.locator("#q:focus").wait_for()
    page.keyboard.type("nong")
    page.locator("#found li:only-child", has_text="农夫山泉").wait_for()
    assert page.locator("#found a").count() == 1
    for _ in range(3):
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url("**/product?id=water**")
    page.get_by_label("Size or kind").focus()
    page.keyboard.type("550ml")
    page.get_by_label("By").focus()
    page.keyboard.type("li")
    page.keyboard.press("Enter")
    page.wait_for_url("**/revisions/2**")
    assert page.locator("ins").inner_text() == "550ml"


def test_a_plan_is_made_and_a_roll_back_confirmed(shelf: ServedHub, page: Page) -> None:
    number = shelf.do(shelf.hub.office.edit_anew("cola", catalogue_demo.typed(price="9.90"), "li"))
    page.goto(f"{shelf.url}/hq/catalogue/revisions/{number}?lang=en")
    at = shelf.clock.now().astimezone() + timedelta(days=2)
    page.get_by_role("button", name="Schedule").click()  # a browser asks for the name itself
    page.locator("[name=at]").fill(at.strftime("%Y-%m-%dT%H:%M"))
    page.get_by_label("By").fill("王 敏")
    page.keyboard.press("Enter")
    assert "done=" not in page.url
    page.get_by_role("button", name="Schedule").click()
    assert told(page) == "● Scheduled: tills hear of it now."
    assert at.strftime("%Y-%m-%d %H:%M") in page.locator(".effective").inner_text()
    assert page.get_by_label("By").input_value() == "王 敏"
    page.get_by_label("By").fill("zhao")
    page.get_by_role("button", name="Publish now").click()
    did = [" ".join(line.split()[:-3]) for line in page.locator(".who li").all_inner_texts()]
    assert did == ["drafted li", "planned 王 敏", "published zhao"]
    page.get_by_role("link", name="Revisions").click()
    page.locator(".revision .title").nth(1).click()
    page.get_by_label("By").fill("li")
    page.get_by_role("button", name="Roll back to this").click()
    assert page.locator(".fields").inner_text().split() == ["Price", "9.90", "→", "3.50"]
    product = shelf.do(shelf.hub.office.product("cola")).product
    assert product is not None
    assert product.price_minor == 990
    page.get_by_role("button", name="Publish now").click()
    product = shelf.do(shelf.hub.office.product("cola")).product
    assert product is not None
    assert product.price_minor == 350


def test_a_product_is_recalled_and_sold_again(shelf: ServedHub, page: Page) -> None:
    page.goto(f"{shelf.url}/hq/catalogue/product?id=cola&lang=en")
    page.get_by_role("link", name="Recall…").click()
    page.get_by_label("Batch").fill("L1")
    page.get_by_label("Reason").fill("glass")
    page.get_by_label("By").fill("li")
    page.get_by_role("button", name="Recall").click()
    assert told(page) == "● Recalled: tills refuse it."
    row = page.locator("tbody tr").inner_text().split()
    assert row[:6] == ["可口可乐", "cola", "cola", "L1", "glass", "li"]
    assert row[-1] == "Lift"
    page.get_by_label("By").fill("wang")
    page.get_by_role("button", name="Lift").click()
    assert shelf.do(shelf.hub.office.recalls()) == []
    assert [act.author for act in shelf.do(shelf.hub.office.log(2))] == ["wang", "li"]


def test_a_product_is_left_in_a_draft_by_whoever_is_named(shelf: ServedHub, page: Page) -> None:
    number = shelf.do(shelf.hub.office.edit_anew("cola", catalogue_demo.typed(price="9.90"), "li"))
    page.goto(f"{shelf.url}/hq/catalogue/revisions/{number}?lang=en")
    page.get_by_label("By").fill("wang")
    page.get_by_role("button", name="Leave as it is").click()
    assert told(page) == "● The draft leaves it as it is."
    assert shelf.do(shelf.hub.office.log(1))[0].author == "wang"


def test_what_is_refused_is_marked_and_what_was_typed_stays(shelf: ServedHub, page: Page) -> None:
    page.goto(f"{shelf.url}/hq/catalogue/product?id=cola&lang=zh")
    page.locator("[name=spec]").fill("330ml")
    page.locator("[name=price]").fill("三块")
    page.locator("[name=by]").fill("王敏")
    page.get_by_role("button", name="存入草稿").click()
    assert told(page).startswith("▲ 售价：")
    assert page.locator("[name=spec]").input_value() == "330ml"
    assert page.locator("[aria-invalid]").get_attribute("name") == "price"
    assert page.evaluate("document.activeElement.name") == "price"
    page.locator("[name=price]").fill("3")
    page.get_by_role("button", name="存入草稿").click()
    assert page.locator(".fields li").all_inner_texts() == ["规格\n→ 330ml", "售价\n3.50 → 3.00"]


def test_another_site_cannot_change_anything(shelf: ServedHub, page: Page) -> None:
    form = (
        f'<form method=post action="{shelf.url}/hq/catalogue/recalls">'
        "<input name=act value=recall><input name=id value=cola><input name=reason value=x></form>"
    )
    page.goto("data:text/html," + form)
    with page.expect_response("**/recalls") as answer:
        page.evaluate("document.forms[0].submit()")
    assert answer.value.status == 403
    assert shelf.do(shelf.hub.office.recalls()) == []


def test_names_that_mean_harm_do_none(shelf: ServedHub, page: Page) -> None:
    names = [
        "<script>owned=1</script>",
        "<img src=x onerror=owned=1>",
        "\u202edlrow",
        "长" * 10_000,
    ]
    shelf.publish(
        [a_product(f"evil{place}", name=name, spec=name) for place, name in enumerate(names)]
    )
    trouble: list[str] = []
    page.on("console", lambda message: trouble.append(message.text))
    page.on("pageerror", lambda fault: trouble.append(str(fault)))
    for place in range(len(names)):
        number = shelf.do(
            shelf.hub.office.edit_anew(
                f"evil{place}", catalogue_demo.typed(price="4"), names[place][:60]
            )
        )
        for path in (f"/product?id=evil{place}", f"/revisions/{number}", ""):
            page.goto(f"{shelf.url}/hq/catalogue{path}")
            assert page.evaluate("typeof owned") == "undefined"
            assert page.evaluate("document.documentElement.scrollWidth") == 1280
            assert page.evaluate("document.documentElement.scrollHeight") < 6_000
    assert trouble == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_nothing_is_cut_off_and_everything_can_be_read(
    filled: ServedHub, browser: Browser, language: str, width: int, scheme: Scheme
) -> None:
    with window(browser, width, scheme) as page:
        for path in PAGES:
            sign = "&" if "?" in path else "?"
            page.goto(f"{filled.url}/hq/catalogue{path}{sign}lang={language}")
            assert page.evaluate("document.documentElement.scrollWidth") == width, path
            assert page.evaluate(CUT_OFF) == [], path
            assert page.evaluate(LOWEST_CONTRAST) >= 4.5, path


def test_every_field_and_button_has_a_name(filled: ServedHub, page: Page) -> None:
    for path in PAGES:
        page.goto(f"{filled.url}/hq/catalogue{path}")
        assert page.evaluate(NAMELESS) == [], path


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_pictures_of_the_documents_are_taken(
    pictures: Path, filled: ServedHub, browser: Browser, language: str
) -> None:
    """Only when asked to (`make pictures`)."""
    shown = {"catalogue": "", "product": "/product?id=cola&", "draft": "/revisions/5?"}
    with window(browser) as page:
        for name, path in shown.items():
            page.goto(f"{filled.url}/hq/catalogue{path or '?'}lang={language}")
            page.screenshot(path=pictures / f"{name}-{language}.png", full_page=True)
