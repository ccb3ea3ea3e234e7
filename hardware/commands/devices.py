"""Trying real devices from a terminal."""

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from typing import Annotated, Any, Final, TypeVar

import typer

from hardware.commands.saying import (
    Stopped,
    fail,
    misused,
    read_lines,
    say,
    sentence,
    unless_stopped,
    until_stopped,
)
from hardware.device import Device, Event, Health, HealthChanged, State
from hardware.discovery import find
from hardware.display.display import Display
from hardware.fault import Fault, UnknownDevice
from hardware.locker.commissioning import Commissioning, Verdict
from hardware.locker.locker import DoorChanged, Locker
from hardware.locker.orders import Opened
from hardware.locker.orders import Outcome as DoorOutcome
from hardware.printer.faults import GivenUp
from hardware.printer.printer import DrawerMoved, Outcome, Printed, Printer
from hardware.printer.probe import probing
from hardware.printer.test_page import test_page
from hardware.registry import open_device, schemes
from hardware.scale.scale import Scale, Weighed
from hardware.scanner.scanner import NoiseHeard, Scanned, Scanner
from hardware.scanner.wedge import Wedge

DRAWER_S: Final = 1.0
"""From its pulse a drawer is out in a third of that."""
DRAWER_LOOK_S: Final = 0.1

Url = Annotated[str, typer.Argument(help="e.g. escpos+tcp://10.0.0.5:9100?cols=48")]
Made = TypeVar("Made", bound=Device[Any])
Result = TypeVar("Result")


def list_devices() -> None:
    """What is plugged in now, with the address to write into the settings. Touches no device.

    Where nothing says what hangs on a serial port, its driver is to be written in front:
    serial:///dev/ttyUSB0 becomes lock8a+serial:///dev/ttyUSB0.

    Example: python -m hardware list
    """
    found = find()
    for one in found:
        say(f"{one.url}\n    {one.name} · {one.why}")
        if one.kind is None:
            say("    what is it? 请在前面写上驱动: " + ", ".join(f"{name}+" for name in schemes()))
    if not found:
        typer.echo("Nothing was found: is it plugged in, and may this user see it?", err=True)
        typer.echo("未找到设备：请检查连接以及当前用户的权限。", err=True)
        raise typer.Exit(1)


def probe(url: Url) -> None:
    """Ask a device how it stands; of a printer also what it can do, as options for its address.

    Example: python -m hardware probe escpos+tcp://10.0.0.5:9100
    """

    device = _opened(url)
    if isinstance(device, Wedge):
        misused("a wedge types: there is nobody to ask", "键盘式扫描枪只会输入，无法查询")
    if isinstance(device, Printer):
        _probe_printer(device)
        return

    async def ask() -> None:
        async with device:
            health = await device.reached()
            if health.fault is None and isinstance(device, Display | Scanner):
                _say_that_it_cannot_answer(device)
                return
            say(f"{device.kind} {health.state}")
            if health.fault is not None:
                raise health.fault
            if isinstance(device, Locker):
                for door in device.doors:
                    say(f"{door.number} {door.size} {door.state}")

    try:
        asyncio.run(ask())
    except Fault as fault:
        fail(fault, 1)


def _say_that_it_cannot_answer(device: Display | Scanner) -> None:
    say(f"{device.kind} port opens")
    if isinstance(device, Display):
        typer.echo("A display cannot answer: look at it, it was cleared just now.", err=True)
        typer.echo("客显屏无法应答：请查看屏幕，刚才已将其清空。", err=True)
    else:
        typer.echo("A scanner cannot answer: scan something while `watch` runs.", err=True)
        typer.echo("扫描枪无法应答：请运行 watch 并试扫一个条码。", err=True)


