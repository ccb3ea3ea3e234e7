"""Whether the hub applies what comes in, whether any fact is unsettled, how each was settled."""

from alembic import op
from sqlalchemy import BigInteger, Column, Integer, Text, text

revision = "0007"
down_revision = "0006"


def _text(name: str) -> Column[str]:
    return Column(name, Text, nullable=False)


def upgrade() -> None:
    """Add both; what is unsettled already is found, and from now on stream by stream."""
    op.create_table(
        "intake",
        Column("id", Integer, primary_key=True),
        Column("unsettled", Integer, nullable=False),
        _text("deferring_since"),
        _text("deferring_why"),
    )
    unsettled = (
        "SELECT 1 FROM journal WHERE verdict != '' AND verdict IN ('quarantined', 'waiting')"
    )
    op.execute(
        f"INSERT INTO intake SELECT 1, CASE WHEN EXISTS ({unsettled}) THEN 1 ELSE 0 END, '', ''"
    )
    op.create_table(
        "settlement",
        Column("number", Integer, primary_key=True),
        Column("stream_no", Integer, nullable=False),
        Column("seq", BigInteger, nullable=False),
        *map(
            _text,
            ("at", "author", "verdict_before", "reason_before", "verdict", "reason"),
        ),
    )
    op.create_index("settlement_fact", "settlement", ["stream_no", "seq"])
    noted = text("verdict != ''")
    op.drop_index("journal_unsettled", "journal")
    op.create_index(
        "journal_unsettled",
        "journal",
        ["verdict", "stream_no", "seq"],
        sqlite_where=noted,
        postgresql_where=noted,
    )
