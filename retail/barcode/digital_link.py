"""GS1 Digital Link: a web address that names a product, https://example.com/01/06901028075022.

GS1 Digital Link Standard: URI Syntax. Any domain and stem; the last primary key of the path counts,
behind it its qualifiers in their order; in the query every name of digits alone is an AI, other
names are the site's own. Read more leniently than it is written where that changes nothing: a
scheme in any case, a slash at the end, a GTIN without its leading zeros. Its compressed form is not
read.
"""

import re
from datetime import date
from typing import Final
from urllib.parse import unquote

from retail.barcode.elements import Elements, parse_pairs
from retail.barcode.unreadable import HALF, WEB_ADDRESS, Unreadable, contradiction

#: a primary key and the qualifiers that may stand behind it, in this order (ibid. 4.7, 4.8)
_QUALIFIERS: Final = {
    "01": (("22", "10", "21"), ("235",)),
    "8006": (("22", "10", "21"),),
    "8010": (("8011",),),
    "414": (("254",), ("7040",)),
    "415": (("8020",),),
    "417": (("7040",),),
    "8004": (("7040",),),
    "8017": (("8019",),),
    "8018": (("8019",),),
    **dict.fromkeys(("00", "253", "255", "401", "402", "8003", "8013"), ((),)),
}
_URI = re.compile(
    r"https?://(?:[0-9A-Za-z.-]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?"
    r"(?P<path>/[\w.~!$&'()*+,;=:@%/-]*)(?:\?(?P<query>[\w.~!$&'()*+,;=:@%/?-]*))?(?:#.*)?",
    re.ASCII | re.IGNORECASE,
)
_GTIN_LENGTHS: Final = (8, 12, 13)


def is_web_address(text: str) -> bool:
    return text[:8].lower().startswith(("http://", "https://"))


def parse(text: str, today: date) -> Elements | Unreadable:
    """The fields that a web address names."""
    uri = _URI.fullmatch(text)
    if uri is None:
        return WEB_ADDRESS
    segments = uri["path"].removesuffix("/").split("/")[1:]
    start = _primary_key(segments)
    if start is None:
        return WEB_ADDRESS
    names = segments[start::2]
    pairs = [*zip(names, map(unquote, segments[start + 1 :: 2]), strict=True)]
    if not any(_in_order(names[1:], allowed) for allowed in _QUALIFIERS[names[0]]):
        return HALF
    for parameter in re.split("[&;]", uri["query"] or ""):
        name, _, value = parameter.partition("=")
        if name.isdigit():
            pairs.append((name, unquote(value)))
    told = [name for name, _ in pairs]
    twice = next((name for name in told if told.count(name) > 1), None)
    if twice:
        return contradiction(twice, twice)
    return parse_pairs([(name, _long(name, value)) for name, value in pairs], today)


def _primary_key(segments: list[str]) -> int | None:
    """Where the last primary key stands that leaves pairs behind it."""
    places = range(len(segments) - 2, -1, -2)
    return next((place for place in places if segments[place] in _QUALIFIERS), None)


def _in_order(names: list[str], allowed: tuple[str, ...]) -> bool:
    rest = iter(allowed)
    return all(name in rest for name in names)


def _long(name: str, value: str) -> str:
    """A GTIN with the zeros it may have been printed without."""
    return value.zfill(14) if name == "01" and len(value) in _GTIN_LENGTHS else value
