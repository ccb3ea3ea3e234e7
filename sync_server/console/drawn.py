"""How head office's pages are drawn: templates, and a policy that lets a page load its own style
and script and nothing else."""

import re
from base64 import b64encode
from collections.abc import Mapping
from hashlib import sha256
from importlib.resources import files
from typing import Any

from jinja2 import BaseLoader, Environment, FunctionLoader, StrictUndefined

from sync_server.console.guard import HEADERS


def _file(name: str) -> str:
    return files("sync_server.console").joinpath("templates", name).read_text(encoding="utf-8")


_LOADER: BaseLoader = FunctionLoader(_file)
_ENVIRONMENT = Environment(
    loader=_LOADER,
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    auto_reload=False,
)
#: what a person is to type
_COMMAND = re.compile(r"(sync-server(?: [A-Za-z0-9-]+)+)")
_ENVIRONMENT.filters["by_command"] = _COMMAND.split  # every second part is one


def _hash_source(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


class Sheet:
    """Pages of one style and script; `form_action` says where their forms may go, `referrer` to
    whom a browser says where it comes from."""

    def __init__(
        self, styles: tuple[str, ...], script: str, *, form_action: str, referrer: str
    ) -> None:
        self._style = "".join(map(_file, styles))
        self._script = _file(script)
        self.headers: Mapping[str, str] = {
            **HEADERS,
            "Content-Security-Policy": (
                "default-src 'none'; connect-src 'self'; img-src data:; base-uri 'none';"
                f" form-action {form_action}; frame-ancestors 'none';"
                f" script-src {_hash_source(self._script)};"
                f" style-src {_hash_source(self._style)}; style-src-attr 'unsafe-inline'"
            ),
            "Referrer-Policy": referrer,
        }

    def draw(self, template: str, **seen: Any) -> str:
        """The page as HTML."""
        drawn = _ENVIRONMENT.get_template(template)
        return drawn.render(style=self._style, script=self._script, **seen)
