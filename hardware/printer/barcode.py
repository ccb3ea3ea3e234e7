"""A bar code on paper: what it may hold, how wide it is, and Code 128's code sets.

Owns the rules of the symbologies (GS1 General Specifications 5.2 for EAN and UPC, ISO/IEC 15417
for Code 128, 16388 for Code 39, 16390 for ITF). Refuses to own command bytes and dots.
"""

import re
from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import Final, Literal

QUIET_MODULES: Final = 11
"""White beside the bars, that a scanner finds their ends: the most that any of these asks for."""
MODULE_DOTS: Final = (3, 2)
"""How wide the narrowest bar prints: 3/8 mm, or where that is wider than the paper 1/4 mm. Less
does not scan off thermal paper."""
WIDEST_DOTS: Final = 576
"""Paper of 80 mm."""
HEIGHT_DOTS: Final = 64


class Symbology(StrEnum):
    """Which kind of bars."""

    EAN13 = "ean13"
    EAN8 = "ean8"
    UPCA = "upca"
    CODE39 = "code39"
    ITF = "itf"
    CODE128 = "code128"


class Hri(Enum):
    """Where the characters stand that a person reads; the values are those of GS H."""

    NONE = 0
    ABOVE = 1
    BELOW = 2
    BOTH = 3


_DIGITS: Final = {Symbology.EAN13: 13, Symbology.EAN8: 8, Symbology.UPCA: 12}
_ALLOWED: Final = {
    Symbology.CODE39: re.compile(r"[0-9A-Z $%+\-./]+"),
    Symbology.ITF: re.compile(r"([0-9]{2})+"),
    Symbology.CODE128: re.compile(r"[ -~]+"),
}


@dataclass(frozen=True, slots=True)
class Barcode:
    """Bars in the middle of the paper, `height_dots` of 1 to 255 high.

    `data` with its check digit where the symbology has one, and that right; ITF takes digits in
    pairs, Code 39 neither small letters nor its asterisks, Code 128 printable ASCII. `ValueError`
    when it is otherwise, or wider than paper of 80 mm. `native` says who draws it whatever the
    printer's profile says: for the test page.
    """

    kind: Symbology
    data: str
    height_dots: int = HEIGHT_DOTS
    hri: Hri = Hri.BELOW
    native: bool | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.height_dots <= 255:
            raise ValueError(f"a bar code {self.height_dots} dots high")
        if (digits := _DIGITS.get(self.kind)) is not None:
            _check_gtin(self.kind, self.data, digits)
        elif _ALLOWED[self.kind].fullmatch(self.data) is None:
            raise ValueError(f"{self.kind} cannot hold {self.data!r}")
        if self.module_dots(WIDEST_DOTS) is None:
            raise ValueError(f"{self.data!r} as {self.kind} is wider than any paper")

    @property
    def modules(self) -> int:
        """How wide the bars are in units of the narrowest; of what a printer may choose (Code 39,
        ITF: the wide bars are 2 to 3 times as wide) the widest."""
        many = len(self.data)
        match self.kind:
            case Symbology.EAN13 | Symbology.UPCA:
                return 3 + 42 + 5 + 42 + 3
            case Symbology.EAN8:
                return 3 + 28 + 5 + 28 + 3
            case Symbology.CODE39:
                return 16 * (many + 2) - 1
            case Symbology.ITF:
                return 4 + 9 * many + 5
            case Symbology.CODE128:
                runs = code_128_runs(self.data)
                begin_check_and_changes = 2 + len(runs) - 1
                return 11 * (begin_check_and_changes + sum(run.symbols for run in runs)) + 13

    def module_dots(self, paper_dots: int) -> int | None:
        """How wide the narrowest bar is on paper of that width; None when they do not fit."""
        wide = self.modules + 2 * QUIET_MODULES
        return next((dots for dots in MODULE_DOTS if wide * dots <= paper_dots), None)


def check_digit(digits: str) -> str:
    """The check digit to put behind `digits` (GS1 General Specifications 7.9)."""
    weighted = sum(int(digit) * (3, 1)[place % 2] for place, digit in enumerate(reversed(digits)))
    return str(-weighted % 10)


def _check_gtin(kind: Symbology, data: str, digits: int) -> None:
    if not (len(data) == digits and data.isascii() and data.isdigit()):
        raise ValueError(f"{kind} has {digits} digits, not {data!r}")
    if data[-1] != check_digit(data[:-1]):
        raise ValueError(f"the check digit of {data} is {check_digit(data[:-1])}")


@dataclass(frozen=True, slots=True)
class Run:
    """A stretch of Code 128 in one code set: B has a symbol for each character, C for each pair of
    digits."""

    code_set: Literal["B", "C"]
    text: str

    @property
    def symbols(self) -> int:
        return len(self.text) if self.code_set == "B" else len(self.text) // 2

    @property
    def data(self) -> bytes:
        """As GS k takes it: `{` and the set, then characters (`{` twice) or a byte for a pair."""
        head = b"{" + self.code_set.encode()
        if self.code_set == "B":
            return head + self.text.replace("{", "{{").encode()
        return head + bytes(int(self.text[at : at + 2]) for at in range(0, len(self.text), 2))


#: digits that are shorter in code set C: 4 at an end, 6 between others, in pairs (ISO/IEC 15417
#: annex E); what is left over of an odd number stands in set B
_IN_PAIRS: Final = re.compile(r"^(?:[0-9]{2}){2,}|(?:[0-9]{2}){2,}$|(?:[0-9]{2}){3,}")
#: pairs that a printer obeys as a real-time command when they follow `16`: DLE EOT, ENQ, DC4
_DLE: Final = "16"
_AFTER_DLE: Final = ("04", "05", "20")


def code_128_runs(data: str) -> tuple[Run, ...]:
    """The code sets for `data`, printable ASCII: short, and no two pairs of digits that a printer
    would obey as a real-time command inside them."""
    runs: list[Run] = []
    end = 0
    for digits in _IN_PAIRS.finditer(data):
        _add(runs, "B", data[end : digits.start()])
        end = digits.end()
        _add_pairs(runs, digits.group())
    _add(runs, "B", data[end:])
    return tuple(runs)


def _add_pairs(runs: list[Run], digits: str) -> None:
    pairs = [digits[at : at + 2] for at in range(0, len(digits), 2)]
    begin = 0
    for at in range(1, len(pairs)):
        if pairs[at - 1] == _DLE and pairs[at] in _AFTER_DLE:
            _add(runs, "C", "".join(pairs[begin:at]))
            _add(runs, "B", pairs[at])
            begin = at + 1
    _add(runs, "C", "".join(pairs[begin:]))


def _add(runs: list[Run], code_set: Literal["B", "C"], text: str) -> None:
    if not text:
        return
    if runs and runs[-1].code_set == code_set:
        runs[-1] = Run(code_set, runs[-1].text + text)
    else:
        runs.append(Run(code_set, text))
