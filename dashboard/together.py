"""Touches. What stands together on the wall: incidents, what may be of one event, a flood. Reads only."""

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
from dashboard.service import Service

Plain = dict[str, Any]
LOOKED_AT = 3_600_000  # ms: a flood that began longer ago and still lasts shows as one of an hour
MOST = 1000


def incidents(conn: Connection) -> list[Plain]:
    """The incidents that are not over, each with the ids of its alerts, the first of them first."""
    return [plain(conn, one) for one in incidentbook.standing(conn)]


def plain(conn: Connection, one: Incident) -> Plain:
    found: Plain = msgspec.to_builtins(msgspec.structs.asdict(one))
    return {**found, "open": one.open, "alerts": incidentbook.members(conn, one.id)}


def surroundings(service: Service, conn: Connection) -> Plain:
    """What may be of one event, and whether there is a flood."""
    alerts = store.all_open(conn)
    found = _flood(service, conn, alerts)
    return {
        "suggested": msgspec.to_builtins(suggestions(alerts, service.registry())),
        "flood": msgspec.to_builtins(found) if found else None,
    }


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
