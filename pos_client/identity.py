"""Who this till is: enrolment, key, and the incarnation that it writes.

When the marker is not this till's (a disk was copied, a backup was put back, files were moved to
another machine) it mints a new incarnation before its first act: two copies never write the same
stream. So it does when the hub found a fork of the last one (`sync.forks`).
"""

import secrets
import sqlite3
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import Column, Integer, LargeBinary, Table, Text, select

from journal.clock import Clock, Ids
from journal.signature import SEED_LENGTH, Signer
from journal.stream import Head, Predecessor, StreamBegan, StreamId, genesis
from pos_client.database import Database, disk_refusals, metadata
from pos_client.folder import file_refusals, write_durably
from pos_client.marker import MachineIds, Marker
from pos_client.recorder import Recorder, Transaction, Writer
from retail import language
from retail.refusals import Refusal

KEY_FILE = "till.key"

identity = Table(
    "identity",
    metadata,
    Column("id", Integer, primary_key=True),
    *(Column(name, Text, nullable=False) for name in ("store", "till", "hub_url", "hub_key")),
    Column("epoch", Text, nullable=False),
)
stream = Table(
    "stream",
    metadata,
    Column("stream_no", Integer, primary_key=True),
    Column("incarnation", Text, nullable=False, unique=True),
    Column("marker", Text, nullable=False),
    Column("marker_before", Text, nullable=False),
    Column("acked_seq", Integer, nullable=False),
    Column("acked_hash", Text, nullable=False),
    Column("safe_seq", Integer, nullable=False),
    Column("forked_seq", Integer),
    Column("pruned_seq", Integer, nullable=False),
    Column("pruned_hash", Text, nullable=False),
    Column("acked_proof", LargeBinary),
)


class Identity(NamedTuple):
    """What enrolment settled: store, till, the hub's address and its pinned key."""

    store: str
    till: str
    hub_url: str
    hub_key: str
    epoch: str


class KeyUnusable(Refusal):
    code = "key_unusable"
    sentence = language.Text(
        "This till's key {file} is missing or damaged.", "本机密钥文件 {file} 缺失或已损坏。"
    )
    way_on = language.Text(
        "Put it back from the backup, or ask head office for a code and enrol again.",
        "请从备份恢复该文件，或向总部索取登记码重新登记。",
    )


class OtherTill(Refusal):
    code = "other_till"
    sentence = language.Text(
        "This data folder holds the journal of till {till}, the code is for till {other}.",
        "此数据文件夹属于收银机 {till}，登记码属于 {other}。",
    )
    way_on = language.Text(
        "Enrol till {other} with a data folder of its own (--data).",
        "请为 {other} 使用单独的数据文件夹（--data）。",
    )


def make_signer(data: Path) -> Signer:
    """This till's private key for enrolment, readable by its owner only: the one that is there,
    else a new one."""
    try:
        return load_signer(data)
    except KeyUnusable:
        write_durably(data / KEY_FILE, secrets.token_bytes(SEED_LENGTH))
        return load_signer(data)


def load_signer(data: Path) -> Signer:
    """The private key that the hub knows this till by. Raises KeyUnusable: a new one in its
    place would be a stranger's to the hub, and nobody would see it."""
    file = data / KEY_FILE
    with file_refusals():
        seed = file.read_bytes() if file.exists() else b""
    if len(seed) != SEED_LENGTH:
        raise KeyUnusable(file=file)
    return Signer(seed)


def load(database: Database) -> Identity | None:
    """The identity of an enrolled till, else None."""
    with disk_refusals():
        row = database.connection.execute(select(identity)).first()
    return Identity(row.store, row.till, row.hub_url, row.hub_key, row.epoch) if row else None


def find_hub_at(database: Database, url: str) -> None:
    """The hub this till was enrolled with has another address; by its key it is the same."""
    with database.write() as driver:
        driver.execute("UPDATE identity SET hub_url = ?", (url,))


def enrol(
    database: Database, who: Identity, incarnation: str, state: Path, ids: MachineIds
) -> None:
    """Keep who this till is and begin its stream under `incarnation`; its key (`make_signer`)
    lies beside. Raises OtherTill: a journal is one till's."""
    former = load(database)
    if former is not None and former.till != who.till:
        raise OtherTill(till=former.till, other=who.till)
    word = Marker(database, state, who.till, ids).renew()
    first = genesis(StreamId(who.till, incarnation))
    with database.write() as driver:
        driver.execute("DELETE FROM identity")
        driver.execute("INSERT INTO identity VALUES (1, ?, ?, ?, ?, ?)", who)
        offer_again(driver, who.till)
        _add_stream(driver, incarnation, (word, ""), first)


