"""Thinks. What is refused of a set of rules as a whole: nothing may hide a fire, and names lead somewhere."""

import msgspec
import pytest

from rules.law import broken, hazards, unheard
from rules.load import load
from rules.parse import parse
from rules.rule import Rule, Suppressor
from rules.verdict import Class
from tests.fakes.engine import rule

PACK = load().by_id


def mistakes_in(*rules: str) -> list[str]:
    """What is wrong with these rules beside the standard pack."""
    found: dict[str, Rule] = dict(PACK)
    mistakes: list[str] = []
    parse("rules:\n" + "".join(rules), "mine.yaml", found, mistakes)
    return mistakes or broken(found)


def test_under_the_standard_pack_every_first_alarm_raises_at_once():
    assert broken(PACK) == []
    assert ("call_point", "call_point") in set(hazards())
    assert ("panic_button", "press") in set(hazards())


@pytest.mark.parametrize(
    "name", ["smoke-alarm", "heat-alarm", "call-point-alarm", "gas-alarm", "co-alarm", "flame-alarm",
             "panel-fire-alarm", "water-flow-alarm", "electrical-fire-alarm", "panic-alarm",
             "unregistered-alarm", "unregistered-press"],
)  # fmt: skip
def test_without_any_one_of_the_alarms_of_the_pack_the_set_is_refused(name):
    left = {other: one for other, one in PACK.items() if other != name}
    assert any("must raise something" in mistake for mistake in unheard(left))


@pytest.mark.parametrize(
    ("when", "more"),
    [
        ("{metric: smoke, is: [alarm]}", {"only": "{place: dorm}"}),
        ("{metric: smoke, is: [alarm]}", {"only": "{label: {old: 'yes'}}"}),
        ("{metric: smoke, is: [alarm], times: 2, within: 60s}", {}),
        ("{metric: smoke, is: [alarm], devices: 2, within: 60s}", {}),
        ("{metric: smoke, is: [prealarm]}", {}),
        ("{metric: smoke, changes: {to: alarm}}", {}),
    ],
)
def test_what_looks_at_some_or_waits_for_more_is_no_first_alarm(when, more):
    found = {name: one for name, one in PACK.items() if name != "smoke-alarm"}
    mistakes: list[str] = []
    parse("rules:\n" + rule(when, "alarm", name="smoke-alarm", **more), "mine.yaml", found, mistakes)
    assert mistakes == []
    assert any("smoke of every smoke_detector" in mistake for mistake in unheard(found))


@pytest.mark.parametrize(
    ("rules", "says"),
    [
        ([rule("{all: [smoke-alrm]}")], "mine.yaml:4:18  rules[0].when.all[0]  got 'smoke-alrm'  no rule has "
                                        "this id; did you mean 'smoke-alarm'?"),
        ([rule("{all: smoke-alrm}")], "mine.yaml:4:17  rules[0].when.all  got 'smoke-alrm'"),
        ([rule("{all: [r]}")], "a rule cannot build on itself"),
        ([rule("{all: [b]}", name="a"), rule("{all: [a]}", name="b")], "build on one another: a → b → a"),
        ([rule("{metric: contact, is: [open]}", suppressed_by="{rule: nothing}")],
         "rules[0].suppressed_by.rule  got "),
        ([rule("{all: [call-point-alarm]}", "alarm", on_delay="5s")],
         "a manual call point, which waits for nothing"),
        ([rule("{all: [smoke-alarm]}", "alarm", on_delay="31s")], "may wait 30s at most"),
        ([rule("{all: [smoke-alarm]}", "alarm", suppressed_by="{rule: own-disk}")],
         "it would hide what life-safety"),
    ],
)  # fmt: skip
def test_what_rules_say_of_one_another_is_checked_at_load(rules, says):
    found = mistakes_in(*rules)
    assert any(says in mistake for mistake in found), found


