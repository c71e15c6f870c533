"""Thinks. Home Assistant's discovery: what a config topic proposes, as one document for each device.

A person approves a device with its entities, and entities arrive one by one: so what was proposed of a device
is learned, and each further config makes its document complete. Nothing of it is used before it is approved.
"""

import re
from collections.abc import Iterable
from hashlib import blake2s
from typing import Any

import msgspec

from ingest.dialects.dialect import IGNORED, Result, Said, malformed, rejected
from ingest.dialects.held import key_of
from ingest.dialects.homeassistant.change import changes
from ingest.dialects.homeassistant.classes import likely_kind
from ingest.dialects.homeassistant.definition import EntityDocument, define, metric_of
from ingest.guard import Malformed, json_object
from ingest.reading import Announced, Parts, Reason

_LEVELS = re.compile(r"([a-z_]+)((?:/[A-Za-z0-9_-]+){1,2})/config")
_IN_A_NAME = re.compile(r"[^A-Za-z0-9_.:/-]")
_PREFIX = "device:"
OURSELVES = "Tocsin"  # the origin of what we announce of ourselves: it is no device
_MOST_DEVICES, _MOST_ENTITIES, _LONGEST = 500, 32, 1100
_NATIVE = {
    "zigbee2mqtt": "zigbee2mqtt",
    "tasmota": "tasmota",
}  # who says it → the dialect that reads it better

_SHORT = {
    "stat_t": "state_topic", "t": "topic", "avty": "availability", "avty_t": "availability_topic",
    "avty_mode": "availability_mode", "avty_tpl": "availability_template", "dev": "device",
    "dev_cla": "device_class", "val_tpl": "value_template", "pl_on": "payload_on", "pl_off": "payload_off",
    "pl_avail": "payload_available", "pl_not_avail": "payload_not_available", "uniq_id": "unique_id",
    "unit_of_meas": "unit_of_measurement", "exp_aft": "expire_after", "off_dly": "off_delay", "o": "origin",
    "p": "platform", "cmps": "components", "ids": "identifiers", "cns": "connections", "mf": "manufacturer",
    "mdl": "model",
}  # fmt: skip
_SHARED = ("state_topic", "availability", "availability_topic", "availability_mode", "availability_template",
           "payload_available", "payload_not_available", "device", "origin")  # fmt: skip
_SAME = ("state_topic", "device_class", "value_template", "payload_on", "payload_off", "off_delay",
         "expire_after")  # fmt: skip

Entities = dict[str, dict[str, Any]]


def proposed(said: Said) -> Result:
    """A config topic: what it proposes, or takes back."""
    found = _LEVELS.fullmatch(said.rest)
    if found is None:
        return rejected(Reason.BAD_TOPIC, "an id of a config topic has only letters, digits, _ and -", said)
    component, source = found[1], found[1] + found[2]
    if component not in ("binary_sensor", "sensor", "device"):
        return IGNORED
    if not said.payload.strip():
        return _taken_back(said, source)
    try:
        config = _long(json_object(said.payload))
    except Malformed as error:
        return malformed(error, said)
    if _of_ourselves(config):
        return IGNORED
    entities = _entities(source, component, config)
    return _learned(said, source, config, entities) if entities else _taken_back(said, source)


def _of_ourselves(config: dict[str, Any]) -> bool:
    origin = config.get("origin")
    return isinstance(origin, dict) and origin.get("name") == OURSELVES


def _entities(source: str, component: str, config: dict[str, Any]) -> Entities:
    if component != "device":
        made = _entity(component, config)
        return {source: made} if made else {}
    shared = {key: config[key] for key in _SHARED if key in config}
    listed = config.get("components")
    found = {}
    for name, one in listed.items() if isinstance(listed, dict) else ():
        inner = _long({"~": config.get("~"), **one}) if isinstance(one, dict) else {}
        made = _entity(str(inner.get("platform")), {**shared, **inner})
        if made:
            found[f"{source}/{name[:100]}"] = made
    return dict(list(found.items())[:_MOST_ENTITIES])


def _entity(platform: str, config: dict[str, Any]) -> dict[str, Any] | None:
    """The fields that we use, checked; None for what says nothing of ours."""
    fields = {key: _short(config[key]) for key in _SAME if config.get(key) is not None}
    fields |= {"platform": platform, "unit": _short(config.get("unit_of_measurement") or "")}
    try:
        made = msgspec.convert(fields, EntityDocument)
    except (ValueError, RecursionError):
        return None
    if not metric_of(made):
        return None
    return {**msgspec.to_builtins(made), **_availability(config)}


def _availability(config: dict[str, Any]) -> dict[str, Any]:
    listed = config.get("availability")
    if not listed and isinstance(config.get("availability_topic"), str):
        listed = [{**config, "topic": config["availability_topic"],
                   "value_template": config.get("availability_template")}]  # fmt: skip
    names = {"topic": "topic", "value_template": "template", "payload_available": "available",
             "payload_not_available": "not_available"}  # fmt: skip
    ways = [
        {to: _short(one[key]) for key, to in names.items() if isinstance(one.get(key), str | bool | int)}
        for one in (listed if isinstance(listed, list) else [listed])[:8]
        if isinstance(one, dict) and isinstance(one.get("topic"), str)
    ]
    mode = config.get("availability_mode")
    return {"availability": ways, "availability_mode": mode if mode in ("all", "any") else "latest"}


