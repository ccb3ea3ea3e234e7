"""What people see: every screen, in both languages and both sizes, as text with its inks.

The pictures are kept in `snapshots/`; only `make snapshots` writes them. Under each row that is not
in ordinary ink stands which ink its columns have.
"""

import os
from pathlib import Path

import pytest

from hardware.discovery import Found
from hardware.fault import Kind
from pos_client.counter import screen
from pos_client.screen.rows import Ink, Row, cells, text_of
from pos_client.sync.service import SyncState
from retail.language import Language
from tests.builders import OPENING, open_till
from tests.screen.cashier import LARGE, SMALL, Cashier
from tests.screen.stages import STAGES

#: what stands in the set-up's list, whatever is plugged into this machine
PLUGGED_IN = [
    Found("escpos+usb://04b8:0e15/SIM0001", Kind.PRINTER, "EPSON TM-SIM", "", "USB printer class"),
    Found(
        "serial:///dev/serial/by-id/usb-1a86_USB_Serial-if00-port0",
        None,
        "USB Serial",
        "/dev/ttyUSB0",
        "CH340 adapter",
    ),
]
#: set by `make snapshots`
WRITE = "OMNITILL_SNAPSHOTS"
_FOLDER = Path(__file__).parent / "snapshots"
_LETTERS = {
    Ink.TEXT: " ",
    Ink.FAINT: "f",
    Ink.STRONG: "S",
    Ink.ACCENT: "a",
    Ink.GOOD: "g",
    Ink.ATTEND: "A",
    Ink.BAD: "B",
    Ink.CHOSEN: "#",
    Ink.KEY: "k",
    Ink.BAR: "b",
    Ink.BAR_ATTEND: "!",
}


def _picture(rows: list[Row]) -> str:
    drawn = []
    for each in rows:
        drawn.append(f"│{text_of(each)}│")
        inks = "".join(_LETTERS[ink] for _, ink in cells(each)).rstrip()
        if inks:
            drawn.append(f"·{inks}")
    return "\n".join(line.rstrip() for line in drawn) + "\n"


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("size", [LARGE, SMALL], ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("language", list(Language))
def test_each_screen_is_what_it_was(
    tmp_path: Path,
    language: Language,
    size: tuple[int, int],
    stage: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(screen, "find", lambda: PLUGGED_IN)
    till = open_till(tmp_path, language=language.value)
    cashier = Cashier(till, LARGE if size == LARGE else SMALL)
    cashier.face.sync = SyncState(3, OPENING.isoformat(), False, False, "", "")
    STAGES[stage](cashier)
    assert cashier.face.faults == []
    picture = _picture(cashier.rows())
    till.close()
    file = _FOLDER / f"{stage}.{language}.{size[0]}x{size[1]}.txt"
    if os.environ.get(WRITE):
        _FOLDER.mkdir(exist_ok=True)
        file.write_text(picture, encoding="utf-8")
    assert file.exists(), f"{file.name} is not there: make snapshots, and look at it"
    assert picture == file.read_text(encoding="utf-8"), "if it is better so: make snapshots"
