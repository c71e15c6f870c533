"""Thinks. The ladder: who is told at which moment, and when the next step is due.

A ladder starts when an alert sounds and climbs a policy's steps; the last one repeats until somebody acts.
Everything it needs to go on after a restart is on the alert: ladder, sounded_at, step, round, step_due_at.
A round is one climb: the first is 0, and every repeat of the last step and every new start is one more, so
(occurrence, step, round) never comes twice.
"""

from collections.abc import Collection

import msgspec
from msgspec.structs import replace

from alerts import why
from alerts.alert import Alert, Effect, Verification
from alerts.message import Purpose
from alerts.people import NOBODY, Directory, Person, Policy, Step, Target
from rules.verdict import Class, Text

REPEAT = {Class.ALARM: 120_000, Class.SUPERVISORY: 900_000, Class.TROUBLE: 4 * 3_600_000}  # ms; status: never
LEAST_REPEAT = 10_000  # ms, so that a mistake in a policy cannot become a storm

# What makes a ladder start, the most telling first, and what its first notice is sent as.
SOUNDS = {
    Effect.RAISED: Purpose.RAISE,
    Effect.AGAIN: Purpose.AGAIN,
    Effect.LAPSED: Purpose.LAPSED,
    Effect.BOUNCED: Purpose.BOUNCED,
    Effect.REAL: Purpose.REAL,
    Effect.RELEASED: Purpose.RELEASED,
}


class Call(msgspec.Struct, frozen=True):
    """One notice to be owed. `person` is None when the channel itself is told. `late`: ms overdue."""

    step: int
    round: int
    purpose: Purpose
    channel: str
    reason: Text
    person: Person | None = None
    address: str = ""
    late: int = 0


class Climb(msgspec.Struct, frozen=True):
    """The alert after the steps that were due, whom they tell, and what was wrong with reaching them."""

    alert: Alert
    calls: tuple[Call, ...] = ()
    notes: tuple[str, ...] = ()


def escalate(
    alert: Alert, effects: Collection[Effect], policy: Policy, directory: Directory, moment: int, now: int
) -> Climb:
    """What the effects of a fact of `moment` mean for the ladder, and every step that is due at `now`."""
    if not alert.open or alert.inhibited:
        return Climb(replace(alert, step_due_at=None))
    alert = replace(alert, ladder=policy.id if policy.steps else NOBODY)
    cause = next((effect for effect in SOUNDS if effect in effects), None)
    if cause is None:
        return climb(_replanned(alert, policy), policy, directory, now)
    fresh = cause in (Effect.RAISED, Effect.AGAIN)
    started = replace(
        alert,
        sounded_at=min(moment, now),  # a message may have come in since `now` was read
        sound_reason=cause.value,
        step=0,
        round=0 if fresh else alert.round + 1,
        step_due_at=None,
    )
    return climb(_replanned(started, policy), policy, directory, now)


def climb(alert: Alert, policy: Policy, directory: Directory, now: int) -> Climb:
    """Do every step that is due at `now`, however late; a repeat only once."""
    calls: list[Call] = []
    notes: list[str] = []
    while alert.step_due_at is not None and alert.step_due_at <= now and policy.steps:
        made, note = _calls(alert, policy, directory, now)
        calls += made
        notes += note
        alert = _advanced(alert, policy, now, reached=bool(made))
    return Climb(alert, tuple(calls), tuple(notes))


def _calls(alert: Alert, policy: Policy, directory: Directory, now: int) -> tuple[list[Call], list[str]]:
    """What the step that is due asks for. The last step of a ladder that reaches nobody tells the duty post
    instead, or everybody; earlier ones leave it to the next step, which then comes at once."""
    index = min(alert.step, len(policy.steps) - 1)
    step = policy.steps[index]
    reached = directory.reach(step, alert, now)
    channels = [channel for channel in step.channels if directory.usable(channel)]
    notes = [
        f"policy {policy.id}, step {index + 1}: the settings name no channel {channel!r}"
        for channel in step.channels
        if channel not in channels
    ]
    if step.notify and not reached:
        notes.append(f"policy {policy.id}, step {index + 1} reaches nobody for {alert.subject}")
    last = index == len(policy.steps) - 1
    if not reached and last and (step.notify or not channels):
        reached = directory.reach(directory.fallback, alert, now)
        if not reached and not channels:
            notes.append("there is nobody who can be told: register persons with contacts")
    purpose, reason = _reason(alert, policy, step, index, directory, now)
    made = [
        Call(index, alert.round, purpose, contact.channel, reason, person, contact.address, _late(alert, now))
        for person, contact in reached
    ]
    made += [
        Call(index, alert.round, purpose, channel, reason, late=_late(alert, now)) for channel in channels
    ]
    return made, notes


