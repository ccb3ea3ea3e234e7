"""A product is found by what people type of it, and by nothing else."""

import sqlite3
import threading
from contextlib import closing
from random import Random

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pricebook import search
from pricebook.search.fold import fold, words
from retail.catalogue import Product
from tests.pricebook.search.shelves import Shelves, made_up, product

COLA = product("可口可乐 Coca-Cola", 1, brand="Coca", codes=("6901028075022",))
MILK = product("牛奶", 2, spec="250ml 盒装", mnemonic="NNHZ", category="乳品/液态奶")
HOTPOT = product("重庆火锅底料", 3, other_names=("麻辣烫料",), codes=("4011",))
BRULEE = product("Crème Brûlée", 4, category="Desserts/Cold")
KEFIR = product("КЕФИР Йогуртовый 2,5%", 5)
FULL_WIDTH = product("ＡＢＣ　ｶﾚｰ", 6)
SHELVES = Shelves([COLA, MILK, HOTPOT, BRULEE, KEFIR, FULL_WIDTH])

#: characters of which words meet often: of names, and of what FTS5 and LIKE take for their own
_LETTERS = "abBé 牛奶可乐重１2_%\"'*^-()\\+:\n\x00\u0301\u200d😀ß한"
names = st.text(_LETTERS, min_size=1, max_size=12) | st.text(min_size=1, max_size=8)
products = st.builds(
    lambda name, brand, category, other, codes: product(
        name, brand=brand, category=category, other_names=(other,), codes=tuple(codes)
    ),
    *(names, names, names, names, st.lists(st.text("0123456789", min_size=1), max_size=2)),
)


def shelves_of(made: list[Product]) -> Shelves:
    return Shelves(
        msgspec.structs.replace(each, product_id=f"P{number}") for number, each in enumerate(made)
    )


def _written(text: str) -> str:
    """Without halves of a surrogate pair, which JSON cannot carry."""
    return text.encode("utf-8", "replace").decode()


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        *[(text, COLA) for text in ("可乐", "口", "COLA", "ｃｏｃａ", "kekoukele", "kkkl", "kel")],
        *[(text, COLA) for text in ("6901028075022", "8075", "可乐 coca 5022", "kl", "a-c")],
        *[(text, MILK) for text in ("牛", "niunai", "nn", "250", "nnhz", "液态", "乳品", "rupin")],
        *[(text, HOTPOT) for text in ("重庆", "chongqing", "cq", "zq", "麻辣", "mlt", "4011")],
        *[(text, BRULEE) for text in ("creme", "BRÛLÉE", "brulee creme", "dess", "cold", "ûl")],
        *[(text, KEFIR) for text in ("кефир", "Йогурт", "иогурт", "2,5", "5%")],
        *[(text, FULL_WIDTH) for text in ("abc", "カレー", "ｶﾚ", "ABC ｶﾚｰ")],
    ],
)
def test_a_product_is_found_by_what_people_type(text: str, wanted: Product) -> None:
    assert [each.product for each in search.find(SHELVES.driver, text, 50)] == [wanted]


@pytest.mark.parametrize(
    "text", ["", " ", "\x00", "龘", "zz", "ъ", "乐可", "cola 牛奶", "69010280750221"]
)
def test_what_no_product_has_finds_nothing(text: str) -> None:
    assert SHELVES.found(text) == []


def test_two_digits_are_no_part_of_a_code() -> None:
    assert SHELVES.found("02") == []
    assert SHELVES.found("028") == [1]


#: so many that words meet, so few that a word which all have is no wait
MANY = 400

HOSTILE = [
    *['"', '""', "'", "AND", "a OR b", "NOT", "NEAR(a b)", "^a", "a*", "grams:a", "-a", "(", "{a}"],
    *[
        "%",
        "_",
        "a_b",
        "%%%",
        "\\",
        "\\%",
        "'; DROP TABLE search",
        "😀",
        "👨‍👩‍👧",
        "\ue000",
        "\ue0001",
    ],
    *["\ud800", "\x1f", "a\x00b", "\u0301", "\u202e", "a" * 10_000, "a " * 5_000, "牛" * 10_000],
    " ".join(chr(point) for point in range(33, 700)),
]


@pytest.mark.parametrize("text", HOSTILE)
def test_whatever_is_typed_finds_what_like_finds(text: str) -> None:
    named = [_written(text[:40]), f"x{_written(text[:9])}y", "ab", "a b", "grams", "_"]
    shelves = Shelves(product(name, number) for number, name in enumerate(named))
    assert set(shelves.found(text)) == shelves.scanned(text)
    assert shelves.found("ab") != []


