"""The upgraded schema is the one the queries are written against, on both databases."""

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from threading import Barrier, Thread
from typing import Any, TypeVar

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect

from sync_server import migrations
from sync_server.database import _prepare_sqlite, metadata, open_database
from sync_server.hub import Hub
from sync_server.migrations import upgrade_connection
from sync_server.quarantine.records import state
from sync_server.recorder import UNSETTLED
from tests.served_hub import ServedHub, hub_settings
from tests.till.test_database import another_program_comes_and_goes

T = TypeVar("T")


def on_fresh(untouched_url: str, work: Callable[[Connection], T]) -> T:
    """Do something with a database that nobody has touched."""

    async def whole() -> T:
        database = open_database(untouched_url, 10.0, 2)
        try:
            return await database.write(work)
        finally:
            await database.close()

    return asyncio.run(whole())


def test_the_upgraded_schema_is_the_one_in_the_code(untouched_url: str) -> None:
    def differences(connection: Connection) -> list[object]:
        upgrade_connection(connection)
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return list(compare_metadata(context, metadata))

    assert on_fresh(untouched_url, differences) == []


def test_migrations_are_numbered_in_the_order_in_which_they_follow_each_other() -> None:
    script = ScriptDirectory(str(Path(migrations.__file__).parent))
    newest_first = [revision.revision for revision in script.walk_revisions()]
    assert tuple(reversed(newest_first)) == migrations.NUMBERS


def test_checks_of_the_code_are_in_the_database(untouched_url: str) -> None:
    """Alembic does not compare them."""

    def checks(connection: Connection) -> dict[str, set[str | None]]:
        upgrade_connection(connection)
        inspector = inspect(connection)
        return {
            name: {check["name"] for check in inspector.get_check_constraints(name)}
            for name in ("money_ledger", "stock_ledger")
        }

    assert on_fresh(untouched_url, checks) == {"money_ledger": {"whole"}, "stock_ledger": {"whole"}}


def test_an_upgrade_may_run_again(untouched_url: str) -> None:
    def tables(connection: Connection) -> list[str]:
        upgrade_connection(connection)
        return sorted(inspect(connection).get_table_names())

    assert on_fresh(untouched_url, tables) == on_fresh(untouched_url, tables)


def test_a_hub_of_before_keeps_its_revisions_and_knows_nothing_of_acts_and_stock(
    untouched_url: str,
) -> None:
    def rows(connection: Connection) -> list[Any]:
        upgrade_connection(connection, "0003")
        connection.exec_driver_sql(
            "INSERT INTO revision VALUES (1, 'published', 'N', 'wang', 'first', '', '', '', 1)"
        )
        connection.exec_driver_sql("INSERT INTO barcode_claim VALUES (2, '690', 'cola')")
        upgrade_connection(connection)
        counted = ("revision", "barcode_claim", "opening_stock", "office_act")
        return [connection.exec_driver_sql(f"SELECT COUNT(*) FROM {t}").scalar() for t in counted]

    assert on_fresh(untouched_url, rows) == [1, 1, 0, 0]


@pytest.mark.parametrize("verdict", ["", "duplicate", "quarantined", "waiting"])
def test_a_hub_of_before_finds_what_is_unsettled(untouched_url: str, verdict: str) -> None:
    def is_any(connection: Connection) -> bool:
        upgrade_connection(connection, "0004")
        words = "'e', 'sale.completed', '2026-06-03'"
        connection.exec_driver_sql(
            f"INSERT INTO journal VALUES (1, 1, {words}, '{verdict}', '', '', '', 'h')"
        )
        upgrade_connection(connection)
        assert not state(connection).deferring_since
        return state(connection).unsettled

    assert on_fresh(untouched_url, is_any) == (verdict in UNSETTLED)


def test_a_hub_of_before_knows_the_latest_business_date_of_a_stream(untouched_url: str) -> None:
    def known(connection: Connection) -> list[Any]:
        upgrade_connection(connection, "0008")
        run = connection.exec_driver_sql
        run("INSERT INTO store VALUES ('S01', 'x', 'Asia/Shanghai', 'CNY')")
        run("INSERT INTO till VALUES ('S01-1', 'S01', 'key', '', NULL)")
        for number, incarnation in ((1, "A"), (2, "B")):
            run(
                "INSERT INTO stream (stream_no, till_id, incarnation, store_id, head_seq,"
                " head_hash, declared_seq, waiting_since, open_shift, last_contact)"
                f" VALUES ({number}, 'S01-1', '{incarnation}', 'S01', 3, 'h', 3, '', '', '')"
            )
        for seq, day in ((1, ""), (2, "2026-06-03"), (3, "")):
            told = f"'e{seq}', 't', '{day}'"
            run(f"INSERT INTO journal VALUES (1, {seq}, {told}, '', '', '', '', 'h')")
        upgrade_connection(connection)
        columns = "business_date, declared_hash, push_proof, closed_to, clock_ahead_s"
        return [tuple(row) for row in run(f"SELECT {columns} FROM stream ORDER BY stream_no")]

    before = ("", "", "", None)
    assert on_fresh(untouched_url, known) == [("2026-06-03", *before), ("", *before)]


def test_hubs_that_start_at_once_make_one_schema_and_one_identity(untouched_url: str) -> None:
    settings = hub_settings(untouched_url)

    async def start_all() -> set[tuple[str, str]]:
        hubs = await asyncio.gather(*(Hub.open(settings) for _ in range(4)))
        try:
            return {(hub.voice.signer.public, hub.voice.epoch) for hub in hubs}
        finally:
            for hub in hubs:
                await hub.close()

    assert len(asyncio.run(start_all())) == 1


def test_a_hub_that_opens_another_connection_lets_go_of_no_lock(tmp_path: Path) -> None:
    """A process that closes any handle of a file loses all its locks on it."""
    with ServedHub(f"sqlite:///{tmp_path / 'hub.db'}") as hub:
        hub.add_store()
        on_fresh(hub.settings.database, lambda _: None)
        another_program_comes_and_goes(tmp_path / "hub.db")
        assert (tmp_path / "hub.db-wal").exists()


def test_a_new_file_is_its_owners_alone_and_one_that_is_there_stays_as_it_was_set(
    tmp_path: Path,
) -> None:
    """The hub's private key is in it."""
    file = tmp_path / "hub.db"

    def modes(_: Connection) -> dict[str, int]:
        return {found.name: found.stat().st_mode & 0o777 for found in tmp_path.iterdir()}

    seen = on_fresh(f"sqlite:///{file}", modes)
    assert seen == {"hub.db": 0o600, "hub.db-wal": 0o600, "hub.db-shm": 0o600}
    file.chmod(0o640)
    assert on_fresh(f"sqlite:///{file}", modes)["hub.db"] == 0o640


def test_any_number_of_hubs_may_open_a_new_file_at_the_same_moment(tmp_path: Path) -> None:
    """Where SQLite is asked once, every fifth round fails."""
    refused: list[Exception] = []

    def open_it(file: Path, together: Barrier) -> None:
        with closing(sqlite3.connect(file, timeout=10)) as driver:
            together.wait()
            try:
                _prepare_sqlite(10, driver, None)
            except sqlite3.OperationalError as fault:
                refused.append(fault)

    for round_ in range(60):
        place = tmp_path / f"{round_}.db", Barrier(6)
        hubs = [Thread(target=open_it, args=place) for _ in range(6)]
        for hub in hubs:
            hub.start()
        for hub in hubs:
            hub.join()
    assert refused == []
