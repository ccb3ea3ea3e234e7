"""The line at the end of a backup that vouches for every byte before it.

SQLite reads as many pages as its first one says there are, so a sealed file is a database still;
the first change to it takes the seal off.
"""

import os
import re
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from retail.language import Text
from retail.refusals import Refusal

_MARK = "omnitill backup 1"
_LINE = re.compile(rb"\n%b (\S{1,40}) ([0-9a-f]{64})\n\Z" % _MARK.encode())
#: longer than any seal, and shorter than a page of SQLite's
_LINE_BYTES_MAX = 160
_READ_BYTES = 1 << 20
_DIGEST_BYTES = len("\n") + 64


class NotABackup(Refusal):
    code = "not_a_backup"
    sentence = Text(
        "{file} is no whole backup of a hub: the line at its end is missing.",
        "{file} 不是完整的总部备份：文件末尾缺少校验行。",
    )
    way_on = Text(
        "Choose another backup. Of a plain copy of a hub's SQLite file make one first:"
        " sync-server backup FILE --database sqlite:///COPY",
        "请选择其他备份。若是总部 SQLite 文件的普通副本，请先运行："
        "sync-server backup 文件 --database sqlite:///副本",
    )


class BackupDamaged(Refusal):
    code = "backup_damaged"
    sentence = Text("{file} does not hold what was backed up: {why}", "备份 {file} 有误：{why}")
    way_on = Text(
        "Choose another backup, and have the disk checked that this one lies on.",
        "请选择其他备份，并检查此备份所在的磁盘。",
    )


_CHANGED = Text("its bytes have changed since", "内容在备份之后已改变")


class Seal(NamedTuple):
    """When the backup was taken, and how many of the file's bytes are the database."""

    taken_at: str
    size_bytes: int


def put(file: Path, taken_at: str) -> int:
    """Seal the file, and see it onto the disk -> how many bytes it has now. Raises OSError."""
    with file.open("r+b") as out:
        out.seek(0, os.SEEK_END)
        out.write(f"\n{_MARK} {taken_at} ".encode())
        out.flush()
        digest = _digest(file, out.tell())
        out.write(f"{digest}\n".encode())
        out.flush()
        os.fsync(out.fileno())
        return out.tell()


def of(file: Path) -> Seal:
    """The file's seal, not looked at closer. Raises NotABackup or OSError."""
    with file.open("rb") as read:
        size = read.seek(0, os.SEEK_END)
        read.seek(max(0, size - _LINE_BYTES_MAX))
        found = _LINE.search(read.read())
    if found is None:
        raise NotABackup(file=file)
    return Seal(found[1].decode(errors="replace"), size - len(found[0]))


def checked(file: Path) -> Seal:
    """The file's seal, and all bytes before it are those that were sealed. Raises NotABackup,
    BackupDamaged or OSError."""
    seal = of(file)
    with file.open("rb") as read:
        sealed = read.seek(-_DIGEST_BYTES, os.SEEK_END)
        said = read.read().decode().strip()
    if said != _digest(file, sealed):
        raise BackupDamaged(file=file, why=_CHANGED)
    return seal


def _digest(file: Path, size: int) -> str:
    digest = sha256()
    with file.open("rb") as read:
        while piece := read.read(min(_READ_BYTES, size)):
            digest.update(piece)
            size -= len(piece)
    return digest.hexdigest()
