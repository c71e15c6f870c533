"""Thinks. The states of one (rule, subject) and every way from one to the next: what a verdict comes from.

Rules of this file. A pair at rest has no row (`None`). A verdict is spoken only when what was told last
changes, so a repeat says nothing. A deadline decides at its own moment, however late it is looked at: so
verdicts do not depend on how readings were gathered into batches. "unknown" never means normal.
"""

import msgspec

from ingest.campus.device import Device
from ingest.reading import Reading, TimeQuality
from rules.memory import Memory, State
from rules.rule import UNKNOWN, Event, Rule, Silence, Threshold
from rules.rule import State as StateCondition
from rules.verdict import Class, Holds, Verdict

Step = tuple[Memory | None, Verdict | None]

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
    condition = rule.condition
    if isinstance(condition, StateCondition | Threshold):
        return _level(rule, condition, before, reading, device)
    if isinstance(condition, Event):
        return _event(rule, condition, before, reading, device)
    return _heard(rule, condition, before, reading, device)


def fire(rule: Rule, row: Memory, device: Device) -> Step:
    """What the passing of the row's deadline does."""
    moment = row.due_at
    assert moment is not None
    if row.state is State.PENDING:
        after = msgspec.structs.replace(row, state=State.ACTIVE, told=Holds.YES, due_at=None)
        return after, _spoken(rule, after, device, moment, row.since)
    if row.state is State.WAITING:
        after = msgspec.structs.replace(
            row, state=State.ACTIVE, told=Holds.YES, due_at=None, since=row.received
        )
        return after, _spoken(rule, after, device, moment, row.received)
    told_no = msgspec.structs.replace(row, told=Holds.NO)
    if isinstance(rule.condition, Silence):
        return _waiting(rule.condition, row), _spoken(rule, told_no, device, moment, row.since)
    began = row.event_time if row.state is State.CLEARING else moment
    return None, _spoken(rule, told_no, device, moment, began)


def _level(
    rule: Rule, condition: StateCondition | Threshold, before: Memory | None, reading: Reading, device: Device
) -> Step:
    state = before.state if before is not None else None
    held = state is not None and state is not State.CLEARING
    after = NEXT[state, condition.judge(reading.value, held)]
    if after is state:
        return before, None
    delay = 0
    if after is State.PENDING:
        delay = rule.on_delay
        after = after if delay else State.ACTIVE
    elif after is State.CLEARING:
        delay = rule.off_delay
        after = after if delay else None
    told_before = before.told if before is not None else Holds.NO
    told = TOLD.get(after, told_before)
    since = before.since if before is not None else reading.event_time
    row = _row(rule, reading, after or State.ACTIVE, told, since, reading.received + delay if delay else None)
    verdict = None
    if told is not told_before:
        began = since if told is Holds.YES else reading.event_time
        verdict = _spoken(rule, row, device, reading.received, began)
    return (row if after is not None else None), verdict


def _event(rule: Rule, condition: Event, before: Memory | None, reading: Reading, device: Device) -> Step:
    if reading.value not in condition.words or (reading.retained and not _recent(condition, before, reading)):
        return before, None
    due_at = reading.received + condition.hold
    row = _row(rule, reading, State.ACTIVE, Holds.YES, reading.event_time, due_at)
    again = before is not None
    return row, _spoken(rule, row, device, reading.received, reading.event_time, again)


def _recent(condition: Event, before: Memory | None, reading: Reading) -> bool:
    """Whether a restored event still stands. One of an unknown time, or longer ago than it lasts, is over:
    the broker repeats it at every reconnect, and it must not ring again each time."""
    if reading.time_quality is not TimeQuality.DEVICE:
        return False
    if before is not None and reading.event_time <= before.event_time:
        return False
    return reading.received - reading.event_time < condition.hold


def _heard(rule: Rule, condition: Silence, before: Memory | None, reading: Reading, device: Device) -> Step:
    if before is None:
        row = _row(rule, reading, State.WAITING, Holds.NO, reading.event_time, None)
        return _waiting(condition, row), None
    if reading.retained or reading.value == UNKNOWN:
        return before, None  # nothing live was heard
    if before.state is State.WAITING:
        row = _row(rule, reading, State.WAITING, Holds.NO, before.since, None)
        return _waiting(condition, row), None
    if before.state is State.CLEARING:  # keep what was heard last, for the next wait
        row = _row(rule, reading, State.CLEARING, before.told, before.since, before.due_at)
        return row, None
    due_at = reading.received + rule.off_delay
    row = _row(rule, reading, State.CLEARING, before.told, reading.event_time, due_at)
    if rule.off_delay:
        return row, None
    told_no = msgspec.structs.replace(row, told=Holds.NO)
    return _waiting(condition, row), _spoken(rule, told_no, device, reading.received, reading.event_time)


def _waiting(condition: Silence, row: Memory) -> Memory:
    """Wait for the next reading, from the moment of the last one."""
    due_at = row.received + condition.silent_for
    return msgspec.structs.replace(row, state=State.WAITING, told=Holds.NO, due_at=due_at, retained=False)


def _row(rule: Rule, reading: Reading, state: State, told: Holds, since: int, due_at: int | None) -> Memory:
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
    )


def _spoken(rule: Rule, row: Memory, device: Device, moment: int, since: int, again: bool = False) -> Verdict:
    """The verdict that says what `row.told` says."""
    metric = rule.condition.metrics[0] if rule.by_device else row.subject.partition("/")[2]
    return Verdict(
        rule=rule.id,
        version=rule.version,
        subject=row.subject,
        device=row.device,
        holds=row.told,
        moment=moment,
        since=since,
        title=rule.title,
        alert_class=rule.alert_class,
        priority=rule.priority,
        again=again,
        retained=row.retained,
        life_safety=device.life_safety and rule.alert_class is Class.ALARM,
        latch=rule.latch,
        verify=rule.verify,
        policy=rule.policy,
        evidence=(row.evidence(metric, rule.condition.compared),),
    )
