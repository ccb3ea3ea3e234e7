"""Every setting of the hub: name, unit, default, reason. From environment `OMNITILL_HUB_…`."""

import os
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

ENVIRONMENT = "OMNITILL_HUB_"

#: a time of no end is a slip of the hand, and so is more than a year
Seconds = Annotated[float, Field(ge=0, le=366 * 86_400, allow_inf_nan=False)]
#: what is done over and over is never done without a pause
Pause = Annotated[Seconds, Field(gt=0)]


class HubSettings(BaseSettings):
    """Settings of one hub process."""

    model_config = SettingsConfigDict(env_prefix=ENVIRONMENT, extra="forbid")

    database: str = Field(
        "sqlite:///omnitill-hub.db", description="sqlite:///FILE or postgresql://…"
    )
    host: str = Field("127.0.0.1", description="address to listen on; loopback until TLS is set up")
    port: int = Field(8700, ge=0, le=65_535, description="TCP port to listen on")
    database_wait_s: Seconds = Field(
        10.0,
        description="how long a write waits for another writer (SQLite), or anything for one of the"
        " connections (PostgreSQL)",
    )
    connections_max: int = Field(8, ge=1, description="PostgreSQL connections of this process")
    push_slots: int = Field(
        default_factory=lambda: 2 * (os.cpu_count() or 1),
        ge=1,
        description="pushes this process works on at once, two a core: one waits for the disk while"
        " the other computes; at most half of the connections, and one where SQLite writes",
    )
    push_queue_max: int = Field(
        200, ge=0, description="pushes that wait for a slot; further tills are asked to come back"
    )
    push_wait_s: Pause = Field(
        10.0,
        description="how long a push waits for a slot: a till listens for 15 s and would be served"
        " for nothing after that",
    )
    push_retry_s_max: Pause = Field(
        300.0,
        le=600,
        description="the longest that a till which was put off is asked to stay away; none heeds"
        " more than 600 s",
    )
    enrol_code_valid_s: Pause = Field(900.0, description="how long an enrolment code may be used")
    token_valid_s: Pause = Field(43_200.0, description="how long an access token reads the feed")
    nonce_valid_s: Pause = Field(60.0, description="how long a till may take to sign a challenge")
    feed_wait_s_max: Seconds = Field(40.0, description="the longest a till may wait for news")
    feed_look_every_s: Pause = Field(
        0.5, description="the hub looks for what another process published this often"
    )
    price_book: Path | None = Field(
        None,
        description="folder of the hub's own price book and its snapshots, which it can fill again;"
        " empty: beside the SQLite file, or omnitill-price-book here",
    )
    snapshot_from_rows: int = Field(
        20_000, ge=1, description="a catalogue of fewer products travels row by row"
    )
    gone_kept_days: int = Field(
        90, ge=1, description="a till that was away longer than this pulls everything anew"
    )
    gone_looked_at_every_s: Pause = Field(
        3600.0, description="how often the hub looks for what went longer ago than that"
    )
    plans_looked_at_every_s: Pause = Field(
        1.0, description="how late a planned revision may come into the feed; tills do not wait"
    )
    breaker_window_facts: int = Field(
        1_000, ge=1, description="of so many facts that came in last is counted how many fail"
    )
    breaker_facts_min: int = Field(
        50, ge=1, description="of fewer facts nothing can be said: a morning's first ones"
    )
    breaker_share: float = Field(
        0.05,
        ge=0,
        le=1,
        description="when more of them than this come to quarantine, the hub applies nothing more"
        " until `sync-server quarantine resume`",
    )
    replay_facts_max: int = Field(
        500, ge=1, description="facts that a replay takes at once; their till's pushes wait so long"
    )
    unsettled_looked_at_every_s: Pause = Field(
        60.0, description="how often the hub looks for what waits without need, if anything does"
    )
    job_held_s: Pause = Field(
        30.0,
        description="of several hub processes one does what must be done once; if it dies another"
        " goes on after this time at most",
    )
    feed_pages_bytes_max: int = Field(
        32 * 1024 * 1024,
        ge=0,
        description="of pages that many tills ask for, kept so that the database is asked once",
    )
    backup_late_s: Seconds = Field(
        600.0,
        description="of a backup that a person notes, facts received within this time before it"
        " are not safe yet: a push may be committed later than it was received",
    )
    console: bool = Field(True, description="whether this process serves /hq")
    console_look_every_s: Seconds = Field(
        1.0,
        description="all open pages of /hq share one look into the database, this often at most",
    )
    contact_noted_every_s: Pause = Field(
        5.0, description="whose pulls were contacts is written down this often, for all at once"
    )
    itself_looked_at_every_s: Pause = Field(
        5.0, description="how soon a hub notices that an older copy of its database was put back"
    )

    @property
    def book_folder(self) -> Path:
        """Where the hub's own price book lies."""
        if self.price_book is not None:
            return self.price_book
        scheme, _, file = self.database.partition(":///")
        return Path(f"{file}.price-book" if scheme == "sqlite" else "omnitill-price-book")


def is_loopback(host: str) -> bool:
    """Whether an address is reached from this machine only."""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


#: a till that spoke within this time and declared what we have is in step, in seconds
IN_STEP_S = 60.0
