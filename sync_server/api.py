"""The tills' side of HTTP: /v1/…, packed messages in, messages out.

Plain ASGI routes, not the framework's typed ones: a body is decoded once, by the wire's own
structs. Every answer carries the wire's header; only such an answer is one.
"""

import logging
import zlib
from collections.abc import Awaitable, Callable

import msgspec
import zstandard
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from journal import wire
from journal.stream import SEQ_MAX, StreamId
from journal.wire import Declared
from retail.language import Text
from sync_server.database import FAULTS
from sync_server.feed.service import PackedPage
from sync_server.hub import Hub
from sync_server.problems import WireProblem, busy, problem, too_large
from sync_server.sync import versions
from sync_server.sync.tokens import Bearer

log = logging.getLogger(__name__)

_ENCODER = msgspec.json.Encoder()
_HEADERS = {wire.HEADER: wire.PROTOCOL, "Cache-Control": "no-store"}
_PLAIN = {**_HEADERS, "Content-Type": "application/json"}
_PACKED = {**_PLAIN, "Content-Encoding": "zstd"}
_END = wire.packed(b"}")
#: answers below this are sent as they are: packing would cost more than it saves, in bytes
_PACK_FROM_BYTES = 1024
#: a window of 32 KiB, and gzip's header and trailer around it (zlib manual, inflateInit2)
_GZIP = zlib.MAX_WBITS + 16

#: a message, one in pieces, or bytes that are none
Handler = Callable[[Hub, Request], Awaitable[msgspec.Struct | PackedPage | bytes]]


def routes(hub: Callable[[], Hub]) -> list[Route]:
    """The sync routes of the hub that serves this process."""
    table: list[tuple[str, str, Handler]] = [
        ("POST", "/v1/hello", _hello),
        ("POST", "/v1/enrol", _enrol),
        ("GET", "/v1/challenge", _challenge),
        ("POST", "/v1/token", _token),
        ("POST", "/v1/push", _push),
        ("GET", "/v1/streams/{incarnation}/facts", _facts),
        ("GET", "/v1/feed", _feed),
        ("GET", "/v1/feed/wait", _wait),
        ("GET", "/v1/snapshot", _snapshot),
        ("GET", "/v1/snapshot/{chunk}", _chunk),
    ]
    return [Route(path, _endpoint(hub, handler), methods=[verb]) for verb, path, handler in table]


def _endpoint(hub: Callable[[], Hub], handler: Handler) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        response = await answered(request)
        response.headers[wire.TIME_HEADER] = hub().now().isoformat(timespec="milliseconds")
        return response

    async def answered(request: Request) -> Response:
        try:
            answer = await handler(hub(), request)
            if isinstance(answer, bytes):
                return Response(answer, headers=_HEADERS, media_type="application/octet-stream")
            if isinstance(answer, PackedPage):
                return _page(request, answer)
            return _answer(request, answer)
        except WireProblem as no:
            return refusal(no)
        except FAULTS as fault:
            log.error("the database failed: %s", str(fault).partition("\n")[0])
            return refusal(busy())
        except ClientDisconnect:
            # The line was cut in the middle of the question: nobody hears the answer.
            return Response(status_code=400)

    return endpoint


def refusal(no: WireProblem) -> Response:
    """A problem as the tills read it."""
    headers = {**_HEADERS, "Content-Type": "application/problem+json"}
    if no.retry_after_s:
        headers["Retry-After"] = str(no.retry_after_s)
    if no.status == 426:  # which has to say what would do (RFC 9110, 15.5.22)
        headers |= {"Upgrade": f"{wire.HEADER}-Feed/{wire.FEED_SCHEMA}", "Connection": "Upgrade"}
    return Response(_ENCODER.encode(no.problem), status_code=no.status, headers=headers)


def misdirected(status: int) -> WireProblem:
    """A question that goes nowhere: an unknown path, or a known one with the wrong method."""
    if status == 405:
        return problem(
            405,
            "wrong_method",
            Text("This address is asked in another way.", "此地址不支持该请求方式。"),
            Text("See docs/protocol.md.", "参见 docs/protocol.md。"),
        )
    return problem(
        status,
        "unknown_path",
        Text("There is nothing at this address.", "此地址不存在。"),
        Text("See docs/protocol.md.", "参见 docs/protocol.md。"),
    )


def _answer(request: Request, message: msgspec.Struct) -> Response:
    body = _ENCODER.encode(message)
    if len(body) >= _PACK_FROM_BYTES and _reads_zstd(request):
        return Response(wire.packed(body), headers=_PACKED)
    return Response(body, headers=_PLAIN)


