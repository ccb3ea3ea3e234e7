"""The line to the hub: the only importer of httpx.

Every failure comes out as a value: an answer of the hub, a refusal of the hub, or no answer.
What does not carry the hub's header is no answer, whatever it says.
"""

import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from ipaddress import ip_address
from pathlib import Path
from time import monotonic
from typing import Generic, TypeVar, cast

import httpx
import msgspec

from journal import wire
from journal.signature import Signer, enrol_message, token_message
from journal.stream import StreamId
from journal.wire import Declared, Problem
from pos_client.settings import TillSettings
from retail.language import Text
from retail.refusals import Refusal

T = TypeVar("T")


@cache
def program() -> str:
    """This program's version, as the hub is told it."""
    return version("omnitill")


_CONNECTIONS_MAX = 2
#: no issuer, signed by itself, and a chain that ends at nobody known (openssl, x509_vfy.h)
_NO_KNOWN_AUTHORITY = {2, 18, 19, 20, 21}
_NO_SCHEME = Text("it begins with neither https:// nor http://", "应以 https:// 或 http:// 开头")

#: what carries a question to the hub and brings its answer
Transport = httpx.BaseTransport

_Ask = Callable[[httpx.Client], AbstractContextManager[httpx.Response]]


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
    """The line is dead, cut in the middle, or somebody else answered; `why` is for the log.
    `untrusted`: the certificate's authority is none that this till was told of."""

    why: str
    untrusted: bool = False


class NoHubAddress(Refusal):
    code = "no_hub_address"
    sentence = Text("{url} is no address of a hub: {why}", "{url} 不是总部服务的地址：{why}")
    way_on = Text("Write it like https://hub.example.", "请按此格式填写：https://hub.example 。")


class InsecureHub(Refusal):
    code = "insecure_hub"
    sentence = Text(
        "{url} is not protected: anyone on the way could read and change what is sent.",
        "{url} 未加密：途中任何人都可读取或篡改数据。",
    )
    way_on = Text(
        "Use the hub's https:// address; http:// is for a hub on this same machine only.",
        "请使用总部服务的 https:// 地址；http:// 仅限本机上的服务。",
    )


def protected(url: str) -> str:
    """The address of a hub, if a till may be enrolled there: by TLS, or on this machine
    (docs/protocol.md, "Enrolment"). Raises NoHubAddress or InsecureHub."""
    try:
        parsed = httpx.URL(url)
        host = parsed.host
    except (httpx.InvalidURL, UnicodeError) as fault:
        raise NoHubAddress(url=url, why=fault) from None
    if parsed.scheme not in ("https", "http") or not host:
        raise NoHubAddress(url=url, why=_NO_SCHEME)
    if parsed.scheme == "http" and not _is_loopback(host):
        raise InsecureHub(url=url)
    return url


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


class NoAuthority(Refusal):
    code = "no_authority"
    sentence = Text("The certificate {file} cannot be used: {why}", "证书 {file} 无法使用：{why}")
    way_on = Text(
        "Set hub_ca to the PEM file of the authority behind the hub's certificate.",
        "请将 hub_ca 设为总部服务证书的签发机构证书（PEM）。",
    )


def _trusting(authority: Path) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=authority)
    except OSError as fault:
        raise NoAuthority(file=authority, why=fault.strerror or fault) from None


