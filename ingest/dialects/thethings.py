"""Thinks. The Things Stack v3: what LoRaWAN devices say, as the payload formatter decoded it.

The device id in the topic is the identity, within its application. The registry may name a device by it
(`<application>/<device id>`), or by its DevEUI, which is then found by the id that the stack gives by default
(`eui-<DevEUI>`) or learned from the first message: only the stack itself can write under these topics.
"""

import re
from typing import Any

import msgspec

from ingest.campus.device import Device
from ingest.campus.kinds import UNREGISTERED
from ingest.dialects.chirpstack import joined
from ingest.dialects.dialect import (
    IGNORED,
    MANY,
    NAMES,
    Known,
    Result,
    Said,
    json_guard,
    malformed,
    no_definitions,
    rejected,
)
from ingest.dialects.lorawan.uplink import Uplink, uplink
from ingest.guard import Malformed, escaped, json_object
from ingest.moment import event_time
from ingest.reading import Reason
from ingest.value import READERS, Value, affirmed

NAME = "thethings"
BASES = ("v3",)
INTERVAL = {"": 90_000}  # once a day is the slowest habit (Dragino)
guard, define = json_guard, no_definitions

_EUI = re.compile(r"[0-9A-Fa-f]{16}")
_HEARD = ("up", "join")
_MOST_NAMES = 3  # older ones of one DevEUI


def topics(known: Known) -> list[str]:
    return [f"+/devices/+/{event}" for event in _HEARD]


def filters(address: str, known: Known) -> list[str]:
    """Of a DevEUI that was not heard yet nobody knows the topic: then every device's."""
    if _EUI.fullmatch(address):
        names = [name for name, of in known.learned.get(NAMES, {}).items() if of == address]
        return [one for name in names for one in filters(name, known)] or topics(known)
    application, _, device = address.rpartition("/")
    application = application.rpartition("/")[2]
    exact = application if "@" in application else "+"  # the tenant may be in the topic or not
    return [f"{exact}/devices/{device}/{event}" for event in _HEARD]


def addresses(rest: str, known: Known) -> tuple[str, ...] | None:
    levels = rest.split("/")
    if len(levels) < 4 or levels[1] != "devices" or not levels[0] or not levels[2]:
        return None
    if len(levels) > 4 or levels[3] not in _HEARD:
        return ()
    application, device = levels[0], levels[2]
    if application == "+":  # no topic, but one of our filters: it may be anybody's
        return MANY
    found = [f"{application}/{device}", f"{application.partition('@')[0]}/{device}", device]
    if device.startswith("eui-") and _EUI.fullmatch(device[4:]):
        found += [device[4:].lower(), device[4:].upper()]
    return tuple(dict.fromkeys(found))


class _Ids(msgspec.Struct, gc=False):
    device_id: Any = None
    dev_eui: Any = None
    application_ids: Any = None


class _Message(msgspec.Struct, gc=False):
    f_port: Any = None
    frm_payload: Any = None
    decoded_payload: msgspec.Raw = msgspec.Raw(b"")
    rx_metadata: msgspec.Raw = msgspec.Raw(b"")
    received_at: Any = None
    last_battery_percentage: Any = None


class _Up(msgspec.Struct, gc=False):
    end_device_ids: _Ids | None = None
    received_at: Any = None
    uplink_message: _Message | None = None
    simulated: Any = None


class _Received(msgspec.Struct, gc=False):
    rssi: Any = None


_RSSI = READERS["rssi"]
_decode_up = msgspec.json.Decoder(_Up).decode
_decode_received = msgspec.json.Decoder(list[_Received] | None).decode


def decode(said: Said) -> Result:
    if not said.payload and said.retained:
        return IGNORED
    try:
        return _decoded(said, _up(said.payload))
    except Malformed as error:
        return malformed(error if said.payload else "empty payload", said)


def _up(payload: bytes) -> _Up:
    try:
        up = _decode_up(payload)
    except (ValueError, RecursionError) as error:
        raise Malformed(str(error)) from None
    if up.simulated or payload.count(b"decoded_payload") > 1 or (escaped(payload) and b"\\u" in payload):
        json_object(payload)  # one of them may be there twice; with quotes it would be counted slowly
    return up


def _decoded(said: Said, message: _Up) -> Result:
    ids = message.end_device_ids or _Ids()
    if stranger := _impostor(said, ids):
        return rejected(Reason.IDENTITY, stranger, said)
    if affirmed(message.simulated):
        return IGNORED  # somebody tried the payload formatter: no device said this
    body = message.uplink_message or _Message()
    moment, quality = event_time(body.received_at or message.received_at, said.received, said.retained)
    device, learned = _whose(said, ids)
    up = Uplink(device, said.address, moment, quality, _strongest(body), _battery(body), learned=learned)
    if device.kind == UNREGISTERED:
        up.address = device.address
        up.note = f"DevEUI {ids.dev_eui[:16]}" if isinstance(ids.dev_eui, str) else ""
    if said.rest.endswith("/join"):
        return joined(said, up)
    raw = bytes(body.decoded_payload)
    return uplink(said, up, json_object(raw) if raw.startswith(b"{") else None, bool(body.frm_payload))


def _impostor(said: Said, ids: _Ids) -> str:
    application, _, rest = said.rest.partition("/")
    device = rest.split("/")[1]
    of = ids.application_ids.get("application_id") if type(ids.application_ids) is dict else None
    if ids.device_id is not None and ids.device_id != device:
        return f"the topic is of {device!r}, the payload says {str(ids.device_id)[:60]!r}"
    if of is not None and of != application.partition("@")[0]:
        return f"the topic is of application {application!r}, the payload says {str(of)[:60]!r}"
    return ""


def _whose(said: Said, ids: _Ids) -> tuple[Device, dict[str, Any]]:
    """The device of this topic: the one registered under its name, else the one of its DevEUI."""
    names: dict[str, str] = said.known.learned.get(NAMES, {})
    device, bound = said.device, names.get(said.address, "")
    eui = ids.dev_eui.lower() if isinstance(ids.dev_eui, str) and _EUI.fullmatch(ids.dev_eui) else ""
    if device.kind != UNREGISTERED and not bound:
        if not _EUI.fullmatch(said.address):
            return device, {}
        eui = said.address.lower()  # the stack's default id
    if not eui or bound.lower() == eui:
        return device, {}
    name = _name(said.rest)
    known = said.known.registered(eui) or said.known.registered(eui.upper())
    if known is not None:
        older = [one for one, of in names.items() if of == known.address][-_MOST_NAMES:]
        kept = {one: of for one, of in names.items() if of != known.address or one in older}
        return known, {NAMES: {**kept, name: known.address}}
    if not bound:
        return device, {}
    others = {one: of for one, of in names.items() if one != said.address}  # other hardware, same name
    return said.known.stand_in(name), {NAMES: others}


def _name(rest: str) -> str:
    levels = rest.split("/")
    return f"{levels[0]}/{levels[2]}"


def _strongest(body: _Message) -> Value | None:
    try:
        received = (_decode_received(body.rx_metadata) if bytes(body.rx_metadata) else None) or []
    except (ValueError, RecursionError):
        return None
    best = None
    for one in received:
        if type(one.rssi) in (int, float) and (best is None or one.rssi > best):
            best = one.rssi
    return _RSSI(best)


def _battery(body: _Message) -> Value | None:
    """What the device last told the network server; repeated with every uplink."""
    told = body.last_battery_percentage
    return READERS["battery"](told.get("value")) if type(told) is dict else None
