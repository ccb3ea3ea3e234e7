"""How long ago something was, and by how much a clock is wrong, as till and head office say it.

>>> clock_off(7380)
Text(en='2 h 03 min ahead', zh='快 2 小时 3 分')
>>> age(datetime(2026, 6, 3, 9, 0), datetime(2026, 6, 3, 12, 5))
Text(en='3 h 5 min', zh='3 小时 5 分钟')
"""

from datetime import datetime
from typing import Final

from retail.language import Text

_AHEAD, _BEHIND = Text("{span} ahead", "快 {span}"), Text("{span} behind", "慢 {span}")
_HOUR_MIN: Final = 60
_DAY_MIN: Final = 24 * _HOUR_MIN
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


def age(since: datetime, now: datetime) -> Text:
    """How long ago it was, up to two days to the minute, else in days; 0 minutes where the clock
    went back."""
    minutes = max(0, int((now - since).total_seconds()) // 60)
    if minutes >= 2 * _DAY_MIN:
        return Text(f"{minutes // _DAY_MIN} days", f"{minutes // _DAY_MIN} 天")
    hours, rest = divmod(minutes, _HOUR_MIN)
    en = [f"{hours} h"] * (hours > 0) + [f"{rest} min"] * (rest > 0 or not hours)
    zh = [f"{hours} 小时"] * (hours > 0) + [f"{rest} 分钟"] * (rest > 0 or not hours)
    return Text(" ".join(en), " ".join(zh))
