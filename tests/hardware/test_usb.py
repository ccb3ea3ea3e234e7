"""USB printers through pyusb: their conversation, and what may go wrong in it."""

import asyncio
import errno
import threading
from typing import Any

import pytest
from usb import core

from hardware.link.usb import UsbLink
from hardware.simulator.printer.machine import SimulatedPrinter
from hardware.simulator.usb import UsbBus, serving_usb
from hardware.simulator.usb_device import OUT_BYTES, UsbInterface, UsbPort
from tests.hardware.usb_bench import (
    NEVER_S,
    PATIENCE_S,
    PRODUCT,
    SOON_S,
    VENDOR,
    Notebook,
    connect,
    heard,
    linked,
    until,
    usb_threads,
)


def test_a_receipt_is_printed_and_its_fence_answered() -> None:
    async def scenario() -> None:
        printer, bus = SimulatedPrinter(), UsbBus()
        async with serving_usb(printer, UsbPort(bus)), linked(bus) as link:
            for status in (1, 2, 3, 4):
                await link.write(bytes((0x10, 0x04, status)))
                assert await link.read(PATIENCE_S) == b"\x12"
            await link.write("\x1b@会员积分\nTotal 12.00\n\x1dV\x01".encode("gb18030"))
            await link.write(b"\x1d(H\x06\x0000A001")
            assert await heard(link, 7) == b"\x37\x22A001\x00"
            assert printer.receipts == ["会员积分\nTotal 12.00"]

    asyncio.run(scenario())


def test_a_long_job_arrives_whole_and_in_order() -> None:
    async def scenario() -> None:
        notebook, bus = Notebook(), UsbBus()
        job = b"".join(number.to_bytes(4, "big") for number in range(50_000))
        async with serving_usb(notebook, UsbPort(bus)), linked(bus) as link:
            await link.write(job)
            await notebook.until_heard(job[-64:])
            assert notebook.heard == job

    asyncio.run(scenario())


def test_an_answer_as_long_as_a_packet_is_not_held_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hardware.link.usb.LISTEN_S", NEVER_S)

    async def scenario() -> None:
        notebook, bus = Notebook(), UsbBus()
        async with serving_usb(notebook, UsbPort(bus)), linked(bus) as link:
            for size_bytes in (1, 63, 64, 65, 128):
                notebook.say(b"x" * size_bytes)
                assert await heard(link, size_bytes) == b"x" * size_bytes

    asyncio.run(scenario())


def test_a_read_gives_up_in_time_and_the_next_loses_nothing() -> None:
    async def scenario() -> None:
        notebook, bus = Notebook(), UsbBus()
        async with serving_usb(notebook, UsbPort(bus)), linked(bus) as link:
            with pytest.raises(TimeoutError):
                await link.read(0.01)
            notebook.say(b"late")
            assert await link.read(PATIENCE_S, 3) == b"lat"
            assert await link.read(PATIENCE_S) == b"e"

    asyncio.run(scenario())


def test_a_device_that_answers_with_nothing_keeps_nobody_busy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def scenario() -> None:
        notebook, bus = Notebook(), UsbBus()
        port = UsbPort(bus)
        port.empty_packets = True
        reads, read = 0, bus.bulk_read

        def counted(*given: Any) -> int:
            nonlocal reads
            reads += 1
            return read(*given)

        monkeypatch.setattr(bus, "bulk_read", counted)
        async with serving_usb(notebook, port), linked(bus) as link:
            with pytest.raises(TimeoutError):
                await link.read(0.5)
            assert 64 < reads < 64 + 50  # what is stale, then one for each pause
            notebook.say(b"something")
            assert await link.read(PATIENCE_S) == b"something"

    asyncio.run(scenario())


def test_what_was_said_to_the_one_before_is_not_taken_for_an_answer() -> None:
    async def scenario() -> None:
        notebook, bus = Notebook(), UsbBus()
        async with serving_usb(notebook, UsbPort(bus)):
            async with linked(bus) as link:
                await link.write(b"first")
                await notebook.until_heard(b"first")
            notebook.say(b"an answer that came too late " * 10)
            await asyncio.sleep(0)
            async with linked(bus) as link:
                notebook.say(b"mine")
                assert await link.read(PATIENCE_S) == b"mine"

    asyncio.run(scenario())


