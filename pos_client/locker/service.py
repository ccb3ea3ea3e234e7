"""The pickup locker: what lies behind which door, and doors opened with a reason.

Every opening is a decision on disk before the lock is told anything, and then a fact: what the
door did. A till that was killed in between notes the outcome as unknown at its next start, and
never tells the lock again by itself.
"""

from collections.abc import Callable
from contextlib import suppress
from typing import NamedTuple

from hardware.locker.bank import Bank
from hardware.locker.compartment import Compartment
from hardware.locker.orders import Opened
from pos_client.counter.counter import Counter
from pos_client.locker import records
from pos_client.locker.records import Contents, Opening
from pos_client.recorder import Recorder, act
from pos_client.shift.service import ShiftService
from retail.facts import (
    CompartmentReturned,
    CompartmentWithdrawn,
    DoorOpeningDecided,
    DoorOpeningEnded,
    DoorOutcome,
    ParcelStored,
    ParcelTaken,
)
from retail.language import Text
from retail.refusals import ReasonNeeded, Refusal

#: why an outcome is unknown after the till was stopped while a door opened
STOPPED_WHILE_OPENING = "till.stopped_while_opening"
#: decisions that can be looked back at
OPENINGS_SHOWN = 100


class NoLocker(Refusal):
    code = "no_locker"
    sentence = Text("This till has no pickup locker.", "本机没有连接自提柜。")
    way_on = Text(
        "Set it up on the page of devices (Ctrl+D).", "请在设备页（Ctrl+D）中设置自提柜。"
    )


class NoSuchCompartment(Refusal):
    code = "no_such_compartment"
    sentence = Text(
        "There is no compartment {compartment}: they are 1 to {last}.",
        "没有 {compartment} 号格口：格口号为 1 至 {last}。",
    )
    way_on = Text("Look at the number on the door.", "请核对柜门上的号码。")


class CompartmentTaken(Refusal):
    code = "compartment_taken"
    sentence = Text(
        "Compartment {compartment} holds parcel {parcel}.",
        "{compartment} 号格口已存放包裹 {parcel}。",
    )
    way_on = Text("Choose an empty one.", "请选择空格口。")


class CompartmentEmpty(Refusal):
    code = "compartment_empty"
    sentence = Text(
        "Compartment {compartment} holds no parcel.",
        "{compartment} 号格口中没有包裹。",
    )
    way_on = Text("Look for the parcel by its number.", "请按包裹号查找。")


class CompartmentOutOfService(Refusal):
    code = "compartment_out_of_service"
    sentence = Text(
        "Compartment {compartment} is out of service: {reason}.",
        "{compartment} 号格口已停用：{reason}。",
    )
    way_on = Text(
        "Put it back into service first, or use another.", "请先恢复使用，或改用其他格口。"
    )


class ParcelStoredAlready(Refusal):
    code = "parcel_stored_already"
    sentence = Text(
        "Parcel {parcel} lies in compartment {compartment}.",
        "包裹 {parcel} 已在 {compartment} 号格口。",
    )
    way_on = Text("Take it out there first.", "请先从该格口取出。")


class DoorUnderWay(Refusal):
    code = "door_under_way"
    sentence = Text("Compartment {compartment} is being opened.", "{compartment} 号格口正在开门。")
    way_on = Text("Wait a moment for its door.", "请稍候，等待开门结果。")


class Box(NamedTuple):
    """A compartment: what its door says, what the books say, and the decision under way."""

    door: Compartment
    contents: Contents
    opening: Opening | None


