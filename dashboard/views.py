"""Touches. What a screen shows besides the alerts: snapshot, live frames, devices, series. Reads only."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from sqlalchemy import Connection

from dashboard import cards, drillrecord, duty, hidden, places, together
from dashboard.health.row import reporting
from dashboard.reach import EVERYWHERE, Reach
from dashboard.service import Service
from ingest.campus.device import OWN, Device
from ingest.campus.kinds import KINDS, METRICS, Form
from ingest.campus.registry import Registry
from ingest.interval import expected_interval

Plain = dict[str, Any]


def snapshot(service: Service, conn: Connection, reach: Reach) -> Plain:
    """All that the wall shows. `seq` is read first: a frame with a greater number is news."""
    live = service.live
    head = {"boot": live.boot, "seq": live.seq, "now": service.now(), "version": service.version}
    registry = service.registry()
    found = cards.open_cards(service, conn, reach)
    whole = {
        **head,
        "alerts": found,
        "closed": [],
        "incidents": together.incidents(conn),
        "places": {p.id: {"zh": p.zh, "en": p.en, "parent": p.parent} for p in registry.places.values()},
        "persons": names(service),
        **surroundings(service, EVERYWHERE),
        **together.surroundings(service, conn),
        "inhibited": hidden.counts(service, conn),
        "drills": drillrecord.standing(service, conn),
    }
    return narrowed(service, whole, reach)


def frame(service: Service, conn: Connection, changed: set[int], beat: bool) -> Plain:
    """What changed: whole open alerts, and the ids of those that are closed. A heartbeat brings the rest."""
    found = cards.cards(service, conn, changed, EVERYWHERE)
    news: Plain = {
        "alerts": [card for card in found if card["open"]],
        "closed": [card["id"] for card in found if not card["open"]],
        "incidents": together.incidents(conn),
        "unrecorded": unrecorded(service),
        "rung": service.rung().value,
    }
    if not beat:
        return news
    around = {**surroundings(service, EVERYWHERE), **together.surroundings(service, conn)}
    inhibited, drills = hidden.counts(service, conn), drillrecord.standing(service, conn)
    return {**news, **around, "inhibited": inhibited, "drills": drills}


def narrowed(service: Service, whole: Plain, reach: Reach) -> Plain:
    """A frame as it is seen from there. What is no longer seen is gone there as if it were closed."""
    registry = service.registry()
    if reach.everywhere:
        return whole | together.seen(whole, registry, reach)
    seen = [
        {**card, "readonly": not reach.acts(registry, card)}
        for card in whole["alerts"]
        if reach.sees(registry, card)
    ]
    hidden = {card["id"] for card in whole["alerts"]} - {card["id"] for card in seen}
    frame = {**whole, "alerts": seen, "closed": [*whole["closed"], *hidden]}
    frame |= together.seen(whole, registry, reach)
    return frame if "silent" not in whole else {**frame, **surroundings(service, reach)}


def surroundings(service: Service, reach: Reach) -> Plain:
    """What stands around the alerts: who is silent, what the house says of itself."""
    registry = service.registry()
    silent = silent_devices(service, registry, reach)
    words = Counter(
        how_reported(service, d) for d in registry.devices.values() if reach.has(registry, d.place)
    )
    return {
        "unrecorded": unrecorded(service),
        "rung": service.rung().value,
        "silent": sorted({device.place for device in silent}),
        "counts": {word: words[word] for word in ("reporting", "late", "silent", "unknown", "never")},
        "refused": service.rules().refused,
        "duty": duty.now_and_next(service.directory(), service.now()),
    }


def unrecorded(service: Service) -> list[Plain]:
    """The in-memory desk's alerts (P6): sounded, not stored."""
    return [msgspec.structs.asdict(lost) for lost in service.emergency_open()]


def how_reported(service: Service, device: Device) -> str:
    """In the words of the health report, so that no two pages say different things of one device."""
    return reporting(device, service.latest.points(device.id), service.latest.heard(device.id))[0]


def silent_devices(service: Service, registry: Registry, reach: Reach) -> list[Device]:
    value = service.latest.value
    silent = (d for d in registry.devices.values() if value(d.id, "supervision") == "silent")
    return [device for device in silent if reach.has(registry, device.place)]


