"""What is plugged in, in a made-up /sys and /dev; and the rules that let a user open it."""

import asyncio
import re
import shutil
import subprocess
import tempfile
from importlib.resources import files
from pathlib import Path

import pytest
from serial.tools.list_ports_common import ListPortInfo

from hardware.discovery import Appeared, Found, Vanished, find, watch
from hardware.discovery.known_usb import SCANNER_VENDORS, known
from hardware.fault import Kind
from hardware.link.sysfs import Roots
from hardware.registry import kind_of
from tests.hardware.plugged import (
    COUNTED_POS,
    KEYBOARD,
    link,
    plug_hid,
    plug_interface,
    plug_usb,
    unplug_hid,
    write,
)
from tests.hardware.readers import PATIENCE_S, as_nobody


@pytest.fixture
def roots(tmp_path: Path) -> Roots:
    return Roots(tmp_path / "sys", tmp_path / "dev")


def no_ports() -> list[ListPortInfo]:
    return []


def found(roots: Roots) -> list[Found]:
    return find(roots, no_ports)


def port(
    roots: Roots, name: str, ids: str = "", product: str = "", by_id: str = ""
) -> ListPortInfo:
    write(roots.dev / name, "")
    if by_id:
        link(roots.dev / "serial/by-id" / by_id, Path("../..") / name)
    info = ListPortInfo(str(roots.dev / name))
    if ids:
        vendor, product_id = ids.split(":")
        info.vid, info.pid, info.product = int(vendor, 16), int(product_id, 16), product
    return info


def plug_printer(
    roots: Roots, ids: str = "04b8:0e15", place: str = "1-1", *, serial: str = "",
    name: str = "EPSON TM-T20II", lp: int | None = None, says: str = "", protocol: str = "02",
) -> Path:  # fmt: skip
    vendor, product = ids.split(":")
    device = plug_usb(roots, place, vendor, product, serial, name)
    interface = plug_interface(roots, device, 0, "07")
    write(interface / "bInterfaceProtocol", protocol)
    if lp is not None:
        (interface / f"usbmisc/lp{lp}").mkdir(parents=True)
        write(roots.dev / f"usb/lp{lp}", "")
        write(interface / "ieee1284_id", says)
    return device


def plug_keyboard(roots: Roots, number: int, by_id: str, name: str, vendor: str = "04d9") -> None:
    folder = roots.sys / f"devices/input{number}"
    write(folder / "name", f"{name}\n")
    write(folder / "id/vendor", f"{vendor}\n")
    write(folder / "id/product", "0001\n")
    link(roots.sys / f"class/input/event{number}/device", folder)
    write(roots.dev / f"input/event{number}", "")
    link(roots.dev / "input/by-id" / by_id, Path("..") / f"event{number}")


def test_where_nothing_is_plugged_in_nothing_is_found(roots: Roots) -> None:
    assert found(roots) == []


def test_on_this_machine_whatever_is_there_has_an_address() -> None:
    for one in find():
        assert "://" in one.url
        assert one.kind is None or kind_of(one.url) == one.kind


def test_a_usb_printer_with_a_file_of_the_kernels(roots: Roots) -> None:
    plug_printer(roots, lp=0, serial="J1", says="MFG:EPSON;CMD:ESC/POS;MDL:TM-T20II;CLS:PRINTER;")
    [printer] = found(roots)
    file = str(roots.dev / "usb/lp0")
    assert (printer.url, printer.kind, printer.path) == (
        f"escpos+lp://{file}", Kind.PRINTER, file,
    )  # fmt: skip
    assert printer.name == "EPSON TM-T20II"
    assert "escpos+usb://04b8:0e15/J1" in printer.why


def test_a_usb_printer_that_only_libusb_reaches(roots: Roots) -> None:
    plug_printer(roots)
    [printer] = found(roots)
    assert printer.url == "escpos+usb://04b8:0e15"
    assert printer.path == str(roots.dev / "bus/usb/001/007")
    assert printer.name == "EPSON TM-T20II"
    assert kind_of(printer.url) is Kind.PRINTER


@pytest.mark.parametrize(
    ("serials", "whiches"),
    [
        (("A/1", "B2"), ("/A%2F1", "/B2")),
        (("", ""), ("/1-1", "/1-2.3")),
        (("000", "000"), ("/1-1", "/1-2.3")),
        (("", "B2"), ("/1-1", "/B2")),
    ],
)
def test_printers_of_one_make_are_told_apart(
    roots: Roots, serials: tuple[str, str], whiches: tuple[str, str]
) -> None:
    for place, serial in zip(("1-1", "1-2.3"), serials, strict=True):
        plug_printer(roots, place=place, serial=serial)
    assert [one.url for one in found(roots)] == [
        f"escpos+usb://04b8:0e15{which}" for which in whiches
    ]


def test_printers_that_are_no_receipt_printers(roots: Roots) -> None:
    plug_printer(roots, "03f0:1234", "1-1", lp=0, says="MFG:HP;MDL:Laser;CMD:PJL,PCL6,POSTSCRIPT;")
    plug_printer(roots, "03f0:1235", "1-2", protocol="04")
    [office] = found(roots)
    assert (office.kind, office.url, office.name) == (None, "usb://03f0:1234", "HP Laser")
    assert "PCL6" in office.why


