"""A store day that a reader can follow: the real programs on embedded defaults, told as they go.

Two stores sell online, a cable comes out, a store sells offline, the power goes in the middle of
a sale, the cable comes back; then the books of hub and tills are read afresh and compared.

Owns the story and what must hold on its way. Every figure it tells is an answer of a till, the
hub's page or a database; how it looks is `rehearsal.store_day.telling`.
"""

import math
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

from rehearsal.books import hub_books
from rehearsal.demo import demo_rows
from rehearsal.processes import ChildEnded, Refused
from rehearsal.shop import INTERRUPTED, CommandFailed, Shop, TillHome, command, last_words
from rehearsal.snapshot import UnreadableBooks
from rehearsal.store_day.cashiers import Cashiers, Unexpected, expect, money, wait
from rehearsal.store_day.closing import close_books, x_rows
from rehearsal.store_day.hq_page import till_cards
from rehearsal.store_day.telling import ATTEND, BAD, GOOD, Telling
from retail.money import Money
from sync_server.settings import IN_STEP_S

T = TypeVar("T")
R = TypeVar("R")

TILL_A, TILL_B, TILL_C = "S01-1", "S01-2", "S02-1"
#: who stands at which till
STAFF = {TILL_A: "1001", TILL_B: "1002", TILL_C: "2001"}
FLOAT_MINOR = 500_00
COUNTED_OFF_MINOR = (-50, 100, 0)
DAMAGED, NEAR_ITS_DATE, CUSTOMER_LEFT = "包装破损", "临期九折", "顾客离开"
BELOW_TITLE = (
    "Two stores, three tills and a hub, as real programs on this machine; their databases lie in"
    " a folder of their own. Every figure is what a program said or a database held."
)
REPLY_CUT_AFTER_BYTES = 300
"""Where the hub's answer to a push is cut: behind its head, before its end."""
FAULTS = (
    Unexpected,
    Refused,
    ChildEnded,
    CommandFailed,
    UnreadableBooks,
    OSError,  # TimeoutError too
    ValueError,
    LookupError,
)
"""What may stop the day; each is told as a sentence."""


