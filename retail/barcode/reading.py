"""From a scan to its meaning: one order of questions, the first that knows the code answers."""

import re
import unicodedata
from datetime import date
from typing import Final, NamedTuple

import msgspec

from retail import money
from retail.barcode import digital_link, families, gs1
from retail.barcode.elements import GS, Elements, parse, parse_printed
from retail.barcode.gtin import (
    LENGTHS,
    canonical,
    check_digit_ok,
    equal_forms,
    is_digits,
    is_upce,
    upce_expanded,
)
from retail.barcode.meaning import Embedded, Goods, Meaning, MemberCode, PaymentCode, Where
from retail.barcode.payment import payment_code_of
from retail.barcode.templates import label, parse_all
from retail.barcode.unreadable import (
    CHECK_DIGIT,
    EMPTY,
    HALF,
    NOT_TEXT,
    TOO_LONG,
    Unreadable,
    payment_among_goods,
)

#: no code is longer: what a QR code of letters and digits holds (ISO/IEC 18004)
CODE_CHARACTERS_MAX: Final = 4296
#: carriers whose FNC1 says that GS1 fields follow: GS1-128, DataBar, Data Matrix, QR, DotCode
_GS1_CARRIERS: Final = frozenset("]C1 ]e0 ]d2 ]d5 ]Q3 ]Q4 ]J1 ]J4".split())
#: a composite code's second part as scanners send it behind the first
_COMPANION: Final = "|]e0"
_AIM = re.compile(r"\][A-Za-z][0-9A-Za-z]", re.ASCII)
_BEGINS_AS_GS1 = re.compile(r"0[12]\d{14}|00\d{18}\Z|\(\d{2,4}\)", re.ASCII)
#: spaces and dashes between the digits of a number as people write it
_BETWEEN = re.compile(r"[ ‐-―−-]")


