"""Pictures that are sent as dots: rasters, columns, and those kept in the printer's memory.

Owns what each command's bytes mean as dots; where they come to stand, the line and the paper know.
"""

import io
from collections.abc import Callable
from typing import Final

from PIL import Image

from hardware.simulator.printer.paper import Bitmap, Dots, Place, Printed, Symbol
from hardware.simulator.printer.typesetting import Handler, Typesetter, word

MEMORY_BYTES: Final = 393_216
"""How large its memory for logos is; the oldest make room for new ones."""
BMP_PIXELS_MAX: Final = 4_000_000

_SIZES: Final = {n + zero: (1 + (n & 1), 1 + (n >> 1)) for zero in (0, 48) for n in range(4)}
_TALL_PICTURE_BYTES: Final = 48
_ROOM_ANSWERS: Final = {0: 0x30, 48: 0x30, 3: 0x31, 51: 0x31, 4: 0x32, 52: 0x32}
_STORED, _LOADED = "stored", "loaded"
_MEMORIES: Final = {
    **dict.fromkeys((64, 65, 66, 67, 68, 69), _STORED),
    **dict.fromkeys((80, 81, 82, 83, 84, 85), _LOADED),
}


class Pictures:
    """Logos stored by FS q and GS ( L 67 outlast power; those loaded by GS * and GS ( L 83 are gone
    with the next ESC @."""

    def __init__(
        self, line: Typesetter, put: Callable[[Printed], None], say: Callable[[bytes], None]
    ) -> None:
        self._line, self._put, self._say = line, put, say
        self._logos: dict[int, Bitmap] = {}
        self._keyed: dict[str, dict[bytes, Bitmap]] = {_STORED: {}, _LOADED: {}}
        self.reset()

    def reset(self) -> None:
        self._loaded: Bitmap | None = None
        self._keyed[_LOADED].clear()
        self._waiting: list[tuple[Bitmap, int, int]] = []

    def commands(self) -> dict[bytes, Handler]:
        return {
            b"\x1dv": self._raster, b"\x1dQ": self._columns_of_gs_q, b"\x1b*": self._columns,
            b"\x1d*": self._load, b"\x1d/": self._print_loaded, b"\x1cq": self._store_logos,
            b"\x1cp": self._print_logo, b"\x1d(L": self._graphics, b"\x1d8L": self._graphics,
            b"\x1dD": self._store_file, b"\x12*": self._small, b"\x12V": self._tall,
        }  # fmt: skip

    @property
    def _place(self) -> Place:
        return self._line.place

    def _print(self, bitmap: Bitmap, wide: int = 1, high: int = 1) -> None:
        if bitmap.width and bitmap.rows:
            self._put(Dots(bitmap, self._place, wide, high))

    # ---- printed as they come

    def _raster(self, given: bytes) -> bool:
        """GS v 0 m xL xH yL yH and rows of x bytes."""
        size = _SIZES.get(given[1])
        if given[:1] != b"0" or size is None:
            return False
        self._print(Bitmap(word(given[2:]) * 8, given[6:]), *size)
        return True

    def _columns_of_gs_q(self, given: bytes) -> bool:
        """GS Q 0 m xL xH yL yH and x columns of y bytes."""
        size = _SIZES.get(given[1])
        column_bytes = word(given[4:])
        if given[:1] != b"0" or size is None:
            return False
        if len(given) > 6:
            self._print(Bitmap.from_columns(column_bytes, given[6:]), *size)
        return True

    def _columns(self, given: bytes) -> None:
        """ESC * m nL nH: a strip of 8 or 24 dots in the line, 8 of which are as tall as 24."""
        tall = bool(given[0] & 0x20)
        if len(given) > 3:
            bitmap = Bitmap.from_columns(3 if tall else 1, given[3:])
            self._line.add_dots(bitmap, 1 if given[0] & 1 else 2, 1 if tall else 3)

    def _small(self, given: bytes) -> None:
        """DC2 * r n: r rows of n bytes."""
        self._print(Bitmap(given[1] * 8, given[2:]))

    def _tall(self, given: bytes) -> None:
        """DC2 V nL nH: n rows as wide as paper of 58 mm."""
        self._print(Bitmap(_TALL_PICTURE_BYTES * 8, given[2:]))

    # ---- kept in memory

    def _load(self, given: bytes) -> None:
        """GS * x y: x times 8 columns of y bytes."""
        if len(given) > 2:
            self._loaded = Bitmap.from_columns(given[1], given[2:])

    def _print_loaded(self, given: bytes) -> bool:
        """GS / m."""
        size = _SIZES.get(given[0])
        if size is not None and self._loaded is not None:
            self._print(self._loaded, *size)
        return size is not None

    def _store_logos(self, given: bytes) -> None:
        """FS q n, then n times xL xH yL yH and x times 8 columns of y bytes: all there are now."""
        self._logos.clear()
        at = 1
        for number in range(1, given[0] + 1):
            columns, column_bytes = word(given[at:]) * 8, word(given[at + 2 :])
            data = given[at + 4 : at + 4 + columns * column_bytes]
            at += 4 + len(data)
            if data:
                self._logos[number] = Bitmap.from_columns(column_bytes, data)

    def _print_logo(self, given: bytes) -> None:
        """FS p n m."""
        size = _SIZES.get(given[1], (1, 1))
        self._print_kept(self._logos.get(given[0]), str(given[0]), size)

    def _print_kept(self, bitmap: Bitmap | None, name: str, size: tuple[int, int]) -> None:
        """The logo; a box with its name for one that a shop's printer would have in its memory."""
        if bitmap is None:
            self._put(Symbol("logo", name, self._place))
        else:
            self._print(bitmap, *size)

    def _store_file(self, given: bytes) -> bool:
        """GS D 0 fn a kc1 kc2 b c and a BMP file."""
        if given[:1] != b"0" or given[1] not in _MEMORIES:
            return False
        if (bitmap := _of_bmp(given[7:])) is not None:
            self._keep(given[1], given[3:5], bitmap)
        return True

    # ---- GS ( L and GS 8 L

    def _graphics(self, given: bytes) -> bool:
        """The functions of m = 48; one that does not fit its length is none."""
        if len(given) < 2 or given[0] != 48:
            return False
        function, data = given[1], given[2:]
        match function:
            case 0 | 3 | 4 | 48 | 51 | 52:
                self._say(b"\x37%c%d\x00" % (_ROOM_ANSWERS[function], MEMORY_BYTES))
            case 1 | 49:
                pass  # 180 dots an inch, or 90
            case 2 | 50:
                self._print_waiting()
            case 112 | 113:
                self._wait(data, in_columns=function == 113)
            case _:
                return self._use_memory(function, data)
        return True

    def _wait(self, data: bytes, *, in_columns: bool) -> None:
        """a bx by c xL xH yL yH and the dots, printed by function 50."""
        if len(data) > 8:
            bitmap = _of_size(word(data[4:]), word(data[6:]), data[8:], in_columns=in_columns)
            wide, high = (2 if n in (2, 50) else 1 for n in data[1:3])
            self._waiting.append((bitmap, wide, high))
            del self._waiting[:-4]  # one for each colour

    def _print_waiting(self) -> None:
        """What function 112 stored, colours one on the other: they print black here."""
        waiting, self._waiting = self._waiting, []
        if waiting:
            bitmap, wide, high = waiting[0]
            for other, *_ in waiting[1:]:
                bitmap = _both(bitmap, other)
            self._print(bitmap, wide, high)

    def _use_memory(self, function: int, data: bytes) -> bool:
        """Functions 64 to 69 on stored graphics, 80 to 85 on loaded ones: list, delete all, delete,
        define in rows, define in columns, print."""
        if function not in _MEMORIES:
            return False
        memory = self._keyed[_MEMORIES[function]]
        match function % 16:
            case 0:
                self._list(function, memory)
            case 1:
                memory.clear()
            case 2:
                memory.pop(data[:2], None)
            case 5:
                size = (2 if data[2:3] == b"\x02" else 1, 2 if data[3:4] == b"\x02" else 1)
                name = data[:2].decode("latin-1")
                self._print_kept(memory.get(data[:2]), name, size)
            case in_columns:
                self._define(function, data, in_columns=in_columns == 4)
        return True

    def _list(self, function: int, memory: dict[bytes, Bitmap]) -> None:
        keys = b"".join(memory)[:80]
        self._say(b"\x37%c\x40%b\x00" % (0x72 if function == 64 else 0x73, keys))

    def _define(self, function: int, data: bytes, *, in_columns: bool) -> None:
        """a kc1 kc2 b xL xH yL yH, then b times a colour and the dots in it."""
        if len(data) < 9:
            return
        width, rows = word(data[4:]), word(data[6:])
        size_bytes = width * ((rows + 7) // 8) if in_columns else (width + 7) // 8 * rows
        bitmap: Bitmap | None = None
        for colour in range(min(data[3], 4)):
            begin = 9 + colour * (size_bytes + 1)
            dots = data[begin : begin + size_bytes]
            layer = _of_size(width, rows, dots, in_columns=in_columns)
            bitmap = layer if bitmap is None else _both(bitmap, layer)
        if bitmap is not None:
            self._keep(function, data[1:3], bitmap)

    def _keep(self, function: int, key: bytes, bitmap: Bitmap) -> None:
        memory = self._keyed[_MEMORIES[function]]
        memory[key] = bitmap
        while sum(len(kept.bits) for kept in memory.values()) > MEMORY_BYTES:
            del memory[next(iter(memory))]


def _of_size(width: int, rows: int, data: bytes, *, in_columns: bool) -> Bitmap:
    """Of a width and height in dots; no more than there is data for."""
    if not width or not rows:
        return Bitmap(0, b"")
    if in_columns:
        return Bitmap.from_columns((rows + 7) // 8, data)
    row_bytes = (width + 7) // 8
    return Bitmap(width, data[: len(data) // row_bytes * row_bytes][: row_bytes * rows])


def _both(one: Bitmap, other: Bitmap) -> Bitmap:
    if one.width != other.width:
        return one
    rows = min(one.rows, other.rows)
    size = one.row_bytes * rows
    pairs = zip(one.bits[:size], other.bits[:size], strict=True)
    return Bitmap(one.width, bytes(a | b for a, b in pairs))


def _of_bmp(data: bytes) -> Bitmap | None:
    """A BMP file's black dots; None when it is none."""
    try:
        with Image.open(io.BytesIO(data), formats=("BMP",)) as image:
            if image.width * image.height > BMP_PIXELS_MAX:
                return None
            black = image.convert("L").point(lambda light: 255 if light < 128 else 0).convert("1")
            return Bitmap(black.width, black.tobytes())
    except (OSError, ValueError, SyntaxError, EOFError):
        return None
