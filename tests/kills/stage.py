"""A shop of real programs on which a sale is killed, and what must be true afterwards.

Owns one store: hub, till, cable, a simulated printer behind a TCP port, and the judgement after
each kill. Refuses to own the ways to hold and kill: those are the boundaries.
"""

from collections.abc import Callable
from contextlib import ExitStack
from typing import NamedTuple, Self

from rehearsal.books import differences, hub_books, till_books
from rehearsal.processes import Child, HeadlessTill, Reply, wait_until
from rehearsal.shop import Shop, try_command
from tests.kills.holds import PATIENCE_S
from tests.kills.sights import HubSight, TillSale, till_sales
from tests.loop_thread import Printer

STORES = [{"store_id": "S01", "name": "静安店"}]
CASHIERS = [{"store_id": "S01", "cashier_id": "1001", "name": "王芳"}]
PRODUCTS = [
    {"product_id": "cola", "name": "可口可乐 500ml", "price": "3.50", "barcodes": "6901028075022"},
    {"product_id": "pen", "name": "荧光笔 黄", "price": "8.90", "barcodes": "4006381333931"},
]


class Seen(NamedTuple):
    """What was seen from outside of the program that stood still, before it was killed.

    `sales`: 1 when the sale must be there as soon as the till is there again, 0 when it must not.
    `paper`: what the till must then say of the receipt of a sale that is there.
    """

    evidence: str
    sales: int
    paper: str = "printed"


class Reached(NamedTuple):
    """A boundary that was reached, and what was there after everything was started again."""

    boundary: str
    evidence: str
    afterwards: str


class PaperPrinter(Printer):
    """The simulated printer, and how far its paper has come."""

    @property
    def stalled(self) -> bool:
        return self.simulated.appetite_bytes() == 0

    @property
    def lines(self) -> int:
        return len(self.simulated.paper)

    @property
    def receipts(self) -> list[str]:
        return self.simulated.receipts


class Stage:
    """One till with its hub, open for sales. Close it."""

    def __init__(self, shop: Shop, hub_database: HubSight) -> None:
        self.shop = shop
        self.hub_database = hub_database
        self.undo = ExitStack()
        self._basket: Reply = {}
        self._known: set[str] = set()
        self._till: HeadlessTill | None = None
        for kind, rows in (("stores", STORES), ("cashiers", CASHIERS), ("products", PRODUCTS)):
            shop.import_csv(kind, rows)
        shop.start_hub()
        self.home = shop.enrol("S01")
        self.cable = self.home.cable
        self.till_file = self.home.database_file
        self.printer = PaperPrinter()
        self.start_again()
        self.await_(lambda: self.till.act("status")["products"] == 2, "the till had its products")
        self.till.act("open_shift", cashier="1001", float=50_000)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill_till()
        self.printer.close()

    @property
    def till(self) -> HeadlessTill:
        assert self._till is not None
        return self._till

    @property
    def hub(self) -> Child:
        assert self.shop.hub is not None
        return self.shop.hub

    def await_(self, condition: Callable[[], object], what: str) -> None:
        wait_until(condition, PATIENCE_S, what)

    # A sale

    def ring_up(self) -> None:
        """A sale of two lines up to the payment."""
        self._known = {sale.eid for sale in till_sales(self.till_file)}
        self.till.act("scan", code="6901028075022")
        self._basket = self.till.act("scan", code="4006381333931", quantity=2000)["basket"]

    def pay(self) -> None:
        """Say the payment; do not wait for the answer."""
        self.till.ask("pay", tender="cash")

    def sell(self) -> None:
        """A sale, paid and printed as far as the till is concerned."""
        self.ring_up()
        self.pay()
        self.await_(lambda: [sale.paper for sale in self.new_sales()] == ["printed"], "it printed")

    def new_sales(self) -> list[TillSale]:
        """What is on the till's disk since `ring_up`."""
        return [sale for sale in till_sales(self.till_file) if sale.eid not in self._known]

    def hub_has_it(self) -> bool:
        """Whether the hub has every sale of the till."""
        return {sale.eid for sale in self.new_sales()} <= set(self.hub_database.sales())

    def push_under_way(self) -> bool:
        """Whether a push passed the cable whole and no byte of its answer came out."""
        return "reply to POST /v1/push before its first byte" in self.cable.under_way()

    # Death and life

    def kill_till(self) -> None:
        """SIGKILL, as a power cut."""
        if self._till is not None:
            self._till.close()
            self._till = None

    def start_again(self) -> None:
        """Plug the cable in and start whatever is dead; then take away what held it."""
        self.cable.plug()
        if self.shop.hub is None:
            self.shop.start_hub()
        if self._till is None:
            self._till = self.shop.till(
                self.home, printer=self.printer.url, database_wait_s=PATIENCE_S
            )
            self._till.next_event("ready")
        self.undo.close()

    # Judgement

    def settle(self, boundary: str, seen: Seen) -> Reached:
        """Start everything again, let it come into step, and check what must be true."""
        self.start_again()
        found = self.new_sales()
        assert len(found) == seen.sales
        if not found:
            self._in_step()
            assert not self._hub_has_more(), "the hub has a sale that the till has not"
            self._pay_what_is_back()
        self._in_step()
        paper = self._check_sale(seen.paper if found else "printed")
        self._check_books()
        how = "exists once" if found else "not at all, basket back, paid again"
        return Reached(boundary, seen.evidence, f"sale {how}; receipt {paper}; books agree")

    def _hub_has_more(self) -> bool:
        return bool(set(self.hub_database.sales()) - self._all_sales())

    def _all_sales(self) -> set[str]:
        return {sale.eid for sale in till_sales(self.till_file)}

    def _pay_what_is_back(self) -> None:
        assert self.till.act("basket")["basket"] == self._basket, "the basket is not what it was"
        self.till.act("pay", tender="cash")
        self.await_(lambda: self.new_sales()[0].paper, "the second payment's receipt was printed")

    def _in_step(self) -> None:
        self.await_(lambda: self.till.act("status")["sync"]["waiting"] == 0, "the till was in step")

    def _check_sale(self, paper: str) -> str:
        """One sale, stored once by each, with one word on its paper and at most one receipt."""
        (sale,) = self.new_sales()
        assert self.hub_database.sales().count(sale.eid) == 1
        assert not self._hub_has_more()
        assert (sale.paper, sale.paper_facts) == (paper, 1)
        last = self.till.act("last_receipt")
        assert (last["sale"]["sale"], last["paper"]) == (sale.eid, paper)
        assert not self.till.act("basket")["basket"]["lines"]
        number = last["sale"]["receipt"]
        assert sum(number in receipt for receipt in self.printer.receipts) <= 1
        return paper

    def _check_books(self) -> None:
        till, hub = till_books(self.till_file), hub_books(self.shop.database_url)
        differing = [difference.say("till", "hub") for difference in differences(till, hub)]
        assert differing == []
        verified = try_command("pos_client", "journal", "verify", *self.home.options)
        assert verified.returncode == 0, verified.stderr
