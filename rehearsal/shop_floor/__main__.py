"""The command: the till with all it needs, in this terminal.

python -m rehearsal.shop_floor [--keep FOLDER]     Ctrl+Q ends all of it, in order
"""

import asyncio
import io
import os
import shutil
import signal
import sys
from contextlib import closing
from decimal import Decimal
from itertools import cycle
from pathlib import Path
from types import FrameType
from typing import Annotated, Self

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn

from hardware.fault import Fault
from hardware.simulator.counter import Goods, Shelf, SimulatedCounter
from pos_client.screen import ask_for_quick_frames
from pos_client.screen.frame import COLUMNS_MIN, ROWS_MIN
from pos_client.settings import load
from pos_client.till import Till
from rehearsal.demo import demo_rows
from rehearsal.processes import ChildEnded
from rehearsal.shop import INTERRUPTED, CommandFailed, TillHome, last_words
from rehearsal.shop_floor.opening import STEPS, floor_folder, opened_shop
from retail.language import Text
from retail.refusals import Refusal

_BAGS_KG = Decimal("0.655"), Decimal("1.120"), Decimal("0.480")
_SHELF_COLUMNS = 3
_FAULTS = (Refusal, Fault, ChildEnded, CommandFailed, OSError, ValueError)

_TITLE = Text("Omnitill · the shop floor", "Omnitill · 演示门店")
_TILL_OPENS = Text("the till opens", "收银机开机")
_CLOSING = Text("closing", "正在关闭")
_CLOSED = Text("The shop is closed; nothing is left running.", "已全部关闭，无残留进程。")
_KEPT = Text("Its books stay in {folder}", "数据保留在 {folder}")
_NOT_STARTED = Text("The demo did not start.", "演示未能启动。")
_NO_TERMINAL = Text("The screen needs a terminal.", "屏幕界面需要终端。")
_NO_TERMINAL_WAY = Text(
    "Start it in one, or run: python -m rehearsal.store_day",
    "请在终端中启动，或运行：python -m rehearsal.store_day",
)
_SMALL = Text(
    "The window has {columns} columns and {rows} rows.", "窗口只有 {columns} 列 {rows} 行。"
)
_SMALL_WAY = Text(
    "Make it at least {columns} by {rows}, then start again.",
    "请放大到至少 {columns} 列 {rows} 行后重新启动。",
)
_AGAIN = Text("See to that, then start again.", "请处理后重新启动。")


def main(
    keep: Annotated[
        Path | None, typer.Option(help="keep the databases in this folder, and go on from there")
    ] = None,
) -> None:
    """A hub, a demo chain, a simulated counter, and the till in this terminal.

    Example: python -m rehearsal.shop_floor --keep /tmp/shop
    """
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a terminal without Chinese still shows the rest
    console = Console(highlight=False, markup=False, emoji=False)
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise typer.Exit(_refused(console, _NO_TERMINAL, _NO_TERMINAL_WAY))
    size, rows_min = shutil.get_terminal_size(), ROWS_MIN + 1  # one for the bar below the till
    if size.columns < COLUMNS_MIN or size.lines < rows_min:
        small = _SMALL.filled(columns=size.columns, rows=size.lines)
        way = _SMALL_WAY.filled(columns=COLUMNS_MIN, rows=rows_min)
        raise typer.Exit(_refused(console, small, way))
    _listen_to_signals()
    try:
        exit_code = _run(console, keep)
    except KeyboardInterrupt:
        exit_code = INTERRUPTED
    except _FAULTS as fault:
        exit_code = _refused(console, *_words(fault))
    raise typer.Exit(exit_code)


