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
from alerts.outward.prometheus import RULE as ALERTMANAGER
from alerts.tables import alert as alert_table
from alerts.tables import alert_log
from ingest.bilingual import both
from ingest.campus.device import Device
from ingest.campus.kinds import METRICS, Form
from ingest.campus.registry import Registry
from ingest.reading import Reading
from rules import record, usual
from rules import store as memory_store
from rules.baseline import HOUR, Baselines
from rules.explain import findings, lines, replayed, unwatched
from rules.memory import Memory
from rules.ruleset import RuleSet
from rules.verdict import Evidence
from tocsin.pasts import baselines

LOOKED_AT = 6 * 3600 * 1000  # ms of the history before the moment that is asked about
PARTS = 2160  # of a number's history in that time: one every 10 s
A_DAY = timedelta(days=1)
_UNSTATED = both("未说明", "not stated")


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
    """Lines for a person, in both languages. Raises ValueError for a name that nothing has, and for a time
    that is none."""
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
    state = both("未结束", "open") if alert.open else both("已结束", "closed")
    yield f"{alert.code}  {both(alert.title.zh, alert.title.en)}"
    where = f"{both('对象', 'on')} {alert.subject}"
    yield f"  {alert.alert_class.value} {alert.priority}, {state}, {alert.activity.value}, {where}"
    if not alert.rule:
        yield "  " + both("由人员报告，不是规则触发", "raised by a person, not by a rule")
        return
    raised, began = known.clock(alert.raised_at), known.clock(alert.active_at)
    yield "  " + both(f"触发于 {raised}，条件始于 {began}", f"raised {raised}, the condition began {began}")
    yield from _of_version(known, alert)
    yield both("依据", "because")
    for one in alert.evidence:
        yield f"  {_evidence(known, one)}"
    if not alert.evidence:
        yield "  " + both("（没有记录读数）", "(no reading is recorded with it)")
    yield both("计时", "timers")
    rows = [
        row for row in memory_store.load(known.conn) if (row.rule, row.subject) == (alert.rule, alert.subject)
    ]
    for row in rows:
        state, since = row.state.value, known.clock(row.since)
        yield (
            "  "
            + both(f"规则自 {since} 起为 {state}", f"the rule is {state} since {since}")
            + _until(known, row)
        )
    if not rows:
        yield "  " + both("无：规则对此对象已静止", "none: the rule is at rest on it")
    if alert.open and alert.step_due_at is not None:
        step, policy = known.clock(alert.step_due_at), alert.ladder
        yield "  " + both(
            f"下一步升级 {step}（策略 {policy}）", f"next step of the escalation {step} (policy {policy})"
        )
    yield both("经过", "what befell it")
    yield from _befell(known, alert)


def _until(known: Known, row: Memory) -> str:
    if row.due_at is None:
        return both("，无时限", ", no deadline")
    until = known.clock(row.due_at)
    return both(f"，至 {until}", f", until {until}")


def _of_version(known: Known, alert: Alert) -> Iterator[str]:
    """What the rule said when it raised, and whether it says the same now."""
    then = record.version(known.conn, alert.rule, alert.rule_version)
    now = known.rules.by_id.get(alert.rule)
    rule, version = alert.rule, alert.rule_version
    by = both(f"规则 {rule}，版本 {version}", f"by the rule {rule}, version {version}")
    if then is None:
        yield f"  {by}"
    else:
        source, since = then.change.source, known.clock(then.moment)
        yield f"  {by}" + both(f"（{source}，自 {since} 生效）", f" ({source}, in force since {since})")
        who, why = then.change.changed_by or _UNSTATED, then.change.reason or _UNSTATED
        yield f"  {both('修改人：', 'changed by: ')}{who}; {both('原因：', 'why: ')}{why}"
        for key, value in then.change.body.items():
            if key not in ("id", "title"):
                yield f"    {key}: {_written(value)}"
    if now is None and rule == ALERTMANAGER:
        yield "  " + both("由 Prometheus 经 Alertmanager 提出", "raised by Prometheus over an Alertmanager")
    elif now is None:
        yield "  " + both("该规则已不再生效", "no rule of this id is in force any more")
    elif now.version != alert.rule_version:
        reads = f"{now.version} ({now.source})"
        yield "  " + both(f"现在的内容不同：版本 {reads}", f"it reads otherwise now: version {reads}")


