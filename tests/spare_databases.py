"""Databases of the hub on one PostgreSQL, made once and used by one test after the other: to make
one costs as much as most tests do."""

from contextlib import suppress
from typing import Any

import asyncpg

from rehearsal.postgresql import PostgreSQL
from tests.served_hub import apart, migrate

_ORIGINAL = "migrated"
#: who has not let go by then keeps it
_WAIT_S = 10.0
_TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1"
_SEQUENCES = "SELECT sequencename FROM pg_sequences WHERE schemaname = 'public'"
_OTHERS = (
    "SELECT count(*) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
)
#: what a test may have changed for good
_SHAPE = """
SELECT 'column', concat_ws(' ', table_schema, table_name, column_name, data_type, is_nullable)
FROM information_schema.columns WHERE table_schema NOT IN ('pg_catalog', 'information_schema')
UNION ALL SELECT 'index', indexdef FROM pg_indexes WHERE schemaname = 'public'
UNION ALL SELECT 'constraint', conname || pg_get_constraintdef(oid) FROM pg_constraint
UNION ALL SELECT 'routine', oid::regprocedure::text FROM pg_proc
    WHERE pronamespace = 'public'::regnamespace
UNION ALL SELECT 'trigger', tgname FROM pg_trigger WHERE NOT tgisinternal
UNION ALL SELECT 'setting', array_to_string(setconfig, ' ') FROM pg_db_role_setting
ORDER BY 1, 2
"""


class SpareDatabases:
    """A database for each test, as the migrations leave it."""

    def __init__(self, server: PostgreSQL) -> None:
        self._server = server
        url = server.create_database(_ORIGINAL)
        migrate(url)
        self._shape, self._rows, sequences = apart(_looked_at(url))
        # TRUNCATE makes new files of all, which takes three times as long
        empty = [f'DELETE FROM "{table}"' for table in self._rows]
        restart = [f'ALTER SEQUENCE "{sequence}" RESTART' for sequence in sequences]
        # of keys that point to one another none is looked at meanwhile
        self._emptying = ";".join(["SET session_replication_role = replica", *empty, *restart])
        self._free: list[str] = []
        self._made = 0

    def take(self) -> str:
        """Its URL."""
        if not self._free:
            self._made += 1
            return self._server.create_database(f"hub{self._made}", like=_ORIGINAL)
        return self._free.pop()

    def give_back(self, url: str) -> None:
        """Empty it for the next test; one in use, changed or slow is left."""
        with suppress(TimeoutError):
            if apart(self._emptied(url)):
                self._free.append(url)

    async def _emptied(self, url: str) -> bool:
        connection = await asyncpg.connect(url, command_timeout=_WAIT_S)
        try:
            if await connection.fetchval(_OTHERS) or await _shape(connection) != self._shape:
                return False
            async with connection.transaction():
                await connection.execute(self._emptying)
                for table, rows in self._rows.items():
                    if rows:
                        fill = f'INSERT INTO "{table}" SELECT * FROM json_populate_recordset'
                        await connection.execute(f'{fill}(NULL::"{table}", $1)', rows)
            return True
        finally:
            await connection.close()


async def _looked_at(url: str) -> tuple[list[Any], dict[str, str | None], list[str]]:
    """What there is in a database: its shape, each table's rows, its sequences."""
    connection = await asyncpg.connect(url)
    try:
        rows = {
            table: await connection.fetchval(f'SELECT json_agg(t) FROM "{table}" t')
            for (table,) in await connection.fetch(_TABLES)
        }
        sequences = [name for (name,) in await connection.fetch(_SEQUENCES)]
        return await _shape(connection), rows, sequences
    finally:
        await connection.close()


async def _shape(connection: "asyncpg.Connection") -> list[Any]:
    return [tuple(row) for row in await connection.fetch(_SHAPE)]
