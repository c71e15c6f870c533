"""Thinks. A life-safety device, or the gateway of one, whose message cannot be read: a fire may be in it.

It is a state of the device, `unreadable`, until it says something that is understood.
"""

from collections.abc import Iterable

from ingest.campus.device import Device
from ingest.campus.registry import Registry
from ingest.reading import Reading, Rejected
from ingest.topology import carries

METRIC = "unreadable"


class Unreadable:
    """`standing`: devices of which it was told before a restart."""

    def __init__(self, standing: Iterable[str] = ()) -> None:
        self.standing = set(standing)

    def refused(self, rejected: Rejected, registry: Registry) -> list[Reading]:
        name, now = rejected.device, rejected.received
        device = registry.devices.get(name)
        if device is None or name in self.standing or not rejected.sample:  # an empty message hides nothing
            return []
        if not _vital(device, registry):
            return []
        self.standing.add(name)
        return [Reading(name, METRIC, "fault", now, now, note=rejected.detail[:200])]

    def understood(self, name: str, registry: Registry, now: int) -> list[Reading]:
        """It has said something; if it speaks through a gateway, that has as well. Only asked while any is
        `standing`, which is nearly never."""
        device = registry.devices.get(name)
        mended = self.standing & {name, device.gateway if device and device.gateway else name}
        self.standing -= mended
        return [Reading(one, METRIC, "normal", now, now) for one in sorted(mended)]


def _vital(device: Device, registry: Registry) -> bool:
    return device.life_safety or carries(registry, device.id) == "life_safety"
