"""What tells this machine and a file on it from copies: what was copied with the disk has another
machine around it, what was copied by files lies in another inode.

Only what a shop does not change in passing counts, so a plugged-in network card is left out; where
a part was exchanged after all the till begins a new incarnation, which costs nothing.
"""

import uuid
from hashlib import sha256
from pathlib import Path

_LENGTH = 16
_SYSTEM = Path("/sys")
_MACHINE_ID = Path("/etc/machine-id")
_WORDS = (
    "class/dmi/id/product_uuid",
    "class/dmi/id/product_serial",
    "class/dmi/id/board_serial",
    "block/*/serial",
    "block/*/wwid",
    "block/*/device/serial",
    "block/*/device/wwid",
)


def place(file: Path) -> str:
    """This machine and this file as one word."""
    name = "\n".join((*_machine(), str(file.stat().st_ino)))
    return sha256(name.encode()).hexdigest()[:_LENGTH]


def _machine() -> list[str]:
    """What this machine is known by; some of it only its administrator may read."""
    files = [_MACHINE_ID, *(found for words in _WORDS for found in _SYSTEM.glob(words))]
    said = [_said(file) for file in sorted(files)]
    cards = sorted(_SYSTEM.glob("class/net/*/device"))
    said += [_said(card.parent / "address") for card in cards if "usb" not in str(card.resolve())]
    return [word for word in said if word] or [f"{uuid.getnode():012x}"]


def _said(file: Path) -> str:
    try:
        return file.read_text(errors="replace").strip()
    except OSError:
        return ""
