"""What all commands share: the settings, a till's database to look into, and how they speak."""

import sys
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from shutil import get_terminal_size
from typing import Annotated, NoReturn

import typer

from hardware.fault import Fault
from pos_client.counter.faults import words
from pos_client.database import Database
from pos_client.identity import Identity
from pos_client.screen.rows import folded
from pos_client.settings import TillSettings, load
from pos_client.till import look_into
from retail.language import Text
from retail.refusals import Refusal

Data = Annotated[Path | None, typer.Option(help="folder of the database and the key")]
State = Annotated[Path | None, typer.Option(help="folder of the incarnation marker")]

_TILLS_OWN = Text(
    "{file} lies in the till's own folder, where nothing may be overwritten.",
    "{file} 位于本机数据文件夹内，不可覆盖。",
)
_TILLS_OWN_REMEDY = Text("Choose a place outside it.", "请选择其他位置。")


@contextmanager
def looking_into(settings: TillSettings) -> Iterator[tuple[Database, Identity]]:
    """A till's database to read, perhaps beside the running till; a refusal ends the command."""
    try:
        database, who = look_into(settings)
        with closing(database):
            yield database, who
    except Refusal as no:
        refuse(no)


def settings_of(**given: object) -> TillSettings:
    """The settings, or a sentence about the one that is wrong."""
    try:
        return load(**given)
    except Refusal as no:
        refuse(no)


def outside_the_tills_own(file: Path, settings: TillSettings) -> None:
    """Stop where a file would be written over the till's own."""
    own = settings.data.resolve(), settings.state.resolve()
    if any(file.resolve().is_relative_to(folder) for folder in own):
        stop(_TILLS_OWN.filled(file=file), _TILLS_OWN_REMEDY)


def refuse(no: Refusal | Fault) -> NoReturn:
    """Say a refusal or a device's fault in both languages and leave with 1."""
    if isinstance(no, Refusal):
        stop(no.say, no.remedy)
    what, remedy = words(no)
    stop(what._replace(en=f"{what.en} {no.detail}".strip()), remedy)


def say(said: Text, *, beside: bool = False) -> None:
    """Say what was done in both languages; `beside` the output where more follows."""
    typer.echo(f"{said.en}\n{said.zh}", err=beside)


def stop(what: Text, remedy: Text) -> NoReturn:
    """Say why not and what to do in both languages, and leave with 1."""
    complain(what, remedy)
    raise typer.Exit(1)


def complain(what: Text, remedy: Text) -> None:
    """Say what is wrong and what to do in both languages, beside the output."""
    sentences = what.en, remedy.en, what.zh, remedy.zh  # a hub of tomorrow may name no remedy
    typer.echo("\n".join(sentence for sentence in sentences if sentence), err=True)


def show(lines: Iterable[Text]) -> None:
    """Each line in English, and in Chinese below it, set in; folded where a person watches."""
    for line in lines:
        for told, margin in ((line.en, ""), (line.zh, "  ")):
            typer.echo(f"{margin}{_folded(told, margin)}")


def _folded(told: str, margin: str) -> str:
    if not sys.stdout.isatty():
        return told
    below = f"{margin}    "
    return f"\n{below}".join(folded(told, get_terminal_size().columns - len(below)))
