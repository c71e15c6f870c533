"""Thinks. An alert as other systems see it: plain values, without a person, a note or a telephone number.

What an open alert says here is documented in docs/integrations.md: fields are added, never changed.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from alerts.alert import Acknowledgement, Activity, Alert, Inhibition, Mode
from alerts.duty.canary import is_canary
from alerts.duty.people import LOOP
from alerts.placing import building
from ingest.campus.device import Device, Place
from ingest.campus.registry import Registry
from rules.verdict import Class

SCHEMA = 1
FIRE = ("smoke_detector", "heat_detector", "flame_detector", "flow_switch", "fire_panel", "call_point")
_AXES = ("activity", "acknowledgement", "verification", "ownership", "inhibition", "mode", "latch", "pair")

Plain = dict[str, Any]


def for_others(alert: Alert) -> bool:
    """All but the minute's message from ourselves to ourselves, and the test of a shift."""
    return alert.policy != LOOP and not is_canary(alert)


def counts(alert: Alert) -> bool:
    """Whether it is among those that are counted: real, and not hidden by anybody."""
    return alert.open and alert.mode is Mode.REAL and alert.inhibition is Inhibition.NONE


def unacknowledged(alert: Alert) -> bool:
    return alert.acknowledgement is Acknowledgement.NO


def iso(moment: int) -> str:
    """RFC 3339 in UTC, with milliseconds."""
    text = datetime.fromtimestamp(moment / 1000, UTC).isoformat(timespec="milliseconds")
    return text.removesuffix("+00:00") + "Z"


def shown(alert: Alert, registry: Registry) -> Plain:
    """What is published of an alert. Nothing in it names a person."""
    device = registry.device(alert.device)
    return {
        "schema": SCHEMA,
        "id": alert.id,
        "code": alert.code,
        "open": alert.open,
        "class": alert.alert_class.value,
        "priority": alert.priority,
        "life_safety": alert.life_safety,
        "title": {"zh": alert.title.zh, "en": alert.title.en},
        "rule": alert.rule,
        "subject": alert.subject,
        "device": {"id": device.id, "kind": device.kind, "zh": device.zh, "en": device.en}
        if device
        else None,
        "place": alert.place,
        "path": [_named(place) for place in registry.path(alert.place)],
        "since": iso(alert.active_at),
        "raised_at": iso(alert.raised_at),
        "occurrence": alert.occurrence,
        "activations": alert.activations,
        "incident": alert.incident or None,
        **{axis: getattr(alert, axis).value for axis in _AXES},
    }


def _named(one: Place | Device) -> Plain:
    return {"id": one.id, "zh": one.zh, "en": one.en}


def summary(alerts: Iterable[Alert]) -> Plain:
    """How many are open, by class; the worst class of those that count."""
    known = list(alerts)
    real = [alert for alert in known if counts(alert)]
    found: Plain = {one.value: sum(alert.alert_class is one for alert in real) for one in Class}
    worst = next((one.value for one in Class if found[one.value]), "none")
    return {
        "schema": SCHEMA,
        "worst": worst,
        "open": len(real),
        **found,
        "fire": sum(_is_fire(alert) for alert in real),
        "life_safety": sum(alert.life_safety for alert in real),
        "active": sum(alert.activity is not Activity.NORMAL for alert in real),
        "unacknowledged": sum(unacknowledged(alert) for alert in real),
        "inhibited": sum(alert.inhibition is not Inhibition.NONE for alert in known),
        "drill": sum(alert.mode is not Mode.REAL for alert in known),
        "codes": sorted(alert.code for alert in real)[:100],
    }


def _is_fire(alert: Alert) -> bool:
    return alert.alert_class is Class.ALARM and alert.device_kind in FIRE


def buildings(registry: Registry) -> list[Place]:
    """The places right below the campus; and the campus itself, for what lies in none of them."""
    root = registry.root
    return [root, *(place for place in registry.places.values() if place.parent == root.id)]


def by_building(alerts: Iterable[Alert], registry: Registry) -> dict[str, list[Alert]]:
    found: dict[str, list[Alert]] = {place.id: [] for place in buildings(registry)}
    for alert in alerts:
        found[building(alert.place, registry)].append(alert)
    return found
