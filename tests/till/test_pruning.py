"""What is pruned at the till is old, at the hub and in its backup; the books stay what they are,
and what is left proves itself."""

import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from journal.envelope import decode
from pos_client import inspection
from pos_client.database import DATABASE_FILE
from pos_client.sale.printing import NoSuchReceipt, ReceiptGone
from pos_client.settings import TillSettings, WrongSetting, load
from pos_client.sync import pruning
from pos_client.till import Till, look_into
from tests.builders import OPENING, SteppedClock, open_till, till_settings
from tests.till.counter import COLA, begin, did, sell
from tests.till.pruning import DAYS, pruning_of, settle, with_a_past


def facts(till: Till) -> int:
    return len(list(inspection.stored_facts(till.database)))


def books(till: Till) -> list[list[Any]]:
    with till.database.reader() as connection:
        return [
            [tuple(row) for row in connection.exec_driver_sql(f"SELECT * FROM {ledger}")]
            for ledger in ("money_ledger", "stock_ledger")
        ]


def wrong(till: Till) -> list[inspection.Finding]:
    return inspection.verify(till.database, till.who).wrong


def prune_all(till: Till) -> int:
    """Prune what may go; how many facts went."""
    before, ledgers, made = facts(till), books(till), pruning_of(till)
    while made.step():
        assert wrong(till) == []
    assert wrong(till) == []
    assert books(till) == ledgers
    return before - facts(till)


def test_what_is_old_acknowledged_and_safe_goes_and_the_books_stay(tmp_path: Path) -> None:
    till, _ = with_a_past(tmp_path)
    with closing(till):
        ledgers, before = books(till), facts(till)
        assert prune_all(till) == 8  # the beginning, the shift, and the sales of three days
        assert facts(till) == before - 8
        assert books(till) == ledgers
        checked = inspection.verify(till.database, till.who).checked
        assert checked[0].en.endswith("8 pruned")


UNMET: dict[str, Callable[[Till, SteppedClock], object]] = {
    "acknowledged": lambda till, _: settle(till, acked=0, safe=0),
    "safe": lambda till, _: settle(till, safe=0),
    "the clock is a day ahead": lambda _, clock: clock.move(timedelta(days=1, seconds=1)),
    "the clock is years behind": lambda _, clock: clock.move(timedelta(days=-900)),
    "a sale is open": lambda till, _: did(till, "scan", code=COLA),
    "a fork": lambda till, _: forked(till),
}


def forked(till: Till) -> None:
    with till.database.write() as driver:
        driver.execute("UPDATE stream SET forked_seq = 2")


@pytest.mark.parametrize("what", UNMET)
def test_nothing_goes_where_one_condition_is_not_met(what: str, tmp_path: Path) -> None:
    till, clock = with_a_past(tmp_path)
    with closing(till):
        UNMET[what](till, clock)
        assert prune_all(till) == 0


def test_no_more_goes_than_is_acknowledged_and_safe(tmp_path: Path) -> None:
    till, _ = with_a_past(tmp_path)
    with closing(till):
        settle(till, acked=5, safe=3)
        assert prune_all(till) == 3


def test_a_clock_that_jumps_years_ahead_makes_facts_one_day_older(tmp_path: Path) -> None:
    till, clock = with_a_past(tmp_path, days=DAYS - 1)
    with closing(till):
        clock.move(timedelta(days=2_000))
        sell(till, COLA)
        settle(till)
        assert prune_all(till) == 2 + 2  # of the first day; by the clock all is old
        sell(till, COLA)
        settle(till)
        assert prune_all(till) == 0


def looks(asked: list[str]) -> int:
    """How often the whole journal was looked through."""
    return sum("GROUP BY" in statement for statement in asked)


def test_the_journal_is_looked_through_once_a_day_and_not_for_each_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pruning, "_FACTS_AT_ONCE", 2)
    till, clock = with_a_past(tmp_path)
    with closing(till):
        asked, made = traced(till), pruning_of(till)
        assert [made.step() for _ in range(5)] == [True] * 4 + [False]
        assert looks(asked) == 1
        clock.move(timedelta(minutes=59))
        assert not made.step()
        assert looks(asked) == 1
        clock.move(timedelta(days=1))
        sell(till, COLA)
        settle(till)
        assert made.step()
        assert looks(asked) == 2