class Day:
    """One day in one shop; play it once."""

    def __init__(self, shop: Shop, people: Cashiers, telling: Telling) -> None:
        self.shop = shop
        self.people = people
        self.telling = telling

    def play(self) -> bool:
        """Tell every chapter -> whether the books agree."""
        for number, (title, chapter) in enumerate(CHAPTERS, start=1):
            self.telling.chapter(number, title)
            chapter(self)
        return close_books(self.people.books(), hub_books(self.shop.database_url), self.telling)

    def head_office(self) -> None:
        tell = self.telling
        tell.say(
            "Head office imports its files, the hub starts, and three tills are enrolled, each on"
            " a cable of its own."
        )
        self.people.import_demo()
        with tell.working("starting the hub"):
            self.shop.start_hub()
        with tell.working("enrolling the tills"):
            by_store = _at_once(self._enrol_store, ["S01", "S02"])
        self.people.homes = {home.till_id: home for homes in by_store for home in homes}
        named = [*self.people.homes]
        expect(named == [*STAFF], f"The hub named the tills {', '.join(named)}.")
        self.people.tell_hub_page()

    def _enrol_store(self, store: str) -> list[TillHome]:
        """The store's tills, one after the other: the hub numbers them."""
        return [self.shop.enrol(store) for till_id in STAFF if till_id.startswith(store)]

    def opening(self) -> None:
        tell, people = self.telling, self.people
        tell.say("The tills start and learn what they sell; each shift opens with a float.")
        with tell.working("starting the tills"):
            people.start(*STAFF)
        names = {row["cashier_id"]: row["name"] for row in demo_rows("cashiers")}
        for till_id, cashier in STAFF.items():
            shift = people.act(till_id, "open_shift", cashier=cashier, float=FLOAT_MINOR)["shift"]
            tell.quote(
                till_id,
                f"{people.status(till_id)['products']} products; shift {shift['number']},"
                f" {names[shift['cashier']]}, {shift['business_date']}, float"
                f" {money(shift['float'])}",
            )
        tell.say("A delivery comes to each store and is booked in by its note.")
        goods = {"cola": 24, "water": 48, "bread": 12, "apples": 20_000}
        people.receive(TILL_A, "DN-2041", {**goods, "milk": 12, "tomatoes": 15_000, "eggs": 20})
        people.receive(TILL_C, "DN-2042", {**goods, "chocolate": 30, "umbrella": 6})

    def online(self) -> None:
        tell, people = self.telling, self.people
        tell.say(
            "A customer pays cash, rounded to the smallest coin. The loaf is damaged and goes for"
            f" less; the cashier gives the reason, {DAMAGED}."
        )
        people.ring(TILL_A, {"cola": 2, "apples": 655, "bread": 1})
        people.act(TILL_A, "line_discount", amount=300, reason=DAMAGED)
        people.tell_sale(TILL_A, people.pay(TILL_A, [("cash", 50_00)]))
        people.tell_paper(TILL_A)
        tell.say(
            "At the next till somebody pays part by phone and the rest in cash. The store by the"
            " lake works in English; a code that nobody listed gets a sentence with a way on."
        )
        people.sell(TILL_B, {"milk": 2, "tomatoes": 1_240}, [("wechat", 20_00), ("cash", 50_00)])
        people.tell_refusal(TILL_C, "scan", code="9529999999998")
        people.sell(TILL_C, {"chocolate": 3, "umbrella": 1}, [("card", None)])
        tell.say("A moment later head office sees all of it.")
        for till_id in STAFF:
            people.wait_for_sync(till_id)
        people.tell_hub_page()

    def new_price(self) -> None:
        tell, people, cola = self.telling, self.people, self.people.products["cola"]
        tell.say(
            f"While a cola stands in an open basket at {TILL_B}, head office publishes a new price."
            " A sale that is open keeps the price its customer saw; the next one has the new."
        )
        people.tell_basket(TILL_B, people.ring(TILL_B, {"cola": 1}))
        old = people.price(TILL_B, "cola")
        new = old + Money(40, old.currency)
        said = self.shop.import_csv("products", [{**cola, "price": new.plain}])
        published = time.monotonic()
        tell.quote("hub", f"products: {said.strip()}")
        wait(lambda: people.price(TILL_A, "cola") == new, "the new price had arrived")
        tell.quote(TILL_A, f"sells it at {new.plain} {_since(published)}")
        sale = people.pay(TILL_B, [("cash", None)])
        expect(sale.basket["total"] == old.minor, "The open sale was priced anew.")
        people.tell_sale(TILL_B, sale)
        wait(lambda: people.price(TILL_B, "cola") == new, "the new price had arrived")
        people.ring(TILL_B, {"cola": 1})
        people.tell_sale(TILL_B, people.pay(TILL_B, [("alipay", None)]))

    def cable_out(self) -> None:
        tell, people, cable = self.telling, self.people, self.people.homes[TILL_A].cable
        tell.say(
            f"The cable of {TILL_A} comes out at the worst moment: the hub has stored a sale, and"
            " the till has not heard of it yet."
        )
        cable.pull_after(bytes_to_till=REPLY_CUT_AFTER_BYTES)
        people.sell(TILL_A, {"water": 6, "cola": 1}, [("wechat", None)])
        wait(lambda: cable.pulled, "the cable was out")
        for cut in sorted(cable.interrupted, reverse=True):  # POST before GET
            tell.quote("cable", f"cut the {cut}")
        people.tell_waiting(TILL_A)
        self._tell_facts()
        tell.say(
            "The till goes on selling. One customer walks away, another gets 10 % off,"
            f" {NEAR_ITS_DATE}."
        )
        basket = people.ring(TILL_A, {"notebook": 1, "highlighter": 2})
        people.act(TILL_A, "void", reason=CUSTOMER_LEFT)
        lines, total = len(basket["lines"]), money(basket["total"])
        tell.quote(TILL_A, f"{lines} lines, {total}, voided: {CUSTOMER_LEFT}")
        people.ring(TILL_A, {"eggs": 2, "bread": 1})
        people.act(TILL_A, "line_discount", rate_ppm=100_000, reason=NEAR_ITS_DATE)
        people.tell_sale(TILL_A, people.pay(TILL_A, [("cash", 100_00)]))
        people.tell_waiting(TILL_A)
        tell.say(
            "The till beside it notices nothing. The hub calls a till silent when it has not heard"
            f" from it for {IN_STEP_S:.0f} s."
        )
        people.sell(TILL_B, {"cola": 2, "apples": 1_310}, [("cash", 50_00)])
        people.wait_for_sync(TILL_B)
        people.tell_hub_page()

    def _tell_facts(self) -> None:
        """What the till recorded, what it knows to be at the hub, and what is there."""
        recorded = sum(
            stream.facts
            for (till, _), stream in self.people.books().streams.items()
            if till == TILL_A
        )
        waiting = self.people.status(TILL_A)["sync"]["waiting"]
        at_hub = next(card.facts for card in till_cards(self.shop.url) if card.till == TILL_A)
        self.telling.quote(
            "",
            f"{recorded} facts recorded, {recorded - waiting} known to be at the hub, which has"
            f" {at_hub}",
        )

    def power_cut(self) -> None:
        tell, people = self.telling, self.people
        tell.say("Still offline, three lines in the basket, part of it paid: the power goes.")
        people.ring(TILL_A, {"rice": 1, "peanut-oil": 1, "tomatoes": 835})
        people.act(TILL_A, "pay", tender="wechat", amount=50_00)
        before = people.act(TILL_A, "basket")["basket"]
        killed = people.tills[TILL_A].kill()
        tell.quote(TILL_A, f"ended by {signal.Signals(-killed).name}", ATTEND)
        began = time.monotonic()
        with tell.working(f"starting {TILL_A}"):
            people.start(TILL_A)
        after = people.act(TILL_A, "basket")["basket"]
        expect(after == before, f"The basket came back as another one: {after}")
        tell.quote(TILL_A, f"is back {_since(began)}, and in its basket:")
        people.tell_basket("", after)
        people.tell_paid("", people.pay(TILL_A, [("cash", 60_00)]))
        people.tell_waiting(TILL_A)

    def cable_back(self) -> None:
        tell, people = self.telling, self.people
        tell.say("The cable goes back in. What the hub has already is not counted twice.")
        people.homes[TILL_A].cable.plug()
        plugged = time.monotonic()
        with tell.working("the till finds its hub again"):
            people.wait_for_sync(TILL_A)
        tell.quote(TILL_A, f"nothing waits any more, {_since(plugged)}", GOOD)
        self._tell_facts()
        people.tell_hub_page()

    def closing(self) -> None:
        tell, people = self.telling, self.people
        tell.say("The stores close. The figures of each shift, in CNY:")
        figures = {till_id: people.act(till_id, "x_report")["x"] for till_id in STAFF}
        tell.table(["X", *(f" {till_id}" for till_id in STAFF)], x_rows(list(figures.values())))
        tell.say("The drawers are counted; two do not hold what they should.")
        for till_id, off_minor in zip(STAFF, COUNTED_OFF_MINOR, strict=True):
            counted = figures[till_id]["expected_cash"] + off_minor
            closed = people.act(till_id, "close_shift", counted=counted)["closed"]
            tell.quote(
                till_id,
                f"closed with {money(closed['expected'])} expected, {money(closed['counted'])}"
                f" counted, {money(closed['difference'])} difference",
            )
            people.wait_for_sync(till_id)
        people.tell_hub_page()
        tell.say("The tills are switched off, and each journal is followed from its first fact.")
        with tell.working("verifying the journals"):
            proofs = _at_once(self._switch_off, list(STAFF))
        for till_id, (chain, *ledgers) in zip(STAFF, proofs, strict=True):
            tell.quote(till_id, chain.partition(": ")[2])
            for ledger in ledgers:
                tell.quote("", ledger)

    def _switch_off(self, till_id: str) -> list[str]:
        """End a till in order -> what `journal verify` says of it in English, line by
        line."""
        till, home = self.people.tills[till_id], self.people.homes[till_id]
        till.close_input()
        expect(till.wait() == 0, f"{till_id} did not end in order.")
        return command("pos_client", "journal", "verify", *home.options).splitlines()[::2]

    def the_books(self) -> None:
        self.telling.say(
            "Read afresh from the tills' files and the hub's database, by plain SQL that shares"
            " nothing with the programs."
        )


