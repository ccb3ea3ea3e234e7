"""The till's database: who reads beside whom, and what they see."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Connection, Table, inspect

from pos_client.database import DATABASE_FILE, Database
from pos_client.identity import identity, stream
from pos_client.recorder import CARRIED, journal, money_ledger, stock_ledger

TABLES = [identity, stream, journal, money_ledger, stock_ledger, *CARRIED.values()]


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with closing(Database(tmp_path / DATABASE_FILE)) as opened:
        yield opened


def tables(connection: Connection) -> set[str]:
    return set(connection.exec_driver_sql("SELECT name FROM sqlite_master").scalars())


@pytest.mark.parametrize("table", TABLES, ids=str)
def test_what_queries_are_compiled_from_is_what_the_migrations_made(
    database: Database, table: Table
) -> None:
    inspector = inspect(database.connection)
    made = inspector.get_columns(table.name)
    keys = inspector.get_pk_constraint(table.name)["constrained_columns"]
    assert keys == [each.name for each in table.primary_key]
    assert {each["name"]: str(each["type"]) for each in made} == {
        each.name: str(each.type) for each in table.columns
    }
    # a key that is the number of a row bears no NOT NULL, and needs none
    assert {each["name"] for each in made if each["nullable"]} - {*keys} == {
        each.name for each in table.columns if each.nullable
    }


def test_a_new_database_is_its_owners_alone_and_one_that_is_there_stays_as_it_was_set(
    tmp_path: Path,
) -> None:
    file = tmp_path / DATABASE_FILE
    with closing(Database(file)) as database:
        with database.write() as driver:
            driver.execute("CREATE TABLE news (what TEXT)")
        modes = {found.name: found.stat().st_mode & 0o777 for found in tmp_path.iterdir()}
    assert modes == {"till.db": 0o600, "till.db-wal": 0o600, "till.db-shm": 0o600}
    file.chmod(0o640)
    Database(file).close()
    assert file.stat().st_mode & 0o777 == 0o640


def test_who_opens_it_again_lets_go_of_no_lock(database: Database) -> None:
    """A process that closes any handle of a file loses all its locks on it, and another takes the
    log for one that nobody needs."""
    Database(database.file).close()
    another_program_comes_and_goes(database.file)
    assert database.file.with_name("till.db-wal").exists()


def another_program_comes_and_goes(file: Path) -> None:
    """One that reads it and closes it: the last to close a database removes its log."""
    look = "import sqlite3, sys; d = sqlite3.connect(sys.argv[1])"
    look += "; d.execute('SELECT count(*) FROM sqlite_master').fetchall(); d.close()"
    subprocess.run([sys.executable, "-c", look, str(file)], check=True)


def test_a_reader_sees_only_what_is_durable(database: Database) -> None:
    """Else a fact could be sent that a power cut takes back."""
    with database.write() as driver:
        driver.execute("CREATE TABLE news (what TEXT)")
        with database.reader() as beside:
            assert "news" not in tables(beside)
    with database.reader() as after:
        assert "news" in tables(after)


def test_who_reads_beside_another_has_a_connection_of_their_own(database: Database) -> None:
    with database.reader() as one, database.reader() as other:
        both = {one.connection.driver_connection, other.connection.driver_connection}
    assert len(both | {database.driver}) == 3


def test_a_reader_s_connection_is_kept_for_the_next(database: Database) -> None:
    with database.reader() as one:
        driver = one.connection.driver_connection
    with database.reader() as next_one:
        assert next_one.connection.driver_connection is driver


def test_a_kept_reader_sees_what_was_written_since(database: Database) -> None:
    with database.reader() as one:
        before = tables(one)
    with database.write() as driver:
        driver.execute("CREATE TABLE news (what TEXT)")
    with database.reader() as next_one:
        assert tables(next_one) == before | {"news"}
