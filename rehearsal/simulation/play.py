"""One seed, from the first step to the verdict."""

import logging
import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp
from traceback import format_exception
from typing import NamedTuple
from unittest.mock import patch

from pricebook import snapshot
from rehearsal.simulation.disk import Acting, books_on_disks
from rehearsal.simulation.gremlin import Gremlin
from rehearsal.simulation.machine import Image, Machine
from rehearsal.simulation.server import Server
from rehearsal.simulation.truth import Truth
from rehearsal.simulation.without import without
from rehearsal.simulation.world import Broken, Died, World
from sync_server.catalogue import book
from sync_server.feed import service as feed

#: how long things go wrong, in simulated seconds
FAULTS_S = 900.0
#: within which all must be in step once nothing goes wrong any more
CALM_S = 600.0
#: how often it is looked whether they are
LOOK_S = 5.0
_HOUSEKEEPING_S = 15.0
_OFFICE_S = 20.0, 120.0
#: more steps than any seed takes: what runs hot is a fault
_STEPS_MAX = 4_000
_PAGE_ROWS = 5
_CHUNK_BYTES = 16 * 1024
#: how likely the disk of a machine that is replaced can still be read
_DISK_SURVIVES = 0.6


class Outcome(NamedTuple):
    """What a seed came to."""

    seed: int
    broken: str
    fingerprint: str
    steps: int
    facts: int
    covered: Counter[tuple[str, str]]
    trace: list[str]


class Play:
    """One chain of stores, alive."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.server = Server(world)
        Acting.server_disk = self.server.disk
        self.truth = Truth(world, self.server)
        self.machines: list[Machine] = []
        #: machines that were replaced and whose disks can still be read
        self.old_disks: list[Machine] = []
        self._fate = world.chance("fate of disks")
        self._names = iter("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
        self._office = world.chance("head office's hours")
        self._next_office_s = 0.0
        self._next_housekeeping_s = _HOUSEKEEPING_S
        self.gremlin = Gremlin(self)
        self.steps = 0

    def run(self) -> None:
        """Raises Broken."""
        self.server.open_the_chain()
        self.truth.published()
        for _ in range(2):
            self._add().enrol()
        for machine in self.machines:
            self.boot(machine)
        while self.world.now_s < FAULTS_S:
            self.gremlin.act()
            self._step()
        self._calm_down()
        self.truth.check_end(self.machines)

    def _calm_down(self) -> None:
        self.gremlin.mend_all()
        self.world.calm_since_s = self.world.now_s
        self.world.note("all", "calm")
        self._next_office_s = float("inf")
        for machine in self.machines:
            self._let(machine, "finish")
        self.bring_in_old_disks()
        until_s = self.world.now_s + CALM_S
        looked_s = 0.0
        while self.world.now_s - looked_s < LOOK_S or not self._in_step():
            if self.world.now_s - looked_s >= LOOK_S:
                looked_s = self.world.now_s
            if self.world.now_s > until_s:
                raise Broken(f"not in step after {CALM_S:g} s: {self._late()}")
            self._step()

    def _in_step(self) -> bool:
        return not any(machine.lateness for machine in self.machines)

    def _late(self) -> list[str]:
        """The machines that are not in step, and why."""
        return [f"{m.name}: {m.lateness}" for m in self.machines if m.lateness]

    def close(self) -> None:
        for machine in self.machines:
            if machine.till is not None:
                machine.dies()
        self.server.close()

    # Steps

    def _step(self) -> None:
        """What is due next happens."""
        self.steps += 1
        if self.steps > _STEPS_MAX:
            raise Broken(f"{_STEPS_MAX} steps were not enough: something runs hot")
        times = [(self._next_housekeeping_s, 0, ""), (self._next_office_s, 1, "")]
        if self.world.now_s < self.world.calm_since_s:
            times.append((self.gremlin.next_s, 2, ""))
        for place, machine in enumerate(self.machines):
            if machine.till is not None:
                times += [
                    (machine.next_act_s, 3 + place, "act"),
                    (machine.next_push_s, 3 + place, "push"),
                    (machine.next_pull_s, 3 + place, "pull"),
                ]
        at_s, who, what = min(times)
        self.world.now_s = max(self.world.now_s, at_s)
        match who:
            case 0:
                self._next_housekeeping_s = self.world.now_s + _HOUSEKEEPING_S
                self.server.housekeeping()
                self.truth.published()
                self._twins()
                self._meet_strangers()
            case 1:
                self._next_office_s = self.world.now_s + self._office.uniform(*_OFFICE_S)
                self._publish()
            case 2:
                return  # the gremlin looks for itself
            case _:
                self._let(self.machines[who - 3], what)
        if self.server.file.exists():
            self.truth.saw_hub()

    def _let(self, machine: Machine, what: str, *given: object) -> None:
        Acting.disk = machine.disk
        before = self._cursor(machine)
        try:
            getattr(machine, what)(*given)
            self.truth.saw_machine(machine)
        except Died as died:
            if died.who != machine.name:
                raise
            self.truth.saw_machine(machine)
            machine.dies()
            return
        finally:
            Acting.disk = None
        if self._cursor(machine) != before:
            self.truth.swapped(machine)

    def _cursor(self, machine: Machine) -> str:
        return machine.till.catalogue.cursor if machine.till is not None else ""

    def _publish(self) -> None:
        self.server.head_office_acts()
        self.truth.published()
        for machine in self.machines:
            machine.hear_news()

    def _twins(self) -> None:
        for machine in self.machines:
            for twin in machine.line.twins_due():
                self.world.note(machine.name, f"has a late twin of {twin.path} arrive")
                machine.line.deliver(twin)

    # What the gremlin does to machines

    def _add(self, place: str = "") -> Machine:
        name = next(self._names)
        machine = Machine(self.world, self.server, name, place or name)
        self.machines.append(machine)
        return machine

    def boot(self, machine: Machine) -> None:
        machine.boot()
        self.truth.saw_machine(machine)
        if self._cursor(machine):
            self.truth.swapped(machine)

    def put_back(self, machine: Machine, image: Image, *, whole: bool) -> None:
        self.world.has_perfect_copies |= whole or image.word == machine.word
        machine.put_back(image, whole=whole)
        self.truth.disk_changed(machine)

    def clone(self, machine: Machine, *, whole: bool, same: bool) -> None:
        """Another machine with this one's disk: `whole` with the marker's folder, `same` with all
        that the machine is known by."""
        self.world.has_perfect_copies |= whole and same
        image = machine.take_image()
        clone = self._add(machine.place if same else "")
        clone.put_back(image, whole=whole)
        self.truth.disk_copied(machine.name, clone.name)
        self.truth.disk_changed(clone)
        self.boot(clone)

    def replace(self, machine: Machine) -> None:
        """The machine is gone, and whatever else had its disk; another takes its till's place."""
        successor = self._add()
        if not successor.enrol(machine.till_id):
            successor.scrap()
            self.machines.remove(successor)
            return
        for former in [each for each in self.machines if each.till_id == machine.till_id]:
            if former is not successor:
                former.scrap()
                self.machines.remove(former)
                if self._fate.random() < _DISK_SURVIVES:
                    self.old_disks.append(former)
                else:
                    self.truth.disk_gone(former)
        self.boot(successor)

    def bring_in_old_disks(self) -> None:
        """What the disks of replaced machines still hold is brought in; who has it stays as is."""
        for former in self.old_disks:
            for machine in self.machines:
                if machine.till_id == former.till_id and machine.till is not None:
                    self._let(machine, "bring_in", former)
                    break

    def _meet_strangers(self) -> None:
        """Tills that the hub does not know any more are enrolled again, by people."""
        for machine in self.machines:
            if machine.is_stranger and self.server.hub is not None:
                machine.enrol_again()
                self.boot(machine)

    def put_hub_back(self, place: int, *, whole: bool) -> None:
        self.server.put_back(place, whole=whole)
        self.truth.hub_changed()


