"""Thinks. Which alerts belong to a drill. What cannot be placed in it for certain is real.

Outside the scope, of another kind or class (but see `less`), begun before the drill, raised by a person, of
Tocsin itself or of a device that nobody registered: real. Inside it, what a person presses, and a panel, only
as listed; in a zone that is not scheduled the second device to speak is real, and so is the first from then
on.
"""

from collections.abc import Iterable

from alerts.alert import Alert, Origin
from alerts.drills.drill import Drill, scheduled, within
from ingest.campus.device import OWN, Device
from ingest.campus.registry import Registry
from rules.verdict import Class

LISTED_ONLY = ("call_point", "panic_button", "fire_panel")  # a person presses it; it speaks for many


def devices_of(alert: Alert) -> set[str]:
    """Every device that an alert names: its own, and those of its evidence."""
    return {alert.device, *(one.device for one in alert.evidence if one.device)}


def covers(drill: Drill, alert: Alert, registry: Registry, now: int) -> bool:
    """Whether a new alert is part of the drill, as far as it can be seen from the alert alone."""
    begins = drill.begins
    if begins is None or not drill.runs(now) or not drill.runs(alert.raised_at):
        return False
    moments = (alert.active_at, *(one.event_time for one in alert.evidence))
    if min(moments) < begins or alert.origin is not Origin.RULE:
        return False
    if alert.alert_class is not drill.alert_class and not less(drill, alert):
        return False
    devices = [registry.devices.get(name) for name in devices_of(alert)]
    if not all(device is not None and _takes(drill, device, registry) for device in devices):
        return False
    if about_one(alert):
        return True
    whole = scheduled(drill, alert.subject) or within(alert.subject, drill.places, registry)
    return whole and all(scheduled(drill, home(device)) for device in devices if device is not None)


def _takes(drill: Drill, device: Device, registry: Registry) -> bool:
    if device.id == OWN or device.kind not in drill.kinds:
        return False
    if device.kind in LISTED_ONLY and device.id not in drill.points:
        return False
    return within(device.place, drill.places, registry)


def less(drill: Drill, alert: Alert) -> bool:
    """Of another class than the drill and part of it all the same: a device says that it is being tested, and
    nothing worse; or a listed point is on its way to the alarm that is awaited of it."""
    if testing(alert):
        return True
    awaited = drill.alert_class is Class.ALARM and alert.device in drill.points and about_one(alert)
    words = {one.value for one in alert.evidence}
    return awaited and alert.alert_class is Class.SUPERVISORY and words == {"prealarm"}


def testing(alert: Alert) -> bool:
    return alert.alert_class is Class.STATUS and {one.value for one in alert.evidence} == {"test"}


def about_one(alert: Alert) -> bool:
    return alert.subject == alert.device or alert.subject.startswith(f"{alert.device}/")


def home(device: Device) -> str:
    """The devices that confirm one another: its zone, or its place where it has none."""
    return device.zone or device.place


def mates(drill: Drill, alert: Alert, registry: Registry) -> set[str]:
    """The other devices of its zone, any of whose alarms would make this one real; none where the zone is
    scheduled."""
    device = registry.devices.get(alert.device)
    if device is None or scheduled(drill, home(device)):
        return set()
    return {one.id for one in registry.devices.values() if home(one) == home(device) and one.id != device.id}


def spoken(drill: Drill, alerts: Iterable[Alert]) -> tuple[str, ...]:
    """The points that some alert of these names, in the order of the list."""
    named = {device for alert in alerts if answers(drill, alert) for device in devices_of(alert)}
    return tuple(point for point in drill.points if point in named)


def answers(drill: Drill, alert: Alert) -> bool:
    """Whether it is what was awaited: a fault or a pre-alarm shows that the point speaks, and no alarm."""
    return alert.alert_class is drill.alert_class or testing(alert)
