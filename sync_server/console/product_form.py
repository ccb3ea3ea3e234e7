"""A product as a form: what is typed into it, and what of that is new.

A form carries what stood in its fields when it was drawn, so that only what somebody changed there
is changed: what others have published in between stays.
"""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from retail.language import Language
from retail.quantity import Unit
from sync_server.console import catalogue_words as words
from sync_server.console.guard import Form, one
from sync_server.imports import lists
from sync_server.imports.columns import PRICE_OF_LIST
from sync_server.imports.fields import BARCODES, NAMES, PACKS, PRICE, name_of

_WAS: Final = "was:"
_NEW_LIST, _NEW_LIST_PRICE = "list_name", "list_price"
_PACK_FIELDS = ("pack_code", "pack_quantity", "pack_price")
#: rows for packs that are not there yet
_EMPTY_PACKS = 1

#: code, how many are in it, and its price if it has one of its own, as they are typed
Pack = tuple[str, str, str]


class Field(NamedTuple):
    """A field of the form: how it is named there, what it is called, what stands in it and stood
    in it at first; whether what stands there was refused; and what is in force where a draft makes
    something else of it, None where it does not."""

    name: str
    label: str
    value: str
    was: str
    wrong: bool = False
    in_force: str | None = None


class ProductForm(NamedTuple):
    """All fields: those that say which product it is, its prices, those that say how it is sold,
    and its codes."""

    about: tuple[Field, ...]
    prices: tuple[Field, ...]
    selling: dict[str, Field]
    barcodes: Field
    packs: Field
    pack_rows: tuple[Pack, ...]
    new_list: tuple[str, str]
    units: tuple[tuple[str, str], ...]


_ABOUT = ("name", "spec", "brand", "category", "other_names", "mnemonic")
_SELLING = ("currency", "unit", "tax_rate", "tax_included", "tax_code")


def typed_anew(form: Form) -> dict[str, str]:
    """The fields that somebody changed."""
    values = values_of(form)
    return {name: value for name, value in values.items() if value != one(form, f"{_WAS}{name}")}


def values_of(form: Form) -> dict[str, str]:
    """All fields as they were typed."""
    values = {
        name: one(form, name) for name in form if name in NAMES or name.startswith(PRICE_OF_LIST)
    }
    if BARCODES in values:
        values[BARCODES] = " ".join(values[BARCODES].split())
    if _PACK_FIELDS[0] in form:
        values[PACKS] = _packs_cell(_typed_packs(form))
    name, price = one(form, _NEW_LIST), one(form, _NEW_LIST_PRICE)
    if name or price:
        values[f"{PRICE_OF_LIST}{name}"] = price
    return values


def _typed_packs(form: Form) -> list[Pack]:
    rows = zip(*(form.get(name, []) for name in _PACK_FIELDS), strict=False)
    stripped = [(code.strip(), holds.strip(), price.strip()) for code, holds, price in rows]
    return [row for row in stripped if any(row)]


def _packs_cell(rows: Sequence[Pack]) -> str:
    items = [f"{code}={holds}" + (f"@{price}" if price else "") for code, holds, price in rows]
    return lists.written(items) if items else ""


def _pack_rows(cell: str) -> list[Pack]:
    rows = []
    for code, rest in lists.pairs(cell):
        holds, _, price = rest.partition("@")
        rows.append((code, holds, price))
    return rows


def drawn(fields: Mapping[str, str], stands: Mapping[str, str], language: Language) -> ProductForm:
    """The form as it is drawn at first; `stands` is what is in force, empty where nothing is."""
    packs = _pack_rows(fields.get(PACKS, ""))
    return _form(fields, fields, packs, ("", ""), "", stands, language)


def drawn_again(
    form: Form, wrong: str, stands: Mapping[str, str], language: Language
) -> ProductForm:
    """The form with what was typed; `wrong` is the field that was refused."""
    was = {name.removeprefix(_WAS): one(form, name) for name in form if name.startswith(_WAS)}
    new_list = one(form, _NEW_LIST), one(form, _NEW_LIST_PRICE)
    values = {name: value for name, value in values_of(form).items() if name in was}
    return _form(values, was, _typed_packs(form), new_list, wrong, stands, language)


def _form(
    values: Mapping[str, str],
    was: Mapping[str, str],
    packs: Sequence[Pack],
    new_list: tuple[str, str],
    wrong: str,
    stands: Mapping[str, str],
    language: Language,
) -> ProductForm:
    def field(name: str) -> Field:
        label, drafted = name_of(name).to(language), was.get(name, "")
        in_force = None
        if stands and stands.get(name, "") != drafted:
            said = words.VALUES.get(name, {}).get(stands.get(name, ""))
            in_force = said.to(language) if said else stands.get(name, "")
        return Field(name, label, values.get(name, ""), drafted, name == wrong, in_force)

    of_lists = [name for name in values if name.startswith(PRICE_OF_LIST)]
    return ProductForm(
        tuple(map(field, _ABOUT)),
        tuple(map(field, (PRICE, *of_lists))),
        {name: field(name) for name in _SELLING},
        field(BARCODES),
        field(PACKS),
        (*packs, *[("", "", "")] * _EMPTY_PACKS),
        new_list,
        tuple((unit.value, words.UNITS[unit].to(language)) for unit in Unit),
    )
