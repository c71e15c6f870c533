"""Thinks. Zigbee2MQTT: flat JSON per device, merged from the bridge's cache; what is true may be days old.

Its states are repeated with every other report, so only their edges mean something (rules look at edges).
`action` is a pulse that the bridge never caches: one live message is one press. A friendly name may hold
slashes, blanks and any letters, so a topic is matched against the registered names, never split by index.
The address of a device is its IEEE address, which a rename cannot change, or its friendly name; with the
base topic before it where two bridges use the same name.
"""

from typing import Any

from msgspec.structs import replace

from ingest.campus.device import Device
from ingest.campus.kinds import UNREGISTERED
from ingest.dialects.dialect import (
    IGNORED,
    Known,
    Result,
    Said,
    link,
    malformed,
    no_definitions,
    rejected,
)
from ingest.dialects.hazard import HAZARDS
from ingest.dialects.held import Hearing
from ingest.dialects.zigbee2mqtt.devices import listed
from ingest.dialects.zigbee2mqtt.keys import NAMES, PULSES, attribute, found
from ingest.guard import Malformed, check, json_object, json_scalar
from ingest.moment import BEHIND, event_time, milliseconds
from ingest.reading import Decoded, Reading, Reason, TimeQuality

NAME = "zigbee2mqtt"
BASES = ("zigbee2mqtt",)
INTERVAL = {"": 93_600, "gateway": 900}  # a sleeping device is heard within 25 h (the bridge's own limit)
define = no_definitions
BRIDGE = "bridge"  # the address of the bridge itself, registered as a gateway

_BRIDGE_TOPICS = ("bridge/state", "bridge/health", "bridge/devices")
_OF_SEVERAL_KEYS = HAZARDS | {"fault"}  # `smoke_alarm_2` false says nothing of `smoke_alarm_1`
_LIST_BYTES = 2 << 20  # some 10 KB a device
_EPOCH_2020 = 1577836800000  # a clock that stands before this was never set


def topics(known: Known) -> list[str]:
    return ["#"]


def filters(address: str, known: Known) -> list[str]:
    if address == BRIDGE:
        return ["bridge/state", "bridge/health", "bridge/devices"]
    name = known.learned.get("friendly", {}).get(address, address)
    return [name, f"{name}/+"]


def addresses(rest: str, known: Known) -> tuple[str, ...] | None:
    levels = rest.split("/")
    if levels[0] == BRIDGE:
        return (BRIDGE, "") if rest in _BRIDGE_TOPICS else ()
    if any(level in ("set", "get") for level in levels[-2:]):
        return ()
    parent = rest.rpartition("/")[0]
    if levels[-1] == "availability":
        return (parent,) if parent else None
    return (rest, parent) if parent else (rest,) if rest else None


def guard(rest: str, payload: bytes) -> tuple[Reason, str] | None:
    if rest == "bridge/devices":  # the bridge's own list, which describes every device in full
        return check(payload, _LIST_BYTES, _LIST_BYTES)
    return check(payload)


def decode(said: Said) -> Result:
    part = said.rest[len(said.address) + 1 :] if said.address else said.rest.removeprefix("bridge/")
    if not said.payload and (said.retained or part):
        return IGNORED  # a retained message was deleted: by a rename for instance
    if part == "availability":
        return link(said, _state(said.payload))
    try:
        if not part and (parent := _stranger_in_parts(said)):
            return _attribute(said.rest[len(parent) + 1 :], replace(said, device=said.known.find(parent)))
        if not part:
            return _report(json_object(said.payload), said, said.device)
        if said.rest in _BRIDGE_TOPICS and said.address in (BRIDGE, ""):
            return _bridge(said, part)
        return _attribute(part, said)
    except Malformed as error:
        return malformed(error if said.payload else "empty payload", said)
    except _Impostor as error:
        return rejected(Reason.IDENTITY, str(error), said)


def _stranger_in_parts(said: Said) -> str:
    """The name of an unregistered device that speaks in output mode `attribute`; "" for a report of JSON."""
    name, _, key = said.rest.rpartition("/")
    if said.device.kind != UNREGISTERED or key not in NAMES or said.payload.lstrip().startswith(b"{"):
        return ""
    return name


class _Impostor(Exception):
    """The payload names another device than the topic."""


def _report(body: dict[str, Any], said: Said, device: Device) -> Decoded:
    if "device" in body:
        _same(body["device"], said)
    received, retained, seen = said.received, said.retained, body.get("last_seen")
    moment, quality = event_time(seen, received, retained)
    replayed = quality is TimeQuality.IMPLAUSIBLE and _days_old(seen, received)
    values = found(body, device.kind)
    if retained:
        for pulse in PULSES:  # an old press, replayed: nobody presses now
            values.pop(pulse, None)
    name = device.id
    readings = [
        Reading(name, metric, value, received, moment, quality, retained, note)
        for metric, (value, note) in values.items()
    ]
    if replayed and not values.keys().isdisjoint(PULSES):
        readings = [_not_live(reading) for reading in readings]
    return Decoded(name, readings, alive=not (retained or replayed))


def _not_live(reading: Reading) -> Reading:
    """A press in a replayed cache may be an old one, or live under a wrong clock: it may raise an alert that
    is not known, and never rings again for one that is."""
    return replace(reading, retained=True) if reading.metric in PULSES else reading


def _same(named: Any, said: Said) -> None:
    """The device block (include_device_information) must be of the device whose topic it came on."""
    if not isinstance(named, dict):
        return
    keys = ("friendlyName", "friendly_name", "ieeeAddr", "ieee_address")
    names = [str(named[key]) for key in keys if named.get(key)]
    if names and not any(name in (said.address, said.device.address) for name in names):
        raise _Impostor(f"the topic is of {said.address!r}, the payload says {names[0][:60]!r}")


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


def _bridge(said: Said, part: str) -> Result:
    if part == "devices":
        return listed(said)
    if not said.address:
        return IGNORED  # nobody registered the bridge
    if part == "health":
        return Decoded(said.device.id, [], alive=not said.retained)
    result = link(said, _state(said.payload))
    if isinstance(result, Decoded) and not said.retained and result.readings[0].value == "online":
        result.alive = True  # said by the bridge itself, just now: its way back after a last will
    return result


def _attribute(key: str, said: Said) -> Result:
    """Output mode `attribute`: one topic for each key, one bare value."""
    if key not in NAMES:
        if said.payload.startswith(b"{"):  # a whole report: a device of its own whose name begins with ours
            return _report(json_object(said.payload), said, said.known.find(said.rest))
        return IGNORED
    hearing = Hearing(said, said.device, said.address)
    for metric, value in attribute(key, json_scalar(said.payload), said.device.kind).items():
        if metric not in PULSES or not said.retained:
            hearing.take(metric, value, part=key if metric in _OF_SEVERAL_KEYS else "")
    return hearing.result(alive=not said.retained)
