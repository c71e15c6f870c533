"""Thinks. The registry: places, zones and devices of the campus as one whole, or what is wrong with it."""

import re
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches

from ingest.campus.device import Device, Place, Zone
from ingest.campus.kinds import KINDS
from ingest.dialects import DIALECTS

OWN = "tocsin"  # the device id of this service itself
_ID = re.compile(r"[A-Za-z0-9_.:-]{1,64}")
_NOT_IN_A_TOPIC = re.compile(r"[+#\x00-\x1f\x7f\ud800-\udfff]")


_HINTS = 100  # a hint costs a comparison with every known name: of many thousand mistakes the first have one

Problem = str | tuple[str, str, Iterable[str]]  # a sentence; or with it a wrong name and the known ones


class RegistryError(Exception):
    """The parts do not fit together: `problems` has one sentence for each mistake, all of them at once."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class Registry:
    """What is registered, looked up in every way the rooms need. Never changes: a new one replaces it."""

    def __init__(self, places: dict[str, Place], zones: dict[str, Zone], devices: dict[str, Device]) -> None:
        self.places: Mapping[str, Place] = places
        self.zones: Mapping[str, Zone] = zones
        self.devices: Mapping[str, Device] = devices
        self._by_address = {(d.dialect, address_of(d)): d for d in devices.values()}
        self._paths = {place: tuple(_up(places, place))[::-1] for place in places}
        self._children: dict[str, list[Device]] = {}
        for device in devices.values():
            if device.gateway is not None:
                self._children.setdefault(device.gateway, []).append(device)

    @classmethod
    def build(
        cls, places: Iterable[Place] = (), zones: Iterable[Zone] = (), devices: Iterable[Device] = ()
    ) -> "Registry":
        """Check the parts and put them together. Raises RegistryError with every mistake.

        With no place at all there is a place `campus`; the device `tocsin` is added where it is absent.
        """
        place_list, zone_list = list(places) or [Place("campus", "校园", "Campus")], list(zones)
        device_list = list(devices)
        root = next((p.id for p in place_list if p.parent is None), place_list[0].id)
        if all(d.id != OWN for d in device_list):
            device_list.append(own_device(root))
        problems = list(_problems(place_list, zone_list, device_list))
        if problems:
            raise RegistryError([_sentence(problem, hint=n < _HINTS) for n, problem in enumerate(problems)])
        return cls(
            {p.id: p for p in place_list}, {z.id: z for z in zone_list}, {d.id: d for d in device_list}
        )

    @property
    def root(self) -> Place:
        """The campus itself: the one place without a parent."""
        return next(p for p in self.places.values() if p.parent is None)

    def path(self, place_id: str) -> tuple[Place, ...]:
        """The places from the campus down to this one; empty for a place that is not registered."""
        return self._paths.get(place_id, ())

    def by_address(self, dialect: str, address: str) -> Device | None:
        return self._by_address.get((dialect, address))

    def children(self, gateway_id: str) -> list[Device]:
        """The devices that speak through this gateway."""
        return self._children.get(gateway_id, [])


def address_of(device: Device) -> str:
    """What the device's dialect calls it: its address, or its id where none is registered."""
    return device.address or device.id


def own_device(place_id: str) -> Device:
    """Tocsin itself, as a device in its own registry."""
    return Device(OWN, "service", place_id, zh="警钟", en="Tocsin", interval=0)


def _up(places: Mapping[str, Place], place_id: str) -> Iterator[Place]:
    here: str | None = place_id
    while here is not None:
        yield places[here]
        here = places[here].parent


def _problems(places: list[Place], zones: list[Zone], devices: list[Device]) -> Iterator[Problem]:
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


def _device_problems(
    device: Device, places: set[str], zones: set[str], devices: Mapping[str, Device]
) -> Iterator[Problem]:
    here = f"device {device.id!r}"
    if device.kind not in KINDS:
        yield f"{here}: kind {device.kind!r} is not known", device.kind, KINDS
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
    address = address_of(device)
    if device.dialect not in DIALECTS:
        yield f"{here}: dialect {device.dialect!r} is not known", device.dialect, DIALECTS
    elif len(address) > 256 or _NOT_IN_A_TOPIC.search(address):
        yield f"{here}: address {address[:300]!r} has + # or a control character, or over 256 characters"
    elif address not in (DIALECTS[device.dialect].addresses(_own_topic(device), "base") or ()):
        yield f"{here}: no topic of dialect {device.dialect} can carry the address {address!r}"


def _own_topic(device: Device) -> str:
    return DIALECTS[device.dialect].own_filters(device, "base")[0]


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
