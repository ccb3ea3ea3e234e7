"""Proof on demand: follow the chains, recount the books, say what waits."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import Connection, Row, Table, select

from journal.chain import ChainBroken, hash_of, link
from journal.stream import Head
from pos_client.catalogue.service import look_at_prices
from pos_client.database import Database
from pos_client.identity import Identity, stream
from pos_client.recorder import (
    CARRIED,
    Ledger,
    Recount,
    journal,
    money_ledger,
    stock_ledger,
)
from pos_client.settings import TillSettings
from pos_client.shift.records import open_shift
from pos_client.sync.hub import program
from pos_client.sync.line import in_words, stood
from pos_client.sync.records import SqlOutbox, StreamState, streams
from pos_client.sync.service import CLOCK_REMEDY, CLOCK_WRONG
from pricebook.book import NotABook
from retail.clocks import clock_off
from retail.facts import MalformedFact, UnknownFact
from retail.postings import MONEY, STOCK, Unbalanced

_ROWS_AT_ONCE = 1000
#: after so many it is clear
_STRAYS_NAMED_MAX = 10


class Findings(NamedTuple):
    """What `verify` saw: a line for each thing that holds, one for each that does not."""

    checked: list[str]
    wrong: list[str]


def stored_facts(database: Database) -> Iterator[bytes]:
    """Every fact's stored bytes, stream by stream, in order."""
    facts = select(journal.c.data).order_by(journal.c.stream_no, journal.c.seq)
    with database.reader() as connection:
        yield from connection.execute(facts).scalars()


def verify(database: Database, who: Identity) -> Findings:
    """Follow each stream's chain from its first fact that is here, compare the head the hub
    acknowledged, and add all postings up afresh, with what is carried of facts that were pruned,
    against the ledgers. A till that goes on selling meanwhile is seen
    as it stood at one moment."""
    findings = Findings([], [])
    with database.reader() as connection:
        connection.exec_driver_sql("BEGIN")
        recount = Recount({book: _ledger(connection, carried) for book, carried in CARRIED.items()})
        _look_for_strays(connection, findings)
        for state in streams(connection, who.till):
            try:
                head = _follow(connection, state, recount)
            except ChainBroken as broken:
                findings.wrong.append(f"stream {state.stream.incarnation}, {broken}")
                continue
            gone = f", {state.pruned.seq} pruned" if state.pruned.seq else ""
            findings.checked.append(
                f"stream {state.stream.incarnation}: the chain of {head.seq} facts holds,"
                f" {state.acked.seq} acknowledged by the hub{gone}"
            )
            outbox = SqlOutbox(connection, state)
            if outbox.hash_at(state.acked.seq) != state.acked.hash:
                findings.wrong.append(
                    f"stream {state.stream.incarnation}, fact {state.acked.seq}: the hub"
                    " acknowledged another one here, or it is gone"
                )
        if not findings.wrong:
            for book, table in ((MONEY, money_ledger), (STOCK, stock_ledger)):
                _compare(book, _ledger(connection, table), recount.ledgers[book], findings)
    return findings


def _look_for_strays(connection: Connection, findings: Findings) -> None:
    """Facts that stand under no stream of this till would be followed by nobody."""
    strays = connection.execute(
        select(journal.c.stream_no, journal.c.seq)
        .where(journal.c.stream_no.not_in(select(stream.c.stream_no)))
        .limit(_STRAYS_NAMED_MAX)
    )
    for stream_no, seq in strays:
        findings.wrong.append(f"fact {seq} stands under stream {stream_no}, which is not there")


def status(database: Database, who: Identity, clock_off_s: int) -> list[str]:
    """Lines for a person: who this till is, what waits, and by how much its clock is off."""
    lines = [f"store {who.store}, till {who.till}, hub {who.hub_url}"]
    with database.reader() as connection:
        for state in streams(connection, who.till):
            since = f" since {state.waiting_since}" if state.waiting else ""
            doubt = ", to be compared with what the hub has" if state.doubted else ""
            lines.append(
                f"stream {state.stream.incarnation}: {state.head.seq} facts,"
                f" {state.waiting} waiting{since}{doubt}"
            )
    if clock_off_s:
        said = CLOCK_WRONG.filled(off=clock_off(clock_off_s))
        lines += [f"{said.en} {CLOCK_REMEDY.en}", f"{said.zh}{CLOCK_REMEDY.zh}"]
    return lines


