"""`sync-server serve` as a process of its own."""

import ssl
import sys
from collections.abc import Mapping

import httpx

from rehearsal.processes import Child, free_port


class Serving:
    """The process, from its first words on. Close it."""

    def __init__(
        self,
        database_url: str,
        *options: str,
        authority: ssl.SSLContext | bool = True,
        port: int = 0,
        env: Mapping[str, str | None] | None = None,
    ) -> None:
        self.port = port or free_port()
        self._authority = authority
        argv = [sys.executable, "-m", "sync_server", "serve", "--database", database_url]
        self.child = Child([*argv, "--port", str(self.port), *options], env=env)
        self.said = self.child.read_line()

    def __enter__(self) -> "Serving":
        return self

    def __exit__(self, *_: object) -> None:
        self.child.close()

    @property
    def url(self) -> str:
        return self.said.removeprefix("hub on ").removesuffix("/hq")

    def answers(self) -> bool:
        """Whether it is ready to serve."""
        try:
            return httpx.get(f"{self.url}/readyz", verify=self._authority).is_success
        except httpx.TransportError:
            return False
