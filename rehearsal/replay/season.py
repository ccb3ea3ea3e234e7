"""A season of real baskets at a shop of real programs: set up, sold, settled, compared.

Owns the set-up of the shop, the end of the last day, and the comparison: at the tills, at the hub,
and straight from the file. It refuses to own what a basket is (`baskets`), how one is sold
(`errands`), what goes wrong (`faults`), and how books are read (`rehearsal.books`, `receipts`).

    season = Season(source, shop, options, print)
    season.set_up()
    season.sell()
    season.settle()
    assert not season.compare().differences
"""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from datetime import date, datetime
from datetime import time as time_of_day
from typing import NamedTuple
from zoneinfo import ZoneInfo

from rehearsal.bad_line import BadLine
from rehearsal.books import Books, differences, hub_books, merged, till_books
from rehearsal.processes import HeadlessTill
from rehearsal.replay import baskets as files
from rehearsal.replay.baskets import Source, shelf_code
from rehearsal.replay.errands import Cashier, Post, Stopped
from rehearsal.replay.faults import Told, Trouble, planned
from rehearsal.replay.receipts import (
    Receipts,
    expected_receipts,
    hub_receipts,
    receipt_differences,
    till_receipts,
)
from rehearsal.shop import Shop, TillHome, try_command
from retail.money import Money

STORE = "S01"
FLOAT_MINOR = 50_000
OPENS = time_of_day(9)
AT_ONCE = 2
"""Commands that run beside each other."""
CATALOGUE_COMES_S = 600.0
CATCHES_UP_S = 120.0
"""How long the hub may get nothing new from any till before the wait for it is given up."""
LOOK_EVERY_S = 0.1
HEARTBEAT_S = 5
"""Tills say that they are there more often than in a shop, so that cuts find something to cut."""
PUSH_GATHER_S = 0.5
"""Tills that sell 20 times as fast as a cashier gather longer for a push."""
QUANTITY_MAX = 999
"""Whole units of one line: a store's default, raised where the file needs it."""

_FILE_BOOKS = ("sales", "takings", "goods", "tenders", "sold")


class Options(NamedTuple):
    """How to replay: how many tills, what goes wrong, and where the store stands."""

    tills: int
    seed: int
    currency: str
    timezone: ZoneInfo
    badness: float = 0.0
    """Of all exchanges with the hub so many meet a trouble (rehearsal.bad_line)."""


class Compared(NamedTuple):
    """The three sides, and everything in which two of them differ, in words."""

    file: Books
    tills: Books
    hub: Books
    differences: list[str]


