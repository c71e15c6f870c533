"""Touches. How much is hidden, for the wall: out of service, shelved, suppressed; how long. Reads only."""

from typing import Any

from sqlalchemy import Connection, func, select

from alerts.alert import Inhibition
from alerts.hazards import register
from alerts.hazards.impairment import Impairment, State, devices_in
from alerts.tables import alert
from dashboard.service import Service
from ingest.campus.device import Device

Plain = dict[str, Any]


def counts(service: Service, conn: Connection) -> Plain:
    """For the wall: how much is hidden, and for how long already."""
    columns = (alert.c.inhibition, func.count(), func.min(alert.c.inhibited_at), func.sum(alert.c.hidden))
    wanted = select(*columns).where(alert.c.open, alert.c.inhibition != Inhibition.NONE.value)
    found = {row[0]: row for row in conn.execute(wanted.group_by(alert.c.inhibition))}

    def of(what: Inhibition) -> Plain:
        row = found.get(what.value)
        return {
            "n": row[1] if row else 0,
            "since": row[2] if row else None,
            "hidden": int(row[3] or 0) if row else 0,
        }

    standing = register.standing(conn)
    in_force = [one for one in standing if one.state is State.IN_FORCE]
    devices = _devices(service, in_force)
    return {
        "out": {
            "n": len(in_force),
            "since": min((one.since or one.declared_at for one in in_force), default=None),
            "until": min((one.until for one in in_force), default=None),
            "devices": len(devices),
            "vital": sum(device.life_safety for device in devices),
            "alerts": of(Inhibition.OUT_OF_SERVICE)["n"],
        },
        "proposed": len(standing) - len(in_force),
        "shelved": of(Inhibition.SHELVED),
        "suppressed": of(Inhibition.SUPPRESSED),
    }


def _devices(service: Service, entries: list[Impairment]) -> list[Device]:
    found = {one.id: one for entry in entries for one in devices_in(entry, service.registry())}
    return list(found.values())
