"""Sentences in the two languages of the shop: a `Text` holds both or does not exist.

Both languages are fields of one value, so the type checker keeps them complete and a reader
reviews them side by side (docs/decisions/0003).

>>> Text(en="{count} waiting", zh="{count} 笔待传").filled(count=3).zh
'3 笔待传'
"""

from collections.abc import Iterator
from enum import StrEnum
from typing import Final, NamedTuple
from unicodedata import east_asian_width


class Language(StrEnum):
    """A language a cashier may choose, by its BCP 47 primary subtag."""

    ENGLISH = "en"
    CHINESE = "zh"


class Text(NamedTuple):
    """One sentence in English and Chinese; `{name}` marks what `filled` puts in."""

    en: str
    zh: str

    def filled(self, **values: object) -> "Text":
        """The same sentence with its marks replaced; a value that is a Text itself comes in
        each language in its own words."""
        en = {
            name: value.en if isinstance(value, Text) else value for name, value in values.items()
        }
        zh = {
            name: value.zh if isinstance(value, Text) else value for name, value in values.items()
        }
        return Text(self.en.format(**en), self.zh.format(**zh))

    def to(self, language: Language) -> str:
        """The sentence for a reader of `language`."""
        return self.zh if language is Language.CHINESE else self.en


#: marks that no line begins with
CLOSING: Final = "，。、；：？！）」』”’》】…—"


def breakable(text: str) -> Iterator[str]:
    """The text in pieces between which a line may break, on screen and on paper: behind a blank,
    and behind each wide character unless what follows may not begin a line (GB/T 15834-2011, 5.1:
    marks that close stay with what they close)."""
    piece = ""
    for char, following in zip(text, f"{text} "[1:], strict=True):
        piece += char
        wide = east_asian_width(char) in "WF"
        if char == " " or (wide and following not in CLOSING):
            yield piece
            piece = ""
    if piece:
        yield piece
