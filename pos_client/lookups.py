"""The acts that only look: what a code means, which goods there are, how the till stands."""

from typing import Annotated

import msgspec

from pos_client import views
from pos_client.message import Act, Words
from pos_client.till import Till
from pos_client.views import View

#: the longest list of products
FOUND_MAX = 200
#: as many characters as the longest code has (ISO/IEC 18004), and its AIM identifier
Code = Annotated[str, msgspec.Meta(max_length=4_300)]


class PriceCheck(Act, tag="price_check"):
    """What a code means and costs, without selling it."""

    code: Code

    def perform(self, till: Till) -> View:
        return {"product": views.product(till.catalogue.product(self.code))}


class Find(Act, tag="find"):
    """Products in which all words are found: in their names, pinyin, category or codes."""

    words: Words
    limit: Annotated[int, msgspec.Meta(ge=1, le=FOUND_MAX)] = 20

    def perform(self, till: Till) -> View:
        hits = till.catalogue.finder.find(self.words, self.limit)
        return {"found": [{**views.product(hit.product), "stock": hit.stock} for hit in hits]}


class ShowProduct(Act, tag="product"):
    """All that is known of a product, by its code or its id."""

    code: Code | None = None
    product_id: Words | None = None

    def perform(self, till: Till) -> View:
        if self.product_id is not None:
            article = till.catalogue.chosen(self.product_id)
        else:
            article = till.catalogue.article(self.code or "")
        return {
            "product": {
                **views.product(article.product),
                **views.in_full(article.product, till.catalogue.recalls),
                **views.label(article.label),
                **till.stock.on_hand(article.product.product_id)._asdict(),
            },
            "revision": views.revision(till.catalogue.in_force),
        }


class Status(Act, tag="status"):
    """Who this till is, its shift, what it sells by, and how it stands with the hub."""

    def perform(self, till: Till) -> View:
        return {
            "store": till.who.store,
            "till": till.who.till,
            "shift": views.shift(till.shift.current) if till.shift.current else None,
            "last_receipt": till.sale.last_receipt,
            "products": till.catalogue.known_products,
            "revision": views.revision(till.catalogue.in_force),
            "sync": views.sync(till.sync.state()),
            "basket": views.basket(till.sale.basket),
        }
