"""A large file of products is read by a process of its own, beside the one that saves its rows.

    with closing(Beside(Job("goods.csv", "CNY"))) as rows:
        for row in rows:
            ...                                   # GoodRow or BadRow

The process is given a Job on its standard input and answers with frames, each after its length in
4 bytes, big-endian. It reads as far ahead as the pipe holds, and ends with its file or when nobody
takes its frames any more. Within a frame good rows come before bad ones.
"""

import gc
import struct
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import IO

import msgspec

from retail.language import Text
from sync_server.imports.incoming import ImportFile, products
from sync_server.imports.products import ProductRow
from sync_server.imports.rows import BadRow, GoodRow, UnreadableFile

#: below this a file is read sooner than a process has begun
LARGE_BYTES = 1 << 20
_ROWS_AT_ONCE = 1_000
_COLLECT_EVERY_OBJECTS = 50_000
_LENGTH = struct.Struct(">I")
_ENDED = Text("the program that read it was ended", "读取程序被终止")


class Job(msgspec.Struct, frozen=True):
    """Which file, and how its rows are understood (`incoming.products`, `ImportFile`)."""

    file: str
    currency: str
    default_price: str | None = None
    given: dict[str, str] = {}
    encoding: str | None = None


class _Frame(msgspec.Struct, array_like=True, omit_defaults=True):
    """Some rows; or why there are none."""

    progress: tuple[int, int | None]
    good: list[GoodRow[ProductRow]] = []
    bad: list[BadRow] = []
    is_last: bool = False
    #: why the file cannot be read, and which columns it needs
    unreadable: tuple[Text | str, str] | None = None


_encode = msgspec.msgpack.Encoder().encode
_frames = msgspec.msgpack.Decoder(_Frame)
_jobs = msgspec.msgpack.Decoder(Job)


class Beside:
    """The rows of a file, read once. Close it. Raises UnreadableFile while the rows come."""

    def __init__(self, job: Job) -> None:
        self._file = Path(job.file).name
        self._progress: tuple[int, int | None] = (0, None)
        self._process = subprocess.Popen(  # noqa: S603  this program itself
            [sys.executable, "-P", "-m", __name__],  # whatever lies in the folder it is called in
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C is for whoever saves
        )
        with suppress(BrokenPipeError):  # it has ended: that is said when its rows are asked for
            _send(_pipe(self._process.stdin), job)

    @property
    def progress(self) -> tuple[int, int | None]:
        """How much is read and how much there is, in bytes of text or in rows."""
        return self._progress

    def close(self) -> None:
        self._process.kill()
        with self._process:
            pass

    def __iter__(self) -> Iterator[GoodRow[ProductRow] | BadRow]:
        is_last = False
        while not is_last:
            frame = self._next()
            self._progress, is_last = frame.progress, frame.is_last
            yield from frame.good
            yield from frame.bad

    def _next(self) -> _Frame:
        answer = _received(_pipe(self._process.stdout))
        if answer is None:
            raise UnreadableFile(file=self._file, why=_ENDED, columns="")
        frame = _frames.decode(answer)
        if frame.unreadable:
            why, columns = frame.unreadable
            raise UnreadableFile(file=self._file, why=why, columns=columns)
        return frame


def _pipe(stream: IO[bytes] | None) -> IO[bytes]:
    assert stream is not None
    return stream


def _send(stream: IO[bytes], said: object) -> None:
    body = _encode(said)
    stream.write(_LENGTH.pack(len(body)) + body)
    stream.flush()


def _received(stream: IO[bytes]) -> bytes | None:
    """The next body; None where whoever sends has ended."""
    length = stream.read(_LENGTH.size)
    if len(length) < _LENGTH.size:
        return None
    (size,) = _LENGTH.unpack(length)
    body = stream.read(size)
    return body if len(body) == size else None


# In the process beside


def _answered(job: Job) -> Iterator[_Frame]:
    try:
        kind = products(job.currency, job.default_price)
        with ImportFile(Path(job.file), kind, job.given, job.encoding) as file:
            rows = iter(file)
            while batch := list(islice(rows, _ROWS_AT_ONCE)):
                good = [row for row in batch if isinstance(row, GoodRow)]
                bad = [row for row in batch if isinstance(row, BadRow)]
                yield _Frame(file.progress, good, bad)
            yield _Frame(file.progress, is_last=True)
    except UnreadableFile as no:
        why = no.values["why"]
        said = why if isinstance(why, Text) else str(why)
        yield _Frame((0, None), unreadable=(said, str(no.values["columns"])))


def main() -> None:
    gc.set_threshold(_COLLECT_EVERY_OBJECTS)  # rows hold many objects, and none in a circle
    asked = _received(sys.stdin.buffer)
    if asked is not None:
        for frame in _answered(_jobs.decode(asked)):
            _send(sys.stdout.buffer, frame)


if __name__ == "__main__":
    main()
