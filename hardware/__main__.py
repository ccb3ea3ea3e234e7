"""`python -m hardware`: try a device from a terminal, or stand in for one.

Exit codes: 0 done, 1 the device failed (the reason is on stderr), 2 wrong usage.
"""

import asyncio
import contextlib
import signal
import sys
import threading
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Annotated, NoReturn, TypeVar

import typer

from hardware.device import Fault, UnknownDevice
from hardware.printer import COLUMNS, EscposPrinter, Outcome
from hardware.receipt_bytes import Line, width_cols
from hardware.registry import open_printer
from hardware.simulator.port import PaperFile, serve_tcp
from hardware.simulator.printer import Event, SimulatedPrinter

app = typer.Typer(
    help="Try a device, or simulate one.", no_args_is_help=True, pretty_exceptions_enable=False
)
simulate = typer.Typer(help="Stand in for a device.", no_args_is_help=True)
app.add_typer(simulate, name="simulate")

Url = Annotated[str, typer.Argument(help="e.g. escpos+tcp://10.0.0.5:9100?cols=48")]
Result = TypeVar("Result")


@app.command("print-test")
def print_test(url: Url) -> None:
    """Print a test page and say whether it is known to have printed.

    Example: python -m hardware print-test "escpos+tcp://10.0.0.5:9100?cols=48"
    """
    printed = _with_printer(url, lambda printer: printer.print(_test_page(printer.columns)))
    if printed.reason is not None:
        typer.echo(printed.outcome, err=True)
        _fail(printed.reason, 1)
    assert printed.outcome is Outcome.PRINTED
    typer.echo(printed.outcome)


@app.command()
def kick(url: Url) -> None:
    """Open the cash drawer behind a receipt printer.

    Example: python -m hardware kick escpos+tcp://10.0.0.5:9100
    """
    fault = _with_printer(url, lambda printer: printer.kick())
    if fault is not None:
        _fail(fault, 1)
    typer.echo("kicked")


@simulate.command("printer")
def simulate_printer(
    port: Annotated[int, typer.Option(help="TCP port; 0 takes a free one")] = 9100,
    host: Annotated[str, typer.Option(help="address to listen at")] = "127.0.0.1",
    cols: Annotated[int, typer.Option(help="columns of the paper: 48, 42 or 32")] = 48,
    keep: Annotated[Path | None, typer.Option(help="append what is printed to a file")] = None,
    paper: Annotated[str, typer.Option(help="in or out")] = "in",
    stall_at: Annotated[int | None, typer.Option(help="stop reading after n bytes")] = None,
    power_cut_at: Annotated[int | None, typer.Option(help="power off after n bytes")] = None,
) -> None:
    """A receipt printer at a TCP port; prints its URL, then a line for each event.

    It reads knobs from stdin, a line each: paper out, paper in, cover open, cover closed,
    stall 120, resume, power off, power on, power cut 200.

    Example: python -m hardware simulate printer --port 9100 --keep receipts.txt
    """
    if paper not in ("in", "out") or cols not in COLUMNS:
        raise typer.BadParameter("--paper is in or out, --cols is 48, 42 or 32")
    printer = SimulatedPrinter(columns=cols)
    printer.paper_out = paper == "out"
    if stall_at is not None:
        printer.stall_at(stall_at)
    if power_cut_at is not None:
        printer.power_cut_at(power_cut_at)
    try:
        if keep is not None:
            printer.listeners.append(PaperFile(keep))
    except OSError as unwritable:
        raise typer.BadParameter(f"--keep {keep}: {unwritable.strerror}") from None
    try:
        asyncio.run(_serve(printer, host, port))
    except OSError as taken:
        typer.echo(
            f"{host}:{port} cannot be used: {taken.strerror}. Choose another --port.", err=True
        )
        typer.echo(f"无法使用 {host}:{port}，请用 --port 换一个端口。", err=True)
        raise typer.Exit(1) from None


async def _serve(printer: SimulatedPrinter, host: str, port: int) -> None:
    loop, stopped = asyncio.get_running_loop(), asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):  # no such thing on Windows
            loop.add_signal_handler(name, stopped.set)

    def tell(event: Event, detail: str) -> None:
        if event is Event.RECEIPT:
            _say(f"printed receipt {printer.receipts_cut}")
        elif event is not Event.LINE:
            _say(f"{event} {detail}".rstrip())

    def turn(words: str) -> None:
        try:
            printer.turn_knob(words)
        except ValueError:
            typer.echo(f"No such knob: {words}. Try: paper out, stall 120, resume.", err=True)
            typer.echo(f"没有此操作：{words}。可用：paper out、stall 120、resume。", err=True)

    async with await serve_tcp(printer, host, port) as server:
        printer.listeners.append(tell)
        _say(server.url)
        # A daemon thread on the raw file: the end of the program need not wait for a line.
        reading = threading.Thread(
            target=_read_knobs, args=(lambda words: loop.call_soon_threadsafe(turn, words),)
        )
        reading.daemon = True
        reading.start()
        await stopped.wait()


def _read_knobs(turn: Callable[[str], object]) -> None:
    with (
        contextlib.suppress(OSError, RuntimeError),  # stdin or the loop is gone: nobody turns knobs
        open(0, "rb", buffering=0, closefd=False) as raw,
    ):
        for line in raw:
            if words := line.decode(errors="replace").strip():
                turn(words)


def _say(line: str) -> None:
    with contextlib.suppress(BrokenPipeError):  # nobody listens any more: print on, unheard
        sys.stdout.write(line + "\n")
        sys.stdout.flush()


def _with_printer(
    url: str, use: Callable[[EscposPrinter], Coroutine[object, object, Result]]
) -> Result:
    async def session() -> Result:
        printer = open_printer(url)
        try:
            return await use(printer)
        finally:
            await printer.close()

    try:
        return asyncio.run(session())
    except UnknownDevice as unknown:
        _fail(unknown, 2)


def _fail(fault: Fault, exit_code: int) -> NoReturn:
    detail = f" ({fault.detail})" if fault.detail else ""
    typer.echo(f"{fault.say_en} {fault.remedy_en}{detail}", err=True)
    typer.echo(f"{fault.say_zh}{fault.remedy_zh}", err=True)
    raise typer.Exit(exit_code)


def _test_page(columns: int) -> list[Line]:
    """All that the encoder can do, and a ruler as wide as the paper."""
    left, right = "合计 Total", "¥12.00"
    gap = " " * (columns - width_cols(left) - width_cols(right))
    return [
        Line("测试页 Test", bold=True, large=True),
        Line(("1234567890" * 5)[:columns]),
        Line("会员积分（副本）café 咖啡"),
        Line(left + gap + right, bold=True),
    ]


def main() -> None:
    app()


if __name__ == "__main__":
    main()
