"""Every setting of the hub: name, unit, default, reason. From environment `OMNITILL_HUB_…`."""

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class HubSettings(BaseSettings):
    """Settings of one hub process."""

    model_config = SettingsConfigDict(env_prefix="OMNITILL_HUB_", extra="forbid")

    database: str = Field(
        "sqlite:///omnitill-hub.db", description="sqlite:///FILE or postgresql://…"
    )
    host: str = Field("127.0.0.1", description="address to listen on; loopback until TLS is set up")
    port: int = Field(8700, description="TCP port to listen on")
    database_wait_s: float = Field(10.0, description="how long a write waits for another writer")
    connections_max: int = Field(8, description="PostgreSQL connections of this process")
    enrol_code_valid_s: float = Field(900.0, description="how long an enrolment code may be used")
    token_valid_s: float = Field(43_200.0, description="how long an access token reads the feed")
    nonce_valid_s: float = Field(60.0, description="how long a till may take to sign a challenge")
    feed_wait_s_max: float = Field(40.0, description="the longest a till may wait for news")
    feed_look_every_s: float = Field(
        0.5, description="the hub looks for what another process published this often"
    )
    contact_noted_every_s: float = Field(
        5.0, description="a till's pulls are noted as contact this often, not at each request"
    )


#: a till that spoke within this time and declared what we have is in step, in seconds
IN_STEP_S = 60.0
