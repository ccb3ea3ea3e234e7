"""A barcode scanner that is read whatever has the keyboard: at a serial port, by HID-POS, or a
keyboard scanner taken away from the keyboard.

What a code means (a product, a member, a parcel) is not for this module.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from hardware.device import BackOff, Device, Event
from hardware.dialogue import Parser
from hardware.driver import Driver
from hardware.fault import Kind
from hardware.link import Connect, Link
from hardware.link.hidraw import HidrawLink
from hardware.scanner.evdev import EvdevParser, LastKey
from hardware.scanner.hid_pos import REPORT_LIMIT_BYTES, HidPosParser, Layout
from hardware.scanner.parser import Framing, ScanParser, Suffix
from hardware.scanner.scan import Heard, Noise, Scan
from hardware.scanner.wedge import Wedge
from hardware.url import DeviceUrl


@dataclass(frozen=True, slots=True)
class Scanned(Event):
    """A code was read."""

    scan: Scan


@dataclass(frozen=True, slots=True)
class NoiseHeard(Event):
    """Something came that was no code."""

    noise: Noise


class Scanner(Device[Heard]):
    """One scanner. It takes no orders: what it reads comes as `Scanned`."""

    kind = Kind.SCANNER

    def __init__(
        self,
        connect: Connect,
        parser: Callable[[], Parser[Heard]],
        *,
        back_off: BackOff | None = None,
    ) -> None:
        super().__init__(connect, back_off=back_off)
        self._fresh_parser = parser

    def _parser(self) -> Parser[Heard]:
        return self._fresh_parser()

    def _hear(self, reply: Heard) -> None:
        self._tell(Scanned(reply) if isinstance(reply, Scan) else NoiseHeard(reply))


def _open(url: DeviceUrl, connect: Connect) -> Scanner | Wedge:
    """Options: `prefix` as the scanner sends it (%02 is STX); `suffix` enter or tab for a wedge;
    enter, tab or pause for one that is taken away from the keyboard; cr, lf, crlf or tab for a
    serial port, where without one CR, LF or a pause ends a code. By HID-POS `layout` says where
    the parts of a report are (data:5,length:1,aim:2,more:63), if the device does not say it right
    itself, and `report` how long a report is on a wire that keeps none apart. Over TCP `form` says
    which of these comes: serial, hidpos or keys."""
    if url.link == "wedge":
        return _wedge(url)
    match url.one_of("form", *_FORMS.get(url.link, ("serial", "hidpos", "keys"))):
        case "hidpos":
            return _hid_pos(url, connect)
        case "keys":
            prefix = url.text_option("prefix").encode()
            last_key = LastKey(url.one_of("suffix", *LastKey))
            return Scanner(connect, lambda: EvdevParser(last_key, prefix))
        case _:
            prefix = url.text_option("prefix").encode()
            framing = Framing(prefix, Suffix(url.one_of("suffix", *Suffix)))
            return Scanner(connect, lambda: ScanParser(framing))


_FORMS: Final = {
    "serial": ("serial",),
    "hidpos": ("hidpos",),
    "hidraw": ("hidpos",),
    "evdev": ("keys",),
}


def _wedge(url: DeviceUrl) -> Wedge:
    if url.parts.netloc or url.parts.path:
        raise ValueError("a scanner that types has no place: scan+wedge://?suffix=enter")
    prefix = url.text_option("prefix")
    if prefix and (prefix[0].isalnum() or prefix[0] in "\r\n\t"):
        raise ValueError(f"prefix {prefix!r} begins with a key that is typed")
    return Wedge(prefix, "tab" if url.one_of("suffix", "enter", "tab") == "tab" else "enter")


def _hid_pos(url: DeviceUrl, connect: Connect) -> Scanner:
    text = url.text_option("layout")
    report_bytes = url.number("report", 0, 1, REPORT_LIMIT_BYTES) or None
    return hid_pos_scanner(connect, Layout.read(text) if text else None, report_bytes)


def hid_pos_scanner(
    connect: Connect, layout: Layout | None = None, report_bytes: int | None = None
) -> Scanner:
    """A scanner by HID-POS. The parts of its reports are where `layout` says, else where the
    device says, else where they look to be. `report_bytes` as for `HidPosParser`."""
    declared: Layout | None = None

    async def connect_and_look() -> Link:
        nonlocal declared
        link = await connect()
        declared = Layout.declared(link.descriptor) if isinstance(link, HidrawLink) else None
        return link

    return Scanner(connect_and_look, lambda: HidPosParser(layout or declared, report_bytes))


DRIVER = Driver(Kind.SCANNER, _open, links=("serial", "tcp", "hidpos", "hidraw", "evdev", "wedge"))
