"""GS1 element strings: what follows what in a GS1-128, DataBar, Data Matrix or QR code.

The form of each field by its application identifier (AI) is biip's table, which is GS1 General
Specifications 3.2; check digits, dates and separators are checked here, because a till must not
guess: a field of an unknown identifier would hide what follows it. biip takes a fifth of a second
to import, so the first such code does it and not a till that starts.
"""

import re
from calendar import monthrange
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING, Final, TypeAlias

from retail.barcode.gtin import check_digit_ok
from retail.barcode.unreadable import HALF, Unreadable, contradiction, unknown_field, wrong_field

if TYPE_CHECKING:
    from biip.gs1_application_identifiers import GS1ApplicationIdentifier

#: FNC1 between two fields as scanners send it (ibid. 7.8.6)
GS: Final = "\x1d"
#: values by their AI, in the order of the code
Elements: TypeAlias = dict[str, str]

#: how many digits, from the front, end with a check digit (ibid. 7.9.1)
_CHECKED: Final = {
    **dict.fromkeys(("01", "02", "03", "8003", "8006", "8026"), 14),
    **dict.fromkeys(("253", "255", *(f"41{n}" for n in range(8))), 13),
    **dict.fromkeys(("00", "8017", "8018"), 18),
    "402": 17,
}
#: production, due, packaging, best before, sell by and use by date; expiry with its time
DATES: Final = frozenset({"11", "12", "13", "15", "16", "17", "7003"})
_FIELD = re.compile(r"(?<!\\)\((\d{2,4})\)", re.ASCII)


def parse(message: str, today: date) -> Elements | Unreadable:
    """The fields of a message whose separators are GS."""
    elements: Elements = {}
    rest = message.lstrip(GS)
    while rest:
        ai = identifier(rest)
        if ai is None:
            return unknown_field(rest[:4])
        if ai.separator_required:
            value = rest[len(ai.ai) :].partition(GS)[0]
        else:
            value = rest[len(ai.ai) :][: int(ai.format.rpartition("N")[2])]
        wrong = _put(elements, ai, value, today)
        if wrong:
            return wrong
        rest = rest[len(ai.ai) + len(value) :].lstrip(GS)
    return elements or HALF


def parse_printed(text: str, today: date) -> Elements | Unreadable:
    """The fields of a message as it is printed for people, `(01)06901028075022(10)A1`; a bracket
    within a value is written with a backslash before it."""
    before, *parts = _FIELD.split("".join(text.split()))
    if before:
        return unknown_field(before[:4])
    pairs = zip(parts[::2], parts[1::2], strict=True)
    return parse_pairs([(ai, value.replace("\\(", "(")) for ai, value in pairs], today)


def parse_pairs(pairs: list[tuple[str, str]], today: date) -> Elements | Unreadable:
    """The fields where identifier and value are told apart already."""
    elements: Elements = {}
    for name, value in pairs:
        ai = identifier(name)
        if ai is None or ai.ai != name:
            return unknown_field(name[:4])
        wrong = _put(elements, ai, value, today)
        if wrong:
            return wrong
    return elements or HALF


def printed_date(value: str, today: date) -> date | None:
    """The day that YYMMDD means; None when there is no such day. A year is at most 49 years back
    and 50 ahead (ibid. 7.12); day 00 is the last of the month (ibid. 3.4.2)."""
    year, month, day = int(value[:2]), int(value[2:4]), int(value[4:6])
    ahead = (year - today.year) % 100
    year = today.year + ahead - (100 if ahead > 50 else 0)
    if not 1 <= month <= 12:
        return None
    last = monthrange(year, month)[1]
    return date(year, month, day or last) if day <= last else None


def _put(
    elements: Elements, ai: "GS1ApplicationIdentifier", value: str, today: date
) -> Unreadable | None:
    """Add a field; why it cannot be."""
    name = ai.ai
    if not value or not _form(ai.pattern).fullmatch(name + value):
        return wrong_field(name)
    if name in _CHECKED and not check_digit_ok(value[: _CHECKED[name]]):
        return wrong_field(name)
    if name in DATES and printed_date(value, today) is None:
        return wrong_field(name)
    if elements.setdefault(name, value) != value:
        return contradiction(name, name)
    return None


@lru_cache(maxsize=1024)
def _form(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.ASCII)


def identifier(text: str) -> "GS1ApplicationIdentifier | None":
    """The identifier that the text begins with; None when GS1 knows none."""
    from biip import ParseError  # noqa: PLC0415  see above
    from biip.gs1_application_identifiers import GS1ApplicationIdentifier  # noqa: PLC0415

    try:
        return GS1ApplicationIdentifier.extract(text)
    except ParseError:
        return None
