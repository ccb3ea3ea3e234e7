"""What does a fact cost the hub, from the wire to the disk?

Ours: `sync-server serve` as it is. Reference: a bare endpoint that writes the same rows, which
come to it ready and summed. Measured as processor time of the server's process and of the
database's (one and the same with SQLite); the client is not counted. In the end both databases
must hold the same books.
"""

import asyncio
import socket
import sqlite3
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from http.client import HTTPConnection
from itertools import product, tee
from pathlib import Path
from random import Random
from statistics import median
from time import perf_counter
from typing import Self

import asyncpg

from benchmarks import goods, pushes
from benchmarks.goods import STORE, PaperTill
from benchmarks.measure import Result, Rounds, Scale, by_turns, processor_us, result
from benchmarks.pushes import Push
from rehearsal.postgresql import NoPostgreSQL, PostgreSQL, running_postgresql
from rehearsal.processes import Child, free_port, wait_until
from rehearsal.shop import Shop, command

GOAL = 1.5
TILLS = 5
#: size of a push -> facts of a round
BATCHES = {1: 500, 50: 4_000, 500: 4_000}
LINES = (3, 7)
UNIT = "processor µs/fact"
_STARTS_S = 60.0
_JSON = {"Content-Type": "application/json"}
_PACKED = _JSON | {"Content-Encoding": "zstd"}
#: what the server does on a time-table of its own would fall into one side's rounds
_POSTGRESQL = {"autovacuum": "off", "checkpoint_timeout": "1h", "max_wal_size": "8GB"}
_BOOKS = (
    "SELECT stream_no, count(*), sum(length(data)), min(hash), max(hash) FROM journal GROUP BY 1",
    "SELECT * FROM money_ledger ORDER BY 1, 2, 3, 4, 5, 6",
    "SELECT * FROM stock_ledger ORDER BY 1, 2, 3",
    "SELECT * FROM takings_by_hour ORDER BY 1, 2, 3, 4, 5",
    "SELECT stream_no, head_hash, declared_hash, open_shift, push_proof FROM stream ORDER BY 1",
)


def run(scale: Scale, folder: Path) -> Iterator[Result]:
    """Both databases, three sizes of a push, two of a basket."""
    yield from _on("sqlite", scale, folder, lambda name: f"sqlite:///{folder / name}.db", None)
    try:
        with running_postgresql(folder, settings=_POSTGRESQL) as server:
            yield from _on("postgresql", scale, folder, server.create_database, server)
    except NoPostgreSQL as reason:
        print(f"hub_push postgresql is left out: {reason}", file=sys.stderr)


