"""Tax on one line of a basket, included in the price or added to it.

Rounded per line, half away from zero; a basket's tax is the sum of its lines' (one of the two
methods EN 16931 BR-CO-14 and the tax offices know; the receipt then adds up line by line).

>>> Tax("VAT13", 130_000, included=True).within(11_300)
1300
"""

from typing import Annotated, Final

import msgspec

from retail.money import rounded_quotient

PER_MILLION: Final = 1_000_000
#: a rate in millionths, from nothing to the whole
RatePpm = Annotated[int, msgspec.Meta(ge=0, le=PER_MILLION)]


class Tax(msgspec.Struct, frozen=True, omit_defaults=True):
    """A tax: `code` names it in the books, `rate_ppm` is in millionths (13 % = 130,000)."""

    code: str = "NONE"
    rate_ppm: RatePpm = 0
    included: bool = True

    def within(self, total_minor: int) -> int:
        """The part of a line's `total_minor` that is tax; 0 when tax comes on top."""
        if not self.included:
            return 0
        return rounded_quotient(total_minor * self.rate_ppm, PER_MILLION + self.rate_ppm)

    def on_top(self, total_minor: int) -> int:
        """What is added to a line's `total_minor`; 0 when tax is included."""
        if self.included:
            return 0
        return rounded_quotient(total_minor * self.rate_ppm, PER_MILLION)

    def of(self, total_minor: int) -> int:
        """The tax of a line, whether it is within or on top."""
        return self.within(total_minor) if self.included else self.on_top(total_minor)
