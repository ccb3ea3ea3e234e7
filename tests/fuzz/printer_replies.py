"""Fuzz what a printer says back: `python -m tests.fuzz.printer_replies --runs 20000`.

The first byte says in what pieces the rest comes; 0xFE in front of a piece is a pause too.
"""

from typing import get_args

from tests.fuzz.harness import main, watched

with watched("hardware.printer.replies"), watched("hardware.printer.status"):
    from hardware.printer.replies import (
        AutomaticStatus,
        Noise,
        RealTimeStatus,
        Reply,
        ReplyParser,
    )
    from hardware.printer.status import PrinterStatus

HELD_MOST = 82
"""An identity that has not ended."""


def read(data: bytes) -> None:
    """Whatever comes is a reply or noise, none of it is lost, and a pause leaves nothing begun."""
    parser, status = ReplyParser(), PrinterStatus()
    piece_bytes = 1 + (data[0] % 16 if data else 0)
    rest = data[1:]
    for at in range(0, len(rest), piece_bytes):
        piece = rest[at : at + piece_bytes]
        for reply in parser.feed(piece) + (parser.gap() if piece[:1] == b"\xfe" else []):
            assert isinstance(reply, get_args(Reply))
            match reply:
                case RealTimeStatus(bits):
                    for which in (1, 2, 3, 4):
                        status = status.told(which, bits)
                case AutomaticStatus(raw):
                    status = PrinterStatus.automatic(raw)
                case Noise(raw):
                    assert len(raw) == 1
                case _:
                    pass
            assert status.fault is None or status.fault.say_zh
    assert len(parser.gap()) <= HELD_MOST
    assert not parser.begun


if __name__ == "__main__":
    main("printer_replies", read)
