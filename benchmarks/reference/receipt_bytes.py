"""A receipt to bytes with python-escpos's printer that only collects them, and nothing else."""

import contextlib
import io
from collections.abc import Callable, Sequence

from escpos.printer import Dummy

#: text, whether it is bold, whether it is large
Row = tuple[str, bool, bool]


def encode(rows: Sequence[Row], code: str) -> Callable[[], bytes]:
    """What makes the receipt's bytes anew: rows, a QR code drawn by the printer, and a cut."""

    def made() -> bytes:
        printer = Dummy()
        printer.hw("INIT")
        for text, bold, large in rows:
            if bold:
                printer.set(bold=True)
            if large:
                printer.set(custom_size=True, width=2, height=2)
            printer.text(text + "\n")
            if large:
                printer.set(custom_size=True, width=1, height=1)
            if bold:
                printer.set(bold=False)
        printer.qr(code, ec=1, size=6, native=True)
        printer.cut("PART")
        return bytes(printer.output)

    with contextlib.redirect_stdout(io.StringIO()):
        made()
    return made
