"""The till's shifts, and the balances of one in the money ledger."""

import sqlite3
from datetime import date
from typing import NamedTuple

from pos_client.recorder import ShiftContext
from retail.facts import ShiftClosed, ShiftOpened
from retail.shift import Balance


class OpenShift(NamedTuple):
    """The shift that is open at this till."""

    number: int
    context: ShiftContext
    currency: str
    float_minor: int


def open_shift(driver: sqlite3.Connection) -> OpenShift | None:
    row = driver.execute(
        "SELECT number, shift, cashier, business_date, currency, float_minor FROM shift"
        " WHERE closed_at IS NULL"
    ).fetchone()
    return OpenShift(row[0], ShiftContext(*row[1:4]), row[4], row[5]) if row else None


def last(driver: sqlite3.Connection) -> tuple[int, date | None]:
    """The number and business date of the last shift; 0 and None before the first."""
    row = driver.execute(
        "SELECT number, business_date FROM shift ORDER BY number DESC LIMIT 1"
    ).fetchone()
    return (row[0], date.fromisoformat(row[1])) if row else (0, None)


def opened(driver: sqlite3.Connection, fact: ShiftOpened, shift_id: str, at: str) -> None:
    driver.execute(
        "INSERT INTO shift (number, shift, cashier, business_date, currency, float_minor,"
        " opened_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            fact.number,
            shift_id,
            fact.cashier,
            fact.business_date.isoformat(),
            fact.currency,
            fact.float_minor,
            at,
        ),
    )


def closed(driver: sqlite3.Connection, fact: ShiftClosed, at: str) -> None:
    driver.execute(
        "UPDATE shift SET closed_at = ?, expected_minor = ?, counted_minor = ? WHERE number = ?",
        (at, fact.expected_minor, fact.counted_minor, fact.number),
    )


def balances(driver: sqlite3.Connection, shift: OpenShift) -> list[Balance]:
    """The money ledger of one shift, in its currency."""
    rows = driver.execute(
        "SELECT account, amount, entries FROM money_ledger"
        " WHERE business_date = ? AND shift = ? AND currency = ?",
        (shift.context.business_date, shift.context.shift, shift.currency),
    )
    return [Balance(*row) for row in rows]
