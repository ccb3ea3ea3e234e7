"""The three themes: what each ink looks like on a dark, a light and a high-contrast screen."""

from typing import Final, Literal

from rich.style import Style
from textual.theme import Theme

from pos_client.screen.rows import Ink
from retail.language import Text

Name = Literal["dark", "light", "contrast"]
NAMES: Final[dict[Name, Text]] = {
    "dark": Text("dark", "深色"),
    "light": Text("light", "浅色"),
    "contrast": Text("high contrast", "高对比"),
}


def _styles(background: str, bar_ground: str, /, **inks: str) -> dict[Ink, Style]:
    """Each ink as `#colour`, `#colour bold` or with a ground of its own after `on`."""
    styles = {}
    for ink in Ink:
        words = inks[ink.value]
        ground = (
            "" if " on " in f" {words} " else f" on {bar_ground if 'bar' in ink else background}"
        )
        styles[ink] = Style.parse(words + ground)
    return styles


STYLES: Final[dict[Name, dict[Ink, Style]]] = {
    "dark": _styles(
        "#15181d",
        "#20262e",
        text="#d7dce2",
        faint="#7b8794",
        strong="bold #ffffff",
        accent="#f5b759",
        good="#7fd49b",
        attend="bold #f5b759",
        bad="bold #ff8b7e",
        chosen="#ffffff on #24435c",
        key="bold #8ec8f2",
        bar="#aeb8c4",
        bar_attend="bold #f5b759",
    ),
    "light": _styles(
        "#fbfaf7",
        "#e9e6df",
        text="#23272c",
        faint="#6d747c",
        strong="bold #000000",
        accent="#9a5b00",
        good="#1f7a43",
        attend="bold #9a5b00",
        bad="bold #b3261e",
        chosen="#0b2a42 on #cfe3f3",
        key="bold #0b5c93",
        bar="#3c434a",
        bar_attend="bold #9a5b00",
    ),
    "contrast": _styles(
        "#000000",
        "#000000",
        text="#ffffff",
        faint="#d0d0d0",
        strong="bold #ffffff",
        accent="#ffff00",
        good="bold #00ff7f",
        attend="bold #ffff00",
        bad="bold #000000 on #ffff00",
        chosen="bold #000000 on #ffffff",
        key="bold #00ffff",
        bar="#ffffff",
        bar_attend="bold #000000 on #ffff00",
    ),
}


def full_name(theme: Name) -> str:
    """What the terminal library calls the theme."""
    return f"omnitill-{theme}"


def themes() -> list[Theme]:
    """The same for what the terminal library draws itself."""
    made = []
    for name, styles in STYLES.items():
        text, accent = styles[Ink.TEXT], styles[Ink.ACCENT]
        background, bar = text.bgcolor, styles[Ink.BAR].bgcolor
        assert background is not None
        assert bar is not None
        assert text.color is not None
        assert accent.color is not None
        good, attend, bad = (styles[ink] for ink in (Ink.GOOD, Ink.ATTEND, Ink.BAD))
        worst = bad.bgcolor if name == "contrast" else bad.color
        assert good.color is not None
        assert attend.color is not None
        assert worst is not None
        made.append(
            Theme(
                name=full_name(name),
                primary=accent.color.name,
                success=good.color.name,
                warning=attend.color.name,
                error=worst.name,
                foreground=text.color.name,
                background=background.name,
                surface=bar.name,
                panel=bar.name,
                dark=name != "light",
            )
        )
    return made
