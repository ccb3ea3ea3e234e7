"""Head office's page in a real browser: what a person reads, wide and narrow, in both languages,
by day and by night; and that it changes by itself."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page

from tests.browser import demo
from tests.hand_till import DAY, HandTill, a_sale, reply_of
from tests.hub.test_breaker import SHARE, stopped_by
from tests.hub.test_console_quarantine import record_all_kinds
from tests.served_hub import ServedHub

pytestmark = pytest.mark.slow

WIDTHS = (1280, 400)
NIGHT = timedelta(hours=17)
#: generous: no test waits for it
WAIT_MS = 30_000
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
    "en": [
        "◐ 4 of 7 tills not in step",
        "◇ 1 fact to be settled",
        "≠ 1 over or short",
        "▲ There is no backup. Take one: sync-server backup FILE",
    ],
    "zh": [
        "◐ 7 台终端中 4 台未同步",
        "◇ 1 条记录待处理",
        "≠ 1 笔长短款",
        "▲ 尚无备份。请备份：sync-server backup FILE",
    ],
}
TO_SETTLE = {
    "en": ["▲ Forked", "◇ Waits for a newer hub", "≠ Cash short", "○ Silent"],
    "zh": ["▲ 记录分叉", "◇ 待总部升级", "≠ 短款", "○ 无联系"],
}
WITHOUT_EFFECT = {
    "en": [
        "◇ In quarantine",
        "◇ Parked behind another",
        "◇ Waits for a newer hub",
        "◇ Deferred",
        "– Set aside",
    ],
    "zh": ["◇ 已隔离", "◇ 等待前一条记录", "◇ 待总部升级", "◇ 暂缓入账", "– 已搁置"],
}

#: what is wider than the room it has; labels of bars are wider than bars, on purpose
CUT_OFF = """[...document.querySelectorAll('section, section *:not(.chart *)')]
  .filter(e => e.scrollWidth > e.clientWidth + 1 && getComputedStyle(e).display !== 'inline')
  .map(e => e.className + ' ' + e.textContent)"""
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


#: which labels of the chart touch a neighbour
TOUCHING = """[...document.querySelectorAll('.stack b, .hours span')]
  .filter(e => getComputedStyle(e).display !== 'none').map(e => {
    const words = document.createRange(); words.selectNodeContents(e)
    return [e.parentElement.className, words.getBoundingClientRect()] })
  .filter(([kind, { right, top }], i, all) => all[i + 1]?.[0] === kind && right > all[i + 1][1].left
    && Math.abs(top - all[i + 1][1].top) < 12).length"""


@contextmanager
def window(browser: Browser, width: int, scheme: Scheme = "light") -> Iterator[Page]:
    opened = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
    opened.set_default_timeout(WAIT_MS)
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


def figure(page: Page, name: str) -> str:
    """One of the day's figures."""
    return page.locator(f"[data-figure={name}]").inner_text()


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_state_is_said_in_words_and_shape(
    busy_hub: ServedHub, page: Page, language: str
) -> None:
    page.goto(f"{busy_hub.url}/hq?lang={language}")
    assert read(page, ".store:first-of-type [data-cell=state]") == SAID[language]
    assert read(page, "header [data-said]") == HEADLINES[language]
    assert page.locator("html").get_attribute("lang") == language


@pytest.mark.parametrize("language", ["en", "zh"])
def test_what_is_to_be_settled_says_what_to_do(
    busy_hub: ServedHub, page: Page, language: str
) -> None:
    page.goto(f"{busy_hub.url}/hq?lang={language}")
    assert read(page, ".discrepancies td.what") == TO_SETTLE[language]
    assert read(page, ".discrepancies td.till") == ["S01-5", "S01-7", "S01-7", "S01-3"]
    assert all(read(page, ".discrepancies td.remedy"))


def test_nothing_to_settle_is_a_sentence_too(tmp_path: Path, page: Page) -> None:
    with ServedHub(f"sqlite:///{tmp_path / 'hub.db'}") as hub:
        hub.add_store()
        page.goto(f"{hub.url}/hq?lang=en")
        assert "Nothing to settle" in page.locator(".discrepancies").inner_text()
        assert page.locator(".today").inner_text() == "No sales yet"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("day", ["busy", "demo", "troubled"])
