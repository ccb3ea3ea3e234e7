"""Quantities: integers of 1/1000 of a unit. 3 pieces are 3000, 0.655 kg is 655.

>>> plain(655, Unit.KILOGRAM), plain(3000, Unit.PIECE)
('0.655', '3')
"""

from enum import StrEnum
from typing import Annotated, Final

import msgspec

from retail.language import Text
from retail.money import AMOUNT_MAX, scaled

ONE: Final = 1000
_DECIMALS = 3
#: a quantity as facts hold it: 1/1000 of the product's unit, bounded as amounts are
Milli = Annotated[int, msgspec.Meta(ge=-AMOUNT_MAX, le=AMOUNT_MAX)]


class Unit(StrEnum):
    """What is counted or measured, by its UN/CEFACT Recommendation 20 meaning."""

    PIECE = "piece"
    KILOGRAM = "kg"
    LITRE = "litre"
    METRE = "metre"

    @property
    def is_measured(self) -> bool:
        """True when a quantity may have a fraction: the unit is weighed or measured."""
        return self is not Unit.PIECE

    @property
    def label(self) -> Text:
        return _LABELS[self]


_LABELS = {
    Unit.PIECE: Text(en="pc", zh="件"),
    Unit.KILOGRAM: Text(en="kg", zh="千克"),
    Unit.LITRE: Text(en="l", zh="升"),
    Unit.METRE: Text(en="m", zh="米"),
}


def parse(text: str) -> int:
    """Read `3` or `0.655` as 1/1000; ValueError when it is no number, finer than 1/1000 or more
    than any shop has."""
    return scaled(text, _DECIMALS)


def plain(quantity: int, unit: Unit) -> str:
    """Digits for a reader: whole pieces without decimals, measures with three."""
    sign, whole, part = "-" if quantity < 0 else "", *divmod(abs(quantity), ONE)
    if part or unit.is_measured:
        return f"{sign}{whole}.{part:03d}"
    return f"{sign}{whole}"
