"""Thinks. ChirpStack v3 and v4: what LoRaWAN devices say, as the device's codec at ChirpStack decoded it.

The address of a device is its DevEUI in hexadecimal, that of a gateway its gateway id. An uplink whose
payload was not decoded is a fault of that device and never silence. The frame counter is no identity: it
starts again at every join, and a zero is left out of the JSON. ChirpStack retains only gateway states.
"""

import binascii
import re
from typing import Any

import msgspec

from ingest.campus.kinds import KINDS, UNREGISTERED
from ingest.dialects.chirpstack.gateway import gateway
from ingest.dialects.dialect import IGNORED, Known, Result, Said, malformed, no_definitions, rejected
from ingest.dialects.lorawan.uplink import SERVER, Uplink, fault_told, result, uplink
from ingest.guard import Malformed, check, check_size, escaped, json_object
from ingest.moment import event_time
from ingest.reading import Reading, Reason
from ingest.value import READERS, Value, affirmed

NAME = "chirpstack"
BASES = ("",)
INTERVAL = {"": 90_000, "gateway": 180}  # once a day is the slowest habit (Dragino); gateways say 30 s
define = no_definitions

_EUI = re.compile(r"[0-9A-Fa-f]{16}")
_UPLINKS, _JOINS, _TROUBLES = ("up", "rx"), ("join",), ("log", "error")
_HEARD = (*_UPLINKS, *_JOINS, *_TROUBLES, "status")
_DEVICE_FILTERS = tuple(f"event/{event}" for event in ("up", "join", "status", "log", "error"))
_OLD_FILTERS = ("rx", "join", "status", "error")  # before v3.11


def topics(known: Known) -> list[str]:
    below = (*_DEVICE_FILTERS, *_OLD_FILTERS)
    gateway = ("gateway/+/state/conn", "gateway/+/event/stats")
    return [f"application/+/device/+/{part}" for part in below] + [*gateway, *(f"+/{one}" for one in gateway)]


def filters(address: str, known: Known) -> list[str]:
    eui = address.lower()
    gateway = (f"gateway/{eui}/state/conn", f"gateway/{eui}/event/stats")
    device = [f"application/+/device/{eui}/{part}" for part in (*_DEVICE_FILTERS, *_OLD_FILTERS)]
    return [*device, *gateway, *(f"+/{one}" for one in gateway)]


def addresses(rest: str, known: Known) -> tuple[str, ...] | None:
    levels = rest.split("/")
    if levels[0] == "application" and len(levels) >= 5 and levels[2] == "device":
        if not _EUI.fullmatch(levels[3]):
            return None
        event = levels[5] if levels[4] == "event" and len(levels) == 6 else levels[4]
        return _spelled(levels[3]) if event in _HEARD and len(levels) <= 6 else ()
    if len(levels) >= 4 and "gateway" in levels[-4:-3] and len(levels) <= 5:
        if not _EUI.fullmatch(levels[-3]):
            return None
        return _spelled(levels[-3]) if levels[-2:] in (["state", "conn"], ["event", "stats"]) else ()
    return None


def _spelled(eui: str) -> tuple[str, ...]:
    return eui.lower(), eui.upper()


def guard(rest: str, payload: bytes) -> tuple[Reason, str] | None:
    return check_size(payload) if "/device/" not in rest else check(payload)  # gateways speak protobuf


_RSSI = READERS["rssi"]


class _Info(msgspec.Struct, gc=False, rename="camel"):
    dev_eui: Any = None
    device_name: Any = None
    device_profile_name: Any = None
    tags: Any = None


class _Received(msgspec.Struct, gc=False):
    rssi: Any = None
    time: Any = None


class _Event(msgspec.Struct, gc=False, rename="camel"):
    """What is needed of any event. `object` is read apart, with care for keys given twice."""

    device_info: _Info | None = None
    v3_dev_eui: Any = msgspec.field(name="devEUI", default=None)
    device_name: Any = None
    time: Any = None
    published_at: Any = None
    data: Any = None
    object: msgspec.Raw = msgspec.Raw(b"")
    object_json: Any = msgspec.field(name="objectJSON", default=None)
    rx_info: Any = None
    battery_level: Any = None
    battery_level_unavailable: Any = None
    external_power_source: Any = None
    battery: Any = None
    code: Any = None
    type: Any = None
    description: Any = None
    error: Any = None


class _Heard(_Event, gc=False):
    rx_info: list[_Received] | None = None


_decode_heard = msgspec.json.Decoder(_Heard).decode
_decode_event = msgspec.json.Decoder(_Event).decode  # strange talk of gateways must not cost an alarm


def decode(said: Said) -> Result:
    if "/device/" not in said.rest:
        return gateway(said)
    if not said.payload and said.retained:
        return IGNORED
    try:
        event = _event(said.payload)
        return _said(said, event, said.rest.rpartition("/")[2])
    except Malformed as error:
        return malformed(error if said.payload else "empty payload", said)


