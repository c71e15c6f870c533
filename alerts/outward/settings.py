"""Thinks. The settings of the interfaces to other systems. Each is closed unless it is set."""

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from alerts.delivery.channels.receiver_settings import ReceiverSettings, http_url

LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")


class _Settings(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _base(value: str) -> str:
    if not value or any(mark in value for mark in "+#\0") or value[0] in "/$" or value.endswith("/"):
        raise ValueError("a base topic has no + or #, no / at either end and no $ at its beginning: tocsin")
    return value


def _prefix(value: str) -> str:
    return _base(value) if value else value


class StatesSettings(_Settings):
    """Alert states, retained on the broker below `base`. `homeassistant`: the discovery prefix under which
    Home Assistant is told of them, "" for not at all; `language`: of the names it shows."""

    base: Annotated[str, AfterValidator(_base)] = "tocsin"
    homeassistant: Annotated[str, AfterValidator(_prefix)] = "homeassistant"
    language: Literal["zh", "en"] = "zh"


class EventsSettings(ReceiverSettings):
    """A receiver of CloudEvents: one signed POST for every line of the log. `source`: how the events name
    this installation."""

    source: str = Field(
        "urn:tocsin",
        pattern=r"^[A-Za-z][A-Za-z0-9+.-]*:[^\s]+$",
        description="a URI like urn:tocsin:north or https://tocsin.example.edu",
    )


def _labels(value: dict[str, str]) -> dict[str, str]:
    for name in value:
        if not LABEL.fullmatch(name):
            raise ValueError(f"{name!r} is not a label: letters, digits and _, and no digit first")
    return value


class AlertmanagerSettings(ReceiverSettings):
    """An Alertmanager that is told of our alerts. `url`: where it is, without /api/v2. `labels`: more labels
    for every alert. `resend`: seconds after which an alert that stands is told again."""

    labels: Annotated[dict[str, str], AfterValidator(_labels)] = Field(default_factory=dict)
    resend: int = Field(60, ge=1, le=3600)


class HeartbeatSettings(_Settings):
    """A dead-man's switch outside. `url` is called every so many seconds (`every`) while all is well, and
    url/fail with the reasons when it is not, unless `fail` is false. `ca`: a PEM file that vouches for it."""

    url: Annotated[str, AfterValidator(http_url)] = Field(repr=False)  # it holds a key
    every: int = Field(60, ge=10, le=3600)
    fail: bool = True
    ca: str | None = None


class InterfacesSettings(_Settings):
    """What other systems are told: alert states on MQTT, CloudEvents by receiver, an Alertmanager; and that
    we live."""

    heartbeat: HeartbeatSettings | None = None
    states: StatesSettings | None = None
    cloudevents: dict[Annotated[str, Field(min_length=1, max_length=64)], EventsSettings] = Field(
        default_factory=dict
    )
    alertmanager: AlertmanagerSettings | None = None
