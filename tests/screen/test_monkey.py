"""A monkey at the till: any keys, scans, sizes and broken devices, and nothing is lost."""

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from random import Random

import pytest

from pos_client.screen.page import Size
from pos_client.till import Till
from retail.catalogue import CASH, StoreSettings, TenderType
from retail.quantity import ONE
from tests.builders import open_till, publish
from tests.screen.cashier import LARGE, SCANNER_S, SMALL, Cashier
from tests.till.counter import APPLES, COLA, PEN, WATER, assert_in_order
from tests.till.test_counter import Desk

#: together twenty thousand
SEEDS, ACTS_A_SEED, CHECKED_EVERY = 2, 5_000, 500

_KEYS = (
    *(f"f{number}" for number in range(1, 17)),
    *("enter", "escape", "backspace", "delete", "tab", "up", "down", "left", "right"),
    *("pageup", "pagedown", "home", "end", "insert", "ctrl+p", "ctrl+z", "ctrl+u", "ctrl+c"),
    *("ctrl+j", "ctrl+m", "ctrl+x", "shift+tab", "ctrl+right_square_bracket"),
)
_TYPED = "0123456789.*-+%,x ]()收款可€😀\x1d"
_CODES = (
    *(COLA, WATER, PEN, APPLES, "1234567890128", "]E0" + COLA, "3*" + WATER, "x" * 40),
    *("." + PEN, f"(01)0{COLA}(10)L7(17)260601", "134567890123456789", "PK1.A-1024.NJNJ"),
)
_SIZES = (LARGE, SMALL, Size(72, 16), Size(20, 5), Size(1, 1), Size(240, 70))
_KNOBS = ("paper out", "paper in", "cover open", "cover closed", "power off", "power on")


@pytest.fixture
def simulated() -> Iterator[Desk]:
    with closing(Desk()) as made:
        yield made


class Monkey:
    """Does something; `seen` counts what it did."""

    def __init__(self, cashier: Cashier, simulated: Desk, seed: int) -> None:
        self.chance = Random(seed)
        self.cashier = cashier
        self.simulated = simulated
        self.landed = 0
        self._deeds: list[tuple[Callable[[], None], int]] = [
            (self._press, 30),
            (self._type, 25),
            (self._scan, 25),
            (self._sign_in, 3),
            (self._sell, 6),
            (self._serial, 5),
            (self._paste, 2),
            (self._resize, 2),
            (self._break, 1),
        ]

    def act(self) -> None:
        deeds, weights = zip(*self._deeds, strict=True)
        self.chance.choices(deeds, weights)[0]()
        self.cashier.rows()

    def _press(self) -> None:
        self.cashier.press(self.chance.choice(_KEYS))

    def _type(self) -> None:
        text = "".join(self.chance.choices(_TYPED, k=self.chance.randint(1, 4)))
        self.cashier.type(text, pace_s=self.chance.choice((SCANNER_S, 0.12)))

    def _scan(self) -> None:
        self.cashier.scan(self.chance.choice(_CODES))

    def _serial(self) -> None:
        """A good scan at home with nothing paid is in the basket afterwards, or the bell rang."""
        cashier, desk = self.cashier, self.cashier.face.desk
        at_home = desk.page is desk._pages[0] and self._till.shift.current is not None
        at_home = at_home and not desk.entry
        before, bells = self._pieces(COLA), cashier.bells
        cashier.scan_by_serial(COLA)
        if at_home and cashier.bells == bells:
            assert self._pieces(COLA) == before + ONE, "a scan was lost without a word"
            self.landed += 1

    @property
    def _till(self) -> Till:
        return self.cashier.face.till

    def _pieces(self, code: str) -> int:
        lines = self._till.sale.basket.lines
        return sum(line.quantity for line in lines if line.code == code)

    def _paste(self) -> None:
        self.cashier.face.pasted(self.chance.choice((f"{COLA}\n{PEN}\n", "12", "\n\n", "\x1b[2J")))

    def _sign_in(self) -> None:
        self.cashier.press("escape", "escape")
        self.cashier.type("1001", "enter", "enter", "enter")

    def _sell(self) -> None:
        """So that it does not pile up one endless basket."""
        self.cashier.press("escape", "escape", "escape")
        self.cashier.scan(PEN)
        self.cashier.press("escape", "f11")

    def _resize(self) -> None:
        self.cashier.size = self.chance.choice(_SIZES)

    def _break(self) -> None:
        self.simulated.turn(self.chance.choice(_KNOBS))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(SEEDS))
def test_a_monkey_breaks_nothing(tmp_path: Path, simulated: Desk, seed: int) -> None:
    counter = simulated.simulated
    till = open_till(tmp_path, printer=counter.printer_url, printer_look_s=1.0, print_queue_max=4)
    publish(till, settings=StoreSettings(tenders=(CASH, TenderType("card", "Card", "银行卡"))))
    till.start(lambda *_: None)
    cashier = Cashier(till)
    monkey = Monkey(cashier, simulated, seed)
    try:
        for number in range(1, ACTS_A_SEED + 1):
            monkey.act()
            assert cashier.face.faults == [], f"seed {seed}, act {number}"
            assert not cashier.left
            if number % CHECKED_EVERY == 0:
                with till.recorder.lock:  # a receipt may end meanwhile
                    assert_in_order(till)
    finally:
        till.close()
    assert monkey.landed > ACTS_A_SEED // 500
    assert till.recorder.head.seq > ACTS_A_SEED // 100
