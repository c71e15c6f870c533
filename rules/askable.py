"""Thinks. Everything that an expression can ask for, by the name that it has there."""

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta, timezone
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from ingest.campus.calendar import Calendar
from ingest.campus.device import Device
from ingest.campus.registry import Registry
from ingest.reading import Reading


class Here(NamedTuple):
    """What an expression can be asked about."""

    reading: Reading
    device: Device
    registry: Registry

    @property
    def calendar(self) -> Calendar:
        return self.registry.calendar

    def moment(self, at: int) -> datetime:
        """As the campus's clocks show it. The engine takes a fixed offset only, no zone."""
        offset = datetime.fromtimestamp(at / 1000, ZoneInfo(self.calendar.zone)).utcoffset()
        return datetime.fromtimestamp(at / 1000, timezone(offset or timedelta()))

    def today(self) -> date:
        return self.calendar.day_of(self.reading.received)


def _level(here: Here) -> str:
    place = here.registry.places.get(here.device.place)
    return (place.level if place is not None else None) or ""


FIELDS: Mapping[str, Callable[[Here], Any]] = {
    "reading.value": lambda here: here.reading.value,
    "reading.metric": lambda here: here.reading.metric,
    "reading.event_time": lambda here: here.moment(here.reading.event_time),
    "reading.retained": lambda here: here.reading.retained,
    "device.id": lambda here: here.device.id,
    "device.kind": lambda here: here.device.kind,
    "device.owner": lambda here: here.device.owner or "",
    "device.gateway": lambda here: here.device.gateway or "",
    "device.labels": lambda here: here.device.labels,
    "place.id": lambda here: here.device.place,
    "place.level": _level,
    "place.path": lambda here: [place.id for place in here.registry.path(here.device.place)],
    "zone.id": lambda here: here.device.zone or "",
    "calendar.workday": lambda here: here.calendar.is_workday(here.today()),
    "calendar.holiday": lambda here: here.calendar.is_holiday(here.today()),
    "calendar.term": lambda here: here.calendar.in_term(here.today()),
    "calendar.exam": lambda here: here.calendar.is_exam(here.today()),
    "calendar.names": lambda here: list(here.calendar.names_at(here.reading.received)),
    "now": lambda here: here.moment(here.reading.received),
}
LABELS = "device.labels"
