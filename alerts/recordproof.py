"""Touches. Whether hazards, incidents, drills and impairments are what their lines of the log say."""

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
from sqlalchemy import Connection, select

from alerts import tables
from alerts.drills import drillstore
from alerts.hazards import hazardstore
from alerts.hazards.register import from_row
from alerts.incidents import incidentbook
from alerts.tables import alert_log

RECORDS = ("hazard", "impairment", "incident", "drill")
_UNPROVEN = {"reminders", "remind_at"}


def problems(conn: Connection) -> Iterator[str]:
    told = _told(conn)
    stored = (_hazards(conn), _impairments(conn), _incidents(conn), _drills(conn))
    for kind, records in zip(RECORDS, stored, strict=True):
        for number, record in records.items():
            yield from _compared(f"{kind} {number}", record, told.pop(f"{kind}/{number}", None))
    for left in sorted(told):
        if left.partition("/")[0] in RECORDS:
            yield f"{left.replace('/', ' ')} is in the log and nowhere else: its record was removed"


def folded(details: Iterable[str]) -> dict[str, Any]:
    """What the lines of one record, in their order, say that it has become."""
    state: dict[str, Any] = {}
    for detail in details:
        try:
            state |= msgspec.json.decode(detail).get("changed", {})
        except (msgspec.DecodeError, AttributeError, TypeError):
            continue  # the chain has told of this line already
    return state


def _told(conn: Connection) -> dict[str, dict[str, Any]]:
    columns = alert_log.c.record, alert_log.c.detail
    rows = conn.execute(select(*columns).where(alert_log.c.record != "").order_by(alert_log.c.seq))
    details: dict[str, list[str]] = {}
    for row in rows:
        details.setdefault(row.record, []).append(row.detail)
    return {record: folded(lines) for record, lines in details.items()}


def _hazards(conn: Connection) -> dict[int, dict[str, Any]]:
    return {one.id: _plain(one) for one in hazardstore.every(conn, over=True)}


def _impairments(conn: Connection) -> dict[int, dict[str, Any]]:
    rows = conn.execute(select(tables.impairment)).mappings()
    return {row["id"]: _plain(from_row(row)) for row in rows}


def _incidents(conn: Connection) -> dict[int, dict[str, Any]]:
    return {one.id: _plain(one) for one in incidentbook.newest(conn, None)}


def _drills(conn: Connection) -> dict[int, dict[str, Any]]:
    rows = conn.execute(select(tables.drill)).mappings()
    return {row["id"]: _plain(drillstore.from_row(row)) for row in rows}


def _plain(record: Any) -> dict[str, Any]:
    plain: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(record))  # as the log has it
    return plain


def _compared(name: str, record: dict[str, Any], told: dict[str, Any] | None) -> Iterator[str]:
    if told is None:
        yield f"{name} has no line in the log: it was put in, or the log's end was cut off"
        return
    for field, value in record.items():
        if field in told and field not in _UNPROVEN and field != "id" and value != told[field]:
            yield f"{name}: {field} is {value!r}, and the log says {told[field]!r}"
