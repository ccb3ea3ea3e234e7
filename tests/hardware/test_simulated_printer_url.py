"""`sim://printer` with its options, and where what it prints is kept."""

import asyncio
from pathlib import Path

import pytest

from hardware.simulator.catalogue import simulated
from hardware.simulator.printer.keeping import CUT_MARK, PaperFile
from hardware.simulator.printer.machine import SimulatedPrinter
from hardware.simulator.wire import in_process
from hardware.url import DeviceUrl
from tests.hardware.test_simulated_printer import ASK, CUT, KICK, answers_to


def printer_at(options: str) -> SimulatedPrinter:
    url = DeviceUrl.parse(f"sim://printer?{options}" if options else "sim://printer")
    machine = simulated("printer", url)
    url.nothing_left()
    assert isinstance(machine, SimulatedPrinter)
    return machine


@pytest.mark.parametrize(
    ("options", "answers"),
    [
        ("", "12 12 12"),
        ("paper=out&cover=open", "1a 36 7e"),
        ("paper=near", "12 12 1e"),
        ("paper_ends_in=0", "1a 32 7e"),
        ("cutter=jam", "1a 52 12"),
        ("cutter=stop&head=hot", "1a 52 12"),
        ("drawer_open_is=low", "16 12 12"),
        ("mute=yes", ""),
        ("dialect=cheap&cols=32&charset=gbk", "12 12 12"),
        ("asb_at_start=15", "10 00 00 00 12 12 12"),
    ],
)
def test_its_options_say_how_it_stands_when_it_is_first_met(options: str, answers: str) -> None:
    printer = printer_at(options)
    assert answers_to(printer, *ASK).hex(" ") == answers


def test_its_options_say_what_kind_it_is() -> None:
    printer = printer_at("cols=42&charset=utf8&identity=Xprinter/XP-80C&drawer_pin=5")
    assert answers_to(printer, b"\x1dI\x42\x1dI\x43") == b"_Xprinter\x00_XP-80C\x00"
    printer.feed("会员é\n".encode() + b"x" * 50 + b"\n" + KICK)
    assert printer.paper == ["会员é", "x" * 42, "x" * 8]
    assert (printer.kicks, printer.drawer_open) == (1, False)
    assert printer.options() == {"cols": 42, "cjk": "utf8"}


def test_it_stalls_and_loses_power_at_a_byte() -> None:
    assert printer_at("stall_at=3").feed(b"ABCDEF") == 3
    printer = printer_at("power_cut_at=4")
    assert (printer.feed(b"ABCDEF"), printer.powered) == (4, False)


@pytest.mark.parametrize(
    "options",
    ["paper=maybe", "cols=50", "charset=latin", "dialect=star", "identity=打印机", "stall_at=x",
     "asb_at_start=256", "drawer_pin=3", "coffee=1", "slow=-1", "mute=maybe"],
)  # fmt: skip
def test_an_option_that_makes_no_sense_is_refused(options: str) -> None:
    with pytest.raises(ValueError, match=options.partition("=")[0]):
        printer_at(options)


def test_a_slow_one_takes_a_little_at_a_time_and_in_the_end_all() -> None:
    async def scenario() -> None:
        printer = printer_at("slow=5000")
        printed = asyncio.Event()
        printer.on_change.append(lambda: printed.set() if printer.receipts else None)
        assert printer.appetite_bytes() == 100
        link = await in_process(printer)()
        async with asyncio.timeout(60):
            await link.write(b"0123456789\n" * 30 + CUT)
            await printed.wait()
        assert printer.receipts[0].count("0123456789") == 30
        printer.turn_knob("slow off")
        assert printer.appetite_bytes() > 1000
        await link.close()

    asyncio.run(scenario())


def test_paper_is_kept_in_a_file_up_to_the_moment_of_a_power_cut(tmp_path: Path) -> None:
    keep = tmp_path / "paper.txt"
    printer = printer_at(f"keep={keep}&power_cut_at=40")
    printer.feed("会员\n".encode("gbk") + b"B\n\n\n" + CUT + b"C\n" + b"x" * 40)
    assert keep.read_text("utf-8") == f"会员\nB\n{CUT_MARK}\nC\n"
    another = SimulatedPrinter()
    another.listeners.append(PaperFile(keep))
    another.feed(b"D" + CUT)
    assert keep.read_text("utf-8").endswith(f"C\nD\n{CUT_MARK}\n")


def test_a_file_that_cannot_be_written_is_refused_at_once(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="no"):
        printer_at(f"keep={tmp_path}/no/such/folder/file")
