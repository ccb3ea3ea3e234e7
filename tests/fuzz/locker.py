"""Fuzz what lock boards say: `python -m tests.fuzz.locker --runs 20000`.

Of an input, the first byte chooses the kind of board. The second says how the rest comes: in
pieces of up to 64 bytes, with silence between them when it is 64 or more.
"""

from typing import Final, get_args

from tests.fuzz.harness import main, watched

with watched("hardware.locker"):
    from hardware.locker import board
    from hardware.locker.kerong import Kerong
    from hardware.locker.modbus import ModbusRelays
    from hardware.locker.wkly import Wkly
    from hardware.locker.xor_board import XorBoard

CODECS: Final[tuple[board.Codec, ...]] = (XorBoard(), Kerong(), Wkly(), ModbusRelays())


def read(data: bytes) -> None:
    """Any bytes are replies or noise, and what is held is bounded."""
    if len(data) < 3:
        return
    codec, piece_bytes, said = CODECS[data[0] % len(CODECS)], data[1] % 64 + 1, data[2:]
    order = codec.query_one(1, 1) or codec.query(1, 8)
    for orders in ([], [order, codec.open(1, 1)]):
        parser = board.FrameParser(codec)
        for at in range(0, len(said), piece_bytes):
            for each in orders[at % 2 : at % 2 + 1]:
                parser.sent(each)
            assert parser.feed(said[at : at + piece_bytes]) == []
            if data[1] >= 64:
                check(parser)
        check(parser)
        assert parser.broken() == []


def check(parser: board.FrameParser) -> None:
    for reply in parser.gap():
        assert isinstance(reply, get_args(board.Reply))
        assert not isinstance(reply, board.Noise) or 0 < len(reply.data) <= board.NOISE_KEPT_BYTES
    assert not parser.begun


if __name__ == "__main__":
    main("locker", read)
