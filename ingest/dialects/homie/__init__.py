"""Thinks. Homie 3, 4 and 5: `[5/]<device>/<node>/<property>`, one retained text each, and `$state` for life.

A property has no meaning of its own: its name tells, or the kind of a node that is registered by itself. What
`$description` (5) or the attribute topics (3, 4) say of units, labels and the tree is learned.
"""

from typing import Any

from ingest.dialects.dialect import IGNORED, Known, Result, Said, malformed, no_definitions
from ingest.dialects.held import Hearing, key_of
from ingest.dialects.homie.family import LINKS, ended, family
from ingest.dialects.homie.property import told_by
from ingest.dialects.named import kind_of, number_named, state_named
from ingest.dialects.panel import told
from ingest.guard import Malformed, check, check_size, json_object
from ingest.reading import Announced, Decoded, Parts, Reason

NAME = "homie"
BASES = ("homie",)
INTERVAL = {"": 0}  # a property is published when it changes: the last will `lost` counts
define = no_definitions

_MOST = 5_000
_TEXT = 60
_DESCRIBED = ("$unit", "$datatype", "$format")


def topics(known: Known) -> list[str]:
    return ["#"]


def filters(address: str, known: Known) -> list[str]:
    device, _, node = address.partition("/")
    made = []
    for base in (device, f"5/{device}"):
        made += [f"{base}/$state", f"{base}/$description", f"{base}/$alert/+", f"{base}/{node or '+'}/+"]
    return [*made, *(f"{device}/{node or '+'}/+/{one}" for one in _DESCRIBED)]


def addresses(rest: str, known: Known) -> tuple[str, ...] | None:
    device, *levels = _below(rest)
    if not device or device.startswith("$") or not levels:
        return ()
    first = levels[0]
    if first in ("$state", "$description", "$name", "$nodes") or (first == "$stats" and len(levels) == 2):
        return (device,) if first == "$stats" or len(levels) == 1 else ()
    if first == "$alert" and len(levels) == 2:
        return (device,)
    if first.startswith("$") or len(levels) < 2 or levels[1].startswith("$"):
        return ()
    if len(levels) > 3 or (len(levels) == 3 and levels[2] not in _DESCRIBED):
        return ()  # …/set and its kin
    own = f"{device}/{first}"
    return (own, device) if known.registered(own) is not None else (device, own)


def guard(rest: str, payload: bytes) -> tuple[Reason, str] | None:
    return check(payload) if rest.endswith("/$description") else check_size(payload)


def decode(said: Said) -> Result:
    device, *levels = _below(said.rest)
    text = told(said.payload)
    if levels[0] == "$state":
        return _state(said, device, text)
    if levels[0] == "$alert":
        return _alert(said, levels[1], text)
    if not text:
        return IGNORED  # deleted
    try:
        if levels[0] == "$description":
            return _description(said, device, json_object(said.payload))
    except Malformed as error:
        return malformed(error, said)
    if levels[0] == "$name":
        return Parts(announced=[Announced(device, "", text[:80])])
    if levels[0] == "$stats":
        return Decoded(said.device.id, [], alive=not said.retained)
    if levels[0] == "$nodes":
        nodes: dict[str, Any] = {one.partition("[")[0][:_TEXT]: {} for one in text.split(",")[:100] if one}
        return _learned(said, device, {**_about(said.known, device), "nodes": nodes | _nodes(said, device)})
    if len(levels) == 3:
        return _attribute(said, device, levels, text)
    return _property(said, device, levels[0], levels[1], text)


def _below(rest: str) -> list[str]:
    levels = rest.split("/")
    return levels[1:] if levels[0] == "5" and len(levels) > 1 else levels


def _about(known: Known, device: str) -> dict[str, Any]:
    about: dict[str, Any] = known.learned.get(key_of("about", device)) or {}
    return about


def _nodes(said: Said, device: str) -> dict[str, Any]:
    nodes: dict[str, Any] = _about(said.known, device).get("nodes", {})
    return nodes


def _learned(said: Said, device: str, about: dict[str, Any]) -> Parts:
    known, key = said.known, key_of("about", device)
    if known.learned.get(key) == about:
        return Parts()
    room = key in known.learned or len(known.learned) < _MOST or known.registered(device) is not None
    return Parts(learned={key: about} if room else {})