def test_what_a_printer_without_a_name_is_called(roots: Roots) -> None:
    plug_printer(roots, "0416:5011", "1-1", name="")
    plug_printer(roots, "1234:5678", "1-2", name="")
    assert [one.name for one in found(roots)] == [
        "Zjiang POS-58 and the like", "USB printer 1234:5678",
    ]  # fmt: skip


def test_scanners_by_hid_pos_and_no_keyboards(roots: Roots) -> None:
    write(plug_hid(roots, 0, KEYBOARD), "")
    write(plug_hid(roots, 1, COUNTED_POS, name="Honeywell 1900"), "")
    [scanner] = found(roots)
    assert scanner == Found(
        "scan+hidpos://0c2e:0901", Kind.SCANNER, "Honeywell 1900", str(roots.dev / "hidraw1"),
        "a scanner by its HID usage page",
    )  # fmt: skip
    plug_hid(roots, 2, COUNTED_POS, place="1-2", serial="S2")
    assert [one.url for one in found(roots)] == [
        "scan+hidpos://0c2e:0901/1-1", "scan+hidpos://0c2e:0901/S2",
    ]  # fmt: skip


def test_keyboards_that_are_scanners(roots: Roots) -> None:
    plug_keyboard(roots, 3, "usb-Logitech_K120-event-kbd", "Logitech K120")
    plug_keyboard(roots, 4, "usb-WIT_Electron_USB-event-kbd", "WIT 2D Barcode Reader")
    plug_keyboard(roots, 5, "usb-Metrologic_X-event-kbd", "Metrologic X", vendor="0c2e")
    plug_keyboard(roots, 6, "usb-条码_7-event-kbd", "HID")
    plug_keyboard(roots, 7, "usb-Scanner-event-mouse", "Scanner")
    scanners = found(roots)
    names = [Path(one.path).name for one in scanners]
    assert names == [
        "usb-Metrologic_X-event-kbd", "usb-WIT_Electron_USB-event-kbd", "usb-条码_7-event-kbd",
    ]  # fmt: skip
    assert [one.why.split(":")[0] for one in scanners] == [
        "a keyboard of Honeywell (Metrologic)",
        "a keyboard that calls itself a scanner",
        "a keyboard that calls itself a scanner",
    ]
    for one in scanners:
        assert one.url.startswith("scan+evdev:///")
        assert kind_of(one.url) is Kind.SCANNER


def test_serial_ports_by_their_lasting_names_and_what_is_likely_at_them(roots: Roots) -> None:
    ports = [
        port(roots, "ttyUSB0", "1a86:7523", "USB Serial", "usb-1a86_USB_Serial-if00-port0"),
        port(roots, "ttyACM0", "0c2e:0901", "Hyperion", "usb-Honeywell_Hyperion-if00"),
        port(roots, "ttyACM1", "04b8:0202", "TM-T88"),
        port(roots, "ttyACM2", "2341:0043"),
        port(roots, "ttyS0"),
    ]
    ports[0].manufacturer = "QinHeng"
    shown = [(one.url, one.kind, one.name, one.why) for one in find(roots, lambda: ports)]
    dev = roots.dev
    assert shown == [
        (f"escpos+serial://{dev}/ttyACM1", Kind.PRINTER, "TM-T88",
         "a serial port of Seiko Epson: probably a receipt printer"),
        (f"scan+serial://{dev}/serial/by-id/usb-Honeywell_Hyperion-if00", Kind.SCANNER, "Hyperion",
         "a serial port of Honeywell (Metrologic): probably a scanner"),
        (f"serial://{dev}/ttyACM2", None, "ttyACM2", "a serial port: anything may be at it"),
        (f"serial://{dev}/ttyS0", None, "ttyS0", "a serial port: anything may be at it"),
        (f"serial://{dev}/serial/by-id/usb-1a86_USB_Serial-if00-port0", None, "QinHeng USB Serial",
         "a CH340 serial adapter: anything may be at it"),
    ]  # fmt: skip


def test_what_cannot_be_read_or_goes_meanwhile_is_not_there(roots: Roots) -> None:
    broken = plug_usb(roots, "1-9", "zz", "0001")
    plug_interface(roots, broken, 0, "07")
    link(roots.sys / "bus/usb/devices/1-8:1.0", roots.sys / "gone")
    link(roots.sys / "class/hidraw/hidraw8/device", roots.sys / "gone")
    write(roots.sys / "class/hidraw/hidraw9/device/uevent", "HID_ID=nonsense\n")
    write(roots.sys / "class/hidraw/hidraw7/device/uevent", b"HID_ID=0003:\xff\xfe\n")
    link(roots.dev / "input/by-id/usb-Scanner-event-kbd", Path("../gone"))
    write(roots.dev / "serial/by-id", "no folder")
    [named_only] = found(roots)
    assert named_only.name == "usb-Scanner-event-kbd"


