"""Who did what to the catalogue: written with every act, in its transaction, on both databases;
told at the command line and on head office's pages."""

import html
import re
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.exc import SQLAlchemyError

from retail.catalogue import Product
from retail.revision import Recall
from sync_server.catalogue import records, service
from sync_server.catalogue.moments import told
from sync_server.commands.telling import Told
from sync_server.hub import Hub
from tests.builders import a_product, the_shelf
from tests.hub.office import Office, done
from tests.hub.office import told as said_on
from tests.hub.test_commands import Head
from tests.hub.test_products import FILE, says
from tests.served_hub import ServedHub, put_new

Step = Callable[[Hub], Awaitable[Any]]
#: who acts at the command line without saying so
ME = Told(None, "").by


@pytest.fixture
def shelf(hub: ServedHub) -> ServedHub:
    """A hub with the test store's products published, by the office."""
    hub.publish(the_shelf())
    return hub


def priced(minor: int) -> Callable[[Product | None], Product]:
    return lambda _: a_product("cola", price_minor=minor, codes=("6901028075022",))


def since(hub: ServedHub, *steps: Step) -> list[tuple[str, str, str, str]]:
    """Who did what to what and why by these steps, in their order."""
    before = hub.do(hub.hub.office.log(1))
    for step in steps:
        hub.do(step(hub.hub))
    rows = hub.do(hub.hub.office.log(100))
    new = [row for row in rows if not before or row.number > before[0].number]
    assert all(row.at == hub.clock.now().isoformat(timespec="seconds") for row in new)
    return [(row.author, row.act, row.subject, row.note) for row in reversed(new)]


def test_what_is_published_at_once_was_drafted_first(hub: ServedHub) -> None:
    assert since(hub, lambda hub: hub.office.publish_products(the_shelf(), "li", "first")) == [
        ("li", "drafted", "1", "first"),
        ("li", "published", "1", "first"),
    ]
    assert since(hub, lambda hub: hub.office.publish_products(the_shelf(), "li", "again")) == []


def test_every_act_on_a_draft_is_told(shelf: ServedHub) -> None:
    tomorrow = shelf.clock.now() + timedelta(days=1)
    assert since(
        shelf,
        lambda hub: hub.office.edit_anew("cola", priced(390), "wang", "June"),
        lambda hub: hub.office.edit(2, "water", lambda _: None, "li"),
        lambda hub: hub.office.leave(2, "water", "zhang"),
        lambda hub: hub.office.plan(2, tomorrow, "chen"),
        lambda hub: hub.office.withdraw(2, "zhao"),
    ) == [
        ("wang", "drafted", "2", "June"),
        ("wang", "edited", "2/cola", ""),
        ("li", "edited", "2/water", ""),
        ("zhang", "edited", "2/water", ""),
        ("chen", "planned", "2", "June"),
        ("zhao", "withdrawn", "2", "June"),
    ]
    assert since(
        shelf, lambda hub: hub.office.edit_at_once("cola", priced(400), "wang", "now")
    ) == [
        ("wang", "drafted", "3", "now"),
        ("wang", "edited", "3/cola", ""),
        ("wang", "published", "3", "now"),
    ]
    back = shelf.do(shelf.hub.office.history(9))[-1].row
    assert since(shelf, lambda hub: hub.office.roll_back(1, "li")) == [
        ("li", "rolled_back", "4", f"{service.BACK}{back.number}"),
        ("li", "published", "4", f"{service.BACK}{back.number}"),
    ]


def test_what_changes_nothing_is_no_act(shelf: ServedHub) -> None:
    shelf.do(shelf.hub.office.edit_anew("cola", priced(390), "wang"))
    recalled = Recall("cola", "glass")
    shelf.do(shelf.hub.office.recall(recalled, "wang"))
    assert (
        since(
            shelf,
            lambda hub: hub.office.edit(2, "cola", priced(390), "li"),
            lambda hub: hub.office.leave(2, "water", "li"),
            lambda hub: hub.office.recall(recalled, "li"),
            lambda hub: hub.office.lift_recall("water", "li"),
        )
        == []
    )