def test_nothing_is_cut_off_and_everything_can_be_read(
    request: pytest.FixtureRequest, browser: Browser, day: str, width: int, scheme: Scheme
) -> None:
    hub: ServedHub = request.getfixturevalue(f"{day}_hub")
    with window(browser, width, scheme) as page:
        for language in ("zh", "en"):
            page.goto(f"{hub.url}/hq?lang={language}")
            assert page.evaluate("document.documentElement.scrollWidth") == width
            assert page.evaluate(CUT_OFF) == []
            assert page.evaluate(TOUCHING) == 0
            assert page.evaluate(LOWEST_CONTRAST) >= 4.5


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_of_the_page_of_periods_nothing_is_cut_off_either(
    demo_hub: ServedHub, page: Page, browser: Browser, scheme: Scheme
) -> None:
    width = (page.viewport_size or {"width": 0})["width"]
    with next_morning(demo_hub), window(browser, width, scheme) as opened:
        for language in ("zh", "en"):
            opened.goto(f"{demo_hub.url}/hq/periods?lang={language}&store=S02&date={DAY}")
            assert opened.evaluate("document.documentElement.scrollWidth") == width
            assert opened.evaluate(CUT_OFF) == []
            assert opened.evaluate(LOWEST_CONTRAST) >= 4.5
            assert len(read(opened, ".hindrances li")) == 2


def test_a_date_is_closed_at_the_page_with_a_name_and_a_reason(
    browser: Browser, tmp_path: Path
) -> None:
    with demo.the_hub(f"sqlite:///{tmp_path / 'hub.db'}") as hub, window(browser, 1280) as page:
        demo.play_day(hub)
        hub.clock.move(NIGHT)
        page.goto(f"{hub.url}/hq/periods?lang=en")
        page.get_by_role("link", name=f"Close {DAY}").last.click()
        page.get_by_label("By").fill("王敏")
        page.get_by_label("Reason").fill("the line is down")
        page.get_by_role("button", name="Close anyway").click()
        assert read(page, "[role=status]") == ["● Closed."]
        assert read(page, ".stores-closed .by")[-1].endswith("the line is down")


@contextmanager
def next_morning(hub: ServedHub) -> Iterator[None]:
    hub.clock.move(NIGHT)
    try:
        yield
    finally:
        hub.clock.move(-NIGHT)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_usual_day_fits_one_screen(demo_hub: ServedHub, browser: Browser, language: str) -> None:
    with window(browser, 1280) as page:
        page.goto(f"{demo_hub.url}/hq?lang={language}")
        assert page.evaluate("document.documentElement.scrollHeight") <= 800


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_hub_that_applies_nothing_says_so_before_all_else(
    troubled_hub: ServedHub, page: Page, language: str
) -> None:
    page.goto(f"{troubled_hub.url}/hq?lang={language}")
    assert page.locator("main > section").first.get_attribute("role") == "alert"
    (told,) = read(page, "[role=alert]")
    assert told.startswith("▲")
    typed = page.locator("[role=alert] code").all_inner_texts()
    assert typed == [f"sync-server quarantine {act}" for act in ("list", "resume")]
    whats = dict.fromkeys(read(page, ".discrepancies td.what"))  # two tills have the first two
    assert list(whats)[:5] == WITHOUT_EFFECT[language]


def test_a_card_names_its_till_and_its_figures(busy_hub: ServedHub, page: Page) -> None:
    page.goto(f"{busy_hub.url}/hq?lang=en")
    (card,) = read(page, "[data-till=S01-7]")
    assert card == (
        "S01-7 CNY 73.50 ● closed, in step ◇ 1 fact to be settled Sales 21 Facts here 25"
        " Business date 2026-06-03 no shift Complete to 2026-06-03 Last contact 09:00:00"
    )


def test_the_chart_shows_each_hour_of_the_day_and_its_stores(
    demo_hub: ServedHub, page: Page
) -> None:
    page.goto(f"{demo_hub.url}/hq?lang=en")
    hours = page.locator(".hours span").all_text_contents()
    assert hours == [f"{hour:02}" for hour in range(8, 20)]
    heights = page.locator(".bar").evaluate_all(
        "bars => bars.map(bar => [...bar.querySelectorAll('i')].reduce("
        "(sum, part) => sum + part.getBoundingClientRect().height, 0))"
    )
    assert max(heights) == heights[4]  # noon
    assert heights[9:] == [0, 0, 0]
    page.get_by_text("as a table").click()
    rows = [text.split("\t") for text in page.locator(".hourly tbody tr").all_inner_texts()]
    assert [hour for hour, _ in rows] == hours[:9]
    total = sum(float(taken.removeprefix("CNY ").replace(",", "")) for _, taken in rows)
    assert f"{total:,.2f}" == figure(page, "takings")


