"""Which version of the program a till runs."""

from alembic import op
from sqlalchemy import Column, Text

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Add it; every till says it with its next question."""
    op.add_column("stream", Column("program", Text, nullable=False, server_default=""))
