"""Thinks. The report as a table for spreadsheets: every figure of a device in a column of its own."""

from collections.abc import Callable
from datetime import date, datetime
from zoneinfo import ZoneInfo

import msgspec

from alerts.duty.people import Directory
from dashboard import words
from dashboard.health import owners
from dashboard.health.row import Proof, Row, slope
from ingest.campus.kinds import KINDS
from ingest.campus.registry import Registry

Cell = str | int | float | date | datetime | None


class Reader(msgspec.Struct, frozen=True):
    """For whom it is written: the language, and what is needed to name things in it."""

    language: str
    zone: str
    registry: Registry
    directory: Directory

    def say(self, key: str) -> str:
        return words.say(key, self.language)

    def moment(self, moment: int | None) -> datetime | None:
        """By the clock at the campus, to the second, without a zone: as spreadsheets know moments."""
        if moment is None:
            return None
        return datetime.fromtimestamp(moment // 1000, ZoneInfo(self.zone)).replace(tzinfo=None)

    def place(self, place: str) -> str:
        path = self.registry.path(place)
        named = [words.name(part, self.language, part.id) for part in path[1:] or path]
        return (", " if self.language == "en" else " ").join(named) or place

    def building(self, place: str) -> str:
        return words.name(self.registry.places.get(place), self.language, place)

    def device(self, row: Row) -> str:
        return words.name(row.device, self.language) or self.kind(row.device.kind)

    def kind(self, kind: str) -> str:
        return words.name(KINDS.get(kind), self.language, kind)

    def owner(self, owner: str | None) -> str:
        return owners.name(owner, self.directory, self.language) if owner else ""

    def yes(self, holds: bool) -> str:
        return self.say("health_yes" if holds else "health_no")

    def metric(self, metric: str) -> str:
        return words.metric(metric, self.language)

    def findings(self, row: Row) -> str:
        joint = self.say("health_joint")
        return joint.join(self.say(f"finding_{finding}") for finding in row.findings)

    def advice(self, row: Row) -> str:
        """What to do about the gravest of what is found."""
        return self.say(f"do_{row.findings[0]}") if row.findings else ""

    def standing(self, row: Row) -> str:
        joint = self.say("health_joint")
        return joint.join(
            f"{self.metric(one.metric)} {words.word(one.word, self.language)}" for one in row.standing
        )


class Column(msgspec.Struct, frozen=True):
    """`key` is that of the heading in the catalogue."""

    key: str
    width: int
    cell: Callable[[Row, Reader], Cell]


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _test(which: str, key: str) -> list[Column]:
    def proof(row: Row) -> Proof | None:
        found: Proof | None = getattr(row, which)
        return found

    def result(row: Row, reader: Reader) -> Cell:
        known = proof(row)
        return words.word(known.result, reader.language) if known and known.result else None

    return [
        Column(f"health_{key}_last", 18, lambda row, r: r.moment(p.last if (p := proof(row)) else None)),
        Column(f"health_{key}_result", 10, result),
        Column(f"health_{key}_due", 18, lambda row, r: r.moment(p.due if (p := proof(row)) else None)),
        Column(f"health_{key}_overdue", 10, lambda row, r: r.yes(p.overdue) if (p := proof(row)) else None),
    ]


COLUMNS: tuple[Column, ...] = (
    Column("health_risk", 6, lambda row, r: row.risk),
    Column("health_findings", 36, lambda row, r: r.findings(row)),
    Column("place", 34, lambda row, r: r.place(row.device.place)),
    Column("device", 20, lambda row, r: r.device(row)),
    Column("health_id", 26, lambda row, r: row.device.id),
    Column("health_building", 18, lambda row, r: r.building(row.building)),
    Column("kind", 16, lambda row, r: r.kind(row.device.kind)),
    Column("life_safety", 10, lambda row, r: r.yes(row.device.life_safety)),
    Column("health_owner", 16, lambda row, r: r.owner(row.device.owner)),
    Column("health_hazards", 10, lambda row, r: row.hazards),
    Column("health_owner_state", 14, lambda row, r: r.say(f"owner_{row.owner_state}")),
    Column("supervision", 12, lambda row, r: r.say(f"health_{row.reporting}")),
    Column("health_since", 18, lambda row, r: r.moment(row.since)),
    Column("last_heard", 18, lambda row, r: r.moment(row.heard)),
    Column("health_battery", 10, lambda row, r: row.battery),
    Column("health_battery_low", 10, lambda row, r: r.yes(row.battery_low)),
    Column("health_slope", 12, lambda row, r: _rounded(slope(row.trend))),
    Column("health_slope_days", 10, lambda row, r: row.trend.days if row.trend else None),
    Column("health_standing", 24, lambda row, r: r.standing(row)),
    Column("health_standing_since", 18, lambda row, r: r.moment(_oldest(row))),
    Column("health_flap_metric", 14, lambda row, r: r.metric(row.flap.metric) if row.flap else None),
    Column("health_flap_week", 10, lambda row, r: row.flap.week if row.flap else None),
    Column("health_flap_month", 10, lambda row, r: row.flap.month if row.flap else None),
    Column("health_clock_error", 12, lambda row, r: row.clock_error),
    Column("health_clock_worst", 12, lambda row, r: row.clock_worst),
    Column("health_gaps_week", 10, lambda row, r: row.gaps[0]),
    Column("health_gaps_month", 10, lambda row, r: row.gaps[1]),
    Column("health_link_metric", 12, lambda row, r: r.metric(row.link.metric) if row.link else None),
    Column("health_link_median", 10, lambda row, r: row.link.median if row.link else None),
    Column("health_link_worst", 10, lambda row, r: row.link.worst if row.link else None),
    Column("health_link_median_before", 10, lambda row, r: row.link.median_before if row.link else None),
    Column("health_link_worst_before", 10, lambda row, r: row.link.worst_before if row.link else None),
    *_test("function_test", "function"),
    *_test("duration_test", "duration"),
    Column("health_installed", 12, lambda row, r: _day(row.device.installed)),
    Column("health_expires", 12, lambda row, r: _day(row.device.expires)),
    Column("health_days_left", 10, lambda row, r: row.days_left),
    Column("health_expiry", 12, lambda row, r: r.say(f"expiry_{row.expiry}") if row.expiry else None),
)


def _rounded(number: float | None) -> float | None:
    return None if number is None else round(number, 2)


def _oldest(row: Row) -> int | None:
    return min((one.since for one in row.standing), default=None)