def _probe_printer(printer: Printer) -> None:
    try:
        probed = asyncio.run(probing(printer.connect))
    except Fault as fault:
        fail(fault, 1)
    for name, answer in probed.identity.items():
        say(f"{name} {answer}")
    say("&".join(f"{name}={value}" for name, value in probed.options.items()))
    if not probed.status:
        typer.echo("It says no status: a printer without answers, or another speed.", err=True)
        typer.echo("没有收到状态应答：可能是单向打印机，或端口速率不对。", err=True)


def print_test(url: Url) -> None:
    """Print a test page and say whether it is known to have printed.

    Each line of Chinese is sent another way: the number of the one that can be read is the `cjk`
    to write into the address.

    Example: python -m hardware print-test "escpos+tcp://10.0.0.5:9100?cols=48"
    """

    async def print_page(printer: Printer) -> Printed:
        printer.listeners.append(_tell_trouble)
        try:
            return await printer.print(test_page(printer.profile))
        except asyncio.CancelledError:
            outcome = Outcome.UNKNOWN if printer.has_begun else Outcome.FAILED
            return Printed(outcome, GivenUp("stopped"))

    printed = _with_device(url, Printer, print_page)
    if printed.reason is not None:
        typer.echo(printed.outcome, err=True)
        fail(printed.reason, 1)
    say(printed.outcome)
    if printed.outcome is Outcome.UNCONFIRMED:
        typer.echo("This printer cannot answer: look at the paper.", err=True)
        typer.echo("此打印机无法反馈结果，请查看小票。", err=True)


def kick(url: Url) -> None:
    """Open the cash drawer behind a receipt printer, and say whether it was seen to open.

    Example: python -m hardware kick escpos+tcp://10.0.0.5:9100
    """

    async def open_drawer(printer: Printer) -> bool:
        await printer.reached()
        was_high = printer.status.pin_high
        fault = await printer.kick()
        if fault is not None:
            raise fault
        return await _seen_open(printer, was_high)

    if _with_device(url, Printer, open_drawer):
        say("kicked")
        return
    say("sent")
    typer.echo("Nothing tells whether the drawer opened: look at it.", err=True)
    typer.echo("无法得知钱箱是否弹开，请查看钱箱。", err=True)


async def _seen_open(printer: Printer, was_high: bool | None) -> bool:
    """Whether its sensor says so, twice running. A line that says a printer's bytes without being
    asked for them is no printer that answers."""
    loop = asyncio.get_running_loop()
    ends = loop.time() + DRAWER_S
    was_open = False
    while printer.profile.status and loop.time() < ends:
        await asyncio.sleep(DRAWER_LOOK_S)
        await printer.check()
        moved = was_high is not None and printer.status.pin_high is not was_high
        is_open = moved or bool(printer.drawer_open)
        if was_open and is_open:
            return not printer.babbles
        was_open = is_open
    return False


def unlock(url: Url, door: Annotated[int, typer.Argument(help="counted from 1")]) -> None:
    """Open one door of a pickup locker, once, and say what the doors did.

    Example: python -m hardware unlock "lock8a+serial:///dev/ttyUSB0?board=1&locks=24" 3
    """

    order_id = f"unlock-{door}"

    async def open_door(locker: Locker) -> Opened:
        try:
            await locker.reached()
            if not 1 <= door <= len(locker.doors):
                last = len(locker.doors)
                misused(f"this locker has doors 1 to {last}", f"此柜只有 1 至 {last} 号门")
            return await locker.open(door, order_id=order_id)
        except asyncio.CancelledError:
            if locker.knows(order_id):  # its pulse was given: what is kept of it is its end
                return await locker.open(door, order_id=order_id)
            return Opened(DoorOutcome.NOT_TRIED, door)

    opened = _with_device(url, Locker, open_door)
    say(f"{door} {opened.outcome}")
    if opened.fault is not None:
        fail(opened.fault, 1)
    if opened.outcome is DoorOutcome.NOT_TRIED:
        typer.echo("Stopped before the lock was told to open.", err=True)
        typer.echo("已中止，尚未发出开锁指令。", err=True)
        raise typer.Exit(1)


