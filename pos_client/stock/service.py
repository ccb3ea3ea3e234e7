"""Take a delivery into the store."""

from pos_client.catalogue.service import CatalogueService
from pos_client.recorder import Recorded, Recorder, act
from pos_client.shift.service import ShiftService
from retail.facts import ReceivedLine, StockReceived
from retail.quantity import ONE
from retail.refusals import DeliveryIncomplete

#: a delivery line above this is a slip of the hand, in 1/1000 of a unit
RECEIVED_MAX = 1_000_000 * ONE


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
        """Book (code, quantity) pairs of one delivery note into the store; all or none."""
        if not reference.strip() or not delivered:
            raise DeliveryIncomplete
        lines = []
        for code, quantity in delivered:
            product = self.catalogue.product(code)
            checked = product.checked_quantity(quantity, RECEIVED_MAX)
            lines.append(ReceivedLine(product.product_id, checked))
        fact = StockReceived(reference.strip(), tuple(lines))
        with self.recorder.transaction() as write:
            return write.record(fact, self.shift.context)
