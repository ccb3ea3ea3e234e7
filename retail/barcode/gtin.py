"""GTINs: check digits, UPC-E, and the forms in which one number is written.

A GTIN-8, -12 and -13 is the GTIN-14 with leading zeros left out (GS1 General Specifications 3.3.2);
UPC-E is a GTIN-12 with zeros suppressed (ibid. 5.2.2.4.2). Written by hand and not by biip because
an importer asks it a million times.

>>> canonical("6901028075022"), canonical("04252614")
('06901028075022', '00042100005264')
>>> equal_forms("00042100005264")
('0042100005264', '00042100005264', '042100005264', '04252614')
"""

from typing import Final

#: digits that a GTIN has
LENGTHS: Final = frozenset({8, 12, 13, 14})
_LONGEST: Final = 14
#: what 14 times the character "0" adds to the weighted sum, seven of them threefold
_ZEROS: Final = ord("0") * (7 + 3 * 7)


def is_digits(text: str) -> bool:
    """True for ASCII digits alone, at least one."""
    return text.isascii() and text.isdigit()


def check_digit(payload: str) -> int:
    """The digit behind `payload`, digits of any number (GS1 General Specifications 7.9.1)."""
    codes = [int(digit) for digit in reversed(payload)]
    return -(3 * sum(codes[::2]) + sum(codes[1::2])) % 10


def check_digit_ok(digits: str) -> bool:
    """Whether the last digit checks the others; ASCII digits of a number of any length."""
    if len(digits) > _LONGEST:
        return int(digits[-1]) == check_digit(digits[:-1])
    codes = digits.zfill(_LONGEST).encode()
    return (sum(codes[1::2]) + 3 * sum(codes[::2]) - _ZEROS) % 10 == 0


def is_gtin(text: str) -> bool:
    """8, 12, 13 or 14 digits whose last one checks."""
    return len(text) in LENGTHS and is_digits(text) and check_digit_ok(text)


def upce_expanded(text: str) -> str:
    """The GTIN-12 of a UPC-E of 8 digits (number system, six digits, check digit); the check digit
    is taken over, not checked. ValueError when it is no UPC-E."""
    if len(text) != 8 or not is_digits(text) or text[0] not in "01":
        raise ValueError(f"{text[:20]!r} is not a UPC-E of 8 digits")
    system, six, check = text[0], text[1:7], text[7]
    if six[5] in "012":
        body = f"{six[:2]}{six[5]}0000{six[2:5]}"
    elif six[5] == "3":
        body = f"{six[:3]}00000{six[3:5]}"
    elif six[5] == "4":
        body = f"{six[:4]}00000{six[4]}"
    else:
        body = f"{six[:5]}0000{six[5]}"
    return system + body + check


def is_upce(text: str) -> bool:
    """8 digits that are a UPC-E: the check digit is right for what they stand for."""
    return (
        len(text) == 8
        and text[0] in "01"
        and is_digits(text)
        and check_digit_ok(upce_expanded(text))
    )


def upce_of(gtin_12: str) -> str | None:
    """The UPC-E of a GTIN-12; None when no zeros of it can be suppressed."""
    maker, item = gtin_12[1:6], gtin_12[6:11]
    if gtin_12[0] not in "01":
        return None
    if maker[2:] in ("000", "100", "200") and item[:2] == "00":
        six = maker[:2] + item[2:] + maker[2]
    elif maker[3:] == "00" and item[:3] == "000":
        six = maker[:3] + item[3:] + "3"
    elif maker[4] == "0" and item[:4] == "0000":
        six = maker[:4] + item[4] + "4"
    elif item[:4] == "0000" and item[4] in "56789":
        six = maker + item[4]
    else:
        return None
    return gtin_12[0] + six + gtin_12[11]


def canonical(text: str) -> str | None:
    """The GTIN-14 of a GTIN, or of a UPC-E whose check digit is right only once it is expanded;
    None when `text` is neither. 8 digits that could be both are taken as a GTIN-8."""
    length = len(text)
    if length not in LENGTHS or not (text.isascii() and text.isdigit()):
        return None
    padded = text.zfill(_LONGEST)
    codes = padded.encode()
    if (sum(codes[1::2]) + 3 * sum(codes[::2]) - _ZEROS) % 10 == 0:
        return padded
    return upce_expanded(text).zfill(_LONGEST) if length == 8 and is_upce(text) else None


def equal_forms(gtin_14: str) -> tuple[str, ...]:
    """All ways to write this number, the usual one first: 13, 14, 12 and 8 digits, UPC-E.

    A GTIN-14 with an indicator is a package and has no other form. A UPC-E that could be read as
    another product's GTIN-8 is left out.
    """
    if gtin_14[0] != "0":
        return (gtin_14,)
    forms = [gtin_14[1:], gtin_14]
    if gtin_14.startswith("00"):
        forms.append(gtin_14[2:])
        upce = upce_of(gtin_14[2:])
        if gtin_14.startswith("000000"):
            forms.append(gtin_14[6:])
        elif upce and not check_digit_ok(upce):
            forms.append(upce)
    return tuple(forms)
