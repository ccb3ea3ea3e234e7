"""The kinds of rows that this program sells by, and which row of a kind it can read."""

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from pricebook.rows import (
    CASHIER,
    OPENING_STOCK,
    PLAN,
    PLANNED,
    PRODUCT,
    READING,
    RECALL,
    REVISION,
    SETTINGS,
    Row,
)
from retail.barcode import EightDigits
from retail.catalogue import Cashier, Product, StoreSettings
from retail.money import exponent
from retail.refusals import Refusal
from retail.revision import Plan, Planned, Recall, Revision

_KINDS: dict[str, type] = {
    PRODUCT: Product,
    CASHIER: Cashier,
    SETTINGS: StoreSettings,
    READING: EightDigits,
    OPENING_STOCK: int,
    REVISION: Revision,
    PLAN: Plan,
    PLANNED: Planned,
    RECALL: Recall,
}


def readable(row: Row) -> bool:
    """Whether this program can sell by the row: one that it cannot read must not keep the others
    out, nor what it knew before."""
    if row.body is None or row.kind not in _KINDS:
        return True
    try:
        value: object = msgspec.json.decode(row.body, type=_KINDS[row.kind])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False
    return not isinstance(value, StoreSettings) or can_be_sold_by(value)


def can_be_sold_by(settings: StoreSettings) -> bool:
    """Whether there is such a time zone, such a currency, a smallest coin, labels that its
    templates tell apart, and a receipt that can be laid out."""
    try:
        ZoneInfo(settings.timezone)
        exponent(settings.currency)
        settings.code_rules()
        settings.receipt_layout()
    except (ValueError, ZoneInfoNotFoundError, OSError, Refusal):  # OSError: a folder of zones
        return False
    return settings.cash_step_minor > 0
