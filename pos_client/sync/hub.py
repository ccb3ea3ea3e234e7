"""The line to the hub: the only importer of httpx.

Every failure comes out as a value: an answer of the hub, a refusal of the hub, or no answer.
What does not carry the hub's header is no answer, whatever it says.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

import httpx
import msgspec

from journal import wire
from journal.signature import Signer, enrol_message, token_message
from journal.stream import StreamId
from journal.wire import Declared, Problem

T = TypeVar("T")

_CONNECTIONS_MAX = 2


@dataclass(frozen=True, slots=True)
class Answer(Generic[T]):
    """The hub did what was asked."""

    message: T


@dataclass(frozen=True, slots=True)
class Refused:
    """The hub answered with a problem."""

    status: int
    problem: Problem
    retry_after_s: float | None


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """The line is dead, cut in the middle, or somebody else answered; `why` is for the log."""

    why: str


class Hub:
    """One till's connection to its hub. Close it."""

    def __init__(self, url: str, time_out_s: float) -> None:
        self._client = httpx.Client(
            base_url=url,
            timeout=time_out_s,
            headers={wire.HEADER: wire.PROTOCOL},
            limits=httpx.Limits(max_connections=_CONNECTIONS_MAX),
            trust_env=False,
        )
        self._time_out_s = time_out_s
        self._token = ""

    def close(self) -> None:
        self._client.close()

    def enrol(
        self, code: str, signer: Signer, incarnation: str
    ) -> Answer[wire.EnrolReply] | Refused | NoAnswer:
        """Show a one-time code and this till's key."""
        request = wire.EnrolRequest(
            code=code,
            public_key=signer.public,
            inc=incarnation,
            sig=signer.sign(enrol_message(code, signer.public, incarnation)),
        )
        return self._post("/v1/enrol", request, wire.EnrolReply)

    def push(self, request: wire.PushRequest) -> Answer[wire.PushReply] | Refused | NoAnswer:
        return self._post("/v1/push", request, wire.PushReply)

    def feed(
        self, who: StreamId, signer: Signer, declared: Declared, cursor: str
    ) -> Answer[wire.FeedPage] | Refused | NoAnswer:
        """The next page of what head office published."""
        ask = self._asking("/v1/feed", {"cursor": cursor}, who, declared, self._time_out_s)
        return self._with_token(who, signer, ask, wire.FeedPage)

    def wait(
        self, who: StreamId, signer: Signer, declared: Declared, cursor: str, wait_s: float
    ) -> Answer[wire.FeedChange] | Refused | NoAnswer:
        """Ask the hub to answer when something moves past the cursor, or when the wait is over."""
        query = {"cursor": cursor, "wait": f"{wait_s:g}"}
        ask = self._asking("/v1/feed/wait", query, who, declared, self._time_out_s + wait_s)
        return self._with_token(who, signer, ask, wire.FeedChange)

    def _asking(
        self,
        path: str,
        query: dict[str, str],
        who: StreamId,
        declared: Declared,
        time_out_s: float,
    ) -> Callable[[], httpx.Response]:
        headers = {
            "Till-Incarnation": who.incarnation,
            "Till-Head": msgspec.json.encode(declared).decode(),
        }

        def ask() -> httpx.Response:
            bearer = {"Authorization": f"Bearer {self._token}"}
            return self._client.get(
                path, params=query, headers=headers | bearer, timeout=time_out_s
            )

        return ask

    def _with_token(
        self, who: StreamId, signer: Signer, ask: Callable[[], httpx.Response], kind: type[T]
    ) -> Answer[T] | Refused | NoAnswer:
        """Ask; when the access token is missing or old, get one and ask once more."""
        answer = self._answer(ask, kind) if self._token else None
        if answer is None or (isinstance(answer, Refused) and answer.status == 401):
            fresh = self._fresh_token(who, signer)
            if not isinstance(fresh, Answer):
                return fresh
            self._token = fresh.message.token
            answer = self._answer(ask, kind)
        return answer

    def _fresh_token(
        self, who: StreamId, signer: Signer
    ) -> Answer[wire.TokenReply] | Refused | NoAnswer:
        challenge = self._answer(lambda: self._client.get("/v1/challenge"), wire.Challenge)
        if not isinstance(challenge, Answer):
            return challenge
        nonce = challenge.message.nonce
        signature = signer.sign(token_message(who.till, nonce))
        request = wire.TokenRequest(who.till, nonce, signature)
        return self._post("/v1/token", request, wire.TokenReply)

    def _post(
        self, path: str, message: msgspec.Struct, kind: type[T]
    ) -> Answer[T] | Refused | NoAnswer:
        body = wire.pack(message)
        headers = {"Content-Type": "application/json", "Content-Encoding": "zstd"}
        return self._answer(lambda: self._client.post(path, content=body, headers=headers), kind)

    def _answer(
        self, ask: Callable[[], httpx.Response], kind: type[T]
    ) -> Answer[T] | Refused | NoAnswer:
        try:
            response = ask()
        except (httpx.HTTPError, httpx.InvalidURL) as fault:
            return NoAnswer(f"{type(fault).__name__}: {fault}")
        if response.headers.get(wire.HEADER) != wire.PROTOCOL:
            return NoAnswer(f"status {response.status_code} from somebody who is not the hub")
        try:
            if response.is_success:
                return Answer(wire.read(response.content, kind))
            problem = wire.read(response.content, Problem)
        except wire.NotAMessage as fault:
            return NoAnswer(str(fault))
        return Refused(response.status_code, problem, _retry_after(response))


def _retry_after(response: httpx.Response) -> float | None:
    try:
        return float(response.headers["Retry-After"])
    except (KeyError, ValueError):
        return None
