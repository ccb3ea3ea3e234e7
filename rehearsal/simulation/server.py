"""The hub of a simulated chain, its folder, and head office at work.

The real hub behind its real routes, on a loop of its own that runs only while somebody asks: one
thing happens at a time.
"""

import asyncio
import shutil
from collections.abc import Callable, Coroutine
from concurrent.futures import Executor
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple, TypeVar, TypeVarTuple

import httpx
from starlette.applications import Starlette

from rehearsal.simulation.disk import Acting, Condition, Disk, ServerDatabase
from rehearsal.simulation.line import Answered, Question
from rehearsal.simulation.world import Broken, Died, World
from retail.catalogue import Cashier, Product
from retail.quantity import Unit
from retail.refusals import Refusal
from retail.revision import Recall
from retail.tax import Tax
from sync_server import api
from sync_server.catalogue.records import State
from sync_server.database import FAULTS, Database, DatabaseUnusable, SqliteDatabase, open_database
from sync_server.hub import Hub
from sync_server.imports.stores import StoreRow
from sync_server.settings import HubSettings
from sync_server.stock.records import Opening
from sync_server.sync.enrolment import NoSuchTill

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

STORE = "S01"
CASHIERS = (Cashier("1001", "王芳"), Cashier("1002", "Li Wei"))
PRODUCTS = 12
#: every so many-th product is weighed
WEIGHED_EVERY = 4
#: from so many rows on a catalogue is given out as a file too
SNAPSHOT_FROM_ROWS = 8
#: how far ahead head office plans, in seconds
_AHEAD_S = 20.0, 400.0
_WITHDRAWN = 0.3
HUB_URL = "http://127.0.0.1:1"


def code_of(number: int) -> str:
    return f"code-{number}"


def product(number: int, price_minor: int) -> Product:
    """Product `number` of the simulated shelf."""
    weighed = number % WEIGHED_EVERY == WEIGHED_EVERY - 1
    return Product(
        f"p{number}",
        f"商品 {number}",
        price_minor,
        "CNY",
        (code_of(number),),
        Unit.KILOGRAM if weighed else Unit.PIECE,
        Tax("VAT13", 130_000, included=True),
    )


class Image(NamedTuple):
    """A copy of the hub's folder, taken at rest, as `cp` or a snapshot of the disk takes one."""

    folder: Path
    at_s: float
    life: int


class _Loop(asyncio.SelectorEventLoop):
    """Does itself what other loops give to another thread: one thing happens at a time."""

    def run_in_executor(
        self, executor: Executor | None, func: Callable[[*Ts], T], *args: *Ts
    ) -> asyncio.Future[T]:
        del executor
        done: asyncio.Future[T] = self.create_future()
        try:
            done.set_result(func(*args))
        except BaseException as fault:  # whoever awaits it meets it
            done.set_exception(fault)
        return done


