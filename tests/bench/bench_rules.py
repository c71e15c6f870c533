"""Touches. What rules cost: µs of rules time a reading, at 10,000 devices under the standard pack.

`python -m tests.bench.bench_rules [devices]` prints one line a case, and how the cost grows with the number
of rules: of those that look elsewhere, and of those that match. The promise is ≤ 1 µs where no rule looks,
≤ 2 µs where all stay at rest, ≤ 5 µs at the median of a day's mixture, ≤ 300 bytes for what is not at rest.
"""

import statistics
import sys
import time
import tracemalloc
from collections.abc import Callable
from typing import Any

import msgspec

from ingest.campus.device import Device, Zone
from ingest.campus.kinds import KINDS, METRICS, Form
from ingest.campus.registry import Registry
from ingest.reading import Reading
from rules.baseline import HOUR, NONE, Baselines, Slot, Week
from rules.conditions.threshold import Threshold
from rules.evaluate import due, evaluate
from rules.load import load
from rules.memory import Memories
from rules.parse import parse
from rules.rule import Rule, Selector, reportable
from rules.ruleset import RuleSet

ROUNDS = 7
COUNTS = (10, 100, 1000, 10_000)  # rules
WEEKS = (Week(1, 20.0, 1.0), Week(2, 21.0, 1.0))
START = 1_795_300_000_000
RESTING = {"pressure": 1.2, "battery": 90.0, "temperature": 20.0, "humidity": 50.0}


def campus(devices: int) -> Registry:
    kinds = [kind for kind in KINDS if kind != "service"]
    return Registry.build(devices=[Device(f"d-{n}", kinds[n % len(kinds)], "campus") for n in range(devices)])


def at_rest(metric: str) -> float | str:
    known = METRICS[metric]
    if known.form is Form.NUMBER:
        return RESTING.get(metric, max(known.low, 0.0))
    if known.form is Form.EVENT:
        return "passed"  # a word that no rule looks for
    good = ("normal", "mains", "closed", "present", "online", "reporting", "stopped", "automatic")
    return next(word for word in good if word in known.words)


def day(registry: Registry) -> list[Reading]:
    """One resting reading of every point of every device."""
    return [
        Reading(device.id, metric, at_rest(metric), START, START)
        for device in registry.devices.values()
        if device.kind != "service"
        for metric in reportable(device.kind)
    ]


def fifty() -> RuleSet:
    """The standard pack and fifty rules of a user, with every kind of condition among them."""
    conditions = [
        "{metric: battery, below: 15, deadband: 5}",
        "{metric: fault, is: [fault], times: 4, within: 10m}",
        "{metric: tamper, is: [tamper], devices: 3, within: 10m}",
        "{metric: tamper, changes: {from: normal, to: tamper}}",
        "{metric: voltage, falls: 2, within: 1h}",
        "{metric: rssi, same_for: 7d}",
        "{metric: link_quality, below: 20}",
        "{all: [tamper, device-fault]}",
    ]
    text = "rules:\n"
    for number in range(50):
        when = conditions[number % len(conditions)]
        kind = sorted(kind for kind in KINDS if kind != "service")[number % 20]
        text += (
            f"- {{id: user-{number}, title: {{zh: 题, en: Title}}, class: status, priority: 5, "
            f"for: {{kind: {kind}}}, when: {when}}}\n"
        )
    found, mistakes = dict(load().by_id), list[str]()
    parse(text, "user.yaml", found, mistakes)
    assert not mistakes, mistakes
    return RuleSet(found.values())


def with_fifty(registry: Registry, readings: list[Reading]) -> None:
    """A reading of every point, each later than the one before, so that windows really move."""
    rules, memories = fifty(), Memories()
    found: list[float] = []
    cost(rules, memories, readings, registry)
    for turn in range(ROUNDS):
        moment = START + (turn + 1) * 3_600_000
        moved = [
            msgspec.structs.replace(one, received=moment + n, event_time=moment + n)
            for n, one in enumerate(readings)
        ]
        found += cost(rules, memories, moved, registry, rounds=1)
        due(rules, memories, moment, registry)
    say("a day's mixture, 50 rules of a user beside the pack", found, "≤ 5")
    kept = [row for row in memories if row.trail]
    print(f"  {len(memories)} pairs are remembered, {len(kept)} of them with a window")


