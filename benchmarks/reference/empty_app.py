"""The least that draws on a terminal with the till's libraries: one line of text.

    python -m benchmarks.reference.empty_app

Imports what the till imports from outside, and says how many keys were pressed and which was the
last.
"""

import httpx  # noqa: F401
import msgspec  # noqa: F401
import PIL  # noqa: F401
import pydantic  # noqa: F401
import pydantic_settings  # noqa: F401
import segno  # noqa: F401
import serial  # noqa: F401
import sqlalchemy.dialects.sqlite  # noqa: F401
import textual.theme  # noqa: F401
import typer  # noqa: F401
import uuid_utils  # noqa: F401
import wcwidth  # noqa: F401
import zstandard  # noqa: F401
from cryptography.hazmat.primitives.asymmetric import ed25519  # noqa: F401
from textual import events
from textual.app import App, ComposeResult
from textual.widgets import Static

READY = "ready"


class EmptyApp(App[None]):
    """Shows the newest key."""

    ENABLE_COMMAND_PALETTE = False
    pressed = 0

    def compose(self) -> ComposeResult:
        yield Static(READY)

    def on_key(self, event: events.Key) -> None:
        self.pressed += 1
        self.query_one(Static).update(f"{self.pressed} {event.key}")


if __name__ == "__main__":
    EmptyApp().run()
