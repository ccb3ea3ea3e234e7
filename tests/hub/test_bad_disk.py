"""The hub's disk is full or read-only: tills keep what they sold, and head office is told."""

import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest
from sqlalchemy.exc import OperationalError

from rehearsal.processes import wait_until
from retail.catalogue import Cashier
from sync_server.database import SqliteDatabase, driver_of
from tests.hand_till import HandTill, problem_of, reply_of
from tests.hub.books import stored
from tests.hub.serving import Serving
from tests.hub.test_commands import STORES, Head
from tests.served_hub import ServedHub, put_new
from tests.till.test_bad_disk import fill, needs_root, small_disk

WAIT_S = 60.0
WHY = "database or disk is full"


def says(hub_url: str, language: str) -> str:
    """The page of head office."""
    return httpx.get(f"{hub_url}/hq", params={"lang": language}).text


def readiness(hub_url: str) -> tuple[int, str]:
    answer = httpx.get(f"{hub_url}/readyz")
    return answer.status_code, answer.json().get("why", "")


@pytest.fixture
def hub(sqlite_url: str) -> Iterator[ServedHub]:
    with ServedHub(sqlite_url) as served:
        served.add_store()
        yield served


@contextmanager
def may_only_ask(hub: ServedHub) -> Iterator[None]:
    """SQLite refuses what it does on a disk that is read-only."""
    database = hub.hub.database
    assert isinstance(database, SqliteDatabase)
    with database.write_engine.connect() as connection:
        driver = driver_of(connection)
    driver.execute("PRAGMA query_only=1")
    yield
    driver.execute("PRAGMA query_only=0")


@needs_root
def test_a_hub_whose_disk_is_full_says_so_until_there_is_room() -> None:
    with small_disk(8 * 1024 * 1024) as disk:
        url = f"sqlite:///{disk / 'hub.db'}"
        with ServedHub(url, job_held_s=3600.0) as hub, HandTill(hub.url) as till:
            hub.add_store()
            till.enrol(hub.enrol_code())
            till.record_sales(1)
            reply_of(till.push())
            assert readiness(hub.url) == (200, "")
            assert 'role="alert"' not in says(hub.url, "en")
            kept = len(hub.read(stored))
            ballast = fill(disk)
            till.record_sales(400)
            answer = till.push(kept)
            assert (answer.status_code, problem_of(answer).code) == (503, "busy")
            assert readiness(hub.url) == (503, WHY)
            page = says(hub.url, "en")
            assert page.index('role="alert"') < page.index('class="stores"')
            assert f"its disk takes nothing ({WHY})" in page
            assert "Make room on the hub" in page
            assert "磁盘无法写入" in says(hub.url, "zh")
            ballast.unlink()
            reply_of(till.push(kept))
            assert readiness(hub.url) == (200, "")
            assert 'role="alert"' not in says(hub.url, "en")


def test_a_disk_that_became_read_only_is_told_too_and_what_changes_nothing_is_no_proof(
    hub: ServedHub,
) -> None:
    with may_only_ask(hub), pytest.raises(OperationalError, match="readonly"):
        hub.publish_cashiers([Cashier("1001", "王芳")])
    hub.write(lambda connection: None)
    assert readiness(hub.url) == (503, "attempt to write a readonly database")
    hub.publish_cashiers([Cashier("1001", "王芳")])
    assert readiness(hub.url) == (200, "")


@needs_root
def test_a_command_on_a_full_disk_says_what_to_do() -> None:
    with small_disk(4 * 1024 * 1024) as disk:
        head = Head(disk, f"sqlite:///{disk / 'hub.db'}")
        assert head.imports("stores", STORES).code == 0
        fill(disk)
        ended = head.runs("enrol-code", "S01")
        assert ended.code == 1
        assert f"takes nothing: {WHY}" in ended.err
        assert "Make room on the hub's disk" in ended.err
        assert "请清理总部磁盘空间" in ended.err
        assert "postgresql://" not in ended.err


@pytest.mark.slow
def test_a_line_of_the_log_says_when_it_was(sqlite_url: str) -> None:
    put_new(sqlite_url)
    with Serving(sqlite_url) as serving:
        with socket.create_connection(("127.0.0.1", serving.port)) as line:
            line.sendall(b"no HTTP\r\n\r\n")
            line.recv(1000)
        wait_until(lambda: serving.child.stderr_tail, WAIT_S, "the hub said something")
        said = serving.child.stderr_tail
    assert re.match(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d{4} WARNING uvicorn", said)
