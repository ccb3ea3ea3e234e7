"""Quantities: integers of 1/1000 of a unit. 3 pieces are 3000, 0.655 kg is 655.

>>> plain(655, Unit.KILOGRAM), plain(3000, Unit.PIECE)
('0.655', '3')
"""

from decimal import Decimal, InvalidOperation
from enum import StrEnum

from retail.language import Text

ONE = 1000


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
    """Read `3` or `0.655` as 1/1000; ValueError when it is no number or finer than 1/1000."""
    try:
        value = Decimal(text.strip()) * ONE
        whole = int(value)
    except (InvalidOperation, ValueError, OverflowError):
        raise ValueError(f"{text!r} is not a quantity") from None
    if whole != value:
        raise ValueError(f"{text!r} is finer than 1/1000")
    return whole


def plain(quantity: int, unit: Unit) -> str:
    """Digits for a reader: whole pieces without decimals, measures with three."""
    sign, whole, part = "-" if quantity < 0 else "", *divmod(abs(quantity), ONE)
    if part or unit.is_measured:
        return f"{sign}{whole}.{part:03d}"
    return f"{sign}{whole}"
