"""Thinks. Rules about other rules: all, any and none of their verdicts, and what a rule suppresses."""

import msgspec
import pytest

from ingest.campus.device import Device, Place
from ingest.campus.registry import Registry
from rules.memory import Memories, Memory
from rules.ruleset import RuleSet
from rules.vanish import reconcile
from rules.verdict import Holds
from tests.fakes.engine import Engine, reading, rule
from tests.fakes.words import english

STORE = Registry.build(
    places=[
        Place("campus", "校园", "Campus"),
        Place("lab", "实验楼", "Laboratory", "campus"),
        Place("store", "库房", "Store", "lab"),
        Place("dorm", "宿舍", "Dormitory", "campus"),
    ],
    devices=[
        Device("climate-1", "climate", "store", gateway="gw"),
        Device("climate-2", "climate", "dorm"),
        Device("door-1", "door", "store", gateway="gw"),
        Device("light-1", "emergency_light", "store"),
        Device("light-2", "emergency_light", "dorm"),
        Device("mains", "pump", "lab"),
        Device("gw", "gateway", "lab"),
    ],
)
HOT = rule("{metric: temperature, above: 30}", "status", name="hot")
DAMP = rule("{metric: humidity, above: 80}", "status", name="damp")
OPEN = rule("{metric: contact, is: [open]}", "status", name="open")


def both(when: str, **more: str) -> Engine:
    return Engine(HOT, DAMP, OPEN, rule(when, name="both", **more), registry=STORE)


def say(engine: Engine, *story: tuple[str, str, float | str]) -> list[tuple[str, int]]:
    """Each reading a second after the other; what the rule `both` said, and when."""
    told = [
        v
        for at, (device, metric, value) in enumerate(story)
        for v in engine.take(reading(device, metric, value, at))
    ]
    return [(verdict.holds.value, verdict.moment) for verdict in told if verdict.rule == "both"]


ALL = [
    ("climate-1", "temperature", 31.0),
    ("climate-1", "humidity", 85.0),
    ("climate-1", "temperature", 20.0),
]


@pytest.mark.parametrize(
    ("when", "story", "told"),
    [
        ("{all: [hot, damp]}", ALL, [("yes", 1), ("no", 2)]),
        ("{any: [hot, damp]}", ALL, [("yes", 0)]),
        ("{all: [hot], none: [damp]}", ALL, [("yes", 0), ("no", 1)]),
        ("{all: [hot, damp]}", [ALL[0], ("climate-2", "humidity", 85.0)], []),
        (
            "{all: [hot, damp]}",
            [*ALL[:2], ("climate-1", "humidity", "unknown")],
            [("yes", 1), ("unknown", 2)],
        ),
        ("{any: [hot, damp]}", [*ALL[:2], ("climate-1", "humidity", "unknown")], [("yes", 0)]),
        ("{all: [hot], none: [damp]}", [("climate-1", "humidity", 85.0), ALL[0]], []),
    ],
)
def test_the_verdicts_of_other_rules_are_put_together(when, story, told):
    assert say(both(when), *story) == told


def test_the_evidence_names_each_rule_that_holds_and_on_what():
    engine = both("{all: [hot, damp]}")
    told = [v for at, one in enumerate(ALL[:2]) for v in engine.take(reading(*one, at))]
    evidence = next(verdict for verdict in told if verdict.rule == "both").evidence
    assert [(one.device, one.metric, one.value, english(one.compared)) for one in evidence] == [
        ("climate-1", "temperature", 31.0, "rule hot: yes"),
        ("climate-1", "humidity", 85.0, "rule damp: yes"),
    ]


def test_a_place_puts_together_what_stands_in_it():
    engine = both("{all: [hot, open]}", subject="place")
    assert say(engine, ("climate-1", "temperature", 31.0), ("door-1", "contact", "open")) == [("yes", 1)]
    (row,) = [row for row in engine.memories if row.rule == "both"]
    assert row.subject == "store"


def test_it_has_delays_of_its_own_and_rules_can_build_on_it():
    engine = Engine(
        HOT, DAMP, OPEN,
        rule("{all: [hot, damp]}", name="both", on_delay="10s"),
        rule("{all: [both]}", name="top"),
        registry=STORE,
    )  # fmt: skip
    assert say(engine, *ALL[:2]) == []
    assert [(v.rule, v.moment) for v in engine.pass_time(20_000)] == [("both", 10_001), ("top", 10_001)]


def test_what_builds_on_it_is_told_in_the_same_moment():
    top = rule("{any: [both]}", name="top")
    engine = Engine(HOT, DAMP, rule("{all: [hot, damp]}", name="both"), top, registry=STORE)
    told = [v for at, one in enumerate(ALL) for v in engine.take(reading(*one, at))]
    assert [(v.holds.value, v.moment) for v in told if v.rule == "top"] == [("yes", 1), ("no", 2)]


