"""What a scanner types as a keyboard, from keys to bytes: the US layout, in which scanners leave
the factory.

Owns keys, modifiers and numbers typed while Alt is down. Key numbers are the kernel's
(include/uapi/linux/input-event-codes.h). Refuses to own where a code ends. Sans-IO.
"""

from typing import Final

ENTER: Final = 28
TAB: Final = 15
LEFT_SHIFT: Final = 42
LEFT_CTRL: Final = 29
LEFT_ALT: Final = 56
CAPS_LOCK: Final = 58

_ROWS: Final = (
    (2, "1234567890-=", "!@#$%^&*()_+"),
    (16, "qwertyuiop[]", "QWERTYUIOP{}"),
    (30, "asdfghjkl;'`", 'ASDFGHJKL:"~'),
    (43, "\\zxcvbnm,./", "|ZXCVBNM<>?"),
    (57, " ", " "),
)
PLAIN: Final = {first + at: char for first, row, _ in _ROWS for at, char in enumerate(row)}
SHIFTED: Final = {first + at: char for first, _, row in _ROWS for at, char in enumerate(row)}
KEYPAD: Final = {
    **{key: str(digit) for digit, key in enumerate((82, 79, 80, 81, 75, 76, 77, 71, 72, 73))},
    55: "*", 74: "-", 78: "+", 83: ".", 98: "/", 117: "=", 121: ",",
}  # fmt: skip
_ENDS: Final = {ENTER: b"\r", 96: b"\r", TAB: b"\t"}

_SHIFT: Final = frozenset((LEFT_SHIFT, 54))
_CTRL: Final = frozenset((LEFT_CTRL, 97))
_ALT: Final = frozenset((LEFT_ALT, 100))
_MODIFIERS: Final = _SHIFT | _CTRL | _ALT
_SILENT: Final = frozenset((1, *range(59, 71), 87, 88, 99, *range(102, 112), 119, 125, 126, 127))
"""Keys that have a character in no layout: Esc, the F keys, the locks, the arrows and their
neighbours. Scanners that are told to put one around a code mean it for a keyboard's screen."""
_CTRL_DIGITS: Final = {"2": 0x00, "6": 0x1E, "-": 0x1F}
"""Control characters whose own key wants Shift on a US keyboard, typed without it."""
_NUMBER_DIGITS: Final = 5


class UsKeyboard:
    """Its keys as they go down and up."""

    def __init__(self) -> None:
        self._down: set[int] = set()
        self._caps_lock = False
        self._number = ""

    @property
    def at_rest(self) -> bool:
        """No modifier is down or locked."""
        return not (self._down or self._caps_lock)

    @property
    def in_a_number(self) -> bool:
        """Alt is down and some digits of a character are there."""
        return bool(self._number)

    def press(self, key: int) -> bytes | None:
        """What it types, maybe nothing yet; None when nobody knows."""
        if key in _MODIFIERS:
            self._down.add(key)
            return b""
        if key == CAPS_LOCK:
            self._caps_lock = not self._caps_lock
            return b""
        if key in _SILENT:
            return b""
        if self._down & _ALT:
            return self._digit(key)
        if key in _ENDS:
            return _ENDS[key]
        return self._character(key)

    def release(self, key: int) -> bytes | None:
        """As `press`."""
        self._down.discard(key)
        if key not in _ALT:
            return b""
        number, self._number = self._number, ""
        return _numbered(number) if number else b""

    def reset(self) -> None:
        """All keys are up again, and capitals are not locked."""
        self._down.clear()
        self._caps_lock = False
        self._number = ""

    def _digit(self, key: int) -> bytes | None:
        digit = KEYPAD.get(key) or PLAIN.get(key, "")
        if not digit.isdigit() or len(self._number) >= _NUMBER_DIGITS:
            return None
        self._number += digit
        return b""

    def _character(self, key: int) -> bytes | None:
        plain = PLAIN.get(key)
        if self._down & _CTRL:
            return _control(plain) if plain else None
        if plain is None:
            keypad = KEYPAD.get(key)
            return keypad.encode() if keypad else None
        shift = bool(self._down & _SHIFT) != (self._caps_lock and plain.isalpha())
        return (SHIFTED[key] if shift else plain).encode()


def _control(plain: str) -> bytes | None:
    """Ctrl with a key: GS is Ctrl+]."""
    if plain in _CTRL_DIGITS:
        return bytes((_CTRL_DIGITS[plain],))
    return bytes((ord(plain.upper()) & 0x1F,)) if plain.isalpha() or plain in "[\\]" else None


def _numbered(number: str) -> bytes | None:
    """A character by its number, as Windows takes it from Alt and the keypad (Alt+029 is GS): one
    byte, or two of GB18030."""
    value = int(number)
    return value.to_bytes(1 if value < 0x100 else 2) if value < 0x10000 else None
