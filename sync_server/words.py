"""How head office is told of amounts, times and facts, wherever: pages, commands, the doctor."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from journal.stream import STREAM_BEGAN
from retail.clocks import age
from retail.facts import (
    TYPES,
    CodeDecided,
    CompartmentReturned,
    CompartmentWithdrawn,
    DoorOpeningDecided,
    DoorOpeningEnded,
    DrawerOpened,
    Fact,
    ParcelStored,
    ParcelTaken,
    ReceiptPrinted,
    SaleCompleted,
    SaleVoided,
    ShiftClosed,
    ShiftOpened,
    StockReceived,
)
from retail.language import Text
from retail.money import Money, UnknownCurrency, exponent

NOTHING = Text("", "")
_AGO, _JUST_NOW = Text("{age} ago", "{age}前"), Text("just now", "刚刚")
_A_MINUTE = timedelta(minutes=1)
_KINDS: dict[type[Fact], Text] = {
    SaleCompleted: Text("sale", "销售"),
    SaleVoided: Text("void", "作废"),
    ShiftOpened: Text("shift opened", "开班"),
    ShiftClosed: Text("shift closed", "交班"),
    ReceiptPrinted: Text("receipt printed", "小票打印"),
    StockReceived: Text("delivery", "到货"),
    DrawerOpened: Text("drawer opened", "开钱箱"),
    CodeDecided: Text("code read", "条码判定"),
    DoorOpeningDecided: Text("door opening decided", "决定开门"),
    DoorOpeningEnded: Text("door opening ended", "开门结果"),
    ParcelStored: Text("parcel stored", "存包裹"),
    ParcelTaken: Text("parcel taken out", "取包裹"),
    CompartmentWithdrawn: Text("compartment out of service", "格口停用"),
    CompartmentReturned: Text("compartment back in service", "格口恢复使用"),
}
_KIND_NAMES = {TYPES[fact][0]: said for fact, said in _KINDS.items()}
_KIND_NAMES[STREAM_BEGAN[0]] = Text("stream begun", "记录流开始")


def kind_name(kind: str) -> Text:
    """What a type of facts is called; one that this hub does not know, by its name on the wire."""
    return _KIND_NAMES.get(kind, Text(kind, kind))


def facts_of(count: int) -> Text:
    """So many facts."""
    return Text(f"{count:,} fact{'s' if count != 1 else ''}", f"{count:,} 条")


def ago(since: str, now: datetime) -> Text:
    """How long ago something was."""
    at = datetime.fromisoformat(since)
    return _AGO.filled(age=age(at, now)) if now - at >= _A_MINUTE else _JUST_NOW


def decimals(currency: str) -> int:
    """Of a currency's amounts; none of one that is not in ISO 4217, which another make of till may
    have named."""
    try:
        return exponent(currency)
    except UnknownCurrency:
        return 0


def plain(minor: int, currency: str) -> str:
    """An amount in digits: `88930.00`."""
    return Money(minor, currency).plain if decimals(currency) else str(minor)


def grouped(minor: int, currency: str) -> str:
    """An amount in digits, its thousands set apart: `88,930.00`."""
    return Money(minor, currency).grouped if decimals(currency) else f"{minor:,}"


def thousandths(milli: int) -> str:
    """A quantity in 1/1000 of some unit, in digits: `-1`, `0.25`."""
    whole, rest = divmod(abs(milli), 1000)
    part = f".{rest:03}".rstrip("0") if rest else ""
    return f"{'-' if milli < 0 else ''}{whole}{part}"


def amount(minor: int, currency: str) -> str:
    """An amount with its currency: `CNY 88,930.00`."""
    return f"{currency} {grouped(minor, currency)}"


def clock(at: str, timezone: str, now: datetime) -> str:
    """A time as the store's wall clock shows it; with the date when it is not today's."""
    if not at:
        return ""
    zone = ZoneInfo(timezone)
    when = datetime.fromisoformat(at).astimezone(zone)
    if when.date() == now.astimezone(zone).date():
        return when.strftime("%H:%M:%S")
    return when.strftime("%Y-%m-%d %H:%M")
