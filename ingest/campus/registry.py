"""Thinks. The registry: places, zones and devices of the campus as one whole, or what is wrong with it."""

from collections.abc import Iterable, Iterator, Mapping
from copy import copy

from msgspec.structs import replace

from ingest.campus.calendar import Calendar
from ingest.campus.calendarchecks import calendar_problems
from ingest.campus.checks import loose, refused
from ingest.campus.definition import Definitions
from ingest.campus.device import OWN, Device, Place, Zone, address_of
from ingest.campus.kinds import TAKE_BUTTON


class RegistryError(Exception):
    """The parts do not fit together: `problems` has one sentence for each mistake, all of them at once."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class Registry:
    """What is registered, looked up in every way the rooms need. Never changes: a new one replaces it."""

    def __init__(
        self,
        places: dict[str, Place],
        zones: dict[str, Zone],
        devices: dict[str, Device],
        definitions: Definitions | None = None,
        calendar: Calendar | None = None,
    ) -> None:
        self.places: Mapping[str, Place] = places
        self.zones: Mapping[str, Zone] = zones
        self.devices: Mapping[str, Device] = devices
        self.definitions: Definitions = definitions or {}
        self.calendar = calendar or Calendar()
        self.admitted: Mapping[str, Device] = {}
        self.take_buttons = frozenset(d.id for d in devices.values() if d.kind == TAKE_BUTTON)
        self._by_address = {(d.dialect, address_of(d)): d for d in devices.values()}
        self._paths = {place: tuple(_up(places, place))[::-1] for place in places}
        self._children: dict[str, list[Device]] = {}
        for device in devices.values():
            if device.gateway is not None:
                self._children.setdefault(device.gateway, []).append(device)

    @classmethod
    def build(
        cls,
        places: Iterable[Place] = (),
        zones: Iterable[Zone] = (),
        devices: Iterable[Device] = (),
        definitions: Definitions | None = None,
        trusted: bool = False,
        calendar: Calendar | None = None,
    ) -> "Registry":
        """Check the parts and put them together. Raises RegistryError with every mistake.

        With no place at all there is a place `campus`; the device `tocsin` is added where it is absent.
        Parts that are `trusted` were checked when they were stored: what a newer version would refuse of
        them does not keep it from starting, as long as every reference leads somewhere.
        """
        place_list, zone_list = list(places) or [Place("campus", "校园", "Campus")], list(zones)
        device_list = list(devices)
        root = next((p.id for p in place_list if p.parent is None), place_list[0].id)
        if all(d.id != OWN for d in device_list):
            device_list.append(own_device(root))
        problems = loose(place_list, zone_list, device_list)
        if not trusted:
            problems += refused(place_list, device_list, definitions or {})
            if calendar is not None:
                problems += calendar_problems(calendar.spans, calendar.own_hours)
        if problems:
            raise RegistryError(problems)
        return cls(
            {p.id: p for p in place_list},
            {z.id: z for z in zone_list},
            {d.id: d for d in device_list},
            definitions,
            calendar,
        )

    @property
    def root(self) -> Place:
        """The campus itself: the one place without a parent."""
        return next(p for p in self.places.values() if p.parent is None)

    def path(self, place_id: str) -> tuple[Place, ...]:
        """The places from the campus down to this one; empty for a place that is not registered."""
        return self._paths.get(place_id, ())

    def device(self, device_id: str) -> Device | None:
        """A registered device, or a stand-in whose alarm is judged although nobody registered it."""
        return self.devices.get(device_id) or self.admitted.get(device_id)

    def admitting(self, strangers: Mapping[str, Device]) -> "Registry":
        """The same registry with other stand-ins. Where one has no place it is the campus."""
        other, root = copy(self), self.root.id
        other.admitted = {
            name: one if one.place else replace(one, place=root) for name, one in strangers.items()
        }
        return other

    def by_address(self, dialect: str, address: str) -> Device | None:
        return self._by_address.get((dialect, address))

    def children(self, gateway_id: str) -> list[Device]:
        """The devices that speak through this gateway."""
        return self._children.get(gateway_id, [])


def own_device(place_id: str) -> Device:
    """Tocsin itself, as a device in its own registry."""
    return Device(OWN, "service", place_id, zh="警钟", en="Tocsin", interval=0)


def _up(places: Mapping[str, Place], place_id: str) -> Iterator[Place]:
    here: str | None = place_id
    while here is not None:
        yield places[here]
        here = places[here].parent
