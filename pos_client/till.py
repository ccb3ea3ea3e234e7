"""The till: database, recorder, devices and the acts of every slice, joined.

>>> till = Till.open(settings)                                            # doctest: +SKIP
>>> till.shift.open("1001", float_minor=50_000)                          # doctest: +SKIP
>>> till.sale.scan("6901028075022")                                       # doctest: +SKIP
>>> till.sale.pay("cash", Money(5000, "CNY")).change                      # doctest: +SKIP

The same object serves the headless till, the screens, the simulator and the benchmarks. Every
act may be called from any thread; one act runs at a time.
"""

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from random import Random, SystemRandom

from journal.clock import Clock
from pos_client import identity
from pos_client.catalogue.service import CatalogueService
from pos_client.clock import HUB_TIME_FILE, HubTime, RandomIds, SystemClock
from pos_client.counter.counter import Counter
from pos_client.counter.setup import SetUp
from pos_client.database import DATABASE_FILE, Database, disk_refusals
from pos_client.folder import Hold, file_refusals, made
from pos_client.locker.service import LockerService
from pos_client.marker import MachineIds, Marker, Turning
from pos_client.news import News, Tell
from pos_client.recorder import Recorder
from pos_client.sale import sold
from pos_client.sale.receipt import Logo
from pos_client.sale.service import SaleService
from pos_client.settings import TillSettings
from pos_client.shift.service import ShiftService
from pos_client.stock.service import StockService
from pos_client.sync import old_disk
from pos_client.sync.hub import Hub, Transport
from pos_client.sync.old_disk import Brought
from pos_client.sync.service import SyncService
from pos_client.sync.threads import SyncThreads
from retail.language import Language, Text
from retail.refusals import Refusal


class NotEnrolled(Refusal):
    code = "not_enrolled"
    sentence = Text("This till belongs to no store yet.", "本机尚未登记到门店。")
    way_on = Text(
        "Ask head office for an enrolment code, then: pos-client enrol --hub URL --code CODE",
        "请向总部索取登记码，然后运行：pos-client enrol --hub 地址 --code 登记码",
    )


class Till:
    """One enrolled till, open. Close it."""

    def __init__(
        self,
        settings: TillSettings,
        database: Database,
        recorder: Recorder,
        who: identity.Identity,
        hold: Hold,
        *,
        sync: bool = True,
        chance: Random | None = None,
        transport: Transport | None = None,
    ) -> None:
        self.settings = settings
        self.database = database
        self.recorder = recorder
        self.who = who
        self._hold = hold
        signer = identity.load_signer(settings.data)
        self.counter = Counter(settings)
        hub_time = HubTime(recorder.clock, settings.state / HUB_TIME_FILE)
        self.catalogue = CatalogueService(
            recorder, settings.data, settings.database_wait_s, hub_time
        )
        self.shift = ShiftService(recorder, self.catalogue)
        logo = Logo(settings)
        logo.at(self.counter.columns)
        self.sale = SaleService(recorder, self.catalogue, self.shift, self.counter, logo)
        self.devices = SetUp(settings, self.counter)
        self.locker = LockerService(recorder, self.shift, self.counter)
        self.stock = StockService(recorder, self.catalogue, self.shift)
        line = Hub.of(who.hub_url, settings, transport)
        self.sync = SyncService(
            *(recorder, self.catalogue, who, signer, settings, line),
            chance or SystemRandom(),
            sold,
        )
        self.sync.on_staged = self.sale.between_sales
        self.sync.pruning.is_quiet = self._is_quiet
        self.sync.pruning.on_pruned = self.sale.forget
        self._threads = SyncThreads(self.sync) if sync else None

    @classmethod
    def open(
        cls,
        settings: TillSettings,
        clock: Clock | None = None,
        ids: MachineIds | None = None,
        *,
        sync: bool = True,
        chance: Random | None = None,
        transport: Transport | None = None,
        database_of: Callable[[TillSettings], Database] | None = None,
    ) -> "Till":
        """Open the till of `settings.data` and hold the folder until it is closed. What comes from
        outside (time, ids, chance, the line, the disk) may be handed in. Raises NotEnrolled,
        AlreadyRunning, or a refusal of its disk; Fault for a printer's address."""
        with ExitStack() as undo:
            hold = Hold(settings.data)
            undo.callback(hold.close)
            database = (database_of or open_database)(settings)
            undo.callback(database.close)
            who = identity.load(database)
            if who is None:
                raise NotEnrolled
            clock, ids = clock or SystemClock(settings.clock_start), ids or RandomIds()
            with disk_refusals():
                marker = Marker(database, settings.state, who.till, ids)
                recorder = identity.open_recorder(database, who, marker, clock, ids)
                till = cls(
                    *(settings, database, recorder, who, hold),
                    sync=sync,
                    chance=chance,
                    transport=transport,
                )
                till._keep_turning(marker)
            undo.pop_all()
            return till

    def _is_quiet(self) -> bool:
        """Whether nobody is being served."""
        return not self.sale.is_open()

    def _keep_turning(self, marker: Marker) -> None:
        recorder, every_s = self.recorder, self.settings.marker_turned_every_s
        turning = Turning(marker, recorder.lock, recorder.clock, every_s)
        turning.is_quiet = self._is_quiet
        self.sync.turn_marker = turning.step

    @property
    def language(self) -> Language:
        """The cashier's language: this till's setting, else the store's."""
        return Language(self.settings.language or self.catalogue.settings.language)

    def start(self, on_event: Tell) -> None:
        """Begin to listen and to sync, and tell of what devices and hub have to say unasked;
        `on_event` is called on their threads."""

        def swapped() -> None:
            on_event("catalogue.swapped", {"products": self.catalogue.known_products})

        news = News(self.counter, lambda: self.language, on_event)
        news.listen()
        self.devices.on_weight = news.weighed
        self.devices.on_probed = news.probed
        self.locker.on_ended = news.opened
        self.sync.on_event = on_event
        self.catalogue.on_swapped = swapped
        self.counter.start()
        if self._threads is not None:
            self._threads.start()

    def bring_in(self, folder: Path) -> Brought:
        """Bring in what another disk of this till still holds. Raises NoJournalThere,
        OtherTillsJournal or a refusal of a disk."""
        with old_disk.opened(folder, self.settings, self.who.till) as old:
            return old_disk.bring_in(self.recorder, sold, old)

    def close(self) -> None:
        """Finish what is printing and being sent, for a bounded time, then let go of the disk."""
        self.counter.close()
        if self._threads is not None:
            self._threads.stop(self.settings.close_wait_s)
        else:
            self.sync.close()
        with self.recorder.lock:
            self.catalogue.close()
            self.database.close()
        self._hold.close()


def open_database(settings: TillSettings) -> Database:
    """The till's database in its data folder, made when it is not there."""
    return Database(made(settings.data) / DATABASE_FILE, settings.database_wait_s)


def look_into(settings: TillSettings) -> tuple[Database, identity.Identity]:
    """The database of a till that may be running, to read beside it: nothing is made, migrated
    or recorded. Close it. Raises NotEnrolled or a refusal of the disk."""
    file = settings.data / DATABASE_FILE
    with file_refusals():
        if not file.exists() or not file.stat().st_size:
            raise NotEnrolled
    database = Database(file, settings.database_wait_s, migrate=False)
    try:
        who = identity.load(database)
        if who is None:
            raise NotEnrolled
    except BaseException:
        database.close()
        raise
    return database, who
