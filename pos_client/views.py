"""What other programs are shown of the till: plain JSON values, amounts in minor units."""

from typing import Any

from pos_client.sale.records import Sold
from pos_client.shift.records import OpenShift
from pos_client.sync.service import SyncState
from retail.basket import Basket, Line
from retail.catalogue import Product
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
    }


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


def product(of: Product) -> View:
    return {
        "product_id": of.product_id,
        "name": of.name,
        "unit": of.unit,
        "unit_price": of.price_minor,
        "currency": of.currency,
        "codes": of.codes,
        "tax_rate_ppm": of.tax.rate_ppm,
        "tax_included": of.tax.included,
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
    """What became of the receipt: printed, not_printed, unknown, printing, or no_printer."""
    if of.outcome is None:
        return "printing"
    return of.outcome or "no_printer"


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
    }


def refusal(of: Refusal, language: Language) -> View:
    return {"code": of.code, "say": of.say.to(language), "remedy": of.remedy.to(language)}
