"""Thinks. OpenMQTTGateway and Theengs Gateway: Bluetooth beacons and radio frames heard by a gateway.

A beacon says the same thing for minutes, so states mean something only where they change, and a press counts
once for its packet number. A raw 433 MHz code says nothing but itself: the registry says what it stands for.
"""

import re
from functools import lru_cache
from typing import Any

from ingest.campus.device import Device
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
from ingest.dialects.hazard import bare, hazard_of
from ingest.dialects.held import Hearing
from ingest.dialects.rtl433 import framed, whose
from ingest.dialects.rtl433.fields import fahrenheit, scaled, topic_name
from ingest.dialects.rtl433.repeat import ONE_SHOT, PRESS, repeated
from ingest.guard import Malformed, json_object
from ingest.reading import Reason
from ingest.value import READERS, UNKNOWN, Value, shown

NAME = "openmqttgateway"
BASES = ("home",)
INTERVAL = {"": 93_600, "climate": 3600, "gateway": 600}  # SYStoMQTT comes every two minutes
guard, define = json_guard, no_definitions

_BLE, _RTL, _RAW, _PILIGHT = "BTtoMQTT", "RTL_433toMQTT", ("433toMQTT", "SRFBtoMQTT"), "PilighttoMQTT"
_GATEWAY = ("LWT", "SYStoMQTT")
_MAC = re.compile(r"[0-9A-F]{12}")
_BUTTONS = ("panic_button", "call_point")
_END_NOT_SAID = "over as far as is known: a code has no end"
_STATES = {"smoke": "smoke", "gas": "gas", "leak": "leak", "water_leak": "leak", "tamper": "tamper",
           "lowbatt": "battery_low", "batt_low": "battery_low", "problem": "fault"}  # fmt: skip
_KEYS = {
    **_STATES,
    "batt": "battery",
    "tempc": "temperature",
    "hum": "humidity",
    "co2": "co2",
    "rssi": "rssi",
}


def topics(known: Known) -> list[str]:
    return ["+/BTtoMQTT/#", "+/RTL_433toMQTT/#", *(f"+/{one}" for one in (*_RAW, _PILIGHT, *_GATEWAY))]


def filters(address: str, known: Known) -> list[str]:
    first, _, rest = address.partition("/")
    if first == "433" and rest:
        return [f"+/{one}" for one in _RAW]
    if rest:
        model, name = topic_name(first), rest.removeprefix("channel/")
        return [f"+/{_RTL}", *(f"+/{_RTL}/{model}/{gap}{name}" for gap in ("", "+/", "+/+/"))]
    plain = _plain(address)
    if _MAC.fullmatch(plain):
        return [f"+/{_BLE}", f"+/{_BLE}/{plain}", f"+/{_BLE}/+/{plain}"]
    return [f"{address}/{one}" for one in _GATEWAY]


def addresses(rest: str, known: Known) -> tuple[str, ...] | None:
    levels = rest.split("/")
    if len(levels) < 2:
        return None
    if levels[1] in _GATEWAY:
        return (levels[0],) if len(levels) == 2 else ()
    if levels[1] == _BLE and len(levels) > 2:
        return _spellings(levels[-1])
    return MANY if levels[1] in (_BLE, _RTL, _PILIGHT, *_RAW) else ()


def decode(said: Said) -> Result:
    if not said.payload:
        return IGNORED  # a retained message was deleted
    levels = said.rest.split("/")
    what = levels[1]
    if what == "LWT":
        return link(said)
    try:
        body = json_object(said.payload)
        if what == "SYStoMQTT":
            return _system(said, body)
        if what == _BLE:
            return _beacon(said, body)
        if what == _RTL:
            return _frame(said, body, levels[-1] if len(levels) > 2 else "")
        return _pilight(said, body) if what == _PILIGHT else _code(said, body)
    except Malformed as error:
        return malformed(error, said)


@lru_cache(maxsize=8192)
def _plain(address: str) -> str:
    return address.replace(":", "").replace("-", "").upper()


@lru_cache(maxsize=8192)
def _mac(name: str) -> str:
    """A MAC address without the signs in it, "" for what is none."""
    plain = _plain(name)
    return plain if _MAC.fullmatch(plain) else ""


def _spellings(name: str) -> tuple[str, ...]:
    """A MAC address as the topic has it and as people write it."""
    plain = _plain(name)
    if not _MAC.fullmatch(plain):
        return (name,) if name else MANY
    pairs = ":".join(plain[at : at + 2] for at in range(0, 12, 2))
    return plain, pairs, pairs.lower(), plain.lower()


def _system(said: Said, body: dict[str, Any]) -> Result:
    hearing = Hearing(said, said.device, said.address)
    hearing.take("rssi", READERS["rssi"](body.get("rssi")))
    return hearing.result(alive=not said.retained)


