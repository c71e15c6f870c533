"""Thinks. What becomes of what holds when its rule or its device is gone, or its rule has changed."""

from collections.abc import Iterable, Iterator

import msgspec

from ingest.bilingual import both
from ingest.campus.device import Device
from ingest.campus.registry import Registry
from rules.gather import Scene, gathered, refresh, settled, weighed
from rules.memory import SCHEDULE, Memories, Memory
from rules.rule import Rule
from rules.ruleset import RuleSet
from rules.shadow import Kept, shadowed
from rules.transitions import spoken
from rules.verdict import Class, Evidence, Holds, Text, Verdict
from rules.withhold import unsettled

_GONE = both("规则已移除", "rule removed")
_ELSEWHERE = both("规则不再针对此对象", "rule no longer looks at this")


def reconcile(
    old: RuleSet,
    new: RuleSet,
    memories: Memories,
    registry: Registry,
    now: int,
    unheard: frozenset[Kept] | None = None,
) -> list[Verdict]:
    """Fit the memory to new rules or a new registry: at start (`old` may be empty) and at every reload.

    A row whose rule, device or coverage is gone is dropped; if it had been told to hold, an UNKNOWN
    verdict keeps its alert open. A changed rule keeps its row where the row still means something to it,
    and the next reading decides; rules about more than one point decide at once. Call arm() afterwards.
    `unheard`: the versions of rules that nobody was told of so far; those of `old` where it is not given.
    """
    verdicts: list[Verdict] = []
    unheard = shadowed(old.rules) if unheard is None else unheard
    lost: set[str] = set()  # rules of which a removed device counted
    for stored in sorted(memories, key=lambda row: (row.rule, row.subject)):
        if stored.subject == SCHEDULE:
            if stored.rule not in new.by_id:
                memories.drop(stored)
            continue
        row = stored
        rule, device = new.by_id.get(row.rule), registry.device(row.device)
        former, quiet = old.by_id.get(row.rule), (row.rule, row.version) in unheard
        if device is None:
            lost.add(row.rule)
            device = _another(row, rule, registry)
            row = row if device is None else msgspec.structs.replace(row, device=device.id)
        other = former and rule and type(former.condition) is not type(rule.condition)
        if rule is None or device is None or other or not _fits(row, rule, device, registry):
            memories.drop(stored)
            verdicts += vanished(row, rule or former, device, now, rule is None, quiet)
            continue
        if row.version != rule.version:
            row = msgspec.structs.replace(row, version=rule.version)
        if row is not stored:
            memories.put(row)
        verdicts += _unveiled(row, rule, device, now, quiet)
    scene = Scene(new, memories, registry)
    verdicts += settled(scene, unsettled(scene, now), now)
    return [*verdicts, *_short(scene, lost, now), *refresh(scene, now)]


def _another(row: Memory, rule: Rule | None, registry: Registry) -> Device | None:
    """A device of the zone or place in which the one that the row names was the last to speak."""
    if rule is None or not gathered(rule, row):
        return None
    named = (registry.devices[name] for name in sorted(registry.devices))
    chosen = (one for one in named if rule.place_of(one) == row.subject)
    return next((one for one in chosen if rule.selector.matches(one, registry)), None)


def _short(scene: Scene, lost: set[str], now: int) -> Iterator[Verdict]:
    """What held and no longer does only because a device that counted was removed: nobody knows any more."""
    before = len(lost)
    for row in sorted(scene.memories, key=lambda row: (row.rule, row.subject)):
        rule, device = scene.rules.by_id[row.rule], scene.registry.device(row.device)
        named = {rule.id, *(one.rule for one in rule.refers)}
        if device is None or row.told is Holds.NO or not gathered(rule, row) or not named & lost:
            continue
        if weighed(scene, rule, device)[0] is Holds.NO:
            scene.memories.drop(row)
            lost.add(row.rule)
            yield from vanished(row, rule, None, now, quiet=rule.shadow is not None)
    if len(lost) > before:  # others may build on these
        yield from _short(scene, lost, now)


def _unveiled(row: Memory, rule: Rule, device: Device, now: int, quiet: bool) -> list[Verdict]:
    """A rule that came out of its shadow, or went into it, while it held: it is raised now, or nobody will
    ever hear its end."""
    if quiet == (rule.shadow is not None) or row.told is Holds.NO:
        return []
    if quiet:
        return [spoken(rule, row, device, now, row.since)]
    return vanished(row, rule, device, now, why=both("规则转为试运行", "rule in shadow now"))


def orphaned(verdicts: Iterable[Verdict], rules: RuleSet, memories: Memories, now: int) -> list[Verdict]:
    """What was found by a rule or of a device that went away before it could be written: nothing remembers
    it, so without this word it would be told and then stand for ever."""
    last = {(one.rule, one.subject): one for one in verdicts}
    return [
        msgspec.structs.replace(one, holds=Holds.UNKNOWN, moment=now, since=now, again=False)
        for one in last.values()
        if one.holds is Holds.YES and not _remembered(one, rules, memories)
    ]


def _remembered(verdict: Verdict, rules: RuleSet, memories: Memories) -> bool:
    rule = rules.by_id.get(verdict.rule)
    return (
        rule is not None and rule.shadow is None and memories.get(verdict.rule, verdict.subject) is not None
    )


def vanished(
    row: Memory,
    rule: Rule | None,
    device: Device | None,
    now: int,
    gone: bool = True,
    quiet: bool = False,
    why: str = "",
) -> list[Verdict]:
    """The verdict of a row that nothing judges any more; none where nothing had been told.

    `rule` is the last known form of the rule, None where even that is lost; `gone`: it is not in force;
    `quiet`: it was in shadow.
    """
    if row.told is Holds.NO:
        return []
    if device is None:
        why = both("设备已移除", "device removed")
    elif not why:
        why = _GONE if gone or rule is None else _ELSEWHERE
    title = Text(f"规则已不存在：{row.rule}", f"Rule no longer exists: {row.rule}")
    metric = row.subject.partition("/")[2]
    alert_class = rule.alert_class if rule is not None else Class.TROUBLE
    evidence = Evidence(metric, row.value, row.event_time, row.received, why, row.note)
    return [
        Verdict(
            rule=row.rule,
            version=row.version,
            subject=row.subject,
            device=row.device,
            holds=Holds.UNKNOWN,
            moment=now,
            since=now,
            title=rule.title if rule is not None else title,
            alert_class=alert_class,
            priority=rule.priority if rule is not None else 3,
            retained=row.retained,
            life_safety=device is not None and device.life_safety and alert_class is Class.ALARM,
            latch=rule is not None and rule.latch,
            verify=rule is not None and rule.verify,
            policy=rule.policy if rule is not None else None,
            plan=rule.plan if rule is not None else None,
            evidence=(evidence,),
            shadow=quiet,
        )
    ]


def _fits(row: Memory, rule: Rule, device: Device, registry: Registry) -> bool:
    """Whether the rule still judges this subject, and by a condition that can be in the row's state."""
    points = [rule.subject(device.id, metric) for metric in rule.condition.metrics]
    if row.subject not in (*points, *rule.subjects(device)) or not rule.selector.matches(device, registry):
        return False
    return rule.condition.fits(row)
