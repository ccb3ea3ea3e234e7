"""What the fields of a GS1 code mean to a shop: a product, its weight, price, count and dates.

Of the standard's rules which fields go together, those stand here without which a wrong product,
quantity or price could be sold; the others hold up nobody at a till.
"""

from datetime import date
from itertools import combinations
from typing import Final

from retail.barcode.elements import Elements, printed_date
from retail.barcode.gtin import equal_forms
from retail.barcode.meaning import Goods, Gs1Key, LabelPrice, Pallet
from retail.barcode.unreadable import NAMES_NOTHING, Unreadable, contradiction
from retail.money import rounded_quotient

#: what names a thing that is no product to sell, the first that is there counts
_OTHER_KEYS: Final = (
    "8006 8026 03 255 253 8003 8004 8010 8013 8017 8018 414 415 417 401 402 8110 8112".split()
)
#: fields that exclude each other (GS1 General Specifications 4.13.1)
_EXCLUSIVE: Final = tuple(
    (one, other)
    for one, others in {
        "01": "02 03 37 255 8006 8026",
        "02": "03 255 8006 8026",
        "392": "393 395",
        "393": "395",
        "395": "8005",
        "390": "391 394 8111",
    }.items()
    for other in others.split()
)
#: thousand millionths of a gram: 1 kg, 1 lb (453.59237 g), 1 troy ounce (31.1034768 g), exact
_NANOGRAMS: Final = {"310": 10**12, "320": 453_592_370_000, "356": 31_103_476_800}
_PER_GRAM: Final = 10**9
#: the first two digits of AIs whose last one counts decimals
_SCALED: Final = ("31", "32", "33", "34", "35", "36", "39")


def meaning(elements: Elements, typed: str, today: date) -> Goods | Pallet | Gs1Key | Unreadable:
    """What the fields of one code mean together; `typed` is the code as it came."""
    fault = _contradiction(elements)
    if fault:
        return fault
    if "01" in elements:
        return _goods(elements, elements["01"], typed, today)
    content = None
    if "02" in elements and "37" in elements:
        content = _goods(elements, elements["02"], typed, today)
    if content or "00" in elements:
        return Pallet(elements.get("00", ""), content)
    other = next((ai for ai in _OTHER_KEYS if ai in elements), None)
    return Gs1Key(other, elements[other]) if other else NAMES_NOTHING


def _contradiction(elements: Elements) -> Unreadable | None:
    """Two fields that cannot both be true: one measure twice, or what excludes each other."""
    of_family = {ai[:3] if ai.startswith(_SCALED) else ai: ai for ai in elements}
    for one, two in combinations(elements, 2):
        if one[:3] == two[:3] and one.startswith(_SCALED):
            return contradiction(one, two)
    for one, two in _EXCLUSIVE:
        if one in of_family and two in of_family:
            return contradiction(of_family[one], of_family[two])
    return None


def _goods(elements: Elements, gtin_14: str, typed: str, today: date) -> Goods:
    expiry = elements.get("17") or elements.get("7003")
    count = elements.get("30") or elements.get("37")
    return Goods(
        keys=tuple(dict.fromkeys((typed, *equal_forms(gtin_14)))),
        batch=elements.get("10", ""),
        serial=elements.get("21", ""),
        best_before=_date(elements.get("15"), today),
        sell_by=_date(elements.get("16"), today),
        expires=_date(expiry, today),
        net_grams=_net_grams(elements),
        count=int(count) if count else None,
        price=_price(elements),
        elements=elements,
    )


def _date(value: str | None, today: date) -> date | None:
    return printed_date(value, today) if value else None


def _net_grams(elements: Elements) -> int | None:
    """The net weight in grams, half away from zero; in kilograms where it is given twice."""
    for family, nanograms in _NANOGRAMS.items():
        for ai, value in elements.items():
            if ai.startswith(family) and len(ai) == 4:
                return rounded_quotient(int(value) * nanograms, _PER_GRAM * 10 ** int(ai[3]))
    return None


def _price(elements: Elements) -> LabelPrice | None:
    for ai, value in elements.items():
        if len(ai) == 4 and ai.startswith("392"):
            return LabelPrice(int(value), int(ai[3]))
        if len(ai) == 4 and ai.startswith("393"):
            return LabelPrice(int(value[3:]), int(ai[3]), value[:3])
    return None
