"""The completed sales on disk, each with its papers and what they were laid out by."""

import sqlite3
from enum import StrEnum
from typing import NamedTuple

from journal.chain import hash_of
from journal.envelope import Envelope, MalformedEnvelope, decode
from journal.stream import SHORT_LENGTH
from retail import facts
from retail.facts import TYPES, PrintOutcome, SaleCompleted
from retail.receipt import ReceiptNumber

_COMPLETED, _ = TYPES[SaleCompleted]


class Fate(StrEnum):
    """What became of a paper of a receipt, as the headless till says it. On disk it is the same,
    but NULL while it is under way, and no row without a printer. Facts have a PrintOutcome, which
    is unknown of one that is unconfirmed."""

    PRINTED = PrintOutcome.PRINTED.value
    NOT_PRINTED = PrintOutcome.NOT_PRINTED.value
    UNKNOWN = PrintOutcome.UNKNOWN.value
    #: sent, and the printer has no way to tell
    UNCONFIRMED = "unconfirmed"
    #: under way
    PRINTING = "printing"
    #: no printer was asked, so there is no paper
    NO_PRINTER = "no_printer"


class Paper(NamedTuple):
    """A paper of a receipt: `copy` 0 is the original, `layout` what it was laid out by."""

    copy: int
    fate: Fate = Fate.PRINTING
    layout: int | None = None

    @property
    def may_be_whole(self) -> bool:
        return self.fate in (Fate.UNKNOWN, Fate.UNCONFIRMED)


class Sold(NamedTuple):
    """A completed sale as this till keeps it, with its papers in the order of their copies."""

    eid: str
    at: str
    shift: str
    cashier: str
    business_date: str
    fact: SaleCompleted
    papers: tuple[Paper, ...] = ()

    @property
    def fate(self) -> Fate:
        """What became of the newest paper."""
        return self.papers[-1].fate if self.papers else Fate.NO_PRINTER

    @property
    def copies(self) -> int:
        """Which copy the newest paper is."""
        return self.papers[-1].copy if self.papers else 0

    @property
    def next_copy(self) -> int:
        """The number of the next copy. One that certainly did not print has used up none."""
        used = [paper.copy for paper in self.papers if paper.fate is not Fate.NOT_PRINTED]
        return max(used, default=0) + 1

    @property
    def in_question(self) -> Paper | None:
        """The newest paper that may have come out, if nobody knows whether it did."""
        out = [paper for paper in self.papers if paper.fate is not Fate.NOT_PRINTED]
        return out[-1] if out and out[-1].may_be_whole else None

    @property
    def wants_paper(self) -> bool:
        """Whether the customer has none for all that is known, and none is under way."""
        fates = {paper.fate for paper in self.papers}
        return bool(fates) and fates <= {Fate.UNKNOWN, Fate.NOT_PRINTED}


_SOLD = "SELECT receipt, journal.data, hash FROM sale JOIN journal USING (stream_no, seq) "
_NEWEST = "ORDER BY stream_no DESC, number DESC LIMIT 1"
_BEFORE = (
    "WHERE (stream_no, number) < (SELECT stream_no, number FROM sale WHERE receipt = ?)"
    " ORDER BY stream_no DESC, number DESC LIMIT 1"
)
_AFTER = (
    "WHERE (stream_no, number) > (SELECT stream_no, number FROM sale WHERE receipt = ?)"
    " ORDER BY stream_no, number LIMIT 1"
)
#: a sale that was numbered in another stream stands before all of its own: its seq less this
_ELSEWHERE = 1 << 31
#: of more sales than a shift has
_WANTING = (
    "SELECT receipt FROM"
    " (SELECT receipt, stream_no, number FROM sale"
    " ORDER BY stream_no DESC, number DESC LIMIT 5000)"
    " JOIN paper USING (receipt) GROUP BY receipt"
    " HAVING max(outcome IN (?, ?)) = 0 ORDER BY stream_no, number"
)