CHAPTERS: tuple[tuple[str, Callable[[Day], None]], ...] = (
    ("Head office opens", Day.head_office),
    ("The stores open", Day.opening),
    ("Sales, with the cable in", Day.online),
    ("A new price", Day.new_price),
    ("The cable comes out", Day.cable_out),
    ("The power goes in the middle of a sale", Day.power_cut),
    ("The cable is back", Day.cable_back),
    ("The stores close", Day.closing),
    ("The books", Day.the_books),
)


# --- running it


def _at_once(work: Callable[[T], R], items: Sequence[T]) -> list[R]:
    """Do the work for all items at the same time -> what came of each, in order."""
    with ThreadPoolExecutor(len(items)) as threads:
        return list(threads.map(work, items))


def _since(began: float) -> str:
    """How long something took by the monotonic clock, never less than it was."""
    return f"within {math.ceil((time.monotonic() - began) * 10) / 10:.1f} s"


def _words(said: str) -> str:
    return last_words(said) or "it said nothing"


def _sentence(fault: Exception) -> str:
    """What went wrong, for a reader."""
    match fault:
        case Refused(say=say, remedy=remedy):
            return f"A till refused: {say} {remedy}"
        case ChildEnded(argv=[_, _, program, *_], exit_code=int(code), stderr_tail=said):
            how = (
                f"ended with {code}" if code >= 0 else f"was ended by {signal.Signals(-code).name}"
            )
            return f"{program} {how}; {_words(said)}"
        case CommandFailed():
            command_line, _, words = str(fault).partition("\n")
            return f"{' '.join(command_line.split()[:2])} failed: {_words(words)}"
        case TimeoutError():
            return f"The day {fault}."
        case LookupError():
            return f"An answer lacks {fault}."
        case _:
            return str(fault)


