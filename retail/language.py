"""Sentences in the two languages of the shop: a `Text` holds both or does not exist.

Both languages are fields of one value, so the type checker keeps them complete and a reader
reviews them side by side (docs/decisions/0003).

>>> Text(en="{count} waiting", zh="{count} 笔待传").filled(count=3).zh
'3 笔待传'
"""

from enum import StrEnum
from typing import NamedTuple


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
