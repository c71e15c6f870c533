"""Touches. What drills and tests show: those that stand, for the wall; and the record of one. Reads only."""

from collections.abc import Iterable
from typing import Any

import msgspec
from sqlalchemy import Connection, or_, select

from alerts.alert import TOCSIN, Alert
from alerts.delivery.outbox import notification
from alerts.drills import drillstore
from alerts.drills.drill import Drill, Ending, State
from alerts.drills.drillscope import answers, devices_of
from alerts.tables import alert_log
from dashboard.service import Service

Plain = dict[str, Any]
ANSWERS = ("acknowledged", "arrived", "joined", "confirmed", "false", "undetermined", "made_real", "reset")


def standing(service: Service, conn: Connection) -> list[Plain]:
    """Those that run, are planned, or wait for the second person."""
    return [told(one, service.now()) for one in drillstore.standing(conn)]


def told(one: Drill, now: int) -> Plain:
    plain: Plain = msgspec.json.decode(msgspec.json.encode(one))
    return plain | {"state": one.state(now).value, "begins": one.begins, "silent": list(one.silent)}


def record(service: Service, conn: Connection, drill: Drill) -> Plain:
    """The drill, each of its points, the alerts of it, who was told and who answered when, and its log."""
    alerts = drillstore.alerts_of(conn, drill.id)
    coverage = list(_coverage(service, drill, [*alerts, *_heard(conn, drill, service.now())]))
    return {
        **told(drill, service.now()),
        "coverage": coverage,
        "heard": sum(1 for line in coverage if line["at"] is not None),
        "alerts": [_alert(one) for one in alerts],
        "answers": _answers(conn, alerts),
        "told": _told(conn, alerts),
        "timeline": _timeline(conn, drill, alerts),
    }


def _heard(conn: Connection, drill: Drill, now: int) -> list[Alert]:
    begins = drill.begins
    if begins is None or drill.ending is Ending.NEVER:
        return []
    until = (min(now, drill.ends_at) if drill.ended_at is None else drill.ended_at) + 1
    return drillstore.heard(conn, begins, until, drill.points)


def _coverage(service: Service, drill: Drill, alerts: Iterable[Alert]) -> Iterable[Plain]:
    """When each point was first heard. Once it is over, what the record says counts."""
    first: dict[str, Alert] = {}
    for alert in sorted((one for one in alerts if answers(drill, one)), key=lambda one: one.raised_at):
        for name in devices_of(alert):
            first.setdefault(name, alert)
    registry = service.registry()
    for point in drill.points:
        found = first.get(point)
        if drill.state(service.now()) is State.OVER and point not in drill.spoke:
            found = None
        device = registry.devices.get(point)
        yield {
            "device": point,
            "place": device.place if device else "",
            "alert": found.id if found else 0,
            "at": found.raised_at if found else None,
            "mode": found.mode.value if found else "",
        }


def _alert(one: Alert) -> Plain:
    names = ("id", "code", "device", "place", "raised_at", "closed_at", "open")
    return {name: getattr(one, name) for name in names} | {
        "mode": one.mode.value,
        "title": msgspec.to_builtins(one.title),
    }


def _answers(conn: Connection, alerts: list[Alert]) -> list[Plain]:
    """What persons did, and how long after the alarm."""
    raised = {one.id: one.raised_at for one in alerts}
    lines = _lines(conn, alerts)
    return [
        {
            "alert": row.alert,
            "fact": row.fact,
            "by": row.by,
            "at": row.moment,
            "after": row.moment - raised[row.alert],
        }
        for row in lines
        if row.by != TOCSIN and row.fact in ANSWERS
    ]


def _lines(conn: Connection, alerts: list[Alert]) -> list[Any]:
    wanted = select(alert_log).where(alert_log.c.alert.in_([one.id for one in alerts]))
    return list(conn.execute(wanted.order_by(alert_log.c.seq))) if alerts else []


def _told(conn: Connection, alerts: list[Alert]) -> list[Plain]:
    """The first notice of each person or siren for each alert."""
    n = notification.c
    wanted = select(n.alert, n.person, n.channel, n.state, n.owed_at, n.settled_at)
    rows = (
        conn.execute(wanted.where(n.alert.in_([one.id for one in alerts])).order_by(n.id)) if alerts else ()
    )
    first: dict[tuple[int, str, str], Plain] = {}
    for row in rows:
        first.setdefault((row.alert, row.person, row.channel), dict(row._mapping))
    return list(first.values())


def _timeline(conn: Connection, drill: Drill, alerts: list[Alert]) -> list[Plain]:
    ours = alert_log.c.record == f"drill/{drill.id}"
    theirs = alert_log.c.alert.in_([one.id for one in alerts]) if alerts else ours
    wanted = select(alert_log).where(or_(ours, theirs)).order_by(alert_log.c.seq)
    devices = {one.id: one.device for one in alerts}
    return [
        {
            "at": row.moment,
            "fact": row.fact,
            "by": row.by,
            "alert": row.alert,
            "device": devices.get(row.alert, ""),
            "hash": row.hash,
        }
        for row in conn.execute(wanted)
    ]