def test_a_plan_whose_time_has_come_is_published_by_nobody(shelf: ServedHub) -> None:
    shelf.do(shelf.hub.office.edit_anew("cola", priced(390), "wang", "June"))
    shelf.do(shelf.hub.office.plan(2, shelf.clock.now() + timedelta(hours=1), "li"))
    shelf.clock.move(timedelta(hours=2))
    assert since(shelf, lambda hub: hub.office.publish_due()) == [("", "published", "2", "June")]
    (act,) = shelf.do(shelf.hub.office.log(1))
    assert act.by == ("by its time", "按排期")
    shelf.do(shelf.hub.office.edit_anew("cola", priced(400), "wang"))
    shelf.do(shelf.hub.office.plan(3, shelf.clock.now() + timedelta(hours=1), "li"))
    shelf.publish([a_product("cola", price_minor=400, codes=("6901028075022",))])
    shelf.clock.move(timedelta(hours=2))
    assert since(shelf, lambda hub: hub.office.publish_due()) == [("", "withdrawn", "3", "")]


def test_a_recall_and_its_end_are_told(shelf: ServedHub) -> None:
    assert since(
        shelf,
        lambda hub: hub.office.recall(Recall("cola", "glass", "L7"), "wang"),
        lambda hub: hub.office.lift_recall("cola/L7", "li"),
        lambda hub: hub.office.recall(Recall("cola", "label", "L7"), "chen"),
    ) == [
        ("wang", "recalled", "cola/L7", "glass"),
        ("li", "lifted", "cola/L7", ""),
        ("chen", "recalled", "cola/L7", "label"),
    ]
    assert shelf.do(shelf.hub.office.recalled_by(["cola/L7", "water"])).keys() == {"cola/L7"}
    assert shelf.do(shelf.hub.office.recalled_by(["cola/L7"]))["cola/L7"].author == "chen"


def test_a_recall_of_a_product_that_is_called_like_a_revision_is_no_act_on_that(
    shelf: ServedHub,
) -> None:
    shelf.publish([a_product("2"), a_product("3")])
    shelf.do(shelf.hub.office.recall(Recall("2", "x"), "wang"))
    shelf.do(shelf.hub.office.recall(Recall("3", "x"), "wang"))
    assert [act.act for act in shelf.do(shelf.hub.office.acts_on([2]))[2]] == [
        "drafted",
        "published",
    ]
    shelf.publish([a_product("2")])  # which forgets a draft 3
    assert shelf.do(shelf.hub.office.recalled_by(["3"]))["3"].author == "wang"


