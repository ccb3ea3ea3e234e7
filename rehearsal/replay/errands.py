"""A cashier's errands: one till's baskets in the order of the days, through every power cut.

Owns the acts of a day (open, sell basket by basket, close), what is in flight on the till's
standard input, and finding out from the till itself, after it was killed, what of that was done.
It refuses to guess: a till that comes back with anything else than a beginning of what it was told
is an error.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from itertools import groupby
from typing import Any, NamedTuple, Protocol

from rehearsal.processes import ChildEnded, HeadlessTill, Refused, Reply
from rehearsal.replay.baskets import Basket, shelf_code
from rehearsal.replay.faults import TillKill, Trouble
from rehearsal.shop import TillHome

IN_FLIGHT_ACTS = 100
"""A fast cashier: so many acts are said before the first answer is heard."""
TILL_STARTS_S = 60.0
REASON = "price of the file"

Act = Mapping[str, object]


class WrongTill(Exception):
    """The till said or held something that nobody did there; says what."""


class Errand(Protocol):
    """Something a cashier does at the till: acts in a row, of which a kill leaves a beginning."""

    acts: list[Act]

    def told(self) -> str:
        """What it is, in words."""
        ...

    def done(self, ready: Reply) -> int:
        """How many of the acts are done, by what the till says when it comes back."""
        ...

    def check(self, answer: Reply) -> None:
        """Look at the answer to the last act; raises WrongTill."""
        ...


def receipts_of(receipt: str | None) -> int:
    """How many receipts a till of one incarnation has given out, by its last."""
    return int(receipt.rpartition("-")[2]) if receipt else 0


class Opening:
    """Open the shift of a day."""

    def __init__(self, day: date, cashier: str, float_minor: int) -> None:
        self._day = day.isoformat()
        self.acts: list[Act] = [
            {
                "do": "open_shift",
                "cashier": cashier,
                "float": float_minor,
                "business_date": self._day,
                "confirm": True,
            }
        ]

    def told(self) -> str:
        return f"opening {self._day}"

    def done(self, ready: Reply) -> int:
        shift = ready["shift"]
        return int(shift is not None and shift["business_date"] == self._day)

    def check(self, answer: Reply) -> None:
        pass


class Selling:
    """Sell one basket: the customer, each line scanned and priced, cash. `number` is the receipt
    it must get."""

    def __init__(self, basket: Basket, number: int) -> None:
        self._basket = basket
        self._number = number
        acts: list[Act] = []
        if basket.customer is not None:
            acts.append({"do": "customer", "customer": basket.customer})
        self._lines_from = len(acts)
        for line in basket.lines:
            acts.append({"do": "scan", "code": shelf_code(line.product), "quantity": line.quantity})
            acts.append({"do": "line_price", "total": line.total_minor, "reason": REASON})
        acts.append({"do": "pay"})
        self.acts = acts

    def told(self) -> str:
        who = self._basket.customer or "nobody"
        return f"basket of {who} on {self._basket.day}, {len(self._basket.lines)} lines"

    def done(self, ready: Reply) -> int:
        given_out = receipts_of(ready["last_receipt"])
        if given_out == self._number:
            return len(self.acts)
        held = ready["basket"]
        if given_out != self._number - 1 or not self._is_beginning(held):
            raise WrongTill(f"{self.told()}: the till came back with {given_out} sales and {held}")
        scanned = len(held["lines"])
        if not scanned:
            return self._lines_from if held["customer"] else 0
        priced = held["lines"][-1]["total"] == self._basket.lines[scanned - 1].total_minor
        return self._lines_from + 2 * scanned - (not priced)

    def _is_beginning(self, held: Mapping[str, Any]) -> bool:
        """Whether the basket at the till may stand there after some of the acts: all its lines
        but the newest priced, no other customer, nothing paid."""
        lines = [(line["code"], line["quantity"]) for line in held["lines"]]
        totals = [line["total"] for line in held["lines"][:-1]]
        meant = self._basket.lines
        customers = {self._basket.customer} if lines else {None, self._basket.customer}
        return (
            lines == [(shelf_code(line.product), line.quantity) for line in meant[: len(lines)]]
            and totals == [line.total_minor for line in meant[: len(totals)]]
            and held["customer"] in customers
            and not held["tenders"]
        )

    def check(self, answer: Reply) -> None:
        sale = answer["sale"]
        said = sale["customer"], sale["lines"], sale["total"], receipts_of(sale["receipt"])
        basket = self._basket
        meant = basket.customer, len(basket.lines), basket.total_minor, self._number
        if said != meant:
            raise WrongTill(f"{self.told()}: sold as {said}, meant {meant}")


class Reading:
    """Read the X report before closing; it must say what the day came to."""

    def __init__(self, day: date, sales: int, expected_minor: int) -> None:
        self._day = day
        self._meant = sales, expected_minor
        self.acts: list[Act] = [{"do": "x_report"}]

    def told(self) -> str:
        return f"X report of {self._day}"

    def done(self, ready: Reply) -> int:  # noqa: ARG002  a report changes nothing
        return 0

    def check(self, answer: Reply) -> None:
        report = answer["x"]
        said = report["sales"], report["expected_cash"]
        if said != self._meant:
            raise WrongTill(f"{self.told()}: the till says {said}, it must be {self._meant}")


class Closing:
    """Close the shift with the drawer counted."""

    def __init__(self, day: date, counted_minor: int) -> None:
        self._day = day
        self.acts: list[Act] = [{"do": "close_shift", "counted": counted_minor}]

    def told(self) -> str:
        return f"closing {self._day}"

    def done(self, ready: Reply) -> int:
        return int(ready["shift"] is None)

    def check(self, answer: Reply) -> None:
        if answer["closed"]["difference"]:
            raise WrongTill(f"{self.told()}: {answer['closed']}")


def going_on_from(acts: Sequence[Act], done: int) -> int:
    """Which act comes next when so many seem to be done: the newest line is priced once more. A
    price that is what the line costs anyway cannot be seen, and said again it changes nothing."""
    return done - 1 if done and acts[done - 1]["do"] == "line_price" else done


class Post(NamedTuple):
    """A cashier's till: where it lives, who stands there, and what is sold there."""

    home: TillHome
    cashier: str
    float_minor: int
    first_day: date
    baskets: Sequence[Basket]

    @property
    def errands(self) -> int:
        """How many errands there are: one a basket, three a day."""
        return len(self.baskets) + 3 * len({basket.day for basket in self.baskets})


