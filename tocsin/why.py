"""Touches. `tocsin why`: why an alert was raised, why rules did or did not fire for a device at a time."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import datetime, time, timedelta
from difflib import get_close_matches
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import msgspec
from sqlalchemy import Connection, select

from alerts import store as alerts
from alerts.alert import Alert
from alerts.tables import alert as alert_table
from alerts.tables import alert_log
from ingest.campus.device import Device
from ingest.campus.kinds import METRICS, Form
from ingest.campus.registry import Registry
from ingest.reading import Reading
from rules import record
from rules import store as memory_store
from rules.explain import findings, lines, replayed, unwatched
from rules.ruleset import RuleSet
from rules.verdict import Evidence

LOOKED_AT = 6 * 3600 * 1000  # ms of the history before the moment that is asked about
PARTS = 2160  # of a number's history in that time: one every 10 s
A_DAY = timedelta(days=1)


class Known(NamedTuple):
    """What the answer is found in. `history` is None where no service runs."""

    conn: Connection
    registry: Registry
    rules: RuleSet
    latest: Callable[[str], Mapping[str, Reading]]
    history: Any
    zone: str
    now: int

    def clock(self, moment: int) -> str:
        return datetime.fromtimestamp(moment / 1000, ZoneInfo(self.zone)).strftime("%Y-%m-%d %H:%M:%S")


def answer(known: Known, target: str, at: str) -> list[str]:
    """Lines for a person. Raises ValueError for a name that nothing has, and for a time that is none."""
    device = known.registry.device(target)
    if device is not None:
        return list(_of_device(known, device, moment_of(at, known.zone, known.now) if at else None))
    if at:
        raise ValueError(f"--at goes with a device, and there is no device {target!r}{_near(known, target)}")
    alert = _alert(known.conn, target)
    if alert is None:
        raise ValueError(
            f"no alert has the code {target!r}, and no device is called so{_near(known, target)}"
        )
    return list(_of_alert(known, alert))


def moment_of(text: str, zone: str, now: int) -> int:
    """`14:05`, `14:05:30` (the last time it was that late) or `2026-11-22 14:05`, in the campus's zone."""
    here = datetime.fromtimestamp(now / 1000, ZoneInfo(zone))
    with suppress(ValueError):
        clock = time.fromisoformat(text)
        found = here.replace(hour=clock.hour, minute=clock.minute, second=clock.second, microsecond=0)
        return int((found if found <= here else found - A_DAY).timestamp() * 1000)
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text!r} is no time: write 14:05, or '2026-11-22 14:05'") from None
    return int((found if found.tzinfo else found.replace(tzinfo=ZoneInfo(zone))).timestamp() * 1000)


def _near(known: Known, target: str) -> str:
    near = get_close_matches(target, known.registry.devices, 1)
    return f"; did you mean {near[0]!r}?" if near else ""


def _alert(conn: Connection, code: str) -> Alert | None:
    """The open alert of this code, else the last that had it."""
    wanted = select(alert_table).where(alert_table.c.code == code.strip().upper())
    row = conn.execute(wanted.order_by(alert_table.c.id.desc()).limit(1)).mappings().first()
    return alerts.by_code(conn, code) or (None if row is None else alerts.from_row(row))


def _of_alert(known: Known, alert: Alert) -> Iterator[str]:
    state = "open" if alert.open else "closed"
    yield f"{alert.code}  {alert.title.zh} / {alert.title.en}"
    yield f"  {alert.alert_class.value} {alert.priority}, {state}, {alert.activity.value}, on {alert.subject}"
    if not alert.rule:
        yield "  raised by a person, not by a rule"
        return
    yield f"  raised {known.clock(alert.raised_at)}, the condition began {known.clock(alert.active_at)}"
    yield from _of_version(known, alert)
    yield "because"
    for one in alert.evidence:
        yield f"  {_evidence(known, one)}"
    if not alert.evidence:
        yield "  (no reading is recorded with it)"
    yield "timers"
    rows = [
        row for row in memory_store.load(known.conn) if (row.rule, row.subject) == (alert.rule, alert.subject)
    ]
    for row in rows:
        due_at = f", until {known.clock(row.due_at)}" if row.due_at is not None else ", no deadline"
        yield f"  the rule is {row.state.value} since {known.clock(row.since)}{due_at}"
    if not rows:
        yield "  none: the rule is at rest on it"
    if alert.open and alert.step_due_at is not None:
        yield f"  next step of the escalation {known.clock(alert.step_due_at)} (policy {alert.ladder})"
    yield "what befell it"
    yield from _befell(known, alert)


