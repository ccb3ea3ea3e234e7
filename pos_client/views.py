"""What other programs are shown of the till: plain JSON values, amounts in minor units."""

from typing import Any

from pos_client.catalogue.service import InForce
from pos_client.counter.faults import words
from pos_client.counter.places import Placed
from pos_client.locker.service import Box
from pos_client.sale.records import Parked
from pos_client.sale.sold import Sold
from pos_client.shift.records import OpenShift
from pos_client.sync.service import SyncState
from retail.article import NO_LABEL, CodePrice, Label
from retail.basket import Basket, Line
from retail.catalogue import Product
from retail.expiry import Recalls, recall_of, recalled_batches
from retail.facts import ShiftClosed
from retail.language import Language
from retail.refusals import Refusal
from retail.shift import Figures

View = dict[str, Any]


def line(of: Line) -> View:
    return {
        "line": of.number,
        "product_id": of.product.product_id,
        "code": of.code,
        "name": of.product.name,
        "unit": of.product.unit,
        "quantity": of.quantity,
        "unit_price": of.product.price_minor,
        "discount": of.reduction.minor,
        "total": of.total.minor,
        "tax": of.tax.minor,
        **label(of.label),
        **({"code_price": code_price(of.code_price)} if of.code_price else {}),
    }


def label(of: Label) -> View:
    """What the code says of this very piece, and nothing where it says nothing."""
    said: View = {
        "batch": of.batch,
        "serial": of.serial,
        "expires": of.expires,
        "best_before": of.best_before,
    }
    return {name: value for name, value in said.items() if value}


def code_price(of: CodePrice) -> View:
    return {"quantity": of.quantity, "total": of.total_minor}


def basket(of: Basket) -> View:
    return {
        "currency": of.currency,
        "lines": [line(each) for each in of.lines],
        "current": of.line().number if of.lines else None,
        "customer": of.customer,
        "tenders": [{"tender": each.name, "amount": each.amount_minor} for each in of.tenders],
        "pieces": of.pieces,
        "before_discounts": of.before_discounts.minor,
        "discounts": of.discounts.minor,
        "tax_included": of.tax_included.minor,
        "tax_on_top": of.tax_on_top.minor,
        "total": of.total.minor,
        "due": of.due.minor,
    }


def parked(of: Parked) -> View:
    return {
        "number": of.number,
        "at": of.at,
        "note": of.note,
        "customer": of.basket.customer,
        "pieces": of.basket.pieces,
        "lines": len(of.basket.lines),
        "total": of.basket.total.minor,
    }


def product(of: Product) -> View:
    return {
        "product_id": of.product_id,
        "name": of.name,
        "spec": of.spec,
        "unit": of.unit,
        "unit_price": of.price_minor,
        "currency": of.currency,
        "codes": of.codes,
        "tax_rate_ppm": of.tax.rate_ppm,
        "tax_included": of.tax.included,
    }


def in_full(of: Product, recalls: Recalls) -> View:
    """What `product` does not say of it; `recalled` is why it may not be sold."""
    whole = recall_of(of.product_id, NO_LABEL, recalls)
    return {
        "brand": of.brand,
        "category": of.category,
        "prices": of.prices,
        "packs": [
            {"code": pack.code, "quantity": pack.quantity, "price": pack.price_minor}
            for pack in of.packs
        ],
        "recalled": whole.reason if whole else None,
        "recalled_batches": {
            each.batch: each.reason for each in recalled_batches(of.product_id, recalls)
        },
    }


def revision(of: InForce) -> View:
    """The prices that are sold by; times ISO 8601, null before the first."""
    return {
        "name": of.name,
        "short": of.short,
        "published_at": of.published_at or None,
        "checked_at": of.checked_at or None,
    }


def sold(of: Sold) -> View:
    return {
        "sale": of.eid,
        "receipt": of.fact.receipt,
        "at": of.at,
        "business_date": of.business_date,
        "customer": of.fact.customer,
        "currency": of.fact.currency,
        "lines": len(of.fact.lines),
        "total": of.fact.total_minor,
        "change": of.fact.change_minor,
    }


def paper(of: Sold) -> str:
    """What became of the receipt: a Fate."""
    return of.fate.value


def shift(of: OpenShift) -> View:
    return {
        "number": of.number,
        "shift": of.context.shift,
        "cashier": of.context.cashier,
        "business_date": of.context.business_date,
        "currency": of.currency,
        "float": of.float_minor,
    }


def figures(of: Figures) -> View:
    return {
        "currency": of.currency,
        "sales": of.sales,
        "takings": of.takings_minor,
        "net": of.net_minor,
        "taxes": of.taxes,
        "rounding": of.rounding_minor,
        "tenders": of.tenders,
        "float": of.float_minor,
        "expected_cash": of.expected_cash_minor,
    }


def closed(of: ShiftClosed) -> View:
    return {
        "number": of.number,
        "expected": of.expected_minor,
        "counted": of.counted_minor,
        "difference": of.difference_minor,
        "sales": of.sales,
        "counts": [{"value": each.value_minor, "number": each.number} for each in of.counts],
    }


def sync(of: SyncState) -> View:
    return {
        "online": of.online,
        "waiting": of.waiting,
        "waiting_since": of.waiting_since or None,
        "forked": of.forked,
        "problem": of.problem or None,
        "why": of.why or None,
        "stuck": of.stuck,
        "clock_ahead_s": of.clock_off_s or None,
    }


def refusal(of: Refusal, language: Language) -> View:
    return {"code": of.code, "say": of.say.to(language), "remedy": of.remedy.to(language)}


def device(of: Placed, language: Language) -> View:
    """A device, how it stands, and what to do when it does not stand well."""
    health = of.device.health
    said: View = {
        "device": of.name,
        "url": of.url,
        "state": health.state,
        "ready": health.ready,
    }
    if (trouble := health.fault) is not None:
        say, remedy = words(trouble)
        said |= {"code": trouble.code, "say": say.to(language), "remedy": remedy.to(language)}
    return said


def box(of: Box) -> View:
    """A compartment: its door, what lies in it, and whether it is in service."""
    return {
        "compartment": of.door.number,
        "size": of.door.size,
        "door": of.door.state,
        "parcel": of.contents.parcel or None,
        "since": of.contents.since or None,
        "withdrawn": of.contents.withdrawn or None,
        "opening": of.opening.decision if of.opening else None,
    }
