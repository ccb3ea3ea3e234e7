"""Search at the till: a product by its name, pinyin, category or a part of its barcode.

    fold      how a name and what is typed are made alike
    pinyin    how Chinese characters are typed
    entry     what a product is found by, as text
    grams     under which short runs of characters that text is indexed
    index     how products get in and out: an FTS5 table of grams beside the book's products
    find      how words find products: popular ones in memory, then the index; all looked at

The rule is one: a word finds a product when it is a part of the product's text, as LIKE '%word%'
would find it there. The index only makes it quick.
"""

from pricebook.search.find import NOTHING_SOLD, Found, Popular, find
from pricebook.search.index import SCHEMA, VERSION, add, merge, remove

__all__ = [
    "NOTHING_SOLD",
    "SCHEMA",
    "VERSION",
    "Found",
    "Popular",
    "add",
    "find",
    "merge",
    "remove",
]
