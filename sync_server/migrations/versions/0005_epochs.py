"""The lives of the database, and how each stream of a till began."""

from alembic import op
from sqlalchemy import BigInteger, Column, Integer, Text, UniqueConstraint

revision = "0005"
down_revision = "0004"

_SAYS = ("epoch", "began_at", "why", "positions", "instead_of")


def upgrade() -> None:
    """The epoch so far is the first; of streams that are there it is not known how they began."""
    with op.batch_alter_table("hub") as hub:
        hub.add_column(Column("first_epoch", Text, nullable=False, server_default=""))
        hub.add_column(Column("place", Text, nullable=False, server_default=""))
    op.execute("UPDATE hub SET first_epoch = epoch")
    op.create_table(
        "epoch",
        Column("number", Integer, primary_key=True),
        *(Column(name, Text, nullable=False) for name in _SAYS),
        UniqueConstraint("epoch"),
    )
    with op.batch_alter_table("stream") as stream:
        stream.add_column(Column("began_because", Text, nullable=False, server_default=""))
        stream.add_column(Column("predecessor", Text, nullable=False, server_default=""))
        stream.add_column(Column("predecessor_seq", BigInteger, nullable=False, server_default="0"))
