"""Thinks. Where a new alert is: the place and the kind of what its rule judged."""

from msgspec.structs import replace

from alerts.alert import Alert
from ingest.campus.registry import Registry


def placed(alert: Alert, registry: Registry) -> Alert:
    """The alert with the place and kind of its device; of one about a place itself, that place."""
    device = registry.device(alert.device)
    if device is not None:
        return replace(alert, place=device.place, device_kind=device.kind)
    if not alert.place and alert.subject in registry.places:
        return replace(alert, place=alert.subject)
    return alert


def building(place: str, registry: Registry) -> str:
    """The building that a place lies in; the campus for what lies in none, or is not registered."""
    path = registry.path(place)
    return path[1].id if len(path) > 1 else registry.root.id