def _event(payload: bytes) -> _Event:
    event: _Event
    try:
        event = _decode_heard(payload)
    except (ValueError, RecursionError):
        try:
            event = _decode_event(payload)
        except (ValueError, RecursionError) as error:
            raise Malformed(str(error)) from None
        event.rx_info = None
    if _perhaps_twice(payload, event):
        json_object(payload)
    return event


def _perhaps_twice(payload: bytes, event: _Event) -> bool:
    """Whether `object` may be there a second time: counted without its quotes, which would make it slow."""
    if payload.count(b"object") > 1:
        return True
    return escaped(payload) and (event.object_json is None or b"\\u" in payload)


def _said(said: Said, event: _Event, kind: str) -> Result:
    info = event.device_info or _Info()
    named = info.dev_eui or event.v3_dev_eui
    if named and _hexadecimal(named) != said.address.lower():
        told = f"the topic is of {said.address!r}, the payload says {str(named)[:40]!r}"
        return rejected(Reason.IDENTITY, told, said)
    received = event.rx_info or []
    when = event.time or (_first_time(received) if received else None) or event.published_at
    moment, quality = event_time(when, said.received, said.retained)
    up = Uplink(said.device, said.address, moment, quality, _strongest(received) if received else None)
    up.interval = _interval(info.tags)
    if said.device.kind == UNREGISTERED:
        _introduce(up, event, info)
    if kind in _UPLINKS:
        return uplink(said, up, _decoded(event), bool(event.data))
    if kind in _JOINS:
        return joined(said, up)
    return _status(said, up, event) if kind == "status" else _log(said, up, event)


def joined(said: Said, up: Uplink) -> Result:
    note = "joined the network: it restarted, or has a new battery"
    word = Reading(up.device.id, "link", "online", said.received, up.moment, up.quality, said.retained, note)
    return result(said, up, [word])


def _hexadecimal(eui: Any) -> str:
    """A DevEUI as ChirpStack v4 and "JSON (v3)" spell it, or in base64 as the other JSON of v3 does."""
    if not isinstance(eui, str):
        return ""
    if len(eui) == 12:
        try:
            return binascii.a2b_base64(eui, strict_mode=True).hex()
        except ValueError:
            return ""
    return eui[:17].lower()


def _first_time(received: list[_Received]) -> Any:
    return next((one.time for one in received if one.time), None)


def _strongest(received: list[_Received]) -> Value | None:
    best = None
    for one in received:
        if type(one.rssi) in (int, float) and (best is None or one.rssi > best):
            best = one.rssi
    return _RSSI(best)


def _decoded(event: _Event) -> dict[str, Any] | None:
    """The payload as the codec decoded it: an object, or in v3 a text of one."""
    raw = bytes(event.object)
    if raw.startswith(b"{"):
        return json_object(raw)
    text = event.object_json
    if isinstance(text, str) and text.strip() not in ("", "null"):
        return json_object(text.encode("utf-8", "replace"))
    return text if type(text) is dict else None


def _interval(tags: Any) -> int | None:
    """The device's profile does not travel with an uplink; its tags do. One uplink may be lost on the air."""
    told: Any = tags.get("uplink_interval") if type(tags) is dict else None
    plain = isinstance(told, str) and told.isascii() and told.isdigit() and len(told) < 8
    return 2 * int(told) if plain else None


def _introduce(up: Uplink, event: _Event, info: _Info) -> None:
    up.name = str(info.device_name or event.device_name or "")
    up.model = str(info.device_profile_name or "")


def _status(said: Said, up: Uplink, event: _Event) -> Result:
    """What the device told ChirpStack of its supply: a share of 100, in the first versions of 254."""
    values: list[tuple[str, Value | None]] = []
    old = event.battery if type(event.battery) is int and event.battery_level is None else None
    if affirmed(event.external_power_source) or old == 0:
        values.append(("power", ("mains", "")))
    elif not affirmed(event.battery_level_unavailable):
        level = round(old / 2.54, 1) if old is not None and 0 < old < 255 else event.battery_level
        values.append(("battery", READERS["battery"](level)))
        if level is not None and "power" in KINDS[up.device.kind].metrics:
            values.append(("power", ("battery", "")))
    readings = [
        Reading(up.device.id, metric, value[0], said.received, up.moment, up.quality, said.retained, value[1])
        for metric, value in values
        if value is not None
    ]
    return result(said, up, readings)


# Codes that mean that the device cannot be heard or understood, without their underscores.
_MUTE = {"UPLINKCODEC", "UPLINKMIC", "UPLINKFCNTRESET", "OTAA", "DATAUPMIC", "DATAUPFCNT"}


def _log(said: Said, up: Uplink, event: _Event) -> Result:
    code = str(event.code or event.type or "")[:60]
    if code.replace("_", "").upper() not in _MUTE:
        return IGNORED  # of downlinks, and of frames that came twice
    told = str(event.description or event.error or "")[:100]
    return fault_told(said, up, [(f"{SERVER}: {code} {told}".strip(), True)])