def personal(alert: Alert, effects: Collection[Effect], directory: Directory) -> list[Call]:
    """What one person is told apart from the ladder: that something is handed over, or was not accepted."""
    owner = Text(directory.name(alert.owner, "zh"), directory.name(alert.owner, "en"))
    letters: list[tuple[str, Purpose, Text]] = []
    if Effect.OFFERED in effects:
        letters.append((alert.offered_to, Purpose.OFFERED, why.offered(owner)))
    if Effect.DECLINED in effects:
        letters.append((alert.owner, Purpose.DECLINED, why.DECLINED))
    if Effect.BOUNCED in effects:
        letters.append((alert.owner, Purpose.BOUNCED, why.BOUNCED))
    return [
        Call(0, alert.handovers, purpose, contact.channel, reason, person, contact.address)
        for somebody, purpose, reason in letters
        for person, contact in directory.reach(Step(notify=(Target("person", somebody),)), alert, 0)
    ]


def _late(alert: Alert, now: int) -> int:
    return now - (now if alert.step_due_at is None else alert.step_due_at)


def _reason(
    alert: Alert, policy: Policy, step: Step, index: int, directory: Directory, now: int
) -> tuple[Purpose, Text]:
    due = now if alert.step_due_at is None else alert.step_due_at
    waited = due - (due if alert.sounded_at is None else alert.sounded_at)
    repeated = index == len(policy.steps) - 1 and waited > step.after
    if waited <= 0 or (index == 0 and not repeated):
        cause = Effect(alert.sound_reason)
        owner = Text(directory.name(alert.owner, "zh"), directory.name(alert.owner, "en"))
        purpose, reason = SOUNDS[cause], why.first(cause, alert, owner)
    else:
        purpose = Purpose.OVERDUE if alert.acknowledged else Purpose.ESCALATE
        reason = why.repeat(waited, step.until) if repeated else why.step(index + 1, waited, step.until)
    return purpose, why.late(reason, now - due)


def _advanced(alert: Alert, policy: Policy, now: int, reached: bool) -> Alert:
    """The alert with its next step planned, after the one that was due is done."""
    index = min(alert.step, len(policy.steps) - 1)
    if index < len(policy.steps) - 1:
        alert = _replanned(replace(alert, step=index + 1, step_due_at=None), policy)
        return alert if reached or alert.step_due_at is None else replace(alert, step_due_at=now)
    interval = policy.repeat or REPEAT.get(alert.alert_class)
    if interval is None or alert.alert_class is Class.STATUS:
        return replace(alert, step=len(policy.steps), step_due_at=None)
    return replace(alert, step=index, round=alert.round + 1, step_due_at=now + max(interval, LEAST_REPEAT))


def _replanned(alert: Alert, policy: Policy) -> Alert:
    """The alert with its deadline for the next step that still waits for its act; none when none does."""
    if alert.sounded_at is None or not policy.steps:
        return replace(alert, step_due_at=None)
    here = min(alert.step, len(policy.steps) - 1) if alert.acknowledge_needed else alert.step
    steps = range(here, len(policy.steps))
    index = next((index for index in steps if _waits(policy.steps[index], alert)), None)
    if index is None:
        return replace(alert, step=here, step_due_at=None)
    if index == alert.step and alert.step_due_at is not None:
        return alert
    return replace(alert, step=index, step_due_at=alert.sounded_at + policy.steps[index].after)


def _waits(step: Step, alert: Alert) -> bool:
    if step.until == "arrived":
        return alert.arrived_at is None
    if step.until == "verified":
        return alert.verification not in (Verification.CONFIRMED, Verification.FALSE)
    return not alert.acknowledged
