"""A till made by hand: a key, a stream and facts, and HTTP as it stands on the wire.

It keeps no rules, so that it can say what no real till would.
"""

from datetime import date
from typing import Any, Self

import httpx
import msgspec

from journal import wire
from journal.chain import hash_of
from journal.envelope import VERSION, Envelope, encode
from journal.signature import Signer, enrol_message, push_message, token_message
from journal.stream import STREAM_BEGAN, Head, StreamBegan, StreamId, genesis
from journal.wire import Declared, FeedPage, Problem, PushReply, PushRequest, Verdict
from retail import facts
from retail.facts import Fact, ReceivedLine, SaleCompleted, SaleLine, ShiftOpened, StockReceived
from retail.tax import Tax
from retail.tender import Tender
from tests.builders import STORE

DAY = "2026-06-03"
#: generous: no test waits for it
TIME_OUT_S = 60.0


def a_sale(
    product_id: str = "cola", quantity: int = 1000, total: int = 350, receipt: str = "R1"
) -> SaleCompleted:
    """One line paid in cash, 13 % within."""
    tax = Tax("VAT13", 130_000, included=True)
    line = SaleLine(
        product_id, product_id, product_id, "piece", quantity, 350, total, tax, total * 13 // 113
    )
    return SaleCompleted(receipt, "CNY", (line,), (Tender("cash", True, total),), total)


def an_opened_shift(number: int = 1, float_minor: int = 50_000) -> ShiftOpened:
    return ShiftOpened(number, "1001", date.fromisoformat(DAY), "CNY", float_minor)


def a_delivery(product_id: str = "cola", quantity: int = 24_000) -> StockReceived:
    return StockReceived("DN-1", (ReceivedLine(product_id, quantity),))


