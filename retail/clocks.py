"""By how much a clock is wrong, as till and head office say it.

>>> clock_off(7380)
Text(en='2 h 03 min ahead', zh='快 2 小时 3 分')
"""

from typing import Final

from retail.language import Text

_AHEAD, _BEHIND = Text("{span} ahead", "快 {span}"), Text("{span} behind", "慢 {span}")
_UNITS: Final = ((86_400, "d", "天"), (3_600, "h", "小时"), (60, "min", "分"), (1, "s", "秒"))


def clock_off(ahead_s: int) -> Text:
    """By how many seconds it is ahead, or behind where that is negative, in its two largest
    units."""
    seconds = abs(ahead_s)
    first = next((place for place, unit in enumerate(_UNITS) if seconds >= unit[0]), 3)
    en: list[str] = []
    zh: list[str] = []
    for unit_s, unit_en, unit_zh in _UNITS[first : first + 2]:
        count, seconds = divmod(seconds, unit_s)
        en.append(f"{count:02} {unit_en}" if en else f"{count:,} {unit_en}")
        zh += [f"{count} {unit_zh}"] if count or not zh else []
    span = Text(" ".join(en), " ".join(zh))
    return (_AHEAD if ahead_s >= 0 else _BEHIND).filled(span=span)
