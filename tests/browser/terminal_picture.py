"""The till's screen as a terminal draws it, in HTML: a cell a box, so that every font lines up."""

from html import escape

from pos_client.screen.colours import STYLES, Name
from pos_client.screen.rows import Ink, Row, cells

CELL_W, CELL_H = 9, 20
_LINES = {"─": "left:0;right:0;top:50%;height:1px", "│": "left:50%;top:0;bottom:0;width:1px"}
_BLOCKS = {
    "█": ("inset:0",),
    "▀": ("left:0;right:0;top:0;height:50%",),
    "▄": ("left:0;right:0;bottom:0;height:50%",),
    "▌": ("left:0;top:0;bottom:0;width:50%",),
    "▏": ("left:0;top:12%;bottom:12%;width:2px",),
    "─": (_LINES["─"],),
    "│": (_LINES["│"],),
    "┬": (_LINES["─"], "left:50%;top:50%;bottom:0;width:1px"),
    "┴": (_LINES["─"], "left:50%;top:0;bottom:50%;width:1px"),
}


def page(rows: list[Row], theme: Name) -> str:
    """The whole page; its `#screen` is the picture."""
    drawn = [
        _cell(x, y, char, ink, theme)
        for y, row in enumerate(rows)
        for x, (char, ink) in enumerate(cells(row))
        if char
    ]
    width, height = len(cells(rows[0])) * CELL_W, len(rows) * CELL_H
    ground = STYLES[theme][Ink.TEXT].bgcolor
    assert ground is not None
    return f"""<!doctype html><meta charset="utf-8"><style>
body {{ margin: 0; }}
#screen {{ position: relative; width: {width}px; height: {height}px; background: {ground.name};
  padding: 12px; border-radius: 8px; overflow: hidden; }}
i {{ position: absolute; height: {CELL_H}px; line-height: {CELL_H}px; font-style: normal;
  white-space: pre; font-size: 15px; overflow: visible;
  font-family: "DejaVu Sans Mono", "Noto Sans Mono CJK SC", "WenQuanYi Zen Hei", monospace; }}
i.wide {{ font-family: "Noto Sans CJK SC", "WenQuanYi Zen Hei", sans-serif; font-size: 16px; }}
b {{ position: absolute; background: currentColor; }}
</style><div id="screen">{"".join(drawn)}</div>"""


def _cell(x: int, y: int, char: str, ink: Ink, theme: Name) -> str:
    style = STYLES[theme][ink]
    assert style.color is not None
    assert style.bgcolor is not None
    wide = len(char.encode()) > 2 and char not in _BLOCKS and ord(char) >= 0x2E80
    columns = 2 if wide else 1
    text = "".join(f'<b style="{box}"></b>' for box in _BLOCKS.get(char, ())) or escape(char)
    place = f"left:{12 + x * CELL_W}px;top:{12 + y * CELL_H}px;width:{columns * CELL_W}px"
    colours = f"color:{style.color.name};background:{style.bgcolor.name}"
    weight = ";font-weight:bold" if style.bold else ""
    return f'<i class="{"wide" if wide else ""}" style="{place};{colours}{weight}">{text}</i>'
