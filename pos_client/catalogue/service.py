"""Look-ups by code, and the swap of what head office published, between two sales."""

from collections.abc import Callable
from zoneinfo import ZoneInfo

from journal.wire import FeedPage, FeedRow
from pos_client.catalogue import records
from pos_client.recorder import Recorder, act
from retail.catalogue import Cashier, Product, StoreSettings
from retail.refusals import CatalogueNotHere, UnknownBarcode, UnknownCashier

#: an EAN-13 whose first digit is 0 is the same number as its 12-digit UPC-A (GS1 GS 1.3)
_UPC_A_LENGTH = 12


class CatalogueService:
    """What this till sells by."""

    def __init__(self, recorder: Recorder) -> None:
        self.recorder = recorder
        #: told when the till begins to sell by something newer
        self.on_swapped: Callable[[], None] = lambda: None
        self._read()

    def _read(self) -> None:
        driver = self.recorder.database.driver
        settings = records.settings(driver, self.recorder.writer.store)
        self.cursor, _, self._waiting = records.cursors(driver)
        self.settings: StoreSettings = settings
        self.recorder.zone = ZoneInfo(settings.timezone)

    @property
    def seen(self) -> str:
        """The feed position that prices on screen come from."""
        return self.cursor

    @act
    def product(self, code: str) -> Product:
        """The product that a scan or typed number means. Raises UnknownBarcode."""
        driver = self.recorder.database.driver
        code = code.strip()
        found = records.by_code(driver, code)
        if found is None and code.isdigit():
            if len(code) == _UPC_A_LENGTH:
                found = records.by_code(driver, "0" + code)
            elif len(code) == _UPC_A_LENGTH + 1 and code.startswith("0"):
                found = records.by_code(driver, code[1:])
        if found is None:
            raise UnknownBarcode(code=code) if self.cursor else CatalogueNotHere()
        return found

    @act
    def cashier(self, cashier_id: str) -> Cashier:
        """The cashier of that number. A store without published cashiers takes any name."""
        driver = self.recorder.database.driver
        if not self.cursor:
            raise CatalogueNotHere
        known = records.cashier(driver, cashier_id)
        if known is not None:
            return known
        if records.any_cashier(driver) or not cashier_id:
            raise UnknownCashier(cashier=cashier_id)
        return Cashier(cashier_id, cashier_id)

    @property
    @act
    def known_products(self) -> int:
        return records.count(self.recorder.database.driver)

    # The feed

    @act
    def next_cursor(self) -> str:
        """Where the next pull goes on: after what is staged."""
        return records.cursors(self.recorder.database.driver)[1]

    @act
    def stage(self, page: FeedPage) -> list[FeedRow]:
        """Keep a page out of sight until its cut is whole and no sale is open. Comes back with
        the rows that this program cannot read: it goes on by what it knew of them."""
        if not page.rows and page.cursor == self.cursor and not self._waiting:
            return []
        rows: list[FeedRow] = []
        unreadable: list[FeedRow] = []
        for row in page.rows:
            (rows if records.readable(row) else unreadable).append(row)
        with self.recorder.transaction() as write:
            records.stage(write.driver, rows, page.cursor, whole=page.up_to_date)
            for row in unreadable:
                records.keep(write.driver, row)
        self._waiting = page.up_to_date
        return unreadable

    @act
    def swap_in(self) -> bool:
        """Sell by what is staged from now on, if a whole cut is. The caller sees to it that no
        sale is open. Says whether anything changed."""
        if not self._waiting:
            return False
        with self.recorder.transaction() as write:
            records.swap(write.driver)
        self._read()
        self.on_swapped()
        return True

    @act
    def start_over(self) -> None:
        """The hub does not know our cursor (it was restored): pull everything again."""
        with self.recorder.transaction() as write:
            records.start_over(write.driver)
        self._waiting = False
