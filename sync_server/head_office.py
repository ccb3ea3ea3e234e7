"""What head office does and sees, whichever face it uses: commands, /hq, a file.

    hub.office.publish(number, author)
    hub.office.overview()

Each is an act of a slice in a transaction of its own; what was published is news to the tills at
once.
"""

import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import date, datetime
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

import msgspec
from sqlalchemy import Connection

from pricebook.rows import CATALOGUE, PRODUCT
from retail.catalogue import Cashier, Product, StoreSettings
from retail.language import Text
from retail.revision import Recall
from sync_server.backup import records as backup_records
from sync_server.backup import service as backup
from sync_server.backup.copying import Tell
from sync_server.backup.records import BackupRow
from sync_server.catalogue import acts, edits, stores, views
from sync_server.catalogue import records as catalogue_records
from sync_server.catalogue import service as catalogue
from sync_server.catalogue.acts import BY_ITSELF, ActRow
from sync_server.catalogue.edits import Edit
from sync_server.catalogue.service import BarcodeTaken, NothingChanged, NotThatState, Published
from sync_server.database import FAULTS, Database
from sync_server.doctor import service as doctor
from sync_server.doctor.service import Report
from sync_server.feed import records as feed_records
from sync_server.feed.news import News
from sync_server.imports.stores import StoreRow
from sync_server.overview import records as overview
from sync_server.overview.records import Overview
from sync_server.periods import records as period_records
from sync_server.periods import service as periods
from sync_server.periods.records import LateFact, PeriodRow
from sync_server.periods.service import Preview, StorePeriods
from sync_server.quarantine.replays import Quarantine
from sync_server.settings import HubSettings
from sync_server.stock import records as stock_records
from sync_server.stock import service as stock
from sync_server.stock.records import OnHand, Opening
from sync_server.stores import known_store, save_store, store_ids

log = logging.getLogger(__name__)

Now = Callable[[], datetime]
P = ParamSpec("P")
T = TypeVar("T")


#: what follows from facts that are applied beside their postings
PROJECTION = stores.keep_readings


