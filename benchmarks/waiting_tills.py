"""What do ten thousand tills cost that wait for news, and how soon do they hear?

Ours: one process of `sync-server serve`, on PostgreSQL where it is there, and tills that wait with
a token, a cursor and a declared head. Reference: an event a store under Starlette and uvicorn, that
knows nobody. Memory is what the process has more than before they came. Heard is from the act (of
head office: its commit in it) to an answer's arrival at a client, in a process of its own.
"""

import asyncio
import json
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median, quantiles
from time import monotonic, sleep
from typing import Any, Protocol

import msgspec
import psutil
from sqlalchemy import insert

from benchmarks import goods
from benchmarks.goods import PaperTill
from benchmarks.measure import Result, Rounds, Scale, processor_us, result
from journal.signature import token_message
from journal.wire import Declared, TokenRequest
from rehearsal.postgresql import NoPostgreSQL, running_postgresql
from rehearsal.processes import Child, free_port, wait_until
from rehearsal.shop import Shop
from retail.catalogue import Cashier
from sync_server.hub import Hub
from sync_server.imports.stores import StoreRow
from sync_server.settings import HubSettings
from sync_server.sync import records

TILLS = 10_000
TILLS_A_STORE = 100
#: this store has one till, so that one can be woken alone
ALONE, BUSY = "S000", "S001"
#: whom an act wakes: how many hear is counted from the tills' stores
WHOM = {"one": ALONE, "store": BUSY, "all": ""}
#: 30 KiB each, where a bare long-poll takes 15; nobody hears later than twice as late
MEMORY_GOAL, HEARD_GOAL = 2.0, 2.0
#: with so many figures the next rounds say the same
_HEARD_ENOUGH = 20_000
_REST_S = 5.0
_PATIENCE_S = 180.0
#: longer than the measurement, so that what is at rest is at rest
_WAIT_S = 3_600

Waiter = dict[str, Any]


class Side(Protocol):
    """A server that tills wait at."""

    pid: int
    port: int

    def waiters(self, count: int) -> list[Waiter]:
        """So many tills, as waiting_clients reads them, each with its store."""
        ...

    def tell(self, store: str) -> None:
        """Something is new in that store; in all when it is empty."""
        ...

    def close(self) -> None: ...


@dataclass
class Figures:
    """What one side came to; heard is of each act the median in ms, p99 over all."""

    kib_each: float
    rest_percent: float
    asked_s: float = 0.0
    put_off: float = 0.0
    heard_ms: dict[str, list[float]] = field(default_factory=dict)
    p99_ms: dict[str, float] = field(default_factory=dict)


def run(scale: Scale, folder: Path) -> Iterator[Result]:
    """Memory a till, and how long one, a store and all take to hear."""
    count = scale.of(TILLS, least=2 * TILLS_A_STORE)
    with ExitStack() as undo:
        try:
            server = undo.enter_context(running_postgresql(folder))
            ours = _measured(scale, folder, count, OurHub(folder, server.create_database("hub")))
        except NoPostgreSQL as reason:
            print(f"waiting_tills is measured on SQLite: {reason}", file=sys.stderr)
            ours = _measured(scale, folder, count, OurHub(folder, f"sqlite:///{folder / 'hub.db'}"))
    bare = _measured(scale, folder, count, Bare())
    memory = Rounds([ours.kib_each] * 2, [bare.kib_each] * 2)
    also = {
        "rest %": ours.rest_percent,
        "reference rest %": bare.rest_percent,
        "all pulled and waiting again, s": ours.asked_s,
        "of their questions put off": ours.put_off,
    }
    yield result("waiting_tills memory", "KiB/till", MEMORY_GOAL, memory, count, **also)
    for whom in WHOM:
        rounds = Rounds(ours.heard_ms[whom], bare.heard_ms[whom])
        p99 = {"p99": ours.p99_ms[whom], "reference p99": bare.p99_ms[whom]}
        yield result(f"waiting_tills {whom}", "ms to hear", HEARD_GOAL, rounds, count, **p99)


