"""A price book holds what was put into it last, whatever came before, and knows what that adds up
to."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pricebook import search
from pricebook.book import Book, NotABook, damaged_scope
from pricebook.rows import CATALOGUE, Change, Contents, Row
from retail.catalogue import Pack, Product

OWN = "store:S01"


def product(key: str, codes: tuple[str, ...] = (), price_minor: int = 1, name: str = "") -> Row:
    made = Product(key, name or f"可乐 {key}", price_minor, "CNY", codes)
    return Row(CATALOGUE, "product", key, msgspec.json.encode(made))


def gone(row: Row) -> Row:
    return row._replace(body=None)


@pytest.fixture
def book(tmp_path: Path) -> Iterator[Book]:
    with closing(Book(tmp_path / "book.db")) as opened:
        yield opened


def put(book: Book, *rows: Row, unreadable: frozenset[Row] = frozenset()) -> list[Row]:
    with book.change() as change:
        return change.put(rows, lambda row: row not in unreadable)


def contents(*rows: Row) -> Contents:
    return Contents().with_changes(Change(row.kind, row.key, None, row.body) for row in rows)


KEYS = st.sampled_from("abcd")
CODES = st.lists(st.sampled_from("1234567"), max_size=3, unique=True).map(tuple)
ROWS = st.one_of(
    st.builds(product, KEYS, CODES, st.integers(1, 3), st.sampled_from(["牛奶", "Milk", "可乐"])),
    st.builds(lambda key: gone(product(key)), KEYS),
    st.builds(
        lambda key, body: Row(OWN, "cashier", key, body),
        KEYS,
        st.sampled_from([None, b'{"a":1}', b'{"a":2}']),
    ),
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(ROWS, max_size=6), max_size=6), st.sets(ROWS, max_size=2))
def test_it_holds_the_last_word_on_everything(
    tmp_path_factory: pytest.TempPathFactory, changes: list[list[Row]], unreadable: set[Row]
) -> None:
    """Codes are the hub's to keep apart; here those of two products may clash, so that only the
    ones with a single claimant are looked at."""
    with closing(Book(tmp_path_factory.mktemp("book") / "book.db")) as book:
        received: dict[tuple[str, str, str], Row] = {}
        sold: dict[str, Product] = {}
        for rows in changes:
            put(book, *rows, unreadable=frozenset(unreadable))
            for row in rows:
                received[row[:3]] = row
                if row.kind == "product" and row.body is None:
                    sold.pop(row.key, None)
                elif row.kind == "product" and row not in unreadable:
                    sold[row.key] = msgspec.json.decode(row.body or b"", type=Product)
        for scope in (CATALOGUE, OWN):
            rows = [row for row in received.values() if row.scope == scope]
            assert book.contents(scope) == contents(*(row for row in rows if row.body))
        assert damaged_scope(book.reader) is None
        assert {key: book.product(key) for key in "abcd" if book.product(key)} == sold
        claims = [code for each in sold.values() for code in each.codes]
        for key, each in sold.items():
            for code in each.codes:
                found = book.by_code(code)
                assert found is None or claims.count(code) > 1 or found.product_id == key
        for word in ("牛奶", "milk", "可乐"):
            found_ids = [found.product.product_id for found in search.find(book.reader, word, 9)]
            expected = [key for key, each in sold.items() if word in each.name.lower()]
            assert sorted(found_ids) == sorted(expected)


def test_a_code_that_moves_is_found_at_its_new_product_in_whichever_order(book: Book) -> None:
    put(book, product("a", ("1",)), product("b", ("2",)))
    put(book, product("a", ("3",)), product("b", ("1", "2")))
    assert [each and each.product_id for each in map(book.by_code, "123")] == ["b", "b", "a"]
    put(book, product("b", ("2",)), product("a", ("1",)))
    assert [each and each.product_id for each in map(book.by_code, "123")] == ["a", "b", None]
    put(book, gone(product("a")))
    assert book.by_code("1") is None


def test_a_pack_is_found_by_its_own_code(book: Book) -> None:
    case = Product("a", "n", 1, "CNY", ("1",), packs=(Pack("24", 24_000),))
    put(book, Row(CATALOGUE, "product", "a", msgspec.json.encode(case)))
    assert book.by_code("24") == book.by_code("1") == case


def test_what_cannot_be_read_leaves_what_was_known_and_counts_as_received(book: Book) -> None:
    known, strange = product("a", ("1",)), product("a", ("1",), price_minor=2)
    put(book, known)
    assert put(book, strange, unreadable=frozenset({strange})) == [strange]
    assert book.row(CATALOGUE, "product", "a") == known
    assert book.contents(CATALOGUE) == contents(strange)
    assert damaged_scope(book.reader) is None
    later = product("a", ("1",), price_minor=3)
    put(book, later)
    assert book.contents(CATALOGUE) == contents(later)


def test_what_cannot_be_read_stays_as_the_former_book_knew_it(book: Book, tmp_path: Path) -> None:
    known, strange = product("a", ("1",)), product("a", ("1",), price_minor=2)
    put(book, known)
    with closing(Book(tmp_path / "next.db")) as coming:
        with coming.change() as change:
            assert change.put([strange], lambda _: False, former=book) == [strange]
        assert coming.row(CATALOGUE, "product", "a") == known
        assert coming.contents(CATALOGUE) == contents(strange)


def test_what_was_put_ahead_goes_back_to_what_the_feed_says(book: Book) -> None:
    put(book, product("a", ("1",)), product("b"))
    before = book.contents(CATALOGUE)
    with book.change() as change:
        change.put_ahead([product("a", ("9",), 5), gone(product("b")), product("c")])
    assert book.by_code("9")
    assert book.count() == 2
    with book.change() as change:
        change.take_back_ahead()
    assert book.contents(CATALOGUE) == before
    assert (book.by_code("9"), book.by_code("1") is not None, book.count()) == (None, True, 2)


def test_a_change_is_out_of_sight_until_it_is_committed(book: Book) -> None:
    put(book, product("a", ("1",)))
    change = book.begin()
    change.put([product("a", ("1",), price_minor=7)])
    assert price(book) == 1
    change.commit()
    assert price(book) == 7


def price(book: Book) -> int | None:
    found = book.by_code("1")
    return found.price_minor if found else None


def test_a_book_of_a_newer_program_is_none_of_ours(tmp_path: Path) -> None:
    other = tmp_path / "other.db"
    with closing(Book(other)) as made:
        made.writer.execute("PRAGMA user_version = 99")
    with pytest.raises(NotABook):
        Book(other)
