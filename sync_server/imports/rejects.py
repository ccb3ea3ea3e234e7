"""FILE.rejects.csv: the rows that stay out, with line and reason, under the file's own columns, so
that they can be mended there and imported."""

import csv
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

from retail.language import Language
from sync_server.imports.cells import guarded
from sync_server.imports.columns import TOLD
from sync_server.imports.rows import BadRow


class Rejects:
    """Written row by row beside the file, and put in the place of an older one when all is
    read."""

    def __init__(self, file: Path, columns: Sequence[str], language: Language) -> None:
        self.path = file.with_name(f"{file.name}.rejects.csv")
        self.count = 0
        #: the first one, which a person is told at once
        self.first: BadRow | None = None
        self._growing = file.with_name(f"{file.name}.rejects.csv.new")
        self._out: IO[str] | None = None
        self._language = language
        # The file may have been one of rejects itself.
        self._told = len(TOLD) if list(columns[: len(TOLD)]) == TOLD else 0
        self._columns = columns[self._told :]

    def write(self, rows: Iterable[BadRow]) -> None:
        """Raises OSError."""
        for row in rows:
            self.first = self.first or row
            self.count += 1
            if self._out is None:
                # by whose mark Excel knows that it is UTF-8
                self._out = self._growing.open("w", encoding="utf-8-sig", newline="")
                self._writer = csv.writer(self._out)
                self._writer.writerow([*TOLD, *self._columns])
            cells = map(guarded, row.row[self._told :])
            self._writer.writerow([row.line, row.why.to(self._language), *cells])

    def finish(self, *, whole: bool) -> Path | None:
        """Put it in its place; where there is none, an older one goes when the file was read as a
        whole. Raises OSError."""
        if self._out is None:
            if whole:
                self.path.unlink(missing_ok=True)
            return None
        try:
            self._out.close()
            self._growing.replace(self.path)
        except OSError:
            with suppress(OSError):
                self._growing.unlink()
            raise
        return self.path
