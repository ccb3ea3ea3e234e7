"""What keeps a scale from a weight that may be sold:

    DeviceFault
    ├── Unstable         scale.unstable          what lies on it moves
    ├── NothingOnIt      scale.nothing_on_it     it stands at zero
    ├── Overloaded       scale.overloaded        more than it can weigh
    ├── BelowZero        scale.below_zero        less than nothing: it was zeroed under a load
    ├── NotReady         scale.not_ready         it gives no weight, and no reason
    ├── Defective        scale.defective         its own tests failed
    └── NoUnit           scale.no_unit           a number, of what?

Weighing changes nothing, so each may be tried again; after a link trouble too (`hardware.fault`).
"""

from typing import Final

from hardware.fault import DeviceFault
from hardware.scale.reading import Condition


class Unstable(DeviceFault):
    """The time was up before it came to rest."""

    what = "unstable"
    say_en = "The {en} does not come to rest."
    say_zh = "{zh}读数不稳定。"
    remedy_en = "Put it down, take your hands off and wait; then weigh again."
    remedy_zh = "请放稳商品、松开手并稍等，然后重新称重。"


class NothingOnIt(DeviceFault):
    """It stands at zero."""

    what = "nothing_on_it"
    say_en = "Nothing lies on the {en}."
    say_zh = "{zh}上没有商品。"
    remedy_en = "Put the goods on it and weigh again."
    remedy_zh = "请放上商品后重新称重。"


class Overloaded(DeviceFault):
    """More lies on it than it can weigh."""

    what = "overloaded"
    say_en = "There is too much on the {en}."
    say_zh = "{zh}超载。"
    remedy_en = "Take some off and weigh in parts."
    remedy_zh = "请取下部分商品，分次称重。"


class BelowZero(DeviceFault):
    """It shows less than nothing."""

    what = "below_zero"
    say_en = "The {en} shows less than zero."
    say_zh = "{zh}显示负值。"
    remedy_en = "Empty it, press its zero or tare key, and weigh again."
    remedy_zh = "请清空秤盘，按置零键或去皮键，然后重新称重。"


class NotReady(DeviceFault):
    """It gives no weight, and no reason; or could not find its zero."""

    what = "not_ready"
    say_en = "The {en} is not ready."
    say_zh = "{zh}尚未就绪。"
    remedy_en = "Empty it and press its zero key; if that does not help, switch it off and on."
    remedy_zh = "请清空秤盘并按置零键；如仍无效，请关机后重新开机。"


class Defective(DeviceFault):
    """Its own tests of memory, program or calibration failed."""

    what = "defective"
    retryable = False
    say_en = "The {en} reports a defect."
    say_zh = "{zh}自检报告故障。"
    remedy_en = "Switch it off and on; if it says so again, call the service and do not sell by it."
    remedy_zh = "请关机后重新开机；如仍报错，请停用并联系维修。"


class NoUnit(DeviceFault):
    """A number came without its unit."""

    what = "no_unit"
    retryable = False
    say_en = "The {en} does not say what unit it weighs in."
    say_zh = "{zh}未发送计量单位。"
    remedy_en = (
        "Set it to send its unit; or, if it weighs in kilograms, add unit=kg to its address."
    )
    remedy_zh = "请将秤设置为发送单位；若确认以千克计量，请在设备地址中加上 unit=kg。"


OF_CONDITION: Final = {
    Condition.MOVING: Unstable,
    Condition.EMPTY: NothingOnIt,
    Condition.OVERLOAD: Overloaded,
    Condition.BELOW_ZERO: BelowZero,
    Condition.NOT_READY: NotReady,
    Condition.DEFECT: Defective,
    Condition.NO_UNIT: NoUnit,
}
