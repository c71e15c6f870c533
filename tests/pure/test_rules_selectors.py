"""Thinks. Which devices a rule is for, and what the index of rules promises."""

import msgspec
import pytest

from ingest.campus.registry import Registry
from tests.fakes.engine import CAMPUS, Engine, reading, rule

SMOKE = "{metric: smoke, is: [alarm]}"


@pytest.mark.parametrize(
    ("only", "reached"),
    [
        ("{kind: smoke_detector}", {"smoke-1", "smoke-2"}),
        ("{device: [smoke-2, smoke-9]}", {"smoke-2"}),
        ("{place: dorm}", {"smoke-1"}),
        ("{place: campus}", {"smoke-1", "smoke-2"}),
        ("{zone: z1}", {"smoke-1"}),
        ("{label: {grade: [high, low]}}", {"smoke-1"}),
        ("{label: {grade: low}}", set()),
        ("{zone: z1, place: lab}", set()),
    ],
)
def test_all_selectors_must_hold_and_a_place_stands_for_its_subtree(only, reached):
    engine = Engine(rule(SMOKE, only=only))
    raised = {name for name in ("smoke-1", "smoke-2") if engine.take(reading(name, "smoke", "alarm", 1))}
    assert raised == reached


def test_a_new_registry_is_noticed_at_once():
    engine = Engine(rule(SMOKE, only="{place: lab}"))
    assert engine.take(reading("smoke-1", "smoke", "alarm", 1)) == []
    moved = {d.id: msgspec.structs.replace(d, place="lab") for d in CAMPUS.devices.values()}
    engine.registry = Registry(dict(CAMPUS.places), dict(CAMPUS.zones), moved)
    assert len(engine.take(reading("smoke-1", "smoke", "alarm", 2))) == 1


def test_one_rule_may_look_at_several_metrics_and_judges_each_point_apart():
    engine = Engine(rule("{metric: [smoke, fault], is: [fault]}"))
    (first,) = engine.take(reading("smoke-1", "smoke", "fault", 1))
    (second,) = engine.take(reading("smoke-1", "fault", "fault", 2))
    assert (first.subject, second.subject) == ("smoke-1/smoke", "smoke-1/fault")
    assert engine.take(reading("smoke-1", "fault", "normal", 3))[0].subject == "smoke-1/fault"


def test_rules_are_found_by_kind_and_metric():
    rules = Engine(rule(SMOKE, name="a"), rule(SMOKE, name="b", only="{kind: smoke_detector}")).rules
    assert [r.id for r in rules.for_reading("smoke_detector", "smoke")] == ["a", "b"]
    assert rules.for_reading("smoke_detector", "battery") == ()


def test_names_that_nobody_registered_are_pointed_out_with_a_suggestion():
    rules = Engine(rule(SMOKE, only="{place: drom, device: smoke-1}")).rules
    assert rules.strangers(CAMPUS) == [
        "rules.yaml:2  rule r: no place 'drom' is registered; did you mean 'dorm'?"
    ]
