"""Control totals: a few sums of a file that two systems can compare."""

from collections import Counter
from collections.abc import Iterator

from retail.language import Text
from retail.money import Money, rounded_quotient
from retail.quantity import ONE
from sync_server.imports.products import ProductRow

#: more categories than these are not told apart
CATEGORIES_MAX = 100_000


class Totals:
    """Sums over products as they come. One that is named again in the next row counts once, as the
    later row says it. Opening stock is worth what it cost, each product rounded."""

    def __init__(self) -> None:
        self.products = 0
        self.repeated = 0
        self.unpriced = 0
        self.barcodes = 0
        self.packs = 0
        #: in minor units, by currency
        self.prices: Counter[str] = Counter()
        self.stock = 0
        #: products that the file says an opening stock of
        self.stocked = 0
        self.stock_worth: Counter[str] = Counter()
        self.categories: set[str] = set()
        self._last: ProductRow | None = None

    def add(self, row: ProductRow) -> None:
        last = self._last
        if last is not None and last.product.product_id == row.product.product_id:
            self._count(last, -1)
            self.repeated += 1
        self._count(row, 1)
        self._last = row
        category = row.product.category
        if category and len(self.categories) < CATEGORIES_MAX:
            self.categories.add(category)

    def _count(self, row: ProductRow, times: int) -> None:
        product = row.product
        self.products += times
        self.barcodes += times * len(product.codes)
        self.packs += times * len(product.packs)
        self.prices[product.currency] += times * product.price_minor
        if not product.price_minor:
            self.unpriced += times
        if row.opening_stock is not None:
            self.stocked += times
            self.stock += times * row.opening_stock
            if row.cost_minor is not None:
                worth = rounded_quotient(row.opening_stock * row.cost_minor, ONE)
                self.stock_worth[product.currency] += times * worth

    def lines(self) -> Iterator[Text]:
        """What a person compares, a line each."""
        yield Text(f"products {self.products}", f"商品 {self.products}")
        if self.repeated:
            again = self.repeated
            yield Text(f"rows of a product named just before {again}", f"连续重复的行 {again}")
        yield Text(f"barcodes {self.barcodes}", f"条码 {self.barcodes}")
        if self.packs:
            yield Text(f"packs {self.packs}", f"箱码 {self.packs}")
        yield Text(f"sum of prices {_amounts(self.prices)}", f"售价合计 {_amounts(self.prices)}")
        if self.unpriced:
            yield Text(f"at a price of 0 {self.unpriced}", f"价格为 0 {self.unpriced}")
        if self.categories:
            count = len(self.categories)
            yield Text(f"categories {count}", f"分类 {count}")
        if self.stocked:
            stock = f"{self.stock / ONE:.3f}"
            yield Text(f"opening stock {stock}", f"期初库存 {stock}")
        if self.stock_worth:
            worth = _amounts(self.stock_worth)
            yield Text(f"opening stock at cost {worth}", f"期初库存金额 {worth}")


def _amounts(sums: Counter[str]) -> str:
    """The sums of those currencies that have a product, in the order of their names."""
    amounts = (f"{Money(minor, name).plain} {name}" for name, minor in sorted(sums.items()))
    return ", ".join(amounts) or "0"
