"""What does it cost to make a code of what a scanner sends?

Ours: the parser of each way a scanner is read, with its framing, AIM identifiers, limits and checks
of the text. Reference: `bytes.split` at CR, a slice of a report, a table of keys. Processor time of
the one thread that does it; every code is an EAN-13.

`line`: a code a read, as at a counter; `burst`: full reads of 4,096 bytes; `report`: HID-POS, a
report a read; `keys`: a keyboard's events, a code a read.
"""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from random import Random
from time import thread_time_ns

from benchmarks.measure import Result, Scale, by_turns, result
from benchmarks.reference import scan_decode as reference
from hardware.dialogue import Parser
from hardware.link import READ_LIMIT_BYTES
from hardware.scanner.evdev import EvdevParser
from hardware.scanner.hid_pos import HidPosParser
from hardware.scanner.parser import Framing, ScanParser, Suffix
from hardware.scanner.scan import Heard, Scan
from hardware.simulator.scanner import Form, SimulatedScanner

SCANS = 20_000
UNIT = "µs/scan"

_CR = partial(ScanParser, Framing(suffix=Suffix.CR))
_WAYS: tuple[tuple[str, float, Form, Callable[[], Parser[Heard]], reference.Decode], ...] = (
    ("line", 8.0, Form.SERIAL, _CR, reference.lines),
    ("burst", 25.0, Form.SERIAL, _CR, reference.lines),
    ("report", 50.0, Form.HID_POS, HidPosParser, reference.reports),
    ("keys", 6.0, Form.KEYS, EvdevParser, reference.keys),
)
"""Each with its goal."""


def run(scale: Scale, _folder: Path) -> Iterator[Result]:
    """Each way a scanner is read."""
    chance = Random(7)
    scans = scale.of(SCANS, least=20)
    codes = [f"69{chance.randrange(10**11):011}" for _ in range(scans)]
    for name, goal, form, parser, plain in _WAYS:
        reads = [_sent(form, code) for code in codes]
        if name == "burst":
            stream = b"".join(reads)
            reads = [
                stream[at : at + READ_LIMIT_BYTES] for at in range(0, len(stream), READ_LIMIT_BYTES)
            ]
        assert _decoded(parser, reads) == plain(reads) == codes
        rounds = by_turns(
            scale,
            partial(_timed, partial(_decoded, parser, reads), scans),
            partial(_timed, partial(plain, reads), scans),
        )
        yield result(f"scan_decode {name}", UNIT, goal, rounds, scans)


def _sent(form: Form, code: str) -> bytes:
    scanner = SimulatedScanner(form=form)
    scanner.connected = 1
    scanner.scan(code)
    return scanner.take_answers()


def _decoded(parser: Callable[[], Parser[Heard]], reads: list[bytes]) -> list[str]:
    feed = parser().feed
    return [one.code for read in reads for one in feed(read) if isinstance(one, Scan)]


def _timed(decode: Callable[[], object], scans: int) -> float:
    """Microseconds of processor time a scan."""
    began_ns = thread_time_ns()
    decode()
    return (thread_time_ns() - began_ns) / scans / 1000
