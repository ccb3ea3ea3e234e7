"""A customer display: two lines, shown as soon as it can, and again after it was away.

Only the newest matters: what was said while a slow display was still being told something else is
skipped. Such displays do not answer, so one that is there is ready.

Owns when something is written. Refuses to own what is said (the till does) and its bytes
(`protocols`).
"""

import asyncio
from collections.abc import Callable
from typing import Final

from hardware.device import BackOff, Device
from hardware.dialogue import Dialogue, Parser
from hardware.display.protocols import Cd5220, DisplayProtocol, EscposDisplay, Lamp, Led8
from hardware.display.text import Charset, sides, spelled, tidied
from hardware.driver import Driver, SerialDefaults
from hardware.fault import Kind
from hardware.link import Connect
from hardware.url import DeviceUrl

COLUMNS: Final = 20
FRAME_S: Final = 0.06
"""The least between two frames: as long as both lines are on the wire at 9600 baud. What is newer
by then overtakes it here; in the buffer of a port it could not."""
LED8_BAUD: Final = 2400


class _Deaf(Parser[bytes]):
    """No answer of a display means anything."""

    gap_s = 1.0

    @property
    def begun(self) -> bool:
        return False

    def feed(self, data: bytes) -> list[bytes]:  # noqa: ARG002
        return []

    def gap(self) -> list[bytes]:
        return []

    def broken(self) -> list[bytes]:
        return []


class Display(Device[bytes]):
    """One display."""

    kind = Kind.DISPLAY

    def __init__(
        self,
        connect: Connect,
        protocol: DisplayProtocol,
        *,
        columns: int = COLUMNS,
        charset: Charset = Charset.ASCII,
        frame_s: float = FRAME_S,
        back_off: BackOff | None = None,
    ) -> None:
        super().__init__(connect, back_off=back_off)
        self.columns: Final = columns
        self.shows_chinese: Final = charset is Charset.GBK
        self._charset = charset
        self._frame_s = frame_s
        self._protocol = protocol
        self._shown: tuple[str, str, Lamp] | None = None
        self._news = asyncio.Event()

    def show(self, upper: str, lower: str, lamp: Lamp = Lamp.NONE) -> None:
        """Show two lines from now on; `lamp` is for those that have lamps. Returns at once; called
        on the loop that serves it."""
        self._shown = upper, lower, lamp
        self._news.set()

    def line(self, left: str, right: str) -> str:
        """A line with both ends flush, of what this display has characters for: what it cannot
        show takes no room. The right end (an amount) is whole, the left one gives way."""
        left, right = (tidied(spelled(text, self._charset)) for text in (left, right))
        return sides(left, right, self.columns)

    def _parser(self) -> Parser[bytes]:
        return _Deaf()

    async def _meet(self, dialogue: Dialogue[bytes]) -> None:
        await dialogue.tell(self._protocol.greeting)
        if self._shown is not None:
            self._news.set()

    async def _attend(self, dialogue: Dialogue[bytes]) -> None:
        while True:
            await self._news.wait()
            self._news.clear()
            if self._shown is not None:
                await dialogue.tell(self._protocol.frame(*self._shown))
            await asyncio.sleep(self._frame_s)


_PROTOCOLS: Final[dict[str, Callable[[int, Charset, int], DisplayProtocol]]] = {
    "cd5220": Cd5220,
    "escpos": EscposDisplay,
    "led8": Led8,
}


def _open(url: DeviceUrl, connect: Connect) -> Display:
    """Options: `protocol` cd5220, escpos or led8; `cols` 8 to 40; `rows` 1 or 2; `charset` ascii or
    gbk."""
    protocol = _PROTOCOLS[url.one_of("protocol", *_PROTOCOLS)]
    columns = url.number("cols", COLUMNS, 8, 40)
    charset = Charset(url.one_of("charset", *Charset))
    spoken = protocol(columns, charset, url.number("rows", 2, 1, 2))
    return Display(connect, spoken, columns=columns, charset=charset)


def _serial(url: DeviceUrl) -> SerialDefaults:
    return SerialDefaults(LED8_BAUD) if url.options.get("protocol") == "led8" else SerialDefaults()


DRIVER = Driver(Kind.DISPLAY, _open, serial=_serial)
