"""Times as head office types and reads them: by the hub machine's wall clock, told back with the
offset that holds there then.

>>> told(typed("2026-12-01 00:00+08:00")) == told(typed("2026-11-30 16:00Z"))
True
"""

from datetime import datetime
from typing import Final

from retail.language import Text
from retail.refusals import Refusal

#: a longer text is no time
_CHARACTERS_MAX: Final = 40


class NotATime(Refusal):
    code = "not_a_time"
    sentence = Text("{text} is no time.", "{text} 不是时间。")
    way_on = Text(
        "Write it like 2026-12-01 00:00, by this machine's clock, or with an offset:"
        " 2026-12-01 00:00+08:00.",
        "请按本机时钟填写，如 2026-12-01 00:00；或注明时差：2026-12-01 00:00+08:00。",
    )


def typed(text: str) -> datetime:
    """The time that was typed, by this machine's zone where it has no offset. Raises NotATime."""
    try:
        if len(text) > _CHARACTERS_MAX:
            raise ValueError
        return datetime.fromisoformat(text.strip()).astimezone()
    except (ValueError, OverflowError, OSError):
        raise NotATime(text=repr(text[:_CHARACTERS_MAX])) from None


def told(at: datetime | str) -> str:
    """A time, or what ISO 8601 says of one, for a reader: `2026-12-01 00:00 +08:00`; empty for
    none."""
    if not at:
        return ""
    when = (datetime.fromisoformat(at) if isinstance(at, str) else at).astimezone()
    return f"{when:%Y-%m-%d %H:%M} {offset(when)}"


def offset(when: datetime) -> str:
    """Its offset from UTC: `+08:00`."""
    return when.isoformat()[-6:]
