"""Statements that are run often, compiled once; and rows by the thousand, by one statement.

They run on the driver's own connection, in the open transaction (docs/decisions/0002, 0004).
"""

import sqlite3
from collections.abc import Sequence
from typing import Any, NamedTuple, Self

import msgspec
from sqlalchemy import (
    BigInteger,
    BindParameter,
    Boolean,
    ColumnElement,
    Connection,
    Integer,
    LargeBinary,
    Table,
    literal,
)
from sqlalchemy import Text as SqlText
from sqlalchemy.dialects import sqlite
from sqlalchemy.engine import Dialect
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql import ClauseElement
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.util import await_only

from sync_server.database import (
    ASYNCPG,
    DRIVER_FAULTS,
    RowsRefused,
    blames_rows,
    driver_of,
    failing_as_sqlalchemy,
)


class _OneOf(FunctionElement[bool]):
    """A column, and a JSON list of texts."""

    inherit_cache = True
    type = Boolean()

    def self_group(self, against: object = None) -> Self:  # noqa: ARG002
        """As it is: where a database has no booleans SQLAlchemy would compare it with 1, and
        SQLite looks up no such comparison in an index."""
        return self


def one_of(
    column: ColumnElement[str], values: Sequence[str] | BindParameter[str]
) -> ColumnElement[bool]:
    """Whether the column is one of these texts, however many: they travel as one JSON list. As
    marks of an IN ten thousand of them cost SQLAlchemy more than they cost the database. Of a
    prepared statement the values are a parameter, to be given as `listed`."""
    if not isinstance(values, BindParameter):
        values = literal(listed(values), SqlText())
    return _OneOf(column, values)


def listed(values: Sequence[str]) -> str:
    """Texts as they travel in one parameter."""
    return msgspec.json.encode(list(values)).decode()


@compiles(_OneOf, "sqlite")
def _on_sqlite(element: _OneOf, compiler: SQLCompiler, **more: Any) -> str:
    column, values = (compiler.process(clause, **more) for clause in element.clauses)
    return f"{column} IN (SELECT value FROM json_each({values}))"  # noqa: S608  a mark, no text


@compiles(_OneOf, "postgresql")
def _on_postgresql(element: _OneOf, compiler: SQLCompiler, **more: Any) -> str:
    column, values = (compiler.process(clause, **more) for clause in element.clauses)
    return f"{column} = ANY (ARRAY(SELECT json_array_elements_text(CAST({values} AS json))))"


class summed(FunctionElement[int]):  # noqa: N801  as SQLAlchemy names functions
    """The sum of whole numbers that tills have said. Where it overflows SQLite's own fails the
    statement; this one comes out near 2^63, and exact up to 2^53."""

    inherit_cache = True
    type = BigInteger()


@compiles(summed, "sqlite")
def _total(element: summed, compiler: SQLCompiler, **more: Any) -> str:
    return f"CAST(total({compiler.process(element.clauses, **more)}) AS INTEGER)"


@compiles(summed, "postgresql")
def _sum(element: summed, compiler: SQLCompiler, **more: Any) -> str:
    return f"sum({compiler.process(element.clauses, **more)})"


class Prepared:
    """A statement of every push or pull, compiled from Core once for each database. `columns` are
    those that an UPDATE sets, each by the parameter of its name."""

    def __init__(self, statement: ClauseElement, columns: Sequence[str] = ()) -> None:
        self._sqlite = _Compiled.of(statement, columns, sqlite.dialect(paramstyle="qmark"))
        self._postgresql = _Compiled.of(statement, columns, ASYNCPG())

    def run(self, connection: Connection, **values: object) -> Sequence[Any] | None:
        """Run it in the open transaction -> its first row, if it has any."""
        return next(iter(self.rows(connection, **values)), None)

    def rows(self, connection: Connection, **values: object) -> Sequence[Sequence[Any]]:
        """Run it in the open transaction -> all its rows."""
        driver = driver_of(connection)
        rows: Sequence[Sequence[Any]]
        if isinstance(driver, sqlite3.Connection):
            statement, places = self._sqlite
            with failing_as_sqlalchemy(statement):
                rows = driver.execute(statement, [values[name] for name in places]).fetchall()
        else:
            statement, places = self._postgresql
            with failing_as_sqlalchemy(statement):
                rows = await_only(driver.fetch(statement, *(values[name] for name in places)))
        return rows


class _Compiled(NamedTuple):
    """A statement's text and the names of its parameters by place."""

    statement: str
    places: tuple[str, ...]

    @classmethod
    def of(cls, statement: ClauseElement, columns: Sequence[str], dialect: Dialect) -> "_Compiled":
        compiled = statement.compile(dialect=dialect, column_keys=list(columns) or None)
        assert isinstance(compiled, SQLCompiler)
        return cls(str(compiled), tuple(compiled.positiontup or ()))


class SetWise:
    """Insert many rows by one statement; with `adding`, rows whose key is there add to those
    columns instead, with `replacing` they are replaced, with `once` left as they are. Rows follow
    the order of the table's columns.

    SQLite: executemany of one prepared statement. PostgreSQL: COPY where all rows are new, else
    one statement over unnested arrays, a third cheaper than executemany (docs/decisions/0004).
    """

    def __init__(
        self,
        table: Table,
        adding: Sequence[str] = (),
        *,
        replacing: bool = False,
        once: bool = False,
    ) -> None:
        columns = [column.name for column in table.columns]
        keys = ", ".join(column.name for column in table.primary_key)
        into = f"INSERT INTO {table.name} ({', '.join(columns)})"
        tail = ""
        if adding:
            sums = ", ".join(f"{name} = {table.name}.{name} + excluded.{name}" for name in adding)
            tail = f" ON CONFLICT ({keys}) DO UPDATE SET {sums}"
        elif replacing:
            rest = [name for name in columns if name not in table.primary_key.columns]
            news = ", ".join(f"{name} = excluded.{name}" for name in rest)
            tail = f" ON CONFLICT ({keys}) DO UPDATE SET {news}"
        elif once:
            tail = f" ON CONFLICT ({keys}) DO NOTHING"
        arrays = ", ".join(
            f"${place}::{_array_type(column.type)}"
            for place, column in enumerate(table.columns, start=1)
        )
        self._table = table.name
        self._copies = not tail  # COPY knows no ON CONFLICT
        self._sqlite = f"{into} VALUES ({', '.join('?' * len(columns))}){tail}"
        self._postgresql = f"{into} SELECT * FROM unnest({arrays}){tail}"  # noqa: S608  names of ours

    def write(self, connection: Connection, rows: Sequence[Sequence[Any]]) -> None:
        """Write the rows; keys must not repeat within them. Raises RowsRefused."""
        if not rows:
            return
        try:
            self._write(driver_of(connection), rows)
        except (*DRIVER_FAULTS, OverflowError) as fault:
            if blames_rows(fault):
                raise RowsRefused(str(fault).partition("\n")[0]) from fault
            raise OperationalError(self._sqlite, None, fault) from fault

    def _write(self, driver: Any, rows: Sequence[Sequence[Any]]) -> None:
        if isinstance(driver, sqlite3.Connection):
            driver.executemany(self._sqlite, rows)
        elif self._copies:
            await_only(driver.copy_records_to_table(self._table, records=rows))
        else:
            columns = map(list, zip(*rows, strict=True))
            await_only(driver.execute(self._postgresql, *columns))


def _array_type(kind: object) -> str:
    match kind:
        case BigInteger():
            return "bigint[]"
        case Integer():
            return "integer[]"
        case LargeBinary():
            return "bytea[]"
        case _:
            return "text[]"
