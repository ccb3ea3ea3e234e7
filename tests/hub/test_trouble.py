"""The hub in trouble: its database away, its clients gone, told to stop in the middle."""

import asyncio
import socket
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import msgspec
import pytest
from sqlalchemy import text

from journal import wire
from rehearsal.postgresql import PostgreSQL
from rehearsal.processes import wait_until
from sync_server.database import open_database
from sync_server.feed import records
from tests.builders import SteppedClock, a_product
from tests.hand_till import HandTill, problem_of, reply_of
from tests.hub.books import stored
from tests.hub.conftest import waiting_for_news
from tests.hub.serving import Serving
from tests.served_hub import ServedHub, put_new

WAIT_S = 60.0


@pytest.fixture
def hub(sqlite_url: str) -> Iterator[ServedHub]:
    with ServedHub(sqlite_url, database_wait_s=0.01) as served:
        served.add_store()
        yield served


@pytest.fixture
def till(hub: ServedHub) -> Iterator[HandTill]:
    with HandTill(hub.url) as made:
        made.enrol(hub.enrol_code())
        yield made


@contextmanager
def held_by_another(file: Path) -> Iterator[None]:
    """Another program writes to the database and does not end."""
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


def test_a_database_that_is_held_asks_tills_for_patience(
    hub: ServedHub, till: HandTill, tmp_path: Path
) -> None:
    till.record_sales(2)
    with held_by_another(tmp_path / "hub.db"):
        answer = till.push()
        assert (answer.status_code, problem_of(answer).code) == (503, "busy")
        assert int(answer.headers["Retry-After"]) > 0
        assert till.feed().status_code == 200  # who only reads is not held up
    assert reply_of(till.push()).verdicts == ()
    assert len(hub.read(stored)) == 4


def test_a_pull_is_answered_although_its_contact_cannot_be_written(
    hub: ServedHub, till: HandTill, tmp_path: Path
) -> None:
    till.begin()
    reply_of(till.push())
    hub.clock.move(timedelta(minutes=5))
    with held_by_another(tmp_path / "hub.db"):
        for path in ("/v1/feed", "/v1/feed/wait"):
            answer = till.http.get(path, headers=till.bearer() | declaring(till, 7))
            assert answer.status_code == 200
        assert standing(hub) == (1, "2026-06-03T01:00:00.000+00:00")
    assert standing(hub) == (7, "2026-06-03T01:05:00.000+00:00")


def test_a_contact_is_written_before_the_hub_ends(sqlite_url: str) -> None:
    with ServedHub(sqlite_url, contact_noted_every_s=3600.0) as first:
        first.add_store()
        with HandTill(first.url) as till:
            till.enrol(first.enrol_code())
            till.begin()
            reply_of(till.push())
            assert till.feed(**declaring(till, 5)).status_code == 200
    with ServedHub(sqlite_url) as second:
        assert standing(second)[0] == 5


def test_what_a_push_declares_is_not_undone_by_a_pull_before_it(sqlite_url: str) -> None:
    with ServedHub(sqlite_url, contact_noted_every_s=3600.0) as hub:
        hub.add_store()
        with HandTill(hub.url) as till:
            till.enrol(hub.enrol_code())
            till.record_sales(2)
            reply_of(till.push(0, 1))
            assert till.feed(**declaring(till, 2)).status_code == 200
            reply_of(till.push(1))
            assert standing(hub)[0] == 4


def declaring(till: HandTill, seq: int) -> dict[str, str]:
    """The headers in which a till says beside its question how far it is."""
    head = f'{{"seq":{seq},"hash":"x"}}'
    return {"Till-Incarnation": till.stream.incarnation, "Till-Head": head}


def standing(hub: ServedHub) -> tuple[int, str]:
    """What the hub shows of its only till: the head it declared, and its last contact."""
    (line,) = hub.do(hub.hub.office.overview())[0]
    return line.declared_seq, line.last_contact


def test_trouble_of_the_database_puts_no_fact_in_quarantine(hub: ServedHub, till: HandTill) -> None:
    """On the careful path too: a full disk is not the fact's fault."""
    till.begin()
    reply_of(till.push())
    till.record_bytes(b"{}", "of.tomorrow", 1, eid="twice")
    till.record_bytes(b"{}", "of.tomorrow", 1, eid="twice")
    till.record_sales(1)
    hub.write(lambda connection: connection.exec_driver_sql("DROP TABLE stock_ledger"))
    assert till.push(1).status_code == 503
    assert len(hub.read(stored)) == 1


