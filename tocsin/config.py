"""Touches. tocsin.yaml as Settings: each room's own settings put together, or every mistake in it at once."""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, ValidationError, field_validator
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from alerts.delivery.channels import ChannelSettings
from alerts.outward.settings import InterfacesSettings
from alerts.settings import AlertsSettings
from dashboard.health.settings import HealthSettings
from dashboard.settings import DashboardSettings
from ingest.campus.publicdays import country_problem
from ingest.settings import (
    BrokerSettings,
    FeedSettings,
    HistorySettings,
    ListenersSettings,
    QuarantineSettings,
)
from tocsin.document import Document
from tocsin.mistake import KeyPath, Mistakes, did_you_mean, path_text, told
from tocsin.shape import described, meant_keys
from tocsin.yamlfile import load as load_yaml

PATHS: tuple[KeyPath, ...] = (  # relative ones are taken from the folder of tocsin.yaml
    ("data",),
    ("broker", "tls", "ca"),
    ("broker", "tls", "cert"),
    ("broker", "tls", "key"),
    ("dashboard", "cert"),
    ("dashboard", "key"),
)
_MAPPINGS = frozenset({"model_attributes_type", "model_type", "dict_type"})
_SECRET = re.compile(r"(pass|token|secret)[^.]*$|^(channels|interfaces)\..*\.(url$|headers)", re.IGNORECASE)


class Settings(BaseModel):
    """Everything in tocsin.yaml. Without any file the defaults run a small campus on a local broker."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    data: str = Field("data", description="folder of the state database and the history")
    database: str | None = Field(None, description="SQLAlchemy URL; without it SQLite in `data`")
    zone: str = Field("Asia/Shanghai", description="time zone of the campus")
    country: str = Field(
        "CN", description="whose public holidays count: CN, DE, a part such as DE-BY, or none"
    )
    broker: BrokerSettings = Field(default_factory=BrokerSettings)
    dashboard: DashboardSettings = Field(default_factory=DashboardSettings)
    rules: list[str] = Field(default_factory=list, description="files and folders of your own rules")
    standard_rules: bool = Field(True, description="load the standard rule pack as well")
    channels: dict[str, ChannelSettings] = Field(default_factory=dict, description="ways to reach a person")
    alerts: AlertsSettings = Field(default_factory=AlertsSettings)
    history: HistorySettings = Field(default_factory=HistorySettings)
    feed: FeedSettings | None = Field(None, description="your InfluxDB or VictoriaMetrics")
    quarantine: QuarantineSettings = Field(default_factory=QuarantineSettings)
    listeners: ListenersSettings = Field(default_factory=ListenersSettings)
    health: HealthSettings = Field(default_factory=HealthSettings)
    interfaces: InterfacesSettings = Field(
        default_factory=InterfacesSettings, description="what other systems are told"
    )

    _plain: dict[str, Any] = PrivateAttr(default_factory=dict)
    _source: str = PrivateAttr(default="")
    _refused: list[str] = PrivateAttr(default_factory=list)

    @field_validator("channels")
    @classmethod
    def _own_channel(cls, value: dict[str, Any]) -> dict[str, Any]:
        if "null" in value:
            raise ValueError("the channel `null` is Tocsin's own, for its loop message: choose another name")
        return value

    @property
    def where(self) -> tuple[str, str]:
        """Zone and country: what the calendar hangs on."""
        return self.zone, self.country

    @property
    def version(self) -> str:
        """The same for the same values, and says nothing of them."""
        return hashlib.blake2b(json.dumps(self._plain, sort_keys=True).encode(), digest_size=4).hexdigest()

    @property
    def kinds(self) -> Mapping[str, str]:
        """The kind of each channel; one that brings nothing anywhere is always there."""
        return {**{name: one.kind for name, one in self.channels.items()}, "null": "null"}

    @property
    def folder(self) -> Path:
        """The data folder, absolute when it came from a file."""
        return Path(self.data)

    @property
    def database_url(self) -> str:
        return self.database or f"sqlite:///{self.folder.absolute() / 'state.db'}"

    @property
    def source(self) -> str:
        """The file these settings came from; "" when from none."""
        return self._source

    @property
    def plain(self) -> dict[str, Any]:
        """The file's values with includes, secrets and the environment filled in: keep it private."""
        return self._plain

    @property
    def refused(self) -> list[str]:
        """What is wrong with the file on disk, while these settings are the last good ones; else empty."""
        return self._refused

    def refusing(self, mistakes: list[str]) -> "Settings":
        """These settings again, remembering that a newer file was refused."""
        copy = self.model_copy()
        copy._refused = list(mistakes)
        return copy


