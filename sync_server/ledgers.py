"""What facts add up to: the till's ledgers, with the same keys, and what was paid by the hour.

Each is written once per batch and account, sorted, so that pushes never wait for each other in a
circle.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime
from operator import eq
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Connection,
    Index,
    Table,
    Text,
    bindparam,
    delete,
    text,
)

from journal.envelope import Envelope
from retail.accounts import OVER_SHORT, SALES, is_takings
from retail.postings import LEDGER_KEYS, MONEY, STOCK, Posting, ledger_key
from sync_server.database import RowsRefused, metadata
from sync_server.statements import SetWise

#: what each ledger gains: rows of its keys, a sum and a number
Sums = Mapping[Table, Iterable[list[Any]]]

#: the start of a time of ISO 8601, down to its hour
_HOUR = slice(len("2026-06-03T09"))
#: where an integer overflows SQLite goes on with a float, which no book may hold
WHOLE = "amount BETWEEN -9000000000000000000 AND 9000000000000000000"
money_ledger = Table(
    "money_ledger",
    metadata,
    *(Column(key, Text, primary_key=True) for key in LEDGER_KEYS[MONEY]),
    Column("amount", BigInteger, nullable=False),
    Column("entries", BigInteger, nullable=False),
    CheckConstraint(WHOLE, "whole"),
)
stock_ledger = Table(
    "stock_ledger",
    metadata,
    *(Column(key, Text, primary_key=True) for key in LEDGER_KEYS[STOCK]),
    Column("amount", BigInteger, nullable=False),
    Column("entries", BigInteger, nullable=False),
    CheckConstraint(WHOLE, "whole"),
)
#: shifts that closed over or short are found without reading the rest
IS_DIFFERENCE = text(f"account = '{OVER_SHORT}' AND amount <> 0")
Index(
    "money_ledger_difference",
    money_ledger.c.business_date,
    sqlite_where=IS_DIFFERENCE,
    postgresql_where=IS_DIFFERENCE,
)
#: what customers paid within an hour of the store's wall clock, `2026-06-03T09`, and in how many
#: sales; the hour is empty where a till gave no time
takings_by_hour = Table(
    "takings_by_hour",
    metadata,
    *(
        Column(key, Text, primary_key=True)
        for key in ("store", "till", "business_date", "hour", "currency")
    ),
    Column("amount", BigInteger, nullable=False),
    Column("sales", BigInteger, nullable=False),
    CheckConstraint(WHOLE, "whole"),
)
_ADD = {
    money_ledger: SetWise(money_ledger, adding=("amount", "entries")),
    stock_ledger: SetWise(stock_ledger, adding=("amount", "entries")),
    takings_by_hour: SetWise(takings_by_hour, adding=("amount", "sales")),
}


#: by account and item: a posting to it, the sum, the number of postings
_Accounts = dict[tuple[str, str], list[Any]]


class _Rows(dict[tuple[str, ...], list[Any]]):
    """A ledger's rows by their key: the key once more, a sum, a number."""

    def add(self, key: tuple[str, ...], amount: int, count: int) -> None:
        row = self.setdefault(key, [*key, 0, 0])
        row[-2] += amount
        row[-1] += count


class Tally:
    """What a run of facts of one store comes to, summed in memory."""

    def __init__(self, store: str) -> None:
        self._store = store
        #: by the start of the till's time too, so that takings by the hour cost nothing a posting
        self._money: dict[tuple[str, str, str, str], _Accounts] = {}
        self._stock: _Accounts = {}

    def add(self, told: Envelope, entries: Iterable[Posting]) -> None:
        """Add what a fact means."""
        where = told.at[_HOUR], told.till, told.bdate, told.shift
        money = self._money.get(where)
        if money is None:
            money = self._money[where] = {}
        for entry in entries:
            accounts = money if entry.book == MONEY else self._stock
            key = entry.account, entry.item
            row = accounts.get(key)
            if row is None:
                accounts[key] = [entry, entry.amount, 1]
            else:
                row[1] += entry.amount
                row[2] += 1

    def sums(self) -> Sums:
        """What each ledger gains."""
        money, takings = _Rows(), _Rows()
        for (at, till, day, shift), accounts in self._money.items():
            hour = _hour(at)
            for entry, amount, count in accounts.values():
                money.add(ledger_key(entry, self._store, till, day, shift), amount, count)
                if is_takings(entry.account):
                    sales = count if entry.account == SALES else 0
                    takings.add((self._store, till, day, hour, entry.item), -amount, sales)
        stock = [
            [*ledger_key(entry, self._store, "", "", ""), amount, count]
            for entry, amount, count in self._stock.values()
        ]
        return {
            money_ledger: money.values(),
            stock_ledger: stock,
            takings_by_hour: takings.values(),
        }


def _hour(at: str) -> str:
    try:
        return datetime.fromisoformat(at).isoformat(timespec="hours")
    except ValueError:
        return ""


def add(connection: Connection, sums: Sums) -> None:
    """Add to each ledger what it gains, sorted by key. Raises RowsRefused."""
    for ledger, rows in sums.items():
        _ADD[ledger].write(connection, sorted(rows))


@contextmanager
def locked_in_order(connection: Connection, sums: Sums) -> Iterator[None]:
    """Hold the rows that these would add to, in the order of every push, so that who adds to them
    one by one waits for nobody in a circle (decision 0029): by adding nothing to them. A row that
    comes to nothing is taken away again."""
    nothing = {ledger: [[*row[:-2], 0, 0] for row in sorted(rows)] for ledger, rows in sums.items()}
    with suppress(RowsRefused), connection.begin_nested():  # each fact is blamed in its turn
        for ledger, rows in nothing.items():
            _ADD[ledger].write(connection, rows)
    yield
    for ledger, rows in nothing.items():
        places = [f"the_{column.name}" for column in ledger.columns]
        same = map(eq, ledger.columns, map(bindparam, places))
        if rows:
            said = [dict(zip(places, row, strict=True)) for row in rows]
            connection.execute(delete(ledger).where(*same), said)
