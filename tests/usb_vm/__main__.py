"""`make usb-vm`: boots the virtual machine, shows what it says, ends with its verdict.

    ok      0.9 s  escpos+usb prints a receipt, and the fence's answer confirms it
    FAILED  …      what failed, below its traceback

Ends with 0 when all went well, or where it cannot run, and says which; with 1 when something
failed or the machine gave no verdict.
"""

import argparse
import re
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Final

from tests.usb_vm.image import Image, NotHere, ready_image

ROOT: Final = Path(__file__).parents[2]
CACHE: Final = ROOT / "build/usb-vm"
MEMORY_MB: Final = 1024
LIMIT_S: Final = 600
_ENDED: Final = re.compile(r"GUEST-ENDED (\d+)")
_OF_THE_FIRMWARE: Final = re.compile(r"^\x1bc|\x1b\[[0-9;?]*[a-zA-Z]")


def main() -> int:
    asked = argparse.ArgumentParser(prog="python -m tests.usb_vm", description=__doc__)
    asked.add_argument("--only", default="", help="acts in whose names this stands")
    only = asked.parse_args().only
    began_s = time.monotonic()
    try:
        if " " in f"{ROOT}{sys.executable}":
            raise NotHere("a path with a blank cannot be told to the machine")
        image = ready_image(CACHE)
    except NotHere as reason:
        print(f"skipped: {reason}")
        return 0
    print(f"image ready after {time.monotonic() - began_s:.0f} s", flush=True)
    verdict = _boot(image, only)
    print(f"took {time.monotonic() - began_s:.0f} s in all")
    if verdict is None:
        print("FAILED: the machine ended without a verdict")
    return 0 if verdict == 0 else 1


def _boot(image: Image, only: str) -> int | None:
    """What the tests in the machine ended with; None when they did not get that far."""
    given = f"PROJECT={ROOT} PYTHON={sys.executable} ONLY={only}"
    command = (
        "qemu-system-x86_64",
        # Not KVM: where it is there it is not always usable, and then the machine just hangs.
        *("-accel", "tcg"),
        *("-m", str(MEMORY_MB), "-smp", "1"),
        *("-kernel", image.kernel, "-initrd", image.initrd),
        *("-append", f"console=ttyS0 quiet panic=-1 {given}"),
        *("-display", "none", "-monitor", "none", "-serial", "stdio", "-net", "none"),
        "-no-reboot",
        "-virtfs",
        "local,path=/,mount_tag=host,security_model=none,readonly=on,multidevs=remap",
    )
    machine = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, errors="replace"
    )
    limit = threading.Timer(LIMIT_S, machine.kill)
    limit.start()
    verdict = None
    try:
        assert machine.stdout is not None
        for line in machine.stdout:
            said = _OF_THE_FIRMWARE.sub("", line).rstrip()
            if ended := _ENDED.search(said):
                verdict = int(ended[1])
            elif said and "reboot: Power down" not in said:
                print(said, flush=True)
    finally:
        limit.cancel()
        machine.kill()
        machine.wait()
    return verdict


if __name__ == "__main__":
    sys.exit(main())
