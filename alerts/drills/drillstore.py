"""Touches. Drills and tests in the database. Only the desk writes them."""

from typing import Any

import msgspec
from sqlalchemy import Connection, RowMapping, and_, func, insert, or_, select, text, update

from alerts import store
from alerts.alert import Alert, Mode
from alerts.drills.drill import Drill, DrillOver, Ending
from alerts.tables import alert
from alerts.tables import drill as table
from rules.verdict import Class

_LISTS = ("places", "kinds", "points", "zones", "people", "spoke")
_ENUMS: dict[str, type[Mode | Class | Ending]] = {"mode": Mode, "alert_class": Class, "ending": Ending}
_STANDING = table.c.ended_at.is_(None)
NEXT_DUE = select(func.min(table.c.ends_at)).where(_STANDING)
_OPEN = text("open")  # literally as in the partial index, so that SQLite uses it


def read(conn: Connection, number: int) -> Drill | None:
    row = conn.execute(select(table).where(table.c.id == number)).mappings().first()
    return None if row is None else from_row(row)


def standing(conn: Connection) -> list[Drill]:
    """Those that are not over."""
    wanted = select(table).where(_STANDING).order_by(table.c.starts_at, table.c.id)
    return [from_row(row) for row in conn.execute(wanted).mappings()]


def over(conn: Connection, before: int | None = None, most: int = 100) -> list[Drill]:
    """The newest that are over; `before` is the id a page ended with."""
    wanted = select(table).where(~_STANDING).order_by(table.c.id.desc()).limit(most)
    if before is not None:
        wanted = wanted.where(table.c.id < before)
    return [from_row(row) for row in conn.execute(wanted).mappings()]


def due(conn: Connection, now: int) -> list[DrillOver]:
    wanted = select(table.c.id, table.c.ends_at).where(_STANDING, table.c.ends_at <= now)
    return [DrillOver(row.id, row.ends_at) for row in conn.execute(wanted.order_by(table.c.ends_at))]


def alerts_of(conn: Connection, number: int) -> list[Alert]:
    """Those that were raised in it, also those that turned out to be real."""
    rows = conn.execute(select(alert).where(alert.c.drill == number).order_by(alert.c.id)).mappings()
    return [store.from_row(row) for row in rows]


def inside(conn: Connection, number: int) -> list[Alert]:
    """The open ones that still count as drill."""
    wanted = select(alert).where(alert.c.drill == number, alert.c.open, alert.c.mode != Mode.REAL.value)
    return [store.from_row(row) for row in conn.execute(wanted.order_by(alert.c.id)).mappings()]


def heard(conn: Connection, since: int, until: int, devices: tuple[str, ...]) -> list[Alert]:
    """The alerts of these devices that were raised, or activated again, between two moments."""
    found: list[Alert] = []
    span = or_(
        and_(alert.c.raised_at >= since, alert.c.raised_at < until),
        and_(alert.c.active_at >= since, alert.c.active_at < until),
    )
    for start in range(0, len(devices), store.PART):
        part = alert.c.device.in_(devices[start : start + store.PART])
        found += [store.from_row(row) for row in conn.execute(select(alert).where(part, span)).mappings()]
    return found


def alarms(conn: Connection, since: int, devices: set[str]) -> list[Alert]:
    """The alarms that are open; and of these devices those that were raised or activated since."""
    names = sorted(devices)
    alarm = alert.c.alert_class == Class.ALARM.value
    found = [store.from_row(row) for row in conn.execute(select(alert).where(_OPEN, alarm)).mappings()]
    lately = or_(alert.c.raised_at >= since, alert.c.active_at >= since)
    for start in range(0, len(names), store.PART):
        part = alert.c.device.in_(names[start : start + store.PART])
        found += [
            store.from_row(row) for row in conn.execute(select(alert).where(part, alarm, lately)).mappings()
        ]
    return found


def add(tx: Connection, new: Drill) -> Drill:
    last: int = tx.execute(select(func.coalesce(func.max(table.c.id), 0))).scalar_one()
    made = msgspec.structs.replace(new, id=last + 1)
    tx.execute(insert(table).values(to_row(made)))
    return made


def save(tx: Connection, changed: Drill) -> None:
    tx.execute(update(table).where(table.c.id == changed.id).values(to_row(changed)))


def to_row(one: Drill) -> dict[str, Any]:
    row: dict[str, Any] = msgspec.to_builtins(msgspec.structs.asdict(one))
    return row | {name: msgspec.json.encode(row[name]).decode() for name in _LISTS}


def from_row(row: RowMapping) -> Drill:
    fields = dict(row)
    fields |= {name: tuple(msgspec.json.decode(row[name])) for name in _LISTS}
    return Drill(**fields | {name: words(row[name]) for name, words in _ENUMS.items()})
