"""The cashier's desk: the page in front, the entry line, the note, and where a scan lands.

Knows no terminal: keys and scans go in as values, rows come out. A page is what stands in the work
area; pages lie on each other, and `escape` takes the upper one away.

    scan ──▶ page in front: LANDS ──▶ home, into the basket
                            WAITS ──▶ kept, the note says so; lands when the page is left
                            REFUSED ─▶ the bell, and the note says what to do first
                            ANSWERS ▶ the page itself
"""

from collections import deque
from collections.abc import Callable, Sequence
from enum import Enum, auto
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Final, NamedTuple

from pos_client.screen import words
from pos_client.screen.keys import Input, Pressed, Scanned, Typed
from pos_client.screen.rows import Ink, Row, Span, row
from retail.language import Language, Text
from retail.refusals import Refusal

if TYPE_CHECKING:  # a page is below the till in the order of the house
    from pos_client.till import Till

#: the longest entry: acts take words up to this (pos_client.acts)
ENTRY_CHARACTERS_MAX: Final = 200
#: scans that wait for an answered question; one more is refused with the bell
SCANS_WAITING_MAX: Final = 20

_WAITS = Text(
    "{code} waits: answer this first, or Esc.", "{code} 已等候：请先完成本项，或按 Esc 返回。"
)
_TOO_MANY_WAIT = Text("Too many scans wait.", "等候的扫码过多。")
_ANSWER_FIRST = Text("Answer this first, then scan again.", "请先完成本项，再重新扫码。")
_NOT_NOW = Text("{code} was not taken.", "{code} 未录入。")
_DROPPED = Text("Not entered: {entry}", "未录入：{entry}")
_FULL = Text("The entry is full.", "输入已满。")
_SHORTER = Text("Delete some of it with Backspace.", "请用退格键删短。")


class Size(NamedTuple):
    """Columns and rows that a page may fill."""

    columns: int
    rows: int


class Landing(Enum):
    """Where a scan goes while a page is in front."""

    LANDS = auto()
    WAITS = auto()
    REFUSED = auto()
    ANSWERS = auto()


class Note(NamedTuple):
    """A sentence and its way on, gone with the next act."""

    say: str
    remedy: str = ""
    ink: Ink = Ink.BAD


class KeyLabel(NamedTuple):
    """A key of the row at the bottom. When the row is too short the highest `rank` goes first."""

    key: str
    says: Text
    rank: int = 0


ESC: Final = KeyLabel("Esc", Text("Back", "返回"))
#: keys that move by so many rows
MOVES: Final = {"up": -1, "down": 1, "pageup": -10, "pagedown": 10}


def function_number(key: str) -> int:
    """The number of a function key; 0 for any other."""
    return int(key[1:]) if key[:1] == "f" and key[1:].isdigit() else 0


class Page:
    """What stands in the work area, and what keys and scans mean to it."""

    title: ClassVar[Text]
    #: what the entry line asks for
    ask: ClassVar[Text]
    scan: ClassVar[Landing] = Landing.LANDS
    #: whether the total of the sale stands beside it
    shows_total: ClassVar[bool] = True
    #: whether the work area shows what is being typed
    follows_entry: ClassVar[bool] = False
    #: why a scan is refused here, and what to do; empty: the general words
    refuses: ClassVar[Text] = _ANSWER_FIRST

    def __init__(self, desk: "Desk") -> None:
        self.desk = desk

    @property
    def till(self) -> "Till":
        return self.desk.till

    def say(self, text: Text, /, **values: object) -> str:
        """The text in the cashier's language."""
        return self.desk.say(text, **values)

    def rows(self, size: Size) -> list[Row]:
        """The work area, from the top."""
        raise NotImplementedError

    def heading(self) -> Row:
        return row(Span("  " + self.say(self.title), Ink.STRONG))

    def prompt(self) -> str:
        """What the entry line asks for as things stand."""
        return self.say(self.ask)

    def keys(self) -> Sequence[KeyLabel]:
        """The keys of the bottom row."""
        raise NotImplementedError

    def aside(self) -> Row:
        """What was done last, said once more above the entry line."""
        return ()

    def enter(self, text: str) -> None:
        """The entry was ended with Enter; it is empty already."""

    def press(self, key: str, entry: str) -> bool:  # noqa: ARG002  for those who listen
        """A key other than Enter; whether it meant something. `entry` stays unless taken."""
        return False

    def scanned(self, code: str) -> None:
        """A scan that this page takes itself (`home`, and pages whose `scan` is ANSWERS)."""

    def takes(self, code: str) -> bool:  # noqa: ARG002  for those who do
        """A scan that means something to this page alone, wherever others go; whether it did."""
        return False

    def edited(self) -> None:
        """What stands in the entry may have changed."""

    def told(self, name: str, values: dict[str, Any]) -> bool:  # noqa: ARG002  for those who listen
        """What a device or the hub had to say, while this page is in front; whether it was meant
        for it."""
        return False

    def opened(self) -> None:
        """It lies in front now."""

    def uncovered(self) -> None:
        """It lies in front again: what lay over it is gone, and what was typed there."""


