"""Children: real programs, started, spoken with and killed from outside.

Owns spawning, line-wise talk over pipes, power cuts (SIGKILL) and what a process cost the machine.
Refuses to own what the programs mean: it knows the JSON lines of the headless till, no shop rule.

    with HeadlessTill([sys.executable, "-m", "pos_client", "--headless"], env=settings) as till:
        basket = till.act("scan", code="6901028075022")["basket"]
        till.kill()
"""

import contextlib
import os
import pwd
import signal
import socket
import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any, Self

import msgspec
import psutil

from rehearsal import leash

LINES_LIMIT = 10_000
"""Lines of a child's stdout kept unread; then the child itself must wait."""
STDERR_LIMIT_LINES = 200
"""Last lines of a child's stderr kept for messages."""
LINE_LIMIT_CHARACTERS = 4 * 1024 * 1024
"""A longer line is read in pieces."""
EVENTS_LIMIT = 10_000
"""Unasked lines of a till kept; the oldest go first."""
ANSWERS_LIMIT = 1_000
"""Answers of a till to other acts than the one waited for; the oldest go first."""
ANSWER_S = 60.0
"""How long a child may take to say its next line, unless the caller says otherwise."""
END_S = 30.0
"""How long a child may take to end after it was told to."""
SUMS_LIMIT = 20
"""How often processor time is added up anew because a child ended meanwhile."""
POLL_S = 0.01
"""How often `wait_until` looks unless told."""

Reply = dict[str, Any]
"""One JSON object as the till said it."""


class ChildEnded(Exception):
    """The child is gone while something was wanted of it; says how it ended and its last words."""

    def __init__(self, argv: Sequence[str], exit_code: int | None, stderr_tail: str) -> None:
        self.argv = list(argv)
        self.exit_code = exit_code
        self.stderr_tail = stderr_tail
        how = "closed its output" if exit_code is None else _how_it_ended(exit_code)
        said = f"; its last words:\n{stderr_tail}" if stderr_tail else "; it said nothing on stderr"
        super().__init__(f"{' '.join(argv)} {how}{said}")


class Refused(Exception):
    """The till said no: stable `code`, the sentence `say`, and the `remedy` the cashier reads."""

    def __init__(self, code: str, say: str, remedy: str) -> None:
        self.code = code
        self.say = say
        self.remedy = remedy
        super().__init__(f"{code}: {say} {remedy}")

    @classmethod
    def by(cls, answer: Reply) -> Self:
        """The no in an answer."""
        refusal = answer["refusal"]
        return cls(refusal["code"], refusal["say"], refusal["remedy"])


def _how_it_ended(exit_code: int) -> str:
    if exit_code >= 0:
        return f"ended with exit code {exit_code}"
    return f"was ended by {signal.Signals(-exit_code).name}"


def _kill_session(leader: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):  # all gone, or a zombie (macOS)
        os.killpg(leader, signal.SIGKILL)


def free_port() -> int:
    """A loopback TCP port that was free a moment ago."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def wait_until(
    condition: Callable[[], object], timeout_s: float, what: str, every_s: float = POLL_S
) -> None:
    """Look until `condition()` is true; TimeoutError naming `what` after `timeout_s`."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {timeout_s:g} s in vain until {what}")
        time.sleep(every_s)


def processor_time_s(pid: int) -> float:
    """Seconds of processor time of `pid` and all its children, the reaped ones included.

    A child that is reaped while we add up moves from "living" to "ended" and would be missed,
    so we add up again until nobody ended meanwhile (in a very busy tree: the last sum counts).
    """
    process = psutil.Process(pid)
    total_s = 0.0
    for _ in range(SUMS_LIMIT):
        before = process.cpu_times()
        living = 0.0
        for child in process.children(recursive=True):
            with contextlib.suppress(psutil.NoSuchProcess):
                living += sum(child.cpu_times()[:4])
        after = process.cpu_times()
        total_s = float(sum(after[:4]) + living)
        if before[2:4] == after[2:4]:
            break
    return total_s


def environment(changes: Mapping[str, str | None]) -> dict[str, str]:
    """Our environment with these changes; None takes a variable away."""
    changed = {**os.environ, **changes}
    return {name: value for name, value in changed.items() if value is not None}


