"""Thinks. The settings of this room: broker, history, the feed to the user's own database, quarantine."""

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator


class _Settings(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _base_topic(value: str) -> str:
    if not value or any(mark in value for mark in "+#\0") or value.startswith("/") or value.endswith("/"):
        raise ValueError("a base topic has no + or #, and no / at either end: campus or site/campus")
    return value


BaseTopic = Annotated[str, AfterValidator(_base_topic)]


class TlsSettings(_Settings):
    """TLS to the broker. `ca`, `cert` and `key` are paths of PEM files; without `ca` the system's are used.

    `insecure` accepts any certificate: for a trial only, since anybody between can then read and forge.
    """

    ca: str | None = None
    cert: str | None = None
    key: str | None = None
    insecure: bool = False

    @model_validator(mode="after")
    def _pair(self) -> "TlsSettings":
        if (self.cert is None) != (self.key is None):
            raise ValueError("cert and key belong together: give both or neither")
        return self


class BrokerSettings(_Settings):
    """The MQTT broker. `base` is the base topic of Tocsin's own dialect, `zigbee2mqtt` those of the bridges.

    `keepalive` is in seconds. `receive_maximum` is how many messages the broker may send ahead of our
    acknowledgement. `client_id` must be one installation's own: two with the same id throw each other out.
    """

    host: str = "127.0.0.1"
    port: int = Field(1883, ge=1, le=65535)
    username: str | None = None
    password: str | None = Field(None, repr=False)
    tls: TlsSettings | None = None
    client_id: str = Field("tocsin", min_length=1, max_length=60)
    protocol: Literal["5", "3.1.1", "auto"] = "auto"
    keepalive: int = Field(30, ge=5, le=3600)
    base: BaseTopic = "campus"
    zigbee2mqtt: list[BaseTopic] = Field(default_factory=lambda: ["zigbee2mqtt"])
    receive_maximum: int = Field(65535, ge=10, le=65535)

    @model_validator(mode="after")
    def _bases_differ(self) -> "BrokerSettings":
        if len({self.base, *self.zigbee2mqtt}) != 1 + len(self.zigbee2mqtt):
            raise ValueError("base and zigbee2mqtt name a base topic twice; each dialect needs its own")
        return self


class HistorySettings(_Settings):
    """The embedded history: how many days are kept, and how much memory DuckDB may use."""

    keep_days: int = Field(400, ge=1, le=36500)
    memory: str = Field("256MB", pattern=r"^[1-9][0-9]*(MB|GB)$")


class FeedSettings(_Settings):
    """The user's InfluxDB or VictoriaMetrics, written through /api/v2/write. `site` tags every point."""

    url: str = Field(pattern=r"^https?://")
    bucket: str = "tocsin"
    org: str = ""
    token: str = Field("", repr=False)
    site: str = "campus"


class QuarantineSettings(_Settings):
    """How many kinds of unreadable message (a reason on a topic) are kept; the longest unseen goes first."""

    max_rows: int = Field(10000, ge=10)
