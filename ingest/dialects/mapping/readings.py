"""Thinks. What one device's part of a mapped message says, as readings."""

from typing import Any

from ingest.campus.device import Device
from ingest.dialects.dialect import Said
from ingest.dialects.hazard import bare, graver
from ingest.dialects.late import EPOCH_2000, historic
from ingest.dialects.mapping.field import HAZARD, Field
from ingest.dialects.mapping.message import Message
from ingest.dialects.mapping.path import MISSING, Path, plain
from ingest.moment import event_time
from ingest.reading import Decoded, Reading
from ingest.value import UNKNOWN, Value, shown


def at_path(at: Any, whole: Any, part: Any) -> Any:
    return at.get(whole if at.whole else part)


def entry(
    each: Message, fields: tuple[Field, ...], whole: Any, part: Any, device: Device, kind: str, said: Said
) -> Decoded:
    received, retained = said.received, said.retained
    told = None
    if each.time is not None:
        raw = at_path(each.time[0], whole, part)
        told = None if raw is MISSING or raw is None else each.time[1](raw)
    moment, quality = event_time(told, received, retained)
    values = _values(fields, whole, part, device, kind, retained)
    name = device.id
    readings = [
        Reading(name, metric, value, received, moment, quality, retained, note)
        for metric, (value, note) in values.items()
    ]
    past = each.historic is not None and _past(each.historic, told, whole, part, received)
    if past:
        readings = historic(readings, told if type(told) is int else None, received)
    alive = not (retained or past or _only_a_link(values))
    if each.boot is None:
        return Decoded(name, readings, alive=alive)
    boot, sequence = _number(each.boot, whole), _number(each.sequence, whole)
    known = boot is not None and sequence is not None
    return Decoded(name, readings, boot if known else None, sequence if known else None, alive)


def _values(
    fields: tuple[Field, ...], whole: Any, part: Any, device: Device, kind: str, retained: bool
) -> dict[str, Value]:
    values: dict[str, Value] = {}
    for field in fields:
        raw = field.path.get(whole if field.path.whole else part)
        failed = field.error is not None and _failed(field.error, whole, part)
        if (raw is MISSING and not failed) or (retained and field.event):
            continue
        if field.holds is not None and not field.holds(whole, part):
            continue
        value = failed or field.read(raw)
        if value is None:
            continue
        metric = field.metric
        if metric == HAZARD:
            found = bare(value, device.kind, kind)
            if found is None:
                continue
            metric, value = found
        if field.note:
            value = value[0], f"{field.note}; {value[1]}".rstrip("; ")
        values[metric] = graver(values[metric], value) if metric in values else value
    return values


def _failed(at: Path, whole: Any, part: Any) -> Value | None:
    """The gateway could not read it: unknown, whatever stands in the value's place."""
    raw = at_path(at, whole, part)
    if raw is MISSING or plain(raw) in ("", "0", "null", "false"):
        return None
    return UNKNOWN, f"error {shown(raw)}"


def _only_a_link(values: dict[str, Value]) -> bool:
    """A gateway that says "online" has not heard the device, and of an offline one it repeats old values."""
    return "link" in values and (len(values) == 1 or values["link"][0] == "offline")


def _past(historic: Any, told: Any, whole: Any, part: Any, received: int) -> bool:
    if historic.path is not None:
        raw = at_path(historic.path, whole, part)
        return raw is not MISSING and plain(raw) in historic.words
    return type(told) is int and EPOCH_2000 < told < received - historic.older * 1000


def _number(at: Path | None, whole: Any) -> int | None:
    raw = None if at is None else at.get(whole)
    return raw if type(raw) is int and 0 <= raw < 2**63 else None
