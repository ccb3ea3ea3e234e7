"""Revisions as head office reads them: what each is, and field by field what it changes."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from pricebook.rows import short_name
from retail.language import Language, Text
from sync_server.catalogue.acts import BEGINNINGS, NAMES, Act, ActRow
from sync_server.catalogue.moments import told
from sync_server.catalogue.records import RevisionRow, State
from sync_server.catalogue.service import BACK
from sync_server.catalogue.views import Altered, RevisionView
from sync_server.console import catalogue_words as words
from sync_server.imports.fields import Difference, differences

_TITLES = {
    State.DRAFT: Text("Draft {number}", "草稿 {number}"),
    State.PLANNED: Text("Plan {number}", "排期 {number}"),
    State.PUBLISHED: Text("Revision {number}", "版本 {number}"),
    State.WITHDRAWN: Text("Withdrawn {number}", "已撤回 {number}"),
}
_NOBODY = "–"
MARKS = {State.DRAFT: "◇", State.PLANNED: "◷", State.PUBLISHED: "●", State.WITHDRAWN: "✕"}


class RevisionLine(NamedTuple):
    """A revision in the reader's language; `name` is what tills show of it, empty of one that they
    never sold by, `place` is where it stands among the published ones."""

    number: int
    state: str
    mark: str
    title: str
    name: str
    note: str
    author: str
    at: str
    effective_at: str
    changes: str
    place: int


class FieldLine(NamedTuple):
    """One field before and after."""

    name: str
    before: str
    after: str


class AlteredLine(NamedTuple):
    """A product and what becomes of it; `fate` says that it comes or goes."""

    product_id: str
    name: str
    fate: str
    fields: tuple[FieldLine, ...]


class ActLine(NamedTuple):
    """What somebody did, who and when, in the reader's language."""

    name: str
    by: str
    at: str


def note_of(row: RevisionRow) -> str:
    """Its note; one of a former release names a revision by its whole name."""
    named = row.note.removeprefix(BACK)
    return row.note if named == row.note or named.isdigit() else f"{BACK}{short_name(named)}"


def line(seen: RevisionView, language: Language) -> RevisionLine:
    row = seen.row
    return RevisionLine(
        row.number,
        row.state,
        MARKS[row.state],
        title(row).to(language),
        short_name(row.name) if row.state == State.PUBLISHED else "",
        note_of(row),
        row.author,
        told(row.published_at or row.created_at),
        told(row.effective_at),
        words.products(seen.changes).to(language) if seen.changes else "",
        row.place,
    )


def act_line(act: ActRow, language: Language) -> ActLine:
    return ActLine(act.name.to(language), act.by.to(language), told(act.at))


def act_lines(row: RevisionRow, acts: Sequence[ActRow], language: Language) -> list[ActLine]:
    """Who did what with a revision, in its order. Of what was done before there was a log nobody
    knows who published it."""
    lines = [act_line(act, language) for act in acts]
    if not any(act.act in BEGINNINGS for act in acts):
        drafted = NAMES[Act.DRAFTED].to(language), row.author or _NOBODY, told(row.created_at)
        lines.insert(0, ActLine(*drafted))
    if row.published_at and not any(act.act == Act.PUBLISHED for act in acts):
        published = NAMES[Act.PUBLISHED].to(language), _NOBODY, told(row.published_at)
        lines.append(ActLine(*published))
    return lines


def title(row: RevisionRow) -> Text:
    """What a revision is called."""
    return _TITLES[row.state].filled(number=row.number)


def called(number: int) -> Text:
    """What a published revision is called."""
    return _TITLES[State.PUBLISHED].filled(number=number)


def altered_lines(altered: Iterable[Altered], language: Language) -> tuple[AlteredLine, ...]:
    return tuple(altered_line(each, language) for each in altered)


def altered_line(altered: Altered, language: Language) -> AlteredLine:
    one = altered.after or altered.before
    fate = words.COMES if altered.before is None else words.GOES if altered.after is None else None
    fields = () if altered.after is None else differences(altered.before, altered.after)
    return AlteredLine(
        altered.product_id,
        one.name if one else "",
        fate.to(language) if fate else "",
        tuple(_field_line(each, language) for each in fields),
    )


def _field_line(difference: Difference, language: Language) -> FieldLine:
    said = words.VALUES.get(difference.field, {})
    before, after = (
        said[value].to(language) if value in said else value
        for value in (difference.before, difference.after)
    )
    return FieldLine(difference.name.to(language), before, after)
