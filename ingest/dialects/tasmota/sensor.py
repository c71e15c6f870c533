"""Thinks. What the sensors of a Tasmota device measure, and the others that it hears over Bluetooth."""

import re
from typing import Any

from ingest.dialects.dialect import Said
from ingest.dialects.held import Hearing
from ingest.moment import event_time, milliseconds
from ingest.reading import Decoded, Parts, TimeQuality
from ingest.value import READERS

_BLUETOOTH = re.compile(r".+-[0-9a-f]{6}")  # the model and the end of the MAC: a device of its own
_NO_OFFSET = len("2026-11-22T08:00:00")
_MEASURED = {
    "Temperature": "temperature",
    "Humidity": "humidity",
    "Battery": "battery",
    "CarbonDioxide": "co2",
    "Voltage": "voltage",
    "Current": "current",
}


def moment(body: dict[str, Any], said: Said) -> tuple[int, TimeQuality]:
    """Local time without a zone is not believed; with an offset (SetOption52) or as an epoch it is."""
    told = body.get("Time")
    if type(told) is int:
        told = told * 1000
    elif type(told) is str and (len(told) <= _NO_OFFSET or milliseconds(told) is None):
        told = None
    return event_time(told, said.received, said.retained)


def measured(hearing: Hearing, values: dict[str, Any], fahrenheit: bool) -> None:
    """Of several sensors that measure the same the first stands; each of them may be registered by itself."""
    for key, metric in _MEASURED.items():
        raw = values.get(key)
        if raw is None or isinstance(raw, list):  # one for each phase
            continue
        value = READERS[metric](raw)
        if fahrenheit and metric == "temperature" and value is not None and isinstance(value[0], float):
            value = READERS[metric](round((value[0] - 32) / 1.8, 2))
        hearing.take(metric, value)


def others(
    hearing: Hearing, key: str, values: dict[str, Any], fahrenheit: bool, body: dict[str, Any]
) -> Decoded | None:
    """A device that speaks through this one: known by its MAC, or registered as `<address>/<sensor>`."""
    beacon = values.get("MAC") if "STATE" in values else None
    name = beacon[:40] if isinstance(beacon, str) and beacon else key
    address = f"{hearing.address}/{name}"
    known = hearing.said.known
    device = known.registered(address)
    if device is None and not (beacon or _BLUETOOTH.fullmatch(key)):
        return None
    hears = Hearing(hearing.said, device or known.stand_in(address), address)
    if beacon:
        hears.take("presence", READERS["presence"](values["STATE"]))
        hears.take("rssi", READERS["rssi"](values.get("RSSI")))
    measured(hears, values, fahrenheit)
    lost = "presence" in hears.values and hears.values["presence"][0] != "present"
    alive = not (lost or hearing.said.retained)
    result = hears.result(*moment(body, hearing.said), alive=alive)
    return result.heard[0] if isinstance(result, Parts) else result
