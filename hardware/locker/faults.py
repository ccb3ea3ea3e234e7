"""What goes wrong with compartments, beyond what goes wrong with any device:

Fault
└── LockerFault
    ├── NoSuchDoor        locker.no_such_door     the locker has no such compartment
    ├── BoardSilent       locker.board_silent     a board of several does not answer
    ├── DoorJammed        locker.jammed           the door stayed shut after its order
    ├── WrongDoorOpened   locker.wrong_door       another door opened than the one asked for
    ├── OutcomeUnknown    locker.outcome_unknown  a pulse was given, and nobody saw the door
    ├── DoorForced        locker.forced           a door opened without an order
    └── DoorLeftOpen      locker.left_open        a door has been open for long
"""

from hardware.fault import DeviceFault, Kind


class LockerFault(DeviceFault):
    """`doors` are the compartments it is about; `{doors}` in the sentences stands for them."""

    what = "fault"
    say_en = "The pickup locker does not work."
    say_zh = "自提柜出现故障。"
    remedy_en = "Check its power and cable, then try again."
    remedy_zh = "请检查自提柜电源和连接线，然后重试。"

    def __init__(self, *doors: int, detail: str = "") -> None:
        numbers = [str(door) for door in doors]
        self.say_en = self.say_en.replace("{doors}", ", ".join(numbers))
        self.say_zh = self.say_zh.replace("{doors}", "、".join(numbers))
        super().__init__(Kind.LOCKER, detail)
        self.doors = doors


class NoSuchDoor(LockerFault):
    """The order names a compartment that is not there."""

    what = "no_such_door"
    retryable = False
    say_en = "The pickup locker has no door {doors}."
    say_zh = "自提柜没有 {doors} 号门。"
    remedy_en = "Check how many boards and locks its address names."
    remedy_zh = "请检查设备地址中的锁控板数和锁数。"


class BoardSilent(LockerFault):
    """One board of several does not answer; `detail` says which."""

    what = "board_silent"
    say_en = "A lock board does not answer: doors {doors}."
    say_zh = "锁控板没有应答：{doors} 号门。"
    remedy_en = (
        "Check the board's power, its cable and its address switch; use other doors meanwhile."
    )
    remedy_zh = "请检查该锁控板的电源、接线和地址拨码，期间请使用其他柜门。"


class DoorJammed(LockerFault):
    """The pulse was given, and the door is still closed. A new order may be given."""

    what = "jammed"
    say_en = "Door {doors} did not open."
    say_zh = "{doors} 号门没有弹开。"
    remedy_en = "Press the door shut and try again; if it stays shut, use the mechanical key."
    remedy_zh = "请按压柜门后重试；仍打不开时请用机械钥匙。"


class WrongDoorOpened(LockerFault):
    """These doors opened on an order to another one."""

    what = "wrong_door"
    retryable = False
    say_en = "Door {doors} opened and was not asked to."
    say_zh = "误开了 {doors} 号门。"
    remedy_en = "Check what is inside, close it, and have the wiring of the locks checked."
    remedy_zh = "请核对柜内物品并关好柜门，然后请人检查锁的接线。"


class OutcomeUnknown(LockerFault):
    """A pulse was given or may have been, and what the door did was not seen."""

    what = "outcome_unknown"
    retryable = False
    outcome_known = False
    say_en = "It is not known whether door {doors} opened."
    say_zh = "无法确定 {doors} 号门是否已打开。"
    remedy_en = "Look at the door before you try again."
    remedy_zh = "请先查看柜门，再决定是否重试。"


class DoorForced(LockerFault):
    """Opened by hand, by key or by force."""

    what = "forced"
    retryable = False
    say_en = "Door {doors} was opened without an order."
    say_zh = "{doors} 号门未经指令被打开。"
    remedy_en = "Check what is inside and close the door."
    remedy_zh = "请核对柜内物品并关好柜门。"


class DoorLeftOpen(LockerFault):
    """Open for longer than the set-up allows."""

    what = "left_open"
    say_en = "Door {doors} has been left open."
    say_zh = "{doors} 号门长时间未关。"
    remedy_en = "Close the door."
    remedy_zh = "请关好柜门。"
