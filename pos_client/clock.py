"""The till's real clock and its source of ids."""

import secrets
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path

import msgspec
import uuid_utils

from journal.clock import CLOCK_TOLERANCE_S, CROCKFORD, Clock, Reading
from pos_client import machine
from pos_client.folder import write_whole

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_INCARNATION_LENGTH = 26
#: the file is written again when it is off by more
_KEPT_WITHIN = timedelta(seconds=5)
#: in the state folder: what the hub's clock showed is of this machine, as the marker is
HUB_TIME_FILE = "hub-time"
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


class _Heard(msgspec.Struct, frozen=True):
    """What the hub's clock showed, and what this machine's steady one did then."""

    hub_at: datetime
    mono_ms: int
    boot: str


class HubTime:
    """What time it is at the hub: what it last said, and the steady clock since. It is known until
    the machine starts anew; a file keeps it for programs that look beside a till."""

    def __init__(self, clock: Clock, file: Path) -> None:
        self._clock = clock
        self._file = file
        self._heard = self._kept = self._read()

    def _read(self) -> _Heard | None:
        try:
            return msgspec.json.decode(self._file.read_bytes(), type=_Heard)
        except (OSError, msgspec.MsgspecError):
            return None

    def heard(self, said: str) -> None:
        """The hub's clock showed this just now, ISO 8601; what is no time is none."""
        reading = self._clock.read()
        with suppress(ValueError):
            hub_at = datetime.fromisoformat(said)
            if hub_at.tzinfo is not None:
                self._heard = _Heard(hub_at, reading.mono_ms, reading.boot)
                self._keep()

    def _keep(self) -> None:
        """Into the file, when what it says is off; a disk that does not take it is asked again."""
        assert self._heard is not None
        then = self._at_hub(self._kept, self._heard.mono_ms, self._heard.boot)
        if then is not None and abs(self._heard.hub_at - then) < _KEPT_WITHIN:
            return
        with suppress(OSError):
            write_whole(self._file, msgspec.json.encode(self._heard))
            self._kept = self._heard

    @staticmethod
    def _at_hub(heard: _Heard | None, mono_ms: int, boot: str) -> datetime | None:
        if heard is None or heard.boot != boot or mono_ms < heard.mono_ms:
            return None
        with suppress(OverflowError):
            return heard.hub_at + timedelta(milliseconds=mono_ms - heard.mono_ms)
        return None

    @property
    def off_s(self) -> int:
        """By how many seconds this till's clock is ahead of the hub's, negative behind it; 0 while
        it is right within CLOCK_TOLERANCE_S, or nobody knows."""
        reading = self._clock.read()
        there = self._at_hub(self._heard, reading.mono_ms, reading.boot)
        ahead_s = 0 if there is None else round((reading.at - there).total_seconds())
        return ahead_s if abs(ahead_s) > CLOCK_TOLERANCE_S else 0

    def is_known(self) -> bool:
        """Whether the hub has said it since this machine was started."""
        reading = self._clock.read()
        return self._at_hub(self._heard, reading.mono_ms, reading.boot) is not None

    def now(self) -> datetime:
        """The time to go by: this till's own, the hub's where that one is wrong."""
        return self._clock.read().at - timedelta(seconds=self.off_s)


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