def _run(console: Console, keep: Path | None) -> int:
    """Open the shop, play, close it -> exit code. Whatever happens, nothing stays behind."""
    console.print(f"\n  {_TITLE.zh}   {_TITLE.en}\n", style="bold")
    with (
        floor_folder(keep) as folder,
        closing(SimulatedCounter(Shelf(_goods()), folder=folder)) as counter,
        _Opening(console) as opening,
        opened_shop(folder, opening.step) as (shop, home),
    ):
        opening.step(_TILL_OPENS)
        ask_for_quick_frames()
        from rehearsal.shop_floor.screen import play  # noqa: PLC0415

        till = _open_till(home, counter)
        opening.done()
        exit_code = asyncio.run(play(till, counter, home.cable, shop.url, _let_a_dead_terminal_go))
        _listen_to_signals()
        console.print(f"  {_both(_CLOSING)}")
    console.print(f"  {_both(_CLOSED)}")
    if keep is not None:
        console.print(f"  {_both(_KEPT.filled(folder=keep))}")
    return exit_code


def _goods() -> list[Goods]:
    """What the chain sells; of what is weighed a bag that somebody filled, and a row of such goods
    at the front of the shelf."""
    bags = cycle(_BAGS_KG)
    goods = [
        Goods(row["name"], row["barcodes"].split()[0], next(bags) if row["unit"] == "kg" else None)
        for row in demo_rows("products")
    ]
    front = [each for each in goods if each.weight_kg is not None][:_SHELF_COLUMNS]
    return front + [each for each in goods if each not in front]


def _open_till(home: TillHome, counter: SimulatedCounter) -> Till:
    devices = counter.urls | {"scanner": f"{counter.scanner_url} scan+wedge://?suffix=enter"}
    return Till.open(load(data=home.data, state=home.state, **devices))


class _Opening:
    """What is being done until the till opens: a bar, and above it what is done."""

    def __init__(self, console: Console) -> None:
        columns = SpinnerColumn(), TextColumn("{task.description}"), BarColumn(24)
        self._progress = Progress(*columns, console=console, transient=True)
        self._task = self._progress.add_task("", total=STEPS + 1)
        self._under_way: Text | None = None

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def step(self, what: Text) -> None:
        self._end_step()
        self._under_way = what
        self._progress.update(self._task, description=_both(what))

    def done(self) -> None:
        self._end_step()
        self._progress.stop()

    def _end_step(self) -> None:
        if self._under_way is not None:
            self._progress.console.print(f"  ✓ {_both(self._under_way)}")
            self._progress.advance(self._task)


def _listen_to_signals() -> None:
    """A terminal that is closed and a service that is told to stop end this as Ctrl-C does."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)


def _interrupt(number: int, frame: FrameType | None) -> None:
    _let_a_dead_terminal_go()
    signal.default_int_handler(number, frame)


def _let_a_dead_terminal_go() -> None:
    """Whatever is still written to a terminal that was closed goes nowhere, instead of failing."""
    if not os.isatty(1):
        nowhere = os.open(os.devnull, os.O_RDWR)
        for number in (0, 1, 2):
            os.dup2(nowhere, number)
        os.close(nowhere)


def _words(fault: Exception) -> tuple[Text, Text]:
    """What went wrong and what to do, for a reader; of a traceback, the last line."""
    match fault:
        case Refusal():
            return fault.say, fault.remedy
        case Fault():
            return Text(fault.say_en, fault.say_zh), Text(fault.remedy_en, fault.remedy_zh)
        case ChildEnded(stderr_tail=said) if said:
            pass
        case CommandFailed():
            said = str(fault).partition("\n")[2]
        case _:
            said = str(fault)
    words = last_words(said)
    return Text(words, words), _AGAIN


def _refused(console: Console, why: Text, way_on: Text) -> int:
    for sentence in (_NOT_STARTED, why, way_on):
        console.print(f"  {sentence.zh}\n" if sentence.zh != sentence.en else "", end="")
    for sentence in (_NOT_STARTED, why, way_on):
        console.print(f"  {sentence.en}")
    return 1


def _both(what: Text) -> str:
    return f"{what.zh}  {what.en}"


if __name__ == "__main__":
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    app.command()(main)
    app()
