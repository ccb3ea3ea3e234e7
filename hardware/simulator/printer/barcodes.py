"""Bars of linear barcodes, as receipt printers make them of GS k. Sans-IO.

Patterns are those of the standards: EAN and UPC (ISO/IEC 15420, GS1 General Specifications), Code
39 (ISO/IEC 16388), interleaved 2 of 5 (ISO/IEC 16390), Codabar (EN 798), Code 93 (ANSI/AIM BC5),
Code 128 (ISO/IEC 15417). Check digits that were sent are printed as they were, right or wrong.
"""

from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

Widths = tuple[int, ...]
"""Bar, space, bar … in modules."""

WIDE: Final = -1
"""Stands for a wide bar or space of codes that have but two widths."""


class Bars(NamedTuple):
    """`text` is what is written below them."""

    text: str
    widths: Widths


class NotThisCode(ValueError):
    """The data cannot stand in a code of this kind."""


# ---- EAN and UPC

_DIGITS: Final = (
    *("3211", "2221", "2122", "1411", "1132", "1231", "1114", "1312", "1213", "3112"),
)
_EAN13_SETS: Final = (
    *("LLLLLL", "LLGLGG", "LLGGLG", "LLGGGL", "LGLLGG"),
    *("LGGLLG", "LGGGLL", "LGLGLG", "LGLGGL", "LGGLGL"),
)
_UPCE_SETS: Final = (
    *("GGGLLL", "GGLGLL", "GGLLGL", "GGLLLG", "GLGGLL"),
    *("GLLGGL", "GLLLGG", "GLGLGL", "GLGLLG", "GLLGLG"),
)
_SWAPPED: Final = str.maketrans("LG", "GL")
_GUARD, _MIDDLE, _UPCE_END = "111", "11111", "111111"


def _widths(pattern: str) -> Widths:
    return tuple(map(int, pattern))


def _of_sets(digits: str, sets: str) -> str:
    """Digits in the sets L, G (L backwards) and R, which has the widths of L."""
    return "".join(
        _DIGITS[int(digit)][:: -1 if which == "G" else 1]
        for digit, which in zip(digits, sets, strict=True)
    )


def check_digit(digits: str) -> str:
    """The GS1 check digit of what stands before it: weights 3, 1, 3 … from the right."""
    total = sum(int(digit) * (3, 1)[place % 2] for place, digit in enumerate(reversed(digits)))
    return str(-total % 10)


def _digits(data: bytes, *lengths: int) -> str:
    if not data.isdigit() or (lengths and len(data) not in lengths):
        raise NotThisCode
    return data.decode("ascii")


def _with_check(digits: str, length: int) -> str:
    return digits if len(digits) == length else digits + check_digit(digits)


def _ean13_widths(digits: str) -> Widths:
    left, right = digits[1:7], digits[7:]
    half = _of_sets(left, _EAN13_SETS[int(digits[0])])
    return _widths(_GUARD + half + _MIDDLE + _of_sets(right, "L" * 6) + _GUARD)


def _ean13(data: bytes) -> Bars:
    digits = _with_check(_digits(data, 12, 13), 13)
    return Bars(digits, _ean13_widths(digits))


def _upca(data: bytes) -> Bars:
    digits = _with_check(_digits(data, 11, 12), 12)
    return Bars(digits, _ean13_widths("0" + digits))


def _ean8(data: bytes) -> Bars:
    digits = _with_check(_digits(data, 7, 8), 8)
    left, right = (_of_sets(half, "LLLL") for half in (digits[:4], digits[4:]))
    return Bars(digits, _widths(_GUARD + left + _MIDDLE + right + _GUARD))


def _upce(data: bytes) -> Bars:
    """6 digits, 7 or 8 with number system and check digit, or the 11 or 12 of a UPC-A that has
    zeros to leave out."""
    digits = _digits(data, 6, 7, 8, 11, 12)
    if len(digits) > 8:
        system, six, check = digits[0], _shortened(digits[1:11]), digits[11:]
    else:
        system, six, check = (digits[:-6] or "0", digits[-6:], "")
        if len(digits) == 8:
            system, six, check = digits[0], digits[1:7], digits[7]
    if system not in "01":
        raise NotThisCode
    check = check or check_digit(system + _lengthened(six))
    sets = _UPCE_SETS[int(check)].translate(_SWAPPED if system == "1" else {})
    return Bars(system + six + check, _widths(_GUARD + _of_sets(six, sets) + _UPCE_END))


