r"""The far end of a printer's wire: eats ESC/POS, prints, answers, and can be made to fail.

A model of a Chinese 80 mm thermal printer: kanji mode is on at power-up, real-time commands act on
arrival, everything else waits in a buffer while it cannot print. Sans-IO: bytes in by `feed`,
answers out by `take_answers`; `hardware.simulator.wire` puts it on a wire. Written from the command
descriptions, not from our encoder, so each checks the other. Bytes it does not understand are kept
in `unknown` and never stop it. What it prints, `print_head` knows; what it can be asked, `asking`.

    >>> printer = SimulatedPrinter()
    >>> printer.feed(b"\x1b@Total 1.00\n\x1dV\x01")
    16
    >>> printer.receipts
    ['Total 1.00']
"""

from collections.abc import Callable
from enum import StrEnum
from functools import partial
from typing import Final

from PIL import Image

from hardware.simulator.catalogue import Simulated
from hardware.simulator.machine import Machine
from hardware.simulator.printer.asking import Questions
from hardware.simulator.printer.characters import Charset
from hardware.simulator.printer.condition import Condition, Paper, Trouble
from hardware.simulator.printer.dialect import EPSON, Dialect, Identity
from hardware.simulator.printer.drawing import draw
from hardware.simulator.printer.handshake import XonXoff
from hardware.simulator.printer.intake import Intake
from hardware.simulator.printer.pace import Pace
from hardware.simulator.printer.paper import LINE_ROWS, ROWS_PER_MM
from hardware.simulator.printer.print_head import PrintHead, keep_newest
from hardware.simulator.printer.real_time import RealTimeEar
from hardware.simulator.printer.stream import STRANGE_BYTES, ByteStream, Order, Strange, Typed
from hardware.url import DeviceUrl


class Event(StrEnum):
    """What a listener hears, with a detail: the line's or receipt's text, a command's bytes, the
    pin of the drawer that was kicked, how many bytes had no room."""

    LINE = "line"
    RECEIPT = "receipt"
    DRAWER_KICKED = "drawer kicked"
    DRAWER_OPEN = "drawer open"
    DRAWER_CLOSED = "drawer closed"
    STALLED = "stalled"
    RESUMED = "resumed"
    PAPER_OUT = "paper out"
    PAPER_NEAR_END = "paper near"
    PAPER_IN = "paper in"
    COVER_OPEN = "cover open"
    COVER_CLOSED = "cover closed"
    FAILED = "failed"
    RECOVERED = "recovered"
    POWER_OFF = "power off"
    POWER_ON = "power on"
    UNKNOWN = "unknown"
    OVERRUN = "bytes lost"


Listener = Callable[[Event, str], None]

#: what a bystander is told always, what only when it was not he who turned a knob
_HAPPENS: Final = frozenset((Event.DRAWER_KICKED, Event.UNKNOWN, Event.OVERRUN))
_MAY_BE_TURNED: Final = frozenset(Event) - _HAPPENS - {Event.LINE, Event.RECEIPT, Event.DRAWER_OPEN}
_WITHOUT_DETAIL: Final = frozenset((Event.DRAWER_KICKED,))
_PAPER_EVENTS: Final = {
    Paper.IN: Event.PAPER_IN,
    Paper.NEAR_END: Event.PAPER_NEAR_END,
    Paper.OUT: Event.PAPER_OUT,
}


class DrawerPin(StrEnum):
    """Which pin of the socket opens the drawer."""

    BOTH = "both"
    TWO = "2"
    FIVE = "5"