@pytest.mark.parametrize(
    "change",
    [
        {"on_delay": 1000},
        {"suppressed_by": (Suppressor("own-disk", "device"),)},
        {"alert_class": Class.TROUBLE},
    ],
)
def test_an_alarm_that_waits_may_be_hidden_or_is_of_another_class_is_no_first_alarm(change):
    weaker = msgspec.structs.replace(PACK["smoke-alarm"], **change)
    assert any("smoke of every smoke_detector" in one for one in unheard({**PACK, "smoke-alarm": weaker}))


def test_an_alarm_beyond_the_first_may_wait_half_a_minute():
    fire = "{metric: [smoke, heat], is: [alarm], devices: 2, within: 5m}"
    assert mistakes_in(rule(fire, "alarm", on_delay="30s")) == []
    assert mistakes_in(rule("{all: [smoke-alarm]}", "alarm", on_delay="30s")) == []


def slow(when: str, on_delay: str, name: str = "slow") -> str:
    return rule(when, "status", name=name, on_delay=on_delay)


@pytest.mark.parametrize(
    ("below", "top", "says"),
    [
        (rule("{all: [smoke-alarm]}", "alarm", name="a", on_delay="20s"),
         rule("{all: [a]}", "alarm", name="top", on_delay="11s"),
         "got 11s  an alarm beyond the first alert may wait 30s at most, and with what it builds on it "
         "waits 31s"),
        (slow("{metric: smoke, is: [alarm]}", "31s"), rule("{any: [slow]}", "alarm", name="top"),
         "it waits 31s"),
        (slow("{metric: call_point, is: [alarm]}", "1s"), rule("{any: [slow]}", "alarm", name="top"),
         "a manual call point, which waits for nothing"),
        (rule("{any: [call-point-alarm]}", "status", name="slow", on_delay="1s"),
         rule("{any: [slow, smoke-alarm]}", "alarm", name="top"), "a manual call point"),
    ],
)  # fmt: skip
def test_an_alarm_does_not_wait_longer_by_building_on_what_waits(below, top, says):
    assert any(says in mistake for mistake in mistakes_in(below, top)), mistakes_in(below, top)


def test_what_must_not_hold_is_waited_for_by_nobody_and_the_longest_way_counts():
    below = (slow("{metric: smoke, is: [alarm]}", "10m"), rule("{all: [smoke-alarm]}", "status", name="a",
                                                               on_delay="20s"))  # fmt: skip
    assert mistakes_in(*below, rule("{all: [a], none: [slow]}", "alarm", name="top", on_delay="10s")) == []


def test_a_delay_that_is_refused_is_named_with_its_own_line():
    text = rule("{all: [smoke-alarm]}", "alarm", name="top", on_delay="31s")
    (mistake,) = mistakes_in(text)
    assert mistake.startswith("mine.yaml:6:15  rules[0].on_delay  got 31s")


def test_rules_that_build_on_one_another_in_many_ways_are_looked_through_once():
    layers = [rule("{all: [smoke-alarm]}", "status", name="r-0-0"),
              rule("{all: [heat-alarm]}", "status", name="r-0-1")]  # fmt: skip
    for layer in range(1, 19):
        both = f"{{all: [r-{layer - 1}-0, r-{layer - 1}-1]}}"
        layers += [rule(both, "alarm", name=f"r-{layer}-{n}", on_delay="1s") for n in (0, 1)]
    assert mistakes_in(*layers) == []  # a million ways lead through them


def test_a_long_row_of_rules_that_build_on_one_another_is_refused():
    row = [rule("{all: [smoke-alarm]}", "status", name="r-0")]
    row += [rule(f"{{all: [r-{n}]}}", "status", name=f"r-{n + 1}") for n in range(1500)]
    assert any("at most 20 rules may build on one another" in one for one in mistakes_in(*row))


