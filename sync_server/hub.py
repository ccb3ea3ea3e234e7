"""The hub: database, identity and the acts of every slice, joined; no HTTP in here.

    hub = await Hub.open(settings)
    reply = await hub.push(request)

The same object serves HTTP, the command line, the simulator and the benchmarks.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Concatenate, ParamSpec, TypeVar

from sqlalchemy import Connection

from journal import wire
from journal.stream import StreamId
from journal.wire import Declared
from retail.catalogue import Cashier, Product, StoreSettings
from retail.language import Text
from retail.refusals import Refusal
from sync_server import migrations
from sync_server.catalogue import service as catalogue
from sync_server.catalogue.imports import StoreLine
from sync_server.catalogue.news import News
from sync_server.console import records as console
from sync_server.database import Database, RowsRefused, open_database
from sync_server.settings import HubSettings
from sync_server.sync import records, service
from sync_server.sync.service import Bearer, ForkFound, Voice

Now = Callable[[], datetime]
P = ParamSpec("P")
T = TypeVar("T")


class NoSuchStore(Refusal):
    code = "no_such_store"
    sentence = Text("There is no store {store}.", "没有门店 {store}。")
    way_on = Text(
        "Import it first: sync-server import stores FILE.csv",
        "请先导入门店：sync-server import stores FILE.csv",
    )


class NoSuchTill(Refusal):
    code = "no_such_till"
    sentence = Text("Store {store} has no till {till}.", "门店 {store} 没有终端 {till}。")
    way_on = Text(
        "The status page at /hq lists the tills; without --till a new one is made.",
        "请在 /hq 状态页查看终端；不带 --till 则登记新终端。",
    )


def system_now() -> datetime:
    """The hub's wall time, UTC."""
    return datetime.now(UTC)


