"""What another disk of this till still holds is brought in: the machine was replaced, or an older
copy was put back and the former folder kept aside.

A stream that this till lacks, or has less of, is taken over as it stands, below the one that is
written; the hub compares it as it does every stream. Facts that have no such place (the stream
went on here in another way) are moved into the one that is written, under their ids. What is here
already stays. A kill in between leaves what was brought in so far; the next run goes on.
"""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from sqlalchemy import Connection

from journal.chain import ChainBroken, link
from journal.push import Arrived
from journal.stream import Head
from journal.wire import PUSH_BYTES_MAX, PUSH_FACTS_MAX
from pos_client.database import DATABASE_FILE, Database
from pos_client.folder import file_refusals
from pos_client.identity import add_older_stream, load
from pos_client.recorder import Recorder, Transaction
from pos_client.settings import TillSettings
from pos_client.sync import records
from pos_client.sync.forks import Sales, bring
from pos_client.sync.records import SqlOutbox, StreamState, streams
from retail.language import Text
from retail.refusals import Refusal


class NoJournalThere(Refusal):
    code = "no_journal_there"
    sentence = Text("There is no till's journal in {folder}.", "{folder} 中没有收银机日志。")
    way_on = Text(
        "Give the data folder of this till's other disk: the one with till.db.",
        "请指定本机另一磁盘的数据文件夹（含 till.db）。",
    )


class OtherTillsJournal(Refusal):
    code = "other_tills_journal"
    sentence = Text(
        "{folder} holds the journal of till {other}; this is till {till}.",
        "{folder} 中是收银机 {other} 的日志；本机为 {till}。",
    )
    way_on = Text("Bring it in at till {other}.", "请在收银机 {other} 上导入。")


_BROKEN = Text("stream {stream}, fact {seq}: {why}", "流 {stream} 第 {seq} 条的哈希链中断（{why}）")


class Brought(NamedTuple):
    """How many facts came in, how many were here already, and what is wrong with the rest."""

    facts: int = 0
    known: int = 0
    wrong: tuple[Text, ...] = ()

    def __add__(self, other: object) -> "Brought":
        assert isinstance(other, Brought)
        return Brought(self.facts + other.facts, self.known + other.known, self.wrong + other.wrong)


def bring_in(recorder: Recorder, sales: Sales, old: Database) -> Brought:
    """Bring in what the other database of this till holds and this one does not. Raises a refusal
    of either disk."""
    brought = Brought()
    with old.reader() as connection:
        for state in streams(connection, recorder.writer.stream.till):
            brought += _Stream(recorder, sales, connection, state).bring_in()
    return brought


@contextmanager
def opened(folder: Path, settings: TillSettings, till: str) -> Iterator[Database]:
    """The database in another data folder of this till, as a copy that is brought up to date: the
    other disk is only read. Raises NoJournalThere, OtherTillsJournal or a refusal of a disk."""
    with file_refusals(), TemporaryDirectory(prefix="import-", dir=settings.data) as beside:
        copied = Path(beside) / DATABASE_FILE
        if not (folder / DATABASE_FILE).is_file():
            raise NoJournalThere(folder=folder)
        for name in (DATABASE_FILE, f"{DATABASE_FILE}-wal"):
            if (folder / name).exists():
                shutil.copyfile(folder / name, copied.with_name(name))
        with closing(Database(copied, settings.database_wait_s)) as database:
            who = load(database)
            if who is None:
                raise NoJournalThere(folder=folder)
            if who.till != till:
                raise OtherTillsJournal(folder=folder, other=who.till, till=till)
            yield database


class _Stream:
    """One stream of the other disk."""

    def __init__(
        self, recorder: Recorder, sales: Sales, connection: Connection, theirs: StreamState
    ) -> None:
        self._recorder = recorder
        self._sales = sales
        self._theirs = theirs
        self._outbox = SqlOutbox(connection, theirs)

    def bring_in(self) -> Brought:
        """Page by page, each in a transaction of its own."""
        brought, head = Brought(), self._theirs.beginning
        while True:
            try:
                page = self._page(head)
            except ChainBroken as broken:
                stream = self._theirs.stream.incarnation
                wrong = _BROKEN.filled(stream=stream, seq=broken.seq, why=broken.why)
                return brought + Brought(wrong=(wrong,))
            if not page:
                return brought
            head = page[-1].head
            with self._recorder.transaction() as write:
                brought += self._take(write, page)

    def _page(self, head: Head) -> list[Arrived]:
        """The next facts, each checked to follow the one before, as far as they do. Raises
        ChainBroken where the first does not."""
        page: list[Arrived] = []
        for data in self._outbox.facts_after(head.seq, PUSH_FACTS_MAX, PUSH_BYTES_MAX):
            try:
                envelope, head = link(self._theirs.stream, head, data)
            except ChainBroken:
                if page:
                    break
                raise
            page.append(Arrived(envelope, data, head.hash))
        return page

    def _take(self, write: Transaction, page: list[Arrived]) -> Brought:
        known = records.known(write.driver, [fact.envelope.eid for fact in page])
        new = [fact for fact in page if fact.envelope.eid not in known]
        if new and self._continues(write, new):
            stream_no = self._own_number(write.driver)
            if stream_no is None:
                stream_no = add_older_stream(
                    write.driver, self._theirs.stream.incarnation, self._theirs.beginning
                )
            for fact in new:
                write.adopt(stream_no, fact.envelope, fact.data)
                self._sales.known_again(write.driver, stream_no, fact.envelope)
        else:
            for fact in new:
                bring(write, self._sales, fact.envelope)
        return Brought(len(new), len(known))

    def _continues(self, write: Transaction, new: list[Arrived]) -> bool:
        """Whether these facts follow what stands here of their stream, without a gap."""
        if write.writer.stream == self._theirs.stream:
            return False  # nobody but the till itself writes there
        last = new[-1].head.seq
        if last - new[0].head.seq + 1 != len(new):
            return False
        stands = self._own_head(write.driver)
        return stands == Head(new[0].head.seq - 1, new[0].envelope.prev)

    def _own_number(self, driver: sqlite3.Connection) -> int | None:
        row = driver.execute(
            "SELECT stream_no FROM stream WHERE incarnation = ?",
            (self._theirs.stream.incarnation,),
        ).fetchone()
        return int(row[0]) if row else None

    def _own_head(self, driver: sqlite3.Connection) -> Head:
        """The last fact that is here of the stream; where it begins there when there is none."""
        row = driver.execute(
            "SELECT seq, hash FROM journal WHERE stream_no = ? ORDER BY seq DESC LIMIT 1",
            (self._own_number(driver),),
        ).fetchone()
        return Head(*row) if row else self._theirs.beginning
