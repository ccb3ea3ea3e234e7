"""The hub's migrations (Alembic), for both databases, forward only."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Connection, func, select
from sqlalchemy.exc import DBAPIError

from sync_server.database import Database, DatabaseUnusable, without_password

#: PostgreSQL's advisory lock that two programs starting at once take in turn; any number of ours
ONE_AT_A_TIME = 0x6F6D6E69


def upgrade_connection(connection: Connection) -> None:
    """Bring the schema behind an open connection up to date."""
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(ONE_AT_A_TIME)))
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


async def upgrade(database: Database, url: str) -> None:
    """Bring the database up to date. Raises DatabaseUnusable when it cannot be reached."""
    try:
        await database.write(upgrade_connection)
    except CommandError as fault:
        why = "it was written by a newer version of this program"
        raise DatabaseUnusable(url=without_password(url), why=why) from fault
    except (DBAPIError, OSError) as fault:
        why = str(getattr(fault, "orig", fault)).partition("\n")[0]
        raise DatabaseUnusable(url=without_password(url), why=why) from fault