class Hub:
    """One hub process. Close it."""

    def __init__(self, settings: HubSettings, database: Database, voice: Voice, now: Now) -> None:
        self.settings = settings
        self.database = database
        self.voice = voice
        self.now = now
        self.news = News(self._heads, settings.feed_look_every_s)
        #: when each till's contact was last written down
        self._contact: dict[str, datetime] = {}
        self._pushes = 0

    @classmethod
    async def open(cls, settings: HubSettings, now: Now = system_now) -> "Hub":
        """Open the database, migrate it, and find or make the hub's identity."""
        database = open_database(
            settings.database, settings.database_wait_s, settings.connections_max
        )
        try:
            await migrations.upgrade(database, settings.database)
            identity = await database.write(service.own_identity)
        except BaseException:
            await database.close()
            raise
        return cls(settings, database, Voice.of(identity), now)

    async def close(self) -> None:
        await self.database.close()

    async def _write(
        self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        return await self.database.write(lambda connection: work(connection, *args, **kwargs))

    async def _read(
        self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        return await self.database.read(lambda connection: work(connection, *args, **kwargs))

    # Tills

    async def enrol_code(self, store_id: str, till_id: str | None = None) -> tuple[str, str]:
        """A one-time code for a new till of the store, or for a machine that replaces `till_id`;
        and the till's id. Raises NoSuchStore or NoSuchTill."""
        expires_at = self.now() + timedelta(seconds=self.settings.enrol_code_valid_s)

        def make(connection: Connection) -> tuple[str, str]:
            if not records.store_exists(connection, store_id):
                raise NoSuchStore(store=store_id)
            if till_id and not records.is_till_of(connection, store_id, till_id):
                raise NoSuchTill(store=store_id, till=till_id)
            return service.make_code(connection, self.voice, store_id, till_id, expires_at)

        return await self._write(make)

    async def enrol(self, request: wire.EnrolRequest) -> wire.EnrolReply:
        return await self._write(service.enrol, self.voice, request, self.now())

    async def revoke(self, till_id: str) -> bool:
        return await self._write(records.revoke, till_id, self.now())

    def challenge(self) -> wire.Challenge:
        return service.challenge(self.voice, self.now(), self.settings.nonce_valid_s)

    async def token(self, request: wire.TokenRequest) -> wire.TokenReply:
        valid_s = self.settings.token_valid_s
        return await self._read(service.token, self.voice, request, self.now(), valid_s)

    def bearer(self, token: str) -> Bearer:
        return service.bearer(self.voice, token, self.now())

    async def push(self, request: wire.PushRequest) -> wire.PushReply:
        """Accept a run of facts. What the database refuses of a batch is found fact by fact in a
        second transaction; a fork is noted for head office. Raises WireProblem."""
        if self._pushes >= self.settings.pushes_max:
            raise service.busy()
        self._pushes += 1
        now = self.now()
        try:
            return await self._write(service.push, self.voice, request, now)
        except RowsRefused:
            return await self._write(service.push, self.voice, request, now, carefully=True)
        except ForkFound as fork:
            await self._write(fork.note)
            raise
        finally:
            self._pushes -= 1

    # What tills read

    async def feed_page(self, who: Bearer, cursor: str) -> wire.FeedPage:
        def read(connection: Connection) -> wire.FeedPage:
            service.in_service(connection, who.till_id)
            included = records.included(connection, who.store_id)
            return catalogue.page(connection, self.voice.epoch, who.store_id, cursor, included)

        return await self._read(read)

    async def wait_for_news(self, who: Bearer, cursor: str, wait_s: float) -> wire.FeedChange:
        """Answer when a scope of the till has moved past its cursor, or when the wait is over."""
        positions = catalogue.positions(self.voice.epoch, who.store_id, cursor)
        await self._read(service.in_service, who.till_id)
        bounded_s = min(wait_s, self.settings.feed_wait_s_max) if wait_s > 0 else 0.0
        return wire.FeedChange(await self.news.past(positions, bounded_s))

    async def note_contact(self, who: StreamId, declared: Declared) -> None:
        """A till spoke; written down at most every few seconds."""
        now = self.now()
        last = self._contact.get(who.till)
        if last and (now - last).total_seconds() < self.settings.contact_noted_every_s:
            return
        self._contact[who.till] = now
        await self._write(service.note_contact, who, declared, now)

    # What head office publishes

    async def publish_products(self, products: list[Product]) -> int:
        return await self._published(catalogue.publish_products, products)

    async def taken_codes(self, products: list[Product]) -> dict[str, catalogue.CodeTaken]:
        return await self._read(catalogue.taken_codes, products)

    async def publish_cashiers(self, store_id: str, cashiers: list[Cashier]) -> int:
        """Raises NoSuchStore."""

        def publish(connection: Connection) -> int:
            if not records.store_exists(connection, store_id):
                raise NoSuchStore(store=store_id)
            return catalogue.publish_cashiers(connection, store_id, cashiers)

        return await self._published(publish)

    async def save_store(self, line: StoreLine) -> int:
        """Add or change a store, keeping the settings that the file does not name."""

        def save(connection: Connection) -> int:
            records.save_store(connection, line.store_id, line.name, line.timezone, line.currency)
            before = catalogue.settings_of(connection, line.store_id) or StoreSettings()
            return catalogue.publish_settings(connection, line.store_id, line.onto(before))

        return await self._published(save)

    async def _published(
        self, work: Callable[Concatenate[Connection, P], int], *args: P.args, **kwargs: P.kwargs
    ) -> int:
        moved = await self._write(work, *args, **kwargs)
        if moved:
            await self.news.look()
        return moved

    async def _heads(self) -> dict[str, int]:
        return await self._read(catalogue.heads)

    async def ready(self) -> None:
        """Returns once the database has answered; raises what it raises."""
        await self._heads()

    # What head office sees

    async def overview(self) -> tuple[list[console.TillLine], dict[str, console.Takings], int]:
        def read(
            connection: Connection,
        ) -> tuple[list[console.TillLine], dict[str, console.Takings], int]:
            return (
                console.tills(connection),
                console.latest_takings(connection),
                console.unsettled(connection),
            )

        return await self._read(read)
