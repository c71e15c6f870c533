"""Thinks. An approved proposal of Home Assistant's discovery, made ready: which topic says what of a device.

The document is what the pending tray shows and the campus file holds under `approvals`. An entity may be
given a `metric` by hand where its device class says none.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any, Literal

import msgspec

from ingest.campus.kinds import METRICS, OURS, Form
from ingest.dialects.homeassistant.classes import BARE, BINARY, MOVEMENT, NUMBERS, converter
from ingest.dialects.homeassistant.template import Render, template
from ingest.value import READERS, Reader, Value

Scalar = str | bool | int | float
_LISTENER = "listen:"  # topics of what came in by a listener: no broker may use them


class Availability(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    topic: str
    template: str | None = None
    available: Scalar = "online"
    not_available: Scalar = "offline"


class EntityDocument(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    platform: Literal["binary_sensor", "sensor"]
    state_topic: str
    device_class: str = ""
    metric: str = ""
    unit: str = ""
    value_template: str | None = None
    payload_on: Scalar = "ON"
    payload_off: Scalar = "OFF"
    off_delay: float | None = None
    expire_after: float | None = None


class Document(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    entities: dict[str, EntityDocument]
    name: str = ""
    model: str = ""
    origin: str = ""
    availability: list[Availability] = []
    availability_mode: Literal["all", "any", "latest"] = "latest"


class Entity(msgspec.Struct, gc=False):
    """What one entity says: a number where `read` is given, else one of `words`. `once`: it never says its
    end (off_delay). `several`: others say the same metric. `simple`: none of these things."""

    name: str
    metric: str
    render: Render | None
    words: dict[Any, Value]
    off: Value = ("", "")
    read: Reader | None = None
    convert: Callable[[float], float] | None = None
    once: bool = False
    movement: bool = False
    several: bool = False
    simple: bool = True


class Way(msgspec.Struct, gc=False):
    """How one topic says whether the device is available."""

    render: Render | None
    words: dict[Any, str]


class Definition(msgspec.Struct, gc=False):
    states: dict[str, list[Entity]]  # by topic
    availability: dict[str, Way]
    mode: str
    with_json: frozenset[str]  # the topics of which a template looks into the JSON
    interval: int | None = None  # seconds after which Home Assistant would call it unavailable

    @property
    def topics(self) -> list[str]:
        return list(dict.fromkeys([*self.states, *self.availability]))


def plain(payload: Any) -> str:
    """A payload as it is compared: the type does not matter, nor capital letters ("True" and true)."""
    if type(payload) is float and payload.is_integer():
        payload = int(payload)
    return str(payload).strip().lower()


def define(name: str, document: dict[str, Any]) -> Definition:
    """Raises ValueError with everything in it that is refused."""
    told = msgspec.convert({k: v for k, v in document.items() if k != "id"}, Document)
    mistakes: list[str] = []
    states: dict[str, list[Entity]] = {}
    numbers: set[str] = set()
    for key, entity in told.entities.items():
        try:
            made = _entity(key, entity)
        except ValueError as error:
            mistakes.append(f"entity {key!r}: {error}")
            continue
        if made.read is not None and made.metric in numbers:
            continue  # of two temperatures the first is the device's
        numbers |= {made.metric} if made.read is not None else set()
        states.setdefault(entity.state_topic, []).append(made)
    mistakes += [f"availability {way.topic!r}: {wrong}" for way in told.availability for wrong in _wrong(way)]
    if not told.entities:
        mistakes.append("it has no entities, so it says nothing")
    if mistakes:
        raise ValueError("; ".join(mistakes))
    everything = [one for entities in states.values() for one in entities]
    counted = Counter(one.metric for one in everything)
    for one in everything:
        one.several = counted[one.metric] > 1 and one.read is None
        one.simple = not (one.several or one.once or one.movement or one.metric == BARE)
    ways = {way.topic: _way(way) for way in told.availability}
    looking = [topic for topic, entities in states.items() if any(one.render for one in entities)]
    looking += [topic for topic, way in ways.items() if way.render]
    expiring = [one.expire_after for one in told.entities.values() if one.expire_after]
    interval = int(min(expiring)) if expiring else None
    return Definition(states, ways, told.availability_mode, frozenset(looking), interval)


def metric_of(entity: EntityDocument) -> str:
    """The metric that an entity says, BARE, or "" for one that says none of ours."""
    if entity.metric:
        return entity.metric
    if entity.platform == "sensor":
        return NUMBERS.get(entity.device_class, "")
    return BINARY.get(entity.device_class, ("",))[0]


def _entity(key: str, told: EntityDocument) -> Entity:
    check_topic(told.state_topic)
    metric = metric_of(told)
    if not metric:
        what = f"device_class {told.device_class[:40]!r}" if told.device_class else "no device_class"
        raise ValueError(f"{told.platform} with {what} says no metric; give it a `metric` or leave it out")
    if metric != BARE and (metric not in METRICS or metric in OURS):
        raise ValueError(f"metric {metric[:40]!r} is not known")
    render = template(told.value_template) if told.value_template else None
    if told.platform == "sensor" or (metric in METRICS and METRICS[metric].form is Form.NUMBER):
        read = READERS[_same(metric)]
        return Entity(key, metric, render, {}, read=read, convert=converter(metric, told.unit))
    on, off = _on_and_off(told, metric)
    words = _words(told.payload_on, told.payload_off, (on, ""), (off, ""))
    once, movement = bool(told.off_delay), not told.metric and told.device_class in MOVEMENT
    return Entity(key, metric, render, words, (off, ""), once=once, movement=movement)


def _same(metric: str) -> str:
    return "fire" if metric == BARE else metric


def _on_and_off(told: EntityDocument, metric: str) -> tuple[str, str]:
    if not told.metric:
        return BINARY[told.device_class][1:]
    found = METRICS[_same(metric)]
    if not found.true:
        raise ValueError(f"metric {metric!r} cannot be said by on and off")
    off = found.false or "normal"
    return (off, found.true) if metric == "contact" else (found.true, off)


def _words(on: Scalar, off: Scalar, yes: Any, no: Any) -> dict[Any, Any]:
    if plain(on) == plain(off):
        raise ValueError(f"{on!r} means both ends")
    return {plain(on): yes, plain(off): no, off: no, on: yes}


def check_topic(topic: str) -> None:
    if not topic or len(topic) > 400 or any(mark in "+#" or not mark.isprintable() for mark in topic):
        raise ValueError(
            f"{topic[:80]!r} is no topic of a device: empty, too long, or with + # or control characters"
        )
    if topic.startswith((_LISTENER, "$")):
        raise ValueError(f"{topic[:80]!r} is no topic of a device")


def _wrong(way: Availability) -> Iterator[str]:
    try:
        check_topic(way.topic)
        _way(way)
    except ValueError as error:
        yield str(error)


def _way(way: Availability) -> Way:
    render = template(way.template) if way.template else None
    return Way(render, _words(way.available, way.not_available, "online", "offline"))