def _shortened(ten: str) -> str:
    """Maker and product of a UPC-A in 6 digits (GS1 General Specifications 5.2.2.4.2)."""
    maker, product = ten[:5], ten[5:]
    if maker[2] in "012" and maker[3:] == "00" and product[:2] == "00":
        return maker[:2] + product[2:] + maker[2]
    if maker[3:] == "00" and product[:3] == "000":
        return maker[:3] + product[3:] + "3"
    if maker[4] == "0" and product[:4] == "0000":
        return maker[:4] + product[4] + "4"
    if product[:4] == "0000" and product[4] in "56789":
        return maker + product[4]
    raise NotThisCode


def _lengthened(six: str) -> str:
    match six[5]:
        case "0" | "1" | "2":
            return six[:2] + six[5] + "0000" + six[2:5]
        case "3":
            return six[:3] + "00000" + six[3:5]
        case "4":
            return six[:4] + "00000" + six[4]
        case _:
            return six[:5] + "0000" + six[5]


# ---- codes of two widths: n narrow, w wide

_CODE39: Final = dict(
    zip(
        "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-. $/+%*",
        (
            "nnnwwnwnn wnnwnnnnw nnwwnnnnw wnwwnnnnn nnnwwnnnw wnnwwnnnn nnwwwnnnn nnnwnnwnw"
            " wnnwnnwnn nnwwnnwnn wnnnnwnnw nnwnnwnnw wnwnnwnnn nnnnwwnnw wnnnwwnnn nnwnwwnnn"
            " nnnnnwwnw wnnnnwwnn nnwnnwwnn nnnnwwwnn wnnnnnnww nnwnnnnww wnwnnnnwn nnnnwnnww"
            " wnnnwnnwn nnwnwnnwn nnnnnnwww wnnnnnwwn nnwnnnwwn nnnnwnwwn wwnnnnnnw nwwnnnnnw"
            " wwwnnnnnn nwnnwnnnw wwnnwnnnn nwwnwnnnn nwnnnnwnw wwnnnnwnn nwwnnnwnn nwnwnwnnn"
            " nwnwnnnwn nwnnnwnwn nnnwnwnwn nwnnwnwnn"
        ).split(),
        strict=True,
    )
)
_CODABAR: Final = dict(
    zip(
        "0123456789-$:/.+ABCD",
        (
            "nnnnnww nnnnwwn nnnwnnw wwnnnnn nnwnnwn wnnnnwn nwnnnnw nwnnwnn nwwnnnn wnnwnnn"
            " nnnwwnn nnwwnnn wnnnwnw wnwnnnw wnwnwnn nnwnwnw nnwwnwn nwnwnnw nnnwnww nnnwwwn"
        ).split(),
        strict=True,
    )
)
_ITF: Final = "nnwwn wnnnw nwnnw wwnnn nnwnw wnwnn nwwnn nnnww wnnwn nwnwn".split()


def _two_widths(pattern: str) -> Widths:
    return tuple(WIDE if width == "w" else 1 for width in pattern)


def _code39(data: bytes) -> Bars:
    text = data.decode("latin-1")
    inner = text[1:-1] if len(text) > 2 and text[0] == text[-1] == "*" else text
    if not inner or any(char not in _CODE39 or char == "*" for char in inner):
        raise NotThisCode
    return Bars(text, _two_widths("n".join(_CODE39[char] for char in f"*{inner}*")))


def _codabar(data: bytes) -> Bars:
    text = data.decode("latin-1").upper()
    ends_are_letters = len(text) > 1 and text[0] in "ABCD" and text[-1] in "ABCD"
    if not ends_are_letters or any(char not in _CODABAR or char in "ABCD" for char in text[1:-1]):
        raise NotThisCode
    return Bars(text, _two_widths("n".join(_CODABAR[char] for char in text)))


def _itf(data: bytes) -> Bars:
    """Digits by twos: one in the bars, one in the spaces."""
    text = _digits(data)
    if len(text) % 2:
        raise NotThisCode
    inner = "".join(
        bar + space
        for at in range(0, len(text), 2)
        for bar, space in zip(_ITF[int(text[at])], _ITF[int(text[at + 1])], strict=True)
    )
    return Bars(text, _two_widths("nnnn" + inner + "wnn"))


# ---- Code 93