def test_the_hub_is_not_ready_without_its_database(hub: ServedHub) -> None:
    hub.write(lambda connection: connection.exec_driver_sql("DROP TABLE scope_head"))
    answer = httpx.get(f"{hub.url}/readyz")
    assert (answer.status_code, answer.json()["status"]) == (503, "not ready")
    assert httpx.get(f"{hub.url}/healthz").status_code == 200


def test_who_waits_for_news_is_woken_after_the_database_was_away(
    hub: ServedHub, till: HandTill
) -> None:
    with waiting_for_news(hub, till) as told:
        hub.write(
            lambda connection: connection.exec_driver_sql("ALTER TABLE scope_head RENAME TO away")
        )
        assert httpx.get(f"{hub.url}/readyz").status_code == 503
        hub.write(
            lambda connection: connection.exec_driver_sql("ALTER TABLE away RENAME TO scope_head")
        )
        elsewhere = {"cola": msgspec.json.encode(a_product("cola"))}
        hub.write(lambda connection: records.publish(connection, "catalogue", "product", elsewhere))
        assert told.result(WAIT_S) == ("catalogue",)


@pytest.mark.slow
def test_a_hub_finds_its_database_again(postgresql: PostgreSQL) -> None:
    url = postgresql.create_database("lost")
    end_all = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'lost'"

    async def cut() -> None:
        other = open_database(url.replace("/lost?", "/postgres?"), 10.0, 1)
        try:
            await other.write(lambda connection: connection.execute(text(end_all)).all())
        finally:
            await other.close()

    with ServedHub(url) as hub:
        hub.add_store()
        with HandTill(hub.url) as till:
            till.enrol(hub.enrol_code())
            till.record_sales(2)
            asyncio.run(cut())
            answers = [till.push() for _ in range(10)]
        assert {answer.status_code for answer in answers[:-1]} <= {200, 503}
        assert all(wire.HEADER in answer.headers for answer in answers)
        assert reply_of(answers[-1]).head == till.head()


@pytest.mark.slow
def test_a_hub_told_to_stop_ends_in_order_though_a_till_waits(sqlite_url: str) -> None:
    with ServedHub(sqlite_url, SteppedClock(datetime.now(UTC))) as before:
        before.add_store()
        code = before.enrol_code()
    with Serving(sqlite_url) as serving, HandTill(serving.url) as till:
        wait_until(serving.answers, WAIT_S, "the hub answers")
        assert till.enrol(code).is_success
        asking = {"cursor": till.pull().cursor, "wait": f"{WAIT_S}"}
        bearer = till.bearer()
        waiting = threading.Thread(target=ask_in_vain, args=(till, asking, bearer))
        waiting.start()
        assert serving.child.stop(timeout_s=30.0) == 0
        waiting.join(WAIT_S)
        assert "Traceback" not in serving.child.stderr_tail


def test_a_till_that_asks_for_news_of_a_hub_about_to_stop_is_asked_for_patience(
    hub: ServedHub, till: HandTill
) -> None:
    """An answer without news would be followed by the next question at once."""
    asking = {"cursor": till.pull().cursor, "wait": f"{WAIT_S}"}
    hub.do(hub.hub.news.end())
    answer = till.http.get("/v1/feed/wait", params=asking, headers=till.bearer())
    assert (answer.status_code, problem_of(answer).code) == (503, "busy")
    assert int(answer.headers["Retry-After"]) > 0


def test_a_hub_whose_file_is_gone_takes_nothing_into_nowhere(
    hub: ServedHub, till: HandTill, tmp_path: Path
) -> None:
    till.begin()
    assert reply_of(till.push()).head == till.head()
    for file in tmp_path.glob("hub.db*"):
        file.rename(file.with_name(f"moved-{file.name}"))
    till.record_bytes(b"{}", "tomorrow", 1)
    assert till.push().status_code == 503
    assert httpx.get(f"{hub.url}/readyz").status_code == 503


def ask_in_vain(till: HandTill, asking: dict[str, str], bearer: dict[str, str]) -> None:
    try:
        till.http.get("/v1/feed/wait", params=asking, headers=bearer)
    except httpx.TransportError:
        return  # the line ended before the answer


@pytest.mark.slow
def test_a_till_that_is_cut_off_in_the_middle_leaves_no_trace(sqlite_url: str) -> None:
    put_new(sqlite_url)
    with Serving(sqlite_url) as serving:
        wait_until(serving.answers, WAIT_S, "the hub answers")
        for _ in range(5):
            with socket.create_connection(("127.0.0.1", serving.port)) as line:
                line.sendall(b"POST /v1/push HTTP/1.1\r\nHost: x\r\nContent-Length: 900\r\n\r\n{")
                line.shutdown(socket.SHUT_WR)
                line.recv(1000)
        assert serving.answers()
        serving.child.stop()
        assert serving.child.stderr_tail == ""
