"""What goes wrong with a device or its wire, as one family:

    Fault
    ├── UnknownDevice      device.unknown       the address names no device we can open
    │   └── NoXonXoff      device.no_xonxoff    ... with flow=xonxoff
    ├── Unplugged          KIND.unplugged       no link to the device
    │   ├── Taken          KIND.taken           ... another program holds its port
    │   ├── Forbidden      KIND.forbidden       ... this user may not open its port
    │   └── LinkLost       KIND.link_lost       ... it broke after an order had gone out
    ├── NoReply            KIND.no_reply        the link is up, the device is silent
    │   └── Unconfirmed    KIND.unconfirmed     ... after it was given an order
    ├── NotUnderstood      KIND.not_understood  what comes back is not this device's language
    └── of one kind of device: hardware.printer.faults, hardware.locker.faults …

`LinkLost` and `Unconfirmed` are the same trouble met after an order was sent: only there is the
outcome unknown, and only there would a retry risk a second receipt or a second open door. A fault
is no refusal: no rule said no.
"""

from enum import StrEnum
from typing import ClassVar


class Kind(StrEnum):
    """What a device is for."""

    PRINTER = "printer"
    SCANNER = "scanner"
    DISPLAY = "display"
    SCALE = "scale"
    LOCKER = "locker"

    @property
    def en(self) -> str:
        return _NAMES[self][0]

    @property
    def zh(self) -> str:
        return _NAMES[self][1]

    @property
    def meanwhile_en(self) -> str:
        """What a person does without it."""
        return _MEANWHILE.get(self, ("", ""))[0]

    @property
    def meanwhile_zh(self) -> str:
        return _MEANWHILE.get(self, ("", ""))[1]

    @property
    def look_en(self) -> str:
        """What a person does when nobody knows what it did."""
        return _LOOK.get(self, ("Look what it did before you try again.", ""))[0]

    @property
    def look_zh(self) -> str:
        return _LOOK.get(self, ("", "请先查看设备实际动作，再决定是否重试。"))[1]


_MEANWHILE = {
    Kind.PRINTER: (" Print a copy later.", "之后可补打副本。"),
    Kind.SCANNER: (" Until then type the codes.", "在此之前可手工输入条码。"),
    Kind.SCALE: (" Until then type the weight.", "在此之前可手工输入重量。"),
    Kind.LOCKER: (" Until then use the mechanical keys.", "在此之前请使用机械钥匙。"),
}
_LOOK = {
    Kind.PRINTER: (
        "Look at the paper: if the receipt is not whole, print a copy.",
        "请查看小票：如不完整，请补打副本。",
    ),
    Kind.LOCKER: ("Look at the door before you try again.", "请先查看柜门，再决定是否重试。"),
}
_NAMES = {
    Kind.PRINTER: ("receipt printer", "小票打印机"),
    Kind.SCANNER: ("scanner", "扫描枪"),
    Kind.DISPLAY: ("customer display", "客显屏"),
    Kind.SCALE: ("scale", "电子秤"),
    Kind.LOCKER: ("pickup locker", "自提柜"),
}


class Fault(Exception):
    """A device or wire that fails; it says all that a person or a program needs.

    `retryable`: the same order may be given again without risk of doing it twice.
    `outcome_known`: it is certain what the device did (unless told otherwise: nothing).
    `detail` is for the log (an address, an errno text), never for the cashier.
    """

    code: str = "device.fault"
    retryable: ClassVar[bool] = True
    outcome_known: ClassVar[bool] = True
    say_en: str = "A device does not work."
    say_zh: str = "设备出现故障。"
    remedy_en: str = "Check its power and cable, then try again."
    remedy_zh: str = "请检查设备电源和连接线，然后重试。"

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


class NoXonXoff(UnknownDevice):
    """The address has flow=xonxoff, and 11h and 13h are data of what this device sends: the kernel
    would take them out of a weight, a code or a board's frame."""

    code = "device.no_xonxoff"
    say_en = "This device cannot be used with flow=xonxoff: its data may hold the same two bytes."
    say_zh = "此设备不能使用 flow=xonxoff：其数据中可能含有相同的字节。"
    remedy_en = "Take flow=xonxoff out of its address; only receipt printers need it."
    remedy_zh = "请从设备地址中去掉 flow=xonxoff，只有小票打印机才需要。"


