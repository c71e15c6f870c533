"""Thinks. The states of one (rule, subject) and every way from one to the next: what a verdict comes from.

Rules of this file. A pair at rest has no row (`None`). A verdict is spoken when what was told last changes,
so a repeat says nothing; what counts speaks again when its evidence grows. A deadline decides at its own
moment, however late it is looked at: so verdicts do not depend on how readings were gathered into batches.
"unknown" never means normal, and neither does what is older than what raised it.
"""

from typing import TYPE_CHECKING

import msgspec

from ingest.campus.device import Device
from ingest.reading import Reading, TimeQuality
from rules.memory import Memory, State
from rules.rule import Rule, Step
from rules.verdict import Class, Evidence, Holds, Verdict

if TYPE_CHECKING:
    from rules.gather import Scene

# (state, what the reading says) -> state. PENDING without an on-delay is ACTIVE at once, CLEARING without
# an off-delay is at rest at once.
NEXT: dict[tuple[State | None, Holds], State | None] = {
    (None, Holds.YES): State.PENDING,
    (None, Holds.NO): None,
    (None, Holds.UNKNOWN): None,
    (State.PENDING, Holds.YES): State.PENDING,
    (State.PENDING, Holds.NO): None,
    (State.PENDING, Holds.UNKNOWN): State.PENDING,  # it held when last known: the timer runs on
    (State.ACTIVE, Holds.YES): State.ACTIVE,
    (State.ACTIVE, Holds.NO): State.CLEARING,
    (State.ACTIVE, Holds.UNKNOWN): State.UNKNOWN,
    (State.CLEARING, Holds.YES): State.ACTIVE,
    (State.CLEARING, Holds.NO): State.CLEARING,
    (State.CLEARING, Holds.UNKNOWN): State.UNKNOWN,  # not known to be normal: it must not clear
    (State.UNKNOWN, Holds.YES): State.ACTIVE,
    (State.UNKNOWN, Holds.NO): State.CLEARING,
    (State.UNKNOWN, Holds.UNKNOWN): State.UNKNOWN,
}
TOLD: dict[State | None, Holds] = {
    None: Holds.NO,
    State.ACTIVE: Holds.YES,
    State.UNKNOWN: Holds.UNKNOWN,
}  # PENDING, CLEARING and WAITING tell nothing: what was told last stands


def read(rule: Rule, before: Memory | None, reading: Reading, device: Device) -> Step:
    """What one reading does to one pair: its row afterwards (the same object when nothing changed)."""
    if before is not None and reading.retained and reading.event_time < before.event_time:
        return before, None  # a restored state older than what is known says nothing
    woken = awake(before)
    after, verdict = rule.condition.read(rule, woken, reading, device)
    return (before if after is woken else after), verdict


def fire(rule: Rule, row: Memory, device: Device) -> Step:
    """What the passing of the row's deadline does."""
    woken = awake(row)
    assert woken is not None
    return rule.condition.fire(rule, woken, device)


def awake(row: Memory | None) -> Memory | None:
    """The row as its condition knows it, whatever the rule's schedule withholds."""
    if row is None or not row.withheld:
        return row
    return msgspec.structs.replace(row, told=Holds(row.withheld), withheld="")


def informed(scene: "Scene", rule: Rule, reading: Reading, device: Device) -> Rule:
    """The rule, its condition knowing what it looks at besides this reading."""
    return msgspec.structs.replace(rule, condition=rule.condition.informed(scene, rule, reading, device))


def remembered(rule: Rule, row: Memory) -> Reading:
    """What the row was told last, as it stands at the row's deadline."""
    assert row.due_at is not None
    quality, metric = TimeQuality.RECEIVED, metric_of(rule, row)
    return Reading(row.device, metric, row.value, row.due_at, row.event_time, quality, row.retained)


def annotated(rule: Rule, reading: Reading) -> Reading:
    """The reading with what the condition knows besides it."""
    return msgspec.structs.replace(
        reading, note="; ".join(filter(None, (reading.note, rule.condition.noted)))
    )


