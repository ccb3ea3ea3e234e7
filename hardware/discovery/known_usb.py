"""Vendors and products of USB that are met at counters, and what they most likely are.

A guess, never a proof: a maker of scanners makes other things too, and a chip is in anything.
Names are those of the list at linux-usb.org (usb.ids) unless another source stands there.
"""

from dataclasses import dataclass
from typing import Final

from hardware.fault import Kind

_ESCPOS: Final = "python-escpos, its issues and examples"
_LINUX: Final = "Linux drivers/usb/serial"


@dataclass(frozen=True, slots=True)
class Known:
    """`kind` is None for a chip that any device may have."""

    name: str
    kind: Kind | None
    source: str = "usb.ids"


_VENDORS: Final = {
    0x0C2E: Known("Honeywell (Metrologic)", Kind.SCANNER),
    0x0536: Known("Honeywell (Hand Held Products)", Kind.SCANNER),
    0x05E0: Known("Zebra (Symbol)", Kind.SCANNER),
    0x05F9: Known("Datalogic (PSC)", Kind.SCANNER),
    0x1EAB: Known("Newland", Kind.SCANNER),
    0x065A: Known("Opticon (Optoelectronics)", Kind.SCANNER),
    0x04B8: Known("Seiko Epson", Kind.PRINTER),
    0x0519: Known("Star Micronics", Kind.PRINTER),
    0x1504: Known("Bixolon", Kind.PRINTER),
    0x1D90: Known("Citizen", Kind.PRINTER),
    0x2730: Known("Citizen", Kind.PRINTER),
    0x154F: Known("SNBC", Kind.PRINTER),
    0x0DD4: Known("Custom Engineering", Kind.PRINTER),
}
_PRODUCTS: Final = {
    (0x0416, 0x5011): Known("Zjiang POS-58 and the like", Kind.PRINTER, _ESCPOS),
    (0x0456, 0x0808): Known("Hoin and the like", Kind.PRINTER, _ESCPOS),
    (0x0483, 0x5743): Known("Xprinter, Rongta and the like", Kind.PRINTER, _ESCPOS),
    (0x0483, 0x070B): Known("Xprinter, Rongta and the like", Kind.PRINTER, _ESCPOS),
    (0x0FE6, 0x811E): Known("Xprinter and the like", Kind.PRINTER, _ESCPOS),
    (0x28E9, 0x0289): Known("POS-58 and the like (GigaDevice)", Kind.PRINTER, _ESCPOS),
    (0x6868, 0x0200): Known("Zjiang, ZKTeco and the like", Kind.PRINTER, _ESCPOS),
    (0x6868, 0x0600): Known("Gprinter", Kind.PRINTER, "USB descriptor of a GP-58MB"),
    (0x0471, 0x0055): Known("Gprinter", Kind.PRINTER, "node-escpos, issue 277"),
    (0x1A86, 0x7523): Known("CH340 serial adapter", None, f"{_LINUX}/ch341.c"),
    (0x1A86, 0x5523): Known("CH341 serial adapter", None, f"{_LINUX}/ch341.c"),
    (0x0403, 0x6001): Known("FT232 serial adapter", None, f"{_LINUX}/ftdi_sio.c"),
    (0x10C4, 0xEA60): Known("CP210x serial adapter", None, f"{_LINUX}/cp210x.c"),
    (0x067B, 0x2303): Known("PL2303 serial adapter", None, f"{_LINUX}/pl2303.c"),
}
SCANNER_VENDORS: Final = tuple(
    vendor for vendor, known in _VENDORS.items() if known.kind is Kind.SCANNER
)


def known(vendor: int | None, product: int | None) -> Known | None:
    """What is known of these ids."""
    if vendor is None or product is None:
        return None
    return _PRODUCTS.get((vendor, product)) or _VENDORS.get(vendor)
