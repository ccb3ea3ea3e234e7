"""Aclas OS2 scales, sold as Pinnacle too: the frame of CAS, of itself or when asked.

    3C 41 4C 3E 09   speak when asked: 05 ──▶ 06, then 11 ──▶ 01 02 STA SIGN weight unit BCC 03 04
    3C 50 42 3E 09   speak ten times a second: the same frame and one byte more, the flags
                     (10 at zero, 20 tare, 40 out of its range)

It leaves the factory speaking of itself; here it is told to speak when asked, and a scale that
does not obey is understood all the same.

Source: Pinnacle OS2CX manual, pages 15, 16 and 20.

What the sources disagree about: the manual has the BCC over the 12 bytes before it (head, STA …
unit), a public reader of these frames has in effect that from STA to the unit, as CAS does. Both
are taken; the two differ by 03, and a frame damaged so that it fits the other one would have to
come twice to be believed (see `scale`). F is also said before the first zero was found.
"""

from typing import Final

from hardware.driver import SerialDefaults
from hardware.scale.cas import DC1, ENQ, CasParser, check_of
from hardware.scale.reading import Frame, ScaleProtocol

WHEN_ASKED: Final = b"\x3c\x41\x4c\x3e\x09"
_HEAD: Final = b"\x01\x02"
_FLAG_BITS: Final = 0x70


class AclasParser(CasParser):
    """The byte of flags behind a frame belongs to it."""

    def __init__(self) -> None:
        super().__init__()
        self._flags_may_follow = False

    def _first(self, held: bytes) -> Frame | None:
        if self._flags_may_follow and held:
            self._flags_may_follow = False
            if held[0] & ~_FLAG_BITS == 0:
                del self._held[0]
                held = held[1:]
        frame = super()._first(held)
        self._flags_may_follow = self._flags_may_follow or (
            frame is not None and frame.end - frame.begin > 1
        )
        return frame

    def _checked(self, body: bytes, check: int) -> bool:
        return check in (check_of(body), check_of(_HEAD + body))


PROTOCOL: Final = ScaleProtocol(
    serial=SerialDefaults(baud=9600, framing="8N1"),
    parser=AclasParser,
    questions=(ENQ, DC1),
    greeting=WHEN_ASKED,
)
