"""Which prices the till sells by, since when, and whether they may be old: in words."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from pos_client.catalogue.service import InForce
from pos_client.screen import words
from pos_client.screen.page import Desk, Size
from pos_client.screen.rows import BLANK, Ink, Row, Span, row, width
from retail.language import Text

# a line may end where a line ends here, and nowhere else
_IN_FORCE = Text("in force since\n{since}", "{since}\n起生效")
_CHECKED = Text("checked\nwith head office\n{since}", "{since}\n与总部核对")
_NAMED = Text("{name}, {in_force}", "{name}，{in_force}")
_OLD = Text(
    "Prices were not compared with head office's for {days} days: they may be old.",
    "价格已 {days} 天未与总部核对，可能已过时。",
)
_TITLE = Text("Prices", "价格版本")
_LAMP = "≡ {name}"


def named(in_force: InForce, now: datetime) -> Text:
    """The short name of the revision, and since when it is in force; empty before the first."""
    since = _local(in_force.published_at, now)
    if not in_force.name or since is None:
        return Text(in_force.short, in_force.short)
    en, zh = _IN_FORCE.filled(since=_minute(since))
    told = Text(en.replace("\n", " "), zh.replace("\n", " "))
    return _NAMED.filled(name=in_force.short, in_force=told)


def lamps(desk: Desk, in_force: InForce, now: datetime) -> Iterator[str]:
    """What the status line says of it, the longest first."""
    if not in_force.name:
        return
    said = _LAMP.format(name=in_force.short)
    since = _local(in_force.published_at, now)
    if since is not None:
        yield f"{said} {words.month_day(since.date(), desk.language)}"
    yield said


def banner(in_force: InForce, old_after_days: int, now: datetime) -> Text | None:
    """The sentence that says that the prices may be old; None while they are not."""
    checked = _local(in_force.checked_at, now)
    if checked is None or now - checked < timedelta(days=old_after_days):
        return None
    return _OLD.filled(days=(now - checked).days)


def rows(desk: Desk, in_force: InForce, now: datetime, size: Size) -> list[Row]:
    """The same where there is room for all of it."""
    if not in_force.name:
        return []
    lines = [in_force.short]
    for said, time in ((_IN_FORCE, in_force.published_at), (_CHECKED, in_force.checked_at)):
        since = _local(time, now)
        if since is not None:
            lines += _by_meaning(desk.say(said, since=_minute(since)), size.columns - 3)
    title = row("  ", Span(desk.say(_TITLE), Ink.FAINT))
    return [BLANK, title, *(row("  ", Span(line)) for line in lines)]


def _by_meaning(said: str, columns: int) -> list[str]:
    """In lines of at most so many columns, as many of its meanings in each as go in whole."""
    lines: list[str] = []
    for meaning in said.split("\n"):
        if lines and width(f"{lines[-1]} {meaning}") <= columns:
            lines[-1] += f" {meaning}"
        else:
            lines.append(meaning)
    return lines


def _minute(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M}"


def _local(text: str, now: datetime) -> datetime | None:
    """The time in the zone of `now`; None where there is none yet."""
    return datetime.fromisoformat(text).astimezone(now.tzinfo) if text else None
