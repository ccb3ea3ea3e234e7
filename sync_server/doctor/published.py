"""What head office published: the positions of each scope, and what its rows add up to."""

from collections.abc import Iterator

from sqlalchemy import Connection, func, select

from pricebook.rows import CATALOGUE, Contents
from retail.language import Text
from sync_server.backup.proof import Finding
from sync_server.feed.records import feed, recounted, scope_head

FEED = "feed"
_TODO = Text(
    "Tills notice that they hold something else and pull again. Of the catalogue a hub counts anew"
    " by itself; keep a copy of the database and import the store's files again for the rest.",
    "终端会发现内容不符并重新拉取。商品目录由总部自动重新计算；其余请先保留数据库副本，再重新导入门店文件。",
)


def scopes(connection: Connection, store_scope: str | None) -> list[str]:
    """The scopes that are looked at: all, or what all stores share and one store's own."""
    known = [*connection.execute(select(scope_head.c.scope).order_by(scope_head.c.scope)).scalars()]
    return [scope for scope in known if store_scope is None or _is_of(scope, store_scope)]


def _is_of(scope: str, store_scope: str) -> bool:
    return scope == store_scope or not scope.startswith("store:")


def findings(connection: Connection, of_scopes: list[str]) -> Iterator[Finding]:
    """What does not hold in these scopes, and rows of scopes that nobody knows."""
    for scope in of_scopes:
        yield from _of_scope(connection, scope)
    strays = select(func.count()).where(feed.c.scope.not_in(select(scope_head.c.scope)))
    if count := connection.execute(strays.select_from(feed)).scalar_one():
        yield _wrong(f"{count} rows of no scope", f"{count} 行不属于任何范围")


def _of_scope(connection: Connection, scope: str) -> Iterator[Finding]:
    """Rows that were replaced leave their positions empty; none is taken twice, none lies beyond
    the head, for a reader passes by the head."""
    head = connection.execute(select(scope_head).where(scope_head.c.scope == scope)).one()
    position = feed.c.position
    of_rows = select(
        func.count(), func.count(position.distinct()), func.min(position), func.max(position)
    )
    rows, places, first, last = connection.execute(of_rows.where(feed.c.scope == scope)).one()
    if rows != places:
        yield _wrong(
            f"{scope}: {rows} rows stand at {places} positions",
            f"{scope}：{rows} 行只占 {places} 个位置",
        )
    if rows and not 0 < first <= last <= head.position:
        yield _wrong(
            f"{scope}: positions {first} to {last}, the head is at {head.position}",
            f"{scope}：位置为 {first} 至 {last}，而范围末尾为 {head.position}",
        )
    found = recounted(connection, scope)
    if found.text != head.contents:
        said = Contents.parse(head.contents)
        what = "products and prices" if scope == CATALOGUE else "rows"
        yield _wrong(
            f"{scope}: it holds {found.rows} {what} that do not add up to the {said.rows} of its"
            " head",
            f"{scope}：现有 {found.rows} 行，与范围校验值（{said.rows} 行）不符",
        )


def _wrong(en: str, zh: str) -> Finding:
    return Finding(FEED, Text(en, zh), _TODO)