class SimulatedPrinter(Machine):
    """`paper` is the strip, line by line; `receipts` the pieces cut off it; `kicks` the pulses.

    A QR code stands there as `[QR text]`, a barcode as `[EAN13 6901028075022]`, dots as
    `[picture]`. `strips` are the newest receipts as they look; `picture()` draws one.

    `drawer_pin` is where the drawer is plugged in, `drawer_open_is_high` the level at pin 3 while
    it is open. A `mute` printer takes everything and answers nothing. One with `xonxoff` says on
    the line when its host is to stop.
    """

    driver = "escpos"

    def __init__(
        self,
        *,
        columns: int = 48,
        charset: Charset = Charset.GB18030,
        dialect: Dialect = EPSON,
        identity: Identity | None = None,
        drawer_pin: DrawerPin = DrawerPin.BOTH,
        drawer_open_is_high: bool = True,
        xonxoff: bool = False,
    ) -> None:
        super().__init__()
        self._is_working = self._turned_by_hand = False
        self.columns: Final = columns
        self._dialect = dialect
        self._head = PrintHead(
            columns,
            charset,
            on_line=partial(self._tell, Event.LINE),
            on_receipt=self._receipt,
            on_rows=self._use_paper,
            say=self._say,
        )
        self.paper: Final = self._head.paper
        self.receipts: Final = self._head.receipts
        self.strips: Final = self._head.strips
        self.kicks = 0
        self.unknown: list[bytes] = []
        self.listeners: list[Listener] = []
        self.mute = False
        self._condition = Condition()
        self._drawer_pin, self._drawer_open_is_high = drawer_pin, drawer_open_is_high
        self._drawer_open = False
        self._paper_left_rows: int | None = None
        self._motor = Pace(self._later, self._go_on)
        self._xonxoff = xonxoff
        self._questions = Questions(self._condition, identity or Identity(), self._say)
        self._stream = ByteStream(dialect, self._head.characters)
        self._intake = Intake(
            self._stream,
            Pace(self._later, self._changed),
            XonXoff(self._say) if xonxoff else None,
            on_stall=partial(self._tell, Event.STALLED),
            on_power_cut=self.power_off,
        )
        self._handlers: Final = {
            **self._questions.commands(),
            b"\x1b@": self._initialise,
            b"\x1b=": self._select,
            b"\x1bp": self._pulse,
            b"\x1d:": self._record,
            b"\x1d^": self._replay,
            b"\x10\x04": _obeyed_already,
            b"\x10\x05": _obeyed_already,
            b"\x10\x14": _obeyed_already,
        }
        self._set_drawer_pin()
        self._forget()
        self._report()

    def _forget(self) -> None:
        """The state after power-up: empty buffer, empty line, default modes."""
        self._ear = RealTimeEar()
        self._stream.clear()
        self._intake.forget()
        self._head.reset()
        self._questions.reset(self._dialect.automatic_status)

    def _report(self) -> None:
        """What it says unasked when the power has come on."""
        self._questions.report_if_watching()
        self._mind_host()

    @property
    def receipts_cut(self) -> int:
        return self._head.receipts_cut

    @property
    def begun_line(self) -> str:
        """What stands in the line that is under way, not on paper yet."""
        return self._head.begun_line

    # ---- knobs, usable while it runs

    @property
    def paper_out(self) -> bool:
        return self._condition.paper is Paper.OUT

    @paper_out.setter
    def paper_out(self, out: bool) -> None:
        self.load_paper(Paper.OUT if out else Paper.IN)

    def load_paper(self, paper: Paper) -> None:
        """A new roll, one that is nearly used up, or none."""
        self._paper_left_rows = None
        if paper is not self._condition.paper:
            self._condition.paper = paper
            self._moved(_PAPER_EVENTS[paper])

    def paper_ends_in(self, lines: int) -> None:
        """So many lines of the usual height from now there is no more paper; the command that is
        under way then is still carried out."""
        self._paper_left_rows = lines * LINE_ROWS
        self._use_paper(0)

    @property
    def cover_open(self) -> bool:
        return self._condition.cover_open

    @cover_open.setter
    def cover_open(self, is_open: bool) -> None:
        if is_open != self._condition.cover_open:
            self._condition.cover_open = is_open
            if not is_open:
                self._condition.troubles.discard(Trouble.CUTTER_STOPPED)  # the blade goes home
            self._moved(Event.COVER_OPEN if is_open else Event.COVER_CLOSED)

    @property
    def drawer_open(self) -> bool:
        return self._drawer_open

    @drawer_open.setter
    def drawer_open(self, is_open: bool) -> None:
        if is_open != self._drawer_open:
            self._drawer_open = is_open
            self._set_drawer_pin()
            self._moved(Event.DRAWER_OPEN if is_open else Event.DRAWER_CLOSED)

    def suffer(self, trouble: Trouble, *, it_is: bool = True) -> None:
        """An error, or the end of one."""
        if (trouble in self._condition.troubles) is not it_is:
            self._condition.troubles ^= {trouble}
            self._moved(Event.FAILED if it_is else Event.RECOVERED, trouble)

    def stall_at(self, n_bytes: int) -> None:
        """Read `n_bytes` more, then no more until `resume()`."""
        self._intake.stall_at(n_bytes)

    def resume(self) -> None:
        self._intake.resume()
        self._tell(Event.RESUMED)

    def power_cut_at(self, n_bytes: int) -> None:
        """After `n_bytes` more the power goes: as `power_off()`."""
        self._intake.power_cut_at(n_bytes)

    def slow_down(self, bytes_per_s: int) -> None:
        """Take no more than so many bytes a second, as on a slow wire; 0 for as fast as it can. It
        needs a running loop."""
        self._intake.line.limit(bytes_per_s)

    def move_paper_at(self, mm_per_s: int) -> None:
        """Print no faster than that; 0 for as fast as it can. It needs a running loop."""
        self._motor.limit(mm_per_s * ROWS_PER_MM)

    def power_off(self) -> None:
        """Forget the buffer and the half-printed line, drop the link, answer nothing."""
        self._condition.troubles.discard(Trouble.CUTTER_STOPPED)
        self._forget()
        super().power_off()
        self._tell(Event.POWER_OFF)

    def power_on(self) -> None:
        super().power_on()
        self._report()
        self._tell(Event.POWER_ON)

    def turn_knob(self, words: str) -> None:
        from hardware.simulator.printer.knobs import turn  # noqa: PLC0415  it turns this machine

        self._turned_by_hand = True
        try:
            if not turn(self, words):
                super().turn_knob(words)
        finally:
            self._turned_by_hand = False

    # ---- the wire

    def options(self) -> dict[str, object]:
        options: dict[str, object] = {"cols": self.columns}
        if self._head.characters.charset is Charset.UTF8:
            options["cjk"] = "utf8"
        if self._xonxoff:
            options["flow"] = "xonxoff"
        return options

    def appetite_bytes(self) -> int:
        """How many bytes it will take now; 0 while stalled, switched off or full."""
        return self._intake.appetite_bytes() if self.powered else 0

    def feed(self, data: bytes) -> int:
        """Take bytes from the wire; how many were taken (the rest stays on the wire)."""
        taken = 0
        while piece := data[taken : taken + self.appetite_bytes()]:
            taken += len(piece)
            self._receive(piece)
            self._intake.count(len(piece))
        return taken

    def _say(self, data: bytes) -> None:
        if not self.mute:
            super()._say(data)

    # ---- on arrival: real-time commands act at once, wherever they stand in the stream

    def _receive(self, data: bytes) -> None:
        begin = 0
        for end, order in self._ear.listen(data):
            self._keep(data[begin:end])
            begin = end
            self._work()
            self._obey_at_once(order)
            if not self.powered:
                return
        self._keep(data[begin:])
        self._work()
        self._mind_host()

    def _keep(self, data: bytes) -> None:
        if lost_bytes := self._intake.put(data):
            self._tell(Event.OVERRUN, str(lost_bytes))

    def _mind_host(self) -> None:
        if self.powered:
            self._intake.mind_host(offline=self._condition.is_offline)

    def _obey_at_once(self, order: bytes) -> None:
        match order[1], order[2]:
            case 0x04, n:
                self._questions.real_time(n)
            case 0x05, n:
                self._recover(clears=n == 2)
            case 0x14, 0x01 if self._questions.may_kick:
                self._kick(DrawerPin.FIVE if order[3] else DrawerPin.TWO)
            case 0x14, 0x02 if self._questions.may_power_off:
                self._questions.say_power_off()
                self.power_off()
            case 0x14, 0x07:
                self._questions.real_time_automatic(order[3])
            case 0x14, 0x08:
                self._stream.clear()
                self._head.reset()
                self._questions.say_cleared()
            case _:
                pass

    def _recover(self, *, clears: bool) -> None:
        """DLE ENQ 1 goes on after an error, 2 without what waited. It does nothing when there is no
        error that the printer can recover from."""
        if Trouble.CUTTER_STOPPED in self._condition.troubles:
            if clears:
                self._stream.clear()
                self._head.reset()
            self.suffer(Trouble.CUTTER_STOPPED, it_is=False)

    # ---- from the buffer, in order, as long as it can print

    def _work(self) -> None:
        if self._is_working:  # what it did moved something, and it goes on with the next anyway
            return
        self._is_working = True
        try:
            while self._can_print and self._step():
                pass
        finally:
            self._is_working = False

    @property
    def _can_print(self) -> bool:
        rows_left = self._motor.left
        paper_moves = rows_left is None or rows_left > 0
        return self.powered and not self._condition.is_offline and paper_moves

    def _go_on(self) -> None:
        """With what waits; the host may go on then, too."""
        self._work()
        self._mind_host()
        self._changed()

    def _step(self) -> bool:
        """Do what comes next; False when more must arrive for that."""
        match self._stream.next():
            case Typed(text, cols):
                self._head.type(text, cols)
            case Order() as order:
                self._obey(order)
            case Strange(raw):
                self._note_unknown(raw)
            case None:
                return False
        return True

    def _obey(self, order: Order) -> None:
        handler = self._handlers.get(order.name)
        if handler is not None:
            understood = handler(order.given) is not False
        else:
            understood = self._head.obey(order.name, order.given)
        if not understood:
            self._note_unknown(order.raw[:STRANGE_BYTES])

    def _initialise(self, _given: bytes) -> None:
        """ESC @: what it was told by GS a, too."""
        self._head.reset()
        self._questions.reset(self._dialect.automatic_status)

    def _select(self, given: bytes) -> None:
        """ESC = n: bit 0 for the printer, bit 1 for the display behind it."""
        self._stream.is_selected = bool(given[0] & 1)

    def _pulse(self, given: bytes) -> bool:
        """ESC p m t1 t2."""
        if given[0] not in b"\x00\x0101":
            return False
        self._kick(DrawerPin.FIVE if given[0] & 1 else DrawerPin.TWO)
        return True

    def _record(self, _given: bytes) -> None:
        self._stream.record()

    def _replay(self, given: bytes) -> None:
        """GS ^ r t m."""
        self._stream.replay(given[0])

    # ---- paper and drawer

    def picture(self, receipt: int = -1) -> Image.Image:
        """One of `strips` as it looks, the newest unless told: shades of grey, a pixel for each
        dot. Raises NoFont, and `IndexError` when there is no such receipt."""
        return draw(self.strips[receipt], self.columns)

    def _receipt(self, text: str) -> None:
        self._told(f"printed receipt {self.receipts_cut}")
        self._tell(Event.RECEIPT, text)

    def _use_paper(self, rows: int) -> None:
        self._motor.spend(rows)
        if self._paper_left_rows is not None:
            self._paper_left_rows -= rows
            if self._paper_left_rows <= 0:
                self.load_paper(Paper.OUT)

    def _kick(self, pin: DrawerPin) -> None:
        self.kicks += 1
        self._tell(Event.DRAWER_KICKED, pin)
        if self._drawer_pin in (DrawerPin.BOTH, pin):
            self.drawer_open = True

    def _set_drawer_pin(self) -> None:
        self._condition.drawer_high = self._drawer_open is self._drawer_open_is_high

    def _moved(self, event: Event, detail: str = "") -> None:
        """Something about its condition has changed."""
        self._tell(event, detail)
        self._questions.condition_changed()
        self._go_on()

    def _note_unknown(self, data: bytes) -> None:
        self.unknown.append(data)
        keep_newest(self.unknown)
        self._tell(Event.UNKNOWN, data.hex(" "))

    def _tell(self, event: Event, detail: str = "") -> None:
        for listener in tuple(self.listeners):
            listener(event, detail)
        if event in _HAPPENS or (event in _MAY_BE_TURNED and not self._turned_by_hand):
            self._told(event if event in _WITHOUT_DETAIL else f"{event} {detail}".rstrip())
        self._changed()


def _obeyed_already(given: bytes) -> bool:
    """DLE EOT, ENQ and DC4, at their place in the stream."""
    return bool(given)


def _make(url: DeviceUrl) -> SimulatedPrinter:
    from hardware.simulator.printer.knobs import printer_of  # noqa: PLC0415  it makes this machine

    return printer_of(url)


SIMULATED = Simulated(_make)
