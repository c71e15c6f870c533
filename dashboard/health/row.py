"""Thinks. One device in the report: all its figures, and what is found about it."""

from collections.abc import Iterator, Mapping
from datetime import date

import msgspec

from dashboard.health.risk import Finding, rank
from dashboard.health.standards import (
    CLOCK_WRONG,
    DURATION_TEST,
    EXPIRING_KINDS,
    FLAPPING,
    FUNCTION_TEST,
    GAPS,
    LATER,
    LEAST_DAYS,
    LEAST_SPAN,
    LINK_WORSE,
    LOW_BATTERY,
    SOON,
    STANDING,
    TESTED_KINDS,
    Interval,
)
from ingest.campus.device import Device
from ingest.campus.kinds import METRICS, Form
from ingest.history.figures import DAY, Figures, Flap, Link, Spans, Trend
from ingest.interval import expected_interval
from ingest.reading import Reading, TimeQuality

Points = Mapping[str, Reading]
REPORTING = ("reporting", "late", "silent", "unknown", "never", "unsupervised")
_STATES = frozenset(name for name, metric in METRICS.items() if metric.form is Form.STATE)
_NOTHING = Figures(Spans(0))
_OF_STANDING = {"fault": Finding.FAULT, "disabled": Finding.FAULT, "tamper": Finding.TAMPER,
                "missing": Finding.MISSING}  # fmt: skip
_OF_REPORTING = {"silent": Finding.SILENT, "late": Finding.LATE, "never": Finding.NEVER,
                 "unknown": Finding.UNSEEN}  # fmt: skip
_OF_EXPIRY = {"expired": Finding.EXPIRED, "soon": Finding.EXPIRES_SOON, "later": Finding.EXPIRES_LATER,
              "unknown": Finding.EXPIRY_UNKNOWN}  # fmt: skip


class Standing(msgspec.Struct, frozen=True):
    """A fault or the like that stands. `exact` is False where it may have begun earlier than `since`."""

    metric: str
    word: str
    since: int
    exact: bool


