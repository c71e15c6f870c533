"""Thinks. The rules in force, indexed so that a reading meets only the rules that look at its point."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from hashlib import blake2b
from math import inf

from ingest.campus.device import Device
from ingest.campus.registry import Registry
from rules.conditions.past import Past
from rules.conditions.silence import Silence
from rules.conditions.verdicts import Verdicts
from rules.peers import Peers
from rules.rule import Rule, Same, Scope, reportable
from rules.verdict import Class

_RANK = {alert_class: rank for rank, alert_class in enumerate(Class)}


class Plan:
    """The rules for one point, most important first, and which values leave all of them at rest.

    A word outside `words` and a number from `low` to `high` mean nothing to a rule at rest. `listens`: to one
    of them every reading matters, as where it waits for silence.
    """

    __slots__ = ("high", "listens", "low", "rules", "words")

    def __init__(self, rules: tuple[Rule, ...]) -> None:
        self.rules = rules
        self.words: frozenset[str] = frozenset()
        self.low = -inf
        self.high = inf
        self.listens = False
        for rule in rules:
            starts = rule.condition.starts()
            self.words |= set(starts.words)
            self.low, self.high = max(self.low, starts.low), min(self.high, starts.high)
            self.listens |= starts.everything

    def rests(self, value: float | str) -> bool:
        """Whether this value can start nothing. Says nothing about what holds already."""
        if self.listens:
            return False
        return value not in self.words if isinstance(value, str) else self.low <= value <= self.high


def _plans(rules: Sequence[Rule]) -> dict[str, Plan]:
    metrics = {metric for rule in rules for metric in rule.condition.metrics}
    return {
        metric: Plan(tuple(rule for rule in rules if metric in rule.condition.metrics))
        for metric in sorted(metrics)
    }


class RuleSet:
    """The rules in force. `version` changes when any rule's text does."""

    def __init__(self, rules: Iterable[Rule] = ()) -> None:
        self.rules = tuple(sorted(rules, key=lambda rule: (_RANK[rule.alert_class], rule.priority, rule.id)))
        self.by_id = {rule.id: rule for rule in self.rules}
        digest = blake2b(digest_size=4)
        for name in sorted(self.by_id):
            digest.update(f"{name}={self.by_id[name].version}\n".encode())
        self.version = digest.hexdigest()
        self.gathering, self.suppressing = self._referred()
        self.followed = {*self.gathering, *self.suppressing}
        self._index: dict[tuple[str, str], tuple[Rule, ...]] = {}
        self._registry: Registry | None = None
        self._devices: dict[str, dict[str, Plan]] = {}
        self._profiles: dict[tuple[str, tuple[str, ...]], dict[str, Plan]] = {}
        self._kinds: dict[str, tuple[list[Rule], list[Rule]]] = {}
        self._peers: Peers | None = None

    def _referred(self) -> tuple[Mapping[str, Sequence[Rule]], Mapping[str, Sequence[tuple[Rule, Same]]]]:
        """Of each rule that others look at: those that gather it (a coincidence gathers its own devices), and
        those that it suppresses, each with where."""
        gathering: dict[str, list[Rule]] = defaultdict(list)
        suppressing: dict[str, list[tuple[Rule, Same]]] = defaultdict(list)
        for rule in self.rules:
            if isinstance(rule.condition, Verdicts):
                for name in rule.condition.names:
                    gathering[name].append(rule)
            elif rule.condition.gathers:
                gathering[rule.id].append(rule)
            for named in rule.suppressed_by:
                suppressing[named.rule].append((rule, named.same))
        return dict(gathering), dict(suppressing)

    def peers(
        self, rule: Rule, same: Scope | Same, device: Device, registry: Registry, under: bool = False
    ) -> Sequence[Device]:
        """The devices for which the rule is that share this (zone, place …) with `device`."""
        if registry is not self._registry:
            self._renew(registry)
        if self._peers is None:
            self._peers = Peers(registry)
        return self._peers.chosen(rule.id, rule.selector, same, device, under)

    def for_reading(self, kind: str, metric: str) -> tuple[Rule, ...]:
        """The rules that look at this metric of this kind; selectors other than kind are not asked."""
        key = (kind, metric)
        if key not in self._index:
            self._index[key] = tuple(rule for rule in self.rules if rule.covers(kind, metric))
        return self._index[key]

    def plan(self, device: Device, metric: str, registry: Registry) -> Plan | None:
        """The rules for this point with every selector resolved; None where no rule looks."""
        return self.plans(device, registry).get(metric)

    def plans(self, device: Device, registry: Registry) -> dict[str, Plan]:
        """The same for every metric of a device at which a rule looks.

        Resolved once a device, until another registry is given. Devices that the same rules look at share
        one profile, so ten thousand devices cost ten thousand dictionary entries and no more.
        """
        if registry is not self._registry:
            self._renew(registry)
        metrics = self._devices.get(device.id)
        if metrics is None:
            metrics = self._devices[device.id] = self._profile(device, registry)
        return metrics

    def _renew(self, registry: Registry) -> None:
        self._registry = registry
        self._devices = {}
        self._profiles = {}
        self._peers = None

    def _profile(self, device: Device, registry: Registry) -> dict[str, Plan]:
        if device.kind not in self._kinds:
            asked = [rule for rule in self.rules if rule.selector.takes(device.kind)]
            self._kinds[device.kind] = asked, [rule for rule in asked if not rule.selector.everywhere]
        asked, choosy = self._kinds[device.kind]  # most rules ask for nothing but the kind
        without = tuple(rule.id for rule in choosy if not rule.selector.matches(device, registry))
        key = device.kind, without
        if key not in self._profiles:
            self._profiles[key] = _plans([rule for rule in asked if rule.id not in without])
        return self._profiles[key]

    def silences(self, registry: Registry) -> Iterable[tuple[Rule, Device, str]]:
        """Every (rule, device, metric) whose silence some rule waits for, in a fixed order."""
        waiting = [rule for rule in self.rules if isinstance(rule.condition, Silence)]
        for rule in waiting:
            for name in sorted(registry.devices):
                device = registry.devices[name]
                if rule.selector.matches(device, registry):
                    can = reportable(device.kind)
                    yield from ((rule, device, metric) for metric in rule.condition.metrics if metric in can)

    def pasts(self, registry: Registry) -> Mapping[tuple[str, str], int]:
        """Every (device, metric) that some rule compares with its own past, and how many weeks of it."""
        found: dict[tuple[str, str], int] = {}
        for rule in self.rules:
            if not isinstance(rule.condition, Past):
                continue
            for device in registry.devices.values():
                if rule.selector.matches(device, registry):
                    for metric in set(rule.condition.metrics).intersection(reportable(device.kind)):
                        point = device.id, metric
                        found[point] = max(found.get(point, 0), rule.condition.weeks)
        return found

    def strangers(self, registry: Registry) -> list[str]:
        """A sentence for each device, place and zone that a rule names and the registry does not know.

        Not an error: rules may be written before the devices are registered. Such a rule watches nothing.
        """
        known = {"device": registry.devices, "place": registry.places, "zone": registry.zones}
        sentences = []
        for rule in self.rules:
            chosen = rule.selector
            for word, names in (("device", chosen.devices), ("place", chosen.places), ("zone", chosen.zones)):
                for name in names:
                    if name not in known[word]:
                        near = get_close_matches(name, list(known[word]), 1)
                        hint = f"; did you mean '{near[0]}'?" if near else ""
                        sentences.append(
                            f"{rule.source}  rule {rule.id}: no {word} '{name}' is registered{hint}"
                        )
        return [*sentences, *self.timeless(registry)]

    @property
    def timed(self) -> bool:
        """Whether any rule asks what kind of day it is."""
        return any(rule.schedule is not None or "calendar" in rule.condition.compared for rule in self.rules)

    def timeless(self, registry: Registry) -> list[str]:
        """A sentence for each period and each name of hours that the calendar does not know."""
        return [
            f"{rule.source}  rule {rule.id}: the calendar knows no period or hours '{name}': that is never"
            for rule in self.rules
            for name in (rule.schedule.names if rule.schedule is not None else ())
            if not registry.calendar.knows(name)
        ]
