"""`python -m hardware`: try a device from a terminal, or stand in for one.

Exit codes: 0 done, 1 the device failed (the reason is on stderr), 2 wrong usage.
"""

import asyncio
import contextlib
import signal
import sys
import threading
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Annotated, NoReturn, TypeVar

import typer

from hardware.device import Fault, UnknownDevice
from hardware.glyphs import NoFont
from hardware.printer import COLUMNS, EscposPrinter, Outcome
from hardware.receipt_bytes import Line, Part, Qr, width_cols
from hardware.registry import open_printer, open_scanner
from hardware.scanner import Noise, Scan, Wedge
from hardware.simulator.counter import Shelf, SimulatedCounter
from hardware.simulator.port import PaperFile, PictureFolder, serve_tcp
from hardware.simulator.printer import Event, SimulatedPrinter
from hardware.simulator.scanner import SimulatedScanner
from hardware.simulator.serial_port import SerialPort, serving_serial

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


@app.command()
def watch(
    url: Annotated[str, typer.Argument(help="e.g. scan+serial:///dev/ttyACM0?suffix=cr")],
) -> None:
    """Print what a scanner reads, a line each, until interrupted.

    Example: python -m hardware watch scan+serial:///dev/ttyACM0
    """
    try:
        scanner = open_scanner(url)
    except UnknownDevice as unknown:
        _fail(unknown, 2)
    if isinstance(scanner, Wedge):
        raise typer.BadParameter("a wedge types: put the cursor anywhere and scan")

    def tell_scan(scan: Scan) -> None:
        _say(f"{scan.aim} {scan.code}".lstrip())

    def tell_noise(noise: Noise) -> None:
        typer.echo(f"no code: {noise.data!r}", err=True)

    def tell_state() -> None:
        if scanner.state.fault is not None:
            typer.echo(_sentence(scanner.state.fault), err=True)
        else:
            typer.echo("Scanner ready. 扫描枪就绪。", err=True)

    scanner.on_scan, scanner.on_noise, scanner.on_state = tell_scan, tell_noise, tell_state

    asyncio.run(_until_stopped(scanner.serve()))


