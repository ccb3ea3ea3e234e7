"""Fuzz what a printer is sent: `python -m tests.fuzz.printer_stream --runs 20000`."""

from tests.fuzz.harness import main, watched

with watched("hardware.simulator.printer"):
    from hardware.simulator.printer.characters import Charset
    from hardware.simulator.printer.dialect import CHEAP, EPSON
    from hardware.simulator.printer.machine import SimulatedPrinter

PIECE_BYTES = 3
KINDS = ((EPSON, Charset.GB18030), (CHEAP, Charset.UTF8))


def read(data: bytes) -> None:
    """Any bytes are taken to the last, and print the same however they were cut into pieces."""
    dialect, charset = KINDS[len(data) % len(KINDS)]
    whole, torn = (SimulatedPrinter(dialect=dialect, charset=charset) for _ in range(2))
    whole.feed(data)
    for at in range(0, len(data), PIECE_BYTES):
        torn.feed(data[at : at + PIECE_BYTES])
    for seen in ("paper", "receipts", "kicks", "unknown", "begun_line", "strips"):
        assert getattr(whole, seen) == getattr(torn, seen), seen
    assert whole.take_answers() == torn.take_answers()


if __name__ == "__main__":
    main("printer_stream", read)
