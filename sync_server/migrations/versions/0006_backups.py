"""Which backups there are, and how far each stream lies in one."""

from alembic import op
from sqlalchemy import BigInteger, Column, Integer, Text

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Add both; nothing lies in a backup yet."""
    op.add_column("stream", Column("safe_seq", BigInteger, nullable=False, server_default="0"))
    op.create_table(
        "backup",
        Column("number", Integer, primary_key=True),
        *(Column(name, Text, nullable=False) for name in ("taken_at", "noted_at", "file")),
        Column("facts", BigInteger, nullable=False),
        Column("size_bytes", BigInteger, nullable=False),
    )
