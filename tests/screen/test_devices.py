"""The counter's devices at the screen: seen, tried, found, set up, removed, and used."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from hardware.discovery import Found
from hardware.fault import Kind
from hardware.printer.printer import Printer
from pos_client.counter import screen
from pos_client.till import Till
from rehearsal.processes import wait_until
from tests.builders import open_till
from tests.loop_thread import PATIENCE_S
from tests.screen.cashier import Cashier
from tests.screen.stages import LOCKER, counter, locker
from tests.till.counter import APPLES, COLA

FOUND = [
    Found("sim://printer", Kind.PRINTER, "TM-SIM", "", "simulated"),
    Found("serial:///dev/ttyUSB7", None, "USB Serial", "/dev/ttyUSB7", "adapter"),
]


class Room(Cashier):
    """A cashier who is told what the devices say, as the app does it."""

    def __init__(self, till: Till) -> None:
        super().__init__(till)
        self.news: list[tuple[str, dict[str, Any]]] = []
        self.heard: list[str] = []
        till.start(lambda name, values: self.news.append((name, values)))
        self.type("1001", "enter")
        self.type("500", "enter", "enter")

    def hear(self, name: str) -> None:
        """Wait for that piece of news, and let the face have all that came."""
        wait_until(lambda: name in [each for each, _ in self.news], PATIENCE_S, f"{name} came")
        news, self.news[:] = list(self.news), []
        for each, values in news:
            self.heard.append(each)
            self.face.told(each, values)


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Room]:
    monkeypatch.setattr(screen, "find", lambda: FOUND)
    with closing(open_till(tmp_path, language="en")) as till:
        made = Room(till)
        yield made
        assert made.face.faults == []


def urls(room: Room) -> list[str]:
    return [placed.url for placed in room.face.till.counter.places.devices]


def file(room: Room) -> str:
    return (room.face.till.settings.data / "till.toml").read_text(encoding="utf-8")


def test_a_found_printer_is_set_up_at_once_kept_and_tried(room: Room) -> None:
    (room.face.till.settings.data / "till.toml").write_text("# ours\ntheme = 'light'\n")
    room.press("ctrl+d", "f3", "enter")
    assert urls(room) == ["sim://printer"]
    assert "Printer is set up" in room.text
    assert file(room).startswith("# ours\ntheme = 'light'\n")
    assert 'printer = "sim://printer"' in file(room)
    printer = room.face.till.counter.places.printer
    assert isinstance(printer, Printer)
    wait_until(lambda: printer.health.ready, PATIENCE_S, "it is ready")
    room.press("f2")
    assert "Numbers that look right" in room.text
    wait_until(lambda: printer.has_begun, PATIENCE_S, "the test page goes out")
    wait_until(lambda: not room.face.till.counter.receipts_waiting, PATIENCE_S, "it is out")
    room.type("2 5 9 10", "enter")
    (url,) = urls(room)
    assert url == "sim://printer?cjk=raw_gb18030&cols=48&qr=picture&barcode=native&cut=none"
    assert f'printer = "{url}"' in file(room)
    room.press("f3")
    assert "TM-SIM" not in room.text  # it is used already


def test_a_printer_is_asked_what_it_can_do_and_spoken_to_so(room: Room) -> None:
    counter(room, "sim://printer?dialect=xprinter")
    room.press("ctrl+d", "f5")
    room.hear("printer.probed")
    assert room.note.startswith("It can: fence=gs_r status=yes")
    assert urls(room) == ["sim://printer?dialect=xprinter&fence=gs_r&status=yes&asb=no"]
    wait_until(
        lambda: room.face.till.counter.places.devices[0].device.health.ready, PATIENCE_S, "ready"
    )
    room.press("escape")
    room.scan(COLA)
    room.press("f11")
    wait_until(lambda: room.face.till.sale.last_sale().fate == "printed", PATIENCE_S, "it printed")


def test_what_is_no_number_of_the_test_page_is_refused(room: Room) -> None:
    counter(room, "sim://printer")
    room.press("ctrl+d", "f2")
    room.type("1 x", "enter")
    assert room.note.startswith("x is no number")
    room.press("ctrl+u", "enter")
    assert urls(room) == ["sim://printer"]


def test_what_hangs_on_an_adapter_is_asked(room: Room) -> None:
    room.press("ctrl+d", "f3", "down", "enter")
    assert "What is it?" in room.text
    room.press("f3")
    assert urls(room) == ["scale+serial:///dev/ttyUSB7?protocol=cas"]
    assert 'scale = "scale+serial:///dev/ttyUSB7?protocol=cas"' in file(room)


def test_an_address_can_be_typed_and_a_wrong_one_changes_nothing(room: Room) -> None:
    room.press("ctrl+d", "f3")
    room.type("coffee://x", "enter")
    assert room.note.startswith("This device address is not known.")
    assert urls(room) == []
    room.type("sim://scale", "enter")
    assert urls(room) == ["sim://scale"]


def test_several_scanners_and_one_printer(room: Room) -> None:
    till = room.face.till
    for url in (
        "sim://scanner",
        "sim://scanner?prefix=%02",
        "sim://printer",
        "sim://printer?cols=32",
    ):
        till.devices.add(url)
    assert urls(room) == ["sim://scanner", "sim://scanner?prefix=%02", "sim://printer?cols=32"]
    assert till.settings.scanner.split()[0] == "scan+wedge://?suffix=enter"
    assert till.counter.places.wedge is not None


def test_a_device_that_is_removed_is_no_longer_used(room: Room) -> None:
    room.face.till.devices.add("sim://scale")
    room.press("ctrl+d", "f8")
    assert urls(room) == []
    assert 'scale = ""' in file(room)
    assert "No device is set up" in room.text


def test_a_setting_that_the_environment_has_is_not_changed_here(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMNITILL_TILL_SCALE", "sim://scale")
    room.press("ctrl+d", "f3")
    room.type("sim://scale?weight=1", "enter")
    assert "environment" in room.note
    assert urls(room) == []


def test_weighed_goods_take_their_weight_from_the_scale(room: Room) -> None:
    counter(room, "sim://scale?weight=0.655")
    room.scan(APPLES)
    assert "Put it on the scale" in room.text
    room.hear("scale.weighed")
    assert room.codes == [(APPLES, 655)]
    assert "Put it on the scale" not in room.text


def test_a_weight_that_is_typed_wins_over_the_scale(room: Room) -> None:
    counter(room, "sim://scale?weight=0.655")
    room.scan(APPLES)
    room.type("5")
    room.hear("scale.weighed")
    assert room.codes == []
    room.type("00", "enter")
    assert room.codes == [(APPLES, 500)]


def test_a_scale_that_cannot_weigh_says_why_and_is_asked_again(room: Room) -> None:
    counter(room, "sim://scale?weight=0")
    room.scan(APPLES)
    room.hear("scale.weighed")
    assert room.codes == []
    assert room.bells
    room.press("f5")
    room.hear("scale.weighed")
    room.press("escape")
    room.scan(COLA)
    assert room.codes == [(COLA, 1000)]


def test_a_receipt_that_waits_is_said_and_given_up_by_a_key(room: Room) -> None:
    counter(room, "sim://printer?paper=out")
    room.scan(COLA)
    room.press("f11")
    room.hear("printer.waits")
    assert room.note.startswith("The receipt printer is out of paper.")
    room.press("ctrl+d")
    assert "1 receipts wait" in room.text
    room.press("f4")
    room.hear("printer.given_up")
    assert room.face.till.sale.last_sale().fate == "not_printed"


def test_a_probe_whose_end_cannot_be_kept_says_why(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    counter(room, "sim://printer")
    monkeypatch.setenv("OMNITILL_TILL_PRINTER", "sim://printer")
    room.press("ctrl+d", "f5")
    room.hear("printer.probed")
    assert "it is set in the environment" in room.note
    assert urls(room) == ["sim://printer"]


class Plugged:
    """What the computer says is plugged in."""

    def __init__(self) -> None:
        self.devices: list[Found] = []
        self.looks = 0

    def find(self) -> list[Found]:
        there = list(self.devices)
        self.looks += 1
        return there

    def room(self, till: Till) -> Room:
        """A room whose till has seen what was there at its start."""
        room = Room(till)
        wait_until(lambda: self.looks > 0, PATIENCE_S, "the till looked")
        return room


@pytest.fixture
def plugged(monkeypatch: pytest.MonkeyPatch) -> Plugged:
    there = Plugged()
    monkeypatch.setattr("pos_client.counter.counter.find", there.find)
    monkeypatch.setattr(screen, "find", lambda: there.devices)
    return there


def test_what_is_plugged_in_is_said_and_set_up_by_three_keys(
    plugged: Plugged, tmp_path: Path
) -> None:
    with closing(open_till(tmp_path, language="en", plugged_look_s=0.01)) as till:
        room = plugged.room(till)
        plugged.devices = [FOUND[0]]
        room.hear("device.plugged")
        assert room.note == "Plugged in: ▤ Printer, TM-SIM."
        assert "Ctrl+D, F3 sets it up." in room.text
        room.press("ctrl+d", "f3")
        assert "TM-SIM" in room.text
        room.press("enter")
        assert urls(room) == ["sim://printer"]
        plugged.devices = [FOUND[1]]
        room.hear("device.plugged")
        assert "USB Serial" in room.note
        assert room.heard.count("device.plugged") == 2
        assert "device.unplugged" not in room.heard  # of one in use its own state tells
        assert room.face.faults == []


def test_the_page_that_finds_devices_shows_what_comes_and_goes(
    plugged: Plugged, tmp_path: Path
) -> None:
    with closing(open_till(tmp_path, language="en", plugged_look_s=0.01)) as till:
        room = plugged.room(till)
        room.press("ctrl+d", "f3")
        assert "Nothing new was found." in room.text
        plugged.devices = [FOUND[0]]
        room.hear("device.plugged")
        assert "TM-SIM" in room.text
        plugged.devices = []
        room.hear("device.unplugged")
        assert "Nothing new was found." in room.text
        assert room.face.faults == []


def test_a_receipt_that_a_power_cut_stopped_is_asked_about_at_once(room: Room) -> None:
    counter(room, "sim://printer?power_cut_at=120")
    room.scan(COLA)
    room.press("f11")
    room.hear("printer.link_lost")
    assert "Nobody knows whether this receipt came out." in room.text
    room.press("f6", "enter")
    assert room.face.till.sale.last_sale().fate == "printed"
    assert "F6 It is whole" not in room.text


def test_a_door_is_opened_with_a_reason_and_what_it_did_is_said(room: Room) -> None:
    locker(room)
    room.press("enter")
    room.press("f2", "enter")
    assert "opening" in room.text
    room.hear("locker.opened")
    assert room.note == "Compartment 2 is open."
    room.press("f7")
    assert "customer collects" in room.text


def test_a_parcel_is_stored_found_and_taken_out(room: Room) -> None:
    counter(room, LOCKER)
    room.press("ctrl+d", "f6")
    room.type("7", "enter")
    room.press("f2")
    room.scan("YT0000000001")
    assert room.note.startswith("Parcel YT0000000001 lies in compartment 7.")
    room.type("1", "enter")
    room.scan("YT0000000001")  # marks where it lies
    room.press("f4")
    assert room.note == "Parcel YT0000000001 was taken out."
    room.scan("YT0000000001")
    assert room.note.startswith("No parcel")


def test_a_compartment_goes_out_of_service_and_back(room: Room) -> None:
    counter(room, LOCKER)
    room.press("ctrl+d", "f6", "f6")
    room.press("f1", "enter")
    assert "✕ door jams" in room.text
    room.press("f2")
    room.scan("YT0000000001")
    assert room.note.startswith("Compartment 1 is out of service")
    room.press("escape", "f6")
    assert "✕" not in room.text


def test_a_till_without_a_locker_says_so_and_goes_on(room: Room) -> None:
    room.press("ctrl+d", "f6")
    assert room.note.startswith("This till has no pickup locker.")
