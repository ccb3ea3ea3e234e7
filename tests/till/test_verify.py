"""Proof on demand: whatever is changed in the journal or the books, `verify` finds it and says
where."""

import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from journal.chain import hash_of
from pos_client import inspection
from pos_client.database import DATABASE_FILE
from pos_client.standing import standing
from pos_client.till import NotEnrolled, Till, look_into
from retail.refusals import Refusal
from tests.builders import open_till, till_settings
from tests.till.child import run, sentences
from tests.till.counter import (
    APPLES,
    COLA,
    PEN,
    WATER,
    assert_in_order,
    begin,
    did,
    sell,
)


def a_day(folder: Path) -> Path:
    """A till that has sold, received and voided in two incarnations; its file."""
    with closing(open_till(folder)) as till:
        begin(till)
        did(till, "receive", reference="DN", lines=[{"code": COLA, "quantity": 24_000}])
        sell(till, COLA, PEN)
        did(till, "close_shift", counted=51_240)
    (folder / "state/S01-1.marker").unlink()
    with closing(open_till(folder)) as till:
        begin(till)
        did(till, "weigh", code=APPLES, weight_g=655)
        did(till, "pay", tender="card")
        sell(till, WATER)
        did(till, "scan", code=COLA)
        did(till, "void", reason="r")
        assert_in_order(till)
    return folder / "data" / DATABASE_FILE


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, bytes]:
    folder = tmp_path_factory.mktemp("day")
    return folder, a_day(folder).read_bytes()


def is_chinese(text: str) -> bool:
    return any("一" <= char <= "鿿" for char in text)


def wrong(folder: Path) -> list[str]:
    database, who = look_into(till_settings(folder))
    with closing(database):
        found = inspection.verify(database, who).wrong
    assert all(is_chinese(text.zh) for each in found for text in each)
    return [each.what.en for each in found]


def changed(day: tuple[Path, bytes], statement: str, *values: object) -> list[str]:
    """What `verify` says of the day after that statement of a forger."""
    folder, whole = day
    file = folder / "data" / DATABASE_FILE
    file.write_bytes(whole)
    with closing(sqlite3.connect(file)) as forger:
        done = forger.execute(statement, values)
        assert done.rowcount != 0, "the forger changed nothing"
        forger.commit()
    return wrong(folder)


def rows(day: tuple[Path, bytes], query: str) -> list[tuple[Any, ...]]:
    folder, whole = day
    file = folder / "data" / DATABASE_FILE
    file.write_bytes(whole)
    with closing(sqlite3.connect(file)) as other:
        return other.execute(query).fetchall()


def test_a_day_that_nobody_touched_holds(day: tuple[Path, bytes]) -> None:
    folder, whole = day
    (folder / "data" / DATABASE_FILE).write_bytes(whole)
    database, who = look_into(till_settings(folder))
    with closing(database):
        findings = inspection.verify(database, who)
    assert findings.wrong == []
    assert len(findings.checked) == 4
    assert "the chain of 5 facts holds" in findings.checked[0].en
    assert "5 条记录的哈希链完整" in findings.checked[0].zh


def flipped(value: Any, at: int) -> Any:
    """The value with one bit the other way."""
    match value:
        case int():
            return value ^ (1 << (at % 8))
        case bytes():
            place = at // 8 % len(value)
            return value[:place] + bytes([value[place] ^ (1 << at % 8)]) + value[place + 1 :]
        case str():
            place = at // 8 % len(value)
            return value[:place] + chr(ord(value[place]) ^ (1 << at % 7)) + value[place + 1 :]
    raise TypeError(value)


COPIED = "'copied', type, at, data, hash FROM journal"
COLUMNS = ["stream_no", "seq", "eid", "type", "at", "data", "hash"]


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(fact=st.integers(0, 9), column=st.sampled_from(COLUMNS), at=st.integers(0, 5000))
def test_a_bit_that_flips_anywhere_in_the_journal_is_found(
    day: tuple[Path, bytes], fact: int, column: str, at: int
) -> None:
    found = rows(day, f"SELECT stream_no, seq, {column} FROM journal ORDER BY stream_no, seq")
    stream_no, seq, value = found[fact % len(found)]
    said = changed(
        day,
        f"UPDATE OR REPLACE journal SET {column} = ? WHERE stream_no = ? AND seq = ?",
        flipped(value, at),
        stream_no,
        seq,
    )
    assert said
    assert "fact" in said[0]


