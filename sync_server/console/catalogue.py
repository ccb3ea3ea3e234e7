"""/hq/catalogue: products found and edited into drafts, drafts published, planned or given up,
what was published and by whom, recalls. Plain forms; a small script finds as one types.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from starlette.responses import Response
from starlette.routing import Route

from pricebook.rows import short_name
from retail.catalogue import Product
from retail.language import Language, Text
from retail.quantity import Unit, plain
from retail.refusals import Refusal
from retail.revision import Recall
from sync_server.catalogue import views
from sync_server.catalogue.book import TROUBLE
from sync_server.catalogue.moments import offset, typed
from sync_server.catalogue.records import State
from sync_server.catalogue.service import NoSuchProduct, NoSuchRevision
from sync_server.console import catalogue_words as words
from sync_server.console import guard, product_form, revisions
from sync_server.console.asked import HERE, NUMBER_MAX, Asked, answering, bounded
from sync_server.console.guard import one
from sync_server.console.search import BookNotHere
from sync_server.hub import Hub
from sync_server.imports.fields import BadField, changed, fields_of, made
from sync_server.stock.records import OnHand
from sync_server.words import amount

_FOUND_MAX = 50
_CHANGES_MAX = 100
_HISTORY_MAX = 50
_LATEST = 6
_CHANGED_LAST = 14


class StockLine(NamedTuple):
    """What there is of a product in a store; empty where nobody said."""

    store_id: str
    store_name: str
    on_hand: str
    opening: str
    cost: str


class AlreadyThere(Refusal):
    code = "already_there"
    sentence = Text("There is a product {product} already.", "已有商品 {product}。")
    way_on = Text("Edit that one, or give another number.", "请编辑该商品，或改用其他编号。")


def routes(hub: Callable[[], Hub]) -> list[Route]:
    """The routes of the catalogue."""
    endpoint = answering(hub)
    revision = f"{HERE}/revisions/{{number:int}}"
    table = [
        ("GET", HERE, _overview),
        ("GET", f"{HERE}/product", _product),
        ("POST", f"{HERE}/product", _edit),
        ("GET", revision, _revision),
        ("POST", revision, _act),
        ("GET", f"{HERE}/revisions", _history),
        ("GET", f"{HERE}/recalls", _recalls),
        ("POST", f"{HERE}/recalls", _recall),
    ]
    return [Route(path, endpoint(handler), methods=[verb]) for verb, path, handler in table]


# Finding


async def _overview(asked: Asked) -> Response:
    hub, wanted = asked.hub, asked.query("q")
    found, trouble = await _found(asked, wanted) if wanted else ([], "")
    history = await hub.office.history(_LATEST)
    pending = await hub.office.pending()
    return asked.drawn(
        "catalogue.html",
        wanted=wanted,
        found=[_found_line(product, asked.language) for product in found[:_FOUND_MAX]],
        is_more=len(found) > _FOUND_MAX,
        trouble=trouble,
        latest=() if wanted else await _changed_last(asked, history),
        pending=[revisions.line(each, asked.language) for each in pending],
        history=[revisions.line(each, asked.language) for each in history],
        recalls=len(await hub.office.recalls()),
        sells_by=await _sells_by(asked, history),
    )


async def _changed_last(
    asked: Asked, history: list[views.RevisionView]
) -> list[revisions.AlteredLine]:
    """The products that the latest revisions changed, each once."""
    latest: dict[str, views.Altered] = {}
    for each in history:
        if len(latest) < _CHANGED_LAST:
            seen = await asked.hub.office.revision(each.row.number, _CHANGED_LAST - len(latest))
            latest |= {one.product_id: one for one in seen.altered if one.product_id not in latest}
    return [revisions.altered_line(one, asked.language) for one in latest.values()]


async def _found(asked: Asked, wanted: str) -> tuple[list[Product], str]:
    """What was found, and why nothing could be."""
    trouble = "filling"
    try:
        return await asked.search.find(asked.hub, wanted, _FOUND_MAX + 1), ""
    except BookNotHere:
        pass
    except TROUBLE:
        trouble = "book_away"
    return [], words.WORDS[trouble].to(asked.language)


def _found_line(product: Product, language: Language) -> dict[str, str]:
    return {
        "id": product.product_id,
        "name": product.name,
        "about": " · ".join(filter(None, (product.spec, product.brand, product.category))),
        "code": product.all_codes[0] if product.all_codes else "",
        "price": amount(product.price_minor, product.currency),
        "unit": words.UNITS[product.unit].to(language) if product.unit.is_measured else "",
    }


async def _sells_by(
    asked: Asked, history: list[views.RevisionView]
) -> list[tuple[str, str, str, str, bool]]:
    """Each revision that tills sold by lately: what it is called, empty where it is not known here,
    its short name, how many tills, which, and whether it stands; the one that most of them sell by
    first."""
    sold_by = await asked.hub.office.sold_by()
    by_name: dict[str, list[str]] = {}
    for till, name in sold_by.items():
        by_name.setdefault(name, []).append(till)
    stands = history[0].row.name if history else ""
    numbers = await asked.hub.office.revisions_named([*by_name])
    rows = sorted(by_name.items(), key=lambda each: (-len(each[1]), each[0]))
    count = words.ONE_TILL, words.TILLS
    return [
        (
            revisions.called(numbers[name]).to(asked.language) if name in numbers else "",
            short_name(name),
            count[len(tills) > 1].filled(count=len(tills)).to(asked.language),
            " ".join(sorted(tills)),
            name == stands,
        )
        for name, tills in rows
        if name
    ]


# A product


async def _product(asked: Asked, no: Refusal | None = None) -> Response:
    """A product as it stands, or as a draft has it; an empty form for a new one."""
    product_id = one(asked.form, "id") or asked.query("id")
    is_new = bool(one(asked.form, "new") or asked.query("new"))
    seen = await asked.hub.office.product(product_id)
    drafts = [each for each in await asked.hub.office.pending() if each.row.state == State.DRAFT]
    chosen = one(asked.form, "draft") or asked.query("draft")
    if not chosen and drafts and not asked.form:
        chosen = str(drafts[0].row.number)
    number = next((each.row.number for each in drafts if str(each.row.number) == chosen), 0)
    product = await asked.hub.office.product_in(number, product_id) if number else seen.product
    stands = fields_of(seen.product) if number and seen.product else {}
    if asked.form:
        wrong = no.column if isinstance(no, BadField) else ""
        form = product_form.drawn_again(asked.form, wrong, stands, asked.language)
    else:
        fields = fields_of(product) if product else _BLANK
        form = product_form.drawn(fields, stands, asked.language)
    if no is None and not is_new and product is None and not (seen.pending or seen.history):
        no = NoSuchProduct(product=product_id)
    return asked.drawn(
        "product.html",
        no,
        product=product,
        product_id=product_id,
        name=named.name if (named := product or seen.product) else "",
        is_new=is_new,
        stands=seen.product is not None,
        form=form,
        drafts=[revisions.line(each, asked.language) for each in drafts],
        draft=number,
        drafted_by=_drafted(number, product, seen.product, asked.language),
        pending=_of_product(seen.pending, asked.language),
        history=_of_product(seen.history, asked.language),
        recalls=seen.recalls,
        stock=_stock(await asked.hub.office.on_hand(product_id), seen.product or product),
    )


def _drafted(number: int, product: Product | None, stands: Product | None, to: Language) -> str:
    """That the page shows what a draft makes of the product, and nobody sells by it; empty where it
    makes nothing else of it than stands."""
    if product == stands or not number:
        return ""
    said = words.DRAFTED
    if stands is None:
        said = words.DRAFTED_NEW
    elif product is None:
        said = words.DRAFTED_OUT
    return said.filled(number=number).to(to)


def _stock(on_hand: list[OnHand], product: Product | None) -> list[StockLine]:
    unit = product.unit if product else Unit.PIECE

    def line(each: OnHand) -> StockLine:
        opening = each.opening
        return StockLine(
            each.store_id,
            each.store_name,
            plain(each.quantity, unit),
            plain(opening.quantity, unit) if opening else "",
            opening.cost if opening else "",
        )

    return [line(each) for each in on_hand]


#: what stands in the form of a new product
_BLANK = {"price": "", "currency": "CNY", "unit": "piece", "tax_included": "yes"}


def _of_product(changes: Any, language: Language) -> list[tuple[Any, Any]]:
    return [
        (
            revisions.line(views.RevisionView(row, 0), language),
            revisions.altered_line(altered, language),
        )
        for row, altered in changes
    ]


async def _edit(asked: Asked) -> Response:
    """Put what was typed into a draft."""
    try:
        number = await _edited(asked)
    except Refusal as no:
        return await _product(asked, no)
    return asked.going_to(f"/revisions/{number}", done="drafted")


async def _edited(asked: Asked) -> int:
    product_id, author, note = one(asked.form, "id"), asked.author, asked.note
    fields = product_form.typed_anew(asked.form)
    is_new = bool(one(asked.form, "new"))

    def change(product: Product | None) -> Product | None:
        if one(asked.form, "act") == "remove":
            return None
        if is_new and product is not None:
            raise AlreadyThere(product=product_id)
        if product is None:
            if not is_new:
                raise NoSuchProduct(product=product_id)
            return made(product_id, product_form.values_of(asked.form))
        return changed(product, fields)

    draft = one(asked.form, "draft")
    if not draft.isascii() or not draft.isdigit() or int(draft) > NUMBER_MAX:
        return await asked.hub.office.edit_anew(product_id, change, author, note)
    await asked.hub.office.edit(int(draft), product_id, change, author)
    return int(draft)


# Revisions


async def _revision(asked: Asked, no: Refusal | None = None) -> Response:
    """A draft, a plan or a revision with what it changes, and what can be done with it."""
    after = asked.query("after")
    try:
        seen = await asked.hub.office.revision(asked.number, _CHANGES_MAX + 1, after)
    except NoSuchRevision as absent:
        return asked.drawn("absent.html", absent)
    altered = seen.altered[:_CHANGES_MAX]
    is_more = len(seen.altered) > _CHANGES_MAX
    latest = await asked.hub.office.history(1)
    acts = (await asked.hub.office.acts_on([asked.number])).get(asked.number, [])
    return asked.drawn(
        "revision.html",
        no,
        revision=revisions.line(seen, asked.language),
        acts=revisions.act_lines(seen.row, acts, asked.language),
        shown=await asked.hub.office.fingerprint(asked.number)
        if seen.row.state == State.DRAFT
        else "",
        altered=revisions.altered_lines(altered, asked.language),
        after=after,
        next_after=altered[-1].product_id if is_more else "",
        stands=bool(latest) and latest[0].row.number == seen.row.number,
        zone=words.ZONE.filled(offset=offset(asked.hub.now().astimezone())).to(asked.language),
    )


async def _act(asked: Asked) -> Response:
    """Do with a revision what was asked for."""
    hub, number, shown = asked.hub, asked.number, one(asked.form, "shown")
    going = number
    try:
        author = asked.author
        match one(asked.form, "act"):
            case "publish":
                await hub.office.publish(number, author, shown)
                done = "published"
            case "plan":
                await hub.office.plan(number, typed(one(asked.form, "at")), author, shown)
                done = "planned"
            case "withdraw":
                await hub.office.withdraw(number, author)
                done = "withdrawn"
            case "roll_back":
                going = await hub.office.draft_roll_back(number, author)
                done = "back"
            case _:
                await hub.office.leave(number, one(asked.form, "leave"), author)
                done = "left"
    except Refusal as no:
        return await _revision(asked, no)
    return asked.going_to(f"/revisions/{going}", done=done)


async def _history(asked: Asked) -> Response:
    """What was published, page by page."""
    before = asked.query("before")
    is_place = before.isascii() and before.isdigit() and int(before) <= NUMBER_MAX
    seen = await asked.hub.office.history(_HISTORY_MAX + 1, int(before) if is_place else 0)
    lines = [revisions.line(each, asked.language) for each in seen[:_HISTORY_MAX]]
    older = lines[-1].place if len(seen) > _HISTORY_MAX else 0
    return asked.drawn("history.html", lines=lines, older=older, is_first=not is_place)


# Recalls


async def _recalls(asked: Asked, no: Refusal | None = None) -> Response:
    recalls = await asked.hub.office.recalls()
    product_ids = [recall.product_id for recall in recalls]
    names = await asked.hub.office.product_names(product_ids)
    by = await asked.hub.office.recalled_by([recall.key for recall in recalls])
    return asked.drawn(
        "recalls.html",
        no,
        recalls=recalls,
        names=names,
        acts={key: revisions.act_line(act, asked.language) for key, act in by.items()},
        id=asked.query("id"),
    )


async def _recall(asked: Asked) -> Response:
    """Recall, or lift a recall."""
    product_id, batch = one(asked.form, "id"), one(asked.form, "batch")
    lifted = one(asked.form, "lift")
    try:
        if lifted:
            await asked.hub.office.lift_recall(lifted, asked.author)
            return asked.going_to("/recalls", done="lifted")
        reason = bounded("reason", one(asked.form, "reason"), guard.NOTE_CHARACTERS_MAX)
        recall = Recall(product_id, reason, bounded("batch", batch, guard.NOTE_CHARACTERS_MAX))
        await asked.hub.office.recall(recall, asked.author)
    except Refusal as no:
        return await _recalls(asked, no)
    return asked.going_to("/recalls", done="recalled")
