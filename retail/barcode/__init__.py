"""What a scanned or typed code means. Pure: the same scan under the same rules, the same meaning.

    meaning = read(scan, rules, today, where)

`scan` is what came, with its AIM identifier in front where the scanner sends it
(`scan.aim + scan.code`). `rules` is what the store says (`CodeRules`), `today` decides the century
of printed dates, `where` what the till asks for. `read` never raises; the meaning is one of:

    Goods          look `keys` up in turn, the first is the code as it came: what the catalogue
                   lists exactly wins over every rule. None found: `embedded.keys`, with price or
                   weight of a store label. `upce_keys` not empty: 8 digits that are two things;
                   only if `keys` and `upce_keys` find different products, whoever looks up asks
                   which (`pos_client.catalogue.reading`).
    MemberCode PickupCode ReceiptCode VoucherCode      our own codes (`issue`)
    PaymentCode    at `Where.PAYMENT` alone; shown and logged as `masked`. `payment_code` knows one
                   wherever it was typed
    Pallet Gs1Key  a pallet, a place, an asset, a coupon: for a delivery, not for a sale
    Unreadable     `reason` and `remedy` for the cashier, unless the catalogue lists one of `keys`

The first that knows the code answers:

    1. nothing, too long, characters that no code has
    2. own codes, receipt numbers
    3. payment codes, if payment is asked for
    4. plain member cards, if the store has them
    5. web addresses (GS1 Digital Link); GS1 fields, when the carrier says so, GS or printed
       brackets are among them, or the code begins as one and is no store label
    6. store labels, beside the GTIN that the same digits may be
    7. GTINs; payment codes, which are refused here; anything else is the shop's own number

PLU numbers of produce (IFPS, 4 or 5 digits) are such own numbers: found exactly or not at all.
`docs/barcodes.md` has the rules, and where we agree with GS1's own engine.
"""

from retail.barcode.families import Family, issue
from retail.barcode.meaning import (
    EightDigits,
    Embedded,
    Goods,
    Gs1Key,
    LabelPrice,
    Meaning,
    MemberCode,
    Pallet,
    PaymentCode,
    PickupCode,
    ReceiptCode,
    VoucherCode,
    Wallet,
    Where,
)
from retail.barcode.reading import CodeRules, payment_code, read
from retail.barcode.templates import BadTemplate
from retail.barcode.unreadable import Unreadable

__all__ = [
    "BadTemplate",
    "CodeRules",
    "EightDigits",
    "Embedded",
    "Family",
    "Goods",
    "Gs1Key",
    "LabelPrice",
    "Meaning",
    "MemberCode",
    "Pallet",
    "PaymentCode",
    "PickupCode",
    "ReceiptCode",
    "Unreadable",
    "VoucherCode",
    "Wallet",
    "Where",
    "issue",
    "payment_code",
    "read",
]
