"""`sync-server products show`, `find`, `set-price`, `remove`, `draft`: one product."""

from typing import Annotated

import typer

from retail.catalogue import Product
from retail.language import Text
from retail.quantity import Unit, plain
from retail.refusals import Refusal
from retail.revision import Recall
from sync_server.catalogue import moments
from sync_server.catalogue.edits import Edit
from sync_server.catalogue.service import NoSuchProduct
from sync_server.catalogue.views import ProductView
from sync_server.commands.running import Url, misused, refuse, say
from sync_server.commands.shown import rows
from sync_server.commands.telling import (
    DRAFTED,
    NUMBER_MAX,
    At,
    By,
    Id,
    Note,
    Told,
    ask,
    diff_lines,
    say_changes,
    say_diff,
    say_stands,
)
from sync_server.console.search import Search
from sync_server.hub import Hub
from sync_server.imports.columns import PRICE_OF_LIST
from sync_server.imports.fields import PRICE, changed, fields_of, made
from sync_server.stock.records import OnHand

_ONE_CHANGE = Text(
    "give fields, or --remove, or --leave with --into",
    "请给出字段，或 --remove，或 --leave 与 --into",
)


class NotAPair(Refusal):
    code = "not_a_pair"
    sentence = Text("{text} is not like price=3.90.", "{text} 应形如 price=3.90。")
    way_on = Text(
        "The fields are those of an import file: name, price, price:LIST, barcodes, packs …",
        "字段与导入文件的列相同：name、price、price:价格表、barcodes、packs 等。",
    )


def show(product: Id, database: Url = None) -> None:
    """Print all that is known of a product. Example: sync-server products show 100028"""

    async def look(hub: Hub) -> tuple[ProductView, list[OnHand]]:
        return await hub.office.product(product), await hub.office.on_hand(product)

    seen, stock = ask(database, look)
    if seen.product is None and not (seen.pending or seen.history):
        refuse(NoSuchProduct(product=product))
    told = [("product_id", product), *_fields(seen.product)]
    told += [("recalled", f"{_batch(recall)}: {recall.reason}") for recall in seen.recalls]
    for row, altered in seen.pending:
        when = f" from {moments.told(row.effective_at)}" if row.effective_at else ""
        for _, _, field, before, after in diff_lines(altered):
            told.append((f"{row.state} {row.number}{when}", f"{field} {before} → {after}"))
    unit = seen.product.unit if seen.product else Unit.PIECE
    told += [(f"stock {each.store_id}", _stock(each, unit)) for each in stock]
    rows(("field", "value"), told)


def _stock(on_hand: OnHand, unit: Unit) -> str:
    """What there is, and what of it lay there before the first fact, if anybody said."""
    said, opening = plain(on_hand.quantity, unit), on_hand.opening
    if opening is None:
        return said
    cost = opening.cost
    return f"{said}; opening {plain(opening.quantity, unit)}" + (f" at {cost}" if cost else "")


def _fields(product: Product | None) -> list[tuple[str, str]]:
    if product is None:
        return [("state", "not in the catalogue")]
    return [(name, value) for name, value in fields_of(product).items() if value]


def find(
    words: Annotated[list[str], typer.Argument(help="name, pinyin, category, barcode")],
    limit: Annotated[int, typer.Option(min=1, max=1_000, help="no more than so many")] = 20,
    database: Url = None,
) -> None:
    """Find products. Example: sync-server products find kele 330"""
    found = ask(database, lambda hub: Search(wait_s=None).find(hub, " ".join(words), limit))
    rows(
        ("product", "name", "price", "currency", "barcode"),
        (
            (each.product_id, each.name, each.price.plain, each.currency, *each.all_codes[:1])
            for each in found
        ),
    )


# Changing


def set_price(
    product: Id,
    price: Annotated[str, typer.Argument(help="an amount of the product's currency")],
    price_list: Annotated[str | None, typer.Option("--list", help="of that price list")] = None,
    at: At = None,
    note: Note = "",
    by: By = None,
    database: Url = None,
) -> None:
    """Let a product cost something else. Example: sync-server products set-price 100028 3.90"""
    field = f"{PRICE_OF_LIST}{price_list}" if price_list else PRICE
    _at_once(database, product, _typed({field: price}), Told(by, note, at))


def remove(
    product: Id, at: At = None, note: Note = "", by: By = None, database: Url = None
) -> None:
    """Take a product out of the catalogue. Example: sync-server products remove 100028"""
    _at_once(database, product, lambda _: None, Told(by, note, at))


def _typed(fields: dict[str, str]) -> Edit:
    def change(product: Product | None) -> Product | None:
        return changed(product, fields) if product else None

    return change


def _at_once(database: str | None, product: str, change: Edit, told: Told) -> None:
    async def work(hub: Hub) -> None:
        at = told.at
        done = await hub.office.edit_at_once(product, change, told.by, told.note, at)
        seen = await hub.office.revision(done.number, 1)
        say_diff(seen.altered)
        say_stands(done.number, done.name, at)

    ask(database, work)


def draft(  # noqa: PLR0913, PLR0917  every option of the command is one
    product: Id,
    fields: Annotated[
        list[str] | None, typer.Argument(metavar="FIELD=VALUE…", help="as in an import file")
    ] = None,
    into: Annotated[
        int | None, typer.Option(min=1, max=NUMBER_MAX, help="an open draft; else a new one")
    ] = None,
    new: Annotated[bool, typer.Option("--new", help="a product that is not there yet")] = False,
    leave: Annotated[bool, typer.Option("--leave", help="take it out of the draft")] = False,
    take_out: Annotated[
        bool, typer.Option("--remove", help="take it out of the catalogue")
    ] = False,
    note: Note = "",
    by: By = None,
    database: Url = None,
) -> None:
    """Change a product without publishing it.

    Example: sync-server products draft 100028 price=3.90 price:member=3.50 --into 12
    """
    if (take_out or leave) == bool(fields) or (leave and into is None):
        misused(_ONE_CHANGE)
    typed = _pairs(fields or [])
    told = Told(by, note)

    def change(before: Product | None) -> Product | None:
        if take_out:
            return None
        return made(product, typed) if new and before is None else _typed(typed)(before)

    async def work(hub: Hub) -> None:
        if leave and into is not None:
            await hub.office.leave(into, product, told.by)
            number = into
        elif into is not None:
            await hub.office.edit(into, product, change, told.by)
            number = into
        else:
            number = await hub.office.edit_anew(product, change, told.by, told.note)
        await say_changes(hub, number)
        say(DRAFTED.filled(number=number), beside=True)

    ask(database, work)


def _pairs(texts: list[str]) -> dict[str, str]:
    pairs = [text.partition("=") for text in texts]
    for text, (_, sign, _) in zip(texts, pairs, strict=True):
        if not sign:
            refuse(NotAPair(text=text))
    return {name: value for name, _, value in pairs}


def _batch(recall: Recall) -> str:
    return f"batch {recall.batch}" if recall.batch else "all of it"
