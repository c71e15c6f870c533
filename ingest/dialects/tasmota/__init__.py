"""Thinks. Tasmota: `tele/<topic>/SENSOR` and its like, the levels in any order, and its Zigbee bridge.

The address is the topic without its prefix (tele, stat) and its last level: of `home/tele/stairs/LWT` it is
`home/stairs`. What speaks through a device is `<address>/<name>`. Its time is local and has no zone, and is
not believed, unless SetOption52 adds the offset.
"""

import re
from functools import lru_cache
from typing import Any

from ingest.campus.kinds import UNREGISTERED
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
from ingest.dialects.tasmota.discovery import TOPIC, discovered
from ingest.dialects.tasmota.sensor import measured, moment, others
from ingest.dialects.tasmota.zigbee import hear, is_entry, learn, names_of, whose
from ingest.guard import Malformed, json_object
from ingest.reading import Decoded, Parts, Reason
from ingest.value import READERS, UNKNOWN, shown

NAME = "tasmota"
BASES = ("",)  # the prefix comes first as shipped, so that the topics have no common base
INTERVAL = {"": 93_600, "gateway": 900}  # sleepy Zigbee devices; of the others the last will tells
guard, define = json_guard, no_definitions

_PREFIXES = ("tele", "stat", "cmnd")
_LAST = re.compile(r"[A-Z][A-Z0-9_]{1,40}|ZbReceived")
_OWN = re.compile(r"LWT|STATE|INFO[0-9]*|UPTIME|(POWER|SWITCH|BUTTON)[0-9]*T?")  # of nobody else
_SWITCH = re.compile(r"(switch|button)[0-9]*")
_POWER = re.compile(r"power[0-9]*")
_PUSHES = ("toggle", "hold", "press", "single", "double", "triple", "quad", "penta")
_DEEPEST = 3  # levels of an address that nobody has registered


def topics(known: Known) -> list[str]:
    places = [(before, all_ - before) for all_ in range(1, _DEEPEST + 1) for before in range(all_ + 1)]
    found = [
        "/".join(["+"] * before + [prefix] + ["+"] * (after + 1))
        for before, after in places
        for prefix in _PREFIXES[:2]
    ]
    return found if known.base else [*found, TOPIC + "+/+"]


def filters(address: str, known: Known) -> list[str]:
    above = address.rpartition("/")[0]
    own = [topic for prefix in _PREFIXES[:2] for topic in _placed(address, prefix)]
    return own + (_placed(above, "tele") if above else [])


def _placed(address: str, prefix: str) -> list[str]:
    levels = address.split("/")
    first = 1 if address.startswith("/") else 0
    return ["/".join([*levels[:n], prefix, *levels[n:], "+"]) for n in range(first, len(levels) + 1)]


def addresses(rest: str, known: Known) -> tuple[str, ...] | None:
    if rest.startswith(TOPIC):
        return MANY
    found = _split(rest)
    if found is None:
        return None
    prefix, address, last = found
    if prefix == "cmnd":
        return ()
    if _OWN.fullmatch(last):
        return (address,)
    return address, ""  # of the device itself, or of what speaks through it


@lru_cache(maxsize=4096)
def _split(rest: str) -> tuple[str, str, str] | None:
    """Prefix, address and last level of a topic."""
    levels = rest.split("/")
    place = next((n for n in (0, 1, len(levels) - 2) if n < len(levels) - 1 and levels[n] in _PREFIXES), None)
    if place is None:
        place = next((n for n, level in enumerate(levels[:-1]) if level in _PREFIXES), None)
    if place is None or len(levels) < 3 or not (levels[-1] == "+" or _LAST.fullmatch(levels[-1])):
        return None
    return levels[place], "/".join([*levels[:place], *levels[place + 1 : -1]]), levels[-1]


def decode(said: Said) -> Result:
    found = _split(said.rest)
    if not said.payload:
        return IGNORED  # a retained message was deleted
    try:
        if found is None:
            return discovered(said)
        _, address, last = found
        if last == "LWT":
            return link(said)
        if said.payload.lstrip().startswith(b"{"):
            return _told(said, address, last, json_object(said.payload))
    except Malformed as error:
        return malformed(error, said)
    device = said.device if said.address else said.known.find(address)
    hearing = Hearing(said, device, address)
    _fact(hearing, last, said.payload.decode("utf-8", "replace").strip())
    return hearing.result()