class LockerService:
    """The locker of this till."""

    def __init__(self, recorder: Recorder, shift: ShiftService, counter: Counter) -> None:
        self.recorder = recorder
        self.shift = shift
        self.counter = counter
        #: told when a door has done what it does, or when that is not known
        self.on_ended: Callable[[DoorOpeningEnded], None] = lambda _: None
        self._settle_open_decisions()

    def _settle_open_decisions(self) -> None:
        """Doors that were being opened when the till was killed: nobody saw what they did."""
        for opening in records.under_way(self.recorder.database.driver):
            fact = DoorOpeningEnded(
                opening.decision,
                opening.compartment,
                DoorOutcome.UNKNOWN,
                reason=STOPPED_WHILE_OPENING,
            )
            self._ended(fact)

    # ---- to look at

    @property
    def bank(self) -> Bank:
        """Raises NoLocker."""
        if self.counter.places.locker is None:
            raise NoLocker
        return self.counter.places.locker

    @act
    def boxes(self) -> list[Box]:
        """Every compartment, in the order of their numbers. Raises NoLocker."""
        driver = self.recorder.database.driver
        contents = records.contents(driver)
        opening = {each.compartment: each for each in records.under_way(driver)}
        return [
            Box(door, contents.get(door.number, Contents()), opening.get(door.number))
            for door in self.bank.doors
        ]

    @act
    def openings(self) -> list[Opening]:
        """The last decisions to open a door, the newest first."""
        return records.newest(self.recorder.database.driver, OPENINGS_SHOWN)

    # ---- to do

    @act
    def open(self, compartment: int, reason: str) -> Opening:
        """Open a door, with the reason. It returns when the decision is on disk; what the door did
        is a second fact."""
        self.shift.required()
        reason = _given(reason)
        box = self._box(compartment)
        if box.opening is not None:
            raise DoorUnderWay(compartment=compartment)
        fact = DoorOpeningDecided(compartment, reason, box.contents.parcel)
        with self.recorder.transaction() as write:
            recorded = write.record(fact, self.shift.context)
            opening = Opening(recorded.eid, compartment, recorded.at, reason, None)
            records.decided(write.driver, opening)

        def ended(opened: Opened) -> None:
            # When the disk refuses this fact the decision stays open, and the next start notes
            # its outcome as unknown.
            with suppress(Refusal):
                self._ended(_as_fact(opening, opened))

        self.counter.open_door(compartment, opening.decision, ended)
        return opening

    @act
    def store(self, parcel: str, compartment: int) -> Contents:
        """Note that a parcel lies in a compartment."""
        self.shift.required()
        parcel = _given(parcel)
        contents = self._box(compartment).contents
        if contents.parcel:
            raise CompartmentTaken(compartment=compartment, parcel=contents.parcel)
        if contents.withdrawn:
            raise CompartmentOutOfService(compartment=compartment, reason=contents.withdrawn)
        for number, other in records.contents(self.recorder.database.driver).items():
            if other.parcel == parcel:
                raise ParcelStoredAlready(parcel=parcel, compartment=number)
        with self.recorder.transaction() as write:
            recorded = write.record(ParcelStored(parcel, compartment), self.shift.context)
            now = contents._replace(parcel=parcel, since=recorded.at)
            records.keep(write.driver, compartment, now)
        return now

    @act
    def take(self, compartment: int, reason: str = "") -> str:
        """Note that the parcel left the compartment; its number."""
        self.shift.required()
        contents = self._box(compartment).contents
        if not contents.parcel:
            raise CompartmentEmpty(compartment=compartment)
        with self.recorder.transaction() as write:
            fact = ParcelTaken(contents.parcel, compartment, reason.strip())
            write.record(fact, self.shift.context)
            records.keep(write.driver, compartment, contents._replace(parcel="", since=""))
        return contents.parcel

    @act
    def withdraw(self, compartment: int, reason: str) -> None:
        """Take a compartment out of service, with the reason; a parcel in it can still be
        fetched."""
        self.shift.required()
        reason = _given(reason)
        contents = self._box(compartment).contents
        with self.recorder.transaction() as write:
            write.record(CompartmentWithdrawn(compartment, reason), self.shift.context)
            records.keep(write.driver, compartment, contents._replace(withdrawn=reason))

    @act
    def put_back(self, compartment: int) -> None:
        """Put a compartment back into service; nothing happens to one that is."""
        self.shift.required()
        contents = self._box(compartment).contents
        if not contents.withdrawn:
            return
        with self.recorder.transaction() as write:
            write.record(CompartmentReturned(compartment), self.shift.context)
            records.keep(write.driver, compartment, contents._replace(withdrawn=""))

    def _box(self, compartment: int) -> Box:
        boxes = {box.door.number: box for box in self.boxes()}
        if compartment not in boxes:
            raise NoSuchCompartment(compartment=compartment, last=len(boxes))
        return boxes[compartment]

    @act
    def _ended(self, fact: DoorOpeningEnded) -> None:
        with self.recorder.transaction() as write:
            write.record(fact, self.shift.context, refs=(fact.decision,))
            records.ended(write.driver, fact.decision, fact.outcome)
        self.on_ended(fact)


def _given(words: str) -> str:
    if not words.strip():
        raise ReasonNeeded
    return words.strip()


def _as_fact(opening: Opening, opened: Opened) -> DoorOpeningEnded:
    return DoorOpeningEnded(
        opening.decision,
        opening.compartment,
        DoorOutcome(opened.outcome),
        opened.others,
        opened.fault.code if opened.fault else None,
    )
