"""Thinks. What changed since the last report: new, worse, better, gone."""

from collections.abc import Iterable, Mapping

import msgspec

from dashboard.health.report import Report
from dashboard.health.risk import Finding, rank
from dashboard.health.row import Row

Snapshot = Mapping[str, list[str]]  # device → its findings; devices without any are left out


class Change(msgspec.Struct, frozen=True):
    """`row` is None for a device that is not registered any more."""

    device: str
    row: Row | None
    was: tuple[Finding, ...]
    now: tuple[Finding, ...]


class Changes(msgspec.Struct, frozen=True):
    """`since`: the moment of the report before. Each list is in the order of the report."""

    since: int
    new: tuple[Change, ...] = ()
    worse: tuple[Change, ...] = ()
    better: tuple[Change, ...] = ()
    gone: tuple[Change, ...] = ()

    def __len__(self) -> int:
        return len(self.new) + len(self.worse) + len(self.better) + len(self.gone)


def snapshot(report: Report) -> dict[str, list[str]]:
    return {row.device.id: [str(finding) for finding in row.findings] for row in report.rows if row.findings}


def compare(since: int, before: Snapshot, report: Report, removed: bool = True) -> Changes:
    """`removed`: also tell of devices that are in no row; False for a part of the campus, where they cannot
    be told from those of another part."""
    kinds: dict[str, list[Change]] = {"new": [], "worse": [], "better": [], "gone": []}
    for row in report.rows:
        was = _known(before.get(row.device.id, ()))
        if kind := _kind(was, row):
            kinds[kind].append(Change(row.device.id, row, was, row.findings))
    if removed:
        here = {row.device.id for row in report.rows}
        kinds["gone"] += [
            Change(d, None, _known(was), ()) for d, was in sorted(before.items()) if d not in here
        ]
    return Changes(since, **{kind: tuple(found) for kind, found in kinds.items()})


def _kind(was: tuple[Finding, ...], row: Row) -> str:
    """By the gravest finding; where that is the same, by whether one was added."""
    if set(was) == set(row.findings):
        return ""
    if not was or not row.findings:
        return "gone" if was else "new"
    before = min(rank(finding, row.vital) for finding in was)
    assert row.risk is not None
    if row.risk != before:
        return "worse" if row.risk < before else "better"
    return "worse" if set(row.findings) - set(was) else "better"


def _known(findings: Iterable[str]) -> tuple[Finding, ...]:
    """A snapshot may be of another version, with findings that are not made any more."""
    names = {str(finding) for finding in Finding}
    return tuple(Finding(name) for name in findings if name in names)
