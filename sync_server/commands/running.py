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
from retail.settings import NO_SUCH, wrong
from sync_server.database import FAULTS, unusable, without_password
from sync_server.hub import Hub
from sync_server.settings import ENVIRONMENT, HubSettings

T = TypeVar("T")
#: this many new objects that outlive their maker make the garbage collector look at them
COLLECT_EVERY_OBJECTS = 50_000
_WRONG = Text("Setting {name}: {why}", "设置项 {name} 有误：{why}")
_CORRECT_IT = Text(
    "Correct it in the environment ({prefix}…) or the option.",
    "请在环境变量（{prefix}…）或命令选项中更正。",
).filled(prefix=ENVIRONMENT)
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
            stop(_WRONG.filled(name=name, why=NO_SUCH), _CORRECT_IT)
    try:
        return HubSettings(**{name: value for name, value in given.items() if value is not None})
    except ValidationError as fault:
        name, why = wrong(fault.errors()[0])
        stop(_WRONG.filled(name=name, why=why), _CORRECT_IT)


def say(said: Text, *, beside: bool = False) -> None:
    """Say what was done in both languages; `beside` the output where that holds data."""
    typer.echo(f"{said.en}\n{said.zh}", err=beside)


def stop(what: Text, remedy: Text) -> NoReturn:
    """Say why not and what to do in both languages, and leave with 1."""
    typer.echo(f"{what.en}\n{remedy.en}\n{what.zh}\n{remedy.zh}", err=True)
    raise typer.Exit(1)


def refuse(no: Refusal) -> NoReturn:
    """Say a refusal in both languages, and leave with 1."""
    stop(no.say, no.remedy)


def misused(said: Text) -> NoReturn:
    """Say which options go together, as other wrong usage is said, and leave with 2."""
    raise typer.BadParameter(f"{said.en}\n{said.zh}")


def collect_seldom() -> None:
    """Make the garbage collector look seldom: a push or a batch of a file holds ten thousand
    objects at once and none in a circle. At Python's 700 it looks at them over and over, a
    twentieth of a push's cost."""
    gc.freeze()
    gc.set_threshold(COLLECT_EVERY_OBJECTS)
