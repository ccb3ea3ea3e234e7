"""By what a till signed its head, its clock, its latest business date; periods that are closed, and
facts that came after."""

from alembic import op
from sqlalchemy import BigInteger, Column, Integer, Text

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Add it; no period is closed, of clocks and signatures so far nothing is known."""
    with op.batch_alter_table("stream") as stream:
        for name in ("declared_hash", "push_proof", "business_date", "closed_to"):
            stream.add_column(Column(name, Text, nullable=False, server_default=""))
        stream.add_column(Column("clock_ahead_s", BigInteger))
    op.execute(
        "UPDATE stream SET business_date = COALESCE((SELECT j.business_date FROM journal AS j"
        " WHERE j.stream_no = stream.stream_no AND j.business_date <> ''"
        " ORDER BY j.seq DESC LIMIT 1), '')"
    )
    op.create_table(
        "period",
        Column("store_id", Text, primary_key=True),
        Column("business_date", Text, primary_key=True),
        *(Column(name, Text, nullable=False) for name in ("closed_at", "author", "reason")),
    )
    op.create_table(
        "late_fact",
        Column("stream_no", Integer, primary_key=True, autoincrement=False),
        Column("seq", BigInteger, primary_key=True, autoincrement=False),
        *(Column(name, Text, nullable=False) for name in ("store", "business_date", "noted_at")),
    )
    op.create_index("late_fact_period", "late_fact", ["store", "business_date"])
