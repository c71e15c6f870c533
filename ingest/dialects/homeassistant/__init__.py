"""Thinks. Home Assistant's MQTT discovery: config topics propose devices, and approved ones are read.

Whoever may publish can propose anything; so a proposal does nothing until a person approves it. From then on
the topics of the approved document are read as it says, whatever is proposed later.
"""

from functools import lru_cache
from typing import Any

import msgspec
from jinja2 import Undefined

from ingest.campus.device import Device
from ingest.campus.kinds import UNREGISTERED
from ingest.dialects.dialect import IGNORED, MANY, Known, Result, Said, json_guard, malformed
from ingest.dialects.hazard import bare
from ingest.dialects.held import Hearing
from ingest.dialects.homeassistant import definition
from ingest.dialects.homeassistant.classes import BARE
from ingest.dialects.homeassistant.definition import Definition, Entity
from ingest.dialects.homeassistant.discovery import proposed
from ingest.dialects.homeassistant.state import available, linked, value_of
from ingest.guard import Malformed, json_object
from ingest.reading import Decoded, Parts, Rejected
from ingest.value import UNKNOWN, Value

NAME = "homeassistant"
BASES = ("homeassistant",)
INTERVAL = {
    "": 93_600,
    "gateway": 0,
}  # a sleeping device speaks within 25 h, a bridge may say only its will
guard, define = json_guard, definition.define

END_NOT_SAID = "over as far as is known: its end is never said (off_delay)"


def topics(known: Known) -> list[str]:
    return sorted(_index(known)) if known.definitions else ["+/+/config", "+/+/+/config"]


def filters(address: str, known: Known) -> list[str]:
    definition = known.definitions.get(address)
    return definition.topics if definition else []


def addresses(rest: str, known: Known) -> tuple[str, ...] | None:
    if known.definitions:
        names = _index(known).get(rest)
        return None if names is None else names if len(names) == 1 else MANY
    return MANY if rest.endswith("/config") else ()


@lru_cache(maxsize=4)
def _index(known: Known) -> dict[str, tuple[str, ...]]:
    """Topic → the definitions that read it. A Known is never changed in this."""
    found: dict[str, tuple[str, ...]] = {}
    for name, approved in known.definitions.items():
        for topic in approved.topics:
            found[topic] = (*found.get(topic, ()), name)
    return found


def decode(said: Said) -> Result:
    if not said.known.definitions:
        return proposed(said)
    if not said.payload:
        return IGNORED  # a retained message was deleted
    try:
        text = said.payload.decode()
        body = _body(said)
    except (UnicodeDecodeError, Malformed) as error:
        return malformed(error, said)
    if said.address:
        return _heard(said, said.device, said.address, text, body)
    parts = Parts()
    for name in _index(said.known)[said.rest]:
        _gather(parts, _heard(said, said.known.find(name), name, text, body))
    return parts


def _body(said: Said) -> Any:
    """The JSON of it; Undefined for a plain text, or where nobody asks."""
    if said.address and said.rest not in said.known.definitions[said.address].with_json:
        return Undefined
    if said.payload[:1] == b"{":
        return json_object(said.payload)
    try:
        return msgspec.json.decode(said.payload)
    except (ValueError, RecursionError):
        return Undefined


def _gather(parts: Parts, result: Result) -> None:
    if isinstance(result, Decoded):
        parts.heard.append(result)
    elif isinstance(result, Parts):
        parts.heard += result.heard
        parts.learned |= result.learned
    elif isinstance(result, Rejected) and not parts.rejected:
        parts.rejected.append(result)


def _heard(said: Said, device: Device, name: str, text: str, body: Any) -> Result:
    """What the message says of one device."""
    definition: Definition = said.known.definitions[name]
    hearing, read = Hearing(said, device, name), False
    for entity in definition.states.get(said.rest, ()):
        value = value_of(entity, text, body)
        if value is None:
            continue
        read = True
        if entity.simple:
            hearing.take(entity.metric, value)
        else:
            _take(hearing, entity, value)
    way = definition.availability.get(said.rest)
    word = way and available(way, text, body)
    if word:
        hearing.values["link"] = linked(said.known, name, definition, said.rest, word, hearing.news), ""
    if body is Undefined and not (read or word):
        return malformed(f"nothing in it that the approval {name!r} could read", said)
    return hearing.result(interval=definition.interval)


def _take(hearing: Hearing, entity: Entity, value: Value) -> None:
    metric, kind = entity.metric, hearing.device.kind
    if entity.movement and kind not in ("perimeter", UNREGISTERED):
        return
    once = entity.once and value[0] != UNKNOWN and value != entity.off
    if metric == BARE:
        found = bare(value, kind)
        if found is None:
            return
        metric, value = found
    if once:
        hearing.once(metric, value, str(entity.off[0]), END_NOT_SAID)
    else:
        hearing.take(metric, value, entity.name if entity.several else "")
