"""What a till knows when it comes back: the open sale as it was, and who it is."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from journal.envelope import decode
from journal.stream import StreamBegan
from pos_client import identity
from pos_client import marker as marker_module
from pos_client.clock import RandomIds
from pos_client.marker import Marker
from pos_client.sync.records import SqlOutbox, streams
from pos_client.till import Till, open_database
from retail.basket import Discount
from retail.money import Money
from tests.builders import STORE, TILL, CountedIds, SteppedClock, open_till, till_settings
from tests.till.child import a_child
from tests.till.counter import (
    APPLES,
    COLA,
    PEN,
    WATER,
    assert_in_order,
    begin,
    did,
    other_program,
    sell,
    shifts,
)

#: as the sale is before each stop, and what must be there again
OPEN_SALES: dict[str, Callable[[Till], object]] = {
    "an untouched line": lambda till: None,
    "a customer": lambda till: till.sale.set_customer("C-42"),
    "no customer any more": lambda till: (
        till.sale.set_customer("C-42"),
        till.sale.set_customer(None),
    ),
    "a weighed line": lambda till: till.sale.weigh(APPLES, 655),
    "a line price": lambda till: till.sale.set_line_price(Money(100, "CNY"), "label"),
    "a discount": lambda till: till.sale.discount(Discount("staff", rate_ppm=50_000)),
    "an amount off": lambda till: till.sale.discount(Discount("dent", amount_minor=50)),
    "a removed line": lambda till: (till.sale.scan(WATER), till.sale.remove_line()),
    "nothing but what was removed": lambda till: till.sale.remove_line(1),
    "a line removed in between": lambda till: (
        till.sale.scan(WATER),
        till.sale.scan(PEN),
        till.sale.remove_line(2),
    ),
    "a payment": lambda till: till.sale.pay("card", Money(100, "CNY")),
    "two payments, one taken back": lambda till: (
        till.sale.pay("card", Money(100, "CNY")),
        till.sale.pay("wechat", Money(50, "CNY")),
        till.sale.take_back(1),
    ),
}


@pytest.mark.parametrize("make", OPEN_SALES.values(), ids=OPEN_SALES)
def test_the_open_sale_is_there_again(tmp_path: Path, make: Callable[[Till], object]) -> None:
    with closing(open_till(tmp_path)) as till:
        begin(till)
        till.sale.scan(COLA)
        make(till)
        left = till.sale.basket
    with closing(open_till(tmp_path)) as till:
        assert till.sale.basket == left
        assert till.sale.is_open()
        assert [line.total for line in till.sale.basket.lines] == [
            line.total for line in left.lines
        ]
        assert_in_order(till)
        if till.sale.basket.lines:
            did(till, "pay")
        else:
            did(till, "void", reason="emptied")
        assert not till.sale.is_open()
        assert_in_order(till)


def test_after_a_sale_nothing_is_open_any_more(tmp_path: Path) -> None:
    with closing(open_till(tmp_path)) as till:
        begin(till)
        sell(till)
    with closing(open_till(tmp_path)) as till:
        assert not till.sale.is_open()
        assert till.shift.current is not None
        assert till.shift.figures().sales == 1


@pytest.mark.slow
def test_the_open_sale_of_a_killed_till_is_there_again(tmp_path: Path) -> None:
    open_till(tmp_path).close()
    with a_child(tmp_path) as child:
        child.act("open_shift", cashier="1001", confirm=True)
        child.act("scan", code=COLA, quantity=2000)
        child.act("weigh", code=APPLES, weight_g=655)
        child.act("line_discount", rate_ppm=100_000, reason="staff")
        child.act("scan", code=WATER)
        child.act("remove_line")
        child.act("line_price", total=600, reason="label", line=1)
        child.act("customer", customer="C-42")
        child.act("pay", tender="card", amount=100)
        left = child.act("basket")["basket"]
        child.kill()
    assert left["due"] == 600 + 754 - 100
    with a_child(tmp_path) as child:
        ready = child.next_event("ready")
        assert ready["basket"] == left
        assert ready["shift"]["number"] == 1
        assert child.act("pay")["sale"]["total"] == 1354
        child.kill()
    with closing(open_till(tmp_path)) as till:
        assert not till.sale.is_open()
        sale = till.sale.last_sale().fact
        assert [removed.product_id for removed in sale.removed] == ["water"]
        assert_in_order(till)


# Who it is


@contextmanager
def reopened(folder: Path, incarnation: str = "B") -> Iterator[Till]:
    """The till of that folder, its new incarnations named for the run."""
    till = Till.open(till_settings(folder), ids=CountedIds(incarnation), sync=False)
    with closing(till):
        yield till


def marker(folder: Path) -> Path:
    return folder / "state" / f"{TILL}.marker"


def began(till: Till) -> list[StreamBegan]:
    with other_program(till) as other:
        rows = other.execute("SELECT data FROM journal WHERE seq = 1 ORDER BY stream_no")
        return [msgspec.json.decode(decode(data).body, type=StreamBegan) for (data,) in rows]


def step(till: Till, by_s: float) -> None:
    """Let time go by at the till."""
    assert isinstance(till.recorder.clock, SteppedClock)
    till.recorder.clock.move(timedelta(seconds=by_s))


def word(folder: Path) -> bytes:
    return marker(folder).read_bytes()


def lose_marker(folder: Path) -> None:
    marker(folder).unlink()


def change_marker(folder: Path) -> None:
    marker(folder).write_text("another word")


def damage_marker(folder: Path) -> None:
    marker(folder).write_bytes(b"\xff\x00\xfe")


def move_to_another_machine(folder: Path) -> None:
    """The data folder is copied, the state folder stays where it was."""
    shutil.copytree(folder / "data", folder / "copied")
    shutil.rmtree(folder / "data")
    (folder / "copied").rename(folder / "data")
    shutil.rmtree(folder / "state")


@pytest.mark.parametrize(
    "mishap", [lose_marker, change_marker, damage_marker, move_to_another_machine]
)
def test_a_copy_goes_on_in_a_new_incarnation(
    tmp_path: Path, mishap: Callable[[Path], None]
) -> None:
    with closing(open_till(tmp_path)) as till:
        begin(till)
        first = sell(till)
        did(till, "scan", code=PEN)
        left, head = till.sale.basket, till.recorder.head
    mishap(tmp_path)
    with reopened(tmp_path) as till:
        assert till.recorder.writer.stream.incarnation != first["receipt"][6:32]
        opening = began(till)[-1]
        assert opening.reason == "marker_differs"
        assert opening.predecessor is not None
        former = opening.predecessor
        assert (former.seq, former.hash) == (head.seq, head.hash)
        assert former.incarnation == began_incarnations(till)[0]
        assert till.sale.basket == left
        second = did(till, "pay")["sale"]
        assert second["receipt"] == "S01-1-B00000-000001"
        assert second["receipt"].rsplit("-", 1)[0] != first["receipt"].rsplit("-", 1)[0]
        did(till, "close_shift", counted=50_000 + 350 + 890)
        assert_in_order(till)
        _assert_all_waits_for_the_hub(till, old=head.seq)
    with reopened(tmp_path, "C") as till:
        assert len(began(till)) == 2
        assert till.sale.last_receipt == second["receipt"]
        begin_again = did(till, "open_shift", cashier="1001", confirm=True)["shift"]
        assert begin_again["number"] == 2


def began_incarnations(till: Till) -> list[str]:
    with till.database.reader() as connection:
        return [state.stream.incarnation for state in streams(connection, TILL)]


def _assert_all_waits_for_the_hub(till: Till, old: int) -> None:
    """The old stream's facts stay in the outbox, and go out first."""
    with till.database.reader() as connection:
        former, writing = streams(connection, TILL)
        assert former.acked.seq == 0
        assert len(SqlOutbox(connection, former).facts_after(0, 100, 10**6)) == old
        assert SqlOutbox(connection, former).head().seq == old
        now = SqlOutbox(connection, writing).head().seq
    assert now == 3
    assert till.sync.state().waiting == old + now
    assert till.sync.state().waiting_since.startswith("2026-06-03T")


