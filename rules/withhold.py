"""Thinks. What a schedule withholds: while a rule is not asked its conditions go on, and nobody is told.

A row whose schedule is off says `told: no` to everybody else and keeps in `withheld` what it would say. Where
the schedule begins while the condition holds, the rule is raised at that moment; where it ends, the rule is
normal. Each rule with a schedule has one row of its own, whose deadline is the next such moment.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from msgspec.structs import replace

from ingest.bilingual import both
from ingest.campus.calendar import Calendar
from ingest.campus.device import Device
from rules.memory import SCHEDULE, Memories, Memory, State
from rules.rule import UNKNOWN, Rule, Step
from rules.ruleset import RuleSet
from rules.transitions import awake, spoken
from rules.verdict import Holds, Verdict

if TYPE_CHECKING:
    from rules.gather import Scene

Turn = tuple[Rule, Device, Memory, Step]  # of a row, as it is stored, the step that its schedule makes


def withheld(
    scene: "Scene", rule: Rule, device: Device, before: Memory | None, step: Step, moment: int
) -> Step:
    """A step of a rule with a schedule: what its row is, and what is really told. `before` is as stored, the
    step as the condition made it."""
    after, said = step
    asleep = not _asked(scene, rule, moment) or (
        before is not None and bool(before.withheld) and _stays(rule, after, said)
    )
    told_before = before.told if before is not None else Holds.NO
    inner = after.told if after is not None else Holds.NO
    told = Holds.NO if asleep else inner
    if after is not None:
        kept = inner.value if asleep and inner is not Holds.NO else ""
        after = replace(after, told=told, withheld=kept, hidden=after.hidden if told is not Holds.NO else "")
    if told is told_before:
        return after, said if told is not Holds.NO else None
    if said is None or said.holds is not told:
        row = after if after is not None else before
        assert row is not None
        said = _said(scene, rule, replace(row, told=told), device, moment)
    return after, replace(said, again=said.again and told_before is not Holds.NO)


def _asked(scene: "Scene", rule: Rule, moment: int) -> bool:
    return rule.schedule is None or rule.schedule.on(scene.registry.calendar, moment)


def _stays(rule: Rule, after: Memory | None, said: Verdict | None) -> bool:
    """What began outside the schedule and is over, or happened then, is raised by nothing left of it."""
    return (after is not None and after.state is State.CLEARING) or (
        rule.condition.momentary and said is None
    )


def _said(scene: "Scene", rule: Rule, row: Memory, device: Device, moment: int) -> Verdict:
    told = spoken(rule, row, device, moment, row.since if row.told is not Holds.NO else moment)
    if rule.condition.gathers:
        peers = scene.rules.peers(rule, rule.scope, device, scene.registry)
        found = rule.condition.weigh(peers, scene.memories, scene.rules.by_id, rule)[2]
        return replace(told, evidence=found)
    if row.told is Holds.NO:
        noted = (replace(one, note=both("不在生效时段", "outside its schedule")) for one in told.evidence)
        return replace(told, evidence=tuple(noted))
    return told


def turned(scene: "Scene", row: Memory) -> Iterator[Turn]:
    """The schedule of a rule begins or ends: a step for each row that says something else from now on."""
    rule = scene.rules.by_id.get(row.rule)
    assert row.due_at is not None
    if rule is None or rule.schedule is None:
        scene.memories.drop(row)
        return
    scene.memories.put(_waiting(rule, scene.registry.calendar, row.due_at))
    yield from _steps(scene, rule, row.due_at)


def _steps(scene: "Scene", rule: Rule, moment: int) -> Iterator[Turn]:
    for row in sorted(scene.memories.of(rule.id), key=lambda row: row.subject):
        device = scene.registry.device(row.device)
        judged = row.withheld or (rule.schedule is not None and row.told is not Holds.NO)
        if judged and device is not None:
            yield rule, device, row, (awake(row), None)


def unsettled(scene: "Scene", moment: int) -> Iterator[Turn]:
    """The same for every rule whose schedule, or the calendar it hangs on, is another one now; its deadline
    is dropped, to be set anew by `schedules`."""
    for rule in scene.rules.rules:
        row = scene.memories.get(rule.id, SCHEDULE)
        if row is not None and not _still(rule, row, scene.registry.calendar):
            scene.memories.drop(row)
            row = None
        if row is None:
            yield from _steps(scene, rule, moment)


def _still(rule: Rule, row: Memory, calendar: Calendar) -> bool:
    return rule.schedule is not None and (row.version, row.note) == (rule.version, calendar.version)


def schedules(rules: RuleSet, memories: Memories, calendar: Calendar, now: int) -> None:
    """Start the wait for the next turn of every schedule."""
    for rule in rules.rules:
        if rule.schedule is not None and memories.get(rule.id, SCHEDULE) is None:
            memories.put(_waiting(rule, calendar, now))


def _waiting(rule: Rule, calendar: Calendar, moment: int) -> Memory:
    assert rule.schedule is not None
    return Memory(
        rule=rule.id,
        subject=SCHEDULE,
        device="",
        state=State.WAITING,
        told=Holds.NO,
        since=moment,
        due_at=rule.schedule.turn(calendar, moment),
        version=rule.version,
        value=UNKNOWN,
        event_time=moment,
        received=moment,
        note=calendar.version,
    )
