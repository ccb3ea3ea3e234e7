"""How one printer is spoken to: what its model is known for, and what its URL says otherwise.

    escpos+tcp://10.0.0.5:9100?profile=xp-s260m&cols=48&cjk=fs_gb18030&qr=picture
    escpos+tcp://10.0.0.6:9100?profile=zj-5890&fence=none&status=no

Owns the options of printer URLs that concern the printer and not its link.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeVar

from hardware.printer.encoding import PAGE_437, Cjk, Encoding, Page
from hardware.printer.models import MODELS, Cut, FenceKind, Model
from hardware.printer.parts import COLUMN_DOTS
from hardware.url import DeviceUrl

__all__ = ("COLUMNS", "Cut", "FenceKind", "Profile", "profile_of")

COLUMNS: Final = (32, 42, 48)
"""Paper widths we know: 58 mm, 80 mm in the wider font of some models, 80 mm."""

_WHETHER: Final = {"yes": True, "no": False}
_DRAWN_BY_IT: Final = {"native": True, "picture": False}
_LEVELS: Final = {"high": True, "low": False}


@dataclass(frozen=True, slots=True)
class Profile:
    """All that has to be settled before a byte is sent.

    `asb` sets automatic status on; `drawer_open_when_high` says which level of the drawer's
    connector, pin 3, means an open one. `assumed` names the URL options that neither the URL nor
    the model's facts settle: for those the value here is only the likeliest.
    """

    columns: int = 48
    dots: int = 576
    cjk: Cjk = Cjk.FS_GB18030
    pages: tuple[Page, ...] = (PAGE_437,)
    draws_qr: bool = True
    draws_barcodes: bool = True
    cut: Cut = Cut.PARTIAL
    fence: FenceKind = FenceKind.PROCESS_ID
    status: bool = True
    asb: bool = False
    drawer_open_when_high: bool | None = None
    model: str = ""
    assumed: frozenset[str] = frozenset()

    @property
    def encoding(self) -> Encoding:
        return Encoding(self.cjk, self.pages)


def profile_of(url: DeviceUrl) -> Profile:
    """The profile that a printer's URL asks for; `ValueError` when an option makes no sense.

    Options: `profile` a model; `cols` 48, 42 or 32; `cjk`, `fence`, `cut` as in `Cjk`, `FenceKind`,
    `Cut`; `qr` and `barcode` native or picture; `status` and `asb` yes or no; `drawer` high or low,
    the level of pin 3 when it is open.
    """
    name = url.text_option("profile")
    model = MODELS[_one_of("profile", name, MODELS)] if name else Model("any", ())
    settling = _Settling(url)
    columns = settling.option("cols", model.columns, 48, {str(cols): cols for cols in COLUMNS})
    narrow = columns == min(COLUMNS)
    return Profile(
        columns=columns,
        dots=(model.dots if columns == model.columns else None) or columns * COLUMN_DOTS,
        cjk=settling.option("cjk", model.cjk, Cjk.FS_GB18030, _named(Cjk)),
        pages=model.pages or (PAGE_437,),
        # Of the narrow models that anybody speaks of none draws codes, of the wide ones most do.
        draws_qr=settling.option("qr", model.qr, not narrow, _DRAWN_BY_IT),
        draws_barcodes=settling.option("barcode", model.barcode, not narrow, _DRAWN_BY_IT),
        cut=settling.option("cut", model.cut, Cut.PARTIAL, _named(Cut)),
        # A model that is named and not known for GS ( H most likely lacks it.
        fence=settling.option(
            "fence",
            model.fence,
            FenceKind.BUFFER if name else FenceKind.PROCESS_ID,
            _named(FenceKind),
        ),
        status=settling.option("status", model.status, True, _WHETHER),
        asb=settling.option("asb", model.asb, False, _WHETHER),
        drawer_open_when_high=settling.option("drawer", None, None, _LEVELS),
        model=name,
        assumed=frozenset(settling.assumed),
    )


Value = TypeVar("Value")
Named = TypeVar("Named", bound=StrEnum)


def _named(kinds: type[Named]) -> dict[str, Named]:
    return {str(kind): kind for kind in kinds}


class _Settling:
    """Takes options out of a URL; `assumed` names those that only a guess settles."""

    def __init__(self, url: DeviceUrl) -> None:
        self._url = url
        self.assumed: set[str] = set()

    def option(
        self, name: str, known: Value | None, likely: Value, words: Mapping[str, Value]
    ) -> Value:
        """What the URL says, else what is known, else what is likely."""
        word = self._url.text_option(name)
        if word:
            return words[_one_of(name, word, words)]
        if known is None:
            self.assumed.add(name)
            return likely
        return known


def _one_of(name: str, word: str, words: Iterable[str]) -> str:
    if word not in words:
        raise ValueError(f"{name} is {word!r}, not one of {', '.join(words)}")
    return word