class Server:
    """The hub's machine."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.folder = world.folder / "hub"
        self.folder.mkdir()
        self.disk = Disk("hub")
        self.images: list[Image] = []
        #: how often the hub was put back from a copy
        self.life = 1
        self._lives = 1
        self.hub: Hub | None = None
        self._chance = world.chance("head office")
        self._loop = _Loop()
        self._app = Starlette(routes=api.routes(self._serving))
        given: dict[str, Any] = {
            "database": f"sqlite:///{self.file}",
            "feed_wait_s_max": 0.0,  # who waits is woken by the simulation
            "snapshot_from_rows": SNAPSHOT_FROM_ROWS,
        }
        self.settings = HubSettings(**given)
        self.boot()

    @property
    def file(self) -> Path:
        return self.folder / "hub.db"

    def _serving(self) -> Hub:
        assert self.hub is not None
        return self.hub

    def _database_of(self, url: str, wait_s: float, connections_max: int) -> Database:
        database = open_database(url, wait_s, connections_max)
        assert isinstance(database, SqliteDatabase)
        return ServerDatabase(database, self.disk)

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        """Let the hub work; its own price book lies on no machine's disk."""
        machines, Acting.disk = Acting.disk, None
        try:
            return self._loop.run_until_complete(work)
        finally:
            Acting.disk = machines

    @property
    def states(self) -> list[str]:
        return ["hub down" if self.hub is None else "hub serving"]

    # Life and death

    def boot(self) -> None:
        """Start the hub, if it can."""
        opening = Hub.open(self.settings, lambda: self.world.now, self._database_of)
        try:
            self.hub = self.do(opening)
            self.do(self.hub.news.look())
            self.world.note("hub", "starts")
        except Died:
            self.dies()
        except DatabaseUnusable as no:
            self.world.note("hub", f"cannot start: {no.code}")
        except FAULTS as fault:
            self.world.note("hub", f"cannot start: {type(fault).__name__}")

    def dies(self) -> None:
        """As by SIGKILL: what was not committed never was."""
        self.disk.spare()
        if self.hub is not None:
            hub, self.hub = self.hub, None
            self.do(hub.book.close())
            self.do(hub.database.close())
        self.world.note("hub", "dies")

    def close(self) -> None:
        if self.hub is not None:
            self.dies()
        self._loop.close()

    def take_image(self) -> None:
        """Somebody copies the hub's folder."""
        folder = self.world.folder / f"hub-image-{len(self.images)}"
        shutil.copytree(self.folder, folder)
        self.images.append(Image(folder, self.world.now_s, self.life))
        self.world.note("hub", f"is copied (copy {len(self.images) - 1})")

    def put_back(self, place: int, *, whole: bool) -> None:
        """Somebody puts a copy back: the database alone, or the whole disk with all around it."""
        if self.hub is not None:
            self.dies()
        image = self.images[place]
        if whole:
            shutil.rmtree(self.folder)
            shutil.copytree(image.folder, self.folder)
        else:
            for former in self.folder.glob("hub.db*"):
                if former.is_file() and former.name in DATABASE_FILES:
                    former.unlink()
            for name in DATABASE_FILES:
                if (image.folder / name).exists():
                    shutil.copy(image.folder / name, self.folder / name)
        self._lives += 1
        self.life = self._lives
        self.world.note(
            "hub", f"is put back to {image.at_s:.3f} ({'whole' if whole else 'database'})"
        )

    # What machines ask

    def ask(self, question: Question) -> Answered | None:
        """The hub's answer; None while it is down. Raises httpx.ReadError when it dies over it."""
        if self.hub is None:
            return None
        try:
            return self.do(self._ask(question))
        except Died:
            self.world.met("hub dies over a question", [question.path])
            self.dies()
            raise httpx.ReadError("connection reset") from None

    async def _ask(self, question: Question) -> Answered:
        told: list[Any] = []

        async def receive() -> dict[str, object]:
            return {"type": "http.request", "body": question.body, "more_body": False}

        async def send(message: Any) -> None:
            told.append(message)

        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "scheme": "http",
            "method": question.method,
            "path": question.path,
            "raw_path": question.path.encode(),
            "query_string": question.query,
            "root_path": "",
            "headers": question.headers,
            "client": ("127.0.0.1", 2),
            "server": ("127.0.0.1", 1),
        }
        await self._app(scope, receive, send)
        body = b"".join(message.get("body", b"") for message in told[1:])
        return Answered(told[0]["status"], list(told[0]["headers"]), body)

    def housekeeping(self) -> None:
        """What the hub does by itself now and then."""
        if self.hub is not None:
            self._guarded(self.hub.write_contacts())
        if self.hub is not None:
            self._guarded(self.hub.look_at_itself())
        if self.hub is not None:
            self._guarded(self.hub.office.publish_due())

    # Head office

    def open_the_chain(self) -> None:
        """A store, its cashiers, its shelf."""
        hub = self._serving()
        self.do(hub.office.save_store(StoreRow(STORE, "静安店", timezone=self.world.zone)))
        self.do(hub.office.publish_cashiers(STORE, list(CASHIERS)))
        shelf = [product(number, 100 + 50 * number) for number in range(PRODUCTS)]
        self.do(hub.office.publish_products(shelf, "office"))

    def enrol_code(self, till: str | None = None) -> str:
        """A code for a new till, or for that one; empty when there is none to be had now. Of a till
        that a hub put back has never heard of it makes a new one."""
        if self.hub is None:
            return ""
        try:
            return self.do(self.hub.enrol_code(STORE, till))[0]
        except NoSuchTill:
            return self.enrol_code()
        except Died:
            self.dies()
        except FAULTS as fault:
            self.world.note("hub", f"gives no code: {type(fault).__name__}")
        return ""

    def head_office_acts(self) -> bool:
        """Something is published -> whether the hub took it."""
        hub = self.hub
        if hub is None:
            return False
        match self._chance.randrange(10):
            case 0:
                recalled = Recall(f"p{self._chance.randrange(PRODUCTS)}", "玻璃碎片")
                return self._guarded(hub.office.recall(recalled, "office"))
            case 1:
                key = f"p{self._chance.randrange(PRODUCTS)}"
                return self._guarded(hub.office.lift_recall(key, "office"))
            case 2:
                lay = [
                    Opening(f"p{number}", self._chance.randrange(50_000), None, "")
                    for number in self._chance.sample(range(PRODUCTS), 3)
                ]
                return self._guarded(hub.office.keep_opening_stock(STORE, lay))
            case 3 | 4 | 5:
                return self._guarded(self._plan_or_withdraw(hub))
            case _:
                return self._guarded(hub.office.publish_products(self._changed(), "office"))

    def _changed(self) -> list[Product]:
        """Products with other prices."""
        count = self._chance.choice((1, 1, 2, PRODUCTS))
        return [
            product(number, self._chance.randrange(50, 2_000))
            for number in self._chance.sample(range(PRODUCTS), count)
        ]

    async def _plan_or_withdraw(self, hub: Hub) -> None:
        pending = [each.row for each in await hub.office.pending()]
        planned = [row.number for row in pending if row.state is State.PLANNED]
        if planned and self._chance.random() < _WITHDRAWN:
            await hub.office.withdraw(self._chance.choice(planned), "office")
        else:
            await self._plan(hub, self._changed())

    async def _plan(self, hub: Hub, changed: list[Product]) -> None:
        ahead = timedelta(seconds=self._chance.uniform(*_AHEAD_S))
        number = await hub.office.draft("office", "")
        await hub.office.put_products(number, changed)
        await hub.office.plan(number, self.world.now + ahead, "office")
        self.world.note("hub", f"plans revision {number} in {ahead}")

    def _guarded(self, act: Coroutine[Any, Any, object]) -> bool:
        try:
            self.do(act)
        except Refusal as no:
            self.world.note("hub", f"head office is refused: {no.code}")
        except Died:
            self.world.met("hub dies over head office", [""])
            self.dies()
        except FAULTS as fault:
            if self.disk.condition is Condition.FINE:
                raise Broken(f"head office: {fault}") from fault
        else:
            return True
        return False


#: the database alone, without what lies around it
DATABASE_FILES = ("hub.db", "hub.db-wal", "hub.db-shm")
