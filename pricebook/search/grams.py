"""The grams under which a text is indexed: short runs of characters, each ending at one of them.

A gram is a character and the two before it, a Chinese character and the one before it: Chinese
words are short and their characters many. No gram reaches back past the space before its word,
which is part of it, so that " co" is a word's beginning; one more gram, longer by the space, keeps
those apart that begin with 可 and have 可乐 elsewhere. Grams are written backwards: all that end
alike stand side by side in the index. A space in them is written `_`, as an underscore is; grams
only propose, and who reads the index looks at what it found.

>>> of(" cola"), of(" 可乐")
(['alo', 'loc', 'oc_', 'c_', 'loc_'], ['乐可', '可_', '乐可_'])
>>> of("cola"), of(" co"), of("co"), backwards("co")
(['alo', 'loc'], ['oc_', 'c_'], [], 'oc')
"""

import re
from functools import lru_cache
from typing import Final

#: CJK Unified Ideographs, and the planes that hold nothing else (Unicode 18.1)
_HAN: Final = "[\u3400-\u9fff\U00020000-\U0003ffff]"
#: the look-aheads take nothing, so that the next gram begins at the next character
_GRAM: Final = re.compile(f"(?=({_HAN}.|[^ ](?: |[^ ].)))")
_BEGINNING: Final = re.compile(f"(?=({_HAN}[^ ] |(?!{_HAN})[^ ]{{3}} ))")


def of(text: str) -> list[str]:
    """The grams of a text or of a part of one: of a part those that are wholly inside, which every
    text has that it is a part of."""
    read = text[::-1]
    grams: list[str] = _GRAM.findall(read) + _BEGINNING.findall(read)
    return "\n".join(grams).replace(" ", "_").split()


def telling(part: str) -> list[str]:
    """The grams of a part that say all that the others of them say: the one that is longer by the
    space before a word says what is in it."""
    grams = of(part)
    longest = max(grams, key=len, default="")
    return [gram for gram in grams if gram == longest or gram not in longest]


@lru_cache(maxsize=256)
def prove(part: str) -> bool:
    """Whether a text that has all grams of the part has the part: one of them is the whole of it,
    and can come from nothing else."""
    return "_" not in part and bool(of(part.strip())) and backwards(part) in of(part)


def backwards(part: str) -> str:
    """How the grams begin that end with this part: what a part without a gram inside looks for."""
    return part[::-1].replace(" ", "_")
