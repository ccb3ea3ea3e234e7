"""The hub's migrations (Alembic), for both databases, forward only."""

from enum import Enum
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, func, select

from retail.language import Text
from sync_server.database import (
    FAULTS,
    Database,
    DatabaseUnusable,
    file_of,
    unusable,
    without_password,
)

#: PostgreSQL's advisory lock that two programs starting at once take in turn; any number of ours
ONE_AT_A_TIME = 0x6F6D6E69


def upgrade_connection(connection: Connection, to: str = "head") -> None:
    """Bring the schema behind an open connection up to date, or up to a migration."""
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(ONE_AT_A_TIME)))
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, to)


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    return config


class Standing(Enum):
    """How a database's schema stands to this program's."""

    CURRENT = "current"
    OLDER = "older"
    NEWER = "newer"
    NONE = "none"


def standing(connection: Connection) -> Standing:
    """What the database behind an open connection says of its schema; nothing is changed."""
    script = ScriptDirectory.from_config(_config())
    found = MigrationContext.configure(connection).get_current_revision()
    if found is None:
        return Standing.NONE
    if found == script.get_current_head():
        return Standing.CURRENT
    try:
        script.get_revision(found)
    except CommandError:
        return Standing.NEWER
    return Standing.OLDER


async def is_there(database: Database, url: str) -> bool:
    """Whether a hub's tables are there; where there is no file none is made."""
    file = file_of(url)
    if file is not None and not (file.exists() and file.stat().st_size):
        return False
    return await database.read(_is_versioned)


def _is_versioned(connection: Connection) -> bool:
    return MigrationContext.configure(connection).get_current_revision() is not None


async def upgrade(database: Database, url: str) -> None:
    """Bring the database up to date. Raises DatabaseUnusable when it cannot be reached."""
    try:
        await database.write(upgrade_connection)
    except CommandError as fault:
        why = Text("it was written by a newer version of this program", "由更新版本的程序写入")
        raise DatabaseUnusable(url=without_password(url), why=why) from fault
    except FAULTS as fault:
        raise unusable(url, fault) from fault
