"""The table of readings, derived from pypinyin's dictionaries of characters and phrases.

    python -m tests.pricebook.search.dictionary > pricebook/search/readings.txt

A reading of a character is usual when the dictionary of characters names it first, or when at
least every tenth phrase with the character has it. The first of them is the one most phrases have.
"""

import sys
import unicodedata
from collections import Counter, defaultdict
from functools import cache

from pypinyin.phrases_dict import phrases_dict
from pypinyin.pinyin_dict import pinyin_dict

#: CJK Unified Ideographs: what product names are written with
CHARACTERS = range(0x4E00, 0xA000)
SHARE = 0.1


@cache
def readings() -> dict[str, list[str]]:
    """Each character's usual readings as they are typed, the most usual first."""
    heard: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for phrase, syllables in phrases_dict.items():
        for character, said in zip(phrase, syllables, strict=False):
            heard[character][_typed(said[0])] += 1
    known: dict[str, list[str]] = {}
    for point in CHARACTERS:
        if point in pinyin_dict:
            first = _typed(pinyin_dict[point].split(",")[0])
            counts = heard[chr(point)]
            least = SHARE * counts.total()
            often = [syllable for syllable, count in counts.most_common() if count >= least]
            known[chr(point)] = list(dict.fromkeys([*often, first]))
    return known


def table() -> str:
    """A line a syllable: those read so first, those read so too."""
    lines: defaultdict[str, tuple[list[str], list[str]]] = defaultdict(lambda: ([], []))
    for character, syllables in readings().items():
        for place, syllable in enumerate(syllables):
            lines[syllable][place > 0].append(character)
    return "".join(
        f"{syllable}|{''.join(first)}|{''.join(others)}\n"
        for syllable, (first, others) in sorted(lines.items())
    )


def _typed(syllable: str) -> str:
    """Without its tone; ü is typed v."""
    letters = unicodedata.normalize("NFD", syllable).replace("u\u0308", "v")
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


if __name__ == "__main__":
    sys.stdout.write(table())
