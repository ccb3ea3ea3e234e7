"""Store labels: codes that a scale prints, with an item and its price or weight inside.

A template is one character a digit, then options:

    21IIIIIVVVVVC price=2      prefix 21, item, price with two decimals, check digit
    22IIIIIWWWWWC weight=3     weight in kilograms with three decimals: grams
    2xIIIIIWWWWWPPPPPC         any second digit; weight and price
    2IIIIIKPPPPC               K checks the price or weight behind it, of 4 or 5 digits
                               (GS1 General Specifications 7.9.2 to 7.9.4)

`0`-`9` must stand there, `x` is any digit, `I` the item, `P` the price, `W` the weight, `V` the
one of the two that the option names; `C`, last, is the check digit over all the others. Without an
option a price has the currency's decimals and a weight three. A label is also read with or without
the 0 that makes 13 digits of a UPC-A, or 14 of an EAN-13.

An item is looked up as prefix and item (`2112345`), as the label with zeros for what varies and
the check digit that then fits (`2112345000008`), as the item (`12345`), and without its leading
zeros. Of templates that fit one label, that with more fixed digits wins; two that have equally many
are refused.
"""

import re
from functools import lru_cache
from itertools import combinations
from typing import Final, NamedTuple

from retail.barcode.gtin import check_digit, check_digit_ok, is_digits
from retail.barcode.meaning import Embedded
from retail.barcode.unreadable import LABEL_CHECK_DIGIT, Unreadable
from retail.language import Text
from retail.refusals import Refusal

_DIGITS_MAX: Final = 40
_VALUE_DIGITS_MAX: Final = 9
_GRAM_DECIMALS: Final = 3
_PICTURE = re.compile(r"[0-9X]*I+[0-9XPWVKI]*C?")
_OPTION = re.compile(r"(price|weight)=([0-4])")
_LETTERS = "IPWVK"


class BadTemplate(Refusal, ValueError):
    code = "bad_template"
    sentence = Text(
        "{template} is no template of labels: {why}.", "{template} 不是标签模板：{why}。"
    )
    way_on = Text(
        "Write one such as 21IIIIIVVVVVC price=2 or 22IIIIIWWWWWC weight=3.",
        "请写成如 21IIIIIVVVVVC price=2 或 22IIIIIWWWWWC weight=3。",
    )


class Template(NamedTuple):
    """A template that was understood: its picture (`V` resolved), and decimals."""

    text: str
    picture: str
    price_decimals: int
    weight_decimals: int

    @property
    def fixed(self) -> int:
        """How many digits must stand there: the more, the more it says."""
        return sum(char.isdigit() for char in _padded(self.picture))

    def fits(self, digits: str) -> bool:
        picture, digits = _padded(self.picture), _padded(digits)
        return len(picture) == len(digits) and all(
            char == digit for char, digit in zip(picture, digits, strict=True) if char.isdigit()
        )

    def overlaps(self, other: "Template") -> bool:
        """Whether some label fits both."""
        mine, theirs = _padded(self.picture), _padded(other.picture)
        return len(mine) == len(theirs) and all(
            one == two or not (one.isdigit() and two.isdigit())
            for one, two in zip(mine, theirs, strict=True)
        )

    def part(self, letter: str, digits: str) -> str:
        """The digits where `letter` stands in the picture."""
        return "".join(
            digit for char, digit in zip(self.picture, digits, strict=True) if char == letter
        )

    def read(self, digits: str, exponent: int) -> Embedded | Unreadable:
        """What a label that fits says, its price in minor units of a currency with `exponent`
        decimals."""
        price, weight = self.part("P", digits), self.part("W", digits)
        if self.picture.endswith("C") and not check_digit_ok(digits):
            return LABEL_CHECK_DIGIT
        checked = self.part("K", digits)
        if checked and int(checked) != _value_check_digit(self._checked(digits)):
            return LABEL_CHECK_DIGIT
        return Embedded(
            template=self.text,
            keys=self._keys(digits),
            price_minor=int(price) * 10 ** (exponent - self.price_decimals) if price else None,
            grams=int(weight) * 10 ** (_GRAM_DECIMALS - self.weight_decimals) if weight else None,
        )

    def _checked(self, digits: str) -> str:
        """What K checks."""
        return self.part(self.picture[self.picture.index("K") + 1], digits)

    def _keys(self, digits: str) -> tuple[str, ...]:
        item = self.part("I", digits)
        prefix = digits[: self.picture.index("I")]
        without = "".join(
            "0" if char in "PWK" else digit
            for char, digit in zip(self.picture, digits, strict=True)
        )
        if self.picture.endswith("C"):
            without = f"{without[:-1]}{check_digit(without[:-1])}"
        return tuple(dict.fromkeys((prefix + item, without, item, item.lstrip("0") or item)))


