"""The terminal that plays programs: real ones, on a real pty."""

import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from rehearsal.processes import wait_until
from rehearsal.terminal import Ended, Terminal

#: shows every key and paste it gets, with a number, and the size of its window
ECHO = """
from textual import events
from textual.app import App
from textual.widgets import Static

class Echo(App):
    count = 0
    def compose(self):
        yield Static("ready", id="said")
        yield Static("", id="size")
    async def on_event(self, event):
        if isinstance(event, (events.Key, events.Paste)):
            self.count += 1
            what = event.key if isinstance(event, events.Key) else f"pasted <{event.text}>"
            self.query_one("#said").update(f"{self.count} {what}")
            if what == "ctrl+q":
                self.exit(return_code=7)
            elif what == "ctrl+b":
                raise ValueError("broken on purpose")
        else:
            await super().on_event(event)
    def on_resize(self, event):
        self.query_one("#size").update(f"{event.size.width} by {event.size.height}")

app = Echo()
app.run()
raise SystemExit(app.return_code)
"""
#: writes, in one breath, what stands between the quotes, and waits for a line
SAYS = "import sys; sys.stdout.write({words!r}); sys.stdout.flush(); sys.stdin.readline()"


def says(words: str, columns: int = 20, rows: int = 4) -> Terminal:
    argv = [sys.executable, "-c", SAYS.format(words=words)]
    return Terminal(argv, columns=columns, rows=rows)


@pytest.fixture
def cat() -> Iterator[Terminal]:
    with Terminal(["cat"], columns=30, rows=5) as terminal:
        yield terminal


@pytest.fixture
def echo() -> Iterator[Terminal]:
    with Terminal([sys.executable, "-c", ECHO], columns=60, rows=10) as terminal:
        terminal.wait_for("ready")
        yield terminal


def test_what_is_typed_is_read_and_what_is_written_is_seen(cat: Terminal) -> None:
    cat.type("coke 3.50\r")
    rows = cat.wait_for(lambda rows: sum("coke 3.50" in row for row in rows) == 2)
    assert [row.rstrip() for row in rows] == ["coke 3.50", "coke 3.50", "", "", ""]
    assert {len(row) for row in rows} == {30}


def test_an_end_of_input_ends_the_program_and_its_exit_code_is_known(cat: Terminal) -> None:
    cat.press("ctrl+d")
    assert cat.wait() == 0
    with pytest.raises(Ended, match="exit code 0"):
        cat.wait_for("never written")


def test_what_does_not_come_is_missed_with_the_screen_that_was_there(cat: Terminal) -> None:
    cat.type("apples\r")
    cat.wait_for("apples")
    with pytest.raises(TimeoutError, match=r"without a total for too long; there was:\napples"):
        cat.wait_for(lambda rows: False, 0.05, "a total")
    with pytest.raises(TimeoutError, match="without 'pears'"):
        cat.seen_at("pears", 0.05)


def test_a_wide_character_takes_two_cells_and_is_one_character_of_its_row() -> None:
    with says("可口 3.50\r\n一二三四五六七八九十") as terminal:
        rows = terminal.wait_for("十")
    assert rows[0] == "可口 3.50" + " " * 11
    assert rows[1] == "一二三四五六七八九十"


def test_half_a_wide_character_shows_as_a_blank() -> None:
    with says("可口\x1b[1;2Hx\x1b[1;3Hy.") as terminal:
        rows = terminal.wait_for("y.")
    assert rows[0].rstrip() == " xy."


def test_what_only_other_terminals_know_leaves_no_trace() -> None:
    with says("one\x1b[<u\x1b[>25u\x1b[?2004h two") as terminal:
        assert terminal.wait_for("two")[0].rstrip() == "one two"


def test_a_frame_is_seen_whole_or_not_at_all() -> None:
    with says("before\x1b[?2026h\x1b[Hafter!") as terminal:
        terminal.wait_for("before")
        terminal.wait_for_calm(0.1)
        assert terminal.text().rstrip() == "before"
        terminal.type("\r")
        assert terminal.wait() == 0
        terminal.wait_for("after!")


def _written_twice(cat: Terminal, word: str) -> int:
    """Types it, and waits for the terminal's echo and the program's."""
    whole = cat.written + 2 * len(f"{word}\r\n")
    sent_ns = cat.type(f"{word}\r")
    wait_until(lambda: cat.written >= whole, 10, f"{word} came back")
    return sent_ns


