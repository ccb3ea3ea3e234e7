"""From the terminal's keys to what was meant: typed, pressed, or scanned. Sans-IO.

A keyboard-wedge scanner types. Its characters are shown at once as if a hand had typed them; when
the suffix ends a burst no hand is capable of, all of it turns out to be one `Scanned`, which says
how many characters it takes back. So nothing waits for a timer, nothing is typed into the field
that happens to be open, and keys keep their order whatever comes between two scans.

    >>> keys = Keys()
    >>> typed = [keys.key(char, char, at / 500) for at, char in enumerate("4011200")]
    >>> keys.key("enter", "\\r", 0.014)
    [Scanned(code='4011200', typed=7)]
"""

from dataclasses import dataclass, field
from typing import Final, NamedTuple

from hardware.scanner.wedge import Wedge

#: the mean pace of a scan's characters; hands need 60 ms a key and more
SCAN_PACE_S: Final = 0.035
#: a longer pause ends a burst. A busy machine may hold a character back for a while: that must not
#: cut a code in two, so it is the pace of the whole that tells a scanner from a hand
PAUSE_S: Final = 0.25
#: a shorter burst may be a roll over the number pad
SCAN_CHARACTERS_MIN: Final = 6
#: one of at least so many, faster than any hand, may still be the code of a shelf label
SHORT_CHARACTERS_MIN: Final = 3
SHORT_PACE_S: Final = 0.015
#: codes of one paste; what lies beyond is not a scanner's
PASTED_CODES_MAX: Final = 200
#: after its prefix a scan ends within this time, or what came was no scan
PREFIXED_S: Final = 1.0
#: the longest code of a scanner: a QR code of digits (ISO/IEC 18004, version 40-L holds 7089)
CODE_CHARACTERS_MAX: Final = 7089

_GROUP_SEPARATOR = "\x1d"


class Typed(NamedTuple):
    """Characters for the entry line."""

    text: str


class Pressed(NamedTuple):
    """A key by its name: `enter`, `f12`, `ctrl+z`."""

    name: str


class Scanned(NamedTuple):
    """A whole code. Its last `typed` characters were given out as `Typed` before and are to be
    taken back from the entry line. One that is not `certain` is so short that a script or a roll
    over the number pad looks the same: it is a scan where the catalogue knows it, else Enter."""

    code: str
    typed: int = 0
    certain: bool = True


Input = Typed | Pressed | Scanned


#: other names of one key (xterm sends shift+F4 as what was F16)
_SAME = {
    "ctrl+m": "enter",
    "ctrl+j": "enter",
    "ctrl+i": "tab",
    "ctrl+h": "backspace",
    "shift+f4": "f16",
    "ctrl+left_square_bracket": "escape",
}


@dataclass(slots=True)
class _Burst:
    """Characters that came without a pause."""

    text: str = ""
    times_s: list[float] = field(default_factory=list)

    def add(self, char: str, at_s: float) -> None:
        paused = self.times_s and at_s - self.times_s[-1] > PAUSE_S
        if paused or len(self.text) >= CODE_CHARACTERS_MAX:
            self.clear()
        self.text += char
        self.times_s.append(at_s)

    def clear(self) -> None:
        self.text = ""
        self.times_s.clear()

    def ends(self, at_s: float) -> Scanned | None:
        """What a suffix at this time ends, None when it was typed by hand; begins anew. A burst
        that is too slow as a whole may still end in a scan: a hand typed before it."""
        text, times_s = self.text, [*self.times_s, at_s]
        self.clear()
        if len(text) < SHORT_CHARACTERS_MIN:
            return None
        took_s = times_s[-1] - times_s[0]
        if len(text) < SCAN_CHARACTERS_MIN:
            quick = took_s <= SHORT_PACE_S * len(text)
            return Scanned(text, len(text), certain=False) if quick else None
        if took_s <= SCAN_PACE_S * len(text):
            return Scanned(text, len(text))
        begin = len(text)
        while begin and times_s[begin] - times_s[begin - 1] <= SCAN_PACE_S:
            begin -= 1
        scanned = text[begin:]
        return Scanned(scanned, len(scanned)) if len(scanned) >= SCAN_CHARACTERS_MIN else None