def names(service: Service) -> dict[str, Plain]:
    """Everybody a screen may have to name: id → names. Contact data stays where it is."""
    persons: Mapping[str, Any] = service.directory().persons
    return {key: {"zh": person.zh, "en": person.en} for key, person in persons.items()}


def device_view(service: Service, device_id: str) -> Plain:
    """The live points of one device and when it was heard. A device may be gone from the registry."""
    points = service.latest.points(device_id)
    device = service.registry().devices.get(device_id)
    order = KINDS[device.kind].metrics if device else ()
    ranked = sorted(points.values(), key=lambda reading: (reading.metric not in order, reading.metric))
    return {
        "id": device_id,
        "heard": service.latest.heard(device_id),
        "supervision": how_reported(service, device) if device else "unsupervised",
        "interval": _interval(device, points) if device else 0,
        "points": [_point(reading) for reading in ranked if reading.metric != "supervision"],
    }


def _interval(device: Device, points: Mapping[str, Any]) -> int:
    """Seconds: as registered, else as the device has said itself, else as its dialect and kind have it."""
    stated = points.get("interval")
    usual = expected_interval(device)
    return int(stated.value) if stated and usual and device.interval is None else usual


def _point(reading: Any) -> Plain:
    point: Plain = msgspec.structs.asdict(reading)
    known = METRICS.get(reading.metric)
    point["form"] = str(known.form) if known else "state" if isinstance(reading.value, str) else "number"
    point["unit"] = known.unit if known else ""
    return point


def device_rows(service: Service, query: str, place: str, kind: str, odd: bool, reach: Reach) -> list[Plain]:
    """The devices that answer to a search, in the order of the registry. `odd`: only what is not well."""
    registry = service.registry()
    wanted = query.strip().lower()
    rows = []
    for device in registry.devices.values():
        if device.id == OWN or (kind and device.kind != kind) or not reach.has(registry, device.place):
            continue
        path = registry.path(device.place)
        if place and all(part.id != place for part in path):
            continue
        if wanted and wanted not in _haystack(device, path):
            continue
        row = {"device": device, **_state(service, device)}
        if not odd or row["odd"]:
            rows.append(row)
    return rows


def _haystack(device: Device, path: Iterable[Any]) -> str:
    kind = KINDS[device.kind]
    words = [device.id, device.address, device.zh, device.en, kind.zh, kind.en]
    return " ".join([*words, *(f"{p.zh} {p.en} {p.id}" for p in path)]).lower()


_WELL = {"normal", "mains", "closed", "present", "online", "reporting", "passed"}


def _state(service: Service, device: Device) -> Plain:
    """One line about a device: its first own point, its supervision, when it was heard."""
    points = service.latest.points(device.id)
    main = next((points[m] for m in KINDS[device.kind].metrics if m in points), None)
    words = [r.value for r in points.values() if isinstance(r.value, str) and _is_state(r.metric)]
    return {
        "main": main,
        "supervision": how_reported(service, device),
        "heard": service.latest.heard(device.id),
        "odd": any(word not in _WELL for word in words) or not points,
    }


def _is_state(metric: str) -> bool:
    known = METRICS.get(metric)
    return known is None or known.form is Form.STATE


def series(service: Service, device: str, metric: str, start: int, end: int, points: int) -> Plain:
    """A chart of any span: low, mean and high of each step for a number, words for a state or an event."""
    known = METRICS.get(metric)
    latest = service.latest.points(device).get(metric)
    is_word = known.form is not Form.NUMBER if known else isinstance(latest.value, str) if latest else False
    found: Plain = {"device": device, "metric": metric, "start": start, "end": end}
    found["unit"] = known.unit if known else ""
    if is_word:
        found["words"] = list(service.history.words(device, metric, start, end))
    else:
        found["points"] = list(service.history.series(device, metric, start, end, points))
    return found


def facade_states(service: Service, found: Iterable[Mapping[str, Any]], reach: Reach) -> dict[str, str]:
    registry = service.registry()
    silent = [device.place for device in silent_devices(service, registry, reach)]
    return places.states(registry, found, silent)
