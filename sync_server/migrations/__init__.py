"""The hub's migrations (Alembic), for both databases, forward only."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from sync_server.database import Database, DatabaseUnusable


def upgrade_connection(connection: Connection) -> None:
    """Bring the schema behind an open connection up to date."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


async def upgrade(database: Database, url: str) -> None:
    """Bring the database up to date. Raises DatabaseUnusable when it cannot be reached."""
    try:
        await database.write(upgrade_connection)
    except (DBAPIError, OSError) as fault:
        raise DatabaseUnusable(url=url, why=getattr(fault, "orig", fault)) from fault
