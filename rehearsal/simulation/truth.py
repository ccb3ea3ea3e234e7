"""What must hold, kept beside the programs: who has which fact, what was published when.

It reads the databases with plain SQL on connections of its own, and knows of each fact who held
it. A fact may be gone only where every disk that held it was destroyed.
"""

import sqlite3
from collections import defaultdict
from collections.abc import Iterable
from contextlib import closing
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from journal.cursor import Cursor
from pos_client.database import DATABASE_FILE
from pos_client.inspection import verify
from pricebook.rows import RECALLS
from rehearsal.simulation.machine import Machine
from rehearsal.simulation.server import Server
from rehearsal.simulation.world import Broken, World
from retail import facts
from retail.accounts import is_takings
from retail.postings import MONEY, ledger_key, postings

HUB = "hub"
#: verdicts with which a fact is at the hub, seen by head office, without effect on the books
_WITHOUT_EFFECT = ("quarantined", "waiting", "duplicate", "parked", "deferred", "set_aside")
_JOURNAL = "SELECT rowid, eid, type, hash, data FROM journal WHERE rowid > ? ORDER BY rowid"
_HUB_JOURNAL = (
    "SELECT journal.rowid, eid, verdict, seq, hash, till_id, incarnation, data"
    " FROM journal JOIN stream USING (stream_no) WHERE journal.rowid > ? ORDER BY journal.rowid"
)
_BALANCE = (
    "SELECT currency, sum(amount) FROM money_ledger GROUP BY currency HAVING sum(amount) <> 0"
    " UNION ALL SELECT product, sum(amount) FROM stock_ledger GROUP BY product"
    " HAVING sum(amount) <> 0"
)

Rows = dict[tuple[str, str], bytes]

#: a time down to its hour
_HOUR_LENGTH = len("2026-06-03T09")


