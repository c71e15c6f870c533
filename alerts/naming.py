"""Thinks. What a device is called to a person: its name, else its kind and id, so that no two look alike."""

from ingest.campus.device import Device
from ingest.campus.kinds import KINDS
from ingest.campus.registry import Registry
from ingest.topology import below
from rules.verdict import Text


def name(device: Device) -> Text:
    kind = KINDS[device.kind]
    zh, en = device.zh or device.en, device.en or device.zh
    return Text(zh, en) if zh else Text(f"{kind.zh} {device.id}", f"{kind.en} {device.id}")


def with_reach(device: Device, registry: Registry) -> Text:
    """A gateway together with how many life-safety points speak through it; any other device by its name."""
    named = name(device)
    points = sum(child.life_safety for child in below(registry, device.id)) if device.kind == "gateway" else 0
    if not points:
        return named
    plural = "s" if points > 1 else ""
    return Text(f"{named.zh}，{points} 个生命安全点位", f"{named.en}, {points} life-safety point{plural}")


def title(text: Text, device: Device | None, registry: Registry) -> Text:
    """Of an alert about a gateway: which one, since a place may have several, and how much depends on it."""
    if device is None or device.kind != "gateway":
        return text
    which = with_reach(device, registry)
    return Text(f"{text.zh}（{which.zh}）", f"{text.en} ({which.en})")