def test_an_event_on_which_it_builds_ends_it_by_time_alone():
    engine = Engine(
        rule("{metric: press, happens: [alarm], hold: 10s}", name="press"),
        rule("{all: [press]}", name="both"),
    )
    assert say(engine, ("panic-1", "press", "alarm")) == [("yes", 0)]
    assert [(v.rule, v.holds) for v in engine.pass_time(10_000)] == [("press", Holds.NO), ("both", Holds.NO)]


def test_a_rule_loaded_while_its_parts_hold_raises_at_once():
    engine = Engine(HOT, DAMP, registry=STORE)
    say(engine, *ALL[:2])
    new = Engine(HOT, DAMP, rule("{all: [hot, damp]}", name="both"), registry=STORE)
    (verdict,) = reconcile(engine.rules, new.rules, engine.memories, STORE, 9000)
    assert (verdict.rule, verdict.holds, verdict.moment) == ("both", Holds.YES, 9000)
    assert reconcile(new.rules, new.rules, engine.memories, STORE, 9001) == []
    rows = msgspec.convert(msgspec.to_builtins(list(engine.memories)), list[Memory])
    assert reconcile(RuleSet(), new.rules, Memories(rows), STORE, 9002) == []


MAINS = rule("{metric: power, is: [battery]}", "status", name="mains-lost", only="{kind: pump}")


def light(same: str = "building", **more: str) -> Engine:
    hidden = rule(
        "{metric: power, is: [battery]}", name="light", only="{kind: emergency_light}",
        suppressed_by=f"{{rule: mains-lost, same: {same}}}", **more,
    )  # fmt: skip
    return Engine(MAINS, hidden, registry=STORE)


def power(engine: Engine, *story: tuple[str, str]) -> list[tuple[str, str, str, str]]:
    told = [
        v for at, (device, word) in enumerate(story) for v in engine.take(reading(device, "power", word, at))
    ]
    return [(v.rule, v.subject.partition("/")[0], v.holds.value, v.suppressed) for v in told]


def test_what_a_holding_rule_explains_is_told_as_suppressed_in_the_same_building_only():
    told = power(light(), ("mains", "battery"), ("light-1", "battery"), ("light-2", "battery"))
    assert told == [
        ("mains-lost", "mains", "yes", ""),
        ("light", "light-1", "yes", "mains-lost"),
        ("light", "light-2", "yes", ""),
    ]


def test_what_was_told_before_is_told_again_as_suppressed_and_again_when_it_no_longer_is():
    told = power(light(), ("light-1", "battery"), ("mains", "battery"), ("mains", "mains"))
    assert told == [
        ("light", "light-1", "yes", ""),
        ("mains-lost", "mains", "yes", ""),
        ("light", "light-1", "yes", "mains-lost"),
        ("mains-lost", "mains", "no", ""),
        ("light", "light-1", "yes", ""),
    ]


def test_what_ends_while_it_is_suppressed_is_told_nothing_more():
    engine = light()
    power(engine, ("mains", "battery"), ("light-1", "battery"), ("light-1", "mains"))
    assert power(engine, ("mains", "mains")) == [("mains-lost", "mains", "no", "")]
    assert len(engine.memories) == 0


def test_what_only_waits_for_its_off_delay_is_released_too():
    engine = light(off_delay="60s")
    power(engine, ("mains", "battery"), ("light-1", "battery"), ("light-1", "mains"))
    assert power(engine, ("mains", "mains")) == [
        ("mains-lost", "mains", "no", ""), ("light", "light-1", "yes", ""),
    ]  # fmt: skip


def test_a_gateway_hides_what_is_behind_it():
    silent = rule(
        "{metric: supervision, is: [silent]}", name="gone", subject="device", only="{kind: gateway}"
    )
    stale = rule(
        "{metric: temperature, silent_for: 10m}", name="stale", suppressed_by="{rule: gone, same: gateway}",
        only="{kind: climate}",
    )  # fmt: skip
    engine = Engine(silent, stale, registry=STORE)
    engine.arm(0)
    engine.take(reading("gw", "supervision", "silent", 1000))
    told = engine.pass_time(10**6)
    assert [(v.subject, v.suppressed) for v in told] == [
        ("climate-1/temperature", "gone"), ("climate-2/temperature", ""),
    ]  # fmt: skip
    back = engine.take(reading("gw", "supervision", "reporting", 2 * 10**6))
    assert [(v.rule, v.subject, v.suppressed) for v in back] == [
        ("gone", "gw", ""), ("stale", "climate-1/temperature", ""),
    ]  # fmt: skip