def cost(
    rules: RuleSet,
    memories: Memories,
    readings: list[Reading],
    registry: Registry,
    rounds: int = ROUNDS,
    baselines: Baselines = NONE,
) -> list[float]:
    """µs a reading, once a round; the empty loop is taken off."""
    work = [(reading, registry.devices[reading.device]) for reading in readings]
    found = []
    for _ in range(rounds):
        start = time.perf_counter()
        for _reading, _device in work:
            pass
        empty, start = time.perf_counter() - start, time.perf_counter()
        for reading, device in work:
            evaluate(rules, memories, reading, device, registry, baselines=baselines)
        found.append((time.perf_counter() - start - empty) / len(work) * 1e6)
    return found


def say(name: str, found: list[float], promise: str = "") -> None:
    print(f"{name:<58} {statistics.median(found):8.2f} µs   {promise}", flush=True)


def cases(devices: int) -> None:
    registry, rules = campus(devices), load()
    readings = day(registry)
    print(f"{len(rules.rules)} rules of the standard pack, {devices} devices, {len(readings)} points")
    unwatched = [r for r in readings if r.metric in ("rssi", "voltage", "link_quality", "link")]
    watched = [r for r in readings if r.metric not in ("rssi", "voltage", "link_quality", "link")]
    smoke = [r for r in readings if r.metric == "smoke"]
    memories = Memories()
    with_fifty(registry, readings)
    cost(rules, memories, readings, registry)  # resolve every selector
    say("no rule looks at the point", cost(rules, memories, unwatched, registry), "≤ 1")
    say("every rule stays at rest", cost(rules, memories, watched, registry), "≤ 2")
    say("a day's mixture, all at rest", cost(rules, memories, readings, registry), "≤ 5")
    power = [msgspec.structs.replace(r, value="battery") for r in readings if r.metric == "power"]
    for reading in power:
        evaluate(rules, memories, reading, registry.devices[reading.device], registry)
    due(rules, memories, START + 10_000, registry)
    print(f"  a power cut: {len(memories)} pairs hold")
    say("the same mixture during the power cut", cost(rules, memories, readings, registry), "≤ 5")
    alarms = [msgspec.structs.replace(r, value=word) for r in smoke for word in ("alarm", "normal")]
    say("alarm and normal in turn (each changes memory)", cost(rules, Memories(), alarms, registry))
    deadlines(rules, registry)
    bytes_each()


def deadlines(rules: RuleSet, registry: Registry) -> None:
    memories = Memories()
    device = next(d for d in registry.devices.values() if d.kind == "door")
    evaluate(rules, memories, Reading(device.id, "contact", "open", START, START), device, registry)
    found = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        for _ in range(100_000):
            due(rules, memories, START, registry)
        found.append((time.perf_counter() - start) / 100_000 * 1e6)
    say("due() while nothing is due", found)


HELD = {  # what a pair is kept for, and what its devices say
    "a state that holds": ("contact", "door", "{metric: contact, is: [open]}", ["open"]),
    "a wait for silence": ("temperature", "climate", "{metric: temperature, silent_for: 30m}", [20.5, 20.6]),
    "a window that rises steadily": (
        "temperature",
        "climate",
        "{metric: temperature, rises: 50, within: 10m}",
        [20 + n / 10 for n in range(30)],
    ),
    "five times within ten minutes": (
        "contact",
        "door",
        "{metric: contact, is: [open], times: 5, within: 10m}",
        ["open", "closed"] * 6,
    ),
}


def bytes_each() -> None:
    """Resident bytes of one pair that is not at rest, with its keys and its place in the tables."""
    for name, (metric, kind, when, values) in HELD.items():
        found, mistakes = dict[str, Rule](), list[str]()
        text = f"rules:\n- {{id: r, title: {{zh: 题, en: Title}}, class: status, when: {when}}}\n"
        parse(text, "bench.yaml", found, mistakes)
        assert not mistakes, mistakes
        rules = RuleSet(found.values())
        registry = Registry.build(devices=[Device(f"d-{n}", kind, "campus") for n in range(2000)])
        for _ in range(2):  # what the interpreter keeps for itself is counted in the first
            memories = Memories()
            tracemalloc.start()
            tell(rules, memories, registry, metric, values)
            each = tracemalloc.get_traced_memory()[0] / len(memories)
            tracemalloc.stop()
        print(f"{'RAM of one pair: ' + name:<58} {each:8.0f} bytes   ≤ 300")


