"""A program in a real terminal: what it writes to its pty, and the screen a person would see.

Owns the pty, the keys as a terminal sends them, the answers a terminal gives, and the picture.
Refuses to own what the pictures mean.

    with Terminal([sys.executable, "-m", "pos_client"], columns=100, rows=30) as terminal:
        terminal.type("6901028075022")
        terminal.press("enter")
        terminal.wait_for("可口可乐")

Output is stamped by a thread that does nothing else; the picture is drawn by whoever looks, and
`seen_at` looks only when the program has fallen silent, so that a measurement does not slow down
what it measures. A frame that the program marks as one (synchronized output, mode 2026) is looked
at whole or not at all.
"""

import contextlib
import fcntl
import os
import re
import select
import signal
import struct
import subprocess
import termios
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple, Self

import psutil
import pyte
from pyte.screens import StaticDefaultDict
from wcwidth import wcwidth

from rehearsal import leash
from rehearsal.processes import END_S, environment

OUTPUT_LIMIT_BYTES: Final = 8 * 1024 * 1024
"""The newest output kept for `traceback`."""
LOOK_S: Final = 30.0
"""How long the program may take to show something, unless the caller says otherwise."""
SEND_S: Final = 10.0
"""How long the program may take to read what is typed."""
QUIET_S: Final = 0.02
"""A program that wrote nothing for so long has drawn what it had to draw."""
_READ_BYTES = 65_536
_QUERY_BYTES_MAX = 16

#: gives the program this terminal as its controlling one, by opening it as leader of its session
_IN_TERMINAL: Final = ("/bin/sh", "-c", 'exec "$@" <>"$0" >"$0" 2>&1')
_WORDS_OF_OTHER_TERMINALS: Final = ("COLUMNS", "LINES", "NO_COLOR", "TERM_PROGRAM", "LC_TERMINAL")

_FRAME_BEGINS, _FRAME_ENDS = b"\x1b[?2026h", b"\x1b[?2026l"
_QUERY = re.compile(rb"\x1b\[(?:\?(?P<mode>\d+)\$p|(?P<identity>0?c)|(?P<status>[56])n)")
#: sequences that pyte takes for text (the kitty protocol's `CSI < u`)
_FOREIGN = re.compile(rb"\x1b\[[<=][0-9;:]*[A-Za-z]")
_UNFINISHED = re.compile(rb"\x1b(?:\[[0-9;:<=>?]*)?\Z")

#: what xterm sends (invisible-island.net/xterm/ctlseqs, "PC-Style Function Keys")
KEYS: Final[Mapping[str, str]] = {
    "enter": "\r",
    "tab": "\t",
    "shift+tab": "\x1b[Z",
    "backspace": "\x7f",
    "escape": "\x1b",
    "space": " ",
    "up": "\x1b[A",
    "down": "\x1b[B",
    "right": "\x1b[C",
    "left": "\x1b[D",
    "home": "\x1b[H",
    "end": "\x1b[F",
    "insert": "\x1b[2~",
    "delete": "\x1b[3~",
    "pageup": "\x1b[5~",
    "pagedown": "\x1b[6~",
    **{f"f{number}": f"\x1bO{final}" for number, final in enumerate("PQRS", 1)},
    **{
        f"f{number}": f"\x1b[{code}~"
        for number, code in enumerate((15, 17, 18, 19, 20, 21, 23, 24), 5)
    },
    **{f"shift+f{number}": f"\x1b[1;2{final}" for number, final in enumerate("PQRS", 1)},
    **{f"ctrl+{chr(96 + number)}": chr(number) for number in range(1, 27)},
}


class Ended(Exception):
    """The program is gone while something was wanted of it; carries its exit code and screen."""

    def __init__(self, argv: Sequence[str], exit_code: int | None, screen: str) -> None:
        self.exit_code = exit_code
        super().__init__(f"{' '.join(argv)} ended with exit code {exit_code}; it left:\n{screen}")


class _Chunk(NamedTuple):
    """What one read brought, and when (monotonic ns)."""

    at_ns: int
    data: bytes


class _Screen(pyte.Screen):
    """pyte's screen, with what it lacks: a second screen to leave, and an answer's way back."""

    def __init__(self, columns: int, rows: int, answer: Callable[[str], None]) -> None:
        self._answer = answer
        self.bells = 0
        super().__init__(columns, rows)

    def set_mode(self, *modes: int, **kwargs: Any) -> None:
        self._cleared_by(modes)
        super().set_mode(*modes, **kwargs)

    def reset_mode(self, *modes: int, **kwargs: Any) -> None:
        self._cleared_by(modes)
        super().reset_mode(*modes, **kwargs)

    def write_process_input(self, data: str) -> None:
        self._answer(data)

    def bell(self, *_: Any) -> None:
        self.bells += 1

    def _cleared_by(self, modes: tuple[int, ...]) -> None:
        if 1049 in modes:
            self.erase_in_display(2)
            self.cursor_position()

    def lines_of_text(self) -> list[str]:
        return [_text(self.buffer[row], self.columns) for row in range(self.lines)]


