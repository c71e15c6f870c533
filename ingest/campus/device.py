"""Thinks. A place, a zone and a device as they are registered."""

import re
from collections.abc import Iterator
from datetime import date
from typing import Literal

import msgspec

from ingest.campus.kinds import KINDS

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
Level = Literal["campus", "building", "floor", "room"]

OWN = "tocsin"  # the device id of this service itself


class Place(msgspec.Struct, frozen=True):
    """campus → building → floor → room. `parent` is None only for the campus; `level` may be left out.
    `address` and `phone` (of the duty room) are for the call to the fire brigade, and hold for all inside."""

    id: str
    zh: str
    en: str
    parent: str | None = None
    level: Level | None = None
    address: str = ""
    phone: str = ""


class Zone(msgspec.Struct, frozen=True):
    """A set of devices that confirm one another (防火分区 / 报警分区); not a room."""

    id: str
    zh: str
    en: str


class Device(msgspec.Struct, frozen=True):
    """A registered thing on a wall.

    `address` is what the dialect calls it (Tocsin's own: the device id; Zigbee2MQTT: the friendly name).
    `interval`: longest seconds between two messages while all is well (0 = not supervised); None takes
    the kind's. `sleepy` devices disconnect on purpose: their last will says nothing. `owner`: a person or a
    team. `installed` and `expires`: days, YYYY-MM-DD. `position`: x and y on the floor plan of its place,
    each 0 to 1, from the left and from the top.
    """

    id: str
    kind: str
    place: str
    zone: str | None = None
    owner: str | None = None
    dialect: str = "tocsin"
    address: str = ""
    zh: str = ""
    en: str = ""
    gateway: str | None = None
    interval: int | None = None
    sleepy: bool = False
    labels: dict[str, str] = {}
    installed: str | None = None
    expires: str | None = None
    position: tuple[float, float] | None = None

    @property
    def life_safety(self) -> bool:
        return KINDS[self.kind].life_safety


def fact_problems(device: Device) -> Iterator[str]:
    """What is wrong with a device taken by itself."""
    if device.interval is not None and device.interval > 366 * 86_400:
        yield f"interval {device.interval} is over a year; 0 means not supervised"
    for name, day in (("installed", device.installed), ("expires", device.expires)):
        if day is not None and not _is_day(day):
            yield f"{name} {day!r} is not a day such as 2025-08-31"
    if device.installed and device.expires and device.expires < device.installed:
        yield f"expires {device.expires!r} is before it was installed"
    if device.position is not None and not all(0 <= part <= 1 for part in device.position):
        yield f"position {list(device.position)} must be x and y from 0 to 1: fractions of the floor plan"


def _is_day(text: str) -> bool:
    try:
        return _DAY.fullmatch(text) is not None and bool(date.fromisoformat(text))
    except ValueError:
        return False


def address_of(device: Device) -> str:
    """What the device's dialect calls it: its address, or its id where none is registered."""
    return device.address or device.id