def traced(till: Till) -> list[str]:
    """What is asked of the connection that is kept for who reads."""
    asked: list[str] = []
    with till.database.reader() as connection:
        driver = connection.connection.driver_connection
        assert isinstance(driver, sqlite3.Connection)
        driver.set_trace_callback(asked.append)
    return asked


def test_what_becomes_safe_while_the_cut_stands_goes_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pruning, "_FACTS_AT_ONCE", 2)
    till, _ = with_a_past(tmp_path)
    with closing(till):
        made = pruning_of(till)
        settle(till, acked=5, safe=3)
        assert made.step()
        settle(till)
        before = facts(till)
        while made.step():
            pass
        assert before - facts(till) == 8 - 2
        assert wrong(till) == []


def test_a_clock_that_is_set_back_between_two_steps_keeps_what_is_young_by_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pruning, "_FACTS_AT_ONCE", 2)
    till, clock = with_a_past(tmp_path)
    with closing(till):
        made = pruning_of(till)
        assert made.step()
        clock.at -= timedelta(days=900)
        assert not made.step()


def test_what_an_old_disk_brings_in_between_two_steps_goes_when_it_is_old_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pruning, "_FACTS_AT_ONCE", 2)
    till, _ = with_a_past(tmp_path / "here", days=2)
    till.close()
    shutil.copytree(tmp_path / "here", tmp_path / "old")
    went_on, _ = sold_for(tmp_path / "old", days=6)
    went_on.close()
    till, clock = sold_for(tmp_path / "here", days=6)
    with closing(till):
        made = pruning_of(till)
        all_safe(till)
        assert made.step()
        assert till.bring_in(tmp_path / "old" / "data").facts
        all_safe(till)
        young, before = young_facts(till, clock), facts(till)
        while made.step():
            assert wrong(till) == []
        assert young_facts(till, clock) == young
        assert facts(till) < before


def sold_for(folder: Path, days: int) -> tuple[Till, SteppedClock]:
    """The till of that folder after as many more days as it had."""
    clock = SteppedClock(OPENING + timedelta(days=2))
    till = open_till(folder, clock=clock)
    for _ in range(days):
        sell(till, COLA)
        clock.move(timedelta(days=1))
    sell(till, COLA)
    return till, clock


def all_safe(till: Till) -> None:
    settle(till)
    with till.database.write() as driver:
        driver.execute(
            "UPDATE stream SET (acked_seq, acked_hash, safe_seq) = (SELECT seq, hash, seq"
            " FROM journal WHERE journal.stream_no = stream.stream_no ORDER BY seq DESC LIMIT 1)"
        )


def young_facts(till: Till, clock: SteppedClock) -> int:
    first = clock.at - timedelta(days=DAYS)
    stored = map(decode, inspection.stored_facts(till.database))
    return sum(datetime.fromisoformat(envelope.at) >= first for envelope in stored)


def test_the_newest_fact_of_a_stream_stays_whatever_its_age(tmp_path: Path) -> None:
    till, clock = with_a_past(tmp_path, days=2)
    till.close()
    (tmp_path / "state/S01-1.marker").unlink()
    with closing(open_till(tmp_path, clock=clock)) as till:
        for _ in range(DAYS + 1):
            clock.move(timedelta(days=1))
            sell(till, COLA)
        settle(till)
        assert prune_all(till) > 0
        with till.database.reader() as connection:
            left = connection.exec_driver_sql("SELECT count(*) FROM journal WHERE stream_no = 1")
            assert left.scalar() == 1


def test_a_receipt_that_went_is_told_from_one_that_never_was(tmp_path: Path) -> None:
    till, _ = with_a_past(tmp_path)
    with closing(till):
        short = till.recorder.writer.stream.short
        assert prune_all(till) > 0
        with pytest.raises(ReceiptGone):
            till.sale.sale_of(f"S01-1-{short}-000001")
        with pytest.raises(ReceiptGone):
            till.sale.numbered(6)
        for none in ("S01-1-ABCDEF-000001", f"S01-1-{short}-000099", f"S09-1-{short}-000001", "x"):
            with pytest.raises(NoSuchReceipt):
                till.sale.sale_of(none)
        assert till.sale.numbered(7).fact.total_minor == 350
        assert till.sale.sale_before(till.sale.numbered(7).fact.receipt) is None
        assert till.sale.last_sale().fact.receipt.endswith("000013")


