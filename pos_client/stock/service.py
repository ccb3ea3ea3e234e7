"""Take a delivery into the store, and say what this till's books hold of a product."""

from typing import NamedTuple

from sqlalchemy import select

from pos_client.catalogue.service import CatalogueService
from pos_client.database import sql
from pos_client.recorder import Recorded, Recorder, act, stock_ledger
from pos_client.shift.service import ShiftService
from retail.accounts import SOLD, STORE
from retail.facts import ReceivedLine, StockReceived
from retail.language import Text
from retail.quantity import ONE
from retail.refusals import Refusal

#: a delivery line above this is a slip of the hand, in 1/1000 of a unit
RECEIVED_MAX = 1_000_000 * ONE
_ACCOUNTS = sql(
    select(stock_ledger.c.account, stock_ledger.c.amount).where(
        stock_ledger.c.store == "", stock_ledger.c.product == ""
    )
)


class DeliveryIncomplete(Refusal):
    code = "delivery_incomplete"
    sentence = Text(
        "A delivery has the number of its note and at least one product.",
        "收货须有送货单号和至少一种商品。",
    )
    way_on = Text("Type what is missing, then do it again.", "请补全后重试。")


class OnHand(NamedTuple):
    """What this till knows of a product in its store, in 1/1000 of its unit: what lay there before
    the first fact and deliveries taken here, less what was sold here; and what was sold. Other
    tills' deliveries and sales are not among them."""

    stock: int
    sold: int


class StockService:
    """Goods that come into the store."""

    def __init__(
        self, recorder: Recorder, catalogue: CatalogueService, shift: ShiftService
    ) -> None:
        self.recorder = recorder
        self.catalogue = catalogue
        self.shift = shift

    @act
    def receive(self, reference: str, delivered: list[tuple[str, int]]) -> Recorded:
        """Book (code, quantity) pairs of one delivery note into the store; all or none. Of a code
        that says how much it is, such as a case's, the quantity is how many of it."""
        if not reference.strip() or not delivered:
            raise DeliveryIncomplete
        lines = []
        for code, quantity in delivered:
            article = self.catalogue.article(code)
            product = article.product
            checked = product.checked_quantity(article.quantity(quantity), RECEIVED_MAX)
            lines.append(ReceivedLine(product.product_id, checked))
        fact = StockReceived(reference.strip(), tuple(lines))
        with self.recorder.transaction() as write:
            return write.record(fact, self.shift.context)

    @act
    def on_hand(self, product_id: str) -> OnHand:
        """What this till knows of the product in its store."""
        of = self.recorder.writer.store, product_id
        rows: dict[str, int] = dict(self.recorder.database.driver.execute(_ACCOUNTS, of))
        opening = self.catalogue.opening_stock(product_id)
        return OnHand(opening + rows.get(STORE, 0), rows.get(SOLD, 0))
