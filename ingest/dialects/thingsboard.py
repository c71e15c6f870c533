"""Thinks. ThingsBoard: the gateway API, where one message carries many devices by name.

`v1/devices/me/telemetry` says nothing of who sends it (ThingsBoard knows by the MQTT user name, which a
subscriber does not see): refused, with what to do. Arrays of old rows are history, their newest is now.
"""

from typing import Any

from ingest.campus.device import Device
from ingest.dialects.dialect import (
    IGNORED,
    MANY,
    Known,
    Result,
    Said,
    json_guard,
    malformed,
    no_definitions,
    rejected,
)
from ingest.dialects.mapping.payload import json_value
from ingest.dialects.properties import understood
from ingest.dialects.property_readings import Sample, asked, at_once, sampled
from ingest.guard import Malformed, json_object
from ingest.reading import Decoded, Parts, Reading, Reason

NAME = "thingsboard"
BASES = ("v1",)
INTERVAL: dict[str, int] = {}
guard, define = json_guard, no_definitions

_GATEWAY = {"gateway/telemetry", "gateway/attributes", "gateway/connect", "gateway/disconnect"}
_MOST_ROWS = 1000
_NOBODY = (
    "v1/devices/me/… carries no identity: only the broker sees whose user name it came with. Let the broker "
    "rewrite it to v1/devices/<name>/…, or send it as a gateway to v1/gateway/telemetry"
)


def topics(known: Known) -> list[str]:
    return [*sorted(_GATEWAY), "devices/#"]  # a name may hold a /


def filters(address: str, known: Known) -> list[str]:
    return [*sorted(_GATEWAY), f"devices/{address}/telemetry", f"devices/{address}/attributes"]


def addresses(rest: str, known: Known) -> tuple[str, ...] | None:
    first, _, below = rest.partition("/")
    if first == "gateway":
        return MANY if rest in _GATEWAY else ()
    name, _, what = below.rpartition("/")  # a name may hold a /
    if first != "devices" or not name:
        return None
    if what not in ("telemetry", "attributes"):
        return ()
    return MANY if name == "me" else (name,)


def decode(said: Said) -> Result:
    if said.rest.startswith("devices/me/"):
        return rejected(Reason.BAD_TOPIC, _NOBODY, said)
    if said.retained and not said.payload:
        return IGNORED
    try:
        if not said.rest.startswith("gateway/"):
            return _rows(said.device, json_value(said.payload), said)
        body = json_object(said.payload)
        if said.rest.endswith("connect"):
            return _link(body, said)
        return _many(body, said)
    except Malformed as error:
        return malformed(error if said.payload else "empty payload", said)


def _many(body: dict[str, Any], said: Said) -> Parts:
    found = Parts()
    for name, rows in body.items():
        try:
            found.heard.append(_rows(said.known.find(_named(name)), rows, said))
        except Malformed as error:
            found.rejected.append(malformed(f"{name[:60]!r}: {error}", said))
    return found


def _named(name: Any) -> str:
    if type(name) is not str or not name.strip() or len(name) > 128 or not name.isprintable():
        raise Malformed("expected the name of a device")
    return name


def _rows(device: Device, rows: Any, said: Said) -> Decoded:
    """`{…}`, `{"ts": …, "values": {…}}`, or a list of either."""
    listed = rows if type(rows) is list else [rows]
    if len(listed) == 1:
        values, told = _row(listed[0])
        return at_once(device, understood(values, device.kind), asked(told), said)
    if len(listed) > _MOST_ROWS:
        raise Malformed(f"more than {_MOST_ROWS} rows")
    samples: list[Sample] = []
    for row in listed:
        values, told = _row(row)
        samples += [(name, raw, told) for name, raw in values.items()]
    return sampled(device, samples, said)


def _row(row: Any) -> tuple[dict[str, Any], Any]:
    if type(row) is not dict:
        raise Malformed("expected an object, or a list of objects")
    values = row.get("values")
    return (values, row["ts"]) if type(values) is dict and "ts" in row else (row, None)


def _link(body: dict[str, Any], said: Said) -> Parts:
    """The gateway says that it has, or no longer has, a connection to a device: no life of the device."""
    device = said.known.find(_named(body.get("device")))
    word = "offline" if said.rest.endswith("disconnect") else "online"
    reading = Reading(device.id, "link", word, said.received, said.received, retained=said.retained)
    return Parts([Decoded(device.id, [reading], alive=False)])
