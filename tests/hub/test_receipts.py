"""`sync-server receipts`: the template of a store, looked at, set and taken back."""

from pathlib import Path

import pytest

from retail.language import Language
from retail.receipt import BUILT_IN
from tests.hand_till import HandTill
from tests.hub.test_commands import STORES, Head
from tests.served_hub import ServedHub

TEMPLATE = ("^ 欢迎光临", "{receipt}", "[items]", "{total}", "[tenders]")


@pytest.fixture
def head(tmp_path: Path, database_url: str) -> Head:
    head = Head(tmp_path, database_url)
    assert head.imports("stores", STORES).code == 0
    return head


def a_file(head: Head, *lines: str) -> str:
    file = head.folder / "receipt.txt"
    file.write_text("\r\n".join(lines), encoding="gb18030")
    return str(file)


def shown(head: Head, store: str) -> tuple[str, ...]:
    ended = head.runs("receipts", "show", store)
    assert ended.code == 0
    return tuple(ended.out.splitlines())


def test_a_store_begins_with_the_built_in_template_and_can_go_back_to_it(head: Head) -> None:
    built_in = BUILT_IN[Language.CHINESE]
    assert shown(head, "S01") == built_in
    assert head.runs("receipts", "set", a_file(head, *TEMPLATE), "S01").code == 0
    assert (shown(head, "S01"), shown(head, "S02")) == (TEMPLATE, built_in)
    assert head.runs("receipts", "reset", "S01").code == 0
    assert shown(head, "S01") == built_in


def test_what_is_shown_can_be_set_again(head: Head) -> None:
    file = a_file(head, *shown(head, "S01"))
    assert head.runs("receipts", "set", file, "S01").code == 0
    assert shown(head, "S01") == BUILT_IN[Language.CHINESE]


def test_all_stores_are_told_at_once_and_who_knew_is_not_counted(head: Head) -> None:
    file = a_file(head, *TEMPLATE)
    assert "stores changed: 1;" in head.runs("receipts", "set", file, "S02").err
    assert "stores changed: 1;" in head.runs("receipts", "set", file, "--all").err
    assert "nothing changed" in head.runs("receipts", "set", file, "--all").err
    assert shown(head, "S01") == shown(head, "S02") == TEMPLATE


def test_a_tills_next_pull_brings_the_template(head: Head) -> None:
    with ServedHub(head.database_url) as hub, HandTill(hub.url) as till:
        till.enrol(hub.enrol_code())
        till.pull()
        assert head.runs("receipts", "set", a_file(head, *TEMPLATE), "S01").code == 0
        (row,) = till.pull().rows
    assert "欢迎光临" in bytes(row.body).decode()


def test_a_later_file_of_stores_leaves_the_template_alone(head: Head) -> None:
    head.runs("receipts", "set", a_file(head, *TEMPLATE), "S01")
    head.imports("stores", "store_id,name\nS01,静安新店\n")
    assert shown(head, "S01") == TEMPLATE


def test_what_no_till_could_print_by_is_refused_and_nothing_has_changed(head: Head) -> None:
    before = shown(head, "S01")
    for lines, says in (
        (("{price}", *TEMPLATE), "line 1: {price} is no field"),
        (TEMPLATE[:-1], "lacks [tenders]"),
        ((), "lacks {receipt} [items]"),
    ):
        ended = head.runs("receipts", "set", a_file(head, *lines), "S01")
        assert ended.code == 1
        assert says in ended.err
        assert "小票模板" in ended.err
    assert shown(head, "S01") == before


def test_a_store_that_is_not_there_is_a_sentence_and_no_other_has_changed(head: Head) -> None:
    file = a_file(head, *TEMPLATE)
    for words in (("set", file, "S01", "S09"), ("reset", "S09"), ("show", "S09")):
        assert head.runs("receipts", *words).code == 1
    assert shown(head, "S01") == BUILT_IN[Language.CHINESE]


def test_which_stores_are_meant_is_said_one_way(head: Head) -> None:
    file = a_file(head, *TEMPLATE)
    for words in (("set", file), ("set", file, "S01", "--all"), ("reset",)):
        ended = head.runs("receipts", *words)
        assert ended.code == 1
        assert "--all" in ended.err
    for missing in (head.folder / "none.txt", head.folder):
        assert head.runs("receipts", "set", str(missing), "S01").code == 1