def test_two_copies_never_write_one_stream_nor_one_receipt(tmp_path: Path) -> None:
    with closing(open_till(tmp_path / "one")) as till:
        begin(till)
        sell(till)
    shutil.copytree(tmp_path / "one" / "data", tmp_path / "two" / "data")
    with reopened(tmp_path / "one", "X") as original, reopened(tmp_path / "two", "Y") as copy:
        ours = {sell(original)["receipt"] for _ in range(3)}
        theirs = {sell(copy)["receipt"] for _ in range(3)}
        assert len(ours | theirs) == 6
        assert original.recorder.writer.stream != copy.recorder.writer.stream
        assert_in_order(original)
        assert_in_order(copy)


def test_a_backup_that_is_put_back_on_its_own_machine_repeats_no_receipt(tmp_path: Path) -> None:
    with closing(open_till(tmp_path)) as till:
        begin(till)
        sell(till)
    shutil.copytree(tmp_path / "data", tmp_path / "backup")
    with closing(open_till(tmp_path)) as till:
        lost = {sell(till)["receipt"] for _ in range(3)}
    shutil.rmtree(tmp_path / "data")
    shutil.copytree(tmp_path / "backup", tmp_path / "data")
    with reopened(tmp_path) as till:
        assert not lost & {sell(till)["receipt"] for _ in range(3)}
        assert began(till)[-1].reason == "marker_differs"
        assert_in_order(till)


