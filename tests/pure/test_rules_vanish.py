"""Thinks. What becomes of an alert whose rule or device is gone or changed: it is never lost in silence."""

import msgspec
import pytest

from ingest.campus.registry import Registry
from rules.memory import Memory
from rules.ruleset import RuleSet
from rules.vanish import reconcile
from rules.verdict import Class, Holds, Verdict
from tests.fakes.engine import CAMPUS, Engine, reading, rule
from tests.fakes.words import english

SMOKE = "{metric: smoke, is: [alarm]}"
HOT = "{metric: temperature, above: 30}"


def without(device: str) -> Registry:
    left = {name: one for name, one in CAMPUS.devices.items() if name != device}
    return Registry(dict(CAMPUS.places), dict(CAMPUS.zones), left)


def burning(*rules: str) -> Engine:
    engine = Engine(*rules)
    engine.take(reading("smoke-1", "smoke", "alarm", 1000))
    return engine


def reload(engine: Engine, *rules: str, at: int = 5000, registry: Registry = CAMPUS) -> list[Verdict]:
    new = Engine(*rules).rules if rules else RuleSet()
    verdicts = reconcile(engine.rules, new, engine.memories, registry, at)
    engine.rules, engine.registry = new, registry
    return verdicts


def left(engine: Engine) -> list[Memory]:
    return list(engine.memories)


def test_what_a_removed_rule_raised_becomes_unknown_with_its_reason():
    engine = burning(rule(SMOKE, "alarm", priority="1", latch="true", policy="fire"))
    (verdict,) = reload(engine)
    assert (verdict.holds, verdict.subject, verdict.moment) == (Holds.UNKNOWN, "smoke-1/smoke", 5000)
    assert (verdict.alert_class, verdict.priority, verdict.latch) == (Class.ALARM, 1, True)
    assert (verdict.policy, verdict.title.en, verdict.life_safety) == ("fire", "Title", True)
    assert english(verdict.evidence[0].compared) == "rule removed"
    assert left(engine) == []


def test_a_rule_that_was_removed_while_tocsin_was_down_is_told_too():
    engine = burning(rule(SMOKE, "alarm"))
    (verdict,) = reconcile(RuleSet(), RuleSet(), engine.memories, CAMPUS, 5000)
    assert verdict.holds is Holds.UNKNOWN
    assert verdict.title.en == "Rule no longer exists: r"


def test_what_a_removed_device_raised_becomes_unknown():
    text = rule(SMOKE, "alarm")
    engine = burning(text)
    (verdict,) = reload(engine, text, registry=without("smoke-1"))
    assert (verdict.holds, english(verdict.evidence[0].compared)) == (Holds.UNKNOWN, "device removed")
    assert left(engine) == []


def test_a_rule_that_no_longer_covers_the_device_leaves_its_alert_unknown():
    engine = burning(rule(SMOKE, "alarm"))
    (verdict,) = reload(engine, rule(SMOKE, "alarm", only="{place: lab}"))
    assert english(verdict.evidence[0].compared) == "rule no longer looks at this"


def test_what_was_only_pending_goes_without_a_word():
    engine = Engine(rule(HOT, on_delay="60s"))
    engine.take(reading("store-1", "temperature", 31.0, 0))
    assert reload(engine) == []
    assert left(engine) == []


def test_a_changed_rule_keeps_what_holds_and_the_next_reading_decides():
    engine = Engine(rule(HOT))
    engine.take(reading("store-1", "temperature", 35.0, 0))
    assert reload(engine, rule("{metric: temperature, above: 40}")) == []
    assert left(engine)[0].version == engine.rules.rules[0].version
    (verdict,) = engine.take(reading("store-1", "temperature", 35.0, 6000))
    assert (verdict.holds, verdict.version) == (Holds.NO, engine.rules.rules[0].version)


@pytest.mark.parametrize(
    ("before", "after", "word"),
    [
        ("{metric: press, happens: [alarm]}", "{metric: press, silent_for: 60s}", "alarm"),
        (SMOKE, "{metric: smoke, silent_for: 60s}", "alarm"),
    ],
)
def test_a_rule_that_became_another_kind_of_condition_does_not_inherit_what_held(before, after, word):
    engine = Engine(rule(before))
    device, metric = ("panic-1", "press") if "press" in before else ("smoke-1", "smoke")
    engine.take(reading(device, metric, word, 1000))
    (verdict,) = reload(engine, rule(after))
    assert verdict.holds is Holds.UNKNOWN
    assert left(engine) == []


def test_a_rule_that_did_not_change_is_left_alone():
    text = rule(SMOKE, "alarm")
    engine = burning(text)
    before = left(engine)
    assert reload(engine, text, rule(HOT, name="another")) == []
    assert left(engine) == before


def test_a_rule_that_comes_back_raises_again_at_the_next_report():
    text = rule(SMOKE, "alarm")
    engine = burning(text)
    reload(engine)
    reload(engine, text)
    (verdict,) = engine.take(reading("smoke-1", "smoke", "alarm", 9000))
    assert verdict.holds is Holds.YES


def test_a_deadline_whose_rule_is_gone_is_told_even_without_reconciling():
    engine = Engine(rule(SMOKE, "alarm", off_delay="10s"))
    engine.take(reading("smoke-1", "smoke", "alarm", 0))
    engine.take(reading("smoke-1", "smoke", "normal", 1000))
    engine.rules = RuleSet()
    (verdict,) = engine.pass_time(20_000)
    assert (verdict.holds, verdict.moment) == (Holds.UNKNOWN, 11_000)
    assert left(engine) == []


def test_reconciling_twice_adds_nothing():
    engine = burning(rule(SMOKE, "alarm"))
    old = engine.rules
    assert len(reload(engine)) == 1
    assert reconcile(old, RuleSet(), engine.memories, CAMPUS, 6000) == []


def test_a_new_version_is_stored():
    engine = Engine(rule(HOT))
    engine.take(reading("store-1", "temperature", 35.0, 0))
    engine.memories.committed()
    reload(engine, rule(HOT, priority="2"))
    (row,), deletes = engine.memories.changes()
    assert deletes == []
    assert row == msgspec.structs.replace(row, version=engine.rules.rules[0].version)
