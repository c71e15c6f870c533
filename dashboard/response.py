"""Touches. What stands on one screen once an alarm is confirmed: plan, and the call to 119. Reads only."""

from typing import Any

import msgspec
from sqlalchemy import Connection

from alerts import store
from alerts.alert import Activity, Alert, Verification
from alerts.callcard import building_of, call_card
from alerts.plan import followed
from dashboard.service import Service
from rules.verdict import Class

Plain = dict[str, Any]


def response(service: Service, conn: Connection, number: int, person: str) -> Plain:
    """`plan`: its steps in order, each with who has done it and when; None without one. `call`: the five
    facts, once an alarm is confirmed; None before. `person`: who reads it, and would telephone."""
    alert = store.read(conn, number)
    if alert is None:
        return {"plan": None, "call": None}
    registry, directory = service.registry(), service.directory()
    plan = directory.plan_for(alert, registry)
    steps = [
        {"id": step.id, "zh": step.zh, "en": step.en, "by": tick.by if tick else "", "at": tick and tick.at}
        for step, tick in (followed(plan, alert) if plan else ())
    ]
    call = None
    if _to_be_called(alert):
        near = _near(service, conn, alert)
        number_outside = plan.call if plan else ""
        call = msgspec.to_builtins(call_card(alert, near, person, number_outside, directory, registry))
    shown = plan and {"id": plan.id, "zh": plan.zh, "en": plan.en, "steps": steps}
    return {"plan": shown, "call": call}


def _to_be_called(alert: Alert) -> bool:
    confirmed = alert.verification is Verification.CONFIRMED
    return confirmed and alert.open and alert.alert_class is Class.ALARM


def _near(service: Service, conn: Connection, alert: Alert) -> list[Alert]:
    """The open alarms of the same building that are not known to be false, this one first."""
    registry = service.registry()
    building = building_of(alert.place, registry)
    others = [
        one
        for one in store.all_open(conn)
        if one.alert_class is Class.ALARM
        and one.activity is not Activity.NORMAL
        and one.verification is not Verification.FALSE
        and one.id != alert.id
        and building_of(one.place, registry) == building
    ]
    return [alert, *others]