class Desk:
    """One cashier's screen without its glass."""

    def __init__(self, till: "Till", home: Callable[["Desk"], Page]) -> None:
        self.till = till
        self.entry = ""
        self.note: Note | None = None
        #: whether the last input changed more than the entry
        self.changed = True
        self.chosen_language: Language | None = None
        self.waiting: deque[str] = deque()
        #: rung when something was not taken: a cashier looks at the goods, not at the screen
        self.on_bell: Callable[[], object] = lambda: None
        #: keys that mean the same on every page
        self.everywhere: dict[str, Callable[[], None]] = {}
        self._home = home
        self._pages: list[Page] = [home(self)]

    @property
    def language(self) -> Language:
        return self.chosen_language or self.till.language

    def say(self, text: Text, /, **values: object) -> str:
        """The text in the cashier's language."""
        return (text.filled(**values) if values else text).to(self.language)

    @property
    def page(self) -> Page:
        return self._pages[-1]

    # Pages

    def open(self, page: Page) -> None:
        """Lay a page in front; what was being typed is gone."""
        self.entry = ""
        self._pages.append(page)
        page.opened()

    def close(self, *, then: Callable[[], object] | None = None) -> None:
        """Take the page in front away: what it was asked for is done, scans that waited land."""
        self.entry = ""
        if len(self._pages) > 1:
            self._pages.pop()
            self.page.uncovered()
        self._land_waiting(*([then] if then else []))

    def go_home(self) -> None:
        """Take all pages away; home is what the till's state asks for now."""
        self.entry = ""
        self._pages = [self._home(self)]
        self._land_waiting()

    # Input

    def take(self, given: Input) -> None:
        """A key, typed characters or a scan. What a rule refuses becomes the note."""
        self.changed = not isinstance(given, Typed) or self.page.follows_entry
        try:
            self._take(given)
            self.page.edited()
        except Refusal as no:
            self.refused(no)

    def _take(self, given: Input) -> None:
        match given:
            case Typed(text):
                self._type(text)
            case Pressed(name):
                self.note = None
                self._press(name)
            case Scanned(code, typed, certain):
                self.note = None
                if certain or self._is_known(code):
                    self.entry = self.entry[: max(0, len(self.entry) - typed)]
                    self._scan(code)
                else:
                    self._press("enter")

    def _type(self, text: str) -> None:
        full = self.say(_FULL)
        said = self.note is not None and self.note.say == full
        if len(self.entry) + len(text) > ENTRY_CHARACTERS_MAX and not said:
            self.refuse(full, self.say(_SHORTER))
            self.changed = True
        self.entry = (self.entry + text)[:ENTRY_CHARACTERS_MAX]

    def _press(self, key: str) -> None:
        entry = self.entry
        match key:
            case "enter":
                self.entry = ""
                self.page.enter(entry.strip())
            case "backspace":
                self.entry = entry[:-1]
            case "ctrl+u" | "ctrl+w" | "delete":
                self.entry = ""
            case _ if self.page.press(key, entry.strip()):
                pass
            case _ if key in self.everywhere:
                self.everywhere[key]()
            case "escape" if entry:
                self.entry = ""
            case "escape":
                self.close()
            case _:
                pass

    def _is_known(self, code: str) -> bool:
        """Whether so short a code is one of the store's goods."""
        try:
            self.till.catalogue.product(code)
        except Refusal:
            return False
        return True

    @property
    def is_free(self) -> bool:
        """Whether no question lies open that must be answered before anything else is done."""
        must = (Landing.WAITS, Landing.REFUSED)
        return not any(page.scan in must for page in self._pages[1:])

    def _deciding(self) -> Page:
        """The page that says where a scan goes: the upper one that must be answered first, whatever
        was laid over it, else the one in front."""
        for strict in (Landing.REFUSED, Landing.WAITS):
            for page in reversed(self._pages[1:]):
                if page.scan is strict:
                    return page
        return self.page

    def _scan(self, code: str) -> None:
        """A code as the scanner sent it, what it says of the kind of code in front."""
        page = self._deciding()
        if page is self.page and page.takes(code):
            return
        if page is self._pages[0] or page.scan is Landing.ANSWERS:
            page.scanned(self._with_entry(code))
        elif page.scan is Landing.REFUSED:
            self.refuse(self.say(_NOT_NOW, code=words.code(code)), self.say(page.refuses))
        elif page.scan is Landing.LANDS:
            times = self.entry.strip()
            self.waiting.append(times + code if times.endswith("*") else code)
            self.go_home()
        elif len(self.waiting) < SCANS_WAITING_MAX:
            self.waiting.append(code)
            self.attend(self.say(_WAITS, code=words.code(code)))
        else:
            self.refuse(self.say(_NOT_NOW, code=words.code(code)), self.say(_TOO_MANY_WAIT))

    def _with_entry(self, code: str) -> str:
        """`3*`, `-` or `.` typed before a scan belongs to it; anything else was not meant, and is
        said to be gone."""
        entry, self.entry = self.entry.strip(), ""
        if entry.endswith("*") or entry in ("-", "."):
            return entry + code
        if entry:
            self.note = Note(self.say(_DROPPED, entry=words.code(entry)), ink=Ink.ATTEND)
        return code

    def _land_waiting(self, *before: Callable[[], object]) -> None:
        """Scans that waited go on, unless another question stands open before the last. What was
        refused is all named."""
        waiting, self.waiting = self.waiting, deque()
        acts = list(before)
        acts += [partial(self._scan, code) for code in waiting]
        refused: list[Note] = []
        for act in acts:
            former = self.note
            try:
                act()
            except Refusal as no:
                self.refused(no)
            if self.note and self.note is not former and self.note.ink is Ink.BAD:
                refused.append(self.note)
        if refused:
            self.note = Note(" ".join(note.say for note in refused), refused[-1].remedy)

    # What comes of an act

    def refused(self, no: Refusal) -> None:
        self.refuse(self.say(no.say), self.say(no.remedy))

    def refuse(self, say: str, remedy: str = "") -> None:
        self.note = Note(say, remedy)
        self.on_bell()

    def attend(self, say: str, remedy: str = "") -> None:
        """Something that wants to be looked at."""
        self.note = Note(say, remedy, Ink.ATTEND)
        self.on_bell()

    def tell(self, say: str, remedy: str = "") -> None:
        """Something that went well."""
        self.note = Note(say, remedy, Ink.GOOD)