@pytest.mark.parametrize("column", COLUMNS)
def test_the_place_that_was_changed_is_named(day: tuple[Path, bytes], column: str) -> None:
    query = f"SELECT {column} FROM journal WHERE stream_no = 1 AND seq = 4"
    ((value,),) = rows(day, query)
    where = "stream_no = 1 AND seq = 4"
    said = changed(day, f"UPDATE journal SET {column} = ? WHERE {where}", flipped(value, 9))
    named = " ".join(said)
    assert "fact 4" in named or (column == "seq" and "fact 5" in named), said


LEDGERS = {
    "money_ledger": ["amount", "entries", "account", "shift", "business_date", "till", "store"],
    "stock_ledger": ["amount", "entries", "product", "account", "store"],
}


@pytest.mark.parametrize(
    ("ledger", "column"), [(ledger, name) for ledger, names in LEDGERS.items() for name in names]
)
def test_any_change_in_the_books_is_found(
    day: tuple[Path, bytes], ledger: str, column: str
) -> None:
    for number, (value,) in enumerate(rows(day, f"SELECT {column} FROM {ledger}")):
        keys = "store, product, account" if ledger == "stock_ledger" else (
            "store, till, business_date, shift, account, currency"
        )  # fmt: skip
        said = changed(
            day,
            f"UPDATE {ledger} SET {column} = ? WHERE ({keys}) ="
            f" (SELECT {keys} FROM {ledger} LIMIT 1 OFFSET {number})",
            flipped(value, 3),
        )
        assert said
        assert ledger.split("_", maxsplit=1)[0] in said[0]


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM journal WHERE stream_no = 1 AND seq = 3",
        "DELETE FROM journal WHERE stream_no = 1 AND seq = 1",
        "DELETE FROM money_ledger WHERE account = 'drawer'",
        "DELETE FROM stock_ledger",
        "INSERT INTO stock_ledger VALUES ('S01', 'ghost', 'store', 1000, 1)",
        "INSERT INTO money_ledger VALUES ('S01','S01-1','2026-06-03','x','drawer','CNY',0,0)",
        f"INSERT INTO journal SELECT 2, 9, {COPIED} WHERE stream_no = 1 AND seq = 4",
        f"INSERT INTO journal SELECT 9, seq, {COPIED} WHERE stream_no = 1 AND seq = 1",
        "UPDATE journal SET stream_no = 9 WHERE stream_no = 2 AND type = 'sale.voided'",
        "UPDATE stream SET incarnation = 'another' WHERE stream_no = 1",
        "UPDATE stream SET acked_seq = 3 WHERE stream_no = 1",
        "UPDATE stream SET acked_hash = 'another' WHERE stream_no = 1",
        "UPDATE stream SET acked_seq = 99 WHERE stream_no = 2",
        "DELETE FROM stream WHERE stream_no = 2",
        "UPDATE journal SET data = CAST(data AS TEXT) WHERE stream_no = 2 AND seq = 2",
        "UPDATE identity SET till = 'S01-2'",
    ],
)
def test_what_is_taken_out_or_slipped_in_is_found(day: tuple[Path, bytes], statement: str) -> None:
    assert changed(day, statement)


def test_one_ledger_that_is_wrong_does_not_hide_that_the_other_is_right(
    day: tuple[Path, bytes],
) -> None:
    assert changed(day, "DELETE FROM money_ledger WHERE account = 'drawer'")
    database, who = look_into(till_settings(day[0]))
    with closing(database):
        checked = inspection.verify(database, who).checked
    assert any(line.en.startswith("stock ledger") for line in checked)
    assert not any(line.en.startswith("money ledger") for line in checked)


def test_a_tail_that_is_missing_below_the_acknowledged_head_is_found(
    day: tuple[Path, bytes],
) -> None:
    """The hub has acknowledged fact 5 of the second stream; here it is gone without a trace."""
    ((hash_,),) = rows(day, "SELECT hash FROM journal WHERE stream_no = 2 AND seq = 5")
    folder, _ = day
    file = folder / "data" / DATABASE_FILE
    with closing(sqlite3.connect(file)) as forger:
        forger.execute(
            "UPDATE stream SET acked_seq = 5, acked_hash = ? WHERE stream_no = 2", (hash_,)
        )
        forger.commit()
        assert wrong(folder) == []
        forger.execute("DELETE FROM journal WHERE stream_no = 2 AND seq = 5")
        forger.commit()
    (said,) = wrong(folder)[:1]
    assert "fact 5" in said
    assert "the hub acknowledged" in said


