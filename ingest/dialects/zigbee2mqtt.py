"""Thinks. Zigbee2MQTT: flat JSON per device, merged from the bridge's cache; what is true may be days old.

Its states are repeated with every other report, so only their edges mean something (rules look at edges).
`action` is a pulse that the bridge never caches: one live message is one press. A friendly name may hold
slashes, blanks and any letters, so a topic is matched against the registered names, never split by index.
The address of a device is its friendly name, or the whole topic where two bridges use the same name.
"""

from typing import Any

import msgspec

from ingest.campus.device import Device
from ingest.dialects.dialect import IGNORED, link, rejected
from ingest.dialects.zigbee2mqtt_keys import NAMES, Found, attribute, found
from ingest.guard import Malformed, json_object, json_scalar
from ingest.moment import BEHIND, event_time, milliseconds
from ingest.reading import Decoded, Ignored, Reading, Reason, Rejected, TimeQuality
from ingest.settings import BrokerSettings

NAME = "zigbee2mqtt"
BRIDGE = "bridge"  # the address of the bridge itself, registered as a gateway

_EPOCH_2020 = 1577836800000  # a clock that stands before this was never set


def bases(settings: BrokerSettings) -> list[str]:
    return settings.zigbee2mqtt


def topics(base: str) -> list[str]:
    return [f"{base}/#"]


def own_filters(device: Device, base: str) -> list[str]:
    name = _topic(device, base)
    if name == f"{base}/{BRIDGE}":
        return [f"{name}/state", f"{name}/health"]
    return [name, f"{name}/+"]


def addresses(topic: str, base: str) -> tuple[str, ...] | None:
    rest = topic[len(base) + 1 :]
    levels = rest.split("/")
    if levels[0] == BRIDGE:
        return (BRIDGE, "") if rest in ("bridge/state", "bridge/health") else ()
    if any(level in ("set", "get") for level in levels[-2:]):
        return ()
    parent = rest.rpartition("/")[0]
    if levels[-1] == "availability":
        return (parent,) if parent else None
    return (rest, parent) if parent else (rest,) if rest else None


def decode(
    topic: str, payload: bytes, received: int, retained: bool, device: Device, base: str
) -> Decoded | Rejected | Ignored:
    part = topic[len(_topic(device, base)) + 1 :]
    if not payload and (retained or part):
        return IGNORED  # a retained message was deleted: by a rename for instance
    if part == "availability":
        return link(topic, _state(payload), received, retained, device)
    try:
        if not part:
            return _report(json_object(payload), received, retained, device)
        if device.kind == "gateway" and part in ("state", "health"):
            return _bridge(topic, payload, received, retained, device)
        return _attribute(topic, part, payload, received, retained, device)
    except Malformed as error:
        return rejected(
            Reason.MALFORMED, str(error) if payload else "empty payload", topic, payload, received
        )
    except _Impostor as error:
        return rejected(Reason.IDENTITY, str(error), topic, payload, received)


class _Impostor(Exception):
    """The payload names another device than the topic."""


def _topic(device: Device, base: str) -> str:
    name = device.address or device.id
    return name if name.startswith(base + "/") else f"{base}/{name}"


def _report(body: dict[str, Any], received: int, retained: bool, device: Device) -> Decoded:
    if "device" in body:
        _same(body["device"], device)
    seen = body.get("last_seen")
    moment, quality = event_time(seen, received, retained)
    replayed = quality is TimeQuality.IMPLAUSIBLE and _days_old(seen, received)
    values = found(body, device.kind)
    if retained:
        values.pop("press", None)  # an old press, replayed: nobody presses now
    name = device.id
    readings = [
        Reading(name, metric, value, received, moment, quality, retained, note)
        for metric, (value, note) in values.items()
    ]
    if replayed and "press" in values:
        readings = [_not_live(reading) for reading in readings]
    return Decoded(name, readings, alive=not (retained or replayed))


def _not_live(reading: Reading) -> Reading:
    """A press in a replayed cache may be an old one, or live under a wrong clock: it may raise an alert that
    is not known, and never rings again for one that is."""
    return msgspec.structs.replace(reading, retained=True) if reading.metric == "press" else reading


def _same(named: Any, device: Device) -> None:
    """The device block (include_device_information) must be of the device whose topic it came on."""
    if not isinstance(named, dict):
        return
    keys = ("friendlyName", "friendly_name", "ieeeAddr", "ieee_address")
    names = [str(named[key]) for key in keys if named.get(key)]
    address = device.address or device.id
    if names and not any(address == name or address.endswith("/" + name) for name in names):
        raise _Impostor(f"the topic is of {address!r}, the payload says {names[0][:60]!r}")


def _days_old(seen: Any, received: int) -> bool:
    """The cache of a bridge that has just started, replayed: it looks live and is older than any delay."""
    moment = milliseconds(seen)
    return moment is not None and _EPOCH_2020 < moment < received - BEHIND


def _state(payload: bytes) -> bytes:
    """`online`, or since version 2 `{"state": "online"}`."""
    if not payload.lstrip().startswith(b"{"):
        return payload
    try:
        return str(json_object(payload).get("state")).encode("utf-8", "replace")
    except Malformed:
        return payload


def _bridge(topic: str, payload: bytes, received: int, retained: bool, device: Device) -> Decoded | Rejected:
    if topic.endswith("/health"):
        return Decoded(device.id, [], alive=not retained)
    result = link(topic, _state(payload), received, retained, device)
    if isinstance(result, Decoded) and not retained and result.readings[0].value == "online":
        result.alive = True  # said by the bridge itself, just now: its way back after a last will
    return result


def _attribute(
    topic: str, key: str, payload: bytes, received: int, retained: bool, device: Device
) -> Decoded | Rejected | Ignored:
    """Output mode `attribute`: one topic for each key, one bare value."""
    if key not in NAMES:
        if payload.startswith(b"{"):  # a whole report: a device of its own whose name begins with ours
            detail = f"no device is registered for {topic[:200]!r}"
            return rejected(Reason.UNKNOWN_DEVICE, detail, topic, payload, received)
        return IGNORED
    value: Found = attribute(key, json_scalar(payload), device.kind)
    if retained:
        value.pop("press", None)
    readings = [
        Reading(device.id, metric, v, received, received, retained=retained, note=note)
        for metric, (v, note) in value.items()
    ]
    return Decoded(device.id, readings, alive=not retained)
