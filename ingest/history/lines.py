"""Thinks. A reading as a line of InfluxDB's line protocol, in the schema that every such server accepts.

The metric is the measurement; the tags are always site, building, room, device and kind, the only field is
the float `value`, the time is in ms. States and events are numbers (WORD_CODES): VictoriaMetrics stores text
as 0, and one number type means no type conflict. InfluxDB 3 fixes a table's tags, so they never vary.
"""

import math
import re

from ingest.campus.registry import Registry

WORD_CODES: dict[str, int] = {  # never renumber one: stored series would change their meaning
    "unknown": -1,
    "normal": 0,
    "alarm": 1,
    "prealarm": 2,
    "test": 3,
    "fault": 4,
    "disabled": 5,
    "passed": 6,
    "failed": 7,
    "tamper": 8,
    "low": 9,
    "mains": 10,
    "battery": 11,
    "open": 12,
    "closed": 13,
    "present": 14,
    "missing": 15,
    "online": 16,
    "offline": 17,
    "reporting": 18,
    "late": 19,
    "silent": 20,
    "running": 21,
    "stopped": 22,
    "automatic": 23,
    "manual": 24,
    "pressed": 25,
}
_IN_NAME = re.compile(r"([, ])")
_IN_TAG = re.compile(r"([,= ])")
_NEVER = re.compile(
    r"[\x00-\x1f\x7f\\]"
)  # a line break would start a new line; a backslash could hide a comma


def series_of(metric: str, device: str, site: str, registry: Registry) -> str:
    """The part of a line before the field: the measurement and its tags. "-" stands for what is not known."""
    known = registry.devices.get(device)
    path = registry.path(known.place) if known else ()
    tags = {
        "building": path[min(1, len(path) - 1)].id if path else "",
        "device": device,
        "kind": known.kind if known else "",
        "room": path[-1].id if path else "",
        "site": site,
    }
    return ",".join([_name(metric), *(f"{key}={_tag(value)}" for key, value in tags.items())])


def line(series: str, number: float | None, word: str | None, event_time: int) -> str | None:
    """One line; None for what has no number: a word without a code, a number that is not finite."""
    if number is None:
        code = WORD_CODES.get(word or "")
        if code is None:
            return None
        number = float(code)
    return f"{series} value={number!r} {event_time}" if math.isfinite(number) else None


def _name(text: str) -> str:
    return _IN_NAME.sub(r"\\\1", _NEVER.sub("_", text)) or "-"


def _tag(text: str) -> str:
    return _IN_TAG.sub(r"\\\1", _NEVER.sub("_", text)) or "-"
