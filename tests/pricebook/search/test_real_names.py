"""Real names: Russian, Latin, French with its accents, as catalogues of the world have them."""

from pathlib import Path
from random import Random

import pytest

from pricebook import search
from retail.catalogue import Product
from tests.pricebook.search.shelves import Shelves, product

FOLDER = Path(__file__).parents[4] / "shared" / "data" / "catalog_gtin"
COUNT = 20_000


def real(file: str, count: int) -> list[Product]:
    """Every so many-th product of a file."""
    pyarrow = pytest.importorskip("pyarrow.parquet")
    if not (FOLDER / file).exists():
        pytest.skip("the catalogue of real names is not here")
    rows = pyarrow.read_table(FOLDER / file).to_pylist()
    return [
        product(
            row["name"] or "",
            codes=(row["gtin"],),
            brand=row.get("brand") or "",
            category=row.get("category") or "",
            product_id=f"{file}:{row['gtin']}:{place}",
        )
        for place, row in enumerate(rows[:: len(rows) // count][:count])
    ]


@pytest.mark.slow
@pytest.mark.parametrize("file", ["uhtt_gtin_sample.parquet", "off2019_gtin_names.parquet"])
def test_seventy_words_of_real_names_find_what_like_finds(file: str) -> None:
    products = real(file, COUNT)
    shelves = Shelves(products)
    search.merge(shelves.driver)
    chance = Random(13)
    for _ in range(70):
        text = " ".join(_part(chance, products) for _ in range(chance.choice((1, 1, 2))))
        assert set(shelves.found(text)) == shelves.scanned(text), text


def _part(chance: Random, products: list[Product]) -> str:
    """A part of a word of any product's name, or of its code; now and then a very short one."""
    one = chance.choice(products)
    word = chance.choice([*one.name.split(), *one.codes])
    length = chance.choice((2, 3, 4, 4, 5, 8))
    begin = chance.randrange(max(1, len(word) - length + 1))
    return word[begin : begin + length]
