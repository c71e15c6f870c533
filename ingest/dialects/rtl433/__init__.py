"""Thinks. rtl_433: whatever radio sensor is in reach, heard by a receiver and named only in the payload.

`<host>/events` carries every device, `<host>/devices/…/<field>` one field of one; both say the same. Anyone
with a transmitter can forge a frame, and the neighbours' sensors are heard too.
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
    link,
    malformed,
    no_definitions,
    rejected,
)
from ingest.dialects.held import Hearing
from ingest.dialects.rtl433.fields import Frame, moment_of, topic_name
from ingest.guard import Malformed, json_object, json_scalar
from ingest.moment import event_time
from ingest.reading import Decoded, Parts, Reason

NAME = "rtl433"
BASES = ("rtl_433", "rtl/433")  # of rtl_433 itself, and of rtl2mqtt
INTERVAL = {"": 93_600, "climate": 1800, "gateway": 3600}  # a receiver that hears nobody for an hour is deaf
guard, define = json_guard, no_definitions

_OWN = ("events", "states", "availability", "log")
_TYPES = ("TPMS", "weather", "security")


def topics(known: Known) -> list[str]:
    return ["+/+", "+/devices/+/#"]  # overlapping ones would be delivered twice


def filters(address: str, known: Known) -> list[str]:
    if "/" not in address:  # a receiver
        return [f"{address}/events", f"{address}/states", f"{address}/availability"]
    model, _, name = address.partition("/")
    model, name = topic_name(model), name.removeprefix("channel/")
    return [
        "+/events",
        f"{model}/{name}",
        *(f"+/devices/{model}/{gap}{name}/+" for gap in ("", "+/", "+/+/")),
    ]


def addresses(rest: str, known: Known) -> tuple[str, ...] | None:
    levels = rest.split("/")
    if len(levels) == 2 and levels[1] in _OWN:
        return MANY if levels[1] == "events" else () if levels[1] == "log" else (levels[0],)
    if levels[1:2] == ["devices"] and len(levels) < 4:
        return ()
    if len(levels) >= 4 and levels[1] == "devices":
        path = levels[2:-1]
        path = path[1:] if path[0] in _TYPES and len(path) > 1 else path
        return (
            f"{path[0]}/{path[-1]}",
            "/".join(path),
            f"{path[0]}/channel/{path[1] if len(path) > 1 else ''}",
        )
    return (rest,) if len(levels) in (2, 3) and all(levels) else None


def decode(said: Said) -> Result:
    if not said.payload:
        return IGNORED  # a retained message was deleted
    last = said.rest.rpartition("/")[2]
    if last == "availability":
        return link(said)
    if last == "states":
        return Decoded(said.device.id, [], alive=not said.retained)
    try:
        if said.rest.split("/")[1] == "devices":
            return _field(said, last)
        body = json_object(said.payload)
        return _event(said, body) if last == "events" else _one(said, body)
    except Malformed as error:
        return malformed(error, said)


def whose(body: dict[str, Any], known: Known) -> tuple[str, Device, str]:
    """The address, the device and the model of a frame. Raises Malformed where it names no model."""
    model, name, channel = body.get("model"), body.get("id"), body.get("channel")
    if not isinstance(model, str) or not model:
        raise Malformed("no model: the frame does not say what has sent it")
    plain = topic_name(model)
    if type(name) is not int and type(name) is not str:
        name = channel if type(channel) in (int, str) else None
    address = plain if name is None else f"{plain}/{topic_name(str(name))}"
    device = known.registered(address)
    if device is not None:
        return address, device, plain
    others = [f"{plain}/{channel}/{name}", f"{plain}/channel/{channel}", f"{model}/{name}"]
    for other in others:
        device = known.registered(other)
        if device is not None:
            return other, device, plain
    return address, known.stand_in(address), plain


def _event(said: Said, body: dict[str, Any]) -> Result:
    address, device, model = whose(body, said.known)
    result = framed(said, device, address, model, body)
    receiver = said.known.registered(said.rest.partition("/")[0])
    if receiver is None:
        return result
    parts = result if isinstance(result, Parts) else Parts([result])
    parts.heard.append(Decoded(receiver.id, [], alive=not said.retained))
    return parts


def framed(said: Said, device: Device, address: str, model: str, body: dict[str, Any]) -> Decoded | Parts:
    hearing = Hearing(said, device, address)
    Frame(hearing, model, body).read()
    moment, quality = event_time(moment_of(body.get("time")), said.received, said.retained)
    return hearing.result(moment, quality, alive=not said.retained)


def _one(said: Said, body: dict[str, Any]) -> Result:
    """rtl2mqtt: the topic is of one device, and the payload need not repeat it."""
    model, _, name = said.rest.partition("/")
    for key, is_ in (("model", model), ("id", name.rpartition("/")[2])):
        told = body.get(key)
        if type(told) in (int, str) and topic_name(str(told)) != topic_name(is_):
            detail = f"the topic is of {said.rest!r}, the payload says {key} {str(told)[:40]!r}"
            return rejected(Reason.IDENTITY, detail, said)
    return framed(said, said.device, said.address, topic_name(model), body)


def _field(said: Said, field: str) -> Result:
    """One field of one device. What others of its fields say is not known here."""
    path = said.rest.split("/")[2:-1]
    path = path[1:] if path[0] in _TYPES and len(path) > 1 else path
    body = {field: json_scalar(said.payload)}
    if len(path) > 2:
        body["subtype"] = path[1]
    return framed(said, said.device, said.address, path[0], body)
