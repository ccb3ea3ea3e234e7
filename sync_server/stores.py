"""The stores of the chain, as they were imported."""

from sqlalchemy import Column, Connection, Table, select
from sqlalchemy import Text as SqlText

from retail.language import Text
from retail.refusals import Refusal
from sync_server.database import metadata
from sync_server.statements import SetWise

store = Table(
    "store",
    metadata,
    Column("store_id", SqlText, primary_key=True),
    Column("name", SqlText, nullable=False),
    Column("timezone", SqlText, nullable=False),
    Column("currency", SqlText, nullable=False),
)

_SAVE_STORE = SetWise(store, replacing=True)


class NoSuchStore(Refusal):
    code = "no_such_store"
    sentence = Text("There is no store {store}.", "没有门店 {store}。")
    way_on = Text(
        "Import it first: sync-server import stores FILE.csv",
        "请先导入门店：sync-server import stores FILE.csv",
    )


def known_store(connection: Connection, store_id: str) -> None:
    """Raises NoSuchStore unless the store was imported."""
    found = select(store.c.name).where(store.c.store_id == store_id)
    if connection.execute(found).first() is None:
        raise NoSuchStore(store=store_id)


def save_store(
    connection: Connection, store_id: str, name: str, timezone: str, currency: str
) -> None:
    """Add a store, or change it."""
    _SAVE_STORE.write(connection, [(store_id, name, timezone, currency)])


def store_ids(connection: Connection) -> list[str]:
    """All stores, in the order of their ids."""
    return [*connection.execute(select(store.c.store_id).order_by(store.c.store_id)).scalars()]
