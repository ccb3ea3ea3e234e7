"""How a till stands, for a person: read from its disk, perhaps beside the till that runs."""

import sqlite3
from pathlib import Path

from pos_client.catalogue.service import look_at_prices
from pos_client.database import Database
from pos_client.identity import Identity
from pos_client.settings import TillSettings
from pos_client.shift.records import open_shift
from pos_client.sync.hub import program
from pos_client.sync.line import in_words, stood
from pos_client.sync.records import streams
from pos_client.sync.service import CLOCK_REMEDY, CLOCK_WRONG
from pricebook.book import NotABook
from retail.clocks import clock_off
from retail.language import Text

_WHO = Text("store {store}, till {till}, hub {hub}", "门店 {store}，收银机 {till}，总部服务 {hub}")
_STREAM = Text(
    "stream {incarnation}: {facts} facts, {waiting} waiting{since}{doubt}",
    "流 {incarnation}：{facts} 条记录，{waiting} 条待传{since}{doubt}",
)
_SINCE = Text(" since {at}", "（自 {at} 起）")
_DOUBTED = Text(", to be compared with what the hub has", "，待与总部核对")
_NOTHING = Text("", "")
_NOT_HEARD = Text("the hub was not heard yet", "尚未连上总部")
_NOT_HEARD_WHY = Text("the hub was not heard yet: {why}", "尚未连上总部：{why}")
_SILENT = Text(
    "the hub does not answer: {why}; last heard at {at}", "总部无应答：{why}；最近一次应答 {at}"
)
_ANSWERS = Text("the hub answers, last heard at {at}", "总部有应答，最近一次 {at}")
_REFUSES = Text(
    "the hub answers and refuses ({code}), last heard at {at}",
    "总部有应答，但拒绝（{code}），最近一次 {at}",
)
_NO_SHIFT = Text("no shift is open", "未开班")
_SHIFT = Text(
    "shift {number} of {cashier} is open, business date {day}",
    "第 {number} 班已开，收银员 {cashier}，营业日 {day}",
)
_NO_PRICES = Text("no prices yet", "尚无价格")
_NO_BOOK = Text(
    "the price book cannot be read: {why} Start the till while the hub answers: it pulls it anew.",
    "价格册无法读取：{why} 请在总部有应答时启动收银程序，将重新下载。",
)
_PRICES = Text(
    "prices {name},{since} compared with head office's at {at}",
    "价格版本 {name}，{since}与总部核对于 {at}",
)
_IN_FORCE = Text(" in force since {at},", "自 {at} 起生效，")
_PROGRAM = Text("program {program}", "程序版本 {program}")


def standing(
    database: Database, who: Identity, settings: TillSettings, clock_off_s: int
) -> list[Text]:
    """Who this till is, what waits, by how much its clock is off, how the line to the hub stood
    when that was last noted, the shift, the prices and the program."""
    lines = [_WHO.filled(store=who.store, till=who.till, hub=who.hub_url)]
    lines += _streams(database, who)
    if clock_off_s:
        said = CLOCK_WRONG.filled(off=clock_off(clock_off_s))
        lines.append(_together(said, CLOCK_REMEDY))
    lines += _hub(settings.state)
    return [*lines, _shift(database), _prices(settings), _PROGRAM.filled(program=program())]


def _streams(database: Database, who: Identity) -> list[Text]:
    with database.reader() as connection:
        return [
            _STREAM.filled(
                incarnation=state.stream.incarnation,
                facts=state.head.seq,
                waiting=state.waiting,
                since=_SINCE.filled(at=state.waiting_since) if state.waiting else _NOTHING,
                doubt=_DOUBTED if state.doubted else _NOTHING,
            )
            for state in streams(connection, who.till)
        ]


def _hub(state: Path) -> list[Text]:
    line = stood(state)
    if not line.was_heard:
        return [_NOT_HEARD_WHY.filled(why=line.why) if line.why else _NOT_HEARD]
    at = line.heard_at.isoformat(timespec="seconds")
    if line.why:
        return [_SILENT.filled(why=line.why, at=at)]
    if line.problem is None:
        return [_ANSWERS.filled(at=at)]
    refuses = _REFUSES.filled(code=line.problem.code, at=at)
    return [refuses, _together(*in_words(line.problem))]


def _together(said: Text, remedy: Text) -> Text:
    return Text(f"{said.en} {remedy.en}".strip(), f"{said.zh}{remedy.zh}")


def _shift(database: Database) -> Text:
    shift = open_shift(database.driver)
    if shift is None:
        return _NO_SHIFT
    context = shift.context
    return _SHIFT.filled(number=shift.number, cashier=context.cashier, day=context.business_date)


def _prices(settings: TillSettings) -> Text:
    try:
        prices = look_at_prices(settings.data, settings.database_wait_s)
    except (sqlite3.Error, ValueError, NotABook) as fault:
        return _NO_BOOK.filled(why=fault)
    if not prices.name:
        return _NO_PRICES
    since = _IN_FORCE.filled(at=prices.published_at) if prices.published_at else _NOTHING
    return _PRICES.filled(name=prices.short, since=since, at=prices.checked_at)