class DeviceFault(Fault):
    """Of any kind of device; `{en}` and `{zh}` in the sentences stand for its name, `{meanwhile}`
    for what is done without it, `{look}` for what is done when nobody knows what it did."""

    what: ClassVar[str]

    def __init__(self, kind: Kind, detail: str = "") -> None:
        super().__init__(detail)
        self.kind = kind
        self.code = f"{kind}.{self.what}"
        self.say_en = self.say_en.format(en=kind.en)
        self.say_zh = self.say_zh.format(zh=kind.zh)
        self.remedy_en = self.remedy_en.format(
            en=kind.en, meanwhile=kind.meanwhile_en, look=kind.look_en
        )
        self.remedy_zh = self.remedy_zh.format(
            zh=kind.zh, meanwhile=kind.meanwhile_zh, look=kind.look_zh
        )


class Unplugged(DeviceFault):
    """No link: refused, no route, not there, or gone before an order was sent."""

    what = "unplugged"
    say_en = "The {en} cannot be reached."
    say_zh = "连接不上{zh}。"
    remedy_en = "Check switch and plug; it is then found by itself.{meanwhile}"
    remedy_zh = "请检查是否开机、插头是否插好，设备会自动恢复。{meanwhile}"


class Taken(Unplugged):
    """The port is there, and claimed by another program."""

    what = "taken"
    say_en = "Another program uses the {en}."
    say_zh = "{zh}被其他程序占用。"
    remedy_en = "Close that program; the {en} is then found by itself."
    remedy_zh = "请关闭该程序，{zh}会自动恢复。"


class Forbidden(Unplugged):
    """The port is there, and closed to the user this program runs as."""

    what = "forbidden"
    say_en = "This user may not open the port of the {en}."
    say_zh = "当前用户无权使用{zh}的端口。"
    remedy_en = "Install the udev rules, or add the user to the port's group; then sign in again."
    remedy_zh = "请安装 udev 规则，或将用户加入端口所属的组，然后重新登录。"


class LinkLost(Unplugged):
    """The link broke after an order had begun to go out."""

    what = "link_lost"
    retryable = False
    outcome_known = False
    say_en = "The link to the {en} broke while it worked."
    say_zh = "工作过程中与{zh}的连接中断。"
    remedy_en = "{look}"
    remedy_zh = "{look}"


class NoReply(DeviceFault):
    """Asked how it is, the device said nothing in time."""

    what = "no_reply"
    say_en = "The {en} does not answer."
    say_zh = "{zh}没有应答。"
    remedy_en = "Switch it off and on again; check the settings of its port.{meanwhile}"
    remedy_zh = "请将设备关机后重新开机，并检查端口设置。{meanwhile}"


class Unconfirmed(NoReply):
    """An order was sent and the device has not said in time that it is done."""

    what = "unconfirmed"
    retryable = False
    outcome_known = False
    say_en = "The {en} has not confirmed its order."
    say_zh = "{zh}未确认指令已完成。"
    remedy_en = "{look}"
    remedy_zh = "{look}"


class NotUnderstood(DeviceFault):
    """Bytes come, and are none of this protocol: another device, or other settings of the port."""

    what = "not_understood"
    say_en = "What the {en} answers is not understood."
    say_zh = "无法识别{zh}的应答。"
    remedy_en = "Check its model and the speed of its port in the set-up."
    remedy_zh = "请在设置中检查设备型号和端口速率。"


def why_not_open(kind: Kind, trouble: OSError) -> Fault:
    """What an attempt to open a link says about its device."""
    match trouble:
        case PermissionError():
            return Forbidden(kind, str(trouble))
        case BlockingIOError():
            return Taken(kind, str(trouble))
        case _:
            return Unplugged(kind, str(trouble))
