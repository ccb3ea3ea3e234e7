"""Stores, tills, streams, the journal, the ledgers and the feed."""

from alembic import op
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Integer,
    LargeBinary,
    Text,
    UniqueConstraint,
    text,
)

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create everything."""
    _identity()
    _tills()
    _journal()
    _ledgers()
    _feed()


def _key(name: str) -> Column[str]:
    return Column(name, Text, primary_key=True)


def _text(name: str) -> Column[str]:
    return Column(name, Text, nullable=False)


def _big(name: str) -> Column[int]:
    return Column(name, BigInteger, nullable=False)


def _identity() -> None:
    op.create_table(
        "hub",
        Column("id", Integer, primary_key=True),
        Column("seed", LargeBinary, nullable=False),
        _text("epoch"),
    )


def _tills() -> None:
    op.create_table("store", _key("store_id"), _text("name"), _text("timezone"), _text("currency"))
    op.create_table(
        "till",
        _key("till_id"),
        Column("store_id", Text, ForeignKey("store.store_id"), nullable=False),
        _text("public_key"),
        _text("enrolled_at"),
        Column("revoked_at", Text),
    )
    op.create_table(
        "enrol_code",
        _key("code_hash"),
        Column("store_id", Text, ForeignKey("store.store_id"), nullable=False),
        _text("till_id"),
        _text("expires_at"),
        Column("used_by", Text),
    )
    op.create_table(
        "stream",
        Column("stream_no", Integer, primary_key=True),
        Column("till_id", Text, ForeignKey("till.till_id"), nullable=False),
        _text("incarnation"),
        _text("store_id"),
        _big("head_seq"),
        _text("head_hash"),
        _big("declared_seq"),
        _text("waiting_since"),
        _text("open_shift"),
        _text("last_contact"),
        Column("forked_seq", BigInteger),
        UniqueConstraint("till_id", "incarnation"),
    )


def _journal() -> None:
    op.create_table(
        "journal",
        Column("stream_no", Integer, primary_key=True, autoincrement=False),
        Column("seq", BigInteger, primary_key=True, autoincrement=False),
        _text("eid"),
        _text("type"),
        _text("business_date"),
        _text("verdict"),
        _text("reason"),
        _text("received_at"),
        Column("data", LargeBinary, nullable=False),
        _text("hash"),
    )
    once, noted = text("verdict != 'duplicate'"), text("verdict != ''")
    op.create_index(
        "journal_effect",
        "journal",
        ["eid"],
        unique=True,
        sqlite_where=once,
        postgresql_where=once,
    )
    op.create_index(
        "journal_unsettled", "journal", ["verdict"], sqlite_where=noted, postgresql_where=noted
    )


def _ledgers() -> None:
    money = ("store", "till", "business_date", "shift", "account", "currency")
    for name, keys in ("money_ledger", money), ("stock_ledger", ("store", "product", "account")):
        whole = "amount BETWEEN -9000000000000000000 AND 9000000000000000000"
        op.create_table(
            name,
            *map(_key, keys),
            _big("amount"),
            _big("entries"),
            CheckConstraint(whole, "whole"),
        )


def _feed() -> None:
    op.create_table("scope_head", _key("scope"), _big("position"))
    op.create_table(
        "feed",
        *map(_key, ("scope", "kind", "key")),
        _big("position"),
        Column("body", LargeBinary, nullable=False),
    )
    op.create_index("feed_position", "feed", ["scope", "position"])
    op.create_table("barcode", _key("code"), _text("product_id"))
