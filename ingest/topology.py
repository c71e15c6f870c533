"""Thinks. Which device speaks through which: gateways and bridges, one above another, and what is below."""

from collections.abc import Iterator
from typing import Literal

from ingest.bilingual import both
from ingest.campus.device import Device
from ingest.campus.registry import Registry

Carries = Literal["life_safety", "others", "nothing"]

NAMED = 5  # life-safety devices named in the text of an alert; all of them are counted


def gateways(registry: Registry, device_id: str) -> tuple[str, ...]:
    """The gateways a device speaks through, the nearest first."""
    found: list[str] = []
    device = registry.devices.get(device_id)
    while device is not None and device.gateway is not None and device.gateway not in found:
        found.append(device.gateway)
        device = registry.devices.get(device.gateway)
    return tuple(found)


def below(registry: Registry, gateway_id: str) -> Iterator[Device]:
    """Every device that speaks through this one, also through others in between."""
    for child in registry.children(gateway_id):
        yield child
        yield from below(registry, child.id)


def carries(registry: Registry, device_id: str) -> Carries:
    """What is not covered any more when this device falls silent."""
    found: Carries = "nothing"
    for device in below(registry, device_id):
        if device.life_safety:
            return "life_safety"
        found = "others"
    return found


def unprotected(registry: Registry, gateway_id: str) -> tuple[int, str]:
    """How many life-safety devices a dead gateway leaves uncovered, and a sentence that names the first."""
    lost = [device for device in below(registry, gateway_id) if device.life_safety]
    if not lost:
        return 0, ""
    lost.sort(key=lambda device: (_where(registry, device), device.id))
    names = ", ".join(f"{_where(registry, device)} {device.id}".lstrip() for device in lost[:NAMED])
    more = f" +{len(lost) - NAMED}" if len(lost) > NAMED else ""
    plural = "s" if len(lost) > 1 else ""
    zh, en = f"{len(lost)} 个生命安全点位未受保护：", f"{len(lost)} life-safety point{plural} unprotected: "
    return len(lost), f"{both(zh, en)}{names}{more}"


def _where(registry: Registry, device: Device) -> str:
    """The place without the campus, which everybody knows."""
    return " ".join(place.zh or place.en for place in registry.path(device.place)[1:])
