"""Thinks. zwave-js-ui: `[<location>/]<node>/<class>/<endpoint>/<property>[/<key>]`, by numbers or by names.

The payload is what the installer chose: time and value, the whole value with all about it, or the bare value.
At its start the gateway publishes all that it remembers: what is days old then is no sign of life.
"""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from ingest.campus.kinds import KINDS, UNREGISTERED
from ingest.dialects.dialect import (
    IGNORED,
    MANY,
    Known,
    Result,
    Said,
    json_guard,
    link,
    malformed,
    no_definitions,
    rejected,
)
from ingest.dialects.hazard import hazard_of
from ingest.dialects.held import Hearing
from ingest.dialects.zwavejs.notification import notified
from ingest.guard import Malformed, json_object, json_scalar
from ingest.moment import BEHIND, event_time, milliseconds
from ingest.reading import Announced, Decoded, Parts, Reason
from ingest.value import READERS, UNKNOWN, Value

NAME = "zwavejs"
BASES = ("zwave",)
INTERVAL = {"": 93_600, "gateway": 0}  # battery nodes wake at least daily; the gateway has its last will
guard, define = json_guard, no_definitions

_CLIENTS, _DRIVER, _GATEWAY = "_CLIENTS", "driver/status", "gateway"
_OF_CLIENTS = _CLIENTS + "/"
_ABOUT_A_NODE = ("status", "lastActive", "nodeinfo")
_CLASSES = {"notification": 113, "alarm": 113, "sensor_binary": 48, "binary_sensor": 48,
            "sensor_multilevel": 49, "multilevel_sensor": 49, "battery": 128,
            "central_scene": 91}  # fmt: skip
_CLASS = re.compile(r"3[2-9]|[4-9][0-9]|1[0-9]{2}|2[0-4][0-9]|25[0-5]|[a-z][a-z0-9_]+|unknownClass_[0-9]+")
_ENDPOINT = re.compile(r"[0-9]{1,3}|endpoint_[0-9]{1,3}")
_NUMBERED = re.compile(r"(?:nodeID_)?([0-9]{1,5})")
_EPOCH_2020 = 1_577_836_800_000

_MEASURED = {
    "airtemperature": "temperature",
    "temperature": "temperature",
    "humidity": "humidity",
    "carbondioxideco2level": "co2",
    "carbonmonoxidecolevel": "co_ppm",
    "voltage": "voltage",
    "current": "current",
}
_BINARY = {"smoke": "smoke", "co": "co", "co2": "gas", "heat": "heat", "water": "leak", "freeze": "fault",
           "tamper": "tamper", "glassbreak": "intrusion"}  # fmt: skip
_BARE = ("any", "generalpurpose", "alarm", "state", "aux")
_PUSHES = (0, 2, 3, 4, 5, 6)  # once, held down, twice… five times; 1 is its release


class _Impostor(Exception):
    """The payload names another node than the topic."""


def topics(known: Known) -> list[str]:
    return ["#"]


def filters(address: str, known: Known) -> list[str]:
    if address.rpartition("/")[2].startswith("ZWAVE_GATEWAY-"):
        return [f"{_CLIENTS}/{address.removeprefix(_CLIENTS + '/')}/status", _DRIVER]
    return [f"{address}/#"]


def addresses(rest: str, known: Known) -> tuple[str, ...] | None:
    levels = rest.split("/")
    if levels[0] == _CLIENTS:
        return ("/".join(levels[:2]), levels[1]) if len(levels) == 3 and levels[2] == "status" else ()
    if rest == _DRIVER:
        return MANY
    if levels[0] == "_EVENTS" or levels[-1] in ("set", "api", "version") or not rest:
        return ()
    found = [rest[: -len(tail) - 1] for tail in _values(rest)]
    if levels[-1] in _ABOUT_A_NODE and len(levels) > 1:
        found.append("/".join(levels[:-1]))
    if found:
        return tuple(found)
    above = tuple("/".join(levels[:n]) for n in range(len(levels) - 1, 0, -1))
    return (*above, "")  # a topic of the installer's own: read if its node is registered


