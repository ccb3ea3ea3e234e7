"""The books, read afresh from the databases with plain SQL: what was sold, taken, is there.

Owns the reading, the adding up of several tills, and naming what differs. It refuses to use any
of the product's code, so that a fault there cannot agree with itself. Amounts are minor units,
quantities 1/1000 of a product's unit, days business dates as `2026-06-03`.

    tills = merged([till_books(home.data / "till.db") for home in shop.homes])
    for difference in differences(tills, hub_books(shop.database_url)):
        print(difference.say("tills", "hub"))

Or by hand, exit 0 only if they agree:

    python -m rehearsal.books sqlite:///hub.db S01-1/till.db S01-2/till.db
"""

import asyncio
import sqlite3
import sys
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

import asyncpg

WAIT_S = 30.0
"""How long a database may take to let us in."""
FACTS_AT_ONCE = 1_000
"""Rows of a journal fetched at once."""
SHOWN_LIMIT = 20
"""Differences named one by one; of more only the number is said."""
AGREE = "the books agree"


class UnreadableBooks(Exception):
    """There are no books there; says where and why."""


class Stream(NamedTuple):
    """The facts of one incarnation: how many, the hash of the last as stored beside it, and the
    SHA-256 of all their bytes in a row, computed here."""

    facts: int
    head_hash: str
    bytes_hash: str


class Books(NamedTuple):
    """What the ledgers and journals come to. An expectation may fill only some of them.

    A sum that is not there is 0.
    """

    sales: Mapping[tuple[str, str], int] = {}
    """(till, day) -> completed sales: the entries of account `sales`."""
    takings: Mapping[tuple[str, str], int] = {}
    """(till, day) -> what was sold for, tax included: minus the sum of `sales` and `tax:…`."""
    tenders: Mapping[tuple[str, str, str], int] = {}
    """(till, day, tender) -> what customers paid less change; `cash` is what `drawer`, `safe`
    and `over_short` gained together, so a float or a closed shift does not change it."""
    drawer: Mapping[str, int] = {}
    """till -> what should lie in its drawer."""
    sold: Mapping[str, int] = {}
    """product -> quantity sold."""
    on_hand: Mapping[tuple[str, str], int] = {}
    """(store, product) -> what should be on the shelf; below 0 what was never received."""
    streams: Mapping[tuple[str, str], Stream] = {}
    """(till, incarnation) -> its facts, whatever they mean."""

    @property
    def facts(self) -> int:
        """How many facts of all tills."""
        return sum(stream.facts for stream in self.streams.values())


class Difference(NamedTuple):
    """One key of one book under which two sides hold different values."""

    book: str
    key: tuple[str, ...]
    left: int | Stream | None
    right: int | Stream | None

    def say(self, left: str, right: str) -> str:
        """The difference as a line; `left` and `right` name the two sides."""
        key, book = " ".join(self.key), self.book.replace("_", " ")
        return f"{book} of {key}: {left} {_plain(self.left)}, {right} {_plain(self.right)}"


def till_books(database_file: Path) -> Books:
    """The books of one till. Raises UnreadableBooks."""
    return _sqlite_books(database_file, _TILL_FACTS)


def hub_books(url: str) -> Books:
    """The books of the hub at `sqlite:///FILE` or `postgresql://…`. Raises UnreadableBooks."""
    scheme, _, rest = url.partition("://")
    match scheme:
        case "sqlite":
            return _sqlite_books(Path(rest.removeprefix("/")), _HUB_FACTS)
        case "postgresql":
            with ThreadPoolExecutor(1) as thread:  # this thread may have an event loop running
                return thread.submit(asyncio.run, _postgresql_books(url)).result()
        case _:
            raise UnreadableBooks(f"{url}: neither sqlite:///FILE nor postgresql://…")


def merged(books: Iterable[Books]) -> Books:
    """Several tills' books as one. ValueError when the same facts come in twice."""
    sums: dict[str, Counter[Any]] = {name: Counter() for name in _SUMS}
    streams: dict[tuple[str, str], Stream] = {}
    for each in books:
        twice = streams.keys() & each.streams.keys()
        if twice:
            raise ValueError(f"the facts of {sorted(twice)} would be added twice")
        streams.update(each.streams)
        for name, sum_ in sums.items():
            sum_.update(getattr(each, name))
    return Books(**{name: dict(sum_) for name, sum_ in sums.items()}, streams=streams)


def differences(
    left: Books, right: Books, only: Collection[str] = Books._fields
) -> list[Difference]:
    """Every key that differs, book by book, sorted; `only` names the books to compare.
    ValueError for a name that is no book."""
    if unknown := set(only) - set(Books._fields):
        raise ValueError(f"no such book: {', '.join(sorted(unknown))}")
    found = []
    for book in (name for name in Books._fields if name in only):
        nothing = None if book == "streams" else 0
        ours, theirs = getattr(left, book), getattr(right, book)
        for key in sorted(ours.keys() | theirs.keys()):
            pair = ours.get(key, nothing), theirs.get(key, nothing)
            if pair[0] != pair[1]:
                found.append(Difference(book, (key,) if isinstance(key, str) else key, *pair))
    return found


