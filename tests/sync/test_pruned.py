"""A till that pruned its journal, and a hub that was put back from a backup."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from pos_client.inspection import stored_facts, verify
from pos_client.till import Till
from rehearsal.books import Books, differences, hub_books, till_books
from rehearsal.cable import Cable
from tests.builders import SteppedClock
from tests.hub.backing_up import back_up, restore
from tests.served_hub import ServedHub
from tests.sync.conftest import Enrol, Heard, Open, push_all, sell

DAYS = 37
#: facts in the early backup: the stream began, a shift opened, a sale
EARLY = 3
LEDGERS = ("accounts", "on_hand", "sold", "takings", "drawer")


class Past(Heard):
    """A till with 37 days of sales, pruned; the hub's backups of before and after them."""

    def __init__(self, till: Till, hub: ServedHub, folder: Path) -> None:
        super().__init__(till)
        url = hub.settings.database
        self.till, self.early, self.late = till, folder / "early.db", folder / "late.db"
        sell(till)
        push_all(till)
        back_up(url, self.early)
        clock = till.recorder.clock
        assert isinstance(clock, SteppedClock)
        for _ in range(DAYS):
            clock.move(timedelta(days=1))
            sell(till)
        push_all(till)
        back_up(url, self.late)
        self.prune()
        assert len(self.kept) == DAYS  # of the later backup the till has not heard
        till.sync.push_once()
        clock.move(timedelta(hours=2))
        self.prune()
        self.pruned = DAYS + EARLY - len(self.kept)
        assert self.pruned > EARLY

    def prune(self) -> None:
        while self.till.sync.pruning.step():
            pass

    @property
    def kept(self) -> list[bytes]:
        return list(stored_facts(self.till.database))

    def told(self) -> list[dict[str, object]]:
        return [values for name, values in self.events if name == "sync.pruned"]

    @property
    def books(self) -> Books:
        return till_books(self.till.database.file)


@pytest.fixture
def past(till: Till, hub: ServedHub, tmp_path: Path) -> Past:
    return Past(till, hub, tmp_path)


Put = Callable[[Path], ServedHub]


@pytest.fixture
def put(hub: ServedHub, cable: Cable, tmp_path: Path) -> Iterator[Put]:
    """Puts a backup back, and the till's cable into the hub that serves it."""
    served: list[ServedHub] = []

    def again(file: Path) -> ServedHub:
        for each in (hub, *served):
            each.close()
        url = f"sqlite:///{tmp_path / f'again{len(served)}.db'}"
        restore(file, url)
        served.append(ServedHub(url))
        cable.set_target(served[-1].port)
        return served[-1]

    yield again
    for each in served:
        each.close()


def agree(past: Past, hub: ServedHub) -> None:
    assert verify(past.till.database, past.till.who).wrong == []
    assert differences(past.books, hub_books(hub.settings.database), LEDGERS) == []


def test_a_till_prunes_what_the_hubs_backup_holds_and_goes_on(past: Past, hub: ServedHub) -> None:
    agree(past, hub)
    sell(past.till)
    push_all(past.till)
    agree(past, hub)
    assert past.told() == []


def test_a_pruned_till_goes_on_after_another_start(
    past: Past, hub: ServedHub, open_till: Open
) -> None:
    settings, kept = past.till.settings, len(past.kept)
    past.till.close()
    past.till = open_till(settings)
    assert len(past.kept) == kept
    sell(past.till)
    push_all(past.till)
    agree(past, hub)


def test_a_hub_put_back_from_the_backup_that_was_safe_gets_the_rest_again(
    past: Past, put: Put
) -> None:
    sell(past.till)
    push_all(past.till)
    again = put(past.late)
    push_all(past.till)
    agree(past, again)
    assert past.told() == []


def test_a_hub_put_back_from_an_older_backup_is_told_of_and_selling_goes_on(
    past: Past, put: Put
) -> None:
    put(past.early)
    assert past.till.sync.push_once() is None
    sell(past.till)
    assert past.till.sync.push_once() is None
    (told,) = past.told()
    assert (told["first"], told["last"]) == (EARLY + 1, past.pruned)
    assert "总部" in str(told["remedy"])
    state = past.till.sync.state()
    assert (state.problem, state.forked, state.online) == ("pruned", False, True)
    assert state.waiting > 0
    again = put(past.late)
    push_all(past.till)
    assert past.till.sync.state().problem == ""
    agree(past, again)


def test_another_life_of_the_till_is_heard_though_facts_of_the_former_are_lacking(
    past: Past, put: Put, open_till: Open
) -> None:
    settings, till_id = past.till.settings, past.till.who.till
    past.till.close()
    (settings.state / f"{till_id}.marker").unlink()
    past.till = open_till(settings)
    heard = Heard(past.till)
    again = put(past.early)
    while past.till.sync.push_once() is not None:
        pass
    sell(past.till)
    while past.till.sync.push_once() is not None:
        pass
    assert [name for name, _ in heard.events].count("sync.pruned") == 1
    incarnation = past.till.recorder.writer.stream.incarnation
    held = hub_books(again.settings.database).streams[till_id, incarnation]
    assert held.facts == past.till.recorder.head.seq


def test_without_a_hub_that_keeps_backups_nothing_is_pruned(
    till: Till, enrol: Enrol, hub: ServedHub
) -> None:
    clock = till.recorder.clock
    assert isinstance(clock, SteppedClock)
    for _ in range(DAYS):
        clock.move(timedelta(days=1))
        sell(till)
    push_all(till)
    assert not till.sync.pruning.step()
    assert len(list(stored_facts(till.database))) == DAYS + 2
