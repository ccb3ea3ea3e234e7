"""Sell a file of real baskets through real tills, with cuts and kills, and compare the books.

    python -m rehearsal.replay ta_feng.parquet --tills 8 --limit all --hub postgresql --seed 1

Owns the command: its options, what it prints, its exit code (0 the books agree, 1 they differ or
the replay broke off, 2 the file or an option is wrong). The work is `rehearsal.replay.season`'s.
"""

import contextlib
import resource
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Annotated, NamedTuple, NoReturn
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from rehearsal import bad_line
from rehearsal.books import Books, outcome
from rehearsal.postgresql import NoPostgreSQL, running_postgresql
from rehearsal.processes import ChildEnded, Refused
from rehearsal.replay import baskets as files
from rehearsal.replay.baskets import Source
from rehearsal.replay.errands import WrongTill
from rehearsal.replay.season import Compared, Options, Season
from rehearsal.shop import CommandFailed, Shop
from rehearsal.snapshot import UnreadableBooks
from retail.money import Money, UnknownCurrency
from retail.refusals import Refusal

TILLS_MAX = 64
SAY_EVERY_S = 5.0

_FAULTS = (
    ChildEnded,
    CommandFailed,
    NoPostgreSQL,
    Refused,
    TimeoutError,
    UnreadableBooks,
    WrongTill,
)


class HubDatabase(StrEnum):
    """What the hub keeps its books in."""

    SQLITE = "sqlite"
    POSTGRESQL = "postgresql"


class Counts(NamedTuple):
    """One side's books in four figures."""

    sales: int
    goods_minor: int
    quantity: int
    products: int

    @classmethod
    def of(cls, books: Books) -> "Counts":
        return cls(
            sum(books.sales.values()),
            sum(books.goods.values()),
            sum(books.sold.values()),
            sum(1 for quantity in books.sold.values() if quantity),
        )


def main(  # noqa: PLR0913, PLR0917  every option of the command is one
    data: Annotated[Path, typer.Argument(help="Parquet or CSV with the columns of Ta Feng")],
    tills: Annotated[int, typer.Option(min=1, max=TILLS_MAX, help="how many tills sell")] = 8,
    limit: Annotated[str, typer.Option(help="the first N baskets in day order, or all")] = "all",
    hub: Annotated[HubDatabase, typer.Option(help="the hub's database")] = HubDatabase.SQLITE,
    seed: Annotated[int, typer.Option(help="decides what goes wrong, and when")] = 1,
    currency: Annotated[str, typer.Option(help="of SALES_PRICE (ISO 4217)")] = "TWD",
    timezone: Annotated[str, typer.Option(help="where the store stands")] = "Asia/Taipei",
    bad: Annotated[
        float, typer.Option(min=0, max=1, help="how much of what passes goes wrong")
    ] = 0,
    keep: Annotated[Path | None, typer.Option(help="work in this new folder and keep it")] = None,
) -> None:
    """Sell real baskets through headless tills, with cuts and kills, and compare the books.

    Example: python -m rehearsal.replay ta_feng.parquet --tills 8 --limit 5000 --seed 7
    """
    most, zone = _limit(limit), _zone(timezone)
    out = Console(soft_wrap=True, highlight=False)
    source = _read(data, currency, most, out)
    with _work_place(keep) as place, contextlib.ExitStack() as stack:
        try:
            shop = stack.enter_context(Shop(place, _database(hub, place, stack)))
            options = Options(tills, seed, currency, zone, bad)
            season = Season(source, shop, options, out.print)
            stack.callback(season.close)
            compared = _play(season, out)
        except _FAULTS as fault:
            _stop(1, f"The replay broke off: {fault}", f"What it left is in {place}.")
        if compared.differences:
            _stop(1, f"{len(compared.differences)} differences.", f"The books are in {place}.")
        if keep is None:
            shutil.rmtree(place)


def _limit(text: str) -> int | None:
    if text.lower() != "all" and not (text.isdecimal() and int(text) > 0):
        _stop(2, f"{text!r} is no limit.", "Give a number of baskets above 0, or all.")
    return int(text) if text.isdecimal() else None


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        _stop(2, f"There is no time zone {name!r}.", "Give one like Asia/Taipei.")


def _read(data: Path, currency: str, most: int | None, out: Console) -> Source:
    try:
        source = files.read(data, currency).first(most)
    except UnknownCurrency as no:
        _stop(2, f"{no}.", "Give the currency of the file, such as --currency CNY.")
    except Refusal as no:
        _stop(2, no.say.en, no.remedy.en, no.say.zh, no.remedy.zh)
    for aside in source.set_aside:
        out.print(f"set aside: {aside.rows:,} rows, from row {aside.first:,} on: {aside.why}")
    if not source.baskets:
        _stop(2, "No row of this file can be sold.", "Choose a file with rows of AMOUNT above 0.")
    first, last = source.baskets[0].day, source.baskets[-1].day
    lines = sum(len(basket.lines) for basket in source.baskets)
    out.print(
        f"{data.name}: {source.rows:,} rows; {len(source.baskets):,} baskets of {lines:,} lines"
        f" are sold, {first} to {last}"
    )
    return source


