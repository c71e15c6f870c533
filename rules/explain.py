"""Thinks. Why each rule did or did not fire for one device: what it heard, looks for, and how far it is."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

import msgspec

from ingest.campus.device import Device
from ingest.campus.registry import Registry
from ingest.reading import Reading
from rules.evaluate import due, evaluate
from rules.memory import Memories, Memory, State
from rules.rule import Rule, reportable
from rules.ruleset import RuleSet
from rules.trial import SAYS, moment_text, said
from rules.verdict import Verdict

Clock = Callable[[int], str]


class Finding(msgspec.Struct, frozen=True):
    """One rule and one point it looks at. `said`: its verdicts in the time looked at."""

    rule: Rule
    metric: str
    last: Reading | None
    said: Sequence[Verdict]
    memory: Memory | None


def replayed(
    rules: RuleSet, device: Device, registry: Registry, readings: Iterable[Reading], until: int
) -> list[Finding]:
    """Judge these readings of the device (oldest first) anew, beginning with nothing remembered."""
    memories, verdicts, latest = Memories(), list[Verdict](), dict[str, Reading]()
    for reading in readings:
        verdicts += due(rules, memories, reading.received, registry)
        verdicts += evaluate(rules, memories, reading, device, registry)
        latest[reading.metric] = reading
    verdicts += due(rules, memories, until, registry)
    return findings(rules, device, registry, latest, memories, verdicts)


def findings(
    rules: RuleSet,
    device: Device,
    registry: Registry,
    latest: Mapping[str, Reading],
    memories: Memories,
    verdicts: Sequence[Verdict] = (),
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
            found[rule.id, metric] = Finding(rule, metric, latest.get(metric), spoken, memory)
    order = {rule.id: place for place, rule in enumerate(rules.rules)}
    return [found[key] for key in sorted(found, key=lambda key: (order[key[0]], key[1]))]


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
    title = f"{rule.title.zh} / {rule.title.en}"
    yield f"{rule.id} {rule.version}  {rule.alert_class.value} {rule.priority}  {title}"
    looks = f"{found.metric or rule.scope} {rule.condition.compared}"
    yield f"  looks for {looks}{_delays(rule)}  ({rule.source})"
    if found.metric:
        yield f"  {_heard(found, clock)}"
    for verdict in found.said[-5:]:
        began = clock(verdict.since)
        yield f"  {SAYS[said(verdict)]} at {clock(verdict.moment)}, the condition began {began}"
    yield f"  {_stands(found, clock)}"


def _delays(rule: Rule) -> str:
    parts = [("on-delay", rule.on_delay), ("off-delay", rule.off_delay)]
    return "".join(f", {name} {moment_text(length)}" for name, length in parts if length)


def _heard(found: Finding, clock: Clock) -> str:
    if found.last is None:
        return f"heard no {found.metric}"
    reading = found.last
    notes = [f"happened {clock(reading.event_time)}"] if reading.event_time != reading.received else []
    notes += ["restored by the broker"] if reading.retained else []
    notes += [reading.note] if reading.note else []
    more = f" ({'; '.join(notes)})" if notes else ""
    return f"heard {found.metric} {_plain(reading.value)} at {clock(reading.received)}{more}"


def _stands(found: Finding, clock: Clock) -> str:
    row = found.memory
    if row is None:
        if found.last is None:
            return "not raised: it was told nothing to judge"
        return "at rest: what it heard last is not what it looks for, or it is over"
    value, until = _plain(row.value), f" until {clock(row.due_at)}" if row.due_at is not None else ""
    if row.state is State.PENDING:
        return f"not raised yet: it holds since {clock(row.since)} ({value}), its on-delay runs{until}"
    if row.state is State.CLEARING:
        return f"raised, and no longer holds ({value}): its off-delay runs{until}"
    if row.state is State.UNKNOWN:
        return f"raised, and now unknown: it was told {value}, which says nothing about the condition"
    if row.state is State.WAITING:
        return f"not raised: it remembers {value} and waits{until}"
    return f"raised: it holds since {clock(row.since)} ({value}){until and f', {until.strip()}'}"


def _plain(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:g}"
