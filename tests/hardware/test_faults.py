"""The family of faults: each says what to do, in both languages."""

import re

import pytest

from hardware import fault, registry
from hardware.fault import DeviceFault, Fault, Kind
from hardware.locker.faults import LockerFault
from hardware.printer.faults import PrinterFault
from pos_client.counter.faults import Doing, OrderFault

for scheme in registry.schemes().values():  # every driver brings its own
    scheme.load()

_SHAPES = (DeviceFault, PrinterFault, LockerFault, OrderFault)


def family(parent: type[Fault] = Fault) -> list[type[Fault]]:
    return [parent] + [kin for child in parent.__subclasses__() for kin in family(child)]


def met() -> list[Fault]:
    """One of each that can be met; those of all devices for every kind of device, those of orders
    for whatever an order is for."""
    faults: list[Fault] = []
    for kind in family():
        if kind in _SHAPES:
            continue
        if issubclass(kind, PrinterFault):
            faults.append(kind())
        elif issubclass(kind, LockerFault):
            faults.append(kind(3, 7))
        elif issubclass(kind, DeviceFault):
            faults += [kind(device) for device in Kind]
        elif issubclass(kind, OrderFault):
            faults += [kind(doing) for doing in Doing]
        else:
            faults.append(kind())
    return faults


@pytest.mark.parametrize("trouble", met(), ids=lambda trouble: trouble.code)
def test_every_fault_has_a_sentence_and_a_remedy_in_both_languages(trouble: Fault) -> None:
    for english in (trouble.say_en, trouble.remedy_en):
        assert english.endswith(".")
        assert english.isascii()
        assert "{" not in english
    for chinese in (trouble.say_zh, trouble.remedy_zh):
        assert chinese.endswith("。")
        assert re.search("[一-鿿]", chinese)
        assert "{" not in chinese


def test_no_two_faults_share_a_code() -> None:
    codes = {(type(trouble), trouble.code) for trouble in met()}
    assert len({code for _, code in codes}) == len(codes)


@pytest.mark.parametrize("kind", family())
def test_what_may_have_happened_already_is_never_retryable(kind: type[Fault]) -> None:
    assert kind.outcome_known or not kind.retryable


def test_the_tree_in_the_docstring_is_the_tree_in_the_code() -> None:
    assert fault.__doc__ is not None
    rows = re.findall(r"^ {4}([│├└─ ]*)([A-Z]\w+)(?: +([a-zA-Z._]+))?", fault.__doc__, re.MULTILINE)
    drawn = [(len(branch) // 4, name, code) for branch, name, code in rows]

    def depth(kind: type[Fault]) -> int:
        levels = len(kind.__mro__) - len(Fault.__mro__)
        return levels - 1 if issubclass(kind, DeviceFault) else levels

    ours = [kind for kind in family()[1:] if kind.__module__ == "hardware.fault"]
    ours.remove(DeviceFault)
    assert drawn[0] == (0, "Fault", "")
    assert drawn[1:] == [
        (
            depth(kind),
            kind.__name__,
            f"KIND.{kind.what}" if issubclass(kind, DeviceFault) else kind.code,
        )
        for kind in ours
    ]