class Hub:
    """One till's connection to its hub. Close it."""

    @classmethod
    def of(cls, url: str, settings: TillSettings, transport: Transport | None = None) -> "Hub":
        """The line as this till's settings have it. Raises NoHubAddress or NoAuthority."""
        times = settings.hub_time_out_s, settings.hub_answer_s
        return cls(url, *times, settings.hub_ca, transport)

    def __init__(
        self,
        url: str,
        time_out_s: float,
        answer_s: float,
        authority: Path | None = None,
        transport: Transport | None = None,
    ) -> None:
        """`time_out_s` is for each step of the line, `answer_s` for an answer to come in whole;
        `authority` is who signed the hub's certificate (PEM), without it the public ones;
        `transport` is another than TCP. Raises NoHubAddress or NoAuthority."""
        self._url = url
        # an address without TLS needs no authorities, and reading them takes 35 ms
        self._verify = _trusting(authority) if authority else url.startswith("https")
        self._time_out_s = time_out_s
        self._answer_s = answer_s
        #: told what the hub's clock shows, as it says it
        self.on_time: Callable[[str], object] = lambda _: None
        self._token = ""
        #: the schema of the feed that is asked for
        self.feed_schema = wire.FEED_SCHEMA
        self._transport = transport
        self._renewing = threading.Lock()
        self._client = self._line()

    def _line(self) -> httpx.Client:
        try:
            return httpx.Client(
                base_url=self._url,
                verify=self._verify,
                timeout=self._time_out_s,
                headers={wire.HEADER: wire.PROTOCOL, "Accept-Encoding": "zstd"},
                limits=httpx.Limits(max_connections=_CONNECTIONS_MAX),
                trust_env=False,
                transport=self._transport,
            )
        except (httpx.InvalidURL, UnicodeError) as fault:
            raise NoHubAddress(url=self._url, why=fault) from None

    def close(self) -> None:
        self._client.close()

    def renew(self) -> None:
        """Go on with a line that remembers nothing; who still waits on the old one hears that it
        is dead."""
        with self._renewing:
            old, self._client = self._client, self._line()
        old.close()

    def hello(self, request: wire.HelloRequest) -> Answer[wire.HelloReply] | Refused | NoAnswer:
        """Which feed the two can speak with each other, and what else a pull begins with."""
        return self._post("/v1/hello", request, wire.HelloReply)

    def enrol(
        self, code: str, signer: Signer, incarnation: str, till: str
    ) -> Answer[wire.EnrolReply] | Refused | NoAnswer:
        """Show a one-time code and this till's key; `till` is whose journal lies here, if any."""
        request = wire.EnrolRequest(
            code=code,
            public_key=signer.public,
            inc=incarnation,
            sig=signer.sign(enrol_message(code, signer.public, incarnation, till)),
            till=till,
        )
        return self._post("/v1/enrol", request, wire.EnrolReply)

    def push(self, request: wire.PushRequest) -> Answer[wire.PushReply] | Refused | NoAnswer:
        return self._post("/v1/push", request, wire.PushReply)

    def facts(
        self, who: StreamId, signer: Signer, declared: Declared, of: StreamId, after: int
    ) -> Answer[wire.StreamFacts] | Refused | NoAnswer:
        """What the hub holds of one of this till's streams after that seq."""
        path = f"/v1/streams/{of.incarnation}/facts"
        ask = self._asking(path, {"after": str(after)}, who, declared, self._time_out_s)
        return self._with_token(who, signer, ask, wire.StreamFacts)

    def feed(
        self, who: StreamId, signer: Signer, declared: Declared, cursor: str
    ) -> Answer[wire.FeedPage] | Refused | NoAnswer:
        """The next page of what head office published."""
        query = self._feed_query(cursor=cursor)
        ask = self._asking("/v1/feed", query, who, declared, self._time_out_s)
        return self._with_token(who, signer, ask, wire.FeedPage)

    def snapshot(
        self, who: StreamId, signer: Signer, declared: Declared
    ) -> Answer[wire.Snapshot] | Refused | NoAnswer:
        """What the hub has as a file of all that is published to every store."""
        ask = self._asking("/v1/snapshot", self._feed_query(), who, declared, self._time_out_s)
        return self._with_token(who, signer, ask, wire.Snapshot)

    def chunk(
        self, who: StreamId, signer: Signer, declared: Declared, name: str
    ) -> Answer[bytes] | Refused | NoAnswer:
        """A chunk of that file, as it came."""
        ask = self._asking(f"/v1/snapshot/{name}", {}, who, declared, self._time_out_s)
        return self._with_token(who, signer, ask, bytes)

    def wait(
        self, who: StreamId, signer: Signer, declared: Declared, cursor: str, wait_s: float
    ) -> Answer[wire.FeedChange] | Refused | NoAnswer:
        """Ask the hub to answer when something moves past the cursor, or when the wait is over."""
        query = self._feed_query(cursor=cursor, wait=f"{wait_s:g}")
        ask = self._asking("/v1/feed/wait", query, who, declared, self._time_out_s + wait_s)
        return self._with_token(who, signer, ask, wire.FeedChange, wait_s)

    def _feed_query(self, **words: str) -> dict[str, str]:
        return {**words, "feed": str(self.feed_schema)}

    def _asking(
        self,
        path: str,
        query: dict[str, str],
        who: StreamId,
        declared: Declared,
        time_out_s: float,
    ) -> _Ask:
        headers = {
            "Till-Incarnation": who.incarnation,
            "Till-Head": msgspec.json.encode(declared).decode(),
            "Till-Program": program(),
        }

        def ask(client: httpx.Client) -> AbstractContextManager[httpx.Response]:
            bearer = {"Authorization": f"Bearer {self._token}"}
            return client.stream(
                "GET", path, params=query, headers=headers | bearer, timeout=time_out_s
            )

        return ask

    def _with_token(
        self, who: StreamId, signer: Signer, ask: _Ask, kind: type[T], wait_s: float = 0.0
    ) -> Answer[T] | Refused | NoAnswer:
        """Ask; when the access token is missing or old, get one and ask once more."""
        answer = self._answer(ask, kind, wait_s) if self._token else None
        if answer is None or (isinstance(answer, Refused) and answer.status == 401):
            fresh = self._fresh_token(who, signer)
            if not isinstance(fresh, Answer):
                return fresh
            self._token = fresh.message.token
            answer = self._answer(ask, kind, wait_s)
        return answer

    def _fresh_token(
        self, who: StreamId, signer: Signer
    ) -> Answer[wire.TokenReply] | Refused | NoAnswer:
        challenge = self._answer(
            lambda client: client.stream("GET", "/v1/challenge"), wire.Challenge
        )
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
        return self._answer(
            lambda client: client.stream("POST", path, content=body, headers=headers), kind
        )

    def _answer(
        self, ask: _Ask, kind: type[T], wait_s: float = 0.0
    ) -> Answer[T] | Refused | NoAnswer:
        """What came, if it came in whole before its time was over; `wait_s` is how long the hub
        may be silent on purpose."""
        client = self._client
        with self._hanging_up_after(wait_s + self._time_out_s + self._answer_s):
            try:
                with ask(client) as response:
                    return self._understood(response, kind)
            except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as fault:
                return NoAnswer(f"{type(fault).__name__}: {fault}", _is_untrusted(fault))
            except (wire.NotAMessage, wire.MessageTooLarge) as fault:
                return NoAnswer(str(fault))
            except (RuntimeError, ValueError) as fault:
                # the ways of httpx and of TLS to say that the line was closed meanwhile
                if not client.is_closed:
                    raise
                return NoAnswer(str(fault))

    @contextmanager
    def _hanging_up_after(self, limit_s: float) -> Iterator[None]:
        """The time-outs of httpx are for each piece, and begin anew with every byte of a head that
        comes drop by drop."""
        late = threading.Timer(limit_s, self.renew)
        late.daemon = True
        late.start()
        try:
            yield
        finally:
            late.cancel()

    def _understood(
        self, response: httpx.Response, kind: type[T]
    ) -> Answer[T] | Refused | NoAnswer:
        if response.headers.get(wire.HEADER) != wire.PROTOCOL:
            return NoAnswer(f"status {response.status_code} from somebody who is not the hub")
        if said := response.headers.get(wire.TIME_HEADER):
            self.on_time(said)
        if response.is_success:
            return Answer(self._message(response, kind))
        problem = self._message(response, Problem)
        return Refused(response.status_code, problem, _retry_after(response))

    def _message(self, response: httpx.Response, kind: type[T]) -> T:
        """The body, never more of it than a message may hold, nor for longer than `answer_s`.
        Raises NotAMessage or MessageTooLarge."""
        body = self._body(response)
        if kind is bytes:
            return cast("T", body)
        match response.headers.get("Content-Encoding", ""):
            case "zstd":
                return wire.unpack(body, kind)
            case "":
                return wire.read(body, kind)
            case encoding:
                raise wire.NotAMessage(f"packed by {encoding}")

    def _body(self, response: httpx.Response) -> bytes:
        body = bytearray()
        begun_s = monotonic()
        for piece in response.iter_raw():
            body += piece
            if len(body) > wire.MESSAGE_BYTES_MAX:
                raise wire.MessageTooLarge(f"more than {wire.MESSAGE_BYTES_MAX} bytes")
            if monotonic() - begun_s > self._answer_s:
                raise wire.NotAMessage(f"not whole after {self._answer_s:g} s")
        return bytes(body)


def _is_untrusted(fault: BaseException | None) -> bool:
    while fault is not None:
        if isinstance(fault, ssl.SSLCertVerificationError):
            return fault.verify_code in _NO_KNOWN_AUTHORITY
        fault = fault.__cause__ or fault.__context__
    return False


def _retry_after(response: httpx.Response) -> float | None:
    try:
        return float(response.headers["Retry-After"])
    except (KeyError, ValueError):
        return None