_CODE93_CHARS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-. $/+%"
_CODE93: Final = (
    "131112 111213 111312 111411 121113 121212 121311 111114 131211 141111 211113 211212 211311"
    " 221112 221211 231111 112113 112212 112311 122112 132111 111123 111222 111321 121122 131121"
    " 212112 212211 211122 211221 221121 222111 112122 112221 122121 123111 121131 311112 311211"
    " 321111 112131 113121 211131 121221 312111 311121 122211 111141"
).split()
_SHIFT_DOLLAR, _SHIFT_PERCENT, _SHIFT_SLASH, _SHIFT_PLUS, _CODE93_ENDS = range(43, 48)
#: where each run of ASCII begins, the shift before it and the letter for its first character
_CODE93_SHIFTED: Final = (
    *((0x7B, _SHIFT_PERCENT, "P"), (0x61, _SHIFT_PLUS, "A"), (0x60, _SHIFT_PERCENT, "W")),
    *((0x5B, _SHIFT_PERCENT, "K"), (0x40, _SHIFT_PERCENT, "V"), (0x3B, _SHIFT_PERCENT, "F")),
    *((0x3A, _SHIFT_SLASH, "Z"), (0x21, _SHIFT_SLASH, "A"), (0x1B, _SHIFT_PERCENT, "A")),
    *((0x01, _SHIFT_DOLLAR, "A"), (0x00, _SHIFT_PERCENT, "U")),
)


def _code93(data: bytes) -> Bars:
    values: list[int] = []
    for code in data:
        if code > 0x7F:
            raise NotThisCode
        if chr(code) in _CODE93_CHARS:
            values.append(_CODE93_CHARS.index(chr(code)))
            continue
        first, shift, letter = next(row for row in _CODE93_SHIFTED if row[0] <= code)
        values += [shift, _CODE93_CHARS.index(letter) + code - first]
    if not values:
        raise NotThisCode
    for weights in (20, 15):
        values.append(_weighted(values, weights) % 47)
    symbols = [_CODE93_ENDS, *values, _CODE93_ENDS]
    pattern = "".join(_CODE93[value] for value in symbols) + "1"
    return Bars(_printable(data), _widths(pattern))


def _weighted(values: list[int], weights: int) -> int:
    pairs = enumerate(reversed(values))
    return sum(value * (1 + place % weights) for place, value in pairs)


# ---- Code 128

_CODE128: Final = (
    "212222 222122 222221 121223 121322 131222 122213 122312 132212 221213 221312 231212 112232"
    " 122132 122231 113222 123122 123221 223211 221132 221231 213212 223112 312131 311222 321122"
    " 321221 312212 322112 322211 212123 212321 232121 111323 131123 131321 112313 132113 132311"
    " 211313 231113 231311 112133 112331 132131 113123 113321 133121 313121 211331 231131 213113"
    " 213311 213131 311123 311321 331121 312113 312311 332111 314111 221411 431111 111224 111422"
    " 121124 121421 141122 141221 112214 112412 122114 122411 142112 142211 241211 221114 413111"
    " 241112 134111 111242 121142 121241 114212 124112 124211 411212 421112 421211 212141 214121"
    " 412121 111143 111341 131141 114113 114311 411113 411311 113141 114131 311141 411131 211412"
    " 211214 211232 2331112"
).split()
_STARTS: Final = {"A": 103, "B": 104, "C": 105}
_CHANGES: Final = {"A": 101, "B": 100, "C": 99}
_SHIFT, _FNC1, _FNC2, _FNC3, _STOP = 98, 102, 97, 96, 106
_FNC4: Final = {"A": 101, "B": 100}


def _code128_bars(values: list[int], text: str) -> Bars:
    check = values[0] + sum(place * value for place, value in enumerate(values) if place)
    symbols = [*values, check % 103, _STOP]
    return Bars(text, _widths("".join(_CODE128[value] for value in symbols)))


def _printable(data: bytes) -> str:
    return "".join(chr(byte) if 0x20 <= byte < 0x7F else " " for byte in data)


