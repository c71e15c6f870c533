"""Thinks. What is wrong with a campus: a sentence for each mistake, all of them at once."""

import re
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from functools import lru_cache
from typing import get_args

from ingest.campus.definition import Definitions, definition_problems
from ingest.campus.device import OWN, Device, Level, Place, Zone, address_of, fact_problems
from ingest.campus.kinds import CALLED, KINDS, NOT_FOR_PEOPLE
from ingest.dialects import DIALECTS, defined
from ingest.dialects.dialect import Dialect, Known

_ID = re.compile(r"[A-Za-z0-9_.:-]{1,64}")
_LEVELS: tuple[str, ...] = get_args(Level)  # from the outermost in
_NOT_IN_A_TOPIC = re.compile(r"[+#\x00-\x1f\x7f\ud800-\udfff]")

_HINTS = 100  # a hint costs a comparison with every known name: of many thousand mistakes the first have one

Problem = str | tuple[str, str, Iterable[str]]  # a sentence; or with it a wrong name and the known ones


def loose(places: list[Place], zones: list[Zone], devices: list[Device]) -> list[str]:
    """Ids given twice, references that lead nowhere or in a ring: with one of them there is no campus."""
    return _told(_loose(places, zones, devices))


def refused(places: list[Place], devices: list[Device], definitions: Definitions) -> list[str]:
    """What the vocabulary, the dialects and the calendar do not allow."""
    return [*_told(_refused(places, devices, definitions)), *definition_problems(definitions)]


def _told(problems: Iterator[Problem]) -> list[str]:
    return [_sentence(problem, hint=n < _HINTS) for n, problem in enumerate(problems)]


def _loose(places: list[Place], zones: list[Zone], devices: list[Device]) -> Iterator[Problem]:
    for what, ids in (
        ("place", [p.id for p in places]),
        ("zone", [z.id for z in zones]),
        ("device", [d.id for d in devices]),
    ):
        yield from _id_problems(what, ids)
    yield from _place_problems({p.id: p for p in places})
    known_places, known_zones = {p.id for p in places}, {z.id for z in zones}
    by_id = {d.id: d for d in devices}
    for device in devices:
        yield from _device_problems(device, known_places, known_zones, by_id)
    yield from _address_problems(devices)
    yield from _cycles("device", {d.id: d.gateway for d in devices}, "gateway")


@lru_cache(maxsize=256)
def unknown_kind(kind: str) -> str:
    """With what was meant, by its Chinese or English name too, else with all there are."""
    names = [name for name in KINDS if name not in NOT_FOR_PEOPLE]
    near = get_close_matches(kind, [*names, *CALLED], n=1)
    meant = [CALLED.get(near[0], near[0])] if near else [name for name in names if kind in name.split("_")]
    hint = f"did you mean {meant[0]!r}?" if meant else f"it is one of: {', '.join(names)}"
    return f"kind {kind!r} is not known; {hint}"


def _id_problems(what: str, ids: list[str]) -> Iterator[Problem]:
    seen: set[str] = set()
    for name in ids:
        if not _ID.fullmatch(name):
            yield f"{what} {name!r}: an id has 1 to 64 letters, digits or _ . : -"
        if name in seen:
            yield f"{what} {name!r}: registered twice; give each {what} its own id"
        seen.add(name)


def _place_problems(places: dict[str, Place]) -> Iterator[Problem]:
    roots = [p.id for p in places.values() if p.parent is None]
    if len(roots) > 1:
        yield f"places {', '.join(map(repr, roots))}: only the campus has no parent; give the others one"
    for place in places.values():
        if place.parent is not None and place.parent not in places:
            yield f"place {place.id!r}: parent {place.parent!r} is not a place", place.parent, places
    yield from _cycles("place", {p.id: p.parent for p in places.values()}, "parent")


