"""What the status bits mean: Epson's tables, and the examples that the vendors print."""

import pytest

from hardware.printer.faults import (
    CoverOpen,
    CutterJammed,
    HeadHot,
    OutOfPaper,
    PaperLow,
    PrinterError,
)
from hardware.printer.status import PrinterStatus, Which


@pytest.mark.parametrize(
    ("answers", "fault"),
    [
        ({1: 0x16, 2: 0x12, 4: 0x12}, None),
        ({1: 0x12, 2: 0x12, 4: 0x12}, None),
        ({1: 0x1A, 2: 0x12, 4: 0x12}, PrinterError),
        ({1: 0x1E, 2: 0x16, 4: 0x12}, CoverOpen),
        ({1: 0x12, 2: 0x12, 4: 0x1E}, PaperLow),
        ({1: 0x1A, 2: 0x32, 4: 0x72}, OutOfPaper),
        ({1: 0x1A, 2: 0x32, 4: 0x7E}, OutOfPaper),
        ({1: 0x1A, 2: 0x52, 4: 0x12, 3: 0x1A}, CutterJammed),
        ({1: 0x1A, 2: 0x52, 4: 0x12, 3: 0x52}, HeadHot),
        ({1: 0x1A, 2: 0x52, 4: 0x12, 3: 0x32}, PrinterError),
    ],
)
def test_answers_to_dle_eot(answers: dict[Which, int], fault: type[Exception] | None) -> None:
    status = PrinterStatus()
    for which, bits in answers.items():
        status = status.told(which, bits)
    assert type(status.fault) is (fault or type(None))
    assert status.pin_high is bool(answers[1] & 0x04)


@pytest.mark.parametrize(
    ("raw", "fault", "pin_high"),
    [
        ("10 00 00 00", None, False),
        ("14 00 00 00", None, True),
        ("3c 00 00 00", CoverOpen, True),
        ("1c 00 0f 00", OutOfPaper, True),
        ("10 00 03 00", PaperLow, False),
        ("18 08 00 00", CutterJammed, False),
        ("18 20 00 00", PrinterError, False),
        ("18 40 00 00", HeadHot, False),
    ],
)
def test_automatic_status(raw: str, fault: type[Exception] | None, pin_high: bool) -> None:
    status = PrinterStatus.automatic(bytes.fromhex(raw))
    assert type(status.fault) is (fault or type(None))
    assert status.pin_high is pin_high


def test_what_was_never_said_is_not_known() -> None:
    assert PrinterStatus() == PrinterStatus(None, None, None, None, None, None, None, None, None)
    assert PrinterStatus().fault is None
    assert PrinterStatus().told(1, 0x12).paper_end is None
