"""The completed sales of this till, and what becomes of their paper.

A sale is on disk before its receipt prints; what the printer did is a second fact that nobody
waits for.
"""

from contextlib import suppress
from typing import NamedTuple

import msgspec

from hardware.printer.parts import Part
from pos_client.catalogue.service import CatalogueService
from pos_client.counter.counter import Counter
from pos_client.counter.faults import CannotAnswer
from pos_client.counter.paper import Ended, Job
from pos_client.recorder import Recorder, Transaction, act
from pos_client.sale import sold as sales
from pos_client.sale.receipt import Logo, as_text, receipt_parts
from pos_client.sale.sold import Fate, Paper, Sold
from pos_client.shift.service import ShiftService
from retail.catalogue import StoreSettings
from retail.facts import PrintOutcome, ReceiptPrinted
from retail.language import Text
from retail.receipt import ReceiptNumber
from retail.refusals import Refusal

#: how it is known that a receipt printed where the printer could not tell
SAID_BY_CASHIER = "cashier"
#: why the paper's fate is unknown after the till was stopped while it printed
STOPPED_WHILE_PRINTING = "till.stopped_while_printing"


class NoPrinter(Refusal):
    code = "no_printer"
    sentence = Text("This till has no printer.", "本机没有打印机。")
    way_on = Text(
        "Set the printer's address in till.toml; the receipt can be read here, the drawer opens by"
        " its key.",
        "请在 till.toml 中设置打印机地址；小票可在此查看，钱箱请用钥匙打开。",
    )


class NoSaleYet(Refusal):
    code = "no_sale_yet"
    sentence = Text("This till has not sold anything yet.", "本机尚无销售。")
    way_on = Text("Complete a sale first.", "请先完成一笔销售。")


class NoSuchReceipt(Refusal):
    code = "no_such_receipt"
    sentence = Text("Receipt {receipt} is none of this till.", "本机没有小票 {receipt}。")
    way_on = Text(
        "See the number on the paper; F7 shows this till's receipts.",
        "请核对纸上的小票号；按 F7 查看本机小票。",
    )


class ReceiptGone(Refusal):
    code = "receipt_gone"
    sentence = Text(
        "Receipt {receipt} is older than what this till keeps.",
        "小票 {receipt} 已超出本机的保存期限。",
    )
    way_on = Text("Ask head office: it keeps them all.", "请联系总部查询；总部保存全部记录。")


class PaperNotInQuestion(Refusal):
    code = "paper_not_in_question"
    sentence = Text(
        "What became of receipt {receipt} is known.", "小票 {receipt} 的打印结果已明确。"
    )
    way_on = Text("F7 prints a copy.", "按 F7 可补打副本。")


