"""The sales that wait: the next customer is served, and then they go on."""

from collections.abc import Callable, Sequence
from datetime import datetime

from pos_client.sale.records import Parked
from pos_client.sale.service import Repriced
from pos_client.screen.page import ESC, MOVES, Desk, KeyLabel, Page, Size
from pos_client.screen.rows import BLANK, Ink, Row, Span, fit, mark, right, row
from retail.language import Text

_TITLE = Text("Parked sales", "挂单")
_AT = Text("Since", "时间")
_WHAT = Text("What", "内容")
_PIECES = Text("Lines", "行数")
_TOTAL = Text("Total", "金额")
_MORE = Text("{name} and more", "{name} 等")
_RESUMED = Text("The parked sale goes on.", "已取回挂单。")
_REPRICED = Text("Costs something else since: {what}", "挂单后价格已变：{what}")
_EACH = Text("{name} {before} → {now}", "{name} {before} → {now}")

_KEYS = (
    ESC,
    KeyLabel("↑↓", Text("Choose", "选择")),
    KeyLabel("Enter", Text("Resume", "取回")),
)
_AT_COLUMNS = 8
_PIECES_COLUMNS = 7
_TOTAL_COLUMNS = 12
_MARK_COLUMNS = 2


class ParkedPage(Page):
    """Enter goes on with the one that is marked; a scan begins a sale."""

    title = _TITLE
    ask = Text("Enter resumes it, Esc goes back", "回车取回，Esc 返回")

    def __init__(self, desk: Desk, resume: Callable[[int], object]) -> None:
        super().__init__(desk)
        self._resume = resume
        self._parked = self.till.sale.parked()
        self._place = self._first = 0

    def rows(self, size: Size) -> list[Row]:
        what = size.columns - _MARK_COLUMNS - _AT_COLUMNS - _PIECES_COLUMNS - _TOTAL_COLUMNS - 1
        heads = (
            fit("", _MARK_COLUMNS) + fit(self.say(_AT), _AT_COLUMNS) + fit(self.say(_WHAT), what)
        )
        heads += right(self.say(_PIECES), _PIECES_COLUMNS)
        heads += right(self.say(_TOTAL), _TOTAL_COLUMNS)
        room = max(1, size.rows - 3)
        self._first = min(max(self._first, self._place - room + 1), self._place)
        in_view = list(enumerate(self._parked))[self._first : self._first + room]
        rows = [self._row(parked, what, chosen=place == self._place) for place, parked in in_view]
        return [self.heading(), BLANK, row(Span(heads, Ink.FAINT)), *rows]

    def _row(self, parked: Parked, what: int, *, chosen: bool) -> Row:
        at = datetime.fromisoformat(parked.at).astimezone(self.till.recorder.zone)
        basket, ink = parked.basket, Ink.CHOSEN if chosen else Ink.TEXT
        said = fit(f"{at:%H:%M}", _AT_COLUMNS) + fit(self._known_by(parked), what)
        said += right(str(len(basket.lines)), _PIECES_COLUMNS)
        said += right(basket.total.plain, _TOTAL_COLUMNS) + " "
        return row(mark(chosen=chosen), Span(said, ink))

    def _known_by(self, parked: Parked) -> str:
        """The note, the customer, else the first thing in it."""
        first, *more = parked.basket.lines
        name = self.say(_MORE, name=first.product.name) if more else first.product.name
        return " · ".join(filter(None, (parked.note, parked.basket.customer, name)))

    def keys(self) -> Sequence[KeyLabel]:
        return (
            ESC,
            KeyLabel("↑↓", Text("Choose", "选择")),
            KeyLabel("Enter", Text("Resume", "取回")),
        )

    def enter(self, text: str) -> None:
        self.desk.go_home()
        if text:
            self.desk.page.enter(text)
        else:
            self._resume(self._parked[self._place].number)

    def press(self, key: str, entry: str) -> bool:  # noqa: ARG002  the list is what is chosen from
        if key in MOVES:
            self._place = min(max(self._place + MOVES[key], 0), len(self._parked) - 1)
            return True
        return False


def tell_resumed(desk: Desk, repriced: Sequence[Repriced]) -> None:
    """Say that it goes on; what costs something else since is to be looked at."""
    if not repriced:
        desk.tell(desk.say(_RESUMED))
        return
    told = [
        desk.say(_EACH, name=line.product.name, before=before.plain, now=line.total.plain)
        for line, before in repriced
    ]
    desk.attend(desk.say(_REPRICED, what="  ".join(told)))
