"""Three hub processes on one PostgreSQL behind a balancer: to the tills they are one hub."""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from journal.wire import FeedPage, read
from rehearsal.balancer import Balancer
from rehearsal.books import differences, hub_books, merged, till_books
from rehearsal.postgresql import PostgreSQL
from rehearsal.processes import HeadlessTill, Reply, wait_until
from rehearsal.shop import Shop, command, settings_alone
from tests.hand_till import HandTill
from tests.hub.serving import Serving

WAIT_S = 90.0
HUBS = 3
TILLS = 3
COLA = "6901028075022"
JOB_HELD_S = 3
#: a command takes three
PLANNED_S = 10

pytestmark = pytest.mark.slow


class Replicas:
    """The hubs, the balancer and the shop behind it."""

    def __init__(self, folder: Path, database_url: str) -> None:
        self.folder = folder
        self.database_url = database_url
        self.hubs = [self._serving(number) for number in range(HUBS)]
        self.balancer = Balancer([hub.port for hub in self.hubs])
        self.shop = Shop(folder, database_url)
        self.shop.port = self.balancer.port

    def _serving(self, number: int, port: int = 0) -> Serving:
        """Each has a price book of its own."""
        settings = {"price_book": self.folder / f"book-{number}", "job_held_s": JOB_HELD_S}
        env = settings_alone("OMNITILL_HUB_", **settings)
        serving = Serving(self.database_url, port=port, env=env)
        wait_until(serving.answers, WAIT_S, "the hub answers")
        return serving

    def kill(self, number: int) -> None:
        self.hubs[number].child.kill()

    def start_again(self, number: int) -> None:
        self.hubs[number].child.close()
        self.hubs[number] = self._serving(number, self.hubs[number].port)

    def office(self, *words: str) -> str:
        return command("sync_server", *words, "--database", self.database_url, env=settings_alone())

    def close(self) -> None:
        self.shop.close()
        self.balancer.close()
        for hub in self.hubs:
            hub.child.close()


@pytest.fixture(scope="module")
def replicas(
    tmp_path_factory: pytest.TempPathFactory, postgresql: PostgreSQL
) -> Iterator[Replicas]:
    made = Replicas(tmp_path_factory.mktemp("shop"), postgresql.create_database("replicas"))
    shop = made.shop
    shop.import_csv("stores", [{"store_id": "S01", "name": "静安店", "currency": "CNY"}])
    shop.import_csv("cashiers", [{"store_id": "S01", "cashier_id": "1001", "name": "王芳"}])
    product = {"product_id": "cola", "name": "可乐", "price": "3.50", "currency": "CNY"}
    shop.import_csv("products", [{**product, "barcodes": COLA, "tax_rate": "13"}])
    yield made
    made.close()


@pytest.fixture
def tills(replicas: Replicas) -> Iterator[list[HeadlessTill]]:
    with ExitStack() as opened:
        homes = [replicas.shop.enrol("S01") for _ in range(TILLS)]
        yield [
            opened.enter_context(replicas.shop.till(home, heartbeat_s=1, feed_wait_s=20))
            for home in homes
        ]


def test_every_hub_serves_head_office(replicas: Replicas) -> None:
    for hub in replicas.hubs:
        assert "静安店" in httpx.get(f"{hub.url}/hq?lang=zh").text


def test_a_token_of_one_hub_is_good_at_all(replicas: Replicas) -> None:
    first, *others = replicas.hubs
    with HandTill(first.url) as till:
        code = replicas.office("enrol-code", "S01").split()[0]
        assert till.enrol(code).is_success
        bearer = till.bearer()
        cursor = till.pull().cursor
        for other in others:
            asking = httpx.get(f"{other.url}/v1/feed", params={"cursor": cursor}, headers=bearer)
            assert read(asking.content, FeedPage).up_to_date


def sell(till: HeadlessTill, sales: int) -> None:
    for _ in range(sales):
        till.act("scan", code=COLA)
        till.act("pay")


def all_status(tills: list[HeadlessTill]) -> list[Reply]:
    return [till.act("status") for till in tills]


def price_of_cola(till: HeadlessTill) -> int:
    return int(till.act("price_check", code=COLA)["product"]["unit_price"])


def published_by_its_time(replicas: Replicas) -> int:
    """How often a hub published a plan that had come due."""
    return replicas.office("products", "log").count("by its time\tpublished")


def test_three_hubs_are_one_though_one_is_killed_and_comes_back(
    replicas: Replicas, tills: list[HeadlessTill]
) -> None:
    wait_until(lambda: all(status["products"] for status in all_status(tills)), WAIT_S, "a shelf")
    for till in tills:
        till.act("open_shift", cashier="1001", float=50_000)
        sell(till, 5)
    soon = datetime.now(UTC) + timedelta(seconds=PLANNED_S)
    replicas.office("products", "set-price", "cola", "3.90", "--at", soon.isoformat())
    replicas.kill(0)
    for till in tills:
        sell(till, 5)
    wait_until(lambda: [price_of_cola(till) for till in tills] == [390] * TILLS, WAIT_S, "the plan")
    wait_until(lambda: published_by_its_time(replicas) == 1, WAIT_S, "another does the job")
    replicas.office("products", "set-price", "cola", "4.20")
    wait_until(lambda: [price_of_cola(till) for till in tills] == [420] * TILLS, WAIT_S, "the news")
    replicas.start_again(0)
    for till in tills:
        sell(till, 5)
    wait_until(
        lambda: not any(status["sync"]["waiting"] for status in all_status(tills)),
        WAIT_S,
        "in step",
    )
    for till in tills:
        till.stop()
    ours = merged(till_books(home.database_file) for home in replicas.shop.homes)
    assert differences(ours, hub_books(replicas.database_url)) == []
    assert ours.facts > TILLS * 15
    assert published_by_its_time(replicas) == 1
    assert len(replicas.balancer.carried) == HUBS
