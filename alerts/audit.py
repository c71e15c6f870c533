"""Touches. Whether the record can be believed: the log's chain is whole, and each alert is what its log says.

The chain shows a line that was altered, taken out, put in or moved; the comparison shows an alert that was
altered beside the log, and that the newest lines of the log were cut off.
"""

from collections.abc import Iterator
from itertools import groupby
from typing import Any

import msgspec
from sqlalchemy import Connection, select

from alerts import log, recordproof
from alerts.alert import Alert
from alerts.duty.people import LOOP
from alerts.lifecycle import WORDS
from alerts.recordproof import folded
from alerts.store import read_many
from alerts.tables import alert as table
from alerts.tables import alert_log

AT_ONCE = 500  # alerts read together
PROVEN = (  # what changes only with a line of the log; counts, evidence and deadlines may change without
    *WORDS, "rule", "subject", "device", "place", "alert_class", "raised_by", "raised_at",
    "acknowledged_by", "acknowledged_at", "arrived_by", "arrived_at", "verified_by", "verified_at", "cause",
    "owner", "inhibited_by", "inhibited_reason", "removed_by", "closed_by", "closed_at", "close_reason",
    "incident",
)  # fmt: skip


def problems(conn: Connection, noted: tuple[int, str] | None = None) -> Iterator[str]:
    """One sentence for each thing that is not as it was written. `noted` is a line's number and hash, as
    `log.head` told them once and somebody kept elsewhere."""
    if noted is not None:
        yield from _at(conn, *noted)
    yield from log.verify(conn)
    ids = conn.execute(select(table.c.id).where(table.c.ladder != LOOP).order_by(table.c.id)).scalars().all()
    for start in range(0, len(ids), AT_ONCE):
        yield from _differing(conn, list(ids[start : start + AT_ONCE]))
    yield from recordproof.problems(conn)
    lines = select(alert_log.c.alert).distinct()
    lines = lines.where(alert_log.c.record == "", alert_log.c.alert.not_in(select(table.c.id)))
    for number in sorted(conn.execute(lines).scalars()):
        yield f"alert {number} is in the log and nowhere else: its record was removed"


def _at(conn: Connection, seq: int, digest: str) -> Iterator[str]:
    last, _ = log.head(conn)
    found = conn.execute(select(alert_log.c.hash).where(alert_log.c.seq == seq)).scalar()
    if seq > last:
        yield f"the log ends at line {last}; line {seq} was noted: its end was cut off"
    elif found is None or not found.startswith(digest):
        yield f"log line {seq} is not the one whose hash was noted: the log was written anew"


def _differing(conn: Connection, ids: list[int]) -> Iterator[str]:
    stored = {alert.id: alert for alert in read_many(conn, ids)}
    query = select(alert_log.c.alert, alert_log.c.detail).where(alert_log.c.alert.in_(ids))
    lines = conn.execute(query.order_by(alert_log.c.alert, alert_log.c.seq))
    told = {number: folded(row.detail for row in rows) for number, rows in groupby(lines, lambda r: r.alert)}
    for number in ids:
        yield from _compared(stored[number], told.get(number))


def _compared(alert: Alert, told: dict[str, Any] | None) -> Iterator[str]:
    if told is None:
        yield f"alert {alert.code} has no line in the log: it was put in, or the log's end was cut off"
        return
    now = msgspec.to_builtins(msgspec.structs.asdict(alert))
    for name in PROVEN:
        if name in told and now[name] != told[name]:
            yield f"alert {alert.code}: {name} is {now[name]!r}, and the log says {told[name]!r}"
