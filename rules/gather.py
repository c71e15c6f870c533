"""Thinks. Rules about more than one point: what they make of what others said, and what they suppress.

`follow` is called after the row of one pair has changed. It looks at the rules that build on that pair (a
coincidence on its own devices, all/any/none on other rules) and at those that it suppresses, and goes on with
whatever changes by that. Rules refer to each other without rings (rules/law.py), so it ends.
"""

from collections.abc import Hashable, Iterable, Iterator
from typing import NamedTuple

from msgspec.structs import replace

from ingest.campus.device import Device
from ingest.campus.registry import Registry
from rules.baseline import NONE, Baselines
from rules.memory import Memories, Memory, State
from rules.rule import Rule, Step
from rules.ruleset import RuleSet
from rules.transitions import NEXT, awake, moved, spoken
from rules.verdict import Evidence, Holds, Verdict
from rules.withhold import Turn, withheld


class Scene(NamedTuple):
    """Everything that a rule about more than one point looks at. `until`: at deadlines, up to when they fire
    now; `ahead` is what was found out once for many rows, and is forgotten then."""

    rules: RuleSet
    memories: Memories
    registry: Registry
    baselines: Baselines = NONE
    until: int = 0
    ahead: dict[Hashable, int] = {}  # noqa: RUF012 - given by `due` wherever it is written to


def remember(
    scene: Scene,
    rule: Rule,
    device: Device,
    before: Memory | None,
    after: Memory | None,
    said: Verdict | None,
    moment: int,
) -> Step:
    """Put what a step made of a pair into memory, and say what is told of it: nothing while the rule's
    schedule withholds it, and marked where another rule hides it."""
    if rule.schedule is not None or (before is not None and before.withheld):
        after, said = withheld(scene, rule, device, before, (after, said), moment)
    if rule.suppressed_by and after is not None and after.told is not Holds.NO:
        if said is None:
            after = replace(after, hidden=before.hidden if before is not None else "")
        else:
            hidden = hiding(scene, rule, device)
            after, said = replace(after, hidden=hidden), replace(said, suppressed=hidden)
    if after is not None:
        scene.memories.put(after)
    elif before is not None:
        scene.memories.drop(before)
    return after, said


def settle(
    scene: Scene,
    rule: Rule,
    device: Device,
    step: tuple[Memory | None, Memory | None, Verdict | None],
    moment: int,
    retained: bool,
    verdicts: list[Verdict],
) -> None:
    """Remember a step, say its verdict, and then what follows from it."""
    before, after, said = step
    after, said = remember(scene, rule, device, before, after, said, moment)
    if said is not None:
        verdicts.append(said)
    if rule.id in scene.rules.followed and visible(before, after):
        follow(scene, rule, device, moment, verdicts, retained)


def settled(scene: Scene, steps: Iterable[Turn], moment: int) -> list[Verdict]:
    """What is told, and no longer told, because a schedule began or ended."""
    verdicts: list[Verdict] = []
    for rule, device, before, (after, said) in steps:
        settle(scene, rule, device, (before, after, said), moment, before.retained, verdicts)
    return verdicts


def follow(
    scene: Scene, rule: Rule, device: Device, moment: int, verdicts: list[Verdict], retained: bool = False
) -> None:
    """Add the verdicts that follow from a change of what `rule` says of `device`."""
    for gathering in scene.rules.gathering.get(rule.id, ()):
        subject = gathering.place_of(device)
        if subject is not None and gathering.selector.matches(device, scene.registry):
            weigh(scene, gathering, subject, device, moment, verdicts, retained)
    if rule.id in scene.rules.suppressing:
        verdicts += _suppressed(scene, rule, device, moment)


def weigh(
    scene: Scene,
    rule: Rule,
    subject: str,
    device: Device,
    moment: int,
    verdicts: list[Verdict],
    retained: bool = False,
) -> None:
    """Judge a rule that gathers by all its rows as they are now, and everything that follows from it."""
    before = scene.memories.get(rule.id, subject)
    woken = awake(before)
    after, said = _step(scene, rule, woken, subject, device, moment, retained)
    if after is woken:
        return
    after, said = remember(scene, rule, device, before, after, said, moment)
    if said is not None:
        verdicts.append(said)
    if rule.id in scene.rules.followed and _told(before) is not _told(after):
        follow(scene, rule, device, moment, verdicts, retained)


def visible(before: Memory | None, after: Memory | None) -> bool:
    """Whether a rule that looks at this pair can see the change."""
    return _told(before) is not _told(after) or (before is None) is not (after is None)


def _told(row: Memory | None) -> Holds:
    return row.told if row is not None else Holds.NO