class Season:
    """One season of a shop whose hub has an empty database. Close it."""

    def __init__(
        self, source: Source, shop: Shop, options: Options, tell: Callable[[str], None]
    ) -> None:
        self.source = source
        self.shop = shop
        self.options = options
        self.told = Told(tell)
        self._cashiers: list[Cashier] = []
        self.trouble: Trouble | None = None
        self.line: BadLine | None = None

    # The set-up

    def set_up(self) -> None:
        """Import everything, start the hub, enrol and start the tills, wait for the catalogue."""
        self._import()
        self.shop.start_hub()
        with ThreadPoolExecutor(AT_ONCE) as pool:
            homes = list(pool.map(lambda _: self.shop.enrol(STORE), range(self.options.tills)))
        homes.sort(key=lambda home: int(home.till_id.rpartition("-")[2]))
        self.line = BadLine(self.shop.port, self.options.seed)
        for home in homes if self.options.badness else ():
            home.cable.set_target(self.line.port)
        posts = self._posts(homes)
        plan = planned(
            self.options.seed, [post.errands for post in posts], len(self.source.baskets)
        )
        self.trouble = Trouble(plan, self.shop, homes, self.told)
        for number, post in enumerate(posts):
            kills = [kill for kill in plan.till_kills if kill.till == number]
            self._cashiers.append(Cashier(post, self._start_till, kills, self.trouble))
        self._wait_for_catalogue()

    def _import(self) -> None:
        articles = files.articles(self.source.baskets)
        lines = (line for basket in self.source.baskets for line in basket.lines)
        most = max((line.quantity for line in lines), default=0) // 1000 + 1
        store = {
            "store_id": STORE,
            "name": "Replay",
            "currency": self.options.currency,
            "timezone": self.options.timezone.key,
            "quantity_max": max(most, QUANTITY_MAX),
        }
        self.shop.import_csv("stores", [store])
        cashiers = [
            {"store_id": STORE, "cashier_id": _cashier(number), "name": _cashier(number)}
            for number in range(self.options.tills)
        ]
        self.shop.import_csv("cashiers", cashiers)
        products = [
            {
                "product_id": article.product,
                "name": article.product,
                "barcodes": shelf_code(article.product),
                "price": Money(article.price_minor, self.options.currency).plain,
                "currency": self.options.currency,
                "unit": "kg" if article.measured else "piece",
            }
            for article in articles
        ]
        self.shop.import_csv("products", products)
        self._products = len(products)

    def _posts(self, homes: Sequence[TillHome]) -> list[Post]:
        shares: list[list[files.Basket]] = [[] for _ in homes]
        for basket in self.source.baskets:
            shares[files.till_number(basket, len(homes))].append(basket)
        return [
            Post(home, _cashier(number), FLOAT_MINOR, self.source.baskets[0].day, share)
            for number, (home, share) in enumerate(zip(homes, shares, strict=True))
        ]

    def _start_till(self, home: TillHome, day: date) -> HeadlessTill:
        opens = datetime.combine(day, OPENS, self.options.timezone)
        return self.shop.till(
            home,
            clock_start=opens.isoformat(),
            heartbeat_s=HEARTBEAT_S,
            push_gather_s=PUSH_GATHER_S,
        )

    def _wait_for_catalogue(self) -> None:
        deadline = time.monotonic() + CATALOGUE_COMES_S
        for cashier in self._cashiers:
            cashier.greet()
            while cashier.till.act("status")["products"] < self._products:
                if time.monotonic() > deadline:
                    raise TimeoutError(f"{cashier.post.home.till_id} did not get the catalogue")
                time.sleep(LOOK_EVERY_S)

    # The days

    def sell(self, on_progress: Callable[[int], None] = lambda _: None) -> None:
        """Sell every basket, with everything the plan has in store. `on_progress` is told now and
        then how many are sold. Raises the first fault."""
        assert self.trouble is not None
        assert self.line is not None
        self.trouble.start()
        self.line.badness = self.options.badness
        with ThreadPoolExecutor(len(self._cashiers)) as pool:
            selling: list[Future[None]] = [pool.submit(each.sell_all) for each in self._cashiers]
            waiting = set(selling)
            try:
                while waiting:
                    ended, waiting = wait(waiting, LOOK_EVERY_S, FIRST_EXCEPTION)
                    if any(each.exception() for each in ended):
                        self.trouble.stop.set()
                    on_progress(self.trouble.score.sold)
            finally:
                if waiting:  # interrupted from the keyboard: the others need not sell on
                    self.trouble.stop.set()
        faults = [fault for each in selling if (fault := each.exception()) is not None]
        self.trouble.end()
        self.line.calm()
        for fault in sorted(faults, key=lambda fault: isinstance(fault, Stopped)):
            raise fault

    def settle(self) -> None:
        """Everything is plugged in: wait until the hub has all facts, end the tills and the hub
        in order."""
        self._wait_for_hub()
        for cashier in self._cashiers:
            cashier.till.close_input()
        for cashier in self._cashiers:
            if cashier.till.wait():
                raise cashier.till.ended_error()
        if self.shop.hub is not None:
            self.shop.hub.stop()
        self.close()

    def _wait_for_hub(self) -> None:
        last, deadline = -1, time.monotonic() + CATCHES_UP_S
        while waiting := sum(each.till.act("status")["sync"]["waiting"] for each in self._cashiers):
            if waiting != last:
                last, deadline = waiting, time.monotonic() + CATCHES_UP_S
            if time.monotonic() > deadline:
                raise TimeoutError(f"{waiting} facts wait at the tills, and the hub takes no more")
            time.sleep(LOOK_EVERY_S)

    def close(self) -> None:
        """Let go of every process; what still runs is killed."""
        for cashier in self._cashiers:
            cashier.till.close()
        if self.line is not None:
            self.line.close()
        self.shop.close()

    # The comparison

    def compare(self) -> Compared:
        """Read all books afresh and find what differs; nothing may run any more."""
        homes = [cashier.post.home for cashier in self._cashiers]
        with ThreadPoolExecutor(AT_ONCE) as pool:
            verified = pool.map(_verify, homes)
            tills = merged([till_books(home.database_file) for home in homes])
            hub = hub_books(self.shop.database_url)
            found = self._receipt_differences(homes)
            broken = [story for stories in verified for story in stories]
        file = files.expected_books(self.source.baskets, [home.till_id for home in homes])
        found += [
            difference.say(left, right)
            for left, right, ours, theirs, only in (
                ("file", "tills", file, tills, _FILE_BOOKS),
                ("file", "hub", file, hub, _FILE_BOOKS),
                ("tills", "hub", tills, hub, Books._fields),
            )
            for difference in differences(ours, theirs, only)
        ]
        return Compared(file, tills, hub, broken + found)

    def _receipt_differences(self, homes: Sequence[TillHome]) -> list[str]:
        """Sale by sale: each basket of the file once at its till, and once at the hub."""
        file = expected_receipts(self.source.baskets, [home.till_id for home in homes])
        tills = sum((till_receipts(home.database_file) for home in homes), Receipts())
        hub = hub_receipts(self.shop.database_url)
        return [
            *receipt_differences(file, tills, ("file", "tills")),
            *receipt_differences(file, hub, ("file", "hub")),
        ]


def _cashier(number: int) -> str:
    return str(1001 + number)


def _verify(home: TillHome) -> list[str]:
    """What `pos-client journal verify` finds wrong."""
    ended = try_command("pos_client", "journal", "verify", *home.options)
    if ended.returncode == 0:
        return []
    return [f"journal of {home.till_id}: {line}" for line in ended.stderr.splitlines()]
