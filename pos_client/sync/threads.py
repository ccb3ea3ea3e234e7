"""The threads that repeat the steps of sync, push and pull each on its own."""

import threading
from collections.abc import Callable
from contextlib import suppress
from random import SystemRandom

from journal.backoff import Backoff
from pos_client.sync.service import SyncService
from retail.refusals import Refusal

#: a pull that waits for news has nothing to finish, so the till does not wait for it long
_PULL_WAIT_S = 0.2


class SyncThreads:
    """Repeats the steps until it is stopped."""

    def __init__(self, sync: SyncService) -> None:
        self.sync = sync
        self._stopping = threading.Event()
        self._recorded = threading.Event()
        self._wake_push = threading.Event()
        self._wake_pull = threading.Event()
        self._threads = [
            threading.Thread(target=self._push, name="push", daemon=True),
            threading.Thread(target=self._pull, name="pull", daemon=True),
        ]

    def start(self) -> None:
        self.sync.recorder.on_recorded = self._recorded.set
        self.sync.line.on_push_through = self._wake_pull.set
        self.sync.on_pull_through = self._wake_push.set
        for thread in self._threads:
            thread.start()

    @property
    def alive(self) -> bool:
        return any(thread.is_alive() for thread in self._threads)

    def stop(self, wait_s: float) -> None:
        """Let the push that is under way end, then close the line."""
        self._stopping.set()
        for event in (self._recorded, self._wake_push, self._wake_pull):
            event.set()
        pushing, pulling = self._threads
        if pushing.is_alive():
            pushing.join(wait_s)
        self.sync.close()
        if pulling.is_alive():
            pulling.join(_PULL_WAIT_S)

    def _goes_on(self, *news: threading.Event) -> bool:
        """Forget what was told before the next step, and say whether to take it. In this order:
        `stop` sets its own word first, so none of them is forgotten unseen."""
        for event in news:
            event.clear()
        return not self._stopping.is_set()

    def _push(self) -> None:
        settings, stumbles = self.sync.settings, Backoff(SystemRandom())
        while self._goes_on(self._recorded, self._wake_push):
            wait_s = self._guarded(self.sync.push_once, stumbles)
            self._guarded(self.sync.turn_marker, stumbles)
            if wait_s is None:
                self._guarded(self.sync.prune_once, stumbles)
                self._recorded.wait(settings.heartbeat_s)
                self._stopping.wait(settings.push_gather_s)
            elif wait_s:
                self._wake_push.wait(wait_s)

    def _pull(self) -> None:
        stumbles = Backoff(SystemRandom())
        while self._goes_on(self._wake_pull):
            wait_s = self._guarded(self.sync.pull_once, stumbles)
            while wait_s is None and not self._stopping.is_set():
                wait_s = self._guarded(self.sync.wait_for_news, stumbles)
            if wait_s:
                self._wake_pull.wait(wait_s)

    def _guarded(self, step: Callable[[], float | None], stumbles: Backoff) -> float | None:
        """A step that the disk refuses (full, busy) is tried again later; selling shows it. One
        that fails otherwise is a bug, is told, and ends no thread: facts would wait unseen."""
        try:
            wait_s = step()
        except Refusal:
            return self.sync.settings.heartbeat_s
        except Exception as fault:
            if not self._stopping.is_set():
                with suppress(Exception):  # whom it is told may be what failed
                    self.sync.stumbled(fault)
            return stumbles.failed()
        stumbles.succeeded()
        return wait_s
