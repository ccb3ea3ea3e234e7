"""Barcodes as files hold them: several in a cell, spoiled by a spreadsheet, mistyped.

A code of 8, 12, 13 or 14 digits is a GTIN or a UPC-E and must have its check digit (GS1 General
Specifications 7.9); any other is the shop's own.
"""

import re

from retail.barcode import gtin
from sync_server.imports.cells import key, plain, unguarded
from sync_server.imports.rows import BadCell

_BETWEEN = re.compile(r"[\s;,/|、，；]+")
#: how spreadsheets keep a text of digits from becoming a number: `="690"`, `'690`
_AS_TEXT = re.compile(r"=\"(.*)\"|'(\d.*)")
_WHOLE = re.compile(r"(\d+)\.0*")
_DESTROYED = re.compile(r"\d(?:\.\d+)?E\+?\d{2,}", re.IGNORECASE)
#: a GTIN-12 that a spreadsheet took for a number
_ZERO_LOST_LENGTH = 11
#: an article number of a shop is often as long as these, and no GTIN
_OWN_LENGTHS = frozenset({8, _ZERO_LOST_LENGTH})


def codes(cell: str, own: str = "") -> list[str]:
    """The codes in a cell, checked except for the shop's `own` number. Raises BadCell."""
    if cell.isdigit() and cell.isascii():
        found = [key(cell)]
    else:
        parts = _BETWEEN.split(unguarded(plain(cell)))
        found = list(dict.fromkeys(code(part) for part in parts if part))
    for each in found:
        if each != own:
            check(each)
    return found


def code(part: str) -> str:
    """One code as it was before a spreadsheet had it. Raises BadCell."""
    as_text = _AS_TEXT.fullmatch(part)
    if as_text:
        part = as_text[1] or as_text[2] or ""
    elif whole := _WHOLE.fullmatch(part):
        part = whole[1]
    if _DESTROYED.fullmatch(part):
        raise BadCell(
            f"code {part} has been destroyed by Excel, the other digits are lost; export again,"
            " with the column formatted as text",
            f"条码 {part} 已被 Excel 破坏，其余数字已丢失；请将该列设为文本格式后重新导出",
        )
    return key(part)


def check(code: str, *, is_own: bool = False) -> None:
    """Raises BadCell for a code whose check digit is wrong. Of a shop's own article number only
    one as long as no other is checked."""
    if gtin.canonical(code):
        return
    length = len(code)
    if (is_own and length in _OWN_LENGTHS) or not gtin.is_digits(code):
        return
    if length in gtin.LENGTHS:
        right = gtin.check_digit(code[:-1])
        raise BadCell(
            f"barcode {code}: its check digit is {code[-1]}, by its other digits it is {right}",
            f"条码 {code}：校验位为 {code[-1]}，按其余数字应为 {right}",
        )
    if length == _ZERO_LOST_LENGTH and gtin.is_gtin(f"0{code}"):
        raise BadCell(
            f"barcode {code} has probably lost its leading zero: 0{code}",
            f"条码 {code} 可能丢失了开头的 0：0{code}",
        )
