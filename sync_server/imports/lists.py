"""Several things in one cell: `;` between them, `=` between a name and its value. What holds one
of these stands in quotes, as in CSV."""

import csv
import io
from collections.abc import Sequence
from typing import Literal

from sync_server.imports.cells import text
from sync_server.imports.rows import BadCell

_BETWEEN = ";"
_BETWEEN_WIDE = "；"
_IS = "="


def many(cell: str) -> list[str]:
    """The things in a cell. Raises BadCell."""
    if _BETWEEN not in cell and '"' not in cell and _BETWEEN_WIDE not in cell:
        return [only] if (only := text(cell)) else []
    line = text(cell) if '"' in cell else text(cell).replace(_BETWEEN_WIDE, _BETWEEN)
    try:
        (items,) = csv.reader([line], delimiter=_BETWEEN, strict=True)
    except csv.Error:
        raise BadCell(
            f"{cell!r} is no list with ; between", f"{cell!r} 不是以 ; 分隔的列表"
        ) from None
    return [words for item in items if (words := " ".join(item.split()))]


def pairs(cell: str) -> list[tuple[str, str]]:
    """The names in a cell with their values. Raises BadCell."""
    items = [item.rpartition(_IS) for item in many(cell)]
    if any(not name or not value for name, _, value in items):
        raise BadCell(f"{cell!r} is not like name=1;other=2", f"{cell!r} 应形如 名称=1;其他=2")
    return [(name, value) for name, _, value in items]


def written(items: Sequence[str]) -> str:
    """A cell that `many` reads as these."""
    out = io.StringIO()
    wide = any(_BETWEEN_WIDE in item for item in items)
    quoting: Literal[0, 1] = csv.QUOTE_ALL if wide else csv.QUOTE_MINIMAL
    csv.writer(out, delimiter=_BETWEEN, quoting=quoting, lineterminator="").writerow(items)
    return out.getvalue()