class HeadOffice:
    """Head office's door of a hub."""

    def __init__(
        self,
        database: Database,
        news: News,
        now: Now,
        write_contacts: Callable[[], Awaitable[None]],
        settings: HubSettings,
    ) -> None:
        """`write_contacts` writes down which tills spoke since the last time."""
        self._database = database
        self._news = news
        self._now = now
        self._write_contacts = write_contacts
        self.quarantine = Quarantine(database, settings, now, PROJECTION)

    async def _write(
        self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        return await self._database.write(lambda connection: work(connection, *args, **kwargs))

    async def _read(
        self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        return await self._database.read(lambda connection: work(connection, *args, **kwargs))

    async def publish_products(
        self, products: Sequence[Product], author: str, note: str = ""
    ) -> Published:
        """Publish products to every store at once, if that changes anything."""
        published = await self._write(
            catalogue.publish_products, products, author, note, self._now()
        )
        await self._news.look()
        return published

    async def draft(self, author: str, note: str) -> int:
        """Begin a revision; returns its number."""
        return await self._write(catalogue.draft, author, note, self._now())

    async def put_products(self, number: int, products: Sequence[Product]) -> dict[str, Text]:
        """Let a draft make these of the products; comes back with why some stay out."""
        return await self._write(catalogue.put_products, number, products)

    async def remove_products(self, number: int, product_ids: Sequence[str]) -> None:
        """Let a draft take these products out of the catalogue."""
        await self._write(catalogue.remove_products, number, product_ids)

    async def edit(self, number: int, product_id: str, change: Edit, author: str) -> None:
        """Let a draft make this of a product. Raises what `edits.edit` does."""
        await self._write(edits.edit, number, product_id, change, author, self._now())

    async def edit_anew(self, product_id: str, change: Edit, author: str, note: str = "") -> int:
        """The same in a new draft; returns its number."""
        return await self._write(edits.edit_anew, product_id, change, author, note, self._now())

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
            edits.edit_at_once, product_id, change, author, note, effective_at, self._now()
        )
        await self._news.look()
        return done

    async def leave(self, number: int, product_id: str, author: str) -> None:
        """Let a draft leave a product as it stands."""
        await self._write(edits.leave, number, product_id, author, self._now())

    async def draft_roll_back(self, number: int, author: str) -> int:
        """A draft that makes everything as it was when that revision stood."""
        return await self._write(edits.draft_roll_back, number, author, self._now())

    async def publish(self, number: int, author: str, shown: str = "") -> Published:
        """Let a draft or a planned revision stand from now on; a draft that somebody looked at
        only if it still is as it was `shown`. Raises what `catalogue.publish` does."""

        def work(connection: Connection) -> Published:
            edits.as_shown(connection, number, shown)
            return catalogue.publish(connection, number, author, self._now())

        published = await self._write(work)
        await self._news.look()
        return published

    async def publish_or_forget(self, number: int, author: str) -> int:
        """Let a draft stand from now on, if it changes anything; returns how many things."""
        published = await self._write(catalogue.publish_or_forget, number, author, self._now())
        await self._news.look()
        return published.moved

    async def plan(self, number: int, effective_at: datetime, author: str, shown: str = "") -> str:
        """Let a draft stand from that time on; returns the name it will have."""

        def work(connection: Connection) -> str:
            edits.as_shown(connection, number, shown)
            return catalogue.plan(connection, number, effective_at, author, self._now())

        name = await self._write(work)
        await self._news.look()
        return name

    async def withdraw(self, number: int, author: str) -> None:
        """Give up a draft, or a plan before its time."""
        await self._write(catalogue.withdraw, number, author, self._now())
        await self._news.look()

    async def roll_back(self, number: int, author: str) -> Published:
        """Let everything be again as it was when that revision stood."""

        def work(connection: Connection) -> Published:
            back = catalogue.roll_back(connection, number, author, self._now())
            return catalogue.publish(connection, back, author, self._now())

        published = await self._write(work)
        await self._news.look()
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
        for number in await self._read(catalogue.due, self._now()):
            try:
                await self.publish(number, BY_ITSELF)
            except NotThatState:  # another process was first
                continue
            except (NothingChanged, BarcodeTaken) as no:
                log.error("planned revision %s is withdrawn: %s", number, no)
                await self.withdraw(number, BY_ITSELF)

    async def recall(self, recalled: Recall, author: str) -> int:
        """Let no till sell a product, or a batch of it, any more."""
        return await self._published(catalogue.recall, recalled, author, self._now())

    async def lift_recall(self, key: str, author: str) -> int:
        """Let it be sold again; returns 0 when it was not recalled."""
        return await self._published(catalogue.lift_recall, key, author, self._now())

    async def publish_cashiers(self, store_id: str, cashiers: list[Cashier]) -> int:
        """Returns how many changed anything. Raises NoSuchStore."""
        return await self._published(stores.publish_cashiers, store_id, cashiers)

    async def save_store(self, line: StoreRow) -> int:
        """Add or change a store, keeping the settings that the file does not name. Raises
        UnfittingCashStep."""

        def save(connection: Connection) -> int:
            before = stores.settings_of(connection, line.store_id) or StoreSettings()
            after = line.onto(before)
            save_store(connection, line.store_id, after.store_name, after.timezone, after.currency)
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
        return await self._read(store_ids)

    async def known_store(self, store_id: str) -> None:
        """Raises NoSuchStore unless the store was imported."""
        await self._read(known_store, store_id)

    async def keep_opening_stock(self, store_id: str, rows: Sequence[Opening]) -> int:
        """Let this have lain in the store before the first fact; returns of how many products that
        is something else than what stood there. Raises NoSuchStore."""
        return await self._published(stock.keep, store_id, rows)

    async def _published(
        self, work: Callable[Concatenate[Connection, P], int], *args: P.args, **kwargs: P.kwargs
    ) -> int:
        moved = await self._write(work, *args, **kwargs)
        if moved:
            await self._news.look()
        return moved

    async def _note_contacts(self) -> None:
        """Have it written down which tills spoke, so that what is read next says so. What the
        database does not take now it is told again."""
        with suppress(*FAULTS):
            await self._write_contacts()

    # What head office sees

    async def pending(self) -> list[views.RevisionView]:
        """Drafts and plans, the newest first."""
        return await self._read(views.pending)

    async def history(self, most: int, before_place: int = 0) -> list[views.RevisionView]:
        """Published revisions, the newest first."""
        return await self._read(views.history, most, before_place)

    async def revisions_named(self, names: Sequence[str]) -> dict[str, int]:
        """By the name that tills know, the number of the revision that has it; of several the
        last."""
        return await self._read(catalogue_records.numbers, names)

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

    async def most_sold(self, most: int) -> dict[str, int]:
        """The products that the chain sold most of, in 1/1000 of their units."""
        return await self._read(stock_records.most_sold, most)

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

    async def sold_by(self) -> dict[str, str]:
        """By till, the name of the revision that its latest sale was made by."""
        return await self._read(overview.sold_by)

    async def overview(self) -> Overview:
        """The tills, what they took, and what is to be settled."""
        await self._note_contacts()
        seen = await self._read(overview.overview, self._now())
        return seen._replace(disk_fault=self._database.disk_fault)

    # Proof, and periods that are closed

    async def doctor(self, tell: Tell, store_id: str | None = None) -> Report:
        """Prove all that can be proved, of everything or of one store. Raises NoSuchStore."""
        await self._note_contacts()
        return await self._read(doctor.examine, tell, self._now(), store_id)

    async def preview_close(self, store_id: str, business_date: date) -> Preview:
        """What it means to close that business date of a store. Raises NoSuchStore, PeriodNotOver
        or PeriodClosed."""
        await self._note_contacts()
        return await self._read(periods.preview, store_id, business_date, self._now())

    async def close_period(
        self, store_id: str, business_date: date, author: str, reason: str | None = None
    ) -> Preview:
        """Close that business date of a store, and all before it; with a `reason` although it is
        not complete. Raises what `periods.close` does."""
        await self._note_contacts()
        how = (author, self._now(), reason)
        return await self._write(periods.close, store_id, business_date, *how)

    async def stores_closed(self) -> list[StorePeriods]:
        """Every store, up to where it is complete and closed."""
        await self._note_contacts()
        return await self._read(periods.stores, self._now())

    async def periods_closed(self, most: int) -> list[PeriodRow]:
        """The periods that were closed last."""
        return await self._read(period_records.closed_lately, most)

    async def late_facts(self, most: int, store_id: str | None = None) -> list[LateFact]:
        """Facts that moved money or stock after their period was closed, the latest first."""
        return await self._read(period_records.late, most, store_id)

    async def how_many_late(self, store_id: str | None = None) -> tuple[int, int]:
        """How many of them there are, and how many that moved nothing."""
        return await self._read(period_records.how_many_late, store_id)

    # Backups

    async def back_up(self, file: Path, tell: Tell, *, replace: bool = False) -> BackupRow:
        """Write a backup, read it again, and note what is safe by it."""
        return await backup.back_up(self._database, file, self._now(), tell, replace=replace)

    async def backups(self, most: int) -> list[BackupRow]:
        """The newest backups that the hub knows of."""
        return await self._read(backup_records.backups, most)

    async def note_backup(self, taken_at: datetime, late_s: float) -> BackupRow:
        """A person says that a backup was begun then, by other means. Raises TakenLater."""
        return await backup.note(self._database, taken_at, self._now(), late_s)