def verdict(found: Sequence[Difference], left: str, right: str) -> list[str]:
    """What a comparison came to, as lines: the differences, and last whether the books agree."""
    if not found:
        return [AGREE]
    lines = [difference.say(left, right) for difference in found[:SHOWN_LIMIT]]
    if len(found) > SHOWN_LIMIT:
        lines.append(f"and {len(found) - SHOWN_LIMIT} more")
    return [*lines, f"the books differ in {len(found)} places"]


def _plain(value: int | Stream | None) -> str:
    match value:
        case None:
            return "none"
        case Stream(facts, head_hash, bytes_hash):
            return f"{facts} facts, head {head_hash[:12]}, bytes {bytes_hash[:12]}"
        case _:
            return str(value)


# --- reading

_MONEY = (
    "SELECT till, business_date, account, SUM(amount), SUM(entries) FROM money_ledger"
    " GROUP BY till, business_date, account"
)
_STOCK = "SELECT store, product, account, SUM(amount) FROM stock_ledger GROUP BY 1, 2, 3"
_TILL_FACTS = (
    "SELECT identity.till, stream.incarnation, journal.hash, journal.data"
    " FROM journal JOIN stream USING (stream_no), identity"
    " ORDER BY journal.stream_no, journal.seq"
)
_HUB_FACTS = (
    "SELECT stream.till_id, stream.incarnation, journal.hash, journal.data"
    " FROM journal JOIN stream USING (stream_no) ORDER BY journal.stream_no, journal.seq"
)
_SUMS = ("sales", "takings", "tenders", "drawer", "sold", "on_hand")
#: where the cash that customers paid may lie: postings between these move it, never make it
_CASH = ("drawer", "safe", "over_short")
_TENDER = "tender:"


class _Reading:
    """Books as rows come in."""

    def __init__(self) -> None:
        self._sums: dict[str, Counter[Any]] = {name: Counter() for name in _SUMS}
        self._streams: dict[tuple[str, str], tuple[int, str, Any]] = {}

    def money(self, till: str, day: str, account: str, amount: int, entries: int) -> None:
        """One account of one till and day."""
        sums, amount = self._sums, int(amount)
        if account == "sales":
            sums["sales"][till, day] += int(entries)
        if account == "sales" or account.startswith("tax:"):
            sums["takings"][till, day] -= amount
        if account.startswith(_TENDER):
            sums["tenders"][till, day, account.removeprefix(_TENDER)] += amount
        if account in _CASH:
            sums["tenders"][till, day, "cash"] += amount
        if account == "drawer":
            sums["drawer"][till] += amount

    def stock(self, store: str, product: str, account: str, amount: int) -> None:
        """One account of one product in one store."""
        if account == "sold":
            self._sums["sold"][product] += int(amount)
        if account == "store":
            self._sums["on_hand"][store, product] += int(amount)

    def fact(self, till: str, incarnation: str, hash_: str, data: bytes | str) -> None:
        """The next fact of a stream; SQLite gives text where somebody wrote text."""
        facts, _, digest = self._streams.get((till, incarnation)) or (0, "", sha256())
        digest.update(data.encode() if isinstance(data, str) else data)
        self._streams[till, incarnation] = (facts + 1, hash_, digest)

    def books(self) -> Books:
        """What came in."""
        streams = {
            key: Stream(facts, head_hash, digest.hexdigest())
            for key, (facts, head_hash, digest) in self._streams.items()
        }
        return Books(**{name: dict(sum_) for name, sum_ in self._sums.items()}, streams=streams)


def _sqlite_books(file: Path, facts: str) -> Books:
    reading = _Reading()
    try:
        where = f"file:{quote(str(file))}?mode=ro"
        with closing(sqlite3.connect(where, uri=True, timeout=WAIT_S)) as database:
            database.execute("BEGIN")  # one snapshot for all three
            for money in database.execute(_MONEY):
                reading.money(*money)
            for stock in database.execute(_STOCK):
                reading.stock(*stock)
            for fact in database.execute(facts):
                reading.fact(*fact)
    except sqlite3.Error as fault:
        raise UnreadableBooks(f"{file}: {fault}") from None
    return reading.books()


async def _postgresql_books(url: str) -> Books:
    reading = _Reading()
    try:
        database = await asyncpg.connect(url, timeout=WAIT_S)
        try:
            async with database.transaction(isolation="repeatable_read", readonly=True):
                for money in await database.fetch(_MONEY):
                    reading.money(*money)
                for stock in await database.fetch(_STOCK):
                    reading.stock(*stock)
                async for fact in database.cursor(_HUB_FACTS, prefetch=FACTS_AT_ONCE):
                    reading.fact(*fact)
        finally:
            await database.close()
    except (asyncpg.PostgresError, OSError) as fault:
        raise UnreadableBooks(f"{url}: {fault}") from None
    return reading.books()


def main(arguments: Sequence[str]) -> int:
    """Compare a hub with the tills' files -> exit code: 0 agree, 1 differ, 2 wrong usage."""
    if len(arguments) < 2 or arguments[0].startswith("-"):
        print("usage: python -m rehearsal.books HUB_URL TILL_DATABASE …", file=sys.stderr)
        return 2
    try:
        hub = hub_books(arguments[0])
        tills = merged(till_books(Path(file)) for file in arguments[1:])
    except (UnreadableBooks, ValueError) as no:
        print(no, file=sys.stderr)
        return 1
    found = differences(tills, hub)
    print("\n".join(verdict(found, "tills", "hub")))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
