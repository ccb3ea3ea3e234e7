"""The line at the top: silent when all is well, in words when not."""

from hardware.device import standing
from hardware.fault import Kind, NoReply, Unplugged
from hardware.printer.faults import PrinterFault
from pos_client.screen.status import printer_lamp, sync_lamp
from pos_client.sync.service import SyncState
from tests.builders import OPENING

IN_STEP = SyncState(0, "", online=True, forked=False, problem="", why="")


def test_trouble_at_the_hub_is_said_although_the_line_is_up() -> None:
    lamp = sync_lamp(IN_STEP._replace(waiting=4, problem="stale_token"), OPENING)
    assert not lamp.well
    assert "stale_token" in lamp.text.zh
    assert sync_lamp(IN_STEP, OPENING).well


def test_a_printers_trouble_is_no_mark_but_a_word_whatever_it_is() -> None:
    met = [kind() for kind in PrinterFault.__subclasses__()]
    for fault in (*met, NoReply(Kind.PRINTER), Unplugged(Kind.PRINTER)):
        lamp = printer_lamp(standing(fault))
        assert not lamp.well
        assert len(lamp.text.zh) > 1
