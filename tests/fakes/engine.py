"""Thinks. A small campus under rules, driven as the pipeline does: what is due first, then the reading."""

from functools import cache

from ingest.campus.device import Device, Place, Zone
from ingest.campus.registry import Registry
from ingest.reading import Reading, TimeQuality
from rules.baseline import NONE, Baselines
from rules.evaluate import Failure, arm, due, evaluate
from rules.memory import Memories
from rules.parse import parse
from rules.rule import Rule
from rules.ruleset import RuleSet
from rules.verdict import Verdict

CAMPUS = Registry.build(
    places=[
        Place("campus", "校园", "Campus"),
        Place("dorm", "宿舍", "Dormitory", "campus"),
        Place("dorm-305", "305室", "Room 305", "dorm"),
        Place("lab", "实验楼", "Laboratory", "campus"),
    ],
    zones=[Zone("z1", "一区", "Zone 1")],
    devices=[
        Device("smoke-1", "smoke_detector", "dorm-305", zone="z1", labels={"grade": "high"}),
        Device("smoke-2", "smoke_detector", "lab"),
        Device("store-1", "climate", "lab"),
        Device("panic-1", "panic_button", "dorm"),
        Device("door-1", "door", "dorm"),
        Device("light-1", "emergency_light", "dorm"),
    ],
)


@cache
def rules_from(text: str) -> RuleSet:
    """The rules of a YAML text; fails with its mistakes."""
    found: dict[str, Rule] = {}
    mistakes: list[str] = []
    parse(text, "rules.yaml", found, mistakes)
    assert not mistakes, "\n".join(mistakes)
    return RuleSet(found.values())


def rule(when: str, alert_class: str = "trouble", name: str = "r", **more: str) -> str:
    """The YAML text of one rule, e.g. rule("{metric: smoke, is: [alarm]}", off_delay="10s")."""
    lines = [f"- id: {name}", "  title: {zh: 题, en: Title}", f"  when: {when}", f"  class: {alert_class}"]
    lines += [f"  {'for' if key == 'only' else key}: {value}" for key, value in more.items()]
    return "\n".join(f"  {line}" for line in lines) + "\n"


def reading(
    device: str,
    metric: str,
    value: float | str,
    at: int,
    event_time: int | None = None,
    retained: bool = False,
) -> Reading:
    """A reading received at `at` ms; with an event time, the device's own clock is trusted."""
    if event_time is None:
        return Reading(device, metric, value, at, at, TimeQuality.RECEIVED, retained)
    return Reading(device, metric, value, at, event_time, TimeQuality.DEVICE, retained)


class Engine:
    """Rules, their memory and the campus together. Moments are ms."""

    def __init__(
        self,
        *rules: str,
        registry: Registry = CAMPUS,
        memories: Memories | None = None,
        baselines: Baselines = NONE,
    ) -> None:
        self.rules = rules_from("rules:\n" + "".join(rules))
        self.baselines = baselines
        self.failures: list[Failure] | None = None  # a list: rules that fail go there
        self.registry = registry
        self.memories = memories if memories is not None else Memories()

    def take(self, one: Reading) -> list[Verdict]:
        device = self.registry.devices[one.device]
        verdicts = self.pass_time(one.received)
        failures, baselines = self.failures, self.baselines
        return verdicts + evaluate(
            self.rules, self.memories, one, device, self.registry, failures, baselines=baselines
        )

    def pass_time(self, until: int) -> list[Verdict]:
        return due(self.rules, self.memories, until, self.registry, self.failures, baselines=self.baselines)

    def arm(self, now: int) -> None:
        arm(self.rules, self.memories, self.registry, now)
