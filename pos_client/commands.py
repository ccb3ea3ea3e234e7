"""Every act by its name: the list behind Ctrl+P, and the help behind F1."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from pos_client.screen.page import Desk, KeyLabel, Page, Size
from pos_client.screen.rows import BLANK, Ink, Row, Span, fit, row
from retail.language import Text

_KEY_COLUMNS = 12


class Command(NamedTuple):
    """An act that can be chosen by name; `key` is its shortcut, if it has one."""

    says: Text
    key: str
    act: Callable[[], object]


def _names(command: Command) -> tuple[str, str]:
    """As they are looked for."""
    return command.says.en.casefold(), command.says.zh.casefold()


class CommandsPage(Page):
    """Type a part of a name, choose with the arrows, Enter."""

    follows_entry = True
    _title = Text("All acts", "全部操作")
    _ask = Text("Type a part of the name", "输入名称的一部分")
    _none = Text("No act has {text} in its name.", "没有名称含“{text}”的操作。")

    def __init__(self, desk: Desk, commands: Sequence[Command]) -> None:
        super().__init__(desk)
        self._commands = commands
        self._place = 0

    def _found(self) -> list[Command]:
        """Those that have what is typed in their name, first those that begin with it: `X` is the
        X report and not exact cash."""
        wanted = self.desk.entry.strip().casefold()
        found = [one for one in self._commands if any(wanted in name for name in _names(one))]
        return sorted(
            found, key=lambda one: not any(name.startswith(wanted) for name in _names(one))
        )

    def rows(self, size: Size) -> list[Row]:
        rows: list[Row] = [row(Span("  " + self.say(self._title), Ink.STRONG)), BLANK]
        found = self._found()
        self._place = min(self._place, max(0, len(found) - 1))
        room = max(1, size.rows - 2)
        first = max(0, min(self._place - room // 2, len(found) - room))
        for place, command in list(enumerate(found))[first : first + room]:
            chosen = place == self._place
            mark = Span("▌ ", Ink.CHOSEN) if chosen else Span("  ")
            key = Span(fit(command.key, _KEY_COLUMNS), Ink.CHOSEN if chosen else Ink.KEY)
            said = fit(self.say(command.says), max(0, size.columns - _KEY_COLUMNS - 3))
            rows.append(row(mark, key, Span(said, Ink.CHOSEN if chosen else Ink.TEXT)))
        return rows

    def prompt(self) -> str:
        return self.say(self._ask)

    def keys(self) -> Sequence[KeyLabel]:
        return (
            KeyLabel("Esc", Text("Back", "返回")),
            KeyLabel("↑↓", Text("Choose", "选择")),
            KeyLabel("Enter", Text("Do it", "执行")),
        )

    def enter(self, text: str) -> None:
        self.desk.entry = text
        found = self._found()
        if not found:
            self.desk.refuse(self.say(self._none, text=text))
            return
        command = found[min(self._place, len(found) - 1)]
        self.desk.close()
        command.act()

    def press(self, key: str, entry: str) -> bool:  # noqa: ARG002
        if key not in ("up", "down"):
            return False
        many = max(1, len(self._found()))
        self._place = (self._place + (-1 if key == "up" else 1)) % many
        return True


_TYPED = (
    ("3*", Text("three of the next code", "下一个商品 ×3")),
    ("-", Text("Enter: the marked line goes", "回车：删除当前行")),
    ("- 690…", Text("one less of that code", "该商品减一件")),
    ("100 F11", Text("100 in cash", "现金 100")),
    ("3 F2", Text("the marked line becomes 3", "当前行数量改为 3")),
    ("10% F3", Text("10 % off the marked line", "当前行优惠 10%")),
    ("↑ ↓", Text("mark another line", "选择其他行")),
    ("Ctrl+P", Text("all acts by name", "全部操作")),
    ("Shift+F4", Text("void the whole sale", "整单作废")),
)


class HelpPage(Page):
    """The keys of the page below, and what can be typed."""

    _title = Text("Help", "帮助")
    _typed = Text("Typed", "输入")
    _ask = Text("A scan or Esc goes on", "扫码或按 Esc 继续")

    def __init__(self, desk: Desk, of: Page) -> None:
        super().__init__(desk)
        self._of = of

    def rows(self, size: Size) -> list[Row]:
        half = max(20, size.columns // 2 - 2)
        labels = self._of.keys()
        left = [self._item(label.key, label.says, half) for label in labels]
        rights = [self._item(key, says, size.columns - half - 4) for key, says in _TYPED]
        heading = row("  ", Span(fit(self.say(self._title), half), Ink.STRONG))
        rows: list[Row] = [(*heading, Span(self.say(self._typed), Ink.STRONG)), BLANK]
        empty: Row = (Span(" " * half),)
        for place in range(max(len(left), len(rights))):
            one = left[place] if place < len(left) else empty
            other = rights[place] if place < len(rights) else ()
            rows.append((Span("  "), *one, *other))
        return rows[: size.rows]

    def _item(self, key: str, says: Text, columns: int) -> Row:
        return row(
            Span(fit(key, 10), Ink.KEY), Span(fit(self.say(says), max(0, columns - 10)), Ink.TEXT)
        )

    def prompt(self) -> str:
        return self.say(self._ask)

    def keys(self) -> Sequence[KeyLabel]:
        return (
            KeyLabel("Esc", Text("Back", "返回")),
            KeyLabel("Ctrl+P", Text("All acts", "全部操作")),
        )

    def enter(self, text: str) -> None:
        self.desk.close()
        if text:
            self.desk.page.enter(text)
