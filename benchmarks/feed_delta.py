"""What does it cost the hub that a hundred tills hear of ten thousand new prices?

Ours: `sync-server serve` as it is, and a hundred tills that pull until they have all: who they are
is looked at, pages are read, joined and packed. Reference: one SELECT of the same rows a till, on
one connection to the same file. Measured as processor time of the server's process, and of the
thread that selects; the tills are not counted.
"""

import csv
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from time import thread_time_ns

from benchmarks import goods
from benchmarks.catalogue_import import write_goods
from benchmarks.goods import STORE, PaperTill
from benchmarks.measure import Result, Scale, by_turns, processor_us, result
from benchmarks.reference import feed_delta as reference
from journal.wire import Declared, FeedPage
from pos_client.sync.hub import Answer, Hub
from rehearsal.shop import Shop, command

GOAL = 1.0
PRODUCTS = 50_000
CHANGES = 10_000
TILLS = 100
UNIT = "processor ms/till"
_PATIENCE_S = 60.0


def run(scale: Scale, folder: Path) -> Iterator[Result]:
    """One question, on SQLite: there nothing of the server's work is another process's."""
    database = folder / "hub.db"
    url = f"sqlite:///{database}"
    write_goods(folder / "goods.parquet", scale.of(PRODUCTS, least=20))
    changes, tills = scale.of(CHANGES, least=10), scale.of(TILLS, least=2)
    with Shop(folder, url) as shop, ExitStack() as lines:
        shop.import_csv("stores", [{"store_id": STORE, "name": "上海静安店"}])
        command(
            "sync_server", "import", "products", str(folder / "goods.parquet"), "--database", url
        )
        hub = shop.start_hub()
        pulling = [lines.enter_context(_Line(shop, number)) for number in range(1, tills + 1)]
        news = _News(folder / "prices.csv", url, changes)
        start = pulling[0].pull("")

        def ours() -> float:
            nonlocal start
            news.publish()
            before_us = processor_us(hub.pid)
            ends = [line.pull(start) for line in pulling]
            spent_ms = (processor_us(hub.pid) - before_us) / 1_000
            start = ends[0]
            return spent_ms / tills

        def select() -> float:
            began_ns = thread_time_ns()
            rows = reference.read(database, reference.head(database) - changes, tills)
            assert rows == changes
            return (thread_time_ns() - began_ns) / 1_000_000 / tills

        rounds = by_turns(scale, ours, select)
    yield result("feed_delta", UNIT, GOAL, rounds, tills, changes=changes)


class _News:
    """Prices of the first products, other ones each time."""

    def __init__(self, file: Path, url: str, changes: int) -> None:
        self._file = file
        self._url = url
        self._changes = changes
        self._minor = 100

    def publish(self) -> None:
        self._minor += 1
        with self._file.open("w", newline="", encoding="utf-8") as out:
            writer = csv.writer(out)
            writer.writerow(("gtin", "name", "price"))
            for number in range(self._changes):
                made = goods.product(number)
                writer.writerow((made.codes[0], made.name, f"{self._minor / 100:.2f}"))
        command("sync_server", "import", "products", str(self._file), "--database", self._url)


class _Line:
    """A till's line to the hub, and nothing behind it."""

    def __init__(self, shop: Shop, number: int) -> None:
        code = command("sync_server", "enrol-code", STORE, "--database", shop.database_url).split()[
            0
        ]
        self._till = PaperTill(f"{STORE}-{number}", number)
        self._hub = Hub(f"http://127.0.0.1:{shop.port}", _PATIENCE_S, _PATIENCE_S)
        stream, signer = self._till.stream, self._till.signer
        answer = self._hub.enrol(code, signer, stream.incarnation, "")
        if not isinstance(answer, Answer):
            raise RuntimeError(f"no enrolment: {answer}")

    def __enter__(self) -> "_Line":
        return self

    def __exit__(self, *_: object) -> None:
        self._hub.close()

    def pull(self, cursor: str) -> str:
        """Pull until there is no more -> the cursor after it."""
        while True:
            page = self._page(cursor)
            cursor = page.cursor
            if page.up_to_date:
                return cursor

    def _page(self, cursor: str) -> FeedPage:
        head = self._till.head
        declared = Declared(head.seq, head.hash)
        answer = self._hub.feed(self._till.stream, self._till.signer, declared, cursor)
        if not isinstance(answer, Answer):
            raise RuntimeError(f"no page: {answer}")
        return answer.message
