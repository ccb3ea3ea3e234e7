"""What lay in the stores before the first fact; who at head office did what to the catalogue. On
SQLite barcodes that drafts claim are kept in their index alone."""

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
    if op.get_bind().dialect.name == "sqlite":
        _claims_by_their_key()


def _claims_by_their_key() -> None:
    """A file of a million products writes a million claims, and takes them away again."""
    op.rename_table("barcode_claim", "former_claim")
    op.create_table(
        "barcode_claim",
        Column("number", BigInteger, primary_key=True, autoincrement=False),
        Column("code", Text, primary_key=True),
        Column("product_id", Text, nullable=False, server_default=""),
        sqlite_with_rowid=False,
    )
    op.execute("INSERT INTO barcode_claim SELECT number, code, product_id FROM former_claim")
    op.drop_table("former_claim")
