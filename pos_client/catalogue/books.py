"""The till's price books: the one in force, what is on its way into it, and the one that comes.

A small change is staged in the book in force, applied on a connection of its own and left
uncommitted: the swap, between two sales, is its commit. What is pulled from the beginning fills
a book of its own, while the one in force is sold by; the swap is a change of the name in a file.
Either way a till that is killed at any moment finds one whole revision or the other.
"""

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import RLock

import msgspec

from pos_client.catalogue.kinds import readable
from pos_client.folder import file_refusals, made, write_durably
from pricebook.book import Book, Change, NotABook, damaged_scope
from pricebook.rows import CATALOGUE, PLAN, PLANNED, RECALLS, REVISIONS, Contents, Row, body_of
from retail.revision import Plan, Planned

IN_FORCE_FILE = "in-force"
#: how often the file hears that the hub has no more
CHECK_NOTED_EVERY = timedelta(minutes=10)
#: a plan that is in force this long before its time was due by a clock that was wrong; what is less
#: may be two readings of a right one
_TOO_EARLY = timedelta(minutes=1)


def number_in_force(folder: Path) -> int:
    """Which of the books in the folder is sold by."""
    try:
        return int((folder / IN_FORCE_FILE).read_text(encoding="ascii"))
    except (FileNotFoundError, ValueError):
        return 1


def book_file(folder: Path, number: int) -> Path:
    return folder / f"book-{number}.db"


class ContentsDiffer(Exception):
    """What was pulled does not add up to what the hub says that the scope holds."""

    def __init__(self, scope: str) -> None:
        super().__init__(scope)
        self.scope = scope


