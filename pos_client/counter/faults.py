"""What goes wrong between the till and its devices, beside the devices' own faults."""

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


class SwitchedOff(Fault):
    """The till was closed while this receipt printed, or before it had its turn."""

    code = "till.switched_off"
    retryable = False
    outcome_known = False
    say_en = "The till was closed before this receipt was known to be printed."
    say_zh = "本机关闭时小票尚未确认打印。"
    remedy_en = "Look at the paper: if the receipt is missing or not whole, print a copy."
    remedy_zh = "请查看小票：如缺失或不完整，请补打副本。"


class CounterFailed(Fault):
    """A fault in this program, met while it printed; `detail` says which."""

    code = "till.counter_failed"
    retryable = False
    outcome_known = False
    say_en = "The till could not print this receipt because of a fault of its own."
    say_zh = "因程序故障，本张小票未能正常打印。"
    remedy_en = "Look at the paper: if the receipt is not whole, print a copy."
    remedy_zh = "请查看小票：如不完整，请补打副本。"


class DrawerNotOpened(Fault):
    """The drawer's turn never came: the printer has too much waiting, the till was closed, or
    this program failed; `detail` says which."""

    code = "till.drawer_not_opened"
    retryable = False
    outcome_known = False
    say_en = "The till could not open the drawer."
    say_zh = "本机未能打开钱箱。"
    remedy_en = "Open it with its key, then see to the printer."
    remedy_zh = "请用钥匙打开钱箱，然后检查打印机。"


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