def _beacon(said: Said, body: dict[str, Any]) -> Result:
    device, address = said.device, said.address
    told = [_mac(one) for one in (body.get("id"), body.get("mac")) if type(one) is str and len(one) < 100]
    names = [one for one in told if one]
    if not address:  # old versions: one topic of all beacons
        if not names:
            raise Malformed("no id: the beacon does not say whose it is")
        address, device = _found(names[0], said.known)
    elif (ours := _mac(address)) and names.count(ours) < len(names):
        detail = f"the topic is of {said.rest.rpartition('/')[2]!r}, the payload says {names!r}"
        return rejected(Reason.IDENTITY, detail[:300], said)
    hearing = Hearing(said, device, address)
    _fields(hearing, body)
    if device.kind == UNREGISTERED and not ("model" in body or hearing.values.keys() - {"rssi"}):
        return IGNORED  # a telephone that passes by
    return hearing.result(alive=not said.retained)


def _found(plain: str, known: Known) -> tuple[str, Device]:
    for address in _spellings(plain):
        device = known.registered(address)
        if device is not None:
            return address, device
    return plain, known.stand_in(plain)


def _fields(hearing: Hearing, body: dict[str, Any]) -> None:
    kind = hearing.device.kind
    for key, raw in body.items():
        metric = _KEYS.get(key)
        if metric is not None:
            hearing.take(metric, READERS[metric](raw))
    if "tempf" in body and "tempc" not in body:
        hearing.take("temperature", fahrenheit(body["tempf"]))
    if "volt" in body:
        hearing.take("voltage", _volts(body["volt"]))
    if "open" in body:
        hearing.take("contact", _open(body["open"]))
    if "motion" in body and kind == "perimeter":
        hearing.take("intrusion", READERS["intrusion"](body["motion"]))
    value = READERS["fire"](body["alarm"]) if "alarm" in body else None
    found = bare(value, kind) if value is not None else None
    if found is not None:
        hearing.take(*found)
    if "button" in body and kind in _BUTTONS:
        _button(hearing, body)


def _volts(raw: Any) -> Value | None:
    value = scaled("voltage", raw, 1.0)
    return (UNKNOWN, f"no measurement: {shown(raw)}") if value == (0.0, "") else value


def _open(raw: Any) -> Value | None:
    """`open` true is open. (`cont` is no contact: it says that the beacon goes on by itself.)"""
    value = READERS["intrusion"](raw)
    words: dict[str, Value] = {"alarm": ("open", ""), "normal": ("closed", "")}
    return value and words.get(str(value[0]), (UNKNOWN, value[1]))


def _button(hearing: Hearing, body: dict[str, Any]) -> None:
    """0 is no press: the beacon lives. One packet number is one press, however often it is heard."""
    raw, packet = body["button"], body.get("packet")
    if hearing.said.retained or raw in (0, "0", None, "", False):
        return
    said, numbered = hearing.said, type(packet) is int
    window, mark = (ONE_SHOT, packet) if numbered else (PRESS, shown(raw))
    if not repeated(said.known, hearing.address, "press", said.received, window, hearing.news, mark):
        _pressed(hearing, f"button {shown(raw)}")


def _pressed(hearing: Hearing, note: str) -> None:
    if "press" in KINDS[hearing.device.kind].metrics:
        hearing.take("press", ("alarm", note))
    else:
        hearing.once(hazard_of(hearing.device.kind), ("alarm", note), "normal", _END_NOT_SAID)


def _frame(said: Said, body: dict[str, Any], named: str) -> Result:
    """A frame of rtl_433: the same devices, the same addresses."""
    told = body.get("id")
    if named and type(told) in (int, str) and topic_name(str(told)) != topic_name(named):
        detail = f"the topic is of {named!r}, the payload says id {str(told)[:40]!r}"
        return rejected(Reason.IDENTITY, detail, said)
    address, device, model = whose(body, said.known)
    return framed(said, device, address, model, body)


def _pilight(said: Said, body: dict[str, Any]) -> Result:
    if body.get("format") == "RAW":
        return IGNORED  # pulses that pilight could not read: noise, mostly
    return malformed("a pilight protocol says nothing by itself: map it (docs/dialects/mapping.md)", said)


def _code(said: Said, body: dict[str, Any]) -> Result:
    """A bare code. Registered as `433/<code>` it has the meaning of its kind each time it is sent."""
    code = body.get("value", body.get("raw"))
    if type(code) not in (int, str) or code == "":
        raise Malformed("no code in it")
    address = f"433/{code}"
    device = said.known.registered(address)
    if device is None:
        detail = f"the code {str(code)[:40]} means nothing by itself: register a device as 433/…"
        return malformed(detail, said)
    hearing, kind = Hearing(said, device, address), device.kind
    if not (kind in _BUTTONS or hazard_of(kind) or "contact" in KINDS[kind].metrics):
        return malformed(f"a code cannot be a {kind}: register a button, a detector or a door", said)
    window = PRESS if kind in _BUTTONS else ONE_SHOT
    if said.retained or repeated(said.known, address, "code", said.received, window, hearing.news):
        return hearing.result(alive=not said.retained)
    if "contact" in KINDS[kind].metrics:
        hearing.once("contact", ("open", ""), UNKNOWN, "one code: it never tells that it closes")
    else:
        _pressed(hearing, f"code {str(code)[:40]}")
    return hearing.result(alive=True)
