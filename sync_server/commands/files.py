"""`sync-server import`: files of other systems."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import closing, suppress
from copy import deepcopy
from enum import StrEnum
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Annotated, Generic, NamedTuple, Protocol, TypeVar

import typer
from msgspec.structs import replace
from rich.console import Console
from rich.progress import Progress

from retail.language import Language, Text
from retail.refusals import Refusal
from sync_server.commands.opening import KEPT, NOT_KEPT, OpeningStock
from sync_server.commands.running import (
    Url,
    collect_seldom,
    misused,
    run,
    say,
    saying_no,
    settings_of,
    stop,
    with_hub,
)
from sync_server.commands.telling import By, Told
from sync_server.database import FAULTS
from sync_server.hub import Hub
from sync_server.imports import columns, incoming
from sync_server.imports.beside import LARGE_BYTES, Beside, Job
from sync_server.imports.incoming import ImportFile
from sync_server.imports.products import ProductRow
from sync_server.imports.rejects import Rejects
from sync_server.imports.rows import BadCell, BadRow, GoodRow
from sync_server.imports.stores import CashierRow, StoreRow, UnfittingCashStep
from sync_server.imports.totals import Totals
from sync_server.settings import HubSettings

T = TypeVar("T")
_TALLY = Text(
    "{taken} rows taken, {moved} changed something, {rejected} rejected",
    "采用 {taken} 行，其中 {moved} 行有变化；拒收 {rejected} 行",
)
_TALLY_OF_NONE = Text(
    "{taken} rows taken, nothing was changed, {rejected} rejected",
    "采用 {taken} 行，未作任何更改；拒收 {rejected} 行",
)
_IN_FILE = Text("file: {totals}", "文件：{totals}")
_TAKEN = Text("taken: {totals}", "采用：{totals}")
_STORE_OF_PRODUCTS = Text("--store goes with a file of products", "--store 仅用于导入商品文件")
_NO_PRICE = Text(
    "--currency or --default-price: {why}", "--currency 或 --default-price 有误：{why}"
)
_NO_PRICE_REMEDY = Text(
    "Give a currency of ISO 4217 and an amount.", "请给出 ISO 4217 货币代码与金额。"
)
_REJECTED = Text("{count} rows were not taken: {file}", "有 {count} 行未采用：{file}")
_REJECTED_REMEDY = Text(
    "Mend them there and import that file.", "请在该文件中更正后，再导入该文件。"
)
_REJECTS_NOT_KEPT = Text(
    "{count} rows were not taken, and cannot be listed in {file}: {why}{first}",
    "有 {count} 行未采用，且无法写入 {file}：{why}{first}",
)
_FIRST = Text("; the first: line {line}, {why}", "；首个为第 {line} 行：{why}")
_REJECTS_NOT_KEPT_REMEDY = Text(
    "Make room there, or copy the file to where it can be written beside it; import it again.",
    "请腾出空间，或将文件复制到可写入的位置，然后重新导入。",
)
_ROWS_AT_ONCE = 5_000
#: so many rows of a file may wait for what is further below in it
_WAITING_MAX = 10_000


class Kind(StrEnum):
    """What can be imported."""

    STORES = "stores"
    CASHIERS = "cashiers"
    PRODUCTS = "products"


def import_file(  # noqa: PLR0913, PLR0917  every option of the command is one
    kind: Annotated[Kind, typer.Argument(help="what the file holds")],
    file: Annotated[Path, typer.Argument(help="CSV, Parquet or Excel; a line names the columns")],
    currency: Annotated[str, typer.Option(help="of prices without a currency column")] = "CNY",
    default_price: Annotated[str | None, typer.Option(help="of products without a price")] = None,
    column_map: Annotated[Path | None, typer.Option("--map", help="which column is which")] = None,
    encoding: Annotated[str | None, typer.Option(help="of the text, such as big5")] = None,
    show_map: Annotated[
        bool, typer.Option("--show-map", help="print which column is which")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="read all and change nothing")] = False,
    language: Annotated[Language, typer.Option(help="of reasons in the rejects file")] = (
        Language.ENGLISH
    ),
    store: Annotated[str | None, typer.Option(help="where the file's opening stock lies")] = None,
    by: By = None,
    database: Url = None,
) -> None:
    """Import a file of another system; bad rows go to FILE.rejects.csv (docs/import.md).

    Example: sync-server import products products.csv
    """
    collect_seldom()
    if store is not None and kind is not Kind.PRODUCTS:
        misused(_STORE_OF_PRODUCTS)
    settings = settings_of(database=database)
    how = _How(settings, column_map, encoding, show_map, dry_run, language, store)
    match kind:
        case Kind.STORES:
            _import(how, file, incoming.stores(), lambda hub, _: _AtOnce(partial(_stores, hub)))
        case Kind.CASHIERS:
            _import(how, file, incoming.cashiers(), lambda hub, _: _AtOnce(partial(_cashiers, hub)))
        case Kind.PRODUCTS:
            priced = _priced(currency, default_price)
            job = Job(str(file), currency, default_price, encoding=encoding)
            _import(
                how,
                file,
                priced,
                lambda hub, note: _Products(hub, Told(by, note), OpeningStock(hub, store)),
                lambda given: Beside(replace(job, given=given)),
            )


def _priced(currency: str, default_price: str | None) -> incoming.Kind[ProductRow]:
    try:
        return incoming.products(currency, default_price)
    except BadCell as no:
        stop(_NO_PRICE.filled(why=no.why), _NO_PRICE_REMEDY)


class _How(NamedTuple):
    """How a file is to be imported, as it was asked for."""

    settings: HubSettings
    column_map: Path | None
    encoding: str | None
    show_map: bool
    dry_run: bool
    language: Language
    store: str | None


class Rows(Protocol[T]):
    """The rows of a file, wherever it is read (ImportFile, Beside)."""

    def __iter__(self) -> Iterator[GoodRow[T] | BadRow]: ...

    @property
    def progress(self) -> tuple[int, int | None]: ...

    def close(self) -> None: ...


class Saved(NamedTuple, Generic[T]):
    """What came of some rows: those that were taken, those that stay out, and how many things
    changed."""

    taken: list[GoodRow[T]]
    bad: list[BadRow]
    moved: int = 0


class Save(Protocol[T]):
    """Where rows go. What is not in force before the end is let go of when it does not come."""

    async def rows(self, rows: list[GoodRow[T]]) -> Saved[T]: ...

    async def end(self, *, whole: bool) -> Saved[T]: ...

    def after(self) -> Iterable[Awaitable[int]]:
        """What is saved when all else is in force, piece by piece: how many things each changed."""
        ...


class _Tally:
    """What has become of a file's rows so far."""

    def __init__(self, rejects: Rejects) -> None:
        self.taken = 0
        self.moved = 0
        #: products whose opening stock is another now
        self.stocked = 0
        self.rejects = rejects
        #: of what the file holds
        self.read = Totals()
        #: of what was taken, once that is something else
        self._kept: Totals | None = None

    @property
    def kept(self) -> Totals:
        """Of what was taken."""
        return self._kept or self.read

    def note(self, saved: Saved[T], good: Sequence[GoodRow[T]] = ()) -> None:
        """What came of the good rows of a batch, or of such as waited."""
        self.rejects.write(sorted(saved.bad))
        self.moved += saved.moved
        self.taken += len(saved.taken)
        if self._kept is None and len(saved.taken) < len(good):
            self._kept = deepcopy(self.read)
        _add_up(good, self.read)
        if self._kept is not None:
            _add_up(saved.taken, self._kept)