@simulate.command("printer")
def simulate_printer(  # noqa: PLR0913, PLR0917  each is an option of the command
    port: Annotated[int, typer.Option(help="TCP port; 0 takes a free one")] = 9100,
    host: Annotated[str, typer.Option(help="address to listen at")] = "127.0.0.1",
    cols: Annotated[int, typer.Option(help="columns of the paper: 48, 42 or 32")] = 48,
    keep: Annotated[Path | None, typer.Option(help="append what is printed to a file")] = None,
    pictures: Annotated[Path | None, typer.Option(help="folder for each receipt as PNG")] = None,
    paper: Annotated[str, typer.Option(help="in or out")] = "in",
    stall_at: Annotated[int | None, typer.Option(help="stop reading after n bytes")] = None,
    power_cut_at: Annotated[int | None, typer.Option(help="power off after n bytes")] = None,
    pty: Annotated[Path | None, typer.Option(help="a serial port at this path, not TCP")] = None,
) -> None:
    """A receipt printer at a TCP or serial port; prints its URL, then a line for each event.

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
        if pictures is not None:
            printer.listeners.append(PictureFolder(pictures, printer))
    except OSError as unwritable:
        raise typer.BadParameter(f"{unwritable.filename}: {unwritable.strerror}") from None
    except NoFont as no_font:
        _fail(no_font, 1)
    if pty is not None:
        with contextlib.closing(_serial_port(pty, "printer")) as serial:
            asyncio.run(_serve(printer, serving_serial(printer, serial)))
        return
    try:
        asyncio.run(_serve(printer, _listening(printer, host, port)))
    except OSError as taken:
        _port_taken(f"{host}:{port}", taken)


@simulate.command("scanner")
def simulate_scanner(
    pty: Annotated[Path | None, typer.Option(help="where its serial port appears")] = None,
    prefix: Annotated[str, typer.Option(help="sent before each code")] = "",
) -> None:
    """A scanner at a serial port; prints its URL, then scans each line of stdin, with CR behind.

    Two lines are knobs instead: unplug, plug.

    Example: python -m hardware simulate scanner --pty /tmp/scanner
    """
    with contextlib.closing(
        SimulatedScanner(_serial_port(pty, "scanner"), prefix=prefix.encode())
    ) as scanner:
        asyncio.run(_scan_lines(scanner))


async def _scan_lines(scanner: SimulatedScanner) -> None:
    lines = asyncio.Queue[str]()

    async def scan() -> None:
        while True:
            line = await lines.get()
            try:
                turned = scanner.turn_knob(line)
            except OSError as no_port:
                typer.echo(f"{no_port.filename}: {no_port.strerror}", err=True)
                continue
            if turned:
                _say(f"{line}ged")
            else:
                _say(f"scanned {line}" if await scanner.scan(line) else f"nobody reads {line}")

    _say(scanner.url)
    _read_lines(lines.put_nowait)
    await _until_stopped(scan())


@simulate.command("counter")
def simulate_counter(
    shelf: Annotated[Path | None, typer.Option(help="CSV of name,code: products to click")] = None,
    cols: Annotated[int, typer.Option(help="columns of the paper: 48, 42 or 32")] = 48,
    folder: Annotated[Path | None, typer.Option(help="where the serial ports appear")] = None,
    port: Annotated[int | None, typer.Option(help="a TCP port for the printer instead")] = None,
    lang: Annotated[str, typer.Option(help="zh or en")] = "zh",
) -> None:
    """Printer, drawer and scanner as a picture to click at; their URLs stand above it, q quits.

    Example: python -m hardware simulate counter --shelf shelf.csv
    """
    from hardware.simulator.live_view import CounterApp  # noqa: PLC0415  textual, only here

    if cols not in COLUMNS or lang not in ("zh", "en"):
        raise typer.BadParameter("--cols is 48, 42 or 32, --lang is zh or en")
    try:
        goods = Shelf.read(shelf) if shelf else Shelf()
    except (OSError, ValueError) as unreadable:
        raise typer.BadParameter(f"--shelf {shelf}: {unreadable}") from None
    try:
        counter = SimulatedCounter(goods, columns=cols, folder=folder, tcp_port=port)
    except OSError as unusable:
        raise typer.BadParameter(f"--folder {folder}: {unusable}") from None

    async def show() -> None:
        async with counter:
            await CounterApp(counter, "en" if lang == "en" else "zh").run_async()

    try:
        asyncio.run(show())
    except OSError as taken:
        _port_taken(f"127.0.0.1:{port}", taken)


def _port_taken(address: str, taken: OSError) -> NoReturn:
    typer.echo(f"{address} cannot be used: {taken.strerror}. Choose another --port.", err=True)
    typer.echo(f"无法使用 {address}，请用 --port 换一个端口。", err=True)
    raise typer.Exit(1) from None


def _serial_port(path: Path | None, name: str) -> SerialPort:
    try:
        return SerialPort(path, name=name)
    except OSError as unusable:
        raise typer.BadParameter(f"--pty {path}: {unusable.strerror}") from None


@contextlib.asynccontextmanager
async def _listening(printer: SimulatedPrinter, host: str, port: int) -> AsyncIterator[str]:
    async with await serve_tcp(printer, host, port) as server:
        yield server.url


async def _until_stopped(work: Coroutine[object, object, None]) -> None:
    """Do it until a signal ends the program; what it raises comes out."""
    stopped = asyncio.create_task(_stop_signal().wait())
    working = asyncio.create_task(work)
    await asyncio.wait((working, stopped), return_when=asyncio.FIRST_COMPLETED)
    stopped.cancel()
    working.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await working


def _stop_signal() -> asyncio.Event:
    loop, stopped = asyncio.get_running_loop(), asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):  # no such thing on Windows
            loop.add_signal_handler(name, stopped.set)
    return stopped


async def _serve(printer: SimulatedPrinter, wire: AbstractAsyncContextManager[str]) -> None:
    stopped = _stop_signal()

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

    async with wire as url:
        printer.listeners.append(tell)
        _say(url)
        _read_lines(turn)
        await stopped.wait()


def _read_lines(take: Callable[[str], object]) -> None:
    """Hand the lines of stdin over, on this loop. A daemon thread on the raw file: the end of the
    program need not wait for a line."""
    loop = asyncio.get_running_loop()

    def read() -> None:
        with (
            contextlib.suppress(OSError, RuntimeError),  # stdin or the loop is gone
            open(0, "rb", buffering=0, closefd=False) as raw,
        ):
            for line in raw:
                if words := line.decode(errors="replace").strip():
                    loop.call_soon_threadsafe(take, words)

    threading.Thread(target=read, daemon=True).start()


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
    typer.echo(_sentence(fault), err=True)
    raise typer.Exit(exit_code)


def _sentence(fault: Fault) -> str:
    detail = f" ({fault.detail})" if fault.detail else ""
    return f"{fault.say_en} {fault.remedy_en}{detail}\n{fault.say_zh}{fault.remedy_zh}"


def _test_page(columns: int) -> list[Part]:
    """All that the encoder can do, a ruler as wide as the paper, and a QR code."""
    left, right = "合计 Total", "¥12.00"
    gap = " " * (columns - width_cols(left) - width_cols(right))
    return [
        Line("测试页 Test", bold=True, large=True),
        Line(("1234567890" * 5)[:columns]),
        Line("会员积分（副本）café 咖啡"),
        Line(left + gap + right, bold=True),
        Line("䶮 𠮷 €"),
        Qr("TEST"),
    ]


def main() -> None:
    app()


if __name__ == "__main__":
    main()
