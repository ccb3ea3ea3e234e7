"""One storm over one shop, from the opening to the verdict.

outcome = play(shop, tills=3, seconds=15, seed=1, tell=print)
assert not outcome.wrong
"""

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from random import Random
from typing import NamedTuple

from rehearsal.bad_line import BadLine
from rehearsal.chaos.cashier import Cashier
from rehearsal.chaos.reckoning import wrong
from rehearsal.chaos.storm import Storm
from rehearsal.chaos.told import Told
from rehearsal.demo import demo_rows
from rehearsal.processes import wait_until
from rehearsal.shop import Shop

STAFF = (("S01", "1001"), ("S01", "1002"), ("S02", "2001"), ("S02", "2002"))
"""Who stands at the tills, each in which store: as many of them as there are tills."""
NEW_PRICES_EVERY_S = 15.0
IN_STEP_S = 180.0
"""How long tills may take when all is calm: longer than several back-offs."""
LOOK_EVERY_S = 0.25
"""How often tills are asked for all their prices: they have more to do than to answer."""
AT_ONCE = 2
"""Commands that run beside each other."""
EVENTS_TOLD = 20
"""The last events of a till that a wait in vain tells of."""

Prices = dict[str, str]


class Outcome(NamedTuple):
    """What was sold, what happened, how long the tills took to be in step again, and what is not
    as it must be."""

    sales: int
    met: Mapping[tuple[str, str], int]
    in_step_s: float
    wrong: list[str]


class _Office:
    """Head office, which publishes new prices through the storm."""

    def __init__(self, shop: Shop, seed: int) -> None:
        self._shop = shop
        self._chance = Random(f"office {seed}")
        self._products = [row for row in demo_rows("products") if row["unit"] == "piece"]
        self.published = 0

    @property
    def codes(self) -> list[str]:
        return [row["barcodes"].split()[0] for row in self._products]

    @property
    def prices(self) -> Prices:
        """By code."""
        return dict(zip(self.codes, (row["price"] for row in self._products), strict=True))

    def open(self) -> None:
        for kind in ("stores", "cashiers"):
            self._shop.import_csv(kind, demo_rows(kind))
        self._shop.import_csv("products", self._products)

    def new_prices(self) -> None:
        for row in self._chance.sample(self._products, 5):
            row["price"] = f"{self._chance.randint(100, 9_000) / 100:.2f}"
        self._shop.import_csv("products", self._products)
        self.published += 1


def play(shop: Shop, tills: int, seconds: float, seed: int, tell: Callable[[str], None]) -> Outcome:
    """A storm of so many seconds over a shop whose hub has an empty database, and so many tills.
    Raises what stops it: a refusal, a program that ended, a wait in vain."""
    office, told = _Office(shop, seed), Told(tell)
    with ExitStack() as stack:
        office.open()
        shop.start_hub()
        staff = STAFF[:tills]
        with ThreadPoolExecutor(AT_ONCE) as pool:
            homes = list(pool.map(shop.enrol, [store for store, _ in staff]))
        line = stack.enter_context(BadLine(shop.port, seed))
        cashiers = []
        for home, (_, name) in zip(homes, staff, strict=True):
            home.cable.set_target(line.port)
            cashiers.append(Cashier(shop, home, name, office.codes, seed, told))
            stack.callback(cashiers[-1].close)
        _wait_for(cashiers, office.prices)
        storm = Storm(shop, homes, line, seed, told)
        _blow(storm, cashiers, office, seconds)
        in_step_s = _calm(storm, cashiers, office)
        for cashier in cashiers:
            cashier.till.close_input()
            if cashier.till.wait():
                raise cashier.till.ended_error()
        promised = {each.home.till_id: each.promised for each in cashiers}
    shop.close()
    met = dict(told.met) | dict(line.met) | {("new prices", "published"): office.published}
    sales = sum(map(len, promised.values()))
    return Outcome(sales, met, in_step_s, wrong(shop.database_url, homes, promised))


def _blow(storm: Storm, cashiers: Sequence[Cashier], office: _Office, seconds: float) -> None:
    ends_s = time.monotonic() + seconds
    storm.begin()
    for cashier in cashiers:
        cashier.begin()
    while (left_s := ends_s - time.monotonic()) > 0 and not any(c.fault for c in cashiers):
        if cashiers[0].stop.wait(min(left_s, NEW_PRICES_EVERY_S)):
            break
        office.new_prices()


def _calm(storm: Storm, cashiers: Sequence[Cashier], office: _Office) -> float:
    """Everybody finishes what they do -> how long until all are in step, in seconds."""
    storm.end()
    began_s = time.monotonic()
    for cashier in cashiers:
        cashier.end()
    wait_until(lambda: not any(map(_waiting, cashiers)), IN_STEP_S, "the hub had everything")
    _wait_for(cashiers, office.prices)
    return time.monotonic() - began_s


def _wait_for(cashiers: Sequence[Cashier], prices: Prices) -> None:
    """Until all tills sell by these prices. Raises TimeoutError, with what each till says of it."""
    try:
        wait_until(
            lambda: not any(_prices_off(cashier, prices) for cashier in cashiers),
            IN_STEP_S,
            "all tills sold by what is published",
            LOOK_EVERY_S,
        )
    except TimeoutError as late:
        for cashier in cashiers:
            late.add_note(_standing(cashier, prices))
        raise


def _standing(cashier: Cashier, prices: Prices) -> str:
    """What somebody needs who asks why a till is not in step."""
    till = cashier.till
    off = _prices_off(cashier, prices)
    events = list(till.events)[-EVENTS_TOLD:]
    status, basket = till.act("status"), till.act("basket")["basket"]
    told = "".join(f"\n    {event}" for event in events)
    return f"{cashier.home.till_id}: {off=}, {basket=}, {status=}{told}\n{till.stderr_tail}"


def _waiting(cashier: Cashier) -> int:
    return int(cashier.till.act("status")["sync"]["waiting"])


def _prices_off(cashier: Cashier, prices: Prices) -> dict[str, object]:
    """By code, what the till asks instead of what is published."""
    acts = [{"do": "price_check", "code": code} for code in prices]
    answers = cashier.till.answers(cashier.till.ask_all(acts))
    asked = [answer.get("product", {}).get("unit_price") for answer in answers]
    return {
        code: unit_price
        for (code, price), unit_price in zip(prices.items(), asked, strict=True)
        if unit_price != round(float(price) * 100)
    }
