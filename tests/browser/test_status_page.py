"""The status page in a real browser: what a person at head office reads, wide and narrow, in
both languages, by day and by night."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page

from tests.served_hub import ServedHub

pytestmark = pytest.mark.slow

WIDTHS = (1280, 420)
Scheme = Literal["light", "dark"]

SAID = {
    "en": [
        "● in step",
        "◐ 4 facts outstanding since 09:12:00",
        "○ silent since 08:55:00, last declared head 1,204",
        "– has never spoken",
        "▲ forked: two histories",
        "✕ revoked",
        "● closed, in step",
    ],
    "zh": [
        "● 同步",
        "◐ 09:12:00 起 4 条待传",
        "○ 08:55:00 起无联系，最后声明 1,204",
        "– 从未联系",
        "▲ 记录分叉",
        "✕ 已停用",
        "● 已交班，同步",
    ],
}
HEADLINES = {
    "en": ["◐ 4 of 7 tills not in step", "◇ 1 fact to be settled"],
    "zh": ["◐ 7 台终端中 4 台未同步", "◇ 1 条记录待处理"],
}

#: what is wider than the room it has
CUT_OFF = """[...document.querySelectorAll('section, section *')]
  .filter(e => e.scrollWidth > e.clientWidth + 1 && getComputedStyle(e).display !== 'inline')
  .map(e => e.className)"""
#: the lowest contrast of any text with what lies under it (WCAG 2.2, 1.4.3 asks for 4.5)
LOWEST_CONTRAST = """() => {
  const rgb = css => css.match(/[\\d.]+/g).map(Number)
  const light = ([r, g, b]) => [r, g, b].map(c => c / 255)
    .map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0)
  const under = element => {
    for (let e = element; e; e = e.parentElement) {
      const [r, g, b, a = 1] = rgb(getComputedStyle(e).backgroundColor)
      if (a > 0) return [r, g, b]
    }
    return [255, 255, 255]
  }
  const contrast = element => {
    const [a, b] = [light(rgb(getComputedStyle(element).color)), light(under(element))]
    return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05)
  }
  const texts = [...document.querySelectorAll('main *')].filter(
    e => [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim()))
  return Math.min(...texts.map(contrast))
}"""


@contextmanager
def window(browser: Browser, width: int, scheme: Scheme = "light") -> Iterator[Page]:
    opened = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    yield opened
    opened.close()


@pytest.fixture(params=WIDTHS)
def page(request: pytest.FixtureRequest, browser: Browser) -> Iterator[Page]:
    """A window, wide or narrow."""
    with window(browser, request.param) as opened:
        yield opened


def read(page: Page, selector: str) -> list[str]:
    """What a reader sees there, blanks as one."""
    return [" ".join(text.split()) for text in page.locator(selector).all_inner_texts()]


def marked(page: Page, selector: str) -> list[str]:
    """The same, the mark and the words apart."""
    return [f"{text[0]} {text[1:].strip()}" for text in read(page, selector)]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_state_is_said_in_words_and_shape(
    busy_hub: ServedHub, page: Page, language: str
) -> None:
    page.goto(f"{busy_hub.url}/hq?lang={language}")
    assert marked(page, "section:first-of-type td.state") == SAID[language]
    assert marked(page, "header > span")[:2] == HEADLINES[language]
    assert page.locator("html").get_attribute("lang") == language


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_is_cut_off_and_everything_can_be_read(
    busy_hub: ServedHub, browser: Browser, width: int, scheme: Scheme
) -> None:
    with window(browser, width, scheme) as page:
        page.goto(f"{busy_hub.url}/hq")
        assert page.evaluate("document.documentElement.scrollWidth") == width
        assert page.evaluate(CUT_OFF) == []
        assert page.evaluate(LOWEST_CONTRAST) >= 4.5


def test_a_row_names_its_till_and_its_figures(busy_hub: ServedHub, page: Page) -> None:
    page.goto(f"{busy_hub.url}/hq?lang=en")
    row = page.locator("tr", has_text="S01-7").first
    wide = page.evaluate("innerWidth") > 1000
    labels = ("", "", "") if wide else ("Last contact ", "Facts here ", "Sales ")
    shown = row.inner_text()
    for words in ("S01-7", "closed, in step", "CNY 73.50"):
        assert words in shown
    seen = page.evaluate(
        """row => [...row.querySelectorAll('td[data-label]')].map(
          td => (getComputedStyle(td, '::before').content + td.innerText).replaceAll('"', ''))""",
        row.element_handle(),
    )
    contact, facts, _, sales = (text.replace("none", "") for text in seen)
    assert (contact, facts, sales) == (f"{labels[0]}09:00:00", f"{labels[1]}25", f"{labels[2]}21")


def test_each_store_shows_its_takings_of_the_day(busy_hub: ServedHub, page: Page) -> None:
    page.goto(f"{busy_hub.url}/hq?lang=en")
    assert read(page, "h2") == ["上海静安店", "上海徐汇店", "上海浦东店"]
    takings = ["Takings 2026-06-03 CNY 252.00", "Takings 2026-06-03 CNY 88,930.00"]
    assert read(page, ".day") == takings
    assert read(page, "p.none") == ["No till enrolled yet"]


def test_the_other_language_is_one_click_away(busy_hub: ServedHub, page: Page) -> None:
    page.goto(f"{busy_hub.url}/hq?lang=zh")
    page.get_by_text("English").click()
    assert page.locator("h1").inner_text() == "Stores and tills"
    page.get_by_text("中文").click()
    assert page.locator("h1").inner_text() == "门店与终端"


def test_the_page_renews_itself_in_the_language_it_is_in(
    busy_hub: ServedHub, browser: Browser
) -> None:
    with window(browser, 1280) as page:
        page.goto(f"{busy_hub.url}/hq?lang=en")
        with page.expect_navigation(timeout=60_000) as renewed:
            pass
    assert renewed.value is not None
    assert renewed.value.url.endswith("/hq?lang=en")


def test_the_page_asks_nobody_else_and_reports_no_error(busy_hub: ServedHub, page: Page) -> None:
    asked: list[str] = []
    trouble: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: trouble.append(message.text))
    page.on("pageerror", lambda fault: trouble.append(str(fault)))
    page.goto(f"{busy_hub.url}/hq", wait_until="networkidle")
    own = (f"{busy_hub.url}/hq", f"{busy_hub.url}/favicon.ico")
    assert [url for url in asked if not url.startswith(own)] == []
    assert [text for text in trouble if "favicon" not in text] == []


def test_the_pictures_of_the_documents_are_taken(busy_hub: ServedHub, browser: Browser) -> None:
    """Only when asked to (`make pictures`): the README shows what a browser showed."""
    folder = os.environ.get("OMNITILL_PICTURES")
    if folder is None:
        pytest.skip("pictures are taken by `make pictures`")
    with window(browser, 1280) as page:
        page.goto(f"{busy_hub.url}/hq?lang=zh")
        page.screenshot(path=Path(folder) / "hq-zh.png", full_page=True)
