"""Thinks. Axis cameras, and others that send ONVIF events as JSON: tampering, storage, hardware, inputs.

`<prefix>/event/tns:onvif/VideoSource/tns:axis/Tampering/$source/channel/1` (Axis) or
`<prefix>/onvif-ej/VideoSource/…` (ONVIF Profile M). All values are texts. What a camera sees is no alarm of
ours. What is wired to an input is told by the kind that the input is registered as.
"""

from functools import lru_cache
from typing import Any

import msgspec

from ingest.campus.kinds import KINDS
from ingest.dialects.dialect import IGNORED, Known, Result, Said, json_guard, link, malformed, no_definitions
from ingest.dialects.held import Hearing
from ingest.dialects.panel import CHANGES_ONLY, opened
from ingest.guard import Malformed, json_object
from ingest.moment import event_time
from ingest.reading import Decoded, Parts
from ingest.value import READERS, UNKNOWN, Value, parsed, shown

NAME = "axis"
BASES = ("axis",)
INTERVAL = CHANGES_ONLY
guard, define = json_guard, no_definitions

_EVENT, _ONVIF, _LINK, _PORT = "/event/", "/onvif-ej/", "/link", "/port/"
_ONCE, _INPUT, _WITHIN = "once", "input", "within"
_MEANT = {  # how the path of an event begins, without its namespaces → metric, and how it is told
    "videosource/tampering": ("tamper", _ONCE),  # its end is not told
    "videosource/globalscenechange": ("tamper", ""),
    "ruleengine/tamperdetector": ("tamper", ""),
    "device/casing/open": ("tamper", ""),
    "videosource/signalloss": ("video", ""),
    "mediacontrol/videoloss": ("video", ""),
    "storage/alert": ("storage", ""),
    "storage/disruption": ("storage", ""),
    "device/hardwarefailure/storagefailure": ("storage", ""),
    "device/hardwarefailure": ("fault", ""),
    "device/status/temperature/inside": ("fault", _WITHIN),
    "device/status/temperature": ("fault", ""),
    "device/sensor/pir": ("intrusion", ""),
    "device/io/port": ("", _INPUT),
    "device/io/supervisedport": ("", _INPUT),
    "device/trigger/digitalinput": ("", _INPUT),
}
_BAD = {"tamper": "tamper", "video": "fault", "storage": "fault", "fault": "fault"}
_KEYS = ("state", "logicalstate", "active", "alert", "disruption", "failed", "failure", "critical",
         "istamper", "tampering", "open", "sensor_level", "fan_failure")  # fmt: skip
_END_NOT_SAID = "over as far as is known: the camera does not tell its end"


def topics(known: Known) -> list[str]:
    return ["+/event/#", "+/onvif-ej/#", *(["+/link"] if known.base else [])]


def filters(address: str, known: Known) -> list[str]:
    camera = address.partition(_PORT)[0]
    return [f"{camera}/event/#", f"{camera}/onvif-ej/#", f"{camera}/link"]


def addresses(rest: str, known: Known) -> tuple[str, ...] | None:
    camera, _ = _split(rest)
    if not camera:
        return None
    if not known.base and _EVENT in rest and f"{_EVENT}tns" not in rest:
        return None  # at the root of the broker others have events too
    if not known.base and rest.endswith(_LINK) and known.registered(camera) is None:
        return None
    return (camera, "")  # or only an input of it is registered


@lru_cache(2000)
def _split(rest: str) -> tuple[str, str]:
    """The prefix of the camera, and the path of the event."""
    for mark in (_EVENT, _ONVIF):
        camera, found, path = rest.partition(mark)
        if found:
            return camera, path
    for mark in (_LINK, _EVENT[:-1]):  # the path of the event may be left out: it is in the payload
        if rest.endswith(mark):
            return rest.removesuffix(mark), ""
    return "", ""


def decode(said: Said) -> Result:
    if not said.payload:
        return IGNORED  # a retained message was deleted
    camera, path = _split(said.rest)
    if not said.address:
        said = msgspec.structs.replace(said, device=said.known.find(camera), address=camera)
    if said.rest.endswith(_LINK):
        return link(said)
    try:
        event = _Event(json_object(said.payload), path)
    except Malformed as error:
        return malformed(error, said)
    if event.operation == "deleted":
        return Decoded(said.device.id, [], alive=not said.retained)
    found = _heard(said, event)
    if event.operation != "initialized":
        return found
    snapshot = _heard(msgspec.structs.replace(said, retained=True), event)  # how it stands, not what happens
    for one in snapshot.heard if isinstance(snapshot, Parts) else [snapshot]:
        one.alive = not said.retained
    return snapshot


