"""Fetch a snapshot of the catalogue, a chunk a step; gone on from after a cut or a restart.

A ready file saves the till the work of building it from rows, at more bytes on the line: it is
worth it where the line is fast (break-even measured at about 50 Mbit/s, docs/benchmarks.md).
"""

from collections.abc import Callable
from pathlib import Path
from time import monotonic

from journal import wire
from journal.signature import snapshot_message, verified
from pos_client.folder import file_refusals
from pos_client.sync.hub import Answer, NoAnswer, Refused
from pricebook.snapshot import SCHEMA, Assembly, Cut, TornChunk

_MEGABIT_BYTES = 125_000
#: of partly fetched snapshots, by the digest of the whole file
_PART = "snapshot-{name}.part"
_NAME_LENGTH = 16


class Slow(Exception):
    """The line is too slow for a snapshot: the rows are fewer bytes."""


class Useless(Exception):
    """What was fetched is not the file that the hub signed, or the hub has it no more."""


def is_for_us(snapshot: wire.Snapshot, hub_key: str) -> bool:
    """Whether our hub signed it, and this program can sell by such a file."""
    message = snapshot_message(
        snapshot.epoch, snapshot.cursor, snapshot.schema, snapshot.size_bytes, snapshot.sha256
    )
    return snapshot.schema == SCHEMA and verified(hub_key, message, snapshot.sig)


class Fetch:
    """A snapshot that is being fetched into a folder."""

    def __init__(self, folder: Path, snapshot: wire.Snapshot, mbit_s_min: float) -> None:
        """What other snapshots left in the folder goes. Raises DiskFull or DiskUnusable."""
        self.snapshot = snapshot
        self._bytes_s_min = mbit_s_min * _MEGABIT_BYTES
        self.file = folder / _PART.format(name=snapshot.sha256[:_NAME_LENGTH])
        with file_refusals():
            for other in folder.glob(_PART.format(name="*")):
                if other != self.file:
                    other.unlink(missing_ok=True)
            cut = Cut(snapshot.size_bytes, snapshot.sha256, snapshot.chunks)
            self._assembly = Assembly(self.file, cut, snapshot.chunk_bytes)

    @property
    def progress(self) -> float:
        """How much of it is there, 0 to 1."""
        return self._assembly.size_bytes / max(self.snapshot.size_bytes, 1)

    def step(
        self, chunk: Callable[[str], Answer[bytes] | Refused | NoAnswer]
    ) -> NoAnswer | Refused | bool:
        """Fetch the next chunk -> whether the file is whole now, or why no chunk came. Raises
        Slow or Useless."""
        name = self._assembly.next_chunk
        if name is None:
            return self._whole()
        begun_s = monotonic()
        match chunk(name):
            case Answer(packed):
                seconds = monotonic() - begun_s
                with file_refusals():
                    self._add(packed)
                if len(packed) < seconds * self._bytes_s_min and self._assembly.next_chunk:
                    raise Slow
                return False
            case Refused(status=404):
                self.give_up()
                raise Useless
            case no:
                return no

    def _add(self, packed: bytes) -> None:
        try:
            self._assembly.add(packed)
        except TornChunk:
            self.give_up()
            raise Useless from None

    def _whole(self) -> bool:
        with file_refusals():
            if self._assembly.is_whole():
                return True
        self.give_up()
        raise Useless

    def give_up(self) -> None:
        with file_refusals():
            self._assembly.give_up()