def _value_check_digit(value: str) -> int:
    from biip.checksums import (  # noqa: PLC0415  slow to import: see retail.barcode.elements
        gs1_price_weight_check_digit,
    )

    return gs1_price_weight_check_digit(value)


def parse(text: str, exponent: int) -> Template:
    """Understand one template of a store whose currency has `exponent` decimals. Raises
    BadTemplate."""
    words = text.split()
    picture = words[0].upper() if words else ""
    options = [_OPTION.fullmatch(word.lower()) for word in words[1:]]
    named = {option[1]: int(option[2]) for option in options if option}
    if not picture or len(picture) > _DIGITS_MAX or not _PICTURE.fullmatch(picture):
        _refuse(
            text,
            "it has to name digits by 0-9, x, I, P, W, V, K, C",
            "须由 0-9、x、I、P、W、V、K、C 组成",
        )
    if None in options or len(named) != len(options):
        _refuse(
            text,
            "an option is price=2 or weight=3, each once",
            "选项为 price=2 或 weight=3，各一次",
        )
    if "V" in picture:
        if len(named) != 1 or "P" in picture or "W" in picture:
            _refuse(text, "V needs one option that says what it is", "V 须由一个选项说明含义")
        picture = picture.replace("V", "P" if "price" in named else "W")
    template = Template(
        text, picture, named.get("price", exponent), named.get("weight", _GRAM_DECIMALS)
    )
    _must_hold_together(template, named, exponent)
    return template


def _must_hold_together(template: Template, named: dict[str, int], exponent: int) -> None:
    text, picture = template.text, template.picture
    if picture.count("P") > _VALUE_DIGITS_MAX or picture.count("W") > _VALUE_DIGITS_MAX:
        _refuse(text, "its price or weight is more than any shop has", "价格或重量位数过多")
    for letter in _LETTERS:
        if re.search(f"{letter}[^{letter}]+{letter}", picture):
            _refuse(text, f"the digits of {letter} must stand together", f"{letter} 须连续")
    if ("price" in named and "P" not in picture) or ("weight" in named and "W" not in picture):
        _refuse(text, "an option names what it has not", "选项所指的字段不存在")
    if "P" not in picture and "W" not in picture:
        _refuse(text, "it has neither price nor weight", "缺少价格或重量")
    if template.price_decimals > exponent:
        _refuse(text, "its price is finer than the currency", "价格小数位多于币种")
    if template.weight_decimals > _GRAM_DECIMALS:
        _refuse(text, "its weight is finer than a gram", "重量精度小于 1 克")
    if "K" in picture and not re.search(r"(?<!K)K(P{4,5}(?!P)|W{4,5}(?!W))", picture):
        _refuse(
            text,
            "K stands once, before 4 or 5 digits of price or weight",
            "K 须在 4 或 5 位价格或重量之前，仅一次",
        )


def _refuse(text: str, why: str, zh: str) -> None:
    raise BadTemplate(template=text[:80], why=Text(why, zh))


@lru_cache(maxsize=64)
def parse_all(texts: tuple[str, ...], exponent: int) -> tuple[Template, ...]:
    """All templates of a store, those with most fixed digits first. Raises BadTemplate when one is
    none, or two would read one label differently."""
    templates = [parse(text, exponent) for text in texts]
    for one, two in combinations(templates, 2):
        if one.fixed == two.fixed and one.overlaps(two):
            _refuse(one.text, f"{two.text} reads the same labels", f"与 {two.text} 重叠")
    return tuple(sorted(templates, key=lambda each: -each.fixed))


def label(
    digits: str, templates: tuple[Template, ...], exponent: int
) -> Embedded | Unreadable | None:
    """What a label says by the first template that fits; None when none does."""
    if not is_digits(digits):
        return None
    for template in templates:
        if template.fits(digits):
            return template.read(_padded(digits)[-len(template.picture) :], exponent)
    return None


def _padded(digits: str) -> str:
    """With the zeros that scanners put before a UPC-A and an EAN-13, or leave out."""
    return digits.zfill(14) if len(digits) in (12, 13) else digits
