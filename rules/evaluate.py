"""Thinks. A reading, or the passing of time, in; verdicts out. The two drivers of the same transitions.

What is due comes first: for each reading in order of arrival, `due(…, until=reading.received)`, then
`evaluate(…)`, as `judge` does. Deadlines at that very moment count as passed.
"""

from collections.abc import Iterable
from typing import NamedTuple

import msgspec

from ingest.bilingual import both
from ingest.campus.device import Device
from ingest.campus.registry import Registry
from ingest.reading import Reading, TimeQuality
from rules.baseline import NONE, Baselines
from rules.conditions.silence import Silence
from rules.gather import Scene, elapsed, gathered, settle, settled
from rules.memory import SCHEDULE, Memories, Memory, State
from rules.rule import UNKNOWN
from rules.ruleset import Plan, RuleSet
from rules.transitions import fire, informed, read, remembered
from rules.vanish import vanished
from rules.verdict import Holds, Verdict
from rules.withhold import schedules, turned

HISTORIC = TimeQuality.HISTORIC
AGAIN = 60_000  # ms until a deadline whose rule failed is tried again


class Failure(NamedTuple):
    """A rule of ours that broke on one point: our own mistake, and never the other rules' affair."""

    rule: str
    point: str
    error: Exception


def judge(
    rules: RuleSet,
    memories: Memories,
    readings: Iterable[Reading],
    registry: Registry,
    failures: list[Failure],
    baselines: Baselines = NONE,
) -> list[Verdict]:
    """What readings say in the order of their arrival, and every deadline up to the last of them.

    The readings of one message stand together and share the name of their device: so it and its rules are
    looked up once, and of a reading that means nothing to any rule `evaluate` never hears.
    """
    verdicts: list[Verdict] = []
    moment, name, device, plans = 0, "", None, dict[str, Plan]()
    for reading in readings:
        if reading.received != moment:  # a deadline set by a reading lies after its own moment
            moment = reading.received
            verdicts += due(rules, memories, moment, registry, failures, baselines)
        try:
            if reading.device is not name:
                name, plans = reading.device, {}
                device = registry.device(name)
                plans = {} if device is None else rules.plans(device, registry)
            plan = plans.get(reading.metric)
            if plan is None or device is None or (name not in memories.awake and plan.rests(reading.value)):
                continue
            verdicts += evaluate(rules, memories, reading, device, registry, failures, baselines)
        except Exception as error:  # before any rule was asked
            failures.append(Failure("*", f"{reading.device}/{reading.metric}", error))
    return verdicts


def evaluate(
    rules: RuleSet,
    memories: Memories,
    reading: Reading,
    device: Device,
    registry: Registry,
    failures: list[Failure] | None = None,
    baselines: Baselines = NONE,
) -> list[Verdict]:
    """What the rules say of one reading. Changes `memories`. A rule that fails goes to `failures` and the
    others are heard; without a list to go to it raises. `baselines`: how the points were at this hour of
    the weeks before.

    Most readings mean nothing to any rule and end in the first two lines.
    """
    plan = rules.plan(device, reading.metric, registry)
    if plan is None or (device.id not in memories.awake and plan.rests(reading.value)):
        return []
    if reading.time_quality is HISTORIC:  # no siren for what happened last week
        return []
    verdicts: list[Verdict] = []
    scene = Scene(rules, memories, registry, baselines)
    for rule in plan.rules:
        try:
            if rule.condition.looks_around:
                rule = informed(scene, rule, reading, device)
            before = memories.get(rule.id, rule.subject(device.id, reading.metric))
            after, verdict = read(rule, before, reading, device)
            if after is not before:
                moment, retained = reading.received, reading.retained
                settle(scene, rule, device, (before, after, verdict), moment, retained, verdicts)
            if rule.condition.broke is not None:
                raise rule.condition.broke
        except Exception as error:
            if failures is None:
                raise
            failures.append(Failure(rule.id, f"{device.id}/{reading.metric}", error))
    return verdicts


def due(
    rules: RuleSet,
    memories: Memories,
    until: int,
    registry: Registry,
    failures: list[Failure] | None = None,
    baselines: Baselines = NONE,
) -> list[Verdict]:
    """Fire every deadline at or before `until`, in order of (deadline, rule, subject). Changes `memories`.

    Each verdict's moment is its deadline, not `until`: how late it was looked at changes nothing. A rule that
    fails goes to `failures`, if given, and is tried again in a minute.
    """
    verdicts: list[Verdict] = []
    scene = None
    while (row := memories.take_due(until)) is not None:
        scene = scene or Scene(rules, memories, registry, baselines, until, {})
        _pass(scene, row, verdicts, failures)
    return verdicts


def _pass(scene: Scene, row: Memory, verdicts: list[Verdict], failures: list[Failure] | None) -> None:
    """The deadline of one row."""
    assert row.due_at is not None
    if row.subject == SCHEDULE:
        verdicts += settled(scene, turned(scene, row), row.due_at)
        return
    rule, device = scene.rules.by_id.get(row.rule), scene.registry.device(row.device)
    if rule is None or device is None:  # the caller should have reconciled; never lose it in silence
        scene.memories.drop(row)
        verdicts += vanished(row, rule, device, row.due_at)
        return
    try:
        if rule.condition.looks_around:
            rule = informed(scene, rule, remembered(rule, row), device)
        after, said = elapsed(scene, rule, row, device) if gathered(rule, row) else fire(rule, row, device)
        settle(scene, rule, device, (row, after, said), row.due_at, False, verdicts)
        if rule.condition.broke is not None:
            raise rule.condition.broke
    except Exception as error:
        if failures is None:
            raise
        failures.append(Failure(rule.id, row.subject, error))
        left = scene.memories.get(row.rule, row.subject)
        if left is not None and left.due_at == row.due_at:
            scene.memories.put(msgspec.structs.replace(row, due_at=scene.until + AGAIN))


def arm(rules: RuleSet, memories: Memories, registry: Registry, now: int) -> None:
    """Start every wait, for silence and for the turns of schedules: at start, and after the rules or the
    registry have changed.

    What was never heard is waited for from `now`. A wait that ran out while nobody was listening begins
    again: our own absence is not the device's silence.
    """
    schedules(rules, memories, registry.calendar, now)
    for rule, device, metric in rules.silences(registry):
        assert isinstance(rule.condition, Silence)
        subject, due_at = rule.subject(device.id, metric), now + rule.condition.silent_for
        row = memories.get(rule.id, subject)
        if row is None:
            row = Memory(
                rule=rule.id,
                subject=subject,
                device=device.id,
                state=State.WAITING,
                told=Holds.NO,
                since=now,
                due_at=due_at,
                version=rule.version,
                value=UNKNOWN,
                event_time=now,
                received=now,
                note=both("从未收到", "never heard"),
            )
            memories.put(row)
        elif row.state is State.WAITING and row.due_at is not None and row.due_at <= now:
            memories.put(msgspec.structs.replace(row, due_at=due_at))
