"""The hub without one of the safeguards that only interleaving transactions need, to see that they
are needed. Each is the smallest other version of one place in the code."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from unittest.mock import patch

from sqlalchemy import Connection, func, text, update

from pricebook.rows import GONE, Change, Contents
from sync_server import ledgers
from sync_server.database import tell_hubs
from sync_server.feed import records
from sync_server.recorder import Batch, Projection
from sync_server.statements import SetWise

_TAKEN = text("SELECT nextval('taken_position') FROM generate_series(1, :count)")
_SCOPE_ONCE = SetWise(records.scope_head, once=True)


def _hold_nothing(connection: Connection, scope: str) -> None:
    _SCOPE_ONCE.write(connection, [(scope, 0, Contents().text)])


def _put_by_a_sequence(
    connection: Connection, scope: str, changes: Sequence[Change], now: str
) -> None:
    """Positions are given out in one order and committed in another."""
    _hold_nothing(connection, scope)
    taken = connection.execute(_TAKEN, {"count": len(changes)}).scalars().all()
    records._PUT.write(
        connection,
        [
            (scope, kind, key, position, GONE if after is None else after, "" if after else now)
            for position, (kind, key, _, after) in zip(taken, changes, strict=True)
        ],
    )
    head = records.scope_head.c
    connection.execute(
        update(records.scope_head)
        .where(head.scope == scope)
        .values(position=func.greatest(head.position, taken[-1]))
    )
    tell_hubs(connection)


@contextmanager
def _no_dense_positions() -> Iterator[None]:
    with (
        patch.object(records, "hold", _hold_nothing),
        patch.object(records, "put", _put_by_a_sequence),
    ):
        yield


def _in_order_of_the_basket(self: Batch, connection: Connection, project: Projection) -> None:
    for ledger, rows in self.sums().items():
        ledgers._ADD[ledger].write(connection, list(rows))
    project(connection, self._source.store, self._applied)


#: what each is called -> the product without it, for the length of a block
SAFEGUARDS: dict[str, Callable[[], AbstractContextManager[object]]] = {
    "": nullcontext,
    "dense positions": _no_dense_positions,
    "lock order": lambda: patch.object(Batch, "apply", _in_order_of_the_basket),
}