def _attribute(said: Said, device: str, levels: list[str], text: str) -> Parts:
    """Homie 3 and 4: `<node>/<property>/$unit`."""
    node, name, attribute = levels
    nodes = {one: dict(properties) for one, properties in _nodes(said, device).items()}
    described = list(nodes.setdefault(node, {}).get(name) or ["", "", ""])
    described[_DESCRIBED.index(attribute)] = text[:_TEXT]
    nodes[node][name] = described
    if len(nodes) > 100 or len(nodes[node]) > 100:
        return Parts()
    return _learned(said, device, {**_about(said.known, device), "nodes": nodes})


def _description(said: Said, device: str, body: dict[str, Any]) -> Result:
    """Homie 5: the whole device in one document."""
    nodes: dict[str, Any] = {}
    for node, one in list(_objects(body.get("nodes")))[:200]:
        nodes[node] = {
            name: [str(is_.get(key) or "")[:_TEXT] for key in ("unit", "datatype", "format")]
            for name, is_ in list(_objects(one.get("properties")))[:200]
        }
    about: dict[str, Any] = {"nodes": nodes}
    about |= {key: body[key][:200] for key in ("root", "parent") if isinstance(body.get(key), str)}
    children = body.get("children")
    if isinstance(children, list):
        about["children"] = [one for one in children if isinstance(one, str)][:500]
    parts = _learned(said, device, about)
    metrics = {_metric(node, name, is_) for node, all_ in nodes.items() for name, is_ in all_.items()}
    called = body.get("name")
    name = called[:80] if isinstance(called, str) else device
    parts.announced = [Announced(device, kind_of(metrics), name, note=f"Homie {str(body.get('homie'))[:10]}")]
    return parts


def _objects(raw: Any) -> list[tuple[str, dict[str, Any]]]:
    return (
        [(key[:_TEXT], one) for key, one in raw.items() if isinstance(one, dict)]
        if isinstance(raw, dict)
        else []
    )


def _metric(node: str, name: str, described: list[str]) -> str:
    if described[1] in ("float", "integer"):
        return number_named(name) or number_named(node) or ""
    return state_named(name) or state_named(node) or ""


def _state(said: Said, device: str, text: str) -> Result:
    """`sleeping` is a battery device between two reports: not off-line. Nothing at all: it was removed."""
    if text not in LINKS:
        return malformed(f"expected a $state of Homie, got {text[:40]!r}", said)
    key = key_of("state", device)
    hearing = Hearing(said, said.device, said.address)
    if said.known.learned.get(key) != text and _room(said, key):
        hearing.news[key] = text
    found = family(said, device, text)
    if text == "alert":
        hearing.take("fault", ("fault", "$state alert"), part="$state")
    elif text == "ready" and ended(said.known, said.address):
        hearing.take("fault", ("normal", ""), part="$state")
    result = hearing.result(alive=False)
    parts = result if isinstance(result, Parts) else Parts([result])
    return Parts(_joined(parts.heard + found), learned=parts.learned)


def _room(said: Said, key: str) -> bool:
    learned = said.known.learned
    return key in learned or len(learned) < _MOST or said.known.registered(said.address) is not None


def _joined(heard: list[Decoded]) -> list[Decoded]:
    first = heard[0]
    for one in heard[1:]:
        if one.device == first.device:
            first.readings += one.readings
    return [first, *(one for one in heard[1:] if one.device != first.device)]


def _alert(said: Said, name: str, text: str) -> Result:
    """Homie 5: a message that stands until it is cleared."""
    hearing = Hearing(said, said.device, said.address)
    hearing.take("fault", ("fault", text[:200]) if text else ("normal", ""), part=f"$alert/{name[:_TEXT]}")
    return hearing.result()


def _property(said: Said, device: str, node: str, name: str, text: str) -> Result:
    hearing = Hearing(said, said.device, said.address)
    described = _nodes(said, device).get(node, {}).get(name) or ["", "", ""]
    told_by(hearing, node, name, text, described)
    return hearing.result()
