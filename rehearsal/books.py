"""The books, read afresh from the databases with plain SQL: what was sold, taken, is there.

Owns what accounts mean, the adding up of several tills, and naming what differs. It refuses to use
any of the product's code, so that a fault there cannot agree with itself. Amounts are minor units,
quantities 1/1000 of a product's unit, days business dates as `2026-06-03`.

    tills = merged([till_books(home.database_file) for home in shop.homes])
    for difference in differences(tills, hub_books(shop.database_url)):
        print(difference.say("tills", "hub"))

Or by hand, exit 0 only if they agree:

    python -m rehearsal.books sqlite:///hub.db S01-1/till.db S01-2/till.db
"""

import sys
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

from rehearsal.snapshot import Query, UnreadableBooks, read, read_file

SHOWN_LIMIT = 20
"""Differences named one by one; of more only the number is said."""
AGREE = "the books agree"


class Stream(NamedTuple):
    """The facts of one incarnation: how many, the hash of the last as stored beside it, and the
    SHA-256 of all their bytes in a row, computed here."""

    facts: int
    head_hash: str
    bytes_hash: str


class Account(NamedTuple):
    """One row of a ledger: its sum, and from how many postings."""

    amount: int
    entries: int

    def __add__(self, other: object) -> "Account":
        assert isinstance(other, Account)
        return Account(self.amount + other.amount, self.entries + other.entries)


Value = int | Stream | Account | None
"""What a book holds under a key; None where an account or a stream is not there."""


class Books(NamedTuple):
    """What the ledgers and journals come to. An expectation may fill only some of them.

    A sum that is not there is 0.
    """

    sales: Mapping[tuple[str, str], int] = {}
    """(till, day) -> completed sales: the entries of account `sales`."""
    takings: Mapping[tuple[str, str], int] = {}
    """(till, day) -> what customers paid, as an X report says it: minus the sum of `sales`,
    `tax:…` and `rounding`."""
    goods: Mapping[tuple[str, str], int] = {}
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
    accounts: Mapping[tuple[str, ...], Account] = {}
    """(book, all keys of its row) -> one account as it is stored, whatever it means."""

    @property
    def facts(self) -> int:
        """How many facts of all tills."""
        return sum(stream.facts for stream in self.streams.values())


class Difference(NamedTuple):
    """One key of one book under which two sides hold different values."""

    book: str
    key: tuple[str, ...]
    left: Value
    right: Value

    def say(self, left: str, right: str) -> str:
        """The difference as a line; `left` and `right` name the two sides."""
        key, book = " ".join(self.key), self.book.replace("_", " ")
        return f"{book} of {key}: {left} {_plain(self.left)}, {right} {_plain(self.right)}"


def till_books(database_file: Path) -> Books:
    """The books of one till. Raises UnreadableBooks."""
    reading = _Reading()
    read_file(database_file, reading.queries(_TILL_FACTS))
    return reading.books()


def hub_books(url: str) -> Books:
    """The books of the hub at `sqlite:///FILE` or `postgresql://…`. Raises UnreadableBooks."""
    reading = _Reading()
    read(url, reading.queries(_HUB_FACTS))
    return reading.books()


def merged(books: Iterable[Books]) -> Books:
    """Several tills' books as one. ValueError when the same facts come in twice."""
    sums: dict[str, Counter[Any]] = {name: Counter() for name in _SUMS}
    streams: dict[tuple[str, str], Stream] = {}
    accounts: dict[tuple[str, ...], Account] = {}
    for each in books:
        twice = streams.keys() & each.streams.keys()
        if twice:
            raise ValueError(f"the facts of {sorted(twice)} would be added twice")
        streams.update(each.streams)
        for name, sum_ in sums.items():
            sum_.update(getattr(each, name))
        for key, account in each.accounts.items():  # the tills of a store share its stock
            accounts[key] = accounts.get(key, _NO_POSTING) + account
    return _books(sums, streams, accounts)


def differences(
    left: Books, right: Books, only: Collection[str] = Books._fields
) -> list[Difference]:
    """Every key that differs, book by book, sorted; `only` names the books to compare.
    ValueError for a name that is no book."""
    if unknown := set(only) - set(Books._fields):
        raise ValueError(f"no such book: {', '.join(sorted(unknown))}")
    found = []
    for book in (name for name in Books._fields if name in only):
        nothing = 0 if book in _SUMS else None
        ours, theirs = getattr(left, book), getattr(right, book)
        for key in sorted(ours.keys() | theirs.keys()):
            pair = ours.get(key, nothing), theirs.get(key, nothing)
            if pair[0] != pair[1]:
                found.append(Difference(book, (key,) if isinstance(key, str) else key, *pair))
    return found


