"""Thinks. Sparkplug B: edge nodes that say once what they have (birth), and then only what has changed.

`<group>/<type>/<node>[/<device>]` in protobuf. A birth certificate gives each metric a name and an alias;
later messages bear the alias alone. Nothing is retained: whoever comes late, or has missed a number, asks for
a rebirth. The messages of a node and of all its devices are counted together, so they travel in one session.
"""

from collections.abc import Callable, Mapping
from typing import Any

from ingest.campus.device import Device
from ingest.campus.kinds import UNREGISTERED
from ingest.dialects.dialect import IGNORED, Known, Result, Said, malformed, no_definitions
from ingest.dialects.hazard import hazard_of
from ingest.dialects.panel import CHANGES_ONLY
from ingest.dialects.properties import lasts, understood
from ingest.dialects.sparkplug.node import Node
from ingest.dialects.sparkplug.payload import read, signed
from ingest.dialects.sparkplug.values import Named, ambiguous, heard
from ingest.guard import MAX_BYTES, Malformed, check_size
from ingest.reading import Announced, Decoded, Reading, Reason
from ingest.value import UNKNOWN

NAME = "sparkplug"
BASES = ("spBv1.0", "STATE")  # a host application of version 2 tells its state at the root of the broker
INTERVAL = CHANGES_ONLY
define = no_definitions

_OF_NODE, _OF_DEVICE = ("NBIRTH", "NDATA", "NDEATH"), ("DBIRTH", "DDATA", "DDEATH")
_BIRTH_BYTES = 4 * MAX_BYTES  # a birth describes everything at once
_OURS, _CONTROLS = "bdSeq", ("Node Control/", "Device Control/")  # no readings
_LIKELY = {"smoke": "smoke_detector", "heat": "heat_detector", "gas": "gas_detector", "co": "co_detector",
           "flame": "flame_detector", "water_flow": "flow_switch", "call_point": "call_point",
           "press": "panic_button", "fire": "fire_panel", "leak": "water_leak", "arc": "electrical_fire",
           "contact": "door", "temperature": "climate"}  # fmt: skip
_SHOWN = 40  # names that a note lists


def topics(known: Known) -> list[str]:
    if known.base == "STATE":
        return []
    return [f"+/{what}/+" for what in _OF_NODE] + [f"+/{what}/+/+" for what in _OF_DEVICE]


def filters(address: str, known: Known) -> list[str]:
    group, _, name = address.partition("/")
    node, _, device = name.partition("/")
    if not node or known.base == "STATE":
        return []
    own = [f"{group}/{what}/{node}/{device}" for what in _OF_DEVICE if device]
    whole = [f"{group}/{what}/{node}" for what in _OF_NODE]
    return [*own, *whole, *(f"{group}/{what}/{node}/+" for what in _OF_DEVICE)]


def addresses(rest: str, known: Known) -> tuple[str, ...] | None:
    if known.base == "STATE" or rest.startswith("STATE/"):
        return ()
    group, _, below = rest.partition("/")
    what, _, name = below.partition("/")
    levels = name.count("/") + 1
    if not group or not all(name.split("/")):
        return None
    if (what in _OF_NODE and levels == 1) or (what in _OF_DEVICE and levels == 2):
        return (f"{group}/{name}",)
    return () if what in ("NCMD", "DCMD") else None


def guard(rest: str, payload: bytes) -> tuple[Reason, str] | None:
    return check_size(payload, _BIRTH_BYTES if "BIRTH/" in rest else MAX_BYTES)


def decode(said: Said) -> Result:
    if said.retained and not said.payload:
        return IGNORED
    group, what, name = said.rest.split("/")[:3]
    try:
        node = Node(said, read(said.payload), f"{group}/{name}")
    except Malformed as error:
        return malformed(error, said)
    return _TELLS[what](node)


def _node_birth(node: Node) -> Result:
    node.begin(_birth_number(node))
    return _born(node, "gateway")


def _device_birth(node: Node) -> Result:
    node.count()
    if not node.born:
        node.want()
    return _born(node, "")


def _birth_number(node: Node) -> int | None:
    found = [metric.value for metric in node.payload.metrics if metric.name == _OURS]
    return found[0] if found and type(found[0]) is int else None


