"""Thinks. What a Zigbee2MQTT bridge says of its devices: IEEE address, name and most likely kind of each."""

from typing import Any

import msgspec

from ingest.dialects.dialect import NAMES, Said, malformed
from ingest.reading import Announced, Parts, Rejected

# What a device exposes → the kind it most likely is. The first that fits: a smoke detector also has a test
# button and a temperature.
_KINDS = (
    ("smoke", "smoke_detector"),
    ("carbon_monoxide", "co_detector"),
    ("gas", "gas_detector"),
    ("heat", "heat_detector"),
    ("water_leak", "water_leak"),
    ("contact", "door"),
    ("occupancy", "perimeter"),
    ("presence", "perimeter"),
    ("humidity", "climate"),
)
_BUTTONS = {"emergency", "panic", "sos"}
_LONGEST = 256  # of an address that can be registered
_MOST = 2000  # devices of one bridge: ten times what a coordinator carries


class _Definition(msgspec.Struct):
    model: Any = None
    vendor: Any = None
    exposes: Any = None


class _Device(msgspec.Struct):
    """One entry of `bridge/devices`, read leniently: one strange device must not hide the others."""

    ieee_address: str
    friendly_name: str
    type: Any = None
    definition: _Definition | None = None


_entries = msgspec.json.Decoder(list[msgspec.Raw]).decode
_device = msgspec.json.Decoder(_Device).decode


def listed(said: Said) -> Parts | Rejected:
    """`bridge/devices`: who is who, whatever the devices are called tomorrow."""
    try:
        entries = _entries(said.payload)
    except (ValueError, RecursionError) as error:
        return malformed(error, said)
    names: dict[str, str] = {}
    announced: list[Announced] = []
    for entry in entries:
        try:
            device = _device(entry)
        except (ValueError, RecursionError):
            continue
        if device.type == "Coordinator" or not all(map(_plain, (device.ieee_address, device.friendly_name))):
            continue
        if len(names) >= _MOST:
            break
        names[device.friendly_name] = device.ieee_address
        announced.append(_announced(device))
    friendly = {ieee: name for name, ieee in names.items()}
    learned = {NAMES: names, "friendly": friendly}
    return Parts(announced=announced, learned=learned if said.known.learned.get(NAMES) != names else {})


def _plain(name: str) -> bool:
    """Whether it can stand in a topic: a name with a wildcard would be another subscription."""
    return 0 < len(name) <= _LONGEST and name.isprintable() and "+" not in name and "#" not in name


def _announced(device: _Device) -> Announced:
    definition = device.definition or _Definition()
    exposed = set(_exposed(definition.exposes, 4))
    kind = next((kind for name, kind in _KINDS if name in exposed), "")
    if not kind and exposed & _BUTTONS:
        kind = "panic_button"
    model = " ".join(str(part)[:60] for part in (definition.vendor, definition.model) if part)
    return Announced(device.ieee_address, kind, device.friendly_name, model)


def _exposed(exposes: Any, depth: int) -> list[str]:
    """Every property name in a tree of exposes, and every word of an action."""
    found: list[str] = []
    for entry in exposes if isinstance(exposes, list) and depth else ():
        if not isinstance(entry, dict):
            continue
        name = entry.get("property") or entry.get("name")
        if isinstance(name, str):
            found.append(name)
            if name == "action" and isinstance(entry.get("values"), list):
                found += [word for word in entry["values"] if isinstance(word, str)]
        found += _exposed(entry.get("features"), depth - 1)
    return found
