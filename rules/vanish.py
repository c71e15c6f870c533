"""Thinks. What becomes of what holds when its rule or its device is gone, or its rule has changed."""

import msgspec

from ingest.campus.device import Device
from ingest.campus.registry import Registry
from rules.gather import Scene, refresh
from rules.memory import Memories, Memory
from rules.rule import Rule
from rules.ruleset import RuleSet
from rules.verdict import Class, Evidence, Holds, Text, Verdict


def reconcile(old: RuleSet, new: RuleSet, memories: Memories, registry: Registry, now: int) -> list[Verdict]:
    """Fit the memory to new rules or a new registry: at start (`old` may be empty) and at every reload.

    A row whose rule, device or coverage is gone is dropped; if it had been told to hold, an UNKNOWN
    verdict keeps its alert open. A changed rule keeps its row where the row still means something to it,
    and the next reading decides; rules about more than one point decide at once. Call arm() afterwards.
    """
    verdicts: list[Verdict] = []
    for row in sorted(memories, key=lambda row: (row.rule, row.subject)):
        rule, device = new.by_id.get(row.rule), registry.device(row.device)
        former = old.by_id.get(row.rule)
        other = former and rule and type(former.condition) is not type(rule.condition)
        if rule is None or device is None or other or not _fits(row, rule, device, registry):
            memories.drop(row)
            verdicts += vanished(row, rule or former, device, now, gone=rule is None)
        elif row.version != rule.version:
            memories.put(msgspec.structs.replace(row, version=rule.version))
    return verdicts + refresh(Scene(new, memories, registry), now)


def vanished(
    row: Memory, rule: Rule | None, device: Device | None, now: int, gone: bool = True
) -> list[Verdict]:
    """The verdict of a row that nothing judges any more; none where nothing had been told.

    `rule` is the last known form of the rule, None where even that is lost; `gone`: it is not in force.
    """
    if row.told is Holds.NO:
        return []
    if device is None:
        why = "device removed"
    else:
        why = "rule removed" if gone or rule is None else "rule no longer looks at this"
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
            evidence=(evidence,),
        )
    ]


def _fits(row: Memory, rule: Rule, device: Device, registry: Registry) -> bool:
    """Whether the rule still judges this subject, and by a condition that can be in the row's state."""
    points = [rule.subject(device.id, metric) for metric in rule.condition.metrics]
    if row.subject not in (*points, *rule.subjects(device)) or not rule.selector.matches(device, registry):
        return False
    return rule.condition.fits(row)