def _of_version(known: Known, alert: Alert) -> Iterator[str]:
    """What the rule said when it raised, and whether it says the same now."""
    then = record.version(known.conn, alert.rule, alert.rule_version)
    now = known.rules.by_id.get(alert.rule)
    yield f"  by the rule {alert.rule}, version {alert.rule_version}" + (
        f" ({then.change.source}, in force since {known.clock(then.moment)})" if then is not None else ""
    )
    if then is not None:
        who = then.change.changed_by or "not stated"
        yield f"  changed by: {who}; why: {then.change.reason or 'not stated'}"
        for key, value in then.change.body.items():
            if key not in ("id", "title"):
                yield f"    {key}: {_written(value)}"
    if now is None:
        yield "  no rule of this id is in force any more"
    elif now.version != alert.rule_version:
        yield f"  it reads otherwise now: version {now.version} ({now.source})"


def _written(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_written(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_written, value)) + "]"
    return str(value).lower() if isinstance(value, bool) else str(value)


def _evidence(known: Known, one: Evidence) -> str:
    unit = METRICS[one.metric].unit if one.metric in METRICS else ""
    value = one.value if isinstance(one.value, str) else f"{one.value:g} {unit}".rstrip()
    late = "" if one.event_time == one.received else f", received {known.clock(one.received)}"
    note = f"; {one.note}" if one.note else ""
    return f"{one.metric} {value} at {known.clock(one.event_time)}{late}; looked for: {one.compared}{note}"


def _befell(known: Known, alert: Alert) -> Iterator[str]:
    wanted = select(alert_log).where(alert_log.c.alert == alert.id).order_by(alert_log.c.seq).limit(200)
    for row in known.conn.execute(wanted):
        detail = msgspec.json.decode(row.detail or "{}")
        parts = [f"{key} {one}" for key, one in detail.items() if isinstance(one, str) and one]
        people = sorted({one["person"] or one["channel"] for one in detail.get("told", [])})
        parts += [f"told {', '.join(people)}"] if people else []
        told = ", ".join(parts)
        yield f"  {known.clock(row.moment)}  {row.fact} by {row.by}{f'  ({told})' if told else ''}"


def _of_device(known: Known, device: Device, at: int | None) -> Iterator[str]:
    yield f"{device.id}  {device.kind}, {device.place}"
    if at is None:
        latest = known.latest(device.id)
        found = findings(known.rules, device, known.registry, latest, memory_store.load(known.conn))
        metrics = set(latest)
    else:
        readings = _readings(known, device, at)
        yield f"at {known.clock(at)}, from the history of the 6 h before, judged anew by the rules of now"
        yield "(numbers are means of 10 s; other devices are not looked at)"
        found = replayed(known.rules, device, known.registry, readings, at)
        metrics = {reading.metric for reading in readings}
        yield from _open_then(known, device, at)
    for one in found:
        if one.last is not None or one.memory is not None:
            yield from lines(one, known.clock)
    deaf = sorted({one.rule.id for one in found if one.last is None and one.memory is None})
    if deaf:
        yield f"heard nothing to judge: {', '.join(deaf)}"
    if left := unwatched(known.rules, device, known.registry, metrics):
        yield f"no rule looks at: {', '.join(left)}"


def _open_then(known: Known, device: Device, at: int) -> Iterator[str]:
    c = alert_table.c
    over = (c.closed_at.is_(None)) | (c.closed_at > at)
    wanted = select(alert_table).where(c.device == device.id, c.raised_at <= at, over).order_by(c.id)
    for row in known.conn.execute(wanted).mappings():
        by = f"{row['rule']} {row['rule_version']}"
        yield f"open then: {row['code']} by {by}, raised {known.clock(row['raised_at'])}"


def _readings(known: Known, device: Device, at: int) -> list[Reading]:
    """What the history has of the device, oldest first; beginning with the words that stood already."""
    if known.history is None:
        raise ValueError("--at needs the history, which only a running service can read")
    start, found = at - LOOKED_AT, list[Reading]()
    for metric in {*known.latest(device.id)}:
        if METRICS[metric].form is Form.NUMBER:
            points = known.history.series(device.id, metric, start, at, PARTS)
            found += [Reading(device.id, metric, mean, moment, moment) for moment, _, mean, _ in points]
        else:
            told = known.history.words(device.id, metric, start, at)
            found += [Reading(device.id, metric, word, moment, moment) for moment, word in told]
    return sorted(found, key=lambda reading: reading.received)