@contextlib.contextmanager
def _work_place(keep: Path | None) -> Iterator[Path]:
    """A folder for all databases; it stays unless it is removed."""
    if keep is None:
        yield Path(tempfile.mkdtemp(prefix="omnitill-replay-"))
        return
    if keep.exists() and any(keep.iterdir()):
        _stop(2, f"{keep} is not empty.", "Name a new folder.")
    keep.mkdir(parents=True, exist_ok=True)
    yield keep.absolute()


def _database(hub: HubDatabase, place: Path, stack: contextlib.ExitStack) -> str:
    """The URL of an empty database, on a server of our own if it needs one."""
    if hub is HubDatabase.SQLITE:
        return f"sqlite:///{place / 'hub.db'}"
    return stack.enter_context(running_postgresql(place)).create_database("hub")


def _play(season: Season, out: Console) -> Compared:
    """All of it, with what it comes to printed."""
    started = time.monotonic()
    season.set_up()
    out.print(f"{season.options.tills} tills are ready, after {_since(started)}")
    selling = time.monotonic()
    with _progress(len(season.source.baskets), out) as on_progress:
        season.sell(on_progress)
    took_s = time.monotonic() - selling
    season.settle()
    out.print(
        f"{len(season.source.baskets):,} baskets in {took_s:.1f} s"
        f" ({len(season.source.baskets) / took_s:,.0f} a second); the hub had all"
        f" {time.monotonic() - selling - took_s:.1f} s later"
    )
    compared = season.compare()
    _show(season, compared, out)
    own_s, children_s = (
        sum(resource.getrusage(whose)[:2])
        for whose in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    out.print(
        f"all in all {_since(started)}; processor time {children_s:,.0f} s of tills and hub,"
        f" {own_s:,.0f} s of this program"
    )
    return compared


@contextlib.contextmanager
def _progress(baskets: int, out: Console) -> Iterator[Callable[[int], None]]:
    """A bar on a terminal, else a line every few seconds."""
    if not out.is_terminal:
        yield _Lines(baskets, out).on_progress
        return
    columns = (TextColumn("baskets"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=out, transient=True) as bar:
        task = bar.add_task("baskets", total=baskets)
        yield lambda sold: bar.update(task, completed=sold)


class _Lines:
    """Progress where nobody watches a bar."""

    def __init__(self, baskets: int, out: Console) -> None:
        self._baskets = baskets
        self._out = out
        self._said_at = time.monotonic()

    def on_progress(self, sold: int) -> None:
        if time.monotonic() >= self._said_at + SAY_EVERY_S:
            self._said_at = time.monotonic()
            self._out.print(f"{sold:,} of {self._baskets:,} baskets")


def _show(season: Season, compared: Compared, out: Console) -> None:
    """What went wrong, the books side by side, and in what they differ."""
    told = season.told
    out.print(
        f"{told.cuts} cuts, {told.till_kills} till kills, {told.hub_kills} hub kills;"
        " everything came back, every shift is closed"
    )
    assert season.line is not None
    for line in bad_line.table(season.line.met):
        out.print(line)
    sides = [Counts.of(books) for books in compared[:3]]
    table = Table("books", "file", "tills", "hub", "")
    currency = season.options.currency
    for name, row in (
        ("sales", [f"{side.sales:,}" for side in sides]),
        ("pieces", [f"{Decimal(side.quantity) / 1000:,f}" for side in sides]),
        (f"money {currency}", [Money(side.goods_minor, currency).plain for side in sides]),
        ("products", [f"{side.products:,}" for side in sides]),
        ("tills and days", [f"{len(books.sales):,}" for books in compared[:3]]),
    ):
        table.add_row(name, *row, "agree" if len(set(row)) == 1 else "DIFFER")
    facts = [f"{books.facts:,}" for books in (compared.tills, compared.hub)]
    table.add_row("facts", "", *facts, "agree" if len(set(facts)) == 1 else "DIFFER")
    out.print(table)
    for line in outcome(compared.differences):
        out.print(line)


def _since(started: float) -> str:
    return f"{time.monotonic() - started:.1f} s"


def _stop(exit_code: int, *sentences: str) -> NoReturn:
    typer.echo("\n".join(sentences), err=True)
    raise typer.Exit(exit_code)


if __name__ == "__main__":
    typer.run(main)
