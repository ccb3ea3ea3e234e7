"""What goes wrong with a device or its wire, as one family:

    Fault
    ├── UnknownDevice      device.unknown         the address names no device we can open
    ├── Unplugged          printer.unplugged      no link to the printer
    │   └── LinkLost       printer.link_lost      ... the link broke while it printed
    ├── NoReply            printer.no_reply       the link is up, the printer is silent
    │   └── Unconfirmed    printer.unconfirmed    ... after it was given the receipt
    ├── OutOfPaper         printer.out_of_paper   no paper
    │   └── PaperRanOut    printer.paper_ran_out  ... in the middle of the receipt
    ├── CoverOpen          printer.cover_open     the cover is open
    ├── PrinterError       printer.error          cutter, head or an offline state without a name
    └── ScannerUnplugged   scanner.unplugged      no link to the scanner
        ├── ScannerTaken   scanner.taken          ... another program holds its port
        └── ScannerForbidden scanner.forbidden    ... this user may not open its port

For the printer, an indented line is the same trouble met after the job was sent: only there is the
outcome unknown, and only there would a retry risk a second receipt. A fault is no refusal: no rule
said no.
"""

from dataclasses import dataclass
from typing import ClassVar


class Fault(Exception):
    """A device or wire that fails; the class says all that a person or a program needs.

    `retryable`: the same job may be sent again without risk of doing it twice.
    `outcome_known`: it is certain what the device did (for a printer: nothing of this job).
    `detail` is for the log (an address, an errno text), never for the cashier.
    """

    code: ClassVar[str] = "device.fault"
    retryable: ClassVar[bool] = True
    outcome_known: ClassVar[bool] = True
    say_en: ClassVar[str] = "A device does not work."
    say_zh: ClassVar[str] = "设备出现故障。"
    remedy_en: ClassVar[str] = "Check its power and cable, then try again."
    remedy_zh: ClassVar[str] = "请检查设备电源和连接线，然后重试。"

    def __init__(self, detail: str = "") -> None:
        super().__init__(detail)
        self.detail = detail

    def __str__(self) -> str:
        detail = f" ({self.detail})" if self.detail else ""
        return f"{self.code}: {self.say_en} {self.remedy_en}{detail}"


class UnknownDevice(Fault):
    """The device's address (URL) is not one we can open; `detail` says which part."""

    code = "device.unknown"
    retryable = False
    say_en = "This device address is not known."
    say_zh = "无法识别此设备地址。"
    remedy_en = "Write it like escpos+tcp://10.0.0.5:9100?cols=48, scan+serial:///dev/ttyACM0 or sim://printer."
    remedy_zh = "请按此格式填写：escpos+tcp://10.0.0.5:9100?cols=48、scan+serial:///dev/ttyACM0 或 sim://printer。"


class Unplugged(Fault):
    """No link: refused, no route, or gone before anything of the job was sent."""

    code = "printer.unplugged"
    say_en = "The receipt printer cannot be reached."
    say_zh = "连接不上小票打印机。"
    remedy_en = "Check that it is switched on and its cable is in, then print again."
    remedy_zh = "请检查打印机是否开机、连接线是否插好，然后重新打印。"


class LinkLost(Unplugged):
    """The link broke after the job had begun to go out."""

    code = "printer.link_lost"
    retryable = False
    outcome_known = False
    say_en = "The link to the receipt printer broke while it was printing."
    say_zh = "打印过程中与小票打印机的连接中断。"
    remedy_en = "Look at the paper: if the receipt is not whole, print a copy."
    remedy_zh = "请查看小票：如不完整，请补打副本。"


class NoReply(Fault):
    """Asked for its status before a job, the printer said nothing in time."""

    code = "printer.no_reply"
    say_en = "The receipt printer does not answer."
    say_zh = "小票打印机没有应答。"
    remedy_en = "Switch it off and on again, then print again."
    remedy_zh = "请将打印机关机后重新开机，然后重新打印。"


class Unconfirmed(NoReply):
    """The job was sent and the printer has not said in time that it is done."""

    code = "printer.unconfirmed"
    retryable = False
    outcome_known = False
    say_en = "The printer has not confirmed the receipt."
    say_zh = "打印机未确认小票已打印。"
    remedy_en = "Look at the paper: if the receipt is not whole, print a copy."
    remedy_zh = "请查看小票：如不完整，请补打副本。"


class OutOfPaper(Fault):
    """Paper end (DLE EOT 4, bits 5 and 6)."""

    code = "printer.out_of_paper"
    say_en = "The receipt printer is out of paper."
    say_zh = "小票打印机缺纸。"
    remedy_en = "Load a new roll and close the cover, then print again."
    remedy_zh = "请装入新纸卷并合上机盖，然后重新打印。"


class PaperRanOut(OutOfPaper):
    """Paper end inside the job: the printer keeps the rest and prints it on the next roll."""

    code = "printer.paper_ran_out"
    retryable = False
    outcome_known = False
    say_en = "The paper ran out in the middle of the receipt."
    say_zh = "小票打印到一半时缺纸。"
    remedy_en = "Load a new roll: the rest comes out by itself. Print a copy only if it does not."
    remedy_zh = "请装入新纸卷，剩余部分会自动打印；如未打印完整，再补打副本。"


class CoverOpen(Fault):
    """Cover open (DLE EOT 2, bit 2)."""

    code = "printer.cover_open"
    say_en = "The cover of the receipt printer is open."
    say_zh = "小票打印机机盖未合上。"
    remedy_en = "Close the cover, then print again."
    remedy_zh = "请合上机盖，然后重新打印。"


class PrinterError(Fault):
    """Offline with no named cause, or the error bit (DLE EOT 1 bit 3, DLE EOT 2 bit 6)."""

    code = "printer.error"
    say_en = "The receipt printer reports an error."
    say_zh = "小票打印机报告故障。"
    remedy_en = "Clear jammed paper, switch it off and on again, then print again."
    remedy_zh = "请清除卡纸，将打印机关机后重新开机，然后重新打印。"


class ScannerUnplugged(Fault):
    """The scanner's port is not there or has broken; it is opened anew as soon as it is back."""

    code = "scanner.unplugged"
    say_en = "The scanner cannot be reached."
    say_zh = "连接不上扫描枪。"
    remedy_en = "Put its plug in again; until then type the codes."
    remedy_zh = "请重新插好扫描枪；在此之前可手工输入条码。"


class ScannerTaken(ScannerUnplugged):
    """The port is there, and claimed by another program."""

    code = "scanner.taken"
    say_en = "Another program uses the scanner."
    say_zh = "扫描枪被其他程序占用。"
    remedy_en = "Close that program; the scanner is then found by itself."
    remedy_zh = "请关闭该程序，扫描枪会自动恢复。"


class ScannerForbidden(ScannerUnplugged):
    """The port is there, and closed to the user this program runs as."""

    code = "scanner.forbidden"
    say_en = "This user may not open the scanner's port."
    say_zh = "当前用户无权使用扫描枪端口。"
    remedy_en = "Add the user to the port's group (dialout on Linux) and sign in again."
    remedy_zh = "请将用户加入端口所属的组（Linux 为 dialout），然后重新登录。"


@dataclass(frozen=True, slots=True)
class DeviceState:
    """How a device stands; not `known` until it was first met."""

    fault: Fault | None = None
    known: bool = True

    @property
    def ready(self) -> bool:
        return self.known and self.fault is None
