"""What sync knows of the line to the hub, and tells when it changes."""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from threading import Lock

import msgspec

from journal.clock import Clock
from journal.wire import Problem
from pos_client.folder import write_whole
from retail.language import Language, Text

Tell = Callable[[str, dict[str, object]], None]

#: in the state folder: how the line stood, for programs that look beside a till
LINE_FILE = "hub-line"
#: while nothing else changes it is written again so often
_NOTED_EVERY = timedelta(minutes=1)
_NEVER = datetime.fromisoformat("1970-01-01T00:00:00Z")


class Standing(msgspec.Struct, frozen=True):
    """How the line stood: when the hub was last heard, what it refused then; why it does not answer
    since."""

    heard_at: datetime = _NEVER
    problem: Problem | None = None
    why: str = ""

    @property
    def was_heard(self) -> bool:
        return self.heard_at != _NEVER


def stood(state: Path) -> Standing:
    """How the line last stood of the till with that state folder."""
    try:
        return msgspec.json.decode((state / LINE_FILE).read_bytes(), type=Standing)
    except (OSError, msgspec.MsgspecError):
        return Standing()


def in_words(problem: Problem) -> tuple[Text, Text]:
    """The hub's sentence and remedy; what it has in one language alone is read in that."""
    title, remedy = problem.title or problem.code, problem.remedy
    return Text(title, problem.title_zh or title), Text(remedy, problem.remedy_zh or remedy)


def _code(problem: Problem | None) -> str:
    return problem.code if problem else ""


class Line:
    """Of one till: push and pull each find the line as it is for them."""

    def __init__(
        self, tell: Tell, language: Callable[[], Language], clock: Clock, state: Path
    ) -> None:
        self._tell = tell
        self._language = language
        self._clock = clock
        self._state = state
        self._noting = Lock()
        self._noted = stood(state)
        #: None before anybody tried
        self.online: bool | None = None
        #: what the hub says is wrong with this till's pushes; why there is no answer
        self.problem: Problem | None = None
        self.why = ""
        self.pull_problem: Problem | None = None
        #: push got through after it had not: a pull that waits need not wait longer
        self.on_push_through: Callable[[], None] = lambda: None

    def __repr__(self) -> str:
        pushing, pulling = _code(self.problem), _code(self.pull_problem)
        return f"Line({self.online}, {pushing!r}, {self.why!r}, {pulling!r})"

    def pushed(self, *, online: bool, problem: Problem | None = None, why: str = "") -> None:
        """How a push found it."""
        changed = (online, _code(problem)) != (self.online, _code(self.problem))
        self.online, self.problem, self.why = online, problem, why
        self._note(heard=online)
        if changed and problem is not None:
            self._tell("sync.refused", self.said(problem))
        elif changed and online:
            self._tell("sync.online", {})
        elif changed:
            self._tell("sync.offline", {"why": why})
        if changed and online and problem is None:
            self.on_push_through()

    def pulled(self, problem: Problem | None, *, too_old: bool = False) -> None:
        """What the hub said of a pull, None when it answered; `too_old`: push and selling go on,
        what head office publishes waits for another program."""
        changed = _code(problem) != _code(self.pull_problem)
        self.pull_problem = problem
        self._note(heard=True)
        if not changed or problem is None:
            return
        if too_old:
            self._tell("sync.too_old", self.said(problem))
        self._tell("sync.refused", self.said(problem))

    def _note(self, *, heard: bool) -> None:
        """Into the file, but not with every exchange; a disk that does not take it is asked again.
        Nobody acts on it: it is not worth a sync."""
        with self._noting, suppress(OSError):
            before, problem = self._noted, self.problem or self.pull_problem
            now = self._clock.read().at if heard else before.heard_at
            noted = Standing(now, problem, self.why)
            same = (before.problem, before.why) == (problem, self.why)
            if same and abs(now - before.heard_at) < _NOTED_EVERY:
                return
            write_whole(self._state / LINE_FILE, msgspec.json.encode(noted))
            self._noted = noted

    def said(self, problem: Problem) -> dict[str, object]:
        """Its code for programs, its words for the cashier."""
        say, remedy = (text.to(self._language()) for text in in_words(problem))
        return {"code": problem.code, "say": say, "remedy": remedy}