def _written(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_written(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_written, value)) + "]"
    return str(value).lower() if isinstance(value, bool) else str(value)


def _evidence(known: Known, one: Evidence) -> str:
    unit = METRICS[one.metric].unit if one.metric in METRICS else ""
    value = one.value if isinstance(one.value, str) else f"{one.value:g} {unit}".rstrip()
    at, received = known.clock(one.event_time), known.clock(one.received)
    late = "" if at == received else both(f"，{received} 收到", f", received {received}")
    note = f"; {one.note}" if one.note else ""
    who = f"{one.device} {one.metric}" if one.device else one.metric
    looked = both("；条件：", "; looked for: ")
    return both(f"{at} {who} {value}", f"{who} {value} at {at}") + f"{late}{looked}{one.compared}{note}"


def _befell(known: Known, alert: Alert) -> Iterator[str]:
    wanted = select(alert_log).where(alert_log.c.alert == alert.id).order_by(alert_log.c.seq).limit(200)
    for row in known.conn.execute(wanted):
        detail = msgspec.json.decode(row.detail or "{}")
        parts = [f"{key} {one}" for key, one in detail.items() if isinstance(one, str) and one]
        people = sorted({one.get("person") or one["channel"] for one in detail.get("told", [])})
        parts += [f"{both('已通知', 'told')} {', '.join(people)}"] if people else []
        more = f"  ({', '.join(parts)})" if parts else ""
        yield f"  {known.clock(row.moment)}  {row.fact} {both('·', 'by')} {row.by}{more}"


def _of_device(known: Known, device: Device, at: int | None) -> Iterator[str]:
    yield f"{device.id}  {device.kind}, {device.place}"
    if at is None:
        latest = known.latest(device.id)
        memories = memory_store.load(known.conn)
        figures = usual.load(known.conn)
        found = findings(
            known.rules, device, known.registry, latest, memories, now=known.now, baselines=figures
        )
        metrics = set(latest)
    else:
        readings = _readings(known, device, at)
        then = known.clock(at)
        yield both(
            f"{then}：以此前 6 小时的历史，按现行规则重新判定",
            f"at {then}, from the history of the 6 h before, judged anew by the rules of now",
        )
        yield both(
            "（数值为 10 秒均值；不看其他设备）",
            "(numbers are means of 10 s; other devices are not looked at)",
        )
        found = replayed(known.rules, device, known.registry, readings, at, _past(known, device, at))
        metrics = {reading.metric for reading in readings}
        yield from _open_then(known, device, at)
    for one in found:
        if one.last is not None or one.memory is not None:
            yield from lines(one, known.clock)
    deaf = sorted({one.rule.id for one in found if one.last is None and one.memory is None})
    if deaf:
        yield f"{both('没有可判定的读数：', 'heard nothing to judge: ')}{', '.join(deaf)}"
    if left := unwatched(known.rules, device, known.registry, metrics):
        yield f"{both('没有规则判定：', 'no rule looks at: ')}{', '.join(left)}"


def _past(known: Known, device: Device, at: int) -> Baselines:
    """What the device said at these hours of the weeks before, as far as a rule compares with it."""
    every = known.rules.pasts(known.registry)
    wanted = {point: back for point, back in every.items() if point[0] == device.id}
    hours = tuple(range((at - LOOKED_AT) // HOUR, at // HOUR + 1))
    return baselines(known.history, wanted, hours) or {}


def _open_then(known: Known, device: Device, at: int) -> Iterator[str]:
    c = alert_table.c
    over = (c.closed_at.is_(None)) | (c.closed_at > at)
    wanted = select(alert_table).where(c.device == device.id, c.raised_at <= at, over).order_by(c.id)
    for row in known.conn.execute(wanted).mappings():
        by, raised = f"{row['rule']} {row['rule_version']}", known.clock(row["raised_at"])
        yield both(
            f"当时未结束：{row['code']}，规则 {by}，触发于 {raised}",
            f"open then: {row['code']} by {by}, raised {raised}",
        )


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
