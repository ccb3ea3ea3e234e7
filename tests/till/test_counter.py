"""The till's devices as one object: scans come in, states are told, the drawer opens, over ptys."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest

from hardware.device import Health, State
from hardware.fault import Fault
from hardware.locker.bank import Bank
from hardware.printer.printer import Printer
from hardware.scale.scale import Scale, Weight
from hardware.scanner.scan import Scan
from hardware.scanner.wedge import Wedge
from hardware.simulator.counter import SimulatedCounter
from pos_client import settings
from pos_client.counter.counter import Counter
from pos_client.counter.faults import CounterFailed, Doing, DrawerNotOpened, SwitchedOff, TwoWedges
from pos_client.till import Till
from rehearsal.processes import wait_until
from retail.facts import ReceiptPrinted
from tests.builders import open_till
from tests.loop_thread import PATIENCE_S, LoopThread
from tests.till.counter import begin, recorded, sell

LOOK_S = 0.02


class Desk(LoopThread):
    """A simulated counter on a thread of its own. Close it."""

    def __init__(self) -> None:
        super().__init__()
        self.simulated = SimulatedCounter()
        self.do(self.simulated.__aenter__)

    def turn(self, words: str) -> None:
        self.do(self.simulated.printer.turn_knob, words)

    def close(self) -> None:
        self.do(self.simulated.__aexit__)
        super().close()


@pytest.fixture
def desk() -> Iterator[Desk]:
    with closing(Desk()) as made:
        yield made


def a_counter(
    printer: str = "",
    scanners: str = "",
    look_s: float = LOOK_S,
    queue_max: int = 4,
    close_wait_s: float = 5,
    plugged_look_s: float = 3,
) -> Counter:
    return Counter(
        settings.load(
            printer=printer,
            scanner=scanners,
            printer_look_s=look_s,
            print_queue_max=queue_max,
            close_wait_s=close_wait_s,
            plugged_look_s=plugged_look_s,
        )
    )


def until(is_so: Callable[[], bool], what: str) -> None:
    wait_until(is_so, PATIENCE_S, what)


def ready(state: Health | None) -> bool:
    return state is not None and state.ready


def code_of(state: Health | None) -> str | None:
    return state.fault.code if state is not None and state.fault is not None else None


def papers(till: Till) -> list[ReceiptPrinted]:
    return [fact for _, fact in recorded(till) if isinstance(fact, ReceiptPrinted)]


def test_a_till_with_nothing_on_its_counter_has_no_thread_and_no_states() -> None:
    with closing(a_counter(plugged_look_s=0.0)) as counter:
        counter.start()
        assert (counter.printer, counter.scanner, counter.places.wedge) == (None, None, None)
        assert counter._thread is None


def test_a_scanner_that_types_is_for_the_screen_alone() -> None:
    with closing(a_counter(scanners="scan+wedge://?prefix=%02&suffix=tab")) as counter:
        counter.start()
        assert counter.places.wedge == Wedge("\x02", "tab")
        assert counter.scanner is None


def test_of_two_scanners_that_type_none_is_left_out_silently() -> None:
    with pytest.raises(TwoWedges) as refused:
        a_counter(scanners="scan+wedge:// scan+wedge://?suffix=tab")
    assert refused.value.say_en.startswith("The setting scanner names more than one")


def test_scans_come_in_order_beside_a_wedge(desk: Desk) -> None:
    scans: list[Scan] = []
    urls = f"scan+wedge:// {desk.simulated.scanner_url}"
    with closing(a_counter(scanners=urls)) as counter:
        counter.on_scan = scans.append
        assert counter.scanner == Health(State.CLOSED)
        counter.start()
        until(lambda: ready(counter.scanner), "the scanner is ready")
        for code in ("]E06901028075022", "2100001"):
            assert desk.do(desk.simulated.scan, code)
        until(lambda: len(scans) == 2, "both were scanned")
        assert scans == [Scan("6901028075022", "]E0"), Scan("2100001")]


def test_a_callback_that_fails_costs_no_scan(desk: Desk) -> None:
    scans: list[Scan] = []

    def stumble_once(scan: Scan) -> None:
        scans.append(scan)
        if len(scans) == 1:
            raise ZeroDivisionError

    with closing(a_counter(scanners=desk.simulated.scanner_url)) as counter:
        counter.on_scan = stumble_once
        counter.start()
        until(lambda: ready(counter.scanner), "the scanner is ready")
        for code in "12":
            desk.do(desk.simulated.scan, code)
        until(lambda: len(scans) == 2, "both were scanned")


def test_an_idle_printer_is_looked_at(desk: Desk) -> None:
    told: list[str | None] = []
    with closing(a_counter(desk.simulated.printer_url)) as counter:
        counter.on_state = lambda: told.append(code_of(counter.printer))
        counter.start()
        until(lambda: ready(counter.printer), "the printer is ready")
        for knob, back in (
            ("paper out", "paper in"), ("cover open", "cover closed"), ("power off", "power on"),
        ):  # fmt: skip
            desk.turn(knob)
            until(lambda: not ready(counter.printer), f"{knob} was seen")
            desk.turn(back)
            until(lambda: ready(counter.printer), f"{back} was seen")
        stories = [code for code, _ in groupby(told)]
        assert stories == [
            None, "printer.out_of_paper", None, "printer.cover_open", None,
            "printer.unplugged", None,
        ]  # fmt: skip
        assert desk.simulated.printer.receipts_cut == 0


def test_a_printer_nobody_looks_at_is_known_by_its_jobs(desk: Desk, tmp_path: Path) -> None:
    with closing(open_till(tmp_path, printer=desk.simulated.printer_url, printer_look_s=0)) as till:
        till.start(lambda *_: None)
        begin(till)
        until(lambda: ready(till.counter.printer), "it was met")
        desk.turn("paper out")
        sell(till)
        until(lambda: code_of(till.counter.printer) == "printer.out_of_paper", "no paper")
        desk.turn("paper in")
        sell(till)
        until(lambda: ready(till.counter.printer), "ready")


def test_the_drawer_opens_without_a_receipt_and_without_paper(desk: Desk) -> None:
    troubles: list[tuple[Fault, str]] = []
    with closing(a_counter(desk.simulated.printer_url, look_s=0)) as counter:
        counter.on_fault = lambda *trouble: troubles.append(trouble)
        counter.kick()
        desk.turn("paper out")
        counter.kick()
        until(lambda: desk.simulated.printer.kicks == 2, "the drawer opened twice")
        assert desk.simulated.drawer_open
        desk.turn("power off")
        counter.kick()
        until(lambda: bool(troubles), "the third was told")
        assert [(fault.code, receipt) for fault, receipt in troubles] == [("printer.unplugged", "")]
        assert code_of(counter.printer) == "printer.unplugged"


def test_a_drawer_asked_for_too_often_or_too_late_stays_shut(desk: Desk) -> None:
    troubles: list[tuple[Fault, str]] = []
    desk.turn("stall 0")
    with closing(
        a_counter(desk.simulated.printer_url, look_s=0, queue_max=2, close_wait_s=0.2)
    ) as counter:
        counter.on_fault = lambda *trouble: troubles.append(trouble)
        for _ in range(3):
            counter.kick()
        assert [(type(fault), of) for fault, of in troubles] == [(DrawerNotOpened, "")]
    counter.kick()
    assert [(type(fault), of) for fault, of in troubles] == [(DrawerNotOpened, "")] * 4
    assert desk.simulated.printer.kicks == 0


async def stumble(*_: object, **__: object) -> None:
    raise ZeroDivisionError


Begin = Callable[[Counter, Callable[..., None]], None]


def _kick(counter: Counter, ended: Callable[[Fault], None]) -> None:
    counter.on_fault = lambda fault, _: ended(fault)
    counter.kick()


#: what stumbles, how the order is given, and what it is for
STUMBLING: dict[str, tuple[type, str, Begin, Doing]] = {
    "weighing": (Scale, "weigh", lambda counter, ended: counter.weigh(ended, 1), Doing.WEIGHING),
    "asking the printer": (
        Printer,
        "probe",
        lambda counter, ended: counter.probe(ended),
        Doing.PROBE,
    ),
    "opening a door": (
        Bank,
        "open",
        lambda counter, ended: counter.open_door(1, "A", lambda opened: ended(opened.fault)),
        Doing.DOOR,
    ),
    "opening the drawer": (
        Printer,
        "kick",
        _kick,
        Doing.DRAWER,
    ),
}


def of_sims() -> Counter:
    return Counter(
        settings.load(
            data="/nonexistent",
            printer="sim://printer",
            scale="sim://scale",
            locker="sim://locker",
            close_wait_s=0.2,
        )
    )


@pytest.mark.parametrize(("device", "does", "order", "doing"), STUMBLING.values(), ids=STUMBLING)
def test_an_order_ends_whatever_the_program_does_wrong_in_it(
    monkeypatch: pytest.MonkeyPatch,
    device: type,
    does: str,
    order: Begin,
    doing: Doing,
) -> None:
    monkeypatch.setattr(device, does, stumble)
    ends: list[Fault] = []
    with closing(of_sims()) as counter:
        order(counter, ends.append)
        until(lambda: bool(ends), "it ended")
    (fault,) = ends
    assert "ZeroDivisionError" in fault.detail
    assert fault.say_en == CounterFailed(doing).say_en
    assert ("receipt" in f"{fault.say_en} {fault.remedy_en}") is (doing is Doing.RECEIPT)


def test_an_order_that_the_end_of_the_till_cuts_off_is_told_so_in_its_own_words(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def wait_for_ever(*_: object) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(Scale, "weigh", wait_for_ever)
    ends: list[Weight | Fault] = []
    with closing(of_sims()) as counter:
        counter.weigh(ends.append, 60)
    counter.weigh(ends.append, 60)
    said = SwitchedOff(Doing.WEIGHING)
    assert [(type(end), str(end)) for end in ends] == [(SwitchedOff, str(said))] * 2


def _events(till: Till) -> list[tuple[str, dict[str, Any]]]:
    heard: list[tuple[str, dict[str, Any]]] = []
    till.start(lambda name, values: heard.append((name, values)))
    return heard


def test_the_headless_till_tells_of_scans_and_states(desk: Desk, tmp_path: Path) -> None:
    with closing(
        open_till(
            tmp_path,
            printer=desk.simulated.printer_url,
            scanner=desk.simulated.scanner_url,
            printer_look_s=LOOK_S,
        )
    ) as till:
        heard = _events(till)
        until(lambda: len(heard) == 2, "both devices are there")
        assert dict(heard) == {"printer.state": {"ready": True}, "scanner.state": {"ready": True}}
        desk.do(desk.simulated.scan, "]E06901028075022")
        until(lambda: len(heard) == 3, "the scan was told")
        assert heard[2] == ("scanner.scan", {"code": "6901028075022", "aim": "]E0"})
        desk.do(desk.simulated.scanner.unplug)
        until(lambda: len(heard) == 4, "the scanner is missed")
        name, values = heard[3]
        assert (name, values["ready"]) == ("scanner.state", False)
        assert values["code"] == "scanner.unplugged"
        assert values["say"] == "连接不上扫描枪。"
        assert "手工输入" in values["remedy"]
        desk.do(desk.simulated.scanner.plug)
        until(lambda: len(heard) == 5, "the scanner is back")
        assert heard[4] == ("scanner.state", {"ready": True})


@pytest.mark.parametrize(
    "urls",
    ["scan", "scan+serial://ttyACM0", "scan+serial://", "scan+wedge://?suffix=cr", "sim://printer",
     "scan+wedge:// scan+serial:///dev/x?baud=9601", "scan+serial:///dev/x?prefx=1"],
)  # fmt: skip
def test_a_scanner_address_that_is_none_is_refused_before_the_till_opens(
    tmp_path: Path, urls: str
) -> None:
    open_till(tmp_path).close()
    with pytest.raises(Fault) as refusal:
        open_till(tmp_path, scanner=urls)
    assert refusal.value.code in ("device.unknown", "till.wrong_kind")
    open_till(tmp_path).close()
