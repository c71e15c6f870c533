"""Thinks. What stands already when a rule comes into force, or to a device: the last word of each point,
judged at once.

Without this a door that is open when a rule about it is loaded would be raised only when it is opened again.
"""

from collections.abc import Callable, Iterator, Mapping

from msgspec.structs import replace

from ingest.campus.device import Device
from ingest.campus.registry import Registry
from ingest.reading import NO_LIFE, Reading
from rules.baseline import NONE, Baselines
from rules.evaluate import Failure
from rules.gather import Scene, settle
from rules.memory import Memories
from rules.rule import Rule
from rules.ruleset import RuleSet
from rules.transitions import informed, read
from rules.verdict import Verdict

Points = Callable[[str], Mapping[str, Reading]]
Newly = Callable[[Rule, Device], bool]  # whether this rule has not looked at this device before


def fresh(rules: RuleSet, known: Mapping[str, str]) -> Newly | None:
    """The rules that have judged nothing yet. `known`: of those that have, the version."""
    names = {rule.id for rule in rules.rules if known.get(rule.id) != rule.version}
    return (lambda rule, _: rule.id in names) if names else None


def moved(before: Registry) -> Newly:
    """The rules that another place, zone, kind or label has brought to a device."""

    def newly(rule: Rule, device: Device) -> bool:
        was = before.devices.get(device.id)
        return was is None or not rule.selector.matches(was, before)

    return newly


def present(
    rules: RuleSet,
    newly: Newly,
    memories: Memories,
    registry: Registry,
    points: Points,
    now: int,
    failures: list[Failure],
    baselines: Baselines = NONE,
) -> list[Verdict]:
    """What these rules say of the last reading of each point, as of one that the broker has restored: an
    event is over. What a rule remembers already is left alone."""
    scene, verdicts = Scene(rules, memories, registry, baselines), list[Verdict]()
    for name in sorted(registry.devices):
        device = registry.devices[name]
        for reading in _standing(points(name)):
            plan = rules.plan(device, reading.metric, registry)
            for rule in plan.rules if plan is not None else ():
                known = memories.get(rule.id, rule.subject(name, reading.metric))
                if known is None and newly(rule, device):
                    restored = replace(reading, received=now, retained=True)
                    _judge(scene, rule, restored, device, verdicts, failures)
    return verdicts


def _standing(said: Mapping[str, Reading]) -> Iterator[Reading]:
    """What a silent device said last is not its present state."""
    silent = "supervision" in said and said["supervision"].value == "silent"
    yield from (said[metric] for metric in sorted(said) if not silent or metric in NO_LIFE)


def _judge(
    scene: Scene,
    rule: Rule,
    reading: Reading,
    device: Device,
    verdicts: list[Verdict],
    failures: list[Failure],
) -> None:
    try:
        known = informed(scene, rule, reading, device) if rule.condition.looks_around else rule
        after, verdict = read(known, None, reading, device)
        if after is not None:
            settle(scene, known, device, (None, after, verdict), reading.received, True, verdicts)
        if known.condition.broke is not None:
            raise known.condition.broke
    except Exception as error:
        failures.append(Failure(rule.id, f"{device.id}/{reading.metric}", error))
