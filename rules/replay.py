"""Thinks. A backtest: recorded readings judged anew by the engine that judges in service, on a virtual clock.

There is no second engine: `play` drives `due` and `evaluate` as tocsin/pipeline.py does. What it adds is what
need not be played: a reading of a point that no rule looks at; and a value that can start nothing, of a
point of which nothing is remembered. To the engine such a reading is none.
"""

from collections.abc import Iterable, Iterator, Mapping

import msgspec

from ingest.campus.kinds import METRICS
from ingest.campus.registry import Registry
from ingest.reading import Reading
from rules.baseline import NONE, Baselines
from rules.evaluate import Failure, arm, due, evaluate
from rules.firing import Difference, Ledger, Tally, compare
from rules.memory import Memories
from rules.rule import Rule
from rules.ruleset import Plan, RuleSet
from rules.shadow import shadowed


class Watched(msgspec.Struct, frozen=True):
    """One point that rules look at, and which of its values can start something, as in Plan."""

    device: str
    metric: str
    words: tuple[str, ...]
    low: float
    high: float
    every: bool


class Answer(msgspec.Struct):
    """What a backtest found between two moments (ms). `begin`: from when it judged, so that what held already
    is known. `recorded` readings lie in the history, `played` of them could mean something to the rules.
    `was`: the rules as they are, `now`: as proposed (the same where nothing is proposed)."""

    since: int
    until: int
    begin: int
    recorded: int
    played: int
    was: dict[str, Tally]
    now: dict[str, Tally]
    differences: list[Difference] = []
    failures: list[str] = []
    unknown: int = 0  # readings of devices that are registered no more


class Replay:
    """One set of rules over one span. Feed it every reading `watched` asks for, in order of receipt."""

    def __init__(self, rules: RuleSet, registry: Registry, begin: int, since: int) -> None:
        self._rules, self._registry, self._since = rules, registry, since
        self._memories, self._ledger = Memories(), Ledger(since)
        self._failures: list[Failure] = []
        self._moment, self._begun = begin, False
        self.baselines: Baselines = NONE  # how points were in the weeks before what is played next
        self._remembering = {
            rule.id: rule.condition.metrics for rule in rules.rules if not rule.condition.starts().everything
        }
        arm(rules, self._memories, registry, begin)

    def awake(self) -> Iterator[tuple[str, str]]:
        """The points of which something is remembered: of these every reading may mean something, as it
        does anyway of those of a rule that listens to all."""
        for row in self._memories:
            for metric in self._remembering.get(row.rule, ()):
                yield row.device, metric

    def play(self, readings: Iterable[Reading]) -> None:
        rules, memories, registry, failures = self._rules, self._memories, self._registry, self._failures
        tell, devices, moment = self._ledger.tell, registry.devices, self._moment
        baselines = self.baselines
        for reading in readings:
            if reading.received != moment:
                moment = reading.received
                self.forward(moment)
            device = devices[reading.device]
            for verdict in evaluate(rules, memories, reading, device, registry, failures, baselines):
                tell(verdict)
        self._moment = moment

    def forward(self, moment: int) -> None:
        """Time passes: every deadline up to this moment fires."""
        if not self._begun and moment >= self._since:
            self._fire(self._since - 1)
            self._ledger.begin()
            self._begun = True
        self._fire(moment)
        self._moment = moment

    def _fire(self, moment: int) -> None:
        if (soonest := self._memories.next_due()) is not None and soonest <= moment:
            rules, memories, failures = self._rules, self._memories, self._failures
            for verdict in due(rules, memories, moment, self._registry, failures, self.baselines):
                self._ledger.tell(verdict)

    def down(self, since: int, until: int) -> None:
        """Tocsin itself did not run between these moments: no silence of a device is counted in them."""
        self.forward(since)
        arm(self._rules, self._memories, self._registry, until)

    def failures(self) -> list[str]:
        return sorted({f"the rule {one.rule} failed on {one.point}: {one.error!r}" for one in self._failures})

    def tallies(self) -> dict[str, Tally]:
        return self._ledger.tallies()


def watched(sets: Iterable[RuleSet], registry: Registry) -> list[Watched]:
    """Every point that a rule of one of these sets looks at."""
    every, found = [*sets], []
    for name in sorted(registry.devices):
        device = registry.devices[name]
        for metric in METRICS:
            plans = [plan for rules in every if (plan := rules.plan(device, metric, registry)) is not None]
            if plans:
                found.append(_watched(name, metric, plans))
    return found


def _watched(device: str, metric: str, plans: list[Plan]) -> Watched:
    words = sorted({word for plan in plans for word in plan.words})
    low, high = max(plan.low for plan in plans), min(plan.high for plan in plans)
    return Watched(device, metric, tuple(words), low, high, any(plan.listens for plan in plans))


def differing(old: RuleSet, new: RuleSet) -> dict[str, str]:
    """The rules that read otherwise in the other set: added, changed or removed."""
    found = {}
    for name in sorted({*old.by_id, *new.by_id}):
        before, after = old.by_id.get(name), new.by_id.get(name)
        if before is None or after is None:
            found[name] = "added" if before is None else "removed"
        elif before.version != after.version:
            found[name] = "changed"
    return found


def around(names: Iterable[str], *sets: RuleSet) -> set[str]:
    """These rules, and those that build on them or are suppressed by them."""
    found, more = set[str](), set(names)
    while more:
        found |= more
        more = {rule.id for rules in sets for rule in rules.rules if found & _named(rule)} - found
    return found


def needed(rules: RuleSet, names: Iterable[str]) -> RuleSet:
    """The smallest set in which these rules judge as they do in the whole one."""
    found, more = set[str](), {name for name in names if name in rules.by_id}
    while more:
        found |= more
        more = {one for name in more for one in _named(rules.by_id[name])} - found
    return rules if len(found) == len(rules.rules) else RuleSet(rules.by_id[name] for name in sorted(found))


def _named(rule: Rule) -> set[str]:
    return {one.rule for one in rule.refers}


def compared(
    old: RuleSet, new: RuleSet, was: Mapping[str, Tally], now: Mapping[str, Tally]
) -> list[Difference]:
    what = differing(old, new)
    promoted = shadowed(old.rules) ^ shadowed(new.rules)
    return compare(was, now, {**{name: "changed" for name, _ in promoted if name not in what}, **what})
