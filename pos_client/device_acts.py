"""The acts about the counter's devices and the pickup locker, as messages (`pos_client.acts`)."""

from typing import Annotated

import msgspec

from pos_client import views
from pos_client.message import Act, Words
from pos_client.till import Till
from pos_client.views import View

Compartment = Annotated[int, msgspec.Meta(ge=1, le=10_000)]


class Devices(Act, tag="devices"):
    """Every device of this till, how it stands, and what to do about it."""

    def perform(self, till: Till) -> View:
        devices = till.counter.places.devices
        return {"devices": [views.device(placed, till.language) for placed in devices]}


class StopPrinting(Act, tag="stop_printing"):
    """No longer wait for the printer to get what the receipt under way needs."""

    def perform(self, till: Till) -> View:
        till.counter.stop_waiting()
        return {}


class ConfirmPaper(Act, tag="confirm_paper"):
    """Say that a receipt of which nobody knew, the last one unless told, came out whole."""

    receipt: Words = ""

    def perform(self, till: Till) -> View:
        return {"sale": views.sold(till.sale.confirm_paper(self.receipt or None))}


class ShowLocker(Act, tag="locker"):
    """Every compartment of the pickup locker: door, parcel, in service or not."""

    def perform(self, till: Till) -> View:
        return {"compartments": [views.box(box) for box in till.locker.boxes()]}


class OpenCompartment(Act, tag="open_compartment"):
    """Open a compartment's door, with the reason; what it did comes as `locker.opened`."""

    compartment: Compartment
    reason: Words

    def perform(self, till: Till) -> View:
        opening = till.locker.open(self.compartment, self.reason)
        return {"decision": opening.decision, "compartment": opening.compartment}


class StoreParcel(Act, tag="store_parcel"):
    """Note that a parcel lies in a compartment."""

    compartment: Compartment
    parcel: Words

    def perform(self, till: Till) -> View:
        stored = till.locker.store(self.parcel, self.compartment)
        return {"compartment": self.compartment, "parcel": stored.parcel}


class TakeParcel(Act, tag="take_parcel"):
    """Note that the parcel left a compartment."""

    compartment: Compartment
    reason: Words = ""

    def perform(self, till: Till) -> View:
        return {"parcel": till.locker.take(self.compartment, self.reason)}


class WithdrawCompartment(Act, tag="withdraw_compartment"):
    """Take a compartment out of service, with the reason."""

    compartment: Compartment
    reason: Words

    def perform(self, till: Till) -> View:
        till.locker.withdraw(self.compartment, self.reason)
        return {"compartment": self.compartment}


class ReturnCompartment(Act, tag="return_compartment"):
    """Put a compartment back into service."""

    compartment: Compartment

    def perform(self, till: Till) -> View:
        till.locker.put_back(self.compartment)
        return {"compartment": self.compartment}
