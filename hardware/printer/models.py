"""Facts about receipt printers by model, each with where it is from. What nobody says is None: the
test page and the probe find it out. Guesses have no place here.

Sources, as the rows name them:

    db          receipt-print-hq/escpos-printer-db, the table in python-escpos 3.1
    encoder     NielsLeenheer/ReceiptPrinterEncoder, data/printers
    epson       Epson's command reference: model lists of GS ( H function 48, DLE EOT, GS a
    better      Better BT-532C manual, p. 27: rows of GS v 0 are 48 bytes on 58 mm, 72 on 80 mm
    #n          an issue or pull request of the repository that stands before it
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from hardware.printer.encoding import PAGE_437, Cjk, Page


class FenceKind(StrEnum):
    """How the printer tells that it got so far."""

    PROCESS_ID = "process_id"
    """GS ( H: answered when printing is finished, naming the job (newer Epson and kin)."""
    BUFFER = "gs_r"
    """GS r: answered when the buffer was processed, without a name; nearly all printers."""
    NONE = "none"
    """It never says."""


class Cut(StrEnum):
    """What happens at the end of a receipt."""

    PARTIAL = "partial"
    FULL = "full"
    NONE = "none"
    """No cutter: paper is fed to where it can be torn off."""


@dataclass(frozen=True, slots=True)
class Model:
    """What is known of a model. `columns` are those of the 12 × 24 font, `dots` the reach of the
    print head; `qr` and `barcode` say whether it draws them itself; `drawer` whether one can be
    plugged in."""

    maker: str
    sources: tuple[str, ...]
    columns: int | None = None
    dots: int | None = None
    cjk: Cjk | None = None
    pages: tuple[Page, ...] | None = None
    qr: bool | None = None
    barcode: bool | None = None
    cut: Cut | None = None
    drawer: bool | None = None
    fence: FenceKind | None = None
    status: bool | None = None
    asb: bool | None = None


_PAGES: Final = (PAGE_437, Page(19, "cp858"), Page(18, "cp852"), Page(16, "cp1252"))
_PAGES_OF_M30III: Final = (PAGE_437, Page(18, "cp852"), Page(16, "cp1252"))


def _epson(
    *sources: str,
    columns: int | None = None,
    dots: int | None = None,
    pages: tuple[Page, ...] | None = _PAGES,
    qr: bool | None = True,
    fence: FenceKind | None = None,
) -> Model:
    return Model(
        "Epson",
        ("epson DLE EOT, GS a", *sources),
        columns,
        dots,
        pages=pages,
        qr=qr,
        barcode=True,
        drawer=True,
        fence=fence,
        status=True,
        asb=True,
    )


def _zijiang(maker: str, *sources: str, cjk: Cjk | None = None) -> Model:
    """Small printers of 58 mm: they draw no codes and have no cutter, but take a drawer."""
    return Model(maker, sources, 32, 384, cjk, qr=False, barcode=False, cut=Cut.NONE, drawer=True)


_NAMED: Final = "epson GS ( H"
_58_MM: Final = Model("any", ("better",), 32, 384)
_80_MM: Final = Model("any", ("better",), 48, 576)

MODELS: Final[dict[str, Model]] = {
    "tm-t88v": _epson("db TM-T88V", "encoder epson-tm-t88v", columns=42, dots=512),
    "tm-t88vi": _epson(
        "encoder epson-tm-t88vi", _NAMED, columns=42, pages=None, fence=FenceKind.PROCESS_ID
    ),
    "tm-t88vii": _epson(
        "encoder epson-tm-t88vii", _NAMED, columns=42, pages=None, fence=FenceKind.PROCESS_ID
    ),
    "tm-t20ii": _epson("db TM-T20II", columns=48, dots=576),
    "tm-t20iii": _epson("db TM-T20III", _NAMED, columns=48, dots=576, fence=FenceKind.PROCESS_ID),
    "tm-m30": _epson("lsongdev/node-escpos #48: bar codes", pages=None, qr=None),
    "tm-m30ii": _epson("encoder epson-tm-m30ii", columns=48, pages=None),
    "tm-m30iii": _epson(
        "db TM-m30III", "encoder epson-tm-m30iii", columns=48, dots=576, pages=_PAGES_OF_M30III
    ),
    "xp-58": replace(_58_MM, maker="Xprinter", sources=("better", "db #36: kanji mode is on")),
    "xp-80": replace(
        _80_MM,
        maker="Xprinter",
        sources=("better", "mike42/escpos-php #401: an XP-80C types GS ( k as text"),
        qr=False,
    ),
    "xp-n160ii": Model("Xprinter", ("encoder xprinter-xp-n160ii",), 48, 576, qr=True, barcode=True),
    "xp-t80q": Model("Xprinter", ("encoder xprinter-xp-t80q",), 48, 576, qr=True, barcode=True),
    "xp-s260m": Model(
        "Xprinter", ("GS ( H answered over 100 probed receipts",), fence=FenceKind.PROCESS_ID
    ),
    "gp-58": replace(_58_MM, maker="Gprinter"),
    "gp-80": replace(
        _80_MM,
        maker="Gprinter",
        sources=("better", "db #63: GP-80XXX"),
        qr=False,
        barcode=True,
        cut=Cut.FULL,
        drawer=True,
    ),
    # It tells GS I that it is a TM-T88V, and its GS ( H is unverified.
    "rp326": Model("Rongta", ("db RP326",), pages=_PAGES, qr=True, barcode=True, drawer=True),
    "zj-5890": _zijiang(
        "Zijiang", "db POS-5890", "mike42/escpos-php #37: FS & … FS .", cjk=Cjk.FS_GB18030
    ),
    "zj-5870": _zijiang("Zijiang", "db ZJ-5870"),
    "pos-5890": _zijiang("Zijiang", "db POS-5890"),
    "nt-5890k": _zijiang("Netum", "db NT-5890K"),
    # Star's own commands are another language: it must be switched to ESC/POS.
    "tsp650ii": Model(
        "Star",
        (
            "encoder star-tsp650ii",
            "python-escpos #434: DLE EOT 1 says offline while it prints",
        ),
        48,
        576,
        status=False,
    ),
    "generic-58": _58_MM,
    "generic-80": _80_MM,
}
