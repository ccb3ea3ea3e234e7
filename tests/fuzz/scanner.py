"""Fuzz what a scanner sends, by all its ways: `python -m tests.fuzz.scanner --runs 20000`.

The first byte says by which way and in what pieces the rest comes; 0xFF in it is a pause too.
"""

from collections.abc import Callable
from contextlib import suppress

from tests.fuzz.harness import main, watched

with watched("hardware.scanner"), watched("hardware.link.hid_descriptor"):
    from hardware.dialogue import Parser
    from hardware.link.hid_descriptor import Descriptor
    from hardware.scanner.evdev import EvdevParser, LastKey
    from hardware.scanner.hid_pos import HidPosParser, Layout
    from hardware.scanner.parser import Framing, ScanParser, Suffix
    from hardware.scanner.scan import CODE_LIMIT_BYTES, Heard, Noise, Scan

MAKERS: list[Callable[[bytes], Parser[Heard]]] = [
    *(lambda _, suffix=suffix: ScanParser(Framing(b"\x02", suffix)) for suffix in Suffix),
    lambda _: ScanParser(Framing()),
    lambda _: HidPosParser(),
    lambda _: HidPosParser(report_bytes=64),
    lambda data: HidPosParser(Layout.declared(Descriptor.read(data))),
    lambda data: HidPosParser(told(data), 16),
    *(lambda _, key=key: EvdevParser(key, event_bytes=16) for key in LastKey),
    lambda _: EvdevParser(prefix=b"]", event_bytes=24),
]
PIECES = (1, 16, 64, 512)


def told(data: bytes) -> Layout | None:
    """What is written in front, up to NUL, as in a device's address."""
    with suppress(ValueError):
        return Layout.read(data.split(b"\0")[0].decode("latin-1"))
    return None


def read(data: bytes) -> None:
    """Whatever comes, what is heard is a code or noise, and after a pause all is as it was."""
    if not data:
        return
    parser = MAKERS[data[0] % len(MAKERS)](data[1:])
    piece_bytes = PIECES[data[0] // len(MAKERS) % len(PIECES)]
    rest = data[1:]
    for at in range(0, len(rest), piece_bytes):
        piece = rest[at : at + piece_bytes]
        for one in parser.feed(piece) + (parser.gap() if piece[:1] == b"\xff" else []):
            assert isinstance(one, Scan | Noise)
            assert len(one.code if isinstance(one, Scan) else one.data) <= CODE_LIMIT_BYTES
    parser.gap()
    assert not parser.begun
    assert parser.broken() == []


if __name__ == "__main__":
    main("scanner", read)
