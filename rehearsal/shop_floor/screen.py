"""The till's screen with the counter beside it, or before it where there is no room for both."""

import asyncio
import signal
from collections.abc import Callable
from typing import Final, NamedTuple

from rich.cells import cell_len
from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Static

from hardware.simulator.counter import SimulatedCounter
from hardware.simulator.live_view import CounterView
from pos_client.app import TillApp
from pos_client.till import Till
from rehearsal.cable import Cable
from rehearsal.shop_floor.opening import CASHIERS
from retail.language import Text

#: what both need side by side: 96 columns are a till with all its words, 54 a whole receipt
BESIDE_COLUMNS: Final = 150
LOOK_KEY, CABLE_KEY = "tab", "ctrl+n"

_COUNTER = Text("Tab counter", "Tab 柜台")
_TILL = Text("Tab till", "Tab 回收银")
_PULL = Text("Ctrl+N pull the cable", "Ctrl+N 拔网线")
_PLUG = Text("Ctrl+N plug it in", "Ctrl+N 插回网线")
_HQ = Text("HQ {url}/hq", "总部 {url}/hq")
_CASHIERS = Text("cashiers {who}", "收银员 {who}")
_LEAVE = Text("Ctrl+Q end", "Ctrl+Q 退出")
_WELCOME = Text(
    "The shop is open. Sign in with {cashier}, then a float such as 500.",
    "演示门店已就绪：用收银员 {cashier} 登录，再输入备用金，例如 500。",
)
_CLICK = Text("Click on the shelf to scan.", "点击货架上的商品即可扫码。")
_TAB = Text("Tab shows the counter; click on its shelf to scan.", "按 Tab 看柜台，点击货架即扫码。")
_PULLED = Text("The network cable is out.", "网线已拔出。")
_GO_ON = Text("Go on selling; Ctrl+N plugs it in again.", "可继续销售；再按 Ctrl+N 插回。")


class _Piece(NamedTuple):
    """A piece of the bar; when it is too long the highest rank goes first."""

    rank: int
    says: Text
    action: str = ""


class FloorApp(TillApp):
    """The till of the shop floor."""

    CSS = f"""
    {TillApp.CSS}
    CounterView {{ width: 54; }}
    .-narrow CounterView {{ display: none; }}
    .-narrow.-in-front CounterView {{ display: block; width: 1fr; }}
    .-narrow.-in-front Glass {{ display: none; }}
    #floor {{ height: 1fr; }}
    #bar {{ height: 1; padding: 0 1; background: $surface; color: $foreground 70%;
            text-wrap: nowrap; link-style: none; link-color: $primary; }}
    """
    HORIZONTAL_BREAKPOINTS = [  # noqa: RUF012  as the library declares it
        (0, "-narrow"),
        (BESIDE_COLUMNS, "-wide"),
    ]

    def __init__(
        self,
        till: Till,
        counter: SimulatedCounter,
        cable: Cable,
        hub_url: str,
        left: Callable[[], object],
    ) -> None:
        """`left` is called when a signal ends it."""
        super().__init__(till, till.settings.theme)
        self._left = left
        self._cable = cable
        self._hub_url = hub_url
        self._view = CounterView(counter)
        self._bar = Static(id="bar")
        self._said: list[tuple[_Piece, str]] = []
        self._in_front = False
        self._welcomed = False
        self.face.desk.everywhere[LOOK_KEY] = self.action_look
        self.face.desk.everywhere[CABLE_KEY] = self.action_cable

    def compose(self) -> ComposeResult:
        with Horizontal(id="floor"):
            yield from super().compose()
            yield self._view
        yield self._bar

    def end(self) -> None:
        self._left()
        super().end()

    def on_resize(self) -> None:
        self.call_after_refresh(self.show)

    def show(self) -> None:
        super().show()
        self._tell()

    async def on_event(self, event: events.Event) -> None:
        key = event.key if isinstance(event, events.Key) else ""
        if isinstance(event, events.Key | events.Paste) and self._in_front and key != CABLE_KEY:
            self.action_look()  # nobody shall type what he does not see
            if key in (LOOK_KEY, "escape"):
                return
        await super().on_event(event)

    async def _look(self) -> None:
        await super()._look()
        if not self._welcomed and self.till.catalogue.known_products:
            self._welcomed = True
            self._welcome()

    def _welcome(self) -> None:
        desk = self.face.desk
        if self.till.shift.current is None and desk.note is None:
            how = _CLICK if self._is_wide else _TAB
            desk.tell(desk.say(_WELCOME, cashier=CASHIERS[0]), desk.say(how))
            self.show()

    @property
    def _is_wide(self) -> bool:
        return self.size.width >= BESIDE_COLUMNS

    def action_look(self) -> None:
        """The counter in front, or the till again."""
        self._in_front = not self._in_front and not self._is_wide
        if self._in_front:
            self._view.make_room(self.size.width, self.size.height - 1)
        self.screen.set_class(self._in_front, "-in-front")
        self.show()

    def action_cable(self) -> None:
        """Pull the network cable, or plug it in."""
        if self._cable.pulled:
            self._cable.plug()
        else:
            self._cable.pull()
            desk = self.face.desk
            desk.attend(desk.say(_PULLED), desk.say(_GO_ON))
        self.show()

    @property
    def _news(self) -> Text:
        """What the till has to say while the counter hides it."""
        desk = self.face.desk
        aside = "".join(span.text for span in desk.page.aside()).strip()
        said = desk.note.say if desk.note else aside
        return Text(said, said)

    def _tell(self) -> None:
        """The bar below the till, and the counter's words, as things stand now."""
        language = self.face.desk.language
        self._view.language = language.value
        pieces = [
            *([] if self._is_wide else [_Piece(0, _TILL if self._in_front else _COUNTER, "look")]),
            *([_Piece(1, self._news)] if self._in_front else []),
            _Piece(1, _PLUG if self._cable.pulled else _PULL, "cable"),
            _Piece(2, _HQ.filled(url=self._hub_url)),
        ]
        if self._welcomed and self.till.shift.current is None:
            pieces.append(_Piece(3, _CASHIERS.filled(who=" ".join(CASHIERS))))
        pieces.append(_Piece(4, _LEAVE))
        said = [(piece, piece.says.to(language)) for piece in pieces if piece.says.en]
        while sum(cell_len(words) + 3 for _, words in said) > self.size.width + 1:
            said.remove(max(said, key=lambda each: each[0].rank))
        if said == self._said:
            return
        self._said = said
        parts = [
            Content.from_markup(f"[@click=app.{piece.action}]$words[/]", words=words)
            if piece.action
            else Content(words)
            for piece, words in said
        ]
        self._bar.update(Content("   ").join(parts))


async def play(
    till: Till, counter: SimulatedCounter, cable: Cable, hub_url: str, left: Callable[[], object]
) -> int:
    """Show the till until somebody leaves it or the terminal goes -> exit code. Then the till is
    closed, while its printer still listens. `left` is called when a signal ends it."""
    async with counter:
        app = FloorApp(till, counter, cable, hub_url, left)
        asyncio.get_running_loop().add_signal_handler(signal.SIGINT, app.end)
        try:
            await app.run_async()
        finally:
            await asyncio.to_thread(till.close)
        if app.fault is not None:
            raise app.fault
        return app.return_code or 0
