"""The hub's migrations (Alembic), for both databases, forward only.

Nearly every database that is opened is up to date, which one row tells: Alembic is imported, and
the database written to, only where there is something to change.
"""

from enum import Enum
from pathlib import Path

from sqlalchemy import Connection, column, func, inspect, select, table

from sync_server.database import (
    FAULTS,
    Database,
    HubDatabaseNewer,
    file_of,
    unusable,
    without_password,
)

#: PostgreSQL's advisory lock that two programs starting at once take in turn; any number of ours
ONE_AT_A_TIME = 0x6F6D6E69
_FOLDER = Path(__file__).parent
#: the migrations by their numbers, with which their files begin, oldest first
NUMBERS = tuple(sorted(file.stem[:4] for file in (_FOLDER / "versions").glob("[0-9]*.py")))
#: where Alembic keeps the number of the last one that a database has seen
_VERSION = table("alembic_version", column("version_num"))


def upgrade_connection(connection: Connection, to: str = NUMBERS[-1]) -> None:
    """Bring the schema behind an open connection up to date, or up to a migration."""
    from alembic import command  # noqa: PLC0415  see above
    from alembic.config import Config  # noqa: PLC0415

    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(ONE_AT_A_TIME)))
    config = Config()
    config.set_main_option("script_location", str(_FOLDER))
    config.attributes["connection"] = connection
    command.upgrade(config, to)


class Standing(Enum):
    """How a database's schema stands to this program's."""

    CURRENT = "current"
    OLDER = "older"
    NEWER = "newer"
    NONE = "none"


def standing(connection: Connection) -> Standing:
    """What the database behind an open connection says of its schema; nothing is changed."""
    if not inspect(connection).has_table(_VERSION.name):
        return Standing.NONE
    found = connection.execute(select(_VERSION)).scalar()
    if found is None:
        return Standing.NONE
    if found == NUMBERS[-1]:
        return Standing.CURRENT
    return Standing.OLDER if found in NUMBERS else Standing.NEWER


async def is_there(database: Database, url: str) -> bool:
    """Whether a hub's tables are there; where there is no file none is made."""
    file = file_of(url)
    if file is not None and not (file.exists() and file.stat().st_size):
        return False
    return await database.read(standing) is not Standing.NONE


async def upgrade(database: Database, url: str) -> None:
    """Bring the database up to date. Raises HubDatabaseNewer, or DatabaseUnusable when it cannot be
    reached."""
    try:
        stands = await database.read(standing)
        if stands is Standing.NEWER:
            raise HubDatabaseNewer(url=without_password(url))
        if stands is not Standing.CURRENT:
            await database.write(upgrade_connection)
    except FAULTS as fault:
        raise unusable(url, fault) from fault
