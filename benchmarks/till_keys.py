"""How long after a key does its page stand on the screen?

Ours: the till on a real pty with 200 lines in the basket, key by key through its pages. Reference:
an app that does nothing but say the key in one line. From the write of the key to the arrival of
the first frame that shows what only the page shows.
"""

import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from random import Random
from statistics import median
from typing import Final, NamedTuple

from benchmarks import goods, screens
from benchmarks.measure import Result, Scale, by_turns, result
from benchmarks.reference import empty_app
from rehearsal.terminal import Terminal

GOAL = 3.0
LINES = 200
PRESSES = 6
UNIT = "ms/key"
#: presses of a key in each round before they count
_WARMING = 1
#: the escape key by the kitty protocol: xterm's costs a tenth of a second of silence
_ESCAPE: Final = "\x1b[27u"


class Key(NamedTuple):
    """A key, and a pattern that some row then has and none had before."""

    name: str
    press: str
    shows: str
    #: keys to get there, and what then stands on the screen
    way: tuple[str, ...] = ()
    there: str = screens.ASKS_GOODS
    #: typed before each press
    first: str = ""
    #: what takes the key back
    back: str = _ESCAPE


_PAYING = "选择支付方式"
SELLING: Final = (
    Key("digit", "7", "▸ 7", back="\x7f"),
    Key("another line", "up", r"▌ +{line_before}  ", back="\x1b[B"),
    Key("help", "f1", "扫码或按 Esc 继续"),
    Key("quantity", "f2", "新数量"),
    Key("price", "f3", "新金额；或"),
    Key("void", "shift+f4", "^  整单作废"),
    Key("customer", "f5", "顾客编号"),
    Key("search", "f8", "查找商品"),
    Key("drawer", "f9", "^  开钱箱"),
    Key("payment", "f12", _PAYING),
    Key("tender", "f2", "▌ F2", ("f12",), _PAYING, back="\x1bOP"),
    Key("all acts", "ctrl+p", "输入名称或拼音的一部分"),
)
OPENING: Final = (
    Key("sign in", "enter", "王芳", (), screens.ASKS_CASHIER, first=goods.CASHIER),
    Key("count", "f2", "^  清点现金", (*goods.CASHIER, "enter"), "F2 清点"),
)


def run(scale: Scale, folder: Path) -> Iterator[Result]:
    """Each key of the tables, in the sale and before the shift is open."""
    presses, lines = scale.of(PRESSES, least=2), scale.of(LINES, least=30)
    products = goods.Shelf(Random(7), lines).products
    with screens.reference("empty_app") as plain:
        plain.wait_for(empty_app.READY)
        for keys, home, many in (
            (SELLING, screens.ASKS_GOODS, lines),
            (OPENING, screens.ASKS_CASHIER, 0),
        ):
            screens.prepare(folder / f"lines-{many}", products, many)
            with screens.till(folder / f"lines-{many}", folder / "copy") as till:
                for key in keys:
                    till.wait_for(home)
                    yield _result(key, till, plain, presses, many - 1, scale)
                    till.type(_ESCAPE)


def _result(
    key: Key, till: Terminal, plain: Terminal, presses: int, line_before: int, scale: Scale
) -> Result:
    till.press(*key.way)
    till.wait_for(key.there)
    seen = re.compile(key.shows.format(line_before=line_before))
    rounds = by_turns(
        scale,
        partial(_page_ms, till, key, seen, presses),
        partial(_words_ms, plain, key.press, presses),
    )
    return result(f"till_keys {key.name}", UNIT, GOAL, rounds, presses)


def _page_ms(till: Terminal, key: Key, seen: re.Pattern[str], presses: int) -> float:
    """Median milliseconds from the key to its page."""
    took_ms: list[float] = []

    def shown(rows: list[str]) -> bool:
        return any(map(seen.search, rows))

    for _ in range(_WARMING + presses):
        till.type(key.first)
        till.wait_for_calm()
        assert not shown(till.screen()), f"{key.name}: it is there before the key"
        pressed_ns = till.press(key.press)
        took_ms.append((till.seen_at(shown) - pressed_ns) / 1_000_000)
        till.type(key.back)
        till.wait_for(lambda rows: not shown(rows), what=f"the way back from {key.name}")
    return median(took_ms[_WARMING:])


def _words_ms(plain: Terminal, key: str, presses: int) -> float:
    """Median milliseconds from the key to the line that says it."""
    took_ms: list[float] = []
    for _ in range(_WARMING + presses):
        plain.wait_for_calm()
        before = plain.screen()[0]
        pressed_ns = plain.press(key)
        took_ms.append((plain.seen_at(partial(_differs, before)) - pressed_ns) / 1_000_000)
    return median(took_ms[_WARMING:])


def _differs(before: str, rows: list[str]) -> bool:
    return rows[0] != before
