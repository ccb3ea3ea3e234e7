"""Whoever answers at the hub's address and is not the hub: a broken one, a proxy, a portal.

It reads one request a connection, says what it was told to say as raw bytes, and hangs up.
"""

import socket
import socketserver
import threading
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Self

import msgspec
import zstandard

from journal import wire

#: what a false hub says, in pieces; asked for when a request has come
Says = Callable[[bytes], Iterable[bytes]]

_REQUEST_BYTES_MAX = 8 * 1024 * 1024


class _Listener(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    says: Says
    sent_bytes = 0
    asked: list[bytes]


class _Conversation(socketserver.BaseRequestHandler):
    server: _Listener
    request: socket.socket

    def handle(self) -> None:
        asked = _whole_request(self.request)
        self.server.asked.append(asked)
        try:
            for piece in self.server.says(asked):
                self.request.sendall(piece)
                self.server.sent_bytes += len(piece)
        except OSError:
            return  # the till hung up first


def _whole_request(line: socket.socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        piece = line.recv(65_536)
        if not piece:
            return data
        data += piece
    head, _, body = data.partition(b"\r\n\r\n")
    lengths = [
        int(field.partition(b":")[2])
        for field in head.split(b"\r\n")
        if field.lower().startswith(b"content-length:")
    ]
    left = min(sum(lengths), _REQUEST_BYTES_MAX) - len(body)
    while left > 0 and (piece := line.recv(65_536)):
        data, left = data + piece, left - len(piece)
    return data


class FalseHub:
    """A listening socket and what it says. Close it."""

    def __init__(self, says: Says | None = None) -> None:
        self._listener = _Listener(("127.0.0.1", 0), _Conversation)
        self._listener.asked = []
        self.say(says or (lambda _: ()))
        self._thread = threading.Thread(
            target=self._listener.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
        )
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._listener.shutdown()
        self._listener.server_close()
        self._thread.join()

    def say(self, says: Says) -> None:
        self._listener.says = staticmethod(says)

    @property
    def port(self) -> int:
        return int(self._listener.server_address[1])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def sent_bytes(self) -> int:
        """What went out, as far as the other side took it."""
        return self._listener.sent_bytes

    @property
    def asked(self) -> list[bytes]:
        """The requests so far."""
        return self._listener.asked


def http(
    status: int,
    body: bytes,
    headers: Mapping[str, str] = MappingProxyType({}),
    *,
    ours: bool = True,
    length: int | None = None,
) -> bytes:
    """An answer as bytes; `ours` has the wire's header."""
    fields = {"Content-Length": str(len(body) if length is None else length)}
    fields["Connection"] = "close"
    if ours:
        fields[wire.HEADER] = wire.PROTOCOL
    head = "".join(f"{name}: {value}\r\n" for name, value in (fields | dict(headers)).items())
    return f"HTTP/1.1 {status} Said\r\n{head}\r\n".encode() + body


def message(
    struct: msgspec.Struct, status: int = 200, headers: Mapping[str, str] = MappingProxyType({})
) -> bytes:
    """An answer that is one of the wire's messages."""
    return http(status, msgspec.json.encode(struct), headers)


def packed(body: bytes) -> bytes:
    return zstandard.ZstdCompressor(level=1).compress(body)
