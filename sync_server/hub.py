"""The hub: database, identity and the acts of every slice, joined; no HTTP in here.

    hub = await Hub.open(settings)
    reply = await hub.push(request)

The same object serves HTTP, the command line, the simulator and the benchmarks.
"""

import asyncio
import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import Concatenate, ParamSpec, TypeVar

import msgspec
from sqlalchemy import Connection

from journal import wire
from journal.stream import StreamId
from journal.wire import Declared
from pricebook.book import PRODUCT
from pricebook.rows import CATALOGUE
from retail.catalogue import Cashier, Product, StoreSettings
from retail.language import Text
from retail.revision import Recall
from sync_server import migrations
from sync_server.catalogue import acts, edits, stores, views
from sync_server.catalogue import service as catalogue
from sync_server.catalogue.acts import BY_ITSELF, ActRow
from sync_server.catalogue.book import HubBook
from sync_server.catalogue.edits import Edit
from sync_server.catalogue.service import BarcodeTaken, NothingChanged, NotThatState, Published
from sync_server.console import records as console
from sync_server.database import FAULTS, Database, RowsRefused, open_database, unusable
from sync_server.feed import records as feed_records
from sync_server.feed import service as feed
from sync_server.feed.news import News
from sync_server.feed.service import PackedPage, Pages
from sync_server.imports.stores import StoreRow
from sync_server.settings import HubSettings
from sync_server.stock import records as stock_records
from sync_server.stock import service as stock
from sync_server.stock.records import OnHand, Opening
from sync_server.sync import records, service
from sync_server.sync.service import Bearer, ForkFound, Voice