def load(path: Path, environment: Mapping[str, str]) -> Settings:
    """Read tocsin.yaml. Raises `Mistakes`: every mistake, `file:line:col  path  got …  did you mean …?`."""
    document = load_yaml(path, environment)
    if not isinstance(document.value, dict | None):
        raise Mistakes([told(document.first, "", "must be lines of `key: value`")])
    plain = _absolute(document.value or {}, path.resolve().parent)
    lines = list(_reference_mistakes(document, plain))
    try:
        settings = build(plain, str(path.resolve()))
    except ValidationError as error:
        lines = [_line(document, plain, found) for found in error.errors()] + lines
    if lines:
        raise Mistakes(sorted(set(lines), key=lines.index))
    return settings


def build(plain: dict[str, Any], source: str) -> Settings:
    """Settings from values that are complete already. Raises pydantic's ValidationError."""
    settings = Settings.model_validate(plain)
    settings._plain = plain
    settings._source = source
    return settings


def _absolute(value: dict[str, Any], folder: Path) -> dict[str, Any]:
    value = dict(value)
    value.setdefault("data", "data")
    for path in (*PATHS, *_authorities(value)):
        _replace(value, path, lambda name: str(folder / name))
    if isinstance(value.get("rules"), list):
        value["rules"] = [str(folder / name) if isinstance(name, str) else name for name in value["rules"]]
    return value


def _authorities(value: dict[str, Any]) -> list[KeyPath]:
    """The settings `ca` of the channels."""
    channels = value.get("channels")
    return [("channels", name, "ca") for name in channels] if isinstance(channels, dict) else []


def _replace(value: dict[str, Any], path: KeyPath, change: Any) -> None:
    for key in path[:-1]:
        inner = value.get(str(key))
        if not isinstance(inner, dict):
            return
        value[str(key)] = value = dict(inner)
    last = str(path[-1])
    if isinstance(value.get(last), str):
        value[last] = change(value[last])


def _reference_mistakes(document: Document, plain: dict[str, Any]) -> Iterator[str]:
    """What can only be known by looking outside the file: other files, time zones, the database's kind."""
    wanted = [path for path in (*PATHS, *_authorities(plain)) if path != ("data",)]
    wanted += [("rules", index) for index, _ in enumerate(_inside(plain, ("rules",)) or [])]
    for path in wanted:
        name = _inside(plain, path)
        if isinstance(name, str) and not Path(name).exists():
            hint = "`tocsin cert` makes it" if path[0] == "dashboard" else ""
            yield told(document.at(path), path, document.got(path, name), f"there is no file {name}", hint)
    zone = plain.get("zone")
    if isinstance(zone, str) and not _is_zone(zone):
        near = did_you_mean(zone, available_timezones())
        yield told(document.at(("zone",)), "zone", document.got(("zone",), zone), "not a time zone", near)
    yield from _country_mistakes(document, plain)
    url = plain.get("database")
    if isinstance(url, str) and not _is_database(url):
        hint = "must be postgresql://user:password@host/name or sqlite:////folder/state.db"
        yield told(document.at(("database",)), "database", hint)
    yield from _apprise_mistakes(document, plain)
    yield from _states_mistakes(document, plain)


def _states_mistakes(document: Document, plain: dict[str, Any]) -> Iterator[str]:
    """What we publish must not come back as if a device had said it."""
    path = ("interfaces", "states", "base")
    base = _inside(plain, path) or "tocsin"
    heard = _inside(plain, ("broker", "base")) or "campus"
    if _inside(plain, path[:-1]) is not None and f"{base}/".startswith(f"{heard}/"):
        problem = f"devices are heard below {heard!r} (broker.base): alert states need a base of their own"
        yield told(document.at(path), path, document.got(path, base), problem)


