"""Push what was recorded, pull what was published, each on its own thread, neither in the way
of selling.

The steps are `journal.push` and this module's `push_once` / `pull_once`; the threads only repeat
them, so a simulator can take the same steps in an order of its own.
"""

from collections.abc import Callable
from pathlib import Path
from random import Random
from traceback import extract_tb
from typing import Any, NamedTuple

from sqlalchemy import Connection

from journal import push, wire
from journal.backoff import Backoff
from journal.signature import Signer
from journal.stream import Head, StreamId
from journal.wire import Declared, Problem, Verdict
from pos_client.catalogue.books import ContentsDiffer
from pos_client.catalogue.service import CatalogueService
from pos_client.identity import Identity, doubt, offer_again
from pos_client.recorder import Recorder, act
from pos_client.settings import TillSettings
from pos_client.sync import forks, records
from pos_client.sync.hub import Answer, Hub, NoAnswer, Refused, program
from pos_client.sync.line import Line
from pos_client.sync.progress import Progress
from pos_client.sync.pruning import Pruning
from pos_client.sync.records import SqlOutbox, StreamState
from pos_client.sync.snapshot import Fetch, Slow, Useless, is_for_us
from pricebook.book import NotABook
from pricebook.rows import Row
from retail.clocks import clock_off
from retail.language import Language, Text

_CURSOR_LOST = 410
#: the hub knows no hello: it is of before there was one
_NO_SUCH_PATH = 404
#: till and hub have no schema of the feed in common
_UPGRADE = 426
#: the oldest schema of the feed that this till reads
OLDEST_READ = 1
#: what was pulled does not add up: all of it is pulled anew, ever later, at most after so long
_REPAIR_S_MAX = 3600.0
#: of the rows that a till has, one in so many is few
_SMALL_PART = 5
#: the hub lacks facts that were pruned here
_LACKS = Text(
    "The hub was restored from an older backup and lacks facts {first} to {last} of this till,"
    " which are here no more.",
    "总部从较旧的备份恢复，缺少本机第 {first} 至 {last} 条记录，本机也已不再保存。",
)
_LACKS_REMEDY = Text(
    "Go on selling, and tell head office: a newer backup of the hub holds them, restore that one.",
    "可继续销售；请通知总部：较新的总部备份中有这些记录，请恢复该备份。",
)
#: what the till says where its clock is wrong
CLOCK_WRONG = Text("This till's clock is {off}.", "本机时钟{off}。")
CLOCK_REMEDY = Text(
    "Go on selling: prices and business dates go by the hub's time. Set the machine's clock.",
    "可继续销售：价格与营业日以总部时间为准。请校准本机时钟。",
)


class SyncState(NamedTuple):
    """What the status line shows: facts that wait and since when, what is wrong, why the line is
    dead, whether it is up and gets nothing through, and by how many seconds this till's clock is
    ahead of the hub's, 0 while it is right. `problem` is the code of what is wrong, `said` all that
    is said of it."""

    waiting: int
    waiting_since: str
    online: bool
    forked: bool
    problem: str
    why: str
    stuck: bool = False
    clock_off_s: int = 0
    said: Problem | None = None


