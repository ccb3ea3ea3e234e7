"""How the commands speak and end: sentences on stderr, lines on stdout, signals."""

import asyncio
import contextlib
import os
import signal
import sys
import threading
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import NoReturn, TypeVar

import typer

from hardware.fault import Fault

Result = TypeVar("Result")


class Stopped(Exception):
    """A signal ended the program before its work was done."""


def sentence(fault: Fault) -> str:
    """The fault in both languages, with what to do and its detail."""
    detail = f" ({fault.detail})" if fault.detail else ""
    return f"{fault.say_en} {fault.remedy_en}{detail}\n{fault.say_zh}{fault.remedy_zh}"


def fail(fault: Fault, exit_code: int) -> NoReturn:
    typer.echo(sentence(fault), err=True)
    raise typer.Exit(exit_code)


def misused(say_en: str, say_zh: str) -> NoReturn:
    """Say what was typed wrongly, as other wrong usage is said, and leave with 2."""
    raise typer.BadParameter(f"{say_en}\n{say_zh}")


#: set when nobody listens any more; whoever works for a listener alone ends then
_unheard: list[asyncio.Event] = []


def say(line: str) -> None:
    """A line on stdout. That nobody listens, or that there is no room, changes no work: what was
    done was done."""
    try:
        sys.stdout.write(line + "\n")
        sys.stdout.flush()
    except (OSError, ValueError, AttributeError):  # closed, full, or never there
        sys.stdout = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115  to the end
        for event in _unheard:
            event.set()


async def until_stopped(
    work: Coroutine[object, object, None], *, while_heard: bool = False
) -> None:
    """Do it until a signal ends the program, or only as long as somebody listens; what it raises
    comes out."""
    signalled = _stop_signal()
    if while_heard:
        _unheard.append(signalled)
    with contextlib.suppress(Stopped):
        await _unless(signalled, work)


async def unless_stopped(work: Coroutine[object, object, Result]) -> Result:
    """What it gives, also when a signal has cut it short: it is cancelled then, and may still say
    what it knows. `Stopped` when it does not."""
    return await _unless(_stop_signal(), work)


async def _unless(signalled: asyncio.Event, work: Coroutine[object, object, Result]) -> Result:
    stopped = asyncio.create_task(signalled.wait())
    working = asyncio.create_task(work)
    await asyncio.wait((working, stopped), return_when=asyncio.FIRST_COMPLETED)
    stopped.cancel()
    working.cancel()
    try:
        return await working
    except asyncio.CancelledError:
        raise Stopped from None


def _stop_signal() -> asyncio.Event:
    loop, stopped = asyncio.get_running_loop(), asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):  # no such thing on Windows
            loop.add_signal_handler(name, stopped.set)
    return stopped


def read_lines(take: Callable[[str | None], object]) -> None:
    """Hand the lines of stdin over, on this loop, and None when no more will come. A daemon thread
    on the raw file: the end of the program need not wait for a line."""
    loop = asyncio.get_running_loop()

    def read() -> None:
        with contextlib.suppress(RuntimeError):  # the loop is gone
            with contextlib.suppress(OSError), open(0, "rb", buffering=0, closefd=False) as raw:
                for line in raw:
                    loop.call_soon_threadsafe(take, line.decode(errors="replace").strip())
            loop.call_soon_threadsafe(take, None)

    threading.Thread(target=read, daemon=True).start()