def _step(
    scene: Scene,
    rule: Rule,
    before: Memory | None,
    subject: str,
    device: Device,
    moment: int,
    retained: bool,
) -> Step:
    holds, number, evidence = weighed(scene, rule, device)
    state = before.state if before is not None else None
    after = NEXT[state, holds]
    if after is state:
        return _grown(rule, before, number, device, moment, evidence)
    after, told, due_at = moved(rule, after, _told(before), moment)
    since = before.since if before is not None else moment
    hidden = before.hidden if before is not None else ""
    made = Memory(
        rule.id, subject, device.id, after or State.ACTIVE, told, since, due_at, rule.version, number, moment,
        moment, retained, hidden=hidden,
    )  # fmt: skip
    verdict = None
    if told is not _told(before):
        began = since if told is Holds.YES else moment
        verdict = spoken(rule, made, device, moment, began, evidence=evidence)
    return (made if after is not None else None), verdict


def weighed(scene: Scene, rule: Rule, device: Device) -> tuple[Holds, float, tuple[Evidence, ...]]:
    peers = scene.rules.peers(rule, rule.scope, device, scene.registry)
    return rule.condition.weigh(peers, scene.memories, scene.rules.by_id, rule)


def _grown(
    rule: Rule,
    before: Memory | None,
    number: float,
    device: Device,
    moment: int,
    evidence: tuple[Evidence, ...],
) -> Step:
    """One more device joins what holds already: no new alert, but it is in the evidence."""
    if before is None or isinstance(before.value, str) or number <= before.value:
        return before, None
    after = replace(before, value=number)
    if before.told is not Holds.YES:
        return after, None
    return after, spoken(rule, after, device, moment, before.since, evidence=evidence)


def gathered(rule: Rule, row: Memory) -> bool:
    """Whether the row is what the rule made of many, not one of the devices that it counts."""
    return rule.condition.gathers and "/" not in row.subject


def elapsed(scene: Scene, rule: Rule, row: Memory, device: Device) -> Step:
    """The end of an on-delay or an off-delay of a rule that gathers, with the evidence of that moment."""
    moment = row.due_at
    assert moment is not None
    holds = Holds.YES if row.state is State.PENDING else Holds.NO
    evidence = weighed(scene, rule, device)[2]
    after = replace(row, state=State.ACTIVE, told=holds, due_at=None)
    began = row.since if holds is Holds.YES else row.event_time
    verdict = spoken(rule, after, device, moment, began, evidence=evidence)
    return (after if holds is Holds.YES else None), verdict


def hiding(scene: Scene, rule: Rule, device: Device) -> str:
    """The id of the rule that suppresses this one for this device now; "" where none does."""
    for named in rule.suppressed_by:
        other = scene.rules.by_id[named.rule]
        for peer in scene.rules.peers(other, named.same, device, scene.registry):
            for subject in other.subjects(peer):
                row = scene.memories.get(other.id, subject)
                if row is not None and row.told is Holds.YES:
                    return other.id
    return ""


def _suppressed(scene: Scene, rule: Rule, device: Device, moment: int) -> Iterator[Verdict]:
    """What `rule` hides from now on, or no longer does, of what is told already."""
    for hidden, same in scene.rules.suppressing[rule.id]:
        for peer in scene.rules.peers(hidden, same, device, scene.registry, under=True):
            for subject in hidden.subjects(peer):
                row = scene.memories.get(hidden.id, subject)
                if row is None or row.told is Holds.NO:
                    continue
                now_hidden = hiding(scene, hidden, peer)
                if now_hidden != row.hidden:
                    after = replace(row, hidden=now_hidden)
                    scene.memories.put(after)
                    told = spoken(hidden, after, peer, moment, row.since)
                    yield replace(told, suppressed=now_hidden)


def refresh(scene: Scene, moment: int) -> list[Verdict]:
    """Judge everything that gathers or is suppressed anew: the rules or the registry have changed."""
    verdicts: list[Verdict] = []
    for row in sorted(scene.memories, key=lambda row: (row.rule, row.subject)):
        rule, device = scene.rules.by_id.get(row.rule), scene.registry.device(row.device)
        if rule is None or device is None:
            continue
        if gathered(rule, row):
            weigh(scene, rule, row.subject, device, moment, verdicts)
        if rule.id in scene.rules.followed:
            follow(scene, rule, device, moment, verdicts, row.retained)
        if row.hidden and not hiding(scene, rule, device):
            after = scene.memories.get(row.rule, row.subject)
            if after is not None and after.hidden:
                scene.memories.put(replace(after, hidden=""))
                verdicts.append(spoken(rule, replace(after, hidden=""), device, moment, after.since))
    return verdicts
