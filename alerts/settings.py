"""Thinks. The settings of this room: the channels, one kind a door out; and its limits."""

import re
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator, model_validator

from alerts.delivery.driven import SOUNDERS_ONLY, forbidden
from alerts.limits import HAZARD_DAYS, Limits
from alerts.reasons import HOUR, SHELVE_LIMIT
from rules.verdict import Class


class _Settings(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _sounder_topic(value: str) -> str:
    if not value or any(mark in value for mark in "+#\0") or value.startswith("$"):
        raise ValueError("a topic to publish on has no + or #, and does not start with $")
    if word := forbidden(value):
        raise ValueError(f"the topic names {word!r}: {SOUNDERS_ONLY}")
    return value


def _http_url(value: str) -> str:
    if not re.fullmatch(r"https?://[^\s/@]+(/\S*)?", value):
        raise ValueError("must be http://host/… or https://host/…, without user or password (use `headers`)")
    return value


class ReceiverSettings(_Settings):
    """Whom we POST to. `secret` signs it (see docs/channels.md); `ca` is a PEM file that vouches for them."""

    url: Annotated[str, AfterValidator(_http_url)]
    secret: str = Field("", repr=False)
    headers: dict[str, str] = Field(default_factory=dict, repr=False)
    ca: str | None = None

    @field_validator("headers")
    @classmethod
    def _plain_headers(cls, value: dict[str, str]) -> dict[str, str]:
        for name, text in value.items():
            if not re.fullmatch(r"[A-Za-z0-9-]+", name) or not re.fullmatch(r"[\x20-\x7e]*", text):
                raise ValueError(f"{name!r} is not a header of letters, digits and - with a plain text value")
        return value


class WebhookSettings(ReceiverSettings):
    """HTTP POST of signed JSON. `secret` signs it (see docs/channels.md); `ca` is a PEM file that vouches for
    the receiver; `workers` is how many calls may be open at once."""

    kind: Literal["webhook"]
    workers: int = Field(8, ge=1, le=32)


class AppriseSettings(_Settings):
    """Any service Apprise knows. `{address}` in `url` stands for the person's address on this channel."""

    kind: Literal["apprise"]
    url: str = Field(repr=False)
    workers: int = Field(4, ge=1, le=32)

    @field_validator("url")
    @classmethod
    def _has_scheme(cls, value: str) -> str:
        if not re.match(r"[A-Za-z][A-Za-z0-9]*://", value):
            raise ValueError("must be an Apprise URL like ntfy://ntfy.example.edu/{address}")
        return value


class MqttSettings(_Settings):
    """Sounders and lamps on the broker Tocsin is connected to: each of `topics` gets every notice."""

    kind: Literal["mqtt"]
    topics: list[Annotated[str, AfterValidator(_sounder_topic)]] = Field(min_length=1)
    workers: int = Field(4, ge=1, le=32)


class EmailSettings(_Settings):
    """SMTP. `sender` is the address it comes from, with or without a name; `to` takes what is told to the
    channel itself; `ca` is a PEM file that vouches for the server; `security` none is for this machine."""

    kind: Literal["email"]
    host: str = Field(min_length=1)
    port: int = Field(587, ge=1, le=65535)
    security: Literal["starttls", "ssl", "none"] = "starttls"
    username: str = ""
    password: str = Field("", repr=False)
    sender: str
    to: str = ""
    ca: str | None = None
    workers: int = Field(2, ge=1, le=32)

    @field_validator("sender")
    @classmethod
    def _has_an_address(cls, value: str) -> str:
        if not re.fullmatch(r"[^<>@\x00-\x1f]*<[^\s<>@]+@[^\s<>@]+>|[^\s<>@]+@[^\s<>@]+", value):
            raise ValueError("must be an address like tocsin@example.edu or Tocsin <tocsin@example.edu>")
        return value

    @model_validator(mode="after")
    def _keeps_the_password(self) -> Self:
        if self.password and self.security == "none" and self.host not in ("127.0.0.1", "::1", "localhost"):
            raise ValueError("a password over an unencrypted connection: use security starttls or ssl")
        return self


class NullSettings(_Settings):
    """Goes nowhere: closes the circle of the loop message, and stands in where no channel is wanted."""

    kind: Literal["null"]
    workers: int = Field(1, ge=1, le=32)


Hours = Annotated[float, Field(gt=0, le=8760)]
Days = Annotated[int, Field(ge=0, le=365)]


class ShelfSettings(_Settings):
    """The most hours that an alert of a class may be shelved at once, and how many alerts at once."""

    alarm: Hours = SHELVE_LIMIT[Class.ALARM] / HOUR
    supervisory: Hours = SHELVE_LIMIT[Class.SUPERVISORY] / HOUR
    trouble: Hours = SHELVE_LIMIT[Class.TROUBLE] / HOUR
    status: Hours = SHELVE_LIMIT[Class.STATUS] / HOUR
    at_once: int = Field(Limits().shelved, ge=0, le=10_000)


class HazardDays(_Settings):
    """Days until it must be mended."""

    life_safety: Days
    other: Days


def _days(source: str) -> Any:
    vital, other = HAZARD_DAYS[source]
    return Field(HazardDays(life_safety=vital, other=other))


class HazardSettings(_Settings):
    """When hazards are due, by what found them; and how long a mended one may wait for its recheck."""

    rule: HazardDays = _days("rule")
    drill: HazardDays = _days("drill")
    false_alarm: HazardDays = _days("false_alarm")
    delivery: HazardDays = _days("delivery")
    person: HazardDays = _days("person")
    recheck: Days = Limits().recheck_days


class AlertsSettings(_Settings):
    """Limits of what hides alerts, and of hazards. `out_of_service`: the most hours of one entry."""

    shelf: ShelfSettings = Field(default_factory=ShelfSettings)
    out_of_service: Hours = Limits().out_of_service / HOUR
    hazards: HazardSettings = Field(default_factory=HazardSettings)

    def limits(self) -> Limits:
        days = {source: getattr(self.hazards, source) for source in HAZARD_DAYS}
        return Limits(
            shelf={one: int(getattr(self.shelf, one.value) * HOUR) for one in Class},
            shelved=self.shelf.at_once,
            out_of_service=int(self.out_of_service * HOUR),
            hazard_days={source: (one.life_safety, one.other) for source, one in days.items()},
            recheck_days=self.hazards.recheck,
        )
