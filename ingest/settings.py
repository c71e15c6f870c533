"""Thinks. The settings of this room: broker, history, the feed to the user's own database, quarantine."""

from difflib import get_close_matches
from ipaddress import ip_network
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from ingest.dialects import DIALECTS


class _Settings(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _base_topic(value: str) -> str:
    if not value or any(mark in value for mark in "+#\0") or value.startswith("/") or value.endswith("/"):
        raise ValueError("a base topic has no + or #, and no / at either end: campus or site/campus")
    return value


def _other_base(value: str) -> str:
    if any(mark in value for mark in "+#\0") or value.endswith("/"):
        raise ValueError("a base topic has no + or # and no / at its end: shellies or site/shellies")
    return value


BaseTopic = Annotated[str, AfterValidator(_base_topic)]
OtherBase = Annotated[str, AfterValidator(_other_base)]


class TlsSettings(_Settings):
    """TLS to the broker. `ca`, `cert` and `key` are paths of PEM files; without `ca` the system's are used.

    `insecure` does not check the broker's name: for a trial only, since another can then pretend to be it.
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
    """The MQTT broker. `base` is the base topic of Tocsin's own dialect. `dialects` are the others that are
    heard, each with its base topics: nothing for the usual ones, "" for the root of the broker.

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
    dialects: dict[str, list[OtherBase] | None] = {"zigbee2mqtt": None}
    receive_maximum: int = Field(65535, ge=10, le=65535)

    @model_validator(mode="after")
    def _known_dialects(self) -> "BrokerSettings":
        for name in self.dialects:
            if name == "tocsin":
                raise ValueError("dialects: the base topic of tocsin's own dialect is `base`")
            if name not in DIALECTS:
                close = get_close_matches(name, DIALECTS, n=1)
                hint = f"; did you mean {close[0]!r}?" if close else f"; known are {', '.join(DIALECTS)}"
                raise ValueError(f"dialects: {name!r} is not known{hint}")
        bases = [base for name in ("tocsin", *self.dialects) for base in self.bases(name) if base]
        twice = sorted({base for base in bases if bases.count(base) > 1})
        if twice:
            raise ValueError(f"the base topic {twice[0]!r} is given twice; each dialect needs its own")
        return self

    def bases(self, dialect: str) -> tuple[str, ...]:
        """The base topics under which a dialect is heard; none: it is not."""
        if dialect == "tocsin":
            return (self.base,)
        if dialect not in self.dialects:
            return ()
        told = self.dialects[dialect]
        return DIALECTS[dialect].BASES if told is None else tuple(told)


def _network(value: str) -> str:
    try:
        return str(ip_network(value))
    except ValueError as error:
        raise ValueError(f"{error}; write 10.20.0.0/16, or 10.20.0.7 for one address") from None


class ListenerSettings(_Settings):
    """A port at which devices connect to us. `allow`: the networks they may come from. `connections`: at most
    so many at once. `idle`: seconds of silence after which one is closed. `max_frame`: bytes.
    """

    host: str = "127.0.0.1"
    port: int = Field(ge=0, le=65535)
    allow: list[Annotated[str, AfterValidator(_network)]] = Field(default_factory=list, validate_default=True)
    udp: bool = False
    connections: int = Field(64, ge=1, le=10_000)
    idle: int = Field(600, ge=10, le=90_000)
    max_frame: int = Field(4096, ge=1100, le=65_536)

    @model_validator(mode="after")
    def _somebody(self) -> "ListenerSettings":
        if not self.allow:
            raise ValueError(
                "allow is missing: list the networks whose devices may connect, such as [10.20.0.0/16]; "
                "whoever may connect can raise and end alarms"
            )
        return self


def _sia_key(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("write the key in quotes: without them YAML reads a number")
    sizes, digits = (16, 24, 32), value.removeprefix("hex:")
    if value.startswith("hex:"):
        good = len(digits) in (32, 48, 64) and all(mark in "0123456789abcdefABCDEF" for mark in digits)
    else:
        good = len(value) in sizes and value.isascii() and value.isprintable()
    if not good:
        raise ValueError("a key is 16, 24 or 32 characters; or hex: and 32, 48 or 64 digits, in quotes")
    return value


def _sia_account(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError(f'write the account in quotes, as in "{value}": without them YAML reads a number')
    if not 1 <= len(value) <= 16 or any(mark not in "0123456789abcdefABCDEF" for mark in value):
        raise ValueError("an account is 1 to 16 digits or letters A to F, as it is set in the panel")
    return value.upper()


SiaAccount = Annotated[str, BeforeValidator(_sia_account)]
SiaKey = Annotated[str, BeforeValidator(_sia_key)]


class SiaSettings(ListenerSettings):
    """The same for SIA DC-09. `keys`: account → its key. Who has one must encrypt what it sends."""

    keys: dict[SiaAccount, SiaKey] = Field(default_factory=dict, repr=False)


class ListenersSettings(_Settings):
    """The doors other than MQTT. Each is closed unless it is set."""

    gb26875: ListenerSettings | None = None
    siadc09: SiaSettings | None = None


class HistorySettings(_Settings):
    """The embedded history: how many days are kept, and how much memory DuckDB may use."""

    keep_days: int = Field(400, ge=1, le=36500)
    memory: str = Field("256MB", pattern=r"^[1-9][0-9]*(MB|GB)$", description="a size like 256MB or 1GB")


class FeedSettings(_Settings):
    """The user's InfluxDB or VictoriaMetrics, written through /api/v2/write. `site` tags every point."""

    url: str = Field(pattern=r"^https?://", description="an address that begins with http:// or https://")
    bucket: str = "tocsin"
    org: str = ""
    token: str = Field("", repr=False)
    site: str = "campus"


class QuarantineSettings(_Settings):
    """How many kinds of unreadable message (a reason on a topic) are kept; the longest unseen goes first."""

    max_rows: int = Field(10000, ge=10)
