"""A till's machine: its folders, its program, the cashier in front of it, its loops of sync.

The loops do what `SyncThreads` does, one step at a time and in simulated time.
"""

import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

from journal.cursor import Cursor
from pos_client import identity
from pos_client.database import DATABASE_FILE
from pos_client.settings import TillSettings, load
from pos_client.sync.hub import Answer, Hub
from pos_client.till import Till
from rehearsal.simulation.disk import Acting, Disk, MachineDatabase
from rehearsal.simulation.line import Line
from rehearsal.simulation.server import (
    CASHIERS,
    HUB_URL,
    PRODUCTS,
    SNAPSHOT_FROM_ROWS,
    WEIGHED_EVERY,
    Server,
    code_of,
)
from rehearsal.simulation.world import Broken, Died, MachineClock, MachineIds, World
from retail.refusals import Refusal

#: a till that has nothing to pull asks again after so long, unless the simulation wakes it
_WAIT_S = 25.0
_LONG = 30
#: how often a till's marker turns, in simulated seconds
_MARKER_S = 120.0
#: below which a line is slow: there a catalogue comes as a file always, or never
_LINES_MBIT_S = 0.0, 1e9
#: what the hub says to a key that is not its till's
_STRANGERS = ("wrong_signature", "unknown_till")
#: between two acts of a cashier; where people queue, facts by the dozen wait behind a cut line
_CASHIER_S = 1.0, 20.0
_RUSH_S = 0.2, 2.0
_RUSHES = 0.2


class Image(NamedTuple):
    """A copy of a machine's folders, taken at rest: what a backup or a disk's snapshot holds."""

    folder: Path
    at_s: float
    boot: int
    #: the marker's word
    word: bytes


