"""What a row says of a product: its columns, and the product they make.

Rows that follow each other, have the same id and differ in barcodes and packs alone are one
product with all of them: each such row is the product with what came so far. Of rows that differ
otherwise the last one counts, as it does across a file.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import NamedTuple

import msgspec

from retail.catalogue import Pack, Product
from retail.money import rounded_quotient
from retail.quantity import ONE, Unit
from retail.tax import Tax
from sync_server.imports import cells, codes
from sync_server.imports.cells import Measure, text
from sync_server.imports.columns import PRICE_OF_LIST, Column, Found
from sync_server.imports.lists import many, pairs
from sync_server.imports.rows import BadCell

MEMBER = f"{PRICE_OF_LIST}member"
WHOLESALE = f"{PRICE_OF_LIST}wholesale"

#: of two columns that could be the same thing, the one that is named first here wins
COLUMNS = (
    Column(
        "product_id",
        "商品编码,商品编号,货号,自编码,商品代码,编码,编号,店内码,item code,item number,item no"
        ",item id,product code,article number,article,sku,stock code,plu,款号,itemlookupcode",
    ),
    Column(
        "name",
        "商品名称,品名,商品名,货品名称,单品名称,名称,item name,product name,title,description"
        ",item description,product description,desc,item",
    ),
    Column(
        "barcodes",
        "国际条码,商品条码,条形码,条码,主条码,一品多码,国际条形码,barcode,gtin,ean,ean13,upc,upca"
        ",bar code,upc code,ean code,alias",
    ),
    Column(
        "price",
        "零售价,零售价格,售价,销售价,销售价格,标准售价,门店售价,retail price,selling price"
        ",sale price,unit price,sales price,price1,单价,价格,rrp",
    ),
    Column("currency", "币种,货币"),
    Column(
        "unit",
        "单位,计量单位,销售单位,基本单位,主单位,uom,unit of measure,sales unit,selling unit",
    ),
    Column(
        "pricing",
        "计价方式,计价类型,称重方式,是否称重,称重商品,计量方式,pricing method,sold by,price type",
    ),
    Column("tax_rate", "税率,销项税率,tax,vat,vat rate,tax percent,tax%,gst,销售税率"),
    Column("tax_code", "税收分类编码,税码"),
    Column("tax_included", "含税,是否含税,tax inclusive,price includes tax"),
    Column("spec", "规格,规格型号,商品规格,型号,size,pack size,package size,specification"),
    Column("brand", "品牌,品牌名称,商品品牌,brand name,manufacturer"),
    Column("department", "大类,一级分类,一级类别,部门,department name,dept"),
    Column(
        "category",
        "类别,分类,品类,商品分类,商品类别,类别名称,分类名称,所属分类,中类,category name"
        ",product category,group,product type,class",
    ),
    Column("mnemonic", "助记码,拼音码,简码,速记码,拼音简码,拼音助记码"),
    Column("other_names", "英文名,英文名称,英文品名,别名,简称,商品简称,short name,english name"),
    Column(MEMBER, "会员价,会员价格,会员价1,member price,club price,loyalty price"),
    Column(WHOLESALE, "批发价,批发价格,批发价1,wholesale price,trade price"),
    Column("prices"),
    Column("pack_code", "箱码,箱条码,大包装条码,外箱条码,件码,case barcode,case upc,case gtin"),
    Column(
        "pack_quantity",
        "箱规,装箱数,箱装数,件装数,进货规格,大包装数量,装箱规格,case pack,case size,units per case"
        ",case qty,pack qty",
    ),
    Column("pack_price", "箱价,整箱价,件价,case price"),
    Column("packs"),
    Column(
        "cost",
        "进货价,进价,成本价,成本,参考进价,采购价,最新进价,cost price,unit cost,purchase price"
        ",average cost,last cost",
    ),
    Column(
        "opening_stock",
        "期初库存,库存,库存数量,当前库存,库存量,现有库存,stock,on hand,qty on hand,quantity on hand"
        ",stock on hand,qty,quantity,soh",
    ),
)
_CACHED = 1 << 14
_CATEGORY_PARTS = re.compile(r"[/\\>＞／|]+")
_NO_CODES = "-"
#: how a case is described: `24`, `1*24`, `24瓶/箱`
_CASE = re.compile(r"(?:1\s*[*x×]\s*)?(\d+(?:\.\d{1,3})?)\s*[^\d.]*", re.IGNORECASE)
_BRACKETED_UNIT = re.compile(r"[(（\[].*?/\s*(.+?)\s*[)）\]]")


class ProductRow(NamedTuple):
    """A product of a file, and what the file says of the goods themselves: what one unit cost, in
    minor units of the product's currency, and how much of it there is, in 1/1000."""

    product: Product
    cost_minor: int | None = None
    opening_stock: int | None = None