class _Event:
    """Of both shapes: `{topic, timestamp, message: {source, data}}` and `{UtcTime, Source, Data}`."""

    def __init__(self, body: dict[str, Any], path: str) -> None:
        message = body.get("message")
        inner = message if isinstance(message, dict) else body
        named = body.get("topic")
        self.path = _plain(named if isinstance(named, str) and len(named) <= 500 else path[:500])
        self.time = body.get("timestamp", body.get("UtcTime"))
        operation = inner.get("PropertyOperation", body.get("PropertyOperation"))
        self.operation = operation.lower() if isinstance(operation, str) else ""
        self._source = inner.get("source", inner.get("Source"))
        self.data = _items(inner.get("data", inner.get("Data")))
        if not self.path:
            raise Malformed("expected an event: neither its topic nor its payload says which")

    def state(self) -> Any:
        """The value that tells the state; of a single one the name does not matter."""
        if len(self.data) == 1:
            return next(iter(self.data.values()))
        return next((self.data[key] for key in _KEYS if key in self.data), None)

    def source(self) -> list[str]:
        """What of the camera it is about: the number of an input, the name of a disk."""
        return [str(value)[:40] for value in _items(self._source).values()]


@lru_cache(2000)
def _plain(path: str) -> str:
    """`tns:onvif/Device/tns:axis/IO/Port/$source/port/1` and `onvif:Device/axis:IO/Port` are one event."""
    levels: list[str] = []
    for level in path.split("/"):
        if level.startswith(("$", "&")):
            break
        if level and not level.startswith("tns:"):
            levels.append(level.rpartition(":")[2].lower())
    return "/".join(levels)


def _items(section: Any) -> dict[str, Any]:
    """`{"state": "1"}`, or as ONVIF has it `{"SimpleItem": [{"Name": "State", "Value": "true"}]}`."""
    if not isinstance(section, dict):
        return {}
    items = section.get("SimpleItem")
    if items is None:
        return {key.lower(): value for key, value in section.items()}
    listed = items if isinstance(items, list) else [items]
    pairs = [item for item in listed if isinstance(item, dict)]
    return {str(item.get("Name")).lower(): item.get("Value") for item in pairs}


@lru_cache(2000)
def _meaning(path: str) -> tuple[str, str] | None:
    found = [begin for begin in _MEANT if path == begin or path.startswith(f"{begin}/")]
    return _MEANT[max(found, key=len)] if found else None


def _heard(said: Said, event: _Event) -> Decoded | Parts:
    metric, how = _meaning(event.path) or ("", "")
    if how == _INPUT:
        return _input(said, event)
    if not metric:
        return Decoded(said.device.id, [], alive=not said.retained)
    hearing = Hearing(said, said.device, said.address)
    _take(hearing, event, metric, how)
    moment, quality = event_time(event.time, said.received, said.retained)
    return hearing.result(moment, quality, alive=not said.retained)


def _take(hearing: Hearing, event: _Event, metric: str, how: str) -> None:
    raw = event.state()
    if metric == "intrusion":  # a camera that sees somebody raises no alarm; a motion detector may
        if "intrusion" in KINDS[hearing.device.kind].metrics:
            hearing.take(metric, READERS[metric](raw))
        return
    note = " ".join((event.path, *event.source()[:2]))[:120]
    if how == _ONCE:
        level = parsed(raw) if isinstance(raw, str) else raw
        if READERS["fault"](raw) != ("normal", "") and level != 0:
            hearing.once(metric, (_BAD[metric], note), "normal", _END_NOT_SAID)
        else:
            hearing.take(metric, ("normal", ""))
    else:
        hearing.take(metric, _judged(raw, metric, how == _WITHIN, note), part=note)


def _judged(raw: Any, metric: str, turned: bool, note: str) -> Value:
    found = READERS["fault"](raw)
    if found is None or found[0] == UNKNOWN or raw is None:
        return UNKNOWN, f"{note}: not understood: {shown(raw)}"
    return (_BAD[metric], note) if (found[0] == "fault") is not turned else ("normal", "")


def _input(said: Said, event: _Event) -> Decoded | Parts:
    """An input is a device of its own (`<camera>/port/1`): what it is, the kind says."""
    address = f"{said.address}{_PORT}{next(iter(event.source()), '')}"
    device = said.known.registered(address)
    camera = Decoded(said.device.id, [], alive=not said.retained)
    raw = event.data.get("state", event.state())
    if device is None and READERS["fault"](raw) == ("fault", ""):
        device = said.known.find(address)  # shown in the tray
    if device is None:
        return camera
    hearing = Hearing(said, device, address)
    found = opened(raw, device.kind)
    if found is not None:
        hearing.take(*found)
    if "tampered" in event.data:
        hearing.take("tamper", READERS["tamper"](event.data["tampered"]))
    moment, quality = event_time(event.time, said.received, said.retained)
    result = hearing.result(moment, quality, alive=not said.retained)
    assert isinstance(result, Decoded)  # nothing is held of an input
    return Parts([camera, result])
