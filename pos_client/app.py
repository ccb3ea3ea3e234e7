"""The face on a terminal: keys in, rows out.

Keys are taken before the terminal library sends them anywhere: no field can lose, reorder or
swallow what a scanner types, and no dialog can stand in its way.
"""

import asyncio
import signal
from contextlib import suppress
from typing import Any, Final

from textual import events
from textual.app import App, ComposeResult
from textual.message import Message
from textual.timer import Timer

from pos_client.face import Face
from pos_client.screen import colours
from pos_client.screen.keys import SCAN_PACE_S
from pos_client.screen.sheet import Glass
from pos_client.screen.terminal import TerminalDriver, tell_escape_from_alt
from pos_client.till import Till

#: how often the status line looks at what waits for the hub
LOOK_S: Final = 1.0
#: how long a burst of characters may go without being shown
ECHO_S: Final = 0.08
#: what ends the screen in order: the machine shuts down, or its terminal has gone
_SIGNALS: Final = (signal.SIGTERM, signal.SIGHUP)

tell_escape_from_alt()


class TillApp(App[None]):
    """The screen of one open till. Runs until Ctrl+Q."""

    CSS = "Screen { background: $background; overflow: hidden; }"
    ENABLE_COMMAND_PALETTE = False

    class Told(Message):
        """A device or the hub has something to say."""

        def __init__(self, name: str, values: dict[str, Any]) -> None:
            super().__init__()
            self.event = name
            self.values = values

    def __init__(self, till: Till, theme: colours.Name = "dark") -> None:
        super().__init__(driver_class=TerminalDriver)
        self.till = till
        self.face = Face(till, self.exit, self.bell, self.wear)
        self._first_theme: colours.Name = theme
        self._glass = Glass(self.face.frame, self.face.foot)
        #: what ended the screen, if it was not the cashier
        self.fault: Exception | None = None
        #: when the character before was typed; 0 when something else was pressed since
        self._typed_s = 0.0
        self._echo: Timer | None = None

    def compose(self) -> ComposeResult:
        yield self._glass

    def on_mount(self) -> None:
        for theme in colours.themes():
            self.register_theme(theme)
        self.wear(self._first_theme)
        self.till.start(lambda name, values: self._post(self.Told(name, values)))
        self.till.catalogue.finder.on_found = lambda: self._post(self.Told("search.found", {}))
        self.set_interval(LOOK_S, self._look)
        for number in _SIGNALS:
            asyncio.get_running_loop().add_signal_handler(number, self.end)

    def end(self) -> None:
        """Nobody is there any more: a signal says so, or the terminal has gone."""
        self.exit()

    def _handle_exception(self, error: Exception) -> None:
        """Leave, and let who started the screen say so in a sentence: the library would print the
        traceback to the cashier."""
        self.fault = error
        self.exit(return_code=1)

    def _post(self, message: Message) -> None:
        """From any thread; a screen that has gone hears nothing."""
        with suppress(RuntimeError):
            self.post_message(message)

    def wear(self, theme: colours.Name) -> None:
        """Change the colours."""
        self.theme = colours.full_name(theme)
        self._glass.wear(theme)

    def show(self) -> None:
        """Draw what has changed."""
        self._glass.show()

    async def on_event(self, event: events.Event) -> None:
        if isinstance(event, events.Key) and not event.is_forwarded:
            char = event.character or (event.key if len(event.key) == 1 else None)
            before_s, self._typed_s = self._typed_s, event.time
            if self.face.key(event.key, char, event.time):
                self._typed_s = 0.0
                self.show()
            elif event.time - before_s > SCAN_PACE_S:
                self._glass.show_foot()
            else:
                self._echo_soon()
        elif isinstance(event, events.Paste) and not event.is_forwarded:
            self.face.pasted(event.text)
            self.show()
        else:
            await super().on_event(event)

    def _echo_soon(self) -> None:
        """Show what a scanner types only if no whole code comes of it: each digit would be a frame
        that nobody reads."""
        if self._echo is None:
            self._echo = self.set_timer(ECHO_S, self._echo_now)

    def _echo_now(self) -> None:
        self._echo = None
        self._glass.show_foot()

    def on_till_app_told(self, message: Told) -> None:
        self.face.told(message.event, message.values)
        self.show()

    async def _look(self) -> None:
        if isinstance(self._driver, TerminalDriver) and self._driver.has_gone:
            self.end()
            return
        await asyncio.to_thread(self.face.look)
        self.show()