class Proof(msgspec.Struct, frozen=True):
    """A kind of test of a luminaire: the last one (None: none is on record), how it ended, and until when the
    next is due (None: nobody knows from when to count, so it is not yet proven rather than overdue)."""

    last: int | None
    result: str
    due: int | None
    overdue: bool


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One device. `since` is when `reporting` began, where that is known. `findings` are the gravest first;
    `risk` is the rank of the first."""

    device: Device
    building: str
    vital: bool
    reporting: str
    since: int | None
    heard: int | None
    battery: float | None
    battery_low: bool
    trend: Trend | None
    standing: tuple[Standing, ...]
    flap: Flap | None
    clock_error: float | None  # the latest, in seconds
    clock_worst: float | None  # the largest of the week
    gaps: tuple[int, int]
    link: Link | None
    function_test: Proof | None
    duration_test: Proof | None
    days_left: int | None
    expiry: str  # "" (no date and none needed), fine, later, soon, expired, unknown
    owner_state: str  # reachable, none, unknown, unreachable
    hazards: int = 0  # that stand
    findings: tuple[Finding, ...] = ()
    risk: int | None = None


def judge(
    device: Device,
    building: str,
    points: Points,
    heard: int | None,
    figures: Figures | None,
    owner_state: str,
    today: date,
    now: int,
    hazards: int = 0,
) -> Row:
    """`today` is the day at the campus. Without figures (the history is away) those of the weeks are None."""
    known = figures or _NOTHING
    word, since = reporting(device, points, heard)
    days_left = (date.fromisoformat(device.expires) - today).days if device.expires else None
    row = Row(
        device=device,
        building=building,
        vital=device.life_safety or device.kind == "gateway",
        reporting=word,
        since=since,
        heard=heard,
        battery=_number(points, "battery"),
        battery_low=_battery_low(points),
        trend=known.trends.get(device.id),
        standing=tuple(_standing(device.id, points, known)),
        flap=known.flaps.get(device.id),
        clock_error=_number(points, "clock_error"),
        clock_worst=known.clocks.get(device.id),
        gaps=known.gaps.get(device.id, (0, 0)),
        link=known.links.get(device.id),
        function_test=_proof(device, points, FUNCTION_TEST, now),
        duration_test=_proof(device, points, DURATION_TEST, now),
        days_left=days_left,
        expiry=_expiry(device, days_left),
        owner_state=owner_state,
        hazards=hazards,
    )
    findings = tuple(sorted(set(_findings(row)), key=lambda finding: rank(finding, row.vital)))
    risk = rank(findings[0], row.vital) if findings else None
    return msgspec.structs.replace(row, findings=findings, risk=risk)


def standing_points(device: str, points: Points) -> list[tuple[str, str]]:
    """The (device, metric) of which it must be known since when they stand."""
    return [(device, r.metric) for r in points.values() if r.value in STANDING and r.metric in _STATES]


def slope(trend: Trend | None) -> float | None:
    """Points of charge in 30 days; None where there is too little data to say."""
    if trend is None or trend.days < LEAST_DAYS or trend.last - trend.first < LEAST_SPAN:
        return None
    return trend.slope


def reporting(device: Device, points: Points, heard: int | None) -> tuple[str, int | None]:
    """One of REPORTING, and since when. Who was never heard is told apart from who fell silent."""
    said = points.get("supervision")
    word = str(said.value) if said else ""
    if heard is None and expected_interval(device) and word != "unknown":
        return "never", None
    if said and word in ("late", "silent", "unknown"):
        return word, said.event_time
    if heard is None or not expected_interval(device):
        return "unsupervised", None
    return "reporting", said.event_time if said else None


def _number(points: Points, metric: str) -> float | None:
    reading = points.get(metric)
    return reading.value if reading and isinstance(reading.value, float) else None


def _battery_low(points: Points) -> bool:
    level, low = _number(points, "battery"), points.get("battery_low")
    return (low is not None and low.value == "low") or (level is not None and level < LOW_BATTERY)


def _standing(device: str, points: Points, figures: Figures) -> Iterator[Standing]:
    for _, metric in sorted(standing_points(device, points)):
        reading = points[metric]
        since = figures.since.get((device, metric))
        if since is not None and since.word == reading.value:
            yield Standing(metric, since.word, since.moment, since.exact)
        else:  # the history is away, or a moment behind
            yield Standing(metric, str(reading.value), reading.event_time, False)


def _proof(device: Device, points: Points, interval: Interval, now: int) -> Proof | None:
    if device.kind not in TESTED_KINDS:
        return None
    tests = [points[m] for m in interval.counts if m in points and _is_proof(points[m])]
    last = max(tests, key=lambda reading: reading.event_time, default=None)
    if last is not None:
        due: int | None = last.event_time + interval.days * DAY
    elif device.installed:
        installed = (date.fromisoformat(device.installed) - date(1970, 1, 1)).days
        due = (installed + interval.days) * DAY
    else:
        due = None
    overdue = due is not None and due < now
    return Proof(last.event_time if last else None, str(last.value) if last else "", due, overdue)


def _is_proof(reading: Reading) -> bool:
    """What the broker kept comes again at each reconnection: without a time of its own it proves nothing."""
    known = not reading.retained or reading.time_quality is TimeQuality.DEVICE
    return known and reading.value in ("passed", "failed")


def _expiry(device: Device, days_left: int | None) -> str:
    if days_left is None:
        return "unknown" if device.kind in EXPIRING_KINDS else ""
    if days_left < 0:
        return "expired"
    return "soon" if days_left <= SOON else "later" if days_left <= LATER else "fine"


def link_fell(link: Link | None) -> bool:
    if link is None or link.median is None or link.median_before is None:
        return False
    return link.median_before - link.median >= LINK_WORSE[link.metric]


def _findings(row: Row) -> Iterator[Finding]:
    if row.reporting in _OF_REPORTING:
        yield _OF_REPORTING[row.reporting]
    yield from (_OF_STANDING[standing.word] for standing in row.standing)
    if row.expiry in _OF_EXPIRY:
        yield _OF_EXPIRY[row.expiry]
    for proof, overdue in (
        (row.function_test, Finding.FUNCTION_OVERDUE),
        (row.duration_test, Finding.DURATION_OVERDUE),
    ):
        if proof and proof.result == "failed":
            yield Finding.TEST_FAILED
        if proof and proof.overdue:
            yield overdue
        if proof and proof.due is None:
            yield Finding.UNPROVEN
    for holds, finding in (
        (row.battery_low, Finding.BATTERY_LOW),
        (row.owner_state != "reachable", Finding.NO_OWNER),
        (abs(row.clock_error or 0) >= CLOCK_WRONG, Finding.CLOCK),
        (row.flap is not None and row.flap.week >= FLAPPING, Finding.FLAPPING),
        (row.gaps[0] >= GAPS, Finding.GAPS),
        (link_fell(row.link), Finding.LINK_WORSE),
    ):
        if holds:
            yield finding
