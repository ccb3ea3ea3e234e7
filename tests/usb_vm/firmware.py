"""What runs inside the gadgets: the simulated machines, at the device's end of the cable.

Owns how a machine is put on the file by which the kernel hands a gadget's bytes to its firmware:
/dev/g_printer0 of a printer, /dev/ttyGS0 of a serial port.
"""

import asyncio
import contextlib
import os
import stat
import tty
from collections.abc import AsyncIterator

from hardware.link.device_file import DeviceFile
from hardware.simulator.machine import Machine
from hardware.simulator.wire import Port

_LOOK_S = 0.02
_WRITE_S = 5.0


@contextlib.asynccontextmanager
async def running(machine: Machine, file: str) -> AsyncIterator[None]:
    """The machine is behind `file` as long as this is entered, whenever that file is there."""
    task = asyncio.create_task(_run(machine, file))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _run(machine: Machine, file: str) -> None:
    port = Port(machine)
    while True:
        try:
            opened = os.open(file, os.O_RDWR | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
        except OSError:
            await asyncio.sleep(_LOOK_S)
            continue
        if "tty" in file and stat.S_ISCHR(os.fstat(opened).st_mode):
            tty.setraw(opened)
        await port.attend(DeviceFile(opened, write_s=_WRITE_S))
        await asyncio.sleep(_LOOK_S)  # unplugged: the file goes a moment later
