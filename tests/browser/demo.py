"""A day of a small chain as head office sees it in the afternoon: what the pictures show."""

from datetime import UTC, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

from journal.wire import Declared
from retail.facts import ShiftClosed
from tests.builders import SteppedClock
from tests.hand_till import DAY, HandTill, a_sale, an_opened_shift, reply_of
from tests.served_hub import ServedHub

#: 16:24 in Shanghai
AFTERNOON = datetime(2026, 6, 3, 8, 24, 10, tzinfo=UTC)
OPENS, NOW = 8, 16
#: sales of a till in each hour from OPENS on
BUSY = (9, 14, 17, 26, 41, 34, 23, 21, 12)
STORES = {"S01": "上海静安店", "S02": "苏州湖滨店"}
#: how busy a till is beside the others, in tenths
TILLS = {"S01-1": 10, "S01-2": 7, "S02-1": 8, "S02-2": 4}


def play_day(hub: ServedHub) -> None:
    """Two stores, four tills, a day of sales; S01-2 closed its early shift short, S02-1 has facts
    outstanding, S02-2 is silent."""
    chance = Random(7)
    for store, name in STORES.items():
        hub.add_store(store, name=name)
    for number, (till_id, busy) in enumerate(TILLS.items(), start=1):
        with HandTill(hub.url, number) as till:
            till.enrol(hub.enrol_code(till_id[:3]))
            till.begin()
            till.record(an_opened_shift())
            for hour, sales in enumerate(BUSY, start=OPENS):
                _sell(till, hour, sales * busy // 10, chance)
                if (till_id, hour) == ("S01-2", 13):
                    till.record(ShiftClosed(1, "CNY", 512_300, 507_300, 104), at=_at(14, 2))
                    till.record(an_opened_shift(2), shift=f"{till.stream.short}-2", at=_at(14, 5))
            _push(hub, till)


def _at(hour: int, minute: int) -> str:
    zone = ZoneInfo("Asia/Shanghai")
    day = datetime.fromisoformat(DAY).replace(tzinfo=zone)
    return day.replace(hour=hour, minute=minute).isoformat(timespec="milliseconds")


def _sell(till: HandTill, hour: int, sales: int, chance: Random) -> None:
    shift = 2 if till.stream.till == "S01-2" and hour > 13 else 1
    until = 23 if hour == NOW else 59
    for minute in sorted(chance.randrange(until) for _ in range(sales)):
        total = chance.choice((350, 700, 1290, 2450, 3680, 5720, 8890, 14_500))
        receipt = f"R{len(till.facts)}"
        told = {"at": _at(hour, minute), "shift": f"{till.stream.short}-{shift}"}
        till.record(a_sale(total=total, receipt=receipt), **told)


def _push(hub: ServedHub, till: HandTill) -> None:
    declared, silent = None, timedelta()
    match till.stream.till:
        case "S02-1":
            declared = Declared(till.head().seq + 6, "x", _at(16, 21))
        case "S02-2":
            declared, silent = Declared(till.head().seq + 3, "x", _at(16, 16)), timedelta(minutes=7)
    hub.clock.move(-silent)
    reply_of(till.push(declared=declared))
    hub.clock.move(silent)


def the_hub(database_url: str) -> ServedHub:
    """A hub whose clock shows the afternoon."""
    return ServedHub(database_url, SteppedClock(AFTERNOON))
