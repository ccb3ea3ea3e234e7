"""The product without one of its safeguards, to see that the simulation notices what it is for.

Each is the smallest other version of one place in the code. What needs transactions that really
interleave (dense positions, the order of locks) is not this simulation's to show.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest.mock import patch

from journal import push as journal_push
from journal.cursor import Cursor
from journal.push import Acknowledged, Arrived, Gap, Meeting, Pusher, Step
from journal.signature import head_message, verified
from journal.stream import Head
from journal.wire import Verdict
from pos_client.catalogue.books import Books
from pos_client.marker import Marker
from pos_client.sync import records as till_records
from pricebook.rows import Contents, Row
from rehearsal.simulation import truth
from rehearsal.simulation.disk import Acting
from sync_server import put_back, recorder
from sync_server.feed import service as feed
from sync_server.lives import epoch_now
from sync_server.sync import service as hub_sync


def _no_head_echo(
    self: Pusher,
    outbox: journal_push.Outbox,
    epoch: str,
    head: Head,
    head_sig: str,
    safe_seq: int,
    verdicts: tuple[Verdict, ...] = (),
) -> Step:
    """The till believes whatever head the hub signs, as far as it goes itself."""
    message = head_message(epoch, self.stream, head, safe_seq)
    if not verified(self.hub_key, message, head_sig):
        return self.unanswered(journal_push.NOT_OUR_HUB)
    own = outbox.head()
    believed = own if head.seq >= own.seq else Head(head.seq, outbox.hash_at(head.seq) or "")
    self.backoff.succeeded()
    self.epoch = epoch
    return Acknowledged(believed, epoch, verdicts, safe_seq, sig=head_sig)


def _no_overlap_hashes(
    head: Head, base: Head, arrived: Sequence[Arrived], hashes: Callable[..., object]
) -> Meeting | Gap:
    """The hub takes what it has under a seq for what the till sends under it."""
    del hashes
    if base.seq > head.seq:
        return Gap()
    overlap = min(len(arrived), head.seq - base.seq)
    return Meeting(overlap, arrived[overlap:])


def _no_staging(
    self: Books, rows: Sequence[Row], cursor: str, contents: Mapping[str, Contents], *, whole: bool
) -> list[Row]:
    """The till sells by each page as it comes."""
    del whole
    return _take(self, rows, cursor, contents, whole=True)


_take = Books.take
_acknowledged = till_records.acknowledged


def _forget_acknowledged(driver: Any, stream_no: int, head: Head, *rest: Any) -> None:
    """The till deletes what the hub has."""
    _acknowledged(driver, stream_no, head, *rest)
    driver.execute("DELETE FROM journal WHERE stream_no = ? AND seq < ?", (stream_no, head.seq))


def _no_findings(*_: object) -> Any:
    from pos_client.inspection import Findings  # noqa: PLC0415  beside its one use

    return Findings([], [])


_store = recorder.Batch.store


def _two_transactions(self: recorder.Batch, connection: Any) -> None:
    """The hub notes that it has the facts, and adds them up in a second transaction."""
    _store(self, connection)
    driver = connection.connection.driver_connection
    driver.execute("COMMIT")
    driver.execute("BEGIN IMMEDIATE")
    assert Acting.server_disk is not None
    Acting.server_disk.before_commit()


def _always_ours(_connection: Any, cursor: str, heads: Mapping[str, object]) -> Cursor:
    """The hub takes every cursor for one of its own life."""
    known = Cursor.parse(cursor) if cursor else Cursor("", {})
    return Cursor("", {scope: known.positions.get(scope, 0) for scope in heads})


def _no_epoch() -> list[Any]:
    def same(connection: Any, *_: object) -> str:
        return epoch_now(connection)

    return [
        patch.object(put_back, "look", lambda connection, _: ("", put_back.seen_now(connection))),
        patch.object(put_back, "begin", same),
        patch.object(feed, "reached", _always_ours),
        patch.object(hub_sync, "_check_proof", lambda *_: None),
    ]


def _no_contents() -> list[Any]:
    return [patch.object(Books, "_finish", _finish_unseen)]


def _finish_unseen(self: Books, change: Any, contents: Mapping[str, Contents]) -> None:
    del contents
    _finish(self, change, {})


_finish = Books._finish

#: what each is called -> the patches that take it out
SAFEGUARDS: dict[str, Callable[[], list[Any]]] = {
    "head echo": lambda: [patch.object(Pusher, "_meet_echo", _no_head_echo)],
    "marker": lambda: [
        patch.object(Marker, "is_ours", lambda _: True),
        patch.object(Marker, "turn", lambda _: None),
    ],
    "overlap hashes": lambda: [patch.object(hub_sync, "meet", _no_overlap_hashes)],
    "staging swap": lambda: [patch.object(Books, "take", _no_staging)],
    "keep acknowledged": lambda: [
        patch.object(till_records, "acknowledged", _forget_acknowledged),
        patch.object(truth, "verify", _no_findings),
    ],
    "dedupe in the same transaction": lambda: [
        patch.object(recorder.Batch, "store", _two_transactions)
    ],
    "epoch": _no_epoch,
    "contents": _no_contents,
}


@contextmanager
def without(safeguard: str) -> Iterator[None]:
    """The product without it; with all of them when the name is empty."""
    with ExitStack() as patches:
        for each in SAFEGUARDS[safeguard]() if safeguard else ():
            patches.enter_context(each)
        yield