def _born(node: Node, kind: str) -> Result:
    """A birth is a whole account of how things stand: what was not understood before is replaced by it."""
    said, device = node.said, node.said.device
    named = [(metric.name, metric) for metric in node.payload.metrics if _tells(metric.name)]
    twice = ambiguous(named, device.kind)
    node.name_all(said.address, node.payload.metrics, twice)
    strange = [name for name, _ in named if lasts(name) is None]
    found = heard(node, device, said.address, _clear(named, twice, device.kind), True, False)
    note = _listed("not understood", strange, 3)
    found.readings.insert(0, _link(said, device, "online", note))
    node.parts.heard.append(found)
    if device.kind == UNREGISTERED:
        kind = kind or next((_LIKELY[r.metric] for r in found.readings if r.metric in _LIKELY), "")
        note = "; ".join(
            filter(None, (_listed("not understood", strange, _SHOWN), _listed("several tell", twice, _SHOWN)))
        )
        node.parts.announced.append(Announced(said.address, kind, said.address.rpartition("/")[2], note=note))
    return node.result()


def _tells(name: str) -> bool:
    return bool(name) and name != _OURS and not name.startswith(_CONTROLS)


def _clear(named: Named, twice: list[str], kind: str) -> Named:
    if not twice:
        return named
    return [
        (name, metric)
        for name, metric in named
        if lasts(name) is not False or not any(of in twice for of in understood({name: 0}, kind))
    ]


def _listed(what: str, names: list[str], most: int) -> str:
    more = f" (+{len(names) - most})" if len(names) > most else ""
    return f"{what}: {', '.join(name[:60] for name in names[:most])}{more}" if names else ""


def _data(node: Node) -> Result:
    said, device = node.said, node.said.device
    node.count()
    if node.dead and not said.retained:
        node.revive()
        parent = said.known.find(node.address)
        node.parts.heard.append(Decoded(parent.id, [_link(said, parent, "online", "its birth was missed")]))
    if not node.born:
        node.want()
    table, valid, twice = node.names(said.address)
    named, doubted, unknown = _named(node, table, valid)
    found = heard(node, device, said.address, _clear(named, twice, device.kind), False, doubted)
    if unknown:
        _not_understood(node, unknown, found)
    node.parts.heard.append(found)
    return node.result()


def _named(node: Node, table: Mapping[str, Any], valid: bool) -> tuple[Named, bool, list[int]]:
    """The metrics by their names; whether an alias is of an earlier birth; the aliases that nobody knows."""
    named: Named = []
    doubted, unknown = False, []
    for metric in node.payload.metrics:
        name = metric.name
        if not name:
            known = table.get(str(metric.alias))
            if known is None:
                unknown += [] if metric.alias is None else [metric.alias]
                continue
            name = known[0]
            doubted = doubted or not valid
            if not metric.datatype:
                metric.value = signed(metric.value, known[1])
        if _tells(name):
            named.append((name, metric))
    return named, doubted, unknown


def _not_understood(node: Node, unknown: list[int], found: Decoded) -> None:
    """What is said cannot be known until the next birth: told once in a while, and never taken for calm."""
    said, device = node.said, node.said.device
    why = f"no birth has told what alias {unknown[0]} means"
    if node.want():
        node.parts.rejected.append(malformed(f"{why}; the node is asked for a rebirth", said))
    metric = "" if device.kind == UNREGISTERED else hazard_of(device.kind)
    if metric and all(reading.metric != metric for reading in found.readings):
        found.readings.append(
            Reading(
                device.id, metric, UNKNOWN, said.received, said.received, retained=said.retained, note=why
            )
        )


def _node_death(node: Node) -> Result:
    """A last will: the broker tells it, maybe only when the node has long come back."""
    said = node.said
    if node.stale(_birth_number(node)):
        return IGNORED
    if not said.retained and not node.dead:
        node.die()
        for address in node.children():  # those that hang on the node in the registry are unknown by that
            device = said.known.registered(address)
            if device is not None and device.gateway is None:
                link = _link(said, device, "offline", "its edge node is gone")
                node.parts.heard.append(Decoded(device.id, [link], alive=False))
    link = _link(said, said.device, "offline", "")
    node.parts.heard.append(Decoded(said.device.id, [link], alive=False))
    return node.result()


def _device_death(node: Node) -> Result:
    """Told by its node, which lives."""
    said = node.said
    node.count()
    link = _link(said, said.device, "offline", "")
    node.parts.heard.append(Decoded(said.device.id, [link], alive=False))
    return node.result()


def _link(said: Said, device: Device, word: str, note: str) -> Reading:
    return Reading(device.id, "link", word, said.received, said.received, retained=said.retained, note=note)


_TELLS: dict[str, Callable[[Node], Result]] = {
    "NBIRTH": _node_birth,
    "NDATA": _data,
    "NDEATH": _node_death,
    "DBIRTH": _device_birth,
    "DDATA": _data,
    "DDEATH": _device_death,
}
