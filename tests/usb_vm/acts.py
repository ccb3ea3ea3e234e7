"""What is tried in the virtual machine, each under the sentence that it proves."""

import asyncio
import os
import time
import traceback
from collections.abc import Awaitable, Callable
from typing import Final

ACT_S: Final = 60.0
PATIENCE_S: Final = 20.0
NOBODY: Final = 65_534
_LOOK_S: Final = 0.01

Act = Callable[[], Awaitable[str | None]]
_ACTS: list[Act] = []


def act(tried: Act) -> Act:
    """To be tried; its docstring is the sentence, what it gives back is put behind it."""
    _ACTS.append(tried)
    return tried


async def until(is_so: Callable[[], object], what: str) -> None:
    try:
        async with asyncio.timeout(PATIENCE_S):
            while not is_so():  # noqa: ASYNC110  of kernel and udev, which ring no bell of ours
                await asyncio.sleep(_LOOK_S)
    except TimeoutError:
        raise AssertionError(f"waited {PATIENCE_S} s in vain until {what}") from None


def play(only: str = "") -> int:
    """Try all, or those in whose modules and names `only` stands; how many failed."""
    failed = 0
    for tried in _ACTS:
        if only not in f"{tried.__module__}.{tried.__name__}":
            continue
        sentence = " ".join((tried.__doc__ or tried.__name__).split())
        began_s = time.monotonic()
        try:
            note = asyncio.run(_bounded(tried))
        except Exception:
            failed += 1
            print(traceback.format_exc(limit=-3))
            mark, note = "FAILED", None
        else:
            mark = "ok    "
        took_s = time.monotonic() - began_s
        print(f"{mark} {took_s:5.1f} s  {sentence}{f' [{note}]' if note else ''}", flush=True)
    return failed


async def _bounded(tried: Act) -> str | None:
    async with asyncio.timeout(ACT_S):
        return await tried()


class AsNobody:
    """As the user nobody, in that group, for as long as this is entered."""

    def __init__(self, group: int = NOBODY) -> None:
        self._group = group

    def __enter__(self) -> None:
        import usb.backend.libusb1  # noqa: F401  while we may still read where Python is

        os.setegid(self._group)
        os.seteuid(NOBODY)

    def __exit__(self, *_: object) -> None:
        os.seteuid(0)
        os.setegid(0)
