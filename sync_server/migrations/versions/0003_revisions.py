"""Revisions of the catalogue; what each scope of the feed holds, counted from what is there."""

from hashlib import sha256

from alembic import op
from sqlalchemy import (
    BigInteger,
    Column,
    LargeBinary,
    Text,
    bindparam,
    column,
    select,
    table,
    update,
)

revision = "0003"
down_revision = "0002"

_NOTHING = f"0:{0:064x}"


def upgrade() -> None:
    """Add what drafts, plans and history need."""
    _revisions()
    op.add_column("feed", _text("gone_at"))
    op.add_column("scope_head", Column("contents", Text, nullable=False, server_default=_NOTHING))
    _count_contents()


def _text(name: str) -> Column[str]:
    return Column(name, Text, nullable=False, server_default="")


def _number() -> Column[int]:
    return Column("number", BigInteger, primary_key=True, autoincrement=False)


def _revisions() -> None:
    texts = ("state", "name", "author", "note", "created_at", "effective_at", "published_at")
    op.create_table(
        "revision",
        _number(),
        *map(_text, texts),
        Column("place", BigInteger, nullable=False),
    )
    op.create_table(
        "revision_change",
        _number(),
        Column("kind", Text, primary_key=True),
        Column("key", Text, primary_key=True),
        Column("before", LargeBinary),
        Column("after", LargeBinary),
    )
    op.create_table(
        "barcode_claim",
        _number(),
        Column("code", Text, primary_key=True),
        _text("product_id"),
    )
    op.create_index("barcode_product", "barcode", ["product_id"])


def _count_contents() -> None:
    """The count of each scope's rows and the sum of their digests, as pricebook.rows has it."""
    feed = table("feed", *map(column, ("scope", "kind", "key", "body")))
    heads = table("scope_head", column("scope"), column("contents"))
    connection = op.get_bind()
    totals: dict[str, tuple[int, int]] = {}
    for row in connection.execute(select(feed).execution_options(yield_per=5_000)):
        if bytes(row.body) == b"null":
            continue
        count, total = totals.get(row.scope, (0, 0))
        digest = sha256(f"{row.kind}\0{row.key}\0".encode() + bytes(row.body)).digest()
        totals[row.scope] = (count + 1, (total + int.from_bytes(digest)) % (1 << 256))
    if totals:
        connection.execute(
            update(heads).where(heads.c.scope == bindparam("of")).values(contents=bindparam("sum")),
            [{"of": of, "sum": f"{count}:{total:064x}"} for of, (count, total) in totals.items()],
        )
