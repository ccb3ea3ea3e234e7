"""Fixtures that every folder shares: a real PostgreSQL, both databases, a till."""

import os
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
from hypothesis import settings

from pos_client.till import Till
from rehearsal.postgresql import NoPostgreSQL, PostgreSQL, running_postgresql
from tests.builders import open_till
from tests.spare_databases import SpareDatabases

#: set where PostgreSQL must be had: then its absence fails instead of skipping
REQUIRED = "OMNITILL_TESTS_NEED_POSTGRESQL"

# Children are to behave as at a customer's, where nobody sets this
os.environ.pop("PYTHONUNBUFFERED", None)

_names = count(1)

# The same examples on every run; to look for new ones: pytest --hypothesis-profile=explore
settings.register_profile("repeatable", deadline=None, derandomize=True)
settings.register_profile("explore", deadline=None, max_examples=2_000)
settings.load_profile("repeatable")


@pytest.fixture(scope="session")
def postgresql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgreSQL]:
    """One real server for the whole run."""
    try:
        with running_postgresql(tmp_path_factory.mktemp("pg"), durable=False) as server:
            yield server
    except NoPostgreSQL as reason:
        if os.environ.get(REQUIRED):
            pytest.fail(f"PostgreSQL is required here: {reason}")
        pytest.skip(str(reason))


@pytest.fixture(scope="session")
def spare_databases(postgresql: PostgreSQL) -> SpareDatabases:
    """The hub's databases on it."""
    return SpareDatabases(postgresql)


_BOTH = pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])


@_BOTH
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A fresh database of the hub, once on SQLite and once on PostgreSQL."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'hub.db'}"
        return
    databases: SpareDatabases = request.getfixturevalue("spare_databases")
    url = databases.take()
    yield url
    databases.give_back(url)


@_BOTH
def untouched_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database without any table, once on SQLite and once on PostgreSQL."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'untouched.db'}"
    server: PostgreSQL = request.getfixturevalue("postgresql")
    return server.create_database(f"untouched{next(_names)}")


@pytest.fixture
def till(tmp_path: Path) -> Iterator[Till]:
    """A till of store S01 with products, without a hub."""
    opened = open_till(tmp_path)
    yield opened
    opened.close()