def last_number(driver: sqlite3.Connection, stream_no: int) -> int:
    """The last receipt number of the stream, 0 before the first."""
    row = driver.execute(
        "SELECT number FROM sale WHERE stream_no = ? AND number > 0 ORDER BY number DESC LIMIT 1",
        (stream_no,),
    ).fetchone()
    return int(row[0]) if row else 0


def completed(
    driver: sqlite3.Connection, stream_no: int, number: int, seq: int, receipt: str
) -> None:
    driver.execute("INSERT INTO sale VALUES (?, ?, ?, ?)", (stream_no, number, seq, receipt))


def _sale_in(envelope: Envelope) -> SaleCompleted | None:
    if envelope.type != _COMPLETED:
        return None
    fact = facts.decode(envelope.type, envelope.tv, envelope.body)
    assert isinstance(fact, SaleCompleted)
    return fact


def moved(
    driver: sqlite3.Connection, stream_no: int, envelope: Envelope, new: tuple[int, int]
) -> None:
    """What was a sale's fact, perhaps, stands in another stream now, whose numbers it has no part
    in. It is found by its receipt: there is no index of places."""
    fact = _sale_in(envelope)
    if fact is None:
        return
    new_stream_no, seq = new
    driver.execute(
        "UPDATE sale SET stream_no = ?, seq = ?, number = ?"
        " WHERE receipt = ? AND (stream_no, seq) = (?, ?)",
        (new_stream_no, seq, seq - _ELSEWHERE, fact.receipt, stream_no, envelope.seq),
    )


def known_again(driver: sqlite3.Connection, stream_no: int, envelope: Envelope) -> None:
    """A fact of this till came back; a sale is found by its receipt again. Of two with one number,
    which a copied machine may issue, the one that is known stays."""
    fact = _sale_in(envelope)
    if fact is None:
        return
    (incarnation,) = driver.execute(
        "SELECT incarnation FROM stream WHERE stream_no = ?", (stream_no,)
    ).fetchone()
    receipt = ReceiptNumber.read(fact.receipt)
    if receipt is not None:
        is_own = incarnation.startswith(receipt.incarnation)
        number = receipt.number if is_own else envelope.seq - _ELSEWHERE
        driver.execute(
            "INSERT OR IGNORE INTO sale VALUES (?, ?, ?, ?)",
            (stream_no, number, envelope.seq, fact.receipt),
        )


def last_sale(driver: sqlite3.Connection) -> Sold | None:
    """The newest completed sale of this till, of whichever incarnation."""
    return _one_sold(driver, _NEWEST)


def sale_of(driver: sqlite3.Connection, receipt: str) -> Sold | None:
    """The sale of that receipt."""
    return _one_sold(driver, "WHERE receipt = ?", receipt)


def is_gone(driver: sqlite3.Connection, receipt: ReceiptNumber) -> bool:
    """Whether the receipt was this till's, and its fact is here no more."""
    streams = driver.execute(
        "SELECT stream_no, (SELECT till FROM identity) FROM stream"
        " WHERE pruned_seq > 0 AND substr(incarnation, 1, ?) = ?",
        (SHORT_LENGTH, receipt.incarnation),
    )
    for stream_no, till in streams.fetchall():
        (first,) = driver.execute(
            "SELECT min(number) FROM sale JOIN journal USING (stream_no, seq)"
            " WHERE stream_no = ? AND number > 0",
            (stream_no,),
        ).fetchone()
        issued = last_number(driver, stream_no)
        if till == receipt.till_id and 0 < receipt.number <= issued:
            return first is None or receipt.number < first
    return False