def test_a_picture_is_timed_by_the_output_that_completed_it(cat: Terminal) -> None:
    """Even when it is looked at late, after others."""
    sent_ns = [_written_twice(cat, word) for word in ("one", "two", "three")]
    one, three = cat.seen_at("one"), cat.seen_at("three")
    assert cat.started_ns < sent_ns[0] < one
    assert one < sent_ns[1] < sent_ns[2] < three
    cat.screen()
    with pytest.raises(TimeoutError):
        cat.seen_at("one", 0.05)


def test_a_program_that_asks_is_answered_as_by_a_terminal() -> None:
    asks = """
import os, sys, tty
tty.setraw(0)
def ask(question):
    os.write(1, question.encode())
    answer = b""
    while not answer[-1:].isalpha():
        answer += os.read(0, 1)
    return answer.decode()[1:]
answers = [ask(f"\\x1b[{each}") for each in ("?2026$p", "?2048$p", "c", "5n", "3;7H\\x1b[6n")]
os.write(1, ("\\x1b[H" + " ".join(answers)).encode())
os.read(0, 1)
"""
    with Terminal([sys.executable, "-c", asks], columns=60, rows=5) as terminal:
        rows = terminal.wait_for("[3;7R")
    assert rows[0].rstrip() == "[?2026;2$y [?2048;0$y [?6c [0n [3;7R"


def test_keys_pastes_and_text_come_through_textual_as_they_were_meant(echo: Terminal) -> None:
    presses = ("a", "enter", "f1", "f4", "f5", "f12", "ctrl+z", "up", "pagedown", "delete", "tab")
    for number, key in enumerate(presses, 1):
        echo.press(key)
        echo.wait_for(f"{number} {key} ")
    echo.paste("690\r123")
    echo.wait_for(f"{len(presses) + 1} pasted <690")
    echo.type("6901028\r")
    echo.wait_for(f"{len(presses) + 9} enter")
    echo.press("escape")
    echo.wait_for(f"{len(presses) + 10} escape")


def test_a_key_is_answered_in_a_frame_with_a_time_and_a_size(echo: Terminal) -> None:
    echo.press("x")
    echo.wait_for("1 x")
    before = echo.wait_for_calm(0.1)
    sent_ns = echo.press("f2")
    assert echo.seen_at("2 f2") > sent_ns
    assert before < echo.written < before + 2_000


def test_the_program_follows_its_window(echo: Terminal) -> None:
    echo.wait_for("60 by 10")
    echo.resize(90, 20)
    rows = echo.wait_for("90 by 20")
    assert (len(rows), len(rows[0])) == (20, 90)


def test_a_program_that_leaves_its_screen_leaves_none_of_it(echo: Terminal) -> None:
    echo.press("ctrl+q")
    assert echo.wait() == 7
    with pytest.raises(Ended) as gone:
        echo.wait_for("never")
    assert gone.value.exit_code == 7
    assert echo.text().strip() == ""
    assert echo.traceback == ""


def test_a_program_that_breaks_is_found_out(echo: Terminal) -> None:
    echo.press("ctrl+b")
    assert echo.wait() == 1
    with pytest.raises(Ended, match="broken on purpose"):
        echo.wait_for("never")
    assert "broken on purpose" in echo.traceback


def test_closing_ends_the_program_and_what_it_started(tmp_path: Path) -> None:
    """Here one that does not listen to SIGHUP, with a child."""
    argv = ["sh", "-c", "trap '' HUP; sleep 1000 & echo $!; wait"]
    with Terminal(argv, cwd=tmp_path) as terminal:
        rows = terminal.wait_for(lambda rows: rows[0].strip())
        child = psutil.Process(int(rows[0]))
        assert terminal.rss_bytes > 0
    assert terminal.exit_code == terminal.close() == -signal.SIGTERM
    psutil.wait_procs([child], timeout=10)
    assert not child.is_running() or child.status() == psutil.STATUS_ZOMBIE


def test_a_terminal_gives_back_its_file_and_its_thread() -> None:
    """Once the watcher, which stays, is there."""
    with Terminal(["true"]) as terminal:
        terminal.wait()
    before = psutil.Process().num_fds()
    with Terminal(["true"]) as terminal:
        assert terminal.wait() == 0
    assert psutil.Process().num_fds() == before


def test_a_program_that_is_not_there_is_said() -> None:
    with Terminal(["there-is-no-such-program"]) as terminal:
        assert terminal.wait() == 127
        with pytest.raises(Ended, match="not found"):
            terminal.wait_for("never")
