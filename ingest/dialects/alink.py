"""Thinks. Alink (Alibaba Cloud IoT and its many look-alikes): `/sys/<product>/<device>/thing/event/…`.

The address is `<product>/<device>`. A gateway packs its sub-devices into one message of its own; each is
named there by product and device. Property and event names are the product's own model: those of the common
table are read, the rest is passed over.
"""

from collections.abc import Iterator
from typing import Any

from ingest.campus.device import Device
from ingest.dialects.dialect import (
    IGNORED,
    Known,
    Result,
    Said,
    json_guard,
    malformed,
    no_definitions,
)
from ingest.dialects.late import historic
from ingest.dialects.properties import happened, understood
from ingest.dialects.property_readings import Sample, asked, at_once, moment_of, sampled
from ingest.guard import Malformed, json_object
from ingest.reading import Decoded, Parts, Reading

NAME = "alink"
BASES = ("/sys", "sys")
INTERVAL: dict[str, int] = {}
guard, define = json_guard, no_definitions

_UP = "thing/event/"
_PACKED = (f"{_UP}property/pack/post", f"{_UP}property/history/post")
_MOST_ENTRIES = 1000


def topics(known: Known) -> list[str]:
    return [f"+/+/{_UP}#"]


def filters(address: str, known: Known) -> list[str]:
    product, _, device = address.partition("/")
    if not device or "/" in device:
        return []
    # a sub-device may also be packed into a message of its gateway, whose name nobody has told
    return [f"{product}/{device}/{_UP}#", *(f"+/+/{packed}" for packed in _PACKED)]


def addresses(rest: str, known: Known) -> tuple[str, ...] | None:
    levels = rest.split("/")
    if len(levels) < 3 or not (levels[0] and levels[1]) or levels[2] not in ("thing", "ext", "ota", "rrpc"):
        return None
    what = "/".join(levels[2:])
    if not what.startswith(_UP) or what.endswith(("_reply", "/reply")):
        return ()
    address = f"{levels[0]}/{levels[1]}"
    return (address, "") if what in _PACKED else (address,)


def decode(said: Said) -> Result:
    what = said.rest.split("/", 4)[4]
    if said.retained and not said.payload:
        return IGNORED
    try:
        body = json_object(said.payload)
        params = body.get("params")
        if what == "property/pack/post":
            return _pack(params, "/".join(said.rest.split("/", 2)[:2]), said)
        if what == "property/history/post":
            return _history(params, said)
        if type(params) is not dict:
            raise Malformed("expected an object `params`")
        if what == "property/post":
            return _post(params, said)
        return IGNORED if said.retained else _event(_name(what, body), params, said)
    except Malformed as error:
        return malformed(error if said.payload else "empty payload", said)


def _name(what: str, body: dict[str, Any]) -> str:
    """The event: a level of the topic, or as the look-alikes do it (`…/event/up`) a key of the payload."""
    if what == "up":
        return str(body.get("identifier", ""))[:60]
    return what.removesuffix("/post")


def _event(name: str, params: dict[str, Any], said: Said) -> Decoded:
    value, told = params.get("value", params), params.get("time")
    values = happened(name, value if type(value) is dict else {}, said.device.kind)
    return at_once(said.device, values, asked(told), said)


def _post(params: dict[str, Any], said: Said) -> Decoded:
    """Nearly always every property has one value, all of one moment: the fast way."""
    body: dict[str, Any] = {}
    times: set[int | None] = set()  # two of them: look closer
    for name, told in params.items():
        if type(told) is dict and "value" in told:
            body[name], moment = told["value"], told.get("time")
            if moment is None or type(moment) is int:
                times.add(moment)
            else:
                times.update((0, 1))
        elif type(told) is list:
            times.update((0, 1))
        else:
            body[name] = told
    if len(times) > 1:
        return sampled(said.device, _samples(params), said)
    return at_once(said.device, understood(body, said.device.kind), times.pop() if times else None, said)


def _samples(properties: Any) -> list[Sample]:
    """`name: value`, `name: {value, time}`, or a list of these."""
    if type(properties) is not dict:
        raise Malformed("expected an object of properties")
    found: list[Sample] = []
    for name, told in properties.items():
        for one in told if type(told) is list else (told,):
            if type(one) is dict and "value" in one:
                found.append((name, one["value"], one.get("time")))
            else:
                found.append((name, one, None))
    return found


def _pack(params: Any, gateway: str, said: Said) -> Parts:
    if type(params) is not dict:
        raise Malformed("expected an object `params`")
    found = Parts()
    own = {key: params[key] for key in ("properties", "events") if key in params}
    if own or said.device.id:
        _entry(found, said.device if said.device.id else said.known.find(gateway), own, said, past=False)
    _entries(found, params.get("subDevices", []), said, past=False)
    return found


def _history(params: Any, said: Said) -> Parts:
    found = Parts()
    _entries(found, params, said, past=True)
    return found


def _entries(found: Parts, entries: Any, said: Said, past: bool) -> None:
    if type(entries) is not list or len(entries) > _MOST_ENTRIES:
        raise Malformed(f"expected a list of at most {_MOST_ENTRIES} devices")
    for entry in entries:
        try:
            _entry(found, said.known.find(_identity(entry)), entry, said, past)
        except Malformed as error:
            found.rejected.append(malformed(error, said))


def _identity(entry: Any) -> str:
    told = entry.get("identity") if type(entry) is dict else None
    product, name = (told.get("productKey"), told.get("deviceName")) if type(told) is dict else ("", "")
    for one in (product, name):
        if not (type(one) is str and one and len(one) <= 64 and one.isprintable()):
            raise Malformed("expected an `identity` with productKey and deviceName")
    return f"{product}/{name}"


def _entry(found: Parts, device: Device, entry: dict[str, Any], said: Said, past: bool) -> None:
    told = entry.get("properties", {})
    samples = [sample for one in (told if type(told) is list else [told]) for sample in _samples(one)]
    decoded = sampled(device, samples, said, past)
    events = entry.get("events", {})
    for group in events if type(events) is list else [events]:
        if not said.retained:
            decoded.readings += _events(group, device, said, past)
    found.heard.append(decoded)


def _events(events: Any, device: Device, said: Said, past: bool) -> Iterator[Reading]:
    if type(events) is not dict:
        raise Malformed("expected an object of events")
    for name, told in events.items():
        for one in told if type(told) is list else [told]:
            value = one.get("value", {}) if type(one) is dict else {}
            moment = moment_of(one.get("time")) if type(one) is dict else None
            values = happened(name, value if type(value) is dict else {}, device.kind)
            readings = at_once(device, values, moment, said).readings
            yield from historic(readings, moment, said.received) if past else readings