class _Code128Reader:
    """Data as GS k gives it: {A, {B, {C choose the set, {S shifts for one character, {1 to {4 are
    the function characters, {{ is a brace; in set C each byte is a number from 0 to 99."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._set = chr(data[1])
        self.values = [_STARTS[self._set]]
        self.text = ""
        self._shifted = False

    def read(self) -> Bars:
        at = 2
        while at < len(self._data):
            if self._data[at] == ord("{"):
                if at + 1 == len(self._data):
                    raise NotThisCode
                self._special(chr(self._data[at + 1]))
                at += 2
            else:
                self._character(self._data[at])
                at += 1
        return _code128_bars(self.values, self.text)

    def _special(self, sign: str) -> None:
        match sign:
            case "A" | "B" | "C" if sign != self._set:
                self.values.append(_CHANGES[sign])
                self._set = sign
            case "A" | "B" | "C":
                pass
            case "S" if self._set in "AB":
                self.values.append(_SHIFT)
                self._shifted = True
            case "1":
                self.values.append(_FNC1)
            case "2" | "3" if self._set in "AB":
                self.values.append(_FNC2 if sign == "2" else _FNC3)
            case "4" if self._set in "AB":
                self.values.append(_FNC4[self._set])
            case "{":
                self._character(ord("{"))
            case _:
                raise NotThisCode

    def _character(self, code: int) -> None:
        which = {"A": "B", "B": "A"}.get(self._set, "C") if self._shifted else self._set
        self._shifted = False
        self.values.append(_code128_value(which, code))
        self.text += f"{code:02}" if which == "C" else _printable(bytes((code,)))


def _code128_value(which: str, code: int) -> int:
    if which == "C" and code <= 99:
        return code
    if which == "A" and code < 0x60:
        return (code - 0x20) % 96
    if which == "B" and 0x20 <= code < 0x80:
        return code - 0x20
    raise NotThisCode


def _code128(data: bytes) -> Bars:
    if len(data) > 2 and data[:2] in (b"{A", b"{B", b"{C"):
        return _Code128Reader(data).read()
    return _code128_auto(data)


def _code128_auto(data: bytes, *first: int) -> Bars:
    """The shortest of the usual ways: set C for an even run of digits, else B or A."""
    if not data or max(data) > 0x7F:
        raise NotThisCode
    values: list[int] = []
    for which, part in _in_sets(data):
        values.append(_CHANGES[which] if values else _STARTS[which])
        values += first if len(values) == 1 else ()
        if which == "C":
            values += [int(part[at : at + 2]) for at in range(0, len(part), 2)]
        else:
            values += [_code128_value(which, code) for code in part]
    return _code128_bars(values, _printable(data))


def _in_sets(data: bytes) -> Iterator[tuple[str, bytes]]:
    """The data in parts, each with the set that it is written in."""
    at, begun, which = 0, 0, ""
    while at < len(data):
        digits = len(data[at:]) - len(data[at:].lstrip(b"0123456789"))
        if digits >= 4 or (digits == len(data) >= 2):
            wanted, step = "C", digits - digits % 2
        else:
            step = 1
            wanted = "A" if data[at] < 0x20 else "B" if data[at] >= 0x60 else which or "B"
            wanted = "B" if wanted == "C" else wanted
        if wanted != which:
            if at > begun:
                yield which, data[begun:at]
            begun, which = at, wanted
        at += step
    yield which, data[begun:]


def _gs1_128(data: bytes) -> Bars:
    """FNC1 first. Brackets and blanks are for the eye alone, * stands for a check digit that the
    printer works out."""
    if data[:2] in (b"{A", b"{B", b"{C"):
        reader = _Code128Reader(data)
        reader.values.append(_FNC1)
        return reader.read()
    inner = b""
    for byte in data:
        if byte == ord("*"):
            digits = inner[-17:] if len(inner) >= 19 else inner[-13:]
            inner += check_digit(_digits(digits)).encode()
        elif byte not in b"() ":
            inner += bytes((byte,))
    return Bars(_printable(data), _code128_auto(inner, _FNC1).widths)


_ENCODERS: Final[dict[str, Callable[[bytes], Bars]]] = {
    "UPCA": _upca, "UPCE": _upce, "EAN13": _ean13, "EAN8": _ean8, "CODE39": _code39, "ITF": _itf,
    "CODABAR": _codabar, "CODE93": _code93, "CODE128": _code128, "GS1-128": _gs1_128,
}  # fmt: skip


def encode(kind: str, data: bytes) -> Bars | None:
    """The bars of `data` in a code of that kind; None when it cannot stand in one, or when no such
    kind is drawn here."""
    encoder = _ENCODERS.get(kind)
    if encoder is None or not data:
        return None
    try:
        return encoder(data)
    except NotThisCode:
        return None


def in_dots(widths: Widths, module_dots: int) -> Widths:
    """Widths in dots: a wide bar is two and a half times a narrow one."""
    wide = -(-module_dots * 5 // 2)
    return tuple(wide if width == WIDE else width * module_dots for width in widths)