def test_what_this_user_may_not_open_says_what_to_do() -> None:
    with tempfile.TemporaryDirectory() as folder:
        roots = Roots(Path(folder) / "sys", Path(folder) / "dev")
        file = plug_hid(roots, 0, COUNTED_POS)
        write(file, "")
        assert "udev" not in found(roots)[0].why
        file.chmod(0o000)
        with as_nobody(Path(folder)):
            assert "install the udev rules" in found(roots)[0].why


def test_what_comes_and_goes_is_told_once(roots: Roots) -> None:
    async def scenario() -> None:
        plug_hid(roots, 0, COUNTED_POS)
        told = watch(0.001, lambda: found(roots))
        async with asyncio.timeout(PATIENCE_S):
            first = await anext(told)
            assert isinstance(first, Appeared)
            unplug_hid(roots, 0)
            assert await anext(told) == Vanished(first.found)
            plug_hid(roots, 1, COUNTED_POS, place="1-2")
            again = await anext(told)
            assert isinstance(again, Appeared)
            assert again.found.path == str(roots.dev / "hidraw1")
            plug_printer(roots)
            printer = await anext(told)
            assert printer.found.kind is Kind.PRINTER
        await told.aclose()  # type: ignore[attr-defined]

    asyncio.run(scenario())


def test_what_was_known_is_not_told_and_what_is_renamed_is_told_by_its_last_name() -> None:
    old = Found("serial:///dev/ttyS0", None, "old", "/dev/ttyS0", "")
    raw = Found("serial:///dev/ttyACM0", None, "raw", "/dev/ttyACM0", "")
    named = Found("serial:///dev/serial/by-id/x", None, "named", "/dev/serial/by-id/x", "")
    looks = iter([[old], [old, raw], [old, named], [old, named], []])

    async def scenario() -> None:
        told = watch(0.001, lambda: next(looks, []), there=[old])
        async with asyncio.timeout(PATIENCE_S):
            assert await anext(told) == Appeared(named)
            assert {await anext(told), await anext(told)} == {Vanished(old), Vanished(named)}
        await told.aclose()  # type: ignore[attr-defined]

    asyncio.run(scenario())


def test_looking_touches_no_device(roots: Roots) -> None:
    """Every device file is one that cannot be opened without being noticed: there is none."""
    plug_printer(roots, lp=0, serial="J1")
    plug_hid(roots, 0, COUNTED_POS)
    for file in roots.dev.rglob("*"):
        if file.is_file():
            file.unlink()
    assert {one.kind for one in found(roots)} == {Kind.PRINTER, Kind.SCANNER}


@pytest.mark.parametrize(
    ("ids", "kind"),
    [
        ("0c2e:0901", Kind.SCANNER), ("05e0:1900", Kind.SCANNER), ("05f9:4204", Kind.SCANNER),
        ("1eab:0022", Kind.SCANNER), ("04b8:0202", Kind.PRINTER), ("0519:0001", Kind.PRINTER),
        ("1504:0006", Kind.PRINTER), ("0416:5011", Kind.PRINTER), ("0fe6:811e", Kind.PRINTER),
        ("1a86:7523", None), ("0403:6001", None), ("10c4:ea60", None), ("067b:2303", None),
    ],
)  # fmt: skip
def test_common_makers_are_known(ids: str, kind: Kind | None) -> None:
    vendor, product = (int(word, 16) for word in ids.split(":"))
    maker = known(vendor, product)
    assert maker is not None
    assert maker.kind is kind
    assert maker.source
    assert known(0xFFFF, product) is None
    assert known(None, None) is None


# ---- the rules


RULES = files("hardware").joinpath("udev/70-omnitill.rules")


def rules() -> list[str]:
    lines = RULES.read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def test_the_rules_come_with_the_package_and_are_well_formed() -> None:
    word = r'[A-Z_]+(\{\w+\})?(==|\+=|=)"[^"]+"'
    for rule in rules():
        assert re.fullmatch(rf"{word}(, {word})+", rule), rule
        assert 'MODE="0660", GROUP="plugdev", TAG+="uaccess"' in rule


def test_the_rules_name_every_maker_of_scanners_that_is_known() -> None:
    vendors = "|".join(f"????:{vendor:04X}:*" for vendor in SCANNER_VENDORS)
    for subsystem in ("hidraw", "input"):
        [rule] = [one for one in rules() if f'SUBSYSTEM=="{subsystem}"' in one]
        assert f'KERNELS=="{vendors}"' in rule


def test_the_rules_do_not_open_every_keyboard() -> None:
    assert all("KERNELS" in one for one in rules() if '"input"' in one)


@pytest.mark.skipif(shutil.which("udevadm") is None, reason="udevadm is not here")
def test_udev_itself_finds_nothing_wrong_with_the_rules() -> None:
    version = subprocess.run(["udevadm", "--version"], capture_output=True, text=True, check=True)
    if int(version.stdout.split()[0]) < 254:
        pytest.skip("this udevadm verifies no rules")
    subprocess.run(["udevadm", "verify", str(RULES)], check=True, capture_output=True)
