"""What every page of the till's screen is made of: rows of inked text, keys, colours, one sheet.

Only `sheet`, `colours` and `terminal` know the terminal library; the rest are values and rules, so
that a page can be read and tested as text.
"""

import os


def ask_for_quick_frames() -> None:
    """Frames as often as a fast scanner asks for them. The library reads this when it is first
    imported, and waits out a frame's time before the next one (its own default is a sixtieth of a
    second)."""
    os.environ.setdefault("TEXTUAL_FPS", "1000")
