"""Who this till is: enrolment, key, incarnation and the marker that guards it.

The marker is a random word in the database *and* in a folder outside it and outside its
backups. When they differ (a disk was copied, a backup was put back on another machine) the till
mints a new incarnation before its first act: two copies never write the same stream.
"""

import secrets
import sqlite3
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import Column, Integer, Table, Text, select

from journal.clock import Clock, Ids
from journal.signature import SEED_LENGTH, Signer
from journal.stream import Head, Predecessor, StreamBegan, StreamId, genesis
from pos_client.database import Database, disk_refusals, metadata
from pos_client.folder import file_refusals, write_durably
from pos_client.recorder import Recorder, Writer
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
    Column("acked_seq", Integer, nullable=False),
    Column("acked_hash", Text, nullable=False),
    Column("safe_seq", Integer, nullable=False),
    Column("forked_seq", Integer),
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


def enrol(database: Database, who: Identity, incarnation: str, state: Path) -> None:
    """Keep who this till is and begin its stream under `incarnation`; its key lies beside.
    Raises OtherTill: a journal is one till's."""
    former = load(database)
    if former is not None and former.till != who.till:
        raise OtherTill(till=former.till, other=who.till)
    make_signer(database.file.parent)
    marker = _new_marker(state, who.till)
    first = genesis(StreamId(who.till, incarnation))
    with database.write() as driver:
        driver.execute("DELETE FROM identity")
        driver.execute("INSERT INTO identity VALUES (1, ?, ?, ?, ?, ?)", who)
        _add_stream(driver, incarnation, marker, first)


def open_recorder(
    database: Database, who: Identity, state: Path, clock: Clock, ids: Ids
) -> Recorder:
    """The recorder of this till's stream; a new one when the marker says this is a copy."""
    row = _last_stream(database)
    if _read_marker(state, who.till) != row.marker:
        _mint(database, who, state, ids.incarnation())
        row = _last_stream(database)
    stream_id = StreamId(who.till, row.incarnation)
    writer = Writer(who.store, stream_id, row.stream_no)
    head = _head(database.driver, row.stream_no, stream_id)
    recorder = Recorder(database, writer, head, clock, ids)
    if head.seq == 0:
        with recorder.transaction() as transaction:
            transaction.begin_stream(_began(database, row.stream_no, who.till))
    return recorder


class _StreamRow(NamedTuple):
    stream_no: int
    incarnation: str
    marker: str


def _last_stream(database: Database) -> _StreamRow:
    columns = (stream.c.stream_no, stream.c.incarnation, stream.c.marker)
    row = database.connection.execute(
        select(*columns).order_by(stream.c.stream_no.desc()).limit(1)
    ).one()
    return _StreamRow(*row)


def _mint(database: Database, who: Identity, state: Path, incarnation: str) -> None:
    """Begin a new incarnation. The marker goes first: a kill in between only mints once more."""
    marker = _new_marker(state, who.till)
    with database.write() as driver:
        _add_stream(driver, incarnation, marker, genesis(StreamId(who.till, incarnation)))


def _add_stream(driver: sqlite3.Connection, incarnation: str, marker: str, first: Head) -> None:
    driver.execute(
        "INSERT INTO stream (incarnation, marker, acked_seq, acked_hash) VALUES (?, ?, ?, ?)",
        (incarnation, marker, first.seq, first.hash),
    )


def _began(database: Database, stream_no: int, till: str) -> StreamBegan:
    former = (
        select(stream.c.stream_no, stream.c.incarnation)
        .where(stream.c.stream_no < stream_no)
        .order_by(stream.c.stream_no.desc())
    )
    row = database.connection.execute(former).first()
    if row is None:
        return StreamBegan("enrolled")
    head = _head(database.driver, row.stream_no, StreamId(till, row.incarnation))
    return StreamBegan("marker_differs", Predecessor(row.incarnation, head.seq, head.hash))


def _head(driver: sqlite3.Connection, stream_no: int, stream_id: StreamId) -> Head:
    row = driver.execute(
        "SELECT seq, hash FROM journal WHERE stream_no = ? ORDER BY seq DESC LIMIT 1",
        (stream_no,),
    ).fetchone()
    return Head(*row) if row else genesis(stream_id)


def _marker_file(state: Path, till: str) -> Path:
    return state / f"{till}.marker"


def _read_marker(state: Path, till: str) -> str:
    """What stands there; empty when nothing does. A damaged one is another word, so it differs."""
    with file_refusals():
        try:
            return _marker_file(state, till).read_text(errors="replace")
        except FileNotFoundError:
            return ""


def _new_marker(state: Path, till: str) -> str:
    marker = secrets.token_hex(16)
    write_durably(_marker_file(state, till), marker.encode())
    return marker
