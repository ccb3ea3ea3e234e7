"""A scanner that types."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Wedge:
    """A scanner that types: what it puts around a code, for whoever gathers the keys."""

    prefix: str = ""
    suffix: Literal["enter", "tab"] = "enter"