class Truth:
    """Of one world."""

    def __init__(self, world: World, server: Server) -> None:
        self.world = world
        self.server = server
        #: eid -> what the fact says, whatever stream it stands in
        self._said: dict[str, str] = {}
        #: whose disk -> the facts on it
        self.held: dict[str, set[str]] = defaultdict(set)
        self._read_up_to: dict[str, int] = {}
        #: (till, incarnation, seq) -> hash, in this life of the hub
        self._places: dict[tuple[str, str, int], str] = {}
        #: (life, scope) -> position -> what the scope held
        self._published: dict[tuple[int, str], dict[int, Rows]] = defaultdict(lambda: {0: {}})
        self.lost = 0

    # What was recorded

    def saw_machine(self, machine: Machine) -> None:
        """Take in what this machine has recorded since."""
        if machine.till is None:
            return
        driver = machine.till.database.driver
        for rowid, eid, kind, _, data in driver.execute(_JOURNAL, (self._up_to(machine.name),)):
            self._read_up_to[machine.name] = rowid
            self._take_in(machine.name, eid, kind, data)

    def _up_to(self, holder: str) -> int:
        return self._read_up_to.get(holder, 0)

    def _take_in(self, holder: str, eid: str, kind: str, data: bytes) -> None:
        said = _content(data)
        if self._said.setdefault(eid, said) != said:
            raise Broken(f"fact {eid} ({kind}) says something else at {holder}")
        self.held[holder].add(eid)

    def saw_hub(self) -> None:
        """Take in what the hub has stored since, and look at it."""
        with self._hub() as hub:
            for rowid, eid, _, seq, digest, till, incarnation, data in hub.execute(
                _HUB_JOURNAL, (self._up_to(HUB),)
            ):
                self._read_up_to[HUB] = rowid
                place = (till, incarnation, seq)
                if self._places.setdefault(place, digest) != digest:
                    raise Broken(f"two facts stand at {place}")
                self._take_in(HUB, eid, "", data)
            for item, amount in hub.execute(_BALANCE):
                raise Broken(f"the postings of {item} are out of balance by {amount}")

    def _hub(self) -> "closing[sqlite3.Connection]":
        return closing(sqlite3.connect(f"file:{self.server.file}?mode=ro", uri=True))

    # What faults destroy

    def disk_changed(self, machine: Machine) -> None:
        """A machine's disk is another one now: what stood on the former and not on this is gone
        from there."""
        file = machine.settings.data / DATABASE_FILE
        self._restart(machine.name, _eids(file))

    def disk_copied(self, source: str, target: str) -> None:
        self.held[target] = set(self.held[source])
        self._read_up_to.pop(target, None)

    def disk_gone(self, machine: Machine) -> None:
        self._restart(machine.name, ())

    def hub_changed(self) -> None:
        """The hub was put back."""
        self._restart(HUB, _eids(self.server.file))
        self._places.clear()
        self.published()

    def _restart(self, holder: str, eids: Iterable[str]) -> None:
        now = set(eids)
        self.lost += len(self.held[holder] - now)
        self.held[holder] = now
        self._read_up_to.pop(holder, None)

    # What was published

    def published(self) -> None:
        """Remember what each scope holds now, at its position."""
        with self._hub() as hub:
            hub.execute("BEGIN")
            heads = dict(hub.execute("SELECT scope, position FROM scope_head"))
            held: dict[str, Rows] = {scope: {} for scope in heads}
            for scope, kind, key, body in hub.execute(
                "SELECT scope, kind, key, body FROM feed WHERE body <> CAST('null' AS BLOB)"
            ):
                held[scope][kind, key] = body
        for scope, position in heads.items():
            self._published[self.server.life, scope][position] = held[scope]

    def swapped(self, machine: Machine) -> None:
        """A machine sells by another cut: it must be what the hub held at that cursor."""
        assert machine.till is not None
        book = machine.till.catalogue.books.book
        cursor = Cursor.parse(book.position.cursor)
        sold_by: dict[str, Rows] = defaultdict(dict)
        for key, body in book.reader.execute("SELECT product_id, body FROM product"):
            sold_by["catalogue"]["product", key] = body
        for scope, kind, key, body in book.reader.execute(
            "SELECT scope, kind, key, body FROM published"
        ):
            sold_by[scope][kind, key] = body
        self._check_plans(machine, book.position.settled_at, sold_by)
        for scope, kind, key, body in book.reader.execute("SELECT * FROM ahead"):
            sold_by[scope].pop((kind, key), None)
            if body is not None:
                sold_by[scope][kind, key] = body
        at = dict(cursor.positions)
        recalled_at = at.pop(RECALLS, 0)
        lives = range(1, self.server.life + 1)
        if not any(
            all(self._published[life, scope].get(at[scope]) == sold_by[scope] for scope in at)
            for life in lives
        ):
            raise Broken(f"{machine.name} sells by what the hub never held at {cursor.positions}")
        if not self._are_in_force(lives, recalled_at, sold_by[RECALLS]):
            raise Broken(f"{machine.name} does not heed what was recalled at {recalled_at}")

    def _check_plans(self, machine: Machine, settled_at: str, sold_by: dict[str, Rows]) -> None:
        """What is planned up to the time of the cut is sold by, whatever else is published."""
        due: dict[str, tuple[str, str]] = {}
        told = sold_by["revisions"]
        plans = [msgspec.json.decode(body) for (kind, _), body in told.items() if kind == "plan"]
        for plan in sorted(plans, key=lambda plan: datetime.fromisoformat(plan["effective_at"])):
            if datetime.fromisoformat(plan["effective_at"]) > datetime.fromisoformat(settled_at):
                continue
            for (kind, key), body in told.items():
                if kind == "planned" and key.startswith(f"{plan['plan']}/"):
                    will_be = msgspec.json.decode(body)["body"]
                    due[msgspec.json.decode(body)["key"]] = plan["effective_at"], will_be
        for key, (since, will_be) in due.items():
            is_now = sold_by["catalogue"].get(("product", key), b"null")
            if msgspec.json.decode(is_now) != will_be:
                raise Broken(f"{machine.name} does not sell {key} as planned for {since}")

    def _are_in_force(self, lives: range, position: int, rows: Rows) -> bool:
        """Whether these recalls are all that stood from there on, in one of the hub's lives; others
        may be among them, for each is in force before its cut is, in whichever life."""
        heeded = set(rows.items())
        histories = [self._published[life, RECALLS].items() for life in lives]
        since = [
            [set(held.items()) for at, held in history if at >= position] for history in histories
        ]
        ever = set().union(*(held for each in since for held in each))
        stood = [set.intersection(*each) for each in since if each]
        return heeded <= ever and any(standing <= heeded for standing in stood)

    # At the end

    def check_end(self, machines: list[Machine]) -> None:
        """All is in step: nothing lost, nothing doubled, all books recounts of what is there."""
        self.saw_hub()
        at_hub = self._effects()
        for machine in machines:
            self.saw_machine(machine)
            self._check_books(machine)
        for holder, eids in self.held.items():
            missing = eids - at_hub.keys()
            if missing:
                raise Broken(f"{len(missing)} facts of {holder} never reached the hub: {missing}")
        doubled = [eid for eid, count in at_hub.items() if count != 1]
        if doubled:
            raise Broken(f"facts count more or less than once: {doubled[:5]}")
        self._recount_hub()
        if not self.world.has_perfect_copies:
            self._check_receipts()

    def _check_receipts(self) -> None:
        """No receipt number was given out twice."""
        seen: set[str] = set()
        with self._hub() as hub:
            for (data,) in hub.execute(
                "SELECT data FROM journal WHERE type = 'sale.completed' AND verdict <> 'duplicate'"
            ):
                number = msgspec.json.decode(data)["body"]["receipt"]
                if number in seen:
                    raise Broken(f"receipt {number} was given out twice")
                seen.add(number)

    def _effects(self) -> dict[str, int]:
        """How often each fact of the hub's journal counts, or is seen by head office."""
        counted: dict[str, int] = defaultdict(int)
        with self._hub() as hub:
            for eid, verdict in hub.execute("SELECT eid, verdict FROM journal"):
                counted[eid] += verdict != "duplicate"
        return counted

    def _check_books(self, machine: Machine) -> None:
        till = machine.till
        if till is None:
            raise Broken(f"{machine.name} does not run")
        wrong = verify(till.database, till.who).wrong
        if wrong:
            raise Broken(f"{machine.name}: {[each.what.en for each in wrong[:3]]}")

    def _recount_hub(self) -> None:
        """The hub's ledgers, counted anew from its facts."""
        counted: dict[str, dict[tuple[str, ...], int]] = {"money": {}, "stock": {}}
        by_hour: dict[tuple[str, ...], int] = {}
        days = _BusinessDays(self.world)
        with self._hub() as hub:
            for verdict, data in hub.execute("SELECT verdict, data FROM journal"):
                told = msgspec.json.decode(data)
                if verdict in _WITHOUT_EFFECT or told["type"] == "stream.began":
                    continue
                fact = facts.decode(told["type"], told["tv"], msgspec.json.encode(told["body"]))
                where = told["store"], told["till"], told.get("bdate", ""), told.get("shift", "")
                days.take(told)
                for entry in postings(fact):
                    ledger = counted["money" if entry.book == MONEY else "stock"]
                    key = ledger_key(entry, *where)
                    ledger[key] = ledger.get(key, 0) + entry.amount
                    if entry.book == MONEY and is_takings(entry.account):
                        taken = *where[:3], told["at"][:_HOUR_LENGTH], entry.item
                        by_hour[taken] = by_hour.get(taken, 0) - entry.amount
            days.check()
            for book, ledger in counted.items():
                rows = hub.execute(f"SELECT * FROM {book}_ledger")
                stored = {row[:-2]: row[-2] for row in rows}
                if stored != ledger:
                    differ = sorted(set(stored.items()) ^ set(ledger.items()))
                    raise Broken(
                        f"the hub's {book} ledger is no recount of its facts: {differ[:4]}"
                    )
            stored = {row[:-2]: row[-2] for row in hub.execute("SELECT * FROM takings_by_hour")}
            if stored != by_hour:
                differ = sorted(set(stored.items()) ^ set(by_hour.items()))
                raise Broken(f"the hub's takings by hour are no recount: {differ[:4]}")