def forget(driver: sqlite3.Connection, stream_no: int, seq: int) -> None:
    """The facts up to that one are here no more: of their sales only the last number of the stream
    stays known, for the next receipt's."""
    which = (stream_no, seq, last_number(driver, stream_no))
    gone = "FROM sale WHERE stream_no = ? AND seq <= ? AND number <> ?"
    driver.execute(f"DELETE FROM paper WHERE receipt IN (SELECT receipt {gone})", which)  # noqa: S608
    driver.execute(f"DELETE {gone}", which)


def sale_before(driver: sqlite3.Connection, receipt: str) -> Sold | None:
    """The sale completed before that receipt's."""
    return _one_sold(driver, _BEFORE, receipt)


def sale_after(driver: sqlite3.Connection, receipt: str) -> Sold | None:
    """The sale completed after that receipt's."""
    return _one_sold(driver, _AFTER, receipt)


def wanting_paper(driver: sqlite3.Connection) -> list[Sold]:
    """The sales, oldest first, whose customers have no paper for all that is known."""
    come_out = Fate.PRINTED.value, Fate.UNCONFIRMED.value
    rows = driver.execute(_WANTING, come_out).fetchall()
    found = [sale_of(driver, receipt) for (receipt,) in rows]
    return [sold for sold in found if sold is not None and sold.wants_paper]


def papers_under_way(driver: sqlite3.Connection) -> list[tuple[str, int]]:
    """What was printing when the till stopped: receipt, and which copy of it."""
    rows = driver.execute(
        "SELECT receipt, copy FROM paper JOIN sale USING (receipt) WHERE outcome IS NULL"
        " ORDER BY stream_no, number, copy"
    )
    return rows.fetchall()


def _one_sold(driver: sqlite3.Connection, which: str, *values: str) -> Sold | None:
    """The sale as it was recorded. Raises MalformedEnvelope when these are not those bytes."""
    row = driver.execute(_SOLD + which, values).fetchone()
    if row is None:
        return None
    receipt, data, hash_ = row
    if not isinstance(data, bytes) or hash_of(data) != hash_:
        raise MalformedEnvelope("its bytes do not have the hash beside them")
    papers = driver.execute(
        "SELECT copy, outcome, layout FROM paper WHERE receipt = ? ORDER BY copy", (receipt,)
    )
    envelope = decode(data)
    fact = facts.decode(envelope.type, envelope.tv, envelope.body)
    assert isinstance(fact, SaleCompleted)
    return Sold(
        *(envelope.eid, envelope.at, envelope.shift, envelope.cashier, envelope.bdate, fact),
        tuple(
            Paper(copy, Fate(fate or Fate.PRINTING), layout)
            for copy, fate, layout in papers.fetchall()
        ),
    )


def printing(driver: sqlite3.Connection, receipt: str, paper: Paper) -> None:
    """Note that a paper is about to move: its number is taken."""
    driver.execute(
        "INSERT INTO paper (receipt, copy, outcome, layout) VALUES (?, ?, NULL, ?)"
        " ON CONFLICT (receipt, copy) DO UPDATE SET outcome = NULL, layout = excluded.layout",
        (receipt, paper.copy, paper.layout),
    )


def printed(driver: sqlite3.Connection, receipt: str, copy: int, fate: Fate) -> None:
    """Note what became of it."""
    driver.execute(
        "UPDATE paper SET outcome = ? WHERE receipt = ? AND copy = ?",
        (fate.value, receipt, copy),
    )


def layout_of(driver: sqlite3.Connection, settings: bytes) -> int:
    """The number of what receipts are laid out by, noted when it is new."""
    row = driver.execute("SELECT id FROM layout WHERE settings = ?", (settings,)).fetchone()
    if row is None:
        row = driver.execute(
            "INSERT INTO layout (settings) VALUES (?) RETURNING id", (settings,)
        ).fetchone()
    return int(row[0])


def laid_out_by(driver: sqlite3.Connection, number: int) -> bytes:
    """The settings of that number."""
    row = driver.execute("SELECT settings FROM layout WHERE id = ?", (number,)).fetchone()
    return bytes(row[0])
