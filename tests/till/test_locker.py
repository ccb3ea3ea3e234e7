"""The pickup locker at the till: every opening a decision and then a fact, parcels in custody."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from hardware.locker.compartment import DoorState
from pos_client.locker.service import STOPPED_WHILE_OPENING
from pos_client.till import Till
from rehearsal.processes import wait_until
from retail.facts import DoorOpeningDecided, DoorOpeningEnded, DoorOutcome, Fact
from tests.builders import open_till
from tests.loop_thread import PATIENCE_S
from tests.till.counter import begin, did, do, recorded, refused

LOCKER = "sim://locker?locks=6&jam=3&sizes=4S,2M"


@pytest.fixture
def till(tmp_path: Path) -> Iterator[Till]:
    with closing(open_till(tmp_path, locker=LOCKER)) as made:
        begin(made)
        made.start(lambda *_: None)
        wait_until(lambda: doors(made)[0] == "closed", PATIENCE_S, "the doors were read")
        yield made


def doors(till: Till) -> list[str]:
    return [box["door"] for box in did(till, "locker")["compartments"]]


def of_kind(till: Till, kind: type[Fact]) -> list[Any]:
    return [fact for _, fact in recorded(till) if isinstance(fact, kind)]


def end_of(till: Till, decision: str) -> DoorOpeningEnded:
    """What the door did, waited for."""

    def ends() -> list[DoorOpeningEnded]:
        return [fact for fact in of_kind(till, DoorOpeningEnded) if fact.decision == decision]

    wait_until(lambda: bool(ends()), PATIENCE_S, "the door did something")
    (end,) = ends()
    return end


def test_a_door_is_opened_by_a_decision_and_what_it_did_is_a_second_fact(till: Till) -> None:
    opened = did(till, "open_compartment", compartment=2, reason="customer collects")
    end = end_of(till, opened["decision"])
    assert (end.compartment, end.outcome, end.others, end.reason) == (
        2, DoorOutcome.OPENED, (), None,
    )  # fmt: skip
    (decision,) = of_kind(till, DoorOpeningDecided)
    assert (decision.compartment, decision.reason) == (2, "customer collects")
    facts = [fact for _, fact in recorded(till)]
    assert facts.index(decision) < facts.index(end)
    assert doors(till)[1] == DoorState.OPEN


def test_a_door_that_stays_shut_is_said_to_be_jammed(till: Till) -> None:
    opened = did(till, "open_compartment", compartment=3, reason="inspection")
    end = end_of(till, opened["decision"])
    assert (end.outcome, end.reason) == (DoorOutcome.JAMMED, "locker.jammed")


def test_the_decision_carries_the_parcel_that_lay_there(till: Till) -> None:
    did(till, "store_parcel", compartment=4, parcel="PK1.8F3A")
    opened = did(till, "open_compartment", compartment=4, reason="customer collects")
    end_of(till, opened["decision"])
    assert of_kind(till, DoorOpeningDecided)[0].parcel == "PK1.8F3A"


def test_a_parcel_lies_in_one_compartment_and_a_compartment_holds_one(till: Till) -> None:
    did(till, "store_parcel", compartment=1, parcel="A")
    assert refused(till, "store_parcel", compartment=1, parcel="B") == "compartment_taken"
    assert refused(till, "store_parcel", compartment=2, parcel="A") == "parcel_stored_already"
    assert did(till, "take_parcel", compartment=1)["parcel"] == "A"
    assert refused(till, "take_parcel", compartment=1) == "compartment_empty"
    did(till, "store_parcel", compartment=2, parcel="A")
    boxes = did(till, "locker")["compartments"]
    assert [box["parcel"] for box in boxes] == [None, "A", None, None, None, None]


def test_a_compartment_out_of_service_takes_nothing_and_still_opens(till: Till) -> None:
    did(till, "withdraw_compartment", compartment=5, reason="door jams")
    assert refused(till, "store_parcel", compartment=5, parcel="A") == "compartment_out_of_service"
    opened = did(till, "open_compartment", compartment=5, reason="inspection")
    assert end_of(till, opened["decision"]).outcome is DoorOutcome.OPENED
    did(till, "return_compartment", compartment=5)
    did(till, "store_parcel", compartment=5, parcel="A")


def test_a_door_that_is_being_opened_gets_no_second_order(till: Till) -> None:
    first = did(till, "open_compartment", compartment=3, reason="a")
    assert refused(till, "open_compartment", compartment=3, reason="b") == "door_under_way"
    end_of(till, first["decision"])


@pytest.mark.parametrize("compartment", [7, 9_999])
def test_a_compartment_that_is_not_there_is_refused(till: Till, compartment: int) -> None:
    act = {"compartment": compartment, "reason": "x"}
    assert refused(till, "open_compartment", **act) == "no_such_compartment"


def test_an_opening_needs_a_reason_and_a_shift(till: Till) -> None:
    assert refused(till, "open_compartment", compartment=1, reason="  ") == "reason_needed"
    did(till, "close_shift", counted=50_000)
    assert refused(till, "open_compartment", compartment=1, reason="x") == "no_shift_open"


def test_a_till_without_a_locker_says_so(tmp_path: Path) -> None:
    with closing(open_till(tmp_path)) as bare:
        begin(bare)
        assert refused(bare, "locker") == "no_locker"
        assert refused(bare, "open_compartment", compartment=1, reason="x") == "no_locker"


def test_a_till_stopped_while_a_door_opened_notes_that_nobody_knows(tmp_path: Path) -> None:
    with closing(open_till(tmp_path, locker=LOCKER)) as till:
        begin(till)
        till.counter.open_door = lambda *_: None  # type: ignore[method-assign]
        opened = did(till, "open_compartment", compartment=1, reason="x")
    with closing(open_till(tmp_path, locker=LOCKER)) as till:
        end = end_of(till, opened["decision"])
        assert (end.outcome, end.reason) == (DoorOutcome.UNKNOWN, STOPPED_WHILE_OPENING)
        wait_until(lambda: bool(till.counter.places.devices), PATIENCE_S, "it is there")
        till.start(lambda *_: None)
        wait_until(lambda: doors(till)[0] == "closed", PATIENCE_S, "no door moved")


def test_what_lies_in_the_locker_outlives_the_till(tmp_path: Path) -> None:
    with closing(open_till(tmp_path, locker=LOCKER)) as till:
        begin(till)
        did(till, "store_parcel", compartment=6, parcel="A")
        did(till, "withdraw_compartment", compartment=2, reason="dirty")
    with closing(open_till(tmp_path, locker=LOCKER)) as till:
        boxes = did(till, "locker")["compartments"]
        assert (boxes[5]["parcel"], boxes[1]["withdrawn"]) == ("A", "dirty")


def test_the_devices_and_their_remedies_are_listed(till: Till) -> None:
    (locker,) = did(till, "devices")["devices"]
    assert (locker["device"], locker["ready"]) == ("locker", True)
    assert do(till, "stop_printing")["ok"]
