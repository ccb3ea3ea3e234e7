"""The shop's own codes: `PK1.ID.CHECK`, for pickups, members, receipts and vouchers.

The check finds a torn or mistyped code; it keeps no forger out. That is for a signature, which
stands behind a colon, `PK1.ID.CHECK:SIGNATURE`, and is handed on as it is.

>>> issue(Family.PICKUP, "A-1024")
'PK1.A-1024.NJNJ'
"""

import re
from enum import StrEnum
from typing import TypeAlias

from retail.barcode.meaning import MemberCode, PickupCode, ReceiptCode, VoucherCode
from retail.barcode.unreadable import OWN_CODE, Unreadable
from retail.base32 import as_meant, letters
from retail.receipt import ReceiptNumber

#: the largest prime of 20 bits, four letters. One or two neighbouring characters are 16 bits, so
#: no change of them keeps the remainder; any other change has odds of one in a million.
_PRIME = 1_048_573

_BEHIND = re.compile(
    r"([0-9A-Za-z._-]{1,80})\.([0-9A-Za-z]{4})(?::([0-9A-Za-z_.=-]{1,200}))?", re.ASCII
)


class Family(StrEnum):
    """What the first letters of an own code say; the digit is the version of its form."""

    PICKUP = "PK1"
    MEMBER = "MB1"
    RECEIPT = "RC1"
    VOUCHER = "VC1"


_FAMILIES = {f"{family}.": family for family in Family}
OwnCode: TypeAlias = MemberCode | PickupCode | ReceiptCode | VoucherCode


def issue(family: Family, identity: str, signature: str = "") -> str:
    """The code to print. ValueError unless `identity` is of 1 to 80 letters, digits, `.`, `_`, `-`,
    that of a receipt its number, and a signature of up to 200 letters, digits, `_.=-`."""
    if family is Family.RECEIPT and ReceiptNumber.read(identity) is None:
        raise ValueError(f"{identity[:100]!r} is no receipt number")
    behind = f"{identity}.{_check(family, identity)}" + (f":{signature}" if signature else "")
    if not _BEHIND.fullmatch(behind):
        raise ValueError(f"{identity[:100]!r} is no id of 1 to 80 letters, digits, dots, _ and -")
    return f"{family}.{behind}"


def read(text: str) -> OwnCode | Unreadable | None:
    """The own code that `text` is; Unreadable when it is torn or mistyped, None when it is none."""
    receipt = ReceiptNumber.read(text)
    if receipt:
        return ReceiptCode(receipt)
    family = _FAMILIES.get(text[:4].upper())
    if family is None:
        return None
    found = _BEHIND.fullmatch(text[4:])
    if found:
        check = as_meant(found[2])
        for identity in (found[1], found[1].upper()):
            if _check(family, identity) == check:
                return _meant(family, identity, found[3] or "")
    return OWN_CODE.unless(text)


def _check(family: Family, identity: str) -> str:
    rest = int.from_bytes(f"{family}.{identity}".encode(), "big") % _PRIME
    return letters(rest, 4)


def _meant(family: Family, identity: str, signature: str) -> OwnCode | Unreadable:
    if family is Family.PICKUP:
        return PickupCode(identity, signature)
    if family is Family.MEMBER:
        return MemberCode(identity, signature)
    if family is Family.VOUCHER:
        return VoucherCode(identity, signature)
    receipt = ReceiptNumber.read(identity)
    return ReceiptCode(receipt, signature) if receipt else OWN_CODE
