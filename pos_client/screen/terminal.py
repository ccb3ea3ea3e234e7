"""Where the terminal library takes a terminal wrongly.

It names private parts of that library; each has a test that fails should they change.
"""

import os
from typing import NamedTuple, cast

from textual._ansi_sequences import ANSI_SEQUENCES_KEYS
from textual.drivers.linux_driver import LinuxDriver
from textual.keys import Keys


class TerminalDriver(LinuxDriver):
    """Survives its terminal. The library's own waits for ever for the thread that writes, which
    has died of an error when the terminal was closed."""

    @property
    def has_gone(self) -> bool:
        """Whether the terminal was closed. The signal for it reaches only who leads the session,
        and that may be a program that stays, as make does; the library reads on for ever."""
        return not os.isatty(self.fileno)

    @property
    def _writes(self) -> bool:
        return self._writer_thread is not None and self._writer_thread.is_alive()

    def write(self, data: str) -> None:
        if self._writes:
            super().write(data)

    def close(self) -> None:
        if self._writes:
            super().close()


class _Character(NamedTuple):
    """A key as the library's table holds one."""

    value: str


def tell_escape_from_alt() -> None:
    """A terminal writes Esc and `6` at once as it writes Alt and `6`, and the library takes them
    for Alt, or for a `§`: the scan right behind an Esc would lose its first character. Nobody
    holds Alt at a till. `[` and `O` stay: they begin the names of other keys."""
    table = cast("dict[str, object]", ANSI_SEQUENCES_KEYS)
    for char in map(chr, range(ord(" "), 0x7F)):
        if char not in "[O":
            table[f"\x1b{char}"] = (Keys.Escape, _Character(char))
    table["\x1b\r"] = (Keys.Escape, Keys.Enter)
