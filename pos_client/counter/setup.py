"""Setting devices up from the till: used at once, and kept in the settings for the next start."""

from collections.abc import Callable, Collection, Mapping

from hardware.fault import Fault, Kind
from hardware.printer.printer import Printer
from hardware.printer.probe import Probed
from hardware.printer.test_page import options_of, test_page
from hardware.registry import kind_of
from hardware.scale.scale import Weight
from hardware.url import DeviceUrl
from pos_client.counter.counter import Counter
from pos_client.counter.paper import Job
from pos_client.counter.places import Placed
from pos_client.settings import TillSettings, keep
from retail.refusals import Refusal

#: of a kind of which a till uses one, a new device takes the place of the old one
_SEVERAL = (Kind.SCANNER, Kind.LOCKER)
#: how long the scale waits for goods to be put down and to lie still
WEIGH_S = 5.0
TEST_RECEIPT = "TEST"


class SetUp:
    """Adds, removes and tries the devices of one till."""

    def __init__(self, settings: TillSettings, counter: Counter) -> None:
        self._settings = settings
        self._counter = counter
        #: told what the scale said when it was tried
        self.on_weight: Callable[[Weight | Fault], None] = lambda _: None
        #: told what the printer said it can do, and why its address could not be made to say so
        self.on_probed: Callable[[Probed | Fault, Refusal | Fault | None], None] = lambda *_: None

    def add(self, url: str) -> Placed | None:
        """Use the device at that address from now on; None for a scanner that types. Raises
        UnknownDevice, TwoWedges, WrongSetting or a refusal of the disk; nothing has changed."""
        kind = kind_of(url)
        urls = [*self._urls(kind), url] if kind in _SEVERAL else [url]
        self._use(kind, urls)
        places = self._counter.places
        return next((one for one in reversed(places.devices) if one.url == url), None)

    def remove(self, placed: Placed) -> None:
        """No longer use that device. Raises WrongSetting or a refusal of the disk."""
        kind = placed.device.kind
        self._use(kind, [url for url in self._urls(kind) if url != placed.url])

    def _urls(self, kind: Kind) -> list[str]:
        return str(getattr(self._settings, kind)).split()

    def _use(self, kind: Kind, urls: list[str]) -> None:
        addresses = " ".join(urls)
        self._counter.places.with_kind(kind, addresses)  # what cannot be used is not kept
        keep(self._settings, str(kind), addresses)
        self._counter.reopen(kind, addresses)

    def spoken_to(self, placed: Placed, options: Mapping[str, str]) -> None:
        """Have that device's address say these options from now on. Raises as `add` does."""
        kind = placed.device.kind
        url = DeviceUrl.with_options(placed.url, options)
        self._use(kind, [url if each == placed.url else each for each in self._urls(kind)])

    def note_proofs(self, placed: Placed, came_out_well: Collection[int]) -> None:
        """Speak to the printer as the numbers on its test page say that it can read. Raises as
        `add` does."""
        assert isinstance(placed.device, Printer)
        self.spoken_to(placed, options_of(placed.device.profile, came_out_well))

    def probe(self) -> None:
        """Ask the printer what it can do, and speak to it so from now on; the end comes by
        `on_probed`."""
        placed = next(
            one for one in self._counter.places.devices if isinstance(one.device, Printer)
        )

        def ended(said: Probed | Fault) -> None:
            why: Refusal | Fault | None = None
            if isinstance(said, Probed) and said.status:
                try:
                    self.spoken_to(placed, said.options)
                except (Refusal, Fault) as no:
                    why = no
            self.on_probed(said, why)

        self._counter.probe(ended)

    def try_out(self, placed: Placed) -> None:
        """Let it do something that a person can see."""
        if isinstance(placed.device, Printer):
            parts = test_page(placed.device.profile)
            self._counter.print(Job(TEST_RECEIPT, parts, kick_drawer=False, ended=lambda _: None))
        elif placed.device.kind is Kind.DISPLAY:
            self._counter.show("Omnitill", "0123456789")
        elif placed.device.kind is Kind.SCALE:
            self.ask_scale()

    @property
    def has_scale(self) -> bool:
        return self._counter.places.scale is not None

    def ask_scale(self) -> None:
        """Weigh what lies on the scale, or is put there within WEIGH_S; the end comes by
        `on_weight`."""
        self._counter.weigh(self.on_weight, WEIGH_S)
