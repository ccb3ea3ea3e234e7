"""The completed sales of this till, and what becomes of their paper.

A sale is on disk before its receipt prints; what the printer did is a second fact that nobody
waits for.
"""

from contextlib import suppress

from hardware.printer.parts import Part
from pos_client.catalogue.service import CatalogueService
from pos_client.counter.counter import Counter
from pos_client.counter.faults import CannotAnswer
from pos_client.counter.paper import Ended, Job
from pos_client.recorder import Recorder, act
from pos_client.sale import records
from pos_client.sale.receipt import Logo, as_text, receipt_parts
from pos_client.sale.records import Sold
from pos_client.shift.service import ShiftService
from retail.facts import PrintOutcome, ReceiptPrinted
from retail.refusals import NoPrinter, NoSaleYet, PaperNotInQuestion, Refusal

#: how it is known that a receipt printed where the printer could not tell
SAID_BY_CASHIER = "cashier"
#: why the paper's fate is unknown after the till was stopped while it printed
STOPPED_WHILE_PRINTING = "till.stopped_while_printing"


class Papers:
    """What was sold, and its receipts."""

    def __init__(
        self,
        recorder: Recorder,
        catalogue: CatalogueService,
        shift: ShiftService,
        counter: Counter,
        logo: Logo | None = None,
    ) -> None:
        self.recorder = recorder
        self.catalogue = catalogue
        self.shift = shift
        self.counter = counter
        self._logo = logo
        self._settle_open_paper()

    def _settle_open_paper(self) -> None:
        """Receipts that were printing when the till was killed: nobody knows what they became."""
        for sold in records.papers_under_way(self.recorder.database.driver):
            self._paper(sold, Ended(PrintOutcome.UNKNOWN, reason=STOPPED_WHILE_PRINTING))

    @act
    def last_sale(self) -> Sold:
        """The newest completed sale. Raises NoSaleYet."""
        sold = records.last_sale(self.recorder.database.driver)
        if sold is None:
            raise NoSaleYet
        return sold

    @property
    @act
    def last_receipt(self) -> str | None:
        """The number of the newest receipt, None before the first."""
        sold = records.last_sale(self.recorder.database.driver)
        return sold.fact.receipt if sold else None

    @act
    def reprint(self) -> Sold:
        """Print the last receipt again, marked as a copy with its count, which is on disk before
        the paper moves; never opens the drawer. Raises NoPrinter."""
        if not self.counter.prints:
            raise NoPrinter
        sold = self.last_sale()
        sold = sold._replace(outcome=None, copies=sold.copies + 1)
        with self.recorder.transaction() as write:
            records.printing(write.driver, sold.fact.receipt, sold.copies)
        self._print(sold, kick_drawer=False)
        return sold

    @act
    def confirm_paper(self) -> Sold:
        """A person looked: the last receipt, of which nobody knew, came out whole. Raises
        NoSaleYet or PaperNotInQuestion."""
        sold = self.last_sale()
        if not sold.is_in_question:
            raise PaperNotInQuestion(receipt=sold.fact.receipt)
        self._paper(sold, Ended(PrintOutcome.PRINTED, proof=SAID_BY_CASHIER))
        return self.last_sale()

    def receipt_text(self, sold: Sold, copy: int = 0) -> str:
        """The receipt as the printer's columns show it."""
        return as_text(self._parts(sold, copy), self.counter.columns)

    def _parts(self, sold: Sold, copy: int) -> list[Part]:
        settings = self.catalogue.settings
        logo = self._logo.at(self.counter.columns) if self._logo else None
        return receipt_parts(sold, settings, self.counter.columns, copy, logo)

    def _print(self, sold: Sold, *, kick_drawer: bool) -> None:
        parts = self._parts(sold, sold.copies)

        def ended(end: Ended) -> None:
            # When the disk refuses this fact the paper stays under way, and the next start notes
            # it as unknown: the counter must go on printing.
            with suppress(Refusal):
                self._paper(sold, end)

        self.counter.print(Job(sold.fact.receipt, parts, kick_drawer, ended))

    @act
    def _paper(self, sold: Sold, end: Ended) -> None:
        receipt, copy = sold.fact.receipt, sold.copies
        fact = ReceiptPrinted(sold.eid, receipt, end.outcome, end.reason, copy, end.proof)
        with self.recorder.transaction() as write:
            write.record(fact, self.shift.context, refs=(sold.eid,))
            one_way = end.reason == CannotAnswer.code
            outcome = records.UNCONFIRMED if one_way else str(end.outcome)
            records.printed(write.driver, receipt, outcome, copy)