def test_a_stalled_printer_holds_a_write_no_longer_than_told_and_its_thread_ends() -> None:
    async def scenario() -> None:
        notebook, bus = Notebook(), UsbBus()
        notebook.deaf = True
        async with serving_usb(notebook, UsbPort(bus)), linked(bus, write_s=SOON_S) as link:
            for _ in range(3):
                with pytest.raises(TimeoutError):
                    await link.write(b"x" * (4 * OUT_BYTES))
            await until(lambda: "usb work" not in usb_threads())
            notebook.hear_again()
            await notebook.until_heard(b"x" * OUT_BYTES)
            await link.write(b"again")
            await notebook.until_heard(b"again")

    asyncio.run(scenario())


def test_a_driver_that_forgets_its_time_limit_holds_neither_write_nor_close(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("hardware.link.usb.OVERTIME_S", 0.05)
    monkeypatch.setattr("hardware.link.usb.CLOSE_S", 0.05)

    async def scenario() -> None:
        bus, woken = UsbBus(), threading.Event()

        def asleep(*_: Any) -> int:
            woken.wait()
            return 1

        monkeypatch.setattr(bus, "bulk_write", asleep)
        async with serving_usb(Notebook(), UsbPort(bus)):
            link = await connect(bus, write_s=0.05)
            for _ in range(2):
                with pytest.raises(TimeoutError):
                    await link.write(b"x")
            await link.close()
            woken.set()
            await until(lambda: not usb_threads())
            assert bus.asked[-1] == "attach 0"

    asyncio.run(scenario())


def test_unplugged_while_it_writes_the_link_breaks_on_both_sides_and_closes_in_peace() -> None:
    async def scenario() -> None:
        notebook, bus = Notebook(), UsbBus()
        async with serving_usb(notebook, UsbPort(bus)):
            link = await connect(bus)
            await link.write(b"begun")
            await notebook.until_heard(b"begun")
            notebook.deaf = True
            reading = asyncio.create_task(link.read(None))
            writing = asyncio.create_task(link.write(b"x" * (4 * OUT_BYTES)))
            await asyncio.sleep(0)
            notebook.unplug()
            for broken in (reading, writing):
                with pytest.raises(ConnectionError, match="04b8:0e15/1-1"):
                    await broken
            with pytest.raises(ConnectionError):
                await link.write(b"anyone?")
            with pytest.raises(ConnectionError):
                await link.read(PATIENCE_S)
            await link.close()
            await link.close()
            await until(lambda: not usb_threads())

    asyncio.run(scenario())


def test_plugged_in_again_it_is_found_under_its_new_address() -> None:
    async def scenario() -> None:
        notebook, bus = Notebook(), UsbBus()
        port = UsbPort(bus)
        async with serving_usb(notebook, port):
            addresses = set()
            for round_ in range(5):
                addresses.add(port.address)
                async with linked(bus) as link:
                    await link.write(b"round %d" % round_)
                    await notebook.until_heard(b"round %d" % round_)
                    notebook.unplug()
                    with pytest.raises(ConnectionError):
                        await link.read(PATIENCE_S)
                with pytest.raises(FileNotFoundError):
                    await connect(bus)
                notebook.plug()
                await until(lambda: port.link is not None)
            assert len(addresses) == 5
            assert port.interfaces[0].driver == "usblp"

    asyncio.run(scenario())


def test_a_halt_before_a_packet_is_cleared_whenever_it_comes_and_nothing_is_lost() -> None:
    async def scenario() -> None:
        notebook, bus = Notebook(), UsbBus()
        port = UsbPort(bus)
        async with serving_usb(notebook, port), linked(bus) as link:
            for round_ in range(3):
                port.halt(0x01)
                port.halt(0x82)
                await link.write(b"question %d;" % round_)
                await notebook.until_heard(b"question %d;" % round_)
                notebook.say(b"answer %d" % round_)
                assert await link.read(PATIENCE_S) == b"answer %d" % round_
            assert notebook.heard == b"question 0;question 1;question 2;"
            assert bus.asked.count("clear 01") == bus.asked.count("clear 82") == 3

    asyncio.run(scenario())


def test_a_halt_in_the_middle_of_a_job_breaks_the_link_for_nobody_knows_what_was_taken() -> None:
    async def scenario() -> None:
        notebook, bus = Notebook(), UsbBus()
        port = UsbPort(bus)
        async with serving_usb(notebook, port), linked(bus) as link:
            port.halt(0x01)
            with pytest.raises(ConnectionError):
                await link.write(b"x" * 65)
            with pytest.raises(ConnectionError):
                await link.read(PATIENCE_S)
            assert notebook.heard == b""
            await link.close()
            async with linked(bus) as next_one:  # and finds it cleared
                await next_one.write(b"y" * 65)
                await notebook.until_heard(b"y" * 65)

    asyncio.run(scenario())


@pytest.mark.parametrize("endpoint", [0x01, 0x82])
def test_a_halt_that_no_clearing_ends_breaks_the_link(endpoint: int) -> None:
    async def scenario() -> None:
        bus = UsbBus()
        port = UsbPort(bus)
        async with serving_usb(Notebook(), port), linked(bus) as link:
            port.halt(endpoint, times=1_000)
            if endpoint == 0x01:
                with pytest.raises(ConnectionError):
                    await link.write(b"x")
            with pytest.raises(ConnectionError):
                await link.read(PATIENCE_S)
            assert bus.asked.count(f"clear {endpoint:02x}") == 2

    asyncio.run(scenario())


@pytest.mark.parametrize("number", [errno.EIO, errno.EOVERFLOW, errno.ENODEV, None])
def test_whatever_libusb_says_of_a_transfer_the_link_is_broken(
    number: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scenario() -> None:
        bus = UsbBus()

        def fail(*_: Any) -> int:
            raise core.USBError("trouble", None, number)

        async with serving_usb(Notebook(), UsbPort(bus)), linked(bus) as link:
            monkeypatch.setattr(bus, "bulk_write", fail)
            with pytest.raises(ConnectionError, match="trouble"):
                await link.write(b"x")

    asyncio.run(scenario())


def test_a_printer_that_cannot_answer_still_prints_and_says_nothing() -> None:
    async def scenario() -> None:
        printer, bus = SimulatedPrinter(), UsbBus()
        interface = UsbInterface(protocol=1, inward=None)
        async with serving_usb(printer, UsbPort(bus, interfaces=[interface])):
            link = await connect(bus)
            await link.write(b"\x1b@Total 1.00\n\x1dV\x01\x10\x04\x01")
            with pytest.raises(TimeoutError):
                await link.read(SOON_S)
            waiting = asyncio.create_task(link.read(None))
            await asyncio.sleep(0)
            await link.close()
            with pytest.raises(ConnectionError):
                await waiting
            await until(lambda: printer.receipts == ["Total 1.00"])

    asyncio.run(scenario())


@pytest.mark.parametrize("inward", [0x82, None])
def test_a_close_ends_the_wait_of_a_read_and_of_a_write_at_once(
    inward: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hardware.link.usb.LISTEN_S", NEVER_S)

    async def scenario() -> None:
        notebook, bus = Notebook(), UsbBus()
        notebook.deaf = True
        async with serving_usb(notebook, UsbPort(bus, interfaces=[UsbInterface(inward=inward)])):
            link = await connect(bus, write_s=NEVER_S)
            reading = asyncio.create_task(link.read(None))
            writing = asyncio.create_task(link.write(b"x" * (4 * OUT_BYTES)))
            await until(lambda: "usb work" in usb_threads())
            await link.close()
            for ended in (reading, writing):
                with pytest.raises(ConnectionError):
                    await ended
            await until(lambda: not usb_threads())
            assert bus.asked[-1] == "attach 0"

    asyncio.run(scenario())


def test_a_printer_that_takes_a_byte_now_and_then_holds_a_write_no_longer_either(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("hardware.link.usb.OVERTIME_S", NEVER_S)

    async def scenario() -> None:
        bus, taken = UsbBus(), threading.Event()

        def slowly(*_: Any) -> int:
            taken.wait(0.01)
            return 1

        monkeypatch.setattr(bus, "bulk_write", slowly)
        async with serving_usb(Notebook(), UsbPort(bus)), linked(bus, write_s=SOON_S) as link:
            with pytest.raises(TimeoutError, match="no more"):
                await link.write(b"x" * 100_000)

    asyncio.run(scenario())


def test_a_close_between_two_pieces_of_a_job_sends_no_more_of_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def scenario() -> None:
        bus, begun, closing = UsbBus(), threading.Event(), threading.Event()
        pieces = 0

        def whole(*_: Any) -> int:
            nonlocal pieces
            pieces += 1
            begun.set()
            closing.wait()
            return 1

        monkeypatch.setattr(bus, "bulk_write", whole)
        async with serving_usb(Notebook(), UsbPort(bus)):
            link = await connect(bus)
            writing = asyncio.create_task(link.write(b"xyz"))
            await until(begun.is_set)
            close = asyncio.create_task(link.close())
            await until(link._closing.is_set)
            closing.set()
            with pytest.raises(ConnectionError):
                await writing
            await close
            assert pieces == 1

    asyncio.run(scenario())


def test_what_nobody_reads_is_not_gathered_without_end_and_keeps_no_thread(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("hardware.link.threads.HELD_BYTES", 64)

    async def scenario() -> None:
        notebook, bus = Notebook(), UsbBus()
        async with serving_usb(notebook, UsbPort(bus)), linked(bus) as link:
            notebook.say(b"x" * 640)
            await until(lambda: link._inflow.held_bytes >= 64)
        assert link._inflow.held_bytes < 640
        await until(lambda: not usb_threads())

    asyncio.run(scenario())


def test_a_write_cut_short_lets_the_next_one_go_and_its_thread_ends() -> None:
    async def scenario() -> None:
        notebook, bus = Notebook(), UsbBus()
        notebook.deaf = True
        async with serving_usb(notebook, UsbPort(bus)), linked(bus, write_s=1) as link:
            writing = asyncio.create_task(link.write(b"x" * (40 * OUT_BYTES)))
            await until(lambda: "usb work" in usb_threads())
            writing.cancel()
            with pytest.raises(asyncio.CancelledError):
                await writing
            notebook.hear_again()
            await until(lambda: "usb work" not in usb_threads())
            await link.write(b"after it")
            await notebook.until_heard(b"after it")
            assert len(notebook.heard) < 10 * OUT_BYTES

    asyncio.run(scenario())


def test_a_claim_that_comes_too_late_is_given_back(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario() -> None:
        bus, woken = UsbBus(), threading.Event()
        port = UsbPort(bus)
        claim = bus.claim_interface

        def slowly(*given: Any) -> None:
            woken.wait()
            claim(*given)

        monkeypatch.setattr(bus, "claim_interface", slowly)
        async with serving_usb(Notebook(), port):
            with pytest.raises(ConnectionError, match="within"):
                await UsbLink.connect(
                    VENDOR, PRODUCT, connect_s=0.05, write_s=PATIENCE_S, backend=bus
                )
            woken.set()
            await until(lambda: port.interfaces[0].driver == "usblp")
            async with linked(bus):
                pass

    asyncio.run(scenario())


def test_a_claim_that_fails_half_way_leaves_the_kernels_driver_where_it_was(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def scenario() -> None:
        bus = UsbBus()
        port = UsbPort(bus)

        def fail(*_: Any) -> None:
            raise core.USBError("trouble", None, errno.EIO)

        monkeypatch.setattr(bus, "claim_interface", fail)
        with pytest.raises(ConnectionError, match="trouble"):
            await connect(bus)
        assert port.interfaces[0].driver == "usblp"
        await until(lambda: not usb_threads())

    asyncio.run(scenario())
