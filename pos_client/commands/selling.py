"""`pos-client` without a word behind it: the till itself, on the screen or as JSON lines."""

import os
import signal
import sys
from typing import Annotated

import typer

from hardware.fault import Fault
from pos_client import headless
from pos_client.commands.running import Data, State, refuse, settings_of, stop
from pos_client.screen import ask_for_quick_frames
from pos_client.sync.hub import program
from pos_client.till import Till
from retail.language import Text
from retail.refusals import Refusal

_NO_TERMINAL = Text("The screen needs a terminal.", "屏幕界面需要终端。")
_NO_TERMINAL_REMEDY = Text(
    "Start it in one; or run: pos-client --headless",
    "请在终端中启动，或运行：pos-client --headless",
)
_NO_STREAMS = Text(
    "The headless till needs standard input and output.", "无界面收银程序需要标准输入与输出。"
)
_NO_STREAMS_REMEDY = Text("Start it with both open.", "请在两者打开的情况下启动。")


def _show_version(asked: bool) -> None:
    if asked:
        typer.echo(f"pos-client {program()}")
        raise typer.Exit


def sell(
    context: typer.Context,
    as_lines: Annotated[
        bool, typer.Option("--headless", help="JSON lines on standard input and output")
    ] = False,
    data: Data = None,
    state: State = None,
    printer: Annotated[str | None, typer.Option(help="device URL of the printer")] = None,
    clock_start: Annotated[str | None, typer.Option(help="start the clock here (ISO 8601)")] = None,
    _version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="show the version"),
    ] = False,
) -> None:
    """Sell. With --headless as JSON lines (docs/headless.md)."""
    if context.invoked_subcommand is not None:
        return
    if not as_lines and not all(
        # it is drawn on standard error: without that it would sell unseen
        stream and stream.isatty()
        for stream in (sys.stdin, sys.stdout, sys.stderr)
    ):
        stop(_NO_TERMINAL, _NO_TERMINAL_REMEDY)
    if sys.stdin is None or sys.stdout is None:
        stop(_NO_STREAMS, _NO_STREAMS_REMEDY)
    settings = settings_of(data=data, state=state, printer=printer, clock_start=clock_start)
    try:
        opened = Till.open(settings)
    except (Refusal, Fault) as no:
        refuse(no)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # a service that is told to stop
    if not as_lines:
        _on_screen(opened)
        return
    try:
        headless.serve(opened, sys.stdin.buffer, sys.stdout.buffer)
    except KeyboardInterrupt:
        pass
    finally:
        opened.close()
        _let_go_of_a_reader_that_is_gone()


def _let_go_of_a_reader_that_is_gone() -> None:
    """What nobody read any more would be offered once more at the end of the program, and fail."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _on_screen(opened: Till) -> None:
    """The screen, until the cashier leaves it."""
    ask_for_quick_frames()
    from pos_client.app import TillApp  # noqa: PLC0415  the headless till does without

    screen = TillApp(opened, opened.settings.theme)
    try:
        screen.run()
    finally:
        opened.close()
    if screen.fault is not None:
        raise screen.fault
