"""Money: an integer count of minor units and the currency they belong to.

Nothing here is a float. Every division says how it rounds: half away from zero, the way a
shopkeeper does it by hand, or by largest remainder when parts must add up to the whole.

>>> [part.plain for part in Money(1000, "CNY").share([1, 1, 1])]
['3.34', '3.33', '3.33']
"""

import re
from collections.abc import Sequence
from typing import Annotated, Final

import msgspec

#: the largest amount of a fact, in minor units either side of zero: a thousand billion yuan. No
#: shop has it, and a 64-bit ledger adds up ninety thousand of them.
AMOUNT_MAX: Final = 10**14
#: an amount as facts hold it: minor units of the fact's currency
Minor = Annotated[int, msgspec.Meta(ge=-AMOUNT_MAX, le=AMOUNT_MAX)]

# ISO 4217 list one, as of 2026, and what it withdrew since 2022, for books kept before.
# Two decimals unless listed in _OTHER_EXPONENTS.
_CODES = frozenset(
    "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BHD BIF BMD BND BOB BOV BRL BSD BTN BWP BYN"
    " BZD CAD CDF CHE CHF CHW CLF CLP CNY COP COU CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR"
    " FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY"
    " KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU"
    " MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON"
    " RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP"
    " TRY TTD TWD TZS UAH UGX USD USN UYI UYU UYW UZS VED VES VND VUV WST XAF XCD XCG XOF XPF YER"
    " ZAR ZMW ZWG ANG BGN CUC HRK SLL ZWL".split()
)
_OTHER_EXPONENTS = {
    **dict.fromkeys(
        "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF".split(), 0
    ),
    **dict.fromkeys("BHD IQD JOD KWD LYD OMR TND".split(), 3),
    **dict.fromkeys("CLF UYW".split(), 4),
}


class UnknownCurrency(ValueError):
    """A code that ISO 4217 does not list."""


class CurrencyMismatch(ValueError):
    """Two amounts of different currencies met in one sum."""


def exponent(currency: str) -> int:
    """Decimals of the currency's minor unit (ISO 4217 list one): CNY 2, JPY 0, KWD 3."""
    if currency not in _CODES:
        raise UnknownCurrency(f"{currency!r} is not a currency of ISO 4217")
    return _OTHER_EXPONENTS.get(currency, 2)


def rounded_quotient(numerator: int, denominator: int) -> int:
    """`numerator / denominator`, half away from zero. `denominator` is positive."""
    quotient, remainder = divmod(abs(numerator), denominator)
    if remainder * 2 >= denominator:
        quotient += 1
    return quotient if numerator >= 0 else -quotient


_NUMBER = re.compile(r"([+-]?)(\d{1,3}(?:,\d{3})+|\d*)(?:\.(\d*))?")
#: a longer text is no number of a shop, and is not looked at
_NUMBER_CHARACTERS_MAX = 40


def scaled(text: str, decimals: int) -> int:
    """Read a decimal number as a count of its last decimal: `12.8` with 2 decimals is 1280, so is
    `1,280` with none. ValueError when it is no number, finer than that, or above AMOUNT_MAX."""
    text = text.strip()
    found = _NUMBER.fullmatch(text) if len(text) <= _NUMBER_CHARACTERS_MAX else None
    if found is None or not (found[2] or found[3]):
        raise ValueError(f"{text[:_NUMBER_CHARACTERS_MAX]!r} is not a number")
    whole, fraction = found[2].replace(",", ""), (found[3] or "").rstrip("0")
    if len(fraction) > decimals:
        raise ValueError(f"{text!r} is finer than 1/{10**decimals}")
    count = int((whole + fraction.ljust(decimals, "0")) or "0")
    if count > AMOUNT_MAX:
        raise ValueError(f"{text!r} is more than any shop has")
    return -count if found[1] == "-" else count


class Money(msgspec.Struct, frozen=True, order=False):
    """An amount: `minor` units of `currency` (fen, cent, yen), negative when owed back."""

    minor: int
    currency: str

    @classmethod
    def zero(cls, currency: str) -> "Money":
        return cls(0, currency)

    @classmethod
    def parse(cls, text: str, currency: str) -> "Money":
        """Read `12.80` or `1,280`; ValueError when it is no amount, finer than the currency or
        above AMOUNT_MAX."""
        return cls(scaled(text, exponent(currency)), currency)

    @property
    def plain(self) -> str:
        """The amount in digits with the currency's decimals, without sign of currency: `-12.80`."""
        decimals = exponent(self.currency)
        digits = str(abs(self.minor)).rjust(decimals + 1, "0")
        sign = "-" if self.minor < 0 else ""
        return f"{sign}{digits[:-decimals]}.{digits[-decimals:]}" if decimals else sign + digits

    @property
    def grouped(self) -> str:
        """The same for a reader, the thousands set apart: `-12,345.60`."""
        whole, dot, part = self.plain.removeprefix("-").partition(".")
        return f"{'-' if self.minor < 0 else ''}{int(whole):,}{dot}{part}"

    def _same(self, other: "Money") -> int:
        if other.currency != self.currency:
            raise CurrencyMismatch(f"{self.currency} and {other.currency} do not add up")
        return other.minor

    def __add__(self, other: "Money") -> "Money":
        return Money(self.minor + self._same(other), self.currency)

    def __sub__(self, other: "Money") -> "Money":
        return Money(self.minor - self._same(other), self.currency)

    def __neg__(self) -> "Money":
        return Money(-self.minor, self.currency)

    def __lt__(self, other: "Money") -> bool:
        return self.minor < self._same(other)

    def __le__(self, other: "Money") -> bool:
        return self.minor <= self._same(other)

    def __gt__(self, other: "Money") -> bool:
        return self.minor > self._same(other)

    def __ge__(self, other: "Money") -> bool:
        return self.minor >= self._same(other)

    def __bool__(self) -> bool:
        return self.minor != 0

    def times(self, numerator: int, denominator: int) -> "Money":
        """This amount × numerator / denominator, half away from zero."""
        return Money(rounded_quotient(self.minor * numerator, denominator), self.currency)

    def share(self, weights: Sequence[int]) -> tuple["Money", ...]:
        """Split by non-negative weights into parts that add up exactly (largest remainder;
        of equal remainders the earlier part is served first). ValueError without a weight."""
        whole = sum(weights)
        if whole <= 0 or min(weights) < 0:
            raise ValueError("a split needs weights, none negative, one positive")
        sign, amount = (1, self.minor) if self.minor >= 0 else (-1, -self.minor)
        parts = [amount * weight // whole for weight in weights]
        by_remainder = sorted(range(len(parts)), key=lambda i: -(amount * weights[i] % whole))
        for i in by_remainder[: amount - sum(parts)]:
            parts[i] += 1
        return tuple(Money(sign * part, self.currency) for part in parts)

    def rounded_to(self, step_minor: int) -> "Money":
        """The nearest multiple of the smallest coin (5 for 0.05), half away from zero."""
        return Money(rounded_quotient(self.minor, step_minor) * step_minor, self.currency)
