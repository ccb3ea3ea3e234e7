"""Whether goods may be sold today, and for how much less: recalls, dates, near-dated goods."""

from collections.abc import Mapping
from datetime import date

from retail.article import Label
from retail.basket import Basket, Discount
from retail.catalogue import Product, StoreSettings
from retail.language import Text
from retail.refusals import Refusal
from retail.revision import Recall

Recalls = Mapping[str, Recall]

NEAR_EXPIRY = Text("Near expiry", "临期")
_BATCH_RECALLED = Text(
    "Batch {batch} is recalled ({reason}): look at the package.",
    "批次 {batch} 已召回（{reason}）：请查看包装。",
)
_PAST_BEST_BEFORE = Text(
    "Best before {day}: tell the customer.", "最佳食用期 {day} 已过，请告知顾客。"
)


class Recalled(Refusal):
    code = "recalled"
    sentence = Text(
        "{name} may not be sold: recalled, {reason}.", "{name} 已召回，禁止销售：{reason}。"
    )
    way_on = Text("Put it aside, not back on the shelf.", "请将商品单独存放，勿放回货架。")


class RecalledInBasket(Refusal):
    code = "recalled_in_basket"
    sentence = Text(
        "Line {line}, {name}, may not be sold: recalled, {reason}.",
        "第 {line} 行 {name} 已召回，禁止销售：{reason}。",
    )
    way_on = Text(
        "Take the line out, F4, then take payment; what was paid is given back first.",
        "请按 F4 删除该行后再收款；已收款项须先退回。",
    )


class Expired(Refusal):
    code = "expired"
    sentence = Text("{name} expired on {day}.", "{name} 已于 {day} 过期。")
    way_on = Text("Take it off sale, and offer another piece.", "请下架该商品，并为顾客更换。")


class PastBestBefore(Refusal):
    code = "past_best_before"
    sentence = Text(
        "{name} was best before {day}; this store does not sell it any more.",
        "{name} 最佳食用期 {day} 已过，本店不再销售。",
    )
    way_on = Text("Take it off sale, and offer another piece.", "请下架该商品，并为顾客更换。")


def check(
    product: Product, label: Label, recalls: Recalls, settings: StoreSettings, today: date
) -> None:
    """Raises Recalled, Expired or PastBestBefore when this piece may not be sold."""
    recall = recall_of(product.product_id, label, recalls)
    if recall:
        raise Recalled(name=product.name, reason=recall.reason)
    if label.expires and label.expires < today:
        raise Expired(name=product.name, day=label.expires)
    if _is_past_best(label, today) and not settings.sells_past_best_before:
        raise PastBestBefore(name=product.name, day=label.best_before)


def check_basket(basket: Basket, recalls: Recalls) -> None:
    """Raises RecalledInBasket when something in it was recalled meanwhile."""
    for place, line in enumerate(basket.lines, start=1) if recalls else ():
        recall = recall_of(line.product.product_id, line.label, recalls)
        if recall:
            raise RecalledInBasket(line=place, name=line.product.name, reason=recall.reason)


def recall_of(product_id: str, label: Label, recalls: Recalls) -> Recall | None:
    """The recall that forbids this piece: of its product, or of the batch that its code names."""
    if not recalls:
        return None
    whole = recalls.get(product_id)
    return whole or (recalls.get(f"{product_id}/{label.batch}") if label.batch else None)


def recalled_batches(product_id: str, recalls: Recalls) -> list[Recall]:
    """The batches of a product that may not be sold."""
    return [each for each in recalls.values() if each.product_id == product_id and each.batch]


def remarks(product: Product, label: Label, recalls: Recalls, today: date) -> list[Text]:
    """What has to be looked at with a piece that is sold all the same."""
    said = []
    if not label.batch:
        said += [
            _BATCH_RECALLED.filled(batch=each.batch, reason=each.reason)
            for each in recalled_batches(product.product_id, recalls)
        ]
    if _is_past_best(label, today):
        said.append(_PAST_BEST_BEFORE.filled(day=label.best_before))
    return said


def mark_down(
    product: Product, label: Label, settings: StoreSettings, today: date
) -> Discount | None:
    """What the store takes off a piece near its date: by the rule of the fewest days that fits,
    then of the longest category."""
    days = [day for day in (label.expires, label.best_before) if day]
    if not days or not settings.near_expiry:
        return None
    left = (min(days) - today).days
    rules = [
        rule
        for rule in settings.near_expiry
        if left <= rule.days_left_max and product.is_in(rule.category)
    ]
    if not rules:
        return None
    rule = min(rules, key=lambda each: (each.days_left_max, -len(each.category)))
    reason = NEAR_EXPIRY.to(settings.language)
    return Discount(reason, rate_ppm=rule.rate_ppm, by_rule=True)


def _is_past_best(label: Label, today: date) -> bool:
    return label.best_before is not None and label.best_before < today
