"""What the commands that change something share: their options, and how they say what was done."""

import getpass
from collections.abc import Awaitable, Callable, Iterable, Iterator
from datetime import datetime
from typing import Annotated, TypeVar

import typer

from pricebook.rows import short_name
from retail.language import Text
from sync_server.catalogue import moments
from sync_server.catalogue.views import Altered
from sync_server.commands.running import run, say, settings_of, with_hub
from sync_server.commands.shown import rows
from sync_server.hub import Hub
from sync_server.imports.fields import differences

T = TypeVar("T")
_CHANGES_AT_ONCE = 1_000
#: a greater number is no revision's
NUMBER_MAX = 2**53
DRAFTED = Text("draft {number}; nothing is published yet", "草稿 {number}，尚未发布")
_PUBLISHED = Text(
    "revision {number} is published, as {name}", "价格版本 {number} 已发布，名为 {name}"
)
_PLANNED = Text(
    "revision {number} is planned for {at}, as {name}",
    "价格版本 {number} 定于 {at} 生效，名为 {name}",
)
_DIFF = ("product", "name", "field", "before", "after")

Id = Annotated[str, typer.Argument(metavar="ID", help="the product's number")]
Number = Annotated[
    int, typer.Argument(metavar="N", min=1, max=NUMBER_MAX, help="the revision's number")
]
By = Annotated[str | None, typer.Option(help="who does it; without it the system's user")]
Note = Annotated[str, typer.Option(help="why, for those who read the history")]
At = Annotated[
    str | None,
    typer.Option(help="in force from then on: 2026-12-01 00:00, or with an offset"),
]


class Told:
    """Who changes something, why, and from when on."""

    def __init__(self, by: str | None, note: str, at: str | None = None) -> None:
        self.by = by or _system_user()
        self.note = note
        self._at = at

    @property
    def at(self) -> datetime | None:
        """Raises NotATime."""
        return moments.typed(self._at) if self._at else None


def _system_user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container's user has no name
        return "?"


def ask(database: str | None, work: Callable[[Hub], Awaitable[T]]) -> T:
    return run(with_hub(settings_of(database=database), work))


async def say_changes(hub: Hub, number: int) -> None:
    """All that a revision changes, however much it is."""
    told: list[Altered] = []
    after = ""
    while altered := (await hub.office.revision(number, _CHANGES_AT_ONCE, after)).altered:
        told += altered
        after = altered[-1].product_id
    say_diff(told)


def say_diff(altered: Iterable[Altered]) -> None:
    rows(_DIFF, (line for each in altered for line in diff_lines(each)))


def diff_lines(altered: Altered) -> Iterator[tuple[str, str, str, str, str]]:
    one = altered.after or altered.before
    named = altered.product_id, one.name if one else ""
    if altered.after is None:
        yield *named, "product", "in the catalogue", "taken out"
        return
    for each in differences(altered.before, altered.after):
        yield *named, each.field, each.before, each.after


def say_stands(number: int, name: str, at: datetime | None) -> None:
    said, when = _PLANNED if at else _PUBLISHED, moments.told(at or "")
    say(said.filled(number=number, name=short_name(name), at=when), beside=True)