def _learned(said: Said, source: str, config: dict[str, Any], entities: Entities) -> Result:
    device = config.get("device")
    device = _long(device) if isinstance(device, dict) else {}
    address = _address(device, config, source)
    key = key_of(_PREFIX.rstrip(":"), address)
    known = said.known.learned
    before = known.get(key) or {}
    others = {name: one for name, one in before.get("entities", {}).items() if not _of(name, source)}
    whole = dict(list({**entities, **others}.items())[:_MOST_ENTITIES])
    after = {"address": address, **_facts(device, config), "entities": dict(sorted(whole.items()))}
    full = key not in known and sum(name.startswith(_PREFIX) for name in known) >= _MOST_DEVICES
    news = {key: after} if after != before and not full else {}
    return Parts(announced=[_announced(after, said)], learned=news)


def _taken_back(said: Said, source: str) -> Result:
    """A config was deleted, or says nothing of ours any more. What a person approved stays approved."""
    for key, before in said.known.learned.items():
        entities = before["entities"] if key.startswith(_PREFIX) else {}
        left = {name: one for name, one in entities.items() if not _of(name, source)}
        if len(left) < len(entities):
            after = {**before, "entities": left}
            announced = [_announced(after, said)] if left else []
            return Parts(announced=announced, learned={key: after if left else None})
    return IGNORED


def _of(name: str, source: str) -> bool:
    return name == source or (source.startswith("device/") and name.startswith(source + "/"))


def _announced(device: dict[str, Any], said: Said) -> Announced:
    entities, mode = device["entities"], "latest"
    ways: dict[str, dict[str, Any]] = {}
    for one in entities.values():
        ways |= {way["topic"]: way for way in one["availability"]}
        mode = one["availability_mode"] if one["availability"] else mode
    apart = ("availability", "availability_mode")
    document = {
        **{key: device[key] for key in ("name", "model", "origin") if device[key]},
        "entities": {n: {k: v for k, v in one.items() if k not in apart} for n, one in entities.items()},
        **({"availability": list(ways.values()), "availability_mode": mode} if ways else {}),
    }
    metrics = [metric_of(msgspec.convert(one, EntityDocument)) for one in document["entities"].values()]
    note = "; ".join(_notes(device, document, metrics))[:1000]
    approved = said.known.approved.get(device["address"])
    changed = None if approved is None else "; ".join(changes(approved, document))[:800]
    kind, name, model = likely_kind(metrics), device["name"], device["model"]
    return Announced(device["address"], kind, name, model, note, document, changed)


def _notes(device: dict[str, Any], document: dict[str, Any], metrics: Iterable[str]) -> Iterable[str]:
    try:
        define("", document)
    except ValueError as error:
        yield f"cannot be approved as it is: {error}"
    yield f"says {', '.join(sorted(set(metrics)))}"
    if native := _NATIVE.get(device["origin"].lower()):
        yield f"of {device['origin']}: register it with the dialect {native} instead, never with both"


def _facts(device: dict[str, Any], config: dict[str, Any]) -> dict[str, str]:
    origin = config.get("origin")
    made = " ".join(str(device[key])[:80] for key in ("manufacturer", "model") if device.get(key))
    return {
        "name": str(device.get("name") or config.get("name") or "")[:200],
        "model": made,
        "origin": str(_long(origin).get("name") or "")[:80] if isinstance(origin, dict) else "",
    }


def _address(device: dict[str, Any], config: dict[str, Any], source: str) -> str:
    """What the device is called in the registry: its identifier, else that of its only entity."""
    ids = device.get("identifiers")
    connections = device.get("connections")
    named = ids[0] if isinstance(ids, list) and ids else ids
    if not named and isinstance(connections, list) and connections and isinstance(connections[0], list):
        named = connections[0][-1] if connections[0] else None
    named = named or (device and device.get("name")) or config.get("unique_id") or source.partition("/")[2]
    text = str(named)
    plain = _IN_A_NAME.sub("-", text)[:180]
    if plain == text:
        return plain
    return f"{plain}.{blake2s(text.encode('utf-8', 'replace'), digest_size=4).hexdigest()}"


def _long(config: dict[str, Any]) -> dict[str, Any]:
    """Abbreviations written out, and `~` at either end of a topic filled in, in availability too."""
    found = {_SHORT.get(key, key): value for key, value in config.items()}
    base = config.get("~")
    if isinstance(base, str):
        found = {
            key: _filled(value, base) if key.endswith("topic") else value for key, value in found.items()
        }
    listed = found.get("availability")
    if listed is not None:
        ways = listed if isinstance(listed, list) else [listed]
        found["availability"] = [_long({"~": base, **one}) for one in ways if isinstance(one, dict)]
    return found


def _filled(value: Any, base: str) -> Any:
    if not isinstance(value, str) or not value:
        return value
    if value[0] == "~":
        return base + value[1:]
    return value[:-1] + base if value[-1] == "~" else value


def _short(value: Any) -> Any:
    return value[:_LONGEST] if isinstance(value, str) else value
