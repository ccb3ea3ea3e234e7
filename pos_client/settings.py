"""Every setting of the till: name, unit, default, reason.

Read from `till.toml` in the data folder, then from environment variables `OMNITILL_TILL_…`,
which win. What head office decides for a store is not here but in `retail.catalogue`.
"""

import os
from datetime import datetime
from pathlib import Path
from tomllib import TOMLDecodeError
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from pos_client.folder import write_durably
from retail.language import Text
from retail.refusals import Refusal
from retail.settings import NO_SUCH, wrong

FILE = "till.toml"
PREFIX = "OMNITILL_TILL_"

#: a wait above an hour is a slip of the hand
Seconds = Annotated[float, Field(ge=0, le=3600, allow_inf_nan=False)]
#: what is done over and over is never done without a pause
Pause = Annotated[Seconds, Field(gt=0)]
#: a clock started near the ends of the calendar would run over them
_YEARS = 1970, 2200
_NOT_OUR_TIME = Text("it must lie between 1970 and 2200", "须在 1970 年至 2200 年之间")
_NOT_READ = Text("it cannot be read or written: {why}", "无法读写：{why}")
_NOT_TOML = Text("it is no TOML: {why}", "不是有效的 TOML：{why}")
_IN_ENVIRONMENT = Text(
    "it is set in the environment, which wins over the file", "环境变量中已设置，优先于配置文件"
)
_INSIDE = Text(
    "it must lie outside the data folder, or a copy of that could not be told from the original",
    "须位于数据文件夹之外，否则无法区分副本与原件",
)


class WrongSetting(Refusal):
    code = "wrong_setting"
    sentence = Text("Setting {name}: {why}", "设置项 {name} 有误：{why}")
    way_on = Text(
        "Correct it in {file} or the environment ({prefix}…).",
        "请在 {file} 或环境变量（{prefix}…）中更正。",
    )


class TillSettings(BaseSettings):
    """Settings of one till."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="forbid")

    data: Path = Field(
        Path.home() / ".local/share/omnitill",
        description="folder of the database and the key; back it up",
    )
    state: Path = Field(
        Path.home() / ".local/state/omnitill",
        description="folder of the incarnation marker; never back it up with the data",
    )
    printer: str = Field(
        "", description="device URL of the receipt printer; empty: this till prints nothing"
    )
    printer_look_s: Seconds = Field(
        5.0, description="how often an idle printer is asked for paper and cover; 0: never"
    )
    scanner: str = Field(
        "scan+wedge://?suffix=enter",
        description="device URLs of the scanners, separated by blanks; a wedge is one that types",
    )
    display: str = Field("", description="device URL of the customer display")
    scale: str = Field("", description="device URL of the scale at the counter")
    locker: str = Field(
        "", description="device URLs of the pickup locker's boards, in the order of their doors"
    )
    plugged_look_s: Seconds = Field(
        3.0, description="how often it is looked what was plugged in or pulled out; 0: never"
    )
    logo: Path | None = Field(
        None, description="PNG file in the data folder that opens every receipt"
    )
    language: Literal["", "zh", "en"] = Field(
        "", description="zh or en; empty: the store's language"
    )
    theme: Literal["dark", "light", "contrast"] = Field(
        "dark", description="colours of the screen: dark, light, or contrast for poor light"
    )
    clock_start: datetime | None = Field(
        None, description="start the clock here instead of now: for replays and training"
    )
    database_wait_s: Seconds = Field(
        2.0, description="how long an act waits for another program that holds the database"
    )
    print_queue_max: int = Field(
        64,
        ge=1,
        le=10_000,
        description="receipts waiting for a slow printer; more are noted as not printed",
    )
    close_wait_s: Seconds = Field(
        5.0, description="how long the till waits for printer and hub when it is switched off"
    )
    hub_time_out_s: Pause = Field(15.0, description="connect, read and write time-out to the hub")
    hub_answer_s: Pause = Field(
        120.0, description="how long an answer of the hub may take to come in whole"
    )
    hub_ca: Path | None = Field(
        None, description="PEM file of the authority behind the hub's certificate; else public ones"
    )
    push_gather_s: Seconds = Field(
        0.1, description="facts recorded within this time travel in one push"
    )
    journal_kept_days: int = Field(
        35,
        ge=35,
        le=3660,
        description="facts younger than this stay on this disk, whoever else has them",
    )
    heartbeat_s: Pause = Field(
        20.0, description="a till without news declares its head this often; in step means 60 s"
    )
    marker_turned_every_s: Seconds = Field(
        600.0,
        description="copies of this disk older than this are told from it; 0: than the last start",
    )
    stuck_after_s: Pause = Field(
        300.0, description="records wait and none got through for so long though the hub answers"
    )
    snapshot_from_rows: int = Field(
        20_000, ge=1, description="this many changes to come: the catalogue is fetched as a file"
    )
    snapshot_mbit_s_min: float = Field(
        50.0, ge=0, description="on a slower line the catalogue comes row by row, in fewer bytes"
    )
    feed_wait_s: Pause = Field(25.0, description="how long the hub holds a question for news")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003  pydantic's signature
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        given = env_settings() | init_settings()
        file = Path(given.get("data") or cls.model_fields["data"].default) / FILE
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, file)


def load(**given: Any) -> TillSettings:
    """The settings, `given` ones first. Raises WrongSetting, which names the first wrong one."""
    for name in os.environ:
        known = name.removeprefix(PREFIX).lower() in TillSettings.model_fields
        if name.startswith(PREFIX) and not known:
            raise _wrong(name, NO_SUCH)
    try:
        settings = TillSettings(
            **{name: value for name, value in given.items() if value is not None}
        )
    except ValidationError as fault:
        raise _wrong(*wrong(fault.errors()[0])) from None
    except (TOMLDecodeError, UnicodeDecodeError, OSError) as fault:
        raise _wrong(FILE, _of_file(fault)) from None
    if settings.clock_start and not _YEARS[0] <= settings.clock_start.year <= _YEARS[1]:
        raise _wrong("clock_start", _NOT_OUR_TIME)
    if settings.state.resolve().is_relative_to(settings.data.resolve()):
        raise _wrong("state", _INSIDE)
    return settings


def keep(settings: TillSettings, name: str, value: str) -> None:
    """Write one setting into `till.toml`, whatever else stands there staying as it is, and let
    `settings` have it. Raises WrongSetting when the environment says otherwise or the file cannot
    be read, or a refusal of the disk; nothing has changed then."""
    import tomlkit  # noqa: PLC0415  17 ms that no start of the till shall cost

    if PREFIX + name.upper() in os.environ:
        raise _wrong(name, _IN_ENVIRONMENT)
    file = settings.data / FILE
    try:
        document = tomlkit.parse(file.read_text(encoding="utf-8")) if file.exists() else None
        document = document if document is not None else tomlkit.document()
        document[name] = value
        write_durably(file, tomlkit.dumps(document).encode(), private=False)
    except (tomlkit.exceptions.TOMLKitError, UnicodeDecodeError, OSError) as fault:
        raise _wrong(FILE, _of_file(fault)) from None
    setattr(settings, name, value)


def _of_file(fault: Exception) -> Text:
    """What is wrong with `till.toml` as a whole."""
    if isinstance(fault, OSError):
        return _NOT_READ.filled(why=fault.strerror)
    return _NOT_TOML.filled(why=fault)


def _wrong(name: str, why: Text) -> WrongSetting:
    return WrongSetting(name=name, why=why, file=FILE, prefix=PREFIX)
