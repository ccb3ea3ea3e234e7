"""The hub: database, identity and the acts of every slice, joined; no HTTP in here.

    hub = await Hub.open(settings)
    reply = await hub.push(request)

The same object serves HTTP, the command line, the simulator and the benchmarks.
"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import Concatenate, ParamSpec, TypeVar

from sqlalchemy import Connection

from journal import wire
from journal.stream import StreamId
from journal.wire import Declared
from retail.catalogue import Cashier, Product, StoreSettings
from sync_server import migrations
from sync_server.catalogue import records as feed
from sync_server.catalogue import service as catalogue
from sync_server.catalogue.imports import StoreRow
from sync_server.catalogue.news import News
from sync_server.console import records as console
from sync_server.database import FAULTS, Database, RowsRefused, open_database, unusable
from sync_server.settings import HubSettings
from sync_server.sync import records, service
from sync_server.sync.service import Bearer, ForkFound, Voice

Now = Callable[[], datetime]
P = ParamSpec("P")
T = TypeVar("T")


def system_now() -> datetime:
    """The hub's wall time, UTC."""
    return datetime.now(UTC)


@contextmanager
def _options_of(url: str) -> Iterator[None]:
    """What a driver says of options and ports that it does not know is DatabaseUnusable too."""
    try:
        yield
    except (TypeError, ValueError, OverflowError) as fault:
        raise unusable(url, fault) from fault


class Hub:
    """One hub process. Close it."""

    def __init__(self, settings: HubSettings, database: Database, voice: Voice, now: Now) -> None:
        self.settings = settings
        self.database = database
        self.voice = voice
        self.now = now
        self.news = News(self._heads, settings.feed_look_every_s)
        #: by till, so that there are never more of them than tills
        self._contacts: dict[str, records.Contact] = {}
        self._writing_contacts = asyncio.Lock()
        self._pushes = 0

    @classmethod
    async def open(cls, settings: HubSettings, now: Now = system_now) -> "Hub":
        """Open the database, migrate it, and find or make the hub's identity."""
        url = settings.database
        with _options_of(url):
            database = open_database(url, settings.database_wait_s, settings.connections_max)
        try:
            with _options_of(url):
                await database.read(lambda _: None)  # the first connection
            await migrations.upgrade(database, url)
            identity = await database.write(service.own_identity)
        except BaseException:
            await database.close()
            raise
        return cls(settings, database, Voice.of(identity), now)

    async def keep_going(self) -> None:
        """What a hub that serves does by itself, until its news end."""
        await asyncio.gather(self.news.watch(), self._note_contacts())

    async def close(self) -> None:
        with suppress(*FAULTS):
            await self.write_contacts()
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
        return await self._write(service.make_code, self.voice, store_id, till_id, expires_at)

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
        self._contacts.pop(request.till, None)  # the push says newer things of the till
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
        moved = await self.news.past(positions, bounded_s)
        if self.news.ended and not moved:
            raise service.busy()  # an answer would be followed by the next question at once
        return wire.FeedChange(moved)

    def note_contact(self, who: StreamId, declared: Declared) -> None:
        """A till spoke; it waits for no database, which hears of it a little later."""
        self._contacts[who.till] = records.Contact(who, declared, self.now())

    async def write_contacts(self) -> None:
        """Write down who spoke; what the database does not take now it is told again."""
        async with self._writing_contacts:
            contacts, self._contacts = self._contacts, {}
            if not contacts:
                return
            try:
                await self._write(records.note_contacts, list(contacts.values()))
            except BaseException:
                self._contacts = contacts | self._contacts
                raise

    async def _note_contacts(self) -> None:
        while not await self.news.end_within(self.settings.contact_noted_every_s):
            with suppress(*FAULTS):
                await self.write_contacts()

    # What head office publishes

    async def publish_products(self, products: list[Product]) -> catalogue.Published:
        published = await self._write(catalogue.publish_products, products)
        if published.moved:
            await self.news.look()
        return published

    async def publish_cashiers(self, store_id: str, cashiers: list[Cashier]) -> int:
        """Returns how many changed anything. Raises NoSuchStore."""
        return await self._published(catalogue.publish_cashiers, store_id, cashiers)

    async def save_store(self, line: StoreRow) -> int:
        """Add or change a store, keeping the settings that the file does not name. Raises
        UnfittingCashStep."""

        def save(connection: Connection) -> int:
            before = catalogue.settings_of(connection, line.store_id) or StoreSettings()
            after = line.onto(before)
            records.save_store(
                connection, line.store_id, after.store_name, after.timezone, after.currency
            )
            return catalogue.publish_settings(connection, line.store_id, after)

        return await self._published(save)

    async def _published(
        self, work: Callable[Concatenate[Connection, P], int], *args: P.args, **kwargs: P.kwargs
    ) -> int:
        moved = await self._write(work, *args, **kwargs)
        if moved:
            await self.news.look()
        return moved

    async def _heads(self) -> dict[str, int]:
        return await self._read(feed.all_heads)

    async def ready(self) -> None:
        """Returns once the database has answered; raises what it raises."""
        await self._heads()

    # What head office sees

    async def overview(self) -> console.Overview:
        """The tills, what they took, and what is to be settled."""
        with suppress(*FAULTS):
            await self.write_contacts()
        return await self._read(console.overview, self.now())
