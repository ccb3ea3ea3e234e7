"""The till's real clock and its source of ids."""

import secrets
import time
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path

import uuid_utils

from journal.clock import CROCKFORD, Reading
from pos_client import machine

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_INCARNATION_LENGTH = 26
_NS_PER_MS = 1_000_000
_BOOT_CLOCK: int | None = getattr(time, "CLOCK_BOOTTIME", None)


class SystemClock:
    """Wall time (UTC), milliseconds since boot, and which boot it is.

    With `start_at` the wall time starts there and runs on at its own pace: a replay of old
    baskets, or a training day.
    """

    def __init__(self, start_at: datetime | None = None) -> None:
        self._ahead = timedelta(0)
        self._zone: tzinfo = UTC
        if start_at is not None:
            start_at = start_at if start_at.tzinfo else start_at.astimezone()
            self._ahead = start_at - datetime.now(UTC)
            self._zone = start_at.tzinfo or UTC
        self._boot = _boot_id()

    def read(self) -> Reading:
        at = (datetime.now(UTC) + self._ahead).astimezone(self._zone)
        return Reading(at, _since_boot_ns() // _NS_PER_MS, self._boot)


class RandomIds:
    """Ids of this machine: UUIDv7 for facts, 130 random bits for an incarnation."""

    def fact_id(self) -> str:
        return str(uuid_utils.uuid7())

    def incarnation(self) -> str:
        return "".join(secrets.choice(CROCKFORD) for _ in range(_INCARNATION_LENGTH))

    def place(self, file: Path) -> str:
        return machine.place(file)


def _since_boot_ns() -> int:
    """Time asleep counts where the system can tell (Linux)."""
    return time.monotonic_ns() if _BOOT_CLOCK is None else time.clock_gettime_ns(_BOOT_CLOCK)


def _boot_id() -> str:
    try:
        return _BOOT_ID.read_text().strip()
    except OSError:
        return secrets.token_hex(16)