class Keys:
    """One terminal's keys. Where the scanner is set up to send a prefix nothing else is taken for
    a scan."""

    def __init__(self, wedge: Wedge = Wedge()) -> None:  # noqa: B008  it is frozen
        self._prefix = wedge.prefix
        self._suffix = wedge.suffix
        self._burst = _Burst()
        self._begun: str | None = None
        self._begun_s = 0.0
        self._typed_since_end = False

    def key(self, name: str, char: str | None, at_s: float) -> list[Input]:
        """What one key meant. `at_s` is when it was read, in seconds of any steady clock."""
        inputs: list[Input] = []
        if self._begun is not None and at_s - self._begun_s > PREFIXED_S:
            inputs += self._no_scan()
        if char is not None and (char.isprintable() or char == _GROUP_SEPARATOR):
            return inputs + self._character(char, at_s)
        if char and self._prefix.startswith(char):
            return inputs + self._character(char, at_s)
        return inputs + self._key(name, at_s)

    def _character(self, char: str, at_s: float) -> list[Input]:
        self._typed_since_end = True
        if self._begun is not None:
            self._begun += char
            return self._no_scan() if len(self._begun) > CODE_CHARACTERS_MAX else []
        if self._prefix and self._prefix.startswith(char):
            self._begun, self._begun_s = char, at_s
            return []
        self._burst.add(char, at_s)
        return [Typed(char)]

    def _key(self, name: str, at_s: float) -> list[Input]:
        key = _SAME.get(name, name)
        ends = key == self._suffix
        typed, self._typed_since_end = self._typed_since_end, False
        if name == "ctrl+j" and not typed:
            return []  # the line feed of CR LF: what it would end has ended
        if self._begun is not None:
            begun = self._begun
            if ends and begun.startswith(self._prefix):
                self._begun = None
                return [Scanned(begun.removeprefix(self._prefix))]
            return [*self._no_scan(), Pressed(key)]
        scanned = None if self._prefix else self._burst.ends(at_s)
        if ends and scanned is not None:
            return [scanned]
        return [Pressed(key)]

    def _no_scan(self) -> list[Input]:
        """What came after a prefix and was not ended: it was typed after all."""
        begun, self._begun = self._begun or "", None
        text = "".join(char for char in begun if char.isprintable())
        return [Typed(text)] if text else []

    def pasted(self, text: str) -> list[Input]:
        """A bracketed paste: a scanner behind some terminals sends its codes so. Each whole line
        is a scan, a short one where the catalogue knows it; the rest is as if typed."""
        inputs: list[Input] = []
        self._burst.clear()
        normal = text.replace("\r\n", "\n").replace("\r", "\n")
        if self._suffix == "tab":
            normal = normal.replace("\t", "\n")
        *lines, rest = normal.split("\n")
        for line in lines[:PASTED_CODES_MAX]:
            code = _clean(line)
            if self._prefix and line.startswith(self._prefix):  # which may be no printable one
                inputs.append(Scanned(_clean(line.removeprefix(self._prefix))))
            elif not self._prefix and SCAN_CHARACTERS_MIN <= len(code) <= CODE_CHARACTERS_MAX:
                inputs.append(Scanned(code))
            elif code:
                short = Scanned(code, len(code), certain=False)
                inputs += [Typed(code), Pressed("enter") if self._prefix else short]
        if typed := _clean(rest):
            inputs.append(Typed(typed))
        return inputs


def _clean(text: str) -> str:
    return "".join(char for char in text if char.isprintable() or char == _GROUP_SEPARATOR)
