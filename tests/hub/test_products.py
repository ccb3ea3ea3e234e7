"""`sync-server products`: what a person at head office's terminal does with products, through the
real program and on both databases."""

import os
import pty
import re
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from pricebook.rows import CATALOGUE, RECALLS
from retail.catalogue import Product
from sync_server.__main__ import of_products
from sync_server.catalogue.moments import NotATime, told, typed
from sync_server.commands.shown import printable
from tests.hand_till import HandTill
from tests.hub.test_commands import Ended, Head
from tests.served_hub import ServedHub, put_new

FILE = """product_id,name,price,currency,barcodes,price:member
cola,可口可乐 330ml,3.50,CNY,6901028075022,3.20
water,农夫山泉,2,CNY,6921168509256,
tea,お茶,150,JPY,4901777018686,
"""


@pytest.fixture
def head(tmp_path: Path, database_url: str) -> Head:
    """Head office with three products published."""
    put_new(database_url)
    opened = Head(tmp_path, database_url)
    assert opened.imports("products", FILE).code == 0
    return opened


def says(head: Head, *words: str) -> list[list[str]]:
    """The lines of a command that does what it should."""
    ended = head.runs("products", *words)
    assert ended.code == 0, ended.err
    return [line.split("\t") for line in ended.out.splitlines()]


def refuses(head: Head, *words: str) -> str:
    """What a command says that refuses: in English, the remedy, and both in Chinese."""
    ended: Ended = head.runs("products", *words)
    assert (ended.code, ended.out) == (1, "")
    sentence, remedy, sentence_zh, remedy_zh = ended.err.splitlines()
    assert remedy
    assert re.search("[\u4e00-\u9fff]", sentence_zh)
    assert re.search("[\u4e00-\u9fff]", remedy_zh)
    return sentence


def value_of(head: Head, product: str, field: str) -> str:
    return dict(line for line in says(head, "show", product) if len(line) == 2).get(field, "")


def test_a_product_is_found_and_shown(head: Head) -> None:
    assert says(head, "find", "kekou") == [
        ["cola", "可口可乐 330ml", "3.50", "CNY", "6901028075022"]
    ]
    assert says(head, "find", "6921168509256")[0][0] == "water"
    assert says(head, "find", "nothing", "such") == []
    assert says(head, "show", "cola") == [
        ["product_id", "cola"],
        ["name", "可口可乐 330ml"],
        ["price", "3.50"],
        ["currency", "CNY"],
        ["unit", "piece"],
        ["barcodes", "6901028075022"],
        ["price:member", "3.20"],
    ]


def test_a_price_is_set_at_once_and_a_till_is_told(head: Head) -> None:
    assert says(head, "set-price", "cola", "¥3.90", "--by", "wang", "--note", "June") == [
        ["cola", "可口可乐 330ml", "price", "3.50", "3.90"]
    ]
    assert says(head, "set-price", "tea", "1,280") == [["tea", "お茶", "price", "150", "1280"]]
    assert says(head, "set-price", "cola", "3.60", "--list", "vip")[0][2:] == [
        "price:vip",
        "",
        "3.60",
    ]
    with ServedHub(head.database_url) as hub, HandTill(hub.url) as till:
        hub.add_store()
        till.enrol(hub.enrol_code())
        rows = [row for page in till.pull_all() for row in page.rows if row.scope == CATALOGUE]
    sold = {row.key: msgspec.json.decode(row.body, type=Product) for row in rows}
    assert (sold["cola"].price_minor, sold["cola"].prices) == (390, {"member": 320, "vip": 360})
    assert sold["tea"].price_minor == 1280


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("cola", "free"), "Price: 'free' is not a number."),
        (("cola", "3.901"), "Price: '3.901' is finer than 1/100."),
        (("tea", "1.5"), "Price: '1.5' is finer than 1/1."),
        (("nobody", "1"), "There is no product nobody."),
        (("cola", "3.50"), "Product cola is like that already."),
        (("cola", "1", "--at", "2020-01-01"), "is not in the future."),
        (("cola", "1", "--at", "soon"), "'soon' is no time."),
    ],
    ids=str,
)
def test_a_price_that_cannot_be_is_a_sentence_and_changes_nothing(
    head: Head, words: tuple[str, ...], why: str
) -> None:
    assert why in refuses(head, "set-price", *words)
    assert len(says(head, "history")) == 1
    assert says(head, "drafts") == []