def test_receipt_numbers_go_on_where_all_sales_went(tmp_path: Path) -> None:
    till, clock = with_a_past(tmp_path, days=1)
    with closing(till):
        for _ in range(DAYS + 2):  # days without a sale
            clock.move(timedelta(days=1))
            did(till, "receive", reference="DN", lines=[{"code": COLA, "quantity": 1000}])
        settle(till)
        assert prune_all(till) > 0
    with closing(open_till(tmp_path, clock=clock)) as till:
        assert till.sale.last_receipt is None
        sell(till, COLA)
        assert str(till.sale.last_receipt).endswith("000004")
        assert wrong(till) == []


@settings(max_examples=40)
@given(
    st.lists(
        st.sampled_from(["sell", "sell", "receive", "void", "day", "settle", "prune", "step"]),
        min_size=20,
        max_size=60,
    )
)
def test_any_history_pruned_at_any_moments_proves_itself(
    tmp_path_factory: pytest.TempPathFactory, acts: list[str]
) -> None:
    folder, clock = tmp_path_factory.mktemp("any"), SteppedClock()
    with closing(open_till(folder, clock=clock)) as till, pytest.MonkeyPatch.context() as patch:
        patch.setattr(pruning, "_FACTS_AT_ONCE", 3)
        begin(till)
        kept = pruning_of(till)
        for act in acts:
            match act:
                case "sell":
                    sell(till, COLA)
                case "receive":
                    lines = [{"code": COLA, "quantity": 24_000}]
                    did(till, "receive", reference="DN", lines=lines)
                case "void":
                    did(till, "scan", code=COLA)
                    did(till, "void", reason="r")
                case "day":
                    clock.move(timedelta(days=1))
                case "settle":
                    settle(till)
                case "step":
                    kept.step()
                case _:
                    prune_all(till)
        assert wrong(till) == []


FORGED = [
    "UPDATE carried_money SET amount = amount + 1",
    "UPDATE carried_stock SET entries = entries + 1",
    "DELETE FROM carried_money WHERE account = 'drawer'",
    "UPDATE stream SET pruned_hash = 'x'",
    "UPDATE stream SET pruned_seq = pruned_seq + 1",
    "UPDATE stream SET pruned_seq = 0",
    "DELETE FROM journal WHERE seq = 9",
]


@pytest.mark.parametrize("statement", FORGED)
def test_who_prunes_otherwise_is_found(statement: str, tmp_path: Path) -> None:
    till, _ = with_a_past(tmp_path)
    with closing(till):
        prune_all(till)
    with closing(sqlite3.connect(tmp_path / "data" / DATABASE_FILE)) as forger:
        assert forger.execute(statement).rowcount
        forger.commit()
    database, who = look_into(till_settings(tmp_path))
    with closing(database):
        assert inspection.verify(database, who).wrong


def test_a_fact_that_is_damaged_stays_and_is_named(tmp_path: Path) -> None:
    till, _ = with_a_past(tmp_path)
    with closing(till):
        with till.database.write() as driver:
            driver.execute(
                "UPDATE journal SET data = CAST(replace(CAST(data AS TEXT), 'cola', 'cold')"
                " AS BLOB) WHERE seq = 4"
            )
        made = pruning_of(till)
        while made.step():
            pass
        assert "fact 4" in wrong(till)[0].what.en


def test_fewer_days_than_are_promised_cannot_be_set(tmp_path: Path) -> None:
    assert TillSettings.model_fields["journal_kept_days"].default == 35
    with pytest.raises(WrongSetting, match="journal_kept_days"):
        load(data=tmp_path / "data", journal_kept_days=34)


def run(folder: Path, step: int) -> subprocess.CompletedProcess[str]:
    words = [sys.executable, "-m", "tests.till.pruning", str(folder), str(step)]
    return subprocess.run(words, capture_output=True, text=True, check=False)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="a kill is a signal here")
def test_a_kill_at_any_statement_leaves_all_of_a_step_or_nothing(tmp_path: Path) -> None:
    start = tmp_path / "start"
    till, clock = with_a_past(start)
    till.close()
    whole = run(shutil.copytree(start, tmp_path / "whole"), 0)
    assert whole.returncode == 0, whole.stderr
    left = set()
    for step in range(1, int(whole.stdout) + 1):
        folder = shutil.copytree(start, tmp_path / f"{step}")
        assert run(folder, step).returncode < 0
        with closing(open_till(folder, clock=clock)) as till:
            assert wrong(till) == []
            left.add(facts(till))
            settle(till)
            prune_all(till)
        shutil.rmtree(folder)
    assert len(left) == 1 or max(left) - min(left) == 8
