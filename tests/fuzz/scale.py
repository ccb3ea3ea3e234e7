"""Fuzz what a scale answers: `python -m tests.fuzz.scale --runs 20000`."""

from tests.fuzz.harness import main, watched

with watched("hardware.scale"):
    from hardware.scale.aclas import AclasParser
    from hardware.scale.cas import CasParser
    from hardware.scale.reading import (
        NOISE_KEPT_BYTES,
        Acknowledged,
        Condition,
        FrameParser,
        Heard,
        Noise,
        Reading,
    )
    from hardware.scale.toledo import ToledoParser


def read(data: bytes) -> None:
    """Any bytes are readings or noise, in one piece and byte by byte the same readings."""
    for whole, torn in (
        (ToledoParser(), ToledoParser()),
        (ToledoParser("kg"), ToledoParser("kg")),
        (CasParser(), CasParser()),
        (AclasParser(), AclasParser()),
    ):
        readings = _heard(whole, [data])
        assert readings == _heard(torn, [bytes((byte,)) for byte in data])


def _heard(parser: FrameParser, pieces: list[bytes]) -> list[Heard]:
    heard: list[Heard] = []
    for piece in pieces:
        heard += parser.feed(piece)
        assert len(parser._held) <= parser.longest_bytes
    heard += parser.gap()
    assert not parser.begun
    return [one for one in heard if _is_sound(one)]


def _is_sound(heard: Heard) -> bool:
    """Whether it is more than noise; each is what it can be."""
    match heard:
        case Noise(data):
            assert 0 < len(data) <= NOISE_KEPT_BYTES
            return False
        case Reading(Condition.WEIGHT, grams):
            assert grams is not None
            assert grams > 0
        case Reading(Condition.EMPTY, grams):
            assert grams == 0
        case Reading(Condition.MOVING, grams):
            assert grams is None or grams >= 0
        case Reading(_, grams):
            assert grams is None
        case Acknowledged():
            pass
    return True


if __name__ == "__main__":
    main("scale", read)
