"""Every table of a hub's database, read a page at a time, and written into another database."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, Row, Table, delete, func, literal, select, text, tuple_

from sync_server.catalogue import acts, records  # noqa: F401  all tables are known here
from sync_server.database import metadata
from sync_server.jobs import Jobs  # noqa: F401
from sync_server.quarantine import records as quarantine  # noqa: F401
from sync_server.recorder import intake
from sync_server.statements import SetWise
from sync_server.stock import records as stock  # noqa: F401

#: a fact is a few hundred bytes and may be a MiB
_ROWS_AT_ONCE = 1_000

#: told how much is done, and of how much
Tell = Callable[[int, int], object]


def counts(connection: Connection) -> dict[str, int]:
    """How many rows each table has."""
    return {table.name: _count(connection, table) for table in metadata.sorted_tables}


def is_empty(connection: Connection) -> bool:
    """Whether nobody has used this database yet: what the migrations make is one row alone."""
    return sum(counts(connection).values()) == _count(connection, intake)


def _count(connection: Connection, table: Table) -> int:
    return connection.execute(select(func.count()).select_from(table)).scalar_one()


def pages(
    connection: Connection, table: Table, *where: Any
) -> Iterator[Sequence[Row[tuple[Any, ...]]]]:
    """The rows of a table, in the order of its key."""
    keys = list(table.primary_key)
    page = select(table).where(*where).order_by(*keys).limit(_ROWS_AT_ONCE)
    rows = connection.execute(page).all()
    while rows:
        yield rows
        last = [literal(rows[-1]._mapping[key], key.type) for key in keys]
        rows = connection.execute(page.where(tuple_(*keys) > tuple_(*last))).all()


def copy(source: Connection, target: Connection, tell: Tell) -> None:
    """Write every row of `source` into the tables of `target`, which nobody has used yet. Raises
    RowsRefused."""
    target.execute(delete(intake))
    total, done = sum(counts(source).values()), 0
    for table in metadata.sorted_tables:
        write = SetWise(table)
        for rows in pages(source, table):
            write.write(target, [tuple(row) for row in rows])
            done += len(rows)
            tell(done, total)
        _go_on_counting(target, table)


def _go_on_counting(connection: Connection, table: Table) -> None:
    """PostgreSQL counts keys by itself, and knows nothing of those that were written."""
    column = table.autoincrement_column
    if column is None or connection.dialect.name != "postgresql":
        return
    count = f"setval(pg_get_serial_sequence('{table.name}', '{column.name}'), max({column.name}))"
    connection.execute(text(f"SELECT {count} FROM {table.name}"))  # noqa: S608  names of ours