def _page(request: Request, page: PackedPage) -> Response:
    """Its rows as they were packed once for all tills, within frames of what is this till's. Of
    several frames the first releases read one alone: who does not say a schema gets one."""
    before = _ENCODER.encode(page.head).removesuffix(b"}") + b',"rows":'
    if _reads_zstd(request) and "feed" in request.query_params:
        return Response(wire.packed(before) + page.rows + _END, headers=_PACKED)
    whole = before + zstandard.decompress(page.rows) + b"}"
    if _reads_zstd(request):
        return Response(wire.packed(whole), headers=_PACKED)
    return Response(whole, headers=_PLAIN)


def _reads_zstd(request: Request) -> bool:
    return "zstd" in request.headers.get("Accept-Encoding", "")


async def _message(request: Request, kind: type[wire.T]) -> wire.T:
    """The request's body, never more of it than a message may hold."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > wire.MESSAGE_BYTES_MAX:
            raise too_large()
    try:
        match request.headers.get("Content-Encoding", "").strip().lower():
            case "zstd":
                return wire.unpack(bytes(body), kind)
            case "gzip":
                return wire.read(_gunzipped(bytes(body)), kind)
            case _:
                return wire.read(bytes(body), kind)
    except wire.MessageTooLarge:
        raise too_large() from None
    except wire.NotAMessage as fault:
        raise problem(
            422,
            "not_a_message",
            Text(f"This is not the message expected here: {fault}", f"无法识别的消息：{fault}"),
            Text("Update the till's program.", "请更新终端程序。"),
        ) from None


def _gunzipped(body: bytes) -> bytes:
    """Never more than a message may hold. Raises MessageTooLarge or NotAMessage."""
    unpacker = zlib.decompressobj(_GZIP)
    try:
        text = unpacker.decompress(body, wire.MESSAGE_BYTES_MAX + 1)
    except zlib.error as fault:
        raise wire.NotAMessage(f"not gzip: {fault}") from None
    if len(text) > wire.MESSAGE_BYTES_MAX:
        raise wire.MessageTooLarge(f"more than {wire.MESSAGE_BYTES_MAX} bytes")
    return text


def _bearer(hub: Hub, request: Request) -> Bearer:
    return hub.bearer(request.headers.get("Authorization", "").removeprefix("Bearer "))


def _contact(hub: Hub, who: Bearer, request: Request) -> None:
    """Note what the till declares beside its question; a question without it is one too."""
    incarnation = request.headers.get("Till-Incarnation")
    if incarnation:
        try:
            declared = wire.read(request.headers.get("Till-Head", "").encode(), Declared)
        except wire.NotAMessage:
            return
        program = request.headers.get("Till-Program", "")
        hub.note_contact(StreamId(who.till_id, incarnation), declared, program)


def _reader(hub: Hub, request: Request) -> Bearer:
    """Who reads what head office published. Raises 426, once the till is known to have spoken, when
    the two have no schema in common."""
    who = _bearer(hub, request)
    _contact(hub, who, request)
    versions.check(request.query_params.get("feed", versions.UNSAID))
    return who


async def _hello(hub: Hub, request: Request) -> msgspec.Struct:
    return hub.hello(await _message(request, wire.HelloRequest))


async def _enrol(hub: Hub, request: Request) -> msgspec.Struct:
    return await hub.enrol(await _message(request, wire.EnrolRequest))


async def _challenge(hub: Hub, _request: Request) -> msgspec.Struct:
    return hub.challenge()


async def _token(hub: Hub, request: Request) -> msgspec.Struct:
    return await hub.token(await _message(request, wire.TokenRequest))


async def _push(hub: Hub, request: Request) -> msgspec.Struct:
    message = await _message(request, wire.PushRequest)

    async def gone() -> None:
        await request.receive()  # after the whole message only the end of the line can come
        raise ClientDisconnect

    return await hub.push(message, gone)


async def _facts(hub: Hub, request: Request) -> msgspec.Struct:
    who = _bearer(hub, request)
    _contact(hub, who, request)
    try:
        after = max(int(request.query_params.get("after", "0")), 0)
    except ValueError:
        after = 0
    stream = StreamId(who.till_id, request.path_params["incarnation"])
    return await hub.facts(stream, min(after, SEQ_MAX))


async def _feed(hub: Hub, request: Request) -> PackedPage:
    who = _reader(hub, request)
    return await hub.feed_page(who, request.query_params.get("cursor", ""))


async def _wait(hub: Hub, request: Request) -> msgspec.Struct:
    who = _reader(hub, request)
    try:
        wait_s = float(request.query_params.get("wait", "0"))
    except ValueError:
        wait_s = 0.0
    return await hub.wait_for_news(who, request.query_params.get("cursor", ""), wait_s)


async def _snapshot(hub: Hub, request: Request) -> msgspec.Struct:
    who = _reader(hub, request)
    return await hub.snapshot(who)


async def _chunk(hub: Hub, request: Request) -> bytes:
    who = _bearer(hub, request)
    _contact(hub, who, request)
    return await hub.chunk(who, request.path_params["chunk"])