def tell(rules: RuleSet, memories: Memories, registry: Registry, metric: str, values: list[Any]) -> None:
    for place, value in enumerate(values):
        for n, device in enumerate(registry.devices.values()):
            at = START + place * 30_000 + n
            evaluate(rules, memories, Reading(device.id, metric, value, at, at), device, registry)
        memories.committed()


def growth(devices: int) -> None:
    """The cost of a reading while rules grow in number: those that look elsewhere, those that match it."""
    registry = campus(devices)
    readings = [r for r in day(registry) if r.metric == "temperature"][:20_000]
    standard = load().rules
    elsewhere = {n: several(n, "humidity", lambda n: Selector(devices=(f"d-{n}",))) for n in COUNTS}
    matching = {n: several(n, "temperature", lambda n: Selector()) for n in COUNTS[:3]}
    for name, sets in (("look elsewhere", elsewhere), ("look at this point, all at rest", matching)):
        for number, others in sets.items():
            rules = RuleSet([*standard, *others])
            for reading in readings:  # resolve first: once a device, until the registry changes
                evaluate(rules, Memories(), reading, registry.devices[reading.device], registry)
            found = cost(rules, Memories(), readings, registry)
            say(f"{number} more rules that {name}", found, "▇" * round(statistics.median(found) * 10))
    alarming(registry, readings)


def several(number: int, metric: str, where: Callable[[int], Selector]) -> list[Rule]:
    one = load().rules[0]
    return [
        msgspec.structs.replace(
            one, id=f"other-{n}", condition=Threshold((metric,), above=99.0), selector=where(n)
        )
        for n in range(number)
    ]


def alarming(registry: Registry, readings: list[Reading]) -> None:
    """Readings that each of the matching rules must really judge: the cost grows with these only."""
    hot = [msgspec.structs.replace(reading, value=120.0) for reading in readings[:500]]
    for number in COUNTS[:3]:
        rules = RuleSet(several(number, "temperature", lambda n: Selector()))
        memories = Memories()
        cost(rules, memories, hot, registry, rounds=1)
        found = cost(rules, memories, hot, registry, rounds=3)
        say(
            f"{number} rules that match and hold already",
            found,
            f"{statistics.median(found) / number:.2f} a rule",
        )


def beside(devices: int) -> None:
    """The conditions that look further than the reading."""
    registry = campus(devices)
    zoned = Registry.build(
        zones=[Zone(f"z-{n}", "区", "Zone") for n in range(devices // 20)],
        devices=[Device(f"d-{n}", "climate", "campus", zone=f"z-{n // 20}") for n in range(devices)],
    )
    slots = {Slot(f"d-{n}", "temperature", START // HOUR): WEEKS for n in range(devices)}
    night = "reading.value > 30.0 && now.getHours() >= 22"
    stored = "reading.value > 30.0 && device.labels.store == 'cold' && 'dorm-2' in place.path"
    cases = {
        "an expression about the value": (
            registry,
            '{metric: temperature, expression: "reading.value > 30.0"}',
        ),
        "an expression about labels and places": (
            registry,
            f'{{metric: temperature, expression: "{stored}"}}',
        ),
        "an expression about the time": (registry, f'{{metric: temperature, expression: "{night}"}}'),
        "its own past": (registry, "{metric: temperature, past: {above: 5}}"),
        "siblings, 20 of a zone": (zoned, "{metric: temperature, siblings: {above: 8}}"),
    }
    for name, (campus_of, when) in cases.items():
        found, mistakes = dict[str, Rule](), list[str]()
        entry = f"{{id: r, title: {{zh: 题, en: Title}}, class: status, when: {when}}}"
        parse(f"rules:\n- {entry}\n", "bench.yaml", found, mistakes)
        assert not mistakes, mistakes
        readings = [r for r in day(campus_of) if r.metric == "temperature"][:5000]
        say(f"{name}, at rest", cost(RuleSet(found.values()), Memories(), readings, campus_of, 3, slots))


def main() -> None:
    devices = int(sys.argv[1]) if len(sys.argv) > 1 and sys.argv[1].isdigit() else 10_000
    cases(devices)
    growth(min(devices, 1000))
    beside(min(devices, 1000))


if __name__ == "__main__":
    main()
