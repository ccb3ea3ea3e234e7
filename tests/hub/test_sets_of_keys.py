"""A set of keys is looked up by the index, however many there are: a scan of all a chain has for
each five thousand rows of a file would take for ever."""

from typing import Any

import pytest
from sqlalchemy import Column, Connection, select

from sync_server.catalogue.records import barcode, barcode_claim, revision_change
from sync_server.feed.records import feed
from sync_server.statements import one_of
from sync_server.stock.records import opening_stock
from tests.served_hub import ServedHub


@pytest.mark.parametrize(
    "column",
    [
        feed.c.key,
        revision_change.c.key,
        barcode.c.code,
        barcode_claim.c.code,
        opening_stock.c.product_id,
    ],
    ids=str,
)
def test_sqlite_looks_them_up(one_hub: ServedHub, column: Column[str]) -> None:
    first = [key for key in column.table.primary_key if key is not column]

    def plan(connection: Connection) -> list[Any]:
        query = select(column).where(*(key == "1" for key in first), one_of(column, ["a", "b"]))
        text = query.compile(connection, compile_kwargs={"literal_binds": True})
        return list(connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}"))

    said = " ".join(row[3] for row in one_hub.do(one_hub.hub.database.read(plan)))
    assert f"{column.name}=?" in said
