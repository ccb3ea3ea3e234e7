"""What all commands share: the hub opened for one act, the settings, and a no as its sentence."""

import asyncio
import gc
import os
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Annotated, Any, NoReturn, TypeVar

import typer
from pydantic import ValidationError

from retail.language import Text
from retail.refusals import Refusal
from sync_server.database import FAULTS, unusable, without_password
from sync_server.hub import Hub
from sync_server.settings import ENVIRONMENT, HubSettings

T = TypeVar("T")
#: this many new objects that outlive their maker make the garbage collector look at them
COLLECT_EVERY_OBJECTS = 50_000
_NEW = Text("a new hub database: {url}", "已新建总部数据库：{url}")
Url = Annotated[str | None, typer.Option(help="sqlite:///FILE or postgresql://…")]


async def with_hub(
    settings: HubSettings, work: Callable[[Hub], Awaitable[T]], *, makes: bool = False
) -> T:
    """Do something with the hub, without serving. Raises DatabaseUnusable, or NoHubDatabase where
    there is none, unless it `makes` one."""
    try:
        hub = await Hub.open(settings, makes=makes)
        if hub.is_new:
            say(_NEW.filled(url=without_password(settings.database)), beside=True)
        try:
            return await work(hub)
        finally:
            await hub.close()
    except FAULTS as fault:
        raise unusable(settings.database, fault) from fault


async def opens(settings: HubSettings) -> None:
    """See that the hub's database can be used, make it where there is none, and bring it up to
    date."""
    await with_hub(settings, Hub.ready, makes=True)


def run(work: Awaitable[T]) -> T:
    """Run to the end; a refusal becomes its sentence."""

    async def whole() -> T:
        return await work

    with saying_no():
        return asyncio.run(whole())


@contextmanager
def saying_no() -> Iterator[None]:
    """A refusal becomes its sentence."""
    try:
        yield
    except Refusal as no:
        refuse(no)


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


def say(said: Text, *, beside: bool = False) -> None:
    """Say what was done in both languages; `beside` the output where that holds data."""
    typer.echo(f"{said.en}\n{said.zh}", err=beside)


def stop(*sentences: str) -> NoReturn:
    """Say why not, and leave with 1."""
    typer.echo("\n".join(sentences), err=True)
    raise typer.Exit(1)


def refuse(no: Refusal) -> NoReturn:
    """Say a refusal in both languages, and leave with 1."""
    stop(no.say.en, no.remedy.en, no.say.zh, no.remedy.zh)


def collect_seldom() -> None:
    """Make the garbage collector look seldom: a push or a batch of a file holds ten thousand
    objects at once and none in a circle. At Python's 700 it looks at them over and over, a
    twentieth of a push's cost."""
    gc.freeze()
    gc.set_threshold(COLLECT_EVERY_OBJECTS)
