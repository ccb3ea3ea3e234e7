"""Bar codes as black and white modules, for the printers that draw none.

The tables are those of ISO/IEC 15420 (EAN, UPC), 15417 (Code 128), 16388 (Code 39) and 16390 (ITF);
wide bars are three modules. (python-barcode 0.16.1 loses the `99` that a Code 128 begins with.)
"""

from itertools import cycle
from typing import Final

from hardware.printer.barcode import Barcode, Symbology, code_128_runs

#: a digit in number set A, white first; B is C from right to left, C is A with black for white
_EAN: Final = (
    "0001101 0011001 0010011 0111101 0100011 0110001 0101111 0111011 0110111 0001011".split()
)
#: the number sets of the left half, by the digit that stands in front of an EAN-13
_EAN_SETS: Final = "AAAAAA AABABB AABBAB AABBBA ABAABB ABBAAB ABBBAA ABABAB ABABBA ABBABA".split()
_GUARD, _MIDDLE = "101", "01010"

#: how wide bars and spaces are, by the symbol's value; bars first
_CODE_128: Final = """
212222 222122 222221 121223 121322 131222 122213 122312 132212 221213 221312 231212 112232 122132
122231 113222 123122 123221 223211 221132 221231 213212 223112 312131 311222 321122 321221 312212
322112 322211 212123 212321 232121 111323 131123 131321 112313 132113 132311 211313 231113 231311
112133 112331 132131 113123 113321 133121 313121 211331 231131 213113 213311 213131 311123 311321
331121 312113 312311 332111 314111 221411 431111 111224 111422 121124 121421 141122 141221 112214
112412 122114 122411 142112 142211 241211 221114 413111 241112 134111 111242 121142 121241 114212
124112 124211 411212 421112 421211 212141 214121 412121 111143 111341 131141 114113 114311 411113
411311 113141 114131 311141 411131 211412 211214 211232
""".split()
_STOP: Final = "2331112"
_START: Final = {"B": 104, "C": 105}
_CHANGE_TO: Final = {"B": 100, "C": 99}

#: bars and spaces of a character, 1 is a wide one
_CODE_39: Final = dict(
    zip(
        "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-. $/+%*",
        """
        000110100 100100001 001100001 101100000 000110001 100110000 001110000 000100101 100100100
        001100100 100001001 001001001 101001000 000011001 100011000 001011000 000001101 100001100
        001001100 000011100 100000011 001000011 101000010 000010011 100010010 001010010 000000111
        100000110 001000110 000010110 110000001 011000001 111000000 010010001 110010000 011010000
        010000101 110000100 011000100 010101000 010100010 010001010 000101010 010010100
        """.split(),
        strict=True,
    )
)
#: bars of a digit, or the spaces between another's
_ITF: Final = "00110 10001 01001 11000 00101 10100 01100 00011 10010 01010".split()
_WIDE: Final = 3


def modules(code: Barcode) -> str:
    """From the first bar to the last, `1` for each black module and `0` for each white one."""
    match code.kind:
        case Symbology.EAN13:
            return _ean_13(code.data)
        case Symbology.UPCA:
            return _ean_13("0" + code.data)
        case Symbology.EAN8:
            return _ean(code.data[:4], "AAAA", code.data[4:])
        case Symbology.CODE39:
            return "0".join(_painted(_widths(_CODE_39[char])) for char in f"*{code.data}*")
        case Symbology.ITF:
            return _itf(code.data)
        case Symbology.CODE128:
            return _code_128(code.data)


def _painted(widths: str) -> str:
    """Bars and spaces by turns."""
    return "".join(colour * int(width) for width, colour in zip(widths, cycle("10"), strict=False))


def _widths(wide: str) -> str:
    return wide.replace("1", str(_WIDE)).replace("0", "1")


def _ean_13(digits: str) -> str:
    return _ean(digits[1:7], _EAN_SETS[int(digits[0])], digits[7:])


def _ean(left: str, number_sets: str, right: str) -> str:
    halves = [
        "".join(_ean_digit(digit, number_set) for digit, number_set in pairs)
        for pairs in (zip(left, number_sets, strict=True), zip(right, cycle("C"), strict=False))
    ]
    return _GUARD + halves[0] + _MIDDLE + halves[1] + _GUARD


def _ean_digit(digit: str, number_set: str) -> str:
    set_a = _EAN[int(digit)]
    if number_set == "A":
        return set_a
    set_c = set_a.translate(str.maketrans("01", "10"))
    return set_c if number_set == "C" else set_c[::-1]


def _itf(digits: str) -> str:
    widths = ["1111"]
    for at in range(0, len(digits), 2):
        black, white = _ITF[int(digits[at])], _ITF[int(digits[at + 1])]
        widths.append(_widths("".join(map("".join, zip(black, white, strict=True)))))
    return _painted("".join([*widths, f"{_WIDE}11"]))


def _code_128(data: str) -> str:
    values: list[int] = []
    for run in code_128_runs(data):
        values.append((_CHANGE_TO if values else _START)[run.code_set])
        if run.code_set == "B":
            values += [ord(char) - 32 for char in run.text]
        else:
            values += [int(run.text[at : at + 2]) for at in range(0, len(run.text), 2)]
    check = (values[0] + sum(place * value for place, value in enumerate(values))) % 103
    return _painted("".join(_CODE_128[value] for value in (*values, check)) + _STOP)
