"""What lay in the stores before the first fact in these books, what there is with it, and what the
chain sold most."""

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import BigInteger, Column, Connection, Table, Text, and_, or_, select

from retail import accounts
from retail.money import Money
from sync_server.database import metadata
from sync_server.ledgers import stock_ledger
from sync_server.statements import SetWise, one_of, summed
from sync_server.stores import store

opening_stock = Table(
    "opening_stock",
    metadata,
    Column("store_id", Text, primary_key=True),
    Column("product_id", Text, primary_key=True),
    Column("quantity", BigInteger, nullable=False),
    Column("cost_minor", BigInteger),
    Column("currency", Text, nullable=False),
)

_PUT = SetWise(opening_stock, replacing=True)
_SAID = (opening_stock.c.quantity, opening_stock.c.cost_minor, opening_stock.c.currency)


class Opening(NamedTuple):
    """What lay in a store of a product before the first fact, in 1/1000 of its unit, and what one
    unit had cost, in minor units of the currency; None where nobody said."""

    product_id: str
    quantity: int
    cost_minor: int | None
    currency: str

    @property
    def cost(self) -> str:
        """What one unit had cost, as a reader has it; empty where nobody said."""
        if self.cost_minor is None:
            return ""
        return f"{Money(self.cost_minor, self.currency).plain} {self.currency}"


class OnHand(NamedTuple):
    """What there is of a product in a store, in 1/1000 of its unit: what lay there before the
    first fact, None where nobody said, and what all facts of the store have added and taken."""

    store_id: str
    store_name: str
    opening: Opening | None
    booked: int

    @property
    def quantity(self) -> int:
        return self.booked + (self.opening.quantity if self.opening else 0)


def openings(
    connection: Connection, store_id: str, product_ids: Sequence[str]
) -> dict[str, Opening]:
    """What lay in the store of these products; those of which nobody said anything are left
    out."""
    of_store = select(opening_stock.c.product_id, *_SAID).where(
        opening_stock.c.store_id == store_id, one_of(opening_stock.c.product_id, product_ids)
    )
    return {row.product_id: Opening(*row) for row in connection.execute(of_store)}


def put(connection: Connection, store_id: str, rows: Sequence[Opening]) -> None:
    """Let this have lain in the store; products must not repeat within the rows."""
    _PUT.write(connection, [(store_id, *row) for row in rows])


def on_hand(connection: Connection, product_id: str) -> list[OnHand]:
    """Of each store that has anything to say of the product, in the order of their ids."""
    ledger = stock_ledger.c
    of_facts = and_(
        ledger.store == store.c.store_id,
        ledger.product == product_id,
        ledger.account == accounts.STORE,
    )
    lay_there = and_(
        opening_stock.c.store_id == store.c.store_id, opening_stock.c.product_id == product_id
    )
    rows = connection.execute(
        select(store.c.store_id, store.c.name, ledger.amount, *_SAID)
        .select_from(store)
        .outerjoin(stock_ledger, of_facts)
        .outerjoin(opening_stock, lay_there)
        .where(or_(ledger.amount.is_not(None), opening_stock.c.quantity.is_not(None)))
        .order_by(store.c.store_id)
    )
    return [
        OnHand(
            row.store_id,
            row.name,
            None if row.quantity is None else Opening(product_id, *row[3:]),
            row.amount or 0,
        )
        for row in rows
    ]


def most_sold(connection: Connection, most: int) -> dict[str, int]:
    """The products that the chain sold most of, in 1/1000 of their units."""
    sold = summed(stock_ledger.c.amount)
    rows = connection.execute(
        select(stock_ledger.c.product, sold)
        .where(stock_ledger.c.account == accounts.SOLD)
        .group_by(stock_ledger.c.product)
        .order_by(sold.desc(), stock_ledger.c.product)
        .limit(most)
    )
    return {row[0]: int(row[1]) for row in rows}
