"""Thinks. What the comparison with the siblings of a zone promises."""

import pytest

from ingest.campus.device import Device, Place, Zone
from ingest.campus.registry import Registry
from rules.memory import State
from rules.parse import parse
from rules.verdict import Holds
from tests.fakes.engine import Engine, reading, rule
from tests.fakes.words import english

NAMES = ("heat-1", "heat-2", "heat-3", "heat-4")
ZONE = Registry.build(
    places=[Place("campus", "校园", "Campus")],
    zones=[Zone("z1", "一区", "Zone 1"), Zone("z2", "二区", "Zone 2")],
    devices=[
        *(Device(name, "heat_detector", "campus", zone="z1") for name in NAMES),
        Device("other-1", "heat_detector", "campus", zone="z2"),
        Device("smoke-1", "smoke_detector", "campus", zone="z1"),
        Device("alone-1", "heat_detector", "campus"),
    ],
)
HEAT = "{metric: temperature, siblings: {above: 8, at_least: 3}, deadband: 1, within: 10m}"


def engine(when: str = HEAT, **more: str) -> Engine:
    return Engine(rule(when, only="{kind: heat_detector}", **more), registry=ZONE)


def hear(school: Engine, at: int, **values: float | str) -> list:
    return [
        (v.subject, v.holds.value)
        for name, value in values.items()
        for v in school.take(reading(name.replace("_", "-"), "temperature", value, at))
    ]


def three(school: Engine, at: int = 0) -> None:
    assert hear(school, at, heat_2=20.0, heat_3=21.0, heat_4=50.0) == []


def test_it_holds_beyond_the_median_of_the_others_and_lets_go_by_the_whole_deadband():
    school = engine()
    three(school)
    assert hear(school, 1, heat_1=29.0) == []
    assert hear(school, 2, heat_1=29.1) == [("heat-1/temperature", "yes")]
    assert hear(school, 3, heat_1=28.1) == []
    assert hear(school, 4, heat_1=28.0) == [("heat-1/temperature", "no")]


def test_below_is_the_mirror_of_above():
    school = engine("{metric: temperature, siblings: {below: 8}}")
    three(school)
    assert hear(school, 1, heat_1=13.0) == []
    assert hear(school, 2, heat_1=12.9) == [("heat-1/temperature", "yes")]


def test_other_zones_other_kinds_and_devices_without_a_zone_are_no_siblings():
    school = engine()
    hear(school, 0, heat_2=20.0, heat_3=20.0, other_1=20.0, smoke_1=20.0, alone_1=20.0)
    assert hear(school, 1, heat_1=90.0, alone_1=90.0) == []


def test_with_too_few_that_spoke_lately_nobody_knows():
    school = engine()
    three(school)
    assert hear(school, 1, heat_1=60.0) == [("heat-1/temperature", "yes")]
    assert hear(school, 600_002, heat_1=60.0) == [("heat-1/temperature", "unknown")]
    assert hear(school, 600_003, heat_2="unknown", heat_3=20.0, heat_4=20.0, heat_1=20.0) == []
    assert hear(school, 600_004, heat_2=20.0, heat_1=20.0) == [("heat-1/temperature", "no")]


def test_the_evidence_names_the_others_with_values_and_times():
    school = engine(on_delay="1m")
    three(school)
    hear(school, 1, heat_1=60.0)
    (verdict,) = school.pass_time(60_001)
    own, *others = verdict.evidence
    assert (own.value, english(own.compared)) == (
        60.0,
        "above 8 beside the median of at least 3 others of the zone",
    )
    assert english(own.note).startswith("median of 3 others 21")
    assert [(one.device, one.value, one.event_time) for one in others] == [
        ("heat-2", 20.0, 0), ("heat-3", 21.0, 0), ("heat-4", 50.0, 0),
    ]  # fmt: skip


def test_a_number_that_was_overtaken_does_not_replace_a_later_one():
    school = engine()
    three(school)
    school.take(reading("heat-2", "temperature", 30.0, 2000, event_time=1500))
    school.take(reading("heat-2", "temperature", 90.0, 3000, event_time=1000))
    assert school.memories.get("r", "heat-2/temperature").value == 30.0


def test_what_stands_in_memory_is_the_last_number_while_the_rule_holds_too():
    school = engine()
    three(school)
    hear(school, 1, heat_1=60.0)
    hear(school, 2, heat_1=70.0)
    row = school.memories.get("r", "heat-1/temperature")
    assert (row.value, row.state, row.told) == (70.0, State.ACTIVE, Holds.YES)


@pytest.mark.parametrize(
    ("siblings", "wrong"),
    [
        ("8", "expected above or below, such as {above: 8}"),
        ("{at_least: 3}", "expected exactly one of: above, below"),
        ("{above: 0}", "expected more than 0"),
        ("{above: 8, at_least: 1}", "expected a whole number from 2 to 50"),
        ("{above: 8, same: room}", "expected one of: building, place, zone"),
        ("{above: 8, kind: heat}", "unknown key"),
    ],
)
def test_a_mistake_is_said_with_what_to_do(siblings, wrong):
    found: list[str] = []
    parse("rules:\n" + rule(f"{{metric: temperature, siblings: {siblings}}}"), "lab.yaml", {}, found)
    assert found
    assert all(one.startswith("lab.yaml:4:") for one in found)
    assert wrong in "\n".join(found)
