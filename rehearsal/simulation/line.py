"""The line between a machine and the hub: what becomes of a question and of its answer.

It speaks HTTP's own objects, for the till's real client sits at one end and the hub's real routes
at the other; what lies between them is chance.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from enum import StrEnum
from typing import NamedTuple, Protocol

import httpx

from rehearsal.simulation.world import World

#: what a till's client waits for an answer, in seconds (settings: hub_time_out_s)
TIME_OUT_S = 15.0
_PORTAL = b"<html><title>Free WiFi</title>Please accept our terms.</html>"


class Trouble(StrEnum):
    """What may happen to one exchange."""

    LOST = "question lost"
    ACK_LOST = "answer lost"
    TWICE = "question doubled"
    LATE_TWIN = "question arrives again later"
    TORN = "answer torn"
    PORTAL = "captive portal"
    GATEWAY = "gateway error"
    SLOW = "delay"


class Cut(StrEnum):
    """What may be wrong with a line until it is mended."""

    NONE = "line whole"
    BOTH = "cable out"
    TO_HUB = "nothing reaches the hub"
    TO_TILL = "nothing reaches the till"
    PORTAL = "captive portal for all"


class Question(NamedTuple):
    method: str
    path: str
    query: bytes
    headers: list[tuple[bytes, bytes]]
    body: bytes


class Answered(NamedTuple):
    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes


class Far(Protocol):
    """Who answers at the far end; None while nobody does."""

    def ask(self, question: Question) -> Answered | None: ...


class Line(httpx.BaseTransport):
    """One machine's line."""

    def __init__(self, world: World, name: str, far: Far, states: Callable[[], list[str]]) -> None:
        self.world = world
        self.name = name
        self.far = far
        self._states = states
        self._chance = world.chance(f"line of {name}")
        self.cut = Cut.NONE
        #: how likely each trouble is, together
        self.bad = 0.0
        #: copies of questions that will arrive, each with its time
        self.twins: list[tuple[float, Question]] = []
        #: what was asked last, for the trace
        self.asked = ""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        question = Question(
            request.method,
            request.url.path,
            request.url.query,
            [(name.lower(), value) for name, value in request.headers.raw],
            request.read(),
        )
        self.world.now_s += self._chance.uniform(0.005, 0.2)
        answered = self._exchanged(question)
        return httpx.Response(
            answered.status, headers=answered.headers, stream=httpx.ByteStream(answered.body)
        )

    def _exchanged(self, question: Question) -> Answered:
        match self.cut:
            case Cut.BOTH:
                self._met(Cut.BOTH)
                raise httpx.ConnectError("no route")
            case Cut.TO_HUB:
                self._met(Cut.TO_HUB)
                self._time_out()
            case Cut.TO_TILL:
                self._met(Cut.TO_TILL)
                self._ask(question)
                self._time_out()
            case Cut.PORTAL:
                self._met(Cut.PORTAL)
                return Answered(200, [(b"content-type", b"text/html")], _PORTAL)
            case Cut.NONE:
                pass
        return self._troubled(question)

    def _troubled(self, question: Question) -> Answered:
        if self._chance.random() >= self.bad:
            return self._ask(question)
        trouble = self._chance.choice(list(Trouble))
        self._met(trouble)
        match trouble:
            case Trouble.LOST:
                self._time_out()
            case Trouble.ACK_LOST:
                self._ask(question)
                self._time_out()
            case Trouble.TWICE:
                self._ask(question)
            case Trouble.LATE_TWIN:
                late_s = self.world.now_s + self._chance.uniform(1, 120)
                self.twins.append((late_s, question))
            case Trouble.TORN:
                answered = self._ask(question)
                half = answered.body[: self._chance.randrange(len(answered.body) + 1)]
                return answered._replace(body=half)
            case Trouble.PORTAL:
                return Answered(200, [(b"content-type", b"text/html")], _PORTAL)
            case Trouble.GATEWAY:
                status = self._chance.choice((302, 403, 404, 500, 502, 503, 504))
                return Answered(status, [(b"retry-after", b"3")], b"upstream connect error")
            case Trouble.SLOW:
                self.world.now_s += self._chance.uniform(1, TIME_OUT_S)
        return self._ask(question)

    def twins_due(self) -> Sequence[Question]:
        """The copies whose time has come; they come in whatever order chance gave them."""
        due = [twin for at_s, twin in self.twins if at_s <= self.world.now_s]
        self.twins = [(at_s, twin) for at_s, twin in self.twins if at_s > self.world.now_s]
        return due

    def deliver(self, twin: Question) -> None:
        """Let a late copy arrive; nobody hears the answer."""
        with suppress(httpx.HTTPError):
            self.far.ask(twin)

    def _ask(self, question: Question) -> Answered:
        self.asked = question.path
        answered = self.far.ask(question)
        if answered is None:
            raise httpx.ConnectError("connection refused")
        return answered

    def _time_out(self) -> None:
        self.world.now_s += TIME_OUT_S
        raise httpx.ReadTimeout("no answer")

    def _met(self, fault: StrEnum) -> None:
        self.world.met(fault.value, self._states())
