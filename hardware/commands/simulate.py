"""Standing in for a device: at a serial port, at a TCP port, or all of a counter to click at."""

import asyncio
import contextlib
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from hardware.commands.saying import fail, misused, read_lines, say, until_stopped
from hardware.fault import Fault
from hardware.simulator.catalogue import KINDS, simulated
from hardware.simulator.machine import Machine
from hardware.simulator.noise import noise
from hardware.simulator.pty import SerialPort
from hardware.simulator.scanner import SimulatedScanner
from hardware.simulator.wire import HOST, serve_tcp, serving_serial
from hardware.url import DeviceUrl

COUNTER = "counter"


def simulate(
    kind: Annotated[str, typer.Argument(help=f"{', '.join(KINDS)} or {COUNTER}")],
    knobs: Annotated[
        list[str] | None, typer.Argument(help="as in sim:// addresses, e.g. paper=out cols=32")
    ] = None,
    pty: Annotated[Path | None, typer.Option(help="where its serial port appears")] = None,
    port: Annotated[
        int | None, typer.Option(min=0, max=65_535, help="a TCP port instead; 0: a free one")
    ] = None,
    host: Annotated[str, typer.Option(help="address to listen at")] = HOST,
    noise_seed: Annotated[int, typer.Option("--noise", help="damage the wire, from a seed")] = 0,
    lang: Annotated[str, typer.Option(help="of the counter's view: zh or en")] = "zh",
) -> None:
    """A device, at a serial port of its own unless told otherwise; prints its URL, then a line for
    each thing that happens.

    It reads knobs from stdin, a line each: unplug, plug, power off, power on, and its own: paper
    out, cover open, stall 120 (printer); jam 3, silent (locker); weight 0.655, unstable (scale).
    A scanner scans each line that is no knob.

    Examples:

      python -m hardware simulate printer --port 9100 cols=32 keep=receipts.txt

      python -m hardware simulate locker --pty /tmp/locker locks=12

      python -m hardware simulate counter shelf=shelf.csv
    """
    options = _options(knobs or [])
    if kind == COUNTER:
        _show_counter(options, port, lang)
        return
    url = DeviceUrl.parse(f"sim://{kind}")
    url.options.update(options)
    try:
        machine = simulated(kind, url)
        url.nothing_left()
    except ValueError as wrong:
        misused(str(wrong), "参数有误")
    except OSError as unwritable:
        what = f"{unwritable.filename}: {unwritable.strerror}"
        misused(what, "无法写入，请另选位置")
    except Fault as fault:
        fail(fault, 1)
    try:
        asyncio.run(_serve(machine, pty, (host, port), noise_seed))
    except OSError as taken:
        _cannot_be_had(f"{host}:{port}" if port is not None else f"--pty {pty}", taken)


def _options(knobs: list[str]) -> dict[str, str]:
    pairs = [knob.partition("=") for knob in knobs]
    for name, sign, _ in pairs:
        if not sign:
            misused(f"{name}: write name=value", f"{name}：请写成 名称=值")
    return {name: value for name, _, value in pairs}


async def _serve(
    machine: Machine, pty: Path | None, address: tuple[str, int | None], noise_seed: int
) -> None:
    damage = noise(noise_seed, 0.01) if noise_seed else None
    host, port = address

    heard: list[str] = []

    def turn(words: str | None) -> None:
        if not words:
            return
        heard.clear()
        try:
            machine.turn_knob(words)
        except ValueError as unknown:
            if isinstance(machine, SimulatedScanner):
                say(f"scanned {words}" if machine.scan(words) else f"nobody reads {words}")
            else:
                typer.echo(f"{unknown}. 没有此操作。", err=True)
        else:
            if not heard:
                say(words)

    async with contextlib.AsyncExitStack() as stack:
        if port is not None:
            server = await stack.enter_async_context(
                await serve_tcp(machine, host, port, damage=damage)
            )
            url = server.url
        else:
            serial = stack.enter_context(contextlib.closing(SerialPort(pty, name="device")))
            url = await stack.enter_async_context(serving_serial(machine, serial, damage=damage))
        machine.tellers += [say, heard.append]
        say(url)
        read_lines(turn)
        await until_stopped(_for_ever())


async def _for_ever() -> None:
    await asyncio.Event().wait()


def _cannot_be_had(what: str, why: OSError) -> NoReturn:
    typer.echo(f"{what} cannot be used: {why.strerror or why}. Choose another.", err=True)
    typer.echo(f"无法使用 {what}，请另选一个。", err=True)
    raise typer.Exit(1) from None


def _show_counter(options: dict[str, str], port: int | None, lang: str) -> None:
    from hardware.simulator.counter import Shelf, SimulatedCounter  # noqa: PLC0415
    from hardware.simulator.live_view import CounterApp  # noqa: PLC0415  textual, only here

    shelf = options.pop("shelf", "")
    folder = options.pop("folder", "")
    columns = options.pop("cols", "48")
    if options or columns not in ("32", "42", "48") or lang not in ("zh", "en"):
        known = "shelf=FILE.csv, folder=, cols=48, --lang zh|en"
        misused(f"a counter knows {known}", f"模拟柜台仅支持 {known}")
    try:
        goods = Shelf.read(Path(shelf)) if shelf else Shelf()
    except (OSError, ValueError) as unreadable:
        misused(f"shelf={shelf}: {unreadable}", "无法读取货架文件，请检查其内容")
    try:
        counter = SimulatedCounter(
            goods,
            columns=int(columns),
            folder=Path(folder) if folder else None,
            tcp_port=port,
        )
    except OSError as unusable:
        misused(f"folder={folder}: {unusable}", "无法使用该文件夹，请另选一个")

    async def show() -> None:
        async with counter:
            await CounterApp(counter, "en" if lang == "en" else "zh").run_async()

    try:
        asyncio.run(show())
    except OSError as taken:
        _cannot_be_had(f"{HOST}:{port}", taken)