def _text(cells: StaticDefaultDict[int, Any], columns: int) -> str:
    """A row as text: a wide character's second cell is empty; half a one shows as a blank."""
    text = ""
    for column in range(columns):
        shown = cells[column].data
        if not shown:
            whole = column > 0 and wcwidth((cells[column - 1].data or " ")[0]) == 2
            text += "" if whole else " "
        elif wcwidth(shown[0]) == 2 and (column + 1 == columns or cells[column + 1].data):
            text += " "
        else:
            text += shown
    return text


class Terminal:
    """A program on a pty of its own, in its own session; it never outlives its driver.

    `env` is what changes in our environment. Answers as a terminal with 24-bit colour,
    synchronized output and xterm's keys. To be used by one thread at a time.
    """

    def __init__(
        self,
        argv: Sequence[str],
        *,
        columns: int = 100,
        rows: int = 30,
        env: Mapping[str, str | None] | None = None,
        cwd: Path | None = None,
    ) -> None:
        self.argv = [str(word) for word in argv]
        self._told = threading.Condition(threading.RLock())
        self._written = 0
        self._output = bytearray()
        self._undrawn: deque[_Chunk] = deque()
        self._unfinished = b""
        self._silent = False
        self._screen = _Screen(columns, rows, self._answer)
        self._stream = pyte.ByteStream(self._screen)
        self._file, program_side = os.openpty()
        try:
            self._set_size(columns, rows)
            self.started_ns = time.monotonic_ns()
            self._process = subprocess.Popen(
                [*_IN_TERMINAL, os.ttyname(program_side), *self.argv],
                stdin=program_side,
                stdout=program_side,
                stderr=program_side,
                env=environment(_own_words(env or {})),
                cwd=cwd,
                start_new_session=True,
            )
        except BaseException:
            os.close(self._file)
            raise
        finally:
            os.close(program_side)
        os.set_blocking(self._file, False)
        self.pid = self._process.pid
        leash.hold(self.pid)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # --- hands

    def type(self, text: str) -> int:
        """Send the text in one write, as a scanner or quick hands do -> when (monotonic ns)."""
        return self._send(text.encode())

    def press(self, *keys: str) -> int:
        """Press keys by name, `f12`, `ctrl+z`, or a character, in one write -> when."""
        return self.type("".join(key if len(key) == 1 else KEYS[key] for key in keys))

    def paste(self, text: str) -> int:
        """Paste as a terminal does (bracketed paste, mode 2004) -> when."""
        return self.type(f"\x1b[200~{text}\x1b[201~")

    def resize(self, columns: int, rows: int) -> None:
        """Pull the window to another size; the program gets SIGWINCH."""
        with self._told:
            self._draw()
            self._screen.resize(rows, columns)
            self._set_size(columns, rows)

    # --- eyes

    def screen(self) -> list[str]:
        """The rows of the last whole frame, each as wide as the terminal; a wide character is one
        character of its row."""
        with self._told:
            self._draw()
            return self._screen.lines_of_text()

    def text(self) -> str:
        """The screen as one text, without blanks at the ends of its rows."""
        return "\n".join(row.rstrip() for row in self.screen())

    def wait_for(
        self, seen: str | Callable[[list[str]], object], seconds: float = LOOK_S, what: str = ""
    ) -> list[str]:
        """Look at each new picture until a row of it has the text, or `seen(rows)` is true -> it.

        TimeoutError with `what` and the screen after `seconds`; Ended when the program is gone.
        """
        holds = _has(seen) if isinstance(seen, str) else seen
        deadline = time.monotonic() + seconds
        with self._told:
            while True:
                written, rows = self._written, self.screen()
                if holds(rows):
                    return rows
                self._go_on_waiting(written, deadline, f"without {what or repr(seen)}")

    @property
    def bells(self) -> int:
        """How often the bell rang until now."""
        with self._told:
            self._draw()
            return self._screen.bells

    @property
    def written(self) -> int:
        """Bytes that the program wrote so far."""
        with self._told:
            return self._written

    def seen_at(self, seen: str | Callable[[list[str]], object], seconds: float = LOOK_S) -> int:
        """When (monotonic ns) the frame had arrived that was the first to have the text in a row,
        or to make `seen(rows)` true, of those not looked at yet.

        Waits for the program to fall silent before it looks. TimeoutError, or Ended.
        """
        holds = _has(seen) if isinstance(seen, str) else seen
        deadline = time.monotonic() + seconds
        with self._told:
            while True:
                self.wait_for_calm(seconds=deadline - time.monotonic())
                while self._undrawn:
                    at_ns = self._undrawn[0].at_ns
                    self._draw_next()
                    if holds(self._screen.lines_of_text()):
                        return at_ns
                self._go_on_waiting(self._written, deadline, f"without {seen!r}")

    def wait_for_calm(self, quiet_s: float = QUIET_S, seconds: float = LOOK_S) -> int:
        """Wait until nothing was written for `quiet_s`, or the program is gone -> bytes written so
        far; TimeoutError when it does not get calm."""
        deadline = time.monotonic() + seconds
        with self._told:
            while time.monotonic() < deadline:
                written = self._written
                if self._silent or not self._more_than(written, quiet_s):
                    return written
            raise self._late("without getting calm")

    @property
    def traceback(self) -> str:
        """The output from its last traceback on, without colours; empty when there is none."""
        with self._told:
            said = bytes(self._output)
        plain = re.sub(rb"\x1b\[[0-9;:<=>?]*[A-Za-z]", b"", said).decode(errors="replace")
        _, found, after = plain.rpartition("Traceback (most recent call last)")
        return found and found + after

    # --- life and death

    @property
    def exit_code(self) -> int | None:
        """Exit code, minus the signal number if a signal ended it, None while it runs."""
        return self._process.poll()

    @property
    def rss_bytes(self) -> int:
        """Resident memory of the program alone."""
        return int(psutil.Process(self.pid).memory_info().rss)

    def wait(self, seconds: float = END_S) -> int:
        """Wait for its end -> exit code; TimeoutError with its screen."""
        try:
            return self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise TimeoutError(f"{seconds:g} s without an end; there was:\n{self.text()}") from None

    def close(self) -> int:
        """End the program if it still runs, by SIGTERM, then by SIGKILL -> exit code.

        What it wrote stays to be looked at. May be called again.
        """
        if self._file < 0:
            return self._process.returncode
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(END_S)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
        exit_code = self._process.wait(END_S)
        leash.let_go(self.pid)
        self._reader.join(END_S)
        os.close(self._file)
        self._file = -1
        return exit_code

    # --- inside

    def _set_size(self, columns: int, rows: int) -> None:
        fcntl.ioctl(self._file, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def _send(self, data: bytes) -> int:
        sent_ns = time.monotonic_ns()
        while data:
            if not select.select([], [self._file], [], SEND_S)[1]:
                raise TimeoutError(f"{' '.join(self.argv)} read nothing for {SEND_S:g} s")
            data = data[os.write(self._file, data) :]
        return sent_ns

    def _answer(self, text: str) -> None:
        with contextlib.suppress(OSError):  # it asked and left
            self._send(text.encode())

    def _read(self) -> None:
        before = b""
        while True:
            try:
                select.select([self._file], [], [])
                data = os.read(self._file, _READ_BYTES)
            except BlockingIOError:
                continue
            except OSError:  # EIO: nobody holds the program's side any more
                data = b""
            self._keep(_Chunk(time.monotonic_ns(), data))
            if not data:
                return
            for query in _QUERY.finditer(before + data):
                if query.end() > len(before):
                    self._answer_query(query)
            before = (before + data)[-_QUERY_BYTES_MAX:]

    def _keep(self, chunk: _Chunk) -> None:
        with self._told:
            self._silent = not chunk.data
            self._written += len(chunk.data)
            self._undrawn.append(chunk)
            self._output += chunk.data
            del self._output[:-OUTPUT_LIMIT_BYTES]
            self._told.notify_all()

    def _answer_query(self, query: re.Match[bytes]) -> None:
        if mode := query["mode"]:
            supported = 2 if mode == b"2026" else 0
            self._answer(f"\x1b[?{mode.decode()};{supported}$y")
        else:
            self.screen()  # who asks where the cursor is waits for the answer: pyte gives it

    def _draw(self) -> None:
        while self._undrawn:
            self._draw_next()

    def _draw_next(self) -> None:
        """Give pyte what arrived next, up to the last whole frame and the last whole sequence."""
        chunk = self._undrawn.popleft()
        data = self._unfinished + chunk.data
        whole = len(data)
        if chunk.data:
            begins = data.rfind(_FRAME_BEGINS)
            if begins > data.rfind(_FRAME_ENDS):
                whole = begins
            elif unfinished := _UNFINISHED.search(data):
                whole = unfinished.start()
        self._unfinished = data[whole:]
        self._stream.feed(_FOREIGN.sub(b"", data[:whole]))

    def _go_on_waiting(self, written: int, deadline: float, what: str) -> None:
        """Wait for more output than this; Ended when none can come, TimeoutError when late."""
        if self._silent:
            raise self._ended_error()
        if not self._more_than(written, deadline - time.monotonic()):
            raise self._late(what)

    def _more_than(self, written: int, seconds: float) -> bool:
        """Wait for more output than this, or its end; False when the time is over."""
        return self._told.wait_for(lambda: self._silent or self._written > written, max(0, seconds))

    def _late(self, what: str) -> TimeoutError:
        return TimeoutError(f"{' '.join(self.argv)} {what} for too long; there was:\n{self.text()}")

    def _ended_error(self) -> Ended:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(END_S)
        return Ended(self.argv, self.exit_code, self.text())


def _own_words(env: Mapping[str, str | None]) -> dict[str, str | None]:
    kept_out: dict[str, str | None] = dict.fromkeys(_WORDS_OF_OTHER_TERMINALS)
    return kept_out | {"TERM": "xterm-256color", "COLORTERM": "truecolor"} | dict(env)


def _has(text: str) -> Callable[[list[str]], bool]:
    return lambda rows: any(text in row for row in rows)
