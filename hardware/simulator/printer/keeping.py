"""Where what the simulated printer prints is kept: a text file, or a folder of pictures."""

from pathlib import Path
from typing import Final

from hardware.printer.glyphs import find_font
from hardware.simulator.printer.machine import Event, SimulatedPrinter

CUT_MARK: Final = "- - - ✂ - - -"


class PaperFile:
    """A listener that appends what is printed to a UTF-8 file, with `CUT_MARK` at each cut.

    Written at each cut and at each trouble, so half a receipt before a power cut is there too.
    `OSError` at once when the file cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._pending: list[str] = []
        self._path.open("a", encoding="utf-8").close()

    def __call__(self, event: Event, detail: str) -> None:
        if event is Event.LINE:
            self._pending.append(detail)
            return
        if event is Event.RECEIPT:
            while self._pending and not self._pending[-1]:  # what was fed to reach the cutter
                self._pending.pop()
            self._pending.append(CUT_MARK)
        if self._pending:
            with self._path.open("a", encoding="utf-8") as file:
                file.write("\n".join(self._pending) + "\n")
            self._pending.clear()


class PictureFolder:
    """A listener that writes each receipt as `receipt-000001.png` and so on, going on after those
    that are there. `OSError` at once when the folder cannot be made, NoFont when nothing can be
    drawn here."""

    def __init__(self, folder: Path, printer: SimulatedPrinter) -> None:
        find_font()
        folder.mkdir(parents=True, exist_ok=True)
        self._folder, self._printer = folder, printer
        taken = [
            int(name.stem[8:])
            for name in folder.glob("receipt-[0-9]*.png")
            if name.stem[8:].isdecimal()
        ]
        self._number = max(taken, default=0)

    def __call__(self, event: Event, _detail: str) -> None:
        if event is Event.RECEIPT:
            self._number += 1
            self._printer.picture().save(self._folder / f"receipt-{self._number:06}.png")
