"""What a row says of a store or of a cashier."""

import re
from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeVar
from zoneinfo import ZoneInfo

import msgspec

from retail.catalogue import Cashier, StoreSettings
from retail.language import Language, Text
from retail.money import Money
from retail.refusals import Refusal
from sync_server.imports import cells
from sync_server.imports.cells import NUMBER_MAX, text
from sync_server.imports.columns import Column, Found
from sync_server.imports.rows import BadCell

T = TypeVar("T")

STORE_COLUMNS = (
    Column("store_id", "门店编号,门店编码,门店代码,store number,store code,store"),
    Column("name", "门店名称,店名,名称,store name"),
    Column("timezone", "时区,time zone"),
    Column("currency", "币种,货币"),
    Column("language", "语言"),
    Column("cash_step", "最小找零单位,smallest coin"),
    Column("quantity_max", "数量上限"),
)
CASHIER_COLUMNS = (
    Column("store_id", "门店编号,门店编码,门店代码,store number,store code,store"),
    Column("cashier_id", "收银员编号,收银员编码,工号,员工编号,cashier number,employee id"),
    Column("name", "姓名,收银员姓名,收银员,员工姓名,cashier name,employee name"),
)
#: an id is part of file names, receipt numbers and addresses
_ID = re.compile(r"[A-Za-z0-9._-]{1,32}")
#: no currency has more decimals (ISO 4217 list one)
_COIN_DECIMALS = 4


class UnfittingCashStep(Refusal):
    code = "unfitting_cash_step"
    sentence = Text(
        "cash_step {step} is not an amount of {currency}.",
        "cash_step {step} 不是 {currency} 金额。",
    )
    way_on = Text(
        "Name in the file what the smallest coin of {currency} is.",
        "请在文件中填写 {currency} 的最小找零单位。",
    )


class StoreRow(NamedTuple):
    """One store of a file; None is what the file does not say."""

    store_id: str
    name: str
    timezone: str | None = None
    currency: str | None = None
    language: Language | None = None
    #: an amount as it was typed, of the currency that the store has then
    cash_step: str | None = None
    quantity_max: int | None = None

    def onto(self, before: StoreSettings) -> StoreSettings:
        """The store's settings with what the file says put in. Raises UnfittingCashStep."""
        said = {
            "store_name": self.name,
            "timezone": self.timezone,
            "currency": self.currency,
            "language": self.language,
            "quantity_max": self.quantity_max,
        }
        told = {name: value for name, value in said.items() if value is not None}
        after = msgspec.structs.replace(before, **told)
        return msgspec.structs.replace(after, cash_step_minor=self._cash_step_minor(before, after))

    def _cash_step_minor(self, before: StoreSettings, after: StoreSettings) -> int:
        step, currency = self.cash_step, after.currency
        if step is not None:
            try:
                return Money.parse(step, currency).minor
            except ValueError:
                raise UnfittingCashStep(step=step, currency=currency) from None
        minor = before.cash_step_minor
        if currency != before.currency and minor != StoreSettings().cash_step_minor:
            known = f"{Money(minor, before.currency).plain} {before.currency}"
            raise UnfittingCashStep(step=known, currency=currency)
        return minor


class CashierRow(NamedTuple):
    """One cashier of a file."""

    store_id: str
    cashier: Cashier


class _Reader:
    """Looks a row's cells up by our names."""

    def __init__(self, found: Found) -> None:
        self._at = found.at

    def cell(self, row: Sequence[str], name: str) -> str:
        return text(row[self._at[name]]) if name in self._at else ""

    def needed(self, row: Sequence[str], name: str) -> str:
        value = self.cell(row, name)
        if not value:
            raise BadCell(f"{name} is empty", f"{name} 为空")
        return value

    def id(self, row: Sequence[str], name: str) -> str:
        value = self.needed(row, name)
        if not _ID.fullmatch(value):
            raise BadCell(
                f"{name} {value!r} is not of 1 to 32 letters, digits, dots, _ and -",
                f"{name} {value!r} 须为 1 至 32 个字母、数字、点、_ 或 -",
            )
        return value

    def said(self, row: Sequence[str], name: str, parse: Callable[[str], T]) -> T | None:
        """What a cell says, None when it is empty."""
        cell = self.cell(row, name)
        return parse(cell) if cell else None


class StoreReader(_Reader):
    """A store: store_id, name; timezone, currency, language, cash_step (an amount), quantity_max
    (whole units). Raises BadCell."""

    def __call__(self, row: Sequence[str]) -> StoreRow:
        return StoreRow(
            self.id(row, "store_id"),
            self.needed(row, "name"),
            self.said(row, "timezone", _timezone),
            self.said(row, "currency", cells.currency_of),
            self.said(row, "language", _language),
            self.said(row, "cash_step", _amount),
            self.said(row, "quantity_max", _quantity),
        )


class CashierReader(_Reader):
    """A cashier: store_id, cashier_id, name. Raises BadCell."""

    def __call__(self, row: Sequence[str]) -> CashierRow:
        cashier_id = cells.key(self.needed(row, "cashier_id"))
        cashier = Cashier(cashier_id, self.needed(row, "name"))
        return CashierRow(self.id(row, "store_id"), cashier)


def _timezone(name: str) -> str:
    try:
        return ZoneInfo(name).key
    except (LookupError, ValueError, OSError):
        en, zh = f"{name!r} is no time zone of the IANA list", f"{name!r} 不是 IANA 时区"
        raise BadCell(en, zh) from None


def _language(cell: str) -> Language:
    try:
        return Language(cell.lower())
    except ValueError:
        known = ", ".join(Language)
        en, zh = f"language {cell!r} is none of {known}", f"语言 {cell!r} 不是 {known}"
        raise BadCell(en, zh) from None


def _amount(cell: str) -> str:
    """An amount of some currency; which one is not known here."""
    _above_0("cash_step", cells.scaled("cash_step", cell, _COIN_DECIMALS))
    return cell


def _quantity(cell: str) -> int:
    return _above_0("quantity_max", cells.scaled("quantity_max", cell, cells.QUANTITY_DECIMALS))


def _above_0(name: str, number: int) -> int:
    if not 0 < number <= NUMBER_MAX:
        raise BadCell(f"{name} must be above 0, and no slip of the hand", f"{name} 须大于 0 且合理")
    return number