class Child:
    """A program in its own session, spoken with in lines; it never outlives its driver.

    `env` is what changes in our environment. `user` (a name, root only) runs it as somebody else.
    `last_signal` is what it gets when the driver dies first.
    """

    def __init__(
        self,
        argv: Sequence[str],
        *,
        env: Mapping[str, str | None] | None = None,
        cwd: Path | None = None,
        user: str | None = None,
        last_signal: signal.Signals = signal.SIGKILL,
    ) -> None:
        self.argv = [str(word) for word in argv]
        self._process = subprocess.Popen(
            self.argv,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            errors="replace",
            env=environment(env or {}),
            cwd=cwd,
            start_new_session=True,
            user=user,
            group=pwd.getpwnam(user).pw_gid if user else None,
            extra_groups=[] if user else None,
        )
        self.pid = self._process.pid
        leash.hold(self.pid, last_signal)
        self._reaping = threading.RLock()
        self._told = threading.Condition()
        self._lines: deque[str] = deque()
        self._wanted = 1
        self._open_pipes = 2
        self._closing = False
        self._stderr: deque[str] = deque(maxlen=STDERR_LIMIT_LINES)
        self._readers = [
            threading.Thread(target=self._read, args=(pipe, keep), daemon=True)
            for pipe, keep in (
                (self._process.stdout, self._keep_line),
                (self._process.stderr, self._stderr.append),
            )
        ]
        for reader in self._readers:
            reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # --- talk

    def send_line(self, line: str) -> None:
        """Write one line to the child's stdin; ChildEnded if it no longer reads."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(line + "\n")
            self._process.stdin.flush()
        except (BrokenPipeError, ValueError):  # ValueError: we closed it
            raise self.ended_error() from None

    def read_line(self, timeout_s: float = ANSWER_S) -> str:
        """The next line of stdout, without its end; TimeoutError, or ChildEnded after the last."""
        return self.read_lines(1, timeout_s)[0]

    def read_lines(self, count: int, timeout_s: float = ANSWER_S) -> list[str]:
        """The next lines of stdout: `count` of them, fewer when the child ends or the time is
        over. Waking up once for many is cheaper. TimeoutError, or ChildEnded, if there are none."""
        with self._told:
            self._wanted = min(count, LINES_LIMIT)
            known = self._told.wait_for(
                lambda: len(self._lines) >= self._wanted or self._open_pipes == 0, timeout_s
            )
            if self._lines:
                self._told.notify_all()
                return [self._lines.popleft() for _ in range(min(count, len(self._lines)))]
        if known:
            raise self.ended_error()
        raise TimeoutError(f"{' '.join(self.argv)} said nothing for {timeout_s:g} s")

    def read_json(self, timeout_s: float = ANSWER_S) -> Reply:
        """The next line of stdout as a JSON object; ValueError with the line if it is none."""
        line = self.read_line(timeout_s)
        return self._object(line)

    @property
    def stderr_tail(self) -> str:
        """The last lines of stderr so far."""
        return "\n".join(self._stderr)

    def close_input(self) -> None:
        """End of input, which a well-behaved child takes as its sign to end in order."""
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()

    # --- life and death

    @property
    def ended(self) -> bool:
        """Whether the process is gone (its last lines may still be read)."""
        return self._reap() is not None

    @property
    def exit_code(self) -> int | None:
        """Exit code, minus the signal number if a signal ended it, None while it runs."""
        return self._reap()

    def send_signal(self, number: signal.Signals) -> None:
        """Send a signal to the child alone; nothing if it is gone."""
        with self._reaping:
            if not self.ended:
                self._process.send_signal(number)

    def kill(self) -> int:
        """SIGKILL, as a power cut: the child and what it started in its session. -> exit code"""
        with self._reaping:
            if self._process.returncode is None:  # not reaped: the number is surely still its own
                _kill_session(self.pid)
        return self.wait()

    def wait(self, timeout_s: float = END_S) -> int:
        """Wait for its end -> exit code; TimeoutError with its last words."""
        said = f"{' '.join(self.argv)} ended"
        try:
            wait_until(lambda: self.ended, timeout_s, said)
        except TimeoutError as late:
            raise TimeoutError(f"{late}; its last words:\n{self.stderr_tail}") from None
        return self._process.returncode

    def stop(self, number: signal.Signals = signal.SIGTERM, timeout_s: float = END_S) -> int:
        """Ask it to end by a signal, kill it if it doesn't in `timeout_s` -> exit code."""
        self.send_signal(number)
        with contextlib.suppress(TimeoutError):
            return self.wait(timeout_s)
        return self.kill()

    def close(self) -> None:
        """Kill it if it still runs, close pipes and threads; may be called again."""
        self.kill()
        with self._told:
            self._closing = True
            self._told.notify_all()
        self.close_input()
        for reader in self._readers:
            reader.join(END_S)

    # --- cost

    def processor_time_s(self) -> float:
        """Seconds of processor time so far, its children's included; ChildEnded when it is gone."""
        with self._measured():
            return processor_time_s(self.pid)

    @property
    def rss_bytes(self) -> int:
        """Resident memory of the child alone; ChildEnded when it is gone."""
        with self._measured():
            return int(psutil.Process(self.pid).memory_info().rss)

    @contextlib.contextmanager
    def _measured(self) -> Iterator[None]:
        if self.ended:
            raise self.ended_error()
        try:
            yield
        except psutil.NoSuchProcess:
            raise self.ended_error() from None

    # --- inside

    def _reap(self) -> int | None:
        with self._reaping:
            if self._process.returncode is None and self._process.poll() is not None:
                leash.let_go(self.pid)
                _kill_session(self.pid)  # what it left behind there
            return self._process.returncode

    def ended_error(self) -> ChildEnded:
        with contextlib.suppress(TimeoutError):  # its last words may still be in the pipe
            wait_until(lambda: self.ended and self._open_pipes == 0, 1.0, "it has ended")
        return ChildEnded(self.argv, self.exit_code, self.stderr_tail)

    def _object(self, line: str) -> Reply:
        try:
            value = msgspec.json.decode(line)
        except msgspec.DecodeError:
            value = None
        if not isinstance(value, dict):
            raise ValueError(f"{' '.join(self.argv)} said no JSON object: {line[:500]}")
        return value

    def _read(self, pipe: IO[str], keep: Callable[[str], None]) -> None:
        with pipe:
            while line := pipe.readline(LINE_LIMIT_CHARACTERS):
                keep(line.rstrip("\r\n"))
        with self._told:
            self._open_pipes -= 1
            self._told.notify_all()

    def _keep_line(self, line: str) -> None:
        with self._told:
            self._told.wait_for(lambda: len(self._lines) < LINES_LIMIT or self._closing)
            self._lines.append(line)
            if len(self._lines) >= self._wanted:
                self._told.notify_all()


