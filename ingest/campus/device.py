"""Thinks. A place, a zone and a device as they are registered."""

import msgspec

from ingest.campus.kinds import KINDS


class Place(msgspec.Struct, frozen=True):
    """campus → building → floor → room. `parent` is None only for the campus itself."""

    id: str
    zh: str
    en: str
    parent: str | None = None


class Zone(msgspec.Struct, frozen=True):
    """A set of devices that confirm one another (防火分区 / 报警分区); not a room."""

    id: str
    zh: str
    en: str


class Device(msgspec.Struct, frozen=True):
    """A registered thing on a wall.

    `address` is what the dialect calls it (Tocsin's own: the device id; Zigbee2MQTT: the friendly name).
    `interval`: longest seconds between two messages while all is well (0 = not supervised); None takes
    the kind's. `sleepy` devices disconnect on purpose: their last will says nothing.
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

    @property
    def life_safety(self) -> bool:
        return KINDS[self.kind].life_safety

    @property
    def expected_interval(self) -> int:
        return KINDS[self.kind].interval if self.interval is None else self.interval
