"""Thinks. Rules in shadow: judged like any other, told to nobody, counting for nothing, until decided."""

from zoneinfo import ZoneInfo

import pytest

from rules import law
from rules.parse import parse
from rules.rule import Rule, Shadow
from rules.ruleset import RuleSet
from rules.shadow import ends, in_service, obstacles, shadowed
from rules.vanish import orphaned, reconcile
from rules.verdict import Holds
from tests.fakes.engine import CAMPUS, Engine, reading, rule
from tests.fakes.words import english

HOT = "{metric: temperature, above: 30}"
SMOKE = "{metric: smoke, is: [alarm]}"
DAY = 86_400_000
ZONE = ZoneInfo("Asia/Shanghai")


def read(text: str) -> tuple[dict[str, Rule], list[str]]:
    found: dict[str, Rule] = {}
    mistakes: list[str] = []
    parse("rules:\n" + text, "rules.yaml", found, mistakes)
    return found, mistakes


def promoted(engine: Engine, *names: str) -> RuleSet:
    return in_service(engine.rules, {(name, engine.rules.by_id[name].version) for name in names})


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("14d", Shadow(14 * DAY)),
        ("{until: 2026-12-24}", Shadow(0, "2026-12-24")),
        ("{until: '2026-12-24'}", Shadow(0, "2026-12-24")),
    ],
)
def test_a_shadow_is_a_length_of_time_or_a_last_day(written: str, meant: Shadow) -> None:
    found, mistakes = read(rule(HOT, shadow=written))
    assert not mistakes
    assert found["r"].shadow == meant


@pytest.mark.parametrize(
    "written",
    ["true", "14", "soon", "0d", "{until: soon}", "{until: 14d}", "{}", "{from: 2026-12-24}", "[14d]"],
)
def test_any_other_shadow_is_a_mistake_with_its_place(written: str) -> None:
    found, mistakes = read(rule(HOT, shadow=written))
    assert not found
    assert mistakes
    assert all(one.startswith("rules.yaml:6:") and "shadow" in one for one in mistakes)


def test_the_last_day_of_a_shadow_counts_whole_in_the_campus_zone() -> None:
    assert ends(Shadow(0, "2026-12-24"), 0, ZONE) == 1_798_128_000_000  # 2026-12-25 0:00 in Shanghai
    assert ends(Shadow(14 * DAY), 1_000, ZONE) == 14 * DAY + 1_000


def test_what_a_rule_in_shadow_says_is_marked_as_never_to_be_told() -> None:
    engine = Engine(rule(HOT, shadow="14d"))
    (verdict,) = engine.take(reading("store-1", "temperature", 31.0, 0))
    assert verdict.shadow
    (verdict,) = engine.take(reading("store-1", "temperature", 20.0, 1_000))
    assert verdict.shadow


def test_a_rule_in_shadow_is_no_first_alarm_of_a_life_safety_device() -> None:
    text = rule(SMOKE, "alarm", only="{kind: smoke_detector}")
    heard, _ = read(text)
    quiet, _ = read(text.replace("class: alarm", "class: alarm\n    shadow: 14d"))
    of_every = [next(one for one in law.broken(found) if "smoke_detector" in one) for found in (heard, quiet)]
    assert ["smoke" in one.partition(" of every")[0] for one in of_every] == [False, True]


@pytest.mark.parametrize(
    "upper",
    [
        rule("{all: [low]}", name="high"),
        rule(HOT, name="high", suppressed_by="{rule: low}"),
    ],
)
def test_nothing_in_service_hangs_on_a_rule_in_shadow(upper: str) -> None:
    low = rule("{metric: temperature, above: 20}", name="low", shadow="14d")
    found, _ = read(low + upper)
    assert any("in shadow" in one for one in law.broken(found))
    both, _ = read(low + upper.rstrip() + "\n    shadow: 14d\n")
    assert not any("in shadow" in one for one in law.broken(both))


def test_promoting_takes_this_very_version_out_of_its_shadow_and_no_other() -> None:
    engine = Engine(rule(HOT, shadow="14d"))
    now = promoted(engine, "r")
    assert (shadowed(engine.rules.rules) != frozenset(), shadowed(now.rules)) == (True, frozenset())
    edited = Engine(rule(HOT.replace("30", "31"), shadow="14d")).rules
    kept = {("r", engine.rules.by_id["r"].version)}
    assert in_service(edited, kept).by_id["r"].shadow == Shadow(14 * DAY)
    dropped = Engine(rule(HOT)).rules
    assert in_service(dropped, kept) is dropped


def test_a_rule_that_hangs_on_one_in_shadow_waits_for_it() -> None:
    engine = Engine(
        rule("{metric: temperature, above: 20}", name="low", shadow="14d"),
        rule("{all: [low]}", name="high", shadow="14d"),
    )
    assert obstacles(engine.rules, "high") == ["low"]
    assert promoted(engine, "high") is engine.rules
    assert obstacles(promoted(engine, "low"), "high") == []
    assert not shadowed(promoted(engine, "low", "high").rules)


def test_what_holds_when_a_rule_leaves_its_shadow_is_raised_then() -> None:
    engine = Engine(rule(HOT, shadow="14d"))
    engine.take(reading("store-1", "temperature", 31.0, 0))
    (verdict,) = reconcile(engine.rules, promoted(engine, "r"), engine.memories, CAMPUS, 5_000)
    assert (verdict.holds, verdict.shadow, verdict.moment, verdict.since) == (Holds.YES, False, 5_000, 0)


def test_the_alert_of_a_rule_that_goes_into_shadow_becomes_unknown() -> None:
    engine = Engine(rule(HOT))
    engine.take(reading("store-1", "temperature", 31.0, 0))
    quiet = Engine(rule(HOT, shadow="14d")).rules
    (verdict,) = reconcile(engine.rules, quiet, engine.memories, CAMPUS, 5_000)
    assert (verdict.holds, verdict.shadow) == (Holds.UNKNOWN, False)
    assert english(verdict.evidence[0].compared) == "rule in shadow now"


def test_a_restart_knows_what_nobody_was_told() -> None:
    engine = Engine(rule(HOT, shadow="14d"))
    engine.take(reading("store-1", "temperature", 31.0, 0))
    quiet = shadowed(engine.rules.rules)
    assert reconcile(RuleSet(), engine.rules, engine.memories, CAMPUS, 5_000, quiet) == []
    (verdict,) = reconcile(RuleSet(), Engine(rule(HOT)).rules, engine.memories, CAMPUS, 6_000, quiet)
    assert (verdict.holds, verdict.shadow) == (Holds.YES, False)


def test_what_a_removed_rule_in_shadow_held_is_told_to_nobody() -> None:
    engine = Engine(rule(HOT, shadow="14d"))
    engine.take(reading("store-1", "temperature", 31.0, 0))
    (verdict,) = reconcile(engine.rules, RuleSet(), engine.memories, CAMPUS, 5_000)
    assert verdict.shadow


def test_what_was_found_by_a_rule_that_went_before_it_was_written_becomes_unknown() -> None:
    engine = Engine(rule(HOT))
    found = engine.take(reading("store-1", "temperature", 31.0, 0))
    assert orphaned(found, engine.rules, engine.memories, 10) == []
    reconcile(engine.rules, RuleSet(), engine.memories, CAMPUS, 10)
    (verdict,) = orphaned(found, RuleSet(), engine.memories, 10)
    assert (verdict.holds, verdict.subject, verdict.again) == (Holds.UNKNOWN, "store-1/temperature", False)
