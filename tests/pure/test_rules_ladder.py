"""Thinks. A ladder of levels: each goes up and down by its own delays, the higher explains the lower."""

import pytest

from rules.parse import parse
from tests.fakes.engine import Engine, reading, rule, rules_from
from tests.fakes.words import english

HEAT = """
rules:
  - id: heat
    title: {zh: 热, en: Warm}
    for: {kind: climate}
    when: {metric: temperature, deadband: 1}
    class: status
    levels:
      - {above: 26, on_delay: 30s, off_delay: 60s}
      - {above: 32, class: supervisory, title: {zh: 烫, en: Hot}, on_delay: 5s, off_delay: 10s}
"""


def heat() -> Engine:
    engine = Engine(rule("{metric: temperature, above: 26}"))
    engine.rules = rules_from(HEAT)
    return engine


def mistakes_in(text: str) -> list[str]:
    mistakes: list[str] = []
    parse(text, "mine.yaml", {}, mistakes)
    return mistakes


def test_each_level_is_a_rule_with_a_limit_a_class_and_a_title_of_its_own():
    low, high = sorted(rules_from(HEAT).rules, key=lambda one: one.id)
    assert [(one.id, one.alert_class.value, one.title.en) for one in (low, high)] == [
        ("heat-1", "status", "Warm"), ("heat-2", "supervisory", "Hot"),
    ]  # fmt: skip
    assert [english(one.condition.compared) for one in (low, high)] == [
        "above 26, deadband 1",
        "above 32, deadband 1",
    ]
    assert [(one.on_delay, one.off_delay) for one in (low, high)] == [(30_000, 60_000), (5000, 10_000)]


def test_each_level_goes_up_and_down_by_its_own_delays_and_the_higher_hides_the_lower():
    engine, told = heat(), []
    for at, value in ((0, 33.0), (100_000, 28.0), (200_000, 20.0)):
        told += engine.take(reading("store-1", "temperature", value, at))
    told += engine.pass_time(10**6)
    assert [(v.rule, v.holds.value, v.moment, v.suppressed) for v in told] == [
        ("heat-2", "yes", 5000, ""),
        ("heat-1", "yes", 30_000, "heat-2"),
        ("heat-2", "no", 110_000, ""),
        ("heat-1", "yes", 110_000, ""),
        ("heat-1", "no", 260_000, ""),
    ]


def test_a_level_of_class_alarm_is_hidden_by_nothing():
    low, _ = sorted(rules_from(HEAT.replace("class: status", "class: alarm")
                               .replace("on_delay: 30s, ", "")).rules, key=lambda one: one.id)  # fmt: skip
    assert low.suppressed_by == ()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (
            ("above: 32", "above: 3200"),
            "mine.yaml:10:17  rules[0].when.above  got 3200  expected a number from",
        ),
        (
            ("class: supervisory", "class: supervisor"),
            "mine.yaml:10:28  rules[0].class  got 'supervisor'  did you",
        ),
        (
            ("above: 26", "abov: 26"),
            "mine.yaml:9:10  rules[0].levels[0].abov  got 'abov'  unknown key; did you",
        ),
        (("      - {above: 26, on_delay: 30s, off_delay: 60s}\n", ""), "expected 2 to 5 levels"),
        (
            ("above: 32", "above: 25"),
            "mine.yaml:10:17  rules[0].levels[1].above  got 25  the lowest level stands first: expected at "
            "least 26",
        ),
        (("temperature, deadband", "temperatur, deadband"), "did you mean 'temperature'?"),
    ],
)
def test_a_mistake_in_a_level_is_named_with_its_place(change, says):
    assert HEAT.count(change[0]) == 1
    found = mistakes_in(HEAT.replace(*change))
    assert any(says in mistake for mistake in found), found


def test_a_ladder_downwards_begins_with_the_highest_number():
    down = HEAT.replace("above: 26", "below: 5").replace("above: 32", "below: 6")
    assert any("got 6  the lowest level stands first: expected at most 5" in one for one in mistakes_in(down))
    assert mistakes_in(down.replace("below: 6", "below: 4")) == []


def test_what_a_rule_says_wrong_for_all_its_levels_is_said_once():
    found = mistakes_in(HEAT.replace("    class: status\n", ""))
    assert [one.split("  ")[1:3] for one in found] == [["rules[0].class", "got nothing"]]


def test_a_level_may_not_take_the_id_of_another_rule():
    assert any(
        "id is taken" in one
        for one in mistakes_in(HEAT + rule("{metric: smoke, is: [alarm]}", name="heat-1"))
    )
