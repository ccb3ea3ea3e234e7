"""What goes wrong between the till and its devices, beside the devices' own faults."""

from collections.abc import Mapping
from enum import StrEnum
from typing import ClassVar

from hardware.fault import Fault
from retail.language import Text


def words(fault: Fault) -> tuple[Text, Text]:
    """What is wrong, and what to do, for whoever reads it."""
    return Text(fault.say_en, fault.say_zh), Text(fault.remedy_en, fault.remedy_zh)


class PrintQueueFull(Fault):
    """So many receipts wait for the printer that this one is not even tried."""

    code = "till.print_queue_full"
    say_en = "The printer has too many receipts waiting; this one was not printed."
    say_zh = "待打印的小票过多，本张未打印。"
    remedy_en = "Open the drawer with its key; see to the printer, then print a copy."
    remedy_zh = "请用钥匙开钱箱；检查打印机后补打副本。"


class Doing(StrEnum):
    """What an order to a device is for."""

    RECEIPT = "receipt"
    DRAWER = "drawer"
    WEIGHING = "weighing"
    PROBE = "probe"
    """what the printer can do"""
    DOOR = "door"


class OrderFault(Fault):
    """The till itself did not bring an order to its end; each kind has its words: what is wrong,
    and what to do."""

    retryable = False
    outcome_known = False
    by_kind: ClassVar[Mapping[Doing, tuple[Text, Text]]]

    def __init__(self, doing: Doing, detail: str = "") -> None:
        super().__init__(detail)
        say, remedy = self.by_kind[doing]
        self.say_en, self.say_zh = say
        self.remedy_en, self.remedy_zh = remedy


_DRAWER_SHUT = Text("The till could not open the drawer.", "本机未能打开钱箱。")
_BY_KEY = Text(
    "Open it with its key, then see to the printer.", "请用钥匙打开钱箱，然后检查打印机。"
)
_LOOK_AT_PAPER = Text(
    "Look at the paper: if the receipt is missing or not whole, print a copy.",
    "请查看小票：如缺失或不完整，请补打副本。",
)
_LOOK_AT_DOOR = Text("Look at the door before you try again.", "请先查看柜门，再决定是否重试。")


class SwitchedOff(OrderFault):
    """The till was closed while the order was carried out, or before it had its turn."""

    code = "till.switched_off"
    by_kind: ClassVar = {
        Doing.RECEIPT: (
            Text(
                "The till was closed before this receipt was known to be printed.",
                "本机关闭时小票尚未确认打印。",
            ),
            _LOOK_AT_PAPER,
        ),
        Doing.DRAWER: (_DRAWER_SHUT, _BY_KEY),
        Doing.WEIGHING: (
            Text("The till was closed before the scale had weighed.", "本机关闭时尚未称重完毕。"),
            Text("Start the till and weigh again.", "请启动收银程序后重新称重。"),
        ),
        Doing.PROBE: (
            Text(
                "The till was closed before the printer had answered.", "本机关闭时打印机尚未应答。"
            ),
            Text("Start the till and ask the printer again.", "请启动收银程序后重新检测打印机。"),
        ),
        Doing.DOOR: (
            Text(
                "The till was closed before the door was known to be open.",
                "本机关闭时柜门尚未确认打开。",
            ),
            _LOOK_AT_DOOR,
        ),
    }


class CounterFailed(OrderFault):
    """A fault in this program, met while it carried out an order; `detail` says which."""

    code = "till.counter_failed"
    by_kind: ClassVar = {
        Doing.RECEIPT: (
            Text(
                "The till could not print this receipt because of a fault of its own.",
                "因程序故障，本张小票未能正常打印。",
            ),
            _LOOK_AT_PAPER,
        ),
        Doing.DRAWER: (_DRAWER_SHUT, _BY_KEY),
        Doing.WEIGHING: (
            Text(
                "The till could not weigh because of a fault of its own.", "因程序故障，未能称重。"
            ),
            Text(
                "Type the weight; start the till again when nobody waits.",
                "请手工输入重量；空闲时重新启动收银程序。",
            ),
        ),
        Doing.PROBE: (
            Text(
                "The till could not ask the printer because of a fault of its own.",
                "因程序故障，未能检测打印机。",
            ),
            Text(
                "Try again; if it fails again, start the till again.",
                "请重试；如仍失败，请重新启动收银程序。",
            ),
        ),
        Doing.DOOR: (
            Text(
                "The till could not open the door because of a fault of its own.",
                "因程序故障，未能正常打开柜门。",
            ),
            _LOOK_AT_DOOR,
        ),
    }


class DrawerNotOpened(Fault):
    """The drawer's turn never came: the printer has too much waiting, the till was closed, or
    this program failed; `detail` says which."""

    code = "till.drawer_not_opened"
    retryable = False
    outcome_known = False
    say_en, say_zh = _DRAWER_SHUT
    remedy_en, remedy_zh = _BY_KEY


class TwoWedges(Fault):
    """The setting names more than one scanner that types; `detail` says which."""

    code = "till.two_wedges"
    retryable = False
    say_en = "The setting scanner names more than one scanner that types."
    say_zh = "设置 scanner 中有多个键盘扫码枪。"
    remedy_en = "Leave one scan+wedge:// there: a keyboard has one prefix and one suffix."
    remedy_zh = "请只保留一个 scan+wedge://：键盘只有一种前缀和后缀。"


class CannotAnswer(Fault):
    """The printer has no way to say whether it printed: every receipt ends like this."""

    code = "printer.one_way"
    retryable = False
    outcome_known = False
    say_en = "This printer cannot say whether it printed."
    say_zh = "此打印机无法反馈打印结果。"
    remedy_en = "Look at the paper; connect it by a cable that carries answers to be sure."
    remedy_zh = "请查看小票；如需确认，请使用支持双向通信的连接方式。"


class WrongKind(Fault):
    """The address names a device of another kind than the setting is for."""

    code = "till.wrong_kind"
    retryable = False
    say_en = "A setting names a device of another kind."
    say_zh = "设置项中填写了其他类型的设备。"
    remedy_en = (
        "Put each address into the setting of its kind: printer, scanner, display, scale, locker."
    )
    remedy_zh = "请将各设备地址填入对应的设置项：printer、scanner、display、scale、locker。"