class HandTill:
    """One stream of one till. Close it."""

    def __init__(self, hub_url: str, number: int = 1, incarnation: str = "A" * 26) -> None:
        self.signer = Signer(bytes([number]) * 32)
        secure = hub_url.startswith("https")  # else no authorities need be read, which takes long
        self.http = httpx.Client(
            base_url=hub_url, timeout=TIME_OUT_S, trust_env=False, verify=secure
        )
        self.stream = StreamId("", incarnation)
        self.store = STORE
        self.number = number
        self.facts: list[bytes] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self.http.close()

    # Enrolment

    def enrol_request(self, code: str, till: str = "") -> wire.EnrolRequest:
        """`till` is whose folder it is, if it is somebody's."""
        words = (code, self.signer.public, self.stream.incarnation)
        return wire.EnrolRequest(*words, self.signer.sign(enrol_message(*words, till)), till)

    def enrol(self, code: str) -> httpx.Response:
        """Show a code; who this till is follows from the answer."""
        answer = self.post("/v1/enrol", self.enrol_request(code))
        if answer.is_success:
            told = wire.read(answer.content, wire.EnrolReply)
            self.store, self.hub_key = told.store, told.hub_key
            self.stream = self.stream._replace(till=told.till)
        return answer

    # Facts

    def head(self, count: int | None = None) -> Head:
        """The head after so many facts, all of them unless told."""
        count = len(self.facts) if count is None else count
        return Head(count, hash_of(self.facts[count - 1])) if count else genesis(self.stream)

    def begin(self) -> bytes:
        body = msgspec.json.encode(StreamBegan("enrolled"))
        return self.record_bytes(body, *STREAM_BEGAN, shift="")

    def record(self, fact: Fact, **changes: Any) -> bytes:
        return self.record_bytes(facts.encode(fact), *facts.TYPES[type(fact)], **changes)

    def record_bytes(self, body: bytes, name: str, version: int, **changes: Any) -> bytes:
        """Append a fact, whatever its body; `changes` are fields of the envelope."""
        seq = len(self.facts) + 1
        envelope = Envelope(
            v=VERSION,
            till=self.stream.till,
            inc=self.stream.incarnation,
            seq=seq,
            eid=f"{self.stream.till}/{self.stream.incarnation[:6]}/{seq}",
            type=name,
            tv=version,
            store=self.store,
            at="2026-06-03T09:12:00.000+08:00",
            mono=seq,
            boot="boot-1",
            prev=self.head().hash,
            body=msgspec.Raw(body),
            cashier="1001",
            shift=f"{self.stream.short}-1",
            bdate=DAY,
        )
        self.facts.append(encode(msgspec.structs.replace(envelope, **changes)))
        return self.facts[-1]

    def record_sales(self, count: int) -> None:
        """A stream that begins, a shift, and so many sales."""
        if not self.facts:
            self.begin()
            self.record(an_opened_shift())
        for _ in range(count):
            self.record(a_sale(receipt=f"R{len(self.facts)}"))

    # Push

    def request(
        self, base: int = 0, upto: int | None = None, declared: Declared | None = None
    ) -> PushRequest:
        """The facts after `base` up to `upto`, signed."""
        upto = len(self.facts) if upto is None else upto
        head = self.head()
        declared = declared or Declared(head.seq, head.hash)
        last = self.head(upto)
        message = push_message(self.stream, declared.head, last)
        return PushRequest(
            till=self.stream.till,
            inc=self.stream.incarnation,
            base=self.head(base),
            facts=[msgspec.Raw(fact) for fact in self.facts[base:upto]],
            declared=declared,
            sig=self.signer.sign(message),
        )

    def push(
        self, base: int = 0, upto: int | None = None, declared: Declared | None = None
    ) -> httpx.Response:
        return self.post("/v1/push", self.request(base, upto, declared))

    # Feed

    def token(self) -> httpx.Response:
        nonce = wire.read(self.http.get("/v1/challenge").content, wire.Challenge).nonce
        signature = self.signer.sign(token_message(self.stream.till, nonce))
        return self.post("/v1/token", wire.TokenRequest(self.stream.till, nonce, signature))

    def bearer(self) -> dict[str, str]:
        """The header of a fresh access token."""
        token = wire.read(self.token().content, wire.TokenReply).token
        return {"Authorization": f"Bearer {token}"}

    def feed(self, cursor: str = "", **headers: str) -> httpx.Response:
        return self.http.get("/v1/feed", params={"cursor": cursor}, headers=self.bearer() | headers)

    def pull(self, cursor: str = "") -> FeedPage:
        return wire.read(self.feed(cursor).content, FeedPage)

    def pull_all(self, cursor: str = "") -> list[FeedPage]:
        """Pages until the cut is whole."""
        pages = [self.pull(cursor)]
        while not pages[-1].up_to_date:
            pages.append(self.pull(pages[-1].cursor))
        return pages

    # The wire

    def post(self, path: str, message: msgspec.Struct) -> httpx.Response:
        return self.http.post(
            path, content=wire.pack(message), headers={"Content-Encoding": "zstd"}
        )


def reply_of(answer: httpx.Response) -> PushReply:
    """The hub's yes; anything else fails the test with its words."""
    assert answer.status_code == 200, answer.text
    return wire.read(answer.content, PushReply)


def problem_of(answer: httpx.Response) -> Problem:
    """The hub's no, complete: the wire's header, both languages, a remedy."""
    assert answer.headers[wire.HEADER] == wire.PROTOCOL
    assert answer.headers["Content-Type"] == "application/problem+json"
    problem = wire.read(answer.content, Problem)
    assert problem.title
    assert problem.title_zh
    assert problem.remedy
    assert problem.remedy_zh
    return problem


def verdicts_of(answer: httpx.Response) -> dict[int, str]:
    """Per fact, what the hub did instead of applying it."""
    return {verdict.seq: verdict.code for verdict in reply_of(answer).verdicts}


def the_verdict(answer: httpx.Response) -> Verdict:
    (verdict,) = reply_of(answer).verdicts
    return verdict