class Cells(NamedTuple):
    """The cells of a row, by our columns; empty where there is none."""

    product_id: str
    name: str
    barcodes: str
    price: str
    currency: str
    unit: str
    pricing: str
    tax_rate: str
    tax_code: str
    tax_included: str
    spec: str
    brand: str
    department: str
    category: str
    mnemonic: str
    other_names: str
    prices: str
    pack_code: str
    pack_quantity: str
    pack_price: str
    packs: str
    cost: str
    opening_stock: str


class Trade(NamedTuple):
    """In what measure, currency and tax a product is sold."""

    measure: Measure
    currency: str
    tax: Tax


def missing(at: Mapping[str, int], default_price: str | None) -> list[str]:
    """What a file lacks: a name, an id or a barcode, a price unless there is one for all."""
    needed = ["product_id", "name", "price"]
    if "barcodes" in at:
        needed.remove("product_id")
    if default_price is not None:
        needed.remove("price")
    return [name for name in needed if name not in at]


class ProductReader:
    """Understands the rows of one file, in their order. `sample` are its first rows."""

    def __init__(
        self,
        found: Found,
        sample: Sequence[Sequence[str]],
        currency: str,
        default_price: str | None = None,
    ) -> None:
        at = found.at
        nowhere = len(found.theirs)
        self._pick = itemgetter(*(at.get(name, nowhere) for name in Cells._fields))
        self._lists = {
            name.removeprefix(PRICE_OF_LIST): place
            for name, place in at.items()
            if name.startswith(PRICE_OF_LIST)
        }
        self._has_id = "product_id" in at
        self._trade = _trades(currency, _unit_in(found, "price"))
        self._default_price = default_price
        amounts = [at[name] for name in ("price", "cost", MEMBER, WHOLESALE) if name in at]
        self._comma = cells.has_decimal_commas(row[place] for row in sample for place in amounts)
        self._last: ProductRow | None = None

    def __call__(self, row: Sequence[str]) -> ProductRow:
        """Raises BadCell."""
        said = Cells._make(self._pick((*row, "")))
        trade = self._trade(said[4:10])  # from currency to tax_included
        now = self._understood(row, said, trade)
        if self._last and self._last.product.product_id == now.product.product_id:
            now = _joined(self._last, now)
        self._last = now
        return now

    def _understood(self, row: Sequence[str], said: Cells, trade: Trade) -> ProductRow:
        product_id, own_codes = self._codes(said)
        name = text(said.name)
        if not name:
            raise BadCell("name is empty", "商品名称为空")
        (unit, per), currency, tax = trade
        sold = (product_id, name, self._price(said.price, trade), currency, own_codes, unit, tax)
        if not (self._lists or any(said[10:])):
            return ProductRow(Product(*sold))
        product = Product(
            *sold,
            text(said.spec),
            brand(said.brand),
            category(said.department, said.category),
            text(said.mnemonic),
            tuple(many(said.other_names)) if said.other_names else (),
            self._prices(row, said.prices, trade) if self._lists or said.prices else {},
            self._packs(said, own_codes, trade) if said.pack_code or said.packs else (),
        )
        cost, stock = said.cost.strip(), said.opening_stock.strip()
        return ProductRow(
            product,
            cells.cost("cost", cost, currency, self._comma, per) if cost else None,
            self._quantity("opening_stock", stock, per) if stock else None,
        )

    def _price(self, cell: str, trade: Trade) -> int:
        if cell := cell.strip():
            return cells.price("price", cell, trade.currency, self._comma, trade.measure.per)
        if self._default_price is None:
            raise BadCell("price is empty", "价格为空")
        return cells.price("price", self._default_price, trade.currency, False)

    def _codes(self, said: Cells) -> tuple[str, tuple[str, ...]]:
        """The id and the barcodes; each stands in for the other. Raises BadCell."""
        if not self._has_id:
            found = codes.codes(said.barcodes)
            if not found:
                raise BadCell("barcodes is empty", "条码为空")
            return found[0], tuple(found)
        product_id = codes.code(text(said.product_id))
        if not product_id:
            raise BadCell("product_id is empty", "商品编码为空")
        if said.barcodes.strip(" '") == _NO_CODES:
            return product_id, ()
        found = codes.codes(said.barcodes, product_id) or [product_id]
        if product_id in found:
            codes.check(product_id, is_own=True)
        return product_id, tuple(found)

    def _prices(self, row: Sequence[str], several: str, trade: Trade) -> dict[str, int]:
        told = {name: row[place] for name, place in self._lists.items() if row[place].strip()}
        return {
            name: cells.price(name, cell, trade.currency, self._comma, trade.measure.per)
            for name, cell in (*told.items(), *(pairs(several) if several else ()))
        }

    def _packs(self, said: Cells, own: Sequence[str], trade: Trade) -> tuple[Pack, ...]:
        told = [] if not said.pack_code else [(said.pack_code, said.pack_quantity, said.pack_price)]
        for code, rest in pairs(said.packs):
            quantity, _, price = rest.partition("@")
            told.append((code, quantity, price))
        return tuple(self._pack(*each, own, trade) for each in told)

    def _pack(self, cell: str, holds: str, price: str, own: Sequence[str], trade: Trade) -> Pack:
        (code,) = codes.codes(cell) or [""]
        case = _CASE.fullmatch(cells.plain(holds))
        if not code or case is None:
            raise BadCell(
                f"pack_quantity {holds!r} does not say how many are in the case {code}",
                f"箱规 {holds!r} 未说明箱码 {code} 内的数量",
            )
        if code in own:
            raise BadCell(
                f"{code} is the barcode of one and of a case", f"{code} 既是单品条码又是箱码"
            )
        quantity = self._quantity("pack_quantity", case[1], trade.measure.per)
        if quantity <= 0 or (trade.measure.unit is Unit.PIECE and quantity % ONE):
            raise BadCell(f"pack_quantity {holds} is no number of pieces", f"箱规 {holds} 不是件数")
        price = price.strip()
        minor = cells.price("pack_price", price, trade.currency, self._comma) if price else None
        return Pack(code, quantity, minor)

    def _quantity(self, name: str, cell: str, per: int) -> int:
        return rounded_quotient(cells.quantity(name, cell.strip(), self._comma), per)


