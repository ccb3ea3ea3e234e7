"""The unfinished sale on disk, line by line, and the completed ones with their paper."""

import sqlite3
from typing import NamedTuple

import msgspec
from sqlalchemy import Column, Integer, LargeBinary, Table, Text

from journal.chain import hash_of
from journal.envelope import MalformedEnvelope, decode
from pos_client.database import metadata
from retail import facts
from retail.basket import Basket, Line
from retail.facts import PrintOutcome, ReceiptPrinted, SaleCompleted

sale = Table(
    "sale",
    metadata,
    Column("stream_no", Integer, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("seq", Integer, nullable=False),
    Column("receipt", Text, nullable=False, unique=True),
    Column("print_outcome", Text),
    Column("copies", Integer, nullable=False),
)
open_sale = Table(
    "open_sale",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("header", LargeBinary, nullable=False),
)
open_line = Table(
    "open_line",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("body", LargeBinary, nullable=False),
)


class Sold(NamedTuple):
    """A completed sale as this till keeps it. `outcome` is None while the paper is under way,
    empty when no printer was asked."""

    eid: str
    at: str
    shift: str
    cashier: str
    business_date: str
    fact: SaleCompleted
    outcome: str | None
    copies: int


_ENCODER = msgspec.json.Encoder()
_LINE = msgspec.json.Decoder(Line)
_BASKET = msgspec.json.Decoder(Basket)


def load_basket(driver: sqlite3.Connection) -> Basket | None:
    """The sale that was open when the till last stopped, up to the last accepted act."""
    row = driver.execute("SELECT header FROM open_sale").fetchone()
    if row is None:
        return None
    lines = driver.execute("SELECT body FROM open_line ORDER BY number")
    return msgspec.structs.replace(
        _BASKET.decode(row[0]), lines=tuple(_LINE.decode(body) for (body,) in lines)
    )


def save_basket(driver: sqlite3.Connection, before: Basket, after: Basket) -> None:
    """Write what an act changed: its line, and the header when that changed too."""
    was = {line.number: line for line in before.lines}
    for line in after.lines:
        if was.pop(line.number, None) is not line:
            driver.execute(
                "INSERT OR REPLACE INTO open_line VALUES (?, ?)",
                (line.number, _ENCODER.encode(line)),
            )
    for number in was:
        driver.execute("DELETE FROM open_line WHERE number = ?", (number,))
    header = _header(after)
    if header != _header(before) or not before.lines:
        driver.execute("INSERT OR REPLACE INTO open_sale VALUES (1, ?)", (_ENCODER.encode(header),))


def _header(basket: Basket) -> Basket:
    """The basket beside its lines, which have rows of their own."""
    return msgspec.structs.replace(basket, lines=())


def clear_basket(driver: sqlite3.Connection) -> None:
    driver.execute("DELETE FROM open_line")
    driver.execute("DELETE FROM open_sale")


def last_number(driver: sqlite3.Connection, stream_no: int) -> int:
    """The last receipt number of the stream, 0 before the first."""
    row = driver.execute(
        "SELECT number FROM sale WHERE stream_no = ? ORDER BY number DESC LIMIT 1", (stream_no,)
    ).fetchone()
    return int(row[0]) if row else 0


def completed(
    driver: sqlite3.Connection,
    stream_no: int,
    number: int,
    seq: int,
    receipt: str,
    *,
    prints: bool,
) -> None:
    driver.execute(
        "INSERT INTO sale VALUES (?, ?, ?, ?, ?, 0)",
        (stream_no, number, seq, receipt, None if prints else ""),
    )


def last_sale(driver: sqlite3.Connection) -> Sold | None:
    """The newest completed sale of this till, of whichever incarnation."""
    row = driver.execute(
        "SELECT journal.data, hash, sale.print_outcome, sale.copies FROM sale JOIN journal"
        " USING (stream_no, seq) ORDER BY stream_no DESC, number DESC LIMIT 1"
    ).fetchone()
    return _sold(*row) if row else None


def paper_open(driver: sqlite3.Connection) -> list[tuple[Sold, int]]:
    """Papers that were under way when the till stopped: the sale, and which copy (0 is the
    original)."""
    rows = driver.execute(
        "SELECT stream_no, seq, journal.data, hash, sale.print_outcome, sale.copies FROM sale"
        " JOIN journal USING (stream_no, seq) WHERE sale.print_outcome IS NULL"
        " ORDER BY stream_no, seq"
    ).fetchall()
    papers = []
    for stream_no, seq, *row in rows:
        sold = _sold(*row)
        ended = _ended(driver, stream_no, seq, sold.eid)
        papers += [(sold, copy) for copy in range(sold.copies + 1) if copy not in ended]
    return papers


def _ended(driver: sqlite3.Connection, stream_no: int, seq: int, sale_eid: str) -> set[int]:
    """The papers of one sale whose fate is on record: it stands in later facts."""
    rows = driver.execute(
        "SELECT data FROM journal WHERE type = ? AND (stream_no, seq) > (?, ?)",
        (facts.TYPES[ReceiptPrinted][0], stream_no, seq),
    )
    ended = set()
    for (data,) in rows:
        envelope = decode(data)
        fact = facts.decode(envelope.type, envelope.tv, envelope.body)
        if isinstance(fact, ReceiptPrinted) and fact.sale == sale_eid:
            ended.add(fact.copy)
    return ended


def _sold(data: object, hash_: str, outcome: str | None, copies: int) -> Sold:
    """The sale as it was recorded. Raises MalformedEnvelope when these are not those bytes."""
    if not isinstance(data, bytes) or hash_of(data) != hash_:
        raise MalformedEnvelope("its bytes do not have the hash beside them")
    envelope = decode(data)
    fact = facts.decode(envelope.type, envelope.tv, envelope.body)
    assert isinstance(fact, SaleCompleted)
    return Sold(
        envelope.eid,
        envelope.at,
        envelope.shift,
        envelope.cashier,
        envelope.bdate,
        fact,
        outcome,
        copies,
    )


def copying(driver: sqlite3.Connection, receipt: str, copy: int) -> None:
    """Note that a copy is about to be printed: its number is taken."""
    driver.execute(
        "UPDATE sale SET print_outcome = NULL, copies = ? WHERE receipt = ?", (copy, receipt)
    )


def printed(driver: sqlite3.Connection, receipt: str, outcome: PrintOutcome, copy: int) -> None:
    """Note what became of a receipt; a newer copy of it is a paper of its own."""
    driver.execute(
        "UPDATE sale SET print_outcome = ? WHERE receipt = ? AND copies = ?",
        (outcome.value, receipt, copy),
    )
