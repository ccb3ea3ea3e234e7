"""A hub whose tills are in every state, and the system's Chromium."""

import os
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Error, sync_playwright

from journal.wire import Declared
from retail.facts import ShiftClosed
from tests.hand_till import HandTill, a_sale, reply_of
from tests.served_hub import ServedHub

NAMES = ("chromium", "chromium-browser", "google-chrome")


# Not for the whole session: Playwright's event loop would stay running under other tests.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The system's Chromium; without one these tests are left out."""
    program = next((found for name in NAMES if (found := shutil.which(name))), None)
    if program is None:
        pytest.skip(f"no Chromium on this machine: looked for {', '.join(NAMES)}")
    is_root = hasattr(os, "geteuid") and os.geteuid() == 0  # whom Chromium's sandbox refuses
    with sync_playwright() as playwright:
        try:
            launched = playwright.chromium.launch(
                executable_path=program, args=["--no-sandbox"] if is_root else []
            )
        except Error as fault:
            pytest.skip(f"{program} does not start: {fault.message.splitlines()[0]}")
        yield launched
        launched.close()


@pytest.fixture
def pictures() -> Path:
    """The folder of the documents' pictures; only `make pictures` names it."""
    folder = os.environ.get("OMNITILL_PICTURES")
    if folder is None:
        pytest.skip("pictures are taken by `make pictures`")
    return Path(folder)


@pytest.fixture(scope="session")
def busy_hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedHub]:
    """Three stores: one with a till in each state, one that is well, one still empty."""
    folder = tmp_path_factory.mktemp("browser")
    with ServedHub(f"sqlite:///{folder / 'hub.db'}") as hub:
        hub.add_store("S01", name="上海静安店")
        hub.add_store("S02", name="上海徐汇店")
        hub.add_store("S03", name="上海浦东店")
        for number in range(1, 8):
            with HandTill(hub.url, number) as till:
                till.enrol(hub.enrol_code("S01"))
                _bring_into_state(hub, till, number)
        with HandTill(hub.url, 8) as till:
            till.enrol(hub.enrol_code("S02"))
            till.record_sales(12)
            till.record(a_sale(total=8_888_800))
            reply_of(till.push())
        yield hub


def _bring_into_state(hub: ServedHub, till: HandTill, number: int) -> None:
    """1 in step, 2 behind, 3 silent, 4 never, 5 forked, 6 revoked, 7 closed. The silent one
    speaks five minutes before all others."""
    till.record_sales(3 * number)
    match number:
        case 2:
            waiting = Declared(till.head().seq + 4, "x", "2026-06-03T09:12:00.000+08:00")
            reply_of(till.push(declared=waiting))
        case 3:
            hub.clock.move(timedelta(minutes=-5))
            reply_of(till.push(declared=Declared(1_204, "x", "2026-06-03T08:41:10.000+08:00")))
            hub.clock.move(timedelta(minutes=5))
        case 4:
            pass
        case 5:
            reply_of(till.push())
            till.facts.pop()
            till.record(a_sale(total=999))
            assert till.push(len(till.facts) - 1).status_code == 409
        case 6:
            reply_of(till.push())
            hub.do(hub.hub.revoke(till.stream.till))
        case 7:
            till.record(ShiftClosed(1, "CNY", 50_000, 49_500, 21))
            till.record_bytes(b"{}", "parcel.collected", 1, shift="")
            reply_of(till.push())
        case _:
            reply_of(till.push())
