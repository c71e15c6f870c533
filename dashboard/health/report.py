"""Thinks. The whole report: rows by risk, counts by building, owner and kind; and any part of it."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import msgspec

from dashboard.health.risk import Finding
from dashboard.health.row import REPORTING, Row
from ingest.history.figures import Spans

_OVERDUE = {Finding.FUNCTION_OVERDUE, Finding.DURATION_OVERDUE}
# What is counted of a group besides how its devices report: name → whether a row counts.
COUNTED: dict[str, Callable[[Row], bool]] = {
    "findings": lambda row: bool(row.findings),
    "vital_silent": lambda row: row.vital and row.reporting in ("silent", "never", "unknown"),
    "standing": lambda row: bool(row.standing),
    "battery_low": lambda row: row.battery_low,
    "overdue": lambda row: bool(_OVERDUE.intersection(row.findings)),
    "expired": lambda row: row.expiry == "expired",
    "no_owner": lambda row: row.owner_state != "reachable",
    "hazards": lambda row: row.hazards > 0,
}


class Group(msgspec.Struct, frozen=True):
    """`key`: a place, an owner ("" is nobody), a kind; `counts`: devices, and each word of REPORTING and
    COUNTED."""

    key: str
    counts: dict[str, int]


class Report(msgspec.Struct, frozen=True):
    """As of `moment`. `spans` is None while the history is away; `missing`: the days it has yet to sum up."""

    moment: int
    rows: tuple[Row, ...]
    total: Group
    buildings: tuple[Group, ...]
    owners: tuple[Group, ...]
    kinds: tuple[Group, ...]
    spans: Spans | None
    missing: int = 0
    quarantined: tuple[int, int] = (0, 0)  # kinds of message, messages
    pending: int = 0


def make(rows: Iterable[Row], moment: int, spans: Spans | None, **around: Any) -> Report:
    ordered = tuple(sorted(rows, key=_by_risk))
    return Report(
        moment=moment,
        rows=ordered,
        total=group("", ordered),
        buildings=_groups(ordered, lambda row: row.building),
        owners=_groups(ordered, lambda row: row.device.owner or ""),
        kinds=_groups(ordered, lambda row: row.device.kind),
        spans=spans,
        **around,
    )


def narrow(report: Report, building: str = "", owners: Sequence[str] | None = None, kind: str = "") -> Report:
    """The same of one building, of some owners ("" is nobody), of one kind."""
    if not building and owners is None and not kind:
        return report
    rows = [
        row
        for row in report.rows
        if (not building or row.building == building)
        and (owners is None or (row.device.owner or "") in owners)
        and (not kind or row.device.kind == kind)
    ]
    around = {"missing": report.missing, "quarantined": report.quarantined, "pending": report.pending}
    return make(rows, report.moment, report.spans, **around)


def group(key: str, rows: Sequence[Row]) -> Group:
    counts = {"devices": len(rows), **dict.fromkeys(REPORTING, 0), **dict.fromkeys(COUNTED, 0)}
    for row in rows:
        counts[row.reporting] += 1
        for name, counts_it in COUNTED.items():
            if counts_it(row):
                counts[name] += 1
    return Group(key, counts)


def _groups(rows: Sequence[Row], key_of: Callable[[Row], str]) -> tuple[Group, ...]:
    """In the order of the gravest device of each."""
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(key_of(row), []).append(row)
    return tuple(group(key, members) for key, members in found.items())


def _by_risk(row: Row) -> tuple[int, int, int, str]:
    """The gravest finding, then how long it has been so, then how many there are."""
    worst = 1000 if row.risk is None else row.risk
    return worst, row.since or row.heard or 0, -len(row.findings), row.device.id
