"""Every act by its name: the list behind Ctrl+P, and the help behind F1."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from pos_client.screen import words
from pos_client.screen.page import Desk, KeyLabel, Landing, Page, Size
from pos_client.screen.rows import BLANK, Ink, Row, Span, fit, folded, mark, row
from pos_client.sync.line import in_words
from pos_client.sync.service import SyncState
from retail.language import Text

_KEY_COLUMNS = 12


class Command(NamedTuple):
    """An act that can be chosen by name; `key` is its shortcut, if it has one."""

    says: Text
    key: str
    act: Callable[[], object]
    #: the Chinese name as a keyboard without Chinese types it
    pinyin: str = ""


class CommandsPage(Page):
    """Type a part of a name, choose with the arrows, Enter."""

    follows_entry = True
    _title = Text("All actions", "全部操作")
    _ask = Text("Type a part of the name", "输入名称或拼音的一部分")
    _none = Text("No action has {text} in its name.", "没有名称含“{text}”的操作。")

    def __init__(self, desk: Desk, commands: Sequence[Command]) -> None:
        super().__init__(desk)
        self._commands = commands
        self._place = 0

    def _found(self) -> list[Command]:
        """Those that have what is typed in their name, first those that begin with it: `X` is the
        X report and not exact cash."""
        wanted = self.desk.entry.strip().casefold()

        def names(command: Command) -> tuple[str, ...]:
            says = command.says
            return says.en.casefold(), says.zh.casefold(), command.pinyin

        found = [each for each in self._commands if any(wanted in name for name in names(each))]
        return sorted(found, key=lambda each: not any(n.startswith(wanted) for n in names(each)))

    def rows(self, size: Size) -> list[Row]:
        rows: list[Row] = [row(Span("  " + self.say(self._title), Ink.STRONG)), BLANK]
        found = self._found()
        self._place = min(self._place, max(0, len(found) - 1))
        room = max(1, size.rows - 2)
        first = max(0, min(self._place - room // 2, len(found) - room))
        if not found:
            rows.append(
                row(Span("  " + self.say(self._none, text=words.code(self.desk.entry)), Ink.FAINT))
            )
        for place, command in list(enumerate(found))[first : first + room]:
            chosen = place == self._place
            marked = mark(chosen=chosen)
            key = Span(fit(command.key, _KEY_COLUMNS), Ink.CHOSEN if chosen else Ink.KEY)
            said = fit(self.say(command.says), max(0, size.columns - _KEY_COLUMNS - 3))
            rows.append(row(marked, key, Span(said, Ink.CHOSEN if chosen else Ink.TEXT)))
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
            self.desk.refuse(self.say(self._none, text=words.code(text)))
            return
        command = found[min(self._place, len(found) - 1)]
        self.desk.close()
        command.act()

    def press(self, key: str, entry: str) -> bool:  # noqa: ARG002
        if key not in ("up", "down"):
            return False
        place = self._place + (-1 if key == "up" else 1)
        self._place = min(max(place, 0), max(0, len(self._found()) - 1))
        return True


_TYPED = (
    ("3*", Text("three of the next", "下一个商品 ×3")),
    ("- Enter", Text("marked line goes", "删除当前行")),
    ("- 69…", Text("one less of it", "该商品减一件")),
    (". 69…", Text("check a price", "查价")),
    ("100 F11", Text("100 in cash", "现金 100")),
    ("3 F2", Text("marked line to 3", "当前行数量改为 3")),
    ("10% F3", Text("10 % off the line", "当前行打 9 折")),
    ("↑ ↓", Text("mark a line", "选择其他行")),
    ("Ctrl+P", Text("X report, close the shift …", "X 报表、交班……")),
    ("Shift+F4", Text("void the sale", "整单作废")),
)


#: of the status line
_MARKS = (
    ("● ○", Text("in step, offline", "同步，离线")),
    ("▲", Text("hub trouble: sell on", "总部问题，照常销售")),
    ("▤ ‖", Text("printer, scanner", "打印机，扫描枪")),
)


class HelpPage(Page):
    """What is wrong between till and hub and what to do, while it is; the keys of the page below,
    what can be typed, and what the marks of the status line mean."""

    _title = Text("Help", "帮助")
    _typed = Text("Typed", "输入")
    _ask = Text("Scan or press Esc to go on", "扫码或按 Esc 继续")

    def __init__(self, desk: Desk, of: Page, sync: Callable[[], SyncState | None]) -> None:
        super().__init__(desk)
        self._of = of
        self._sync = sync

    def rows(self, size: Size) -> list[Row]:
        keys = [(label.key, label.says) for label in self._of.keys()]  # noqa: SIM118
        typed = _TYPED if self._of.scan is Landing.LANDS else ()
        others: list[tuple[str, Text]] = [*typed, *_MARKS]
        left = min(22, max(18, size.columns // 2 - 2))
        heading = row("  ", Span(fit(self.say(self._title), left), Ink.STRONG))
        rows = self._trouble(size)
        rows.append((*heading, Span(self.say(self._typed) if typed else "", Ink.STRONG)))
        for place in range(max(len(keys), len(others))):
            one = self._item(*keys[place], 8, left) if place < len(keys) else row(" " * left)
            rest = size.columns - left - 3
            other = self._item(*others[place], 10, rest) if place < len(others) else BLANK
            rows.append((Span("  "), *one, *other))
        return rows[: size.rows]

    def _trouble(self, size: Size) -> list[Row]:
        """What the hub says is wrong, and the way on."""
        state = self._sync()
        if state is None or state.said is None:
            return []
        say, remedy = (self.say(text) for text in in_words(state.said))
        lines = [f"▲ {line}" for line in folded(say, size.columns - 5)]
        lines += folded(remedy, size.columns - 3)
        return [*(row("  ", Span(line, Ink.ATTEND)) for line in lines), BLANK]

    def _item(self, key: str, says: Text, key_columns: int, columns: int) -> Row:
        said = fit(self.say(says), max(0, columns - key_columns))
        return row(Span(fit(key, key_columns), Ink.KEY), said)

    def prompt(self) -> str:
        return self.say(self._ask)

    def keys(self) -> Sequence[KeyLabel]:
        return (
            KeyLabel("Esc", Text("Back", "返回")),
            KeyLabel("Ctrl+P", Text("All actions", "全部操作")),
        )

    def enter(self, text: str) -> None:
        self.desk.close()
        self.desk.entry = text