def offer_again(driver: sqlite3.Connection, till: str, but: int | None = None) -> None:
    """The hub lost facts of one stream, or it is another hub: every stream, but perhaps one, is
    offered from where it begins here. The hub's answer to the first push says how far it has it."""
    streams = driver.execute(
        "SELECT stream_no, incarnation, pruned_seq, pruned_hash FROM stream"
        " WHERE stream_no IS NOT ? AND forked_seq IS NULL",
        (but,),
    ).fetchall()
    for stream_no, incarnation, *pruned in streams:
        first = Head(*pruned) if pruned[0] else genesis(StreamId(till, incarnation))
        driver.execute(
            "UPDATE stream SET acked_seq = ?, acked_hash = ? WHERE stream_no = ?",
            (first.seq, first.hash, stream_no),
        )


def open_recorder(
    database: Database, who: Identity, marker: Marker, clock: Clock, ids: Ids
) -> Recorder:
    """The recorder of this till's stream; of a new one when the marker says that this is a copy."""
    last = _last_stream(database)
    stream_id = StreamId(who.till, last.incarnation)
    writer = Writer(who.store, stream_id, last.stream_no)
    head = _head(database.driver, last.stream_no, stream_id)
    recorder = Recorder(database, writer, head, clock, ids)
    if not marker.is_ours():
        # The marker goes first: a kill in between only mints once more.
        word = marker.renew()
        with recorder.transaction() as write:
            begin_anew(write, ids, "marker_differs", head, word)
            doubt(write.driver, last.stream_no, head.seq)
        return recorder
    marker.turn()
    if head.seq == 0:
        with recorder.transaction() as write:
            write.begin_stream(writer, _began_by_enrolment(database, who.till, last.stream_no))
    return recorder


def begin_anew(write: Transaction, ids: Ids, reason: str, former: Head, marker: str = "") -> None:
    """Write another stream from now on; `former` is how far this till's last one is followed. The
    marker stays as it is unless it is another one now."""
    last, till = write.writer, write.writer.stream.till
    stream_id = StreamId(till, ids.incarnation())
    markers = (marker, "") if marker else _markers(write.driver, last.stream_no)
    stream_no = _add_stream(write.driver, stream_id.incarnation, markers, genesis(stream_id))
    predecessor = Predecessor(last.stream.incarnation, former.seq, former.hash)
    writer = Writer(last.store, stream_id, stream_no)
    write.begin_stream(writer, StreamBegan(reason, predecessor))


def add_older_stream(driver: sqlite3.Connection, incarnation: str, beginning: Head) -> int:
    """Add a stream of this till that is written no more; returns its number, below all others'.
    What it has goes to the hub."""
    (lowest,) = driver.execute("SELECT min(stream_no) FROM stream").fetchone()
    pruned = (beginning.seq, beginning.hash) if beginning.seq else (0, "")
    driver.execute(
        "INSERT INTO stream (stream_no, incarnation, marker, acked_seq, acked_hash, pruned_seq,"
        " pruned_hash) VALUES (?, ?, '', ?, ?, ?, ?)",
        (lowest - 1, incarnation, beginning.seq, beginning.hash, *pruned),
    )
    return int(lowest) - 1


def doubt(driver: sqlite3.Connection, stream_no: int, seq: int) -> None:
    """The hub may hold another history of this stream: it is asked (sync.forks)."""
    driver.execute("UPDATE stream SET forked_seq = ? WHERE stream_no = ?", (seq, stream_no))


class _StreamRow(NamedTuple):
    stream_no: int
    incarnation: str


def _last_stream(database: Database) -> _StreamRow:
    columns = (stream.c[name] for name in _StreamRow._fields)
    row = database.connection.execute(
        select(*columns).order_by(stream.c.stream_no.desc()).limit(1)
    ).one()
    return _StreamRow(*row)


def _markers(driver: sqlite3.Connection, stream_no: int) -> tuple[str, str]:
    row = driver.execute(
        "SELECT marker, marker_before FROM stream WHERE stream_no = ?", (stream_no,)
    ).fetchone()
    return row[0], row[1]


def _add_stream(
    driver: sqlite3.Connection, incarnation: str, markers: tuple[str, str], first: Head
) -> int:
    added = driver.execute(
        "INSERT INTO stream (incarnation, marker, marker_before, acked_seq, acked_hash)"
        " VALUES (?, ?, ?, ?, ?)",
        (incarnation, *markers, first.seq, first.hash),
    )
    return added.lastrowid or 0


def _began_by_enrolment(database: Database, till: str, stream_no: int) -> StreamBegan:
    """The first fact of a stream that is there already and empty."""
    former = (
        select(stream.c.stream_no, stream.c.incarnation)
        .where(stream.c.stream_no < stream_no)
        .order_by(stream.c.stream_no.desc())
    )
    row = database.connection.execute(former).first()
    if row is None:
        return StreamBegan("enrolled")
    head = _head(database.driver, row.stream_no, StreamId(till, row.incarnation))
    return StreamBegan("enrolled_again", Predecessor(row.incarnation, head.seq, head.hash))


def _head(driver: sqlite3.Connection, stream_no: int, stream_id: StreamId) -> Head:
    row = driver.execute(
        "SELECT seq, hash FROM journal WHERE stream_no = ? ORDER BY seq DESC LIMIT 1",
        (stream_no,),
    ).fetchone()
    return Head(*row) if row else genesis(stream_id)
