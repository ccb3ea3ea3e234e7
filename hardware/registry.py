"""From a device's address to the device:

    escpos+tcp://10.0.0.5:9100?cols=48&fence=gs_r
    escpos+serial:///dev/serial/by-id/usb-…?baud=38400&flow=rtscts&cols=48
    scan+serial:///dev/serial/by-id/usb-…?baud=9600&prefix=%02&suffix=cr
    scan+wedge://?prefix=%02&suffix=enter
    sim://printer?paper=out&stall_at=120&power_cut_at=200&keep=receipts.txt

Owns the addresses: every part is checked, a misspelt option is refused and not ignored. Opening
touches no wire; the first job does.
"""

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from hardware.device import UnknownDevice
from hardware.link import Connect, TcpLink
from hardware.printer import COLUMNS, EscposPrinter, FenceKind, TimeLimits
from hardware.scanner import Framing, SerialScanner, Suffix, Wedge
from hardware.serial_link import BAUD_RATES, SerialLink
from hardware.simulator.port import PaperFile, PictureFolder, in_process
from hardware.simulator.printer import SimulatedPrinter

PORT = 9100
"""Where network printers listen when the address names no port."""


@dataclass(frozen=True, slots=True)
class _Address:
    parts: SplitResult
    port: int
    options: dict[str, str]

    @classmethod
    def parse(cls, url: str) -> "_Address":
        """`ValueError` on a port or option that is none."""
        parts = urlsplit(url)
        pairs = parse_qsl(parts.query, strict_parsing=True) if parts.query else []
        return cls(parts, PORT if parts.port is None else parts.port, dict(pairs))

    def number(self, name: str) -> int | None:
        text = self.options.pop(name, None)
        return None if text is None else int(text)

    def one_of(self, name: str, *allowed: str) -> str:
        """The option's value; the first of `allowed` when it is not given."""
        value = self.options.pop(name, allowed[0])
        if value not in allowed:
            raise ValueError(f"{name} is {value!r}, not one of {', '.join(allowed)}")
        return value

    def serial(self, baud: int, *, connect_s: float = 3.0, write_s: float = 5.0) -> Connect:
        """How to open the port that the path names, at `baud` unless the address says so."""
        path = unquote(self.parts.path)
        if self.parts.netloc or path.strip("/") == "" or "\0" in path:
            raise ValueError("a serial port is written with three slashes: serial:///dev/…")
        rates = (baud, *(rate for rate in BAUD_RATES if rate != baud))
        return partial(
            SerialLink.connect,
            path,
            baud=int(self.one_of("baud", *map(str, rates))),
            rtscts=self.one_of("flow", "none", "rtscts") == "rtscts",
            connect_s=connect_s,
            write_s=write_s,
        )

    def nothing_left(self) -> None:
        """A misspelt option is refused, not ignored."""
        if self.options:
            raise ValueError(f"unknown option {', '.join(self.options)}")


def open_scanner(url: str) -> SerialScanner | Wedge:
    """The scanner at `url`; `UnknownDevice` when the address cannot be understood.

    Options: `prefix` as the scanner sends it (%02 is STX); `suffix` enter or tab for a wedge; cr,
    lf, crlf or tab for a serial port, where without one CR, LF or a pause ends a code; `baud`.
    """
    try:
        address = _Address.parse(url)
        prefix = address.options.pop("prefix", "")
        scanner: SerialScanner | Wedge
        match address.parts.scheme, address.parts.netloc + address.parts.path:
            case "scan+serial", _:
                suffix = Suffix(address.one_of("suffix", *Suffix))
                connect = address.serial(9600)
                scanner = SerialScanner(connect, Framing(prefix.encode(), suffix))
            case "scan+wedge", "":
                if prefix and (prefix[0].isalnum() or prefix[0] in "\r\n\t"):
                    raise ValueError(f"prefix {prefix!r} begins with a key that is typed")
                tab = address.one_of("suffix", "enter", "tab") == "tab"
                scanner = Wedge(prefix, "tab" if tab else "enter")
            case scheme, place:
                raise ValueError(f"{scheme}://{place} is no scanner")
        address.nothing_left()
    except (ValueError, OSError) as wrong:
        raise UnknownDevice(f"{url}: {wrong}") from None
    return scanner


def open_printer(url: str, *, limits: TimeLimits | None = None) -> EscposPrinter:
    """The printer at `url`; `UnknownDevice` when the address cannot be understood.

    Options of serial ports: `baud`; `flow` none or rtscts.
    Options of all: `cols` 48, 42 or 32; `fence` process_id or gs_r; `cjk` fs_gb18030; `qr` native,
    or picture for a printer that cannot draw one.
    Of `sim://printer` too: `paper` in or out, `cover` closed or open, `stall_at` and
    `power_cut_at` in bytes from the start, `keep` a file and `pictures` a folder that get what is
    printed.
    """
    limits = limits or TimeLimits()
    connect: Connect
    try:
        address = _Address.parse(url)
        columns = int(address.one_of("cols", "48", *map(str, COLUMNS)))
        fence = FenceKind(address.one_of("fence", *FenceKind))
        address.one_of("cjk", "fs_gb18030")
        draws_qr = address.one_of("qr", "native", "picture") == "native"
        match address.parts.scheme, address.parts.hostname:
            case "escpos+tcp", str(host):
                host.encode("idna")  # what no name look-up would take
                connect = partial(
                    TcpLink.connect,
                    host,
                    address.port,
                    connect_s=limits.connect_s,
                    write_s=limits.write_s,
                )
            case "escpos+serial", _:
                connect = address.serial(38_400, connect_s=limits.connect_s, write_s=limits.write_s)
            case "sim", "printer":
                connect = in_process(_simulated(address, columns), write_s=limits.write_s)
            case scheme, host_or_none:
                raise ValueError(f"{scheme}://{host_or_none or ''} is no printer")
        address.nothing_left()
    except (ValueError, OSError) as wrong:
        raise UnknownDevice(f"{url}: {wrong}") from None
    return EscposPrinter(connect, columns=columns, fence=fence, limits=limits, draws_qr=draws_qr)


def _simulated(address: _Address, columns: int) -> SimulatedPrinter:
    printer = SimulatedPrinter(columns=columns)
    printer.paper_out = address.one_of("paper", "in", "out") == "out"
    printer.cover_open = address.one_of("cover", "closed", "open") == "open"
    if (stall_at := address.number("stall_at")) is not None:
        printer.stall_at(stall_at)
    if (power_cut_at := address.number("power_cut_at")) is not None:
        printer.power_cut_at(power_cut_at)
    if keep := address.options.pop("keep", ""):
        printer.listeners.append(PaperFile(Path(keep)))
    if pictures := address.options.pop("pictures", ""):
        printer.listeners.append(PictureFolder(Path(pictures), printer))
    return printer