class HeadlessTill(Child):
    """A till as JSON lines: acts get ids and answers, what it says unasked goes to `events`.

    `argv` is the till's command line, such as `[python, "-m", "pos_client", "--headless", …]`.
    To be used by one thread at a time.
    """

    def __init__(
        self,
        argv: Sequence[str],
        *,
        env: Mapping[str, str | None] | None = None,
        cwd: Path | None = None,
    ) -> None:
        self.events: deque[Reply] = deque(maxlen=EVENTS_LIMIT)
        self._answers: dict[int, Reply] = {}
        self._last_id = 0
        super().__init__(argv, env=env, cwd=cwd)

    def ask(self, do: str, /, **fields: object) -> int:
        """Say an act without waiting for its answer -> its id."""
        self._last_id += 1
        act = {**fields, "id": self._last_id, "do": do}
        self.send_line(msgspec.json.encode(act).decode())
        return self._last_id

    def ask_all(self, acts: Sequence[Mapping[str, object]]) -> range:
        """Say several acts in one breath, each with its `do` -> their ids."""
        ids = range(self._last_id + 1, self._last_id + 1 + len(acts))
        self._last_id += len(acts)
        said = [{**act, "id": act_id} for act, act_id in zip(acts, ids, strict=True)]
        self.send_line(b"\n".join(map(msgspec.json.encode, said)).decode())
        return ids

    def answers(self, ids: range, timeout_s: float = ANSWER_S) -> list[Reply]:
        """The answers to all these acts, in order."""
        deadline = time.monotonic() + timeout_s
        while missing := sum(act_id not in self._answers for act_id in ids):
            self._take(deadline, missing)
        return [self._answers.pop(act_id) for act_id in ids]

    def answer(self, act_id: int, timeout_s: float = ANSWER_S) -> Reply:
        """The answer to the act `act_id`, be it yes or no."""
        deadline = time.monotonic() + timeout_s
        while act_id not in self._answers:
            self._take(deadline)
        return self._answers.pop(act_id)

    def try_act(self, do: str, /, **fields: object) -> Reply:
        """Do an act -> its answer, be it yes or no."""
        return self.answer(self.ask(do, **fields))

    def act(self, do: str, /, **fields: object) -> Reply:
        """Do an act -> its answer; Refused if the till says no."""
        reply = self.try_act(do, **fields)
        if reply["ok"] is not True:
            raise Refused.by(reply)
        return reply

    def next_event(self, name: str, timeout_s: float = ANSWER_S) -> Reply:
        """The oldest event of that name not yet taken, waiting for it; takes it from `events`."""
        deadline = time.monotonic() + timeout_s
        while True:
            for event in self.events:
                if event["event"] == name:
                    self.events.remove(event)
                    return event
            self._take(deadline)

    def _take(self, deadline: float, count: int = 1) -> None:
        for line in self.read_lines(count, max(0.0, deadline - time.monotonic())):
            said = self._object(line)
            if "event" in said:
                self.events.append(said)
            elif isinstance(said.get("id"), int):
                self._answers[said["id"]] = said
                while len(self._answers) > ANSWERS_LIMIT:
                    del self._answers[next(iter(self._answers))]
            else:
                raise ValueError(f"the till said neither answer nor event: {said}")
