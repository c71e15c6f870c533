"""Thinks. The demo school as plain data: what is fitted where, and the campus file that registers it.

`build(seed, devices)` gives exactly so many devices, gateways counted; same arguments, same school.
"""

from collections import Counter
from typing import Any, NamedTuple

from tocsin.simulate import people
from tocsin.simulate.chance import pick
from tocsin.simulate.fittings import erect
from tocsin.simulate.school import BUILDINGS, GATEWAYS, annex
from tocsin.simulate.site import Device, Place, Site, Zone

FEWEST, MOST = 60, 50_000
# Nowhere: no Beijing number begins with 0.
_UNIT = {"address": "北京市示范区示范路 1 号", "phone": "010-0000 0119"}


class Campus(NamedTuple):
    """The school, and its awkward devices: one drops out, one has a wrong clock, one a dying battery."""

    places: tuple[Place, ...]
    zones: tuple[Zone, ...]
    devices: tuple[Device, ...]
    flaky: str
    wrong_clock: str
    weak: str

    def of(self, building: str, *kinds: str) -> list[Device]:
        return [device for device in self.devices if device.building == building and device.kind in kinds]


def build(seed: int, devices: int = 300) -> Campus:
    """Raises ValueError, in a sentence for a person, for a number of devices that cannot be built."""
    if not FEWEST <= devices <= MOST:
        raise ValueError(f"--devices {devices}: a campus has between {FEWEST} and {MOST} devices")
    site = Site()
    site.place("campus", "示范学校", "Demo School", None)
    for building in BUILDINGS:
        erect(site, building)
    _gateways(site)
    number = 0
    while len(site.devices) < devices:
        erect(site, annex(number))
        number += 1
    kept = _thin_out(site.devices, devices)
    return Campus(tuple(site.places), tuple(site.zones), *_awkward(kept, seed))


def _awkward(devices: list[Device], seed: int) -> tuple[tuple[Device, ...], str, str, str]:
    """The devices, and which of them is flaky, which has a wrong clock and which a weak battery."""
    own = [device for device in devices if device.dialect == "tocsin"]
    flaky = pick([d.id for d in own if d.kind == "camera"], seed, "flaky")
    clocked = [d.id for d in own if d.kind == "electrical_fire" and d.gateway != "gw-teach-b"]
    weak = pick([d.id for d in own if d.kind == "extinguisher"], seed, "weak")
    # A minute is short enough for a demo to see the flaky one fall silent.
    registered = tuple(d._replace(interval=60) if d.id == flaky else d for d in devices)
    return registered, flaky, pick(clocked, seed, "wrong clock"), weak


def _thin_out(devices: list[Device], wanted: int) -> list[Device]:
    """Leave out devices evenly over all buildings, never an essential one."""
    seen: Counter[str] = Counter()
    ranks = []
    for index, device in enumerate(devices):
        rank = 0.0
        if not device.essential:
            seen[device.building] += 1
            # The golden ratio spreads the ranks, so that no floor is left out as a whole.
            rank = 1e-9 + seen[device.building] * 0.6180339887 % 1.0
        ranks.append((rank, index))
    kept = sorted(index for _, index in sorted(ranks)[:wanted])
    return [devices[index] for index in kept]


def _gateways(site: Site) -> None:
    owner = {building.id: building.owner for building in BUILDINGS}
    for gateway in GATEWAYS:
        zigbee = gateway.dialect == "zigbee2mqtt"
        site.devices.append(
            Device(
                gateway.id, "gateway", gateway.building, gateway.zh, gateway.en, owner[gateway.building],
                gateway.building, None, dialect=gateway.dialect, address="bridge" if zigbee else "",
                interval=600 if zigbee else None, essential=True,
            )
        )  # fmt: skip


def campus_file(seed: int, devices: int = 300) -> dict[str, Any]:
    """The campus file of this school, as `tocsin apply` reads it."""
    campus = build(seed, devices)
    return {
        "places": [_row(place) | (_UNIT if place.parent is None else {}) for place in campus.places],
        "zones": [_row(zone) for zone in campus.zones],
        "devices": [_device_row(device) for device in campus.devices],
        "persons": people.persons(),
        "teams": people.teams(),
        "posts": people.posts(),
        "policies": people.policies(),
    }


def _row(thing: Place | Zone) -> dict[str, Any]:
    return {name: value for name, value in thing._asdict().items() if value is not None}


def _device_row(device: Device) -> dict[str, Any]:
    row = {name: value for name, value in device._asdict().items() if value not in (None, "")}
    del row["building"], row["essential"]
    return row