def test_each_store_shows_its_takings_of_the_day(busy_hub: ServedHub, page: Page) -> None:
    page.goto(f"{busy_hub.url}/hq?lang=en")
    assert [name.split()[0] for name in read(page, ".store h2")] == [
        "上海静安店",
        "上海徐汇店",
        "上海浦东店",
    ]
    assert read(page, ".day") == [
        "Takings 2026-06-03 CNY 252.00",
        "Takings 2026-06-03 CNY 88,930.00",
        "",
    ]
    assert figure(page, "takings") == "89,182.00"
    assert read(page, "p.none") == ["No till enrolled yet"]


def test_the_other_language_is_one_key_away(busy_hub: ServedHub, page: Page) -> None:
    page.goto(f"{busy_hub.url}/hq?lang=zh")
    link = page.get_by_text("English")
    link.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/hq?lang=en")
    assert page.locator("h1").inner_text() == "Head office"
    page.get_by_text("中文").click()
    assert page.locator("h1").inner_text() == "总部"


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_push_shows_by_itself_and_disturbs_nobody(
    tmp_path: Path, page: Page, language: str
) -> None:
    with ServedHub(f"sqlite:///{tmp_path / 'hub.db'}") as hub, HandTill(hub.url) as till:
        hub.add_store()
        till.enrol(hub.enrol_code())
        till.record_sales(2)
        reply_of(till.push())
        page.goto(f"{hub.url}/hq?lang={language}")
        page.evaluate("window.kept = document.querySelector('[data-till]')")
        page.locator("summary").click()
        till.record(a_sale(total=5_000), at="2026-06-03T10:05:00.000+08:00")
        reply_of(till.push(4))
        page.get_by_text("57.00", exact=True).first.wait_for()
        assert figure(page, "sales") == "3"
        assert read(page, ".hourly tbody tr")[1] == "10 CNY 50.00"  # still open
        assert page.evaluate("kept === document.querySelector('[data-till]')")
        assert page.evaluate("document.activeElement.tagName") == "SUMMARY"


def test_a_hub_that_is_gone_is_said(tmp_path: Path, page: Page) -> None:
    with ServedHub(f"sqlite:///{tmp_path / 'hub.db'}") as hub:
        page.goto(f"{hub.url}/hq?lang=en")
    page.get_by_text("No answer from the hub").wait_for()
    with ServedHub(hub.settings.database, port=hub.port):
        page.get_by_text("No answer from the hub").wait_for(state="hidden")


def test_the_page_asks_nobody_else_and_reports_no_error(busy_hub: ServedHub, page: Page) -> None:
    asked: list[str] = []
    trouble: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: trouble.append(message.text))
    page.on("pageerror", lambda fault: trouble.append(str(fault)))
    own = f"{busy_hub.url}/hq?lang=zh"
    page.goto(own)
    for _ in range(2):
        with page.expect_response(own) as again:
            pass
        assert again.value.status in (200, 304)
    assert {url for url in asked if not url.startswith("data:")} == {own}
    assert trouble == []


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_pictures_of_the_documents_are_taken(
    pictures: Path, demo_hub: ServedHub, browser: Browser, language: str
) -> None:
    """Only when asked to (`make pictures`): the README shows what a browser showed."""
    with window(browser, 1280) as page:
        page.goto(f"{demo_hub.url}/hq?lang={language}")
        page.screenshot(path=pictures / f"hq-{language}.png")
        with next_morning(demo_hub):
            page.goto(f"{demo_hub.url}/hq/periods?lang={language}&store=S02&date={DAY}")
            page.screenshot(path=pictures / f"periods-{language}.png")


@pytest.fixture(scope="module")
def demo_hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedHub]:
    """The afternoon of a usual day."""
    file = tmp_path_factory.mktemp("demo") / "hub.db"
    with demo.the_hub(f"sqlite:///{file}") as hub:
        demo.play_day(hub)
        yield hub


@pytest.fixture(scope="module")
def troubled_hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedHub]:
    """A hub that stopped applying, with facts of every verdict."""
    file = tmp_path_factory.mktemp("troubled") / "hub.db"
    with ServedHub(f"sqlite:///{file}", breaker_share=SHARE) as hub:
        hub.add_store()
        with HandTill(hub.url, 1) as one, HandTill(hub.url, 2) as two:
            for till in (one, two):
                till.enrol(hub.enrol_code())
            record_all_kinds(hub, one)
            stopped_by(hub, [one, two])
            two.record_sales(3)
            reply_of(two.push(len(two.facts) - 3))
        yield hub