class _WithoutPaper(NamedTuple):
    """A receipt whose customer has none for all that is known; `asks`: a person has to look."""

    receipt: str
    shift: str
    asks: bool


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
        #: replaced as a whole: the screen reads it while the counter's thread writes
        self._without: tuple[_WithoutPaper, ...] = ()
        self._put_off: set[str] = set()
        self._settle_open_paper()
        for sold in sales.wanting_paper(recorder.database.driver):
            self._look_again(sold)

    def _settle_open_paper(self) -> None:
        """Receipts that were printing when the till was killed: nobody knows what they became."""
        for receipt, copy in sales.papers_under_way(self.recorder.database.driver):
            self.counter.part_next_receipt()
            unknown = Ended(PrintOutcome.UNKNOWN, reason=STOPPED_WHILE_PRINTING)
            self._paper(self.sale_of(receipt), copy, unknown)

    @act
    def last_sale(self) -> Sold:
        """The newest completed sale. Raises NoSaleYet."""
        sold = sales.last_sale(self.recorder.database.driver)
        if sold is None:
            raise NoSaleYet
        return sold

    @property
    @act
    def last_receipt(self) -> str | None:
        """The number of the newest receipt, None before the first."""
        sold = sales.last_sale(self.recorder.database.driver)
        return sold.fact.receipt if sold else None

    @act
    def sale_of(self, receipt: str) -> Sold:
        """The sale of that receipt. Raises NoSuchReceipt, or ReceiptGone for one of long ago."""
        driver = self.recorder.database.driver
        sold = sales.sale_of(driver, receipt)
        if sold is None:
            number = ReceiptNumber.read(receipt)
            if number is not None and sales.is_gone(driver, number):
                raise ReceiptGone(receipt=receipt)
            raise NoSuchReceipt(receipt=receipt)
        return sold

    def forget(self, write: Transaction, stream_no: int, seq: int) -> None:
        """The facts of a stream up to that one were pruned."""
        sales.forget(write.driver, stream_no, seq)

    @act
    def numbered(self, number: int) -> Sold:
        """The sale with that number among the receipts of this incarnation. Raises
        NoSuchReceipt."""
        writer = self.recorder.writer
        return self.sale_of(str(ReceiptNumber(writer.stream.till, writer.stream.short, number)))

    @act
    def sale_before(self, receipt: str) -> Sold | None:
        """The sale completed before that receipt's, None when it was the first."""
        return sales.sale_before(self.recorder.database.driver, receipt)

    @act
    def sale_after(self, receipt: str) -> Sold | None:
        """The sale completed after that receipt's, None when it is the newest."""
        return sales.sale_after(self.recorder.database.driver, receipt)

    # Paper that is missing

    @property
    def without_paper(self) -> tuple[str, ...]:
        """Receipts of this shift of which the customer has none for all that is known, oldest
        first; without those that certainly did not print and were looked at."""
        return tuple(
            one.receipt
            for one in self._of_this_shift
            if one.asks or one.receipt not in self._put_off
        )

    @property
    def asked_about(self) -> tuple[str, ...]:
        """Those of them at which a person has to look, and did not put it off: a printer that
        could have told what became of them did not."""
        return tuple(
            one.receipt
            for one in self._of_this_shift
            if one.asks and one.receipt not in self._put_off
        )

    def put_off(self, receipt: str) -> None:
        """The cashier has seen it, and does nothing about it now."""
        if any(one.receipt == receipt for one in self._without):
            self._put_off.add(receipt)

    @property
    def _of_this_shift(self) -> list[_WithoutPaper]:
        shift = self.shift.current
        return [one for one in self._without if shift and one.shift == shift.context.shift]

    def _look_again(self, sold: Sold) -> None:
        receipt = sold.fact.receipt
        self._put_off.discard(receipt)
        kept = tuple(one for one in self._without if one.receipt != receipt)
        if sold.wants_paper:
            asks = sold.in_question is not None
            kept += (_WithoutPaper(receipt, sold.shift, asks),)
        self._without = kept

    # Printing

    @act
    def reprint(self, receipt: str | None = None) -> Sold:
        """Print a receipt again, the last one unless told, marked as a copy with its count, which
        is on disk before the paper moves; never opens the drawer. Raises NoPrinter, NoSaleYet or
        NoSuchReceipt."""
        if not self.counter.prints:
            raise NoPrinter
        sold = self.sale_of(receipt) if receipt else self.last_sale()
        copy = sold.next_copy
        with self.recorder.transaction() as write:
            paper = self._moves(write, sold.fact.receipt, copy, self._laid_out_by(sold))
        sold = self.sale_of(sold.fact.receipt)
        self._look_again(sold)
        self._print(sold, paper, kick_drawer=False)
        return sold

    @act
    def confirm_paper(self, receipt: str | None = None) -> Sold:
        """A person looked: a receipt of which nobody knew, the last one unless told, came out
        whole. Raises NoSaleYet, NoSuchReceipt or PaperNotInQuestion."""
        sold = self.sale_of(receipt) if receipt else self.last_sale()
        if sold.in_question is None:
            raise PaperNotInQuestion(receipt=sold.fact.receipt)
        self._paper(sold, sold.in_question.copy, Ended(PrintOutcome.PRINTED, proof=SAID_BY_CASHIER))
        return self.sale_of(sold.fact.receipt)

    def receipt_text(self, sold: Sold, copy: int = 0) -> str:
        """The receipt as the printer's columns show it."""
        return as_text(self._parts(sold, copy), self.counter.columns)

    def _parts(self, sold: Sold, copy: int) -> list[Part]:
        logo = self._logo.at(self.counter.columns) if self._logo else None
        return receipt_parts(sold, self._laid_out_by(sold), self.counter.columns, copy, logo)

    @act
    def _laid_out_by(self, sold: Sold) -> StoreSettings:
        """A copy looks as the receipt did, whatever the store's template is by now."""
        number = sold.papers[0].layout if sold.papers else None
        if number is None:
            return self.catalogue.settings
        body = sales.laid_out_by(self.recorder.database.driver, number)
        return msgspec.json.decode(body, type=StoreSettings)

    def _moves(self, write: Transaction, receipt: str, copy: int, settings: StoreSettings) -> Paper:
        """Note a paper that is about to move, and what it is laid out by."""
        layout = sales.layout_of(write.driver, msgspec.json.encode(settings))
        paper = Paper(copy, layout=layout)
        sales.printing(write.driver, receipt, paper)
        return paper

    def _print(self, sold: Sold, paper: Paper, *, kick_drawer: bool) -> None:
        parts = self._parts(sold, paper.copy)

        def ended(end: Ended) -> None:
            # When the disk refuses this fact the paper stays under way, and the next start notes
            # it as unknown: the counter must go on printing.
            with suppress(Refusal):
                self._paper(sold, paper.copy, end)

        self.counter.print(Job(sold.fact.receipt, parts, kick_drawer, ended))

    @act
    def _paper(self, sold: Sold, copy: int, end: Ended) -> None:
        receipt = sold.fact.receipt
        fact = ReceiptPrinted(sold.eid, receipt, end.outcome, end.reason, copy, end.proof)
        with self.recorder.transaction() as write:
            write.record(fact, self.shift.context, refs=(sold.eid,))
            one_way = end.reason == CannotAnswer.code
            fate = Fate.UNCONFIRMED if one_way else Fate(end.outcome)
            sales.printed(write.driver, receipt, copy, fate)
        self._look_again(self.sale_of(receipt))
