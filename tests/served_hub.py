"""A hub served on loopback by a thread of this process: real sockets, real database, a clock that
is handed in. Its acts can be called beside its HTTP."""

import asyncio
import socket
import threading
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Self, TypeVar

import uvicorn
import uvloop
from sqlalchemy import Connection

from rehearsal.processes import wait_until
from retail.catalogue import Cashier, Product
from sync_server import migrations
from sync_server.database import file_of, open_database
from sync_server.hub import Hub
from sync_server.imports.stores import StoreRow
from sync_server.settings import HubSettings
from sync_server.web import application
from tests.builders import STORE, SteppedClock

START_S = 60.0
STOP_S = 15.0
CALL_S = 60.0

T = TypeVar("T")


def a_store(store_id: str = STORE, **changes: Any) -> StoreRow:
    """A store of Shanghai, as a file would name it."""
    return StoreRow(store_id, "上海静安店")._replace(**changes)


def hub_settings(database_url: str, **changes: Any) -> HubSettings:
    """Settings of a hub that looks for news often and notes contacts often, and takes the spoiled
    facts of a test for no bad deployment."""
    quick: dict[str, Any] = {"feed_look_every_s": 0.02, "contact_noted_every_s": 0.02}
    patient = {"breaker_share": 1.0}
    return HubSettings(**{"database": database_url, **quick, **patient, **changes})


def apart(work: Coroutine[Any, Any, T]) -> T:
    """Run it to its end on a thread of its own: on a test's a browser's driver may have a loop."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


def migrate(database_url: str) -> None:
    """Give a database the hub's tables."""

    async def whole() -> None:
        database = open_database(database_url, START_S, 1)
        await migrations.upgrade(database, database_url)
        await database.close()

    apart(whole())


@cache
def _migrated() -> bytes:
    """A file of the hub that nobody has used: a copy costs a fourth of its migrations."""
    with TemporaryDirectory(prefix="omnitill-hub-") as folder:
        file = Path(folder) / "hub.db"
        migrate(f"sqlite:///{file}")
        return file.read_bytes()


def put_new(database_url: str) -> None:
    """A hub's database that nobody has used, where there is none: on PostgreSQL there is one."""
    file = file_of(database_url)
    if file is not None and not file.exists():
        file.write_bytes(_migrated())


class _Server(uvicorn.Server):
    """Waits to be told to stop, and stops at once."""

    async def main_loop(self) -> None:
        self.told = asyncio.Event()
        await self.told.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """With nothing under way there is nothing to give a tenth of a second to."""
        if self.server_state.tasks:
            await super().shutdown(sockets)
            return
        for server in self.servers:
            server.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        await self.lifespan.shutdown()


class ServedHub:
    """A hub and its HTTP. Close it."""

    def __init__(
        self, database_url: str, clock: SteppedClock | None = None, port: int = 0, **settings: Any
    ) -> None:
        self.clock = clock or SteppedClock()
        self._folder = TemporaryDirectory(prefix="omnitill-hub-", ignore_cleanup_errors=True)
        if file_of(database_url) is None:  # else its book lies beside it
            settings = {"price_book": Path(self._folder.name), **settings}
        put_new(database_url)
        self.settings = hub_settings(database_url, **settings)
        self._listener = socket.create_server(("127.0.0.1", port))
        self.port = int(self._listener.getsockname()[1])
        self.app = application(self.settings, self.clock.now)
        self._server = _Server(
            uvicorn.Config(
                self.app,
                lifespan="on",
                ws="none",
                log_config=None,
                access_log=False,
                timeout_graceful_shutdown=1,
            )
        )
        self._thread = threading.Thread(target=self._serve, name="hub", daemon=True)
        self._thread.start()
        wait_until(lambda: self._server.started or not self._thread.is_alive(), START_S, "the hub")
        assert self._server.started

    def _serve(self) -> None:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            self._loop = runner.get_loop()
            runner.run(self._server.serve(sockets=[self._listener]))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Stop serving; may be called again."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._server.told.set)
            self._thread.join(STOP_S)
        self._listener.close()
        self._folder.cleanup()
        assert not self._thread.is_alive(), "the hub does not stop"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def hub(self) -> Hub:
        opened: Hub = self.app.state.hub
        return opened

    def do(self, work: Awaitable[T]) -> T:
        """Run an act of the hub to its end, on its own loop."""

        async def whole() -> T:
            return await work

        return asyncio.run_coroutine_threadsafe(whole(), self._loop).result(CALL_S)

    def read(self, work: Callable[[Connection], T]) -> T:
        """Look into the hub's database."""
        return self.do(self.hub.database.read(work))

    def write(self, work: Callable[[Connection], T]) -> T:
        """Change the hub's database, as something outside the product would."""
        return self.do(self.hub.database.write(work))

    # What head office does

    def add_store(self, store_id: str = STORE, **changes: Any) -> None:
        self.do(self.hub.office.save_store(a_store(store_id, **changes)))

    def enrol_code(self, store_id: str = STORE, till_id: str | None = None) -> str:
        return self.do(self.hub.enrol_code(store_id, till_id))[0]

    def publish(self, products: Sequence[Product]) -> int:
        _, moved, refused = self.do(self.hub.office.publish_products(list(products), "office"))
        assert not refused
        return moved

    def publish_cashiers(self, cashiers: Sequence[Cashier], store_id: str = STORE) -> int:
        return self.do(self.hub.office.publish_cashiers(store_id, list(cashiers)))
