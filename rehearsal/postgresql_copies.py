"""Copies of a PostgreSQL, as an administrator makes them and puts them back: a dump that is loaded
again, a recovery to a point in time, a replica that takes over.

Owns the steps of PostgreSQL's own programs (documentation, chapters "Backup and Restore" and "High
Availability"). Refuses to know what is stored there.

    archive = archiving(server)           # before server.start()
    base_backup(server, other)
    at = now(server, "hub")
    recovered(server, archive, other, at) # other runs, and holds what was there at that time
"""

import asyncio
from pathlib import Path
from typing import Any

import asyncpg

from rehearsal.postgresql import START_S, PostgreSQL
from rehearsal.processes import wait_until

_LIVES = "SELECT NOT pg_is_in_recovery()"
_SENT = "SELECT pg_current_wal_lsn()"
_ALONE = "SELECT count(*) = 0 FROM pg_stat_wal_receiver"
_REPLAYED = "SELECT pg_last_wal_replay_lsn() >= $1::text::pg_lsn"


def ask(url: str, statement: str, *values: object) -> Any:
    """The first value of a statement's first row."""

    async def run() -> Any:
        connection = await asyncpg.connect(url, timeout=START_S)
        try:
            return await connection.fetchval(statement, *values)
        finally:
            await connection.close()

    return asyncio.run(run())


def loaded_dump(server: PostgreSQL, name: str, again: str) -> str:
    """Dump a database and load it into a new one of the same server -> its URL."""
    file = server.own_folder("dumps") / name
    server.run("pg_dump", "--format=custom", f"--file={file}", name)
    url = server.create_database(again)
    server.run("pg_restore", "--exit-on-error", f"--dbname={again}", str(file))
    return url


def archiving(server: PostgreSQL) -> Path:
    """Let the server keep its log in an archive -> where; before it starts."""
    archive = server.own_folder("archive")
    server.set(archive_mode="on", archive_command=f"cp %p {archive}/%f")
    return archive


def base_backup(server: PostgreSQL, other: PostgreSQL, *options: str) -> None:
    """Copy the running server's data to where `other`, which never ran, will start from."""
    server.run("pg_basebackup", f"--pgdata={other.data}", "--checkpoint=fast", *options)


def recovered(server: PostgreSQL, archive: Path, other: PostgreSQL, at: str) -> None:
    """Start `other` over its base backup of `server`, with all of the archive up to that time."""
    last = ask(server.url("postgres"), "SELECT pg_walfile_name(pg_switch_wal())")
    wait_until((archive / last).exists, START_S, f"{last} is in the archive")
    (other.data / "recovery.signal").touch()
    other.set(
        restore_command=f"cp {archive}/%f %p",
        recovery_target_time=at,
        recovery_target_action="promote",
    )
    other.start()
    _wait_until_it_lives(other)


def following(server: PostgreSQL, other: PostgreSQL) -> None:
    """Start `other` as a replica of the running server, without anything yet."""
    base_backup(server, other, "--write-recovery-conf")
    other.start()


def cut_off(server: PostgreSQL, other: PostgreSQL) -> None:
    """Once the replica has all that the server has now, it gets nothing more."""
    ask(server.url("postgres"), "CHECKPOINT")  # what commits without a sync is written by it
    sent = ask(server.url("postgres"), f"{_SENT}::text")
    replica = other.url("postgres")
    wait_until(lambda: ask(replica, _REPLAYED, sent), START_S, "the replica has it all")
    ask(replica, "ALTER SYSTEM SET primary_conninfo = ''")
    ask(replica, "SELECT pg_reload_conf()")
    wait_until(lambda: ask(replica, _ALONE), START_S, "the replica gets nothing more")


def promoted(other: PostgreSQL) -> None:
    """The replica takes over."""
    ask(other.url("postgres"), "SELECT pg_promote()")
    _wait_until_it_lives(other)


def _wait_until_it_lives(other: PostgreSQL) -> None:
    url = other.url("postgres")
    wait_until(lambda: ask(url, _LIVES), START_S, "PostgreSQL has come out of recovery")
