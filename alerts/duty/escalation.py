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
from alerts.alert import Activity, Alert, Effect, Mode, Ownership, Pair, Verification
from alerts.delivery.message import Purpose
from alerts.duty.people import CANARY, EVERYONE, NOBODY, Contact, Directory, Person, Policy, Step, Target
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
    Effect.GONE: Purpose.GONE,
    Effect.CONFIRMED: Purpose.CONFIRMED,
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
    confirmed = Effect.CONFIRMED in effects
    if not alert.open or (alert.inhibited and not confirmed):
        return Climb(replace(alert, step_due_at=None))
    alert = replace(alert, ladder=policy.id if policy.steps else NOBODY)
    if confirmed:
        return _everybody(alert, policy, directory, now)
    cause = next((effect for effect in SOUNDS if effect in effects), None)
    if policy.id == CANARY and cause is not Effect.RAISED:
        return Climb(replace(alert, step_due_at=None))  # it is told once, whatever comes of it
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


def _everybody(alert: Alert, policy: Policy, directory: Directory, now: int) -> Climb:
    """A confirmed alarm: all steps at once, whatever hides it. The last one repeats until the act it waits
    for, and until the second person is there."""
    alert = replace(
        alert,
        sounded_at=now,
        sound_reason=Effect.CONFIRMED.value,
        round=alert.round + 1,
        step_due_at=now,
    )
    calls: dict[tuple[str, str, str], Call] = {}
    notes: list[str] = []
    for index in range(len(policy.steps)):
        alert = replace(alert, step=index)
        made, note = _calls(alert, policy, directory, now)
        for call in made:
            calls.setdefault((call.person.id if call.person else "", call.channel, call.address), call)
        notes += note
    if policy.steps:
        alert = _replanned(_advanced(alert, policy, now, reached=True), policy)
    planned = None if alert.inhibited or not policy.steps else alert.step_due_at
    return Climb(replace(alert, step_due_at=planned), tuple(calls.values()), tuple(notes))


def climb(alert: Alert, policy: Policy, directory: Directory, now: int) -> Climb:
    """Do every step that is due at `now`, however late; a repeat only once."""
    calls: list[Call] = []
    notes: list[str] = []
    while alert.step_due_at is not None and alert.step_due_at <= now and policy.steps:
        made, note = _calls(alert, policy, directory, now)
        calls += made
        notes += note
        somebody = any(call.person for call in made) or (bool(made) and alert.mode is Mode.REAL)
        alert = _advanced(alert, policy, now, reached=somebody)
    return Climb(alert, tuple(calls), tuple(notes))


def hastened(climbed: Climb, person: str, policy: Policy, directory: Directory, now: int) -> Climb:
    """`person` cannot come. Where nobody else was to, the next step comes now instead of at its time; those
    after it keep theirs. A repeat of the last one would only call the same people: it keeps its time too."""
    alert, index = climbed.alert, climbed.alert.step
    if alert.step_due_at is None or alert.sounded_at is None or not 0 < index < len(policy.steps):
        return climbed
    repeats = alert.step_due_at > alert.sounded_at + policy.steps[index].after
    if repeats or _expected(alert, policy, directory, now) != {person}:
        return climbed
    who = Text(directory.name(person, "zh"), directory.name(person, "en"))
    sooner = climb(replace(alert, step_due_at=now), policy, directory, now)
    calls = (replace(one, reason=why.absent(one.step + 1, who)) for one in sooner.calls)
    return Climb(sooner.alert, (*climbed.calls, *calls), climbed.notes + sooner.notes)


def _expected(alert: Alert, policy: Policy, directory: Directory, now: int) -> set[str]:
    """Who is to come: who has it, else whom the step before the next one told."""
    if alert.acknowledged:
        return {alert.owner, alert.joined_by} - {""}
    return {person.id for person, _ in directory.reach(policy.steps[alert.step - 1], alert, now)}


