"""A page by which a person tells how a printer has to be spoken to.

Each proof on it has a number and stands for a value of one option of the printer's URL. The person
notes the numbers that came out well; `options_of` makes options of them. Questions are dots, in
both languages: they can be read whatever the printer does with Chinese.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Final

from hardware.printer.barcode import Barcode, Symbology
from hardware.printer.encoding import Cjk, width_cols
from hardware.printer.parts import Line, Part, Qr
from hardware.printer.profile import COLUMNS, Cut, Profile

SAMPLE: Final = "会员积分（副本）￥12.00 "
"""Hanzi, full-width punctuation, the yen sign; at its end a blank, for a printer that takes UTF-8
for pairs of bytes to swallow."""


@dataclass(frozen=True, slots=True)
class Proof:
    """What is printed under a number, and the option it speaks for when it came out well."""

    number: int
    option: str
    value: str
    parts: tuple[Part, ...]


_QUESTIONS: Final = {
    "cjk": ("哪几行能看清？", "Which lines can you read?"),
    "cols": ("哪几行正好占满一行？", "Which fill just one line?"),
    "qr": ("哪几个二维码能扫？", "Which QR codes scan?"),
    "barcode": ("哪几个条码能扫？", "Which bar codes scan?"),
    "cut": ("纸切断了吗？", "Was the paper cut?"),
}
_DRAWN_BY: Final = {"native": ("打印机绘制", "by the printer"), "picture": ("点阵", "as dots")}


def proofs(profile: Profile) -> tuple[Proof, ...]:
    """All of them by their numbers. Of those for one option, the first that comes out well is the
    best."""
    made: list[Proof] = []
    for cjk in Cjk:
        text = f"{len(made) + 1:>2} {SAMPLE}"
        made.append(Proof(len(made) + 1, "cjk", cjk, (Line(text, cjk=cjk),)))
    for columns in sorted(COLUMNS, reverse=True):
        ruler = Line(_ruler(len(made) + 1, columns))
        made.append(Proof(len(made) + 1, "cols", str(columns), (ruler,)))
    for value, (zh, en) in _DRAWN_BY.items():
        number = len(made) + 1
        head = _asked(f"{number:>2} {zh} {en}")
        code = Qr(f"{number} QR {value}", native=value == "native")
        made.append(Proof(number, "qr", value, (head, code)))
    for value, (zh, en) in _DRAWN_BY.items():
        number = len(made) + 1
        head = _asked(f"{number:>2} {zh} {en}")
        bars = Barcode(Symbology.CODE128, f"{number} {value}", native=value == "native")
        made.append(Proof(number, "barcode", value, (head, bars)))
    number = len(made) + 1
    cut = _asked(f"{number:>2} {' '.join(_CUT[profile.cut])}")
    made.append(Proof(number, "cut", profile.cut, (cut,)))
    return tuple(made)


_CUT: Final = {
    Cut.PARTIAL: ("半切", "partial cut"),
    Cut.FULL: ("全切", "full cut"),
    Cut.NONE: ("不切纸", "no cut"),
}


def options_of(profile: Profile, came_out_well: Collection[int]) -> dict[str, str]:
    """The URL options to write, by the numbers that a person noted. An option of which no proof
    came out well is left out, but for the cutter: then there is none."""
    options: dict[str, str] = {}
    for proof in proofs(profile):
        if proof.number in came_out_well:
            options.setdefault(proof.option, proof.value)
    options.setdefault("cut", str(Cut.NONE))
    return options


def test_page(profile: Profile) -> list[Part]:
    """The page for a printer, by what is known of it so far."""
    return list(_page(profile))


def _page(profile: Profile) -> Iterator[Part]:
    columns = profile.columns
    yield _asked(_centred("测试页 TEST", columns // 2), bold=True, large=True)
    yield Line(_centred(profile.model, columns))
    yield Line("=" * columns)
    yield _asked(_centred("请记下印得正确的编号", columns), bold=True)
    yield _asked(_centred("Note the numbers that look right", columns), bold=True)
    option = ""
    for proof in proofs(profile):
        if proof.option != option:
            if proof.option == "cut":
                yield from _type(columns)
            option = proof.option
            yield from _section(_QUESTIONS[option], columns)
        yield from proof.parts


def _section(words: tuple[str, str], columns: int) -> Iterator[Line]:
    """A rule, and words in both languages: on one line where they fit."""
    yield Line("-" * columns)
    together = " ".join(words)
    for text in (together,) if width_cols(together) <= columns else words:
        yield _asked(text, bold=True)


def _type(columns: int) -> Iterator[Line]:
    """No proof of anything: to be seen, for some printers leave hanzi small."""
    yield from _section(("字体", "Type"), columns)
    yield Line("普通 Plain")
    yield Line("粗体 Bold", bold=True)
    yield Line("大字 Large", large=True)


def _asked(text: str, *, bold: bool = False, large: bool = False) -> Line:
    """Words that can be read whatever the printer does with Chinese."""
    return Line(text, bold, large, cjk=Cjk.RASTER)


def _centred(text: str, columns: int) -> str:
    return " " * max(0, (columns - width_cols(text)) // 2) + text


def _ruler(number: int, columns: int) -> str:
    """As wide as the paper, with every tenth column and the last one named."""
    ruler = f"{number:>2} ".ljust(columns, "-")
    for end in (*range(10, columns - 2, 10), columns):
        ruler = ruler[: end - 2] + str(end) + ruler[end:]
    return ruler