class _BusinessDays:
    """A fact says the time that the store's clocks show, also where they change; and all facts of
    a shift have its business date: the day by the till's clock, or the true one where that is
    wrong and the till has heard so. Two histories of a machine that was put back whole may each
    have opened a shift of that number (decision 0023)."""

    def __init__(self, world: World) -> None:
        self._start, self._zone = world.start, ZoneInfo(world.zone)
        self._opened: dict[str, set[str]] = defaultdict(set)
        self._booked: dict[str, set[str]] = defaultdict(set)
        self._in_two_histories: set[str] = set()

    def take(self, told: dict[str, Any]) -> None:
        if not told.get("shift"):
            return
        at = datetime.fromisoformat(told["at"])
        if at.utcoffset() != at.astimezone(self._zone).utcoffset():
            raise Broken(f"no clock in {self._zone} shows {told['at']}")
        truly = (self._start + timedelta(milliseconds=told["mono"])).astimezone(self._zone)
        days = told["at"][:10], truly.date().isoformat()
        self._booked[told["shift"]].add(told["bdate"])
        if told["type"] == "shift.opened":
            self._opened[told["shift"]].add(told["bdate"])
            if told["bdate"] not in days:
                raise Broken(f"a shift opened at {told['at']} is of {told['bdate']}")
            if told.get("stood"):
                self._in_two_histories.add(told["shift"])

    def check(self) -> None:
        """Once all were taken."""
        for shift, dates in self._booked.items():
            twice = shift in self._in_two_histories and dates <= self._opened[shift]
            if len(dates) > 1 and not twice:
                raise Broken(f"shift {shift} has two business dates")


def _content(data: bytes) -> str:
    """What a fact says, but not where it stands."""
    told = msgspec.json.decode(data)
    said = {name: told.get(name) for name in ("type", "tv", "at", "cashier", "shift", "body")}
    return sha256(msgspec.json.encode(said)).hexdigest()


def _eids(file: Path) -> set[str]:
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as database:
        return {eid for (eid,) in database.execute("SELECT eid FROM journal")}