def _country_mistakes(document: Document, plain: dict[str, Any]) -> Iterator[str]:
    country = plain.get("country")
    if isinstance(country, str) and (problem := country_problem(country)):
        yield told(document.at(("country",)), "country", document.got(("country",), country), problem)


def _apprise_mistakes(document: Document, plain: dict[str, Any]) -> Iterator[str]:
    """A URL is not shown again: most of it is keys."""
    channels = plain.get("channels")
    for name in channels if isinstance(channels, dict) else ():
        path = ("channels", name, "url")
        url = _inside(plain, path)
        if _inside(plain, ("channels", name, "kind")) != "apprise" or "://" not in str(url):
            continue
        from alerts.delivery.channels import apprise  # half a second: only where it is used

        if not apprise.understands(str(url)):
            service, known = str(url).partition("://")[0].lower(), apprise.services()
            near = "" if service in known else did_you_mean(service, known)
            yield told(document.at(path), path, "Apprise does not understand this URL", near)


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ValueError, OSError, LookupError):
        return False
    return True


def _is_database(url: str) -> bool:
    try:
        return make_url(url).get_backend_name() in ("sqlite", "postgresql")
    except (ArgumentError, ValueError):
        return False


def _inside(value: Any, path: KeyPath) -> Any:
    for key in path:
        if isinstance(value, dict):
            value = value.get(key)
        elif isinstance(value, list) and isinstance(key, int):
            value = value[key]
        else:
            return None
    return value


def _line(document: Document, plain: dict[str, Any], error: Any) -> str:
    """One pydantic error in our words."""
    path = _real_path(plain, error["loc"])
    kind, context = error["type"], error.get("ctx", {})
    got = _got(document, path, error["input"])
    choices = re.findall(r"'([^']*)'", str(context.get("expected") or context.get("expected_tags") or ""))
    if kind == "extra_forbidden":
        near = did_you_mean(path[-1], meant_keys(Settings, plain, path[:-1]))
        return told(document.key_at(path), path, "unknown key", near)
    if kind == "missing":
        return told(document.key_at(path[:-1]), path, "missing")
    if kind == "union_tag_not_found":
        return told(document.key_at(path), path_text(path) + ".kind", "missing", did_you_mean("", choices))
    if kind == "union_tag_invalid":
        path = (*path, "kind")
        near = did_you_mean(context["tag"], choices)
        if document.got(path, None) == "got null":
            near = 'write "null" in quotes: without them it means nothing'
        return told(document.at(path), path, document.got(path, context["tag"]), near)
    if kind in ("literal_error", "enum"):
        return told(document.at(path), path, got, did_you_mean(error["input"], choices))
    if kind == "string_type" and isinstance(error["input"], int | float):
        return told(document.at(path), path, got, "must be text: put it in quotes")
    said = str(context["error"]) if "error" in context else error["msg"]
    if kind == "string_pattern_mismatch" and (form := described(Settings, plain, path)):
        said = f"must be {form}"
    if kind in _MAPPINGS:
        said = "must be lines of `key: value`" + " with a plain : and a space" * ("\uff1a" in str(path[-1]))
    said = said.removeprefix("Input ").removeprefix("List ")
    return told(document.at(path), path, got, said)


def _real_path(plain: Any, location: tuple[str | int, ...]) -> KeyPath:
    """pydantic's place without what it adds itself (the names of union members)."""
    path: list[str | int] = []
    value = plain
    for number, key in enumerate(location):
        known = (isinstance(value, dict) and key in value) or (
            isinstance(value, list) and isinstance(key, int)
        )
        if known:
            value = value[key]
        if known or number == len(location) - 1:
            path.append(key)
    return tuple(path)


def _got(document: Document, path: KeyPath, value: object) -> str:
    if isinstance(value, dict | list):
        return ""
    if _SECRET.search(path_text(path)) and document.written(path) is not None:
        return "got a value that is not shown here"
    return document.got(path, value)
