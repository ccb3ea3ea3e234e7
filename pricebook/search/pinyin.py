"""How Chinese characters are typed: whole syllables, and their first letters.

The table `readings.txt` has a line a syllable: the characters that are usually read so, and after
a bar those that are read so too (重 is zhong, and chong). It is derived from the dictionaries of
pypinyin (MIT licence) by tests/pricebook/search/dictionary.py, and stands here so that hub and
tills index alike and a till that starts reads 70 kB rather than a dictionary of phrases.

>>> typed("重庆")
['zhongqing', 'zq', 'chongqing', 'cq']
"""

import re
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import Final

_HAN: Final = re.compile("[\u4e00-\u9fff]")


@cache
def _table() -> tuple[dict[int, str], dict[int, str], dict[str, list[str]]]:
    """The usual syllable of a character, its first letter, and its other syllables."""
    usual: dict[int, str] = {}
    others: dict[str, list[str]] = {}
    text = files("pricebook.search").joinpath("readings.txt").read_text(encoding="utf-8")
    for line in text.splitlines():
        syllable, characters, also = line.split("|")
        usual |= dict.fromkeys(map(ord, characters), syllable)
        for character in also:
            others.setdefault(character, []).append(syllable)
    return usual, {point: syllable[0] for point, syllable in usual.items()}, others


def typed(word: str) -> list[str]:
    """The ways in which a folded word with Chinese characters is typed, none for one without.

    Each character as it is usually read, and each of its other readings beside the usual ones of
    its neighbours: two rare readings at once are not foreseen. Letters and digits stay in place.
    """
    return list(dict.fromkeys(_typed(word))) if _HAN.search(word) else []


def _typed(word: str) -> Iterator[str]:
    usual, initial, others = _table()
    yield word.translate(usual)
    yield word.translate(initial)
    for place, character in enumerate(word):
        for syllable in others.get(character, ()):
            before, after = word[:place], word[place + 1 :]
            yield before.translate(usual) + syllable + after.translate(usual)
            yield before.translate(initial) + syllable[0] + after.translate(initial)
