"""What the view says, in English and Chinese."""

from typing import Final, Literal, NamedTuple

Language = Literal["zh", "en"]


class Words(NamedTuple):
    """A label in both languages."""

    en: str
    zh: str

    def to(self, language: Language) -> str:
        return self.zh if language == "zh" else self.en


READY: Final = Words("ready", "就绪")
NO_POWER: Final = Words("no power", "断电")
UNPLUGGED: Final = Words("unplugged", "已拔出")
SWITCH_OFF: Final = Words("off", "关机")
SWITCH_ON: Final = Words("on", "开机")
UNPLUG: Final = Words("unplug", "拔出")
PLUG: Final = Words("plug in", "插回")
OPEN: Final = Words("open", "已开")
SHUT: Final = Words("shut", "已关")
MUTE: Final = Words("mute", "无应答")
SPEAK: Final = Words("speak", "恢复应答")
