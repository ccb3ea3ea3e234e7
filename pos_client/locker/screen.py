"""The pickup locker: its doors at a glance, what lies behind them, and the keys to open one."""

from collections.abc import Sequence
from datetime import datetime

from hardware.locker.compartment import DoorState
from pos_client.locker.records import Opening
from pos_client.locker.service import Box, NoSuchCompartment
from pos_client.screen import words
from pos_client.screen.page import ESC, Desk, KeyLabel, Landing, Page, Size
from pos_client.screen.question import Question, ReasonQuestion
from pos_client.screen.rows import BLANK, Ink, Row, Span, fit, mark, row
from retail.facts import DoorOutcome
from retail.language import Text

_TITLE = Text("Pickup locker", "自提柜")
_COUNTS = Text(
    "{free} free · {filled} filled · {withdrawn} out of service",
    "空闲 {free} · 已存 {filled} · 停用 {withdrawn}",
)
_EMPTY = Text("empty", "空")
_WITHDRAWN = Text("✕ {reason}", "✕ {reason}")
_OPENING = Text("Compartment {number} is opening.", "{number} 号格口正在开门。")
_STORED = Text(
    "Parcel {parcel} lies in compartment {number}.", "包裹 {parcel} 已存入 {number} 号格口。"
)
_TAKEN = Text("Parcel {parcel} was taken out.", "包裹 {parcel} 已取出。")
_WITHDREW = Text("Compartment {number} is out of service.", "{number} 号格口已停用。")
_BACK = Text("Compartment {number} is in service again.", "{number} 号格口已恢复使用。")
_FIND = Text("No parcel {parcel} lies here.", "柜中没有包裹 {parcel}。")
_FIND_WAY = Text("F2 stores it in the marked compartment.", "按 F2 存入当前格口。")

#: how each door stands, in a shape and in words
DOORS = {
    DoorState.CLOSED: Text("■ closed", "■ 已关"),
    DoorState.OPENING: Text("◧ opening", "◧ 开门中"),
    DoorState.OPEN: Text("□ open", "□ 已开"),
    DoorState.JAMMED: Text("▲ jammed", "▲ 卡住"),
    DoorState.LEFT_OPEN: Text("▲ left open", "▲ 未关门"),
    DoorState.FORCED: Text("▲ forced", "▲ 异常开启"),
    DoorState.WRONG_DOOR: Text("▲ wrong door", "▲ 开错门"),
    DoorState.UNKNOWN: Text("? unknown", "? 未知"),
}
_CALM = (DoorState.CLOSED, DoorState.OPENING, DoorState.OPEN)

#: what the door did, and what to do about it
ENDS = {
    DoorOutcome.OPENED: (Text("Compartment {number} is open.", "{number} 号格口已打开。"), None),
    DoorOutcome.ALREADY_OPEN: (
        Text("Compartment {number} was open already.", "{number} 号格口原已打开。"),
        None,
    ),
    DoorOutcome.JAMMED: (
        Text("Compartment {number} did not open.", "{number} 号格口未能打开。"),
        Text(
            "Press the door in and open it again, or use its key.",
            "请按压柜门后重试，或用机械钥匙打开。",
        ),
    ),
    DoorOutcome.WRONG_DOOR: (
        Text("Another door opened: {others}.", "开错柜门：{others} 号。"),
        Text(
            "Shut that door, and take its compartment out of service.",
            "请关好该门，并将其停用检修。",
        ),
    ),
    DoorOutcome.UNKNOWN: (
        Text("Nobody knows whether compartment {number} opened.", "{number} 号格口是否打开未知。"),
        Text("Look at the door before you try again.", "请先查看柜门，再决定是否重试。"),
    ),
    DoorOutcome.NOT_TRIED: (
        Text("Compartment {number} was not opened.", "{number} 号格口未执行开门。"),
        Text(
            "See how the locker stands (Ctrl+D), then try again.",
            "请在设备页（Ctrl+D）查看自提柜后重试。",
        ),
    ),
}

_CELL_COLUMNS = 22
_CELL_ROWS = 3


def tell_end(desk: Desk, outcome: DoorOutcome, number: int, others: Sequence[int]) -> None:
    """Say what the door of that compartment did."""
    said, way_on = ENDS[outcome]
    sentence = desk.say(said, number=number, others=", ".join(map(str, others)))
    if way_on is None:
        desk.tell(sentence)
    else:
        desk.attend(sentence, desk.say(way_on))


