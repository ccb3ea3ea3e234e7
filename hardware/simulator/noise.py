"""A bad wire: what goes over it is flipped, lost, doubled and torn, always the same from one seed.

>>> damage = noise(seed=7, rate=0.01)
"""

import asyncio
from random import Random
from typing import Final

from hardware.link import READ_LIMIT_BYTES, Link
from hardware.simulator.wire import Damage

TEAR_S: Final = 0.03
"""A pause in the middle of a frame: longer than the 25 ms that end one on RS-485."""


class NoisyLink:
    """A link whose bytes are damaged in both directions, each with a chance of `rate`: a bit
    flipped, the byte lost, the byte doubled, a foreign byte before it, or a pause."""

    def __init__(self, link: Link, chance: Random, rate: float) -> None:
        self._link, self._chance, self._rate = link, chance, rate

    async def write(self, data: bytes) -> None:
        for piece in self._damaged(data):
            if piece is None:
                await asyncio.sleep(TEAR_S)
            elif piece:
                await self._link.write(piece)

    async def read(self, timeout_s: float | None, limit_bytes: int = READ_LIMIT_BYTES) -> bytes:
        async with asyncio.timeout(timeout_s):
            while True:
                data = await self._link.read(None, limit_bytes)
                whole = b"".join(piece for piece in self._damaged(data) if piece is not None)
                if whole:
                    return whole

    async def close(self) -> None:
        await self._link.close()

    def _damaged(self, data: bytes) -> list[bytes | None]:
        """The pieces that arrive; None is a pause."""
        pieces: list[bytes | None] = []
        whole = bytearray()
        for byte in data:
            if self._chance.random() >= self._rate:
                whole.append(byte)
                continue
            match self._chance.randrange(5):
                case 0:
                    whole.append(byte ^ 1 << self._chance.randrange(8))
                case 1:
                    pass
                case 2:
                    whole += bytes((byte, byte))
                case 3:
                    whole += bytes((self._chance.randrange(256), byte))
                case _:
                    pieces += [bytes(whole), None]
                    whole = bytearray((byte,))
        return [*pieces, bytes(whole)]


def noise(seed: int, rate: float) -> Damage:
    """What damages a share of `rate` of the bytes on each link, from one seed."""
    chance = Random(seed)  # noqa: S311  to be repeated, not to be secret
    return lambda link: NoisyLink(link, chance, rate)