@lru_cache(maxsize=4096)
def _values(rest: str) -> tuple[str, ...]:
    """The ends of a topic that may be a value's: class, endpoint, property. The likeliest first."""
    levels, found = rest.split("/"), []
    for n in range(1, len(levels) - 1):
        ends = len(levels) > n + 2 and _ENDPOINT.fullmatch(levels[n + 1])
        if levels[n] in _CLASSES or (ends and _CLASS.fullmatch(levels[n])):
            of = levels[n + 2] if ends else levels[n + 1]
            found.append(
                (of.isdigit() or levels[n + 1].isdigit() > levels[n].isdigit(), "/".join(levels[n:]))
            )
    return tuple(tail for _, tail in sorted(found, key=lambda one: one[0]))


def decode(said: Said) -> Result:
    if not said.payload:
        return IGNORED  # a retained message was deleted
    what = said.rest[len(said.address) + 1 :]
    try:
        body = _body(said.payload)
        if said.rest == _DRIVER:
            return _driver(said, body.get("value"))
        if said.rest.startswith(_OF_CLIENTS):
            return _gateway(said, body.get("value"))
        if not said.address:
            return IGNORED
        _same(said, body)
        if what in _ABOUT_A_NODE:
            return _node(said, what, body)
        return _value(said, what, body)
    except Malformed as error:
        return malformed(error, said)
    except _Impostor as error:
        return rejected(Reason.IDENTITY, str(error), said)


def _body(payload: bytes) -> dict[str, Any]:
    if payload[:1] == b"{" or payload.lstrip().startswith(b"{"):
        return json_object(payload)
    return {"value": json_scalar(payload)}


def _plain(name: str) -> str:
    return _letters(name[:80])


@lru_cache(maxsize=4096)
def _letters(name: str) -> str:
    return "".join(mark for mark in name.lower() if mark.isalnum())


def _same(said: Said, body: dict[str, Any]) -> None:
    """A node is called in its topic as in its payload, but for blanks and signs; or has the same number."""
    name, number = body.get("nodeName"), body.get("nodeId")
    if name is None and number is None:
        return
    ours = said.address.rpartition("/")[2]
    told = _NUMBERED.fullmatch(ours)
    if told is not None and type(number) is int and int(told[1]) != number:
        raise _Impostor(f"the topic is of node {told[1]}, the payload says {number % 10**9}")
    if told is None and isinstance(name, str) and name and _plain(name) != _plain(ours):
        raise _Impostor(f"the topic is of {ours[:60]!r}, the payload says {name[:60]!r}")


def _gateway(said: Said, value: Any) -> Result:
    result = link(said, {True: b"online", False: b"offline"}.get(value, b"") if type(value) is bool else b"")
    if isinstance(result, Decoded) and not said.retained and value is True:
        result.alive = True  # said by the gateway itself, just now: its way back after a last will
    known = said.device.kind == UNREGISTERED or said.known.learned.get(_GATEWAY) == said.address
    news = {} if known else {_GATEWAY: said.address}
    return Parts([result], learned=news) if isinstance(result, Decoded) and news else result


def _driver(said: Said, value: Any) -> Result:
    """Whether the gateway reaches its Z-Wave stick: its fault, although its name is not in the topic."""
    address = said.known.learned.get(_GATEWAY)
    device = said.known.registered(address) if address else None
    if device is None or type(value) is not bool:
        return IGNORED
    hearing = Hearing(said, device, address or "")
    hearing.take("fault", _NORMAL if value else ("fault", "the Z-Wave stick does not answer"), part="driver")
    return hearing.result(alive=False)


def _node(said: Said, what: str, body: dict[str, Any]) -> Result:
    value = body.get("value")
    if what == "lastActive":
        seen = milliseconds(value)
        alive = seen is not None and seen > said.received - BEHIND and not said.retained
        return Decoded(said.device.id, [], alive=alive)
    if what == "nodeinfo":
        name, maker, model = (
            str(body.get(key) or "")[:80] for key in ("name", "manufacturer", "productLabel")
        )
        return Parts(announced=[Announced(said.address, "", name, f"{maker} {model}".strip())])
    if str(body.get("status")).lower() == "asleep":
        return IGNORED  # it sleeps: that is no silence
    return link(said, b"online" if value is True else b"offline" if value is False else b"")


