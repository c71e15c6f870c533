"""Thinks. Why each rule did or did not fire for one device: what it heard, looks for, and how far it is."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

import msgspec
from msgspec.structs import replace

from ingest.bilingual import both
from ingest.campus.device import Device
from ingest.campus.registry import Registry
from ingest.reading import Reading
from rules.baseline import NONE, Baselines
from rules.evaluate import Failure, due, evaluate
from rules.gather import Scene
from rules.memory import Memories, Memory, State
from rules.rule import Rule, reportable
from rules.ruleset import RuleSet
from rules.transitions import informed
from rules.trial import SAYS, moment_text, said
from rules.verdict import Verdict
from rules.withhold import schedules

Clock = Callable[[int], str]
_SAYS = {"raises": "触发", "again": "再次触发", "ends": "恢复", "unknown": "变为未知"}
_REST = "what it heard last is not what it looks for, or it is over"


class Finding(msgspec.Struct, frozen=True):
    """One rule, informed of what it looks at besides its last reading, and one point it looks at. `said`: its
    verdicts in the time looked at. `asked_at`: outside the rule's schedule, when that begins."""

    rule: Rule
    metric: str
    last: Reading | None
    said: Sequence[Verdict]
    memory: Memory | None
    asked_at: int | None = None


def replayed(
    rules: RuleSet,
    device: Device,
    registry: Registry,
    readings: Iterable[Reading],
    until: int,
    baselines: Baselines = NONE,
) -> list[Finding]:
    """Judge these readings of the device (oldest first) anew, beginning with nothing remembered."""
    memories, verdicts, latest = Memories(), list[Verdict](), dict[str, Reading]()
    readings = list(readings)
    schedules(rules, memories, registry.calendar, readings[0].received if readings else until)
    failures: list[Failure] = []  # what a rule fails on now is said of its last reading
    for reading in readings:
        verdicts += due(rules, memories, reading.received, registry, failures, baselines)
        verdicts += evaluate(rules, memories, reading, device, registry, failures, baselines)
        latest[reading.metric] = reading
    verdicts += due(rules, memories, until, registry, failures, baselines)
    return findings(rules, device, registry, latest, memories, verdicts, until, baselines)


def findings(
    rules: RuleSet,
    device: Device,
    registry: Registry,
    latest: Mapping[str, Reading],
    memories: Memories,
    verdicts: Sequence[Verdict] = (),
    now: int | None = None,
    baselines: Baselines = NONE,
) -> list[Finding]:
    """What every rule that looks at the device has come to, the most important first."""
    found = {(one.rule.id, ""): one for one in _gathered(rules, device, registry, memories, verdicts)}
    for metric in sorted(reportable(device.kind)):
        plan = rules.plan(device, metric, registry)
        for rule in plan.rules if plan is not None else ():
            if rule.condition.gathers:
                continue
            subject = rule.subject(device.id, metric)
            spoken = [one for one in verdicts if (one.rule, one.subject) == (rule.id, subject)]
            memory = memories.get(rule.id, subject)
            last = latest.get(metric)
            if last is not None and rule.condition.looks_around:
                rule = informed(Scene(rules, memories, registry, baselines), rule, last, device)
            found[rule.id, metric] = Finding(rule, metric, last, spoken, memory)
    order = {rule.id: place for place, rule in enumerate(rules.rules)}
    ordered = [found[key] for key in sorted(found, key=lambda key: (order[key[0]], key[1]))]
    return [replace(one, asked_at=_asked_at(one.rule, registry, now)) for one in ordered]


def _asked_at(rule: Rule, registry: Registry, now: int | None) -> int | None:
    if now is None or rule.schedule is None or rule.schedule.on(registry.calendar, now):
        return None
    return rule.schedule.turn(registry.calendar, now)


def _gathered(
    rules: RuleSet,
    device: Device,
    registry: Registry,
    memories: Memories,
    verdicts: Sequence[Verdict],
) -> Iterator[Finding]:
    """The rules that judge the device together with others."""
    for rule in rules.rules:
        if rule.condition.gathers and rule.selector.matches(device, registry):
            subjects = rule.subjects(device)
            spoken = [one for one in verdicts if one.rule == rule.id and one.subject in subjects]
            rows = (memories.get(rule.id, subject) for subject in subjects)
            memory = next((row for row in rows if row is not None), None)
            yield Finding(rule, "", None, spoken, memory)


def unwatched(rules: RuleSet, device: Device, registry: Registry, metrics: Iterable[str]) -> list[str]:
    """Of these metrics the ones that no rule looks at."""
    return [metric for metric in sorted(metrics) if rules.plan(device, metric, registry) is None]


