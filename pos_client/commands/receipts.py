"""`pos-client receipt`: what a receipt template prints."""

from pathlib import Path
from typing import Annotated

import typer

from hardware.fault import Fault
from hardware.printer import dots
from hardware.printer.profile import COLUMNS
from pos_client.commands.running import refuse, stop
from pos_client.sale.receipt import as_text
from pos_client.sale.sample import draw, sample_parts
from retail.language import Language, Text
from retail.receipt import BUILT_IN, ReceiptTemplate, lines_of
from retail.refusals import Refusal

_NO_SUCH_PAPER = Text("No paper is {columns} columns wide.", "没有 {columns} 列宽的纸。")
_NO_SUCH_PAPER_REMEDY = Text("Choose one of {widths}.", "请选择 {widths} 列。")
_NO_FILE = Text("{file}: {why}", "无法读写文件 {file}（{why}）。")
_NO_FILE_REMEDY = Text("Choose another file.", "请选择其他文件。")


def receipt(
    template: Annotated[
        Path | None, typer.Argument(help="a template; the built-in one else")
    ] = None,
    columns: Annotated[int, typer.Option(help="how wide the paper is: 48, 42 or 32")] = 48,
    language: Annotated[Language, typer.Option(help="of the store")] = Language.CHINESE,
    small: Annotated[bool, typer.Option(help="one article, no discount, no member")] = False,
    logo: Annotated[Path | None, typer.Option(help="the till's logo, a PNG file")] = None,
    picture: Annotated[Path | None, typer.Option(help="draw it into this PNG file")] = None,
) -> None:
    """Show what a receipt template prints of a made-up sale (docs/receipts.md).

    Example: pos-client receipt receipt.txt --columns 32 --picture receipt.png
    """
    if columns not in COLUMNS:
        widths = ", ".join(map(str, COLUMNS))
        stop(_NO_SUCH_PAPER.filled(columns=columns), _NO_SUCH_PAPER_REMEDY.filled(widths=widths))
    try:
        lines = lines_of(template.read_bytes()) if template else BUILT_IN[language]
        ReceiptTemplate.read(lines)  # an empty file is none
        drawn = dots.logo(logo, columns) if logo else None
        parts = sample_parts(lines, language, columns, small=small, logo=drawn)
        typer.echo(as_text(parts, columns))
        if picture is not None:
            draw(parts, columns, picture)
    except OSError as fault:
        stop(_NO_FILE.filled(file=fault.filename, why=fault.strerror), _NO_FILE_REMEDY)
    except (Refusal, Fault) as no:
        refuse(no)
