"""Proof on demand: follow the chains, recount the books."""

from collections.abc import Iterator
from typing import NamedTuple

from sqlalchemy import Connection, Row, Table, select

from journal.chain import ChainBroken, hash_of, link
from journal.stream import Head
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
from pos_client.sync.records import SqlOutbox, StreamState, streams
from retail.facts import MalformedFact, UnknownFact
from retail.language import Text
from retail.postings import MONEY, STOCK, Unbalanced

_ROWS_AT_ONCE = 1000
#: after so many it is clear
_STRAYS_NAMED_MAX = 10


#: of what is wrong in the journal
_PUT_BACK = Text(
    "Keep a copy of the data folder and have its disk checked. Then put this till's last backup"
    " back: pos-client restore FILE --replace; what it has sent since comes back from the hub.",
    "请先保留数据文件夹的副本并检查磁盘，再恢复本机最近的备份：pos-client restore 文件 --replace；"
    "此后已上传的记录会从总部取回。",
)
_GO_BY_THE_FACTS = Text(
    "Go by the facts, not by the sums. Keep a copy of the data folder for support, then put this"
    " till's last backup back, whose sums were proved: pos-client restore FILE --replace",
    "以记录为准，账簿合计有误。请为技术支持保留数据文件夹的副本，再恢复本机最近的备份（账簿已复核）："
    "pos-client restore 文件 --replace",
)
_OF_STREAM = Text("stream {incarnation}, fact {seq}: {why}", "流 {incarnation} 第 {seq} 条：{why}")
_CHAIN = Text("{why}", "哈希链中断（{why}）")
_NO_BYTES = Text("is not stored as bytes", "不是按字节存储")
_OTHER_HASH = Text("its bytes do not have the hash beside them", "原文与所存哈希不符")
_OTHER_COLUMNS = Text("its columns say something else than its bytes", "索引列与原文不符")
_UNREADABLE = Text("{why}", "内容无法入账（{why}）")
_OTHER_AT_HUB = Text(
    "the hub acknowledged another one here, or it is gone", "总部已确认的是另一条，或此条已缺失"
)
_STRAY = Text(
    "fact {seq} stands under stream {stream}, which is not there",
    "记录 {seq} 属于不存在的流 {stream}",
)
_HOLDS = Text(
    "stream {incarnation}: the chain of {facts} facts holds, {acked} acknowledged by the hub{gone}",
    "流 {incarnation}：{facts} 条记录的哈希链完整，总部已确认至第 {acked} 条{gone}",
)
_PRUNED = Text(", {count} pruned", "，已清理 {count} 条")
_BOOKS = {MONEY: Text("money ledger", "资金账簿"), STOCK: Text("stock ledger", "库存账簿")}
_AGREES = Text(
    "{book}: {count} accounts recounted, all agree", "{book}：{count} 个科目重新累计，全部相符"
)
_DIFFERS = Text(
    "{book} {account}: stored {stored}, the journal says {counted}",
    "{book} {account}：现存 {stored}，按流水应为 {counted}",
)
_NOTHING = Text("", "")


class Finding(NamedTuple):
    """What does not hold, and what to do about it."""

    what: Text
    todo: Text


class Findings(NamedTuple):
    """What `verify` saw: a line for each thing that holds, a finding for each that does not."""

    checked: list[Text]
    wrong: list[Finding]


class _NotAsWritten(Exception):
    """A fact that is not as it was recorded."""

    def __init__(self, seq: int, why: Text) -> None:
        super().__init__(why.en)
        self.seq = seq
        self.why = why


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
            except _NotAsWritten as fact:
                findings.wrong.append(_found(state, fact.seq, fact.why))
                continue
            gone = _PRUNED.filled(count=state.pruned.seq) if state.pruned.seq else _NOTHING
            of_stream = {"incarnation": state.stream.incarnation, "facts": head.seq}
            findings.checked.append(_HOLDS.filled(**of_stream, acked=state.acked.seq, gone=gone))
            outbox = SqlOutbox(connection, state)
            if outbox.hash_at(state.acked.seq) != state.acked.hash:
                findings.wrong.append(_found(state, state.acked.seq, _OTHER_AT_HUB))
        if not findings.wrong:
            for book, table in ((MONEY, money_ledger), (STOCK, stock_ledger)):
                _compare(book, _ledger(connection, table), recount.ledgers[book], findings)
    return findings


def _found(state: StreamState, seq: int, why: Text) -> Finding:
    what = _OF_STREAM.filled(incarnation=state.stream.incarnation, seq=seq, why=why)
    return Finding(what, _PUT_BACK)


def _look_for_strays(connection: Connection, findings: Findings) -> None:
    """Facts that stand under no stream of this till would be followed by nobody."""
    strays = connection.execute(
        select(journal.c.stream_no, journal.c.seq)
        .where(journal.c.stream_no.not_in(select(stream.c.stream_no)))
        .limit(_STRAYS_NAMED_MAX)
    )
    for stream_no, seq in strays:
        what = _STRAY.filled(seq=seq, stream=stream_no)
        findings.wrong.append(Finding(what, _PUT_BACK))


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
            raise _NotAsWritten(head.seq + 1, _NO_BYTES)
        try:
            envelope, head = link(stream_id, head, row.data)
        except ChainBroken as broken:
            raise _NotAsWritten(broken.seq, _CHAIN.filled(why=broken.why)) from None
        if hash_of(row.data) != row.hash:
            raise _NotAsWritten(head.seq, _OTHER_HASH)
        columns = (row.seq, row.eid, row.type, row.at)
        if columns != (envelope.seq, envelope.eid, envelope.type, envelope.at):
            raise _NotAsWritten(head.seq, _OTHER_COLUMNS)
        try:
            recount.add(envelope)
        except (MalformedFact, UnknownFact, Unbalanced) as fault:
            raise _NotAsWritten(head.seq, _UNREADABLE.filled(why=fault)) from None
    return head


def _ledger(connection: Connection, ledger: Table) -> Ledger:
    keys = len(ledger.primary_key)
    return {
        tuple(row[:keys]): (row.amount, row.entries) for row in connection.execute(select(ledger))
    }


def _compare(book: str, stored: Ledger, counted: Ledger, findings: Findings) -> None:
    name = _BOOKS[book]
    wrong = [
        _DIFFERS.filled(
            book=name,
            account=" / ".join(map(str, key)),
            stored=stored.get(key),
            counted=counted.get(key),
        )
        for key in sorted(stored.keys() | counted.keys(), key=str)
        if stored.get(key) != counted.get(key)
    ]
    findings.wrong.extend(Finding(what, _GO_BY_THE_FACTS) for what in wrong)
    if not wrong:
        findings.checked.append(_AGREES.filled(book=name, count=len(stored)))