@pytest.mark.parametrize("waits_s", [599, 601])
def test_a_copy_made_while_it_runs_is_told_after_ten_minutes(tmp_path: Path, waits_s: int) -> None:
    with closing(open_till(tmp_path)) as till:
        begin(till)
        sell(till)
        stream = till.recorder.writer.stream
        shutil.copytree(tmp_path / "data", tmp_path / "backup")
        step(till, waits_s)
        till.sync.turn_marker()
        sell(till)
    shutil.rmtree(tmp_path / "data")
    shutil.copytree(tmp_path / "backup", tmp_path / "data")
    with reopened(tmp_path) as till:
        assert (till.recorder.writer.stream == stream) == (waits_s < 600)
        assert_in_order(till)


def test_a_till_whose_marker_turned_stays_who_it_was(tmp_path: Path) -> None:
    with closing(open_till(tmp_path)) as till:
        begin(till)
        stream = till.recorder.writer.stream
        for _ in range(3):
            step(till, 601)
            till.sync.turn_marker()
    with reopened(tmp_path) as till:
        assert till.recorder.writer.stream == stream


def test_the_marker_does_not_turn_while_somebody_is_served(tmp_path: Path) -> None:
    with closing(open_till(tmp_path)) as till:
        begin(till)
        before = word(tmp_path)
        till.sale.scan(COLA)
        step(till, 601)
        till.sync.turn_marker()
        assert word(tmp_path) == before
        till.sale.void("customer left")
        till.sync.turn_marker()
        assert word(tmp_path) != before


def test_a_marker_that_is_none_of_its_own_does_not_turn(tmp_path: Path) -> None:
    """The next start shall see it."""
    with closing(open_till(tmp_path)) as till:
        begin(till)
        stream = till.recorder.writer.stream
        change_marker(tmp_path)
        step(till, 601)
        till.sync.turn_marker()
    with reopened(tmp_path) as till:
        assert till.recorder.writer.stream != stream


def test_a_kill_while_the_marker_turns_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database has the new word, the folder still the former one."""
    with closing(open_till(tmp_path)) as till:
        begin(till)
        stream = till.recorder.writer.stream

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    for _ in range(2):
        with monkeypatch.context() as patch:
            patch.setattr(marker_module, "overwrite_durably", die)
            with pytest.raises(KeyboardInterrupt):
                open_till(tmp_path)
    with closing(open_till(tmp_path)) as till:
        assert till.recorder.writer.stream == stream
        sell(till)
        assert_in_order(till)


def test_a_kill_between_marker_and_new_stream_only_mints_once_more(tmp_path: Path) -> None:
    with closing(open_till(tmp_path)) as till:
        begin(till)
        sell(till)
        Marker(till.database, tmp_path / "state", TILL, RandomIds()).renew()
    with reopened(tmp_path) as till:
        sell(till)
        assert len(began(till)) == 2
        assert_in_order(till)


def test_a_stream_that_was_enrolled_and_never_opened_begins_when_it_is(tmp_path: Path) -> None:
    with closing(open_till(tmp_path)) as till:
        begin(till)
        head = till.recorder.head
        who = till.who
    with closing(open_database(till_settings(tmp_path))) as database:
        identity.enrol(
            database, who, CountedIds("B").incarnation(), tmp_path / "state", RandomIds()
        )
    with reopened(tmp_path, "C") as till:
        opening = began(till)[-1]
        assert opening.predecessor is not None
        assert opening.predecessor.seq == head.seq
        assert len(began(till)) == 2
        assert_in_order(till)


def test_a_till_with_its_marker_stays_who_it_was(tmp_path: Path) -> None:
    with closing(open_till(tmp_path)) as till:
        stream = till.recorder.writer.stream
        assert (till.who.store, till.who.till) == (STORE, TILL)
    for _ in range(2):
        with closing(open_till(tmp_path)) as till:
            assert till.recorder.writer.stream == stream
            assert len(began(till)) == 1


def test_shift_numbers_go_on_over_an_incarnation(tmp_path: Path) -> None:
    with closing(open_till(tmp_path)) as till:
        begin(till)
        did(till, "close_shift", counted=50_000)
    lose_marker(tmp_path)
    with reopened(tmp_path) as till:
        opened = did(till, "open_shift", cashier="1001", confirm=True)["shift"]
        assert (opened["number"], opened["shift"]) == (2, "B00000-2")
        assert [shift.number for shift in shifts(till)] == [1, 1, 2]