@given(st.lists(products, min_size=1, max_size=6), st.data())
def test_every_part_of_a_name_finds_it(made: list[Product], data: st.DataObject) -> None:
    shelves = shelves_of(made)
    number = data.draw(st.sampled_from(list(shelves.products)))
    name = shelves.products[number].name
    begin = data.draw(st.integers(0, len(name) - 1))
    part = name[begin : data.draw(st.integers(begin + 1, len(name)))]
    assert number in shelves.found(part) or not words(part)


@given(st.lists(products, max_size=6), names | st.text("0123456789 ab", max_size=6))
def test_what_is_found_is_what_like_finds(made: list[Product], text: str) -> None:
    shelves = shelves_of(made)
    assert set(shelves.found(text)) == shelves.scanned(text)


@given(st.text(), st.text())
def test_a_part_of_a_text_is_a_part_of_the_folded_text(before: str, after: str) -> None:
    assert fold(before + after) == fold(before) + fold(after)


@given(st.lists(products, min_size=2, max_size=6), names)
def test_what_was_taken_out_is_not_in_the_index(made: list[Product], text: str) -> None:
    shelves = shelves_of(made)
    gone = {number: shelves.products[number] for number in list(shelves.products)[::2]}
    search.remove(shelves.driver, gone.items())
    left = Shelves([])
    kept = [each for each in shelves.products.items() if each[0] not in gone]
    search.add(left.driver, kept)
    in_index = "SELECT DISTINCT doc FROM search_gram ORDER BY doc"
    assert shelves.driver.execute(in_index).fetchall() == left.driver.execute(in_index).fetchall()
    assert set(shelves.found(text)) == shelves.scanned(text) - set(gone)


# The order


def test_what_is_sold_most_comes_first_then_beginnings_then_the_others() -> None:
    named = ["xmilk", "milk tea", "oat milk", "buttermilk", "milk", "soymilk", "tea"]
    shelves = Shelves(product(name, number) for number, name in enumerate(named))
    popular = search.Popular.of(shelves.driver, {"P3": 5, "P2": 7, "P5": 7, "P6": 9, "gone": 99})
    assert shelves.found("milk", popular=popular) == [3, 6, 4, 2, 5, 1]
    assert shelves.found("milk", 4, popular) == [3, 6, 4, 2]
    assert shelves.found("milk") == [2, 3, 5, 1, 4, 6]


@given(st.lists(products, max_size=6), names, st.integers(0, 7))
def test_a_limit_cuts_the_order_and_changes_nothing_else(
    made: list[Product], text: str, limit: int
) -> None:
    shelves = shelves_of(made)
    sold = {each.product_id: number % 3 for number, each in list(shelves.products.items())[::2]}
    popular = search.Popular.of(shelves.driver, sold)
    every = shelves.found(text, popular=popular)
    assert len(every) == len(set(every))
    assert set(every) == shelves.scanned(text)
    assert shelves.found(text, limit, popular) == every[:limit]


def test_what_was_popular_and_has_changed_is_found_as_it_is_now() -> None:
    shelves = Shelves([product("milk", 1), product("tea", 2)])
    popular = search.Popular.of(shelves.driver, {"P1": 3})
    renamed = product("coffee", 1)
    search.remove(shelves.driver, [(1, shelves.products[1])])
    search.add(shelves.driver, [(1, renamed)])
    body = msgspec.json.encode(renamed)
    shelves.driver.execute("UPDATE product SET body = ? WHERE id = 1", (body,))
    assert shelves.found("milk", popular=popular) == []
    assert shelves.found("coffee", popular=popular) == [1]


# More than a handful


def test_two_hundred_words_find_what_like_finds_among_many_products() -> None:
    shelves = Shelves(made_up(MANY))
    search.merge(shelves.driver)
    chance = Random(11)
    for _ in range(200):
        text = " ".join(_part(chance, shelves) for _ in range(chance.choice((1, 1, 2))))
        assert set(shelves.found(text)) == shelves.scanned(text), text


def _part(chance: Random, shelves: Shelves) -> str:
    """A part of a word of any product: two characters, or a few more or less."""
    name = chance.choice(shelves.products[chance.randint(1, MANY)].name.split())
    begin = chance.randrange(len(name))
    return name[begin : begin + chance.choice((1, 2, 2, 3, 5))]


def test_a_newer_query_ends_an_older_one() -> None:
    with closing(Shelves(made_up(2_000)).driver) as driver:
        ended: list[str] = []
        looking = threading.Event()

        def look() -> None:
            try:
                while True:
                    search.find(driver, "qqq 牛奶 a", 10**6)
                    looking.set()
            except sqlite3.OperationalError as fault:
                ended.append(fault.sqlite_errorname)

        older = threading.Thread(target=look)
        older.start()
        looking.wait()
        while older.is_alive():
            driver.interrupt()
            older.join(0.01)
    assert ended == ["SQLITE_INTERRUPT"]