def standing(database: Database, settings: TillSettings) -> list[str]:
    """Lines for a person: how the line to the hub stood when that was last noted, the shift, the
    prices and the program; of a till that may be running, which is not asked."""
    shift = open_shift(database.driver)
    said = "no shift is open"
    if shift is not None:
        who, day = shift.context.cashier, shift.context.business_date
        said = f"shift {shift.number} of {who} is open, business date {day}"
    prices = _prices(settings)
    return [*_hub(settings.state), said, prices, f"program {program()}"]


def _hub(state: Path) -> list[str]:
    line = stood(state)
    if not line.was_heard:
        return [f"the hub was not heard yet{': ' if line.why else ''}{line.why}"]
    at = line.heard_at.isoformat(timespec="seconds")
    if line.why:
        return [f"the hub does not answer: {line.why}; last heard at {at}"]
    if line.problem is None:
        return [f"the hub answers, last heard at {at}"]
    say, remedy = in_words(line.problem)
    refuses = f"the hub answers and refuses ({line.problem.code}), last heard at {at}"
    return [refuses, f"{say.en} {remedy.en}".strip(), f"{say.zh}{remedy.zh}"]


def _prices(settings: TillSettings) -> str:
    try:
        prices = look_at_prices(settings.data, settings.database_wait_s)
    except (sqlite3.Error, ValueError, NotABook) as fault:
        return f"the price book cannot be read: {fault}"
    if not prices.name:
        return "no prices yet"
    since = f" in force since {prices.published_at}," if prices.published_at else ""
    return f"prices {prices.short},{since} compared with head office's at {prices.checked_at}"


def _journal(connection: Connection, stream_no: int) -> Iterator[Row[tuple[object, ...]]]:
    rows = connection.execute(
        select(journal)
        .where(journal.c.stream_no == stream_no)
        .order_by(journal.c.seq)
        .execution_options(yield_per=_ROWS_AT_ONCE)
    )
    yield from rows


def _follow(connection: Connection, state: StreamState, recount: Recount) -> Head:
    stream_id = state.stream
    head = state.beginning
    for row in _journal(connection, state.stream_no):
        if not isinstance(row.data, bytes):  # SQLite keeps whatever is given to it
            raise ChainBroken(head.seq + 1, "is not stored as bytes")
        envelope, head = link(stream_id, head, row.data)
        if hash_of(row.data) != row.hash:
            raise ChainBroken(head.seq, "its bytes do not have the hash beside them")
        columns = (row.seq, row.eid, row.type, row.at)
        if columns != (envelope.seq, envelope.eid, envelope.type, envelope.at):
            raise ChainBroken(head.seq, "its columns say something else than its bytes")
        try:
            recount.add(envelope)
        except (MalformedFact, UnknownFact, Unbalanced) as fault:
            raise ChainBroken(head.seq, str(fault)) from None
    return head


def _ledger(connection: Connection, ledger: Table) -> Ledger:
    keys = len(ledger.primary_key)
    return {
        tuple(row[:keys]): (row.amount, row.entries) for row in connection.execute(select(ledger))
    }


def _compare(name: str, stored: Ledger, counted: Ledger, findings: Findings) -> None:
    wrong = [
        f"{name} ledger {' / '.join(map(str, key))}: stored {stored.get(key)},"
        f" the journal says {counted.get(key)}"
        for key in sorted(stored.keys() | counted.keys(), key=str)
        if stored.get(key) != counted.get(key)
    ]
    findings.wrong.extend(wrong)
    if not wrong:
        findings.checked.append(f"{name} ledger: {len(stored)} accounts recounted, all agree")
