"""HTTP/1.1 overheard in passing, to say in words what a cut interrupted.

Owns where in which message a connection is, by heads and lengths (RFC 9112, section 6). It refuses
to own the bytes, which pass whatever they are: what it can't follow it tells of less exactly.
"""

import re
from collections import deque

HEAD_LIMIT_BYTES = 64 * 1024
"""A longer head is no HTTP to us: passed on, but not told of."""
ASKED_LIMIT = 1_000
"""Unanswered requests remembered per connection; the oldest go first."""

_LAST_CHUNK = b"\r\n0\r\n\r\n"
_BODILESS = re.compile(r"HTTP/\S+ (1\d\d|204|304)\b")


class _Voice:
    """One direction of an HTTP/1.1 connection, overheard: the message passing just now."""

    def __init__(self) -> None:
        self._begin()

    def _begin(self) -> None:
        self.first_line = ""
        self.passed_bytes = 0
        self.total_bytes: int | None = None
        self._head: bytes | None = b""
        self._tail = b"\r\n"

    def hear(self, data: bytes, *, bodiless: bool = False) -> list[str]:
        """Follow `data` -> the first lines of the messages that ended in it."""
        ended = []
        while data:
            in_head = self._head is not None
            taken = self._hear_head(data, bodiless) if in_head else self._hear_body(data)
            self.passed_bytes += taken
            data = data[taken:]
            if self.passed_bytes == self.total_bytes:
                ended.append(self.first_line)
                self._begin()
        return ended

    def _hear_body(self, data: bytes) -> int:
        """-> bytes of `data` that belong to this body: its length, or its last chunk, tells."""
        if self.total_bytes is not None:
            return min(len(data), self.total_bytes - self.passed_bytes)
        before, last_chunk, _ = (self._tail + data).partition(_LAST_CHUNK)
        taken = len(before) + len(last_chunk) - len(self._tail)
        if last_chunk:
            self.total_bytes = self.passed_bytes + taken
        self._tail = (self._tail + data)[1 - len(_LAST_CHUNK) :]
        return taken

    def _hear_head(self, data: bytes, bodiless: bool) -> int:
        """Collect the head; once it is whole, learn the message's length. -> bytes of it here."""
        assert self._head is not None
        before = len(self._head)
        self._head = (self._head + data)[:HEAD_LIMIT_BYTES]
        head, blank_line, _ = self._head.partition(b"\r\n\r\n")
        text = head.decode("latin-1")
        self.first_line = text.partition("\r\n")[0] if "\r\n" in text or blank_line else ""
        if not blank_line:
            return len(data)
        self._head = None
        head_bytes = len(head) + len(blank_line)
        length = re.search(r"\r\ncontent-length:\s*(\d+)", text, re.IGNORECASE)
        request = not self.first_line.startswith("HTTP/")
        if bodiless or _BODILESS.match(self.first_line):
            self.total_bytes = head_bytes
        elif length:
            self.total_bytes = head_bytes + int(length[1])
        elif request and not re.search(r"\r\ntransfer-encoding:", text, re.IGNORECASE):
            self.total_bytes = head_bytes
        return head_bytes - before

    def so_far(self) -> str:
        if self.passed_bytes == 0:
            return "before its first byte"
        of = "an unknown number of" if self.total_bytes is None else f"{self.total_bytes:,}"
        return f"after {self.passed_bytes:,} of {of} bytes"


class Conversation:
    """One connection between till and hub: what was asked, answered, and is under way."""

    def __init__(self) -> None:
        self._request = _Voice()
        self._reply = _Voice()
        self._asked: deque[str] = deque(maxlen=ASKED_LIMIT)

    def hear_till(self, data: bytes) -> None:
        self._asked.extend(_subject(line) for line in self._request.hear(data))

    def hear_hub(self, data: bytes) -> None:
        bodiless = bool(self._asked) and self._asked[0].startswith("HEAD ")
        for status in self._reply.hear(data, bodiless=bodiless):
            if self._asked and not status.startswith("HTTP/1.1 1"):  # 1xx: the reply is yet to come
                self._asked.popleft()

    def unfinished(self) -> list[str]:
        """What is under way, in words: replies still owed, and a request half said."""
        told = []
        for number, asked in enumerate(self._asked):
            so_far = self._reply.so_far() if number == 0 else "before its first byte"
            told.append(f"reply to {asked} {so_far}")
        if self._request.passed_bytes:
            told.append(f"request {_subject(self._request.first_line)} {self._request.so_far()}")
        return told


def _subject(first_line: str) -> str:
    """The request line without its version and query: `POST /v1/push`."""
    return first_line.rpartition(" ")[0].partition("?")[0] or "(no request line yet)"
