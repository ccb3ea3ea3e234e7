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
from retail.facts import PrintOutcome, SaleCompleted

sale = Table(
    "sale",
    metadata,
    Column("stream_no", Integer, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("seq", Integer, nullable=False),
    Column("receipt", Text, nullable=False, unique=True),
)
paper = Table(
    "paper",
    metadata,
    Column("receipt", Text, primary_key=True),
    Column("copy", Integer, primary_key=True),
    Column("outcome", Text),
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
parked_sale = Table(
    "parked_sale",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("at", Text, nullable=False),
    Column("note", Text, nullable=False),
    Column("basket", LargeBinary, nullable=False),
)


#: the outcome of a sale for which no printer was asked
NO_PAPER = ""
#: the outcome where the printer has no way to tell
UNCONFIRMED = "unconfirmed"


class Sold(NamedTuple):
    """A completed sale as this till keeps it, with its newest paper: `outcome` is None while that
    is under way, `copies` counts the reprints."""

    eid: str
    at: str
    shift: str
    cashier: str
    business_date: str
    fact: SaleCompleted
    outcome: str | None
    copies: int

    @property
    def is_in_question(self) -> bool:
        """Nobody knows what became of the paper."""
        return self.outcome in (PrintOutcome.UNKNOWN, UNCONFIRMED)


class Parked(NamedTuple):
    """A sale that waits: since when, ISO 8601, and by what it is known again."""

    number: int
    at: str
    note: str
    basket: Basket


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
    if header != _header(before):
        driver.execute("INSERT OR REPLACE INTO open_sale VALUES (1, ?)", (_ENCODER.encode(header),))


def _header(basket: Basket) -> Basket:
    """The basket beside its lines, which have rows of their own."""
    return msgspec.structs.replace(basket, lines=())


def clear_basket(driver: sqlite3.Connection) -> None:
    driver.execute("DELETE FROM open_line")
    driver.execute("DELETE FROM open_sale")


def park(driver: sqlite3.Connection, at: str, note: str, basket: Basket) -> Parked:
    """Put a sale aside; its number is one above all that wait."""
    cursor = driver.execute(
        "INSERT INTO parked_sale (at, note, basket) VALUES (?, ?, ?)",
        (at, note, _ENCODER.encode(basket)),
    )
    return Parked(cursor.lastrowid or 0, at, note, basket)


def parked(driver: sqlite3.Connection) -> list[Parked]:
    """All sales that wait, the newest first."""
    rows = driver.execute("SELECT number, at, note, basket FROM parked_sale ORDER BY number DESC")
    return [Parked(number, at, note, _BASKET.decode(body)) for number, at, note, body in rows]


def forget_parked(driver: sqlite3.Connection, number: int) -> None:
    driver.execute("DELETE FROM parked_sale WHERE number = ?", (number,))


def last_number(driver: sqlite3.Connection, stream_no: int) -> int:
    """The last receipt number of the stream, 0 before the first."""
    row = driver.execute(
        "SELECT number FROM sale WHERE stream_no = ? ORDER BY number DESC LIMIT 1", (stream_no,)
    ).fetchone()
    return int(row[0]) if row else 0


def completed(
    driver: sqlite3.Connection, stream_no: int, number: int, seq: int, receipt: str
) -> None:
    driver.execute("INSERT INTO sale VALUES (?, ?, ?, ?)", (stream_no, number, seq, receipt))


def last_sale(driver: sqlite3.Connection) -> Sold | None:
    """The newest completed sale of this till, of whichever incarnation, and its newest paper."""
    row = driver.execute(
        "SELECT receipt, journal.data, hash FROM sale JOIN journal USING (stream_no, seq)"
        " ORDER BY stream_no DESC, number DESC LIMIT 1"
    ).fetchone()
    if row is None:
        return None
    newest = driver.execute(
        "SELECT outcome, copy FROM paper WHERE receipt = ? ORDER BY copy DESC LIMIT 1", row[:1]
    ).fetchone()
    return _sold(*row[1:], *(newest or (NO_PAPER, 0)))


def papers_under_way(driver: sqlite3.Connection) -> list[Sold]:
    """What was printing when the till stopped: the sale, with which copy of it."""
    rows = driver.execute(
        "SELECT journal.data, hash, outcome, copy FROM paper JOIN sale USING (receipt)"
        " JOIN journal USING (stream_no, seq) WHERE outcome IS NULL ORDER BY stream_no, seq, copy"
    )
    return [_sold(*row) for row in rows.fetchall()]


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


def printing(driver: sqlite3.Connection, receipt: str, copy: int) -> None:
    """Note that a paper is about to move: its number is taken."""
    driver.execute("INSERT INTO paper VALUES (?, ?, NULL)", (receipt, copy))


def printed(driver: sqlite3.Connection, receipt: str, outcome: str, copy: int) -> None:
    """Note what became of it: a PrintOutcome, or UNCONFIRMED."""
    driver.execute(
        "UPDATE paper SET outcome = ? WHERE receipt = ? AND copy = ?",
        (str(outcome), receipt, copy),
    )