def watch(url: Url) -> None:
    """Print what a device tells, a line each, until interrupted: codes, weights, doors, drawer.

    Example: python -m hardware watch scan+serial:///dev/ttyACM0
    """
    device = _opened(url)
    if isinstance(device, Wedge):
        misused(
            "a wedge types: put the cursor anywhere and scan",
            "键盘式扫描枪直接输入：请把光标放在任意处试扫",
        )
    device.listeners.append(_tell)
    with device.watching() if isinstance(device, Scale) else contextlib.nullcontext():
        asyncio.run(until_stopped(device.serve(), while_heard=True))


def commission(url: Url) -> None:
    """Find out how the contacts of a new locker are wired: open and close each door with its key,
    and press Enter after each step. No lock is pulsed; what to write into the address is printed.

    Example: python -m hardware commission "lock8a+serial:///dev/ttyUSB0?board=1&locks=24"
    """

    async def walk_through(locker: Locker) -> Verdict | None:
        steps = Commissioning([door.number for door in locker.doors])
        lines: asyncio.Queue[str | None] = asyncio.Queue()
        read_lines(lines.put_nowait)
        await locker.contacts()  # a board that cannot be read is said before anybody walks
        while (step := steps.step) is not None:
            typer.echo(f"{step.say_en} {step.say_zh}", err=True)
            if await lines.get() is None:
                return None
            steps.read(await locker.contacts())
        return steps.verdict

    verdict = _with_device(url, Locker, walk_through)
    if verdict is None:
        typer.echo("Stopped before every door was tried: begin anew.", err=True)
        typer.echo("尚未试完所有柜门，请重新开始。", err=True)
        raise typer.Exit(1)
    if verdict.feedback is not None:
        say(f"feedback={verdict.feedback}")
    for door, misfit in verdict.misfits.items():
        typer.echo(f"{misfit.say_en(door)}\n{misfit.say_zh(door)}", err=True)
    if not verdict.sound:
        raise typer.Exit(1)


def _tell(event: Event) -> None:
    match event:
        case Scanned(scan):
            say(f"{scan.aim} {scan.code}".lstrip())
        case NoiseHeard(noise):
            typer.echo(f"no code: {noise.data!r}", err=True)
        case Weighed(grams, stable):
            shown = "--" if grams is None else f"{grams} g"
            say(shown if stable else f"{shown} …")
        case DoorChanged(door, _, after):
            say(f"{door} {after}")
        case DrawerMoved(is_open):
            say("drawer open" if is_open else "drawer shut")
        case HealthChanged(health) if health.fault is not None:
            typer.echo(sentence(health.fault), err=True)
        case HealthChanged(health) if health.known:
            typer.echo(f"{health.state}", err=True)
        case _:
            pass


def _tell_trouble(event: Event) -> None:
    match event:
        case HealthChanged(Health(State.BUSY, Fault() as fault)):
            typer.echo(sentence(fault), err=True)


def _opened(url: str) -> Device[Any] | Wedge:
    try:
        return open_device(url)
    except UnknownDevice as unknown:
        fail(unknown, 2)


def _with_device(
    url: str, kind: type[Made], use: Callable[[Made], Coroutine[object, object, Result]]
) -> Result:
    """What `use` gives, also when a signal cuts it short. Ends the program with what went wrong."""
    device = _opened(url)
    if not isinstance(device, kind):
        wanted = kind.__name__.lower()
        misused(f"{url}: this is no {wanted}", f"{url}：设备类型不符，应为 {wanted}")

    async def session() -> Result:
        async with device:
            return await unless_stopped(use(device))

    try:
        return asyncio.run(session())
    except Fault as fault:
        fail(fault, 1)
    except Stopped:
        typer.echo("Stopped. Look what the device did before you try again.", err=True)
        typer.echo("已中止。请先查看设备实际动作，再决定是否重试。", err=True)
        raise typer.Exit(1) from None
