"""The addresses of the devices, ready for a till's settings: a click copies one."""

from typing import ClassVar, Final

from textual.app import ComposeResult

from hardware.simulator.counter import SimulatedCounter
from hardware.simulator.view.controls import Label, Part
from hardware.simulator.view.words import Language, Words

ADDRESSES: Final = Words("Addresses: click copies one", "设备地址：点击即复制")


class Address(Label):
    """One setting."""

    DEFAULT_CSS: ClassVar[str] = """
    Address { height: auto; pointer: pointer; }
    Address:hover { color: $accent; }
    Address.-copied { color: $text-success; }
    """

    def __init__(self, kind: str) -> None:
        super().__init__(id=f"{kind}-url")
        self._text = ""

    def show(self, text: str) -> None:
        self._text = text
        self.say(text)

    def on_click(self) -> None:
        self.app.copy_to_clipboard(self._text)
        self.flash("-copied")


class AddressesPart(Part):
    """All of them."""

    def __init__(self, counter: SimulatedCounter) -> None:
        super().__init__(counter, id="addresses")
        self._title = Label(id="addresses-title", classes="title")
        self._addresses = {kind: Address(kind) for kind in counter.machines}

    def compose(self) -> ComposeResult:
        yield self._title
        yield from self._addresses.values()

    def show(self, language: Language) -> None:
        self._title.say(ADDRESSES.to(language))
        for kind, address in self._addresses.items():
            address.show(f'{kind}="{self.counter.urls[kind]}"')