def _measured(scale: Scale, folder: Path, count: int, side: Side) -> Figures:
    """Let them all wait, look at the server at rest, then wake them."""
    waiters = side.waiters(count)
    file = folder / "waiters"
    file.write_text("\n".join(map(json.dumps, waiters)))
    clients = Child([sys.executable, "-m", "benchmarks.waiting_clients", str(side.port), str(file)])
    try:
        before_kib = _memory_kib(side.pid)
        assert clients.read_line(_PATIENCE_S) == "connected"
        _ask(clients)
        rest_percent = _at_rest(side.pid, _REST_S if scale.warms_up else 0.1)
        figures = Figures((_memory_kib(side.pid) - before_kib) / count, rest_percent)
        for whom, store in WHOM.items():
            hearing = sum(store in ("", waiter["store"]) for waiter in waiters)
            rounds = min(scale.rounds_min, 1 + _HEARD_ENOUGH // hearing)
            heard = [_heard(clients, side, store, hearing) for _ in range(scale.warms_up + rounds)][
                scale.warms_up :
            ]
            figures.heard_ms[whom] = [median(each) for each, _ in heard]
            everything = [each for times, _ in heard for each in times]
            figures.p99_ms[whom] = quantiles(everything, n=100, method="inclusive")[-1]
            figures.asked_s = median(asked_s for _, (asked_s, _) in heard)
            figures.put_off = median(put_off for _, (_, put_off) in heard)
        return figures
    finally:
        clients.close()
        side.close()


def _ask(clients: Child) -> tuple[float, int]:
    """Let all that heard wait again -> seconds until the last one has asked, and how many
    questions the server had put off."""
    began_s = monotonic()
    clients.send_line("ask")
    put_off = int(clients.read_line(_PATIENCE_S))
    return monotonic() - began_s, put_off


def _heard(
    clients: Child, side: Side, store: str, hearing: int
) -> tuple[list[float], tuple[float, int]]:
    """Milliseconds until each heard, and what it then took until all waited again."""
    _at_rest(side.pid, 0.1)
    clients.send_line(f"heard {hearing}")
    began_s = monotonic()
    side.tell(store)
    times = [1_000 * (at_s - began_s) for at_s in json.loads(clients.read_line(_PATIENCE_S))]
    return times, _ask(clients)


def _memory_kib(pid: int) -> float:
    return float(psutil.Process(pid).memory_info().rss) / 1024


def _at_rest(pid: int, for_s: float) -> float:
    """Wait until the server has done what it had to do, then so long -> processor time in %."""

    def rests() -> bool:
        before_us = processor_us(pid)
        sleep(0.1)
        return processor_us(pid) - before_us < 5_000

    wait_until(rests, _PATIENCE_S, "the server rests")
    before_us = processor_us(pid)
    sleep(for_s)
    return (processor_us(pid) - before_us) / for_s / 10_000


def _stores(count: int) -> list[str]:
    """Whose each till is."""
    return [ALONE, *(f"S{1 + number // TILLS_A_STORE:03d}" for number in range(count - 1))]


class OurHub:
    """`sync-server serve`, and head office beside it on the same database."""

    def __init__(self, folder: Path, url: str) -> None:
        given: dict[str, Any] = {"database": url, "price_book": folder / "price-book"}
        self._runner = asyncio.Runner()
        self._hub = self._runner.run(Hub.open(HubSettings(**given)))
        self._shop = Shop(folder, url, feed_wait_s_max=_WAIT_S, price_book=folder / "price-book")
        self._told = 0
        self.pid, self.port = 0, self._shop.port

    def waiters(self, count: int) -> list[Waiter]:
        """Enrolled, their tokens signed, their cursors where the feed ends."""
        stores = _stores(count)
        tills = [PaperTill(f"{store}-{number}", number) for number, store in enumerate(stores)]
        waiters = self._runner.run(self._enrol(stores, tills))
        self.pid = self._shop.start_hub().pid
        return waiters

    async def _enrol(self, stores: list[str], tills: list[PaperTill]) -> list[Waiter]:
        hub = self._hub
        for store in sorted(set(stores)):
            await hub.office.save_store(StoreRow(store, f"门店 {store}"))
        rows = [
            {
                "till_id": till.stream.till,
                "store_id": store,
                "public_key": till.signer.public,
                "enrolled_at": hub.now().isoformat(),
            }
            for store, till in zip(stores, tills, strict=True)
        ]
        await hub.database.write(lambda connection: connection.execute(insert(records.till), rows))
        return [await self._waiter(store, till) for store, till in zip(stores, tills, strict=True)]

    async def _waiter(self, store: str, till: PaperTill) -> Waiter:
        who, nonce = till.stream, self._hub.challenge().nonce
        signed = TokenRequest(who.till, nonce, till.signer.sign(token_message(who.till, nonce)))
        token = (await self._hub.token(signed)).token
        declared = msgspec.json.encode(Declared(till.head.seq, till.head.hash)).decode()
        return {
            "store": store,
            "pull": "/v1/feed?cursor=",
            "wait": f"/v1/feed/wait?wait={_WAIT_S}&cursor=",
            "cursor": "",
            "headers": {
                "Authorization": f"Bearer {token}",
                "Till-Incarnation": who.incarnation,
                "Till-Head": declared,
            },
        }

    def tell(self, store: str) -> None:
        self._told += 1
        self._runner.run(self._publish(store, f"Cashier {self._told}"))

    async def _publish(self, store: str, name: str) -> None:
        if store:
            await self._hub.office.publish_cashiers(store, [Cashier("1001", name)])
        else:
            changed = msgspec.structs.replace(goods.product(1), price_minor=100 + self._told)
            await self._hub.office.publish_products([changed], "benchmark")

    def close(self) -> None:
        self._shop.close()
        self._runner.run(self._hub.close())
        self._runner.close()


class Bare:
    """The reference."""

    def __init__(self) -> None:
        self.port = free_port()
        options = ["--port", str(self.port)]
        module = "benchmarks.reference.waiting_tills"
        self._process = Child([sys.executable, "-m", module, *options])
        self.pid = self._process.pid
        wait_until(self._answers, _PATIENCE_S, "the reference listens")

    def _answers(self) -> bool:
        try:
            self.tell("nobody")
        except OSError:
            return False
        return True

    def waiters(self, count: int) -> list[Waiter]:
        stores = _stores(count)
        return [
            {
                "store": store,
                "pull": "",
                "wait": f"/wait?store={store}",
                "cursor": "",
                "headers": {},
            }
            for store in stores
        ]

    def tell(self, store: str) -> None:
        url = f"http://127.0.0.1:{self.port}/tell" + (f"?store={store}" if store else "")
        with urllib.request.urlopen(urllib.request.Request(url, method="POST"), timeout=60):
            pass

    def close(self) -> None:
        self._process.close()
