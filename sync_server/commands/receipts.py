"""`sync-server receipts show`, `set`, `reset`: by what template a store lays out its receipts."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from retail.language import Text
from retail.receipt import FILE_BYTES_MAX, ReceiptTemplate, lines_of
from sync_server.commands.running import Url, say, saying_no, stop
from sync_server.commands.telling import ask
from sync_server.hub import Hub

_BOTH = Text("Both stores and --all were given.", "门店编号与 --all 不能同时使用。")
_NO_STORE = Text("No store was named.", "没有指定门店。")
_STORES_REMEDY = Text(
    "Name the stores, or all of them by --all alone.",
    "请列出门店编号，或只用 --all 表示全部门店。",
)
_UNREADABLE = Text("{file}: {why}", "无法读取文件 {file}（{why}）。")
_UNREADABLE_REMEDY = Text(
    "The file comes first, then the stores; choose one that can be read.",
    "请先写文件名，再写门店编号，并选择可读取的文件。",
)
_CHANGED = Text(
    "stores changed: {stores}; their tills print so from the next sale on",
    "已更改门店 {stores} 家，其收银机自下一笔销售起按此打印",
)
_UNCHANGED = Text("nothing changed: they print so already", "没有变化：已按此打印")

Store = Annotated[str, typer.Argument(metavar="STORE", help="the store's id")]
Stores = Annotated[
    list[str] | None, typer.Argument(metavar="STORE…", help="the stores' ids; else --all")
]
All = Annotated[bool, typer.Option("--all", help="every store")]


def show(store: Store, database: Url = None) -> None:
    """Write a store's template, ready to be edited.

    Example: sync-server receipts show S01 > receipt.txt
    """
    for line in ask(database, lambda hub: hub.office.receipt_template(store)):
        typer.echo(line)


def set_template(
    file: Annotated[Path, typer.Argument(help="the template, a text file (docs/receipts.md)")],
    stores: Stores = None,
    every: All = False,
    database: Url = None,
) -> None:
    """Have stores lay out their receipts by a template. Look at it first: pos-client receipt FILE

    Example: sync-server receipts set receipt.txt S01 S02
    """
    _lay_out(database, stores, _lines(file), every=every)


def reset(stores: Stores = None, every: All = False, database: Url = None) -> None:
    """Have stores lay out their receipts in the built-in way again.

    Example: sync-server receipts reset S01
    """
    _lay_out(database, stores, [], every=every)


def _lay_out(
    database: str | None, stores: Sequence[str] | None, lines: Sequence[str], *, every: bool
) -> None:
    if bool(stores) == every:
        stop(_BOTH if every else _NO_STORE, _STORES_REMEDY)

    async def lay_out(hub: Hub) -> int:
        return await hub.office.lay_out_receipts(stores or await hub.office.store_ids(), lines)

    changed = ask(database, lay_out)
    say(_CHANGED.filled(stores=changed) if changed else _UNCHANGED, beside=True)


def _lines(file: Path) -> list[str]:
    try:
        with file.open("rb") as opened:
            data = opened.read(FILE_BYTES_MAX + 1)
    except OSError as fault:
        stop(_UNREADABLE.filled(file=file, why=fault.strerror), _UNREADABLE_REMEDY)
    with saying_no():
        lines = lines_of(data)
        ReceiptTemplate.read(lines)  # an empty file is a slip, not a wish for the built-in way
    return lines