class Books:
    """The price books in a folder. Filled on one thread, swapped on the one that sells."""

    def __init__(
        self,
        folder: Path,
        wait_s: float,
        now: Callable[[], datetime],
        knows_time: Callable[[], bool],
    ) -> None:
        """Opens what is there; a book that is none is set aside and begun anew. `knows_time` says
        whether `now` is more than this machine's own clock. Raises DiskFull, DiskUnusable or
        sqlite3.Error."""
        self.folder = made(folder)
        self._wait_s = wait_s
        self._now = now
        self._knows_time = knows_time
        self._filling = RLock()
        self._change: Change | None = None
        self._coming_is_whole = False
        self._number = number_in_force(self.folder)
        self.book = self._opened(self._number)
        self._coming = self._opened(self._number + 1) if self._next_file.exists() else None
        self._note_plans()
        self._sweep()

    def _sweep(self) -> None:
        """Remove the books that were put out of force while somebody still read them."""
        kept = {self._file(self._number), self._next_file}
        for file in set(self.folder.glob("book-*.db")) - kept:
            _remove(file)

    def _file(self, number: int) -> Path:
        return book_file(self.folder, number)

    @property
    def _next_file(self) -> Path:
        return self._file(self._number + 1)

    def _opened(self, number: int) -> Book:
        file = self._file(number)
        try:
            return Book(file, self._wait_s)
        except NotABook:
            return self._set_aside(file)

    def _set_aside(self, file: Path) -> Book:
        """An empty book where a damaged one was, which is kept for whoever looks into it."""
        with file_refusals():
            file.replace(file.with_suffix(".damaged"))
        _remove(file)
        return Book(file, self._wait_s)

    def begin_empty(self) -> None:
        """Put an empty book in the place of the one in force, which nobody can sell by."""
        with self._filling:
            self._withdraw()
            self.book.close()
            self.book = self._set_aside(self.book.file)
            self._note_plans()

    def close(self) -> None:
        with self._filling:
            self._withdraw()
            self.book.close()
            if self._coming is not None:
                self._coming.close()

    # On the thread that pulls

    @property
    def next_cursor(self) -> str:
        """Where the next pull goes on: after what is staged."""
        with self._filling:
            return (self._coming or self.book).position.staged_cursor

    def seconds_until_pull(self) -> float:
        """How long nothing need be asked for: until a plan is due, or the hub is to say again that
        it has no more. What is ready already waits for the sale to end, not for a pull."""
        with self._filling:
            if self._change is not None or self._coming_is_whole:
                return CHECK_NOTED_EVERY.total_seconds()
            at = _time(self.book.position.checked_at) + CHECK_NOTED_EVERY
            if self._is_too_early():
                return 0.0
            if self.next_due is not None:
                at = min(at, self.next_due)
            return (at - self._now()).total_seconds()

    def rows(self) -> int:
        """How many rows of the catalogue the book in force holds."""
        with self._filling:
            return self.book.contents(CATALOGUE).rows

    def take(
        self, rows: Sequence[Row], cursor: str, contents: Mapping[str, Contents], *, whole: bool
    ) -> list[Row]:
        """Keep a page out of sight, but for what may not be sold any more. When it ends a whole
        cut that is made ready for the swap. Comes back with the rows that this program cannot
        read. Raises ContentsDiffer: what was pulled is forgotten."""
        with self._filling:
            if not rows and self._knows_all_up_to(cursor):
                self._check(whole=whole)
                return []
            self._withdraw()
            self.book.checkpoint()
            self._recall(rows)
            if not whole and self._coming is None and not self.next_cursor:
                self.begin_anew()
            if self._coming is not None:
                return self._fill(self._coming, rows, cursor, contents, whole=whole)
            with self.book.change() as change:
                change.stage(rows, cursor, contents, whole=whole)
            return self.prepare()

    def _knows_all_up_to(self, cursor: str) -> bool:
        position = self.book.position
        return self._coming is None and cursor == position.cursor == position.staged_cursor

    def _check(self, *, whole: bool) -> None:
        """Note that the hub has no more, but not with every look."""
        now = self._now()
        seen = _time(self.book.position.checked_at)
        if whole and self._change is None and now - seen >= CHECK_NOTED_EVERY:
            with self.book.change() as change:
                change.checked(_text(now))

    def _recall(self, rows: Sequence[Row]) -> None:
        """What may not be sold any more is in force at once."""
        recalls = [row for row in rows if row.scope == RECALLS]
        if recalls:
            with self.book.change() as change:
                change.put(recalls, readable)

    def begin_anew(self) -> None:
        """Fill a book of its own from the beginning; until it is whole all is sold as before."""
        with self._filling:
            self._withdraw()
            self._drop_coming()
            self._coming = self._opened(self._number + 1)

    def begin_with(self, file: Path, cursor: str) -> None:
        """Go on from a file that holds everything up to the cursor. Raises NotABook."""
        with self._filling:
            self._withdraw()
            self._drop_coming()
            with file_refusals():
                file.replace(self._next_file)
            self._coming = Book(self._next_file, self._wait_s)
            with self._coming.change() as change:
                change.move_to(cursor)

    def _drop_coming(self) -> None:
        self._coming_is_whole = False
        if self._coming is not None:
            self._coming.close()
            self._coming = None
        _remove(self._next_file)

    def _fill(
        self,
        coming: Book,
        rows: Sequence[Row],
        cursor: str,
        contents: Mapping[str, Contents],
        *,
        whole: bool,
    ) -> list[Row]:
        with coming.change() as change:
            change.take_back_ahead()
            unread = change.put(rows, readable, former=self.book)
            change.move_to(cursor)
            if whole:
                self._finish(change, contents)
        coming.checkpoint()
        self._coming_is_whole = whole
        return unread

    def prepare(self) -> list[Row]:
        """Make ready what is staged as a whole, what is due, and what is in force too early; comes
        back with the rows that this program cannot read. Raises ContentsDiffer."""
        with self._filling:
            position = self.book.position
            is_due = self.next_due is not None and self.next_due <= self._now()
            is_due = is_due or self._is_too_early()
            if self._coming or self._change or not (position.staged_whole or is_due):
                return []
            change = self.book.begin()
            try:
                change.take_back_ahead()
                unread: list[Row] = []
                if position.staged_whole:
                    unread = change.put(change.staged(), readable)
                    change.move_to(position.staged_cursor)
                self._finish(change, position.staged_contents)
            except BaseException:
                change.roll_back()
                raise
            self._change = change
            return unread

    def _is_too_early(self) -> bool:
        """Whether a plan is in force that lies ahead, now that the time is known: it was due by
        this machine's own clock before the hub was heard."""
        latest = self._latest_due
        return latest is not None and self._knows_time() and latest > self._now() + _TOO_EARLY

    def _finish(self, change: Change, contents: Mapping[str, Contents]) -> None:
        """Compare what the scopes hold with what the hub says; then what is due comes on top."""
        for scope, expected in contents.items():
            if change.contents(scope) != expected:
                raise ContentsDiffer(scope)
        now = self._now()
        if contents:
            change.checked(_text(now))
        change.put_ahead(_due_rows(change, now))
        change.settled(_text(now))

    def audit(self) -> None:
        """Count the book in force from all its rows; it takes a second or two for a million. Raises
        ContentsDiffer: a row is not what it was."""
        with self._filling:
            driver = self.book.connection()
        with closing(driver):
            scope = damaged_scope(driver)
        if scope is not None:
            raise ContentsDiffer(scope)

    def _withdraw(self) -> None:
        """Take back what was made ready: more has come."""
        if self._change is not None:
            self._change.roll_back()
            self._change = None

    # On the thread that sells

    def swap(self) -> bool:
        """Sell by what is ready from now on -> whether anything is. While the other thread is at
        work nothing changes: it tells when it is done."""
        if not self._filling.acquire(blocking=False):
            return False
        try:
            if self._coming is not None and self._coming_is_whole:
                self._put_in_force(self._coming)
            elif self._change is not None:
                self._commit(self._change)
            else:
                return False
            self._note_plans()
            return True
        finally:
            self._filling.release()

    def _commit(self, change: Change) -> None:
        try:
            change.commit()
        finally:
            change.roll_back()  # of what the disk did not take
            self._change = None

    def _put_in_force(self, coming: Book) -> None:
        write_durably(self.folder / IN_FORCE_FILE, str(self._number + 1).encode())
        former, self.book = self.book, coming
        self._coming, self._coming_is_whole = None, False
        former.close()
        _remove(former.file)
        self._number += 1

    def _note_plans(self) -> None:
        """When the next plan goes into force that is not yet, and when the last one did that is."""
        settled = _time(self.book.position.settled_at)
        times = [at for at, _ in _plans(self.book.reader)]
        self.next_due = min((at for at in times if at > settled), default=None)
        self._latest_due = max((at for at in times if at <= settled), default=None)