def play(seed: int, safeguard: str = "") -> Outcome:
    """Play one seed, perhaps by the product without one of its safeguards."""
    folder = Path(mkdtemp(prefix=f"omnitill-simulation-{seed}-", dir=_quick_folder()))
    world = World(seed, folder)
    logging.disable()  # a hub that finds its disk full says so; here that is the point
    broken = ""
    try:
        with books_on_disks(), small_pages(), without(safeguard):
            chain = Play(world)
            try:
                chain.run()
            except Exception as fault:
                broken = (
                    str(fault) if isinstance(fault, Broken) else "".join(format_exception(fault))
                )
                world.note("all", f"BROKEN: {broken}")
            finally:
                chain.close()
        facts = len(chain.truth.held["hub"])
        return Outcome(
            *(seed, broken, world.fingerprint, chain.steps, facts, world.covered, world.trace)
        )
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def small_pages() -> Iterator[None]:
    """A cut of the feed has several pages and a snapshot several chunks, as a large catalogue's
    have."""
    with (
        patch.object(feed, "PAGE_ROWS_MAX", _PAGE_ROWS),
        patch.object(snapshot, "CHUNK_BYTES", _CHUNK_BYTES),
        patch.object(book, "CHUNK_BYTES", _CHUNK_BYTES),
    ):
        yield


def _quick_folder() -> Path | None:
    """Memory, where there is such a folder: power cuts are simulated, so nothing need be synced."""
    memory = Path("/dev/shm")
    return memory if memory.is_dir() else None
