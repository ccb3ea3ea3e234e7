"""A device's address, taken apart: every part is checked, a misspelt option is refused.

escpos+serial:///dev/serial/by-id/usb-…?baud=38400&cols=48
╰─┬──╯ ╰─┬──╯  ╰────────┬───────────╯ ╰────────┬─────────╯
driver  link          place                  options
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Self
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlsplit

_USB_IDS: Final = re.compile(r"([0-9a-f]{4}):([0-9a-f]{4})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class DeviceUrl:
    """Options are taken out as they are read; `nothing_left()` refuses what nobody took. Each
    method raises `ValueError` with the reason when that part cannot be used."""

    text: str
    driver: str
    link: str
    parts: SplitResult
    options: dict[str, str]

    @classmethod
    def parse(cls, text: str) -> Self:
        parts = urlsplit(text)
        driver, _, link = parts.scheme.partition("+")
        query = parts.query
        pairs = parse_qsl(query, strict_parsing=True, keep_blank_values=True) if query else []
        if len(pairs) != len(dict(pairs)):
            raise ValueError("an option is given twice")
        return cls(text, driver, link, parts, dict(pairs))

    @classmethod
    def with_options(cls, text: str, options: Mapping[str, str]) -> str:
        """The same address with these options, what it said of them before being gone."""
        url = cls.parse(text)
        given = "&".join(
            f"{quote(name)}={quote(value, safe=',:')}"
            for name, value in (url.options | dict(options)).items()
        )
        return url.text.partition("?")[0] + (f"?{given}" if given else "")

    @property
    def host(self) -> str:
        """The host's name, fit for a name look-up."""
        host = self.parts.hostname
        if not host:
            raise ValueError(f"a host is missing: {self.parts.scheme}://10.0.0.5:9100")
        host.encode("idna")  # what no name look-up would take
        return host

    def port(self, unless_named: int) -> int:
        return unless_named if self.parts.port is None else self.parts.port

    @property
    def path(self) -> str:
        """A device file."""
        path = unquote(self.parts.path)
        if self.parts.netloc or path.strip("/") == "" or "\0" in path:
            raise ValueError(f"a path has three slashes: {self.parts.scheme}:///dev/…")
        return path

    @property
    def usb_id(self) -> tuple[int, int, str | None]:
        """Vendor, product, and which of several: a serial number or a place such as 1-1.4."""
        ids = _USB_IDS.fullmatch(self.parts.netloc)
        if ids is None:
            example = f"{self.parts.scheme}://04b8:0e15"
            raise ValueError(f"vendor and product are four hex digits each: {example}")
        which = unquote(self.parts.path.removeprefix("/"))
        if "/" in self.parts.path[1:] or "\0" in which:
            raise ValueError("after the ids stands one serial number, / written as %2F")
        return int(ids[1], 16), int(ids[2], 16), which or None

    def text_option(self, name: str, unless_given: str = "") -> str:
        return self.options.pop(name, unless_given)

    def number(self, name: str, unless_given: int, least: int, most: int) -> int:
        text = self.options.pop(name, None)
        if text is None:
            return unless_given
        if not (text.isascii() and text.isdigit() and least <= int(text) <= most):
            raise ValueError(f"{name} is {text!r}, not a number from {least} to {most}")
        return int(text)

    def one_of(self, name: str, *allowed: str) -> str:
        """The option's value; the first of `allowed` when it is not given."""
        value = self.options.pop(name, allowed[0])
        if value not in allowed:
            raise ValueError(f"{name} is {value!r}, not one of {', '.join(allowed)}")
        return value

    def nothing_left(self) -> None:
        if self.options:
            raise ValueError(f"unknown option {', '.join(self.options)}")