def _refused(places: list[Place], devices: list[Device], definitions: Definitions) -> Iterator[Problem]:
    by_id = {place.id: place for place in places}
    for place in places:
        yield from _level_problems(place, by_id)
    knowns = {name: Known(name, definitions=defined(name, definitions.get(name, {}))) for name in DIALECTS}
    for device in devices:
        yield from (f"device {device.id!r}: {problem}" for problem in fact_problems(device))
        told = definitions.get(device.dialect, {}).keys()
        bad = told - knowns[device.dialect].definitions.keys() if told else ()
        if not any(f"{address_of(device)}/".startswith(f"{name}/") for name in bad):  # that is told already
            yield from _dialect_problems(device, knowns)


def _level_problems(place: Place, places: dict[str, Place]) -> Iterator[Problem]:
    """Measured against the nearest place around it that says its level."""
    above, left = places.get(place.parent or ""), len(places)
    while above is not None and above.level is None and left:
        above, left = places.get(above.parent or ""), left - 1
    if place.level and above and above.level and _LEVELS.index(place.level) < _LEVELS.index(above.level):
        yield f"place {place.id!r}: level {place.level!r} cannot lie in {above.id!r}, level {above.level!r}"


def _device_problems(
    device: Device,
    places: set[str],
    zones: set[str],
    devices: Mapping[str, Device],
) -> Iterator[Problem]:
    here = f"device {device.id!r}"
    if device.kind not in KINDS:
        yield f"{here}: {unknown_kind(device.kind)}"
    if (device.id == OWN) != (device.kind == "service"):
        yield f"{here}: the device {OWN!r} and no other is of kind 'service'; it is this service itself"
    if device.place not in places:
        yield f"{here}: place {device.place!r} is not a place", device.place, places
    if device.zone is not None and device.zone not in zones:
        yield f"{here}: zone {device.zone!r} is not a zone", device.zone, zones
    if device.gateway is not None and device.gateway not in devices:
        yield f"{here}: gateway {device.gateway!r} is not a device", device.gateway, devices
    if device.interval is not None and device.interval < 0:
        yield f"{here}: interval {device.interval} is below 0; 0 means not supervised"


def _dialect_problems(device: Device, knowns: Mapping[str, Known]) -> Iterator[Problem]:
    here, address = f"device {device.id!r}", address_of(device)
    if device.dialect not in DIALECTS:
        yield f"{here}: dialect {device.dialect!r} is not known", device.dialect, DIALECTS
    elif len(address) > 256 or _NOT_IN_A_TOPIC.search(address):
        yield f"{here}: address {address[:300]!r} has + # or a control character, or over 256 characters"
    elif not _speakable(DIALECTS[device.dialect], address, knowns[device.dialect]):
        yield f"{here}: no topic of dialect {device.dialect} can carry the address {address!r}"


def _speakable(dialect: Dialect, address: str, known: Known) -> bool:
    """Whether a device of this address can be heard at all."""
    for topic in dialect.filters(address, known):
        found = dialect.addresses(topic, known) or ()
        if address in found or "" in found:
            return True
    return False


def _address_problems(devices: list[Device]) -> Iterator[Problem]:
    owner: dict[tuple[str, str], str] = {}
    for device in devices:
        first = owner.setdefault((device.dialect, address_of(device)), device.id)
        if first != device.id:
            address = address_of(device)
            yield f"device {device.id!r}: {device.dialect} address {address!r} belongs to {first!r} already"


def _cycles(what: str, above: Mapping[str, str | None], word: str) -> Iterator[Problem]:
    """Every ring of references (a place above itself), each named once. Tolerates dangling references."""
    safe: set[str] = set()
    for start in above:
        trail: list[str] = []
        here: str | None = start
        while here is not None and here in above and here not in safe and here not in trail:
            trail.append(here)
            here = above[here]
        if here is not None and here in trail:
            ring = [*trail[trail.index(here) :], here]
            yield f"{what} {here!r}: its {word} leads back to itself ({' → '.join(ring)})"
        safe.update(trail)


def _sentence(problem: Problem, hint: bool) -> str:
    if isinstance(problem, str):
        return problem
    text, got, known = problem
    near = [name for name in known if hint and abs(len(name) - len(got)) <= 2 and name[:1] == got[:1]]
    close = get_close_matches(got, near[:500], n=1)
    return f"{text}; did you mean {close[0]!r}?" if close else text
