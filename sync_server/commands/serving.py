"""`sync-server serve` and `migrate`: the hub as a process that serves."""

import logging
import signal
import socket
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, NoReturn

import typer
import uvicorn

from retail.language import Text
from sync_server.commands.running import (
    Url,
    collect_seldom,
    opens,
    run,
    say,
    settings_of,
    stop,
    with_hub,
)
from sync_server.hub import Hub
from sync_server.settings import is_loopback

#: what is under way when the hub is told to stop may take this much longer, in seconds
STOP_S = 10
_UP_TO_DATE = Text("up to date", "已是最新")
_TAKEN_UP = Text(
    "up to date, and what had waited is in the books: {facts}",
    "已是最新，等待中的记录已入账：{facts}",
)
_NO_TLS = Text(
    "Without TLS the hub listens on loopback only, not on {host}.",
    "未启用 TLS 时总部服务只在本机回环地址监听，不能使用 {host}。",
)
_NO_TLS_REMEDY = Text(
    "Give --tls-cert and --tls-key, or listen on 127.0.0.1 behind a proxy that has them.",
    "请给出 --tls-cert 与 --tls-key；或在 127.0.0.1 监听，由带证书的反向代理转发。",
)
_BAD_TLS = Text(
    "The TLS certificate or its key cannot be used: {why}", "TLS 证书或私钥无法使用：{why}"
)
_BAD_TLS_REMEDY = Text(
    "Give PEM files that belong together, the key without a password.",
    "请提供相互匹配的 PEM 文件，私钥不带密码。",
)
_DEAF = Text(
    "The hub cannot listen on {host}, port {port}: {why}",
    "总部服务无法在 {host} 的 {port} 端口监听：{why}",
)
_DEAF_REMEDY = Text(
    "See whether another hub runs already, or give another --port.",
    "请检查是否已有总部服务在运行，或用 --port 换一个端口。",
)
_LOG = "%(asctime)s %(levelname)s %(name)s: %(message)s"
_LOG_TIME = "%Y-%m-%dT%H:%M:%S%z"


def serve(
    database: Url = None,
    host: Annotated[str | None, typer.Option(help="address to listen on")] = None,
    port: Annotated[int | None, typer.Option(help="TCP port to listen on")] = None,
    tls_cert: Annotated[Path | None, typer.Option(help="certificate chain, PEM")] = None,
    tls_key: Annotated[Path | None, typer.Option(help="private key, PEM")] = None,
    no_console: Annotated[bool, typer.Option("--no-console", help="serve tills only")] = False,
) -> None:
    """Serve tills, and head office at /hq.

    Example: sync-server serve --database postgresql://omnitill@db/omnitill --port 8700
    """
    # The other commands need no web framework, and it takes longest to load.
    from sync_server.web import application  # noqa: PLC0415

    console = False if no_console else None
    settings = settings_of(database=database, host=host, port=port, console=console)
    if not tls_cert and not is_loopback(settings.host):
        stop(_NO_TLS.filled(host=settings.host), _NO_TLS_REMEDY)
    if tls_cert:
        _check_tls(tls_cert, tls_key)
    run(opens(settings))
    listener = listening(settings.host, settings.port)
    port = listener.getsockname()[1]
    page = "/hq" if settings.console else ""
    typer.echo(f"hub on http{'s' if tls_cert else ''}://{settings.host}:{port}{page}")
    logging.basicConfig(level=logging.WARNING, format=_LOG, datefmt=_LOG_TIME)
    collect_seldom()
    site = application(settings)
    server = _Server(
        uvicorn.Config(
            site,
            ssl_certfile=tls_cert,
            ssl_keyfile=tls_key,
            ws="none",
            log_config=None,
            log_level="warning",
            access_log=False,
            timeout_graceful_shutdown=STOP_S,
        ),
        lambda: site.state.hub,
    )
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _end)  # which uvicorn hands them on to once it has stopped in order
    server.run(sockets=[listener])
    raise typer.Exit(0 if server.started else 1)


class _Server(uvicorn.Server):
    """Lets go of the tills that wait for news when it is told to stop."""

    def __init__(self, config: uvicorn.Config, hub: Callable[[], Hub]) -> None:
        super().__init__(config)
        self._hub = hub

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await self._hub().news.end()
        await super().shutdown(sockets)


def _end(*_: object) -> NoReturn:
    raise SystemExit(0)


def _check_tls(certificate: Path, key: Path | None) -> None:
    try:
        ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(certificate, key, "")
    except OSError as fault:
        stop(_BAD_TLS.filled(why=fault.strerror or fault), _BAD_TLS_REMEDY)


def listening(host: str, port: int) -> socket.socket:
    """A socket that listens there; a sentence when it may not."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except (OSError, OverflowError) as fault:
        why = getattr(fault, "strerror", None) or fault
        stop(_DEAF.filled(host=host, port=port, why=why), _DEAF_REMEDY)


def migrate(database: Url = None) -> None:
    """Bring the database up to date, and apply what waited for this program.

    Example: sync-server migrate --database sqlite:///hub.db
    """

    async def work(hub: Hub) -> int:
        await hub.ready()
        return (await hub.office.quarantine.take_up()).applied

    applied = run(with_hub(settings_of(database=database), work, makes=True))
    say(_TAKEN_UP.filled(facts=applied) if applied else _UP_TO_DATE)
