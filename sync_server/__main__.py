"""The command `sync-server`."""

import asyncio
import gc
import logging
import os
import signal
import socket
import ssl
import sys
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from enum import StrEnum
from itertools import islice
from pathlib import Path
from typing import Annotated, Any, NoReturn, TypeVar

import typer
import uvicorn
from pydantic import ValidationError
from rich.console import Console
from rich.progress import Progress

from retail.catalogue import Cashier, Product
from retail.refusals import Refusal
from sync_server.catalogue import imports
from sync_server.catalogue.imports import (
    BadRow,
    CashierRow,
    CsvFile,
    GoodRow,
    StoreRow,
    UnfittingCashStep,
)
from sync_server.database import FAULTS, unusable
from sync_server.hub import Hub
from sync_server.settings import ENVIRONMENT, HubSettings, is_loopback

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="The hub. Example: sync-server serve --database sqlite:///hub.db",
)

T = TypeVar("T")
Url = Annotated[str | None, typer.Option(help="sqlite:///FILE or postgresql://…")]
_ROWS_AT_ONCE = 5_000
#: this many new objects that outlive their maker make the garbage collector look at them
COLLECT_EVERY_OBJECTS = 50_000
#: what is under way when the hub is told to stop may take this much longer, in seconds
STOP_S = 10


class Kind(StrEnum):
    """What can be imported."""

    STORES = "stores"
    CASHIERS = "cashiers"
    PRODUCTS = "products"


