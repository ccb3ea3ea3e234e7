"""Every setting of the till: name, unit, default, reason.

Read from `till.toml` in the data folder, then from environment variables `OMNITILL_TILL_…`,
which win. What head office decides for a store is not here but in `retail.catalogue`.
"""

from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import Field
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)


class TillSettings(BaseSettings):
    """Settings of one till."""

    model_config = SettingsConfigDict(env_prefix="OMNITILL_TILL_", extra="forbid")

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
    language: str = Field("", description="zh or en; empty: the store's language")
    clock_start: datetime | None = Field(
        None, description="start the clock here instead of now: for replays and training"
    )
    database_wait_s: float = Field(
        2.0, description="how long an act waits for another program that holds the database"
    )
    print_queue_max: int = Field(
        64, description="receipts waiting for a slow printer; more are noted as not printed"
    )
    close_wait_s: float = Field(
        5.0, description="how long the till waits for printer and hub when it is switched off"
    )
    hub_time_out_s: float = Field(15.0, description="connect, read and write time-out to the hub")
    push_gather_s: float = Field(
        0.1, description="facts recorded within this time travel in one push"
    )
    heartbeat_s: float = Field(
        20.0, description="a till without news declares its head this often; in step means 60 s"
    )
    feed_wait_s: float = Field(25.0, description="how long the hub holds a question for news")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003  pydantic's signature
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        folder = init_settings().get("data") or env_settings().get("data")
        file = Path(folder or cls.model_fields["data"].default) / "till.toml"
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, file)


def load(**given: Any) -> TillSettings:
    """The settings, `given` ones first. Raises pydantic.ValidationError, which names each."""
    return TillSettings(**{name: value for name, value in given.items() if value is not None})