def _calls(alert: Alert, policy: Policy, directory: Directory, now: int) -> tuple[list[Call], list[str]]:
    """What the step that is due asks for. The last step of a ladder that reaches nobody tells the duty post
    instead, or everybody; earlier ones leave it to the next step, which then comes at once."""
    index = min(alert.step, len(policy.steps) - 1)
    step = policy.steps[index]
    reached = directory.reach(step, alert, now)
    real = alert.mode is Mode.REAL
    sirens = step.channels if real or alert.drill_sirens else ()
    channels = [channel for channel in sirens if directory.usable(channel)]
    notes = [
        f"policy {policy.id}, step {index + 1}: the settings name no channel {channel!r}"
        for channel in sirens
        if channel not in channels
    ]
    if step.notify and not reached and not directory.reach(step, alert, now, wake=True):
        notes.append(f"policy {policy.id}, step {index + 1} reaches nobody for {alert.subject}")
    last = index == len(policy.steps) - 1
    if not reached and last and (step.notify or not channels):
        reached = _instead(step, alert, directory, now)
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
    return made, notes if real else []  # whoever takes part need not be on every step


def _instead(step: Step, alert: Alert, directory: Directory, now: int) -> list[tuple[Person, Contact]]:
    """Who hears of it in the stead of a last step that reaches nobody now: the duty post; else those of the
    step who have quiet hours; else everybody."""
    chances = ((directory.fallback, False), (step, True), (directory.fallback, True), (EVERYONE, True))
    found = (directory.reach(chance, alert, now, wake) for chance, wake in chances)
    return next((reached for reached in found if reached), [])


def personal(
    alert: Alert, effects: Collection[Effect], policy: Policy, directory: Directory, now: int
) -> list[Call]:
    """What one person is told apart from the ladder: that something is handed over, or was not accepted, or
    that somebody else of the team took it."""
    owner = Text(directory.name(alert.owner, "zh"), directory.name(alert.owner, "en"))
    letters: list[tuple[str, Purpose, Text]] = []
    if Effect.OFFERED in effects:
        letters.append((alert.offered_to, Purpose.OFFERED, why.offered(owner)))
    if Effect.DECLINED in effects:
        letters.append((alert.owner, Purpose.DECLINED, why.DECLINED))
    if Effect.BACK in effects and alert.open and alert.activity is not Activity.NORMAL:
        letters.append((alert.owner, Purpose.RELEASED, why.first(Effect.RELEASED, alert, owner)))
    if Effect.BOUNCED in effects:
        letters.append((alert.owner, Purpose.BOUNCED, why.BOUNCED))
    if Effect.HUSHED in effects:
        spared = _spared(alert, policy, directory, now)
        letters += [(person.id, Purpose.TAKEN, why.taken(owner)) for person in spared]
    return [
        Call(0, _turn(alert, purpose), purpose, contact.channel, reason, person, contact.address)
        for somebody, purpose, reason in letters
        for person, contact in directory.reach(_to(somebody), alert, now, wake=True)
    ]


def _to(person: str) -> Step:
    return Step(notify=(Target("person", person),))


def _turn(alert: Alert, purpose: Purpose) -> int:
    return alert.round if purpose is Purpose.TAKEN else alert.handovers


def _spared(alert: Alert, policy: Policy, directory: Directory, now: int) -> list[Person]:
    """Those who were told only so that one of them comes, and who need not come any more."""
    climbed = now - (now if alert.sounded_at is None else alert.sounded_at)
    done = [step for step in policy.steps if step.after <= climbed]
    first = [target for step in done for target in step.notify if target.how == "first"]
    return [person for person in directory.told_by(first, now) if person.id != alert.owner]


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
        owner = _owner(alert, directory)
        purpose, reason = SOUNDS[cause], why.first(cause, alert, owner)
    else:
        purpose = Purpose.OVERDUE if alert.acknowledged else Purpose.ESCALATE
        until = "joined" if _alone(alert) and step.until == "acknowledged" else step.until
        reason = why.repeat(waited, until) if repeated else why.step(index + 1, waited, until)
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
    sounds = alert.acknowledge_needed or _alone(alert)
    here = min(alert.step, len(policy.steps) - 1) if sounds else alert.step
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
    return not alert.acknowledged or _alone(alert)


def _alone(alert: Alert) -> bool:
    """It is confirmed, and one of the two that it needs is not there."""
    return alert.pair is Pair.WANTED


def _owner(alert: Alert, directory: Directory) -> Text:
    """Who owns it, in both languages: a person, or the post it went back to."""
    post = directory.posts.get(alert.owner) if alert.ownership is Ownership.POST else None
    return Text(
        (post and post.zh) or directory.name(alert.owner, "zh"),
        (post and post.en) or directory.name(alert.owner, "en"),
    )