class CodeRules(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a store says of its codes. ValueError (BadTemplate, UnknownCurrency) when it cannot be.

    `templates` are of store labels (`retail.barcode.templates`), prices in `currency`; `separators`
    are what this store's scanners send for FNC1 beside GS, such as `~`, `|`, `{GS}`; a code of
    letters `member_prefix` and 4 to 24 digits is a plain member card, empty: there is none.
    """

    templates: tuple[str, ...] = ()
    currency: str = "CNY"
    separators: tuple[str, ...] = ()
    member_prefix: str = ""

    def __post_init__(self) -> None:
        parse_all(self.templates, money.exponent(self.currency))

    def label(self, digits: str) -> Embedded | Unreadable | None:
        """What a store label says; None when it is none."""
        exponent = money.exponent(self.currency)
        return label(digits, parse_all(self.templates, exponent), exponent)


class _Received(NamedTuple):
    """A scan: its symbology (`]E0`, ISO/IEC 15424, or empty), its text as typed and folded, and
    its digits when it has nothing else but spaces and dashes."""

    aim: str
    typed: str
    text: str
    digits: str

    @property
    def keys(self) -> tuple[str, ...]:
        """The code as it came, and its plain digits where they differ."""
        return tuple(dict.fromkeys((self.typed, self.digits or self.text)))


def read(scan: str, rules: CodeRules, today: date, where: Where = Where.GOODS) -> Meaning:
    """What a scanned or typed code means, an AIM identifier in front of it or not. Never raises."""
    received = _received(scan)
    if isinstance(received, Unreadable):
        return received
    return (
        families.read(received.text)
        or (payment_code_of(received.digits) if where is Where.PAYMENT else None)
        or _plain_card(received, rules.member_prefix)
        or _gs1(received, rules, today)
        or _number(received, rules)
    )


def payment_code(scan: str) -> PaymentCode | None:
    """The payment code that was scanned or typed, whatever stands between its digits; None when it
    is none. Whoever says what was typed says `masked` instead."""
    received = _received(scan)
    return None if isinstance(received, Unreadable) else payment_code_of(received.digits)


def _received(scan: str) -> _Received | Unreadable:
    if len(scan) > CODE_CHARACTERS_MAX:
        return TOO_LONG
    typed = scan.strip(" \t\r\n\0")
    # What an input method widened is folded; what shows nothing, such as a byte order mark, goes.
    folded = unicodedata.normalize("NFKC", typed)
    folded = "".join(char for char in folded if unicodedata.category(char) != "Cf").strip(" ")
    if any(unicodedata.category(char) in ("Cc", "Cs") and char != GS for char in folded):
        return NOT_TEXT
    aim = _AIM.match(folded)
    if aim:
        folded = folded[3:].strip(" ")
        typed = folded if typed[:3] != aim[0] else typed[3:].strip(" ")
    if not folded.strip(GS):
        return EMPTY
    digits = _BETWEEN.sub("", folded)
    return _Received(aim[0] if aim else "", typed, folded, digits if is_digits(digits) else "")


def _is_ean(aim: str) -> bool:
    """EAN-13, EAN-8, UPC-A or UPC-E: digits and nothing else."""
    return aim.startswith("]E")


def _plain_card(received: _Received, prefix: str) -> MemberCode | None:
    """The member of a plain card, if the store has such cards."""
    number = received.text.removeprefix(prefix)
    is_card = prefix and received.text.startswith(prefix) and received.aim in ("", "]C0")
    if is_card and is_digits(number) and 4 <= len(number) <= 24:
        return MemberCode(received.text)
    return None


def _gs1(received: _Received, rules: CodeRules, today: date) -> Meaning | None:
    """What a GS1 code means; None when this is none."""
    text = received.text
    elements: Elements | Unreadable
    if digital_link.is_web_address(text):
        elements = digital_link.parse(text, today)
    elif _is_ean(received.aim):
        return _composite(received, today) if _COMPANION in text else None
    else:
        declared = received.aim in _GS1_CARRIERS or GS in text
        if not declared and not _looks_like_gs1(received, rules):
            return None
        for separator in filter(None, (_COMPANION, *rules.separators)):
            text = text.replace(separator, GS)
        elements = parse_printed(text, today) if text.startswith("(") else parse(text, today)
    if isinstance(elements, Unreadable):
        return elements.unless(*received.keys)
    meant = gs1.meaning(elements, received.typed, today)
    return meant.unless(*received.keys) if isinstance(meant, Unreadable) else meant


def _looks_like_gs1(received: _Received, rules: CodeRules) -> bool:
    """Whether a code that nothing declares as GS1 is taken for it: it begins with a product's or a
    pallet's number, and is no label of this store."""
    return _BEGINS_AS_GS1.match(received.text) is not None and rules.label(received.digits) is None


def _composite(received: _Received, today: date) -> Meaning:
    """A product's number in an EAN, and fields in the code above it."""
    linear, _, companion = received.text.partition(_COMPANION)
    product = _gtin(received.aim, linear, (linear,)) if is_digits(linear) else None
    if isinstance(product, Unreadable):
        return product.unless(*received.keys)
    number = next(filter(None, map(canonical, product.keys)), None) if product else None
    if number is None:
        return HALF.unless(*received.keys)
    elements = parse(f"01{number}{companion}", today)
    if isinstance(elements, Unreadable):
        return elements.unless(*received.keys)
    return gs1.meaning(elements, linear, today)


def _number(received: _Received, rules: CodeRules) -> Meaning:
    """What is left: a store label, a GTIN, the shop's own number; a payment code is none of it."""
    aim, digits = received.aim, received.digits
    if not digits:
        return HALF.unless(*received.keys) if _is_ean(aim) else Goods(received.keys)
    if aim == "]E3":  # with an add-on of 2 or 5 digits behind it, such as a magazine's issue
        digits = digits[: 13 if len(digits) in (15, 18) else 12]
    store_label = rules.label(digits)
    if isinstance(store_label, Unreadable):
        return store_label.unless(*received.keys)
    goods = _gtin(aim, digits, received.keys)
    if isinstance(goods, Goods):
        return msgspec.structs.replace(goods, embedded=store_label)
    if store_label:
        return Goods(received.keys, embedded=store_label)
    paid = payment_code_of(digits)
    if paid:
        return payment_among_goods(paid.masked, received.typed)
    return goods or Goods(received.keys)


def _gtin(aim: str, digits: str, keys: tuple[str, ...]) -> Goods | Unreadable | None:
    """The goods of this GTIN; None when nothing says that it should be one."""
    length = len(digits)
    if _is_ean(aim) and length not in ((8,) if aim == "]E4" else (8, 12, 13)):
        return HALF.unless(*keys)
    goods = _eight(aim, digits, keys) if length == 8 else _goods(keys, canonical(digits))
    if goods:
        return goods
    complains = not aim or _is_ean(aim) or aim.startswith("]I")
    return CHECK_DIGIT.unless(*keys) if complains and length in LENGTHS else None


def _eight(aim: str, digits: str, keys: tuple[str, ...]) -> Goods | None:
    """8 digits as EAN-8 or UPC-E, as the scanner says, else the check digit, else as both."""
    upce = is_upce(digits) and aim != "]E4"
    ean8 = check_digit_ok(digits) and (aim == "]E4" or not _is_ean(aim))
    gtin_12 = upce_expanded(digits).zfill(14) if upce else None
    goods = _goods(keys, digits.zfill(14) if ean8 else gtin_12)
    if goods and ean8 and gtin_12:
        return msgspec.structs.replace(goods, upce_keys=equal_forms(gtin_12))
    return goods


def _goods(keys: tuple[str, ...], gtin_14: str | None) -> Goods | None:
    return Goods(tuple(dict.fromkeys((*keys, *equal_forms(gtin_14))))) if gtin_14 else None
