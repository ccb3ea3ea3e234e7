"""The unfinished sale on disk, line by line, and those that are parked."""

import sqlite3
from typing import NamedTuple

import msgspec

from retail.basket import Basket, Line


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
