"""Touches. What stands together on the wall: incidents, what may be of one event, a flood. Reads only.

Each says `at` where its alerts are, so that a screen limited to some places shows it as far as it reaches.
"""

from typing import Any

import msgspec
from sqlalchemy import Connection, select

from alerts import store
from alerts.alert import Alert
from alerts.duty.people import LOOP
from alerts.duty.policy import DUTY
from alerts.incidents import incidentbook
from alerts.incidents.incident import Incident
from alerts.incidents.suggest import suggestions
from alerts.tables import alert as table
from dashboard.flood import MANY, Flood, flood
from dashboard.reach import Reach
from dashboard.service import Service
from ingest.campus.registry import Registry

Plain = dict[str, Any]
_INWARD = ("at", "what", "since")  # by which a frame is narrowed; no screen is sent them
LOOKED_AT = 3_600_000  # ms: a flood that began longer ago and still lasts shows as one of an hour
MOST = 1000


def incidents(conn: Connection) -> list[Plain]:
    """The incidents that are not over, each with the ids of its alerts, the first of them first."""
    return [
        plain(conn, one) | {"at": incidentbook.places(conn, one.id)} for one in incidentbook.standing(conn)
    ]


def plain(conn: Connection, one: Incident) -> Plain:
    found: Plain = msgspec.to_builtins(msgspec.structs.asdict(one))
    return {**found, "open": one.open, "alerts": incidentbook.members(conn, one.id)}


def surroundings(service: Service, conn: Connection) -> Plain:
    """What may be of one event, and whether there is a flood."""
    alerts = store.all_open(conn)
    found = _flood(service, conn, alerts)
    place = {one.id: one.place for one in alerts}
    suggested: list[Plain] = msgspec.to_builtins(suggestions(alerts, service.registry()))
    for one in suggested:
        one["at"] = {number: place[number] for number in one["alerts"]}
    return {"suggested": suggested, "flood": _drawn(found, alerts) if found else None}


def _drawn(found: Flood, alerts: list[Alert]) -> Plain:
    known = {one.id: one for one in alerts}
    drawn: Plain = msgspec.to_builtins(found)
    for group in drawn["groups"]:
        group["at"] = {number: known[number].place for number in group["alerts"]}
        group["what"] = {number: known[number].alert_class.value for number in group["alerts"]}
        group["since"] = {number: known[number].raised_at for number in group["alerts"]}
    return drawn


def seen(whole: Plain, registry: Registry, reach: Reach) -> Plain:
    """What of all this is seen from there: of an incident and of a building in a flood the alerts in reach, a
    suggestion only when all of it is. Whoever commands an incident sees all of it."""

    def within(one: Plain) -> list[int]:
        return [number for number in one["alerts"] if reach.has(registry, one["at"][number])]

    def cut(one: Plain, everything: bool = False) -> Plain:
        here = list(one["alerts"]) if everything else within(one)
        return {name: one[name] for name in one if name not in _INWARD} | {"alerts": here}

    def commands(one: Plain) -> bool:
        return bool(reach.person) and reach.person in (one["commander"], one["offered_to"])

    part: Plain = {}
    if "incidents" in whole:
        found = [cut(one, everything=commands(one)) for one in whole["incidents"]]
        part["incidents"] = [one for one in found if one["alerts"]]
    if "suggested" in whole:
        part["suggested"] = [cut(one) for one in whole["suggested"] if within(one) == list(one["alerts"])]
    if flood := whole.get("flood"):
        groups = [_first_out(group, cut(group)) for group in flood["groups"] if within(group)]
        part["flood"] = {**flood, "groups": groups} if groups else None
    return part


def _first_out(group: Plain, part: Plain) -> Plain:
    """The building as it is seen: counted, and the first cause of what is left."""
    classes = [group["what"][number] for number in part["alerts"]]
    first = part["alerts"][0]
    counted = {name: classes.count(name) for name in dict.fromkeys(classes)}
    return {**part, "first": first, "first_at": group["since"][first], "classes": counted}


def _flood(service: Service, conn: Connection, alerts: list[Alert]) -> Flood | None:
    now = service.now()
    newest = (
        select(table.c.raised_at).where(table.c.policy.is_distinct_from(LOOP)).order_by(table.c.id.desc())
    )
    eleventh = conn.execute(newest.limit(1).offset(MANY)).scalar()
    if eleventh is None or eleventh < now - LOOKED_AT:
        return None
    lately = select(table).where(table.c.policy.is_distinct_from(LOOP), table.c.raised_at > now - LOOKED_AT)
    rows = conn.execute(lately.order_by(table.c.id.desc()).limit(MOST)).mappings()
    raised: dict[str, list[int]] = {}
    for one in sorted((store.from_row(row) for row in rows), key=lambda one: one.raised_at):
        raised.setdefault(_post(service, one), []).append(one.raised_at)
    shown = [_shown(one) for one in alerts if one.policy != LOOP]
    building = {one.id: _building(service, one) for one in alerts}
    posts = {one.id: _post(service, one) for one in alerts}
    return flood(raised, shown, building, posts, now)


def _shown(alert: Alert) -> Plain:
    return {
        "id": alert.id,
        "place": alert.place,
        "raised_at": alert.raised_at,
        "class": alert.alert_class.value,
        "mode": alert.mode.value,
        "life_safety": alert.life_safety,
        "incident": alert.incident,
    }


def _post(service: Service, alert: Alert) -> str:
    """The first post that its policy tells."""
    policy = service.directory().policy_for(alert, service.registry())
    targets = (target for step in policy.steps for target in step.notify)
    return next((target.id for target in targets if target.kind == "post"), DUTY)


def _building(service: Service, alert: Alert) -> str:
    path = service.registry().path(alert.place)
    return path[min(1, len(path) - 1)].id if path else alert.place