def test_an_act_that_fails_leaves_no_trace_and_a_trace_that_fails_no_act(
    shelf: ServedHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError("torn")

    async def withdraw(hub: Hub) -> None:
        with pytest.raises(OSError, match="torn"):
            await hub.office.withdraw(number, "li")

    number = shelf.do(shelf.hub.office.edit_anew("cola", priced(390), "wang"))
    with monkeypatch.context() as broken:
        broken.setattr(records, "save", fail)
        assert since(shelf, withdraw) == []
    shelf.write(lambda connection: connection.exec_driver_sql("DROP TABLE office_act"))
    steps: list[Step] = [
        lambda hub: hub.office.publish(number, "li"),
        lambda hub: hub.office.plan(number, hub.now() + timedelta(hours=1), "li"),
        lambda hub: hub.office.withdraw(number, "li"),
        lambda hub: hub.office.edit(number, "water", lambda _: None, "li"),
        lambda hub: hub.office.recall(Recall("cola", "x"), "li"),
        lambda hub: hub.office.draft("li", ""),
    ]
    for step in steps:
        with pytest.raises(SQLAlchemyError):
            shelf.do(step(shelf.hub))
    (pending,) = shelf.do(shelf.hub.office.pending())
    assert (pending.row.state, pending.changes) == ("draft", 1)
    assert shelf.do(shelf.hub.office.recalls()) == []


# At the command line


@pytest.fixture
def head(tmp_path: Path, database_url: str) -> Head:
    """Head office with three products published."""
    put_new(database_url)
    opened = Head(tmp_path, database_url)
    assert opened.imports("products", FILE).code == 0
    return opened


def test_the_log_lists_the_last_acts_the_newest_first(head: Head) -> None:
    says(head, "set-price", "cola", "3.90", "--by", "wang", "--note", "June")
    says(head, "draft", "water", "price=9", "--by", "li")
    says(head, "draft", "tea", "price=200", "--into", "3", "--by", "sun")
    says(head, "draft", "water", "--leave", "--into", "3", "--by", "chen")
    says(head, "withdraw", "3", "--by", "zhao")
    says(head, "recall", "tea", "--reason", "mould", "--by", "wang")
    says(head, "lift", "tea", "--by", "li")
    says(head, "roll-back", "1", "--draft", "--by", "li")
    says(head, "publish", "4", "--at", "2036-12-01 00:00", "--by", "chen")
    rows = says(head, "log")
    assert [row[1:4] for row in rows] == [
        ["chen", "planned", "4"],
        ["li", "rolled back", "4"],
        ["li", "lifted", "tea"],
        ["wang", "recalled", "tea"],
        ["zhao", "withdrawn", "3"],
        ["chen", "edited", "3/water"],
        ["sun", "edited", "3/tea"],
        ["li", "edited", "3/water"],
        ["li", "drafted", "3"],
        ["wang", "published", "2"],
        ["wang", "edited", "2/cola"],
        ["wang", "drafted", "2"],
        [ME, "published", "1"],
        [ME, "drafted", "1"],
    ]
    assert (rows[3][4], rows[9][4], rows[-1][4]) == ("mould", "June", "import products.csv")
    assert re.fullmatch(r"20\d\d-\d\d-\d\d \d\d:\d\d [+-]\d\d:\d\d", rows[0][0])
    assert says(head, "log", "--limit", "2") == rows[:2]


def test_without_a_name_it_is_the_systems_user(head: Head, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOGNAME", "zhang")
    says(head, "draft", "cola", "price=3.90")
    says(head, "publish", "2")
    says(head, "recall", "cola", "--reason", "glass")
    says(head, "lift", "cola")
    assert head.imports("products", FILE.replace("3.50", "3.60")).code == 0
    assert {row[1] for row in says(head, "log", "--limit", "7")} == {"zhang"}
    file = head.folder / "products.csv"
    file.write_text(FILE, encoding="utf-8")
    assert head.runs("import", "products", str(file), "--by", "chen").code == 0
    assert {row[1] for row in says(head, "log", "--limit", "2")} == {"chen"}


def test_an_import_that_changes_nothing_leaves_no_trace(head: Head) -> None:
    before = says(head, "log")
    assert head.imports("products", FILE).code == 0
    assert says(head, "log") == before


def test_the_history_says_who_published_and_when(head: Head) -> None:
    says(head, "draft", "cola", "price=3.90", "--by", "wang")
    says(head, "publish", "2", "--at", "2036-12-01 00:00", "--by", "li")
    says(head, "publish", "2", "--by", "chen")
    newest, first = says(head, "history")
    when = r"20\d\d-\d\d-\d\d \d\d:\d\d \+\d\d:\d\d"
    assert newest[4] == "wang"
    assert re.fullmatch(f"planned li {when}; published chen {when}", newest[-1])
    assert re.fullmatch(f"published {ME} {when}", first[-1])
    assert says(head, "history", "cola")[0][-1] == newest[-1]


def test_the_list_of_recalls_says_who_and_when(head: Head) -> None:
    says(head, "recall", "cola", "--reason", "glass", "--by", "wang")
    says(head, "recall", "cola", "--reason", "splinters", "--by", "li")
    (line,) = says(head, "recalls")
    assert line[:3] == ["cola", "splinters", "li"]
    assert re.fullmatch(r"20\d\d-\d\d-\d\d \d\d:\d\d [+-]\d\d:\d\d", line[3])


# On head office's pages


def who(page: str) -> list[str]:
    """What a revision's page says of who did what."""
    (listed,) = re.findall(r'<ul class="who">(.*?)</ul>', page, re.DOTALL)
    lines = re.findall(r"<li>(.*?)</li>", listed)
    return [" ".join(html.unescape(re.sub("<[^>]+>", "", line)).split()) for line in lines]


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ("drafted", "planned", "published", "by its time")),
        ("zh", ("起草", "排期", "发布", "按排期")),
    ],
)
def test_a_revisions_page_says_who_did_what_and_when(
    shelf: ServedHub, language: str, words: tuple[str, str, str, str]
) -> None:
    drafted, planned, published, by_its_time = words
    with Office(shelf.url, language) as office:
        number = office.drafts("cola", {"price": "3.90", "by": "王 敏"})
        first = told(shelf.clock.now())
        assert who(office.page(f"/revisions/{number}")) == [f"{drafted} 王 敏 {first}"]
        shelf.clock.move(timedelta(minutes=5))
        at = (shelf.clock.now() + timedelta(hours=1)).astimezone()
        assert done(office.acts(number, "plan", by="李强", at=f"{at:%Y-%m-%dT%H:%M}")) == "planned"
        second = told(shelf.clock.now())
        shelf.clock.move(timedelta(hours=2))
        shelf.do(shelf.hub.office.publish_due())
        third = told(shelf.clock.now())
        assert who(office.page(f"/revisions/{number}")) == [
            f"{drafted} 王 敏 {first}",
            f"{planned} 李强 {second}",
            f"{published} {by_its_time} {third}",
        ]