def lines(found: Finding, clock: Clock) -> Iterator[str]:
    """The rule, what it heard and what came of it."""
    rule = found.rule
    title = both(rule.title.zh, rule.title.en)
    yield f"{rule.id} {rule.version}  {rule.alert_class.value} {rule.priority}  {title}"
    looks = f"{found.metric or rule.scope} {rule.compared}"
    yield f"  {both('条件：', 'looks for ')}{looks}{_delays(rule)}  ({rule.source})"
    if rule.shadow is not None:
        yield "  " + both("试运行中：结果不通知任何人", "in shadow: what it finds is told to nobody")
    if found.metric:
        yield f"  {_heard(found, clock)}"
    if rule.condition.noted:
        yield f"  {both('另见：', 'beside it: ')}{rule.condition.noted}"
    if rule.condition.broke is not None:
        yield f"  {both('无法判定：', 'it cannot be judged: ')}{rule.condition.broke}"
    for verdict in found.said[-5:]:
        at, began, says = clock(verdict.moment), clock(verdict.since), said(verdict)
        yield "  " + both(
            f"{at} {_SAYS[says]}，条件始于 {began}", f"{SAYS[says]} at {at}, the condition began {began}"
        )
    yield "  " + both(*_stands(found, clock))


def _delays(rule: Rule) -> str:
    parts = [
        (both("，触发延时", ", on-delay"), rule.on_delay),
        (both("，恢复延时", ", off-delay"), rule.off_delay),
    ]
    return "".join(f"{name} {moment_text(length)}" for name, length in parts if length)


def _heard(found: Finding, clock: Clock) -> str:
    if found.last is None:
        return both(f"没有收到 {found.metric}", f"heard no {found.metric}")
    reading = found.last
    happened, received = clock(reading.event_time), clock(reading.received)
    notes = (
        [both(f"发生于 {happened}", f"happened {happened}")] if reading.event_time != reading.received else []
    )
    notes += [both("由消息服务器恢复", "restored by the broker")] if reading.retained else []
    notes += [reading.note] if reading.note else []
    more = f" ({'; '.join(notes)})" if notes else ""
    value = f"{found.metric} {_plain(reading.value)}"
    return both(f"{received} 收到 {value}", f"heard {value} at {received}") + more


def _stands(found: Finding, clock: Clock) -> tuple[str, str]:
    """How far it is, in Chinese and English."""
    row = found.memory
    if found.asked_at is not None:
        return _outside(row, clock(found.asked_at), clock)
    if row is None:
        if found.last is None:
            return "未触发：没有可判定的读数", "not raised: it was told nothing to judge"
        return "未触发：最后的读数不符合条件，或已结束", f"at rest: {_REST}"
    value, since = _plain(row.value), clock(row.since)
    due_at = "" if row.due_at is None else clock(row.due_at)
    until, upto = (f" until {due_at}", f"，至 {due_at}") if due_at else ("", "")
    if row.state is State.PENDING:
        zh = f"尚未触发：自 {since} 起成立（{value}），触发延时中{upto}"
        return zh, f"not raised yet: it holds since {since} ({value}), its on-delay runs{until}"
    if row.state is State.CLEARING:
        zh = f"已触发，现已不成立（{value}）：恢复延时中{upto}"
        return zh, f"raised, and no longer holds ({value}): its off-delay runs{until}"
    if row.state is State.UNKNOWN:
        zh = f"已触发，现在未知：读数为 {value}，不能说明条件是否成立"
        return zh, f"raised, and now unknown: it was told {value}, which says nothing about the condition"
    if row.state is State.WAITING:
        return f"未触发：已记住 {value}，等待中{upto}", f"not raised: it remembers {value} and waits{until}"
    zh = f"已触发：自 {since} 起成立（{value}）{upto}"
    return zh, f"raised: it holds since {since} ({value}){until and f', {until.strip()}'}"


def _outside(row: Memory | None, begins: str, clock: Clock) -> tuple[str, str]:
    zh, en = f"不在生效时段，下次生效 {begins}", f"outside its schedule, which begins {begins}"
    if row is None or not row.withheld:
        return f"现在不判：{zh}", f"not now: {en}"
    since, value = clock(row.since), _plain(row.value)
    return (
        f"未触发：{zh}；自 {since} 起成立（{value}）",
        f"not raised: {en}; it holds since {since} ({value})",
    )


def _plain(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:g}"
