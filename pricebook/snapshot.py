"""A price book cut into chunks that travel, and put together again.

A chunk is so many bytes of the file, packed by zstd and named by the SHA-256 of the packed bytes:
what is asked for by its name is what comes, or it is thrown away. The file as a whole has a digest
too, which the hub signs.
"""

from collections.abc import Sequence
from hashlib import file_digest, sha256
from pathlib import Path
from typing import NamedTuple

import zstandard

from pricebook import search
from pricebook.book import SCHEMA_VERSION, Book

#: what a file is laid out by: a till takes no other
SCHEMA = f"{SCHEMA_VERSION}.{search.VERSION}"
CHUNK_BYTES = 2 * 1024 * 1024
#: as small as level 9 within a tenth, at a fifth of its cost (docs/benchmarks.md)
_LEVEL = 3
#: a chunk that asks for more memory than this to be unpacked is not unpacked (RFC 8878, 3.1.1.1.2)
_WINDOW_BYTES_MAX = 8 * 1024 * 1024


class Cut(NamedTuple):
    """A file in chunks: its size, the SHA-256 of it as a whole, and its chunks' names in order."""

    size_bytes: int
    sha256: str
    chunks: list[str]


class TornChunk(ValueError):
    """Bytes that are not the chunk that was asked for."""


def cut(book: Book, folder: Path) -> Cut:
    """Write the book as it stands into the folder, a file for each chunk, and a copy of it nowhere
    else. Raises OSError or sqlite3.Error."""
    copy = folder / "copy.db"
    copy.unlink(missing_ok=True)
    try:
        book.reader.execute("VACUUM INTO ?", (str(copy),))
        with copy.open("rb") as file:
            whole = file_digest(file, "sha256").hexdigest()
            file.seek(0)
            packer = zstandard.ZstdCompressor(level=_LEVEL)
            names = []
            while part := file.read(CHUNK_BYTES):
                packed = packer.compress(part)
                names.append(sha256(packed).hexdigest())
                (folder / names[-1]).write_bytes(packed)
        return Cut(copy.stat().st_size, whole, names)
    finally:
        copy.unlink(missing_ok=True)


class Assembly:
    """A file that comes in chunks, in their order; what is there of it is gone on from."""

    def __init__(self, file: Path, cut: Cut, chunk_bytes: int) -> None:
        self.file = file
        self._cut = cut
        self._chunk_bytes = chunk_bytes
        whole_chunks = self.size_bytes // chunk_bytes
        if self.size_bytes < cut.size_bytes:
            with file.open("ab") as out:
                out.truncate(whole_chunks * chunk_bytes)

    @property
    def size_bytes(self) -> int:
        """How much of it is there."""
        return self.file.stat().st_size if self.file.exists() else 0

    @property
    def next_chunk(self) -> str | None:
        """The name of the chunk to ask for; None when all are there."""
        place = -(-self.size_bytes // self._chunk_bytes)
        return self._cut.chunks[place] if place < len(self._cut.chunks) else None

    def add(self, packed: bytes) -> None:
        """Take the next chunk in. Raises TornChunk, or OSError."""
        if sha256(packed).hexdigest() != self.next_chunk:
            raise TornChunk("not the bytes that were asked for")
        part = _unpacked(packed, min(self._chunk_bytes, self._cut.size_bytes - self.size_bytes))
        with self.file.open("ab") as out:
            out.write(part)

    def is_whole(self) -> bool:
        """Whether the file is the one that was signed, byte by byte."""
        if self.size_bytes != self._cut.size_bytes:
            return False
        with self.file.open("rb") as file:
            return file_digest(file, "sha256").hexdigest() == self._cut.sha256

    def give_up(self) -> None:
        """Remove what is there of it."""
        self.file.unlink(missing_ok=True)


def _unpacked(packed: bytes, size: int) -> bytes:
    """The bytes of a chunk, so many; whatever it says of itself, no more than one beyond them is
    unpacked. Raises TornChunk."""
    unpacker = zstandard.ZstdDecompressor(max_window_size=_WINDOW_BYTES_MAX)
    try:
        with unpacker.stream_reader(packed) as reader:
            part = reader.read(size + 1)
    except zstandard.ZstdError as fault:
        raise TornChunk(f"not zstd: {fault}") from None
    if len(part) != size:
        raise TornChunk(f"not {size} bytes")
    return part


def keep_only(folder: Path, names: Sequence[str]) -> None:
    """Remove the chunks that none of these names."""
    for file in folder.iterdir():
        if file.name not in names and len(file.name) == 2 * sha256().digest_size:
            file.unlink(missing_ok=True)