def _told(said: Said, address: str, last: str, body: dict[str, Any]) -> Result:
    entries = _entries(body, last)
    if entries is not None:
        return _zigbee(said, address, body, entries)
    device = said.device if said.address else said.known.find(address)
    hearing = Hearing(said, device, address)
    if _meaning(last) == "switch":
        _fact(hearing, last, next((body[key] for key in ("STATE", "ACTION", "Action") if key in body), None))
    told = last == "RESULT" or "ZbState" in body or "ZbInfo" in body
    news, announced = learn(address, body, said.known) if told else ({}, [])
    heard = _facts(hearing, body)
    mine = hearing.result(*moment(body, said))
    if not (heard or news or announced):
        return mine
    parts = Parts(announced=announced, learned=news)
    _add(parts, mine)
    parts.heard += heard
    return parts


def _add(parts: Parts, result: Decoded | Parts) -> None:
    if isinstance(result, Parts):
        parts.heard += result.heard
        parts.learned |= result.learned
    else:
        parts.heard.append(result)


def _facts(hearing: Hearing, body: dict[str, Any]) -> list[Decoded]:
    """What the device says of itself; what it says of others is given back."""
    heard: list[Decoded] = []
    for wrapped in ("StatusSNS", "StatusSTS"):
        if isinstance(body.get(wrapped), dict):
            heard += _facts(hearing, body[wrapped])
    fahrenheit = body.get("TempUnit") == "F"
    for key, value in body.items():
        if type(value) is not dict:
            if _meaning(key):
                _fact(hearing, key, value)
        elif key == "Wifi":
            hearing.take("rssi", READERS["rssi"](value.get("Signal")))
        elif _meaning(key) == "switch":
            _fact(hearing, key, value.get("Action"))
        else:
            other = others(hearing, key, value, fahrenheit, body)
            if other is None:
                measured(hearing, value, fahrenheit)
            else:
                heard.append(other)
    return heard


@lru_cache(maxsize=1024)
def _meaning(key: str) -> str:
    """What a key such as `POWER1`, `Switch1` or `Vcc` is about."""
    name = key.lower()
    if _SWITCH.fullmatch(name.removesuffix("t")):
        return "switch"
    return name if name == "vcc" else "power" if _POWER.fullmatch(name) else ""


def _fact(hearing: Hearing, key: str, raw: Any) -> None:
    about, name = _meaning(key), key.lower()
    if about == "vcc":
        hearing.take("voltage", READERS["voltage"](raw))
    elif about == "power" and hearing.device.kind in ("pump", "module"):
        hearing.take("running", READERS["running"](raw), part="power1" if name == "power" else name)
    elif about == "switch":
        _switched(hearing, name, raw)


def _switched(hearing: Hearing, name: str, raw: Any) -> None:
    """A contact at an input: what it senses, the registered kind says; ON is its alarm."""
    kind, word = hearing.device.kind, raw.lower() if isinstance(raw, str) else ""
    metric = "" if kind == UNREGISTERED else hazard_of(kind)
    if not metric or raw is None:
        return
    if word in _PUSHES and kind in ("panic_button", "call_point"):
        hearing.take("press", None if hearing.said.retained else ("alarm", f"{name} {word}"))
    elif word in ("on", "off"):
        hearing.take(metric, READERS[metric](word), part=name)
    else:
        hearing.take(metric, (UNKNOWN, f"not understood: {shown(raw)}"), part=name)


def _entries(body: dict[str, Any], last: str) -> dict[str, dict[str, Any]] | None:
    """The entries of a Zigbee message by their key, in all its shapes; None where it is none."""
    received = body.get("ZbReceived")
    if received is None:  # SetOption100 or 118: without the prefix
        found = {key: value for key, value in body.items() if is_entry(value)}
        return found or ({"": body} if last == "ZbReceived" or "LinkQuality" in body else None)
    if not isinstance(received, dict):
        return {}
    if any(not isinstance(value, dict) for value in received.values()):
        return {"": received}  # SetOption119: without the address, which the topic has
    return received


def _zigbee(said: Said, topic: str, body: dict[str, Any], entries: dict[str, dict[str, Any]]) -> Result:
    parts = Parts()
    ours = said.device if said.address else None
    for key, entry in entries.items():
        names = names_of(topic, key, entry, said.known) if key or "Device" in entry else [topic]
        device, address = whose(names, said.known) if names else (said.known.find(topic), topic)
        stranger = ours is not None and device.kind == UNREGISTERED and device is not ours
        if stranger and ours is not None and ours.kind != "gateway":
            detail = f"the topic is of {topic[:60]!r}, the payload says {names[0][-60:]!r}"
            parts.rejected.append(rejected(Reason.IDENTITY, detail, said))
            continue
        hearing = Hearing(said, device, address)
        hear(hearing, entry)
        _add(parts, hearing.result(*moment(body, said)))
    if ours is not None and all(one.device != ours.id for one in parts.heard) and not parts.rejected:
        parts.heard.insert(0, Decoded(ours.id, [], alive=not said.retained))
    return parts