@contextmanager
def _folder(keep: Path | None) -> Iterator[Path]:
    """The folder of the day: a given one that stays, or a temporary one that goes."""
    if keep is not None:
        keep.mkdir(parents=True, exist_ok=True)
        expect(not any(keep.iterdir()), f"{keep} holds something already; give an empty folder.")
        yield keep.absolute()
        return
    with TemporaryDirectory(prefix="omnitill-day-") as folder:
        yield Path(folder)


def play(telling: Telling, keep: Path | None) -> int:
    """Play the day -> exit code. Whatever happens, no process of it stays behind."""
    telling.title("Omnitill · a store day", BELOW_TITLE)
    try:
        with (
            _folder(keep) as folder,
            Shop(folder, f"sqlite:///{folder / 'hub.db'}") as shop,
            Cashiers(shop, telling) as people,
        ):
            return 0 if Day(shop, people, telling).play() else 1
    except BrokenPipeError:  # nobody reads any more
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        telling.line("\nstopped · 已中断", ATTEND)
        return INTERRUPTED
    except FAULTS as fault:
        chapter, why = telling.chapter_number, _sentence(fault)
        where = (f" in chapter {chapter}", f"在第 {chapter} 章") if chapter else ("", "")
        telling.line(f"\nThe day stopped{where[0]}: {why}", BAD)
        telling.line(f"演示{where[1]}中断，原因如上。", BAD)
        return 1
