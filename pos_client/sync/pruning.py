"""Pruning: the oldest facts of the journal go when nobody will ask this till for them again.

A fact goes only when the hub has acknowledged it, a verified backup of the hub holds it
(`safe_seq`), and it is old: by the clock, and by as many days on which something was recorded
after it, so that a clock which jumps makes it one day older and no more. Where the clock is a day
ahead of the newest fact nothing goes. What the facts added up to is carried on in the same
transaction, so carried and journal together are the ledgers, always.
"""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Connection, text

from journal.chain import ChainBroken, link
from journal.stream import Head
from pos_client.recorder import CARRY, Recorder, Recount, Transaction
from pos_client.sync.records import StreamState, pruned, streams
from retail.facts import MalformedFact, UnknownFact
from retail.postings import Unbalanced

#: what is not whole stays, for `journal verify` to name
_NOT_WHOLE = (ChainBroken, MalformedFact, UnknownFact, Unbalanced, TypeError)
#: a step holds the till about as long as the commit of a sale does
_FACTS_AT_ONCE = 20
#: facts grow old slowly
_LOOK_EVERY_MS = 3_600_000
#: a clock this far ahead of the newest fact is not believed
_AHEAD_MAX = timedelta(days=1)
#: places in the order of streams as one number
_PLACE = 1 << 40

_NEWEST = text("SELECT at FROM journal ORDER BY stream_no DESC, seq DESC LIMIT 1")
#: the first place of each day, the newest first
_DAYS = text(
    f"SELECT min(stream_no * {_PLACE} + seq) AS place FROM journal"  # noqa: S608  a number
    " GROUP BY substr(at, 1, 10) ORDER BY place DESC LIMIT 1 OFFSET :days"
)
_OLDEST = text(
    "SELECT at, data FROM journal WHERE stream_no = :stream_no AND seq > :after AND seq <= :last"
    " ORDER BY seq LIMIT :most"
)


class _Cut(NamedTuple):
    """Only facts before this place, and from before that time, may go. It is worked out on a day
    of the till's clock and holds for that day: whatever goes, moves or comes to older streams,
    as many days have something after the place."""

    place: int
    before: datetime
    on: date


class _Going(NamedTuple):
    """A run of facts that may go: up to where, and what they add up to."""

    state: StreamState
    last: Head
    sums: Recount


class Pruning:
    """Prunes one till's journal, a step at a time."""

    def __init__(self, recorder: Recorder, kept_days: int) -> None:
        self._recorder = recorder
        self._kept_days = kept_days
        self._look_at_ms = 0
        self._cut: _Cut | None = None
        #: whether nobody is being served: no step is taken while a sale is open
        self.is_quiet: Callable[[], bool] = lambda: True
        #: told, within the transaction, up to which fact of a stream nothing is left
        self.on_pruned: Callable[[Transaction, int, int], object] = lambda *_: None

    def step(self) -> bool:
        """Let some facts go, unless the till is busy or nothing is old enough -> whether any went.
        Raises a refusal of the disk."""
        at, now_ms, _ = self._recorder.clock.read()
        if now_ms < self._look_at_ms or not self.is_quiet():
            return False
        with self._recorder.database.reader() as connection:
            if self._cut is None or self._cut.on != at.date():
                self._cut = self._looked_for(connection, at)
            going = None if self._cut is None else self._going(connection, self._cut)
        if going is None:
            self._cut = None
            self._look_at_ms = now_ms + _LOOK_EVERY_MS
            return False
        return self._let_go(going)

    def _looked_for(self, connection: Connection, now: datetime) -> _Cut | None:
        """The cut as of now, None where nothing is old for sure. It reads the whole journal."""
        newest = connection.execute(_NEWEST).scalar()
        if newest is None or now > datetime.fromisoformat(newest) + _AHEAD_MAX:
            return None
        place = connection.execute(_DAYS, {"days": self._kept_days - 1}).scalar()
        if place is None:
            return None
        return _Cut(place, now - timedelta(days=self._kept_days), now.date())

    def _going(self, connection: Connection, cut: _Cut) -> _Going | None:
        """The oldest facts before the cut that may go, if any may."""
        for state in streams(connection, self._recorder.writer.stream.till):
            last = min(
                state.acked.seq,
                state.safe_seq,
                state.head.seq - 1,  # by its last fact a stream is gone on with
                cut.place - state.stream_no * _PLACE - 1,
            )
            if last > state.pruned.seq and not state.doubted:
                found = self._run(connection, state, last, cut.before)
                if found.last.seq > state.pruned.seq:
                    return found
        return None

    def _run(
        self, connection: Connection, state: StreamState, last: int, before: datetime
    ) -> _Going:
        """The next facts up to `last`, as far as they are whole and older than that."""
        head = state.beginning
        sums, going, gone = Recount(), head, None
        asked = {"stream_no": state.stream_no, "after": head.seq, "last": last + 1}
        for at, data in connection.execute(_OLDEST, asked | {"most": _FACTS_AT_ONCE + 1}):
            try:
                envelope, after = link(state.stream, head, data)
                if gone is not None:  # the next one vouches for it
                    sums.add(gone)
                    going = head
            except _NOT_WHOLE:
                break
            if after.seq > last or datetime.fromisoformat(at) >= before:
                break
            gone, head = envelope, after
        return _Going(state, going, sums)

    def _let_go(self, going: _Going) -> bool:
        """In one transaction: the sums are carried, the facts go, the stream begins later."""
        lock = self._recorder.lock
        if not lock.acquire(blocking=False):  # somebody acts at the till
            return False
        try:
            if not self.is_quiet():
                return False
            stream_no, last = going.state.stream_no, going.last
            with self._recorder.transaction() as write:
                if not pruned(write.driver, stream_no, going.state.pruned, last):
                    return False  # the hub was restored meanwhile, and may ask for them
                for book, ledger in going.sums.ledgers.items():
                    rows = [(*key, *sum_) for key, sum_ in sorted(ledger.items())]
                    write.driver.executemany(CARRY[book], rows)
                write.driver.execute(
                    "DELETE FROM journal WHERE stream_no = ? AND seq <= ?", (stream_no, last.seq)
                )
                self.on_pruned(write, stream_no, last.seq)
        finally:
            lock.release()
        return True