log = logging.getLogger(__name__)

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
        self.book = HubBook(settings.book_folder, voice, database, settings.snapshot_from_rows)
        self._feed_pages = Pages(settings.feed_pages_bytes_max)
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
        await asyncio.gather(
            self.news.watch(), self._note_contacts(), self._publish_plans(), self._forget_gone()
        )

    async def close(self) -> None:
        with suppress(*FAULTS):
            await self.write_contacts()
        await self.book.close()
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
            return await self._write(self._accept, request, now)
        except RowsRefused:
            return await self._write(self._accept, request, now, carefully=True)
        except ForkFound as fork:
            await self._write(fork.note)
            raise
        finally:
            self._pushes -= 1

    def _accept(
        self,
        connection: Connection,
        request: wire.PushRequest,
        now: datetime,
        *,
        carefully: bool = False,
    ) -> wire.PushReply:
        reply = service.push(connection, self.voice, request, now, carefully=carefully)
        stores.keep_readings(connection, request, reply)
        return reply

    # What tills read

    async def feed_page(self, who: Bearer, cursor: str) -> PackedPage:
        def read(connection: Connection) -> PackedPage:
            service.in_service(connection, who.till_id)
            included = records.included(connection, who.store_id)
            return feed.page(
                connection, self.voice.epoch, who.store_id, cursor, included, self._feed_pages
            )

        return await self._read(read)

    async def wait_for_news(self, who: Bearer, cursor: str, wait_s: float) -> wire.FeedChange:
        """Answer when a scope of the till has moved past its cursor, or when the wait is over."""
        positions = feed.positions(self.voice.epoch, who.store_id, cursor)
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

    async def _publish_plans(self) -> None:
        while not await self.news.end_within(self.settings.plans_looked_at_every_s):
            with suppress(*FAULTS):
                await self.publish_due()

    async def _forget_gone(self) -> None:
        """Forget what went longer ago than any till may be away without starting over."""
        while not await self.news.end_within(self.settings.gone_looked_at_every_s):
            before = self.now() - timedelta(days=self.settings.gone_kept_days)
            with suppress(*FAULTS):
                await self._write(feed_records.forget_gone, before.isoformat(timespec="seconds"))

    async def snapshot(self, who: Bearer) -> wire.Snapshot:
        """Everything that is published to all stores, as a file in chunks."""
        await self._read(service.in_service, who.till_id)
        return await self.book.snapshot()

    async def chunk(self, who: Bearer, name: str) -> bytes:
        """A chunk of that file, by its name."""
        await self._read(service.in_service, who.till_id)
        return await asyncio.to_thread(self.book.chunk, name)

    # What head office publishes

    async def publish_products(
        self, products: Sequence[Product], author: str, note: str = ""
    ) -> Published:
        """Publish products to every store at once, if that changes anything."""
        published = await self._write(
            catalogue.publish_products, products, author, note, self.now()
        )
        await self.news.look()
        return published

    async def draft(self, author: str, note: str) -> int:
        """Begin a revision; returns its number."""
        return await self._write(catalogue.draft, author, note, self.now())

    async def put_products(self, number: int, products: Sequence[Product]) -> dict[str, Text]:
        """Let a draft make these of the products; comes back with why some stay out."""
        return await self._write(catalogue.put_products, number, products)

    async def remove_products(self, number: int, product_ids: Sequence[str]) -> None:
        """Let a draft take these products out of the catalogue."""
        await self._write(catalogue.remove_products, number, product_ids)

    async def edit(self, number: int, product_id: str, change: Edit, author: str) -> None:
        """Let a draft make this of a product. Raises what `edits.edit` does."""
        await self._write(edits.edit, number, product_id, change, author, self.now())

    async def edit_anew(self, product_id: str, change: Edit, author: str, note: str = "") -> int:
        """The same in a new draft; returns its number."""
        return await self._write(edits.edit_anew, product_id, change, author, note, self.now())

    async def edit_at_once(
        self,
        product_id: str,
        change: Edit,
        author: str,
        note: str = "",
        effective_at: datetime | None = None,
    ) -> edits.Done:
        """The same, published, or planned for a time."""
        done = await self._write(
            edits.edit_at_once, product_id, change, author, note, effective_at, self.now()
        )
        await self.news.look()
        return done

    async def leave(self, number: int, product_id: str, author: str) -> None:
        """Let a draft leave a product as it stands."""
        await self._write(edits.leave, number, product_id, author, self.now())

    async def draft_roll_back(self, number: int, author: str) -> int:
        """A draft that makes everything as it was when that revision stood."""
        return await self._write(edits.draft_roll_back, number, author, self.now())

    async def publish(self, number: int, author: str, shown: str = "") -> Published:
        """Let a draft or a planned revision stand from now on; a draft that somebody looked at
        only if it still is as it was `shown`. Raises what `catalogue.publish` does."""

        def work(connection: Connection) -> Published:
            edits.as_shown(connection, number, shown)
            return catalogue.publish(connection, number, author, self.now())

        published = await self._write(work)
        await self.news.look()
        return published

    async def publish_or_forget(self, number: int, author: str) -> int:
        """Let a draft stand from now on, if it changes anything; returns how many things."""
        published = await self._write(catalogue.publish_or_forget, number, author, self.now())
        await self.news.look()
        return published.moved

    async def plan(self, number: int, effective_at: datetime, author: str, shown: str = "") -> str:
        """Let a draft stand from that time on; returns the name it will have."""

        def work(connection: Connection) -> str:
            edits.as_shown(connection, number, shown)
            return catalogue.plan(connection, number, effective_at, author, self.now())

        name = await self._write(work)
        await self.news.look()
        return name

    async def withdraw(self, number: int, author: str) -> None:
        """Give up a draft, or a plan before its time."""
        await self._write(catalogue.withdraw, number, author, self.now())
        await self.news.look()

    async def roll_back(self, number: int, author: str) -> Published:
        """Let everything be again as it was when that revision stood."""

        def work(connection: Connection) -> Published:
            back = catalogue.roll_back(connection, number, author, self.now())
            return catalogue.publish(connection, back, author, self.now())

        published = await self._write(work)
        await self.news.look()
        return published

    async def count_products(self) -> int:
        """How many products the catalogue holds, or rather its rows."""
        return (await self._read(feed_records.head, CATALOGUE)).contents.rows

    async def products_after(self, product_id: str, most: int) -> list[Product]:
        """The next products in the order of their ids."""
        bodies = await self._read(feed_records.bodies_after, CATALOGUE, PRODUCT, product_id, most)
        return [msgspec.json.decode(body, type=Product) for body in bodies]

    async def publish_due(self) -> None:
        """Let the planned revisions stand whose time has come; one that cannot is given up, so
        that no till goes on selling by it."""
        for number in await self._read(catalogue.due, self.now()):
            try:
                await self.publish(number, BY_ITSELF)
            except NotThatState:  # another process was first
                continue
            except (NothingChanged, BarcodeTaken) as no:
                log.error("planned revision %s is withdrawn: %s", number, no)
                await self.withdraw(number, BY_ITSELF)

    async def recall(self, recalled: Recall, author: str) -> int:
        """Let no till sell a product, or a batch of it, any more."""
        return await self._published(catalogue.recall, recalled, author, self.now())

    async def lift_recall(self, key: str, author: str) -> int:
        """Let it be sold again; returns 0 when it was not recalled."""
        return await self._published(catalogue.lift_recall, key, author, self.now())

    async def publish_cashiers(self, store_id: str, cashiers: list[Cashier]) -> int:
        """Returns how many changed anything. Raises NoSuchStore."""
        return await self._published(stores.publish_cashiers, store_id, cashiers)

    async def save_store(self, line: StoreRow) -> int:
        """Add or change a store, keeping the settings that the file does not name. Raises
        UnfittingCashStep."""

        def save(connection: Connection) -> int:
            before = stores.settings_of(connection, line.store_id) or StoreSettings()
            after = line.onto(before)
            records.save_store(
                connection, line.store_id, after.store_name, after.timezone, after.currency
            )
            return stores.publish_settings(connection, line.store_id, after)

        return await self._published(save)

    async def receipt_template(self, store_id: str) -> tuple[str, ...]:
        """By what a store lays out its receipts. Raises NoSuchStore."""
        return await self._read(stores.receipt_template, store_id)

    async def lay_out_receipts(self, store_ids: Sequence[str], template: Sequence[str]) -> int:
        """Returns how many stores did otherwise before. Raises NoSuchStore, UnusableTemplate or
        IncompleteTemplate; nothing has changed then."""
        return await self._published(stores.lay_out_receipts, store_ids, tuple(template))

    async def store_ids(self) -> list[str]:
        return await self._read(records.store_ids)

    async def known_store(self, store_id: str) -> None:
        """Raises NoSuchStore unless the store was imported."""
        await self._read(service.known_store, store_id)

    async def keep_opening_stock(self, store_id: str, rows: Sequence[Opening]) -> int:
        """Let this have lain in the store before the first fact; returns of how many products that
        is something else than what stood there. Raises NoSuchStore."""
        return await self._published(stock.keep, store_id, rows)

    async def _published(
        self, work: Callable[Concatenate[Connection, P], int], *args: P.args, **kwargs: P.kwargs
    ) -> int:
        moved = await self._write(work, *args, **kwargs)
        if moved:
            await self.news.look()
        return moved

    async def _heads(self) -> dict[str, int]:
        return await self._read(feed_records.all_positions)

    async def ready(self) -> None:
        """Returns once the database has answered; raises what it raises."""
        await self._heads()

    # What head office sees

    async def pending(self) -> list[views.RevisionView]:
        """Drafts and plans, the newest first."""
        return await self._read(views.pending)

    async def history(self, most: int, before_place: int = 0) -> list[views.RevisionView]:
        """Published revisions, the newest first."""
        return await self._read(views.history, most, before_place)

    async def revision(self, number: int, most: int, after: str = "") -> views.RevisionView:
        """A revision and some of its changes. Raises NoSuchRevision."""
        return await self._read(views.revision, number, most, after)

    async def fingerprint(self, number: int) -> str:
        """What a draft makes of everything it changes, as one word."""
        return await self._read(views.fingerprint, number)

    async def product(self, product_id: str) -> views.ProductView:
        """Everything that is said of a product."""
        return await self._read(views.product, product_id)

    async def product_in(self, number: int, product_id: str) -> Product | None:
        """A product as a revision makes it, else as it stands. Raises NoSuchRevision."""
        return await self._read(views.product_in, number, product_id)

    async def on_hand(self, product_id: str) -> list[OnHand]:
        """What there is of a product in each store that has anything to say of it."""
        return await self._read(stock_records.on_hand, product_id)

    async def openings(self, store_id: str, product_ids: Sequence[str]) -> dict[str, Opening]:
        """What lay in a store of these products before the first fact."""
        return await self._read(stock_records.openings, store_id, product_ids)

    async def product_names(self, product_ids: Sequence[str]) -> dict[str, str]:
        """What those of these products are called that stand."""
        return await self._read(views.names, product_ids)

    async def recalls(self) -> list[Recall]:
        """What may not be sold."""
        return await self._read(views.recalls)

    async def recalled_by(self, keys: Sequence[str]) -> dict[str, ActRow]:
        """Who recalled each of these last."""
        return await self._read(acts.recalls, keys)

    async def acts_on(self, numbers: Sequence[int]) -> dict[int, list[ActRow]]:
        """Who did what with each of these revisions."""
        return await self._read(acts.of_revisions, numbers)

    async def log(self, most: int) -> list[ActRow]:
        """Who did what to the catalogue, the newest first."""
        return await self._read(acts.latest, most)

    async def overview(self) -> console.Overview:
        """The tills, what they took, and what is to be settled."""
        with suppress(*FAULTS):
            await self.write_contacts()
        return await self._read(console.overview, self.now())
