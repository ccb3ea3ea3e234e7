"""What a product is found by: lines of words.

Words stand apart by one space and follow one, so that a part " co" is a word's beginning and "co"
is anywhere. A line is made when it is asked for, the dear ones last.
"""

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import NamedTuple

from pricebook.search import grams
from pricebook.search.fold import words
from pricebook.search.pinyin import typed
from retail.catalogue import Product


class Line(NamedTuple):
    """Words of a product; `are_codes` where no part finds it that is shorter than a gram: two
    digits would find every tenth product."""

    words: str
    are_codes: bool = False


def indexed(product: Product) -> Iterator[Line]:
    """The lines of its own: those of its category, which it shares, are not among them."""
    name = words(product.name)
    yield Line(_line(name))
    others = words(" ".join((product.brand, product.spec, product.mnemonic, *product.other_names)))
    yield Line(_line(others))
    yield Line(_line(words(" ".join(product.all_codes))), are_codes=True)
    yield Line(_line([way for word in name + others for way in typed(word)]))


def lines(product: Product) -> Iterator[Line]:
    """All lines of a product; that of the category first, for it is made already."""
    yield Line(category_line(product.category))
    yield from indexed(product)


def has(of_product: Iterable[Line], parts: list[str]) -> bool:
    """Whether all parts are in the lines, each somewhere."""
    missing = parts
    for line, are_codes in of_product:
        missing = [
            part
            for part in missing
            if part not in line or (are_codes and not grams.of(part.strip()))
        ]
        if not missing:
            return True
    return False


@lru_cache(maxsize=10_000)
def category_line(category: str) -> str:
    """The words of a category, those of each of its parts, with their pinyin."""
    own = words(category.replace("/", " "))
    return _line([*own, *(way for word in own for way in typed(word))])


def _line(of_words: list[str]) -> str:
    return f" {' '.join(of_words)}" if of_words else ""
