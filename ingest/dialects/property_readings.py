"""Thinks. Generic properties as readings of a device: of one moment, or samples that each have a time."""

from typing import Any

from ingest.campus.device import Device
from ingest.campus.kinds import METRICS, Form
from ingest.dialects.dialect import Said
from ingest.dialects.late import historic
from ingest.dialects.properties import understood
from ingest.moment import event_time, milliseconds
from ingest.reading import Decoded, Reading
from ingest.value import Value, parsed, shown

Sample = tuple[str, Any, Any]  # name, raw value, time as it was told

_EVENTS = {name for name, metric in METRICS.items() if metric.form is Form.EVENT}


def at_once(device: Device, values: dict[str, Value], told: Any, said: Said) -> Decoded:
    """Values of one moment."""
    return Decoded(device.id, _readings(device, values, told, said), None, None, not said.retained)


def sampled(device: Device, samples: list[Sample], said: Said, past: bool = False) -> Decoded:
    """Of each name the newest sample is true now; the older ones are history, as all are of the `past`."""
    body = {name: raw for name, raw, _ in samples}
    times = {told for _, _, told in samples if type(told) in (int, str, float)}
    if len(body) == len(samples) and len(times) <= 1 and not past:  # as nearly all are
        told = next(iter(times), None)
        return at_once(device, understood(body, device.kind), told if told is None else asked(told), said)
    return _apart(device, samples, said, past)


def _apart(device: Device, samples: list[Sample], said: Said, past: bool) -> Decoded:
    newest: dict[str, tuple[int | None, Any]] = {}
    older: dict[int | None, dict[str, Any]] = {}
    for name, raw, said_time in samples:
        told = moment_of(said_time)
        here = newest.get(name)
        if past or (here is not None and _before(told, here[0])):
            older.setdefault(told, {})[name] = raw
            continue
        if here is not None:
            older.setdefault(here[0], {})[name] = here[1]
        newest[name] = told, raw
    sources: dict[str, str] = {}
    values = understood({name: raw for name, (_, raw) in newest.items()}, device.kind, sources)
    readings = []
    for metric, value in values.items():
        told = newest[sources[metric]][0] if metric in sources else None
        readings += _readings(device, {metric: value}, told, said)
    for told, body in older.items():
        past_values = understood(body, device.kind)
        readings += historic(_readings(device, past_values, None, said), told, said.received)
    return Decoded(device.id, readings, alive=not (said.retained or past))


def moment_of(told: Any) -> int | None:
    """A time in ms, also as a text of digits."""
    moment = milliseconds(told)
    if moment is None and (number := parsed(told)) is not None and abs(number) < 1e15:
        return int(number)
    return moment


def asked(told: Any) -> Any:
    """A time for `event_time`, which finds one that is none implausible."""
    if told is None or type(told) is int:
        return told
    moment = moment_of(told)
    return shown(told) if moment is None else moment


def _before(told: int | None, other: int | None) -> bool:
    return told is not None and (other is None or told < other)


def _readings(device: Device, values: dict[str, Value], told: Any, said: Said) -> list[Reading]:
    received, retained, name = said.received, said.retained, device.id
    moment, quality = event_time(told, received, retained)
    if retained:
        values = {metric: value for metric, value in values.items() if metric not in _EVENTS}
    return [
        Reading(name, metric, value, received, moment, quality, retained, note)
        for metric, (value, note) in values.items()
    ]
