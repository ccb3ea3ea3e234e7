"""The log: who at head office did what to the catalogue, to periods and to tills. A row is written
in the transaction of the act that it tells of."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Final, NamedTuple

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Index,
    Integer,
    Table,
    and_,
    delete,
    insert,
    select,
)
from sqlalchemy import Text as SqlText

from retail.language import Text
from sync_server.database import metadata
from sync_server.statements import one_of

office_act = Table(
    "office_act",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("at", SqlText, nullable=False),
    Column("author", SqlText, nullable=False),
    Column("act", SqlText, nullable=False),
    Column("subject", SqlText, nullable=False),
    Column("note", SqlText, nullable=False),
)
Index("office_act_subject", office_act.c.subject)


class Act(StrEnum):
    """What was done: to a revision, to a product in a draft, to what may not be sold, to a period,
    or to a till."""

    DRAFTED = "drafted"
    #: drafted, so that everything is as it was when another revision stood
    ROLLED_BACK = "rolled_back"
    EDITED = "edited"
    PUBLISHED = "published"
    PLANNED = "planned"
    WITHDRAWN = "withdrawn"
    RECALLED = "recalled"
    LIFTED = "lifted"
    #: a period of a store
    CLOSED = "closed"
    #: a till
    REVOKED = "revoked"


NAMES: Final = {
    Act.DRAFTED: Text("drafted", "起草"),
    Act.ROLLED_BACK: Text("rolled back", "回滚"),
    Act.EDITED: Text("edited", "编辑"),
    Act.PUBLISHED: Text("published", "发布"),
    Act.PLANNED: Text("planned", "排期"),
    Act.WITHDRAWN: Text("withdrawn", "撤回"),
    Act.RECALLED: Text("recalled", "召回"),
    Act.LIFTED: Text("lifted", "解除"),
    Act.CLOSED: Text("closed", "日结"),
    Act.REVOKED: Text("revoked", "停用"),
}
#: the author of what the hub does by itself: a plan's time has come
BY_ITSELF: Final = ""
_BY_ITSELF_SAID = Text("by its time", "按排期")
#: how a revision began
BEGINNINGS: Final = (Act.DRAFTED, Act.ROLLED_BACK)
_OF_REVISIONS = (*BEGINNINGS, Act.PUBLISHED, Act.PLANNED, Act.WITHDRAWN)


class ActRow(NamedTuple):
    """An act: when, ISO 8601 in UTC; who; to what: a revision's number, `NUMBER/PRODUCT` for a
    product that was edited into a draft, a recall's key, `STORE/DATE` of a period, a till's
    id; why."""

    number: int
    at: str
    author: str
    act: str
    subject: str
    note: str

    @property
    def name(self) -> Text:
        """What was done, in one word."""
        return NAMES[Act(self.act)]

    @property
    def by(self) -> Text:
        """Who did it, for a reader."""
        return _BY_ITSELF_SAID if self.author == BY_ITSELF else Text(self.author, self.author)


def tell(
    connection: Connection, now: datetime, author: str, act: Act, subject: str, note: str = ""
) -> None:
    """Note an act, for good."""
    at = now.isoformat(timespec="seconds")
    row = {"at": at, "author": author, "act": act.value, "subject": subject, "note": note}
    connection.execute(insert(office_act).values(row))


def forget(connection: Connection, revision: int) -> None:
    """Let a draft that changes nothing never have been."""
    connection.execute(delete(office_act).where(_of_these([revision])))


def latest(connection: Connection, most: int) -> list[ActRow]:
    """The last acts, the newest first."""
    rows = connection.execute(select(office_act).order_by(office_act.c.number.desc()).limit(most))
    return [ActRow(*row) for row in rows]


def of_revisions(connection: Connection, numbers: Sequence[int]) -> dict[int, list[ActRow]]:
    """What was done with each of these revisions, in its order."""
    rows = connection.execute(
        select(office_act).where(_of_these(numbers)).order_by(office_act.c.number)
    )
    found: dict[int, list[ActRow]] = defaultdict(list)
    for row in rows:
        found[int(row.subject)].append(ActRow(*row))
    return found


def recalls(connection: Connection, keys: Iterable[str]) -> dict[str, ActRow]:
    """Who recalled each of these last."""
    rows = connection.execute(
        select(office_act)
        .where(office_act.c.act == Act.RECALLED, one_of(office_act.c.subject, list(keys)))
        .order_by(office_act.c.number)
    )
    return {row.subject: ActRow(*row) for row in rows}


def _of_these(numbers: Sequence[int]) -> ColumnElement[bool]:
    is_one = one_of(office_act.c.subject, list(map(str, numbers)))
    return and_(office_act.c.act.in_(_OF_REVISIONS), is_one)
