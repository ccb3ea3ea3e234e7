"""Every screen of the till, each reached by keys, for pictures and snapshots."""

from collections.abc import Callable

from rehearsal.processes import wait_until
from retail.catalogue import MarkDown, StoreSettings
from retail.revision import Recall
from tests.builders import publish
from tests.loop_thread import PATIENCE_S
from tests.screen.cashier import Cashier
from tests.till.counter import APPLES, COLA, PEN, WATER
from tests.till.supermarket import (
    CASE,
    LABEL,
    MILK,
    SHELF,
    TWO_THINGS,
    checked,
    in_force_since,
    recall,
)

Stage = Callable[[Cashier], None]


def _sign_in(cashier: Cashier) -> None:
    cashier.type("1001", "enter")
    cashier.type("500", "enter", "enter")


def _basket(cashier: Cashier) -> None:
    _sign_in(cashier)
    cashier.type("2*")
    cashier.scan(COLA, WATER, APPLES)
    cashier.type("655", "enter")
    cashier.type("3*")
    cashier.scan(PEN)
    cashier.press("f3")
    cashier.type("10%", "enter")
    cashier.press("f1", "enter")


def _keys(before: Stage, *keys: str) -> Stage:
    def stage(cashier: Cashier) -> None:
        before(cashier)
        for key in keys:
            if len(key) > 1 and not key.startswith("'"):
                cashier.press(key)
            else:
                cashier.type(key.removeprefix("'"))

    return stage


def _paid(cashier: Cashier) -> None:
    _basket(cashier)
    cashier.type("100", "f11")


def _in_part(cashier: Cashier) -> None:
    _basket(cashier)
    cashier.press("f12")
    cashier.type("20", "f2", "enter")


def _parked(cashier: Cashier) -> None:
    _basket(cashier)
    note = "blue coat" if cashier.face.desk.language == "en" else "蓝衣服"
    cashier.type(note, "f6")
    cashier.scan(WATER, WATER, PEN)
    cashier.press("f6", "f6")


def _many_lines(cashier: Cashier) -> None:
    _sign_in(cashier)
    for _ in range(18):
        cashier.scan(COLA, PEN)
        cashier.press("up", "f3")
        cashier.type("1", "enter", "f2", "enter", "down", "f3")
        cashier.type("10%", "enter", "f1", "enter")


def _unknown(cashier: Cashier) -> None:
    _basket(cashier)
    cashier.scan("6901028075923")


def _waiting(cashier: Cashier) -> None:
    _sign_in(cashier)
    cashier.scan(APPLES, COLA)


def _closing(cashier: Cashier) -> None:
    _paid(cashier)
    cashier.press("ctrl+p")
    close = "shift" if cashier.face.desk.language == "en" else "交班"
    cashier.type(close, "enter")
    cashier.type("5", "enter")
    cashier.type("1", "enter")


def _figures(cashier: Cashier) -> None:
    in_force_since(cashier.face.till, "2026-06-01T21:13:00+00:00")
    checked(cashier.face.till, days_ago=1)
    _paid(cashier)
    cashier.press("ctrl+p")
    cashier.type("X", "enter")


def _supermarket(cashier: Cashier) -> None:
    """A larger shelf: packs, price lists, labels, batches."""
    _sign_in(cashier)
    till = cashier.face.till
    settings = StoreSettings(
        store_name="上海静安店",
        code_templates=("21IIIIIVVVVVC price=2",),
        near_expiry=(MarkDown(3, 300_000), MarkDown(7, 100_000)),
        price_list="市区",
    )
    publish(till, SHELF, settings)
    recall(till, Recall("milk", "杀菌不足", "L7"))


def _search(cashier: Cashier) -> None:
    _supermarket(cashier)
    cashier.scan(PEN)
    cashier.press("f8")
    cashier.type("kele")
    cashier.press("down")


def _product(cashier: Cashier) -> None:
    _supermarket(cashier)
    cashier.scan(COLA)
    cashier.type(f".{MILK}", "enter")


def _by_their_codes(cashier: Cashier) -> None:
    _supermarket(cashier)
    cashier.scan(COLA, CASE, LABEL, f"(01)0{MILK}(10)L8(17)260606")
    cashier.scan(f"(01)0{MILK}(10)L9(15)260602")
    recall(cashier.face.till, Recall("pen", "笔芯漏墨"))
    cashier.scan(MILK)
    recall(cashier.face.till, Recall("cola", "瓶盖松动"))


def _two_things(cashier: Cashier) -> None:
    _supermarket(cashier)
    cashier.scan(TWO_THINGS)


def _old_prices(cashier: Cashier) -> None:
    _basket(cashier)
    checked(cashier.face.till, days_ago=9)
    cashier.face.look()


def counter(cashier: Cashier, *urls: str) -> None:
    """Set these devices up, and wait until each was met."""
    till = cashier.face.till
    for url in urls:
        till.devices.add(url)

    def met() -> bool:
        return all(placed.device.health.known for placed in till.counter.places.devices)

    wait_until(met, PATIENCE_S, "every device was met")


def _devices(cashier: Cashier) -> None:
    _sign_in(cashier)
    counter(
        cashier,
        "sim://printer?paper=out",
        "scan+serial:///dev/no-scanner",
        "sim://display",
        "sim://scale?weight=0.655",
        LOCKER,
    )
    cashier.press("ctrl+d")


def locker(cashier: Cashier) -> None:
    """The locker's page, with things in it."""
    _sign_in(cashier)
    counter(cashier, LOCKER)
    locker = cashier.face.till.locker
    locker.store("PK1.8F3A20C1", 2)
    locker.store("YT7392014455123", 4)
    locker.withdraw(5, "柜门卡住")
    cashier.press("ctrl+d", "f6", "right")


LOCKER = "sim://locker?locks=12&sizes=6S,4M,2L"

STAGES: dict[str, Stage] = {
    "sign-in": lambda _: None,
    "float": _keys(lambda cashier: cashier.type("1001", "enter")),
    "opening": _keys(lambda cashier: cashier.type("1001", "enter"), "'5", "'0", "'0", "enter"),
    "ready": _sign_in,
    "basket": _basket,
    "parked": _parked,
    "many-lines": _many_lines,
    "unknown-code": _unknown,
    "weight": _waiting,
    "quantity": _keys(_basket, "f2"),
    "price": _keys(_basket, "f3"),
    "reason": _keys(_basket, "f3", "'8", "enter"),
    "void": _keys(_basket, "f16"),
    "customer": _keys(_basket, "f5"),
    "price-check": _keys(_basket, f"'.{PEN}", "enter"),
    "product": _product,
    "search": _search,
    "search-empty": _keys(_basket, "f8"),
    "by-their-codes": _by_their_codes,
    "two-things": _two_things,
    "old-prices": _old_prices,
    "drawer": _keys(_basket, "f9"),
    "payment": _keys(_basket, "f12"),
    "payment-in-part": _in_part,
    "change": _paid,
    "receipt": _keys(_paid, "f7"),
    "figures": _figures,
    "count": _closing,
    "close": _keys(_closing, "f12"),
    "closed": _keys(_closing, "f12", "enter"),
    "devices": _devices,
    "set-up": _keys(_devices, "f3"),
    "locker": locker,
    "locker-open": _keys(locker, "enter"),
    "acts": _keys(_basket, "ctrl+p"),
    "help": _keys(_basket, "f1"),
}