@app.command()
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
        stop(
            f"Without TLS the hub listens on loopback only, not on {settings.host}.",
            "Give --tls-cert and --tls-key, or listen on 127.0.0.1 behind a proxy that has them.",
        )
    if tls_cert:
        _check_tls(tls_cert, tls_key)
    run(_opens(settings))
    listener = listening(settings.host, settings.port)
    port = listener.getsockname()[1]
    page = "/hq" if settings.console else ""
    typer.echo(f"hub on http{'s' if tls_cert else ''}://{settings.host}:{port}{page}")
    logging.basicConfig(level=logging.WARNING)
    _collect_seldom()
    site = application(settings)
    server = _Server(
        uvicorn.Config(
            site,
            ssl_certfile=tls_cert,
            ssl_keyfile=tls_key,
            ws="none",
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


def _collect_seldom() -> None:
    """Make the garbage collector look seldom: a push holds ten thousand objects at once and none
    in a circle. At Python's 700 it looks at them over and over, a twentieth of a push's cost."""
    gc.freeze()
    gc.set_threshold(COLLECT_EVERY_OBJECTS)


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
        stop(
            f"The TLS certificate or its key cannot be used: {fault.strerror or fault}",
            "Give PEM files that belong together, the key without a password.",
        )


def listening(host: str, port: int) -> socket.socket:
    """A socket that listens there; a sentence when it may not."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except (OSError, OverflowError) as fault:
        why = getattr(fault, "strerror", None) or fault
        stop(
            f"The hub cannot listen on {host}, port {port}: {why}",
            "See whether another hub runs already, or give another --port.",
        )


@app.command()
def migrate(database: Url = None) -> None:
    """Bring the database up to date. Example: sync-server migrate --database sqlite:///hub.db"""
    run(_opens(settings_of(database=database)))
    typer.echo("up to date")


@app.command("enrol-code")
def enrol_code(
    store: Annotated[str, typer.Argument(help="the store's id")],
    till: Annotated[str | None, typer.Option(help="the till that a new machine replaces")] = None,
    database: Url = None,
) -> None:
    """Make a one-time code for a new till. Example: sync-server enrol-code S01"""
    code, till_id = run(
        with_hub(settings_of(database=database), lambda hub: hub.enrol_code(store, till))
    )
    typer.echo(f"{code}  for till {till_id}")


@app.command()
def revoke(
    till: Annotated[str, typer.Argument(help="the till's id")], database: Url = None
) -> None:
    """Refuse a till service from now on; its facts are still kept.

    Example: sync-server revoke S01-2
    """
    if not run(with_hub(settings_of(database=database), lambda hub: hub.revoke(till))):
        stop(f"There is no till {till}.", "The page at /hq lists them.")
    typer.echo(f"{till} is revoked")


@app.command("import")
def import_file(
    kind: Annotated[Kind, typer.Argument(help="what the file holds")],
    file: Annotated[Path, typer.Argument(help="a CSV file whose first line names the columns")],
    currency: Annotated[str, typer.Option(help="of prices without a currency column")] = "CNY",
    database: Url = None,
) -> None:
    """Import a CSV file; bad rows go to FILE.rejects.csv.

    Example: sync-server import products products.csv
    """
    settings = settings_of(database=database)
    match kind:
        case Kind.STORES:
            stores = imports.CsvFile(file, imports.STORE_COLUMNS, imports.store)
            _import(settings, stores, _stores)
        case Kind.CASHIERS:
            people = imports.CsvFile(file, imports.CASHIER_COLUMNS, imports.cashier)
            _import(settings, people, _cashiers)
        case Kind.PRODUCTS:
            goods = imports.CsvFile(
                file, imports.PRODUCT_COLUMNS, lambda cells: imports.product(cells, currency)
            )
            _import(settings, goods, _products)


Saved = tuple[int, list[BadRow]]


class _Tally:
    """What has become of a file's rows so far."""

    def __init__(self) -> None:
        self.taken = 0
        self.moved = 0
        self.bad: list[BadRow] = []


def _import(
    settings: HubSettings,
    file: CsvFile[T],
    save: Callable[[Hub, list[GoodRow[T]]], Awaitable[Saved]],
) -> None:
    """Save the good rows and write the bad ones beside the file: also those before a trouble that
    ended the import."""
    tally, whole = _Tally(), False
    try:
        run(with_hub(settings, lambda hub: _save_all(hub, iter(file), save, tally)))
        whole = True
    finally:
        counted = f"{tally.taken} rows taken, {tally.moved} changed something"
        if whole or tally.taken or tally.bad:
            typer.echo(f"{counted}, {len(tally.bad)} rejected")
        if whole or tally.bad:
            _write_rejects(file, sorted(tally.bad))


async def _save_all(
    hub: Hub,
    rows: Iterator[GoodRow[T] | BadRow],
    save: Callable[[Hub, list[GoodRow[T]]], Awaitable[Saved]],
    tally: _Tally,
) -> None:
    """Save the good rows in batches, showing how far it is."""
    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("importing", total=None)
        while batch := list(islice(rows, _ROWS_AT_ONCE)):
            good = [row for row in batch if isinstance(row, GoodRow)]
            tally.bad += [row for row in batch if isinstance(row, BadRow)]
            moved, refused = await save(hub, good)
            tally.bad += refused
            tally.moved += moved
            tally.taken += len(good) - len(refused)
            progress.update(task, description=f"{tally.taken} rows")


def _write_rejects(file: CsvFile[T], bad: list[BadRow]) -> None:
    """Write the bad rows beside the file, and leave with 1 if there are any."""
    try:
        rejects = file.write_rejects(bad)
    except OSError as fault:
        first = f"The first: line {bad[0].line}, {bad[0].why}" if bad else ""
        stop(f"{len(bad)} rows were not taken; {fault.filename}: {fault.strerror}", first)
    if rejects:
        stop(f"{len(bad)} rows were not taken: {rejects}", "Mend them there and import that file.")


async def _stores(hub: Hub, rows: list[GoodRow[StoreRow]]) -> Saved:
    bad: list[BadRow] = []
    moved = 0
    for row in rows:
        try:
            moved += await hub.save_store(row.value)
        except UnfittingCashStep as no:
            bad.append(BadRow(row.line, row.row, f"{no.say.en} {no.remedy.en}"))
    return moved, bad


async def _cashiers(hub: Hub, rows: list[GoodRow[CashierRow]]) -> Saved:
    by_store: dict[str, list[Cashier]] = defaultdict(list)
    for row in rows:
        by_store[row.value.store_id].append(row.value.cashier)
    bad: list[BadRow] = []
    moved = 0
    for store_id, cashiers in by_store.items():
        try:
            moved += await hub.publish_cashiers(store_id, cashiers)
        except Refusal as no:
            bad += [
                BadRow(row.line, row.row, no.say.en)
                for row in rows
                if row.value.store_id == store_id
            ]
    return moved, bad


async def _products(hub: Hub, rows: list[GoodRow[Product]]) -> Saved:
    moved, refused = await hub.publish_products([row.value for row in rows])
    bad = [
        BadRow(row.line, row.row, refused[row.value.product_id].en)
        for row in rows
        if row.value.product_id in refused
    ]
    return moved, bad


async def with_hub(settings: HubSettings, work: Callable[[Hub], Awaitable[T]]) -> T:
    """Do something with the hub, without serving. Raises DatabaseUnusable."""
    try:
        hub = await Hub.open(settings)
        try:
            return await work(hub)
        finally:
            await hub.close()
    except FAULTS as fault:
        raise unusable(settings.database, fault) from fault


async def _opens(settings: HubSettings) -> None:
    await with_hub(settings, Hub.ready)


def run(work: Awaitable[T]) -> T:
    """Run to the end; a refusal becomes its sentence."""

    async def whole() -> T:
        return await work

    try:
        return asyncio.run(whole())
    except Refusal as no:
        stop(no.say.en, no.remedy.en, no.say.zh, no.remedy.zh)


def settings_of(**given: Any) -> HubSettings:
    """The settings, or a sentence about the one that is wrong."""
    for name in os.environ:
        known = name.removeprefix(ENVIRONMENT).lower() in HubSettings.model_fields
        if name.startswith(ENVIRONMENT) and not known:
            stop(f"Setting {name}: there is no such setting", "Correct it in the environment.")
    try:
        return HubSettings(**{name: value for name, value in given.items() if value is not None})
    except ValidationError as fault:
        first = fault.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        stop(f"Setting {name}: {first['msg']}", "Correct it in the environment or the option.")


def stop(*sentences: str) -> NoReturn:
    """Say why not, and leave with 1."""
    typer.echo("\n".join(sentences), err=True)
    raise typer.Exit(1)


def main() -> None:
    """Run the command line."""
    try:
        app()
    except UnicodeEncodeError:
        _last_words("What was typed is not UTF-8 text.", "输入的内容不是 UTF-8 文本。")
    except OSError as fault:
        where = fault.filename or "Standard output"
        _last_words(f"{where}: {fault.strerror}", "无法读写。")


def _last_words(*sentences: str) -> NoReturn:
    with suppress(OSError):
        sys.stderr.buffer.write("\n".join((*sentences, "")).encode(errors="replace"))
        sys.stderr.flush()
    os._exit(1)  # what is still buffered for an output that is full would fail once more


if __name__ == "__main__":
    main()
