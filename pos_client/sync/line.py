"""What sync knows of the line to the hub, and tells when it changes."""

from collections.abc import Callable

Tell = Callable[[str, dict[str, object]], None]


class Line:
    """Of one till: push and pull each find the line as it is for them."""

    def __init__(self, tell: Tell) -> None:
        self._tell = tell
        #: None before anybody tried
        self.online: bool | None = None
        #: what the hub says is wrong with this till's pushes, by its code; why there is no answer
        self.problem = ""
        self.why = ""
        self.pull_problem = ""
        #: push got through after it had not: a pull that waits need not wait longer
        self.on_push_through: Callable[[], None] = lambda: None

    def __repr__(self) -> str:
        return f"Line({self.online}, {self.problem!r}, {self.why!r}, {self.pull_problem!r})"

    def pushed(self, *, online: bool, problem: str = "", why: str = "") -> None:
        """How a push found it."""
        changed = (online, problem) != (self.online, self.problem)
        self.online, self.problem, self.why = online, problem, why
        if changed and problem:
            self._tell("sync.refused", {"code": problem})
        elif changed and online:
            self._tell("sync.online", {})
        elif changed:
            self._tell("sync.offline", {"why": why})
        if changed and online and not problem:
            self.on_push_through()

    def pulled(self, problem: str) -> None:
        """What the hub said of a pull, by its code; empty when it answered."""
        changed = problem != self.pull_problem
        self.pull_problem = problem
        if changed and problem:
            self._tell("sync.refused", {"code": problem})