def test_a_price_is_planned_and_told_back_with_the_offset(head: Head) -> None:
    ended = head.runs("products", "set-price", "cola", "3", "--at", "2036-12-01 00:00+08:00")
    when = told(typed("2036-12-01 00:00+08:00"))
    assert f"planned for {when}" in ended.err
    assert says(head, "drafts")[0][:4] == ["2", "planned", when, "1"]
    assert [f"planned 2 from {when}", "price 3.50 → 3.00"] in says(head, "show", "cola")
    assert says(head, "withdraw", "2") == [["revision 2 is withdrawn"], ["价格版本 2 已撤回"]]
    assert says(head, "drafts") == []
    assert refuses(head, "withdraw", "2") == "Revision 2 is withdrawn."


def test_a_draft_grows_is_looked_at_and_published(head: Head) -> None:
    words = ("price=3.90", "price:member=", "name=可乐", "--by", "wang", "--note", "June")
    says(head, "draft", "cola", *words)
    says(head, "draft", "water", "--remove", "--into", "2")
    says(head, "draft", "soda", "--new", "name=苏打水", "price=4", "--into", "2")
    says(head, "draft", "tea", "price=200", "--into", "2")
    says(head, "draft", "tea", "--leave", "--into", "2")
    assert says(head, "diff", "2") == [
        ["cola", "可乐", "name", "可口可乐 330ml", "可乐"],
        ["cola", "可乐", "price", "3.50", "3.90"],
        ["cola", "可乐", "price:member", "3.20", ""],
        ["soda", "苏打水", "name", "", "苏打水"],
        ["soda", "苏打水", "price", "", "4.00"],
        ["soda", "苏打水", "currency", "", "CNY"],
        ["soda", "苏打水", "unit", "", "piece"],
        ["water", "农夫山泉", "product", "in the catalogue", "taken out"],
    ]
    assert value_of(head, "cola", "price") == "3.50"
    assert says(head, "publish", "2") == []
    assert value_of(head, "cola", "price") == "3.90"
    assert value_of(head, "water", "state") == "not in the catalogue"
    assert refuses(head, "draft", "tea", "price=1", "--into", "2") == "Revision 2 is published."


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("cola", "price"), "price is not like price=3.90."),
        (("cola", "colour=red"), "'colour': there is no such field."),
        (("cola", "barcodes=6921168509256"), "belongs to product water."),
        (("cola", "currency=JPY"), "Currency: a product keeps its currency."),
        (("nobody", "price=1"), "There is no product nobody."),
        (("nobody", "--new", "price=1"), "Price: name is empty."),
        (("cola", "price=1", "--into", "77"), "There is no revision 77."),
    ],
    ids=str,
)
def test_a_draft_that_cannot_be_is_a_sentence(head: Head, words: tuple[str, ...], why: str) -> None:
    assert why in refuses(head, "draft", *words).replace("Name: ", "Price: ")
    assert says(head, "drafts") == []


def test_a_plan_is_published_for_a_time_of_this_machines_clock(head: Head) -> None:
    says(head, "draft", "cola", "price=3.90")
    ended = head.runs("products", "publish", "2", "--at", "2036-12-01 00:00")
    assert told(typed("2036-12-01 00:00")) in ended.err
    assert refuses(head, "publish", "77") == "There is no revision 77."


def test_the_history_says_who_changed_what_when(head: Head) -> None:
    says(head, "set-price", "cola", "3.90", "--by", "wang", "--note", "June")
    says(head, "set-price", "cola", "4.20", "--by", "li")
    newest, middle, first = says(head, "history")
    assert (newest[0], newest[3:6]) == ("3", ["1", "li", ""])
    assert (middle[0], middle[3:6]) == ("2", ["1", "wang", "June"])
    assert first[3] == "3"
    lines = says(head, "history", "cola")
    assert [line[3:-1] for line in lines[:2]] == [
        ["li", "", "price", "3.90", "4.20"],
        ["wang", "June", "price", "3.50", "3.90"],
    ]
    assert abs(datetime.now().astimezone() - typed(lines[0][2].replace(" +", "+"))) < timedelta(
        hours=1
    )
    assert len(says(head, "history", "--limit", "1")) == 1
    assert refuses(head, "history", "nobody") == "There is no product nobody."


