"""Runs in the virtual machine, as root: starts udev, tries everything, ends with a verdict."""

import os
import shutil
import subprocess
import sys
import time
import traceback
from importlib import import_module
from pathlib import Path

from tests.usb_vm import acts

UDEVD = "/lib/systemd/systemd-udevd"
PLAYERS = ("printers", "scanners", "counters")
RULES = Path("hardware/udev/70-omnitill.rules")


def main() -> int:
    began_s = time.monotonic()
    shutil.copy(RULES, "/etc/udev/rules.d")
    subprocess.run((UDEVD, "--daemon"), check=True, capture_output=True)
    print(f"Linux {os.uname().release}, Python {sys.version.split()[0]}", flush=True)
    failed = 0
    for player in PLAYERS:
        try:
            import_module(f"tests.usb_vm.{player}")
        except ImportError:  # the others are tried all the same
            print(traceback.format_exc())
            print(f"FAILED          {player} cannot even be imported")
            failed += 1
    failed += acts.play(os.environ.get("ONLY", ""))
    print(f"{failed} failed, after {time.monotonic() - began_s:.0f} s in the machine")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
