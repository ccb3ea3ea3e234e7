"""A cashier at the face without its glass: types, presses, scans, and reads the screen."""

from pos_client.face import Face
from pos_client.screen.frame import COLUMNS_MIN, ROWS_MIN
from pos_client.screen.page import Size
from pos_client.screen.rows import Row, row_width, text_of
from pos_client.till import Till

LARGE, SMALL = Size(100, 30), Size(80, 24)
#: a hand, and a scanner
HAND_S, SCANNER_S = 0.12, 0.002


class Cashier:
    """Time passes only by what is typed."""

    def __init__(self, till: Till, size: Size = LARGE) -> None:
        self.bells = 0
        self.left = False
        self.worn: list[str] = []
        self.size = size
        self.at_s = 100.0
        self.face = Face(till, self._leave, self._ring, self.worn.append)

    def _leave(self) -> None:
        self.left = True

    def _ring(self) -> None:
        self.bells += 1

    def press(self, *keys: str) -> None:
        """Named keys, by hand."""
        for key in keys:
            self.at_s += HAND_S
            self.face.key(key, "\r" if key == "enter" else None, self.at_s)

    def type(self, text: str, *keys: str, pace_s: float = HAND_S) -> None:
        """Characters by hand, then named keys."""
        for char in text:
            self.at_s += pace_s
            self.face.key(char, char, self.at_s)
        self.press(*keys)

    def scan(self, *codes: str) -> None:
        """What a wedge scanner types."""
        for code in codes:
            self.at_s += HAND_S
            for char in code:
                self.at_s += SCANNER_S
                self.face.key(char, char, self.at_s)
            self.at_s += SCANNER_S
            self.face.key("enter", "\r", self.at_s)

    def scan_by_serial(self, code: str, aim: str = "") -> None:
        self.face.told("scanner.scan", {"code": code, "aim": aim})

    def rows(self) -> list[Row]:
        """The screen, of which every row has exactly its columns, unless there is no room; what
        is being looked for is found first."""
        self.face.till.catalogue.finder.settle()
        drawn = self.face.frame(self.size)
        rows = drawn.rows
        if self.size.columns >= COLUMNS_MIN and self.size.rows >= ROWS_MIN:
            assert len(rows) == self.size.rows
            assert {row_width(each) for each in rows} == {self.size.columns}
        return rows

    @property
    def lines(self) -> list[str]:
        """What stands there, row by row."""
        return [text_of(each) for each in self.rows()]

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    @property
    def note(self) -> str:
        """The sentence above the entry."""
        return self.lines[-5].strip()

    @property
    def entry(self) -> str:
        return self.face.desk.entry

    @property
    def codes(self) -> list[tuple[str, int]]:
        """What lies in the basket: code and pieces (or grams), line by line."""
        return [(line.code, line.quantity) for line in self.face.till.sale.basket.lines]