def test_a_forger_who_mends_the_hash_breaks_the_chain_behind_it(
    day: tuple[Path, bytes],
) -> None:
    ((data,),) = rows(day, "SELECT data FROM journal WHERE stream_no = 1 AND seq = 3")
    forged = data.replace(b"DN", b"XX")
    said = changed(
        day,
        "UPDATE journal SET data = ?, hash = ? WHERE stream_no = 1 AND seq = 3",
        forged,
        hash_of(forged),
    )
    assert "fact 4: does not follow the fact before it" in said[0]


def test_one_broken_stream_does_not_hide_another(day: tuple[Path, bytes]) -> None:
    said = changed(day, "UPDATE journal SET at = 'never' WHERE seq = 2")
    assert len(said) == 2


@settings(max_examples=120, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(at=st.integers(0, 10**6), bit=st.integers(0, 7))
def test_a_bit_that_flips_anywhere_in_the_file_never_makes_verify_stumble(
    day: tuple[Path, bytes], at: int, bit: int
) -> None:
    folder, whole = day
    place = at % len(whole)
    damaged = bytearray(whole)
    damaged[place] ^= 1 << bit
    (folder / "data" / DATABASE_FILE).write_bytes(damaged)
    _looks_and_says(lambda: wrong(folder))


def _looks_and_says(look: Callable[[], list[str]]) -> None:
    """It has something to say, finds nothing wrong in what it looks at, or refuses."""
    try:
        assert all(look())
    except Refusal as refusal:
        assert refusal.say.zh  # noqa: PT017


def test_a_till_that_sells_meanwhile_is_seen_at_one_moment(till: Till) -> None:
    begin(till)
    database, who = look_into(till.settings)
    ended = threading.Event()
    said: list[inspection.Finding] = []
    looks = 0

    def look() -> None:
        nonlocal looks
        while not ended.is_set():
            said.extend(inspection.verify(database, who).wrong)
            looks += 1

    looking = threading.Thread(target=look)
    looking.start()
    try:
        while looks < 10 and looking.is_alive():
            sell(till)
    finally:
        ended.set()
        looking.join()
        database.close()
    assert said == []
    assert looks >= 10


def test_looking_makes_nothing(tmp_path: Path) -> None:
    with pytest.raises(NotEnrolled):
        look_into(till_settings(tmp_path / "nowhere"))
    assert not (tmp_path / "nowhere").exists()


def test_status_says_what_waits_and_export_says_every_fact(till: Till) -> None:
    begin(till)
    sell(till)
    lines = standing(till.database, till.who, till.settings, 0)
    assert lines[0].en == "store S01, till S01-1, hub http://127.0.0.1:9"
    assert "3 facts, 3 waiting since 2026-06-03T" in lines[1].en
    assert "3 条记录，3 条待传（自 2026-06-03T" in lines[1].zh
    assert all(is_chinese(line.zh) for line in lines)
    assert len(list(inspection.stored_facts(till.database))) == 3


@pytest.mark.slow
def test_the_command_proves_a_whole_day_and_names_what_was_changed(tmp_path: Path) -> None:
    file = a_day(tmp_path)
    proved = run(tmp_path, "journal", "verify")
    assert (proved.code, proved.err) == (0, "")
    assert proved.out.count("holds") == proved.out.count("哈希链完整") == 2
    with closing(sqlite3.connect(file)) as forger:
        forger.execute("UPDATE journal SET type = 'sale.void' WHERE stream_no = 2 AND seq = 4")
        forger.commit()
    found = run(tmp_path, "journal", "verify")
    assert found.code == 1
    what, todo, what_zh, todo_zh = found.err.splitlines()
    assert "fact 4: its columns say something else than its bytes" in what
    assert what_zh.endswith("第 4 条：索引列与原文不符")
    assert "pos-client restore" in todo
    assert "pos-client restore" in todo_zh
    assert "Traceback" not in found.err
    whole = bytearray(file.read_bytes())
    whole[8192:] = b"\xa5" * (len(whole) - 8192)
    file.write_bytes(whole)
    assert "database" in sentences(run(tmp_path, "journal", "verify"))
