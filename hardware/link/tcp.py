"""A TCP connection as a link: network printers, serial servers."""

import asyncio
import contextlib
import socket

from hardware.link import READ_LIMIT_BYTES


class TcpLink:
    """A TCP connection, read no further than asked: a stalled reader really fills the socket."""

    def __init__(self, sock: socket.socket, *, write_s: float) -> None:
        sock.setblocking(False)
        self._sock = sock
        self._write_s = write_s

    @classmethod
    async def connect(cls, host: str, port: int, *, connect_s: float, write_s: float) -> "TcpLink":
        """Try each address of `host`; `OSError` when none answers within `connect_s` seconds."""
        try:
            async with asyncio.timeout(connect_s):
                return cls(await _connected_socket(host, port), write_s=write_s)
        except TimeoutError:
            raise ConnectionError(f"{host}:{port} did not answer within {connect_s} s") from None

    async def write(self, data: bytes) -> None:
        async with asyncio.timeout(self._write_s):
            await asyncio.get_running_loop().sock_sendall(self._sock, data)

    async def read(self, timeout_s: float | None, limit_bytes: int = READ_LIMIT_BYTES) -> bytes:
        async with asyncio.timeout(timeout_s):
            data = await asyncio.get_running_loop().sock_recv(self._sock, limit_bytes)
        if not data:
            raise ConnectionResetError("the far end closed the connection")
        return data

    async def close(self) -> None:
        with contextlib.suppress(OSError):
            self._sock.shutdown(socket.SHUT_WR)
        self._sock.close()


async def _connected_socket(host: str, port: int) -> socket.socket:
    loop = asyncio.get_running_loop()
    failure: OSError = ConnectionError(f"{host} has no address")
    try:
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except UnicodeError as wrong:  # the codec of host names complains in its own way
        raise ConnectionError(f"{host} is no host name: {wrong}") from None
    for family, kind, protocol, _name, address in found:
        sock = socket.socket(family, kind, protocol)
        sock.setblocking(False)
        try:
            await loop.sock_connect(sock, address)
        except OSError as refused:
            sock.close()
            failure = refused
        except asyncio.CancelledError:
            sock.close()
            raise
        else:
            return sock
    raise failure
