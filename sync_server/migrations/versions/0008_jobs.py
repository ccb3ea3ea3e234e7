"""Which hub process does what all of them must do once."""

from alembic import op
from sqlalchemy import BigInteger, Column, Text

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Add it; nobody holds a job yet."""
    op.create_table(
        "job",
        Column("name", Text, primary_key=True),
        Column("holder", Text, nullable=False),
        Column("until_ms", BigInteger, nullable=False),
    )