@pytest.mark.parametrize("alert_class", ["supervisory", "trouble", "status"])
@pytest.mark.parametrize(
    "when",
    ["{metric: smoke, is: [alarm]}", "{metric: gas, is: [prealarm]}", "{metric: press, happens: [alarm]}",
     "{metric: smoke, changes: {to: alarm}}", "{metric: smoke, changes: {from: normal}}",
     "{metric: smoke, is: [alarm], devices: 2, within: 60s}",
     "{metric: smoke, is: [alarm], times: 2, within: 60s}"],
)  # fmt: skip
def test_nothing_that_says_a_life_safety_point_is_in_alarm_is_suppressed_whatever_its_class(
    when, alert_class
):
    hidden = rule(when, alert_class, suppressed_by="{rule: own-disk}")
    assert any("would hide a life-safety point" in one for one in mistakes_in(hidden))
    below = rule(when, alert_class, name="below")
    above = rule("{any: [below]}", alert_class, name="top", suppressed_by="{rule: own-disk}")
    assert any("would hide what life-safety points say" in one for one in mistakes_in(below, above))


@pytest.mark.parametrize(
    ("when", "more", "says"),
    [
        ("{metric: smoke, is: [alarm], devices: 2, within: 5m}", {"on_delay": "31s"}, "may wait 30s at most"),
        ("{metric: call_point, is: [alarm], devices: 2, within: 5m}", {"on_delay": "1s"},
         "a manual call point waits"),
        ("{metric: smoke, is: [alarm]}", {"suppressed_by": "{rule: own-disk}"},
         "hide a life-safety point (smoke_"),
        ("{metric: smoke, is: [alarm], devices: 2, within: 5m}", {"subject": "point"},
         "expected one of: place, zone"),
        ("{metric: smoke, is: [alarm], devices: 1, within: 5m}", {}, "expected a whole number from 2 to 50"),
        ("{metric: smoke, is: [alarm], devices: 2}", {}, "expected within too"),
        ("{metric: smoke, is: [alarm], times: 3}", {}, "expected within too"),
        ("{metric: smoke, is: [alarm], times: 3, within: 60s}", {"off_delay": "5s"},
         "it is in within already"),
        ("{metric: smoke, is: [alarm], times: 3, devices: 2, within: 60s}", {}, "write two rules"),
        ("{metric: smoke, is: [alarm], within: 60s}", {}, "only with rises or falls or siblings or times"),
        ("{metric: smoke, silent_for: 60s, times: 3, within: 60s}", {},
         "only with is, above, below or happens"),
        ("{metric: temperature, rises: 8}", {}, "expected within too"),
        ("{metric: temperature, rises: 0, within: 1m}", {}, "expected more than 0"),
        ("{metric: smoke, rises: 8, within: 1m}", {}, "'smoke' is a state: use is or changes"),
        ("{metric: temperature, same_for: 6h}", {"on_delay": "5s"}, "it is in same_for already"),
        ("{metric: contact, changes: {}}", {}, "expected from, to or both"),
        ("{metric: contact, changes: {from: opn}}", {}, "when.changes.from  got 'opn'  did you mean 'open'?"),
        ("{metric: contact, changes: {from: open, to: open}}", {}, "'open' is in from already"),
        ("{metric: contact, changes: {to: open}}", {"on_delay": "5s"}, "an event has no delays"),
        ("{metric: contact, changes: open}", {}, "expected words: {from: closed, to: open}"),
        ("{none: [smoke-alarm]}", {}, "expected all or any beside it"),
        ("{all: [smoke-alarm], metric: smoke}", {}, "not beside all, any or none"),
        ("{all: []}", {}, "expected the id of a rule or a list of them"),
        ("{metric: contact, is: [open]}", {"suppressed_by": "{rule: a, same: gatway}"},
         "did you mean 'gateway'?"),
    ],
)  # fmt: skip
def test_a_rule_that_cannot_mean_anything_is_refused(when, more, says):
    found = mistakes_in(rule(when, "alarm", **more))
    assert any(says in mistake for mistake in found), found