class Stopped(Exception):
    """Somebody else failed: there is no point in selling on."""


class Cashier:
    """Sells everything of one post, on a thread of its own, and kills its till by the plan."""

    def __init__(
        self,
        post: Post,
        start: Callable[[TillHome, date], HeadlessTill],
        kills: Iterable[TillKill],
        trouble: Trouble,
    ) -> None:
        self.post = post
        self._start = start
        self._kills = {kill.errand: kill.share for kill in kills}
        self._trouble = trouble
        self._errand = self._sales = 0
        self._day = post.first_day
        self.till = start(post.home, self._day)
        self._incarnation = ""

    def greet(self) -> None:
        """Wait until the till is ready for the first time."""
        self._incarnation = self._greeting()["incarnation"]

    def sell_all(self) -> None:
        """Sell day after day. Raises WrongTill, Refused, ChildEnded, or Stopped."""
        for day, baskets in groupby(self.post.baskets, key=lambda basket: basket.day):
            self._day = day
            self._sell_day(list(baskets))

    def _sell_day(self, baskets: Sequence[Basket]) -> None:
        post, day = self.post, self._day
        self._do(Opening(day, post.cashier, post.float_minor))
        for basket in baskets:
            if self._trouble.stop.is_set():
                raise Stopped
            self._sales += 1
            self._do(Selling(basket, self._sales))
            self._trouble.score.one_more()
        counted = post.float_minor + sum(basket.total_minor for basket in baskets)
        self._do(Reading(day, len(baskets), counted))
        self._do(Closing(day, counted))

    def _do(self, errand: Errand) -> None:
        """Do all acts of an errand, each once, whatever happens to the till."""
        share = self._kills.pop(self._errand, None)
        self._errand += 1
        kill_after = None if share is None else int(share * len(errand.acts))
        done, answer = 0, None
        while done < len(errand.acts):
            batch = errand.acts[done : done + IN_FLIGHT_ACTS]
            if kill_after is not None and kill_after < done + len(batch):
                done, kill_after, answer = self._killed(errand, done, kill_after - done), None, None
            else:
                answer = self._said(batch)
                done += len(batch)
        if answer is not None:
            errand.check(answer)

    def _said(self, batch: Sequence[Act]) -> Reply:
        """Say the acts in one breath and hear all answers -> the last. Raises Refused."""
        answers = self.till.answers(self.till.ask_all(batch))
        for answer in answers:
            if answer["ok"] is not True:
                raise Refused.by(answer)
        return answers[-1]

    def _killed(self, errand: Errand, done: int, heard: int) -> int:
        """Say the next acts, kill the till when so many answers were heard, and start it again
        -> how many acts of the errand are surely done."""
        batch = errand.acts[done : done + IN_FLIGHT_ACTS]
        ids = self.till.ask_all(batch)
        self.till.answers(ids[:heard])
        self.till.kill()
        answered = done + heard + self._last_answers(ids[heard:])
        self.till.close()
        self.till = self._start(self.post.home, self._day)
        ready = self._greeting()
        came_back = errand.done(ready)
        self._trouble.told.till_killed(
            f"{self.post.home.till_id} in {errand.told()}; {len(batch) - heard} acts in flight from"
            f" {batch[heard]['do']} on, {answered} of {len(errand.acts)} were answered,"
            f" {came_back} were done"
        )
        if came_back < answered or ready["incarnation"] != self._incarnation:
            raise WrongTill(f"{errand.told()}: the till forgot what it had answered: {ready}")
        return going_on_from(errand.acts, came_back)

    def _last_answers(self, ids: Iterable[int]) -> int:
        """How many of these the till answered before it died."""
        count = 0
        for act_id in ids:
            try:
                self.till.answer(act_id)
            except (ChildEnded, ValueError):  # a line may be torn
                break
            count += 1
        return count

    def _greeting(self) -> Reply:
        return self.till.next_event("ready", TILL_STARTS_S)
