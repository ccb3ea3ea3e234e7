"""A price book that travels in chunks comes out as it was cut, or not at all."""

from collections.abc import Callable
from contextlib import closing
from hashlib import sha256
from pathlib import Path

import pytest
import zstandard
from zstandard import ZstdCompressionParameters as Parameters

from pricebook.book import Book
from pricebook.snapshot import Assembly, Cut, TornChunk, cut

LIMIT = 1_000


def stated(data: bytes) -> bytes:
    """Packed into a frame that says how much is in it."""
    return zstandard.ZstdCompressor().compress(data)


def not_stated(data: bytes, window_log: int = 20) -> bytes:
    """Packed into a frame that says nothing of it, and asks for that window."""
    parameters = Parameters(window_log=window_log, write_content_size=False)
    packer = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
    return packer.compress(data) + packer.flush()


def assembly(folder: Path, packed: bytes, size_bytes: int = 10 * LIMIT) -> Assembly:
    """Of a file whose first chunk is that one."""
    names = [sha256(packed).hexdigest()]
    return Assembly(folder / "part", Cut(size_bytes, "", names), LIMIT)


def test_a_book_comes_out_of_its_chunks_as_it_was_cut(tmp_path: Path) -> None:
    with closing(Book(tmp_path / "book.db")) as book:
        chunks = cut(book, tmp_path)
    whole = Assembly(tmp_path / "part", chunks, 2 * 1024 * 1024)
    while name := whole.next_chunk:
        whole.add((tmp_path / name).read_bytes())
    assert whole.is_whole()


@pytest.mark.parametrize("pack", [stated, not_stated])
@pytest.mark.parametrize("size", [5_000_000, LIMIT + 1, LIMIT - 1, 0])
def test_a_chunk_of_another_length_adds_nothing(
    pack: Callable[[bytes], bytes], size: int, tmp_path: Path
) -> None:
    packed = pack(bytes(size))
    part = assembly(tmp_path, packed, size_bytes=10_000_000)
    with pytest.raises(TornChunk, match="not 1000 bytes"):
        part.add(packed)
    assert part.size_bytes == 0


@pytest.mark.parametrize("pack", [stated, not_stated])
def test_a_chunk_of_the_length_that_it_must_have_is_taken(
    pack: Callable[[bytes], bytes], tmp_path: Path
) -> None:
    packed = pack(b"x" * LIMIT)
    part = assembly(tmp_path, packed)
    part.add(packed)
    assert part.file.read_bytes() == b"x" * LIMIT


def test_a_chunk_that_asks_for_much_memory_is_not_unpacked(tmp_path: Path) -> None:
    packed = not_stated(bytes(LIMIT), window_log=27)
    with pytest.raises(TornChunk, match="memory"):
        assembly(tmp_path, packed).add(packed)


def test_a_chunk_that_is_cut_short_adds_nothing(tmp_path: Path) -> None:
    packed = stated(bytes(range(250)) * 4)[:-20]
    part = assembly(tmp_path, packed)
    with pytest.raises(TornChunk):
        part.add(packed)
    assert part.size_bytes == 0