def older(before: Memory | None, reading: Reading) -> bool:
    """Whether the device's own clock says that this happened before what the row knows: a message overtaken
    on its way. Without such a clock the order of arrival counts."""
    return (
        before is not None
        and reading.time_quality is TimeQuality.DEVICE
        and before.event_time != before.received  # as it is where the device gave no time
        and reading.event_time < before.event_time
    )


def level(rule: Rule, before: Memory | None, holds: Holds, reading: Reading, device: Device) -> Step:
    """A condition that stands: on-delay, off-delay, unknown."""
    state = before.state if before is not None else None
    after = NEXT[state, holds]
    if after is state or (holds is not Holds.YES and older(before, reading)):
        return before, None
    told_before = before.told if before is not None else Holds.NO
    since = before.since if before is not None else reading.event_time
    after, told, due_at = moved(rule, after, told_before, reading.received)
    made = row(rule, reading, after or State.ACTIVE, told, since, due_at)
    verdict = None
    if told is not told_before:
        began = since if told is Holds.YES else reading.event_time
        verdict = spoken(rule, made, device, reading.received, began)
    return (made if after is not None else None), verdict


def moved(
    rule: Rule, after: State | None, told: Holds, moment: int
) -> tuple[State | None, Holds, int | None]:
    """The state that a change really leads to, what it tells, and its deadline, under the rule's delays."""
    delay = 0
    if after is State.PENDING:
        delay = rule.on_delay
        after = after if delay else State.ACTIVE
    elif after is State.CLEARING:
        delay = rule.off_delay
        after = after if delay else None
    return after, TOLD.get(after, told), moment + delay if delay else None


def level_due(rule: Rule, before: Memory, device: Device) -> Step:
    """The end of an on-delay or an off-delay."""
    moment = before.due_at
    assert moment is not None
    if before.state is State.PENDING:
        after = msgspec.structs.replace(before, state=State.ACTIVE, told=Holds.YES, due_at=None)
        return after, spoken(rule, after, device, moment, before.since)
    return None, ended(rule, before, device, before.event_time)


def ended(rule: Rule, before: Memory, device: Device, began: int) -> Verdict:
    """That it no longer holds, said at the row's deadline."""
    assert before.due_at is not None
    return spoken(rule, msgspec.structs.replace(before, told=Holds.NO), device, before.due_at, began)


def stands(before: Memory) -> bool:
    """Whether the row can be one of a condition that stands."""
    return before.state is not State.WAITING and not (
        before.state is State.ACTIVE and before.due_at is not None
    )


def metric_of(rule: Rule, known: Memory) -> str:
    metrics = rule.condition.metrics
    return known.subject.partition("/")[2] or (metrics[0] if metrics else "")


def row(
    rule: Rule,
    reading: Reading,
    state: State,
    told: Holds,
    since: int,
    due_at: int | None,
    trail: bytes = b"",
) -> Memory:
    return Memory(
        rule.id,
        rule.subject(reading.device, reading.metric),
        reading.device,
        state,
        told,
        since,
        due_at,
        rule.version,
        reading.value,
        reading.event_time,
        reading.received,
        reading.retained,
        reading.note,
        trail,
    )


def spoken(
    rule: Rule,
    said: Memory,
    device: Device,
    moment: int,
    since: int,
    again: bool = False,
    evidence: tuple[Evidence, ...] | None = None,
) -> Verdict:
    """The verdict that says what `said.told` says."""
    if evidence is None:
        evidence = (said.evidence(metric_of(rule, said), rule.compared),)
    return Verdict(
        rule=rule.id,
        version=rule.version,
        subject=said.subject,
        device=said.device,
        holds=said.told,
        moment=moment,
        since=since,
        title=rule.title,
        alert_class=rule.alert_class,
        priority=rule.priority,
        again=again,
        retained=said.retained,
        life_safety=device.life_safety and rule.alert_class is Class.ALARM,
        latch=rule.latch,
        verify=rule.verify,
        policy=rule.policy,
        plan=rule.plan,
        evidence=evidence,
        shadow=rule.shadow is not None,
        hazard=rule.hazard,
    )
