"""The knobs of the simulated printer by their words, and the options of `sim://printer` URLs.

paper in | near | out        paper ends in 5      cover open | closed
cutter jam | stop | free     head hot | cool      machine broken | mended
drawer open | closed         stall 120 | resume   power off | on | cut 200
slow 960 | slow off          mute | unmute             speed 150 | speed off
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final

from hardware.simulator.printer.characters import Charset
from hardware.simulator.printer.condition import Paper, Trouble
from hardware.simulator.printer.dialect import DIALECTS, Identity
from hardware.simulator.printer.keeping import PaperFile, PictureFolder
from hardware.simulator.printer.machine import DrawerPin, SimulatedPrinter
from hardware.url import DeviceUrl

NUMBER_MAX: Final = 1_000_000_000
COLUMNS: Final = ("48", "42", "32")

_TROUBLES: Final = {
    ("cutter", "jam"): (Trouble.CUTTER_JAMMED, True),
    ("cutter", "stop"): (Trouble.CUTTER_STOPPED, True),
    ("head", "hot"): (Trouble.HEAD_HOT, True),
    ("head", "cool"): (Trouble.HEAD_HOT, False),
    ("machine", "broken"): (Trouble.BROKEN, True),
    ("machine", "mended"): (Trouble.BROKEN, False),
}


def turn(printer: SimulatedPrinter, words: str) -> bool:
    """Turn a knob; False when this is none of the printer's own. `ValueError` when a number is
    none."""
    match words.split():
        case ["paper", ("in" | "near" | "out") as paper]:
            printer.load_paper(Paper(paper))
        case ["cover", ("open" | "closed") as state]:
            printer.cover_open = state == "open"
        case ["drawer", ("open" | "closed") as state]:
            printer.drawer_open = state == "open"
        case ["cutter", "free"]:
            printer.suffer(Trouble.CUTTER_JAMMED, it_is=False)
            printer.suffer(Trouble.CUTTER_STOPPED, it_is=False)
        case ["mute" | "unmute" as mute]:
            printer.mute = mute == "mute"
        case [what, state] if (what, state) in _TROUBLES:
            trouble, it_is = _TROUBLES[what, state]
            printer.suffer(trouble, it_is=it_is)
        case other:
            return _turn_by_number(printer, other)
    return True


def _turn_by_number(printer: SimulatedPrinter, words: list[str]) -> bool:
    match words:
        case ["paper", "ends", "in", lines]:
            printer.paper_ends_in(_number(lines))
        case ["stall", n_bytes]:
            printer.stall_at(_number(n_bytes))
        case ["resume"]:
            printer.resume()
        case ["power", "cut", n_bytes]:
            printer.power_cut_at(_number(n_bytes))
        case ["speed", "off"]:
            printer.move_paper_at(0)
        case ["speed", mm_per_s]:
            printer.move_paper_at(_number(mm_per_s))
        case ["slow", "off"]:
            printer.slow_down(0)
        case ["slow", bytes_per_s]:
            printer.slow_down(_number(bytes_per_s))
        case _:
            return False
    return True


def _number(word: str) -> int:
    if not (word.isascii() and word.isdigit() and int(word) <= NUMBER_MAX):
        raise ValueError(f"{word} is no number for a knob")
    return int(word)


def printer_of(url: DeviceUrl) -> SimulatedPrinter:
    """The printer that the options of a `sim://printer` URL describe; `ValueError` when one makes
    no sense, `OSError` and NoFont when what it prints cannot be kept.

    Of the printer: `cols` 48, 42 or 32; `charset` gb18030, gbk, big5, shift_jis, euc_kr, utf8 or
    none; `dialect` epson, xprinter or cheap; `identity` MAKER/MODEL/FIRMWARE/SERIAL;
    `asb_at_start` the n of GS a that it powers up with; `drawer_pin` both, 2 or 5;
    `drawer_open_is` high or low; `flow` none or, at a serial port, xonxoff.
    Of its state: `paper` in, near or out; `paper_ends_in` lines; `cover` closed or open; `cutter`
    free, jam or stop; `head` cool or hot; `stall_at` and `power_cut_at` in bytes; `slow` in bytes a
    second, `speed` in mm of paper a second; `mute` no or yes.
    Of what it prints: `keep` a file, `pictures` a folder.
    """
    dialect = DIALECTS[url.one_of("dialect", *DIALECTS)]
    printer = SimulatedPrinter(
        columns=int(url.one_of("cols", *COLUMNS)),
        charset=Charset(url.one_of("charset", *Charset)),
        dialect=replace(
            dialect, automatic_status=url.number("asb_at_start", dialect.automatic_status, 0, 255)
        ),
        identity=Identity.parse(url.text_option("identity")),
        drawer_pin=DrawerPin(url.one_of("drawer_pin", *DrawerPin)),
        drawer_open_is_high=url.one_of("drawer_open_is", "high", "low") == "high",
        xonxoff=url.one_of("flow", "none", "xonxoff") == "xonxoff",
    )
    for name, *states in (
        ("paper", "in", "near", "out"),
        ("cover", "closed", "open"),
        ("cutter", "free", "jam", "stop"),
        ("head", "cool", "hot"),
    ):
        printer.turn_knob(f"{name} {url.one_of(name, *states)}")
    printer.mute = url.one_of("mute", "no", "yes") == "yes"
    _take_numbers(printer, url)
    if keep := url.text_option("keep"):
        printer.listeners.append(PaperFile(Path(keep)))
    if pictures := url.text_option("pictures"):
        printer.listeners.append(PictureFolder(Path(pictures), printer))
    return printer


def _take_numbers(printer: SimulatedPrinter, url: DeviceUrl) -> None:
    numbers: dict[str, Callable[[int], None]] = {
        "paper_ends_in": printer.paper_ends_in,
        "stall_at": printer.stall_at,
        "power_cut_at": printer.power_cut_at,
        "slow": printer.slow_down,
        "speed": printer.move_paper_at,
    }
    for name, turn_to in numbers.items():
        if name in url.options:
            turn_to(url.number(name, 0, 0, NUMBER_MAX))