def _value(said: Said, what: str, body: dict[str, Any]) -> Result:
    hearing = Hearing(said, said.device, said.address)
    seen = body.get("time", body.get("lastUpdate"))
    moment, quality = event_time(seen, said.received, said.retained)
    replayed = type(seen) is int and _EPOCH_2020 < seen < said.received - BEHIND
    live = not (said.retained or replayed)
    place = _place(said, what, body)
    if place is not None and "value" in body:
        of, endpoint, name, key = place
        take = _TAKERS.get(of)
        if take is not None:
            take(hearing, name, f"{key}@{endpoint}" if endpoint else key, body, live)
    return hearing.result(moment, quality, alive=live)


def _place(said: Said, what: str, body: dict[str, Any]) -> tuple[int, int, str, str] | None:
    """Class, endpoint, property and key, as the whole value says or the topic."""
    of = body.get("commandClass")
    if type(of) is int and "property" in body:
        endpoint = body.get("endpoint")
        key = body.get("propertyKey")
        return (
            of,
            endpoint if type(endpoint) is int else 0,
            _plain(str(body["property"])),
            _plain(str(key or "")),
        )
    return _from_topic(what) if what in _values(said.rest) else None


@lru_cache(maxsize=4096)
def _from_topic(what: str) -> tuple[int, int, str, str]:
    levels = what.split("/")
    of = int(levels[0]) if levels[0].isdigit() else _CLASSES.get(levels[0], 0)
    endpoint = _ENDPOINT.fullmatch(levels[1]) if len(levels) > 2 else None
    rest = levels[2:] if endpoint else levels[1:]
    number = int(levels[1].removeprefix("endpoint_")) if endpoint else 0
    return of, number, _plain(rest[0]), _plain("".join(rest[1:]))


_Taker = Callable[[Hearing, str, str, dict[str, Any], bool], None]
_NORMAL: Value = ("normal", "")


def _notification(hearing: Hearing, name: str, key: str, body: dict[str, Any], live: bool) -> None:
    notified(hearing, name, key, body["value"], live)


def _binary(hearing: Hearing, name: str, key: str, body: dict[str, Any], live: bool) -> None:
    kind, value = hearing.device.kind, body["value"]
    if name == "doorwindow" or (name in _BARE and "contact" in KINDS[kind].metrics):
        words = {"alarm": "open", "normal": "closed"}
        found = READERS["intrusion"](value)
        hearing.take("contact", found and (words.get(str(found[0]), UNKNOWN), found[1]))
        return
    metric = _BINARY.get(name, "")
    if name == "motion" and kind in ("perimeter", UNREGISTERED):
        metric = "intrusion"
    elif name in _BARE and (kind != UNREGISTERED or name == "alarm"):
        metric = hazard_of(kind)
    if metric:
        hearing.take(metric, READERS[metric](value), part=f"binary/{name}{key}")


def _multilevel(hearing: Hearing, name: str, key: str, body: dict[str, Any], live: bool) -> None:
    metric = _MEASURED.get(name)
    if metric is None:
        return
    value = READERS[metric](body["value"])
    fahrenheit = metric == "temperature" and "F" in str(body.get("unit"))
    if fahrenheit and value is not None and isinstance(value[0], float):
        value = READERS[metric](round((value[0] - 32) / 1.8, 2))
    hearing.take(metric, value)


def _battery(hearing: Hearing, name: str, key: str, body: dict[str, Any], live: bool) -> None:
    value = body["value"]
    if name == "islow" or (name == "level" and value == 255):  # 255 is the warning itself
        hearing.take("battery_low", READERS["battery_low"](True if value == 255 else value))
    elif name == "level":
        hearing.take("battery", READERS["battery"](value))


def _scene(hearing: Hearing, name: str, key: str, body: dict[str, Any], live: bool) -> None:
    value, pushed = body["value"], hearing.device.kind in ("panic_button", "call_point")
    if live and pushed and name == "scene" and type(value) is int and value in _PUSHES:
        hearing.take("press", ("alarm", f"scene {key}"))


_TAKERS: dict[int, _Taker] = {
    48: _binary,
    49: _multilevel,
    91: _scene,
    113: _notification,
    128: _battery,
}
