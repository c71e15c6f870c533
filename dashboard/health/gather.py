"""Touches. Gathers what the report is made of: registry, latest readings, people, history, quarantine."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import Connection, func, select

from alerts import owners
from alerts.hazards import hazardstore
from dashboard.health.report import Report, make
from dashboard.health.row import judge, standing_points
from dashboard.reach import Reach
from dashboard.service import Service
from ingest.campus.kinds import UNREGISTERED
from ingest.campus.registry import Registry
from ingest.history.figures import Figures
from ingest.pending import pending
from ingest.quarantine import quarantine

log = structlog.get_logger("dashboard.health")

NOT_REPORTED = ("service", UNREGISTERED)


def gather(service: Service, reach: Reach) -> Report:
    """The report of what lies within reach, as of now."""
    now, registry, directory = service.now(), service.registry(), service.directory()
    devices = [
        d for d in registry.devices.values() if d.kind not in NOT_REPORTED and reach.has(registry, d.place)
    ]
    points = {device.id: service.latest.points(device.id) for device in devices}
    figures = _figures(service, now, [pair for d in points for pair in standing_points(d, points[d])])
    states = {owner: owners.state(owner, directory) for owner in {device.owner for device in devices}}
    today = day_at(now, service.zone)
    with service.read() as conn:
        hazards = hazardstore.standing(conn)
    rows = [
        judge(d, building_of(registry, d.place), points[d.id], service.latest.heard(d.id), figures,
              states[d.owner], today, now, hazards.get(d.id, 0))
        for d in devices
    ]  # fmt: skip
    with service.read() as conn:
        around = {"quarantined": _quarantined(conn), "pending": pending_count(conn)}
    if figures is None:
        return make(rows, now, None, **around)
    return make(rows, now, figures.spans, missing=figures.missing, **around)


def day_at(moment: int, zone: str) -> date:
    """The day it is at the campus."""
    return datetime.fromtimestamp(moment / 1000, UTC).astimezone(ZoneInfo(zone)).date()


def building_of(registry: Registry, place: str) -> str:
    """The place below the campus in which a place lies; the campus itself for what hangs on it."""
    path = registry.path(place)
    return path[1].id if len(path) > 1 else path[0].id if path else place


def pending_count(conn: Connection) -> int:
    """Devices that speak, or were announced, and wait to be registered."""
    return int(conn.execute(select(func.count()).select_from(pending)).scalar() or 0)


def _figures(service: Service, now: int, standing: list[tuple[str, str]]) -> Figures | None:
    try:
        return service.history.figures(now, standing)
    except Exception as error:  # being mended: everything that needs no history is shown all the same
        log.warning("the history cannot answer", error=repr(error)[:300])
        return None


def _quarantined(conn: Connection) -> tuple[int, int]:
    kinds, messages = conn.execute(select(func.count(), func.sum(quarantine.c.count))).one()
    return int(kinds), int(messages or 0)
