"""Transactions that interleave on a real PostgreSQL; `make interleaving` does it for longer."""

import asyncio
from itertools import count

import pytest

from rehearsal.books import hub_books
from rehearsal.interleaving.baskets import SALES_A_PUSH, TILLS, push_all
from rehearsal.interleaving.feed import PUSHERS, WRITERS, follow
from rehearsal.interleaving.without import SAFEGUARDS
from rehearsal.postgresql import PostgreSQL

pytestmark = pytest.mark.slow

WRITES = 12
PUSHES = 5
#: each push says two codes, each writer of head office one cashier; and the store's settings
ROWS = WRITES * (2 * PUSHERS + WRITERS - PUSHERS) + 1
_names = count(1)


@pytest.fixture
def url(postgresql: PostgreSQL) -> str:
    return postgresql.create_database(f"interleaving{next(_names)}")


def test_a_reader_that_follows_twelve_writers_loses_no_row(url: str) -> None:
    followed = asyncio.run(follow(url, WRITES, seed=1))
    assert (followed.written, followed.lost) == (ROWS, 0)
    assert followed.pages > WRITERS  # it read while they wrote


def test_without_dense_positions_rows_are_lost(url: str) -> None:
    with SAFEGUARDS["dense positions"]():
        followed = asyncio.run(follow(url, WRITES, seed=1))
    assert followed.written == ROWS
    assert followed.lost


def test_a_transaction_that_stays_open_in_another_database_holds_no_row_back(
    postgresql: PostgreSQL, url: str
) -> None:
    other = postgresql.create_database(f"elsewhere{next(_names)}")
    followed = asyncio.run(follow(url, WRITES, seed=1, foreign=other))
    assert (followed.written, followed.lost) == (ROWS, 0)
    # by the age of transactions hardly a row could have been shown
    assert followed.behind_xmin < WRITERS


@pytest.mark.parametrize("repeating", [False, True])
def test_no_two_of_sixteen_tills_wait_for_each_other(url: str, repeating: bool) -> None:
    pushed = asyncio.run(push_all(url, PUSHES, seed=1, repeating=repeating))
    assert (pushed.sales, pushed.deadlocks) == (TILLS * PUSHES * SALES_A_PUSH, 0)
    books = hub_books(url)
    assert sum(books.sales.values()) == pushed.sales
    assert all(account.entries for account in books.accounts.values())


def test_ledgers_locked_in_the_order_of_the_basket_let_tills_wait_in_a_circle(url: str) -> None:
    with SAFEGUARDS["lock order"]():
        assert asyncio.run(push_all(url, PUSHES, seed=1)).deadlocks