class Machine:
    """One machine. Several may have the same till's disk."""

    def __init__(self, world: World, server: Server, name: str, place: str) -> None:
        """`place` is what the machine is known by; a copy of all of it has the same."""
        self.place = place
        self.world = world
        self.server = server
        self.name = name
        self.folder = world.folder / name
        self.clock = MachineClock(world)
        self.ids = MachineIds(world.chance(f"ids of {name}"), place)
        self.chance = world.chance(f"cashier at {name}")
        self._sync_chance = world.chance(f"sync of {name}")
        rushes = world.chance(f"customers at {name}").random() < _RUSHES
        self._between_acts_s = _RUSH_S if rushes else _CASHIER_S
        self.disk = Disk(name)
        self.line = Line(world, name, server, lambda: self.states)
        self.images: list[Image] = []
        self.till: Till | None = None
        self.settings = load(
            data=self.folder / "data",
            state=self.folder / "state",
            plugged_look_s=0.0,
            marker_turned_every_s=_MARKER_S,
            snapshot_from_rows=SNAPSHOT_FROM_ROWS,
            snapshot_mbit_s_min=self.chance.choice(_LINES_MBIT_S),
        )
        self.next_act_s = world.now_s
        #: when the hub last answered it
        self.pushed_s = 0.0
        self.next_push_s = world.now_s
        self.next_pull_s = world.now_s
        self._waits_for_news = False
        #: the machine is gone for good
        self.scrapped = False
        self._till_id = ""

    # Life and death

    def enrol(self, till: str | None = None) -> bool:
        """Make it a till of the store, the machine in place of one, or the one it was once more
        -> whether it is."""
        code = self.server.enrol_code(till)
        self.settings.data.mkdir(parents=True, exist_ok=True)
        signer = identity.make_signer(self.settings.data)
        incarnation = self.ids.incarnation()
        line = Hub.of(HUB_URL, self.settings, self.line)
        answer = line.enrol(code, signer, incarnation, "") if code else None
        if not isinstance(answer, Answer):
            self.world.note(self.name, "cannot be enrolled now")
            return False
        told = answer.message
        who = identity.Identity(told.store, told.till, HUB_URL, told.hub_key, told.epoch)
        database = self._database_of(self.settings)
        try:
            identity.enrol(database, who, incarnation, self.settings.state, self.ids)
        except (Refusal, Died):
            self.world.note(self.name, "cannot keep what it was enrolled as")
            self.disk.spare()
            return False
        finally:
            database.close()
        self._till_id = told.till
        self.world.note(self.name, f"is enrolled as {told.till}")
        return True

    @property
    def is_stranger(self) -> bool:
        """Whether the hub does not know its key: it was put back to before it heard of it."""
        return self.till is not None and self.till.sync.state().problem in _STRANGERS

    def enrol_again(self) -> None:
        """Head office gives a code, as the till's sentence says."""
        till = self._till_id
        self.dies()
        self.enrol(till)

    def _database_of(self, settings: TillSettings) -> MachineDatabase:
        return MachineDatabase(settings.data / DATABASE_FILE, settings.database_wait_s, self.disk)

    def boot(self) -> None:
        """Start the till's program, if it can."""
        self.clock.boots += 1
        Acting.disk = self.disk
        try:
            self.till = Till.open(
                self.settings,
                self.clock,
                self.ids,
                sync=False,
                chance=self._sync_chance,
                transport=self.line,
                database_of=self._database_of,
            )
        except Died:
            self.world.note(self.name, "dies while it starts")
            self.disk.spare()
            return
        except Refusal as no:
            self.world.note(self.name, f"cannot start: {no.code}")
            return
        self._till_id = self.till.who.till
        self.till.sync.on_event = self._heard
        stream = self.till.recorder.writer.stream.incarnation
        self.world.note(
            self.name, f"starts, writes {stream[:6]} after {self.till.recorder.head.seq}"
        )
        self.next_push_s = self.next_pull_s = self.world.now_s

    def _heard(self, name: str, values: dict[str, object]) -> None:
        self.world.note(self.name, f"hears {name} {values}")

    def dies(self) -> None:
        """As by SIGKILL: what was not committed never was."""
        self.disk.spare()
        if self.till is not None:
            till, self.till = self.till, None
            till.close()
        self.world.note(self.name, "dies")

    def scrap(self) -> None:
        """The machine is gone, its disk with it."""
        if self.till is not None:
            self.dies()
        self.scrapped = True
        self.world.note(self.name, "is scrapped")

    # Copies

    def take_image(self) -> Image:
        folder = self.world.folder / f"{self.name}-image-{len(self.images)}"
        shutil.copytree(self.folder, folder)
        self.images.append(Image(folder, self.world.now_s, self.clock.boots, self.word))
        self.world.note(self.name, f"is copied (copy {len(self.images) - 1})")
        return self.images[-1]

    @property
    def word(self) -> bytes:
        """The marker's, as it stands in its folder; empty where there is none."""
        file = self.settings.state / f"{self._till_id}.marker"
        return file.read_bytes() if file.exists() else b""

    def put_back(self, image: Image, *, whole: bool) -> None:
        """Put a copy back: the data folder alone, or the whole disk, the marker's folder too."""
        if self.till is not None:
            self.dies()
        for name in ("data", "state") if whole else ("data",):
            shutil.rmtree(self.folder / name, ignore_errors=True)
            if (image.folder / name).exists():  # a till that knows no marker has no folder for it
                shutil.copytree(image.folder / name, self.folder / name)
        what = "whole" if whole else "data"
        self.world.note(self.name, f"is put back to {image.at_s:.3f} ({what})")

    # One step each

    @property
    def till_id(self) -> str:
        return self._till_id

    @property
    def lateness(self) -> str:
        """What keeps this machine from being in step; empty when it is."""
        till = self.till
        if till is None:
            return "does not run"
        sync = till.sync.state()
        if sync.forked:
            return "a fork is in repair"
        if sync.waiting:
            return f"{sync.waiting} facts wait"
        hub = self.server.hub
        if hub is None:
            return "the hub does not run"
        if self.pushed_s < self.world.calm_since_s:
            return "has not spoken since the faults stopped"
        heads = self.server.do(hub.heads())
        told = Cursor.parse(till.catalogue.cursor).positions if till.catalogue.cursor else {}
        behind = [scope for scope, position in told.items() if heads.get(scope, 0) != position]
        return f"has not pulled {behind}" if behind or not told else ""

    @property
    def states(self) -> list[str]:
        """All that a fault finds here."""
        till = self.till
        if till is None:
            return ["till down"]
        sync = till.sync.state()
        states = {
            "sale open": till.sale.is_open(),
            "facts wait": bool(sync.waiting),
            "long backlog": sync.waiting > _LONG,
            "no shift": till.shift.current is None,
            "fork in repair": sync.forked,
        }
        return [state for state, is_so in states.items() if is_so] or ["in step"]

    def push(self) -> None:
        till = self.till
        assert till is not None
        wait_s = self._guarded(till.sync.push_once)
        self._guarded(till.sync.turn_marker)
        if till.sync.state().online:
            self.pushed_s = self.world.now_s
        settings = till.settings
        if wait_s is None:
            wait_s = settings.heartbeat_s
        self.next_push_s = self.world.now_s + wait_s

    def _guarded(self, step: Callable[[], float | None]) -> float | None:
        """As SyncThreads does: what the disk refuses is tried again later."""
        try:
            return step()
        except Refusal as no:
            self.world.note(self.name, f"cannot sync: {no.code}")
            return self.settings.heartbeat_s

    def recorded(self) -> None:
        """Something was recorded: the push need not wait for its heartbeat."""
        till = self.till
        if till is not None and till.sync.state().online:
            gathered_s = self.world.now_s + till.settings.push_gather_s
            self.next_push_s = min(self.next_push_s, gathered_s)

    def pull(self) -> None:
        till = self.till
        assert till is not None
        sync = till.sync
        step = sync.wait_for_news if self._waits_for_news else sync.pull_once
        wait_s = self._guarded(step)
        self._waits_for_news = wait_s is None
        self.next_pull_s = self.world.now_s + (_WAIT_S if wait_s is None else wait_s)

    def hear_news(self) -> None:
        """Something was published: a question that the hub holds is answered."""
        if self._waits_for_news:
            self.next_pull_s = min(self.next_pull_s, self.world.now_s)

    def act(self) -> None:
        """The cashier does something."""
        self.next_act_s = self.world.now_s + self.chance.uniform(*self._between_acts_s)
        try:
            self.world.note(self.name, self._act())
        except Refusal as no:
            self.world.note(self.name, f"is refused: {no.code}")
        self.recorded()

    def bring_in(self, former: "Machine") -> None:
        """Bring in what another machine's disk still holds (`pos-client journal import`)."""
        assert self.till is not None
        try:
            brought = self.till.bring_in(former.settings.data)
        except Refusal as no:
            self.world.note(self.name, f"brings in nothing of {former.name}: {no.code}")
            return
        if brought.wrong:
            raise Broken(f"{former.name}'s disk: {brought.wrong}")
        self.world.note(self.name, f"brings in {brought.facts} facts of {former.name}")
        self.recorded()

    def finish(self) -> None:
        """The last customer leaves without buying: the till may sell by what came meanwhile."""
        self.next_act_s = float("inf")
        if self.till is not None and self.till.sale.is_open():
            self.till.sale.void("closing time")
            self.recorded()

    def _act(self) -> str:
        till = self.till
        assert till is not None
        if till.shift.current is None:
            till.shift.open(self.chance.choice(CASHIERS).cashier_id, 50_000, confirmed=True)
            return "opens a shift"
        if till.sale.is_open():
            return self._go_on_selling(till)
        match self.chance.randrange(12):
            case 0:
                expected = till.shift.figures().expected_cash_minor
                till.shift.close(max(expected + self.chance.choice((0, 0, -100, 500)), 0))
                return "closes the shift"
            case 1:
                delivered = [(f"p{self.chance.randrange(PRODUCTS)}", 5_000)]
                till.stock.receive(f"DN-{self.chance.randrange(1000)}", delivered)
                return "receives goods"
            case 2 if till.sale.parked_count:
                till.sale.resume()
                return "resumes a sale"
            case _:
                return self._scan(till)

    def _scan(self, till: Till) -> str:
        number = self.chance.randrange(PRODUCTS)
        if number % WEIGHED_EVERY == WEIGHED_EVERY - 1:
            till.sale.weigh(code_of(number), self.chance.randrange(100, 3_000))
        else:
            till.sale.scan(code_of(number))
        return f"scans p{number}"

    def _go_on_selling(self, till: Till) -> str:
        match self.chance.randrange(12):
            case 0:
                till.sale.void("customer left")
                return "voids the sale"
            case 1:
                till.sale.park("later")
                return "parks the sale"
            case 2 | 3 | 4:
                return self._scan(till)
            case _:
                tender = self.chance.choice(("cash", "cash", "card"))
                paid = till.sale.pay(tender)
                return (
                    f"is paid by {tender}, receipt {paid.sold.fact.receipt if paid.sold else '-'}"
                )

    def jump_clock(self, by: timedelta) -> None:
        self.clock.ahead += by
        self.world.note(self.name, f"clock now {self.clock.ahead} ahead")
