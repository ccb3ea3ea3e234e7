"""What several hubs on one database do once: each job has a holder for a time, by the database's
clock; whoever finds it free takes it.

    jobs = Jobs(database, ("plans", "gone"), held_s)
    await jobs.keep()            # every third of that time
    if jobs.holds("plans"): …
"""

import secrets
from collections.abc import Callable, Sequence
from time import monotonic
from typing import Any

from sqlalchemy import BigInteger, Column, Connection, Table, Text, or_, update
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from sync_server.database import Database, metadata
from sync_server.statements import SetWise

job = Table(
    "job",
    metadata,
    Column("name", Text, primary_key=True),
    Column("holder", Text, nullable=False),
    Column("until_ms", BigInteger, nullable=False),
)
_NOBODY = ""
_ONCE = SetWise(job, once=True)


class _NowMs(FunctionElement[int]):
    """The database's wall clock, milliseconds since 1970: the one that all its hubs share."""

    inherit_cache = True
    type = BigInteger()


@compiles(_NowMs, "sqlite")
def _on_sqlite(_element: _NowMs, _compiler: SQLCompiler, **_: Any) -> str:
    return "CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)"


@compiles(_NowMs, "postgresql")
def _on_postgresql(_element: _NowMs, _compiler: SQLCompiler, **_: Any) -> str:
    return "CAST(extract(epoch FROM clock_timestamp()) * 1000 AS bigint)"


def take(connection: Connection, name: str, holder: str, held_ms: int) -> bool:
    """Hold a job for so long from now on, if it is free or held already -> whether it is held."""
    _ONCE.write(connection, [(name, _NOBODY, 0)])
    free = or_(job.c.holder.in_((holder, _NOBODY)), job.c.until_ms <= _NowMs())
    taken = connection.execute(
        update(job)
        .where(job.c.name == name, free)
        .values(holder=holder, until_ms=_NowMs() + held_ms)
    )
    return bool(taken.rowcount)


def give_up(connection: Connection, holder: str) -> None:
    """Let others have all that is held."""
    connection.execute(update(job).where(job.c.holder == holder).values(holder=_NOBODY, until_ms=0))


class Jobs:
    """The jobs of one hub process."""

    def __init__(
        self,
        database: Database,
        names: Sequence[str],
        held_s: float,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._database = database
        self._names = names
        self._held_s = held_s
        self._clock = clock
        self._holder = secrets.token_hex(8)
        self._until_s: dict[str, float] = {}

    async def keep(self) -> None:
        """Take what is free, and hold on to what is held. Raises what the database does."""
        began_s = self._clock()  # before the database's clock is read: ours ends first

        def take_all(connection: Connection) -> list[str]:
            held_ms = int(self._held_s * 1000)
            return [name for name in self._names if take(connection, name, self._holder, held_ms)]

        taken = await self._database.write(take_all)
        self._until_s = dict.fromkeys(taken, began_s + self._held_s)

    def holds(self, name: str) -> bool:
        """Whether the job is this process's now."""
        return self._clock() < self._until_s.get(name, 0.0)

    async def give_up(self) -> None:
        """Do none of them any more."""
        if not self._until_s:
            return
        self._until_s = {}
        await self._database.write(lambda connection: give_up(connection, self._holder))
