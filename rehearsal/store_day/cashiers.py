"""The people of a rehearsal: they ring up, take money, receive goods, and tell what the till said.

Owns the tills that run and the words of each act. Refuses to own the story: who buys what, when a
cable comes out. Amounts are minor units of `CURRENCY`.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import NamedTuple, Self
from urllib.parse import quote

from hardware.simulator.printer.keeping import CUT_MARK
from rehearsal.books import Books, merged, till_books
from rehearsal.demo import demo_rows
from rehearsal.processes import HeadlessTill, Reply, wait_until
from rehearsal.shop import Shop, TillHome
from rehearsal.store_day.hq_page import till_cards
from rehearsal.store_day.telling import ATTEND, FAINT, Telling
from retail.money import Money
from retail.quantity import ONE, Unit, plain

STEP_S = 60.0
"""How long anything may take that is waited for."""
CURRENCY = "CNY"
PAPER_COLUMNS = 48

Goods = Mapping[str, int]
"""product -> pieces, or grams of what is weighed."""
Tenders = Sequence[tuple[str, int | None]]
"""(tender, minor units given; None is what is due), in order."""


class Unexpected(Exception):
    """A promise of the product did not hold; says which."""


class Sale(NamedTuple):
    """A completed sale: the basket before payment, the payments in words, the receipt's number,
    and what became of its paper."""

    basket: Reply
    payments: list[str]
    receipt: str
    paper: str


class Cashiers:
    """Everybody at the tills of one shop. Close it: the tills end."""

    def __init__(self, shop: Shop, telling: Telling) -> None:
        self.shop = shop
        self.telling = telling
        self.products = {row["product_id"]: row for row in demo_rows("products")}
        self.homes: dict[str, TillHome] = {}
        self.tills: dict[str, HeadlessTill] = {}
        self._running = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._running.close()

    def import_demo(self) -> None:
        """Give the hub the demo chain's stores, cashiers and products."""
        for kind in ("stores", "cashiers", "products"):
            with self.telling.working(f"importing {kind}"):
                said = self.shop.import_csv(kind, demo_rows(kind))
            self.telling.quote("hub", f"{kind}: {said.strip()}")

    def start(self, *till_ids: str) -> None:
        """Start these tills, or start them anew; they know their products when this returns."""
        for till_id in till_ids:
            if till_id in self.tills:
                self.tills[till_id].close()
            keep = quote(str(self._paper_file(till_id)))
            printer = f"sim://printer?cols={PAPER_COLUMNS}&keep={keep}"
            till = self.shop.till(self.homes[till_id], printer=printer)
            self.tills[till_id] = self._running.enter_context(till)
        for till_id in till_ids:
            self.tills[till_id].next_event("ready", STEP_S)
            self._wait_for_catalogue(till_id)

    def act(self, till_id: str, do: str, /, **fields: object) -> Reply:
        """Do an act of the till -> its answer. Raises Refused."""
        return self.tills[till_id].act(do, **fields)

    # Selling

    def ring(self, till_id: str, goods: Goods) -> Reply:
        """Scan or weigh the goods -> the basket."""
        basket: Reply = {}
        for product, many in goods.items():
            code = self._code(product)
            if self._is_weighed(product):
                basket = self.act(till_id, "weigh", code=code, weight_g=many)["basket"]
            else:
                basket = self.act(till_id, "scan", code=code, quantity=many * ONE)["basket"]
        return basket

    def pay(self, till_id: str, tenders: Tenders) -> Sale:
        """Pay the open sale, which the tenders must settle, and see the paper through."""
        basket = self.act(till_id, "basket")["basket"]
        due, payments, paid = basket["due"], [], {}
        for tender, given in tenders:
            paid = self.act(till_id, "pay", tender=tender, amount=given)
            amount = due - paid["due"] if given is None else given
            change = f", change {money(paid['change'])}" if paid["change"] else ""
            payments.append(f"{tender} {money(amount)}{change}")
            due = paid["due"]
        expect("sale" in paid, f"{money(due)} was still due at {till_id}.")
        wait(lambda: self._last_paper(till_id) != "printing", "the receipt was printed")
        return Sale(basket, payments, paid["sale"]["receipt"], self._last_paper(till_id))

    def sell(self, till_id: str, goods: Goods, tenders: Tenders) -> None:
        """Ring up and pay, told in short."""
        self.ring(till_id, goods)
        self.tell_paid(till_id, self.pay(till_id, tenders))

    def receive(self, till_id: str, reference: str, goods: Goods) -> None:
        """Take a delivery in."""
        lines = [
            {"code": self._code(product), "quantity": many * (1 if weighed else ONE)}
            for product, many in goods.items()
            for weighed in (self._is_weighed(product),)
        ]
        self.act(till_id, "receive", reference=reference, lines=lines)
        self.telling.quote(till_id, f"{reference}: {len(lines)} products received")

    def _code(self, product: str) -> str:
        return self.products[product]["barcodes"].split()[0]

    def _is_weighed(self, product: str) -> bool:
        return Unit(self.products[product]["unit"]).is_measured

    # What is asked

    def status(self, till_id: str) -> Reply:
        return self.act(till_id, "status")

    def price(self, till_id: str, product: str) -> Money:
        """What a product costs at that till now."""
        found = self.act(till_id, "price_check", code=self._code(product))["product"]
        return Money(found["unit_price"], found["currency"])

    def books(self) -> Books:
        """What the tills' own databases hold, added up."""
        return merged(till_books(home.database_file) for home in self.homes.values())

    def _wait_for_catalogue(self, till_id: str) -> None:
        known = len(self.products)
        wait(lambda: self.status(till_id)["products"] == known, f"{till_id} knew all products")

    def wait_for_sync(self, till_id: str) -> None:
        wait(lambda: not self.status(till_id)["sync"]["waiting"], f"{till_id} was in step")

    def _last_paper(self, till_id: str) -> str:
        return str(self.act(till_id, "last_receipt")["paper"])

    def _paper_file(self, till_id: str) -> Path:
        return self.shop.folder / f"{till_id}.paper.txt"

    # How it is told

    def tell_basket(self, till_id: str, basket: Reply) -> None:
        """Its lines, and what is paid of it already."""
        tell = self.telling
        for line in basket["lines"]:
            unit, price = Unit(line["unit"]), money(line["unit_price"])
            quantity = plain(line["quantity"], unit)
            if unit.is_measured:
                quantity += f" {unit.label.en}"
            full = money(line["total"] + line["discount"])
            tell.item(till_id, quantity, line["name"], price, full)
            till_id = ""
            if line["discount"]:
                tell.item("", "", "discount", "", money(-line["discount"]))
        for tender in basket["tenders"]:
            tell.item("", "", f"paid by {tender['tender']}", "", money(-tender["amount"]))

    def tell_sale(self, till_id: str, sale: Sale) -> None:
        """A sale with its lines."""
        self.tell_basket(till_id, sale.basket)
        self.tell_paid("", sale)

    def tell_paid(self, till_id: str, sale: Sale) -> None:
        """A sale in short."""
        lines, total = len(sale.basket["lines"]), money(sale.basket["total"])
        many = f"{lines} lines" if lines > 1 else "1 line"
        self.telling.quote(till_id, f"{many}, {total}: {' · '.join(sale.payments)}")
        paper = sale.paper.replace("_", " ")
        self.telling.quote("", f"receipt {sale.receipt} {paper}", FAINT)

    def tell_paper(self, till_id: str) -> None:
        """The last receipt, as it came out of the printer."""
        printed = self._paper_file(till_id).read_text(encoding="utf-8").split(CUT_MARK)[-2]
        self.telling.paper(printed.strip("\n").splitlines(), PAPER_COLUMNS)

    def tell_refusal(self, till_id: str, do: str, /, **fields: object) -> None:
        """An act that the till must refuse, and what the cashier reads."""
        answer = self.tills[till_id].try_act(do, **fields)
        expect(not answer["ok"], f"{till_id} accepted {do} {fields}.")
        refusal = answer["refusal"]
        self.telling.quote(till_id, f"{refusal['say']} {refusal['remedy']}", ATTEND)

    def tell_waiting(self, till_id: str) -> None:
        """What the till says of its line."""
        sync = self.status(till_id)["sync"]
        line, said = "online" if sync["online"] else "offline", "nothing waits"
        if sync["waiting"]:
            since = datetime.fromisoformat(sync["waiting_since"])
            said = f"{sync['waiting']} facts waiting since {since:%H:%M:%S}"
        self.telling.quote(till_id, f"{line}, {said}", ATTEND if sync["waiting"] else "")

    def tell_hub_page(self) -> None:
        """The tills as head office sees them."""
        rows = [
            (card.till, card.state, card.contact, card.facts, card.sales, card.takings)
            for card in till_cards(self.shop.url)
        ]
        headings = ["/hq", "state", "last contact", " facts", " sales", " takings"]
        self.telling.table(headings, rows)


def money(minor: int) -> str:
    """An amount in digits."""
    return Money(minor, CURRENCY).plain


def expect(holds: bool, otherwise: str) -> None:
    """Raises Unexpected with the sentence `otherwise` unless it holds."""
    if not holds:
        raise Unexpected(otherwise)


def wait(condition: Callable[[], bool], what: str) -> None:
    """Wait for a condition. Raises TimeoutError after STEP_S."""
    wait_until(condition, STEP_S, what)