def outcome(differing: Sequence[str]) -> list[str]:
    """What a comparison came to, as lines: the differences, and last whether the books agree."""
    if not differing:
        return [AGREE]
    lines = list(differing[:SHOWN_LIMIT])
    if len(differing) > SHOWN_LIMIT:
        lines.append(f"and {len(differing) - SHOWN_LIMIT:,} more")
    return [*lines, f"the books differ in {len(differing):,} places"]


def _books(
    sums: Mapping[str, Counter[Any]],
    streams: Mapping[tuple[str, str], Stream],
    accounts: Mapping[tuple[str, ...], Account],
) -> Books:
    plain = {name: dict(sum_) for name, sum_ in sums.items()}
    return Books(**plain, streams=streams, accounts=accounts)


def _plain(value: Value) -> str:
    match value:
        case None:
            return "none"
        case Stream(facts, head_hash, bytes_hash):
            return f"{facts} facts, head {head_hash[:12]}, bytes {bytes_hash[:12]}"
        case Account(amount, entries):
            return f"{amount} in {entries} postings"
        case _:
            return str(value)


# --- reading

_MONEY = (
    "SELECT store, till, business_date, shift, account, currency, amount, entries FROM money_ledger"
)
_STOCK = "SELECT store, product, account, amount, entries FROM stock_ledger"
_TILL_FACTS = (
    "SELECT identity.till, stream.incarnation, journal.hash, journal.data"
    " FROM journal JOIN stream USING (stream_no), identity"
    " ORDER BY journal.stream_no, journal.seq"
)
_HUB_FACTS = (
    "SELECT stream.till_id, stream.incarnation, journal.hash, journal.data"
    " FROM journal JOIN stream USING (stream_no) ORDER BY journal.stream_no, journal.seq"
)
_SUMS = ("sales", "takings", "goods", "tenders", "drawer", "sold", "on_hand")
#: where the cash that customers paid may lie: postings between these move it, never make it
_CASH = ("drawer", "safe", "over_short")
_TENDER = "tender:"
_NO_POSTING = Account(0, 0)


class _Reading:
    """Books as rows come in."""

    def __init__(self) -> None:
        self._sums: dict[str, Counter[Any]] = {name: Counter() for name in _SUMS}
        self._streams: dict[tuple[str, str], tuple[int, str, Any]] = {}
        self._accounts: dict[tuple[str, ...], Account] = {}

    def money(
        self,
        store: str,
        till: str,
        day: str,
        shift: str,
        account: str,
        currency: str,
        amount: int,
        entries: int,
    ) -> None:
        """One account of one till, day, shift and currency."""
        key = ("money", store, till, day, shift, account, currency)
        self._accounts[key] = Account(amount, entries)
        sums = self._sums
        if account == "sales":
            sums["sales"][till, day] += entries
        if account == "sales" or account.startswith("tax:"):
            sums["goods"][till, day] -= amount
            sums["takings"][till, day] -= amount
        if account == "rounding":
            sums["takings"][till, day] -= amount
        if account.startswith(_TENDER):
            sums["tenders"][till, day, account.removeprefix(_TENDER)] += amount
        if account in _CASH:
            sums["tenders"][till, day, "cash"] += amount
        if account == "drawer":
            sums["drawer"][till] += amount

    def stock(self, store: str, product: str, account: str, amount: int, entries: int) -> None:
        """One account of one product in one store."""
        self._accounts["stock", store, product, account] = Account(amount, entries)
        if account == "sold":
            self._sums["sold"][product] += amount
        if account == "store":
            self._sums["on_hand"][store, product] += amount

    def fact(self, till: str, incarnation: str, hash_: str, data: bytes | str) -> None:
        """The next fact of a stream; SQLite gives text where somebody wrote text."""
        facts, _, digest = self._streams.get((till, incarnation)) or (0, "", sha256())
        digest.update(data.encode() if isinstance(data, str) else data)
        self._streams[till, incarnation] = (facts + 1, hash_, digest)

    def queries(self, facts: str) -> list[Query]:
        """What to ask a database so that its books come in here."""
        return [Query(_MONEY, self.money), Query(_STOCK, self.stock), Query(facts, self.fact)]

    def books(self) -> Books:
        """What came in."""
        streams = {
            key: Stream(facts, head_hash, digest.hexdigest())
            for key, (facts, head_hash, digest) in self._streams.items()
        }
        return _books(self._sums, streams, self._accounts)


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
    print("\n".join(outcome([difference.say("tills", "hub") for difference in found])))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