class LockerPage(Page):
    """All compartments; a scanned parcel is marked where it lies."""

    title = _TITLE
    ask = Text("Number of a compartment, or scan a parcel", "输入格口号，或扫描包裹")
    scan = Landing.ANSWERS
    shows_total = False

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._boxes = self.till.locker.boxes()
        self._place = self._first = 0
        self._across = 1

    @property
    def chosen(self) -> Box:
        return self._boxes[self._place]

    def rows(self, size: Size) -> list[Row]:
        self._boxes = self.till.locker.boxes()
        self._across = max(1, size.columns // _CELL_COLUMNS)
        rows_of_cells = max(1, (size.rows - 3) // _CELL_ROWS)
        line = self._place // self._across
        self._first = min(max(self._first, line - rows_of_cells + 1), line)
        begin = self._first * self._across
        in_view = range(begin, min(begin + rows_of_cells * self._across, len(self._boxes)))
        rows = [self._heading(), BLANK]
        for start in in_view[:: self._across]:
            rows += self._cells(range(start, min(start + self._across, in_view.stop)))
        return rows

    def _heading(self) -> Row:
        contents = [box.contents for box in self._boxes]
        said = self.say(
            _COUNTS,
            free=sum(not each.parcel and not each.withdrawn for each in contents),
            filled=sum(bool(each.parcel) for each in contents),
            withdrawn=sum(bool(each.withdrawn) for each in contents),
        )
        return row(Span("  " + self.say(self.title), Ink.STRONG), Span("   " + said, Ink.FAINT))

    def _cells(self, places: range) -> list[Row]:
        heads: list[Span] = []
        bodies: list[Span] = []
        for place in places:
            box = self._boxes[place]
            chosen = place == self._place
            marked = mark(chosen=chosen)
            columns = _CELL_COLUMNS - 3
            number = f"{box.door.number:>2} {box.door.size} "
            ink = Ink.TEXT if box.door.state in _CALM else Ink.ATTEND
            state = Span(fit(self.say(DOORS[box.door.state]), columns - 5), ink)
            said, said_ink = self._said(box)
            said = fit("   " + said, columns)
            if chosen:
                heads += [marked, Span(number + state.text, Ink.CHOSEN), Span(" ")]
                bodies += [marked, Span(said, Ink.CHOSEN), Span(" ")]
            else:
                heads += [marked, Span(number, Ink.STRONG), state, Span(" ")]
                bodies += [marked, Span(said, said_ink), Span(" ")]
        return [row(*heads), row(*bodies), BLANK]

    def _said(self, box: Box) -> tuple[str, Ink]:
        if box.contents.withdrawn:
            return self.say(_WITHDRAWN, reason=box.contents.withdrawn), Ink.ATTEND
        if box.contents.parcel:
            return words.code(box.contents.parcel), Ink.TEXT
        return self.say(_EMPTY), Ink.FAINT

    def keys(self) -> Sequence[KeyLabel]:
        withdrawn = bool(self.chosen.contents.withdrawn)
        return (
            ESC,
            KeyLabel("↑↓←→", Text("Choose", "选择"), 3),
            KeyLabel("Enter", Text("Open", "开门")),
            KeyLabel("F2", Text("Store a parcel", "存包裹")),
            KeyLabel("F4", Text("Take out", "取包裹")),
            KeyLabel(
                "F6",
                Text("Back into service", "恢复使用")
                if withdrawn
                else Text("Out of service", "停用"),
                1,
            ),
            KeyLabel("F7", Text("Openings", "开门记录"), 2),
        )

    def enter(self, text: str) -> None:
        if not text:
            self.desk.open(OpeningQuestion(self.desk, self.chosen.door.number))
        elif text.isdecimal() and len(text) <= 4:
            self._mark(int(text))
        else:
            self.scanned(text)

    def scanned(self, code: str) -> None:
        """Mark the compartment in which that parcel lies."""
        for place, box in enumerate(self._boxes):
            if box.contents.parcel == code:
                self._place = place
                return
        say = self.say
        self.desk.refuse(say(_FIND, parcel=words.code(code)), say(_FIND_WAY))

    def _mark(self, number: int) -> None:
        if not 1 <= number <= len(self._boxes):
            raise NoSuchCompartment(compartment=number, last=len(self._boxes))
        self._place = number - 1

    def press(self, key: str, entry: str) -> bool:  # noqa: ARG002
        number = self.chosen.door.number
        moves = {"left": -1, "right": 1, "up": -self._across, "down": self._across}
        match key:
            case "left" | "right" | "up" | "down":
                self._place = min(max(self._place + moves[key], 0), len(self._boxes) - 1)
            case "f2":
                self.desk.open(ParcelQuestion(self.desk, number))
            case "f4":
                parcel = self.till.locker.take(number)
                self.desk.tell(self.say(_TAKEN, parcel=words.code(parcel)))
            case "f6" if self.chosen.contents.withdrawn:
                self.till.locker.put_back(number)
                self.desk.tell(self.say(_BACK, number=number))
            case "f6":
                self.desk.open(WithdrawQuestion(self.desk, number))
            case "f7":
                self.desk.open(OpeningsPage(self.desk))
            case _:
                return False
        return True


class _AboutCompartment(ReasonQuestion):
    def __init__(self, desk: Desk, number: int) -> None:
        super().__init__(desk)
        self.number = number

    def about(self) -> list[tuple[str, str]]:
        return [(self.say(_COMPARTMENT), str(self.number))]


_COMPARTMENT = Text("Compartment", "格口")


class OpeningQuestion(_AboutCompartment):
    """Why a door shall open; the lock is told when the reason is on disk."""

    title = Text("Open a compartment", "开格口")
    reasons = (
        Text("put a parcel in", "存放包裹"),
        Text("customer collects", "顾客取件"),
        Text("put back", "退回包裹"),
        Text("inspection", "检查"),
    )

    def answered(self, reason: str) -> None:
        self.till.locker.open(self.number, reason)
        self.desk.attend(self.say(_OPENING, number=self.number))


class WithdrawQuestion(_AboutCompartment):
    """Why a compartment goes out of service."""

    title = Text("Take out of service", "停用格口")
    reasons = (
        Text("door jams", "柜门卡住"),
        Text("damaged", "损坏"),
        Text("dirty", "需清洁"),
    )

    def answered(self, reason: str) -> None:
        self.till.locker.withdraw(self.number, reason)
        self.desk.tell(self.say(_WITHDREW, number=self.number))


class ParcelQuestion(Question):
    """Which parcel goes in; its label is scanned."""

    title = Text("Store a parcel", "存放包裹")
    ask = Text("Scan the parcel's label", "扫描包裹标签")
    scan = Landing.ANSWERS

    def __init__(self, desk: Desk, number: int) -> None:
        super().__init__(desk)
        self._number = number

    def about(self) -> list[tuple[str, str]]:
        return [(self.say(_COMPARTMENT), str(self._number))]

    def enter(self, text: str) -> None:
        if text:
            self.scanned(text)

    def scanned(self, code: str) -> None:
        self.till.locker.store(code, self._number)
        self.desk.close()
        self.desk.tell(self.say(_STORED, parcel=words.code(code), number=self._number))


class OpeningsPage(Page):
    """The last decisions to open a door, and what the door did."""

    title = Text("Doors opened", "开门记录")
    ask = Text("Esc goes back", "Esc 返回")
    shows_total = False

    def rows(self, size: Size) -> list[Row]:
        openings = self.till.locker.openings()[: max(0, size.rows - 2)]
        return [self.heading(), BLANK, *(self._row(opening) for opening in openings)]

    def _row(self, opening: Opening) -> Row:
        at = datetime.fromisoformat(opening.at).astimezone(self.till.recorder.zone)
        if opening.outcome is None:
            end, ink = self.say(_OPENING, number=opening.compartment), Ink.FAINT
        else:
            said, way_on = ENDS[DoorOutcome(opening.outcome)]
            end = self.say(said, number=opening.compartment, others="")
            ink = Ink.TEXT if way_on is None else Ink.ATTEND
        number = fit(f"  {at:%m-%d %H:%M}  {opening.compartment:>3}  ", 22)
        return row(number, Span(fit(opening.reason, 20), Ink.FAINT), Span(" " + end, ink))

    def keys(self) -> Sequence[KeyLabel]:
        return (ESC,)