def _add_up(rows: Sequence[GoodRow[T]], totals: Totals) -> None:
    for row in rows:
        if isinstance(row.value, ProductRow):
            totals.add(row.value)


def _import(
    how: _How,
    path: Path,
    kind: incoming.Kind[T],
    save: Callable[[Hub, str], Save[T]],
    beside: Callable[[dict[str, str]], Rows[T]] | None = None,
) -> None:
    """Save the good rows and write the bad ones beside the file: also those before a trouble that
    ended the import. A large file is read `beside` where that can be."""
    with saying_no():
        given = columns.read_map(how.column_map, kind.columns) if how.column_map else {}
        opened = ImportFile(path, kind, given, how.encoding)
    with opened as file:
        if how.show_map:
            typer.echo("\n".join(file.shown_mapping()))
            return
        _say_mapping(file)
        tally, whole = _Tally(file.write_rejects(how.language)), False
        is_large = path.stat().st_size >= LARGE_BYTES
        try:
            with closing(beside(given) if beside and is_large else file) as rows:
                if how.dry_run:
                    run(_save_all(rows, _Nowhere(), tally))
                else:
                    note = f"import {path.name}"
                    saving = partial(_save_in, how.store, rows, lambda hub: save(hub, note), tally)
                    run(with_hub(how.settings, saving, makes=True))
            whole = True
        finally:
            _say_tally(tally, how, whole=whole)


