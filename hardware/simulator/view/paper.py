"""The paper as it hangs out of the printer: its lines, drawn QR codes, marks where it was cut."""

import re
from typing import ClassVar, Final

import segno
from rich.cells import cell_len
from textual.app import ComposeResult
from textual.content import Content

from hardware.simulator.counter import SimulatedCounter, TornOff
from hardware.simulator.printer.condition import Paper, Trouble
from hardware.simulator.view.controls import Label, Lamp, Part, Row, Scroll, show_lamp, trouble_of
from hardware.simulator.view.words import Language, Words

_QR: Final = re.compile(r"\[QR (.+)\]")
_PAPER_SHOWN: Final = 300
_COLUMNS_MIN: Final = 20

PRINTER: Final = Words("Receipt printer", "小票打印机")
LID: Final = Words("lid open", "机盖打开")
NO_PAPER: Final = Words("no paper", "缺纸")
NEAR_END: Final = Words("paper near end", "纸将用完")
CUTTER: Final = Words("cutter jammed", "切刀卡住")
HOT: Final = Words("head too hot", "打印头过热")
BROKEN: Final = Words("out of order", "故障")
BLANK: Final = Words("Receipts come out here.", "小票从这里出来。")

_TROUBLES: Final = {
    Trouble.CUTTER_JAMMED: CUTTER,
    Trouble.CUTTER_STOPPED: CUTTER,
    Trouble.HEAD_HOT: HOT,
    Trouble.BROKEN: BROKEN,
}


def printer_trouble(counter: SimulatedCounter) -> Words | None:
    """The first thing that keeps it from printing."""
    if (trouble := trouble_of(counter.printer)) is not None:
        return trouble
    if counter.printer.cover_open:
        return LID
    if counter.roll is Paper.OUT:
        return NO_PAPER
    return next((_TROUBLES[each] for each in Trouble if each in counter.troubles), None)


class PaperPart(Part):
    """How the printer is, and its paper."""

    DEFAULT_CSS: ClassVar[str] = """
    PaperPart { height: 1fr; }
    PaperPart #slot { height: 1; color: $foreground-muted; }
    PaperPart #paper { height: 1fr; align-horizontal: center; background: $surface; }
    PaperPart #strip { width: auto; max-width: 100%; padding: 0 1; background: #f7f4ea;
                       color: #26241f; }
    """

    def __init__(self, counter: SimulatedCounter) -> None:
        super().__init__(counter, id="printing")
        self._title = Label(id="printer-title", classes="title")
        self._lamp = Lamp(id="printer-lamp")
        self._slot = Label(id="slot")
        self._strip = Label(id="strip")
        self._paper = Scroll(self._strip, id="paper")
        self._drawn: tuple[int, int, Language] | None = None

    def compose(self) -> ComposeResult:
        with Row():
            yield self._title
            yield self._lamp
        yield self._slot
        yield self._paper

    def on_mount(self) -> None:
        self._paper.anchor()  # its end stays in sight when there is less room

    def show(self, language: Language) -> None:
        self._title.say(PRINTER.to(language))
        near = self.counter.roll is Paper.NEAR_END
        trouble = printer_trouble(self.counter) or (NEAR_END if near else None)
        show_lamp(self._lamp, trouble, language)
        self._slot.say("▄" * self.size.width)
        width = min(self.counter.printer.columns, max(self.size.width - 3, _COLUMNS_MIN))
        drawing = self.counter.pieces_out, width, language
        if drawing != self._drawn:  # else whoever has scrolled back goes on reading
            self._drawn = drawing
            self._strip.say(self._strip_text(width, language))
            self._paper.scroll_end(animate=False)

    def _strip_text(self, width: int, language: Language) -> Content:
        lines: list[Content] = []
        for piece in list(self.counter.strip)[-_PAPER_SHOWN:]:
            if isinstance(piece, TornOff):
                lines.append(Content.styled("✂" + " ╌" * ((width - 1) // 2), "#a09a88"))
                continue
            code = _QR.fullmatch(piece.strip())
            rows = drawn_qr(code.group(1), width) if code else []
            rows = rows or [fitted(piece, width)]
            lines += [Content(line + " " * (width - cell_len(line))) for line in rows]
        return Content("\n").join(lines or [Content.styled(BLANK.to(language), "#8a8474")])


def drawn_qr(text: str, width: int) -> list[str]:
    """A QR code in half blocks, in the middle of `width` columns; nothing when it has no room."""
    try:
        code = segno.make_qr(text, error="l")
    except ValueError:  # more than any symbol holds
        return []
    bits = [list(row) for row in code.matrix_iter(border=1)]
    if len(bits) > width:
        return []
    left = " " * ((width - len(bits)) // 2)
    pairs = zip(bits[::2], [*bits[1::2], [0] * len(bits)], strict=False)
    return [
        left + "".join(" ▄▀█"[2 * above + below] for above, below in zip(*pair, strict=True))
        for pair in pairs
    ]


def fitted(line: str, width: int) -> str:
    """A line of wider paper for a narrow view: the widest gap or rule gives way first, so that
    amounts stay at the right edge; what has no gap stays as long as it is.

    >>> fitted("Total        12.00", 12)
    'Total  12.00'
    """
    excess = cell_len(line) - width
    if excess <= 0:
        return line
    gaps = sorted(re.finditer(r"([ =*─-])\1+", line), key=lambda gap: len(gap.group()))
    if gaps:
        begin, end = gaps[-1].span()
        line = line[: begin + max(1, end - begin - excess)] + line[end:]
    return line
