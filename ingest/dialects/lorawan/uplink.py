"""Thinks. From one uplink of a LoRaWAN device, as its network server hands it on, to its readings.

The two servers differ in their envelopes only. What stands (a fault that a later message must not hide, a
missing codec) is remembered for each registered device, so that it ends when it is over and not before.
"""

from typing import Any

import msgspec

from ingest.campus.device import Device
from ingest.campus.kinds import UNREGISTERED
from ingest.dialects.dialect import Result, Said
from ingest.dialects.late import historic
from ingest.dialects.lorawan.fields import Found, found
from ingest.dialects.lorawan.pressure import EVERY, Change
from ingest.moment import milliseconds
from ingest.reading import Announced, Decoded, Parts, Reading, TimeQuality
from ingest.value import Value

STANDING, UNITS = "standing", "units"  # keys of what is learned: by the address of a registered device
CODEC = "payload not decoded: install the device's codec at the network server"
SERVER = "network server"  # begins the faults that a decoded uplink disproves
MOST_STANDING = 20  # faults of one device
_KINDS = {"smoke": "smoke_detector", "heat": "heat_detector", "gas": "gas_detector", "co": "co_detector",
          "leak": "water_leak", "press": "panic_button", "contact": "door"}  # fmt: skip


class Uplink(msgspec.Struct):
    """What an envelope says beside the readings: whose it is, when, and how it may be announced."""

    device: Device
    address: str
    moment: int
    quality: TimeQuality
    rssi: Value | None = None
    battery: Value | None = None  # as the device told the network server itself
    name: str = ""
    model: str = ""
    note: str = ""
    interval: int | None = None  # seconds, where the device's profile is known to say so
    learned: dict[str, Any] = {}


def uplink(said: Said, up: Uplink, body: dict[str, Any] | None, data: bool) -> Result:
    """`body` is the payload as the server's codec decoded it, None where it did not; `data`: there is one."""
    standing = said.known.learned.get(STANDING)
    it = found(body, up.device, _unit(said, up)) if body else Found({}, [])
    if body and standing and up.device.address in standing:
        it.changes += [(CODEC, False), (SERVER + EVERY, False)]
    elif data and not body:
        it.changes.append((CODEC, True))
    if it.unit:
        _learn_unit(said, up, it.unit)
    if standing or it.changes:
        _stand(said, up, it)
    values = it.values
    if up.rssi is not None:
        values.setdefault("rssi", up.rssi)
    if up.battery is not None:
        values.setdefault("battery", up.battery)
    if said.retained:
        values.pop("press", None)  # an old press, replayed: nobody presses now
    readings = _readings(said, up, values)
    if body and type(history := body.get("history")) is list:
        readings += _history(said, up, history)
    return result(said, up, readings)


def fault_told(said: Said, up: Uplink, changes: list[Change]) -> Result:
    """What the network server says of a device that it could not hear or decode: no sign of life."""
    it = Found({}, changes)
    _stand(said, up, it)
    return result(said, up, _readings(said, up, it.values), alive=False)


def result(said: Said, up: Uplink, readings: list[Reading], alive: bool = True) -> Result:
    alive = alive and not said.retained
    decoded = Decoded(up.device.id, readings, alive=alive, interval=up.interval)
    if up.device.kind == UNREGISTERED:
        metrics = {reading.metric for reading in readings}
        kind = next((kind for metric, kind in _KINDS.items() if metric in metrics), "")
        announced = Announced(up.address, kind, up.name[:120], up.model[:120], up.note)
        return Parts([decoded], announced=[announced], learned=up.learned)
    return Parts([decoded], learned=up.learned) if up.learned else decoded


def _readings(said: Said, up: Uplink, values: dict[str, Value]) -> list[Reading]:
    name, received, retained = up.device.id, said.received, said.retained
    moment, quality = up.moment, up.quality
    return [
        Reading(name, metric, value, received, moment, quality, retained, note)
        for metric, (value, note) in values.items()
    ]


def _unit(said: Said, up: Uplink) -> str:
    told = up.device.labels and up.device.labels.get("pressure_unit")
    units = said.known.learned.get(UNITS)
    return told or (units.get(up.device.address, "") if units else "")


def _learn_unit(said: Said, up: Uplink, unit: str) -> None:
    units = said.known.learned.get(UNITS, {})
    if up.device.kind != UNREGISTERED and units.get(up.device.address) != unit:
        up.learned = {**up.learned, UNITS: {**units, up.device.address: unit}}


def _stand(said: Said, up: Uplink, it: Found) -> None:
    """Put the faults that stand into the reading `fault`: normal again only when the last one is over."""
    everyone = said.known.learned.get(STANDING, {})
    before: list[str] = everyone.get(up.device.address, [])
    after = before
    for name, stands in it.changes:
        whole = name.removesuffix(EVERY)
        after = [one for one in after if not (one.startswith(whole) if whole != name else one == name)]
        if stands:
            after = [*after, name][-MOST_STANDING:]
    told = it.values.get("fault")
    if after:
        if told is None or told[0] != "fault":
            it.values["fault"] = ("fault", "; ".join(after)[:200])
    elif told is None and (before or it.changes):
        it.values["fault"] = ("normal", "")
    if after != before and up.device.kind != UNREGISTERED:  # strangers may be invented
        others = {address: names for address, names in everyone.items() if address != up.device.address}
        up.learned = {**up.learned, STANDING: {**others, up.device.address: after} if after else others}


def _history(said: Said, up: Uplink, entries: list[Any]) -> list[Reading]:
    """What the device had stored while nobody heard it."""
    readings: list[Reading] = []
    unit = _unit(said, up)
    for entry in entries:
        if type(entry) is dict:
            values = found(entry, up.device, unit).values
            moment = _stored(entry.get("timestamp"))
            readings += historic(_readings(said, up, values), moment, said.received)
    return [reading for reading in readings if not (said.retained and reading.metric == "press")]


def _stored(raw: Any) -> int | None:
    """Seconds since 1970, as Milesight stores them, also as a text; or ISO 8601."""
    if isinstance(raw, str) and raw.isascii() and raw.isdigit() and len(raw) <= 13:
        raw = int(raw)
    moment = milliseconds(raw)
    if moment is not None and not isinstance(raw, str) and abs(moment) < 100_000_000_000:
        moment = int(raw * 1000)
    return moment