def _say_mapping(file: ImportFile[T]) -> None:
    """To a person who watches, beside the output."""
    written = f"  ({file.encoding})" if file.encoding else ""
    typer.echo("\n".join((f"# {file.file.name}{written}", *file.shown_mapping())), err=True)


def _say_tally(tally: _Tally, how: _How, *, whole: bool) -> None:
    """What came of it; leave with 1 if any row stays out."""
    rejected = tally.rejects.count
    if whole or tally.taken or rejected:
        kept_none = how.dry_run or not (whole or tally.moved or tally.stocked)
        said = _TALLY_OF_NONE if kept_none else _TALLY
        say(said.filled(taken=tally.taken, moved=tally.moved, rejected=rejected))
    if tally.read.products:
        _say_totals(_IN_FILE, tally.read)
        _say_totals(_TAKEN, tally.kept)
    if whole and tally.kept.stocked:
        _say_opening_stock(tally, how)
    _finish_rejects(tally.rejects, whole=whole)


def _say_totals(said: Text, totals: Totals) -> None:
    lines = list(totals.lines())
    en, zh = "; ".join(line.en for line in lines), "；".join(line.zh for line in lines)
    say(said.filled(totals=Text(en, zh)), beside=True)


def _say_opening_stock(tally: _Tally, how: _How) -> None:
    """What became of it."""
    if how.store is None:
        say(NOT_KEPT.filled(count=tally.kept.stocked), beside=True)
    elif not how.dry_run:
        say(KEPT.filled(store=how.store, count=tally.stocked), beside=True)


class _Nowhere(Generic[T]):
    """Takes every row and keeps none."""

    async def rows(self, rows: list[GoodRow[T]]) -> Saved[T]:
        return Saved(rows, [])

    async def end(self, *, whole: bool) -> Saved[T]:  # noqa: ARG002  there is nothing to end
        return Saved([], [])

    def after(self) -> Iterable[Awaitable[int]]:
        return ()


async def _save_in(
    store_id: str | None,
    rows: Rows[T],
    save: Callable[[Hub], Save[T]],
    tally: _Tally,
    hub: Hub,
) -> None:
    """Save them in a hub that knows the store, if one is named. Raises NoSuchStore."""
    if store_id is not None:
        await hub.office.known_store(store_id)
    await _save_all(rows, save(hub), tally)


async def _save_all(rows: Rows[T], save: Save[T], tally: _Tally) -> None:
    """Save the good rows in batches, showing how far it is."""
    whole = False
    try:
        with Progress(console=Console(stderr=True), transient=True) as progress:
            task = progress.add_task("importing", total=None)
            async for batch in _batches(iter(rows)):
                good = [row for row in batch if isinstance(row, GoodRow)]
                tally.note(Saved([], [row for row in batch if isinstance(row, BadRow)]))
                tally.note(await save.rows(good), good)
                done, total = rows.progress
                said = f"{tally.taken} rows"
                progress.update(task, description=said, completed=done, total=total)
        whole = True
    finally:
        tally.note(await save.end(whole=whole))
    for saved in save.after():
        tally.stocked += await saved


async def _batches(rows: Iterator[T]) -> AsyncIterator[list[T]]:
    """So many rows at a time, the next ones read while the last ones are saved."""

    def read() -> list[T]:
        return list(islice(rows, _ROWS_AT_ONCE))

    batch = await asyncio.to_thread(read)
    while batch:
        ahead = asyncio.create_task(asyncio.to_thread(read))
        yield batch
        batch = await ahead


def _finish_rejects(rejects: Rejects, *, whole: bool) -> None:
    """Put the rejects beside the file, and leave with 1 if there are any."""
    try:
        kept = rejects.finish(whole=whole)
    except OSError as fault:
        one = rejects.first
        first = _FIRST.filled(line=one.line, why=one.why) if one else Text("", "")
        said = _REJECTS_NOT_KEPT.filled(
            count=rejects.count, file=fault.filename, why=fault.strerror, first=first
        )
        stop(said, _REJECTS_NOT_KEPT_REMEDY)
    if kept:
        stop(_REJECTED.filled(count=rejects.count, file=kept), _REJECTED_REMEDY)