def test_everything_is_rolled_back_after_a_look(head: Head) -> None:
    says(head, "set-price", "cola", "3.90")
    says(head, "remove", "water")
    first = says(head, "history")[-1][1]
    told_back = says(head, "roll-back", "1", "--draft")
    assert ["cola", "可口可乐 330ml", "price", "3.90", "3.50"] in told_back
    assert value_of(head, "cola", "price") == "3.90"
    says(head, "publish", "4")
    assert says(head, "history")[0][1] == first
    assert value_of(head, "water", "price") == "2.00"
    assert "Everything is as it was" in refuses(head, "roll-back", "1")
    says(head, "roll-back", "2")
    assert value_of(head, "cola", "price") == "3.90"


def test_a_recall_is_listed_and_lifted(head: Head) -> None:
    says(head, "recall", "cola", "--batch", "L1", "--reason", "glass")
    says(head, "recall", "water", "--reason", "label")
    assert [line[:2] for line in says(head, "recalls")] == [
        ["cola/L1", "glass"],
        ["water", "label"],
    ]
    assert ["recalled", "batch L1: glass"] in says(head, "show", "cola")
    with ServedHub(head.database_url) as hub, HandTill(hub.url) as till:
        hub.add_store()
        till.enrol(hub.enrol_code())
        recalled = {row.key for row in till.pull().rows if row.scope == RECALLS}
    assert recalled == {"cola/L1", "water"}
    says(head, "lift", "cola/L1")
    assert [line[:2] for line in says(head, "recalls")] == [["water", "label"]]
    assert refuses(head, "lift", "cola/L1") == "cola/L1 is not recalled."
    assert refuses(head, "recall", "nobody", "--reason", "x") == "There is no product nobody."
    assert refuses(head, "recall", "cola", "--reason", " ") == "A recall needs a reason."


def test_a_wrong_use_is_told(head: Head) -> None:
    for words in (
        ("publish", "x"),
        ("publish", "0"),
        ("diff", str(10**30)),
        ("draft", "cola"),
        ("draft", "cola", "price=1", "--remove"),
        ("draft", "cola", "--leave"),
        ("recall", "cola"),
        ("sell",),
    ):
        assert head.runs("products", *words).code == 2, words


def test_every_command_has_an_example(head: Head) -> None:
    for command in of_products.registered_commands:
        assert command.callback is not None
        name = command.name or command.callback.__name__
        assert f"Example: sync-server products {name}" in (command.callback.__doc__ or "")


def test_what_would_move_a_terminals_cursor_is_not_printed(head: Head) -> None:
    assert printable("\x1b[2Jred\u202e 可乐\n") == "�[2Jred� 可乐�"
    says(head, "draft", "cola", "name=\x1b]0;owned\x07")
    assert "\x1b" not in head.runs("products", "diff", "2").out


@pytest.mark.slow
def test_a_person_who_watches_gets_a_table(tmp_path: Path) -> None:
    head = Head(tmp_path, f"sqlite:///{tmp_path / 'hub.db'}")
    put_new(head.database_url)
    head.imports("products", FILE)
    watched, written = pty.openpty()
    argv = [sys.executable, "-m", "sync_server", "products", "find", "cola"]
    subprocess.run(
        [*argv, "--database", head.database_url], stdout=written, env=os.environ, check=True
    )
    table = re.sub("\x1b\\[[0-9;]*m", "", os.read(watched, 65_536).decode())
    os.close(watched)
    os.close(written)
    columns, row = table.splitlines()[:2]
    assert columns.split() == ["product", "name", "price", "currency", "barcode"]
    assert row.split()[0] == "cola"


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2026-12-01 00:00+08:00", "2026-11-30T16:00:00+00:00"),
        ("2026-12-01T00:00Z", "2026-12-01T00:00:00+00:00"),
    ],
)
def test_a_time_is_read_with_its_offset(text: str, utc: str) -> None:
    assert typed(text) == datetime.fromisoformat(utc)


@pytest.mark.parametrize("text", ["", "x" * 1000, "12/01/2026", "2026-13-01", "0001-01-01+23:00"])
def test_a_text_that_is_no_time_is_a_sentence(text: str) -> None:
    with pytest.raises(NotATime):
        typed(text)