def _on(
    database: str,
    scale: Scale,
    folder: Path,
    create: Callable[[str], str],
    server: PostgreSQL | None,
) -> Iterator[Result]:
    shelf = goods.Shelf(Random(7))
    count = scale.of(TILLS)
    tills = [PaperTill(f"{STORE}-{number}", number) for number in range(1, count + 1)]
    firsts = [pushes.first(till) for till in tills]
    hub_url, bare_url = create("ours"), create("reference")
    start_hub(folder, bare_url, tills, firsts, server).close()
    with (
        start_hub(folder, hub_url, tills, firsts, server) as hub,
        start_bare(bare_url, server) as bare,
    ):
        for (batch, facts_a_round), lines in product(BATCHES.items(), LINES):
            facts = scale.of(facts_a_round, least=batch)
            rounds, rates = _push(
                scale, hub, bare, pushes.rounds(tills, shelf, batch, lines, facts)
            )
            name = f"hub_push {database} {batch}x{lines}"
            yield result(name, UNIT, GOAL, rounds, facts // batch * batch, **rates)
        if _books(hub_url) != _books(bare_url):
            raise BooksDiffer(f"on {database}, hub and reference hold different rows")


class BooksDiffer(Exception):
    """Both sides did not write the same: then their figures mean nothing."""


def _push(
    scale: Scale, hub: "_Server", bare: "_Server", load: Iterator[list[Push]]
) -> tuple[Rounds, dict[str, float]]:
    """The same pushes to both by turns; and how many facts a second each took."""
    for_hub, for_bare = tee(load)
    hub.facts_a_second, bare.facts_a_second = [], []
    rounds = by_turns(
        scale,
        lambda: hub.take([(push.hub, push.facts) for push in next(for_hub)]),
        lambda: bare.take([(push.reference, push.facts) for push in next(for_bare)]),
    )
    rates = {
        "facts/s": median(hub.facts_a_second),
        "reference facts/s": median(bare.facts_a_second),
    }
    return rounds, rates


class _Server:
    """A server process and its database's processes."""

    def __init__(self, process: Child, port: int, database: PostgreSQL | None) -> None:
        self._process = process
        self._port = port
        self._database = database
        self.facts_a_second: list[float] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._process.close()

    def post(self, path: str, bodies: Iterable[bytes], headers: dict[str, str]) -> None:
        """Send bodies one after another over one connection; each is answered with a yes."""
        with closing(HTTPConnection("127.0.0.1", self._port, timeout=60)) as line:
            for body in bodies:
                line.request("POST", path, body, headers)
                answer = line.getresponse()
                said = answer.read()
                if answer.status != 200:
                    raise RuntimeError(f"{path}: {answer.status} {said.decode(errors='replace')}")

    def take(self, load: list[tuple[bytes, int]]) -> float:
        """Send packed pushes -> microseconds of processor time a fact."""
        facts = sum(count for _, count in load)
        before_us, began_s = self._processor_us(), perf_counter()
        self.post("/v1/push", (body for body, _ in load), _PACKED)
        self.facts_a_second.append(facts / (perf_counter() - began_s))
        return (self._processor_us() - before_us) / facts

    def _processor_us(self) -> float:
        database_us = processor_us(self._database.pid) if self._database else 0.0
        return processor_us(self._process.pid) + database_us


def start_hub(
    folder: Path,
    database_url: str,
    tills: list[PaperTill],
    firsts: list[bytes],
    server: PostgreSQL | None,
) -> _Server:
    """The real hub on a new database, with these tills enrolled and their shifts open."""
    shop = Shop(folder, database_url)
    shop.import_csv("stores", [{"store_id": STORE, "name": "上海静安店"}])
    hub = _Server(shop.start_hub(), shop.port, server)
    for till, first in zip(tills, firsts, strict=True):
        said = command("sync_server", "enrol-code", STORE, "--database", database_url)
        hub.post("/v1/enrol", [till.enrolment(said.split()[0])], _JSON)
        hub.post("/v1/push", [first], _PACKED)
    return hub


def start_bare(database_url: str, server: PostgreSQL | None) -> _Server:
    """The reference on a database that a hub has made."""
    port = free_port()
    options = ["--database", database_url, "--port", str(port)]
    process = Child([sys.executable, "-m", "benchmarks.reference.hub_push", *options])

    def listens() -> bool:
        if process.ended:
            raise process.ended_error()
        with closing(socket.socket()) as knock:
            return knock.connect_ex(("127.0.0.1", port)) == 0

    wait_until(listens, _STARTS_S, "the reference to listen")
    return _Server(process, port, server)


def _books(database_url: str) -> list[list[tuple[object, ...]]]:
    """The heads of the journal, all ledger rows and the streams."""
    if database_url.startswith("sqlite:///"):
        with closing(sqlite3.connect(database_url.removeprefix("sqlite:///"))) as driver:
            return [driver.execute(query).fetchall() for query in _BOOKS]

    async def fetch() -> list[list[tuple[object, ...]]]:
        connection = await asyncpg.connect(database_url)
        try:
            return [[tuple(row) for row in await connection.fetch(query)] for query in _BOOKS]
        finally:
            await connection.close()

    return asyncio.run(fetch())