class _AtOnce(Generic[T]):
    """Saves batch by batch, each in force when it is saved."""

    def __init__(self, save: Callable[[list[GoodRow[T]]], Awaitable[Saved[T]]]) -> None:
        self._save = save

    async def rows(self, rows: list[GoodRow[T]]) -> Saved[T]:
        return await self._save(rows)

    async def end(self, *, whole: bool) -> Saved[T]:  # noqa: ARG002  nothing is left to be done
        return Saved([], [])

    def after(self) -> Iterable[Awaitable[int]]:
        return ()


async def _stores(hub: Hub, rows: list[GoodRow[StoreRow]]) -> Saved[StoreRow]:
    taken, bad, moved = [], [], 0
    for row in rows:
        try:
            moved += await hub.office.save_store(row.value)
            taken.append(row)
        except UnfittingCashStep as no:
            why = Text(f"{no.say.en} {no.remedy.en}", f"{no.say.zh}{no.remedy.zh}")
            bad.append(BadRow(row.line, row.row, why))
    return Saved(taken, bad, moved)


async def _cashiers(hub: Hub, rows: list[GoodRow[CashierRow]]) -> Saved[CashierRow]:
    by_store: dict[str, list[GoodRow[CashierRow]]] = defaultdict(list)
    for row in rows:
        by_store[row.value.store_id].append(row)
    taken: list[GoodRow[CashierRow]] = []
    bad: list[BadRow] = []
    moved = 0
    for store_id, own in by_store.items():
        try:
            moved += await hub.office.publish_cashiers(store_id, [row.value.cashier for row in own])
            taken += own
        except Refusal as no:
            bad += [BadRow(row.line, row.row, no.say) for row in own]
    return Saved(taken, bad, moved)


class _Products:
    """Saves a whole file as one revision, which is in force when the file has ended, or never; its
    opening stock after it."""

    def __init__(self, hub: Hub, told: Told, opening: OpeningStock) -> None:
        self._hub, self._told, self._opening = hub, told, opening
        self._number: int | None = None
        #: they claim a barcode whose owner may give it up further below
        self._waiting: list[GoodRow[ProductRow]] = []

    async def rows(self, rows: list[GoodRow[ProductRow]]) -> Saved[ProductRow]:
        if self._number is None:
            self._number = await self._hub.office.draft(self._told.by, self._told.note)
        refused = await self._hub.office.put_products(
            self._number, [row.value.product for row in rows]
        )
        if not refused:
            self._opening.add(rows)
            return Saved(rows, [])
        stay = [row for row in rows if row.value.product.product_id in refused]
        self._waiting += stay
        bad: list[BadRow] = []
        if len(self._waiting) > _WAITING_MAX:
            bad, self._waiting = [_out(row, refused) for row in stay], self._waiting[: -len(stay)]
        lines = {row.line for row in stay}
        taken = [row for row in rows if row.line not in lines]
        self._opening.add(taken)
        return Saved(taken, bad)

    async def end(self, *, whole: bool) -> Saved[ProductRow]:
        if self._number is None:
            return Saved([], [])
        if not whole:
            with suppress(*FAULTS):  # a draft that stays there is nobody's harm
                await self._hub.office.withdraw(self._number, self._told.by)
            return Saved([], [])
        taken, bad = await self._settle_waiting(self._number)
        self._opening.add(taken)
        moved = await self._hub.office.publish_or_forget(self._number, self._told.by)
        return Saved(taken, bad, moved)

    def after(self) -> Iterable[Awaitable[int]]:
        return self._opening.saves()

    async def _settle_waiting(self, number: int) -> tuple[list[GoodRow[ProductRow]], list[BadRow]]:
        """Try those that wait again, as long as that helps any of them."""
        taken: list[GoodRow[ProductRow]] = []
        while self._waiting:
            refused = await self._hub.office.put_products(
                number, [row.value.product for row in self._waiting]
            )
            stay = [row for row in self._waiting if row.value.product.product_id in refused]
            lines = {row.line for row in stay}
            taken += [row for row in self._waiting if row.line not in lines]
            if len(stay) == len(self._waiting):
                return taken, [_out(row, refused) for row in stay]
            self._waiting = stay
        return taken, []


def _out(row: GoodRow[ProductRow], refused: dict[str, Text]) -> BadRow:
    return BadRow(row.line, row.row, refused[row.value.product.product_id])
