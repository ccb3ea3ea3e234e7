"""What keeps a printer that answers from printing, and what it wants soon."""

from typing import ClassVar

from hardware.fault import DeviceFault, Kind


class PrinterFault(DeviceFault):
    """Of printers alone.

    `waits`: a job waits for a person to mend it, and then goes on by itself.
    """

    waits: ClassVar[bool] = False

    def __init__(self, detail: str = "") -> None:
        super().__init__(Kind.PRINTER, detail)


class OutOfPaper(PrinterFault):
    """Paper end (DLE EOT 4, bits 5 and 6)."""

    what = "out_of_paper"
    waits = True
    say_en = "The receipt printer is out of paper."
    say_zh = "小票打印机缺纸。"
    remedy_en = "Load a new roll and close the cover; what waits is then printed by itself."
    remedy_zh = "请装入新纸卷并合上机盖，等待的小票会自动打印。"


class CoverOpen(PrinterFault):
    """Cover open (DLE EOT 2, bit 2)."""

    what = "cover_open"
    waits = True
    say_en = "The cover of the receipt printer is open."
    say_zh = "小票打印机机盖未合上。"
    remedy_en = "Close the cover; what waits is then printed by itself."
    remedy_zh = "请合上机盖，等待的小票会自动打印。"


class HeadHot(PrinterFault):
    """An error that ends by itself: the print head is too hot (DLE EOT 3, bit 6)."""

    what = "head_hot"
    waits = True
    say_en = "The print head of the receipt printer is too hot."
    say_zh = "小票打印机打印头过热。"
    remedy_en = "Wait a moment: it goes on by itself when it has cooled down."
    remedy_zh = "请稍候，打印头冷却后会自动继续。"


class CutterJammed(PrinterFault):
    """Cutter error (DLE EOT 3, bit 3)."""

    what = "cutter_jammed"
    waits = True
    say_en = "The cutter of the receipt printer is jammed."
    say_zh = "小票打印机切刀卡住。"
    remedy_en = "Open the cover, take out the jammed paper, close it; or switch it off and on."
    remedy_zh = "请打开机盖取出卡纸后合上，或将打印机关机后重新开机。"


class PrinterError(PrinterFault):
    """Offline with no named cause, or an error that only switching it off ends (DLE EOT 1 bit 3,
    DLE EOT 2 bit 6, DLE EOT 3 bit 5)."""

    what = "error"
    say_en = "The receipt printer reports an error."
    say_zh = "小票打印机报告故障。"
    remedy_en = "Clear jammed paper, switch it off and on again, then print again."
    remedy_zh = "请清除卡纸，将打印机关机后重新开机，然后重新打印。"


class PaperLow(PrinterFault):
    """Near the end of the roll (DLE EOT 4, bits 2 and 3): it prints, and wants a roll at hand."""

    what = "paper_low"
    say_en = "The paper of the receipt printer is nearly used up."
    say_zh = "小票打印机纸将用尽。"
    remedy_en = "Have a new roll at hand."
    remedy_zh = "请准备好新纸卷。"


class GivenUp(PrinterFault):
    """A person stopped waiting for it, or it was waited for too long; `detail` is what kept it.
    The printer may still hold a part of the receipt."""

    what = "given_up"
    retryable = False
    outcome_known = False
    say_en = "The receipt was no longer waited for."
    say_zh = "已停止等待小票打印。"
    remedy_en = "Look at the paper: if the receipt is not whole, print a copy."
    remedy_zh = "请查看小票：如不完整，请补打副本。"