def test_whoever_publishes_withdraws_or_leaves_says_who_he_is(shelf: ServedHub) -> None:
    with Office(shelf.url) as office:
        number = office.drafts("cola", {"price": "3.90"})
        for act in ("publish", "plan", "withdraw", ""):
            refused = office.acts(number, act, by=" ", at="2036-01-01T00:00", leave="cola")
            assert said_on(refused).startswith("▲ Say who you are."), act
        assert shelf.do(shelf.hub.office.pending())[0].row.state == "draft"
        assert done(office.acts(number, "", leave="cola", by="赵")) == "left"
        assert done(office.acts(number, "withdraw", by="钱")) == "withdrawn"
    rows = shelf.do(shelf.hub.office.log(2))
    assert [(row.author, row.act) for row in rows] == [("钱", "withdrawn"), ("赵", "edited")]


def test_the_page_of_recalls_says_who_and_when(shelf: ServedHub) -> None:
    recall = {"id": "cola", "reason": "glass", "by": "<王>"}
    with Office(shelf.url) as office:
        assert said_on(office.post("/recalls", {**recall, "by": ""})).startswith("▲ Say who")
        assert shelf.do(shelf.hub.office.recalls()) == []
        assert done(office.post("/recalls", recall)) == "recalled"
        page = office.page("/recalls")
        assert f"<bdi>&lt;王&gt;</bdi> <small>{told(shelf.clock.now())}</small>" in page
        assert said_on(office.post("/recalls", {"lift": "cola"})).startswith("▲ Say who")
        assert done(office.post("/recalls", {"lift": "cola", "by": "李"})) == "lifted"
    assert shelf.do(shelf.hub.office.log(1))[0].author == "李"


def test_of_what_was_done_before_there_was_a_log_the_rest_is_said(shelf: ServedHub) -> None:
    shelf.do(shelf.hub.office.recall(Recall("cola", "glass"), "wang"))
    shelf.write(lambda connection: connection.exec_driver_sql("DELETE FROM office_act"))
    when = told(shelf.clock.now())
    with Office(shelf.url) as office:
        assert who(office.page("/revisions/1")) == [f"drafted office {when}", f"published – {when}"]
        assert "glass" in office.page("/recalls")
