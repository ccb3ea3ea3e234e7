"""What devices have to say unasked, as named events with plain values (docs/headless.md)."""

from collections.abc import Callable
from typing import Any

from hardware.device import Event as DeviceEvent
from hardware.discovery import Appeared, Vanished
from hardware.fault import Fault
from hardware.locker.locker import DoorChanged
from hardware.printer.printer import DrawerLeftOpen, DrawerMoved
from hardware.printer.probe import Probed
from hardware.scale.scale import Weight
from hardware.scanner.scan import Scan
from pos_client.counter.counter import Counter
from pos_client.counter.faults import words
from retail.facts import DoorOpeningEnded
from retail.language import Language, Text
from retail.refusals import Refusal

Tell = Callable[[str, dict[str, Any]], None]

_DRAWER_OPEN = Text("The drawer has been open for long.", "钱箱打开时间过长。")
_SHUT_IT = Text("Shut it.", "请关好钱箱。")


class News:
    """Tells `tell`, on the threads of those who have something to say."""

    def __init__(self, counter: Counter, language: Callable[[], Language], tell: Tell) -> None:
        self._counter = counter
        self._language = language
        self._tell = tell
        self._states: dict[str, str | None] = {}

    def listen(self) -> None:
        """Hear what the counter has to say from now on."""
        self._counter.on_fault = self.fault
        self._counter.on_wait = self.waits
        self._counter.on_scan = self.scanned
        self._counter.on_state = self.states
        self._counter.on_event = self.happened
        self._counter.on_plugged = self.plugged

    def fault(self, trouble: Fault, receipt: str) -> None:
        self._tell(trouble.code, {"receipt": receipt, **self._said(trouble)})

    def waits(self, trouble: Fault, receipt: str) -> None:
        said = {"receipt": receipt, "code": trouble.code, **self._said(trouble)}
        self._tell("printer.waits", said)

    def scanned(self, scan: Scan) -> None:
        self._tell("scanner.scan", {"code": scan.code, "aim": scan.aim})

    def weighed(self, said: Weight | Fault) -> None:
        if isinstance(said, Weight):
            self._tell("scale.weighed", {"grams": said.grams})
        else:
            self._tell("scale.weighed", {"code": said.code, **self._said(said)})

    def probed(self, said: Probed | Fault, unkept: Refusal | Fault | None) -> None:
        if isinstance(said, Probed):
            why = self._said(unkept) if unkept is not None else {}
            self._tell("printer.probed", {"options": said.options, **said.identity, **why})
        else:
            self._tell("printer.probed", {"code": said.code, **self._said(said)})

    def opened(self, ended: DoorOpeningEnded) -> None:
        self._tell(
            "locker.opened",
            {
                "decision": ended.decision,
                "compartment": ended.compartment,
                "outcome": ended.outcome,
                "others": list(ended.others),
                "code": ended.reason,
            },
        )

    def happened(self, event: DeviceEvent) -> None:
        match event:
            case DrawerMoved(is_open):
                self._tell("drawer.moved", {"open": is_open})
            case DrawerLeftOpen():
                say, remedy = (text.to(self._language()) for text in (_DRAWER_OPEN, _SHUT_IT))
                self._tell("drawer.left_open", {"say": say, "remedy": remedy})
            case DoorChanged(door, _, after):
                self._tell("locker.door", {"compartment": door, "door": after})
            case _:
                pass

    def plugged(self, seen: Appeared | Vanished) -> None:
        """Tell of a device that nobody uses yet; those in use tell of themselves."""
        found = seen.found
        if self._counter.places.uses(found):
            return
        name = "device.plugged" if isinstance(seen, Appeared) else "device.unplugged"
        kind = str(found.kind) if found.kind else None
        self._tell(name, {"url": found.url, "kind": kind, "name": found.name})

    def states(self) -> None:
        """Tell of each device that stands otherwise than was told before."""
        for placed in self._counter.places.devices:
            health = placed.device.health
            code = health.fault.code if health.fault else None
            if not health.known or self._states.get(placed.name, "unknown") == code:
                continue
            self._states[placed.name] = code
            why = {"code": code, **self._said(health.fault)} if health.fault else {}
            self._tell(f"{placed.name}.state", {"ready": health.ready, **why})

    def _said(self, trouble: Refusal | Fault) -> dict[str, str]:
        both = words(trouble) if isinstance(trouble, Fault) else (trouble.say, trouble.remedy)
        say, remedy = (text.to(self._language()) for text in both)
        return {"say": say, "remedy": remedy}
