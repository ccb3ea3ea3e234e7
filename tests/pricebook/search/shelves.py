"""Products to look for, a book that holds them, and a plain scan that finds what must be found.

The Chinese names are synthetic: made by rule from common product words, so many that pairs of
characters meet by chance as they do in real catalogues.
"""

import sqlite3
from collections.abc import Iterable, Iterator
from random import Random

import msgspec

from pricebook import search
from pricebook.search.entry import lines
from pricebook.search.fold import words
from retail.catalogue import Product

_PRODUCT_TABLE = """
CREATE TABLE product (
    id INTEGER PRIMARY KEY, product_id TEXT NOT NULL UNIQUE, body BLOB NOT NULL
)
"""
_LINES = "CREATE TEMP TABLE line (product INTEGER, words TEXT, are_codes INTEGER)"
_SCAN = "SELECT product FROM line WHERE words LIKE ? ESCAPE '\\' AND (NOT are_codes OR ?)"
_BRANDS = "可口可乐 农夫山泉 伊利 蒙牛 康师傅 海天 清风 三只松鼠 良品铺子 雀巢 旺旺 老干妈".split()
_KINDS = "原味 草莓味 低脂 无糖 高钙 经典 香辣 红烧 番茄 柠檬 家庭装 儿童 重庆 长沙 手工".split()
_GOODS = "牛奶 酸奶 矿泉水 方便面 酱油 抽纸 饼干 薯片 果汁 火锅底料 洗衣液 牙膏 面包 茶叶".split()
_SIZES = "250ml 500ml 1L 100g 1kg 12包 24瓶".split()
_HAN = [chr(point) for point in range(0x3400, 0xA000)]
_LATIN = "Coca-Cola Crème Brûlée Müsli Молоко Йогурт Lait entier Energy Drink 100% Bio".split()


def product(name: str, number: int = 0, **more: object) -> Product:
    """One product with that name."""
    fields = {"codes": (f"690{number:010d}",), "price_minor": 100, "currency": "CNY"} | more
    return msgspec.convert({"product_id": f"P{number}", "name": name} | fields, Product)


def made_up(count: int) -> Iterator[Product]:
    """Products by rule, the same each time."""
    chance = Random(5)
    for number in range(count):
        kinds = "".join(chance.sample(_KINDS, chance.choice((1, 2, 3))))
        latin = " ".join(chance.sample(_LATIN, 2)) if chance.random() < 0.3 else ""
        yield product(
            f"{chance.choice(_BRANDS)}{kinds}{chance.choice(_GOODS)} {latin}".strip(),
            number,
            codes=(f"69{chance.randrange(10**11):011d}",),
            spec=chance.choice(_SIZES),
            category=f"食品/{chance.choice(_GOODS)}",
        )


class Shelves:
    """A book in memory with these products, numbered from 1."""

    def __init__(self, products: Iterable[Product]) -> None:
        self.driver = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        self.driver.executescript(f"{_PRODUCT_TABLE}; {search.SCHEMA}")
        self.products = dict(enumerate(products, 1))
        rows = [(n, p.product_id, msgspec.json.encode(p)) for n, p in self.products.items()]
        with self.driver:
            self.driver.execute("BEGIN")
            self.driver.executemany("INSERT INTO product VALUES (?, ?, ?)", rows)
            search.add(self.driver, self.products.items())
        self.driver.execute(_LINES)
        for number, each in self.products.items():
            scanned = [(number, line.words, line.are_codes) for line in lines(each)]
            self.driver.executemany("INSERT INTO line VALUES (?, ?, ?)", scanned)

    def found(
        self, text: str, limit: int = 10**6, popular: search.Popular = search.NOTHING_SOLD
    ) -> list[int]:
        return [each.id for each in search.find(self.driver, text, limit, popular)]

    def scanned(self, text: str) -> set[int]:
        """What SQLite's LIKE finds, word by word, in what the products are found by."""
        sets = [self._with(word) for word in words(text)]
        return set.intersection(*sets) if sets else set()

    def _with(self, word: str) -> set[int]:
        is_long = len(word) > 2 or (len(word) == 2 and word[1] in _HAN)
        like = "%" + "".join(f"\\{c}" if c in "\\%_" else c for c in word) + "%"
        return {number for (number,) in self.driver.execute(_SCAN, (like, is_long))}
