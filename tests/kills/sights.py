"""What the two databases hold, seen from outside by plain SQL; and how to keep the hub from
committing, which each database does in its own way.

Owns reading sales of till and hub by their ids, and the holds of the hub's database. It refuses to
judge the books: that is `rehearsal.books`.
"""

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from typing import Any, NamedTuple, Protocol
from urllib.parse import quote

import asyncpg

from rehearsal.processes import Child
from tests.kills.holds import PATIENCE_S, waits_for_a_lock, write_lock

_HELD_COMMIT = 4711  # the key of the advisory lock that a held commit waits for


class TillSale(NamedTuple):
    """A sale in the till's database: what its paper column says, whether the till knows that the
    hub has it, and how many facts tell what became of its paper."""

    eid: str
    paper: str | None
    acked: bool
    paper_facts: int


def _rows(file: Path, query: str) -> list[tuple[Any, ...]]:
    """Read-only, on a connection of one's own: nothing waits, nothing is tidied up."""
    where = f"file:{quote(str(file))}?mode=ro"
    with closing(sqlite3.connect(where, uri=True, timeout=PATIENCE_S)) as database:
        return database.execute(query).fetchall()


def till_sales(file: Path) -> list[TillSale]:
    """Every sale in the till's journal, oldest first."""
    rows = _rows(
        file,
        "SELECT journal.eid, paper.outcome, stream.acked_seq >= journal.seq,"
        " (SELECT count(*) FROM journal told WHERE told.type = 'receipt.printed'"
        "  AND json_extract(told.data, '$.body.sale') = journal.eid)"
        " FROM journal JOIN stream USING (stream_no) LEFT JOIN sale USING (stream_no, seq)"
        " LEFT JOIN paper ON paper.receipt = sale.receipt AND paper.copy = 0"
        " WHERE journal.type = 'sale.completed' ORDER BY stream_no, seq",
    )
    return [TillSale(eid, paper, bool(acked), facts) for eid, paper, acked, facts in rows]


_HUB_SALES = "SELECT eid FROM journal WHERE type = 'sale.completed' ORDER BY stream_no, seq"


class HubSight(Protocol):
    """The hub's database, whichever it is."""

    def sales(self) -> list[str]:
        """The id of every sale stored, as often as it is stored."""
        ...

    def held(self) -> AbstractContextManager[None]:
        """No push is stored while the block runs."""
        ...

    def push_waits(self, hub: Child) -> bool:
        """Whether that hub waits because of `held`."""
        ...

    def close(self) -> None: ...


class HubOnSqlite:
    def __init__(self, url: str) -> None:
        self.file = Path(url.removeprefix("sqlite:///"))

    def sales(self) -> list[str]:
        return [eid for (eid,) in _rows(self.file, _HUB_SALES)]

    def held(self) -> AbstractContextManager[None]:
        return write_lock(self.file)

    def push_waits(self, hub: Child) -> bool:
        return waits_for_a_lock(hub.pid)

    def close(self) -> None:
        """Nothing is kept open."""


class HubOnPostgresql:
    def __init__(self, url: str) -> None:
        self._url = url
        self._session = _Session(url)

    def sales(self) -> list[str]:
        return [row["eid"] for row in self._session.rows(_HUB_SALES)]

    @contextmanager
    def held(self) -> Iterator[None]:
        with closing(_Session(self._url)) as holder:
            holder.do("BEGIN; SELECT 1 FROM stream FOR UPDATE")
            yield

    def push_waits(self, hub: Child) -> bool:
        return bool(
            self._session.rows(
                "SELECT 1 FROM pg_stat_activity WHERE datname = current_database()"
                " AND wait_event_type = 'Lock' AND query LIKE '%stream%FOR UPDATE%'"
            )
        )

    # In the commit

    @contextmanager
    def commit_held(self) -> Iterator[None]:
        """A commit of a sale waits inside COMMIT while the block runs: a deferred constraint
        trigger of ours runs there (CREATE TRIGGER, "DEFERRABLE") and waits for a lock we hold."""
        self._session.do(
            "CREATE FUNCTION hold_commit() RETURNS trigger LANGUAGE plpgsql AS"
            f" $$ BEGIN PERFORM pg_advisory_xact_lock({_HELD_COMMIT}); RETURN NULL; END $$;"
            "CREATE CONSTRAINT TRIGGER hold_commit AFTER INSERT ON journal"
            " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.type = 'sale.completed')"
            " EXECUTE FUNCTION hold_commit()"
        )
        with closing(_Session(self._url)) as holder:
            holder.do(f"SELECT pg_advisory_lock({_HELD_COMMIT})")
            yield

    def drop_hold(self) -> None:
        """Take the trigger away again."""
        self._session.do("DROP FUNCTION hold_commit() CASCADE")

    def held_commit(self) -> int | None:
        """The backend that waits inside its COMMIT, None while there is none."""
        rows = self._session.rows(
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database()"
            " AND wait_event = 'advisory' AND query ILIKE 'COMMIT%'"
        )
        return rows[0]["pid"] if rows else None

    def waits_for(self, backend: int) -> bool:
        """Whether another push waits for that backend's transaction to end."""
        return bool(
            self._session.rows(
                "SELECT 1 FROM pg_stat_activity WHERE $1 = ANY(pg_blocking_pids(pid))", backend
            )
        )

    def end_backend(self, backend: int) -> None:
        """As when the server notices that its client is gone: the transaction is rolled back."""
        self._session.rows("SELECT pg_terminate_backend($1)", backend)

    def backend_lives(self, backend: int) -> bool:
        return bool(self._session.rows("SELECT 1 FROM pg_stat_activity WHERE pid = $1", backend))

    def close(self) -> None:
        self._session.close()


class _Session:
    """One connection to PostgreSQL that keeps its locks between calls."""

    def __init__(self, url: str) -> None:
        self._loop = asyncio.new_event_loop()
        self._connection = self._loop.run_until_complete(
            asyncpg.connect(url, timeout=PATIENCE_S, command_timeout=PATIENCE_S)
        )

    def do(self, script: str) -> None:
        self._loop.run_until_complete(self._connection.execute(script))

    def rows(self, query: str, *values: object) -> list[asyncpg.Record]:
        found: list[asyncpg.Record] = self._loop.run_until_complete(
            self._connection.fetch(query, *values)
        )
        return found

    def close(self) -> None:
        self._loop.run_until_complete(self._connection.close())
        self._loop.close()


def hub_sight(url: str) -> HubOnSqlite | HubOnPostgresql:
    return HubOnSqlite(url) if url.startswith("sqlite") else HubOnPostgresql(url)
