"""How long does a cashier wait for the products of a word, among a million?

Ours: `pricebook.search`, from what was typed to `Product`s. Reference: LIKE over a folded column
with the same limit, the first rows read in the order of the table; over names for words of Chinese
names, over all that we search for pinyin, letters and digits; ranked by what is sold, both sort.
Measured as processor time of the one thread that does it; `p50_ms` and `p99_ms` are by the clock,
from key to results, over all words of the question. The names are synthetic: common product words,
put together by rule.
"""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from random import Random
from statistics import quantiles
from time import perf_counter_ns, thread_time_ns
from typing import NamedTuple

import msgspec

from benchmarks.measure import Result, Scale, by_turns, result
from benchmarks.reference import search as reference
from pricebook import search
from pricebook.search.entry import lines
from pricebook.search.fold import fold
from retail.catalogue import Product

PRODUCTS = 1_000_000
POPULAR = 20_000
LIMIT = 50
UNIT = "ms/search"
#: fewer than 2,000 hits, and more
GOAL_RARE, GOAL = 0.1, 1.0
#: one product in so many has a rare word
_RARE_EVERY = 5_000

_BRANDS = "可口可乐 农夫山泉 伊利 蒙牛 康师傅 统一 海天 清风 雀巢 旺旺 Nestle Oreo Lipton".split()
_KINDS = "原味 草莓味 低脂 无糖 高钙 有机 经典 香辣 红烧 番茄 柠檬 绿茶 薄荷 家庭装 浓缩".split()
_GOODS = "牛奶 酸奶 饮用水 方便面 酱油 抽纸 坚果 饼干 薯片 果汁 啤酒 洗衣液 牙膏 面包 糖果".split()
_RARE = "榴莲 鲍鱼 螺丝 蜡烛".split()
_SIZES = "250ml 500ml 1L 100g 500g 1kg 12包 24瓶".split()
_PRODUCT_TABLE = """
CREATE TABLE product (
    id INTEGER PRIMARY KEY, product_id TEXT NOT NULL UNIQUE, body BLOB NOT NULL
)
"""


class Question(NamedTuple):
    """What is typed, and what answers it without an index."""

    name: str
    goal: float
    words: list[str]
    scan: Callable[[sqlite3.Connection, str, int], list[Product]]
    ranked: bool = False


QUESTIONS = (
    Question("two han rare", GOAL_RARE, _RARE, reference.by_name),
    Question("two han absent", GOAL_RARE, ["轮胎", "钢琴", "牛子"], reference.by_name),
    Question("two han frequent", GOAL, ["牛奶", "可乐", "面包", "红烧"], reference.by_name),
    Question("letters", GOAL, ["nestle", "oreo", "lip"], reference.by_all),
    Question("two letters absent", GOAL_RARE, ["vv", "üö"], reference.by_all),
    Question("pinyin initials", GOAL, ["kkkl", "nfsq", "ynsn"], reference.by_all),
    Question("four digits", GOAL, ["4711", "0815", "2024"], reference.by_all),
    Question("ranked", GOAL, ["牛奶", "可乐", "面包", "榴莲"], reference.best_sold, ranked=True),
)


def run(scale: Scale, folder: Path) -> Iterator[Result]:
    """All questions, on one book."""
    count = scale.of(PRODUCTS, least=2 * _RARE_EVERY)
    sold = _sold(count, scale.of(POPULAR))
    with (
        closing(_book(folder / "book.db", count)) as book,
        closing(reference.make(folder / "plain.db", _plain(count, sold))) as plain,
    ):
        began_ns = thread_time_ns()
        _index(book)
        build_s = (thread_time_ns() - began_ns) / 1e9
        (size,) = book.execute("SELECT sum(length(block)) FROM search_data").fetchone()
        popular = search.Popular.of(book, {f"P{number}": sold[number] for number in sold})
        for question in QUESTIONS:
            first = popular if question.ranked else search.NOTHING_SOLD
            waits_ms: list[float] = []
            find = partial(_timed, partial(_find, book, first))
            scan = partial(_timed, partial(_scan, question, plain))
            words = question.words
            rounds = by_turns(scale, partial(find, words, waits_ms), partial(scan, words, []))
            cuts = quantiles(waits_ms, n=100, method="inclusive")
            yield result(
                f"search {question.name}", UNIT, question.goal, rounds, len(words),
                p50_ms=cuts[49], p99_ms=cuts[98], index_mb=size / 1e6, build_s=build_s,
            )  # fmt: skip


def product(number: int) -> Product:
    """The product of that number; any word of it meets any other."""
    chance = Random(number)
    kinds = "".join(chance.sample(_KINDS, chance.choice((1, 2, 3))))
    rare = chance.choice(_RARE) if number % _RARE_EVERY == 0 else ""
    return Product(
        product_id=f"P{number}",
        name=f"{chance.choice(_BRANDS)}{kinds}{rare}{chance.choice(_GOODS)}",
        price_minor=100,
        currency="CNY",
        codes=(f"69{chance.randrange(10**11):011d}",),
        spec=chance.choice(_SIZES),
        category=f"食品/{chance.choice(_GOODS)}",
    )


def _sold(count: int, popular: int) -> dict[int, int]:
    """How much of which products a store sold."""
    chance = Random(3)
    numbers = chance.sample(range(1, count + 1), min(popular, count))
    return {number: chance.randrange(1, 10**6) for number in numbers}


def _book(file: Path, count: int) -> sqlite3.Connection:
    book = sqlite3.connect(file, isolation_level=None)
    book.executescript(f"{_PRODUCT_TABLE}; {search.SCHEMA}; BEGIN")
    made = ((n, f"P{n}", msgspec.json.encode(product(n))) for n in range(1, count + 1))
    book.executemany("INSERT INTO product VALUES (?, ?, ?)", made)
    book.execute("COMMIT")
    return book


def _index(book: sqlite3.Connection) -> None:
    decode = msgspec.json.Decoder(Product).decode
    rows = book.execute("SELECT id, body FROM product ORDER BY id")
    book.execute("BEGIN")
    search.add(book, ((number, decode(body)) for number, body in rows))
    search.merge(book)
    book.execute("COMMIT")


def _plain(count: int, sold: dict[int, int]) -> Iterator[reference.Row]:
    for number in range(1, count + 1):
        made = product(number)
        words = "".join(line.words for line in lines(made))
        body = msgspec.json.encode(made)
        yield number, fold(made.name), words, sold.get(number, 0), body


def _find(book: sqlite3.Connection, first: search.Popular, word: str) -> list[search.Found]:
    return search.find(book, word, LIMIT, first)


def _scan(question: Question, plain: sqlite3.Connection, word: str) -> list[Product]:
    return question.scan(plain, word, LIMIT)


def _timed(look: Callable[[str], object], words: list[str], waits_ms: list[float]) -> float:
    """Milliseconds of processor time a search; by the clock into `waits_ms`."""
    spent_ns = thread_time_ns()
    for word in words:
        began_ns = perf_counter_ns()
        look(word)
        waits_ms.append((perf_counter_ns() - began_ns) / 1e6)
    return (thread_time_ns() - spent_ns) / len(words) / 1e6