def _plans(driver: sqlite3.Connection) -> list[tuple[datetime, Plan]]:
    bodies = driver.execute(
        "SELECT body FROM published WHERE scope = ? AND kind = ?", (REVISIONS, PLAN)
    )
    plans = [msgspec.json.decode(body, type=Plan) for (body,) in bodies]
    return sorted(((plan.effective_at, plan) for plan in plans), key=lambda each: each[0])


def _due_rows(change: Change, now: datetime) -> list[Row]:
    """The rows of all plans that are due, of one thing the latest."""
    rows: dict[tuple[str, str], Row] = {}
    for at, plan in _plans(change.driver):
        if at <= now:
            bodies = change.driver.execute(
                "SELECT body FROM published WHERE scope = ? AND kind = ?"
                " AND key > ? AND key < ? ORDER BY key",
                (REVISIONS, PLANNED, f"{plan.plan}/", f"{plan.plan}0"),  # 0 follows / in ASCII
            )
            for (body,) in bodies:
                row = msgspec.json.decode(body, type=Planned)
                rows[row.kind, row.key] = Row(CATALOGUE, row.kind, row.key, body_of(row.body))
    return list(rows.values())


def _remove(file: Path) -> None:
    """Remove a book and its logs; what another reader still holds goes at the next start."""
    for name in (file, *(file.with_name(file.name + end) for end in ("-wal", "-shm"))):
        with suppress(OSError):
            name.unlink()


def _text(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds")


def _time(text: str) -> datetime:
    """The time; before all others where there is none yet."""
    return datetime.fromisoformat(text) if text else datetime.min.replace(tzinfo=UTC)