def _trades(currency: str, default_unit: str) -> Callable[[tuple[str, ...]], Trade]:
    """How the cells from currency to tax_included are read; few of them differ."""

    @lru_cache(_CACHED)
    def trade(said: tuple[str, ...]) -> Trade:
        money, unit, pricing, *tax = (text(cell) for cell in said)
        paid = cells.currency_of(money or currency)
        return Trade(cells.measure(unit or default_unit, pricing, paid), paid, cells.tax(*tax))

    return trade


def _unit_in(found: Found, name: str) -> str:
    """The unit that a header names, such as `售价(元/斤)`."""
    header = found.theirs[found.at[name]] if name in found.at else ""
    unit = _BRACKETED_UNIT.search(header)
    return unit[1] if unit else ""


brand = lru_cache(_CACHED)(text)


@lru_cache(_CACHED)
def category(department: str, path: str) -> str:
    """A category's parts with `/` between, from the widest to the narrowest."""
    parts = (*_CATEGORY_PARTS.split(department), *_CATEGORY_PARTS.split(path))
    return "/".join(filter(None, map(text, parts)))


def _joined(before: ProductRow, now: ProductRow) -> ProductRow:
    """`now` with the barcodes of the row before, if all else agrees."""
    one, other = before.product, now.product
    own = tuple(dict.fromkeys((*one.codes, *other.codes)))
    packs = tuple({pack.code: pack for pack in (*one.packs, *other.packs)}.values())
    joined = msgspec.structs.replace(other, codes=own, packs=packs)
    agrees = msgspec.structs.replace(one, codes=own, packs=packs) == joined
    return now._replace(product=joined) if agrees and before[1:] == now[1:] else now
