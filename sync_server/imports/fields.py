"""A product as fields that a person types: the columns of an import file, read and written alike.

>>> changed(cola, {"price": "3.90", "price:member": "3.50"}).prices        # doctest: +SKIP
{'member': 350}

What is not typed stays as it is, also where an import would read it otherwise.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple

import msgspec

from retail.catalogue import Product
from retail.language import Text
from retail.money import Money
from retail.quantity import Unit
from retail.refusals import Refusal
from sync_server.imports import export
from sync_server.imports.cells import guarded, percent_text, unguarded
from sync_server.imports.columns import PRICE_OF_LIST, Found
from sync_server.imports.products import ProductReader, ProductRow
from sync_server.imports.rows import BadCell

PRICE: Final = "price"
PACKS: Final = "packs"
BARCODES: Final = "barcodes"
_NO_BARCODES: Final = "-"
#: what a field is called, in the order in which fields are shown
NAMES: Final = {
    "name": Text("Name", "品名"),
    "spec": Text("Size or kind", "规格"),
    "brand": Text("Brand", "品牌"),
    "category": Text("Category", "类别"),
    "price": Text("Price", "售价"),
    "currency": Text("Currency", "币种"),
    "unit": Text("Unit", "单位"),
    "tax_rate": Text("Tax", "税率"),
    "tax_included": Text("Tax included", "含税"),
    "tax_code": Text("Tax code", "税码"),
    "barcodes": Text("Barcodes", "条码"),
    "packs": Text("Packs", "箱装"),
    "other_names": Text("Other names", "别名"),
    "mnemonic": Text("Mnemonic", "助记码"),
}
_PRICE_OF = Text("Price {list}", "售价 {list}")
#: which attribute of a product a field is; prices of lists are parts of one
_ATTRIBUTES = {
    "price": "price_minor",
    "tax_rate": "tax",
    "tax_included": "tax",
    "tax_code": "tax",
    "barcodes": "codes",
}
#: what is not typed is not read
_UNREAD = {"name": "-", PRICE: "0", BARCODES: _NO_BARCODES}
#: what others are read by
_CONTEXT = ("currency", "unit", "tax_rate", "tax_included", "tax_code")


class BadField(Refusal):
    code = "bad_field"
    sentence = Text("{field}: {why}.", "{field}：{why}。")
    way_on = Text("Correct it; nothing was changed.", "请更正；未作任何更改。")

    def __init__(self, column: str = "", **values: object) -> None:
        """`column` is the field's own name, such as a form's."""
        super().__init__(**values)
        self.column = column


class Difference(NamedTuple):
    """One field before and after, as a person reads it; empty where there is nothing."""

    field: str
    before: str
    after: str

    @property
    def name(self) -> Text:
        return name_of(self.field)


def name_of(field: str) -> Text:
    """What a field is called."""
    if field.startswith(PRICE_OF_LIST):
        return _PRICE_OF.filled(list=field.removeprefix(PRICE_OF_LIST))
    return NAMES.get(field, Text(field, field))


def fields_of(product: Product) -> dict[str, str]:
    """Its fields as they are typed; those of price lists each by itself."""
    told = dict(zip(export.COLUMNS, export.cells(ProductRow(product)), strict=True))
    fields = {name: unguarded(told[name]) for name in NAMES}
    if not product.codes:
        fields[BARCODES] = ""
    if fields["tax_code"] == f"VAT{percent_text(product.tax.rate_ppm)}":
        fields["tax_code"] = ""  # it follows the rate
    for name, minor in product.prices.items():
        fields[f"{PRICE_OF_LIST}{name}"] = Money(minor, product.currency).plain
    return fields


def differences(before: Product | None, after: Product | None) -> tuple[Difference, ...]:
    """Field by field what differs; all that there is of a product that comes or goes."""
    was, will = (fields_of(product) if product else {} for product in (before, after))
    known = [*NAMES, *(name for name in {**was, **will} if name not in NAMES)]
    pairs = ((name, was.get(name, ""), will.get(name, "")) for name in known)
    return tuple(Difference(*pair) for pair in pairs if pair[1] != pair[2])


def made(product_id: str, typed: Mapping[str, str]) -> Product:
    """A new product of these fields. Raises BadField."""
    context = {"product_id": product_id, "currency": "CNY", BARCODES: _NO_BARCODES}
    return _read({"name": "", PRICE: "", **context}, typed)


def changed(product: Product, typed: Mapping[str, str]) -> Product:
    """The product with these of its fields typed anew; the price of a list is taken away by
    nothing. Raises BadField."""
    if not typed:
        return product
    stands = fields_of(product)
    if typed.get("currency", product.currency) != product.currency:
        raise _bad("currency", Text("a product keeps its currency", "商品币种不可更改"))
    context = {name: stands[name] for name in _CONTEXT}
    read = _read({"product_id": product.product_id, **_UNREAD, **context}, typed)
    new = {name: getattr(read, name) for name in map(_attribute, typed)}
    if "prices" in new:
        left = {
            name: minor
            for name, minor in product.prices.items()
            if f"{PRICE_OF_LIST}{name}" not in typed
        }
        new["prices"] = left | read.prices
    whole = msgspec.structs.replace(product, **new)
    twice = set(whole.codes) & {pack.code for pack in whole.packs}
    if twice:
        code = min(twice)
        why = Text(f"{code} is the barcode of one and of a pack", f"{code} 既是单品条码又是箱码")
        raise _bad(BARCODES, why)
    return whole


def _attribute(field: str) -> str:
    """Which attribute of a product a field is. Raises BadField when it is none."""
    if field.startswith(PRICE_OF_LIST) and field != PRICE_OF_LIST:
        return "prices"
    if field not in NAMES:
        why = Text("there is no such field", "没有此字段")
        raise BadField(field, field=repr(field), why=why)
    return _ATTRIBUTES.get(field, field)


def _read(others: Mapping[str, str], typed: Mapping[str, str]) -> Product:
    """A product of these fields, as a row of a file. Raises BadField."""
    cells = {name: _cell(name, said) for name, said in typed.items()}
    try:
        return _row({**others, **cells})
    except BadCell as no:
        raise _bad(_guilty({**others, **_UNREAD}, cells), no.why) from None


def _cell(field: str, said: str) -> str:
    _attribute(field)
    if field == "unit" and said not in list(Unit):
        ours = ", ".join(Unit)
        raise _bad(field, Text(f"{said!r} is none of {ours}", f"{said!r} 不是 {ours} 之一"))
    if field == BARCODES and not said.strip():
        return _NO_BARCODES
    return guarded(said)


def _row(cells: Mapping[str, str]) -> Product:
    columns = Found(tuple(cells), dict(enumerate(cells)), {})
    return ProductReader(columns, [], "CNY")(list(cells.values())).product


def _guilty(others: Mapping[str, str], cells: Mapping[str, str]) -> str:
    """The field that cannot be read, alone among those that can."""
    for name, said in cells.items():
        try:
            _row({**others, name: said})
        except BadCell:
            return name
    return "name" if "name" not in cells else PRICE


def _bad(field: str, why: Text) -> BadField:
    return BadField(field, field=name_of(field), why=why)