class SyncService:
    """Sync of one till."""

    def __init__(
        self,
        recorder: Recorder,
        catalogue: CatalogueService,
        who: Identity,
        signer: Signer,
        settings: TillSettings,
        hub: Hub,
        chance: Random,
        sales: forks.Sales,
    ) -> None:
        self.recorder = recorder
        self.catalogue = catalogue
        self.who = who
        self.signer = signer
        self.settings = settings
        self.hub = hub
        self._sales = sales
        #: told what the hub's clock shows
        self.hub_time = catalogue.time
        #: that the clock is wrong was told
        self._clock_told = False
        hub.on_time = self._heard_time
        self._pull_backoff = Backoff(chance)
        self._repair_backoff = Backoff(chance, _REPAIR_S_MAX)
        self._fork_backoff = Backoff(chance)
        self._chance = chance
        #: said hello since the hub was away: it may be another program by now
        self._has_met = False
        self._fetch: Fetch | None = None
        #: this cut comes row by row, whatever it holds
        self._by_rows = False
        self._pushers: dict[int, push.Pusher] = {}
        self.pruning = Pruning(recorder, settings.journal_kept_days)
        #: turns what tells this disk from a copy of it, when its time has come
        self.turn_marker: Callable[[], None] = lambda: None
        #: streams of which the hub lacks facts that are here no more, and how that is said
        self._lacking: dict[int, Problem] = {}
        #: of a stream that is compared with the hub's: the last of its facts there that was seen
        self._compared: dict[int, Head] = {}
        self.line = Line(self._tell, self._language, recorder.clock, settings.state)
        self._progress = Progress(settings.stuck_after_s)
        #: a new cut lies staged: the till swaps it in when no sale is open
        self.on_staged: Callable[[], object] = lambda: None
        #: told of what the hub did not simply apply, of a fork, and of the line's coming and going
        self.on_event: Callable[[str, dict[str, object]], None] = lambda *_: None
        #: pull got through while push finds the line dead
        self.on_pull_through: Callable[[], None] = lambda: None

    def _tell(self, name: str, values: dict[str, object]) -> None:
        self.on_event(name, values)

    def _language(self) -> Language:
        """The cashier's."""
        return Language(self.settings.language or self.catalogue.settings.language)

    # What the status line shows

    def state(self) -> SyncState:
        with self.recorder.database.reader() as connection:
            states = records.streams(connection, self.who.till)
        waiting = sum(state.waiting for state in states)
        # streams are in order, so the first that waits has waited longest
        since = next(filter(None, (state.waiting_since for state in states)), "")
        forked = any(state.doubted for state in states)
        line, off_s = self.line, self.hub_time.off_s
        said = line.problem or line.pull_problem or next(iter(self._lacking.values()), None)
        online, problem = bool(line.online), said.code if said else ""
        told = waiting, since, online, forked, problem, line.why, self._progress.stuck, off_s
        return SyncState(*told, said)

    def _heard_time(self, said: str) -> None:
        """Tell once that this till's clock is wrong, and once that it is right again."""
        self.hub_time.heard(said)
        off_s = self.hub_time.off_s
        if bool(off_s) == self._clock_told:
            return
        self._clock_told = bool(off_s)
        language = self._language()
        values: dict[str, object] = {"ahead_s": off_s}
        if off_s:
            values["say"] = CLOCK_WRONG.filled(off=clock_off(off_s)).to(language)
            values["remedy"] = CLOCK_REMEDY.to(language)
        self.on_event("sync.clock", values)

    def _shows(self) -> str:
        """What this till's clock shows."""
        return self.recorder.clock.read().at.isoformat(timespec="milliseconds")

    # Push

    def push_once(self) -> float | None:
        """One exchange: send the next facts, or declare the head. Returns the seconds to wait
        before the next, None when nothing waits."""
        with self.recorder.database.reader() as connection:
            state = self._next_stream(connection)
            if state.doubted:
                return self._compare(state)
            outbox = SqlOutbox(connection, state)
            pusher = self._pusher(state)
            step = self._exchange(pusher, outbox)
        match step:
            case push.Acknowledged():
                self._acknowledge(state, step)
                self.line.pushed(online=True)
                self._note_progress(moved=step.head != state.acked)
                return step.wait_s if self._something_waits() else (step.wait_s or None)
            case push.Forked(head) if head.seq < state.pruned.seq:
                self._note_lack(state, head.seq)
                return None
            case push.Forked():
                self._note_fork(state, step)
                return 0.0
            case push.Retry(wait_s, problem, why):
                self.line.pushed(online=problem is not None, problem=problem, why=why)
                if problem is not None:
                    self._note_progress(moved=False)
                return wait_s

    def _next_stream(self, connection: Connection) -> StreamState:
        """The oldest stream that has facts to send; then one that is to be compared with the hub's;
        then one whose facts the hub cannot take, for it lacks some before them; else the one that
        writes."""
        states = records.streams(connection, self.who.till)
        waiting = [state for state in states if state.waiting and not state.doubted]
        waiting.sort(key=lambda state: state.stream_no in self._lacking)
        doubted = [state for state in states if state.doubted]
        first = [state for state in waiting if state.stream_no not in self._lacking]
        return next(iter([*first, *doubted, *waiting]), states[-1])

    def _something_waits(self) -> bool:
        with self.recorder.database.reader() as connection:
            state = self._next_stream(connection)
            return state.doubted or bool(state.waiting)

    def _pusher(self, state: StreamState) -> push.Pusher:
        if state.stream_no not in self._pushers:
            self._pushers[state.stream_no] = push.Pusher(
                *(state.stream, self.signer, self.who.hub_key, Backoff(self._chance)),
                self.who.epoch,
            )
        return self._pushers[state.stream_no]

    def _exchange(self, pusher: push.Pusher, outbox: SqlOutbox) -> push.Step:
        match self.hub.push(pusher.next_request(outbox, self._shows())):
            case Answer(reply):
                return pusher.answered(outbox, reply)
            case Refused(status, problem, retry_after_s):
                return pusher.refused(outbox, status, problem, retry_after_s)
            case NoAnswer(why):
                return pusher.unanswered(why=why)

    @act
    def _acknowledge(self, state: StreamState, step: push.Acknowledged) -> None:
        self._lacking.pop(state.stream_no, None)
        lost = step.head.seq < state.acked.seq
        if lost and step.epoch == self.who.epoch:
            self._pusher(state).had = state.proof  # the hub does not know yet that it was put back
        restored = lost or step.epoch != self.who.epoch
        if step.head != state.acked or step.safe_seq != state.safe_seq or restored:
            with self.recorder.transaction() as write:
                records.acknowledged(
                    write.driver, state.stream_no, step.head, step.safe_seq, step.proof
                )
                records.epoch_seen(write.driver, step.epoch)
                if restored:
                    offer_again(write.driver, self.who.till, state.stream_no)
            self.who = self.who._replace(epoch=step.epoch)
        for verdict in step.verdicts:
            self._tell_verdict(verdict)

    def _tell_verdict(self, verdict: Verdict) -> None:
        values: dict[str, object] = {"seq": verdict.seq, "reason": verdict.reason}
        self.on_event(f"sync.{verdict.code}", values)

    @act
    def _note_fork(self, state: StreamState, step: push.Forked) -> None:
        with self.recorder.transaction() as write:
            doubt(write.driver, state.stream_no, step.head.seq)
        self.on_event("sync.forked", {"hub_seq": step.head.seq})

    def _compare(self, state: StreamState) -> float:
        """Ask what the hub holds of a stream that it may hold another history of, and settle where
        they part."""
        after = self._compared.get(state.stream_no, state.acked)
        answer = self.hub.facts(
            self._writing_stream, self.signer, self._declared(), state.stream, after.seq
        )
        match answer:
            case Answer(told) if forks.is_signed(told, state.stream, self.who.hub_key):
                if told.head.seq < state.pruned.seq:
                    self._give_up(state)
                    self._note_lack(state, told.head.seq)
                else:
                    self._settle(state, after, told)
                self._fork_backoff.succeeded()
                return 0.0
            case Refused(_, problem, retry_after_s):
                self.line.pushed(online=True, problem=problem)
                return self._fork_backoff.failed(retry_after_s)
            case NoAnswer(why):
                self.line.pushed(online=False, why=why)
                return self._fork_backoff.failed()
            case _:
                self.line.pushed(online=True, problem=push.NOT_OUR_HUB)
                return self._fork_backoff.failed()

    @act
    def _give_up(self, state: StreamState) -> None:
        """There is nothing to compare with what was pruned."""
        with self.recorder.transaction() as write:
            records.compared(write.driver, state.stream_no, state.beginning, whole=True)

    @act
    def _settle(self, state: StreamState, after: Head, told: wire.StreamFacts) -> None:
        with self.recorder.transaction() as write:
            settled = forks.settle(write, self.recorder.ids, self._sales, state, after, told)
        self._compared[state.stream_no] = settled.seen
        if settled.seen.seq >= told.head.seq:
            del self._compared[state.stream_no]
        if settled.moved or settled.fetched:
            self.on_event("sync.rejoined", {"moved": settled.moved, "fetched": settled.fetched})

    def _note_lack(self, state: StreamState, hub_seq: int) -> None:
        """The hub was restored from a backup that is older than what it called safe: nothing of
        this stream can be sent before it has a newer one, and selling goes on."""
        self.line.pushed(online=True)
        if state.stream_no in self._lacking:
            return
        first, last = hub_seq + 1, state.pruned.seq
        lacks = Problem("pruned", *_LACKS.filled(first=first, last=last), *_LACKS_REMEDY)
        self._lacking[state.stream_no] = lacks
        said = self.line.said(lacks)
        values = {"first": first, "last": last, "say": said["say"], "remedy": said["remedy"]}
        self.on_event("sync.pruned", values)

    def _note_progress(self, *, moved: bool) -> None:
        if moved or not self._something_waits():
            self._progress.moved()
        elif self._progress.stood(self.recorder.clock.read().mono_ms):
            self.on_event("sync.stuck", {"since": self.state().waiting_since})

    def stumbled(self, fault: Exception) -> None:
        """A step failed in a way that nobody thought of: tell who mends it, and begin anew with
        another line. What waits has not moved."""
        self.hub.renew()
        place = extract_tb(fault.__traceback__)[-1]
        where = f"{Path(place.filename).name}, line {place.lineno}"
        self.on_event("sync.fault", {"why": f"{type(fault).__name__}: {fault} ({where})"})
        self._note_progress(moved=False)

    # Pull

    def pull_once(self) -> float | None:
        """One page of the feed. Returns the seconds to wait before the next, None when this till
        has everything and may wait for a hint."""
        try:
            self._tell_unreadable(self.catalogue.make_ready())
            self.on_staged()
            wait_s = 0.0 if self._has_met else self._meet()
            return wait_s or self._pull()
        except ContentsDiffer as differ:
            self.on_event("catalogue.differs", {"scope": differ.scope})
            self.catalogue.start_over()
            return self._repair_backoff.failed()

    def _pull(self) -> float | None:
        if self._fetch is not None:
            return self._fetch_chunk(self._fetch)
        cursor = self.catalogue.next_cursor
        match self.hub.feed(self._writing_stream, self.signer, self._declared(), cursor):
            case Answer(page) if page.rows or page.up_to_date:
                self._pull_backoff.succeeded()
                self.line.pulled(None)
                if not self.line.online:
                    self.on_pull_through()
                if self._is_far_behind(page):
                    return self._begin_fetch()
                self._tell_unreadable(self.catalogue.stage(page))
                if page.up_to_date:
                    self._by_rows = False
                    self._repair_backoff.succeeded()
                    self.on_staged()
                    self.catalogue.audit()
                    return None
                return 0.0
            case Refused(status=status) if status == _CURSOR_LOST and cursor:
                self.catalogue.start_over()
                return 0.0
            case no:
                return self._not_now(no)

    def _meet(self) -> float:
        """Learn which feed the hub speaks -> the seconds to wait before the first question."""
        mine = wire.HelloRequest(program(), OLDEST_READ, wire.FEED_SCHEMA)
        match self.hub.hello(mine):
            case Answer(told):
                # without a schema in common the hub says what is to be done (426)
                self.hub.feed_schema = told.feed or wire.FEED_SCHEMA
                self.on_event("sync.met", {"program": told.program})
                wait_s = told.backoff_ms / 1000
            case Refused(status=status) if status == _NO_SUCH_PATH:
                self.hub.feed_schema, wait_s = OLDEST_READ, 0.0
            case no:
                return self._not_now(no)
        self._has_met = True
        return wait_s

    def _not_now(self, no: Answer[Any] | Refused | NoAnswer) -> float:
        """Note what the hub says instead -> the seconds to wait."""
        if not isinstance(no, Refused):
            self._has_met = False
            return self._pull_backoff.failed()
        if no.status == _UPGRADE:
            self._has_met = False
        self.line.pulled(no.problem, too_old=no.status == _UPGRADE)
        return self._pull_backoff.failed(no.retry_after_s)

    # A snapshot instead of very many rows

    def _is_far_behind(self, page: wire.FeedPage) -> bool:
        most = max(self.settings.snapshot_from_rows, self.catalogue.rows // _SMALL_PART)
        return page.behind >= most and not self._by_rows

    def _begin_fetch(self) -> float:
        """Ask what the hub has as a file; go on by rows where it has none for us."""
        match self.hub.snapshot(self._writing_stream, self.signer, self._declared()):
            case Answer(snapshot) if is_for_us(snapshot, self.who.hub_key):
                self._fetch = Fetch(
                    self.catalogue.folder, snapshot, self.settings.snapshot_mbit_s_min
                )
            case Answer() | Refused(status=404):
                self._by_rows = True
            case Refused(_, _, retry_after_s):  # it is being made
                return self._pull_backoff.failed(retry_after_s)
            case _:
                return self._pull_backoff.failed()
        return 0.0

    def _fetch_chunk(self, fetch: Fetch) -> float:
        def chunk(name: str) -> Answer[bytes] | Refused | NoAnswer:
            return self.hub.chunk(self._writing_stream, self.signer, self._declared(), name)

        try:
            came = fetch.step(chunk)
        except (Slow, Useless) as why:
            self._fetch = None
            wait_s = 0.0 if isinstance(why, Slow) else self._repair_backoff.failed()
            self._by_rows = isinstance(why, Slow) or self._repair_backoff.failures > 1
            return wait_s
        if not isinstance(came, bool):
            return self._not_now(came)
        self._pull_backoff.succeeded()
        self.on_event("catalogue.fetching", {"percent": int(100 * fetch.progress)})
        if came:
            self._fetch = None
            self._by_rows = True  # what came since it was made
            try:
                self.catalogue.begin_with(fetch.file, fetch.snapshot.cursor)
            except NotABook:
                return self._repair_backoff.failed()
        return 0.0

    def _tell_unreadable(self, rows: list[Row]) -> None:
        for row in rows:
            self.on_event("catalogue.unreadable", {"kind": row.kind, "key": row.key})

    def wait_for_news(self) -> float | None:
        """Let the hub hold the question until something changes, or there is something else to pull
        for. Returns the seconds to wait before the next pull, None when nothing changed: ask the
        same again."""
        until_s, cursor = self.catalogue.seconds_until_pull(), self.catalogue.next_cursor
        if until_s <= 0:
            return 0.0
        self.on_staged()  # a sale that ended while this thread looked at the books swapped nothing
        answer = self.hub.wait(
            self._writing_stream,
            self.signer,
            self._declared(),
            cursor,
            min(self.settings.feed_wait_s, until_s),
        )
        match answer:
            case Answer(change):
                return 0.0 if change.changed else None
            case Refused(_, _, retry_after_s):
                return self._pull_backoff.failed(retry_after_s)
            case _:
                self._has_met = False
                return self._pull_backoff.failed()

    # Pruning

    def prune_once(self) -> None:
        """Let some old facts go, when there is nothing to send. Raises a refusal of the disk."""
        self.pruning.step()

    @property
    def _writing_stream(self) -> StreamId:
        return self.recorder.writer.stream

    def _declared(self) -> Declared:
        with self.recorder.database.reader() as connection:
            state = records.streams(connection, self.who.till)[-1]
            head = state.head
            return Declared(head.seq, head.hash, state.waiting_since, self._shows())

    def close(self) -> None:
        self.hub.close()
