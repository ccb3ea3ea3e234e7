"""What lay in the stores before the first fact; who at head office did what to the catalogue."""

from alembic import op
from sqlalchemy import BigInteger, Column, Integer, Text

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Add both; of what was done before nobody is known."""
    op.create_table(
        "opening_stock",
        Column("store_id", Text, primary_key=True),
        Column("product_id", Text, primary_key=True),
        Column("quantity", BigInteger, nullable=False),
        Column("cost_minor", BigInteger),
        Column("currency", Text, nullable=False),
    )
    op.create_table(
        "office_act",
        Column("number", Integer, primary_key=True),
        *(
            Column(name, Text, nullable=False)
            for name in ("at", "author", "act", "subject", "note")
        ),
    )
    op.create_index("office_act_subject", "office_act", ["subject"])
