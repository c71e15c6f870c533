"""Thinks. What a state rule promises: repeats, unknown, delays, retained states."""

import pytest

from rules.verdict import Class, Holds
from tests.fakes.engine import Engine, reading, rule
from tests.fakes.words import english

SMOKE = "{metric: smoke, is: [alarm]}"


def said(verdicts: list) -> list:
    return [(verdict.holds.value, verdict.moment) for verdict in verdicts]


def test_an_alarm_raises_at_once_and_says_what_it_saw():
    engine = Engine(rule(SMOKE, "alarm", latch="true", verify="true", priority="1", policy="fire"))
    (verdict,) = engine.take(reading("smoke-1", "smoke", "alarm", 1000, event_time=400))
    assert (verdict.rule, verdict.subject, verdict.device) == ("r", "smoke-1/smoke", "smoke-1")
    assert (verdict.holds, verdict.moment, verdict.since) == (Holds.YES, 1000, 400)
    assert (verdict.alert_class, verdict.priority, verdict.policy) == (Class.ALARM, 1, "fire")
    assert verdict.latch
    assert verdict.verify
    assert verdict.life_safety
    assert not verdict.again
    (evidence,) = verdict.evidence
    assert (evidence.metric, evidence.value, evidence.event_time, evidence.received) == (
        "smoke", "alarm", 400, 1000,
    )  # fmt: skip
    assert english(evidence.compared) == "is alarm"


def test_repeats_of_the_same_word_say_nothing_new():
    engine = Engine(rule(SMOKE))
    engine.take(reading("smoke-1", "smoke", "alarm", 1))
    assert engine.take(reading("smoke-1", "smoke", "alarm", 2)) == []
    assert said(engine.take(reading("smoke-1", "smoke", "normal", 3))) == [("no", 3)]
    assert engine.take(reading("smoke-1", "smoke", "normal", 4)) == []
    assert len(engine.memories) == 0


def test_a_second_alarm_after_normal_is_a_new_verdict():
    engine = Engine(rule(SMOKE))
    words = ["alarm", "normal", "alarm"]
    verdicts = [
        v for at, word in enumerate(words) for v in engine.take(reading("smoke-1", "smoke", word, at))
    ]
    assert said(verdicts) == [("yes", 0), ("no", 1), ("yes", 2)]


def test_two_points_are_judged_apart():
    engine = Engine(rule(SMOKE))
    engine.take(reading("smoke-1", "smoke", "alarm", 1))
    assert said(engine.take(reading("smoke-2", "smoke", "alarm", 2))) == [("yes", 2)]
    assert said(engine.take(reading("smoke-1", "smoke", "normal", 3))) == [("no", 3)]
    assert engine.memories.get("r", "smoke-2/smoke") is not None


@pytest.mark.parametrize("word", ["unknown", "fault", "disabled"])
def test_a_word_that_means_the_device_cannot_sense_never_clears_an_alarm(word):
    engine = Engine(rule(SMOKE, off_delay="10s"))
    engine.take(reading("smoke-1", "smoke", "alarm", 1))
    assert said(engine.take(reading("smoke-1", "smoke", word, 2))) == [("unknown", 2)]
    assert engine.take(reading("smoke-1", "smoke", word, 3)) == []
    assert engine.pass_time(10**9) == []
    (back,) = engine.take(reading("smoke-1", "smoke", "alarm", 10**9 + 1))
    assert (back.holds, back.since, back.again) == (Holds.YES, 1, False)


def test_unknown_while_clearing_stops_the_clearing():
    engine = Engine(rule(SMOKE, off_delay="10s"))
    engine.take(reading("smoke-1", "smoke", "alarm", 0))
    engine.take(reading("smoke-1", "smoke", "normal", 1000))
    assert said(engine.take(reading("smoke-1", "smoke", "unknown", 2000))) == [("unknown", 2000)]
    assert engine.pass_time(10**9) == []


def test_unknown_then_clearing_then_alarm_is_told():
    engine = Engine(rule(SMOKE, off_delay="10s"))
    for at, word in enumerate(["alarm", "unknown", "normal"]):
        engine.take(reading("smoke-1", "smoke", word, at))
    assert said(engine.take(reading("smoke-1", "smoke", "alarm", 4))) == [("yes", 4)]


def test_a_rule_at_rest_stays_at_rest_on_unknown():
    engine = Engine(rule(SMOKE))
    assert engine.take(reading("smoke-1", "smoke", "unknown", 1)) == []
    assert len(engine.memories) == 0


def test_a_rule_about_faults_takes_fault_and_disabled_as_they_are():
    engine = Engine(rule("{metric: smoke, is: [fault]}"))
    assert said(engine.take(reading("smoke-1", "smoke", "fault", 1))) == [("yes", 1)]
    assert said(engine.take(reading("smoke-1", "smoke", "disabled", 2))) == [("no", 2)]


def test_an_on_delay_fires_at_its_own_moment_however_late_it_is_looked_at():
    engine = Engine(rule("{metric: contact, is: [open]}", on_delay="10m"))
    assert engine.take(reading("door-1", "contact", "open", 1000)) == []
    assert engine.memories.next_due() == 601_000
    assert engine.pass_time(600_999) == []
    (verdict,) = engine.pass_time(900_000)
    assert (verdict.holds, verdict.moment, verdict.since) == (Holds.YES, 601_000, 1000)
    assert verdict.evidence[0].received == 1000


def test_a_condition_gone_before_its_on_delay_says_nothing():
    engine = Engine(rule("{metric: contact, is: [open]}", on_delay="10m"))
    engine.take(reading("door-1", "contact", "open", 0))
    engine.take(reading("door-1", "contact", "closed", 599_999))
    assert engine.pass_time(10**9) == []
    assert len(engine.memories) == 0
    assert engine.memories.next_due() is None


def test_a_deadline_at_the_very_moment_of_a_reading_has_passed():
    engine = Engine(rule("{metric: contact, is: [open]}", on_delay="10s"))
    engine.take(reading("door-1", "contact", "open", 0))
    verdicts = engine.take(reading("door-1", "contact", "closed", 10_000))
    assert said(verdicts) == [("yes", 10_000), ("no", 10_000)]


def test_a_repeat_does_not_start_the_on_delay_again():
    engine = Engine(rule("{metric: contact, is: [open]}", on_delay="10s"))
    engine.take(reading("door-1", "contact", "open", 0))
    engine.take(reading("door-1", "contact", "open", 9000))
    assert said(engine.pass_time(10_000)) == [("yes", 10_000)]


def test_unknown_does_not_stop_an_on_delay():
    engine = Engine(rule("{metric: contact, is: [open]}", on_delay="10s"))
    engine.take(reading("door-1", "contact", "open", 0))
    engine.take(reading("door-1", "contact", "unknown", 5000))
    assert said(engine.pass_time(10_000)) == [("yes", 10_000)]


def test_chatter_within_the_off_delay_is_one_activation():
    engine = Engine(rule(SMOKE, off_delay="10s"))
    words = ["alarm", "normal"] * 50
    verdicts = [
        v for at, word in enumerate(words) for v in engine.take(reading("smoke-1", "smoke", word, at * 100))
    ]
    assert said(verdicts) == [("yes", 0)]
    (normal,) = engine.pass_time(10**9)
    assert (normal.holds, normal.moment, normal.since) == (Holds.NO, 19_900, 9900)


def test_a_restored_alarm_raises_and_says_that_it_was_restored():
    engine = Engine(rule(SMOKE))
    (verdict,) = engine.take(reading("smoke-1", "smoke", "alarm", 1, retained=True))
    assert verdict.retained
    assert engine.take(reading("smoke-1", "smoke", "alarm", 2, retained=True)) == []
    assert engine.take(reading("smoke-1", "smoke", "alarm", 3)) == []


def test_a_restored_state_older_than_a_live_alarm_does_not_clear_it():
    engine = Engine(rule(SMOKE))
    engine.take(reading("smoke-1", "smoke", "alarm", 1000, event_time=900))
    assert engine.take(reading("smoke-1", "smoke", "normal", 2000, event_time=800, retained=True)) == []
    assert said(engine.take(reading("smoke-1", "smoke", "normal", 3000, event_time=950, retained=True))) == [
        ("no", 3000)
    ]


def test_the_most_important_rule_speaks_first():
    engine = Engine(
        rule("{metric: smoke, is: [alarm]}", "status", name="a"),
        rule("{metric: smoke, is: [alarm]}", "alarm", name="z", priority="2"),
        rule("{metric: smoke, is: [alarm]}", "alarm", name="m", priority="1"),
    )
    verdicts = engine.take(reading("smoke-1", "smoke", "alarm", 1))
    assert [verdict.rule for verdict in verdicts] == ["m", "z", "a"]


def test_only_the_alarm_of_a_life_safety_device_is_a_life_safety_verdict():
    engine = Engine(
        rule("{metric: smoke, is: [alarm]}", "alarm", name="fire"),
        rule("{metric: battery_low, is: [low]}", "trouble", name="battery"),
        rule("{metric: contact, is: [open]}", "alarm", name="door"),
    )
    assert engine.take(reading("smoke-1", "smoke", "alarm", 1))[0].life_safety
    assert not engine.take(reading("smoke-1", "battery_low", "low", 1))[0].life_safety
    assert not engine.take(reading("door-1", "contact", "open", 1))[0].life_safety


def test_a_rule_may_judge_the_device_instead_of_the_point():
    engine = Engine(rule("{metric: supervision, is: [silent]}", subject="device"))
    (verdict,) = engine.take(reading("smoke-1", "supervision", "silent", 1))
    assert verdict.subject == "smoke-1"
    assert verdict.evidence[0].metric == "supervision"


def test_a_normal_that_its_alarm_overtook_on_the_way_ends_nothing():
    engine = Engine(rule(SMOKE, off_delay="10s"))
    engine.take(reading("smoke-1", "smoke", "alarm", 2000, event_time=1900))
    assert engine.take(reading("smoke-1", "smoke", "normal", 3000, event_time=1000)) == []
    assert engine.pass_time(10**6) == []
    engine.take(reading("smoke-1", "smoke", "normal", 10**6, event_time=10**6 - 1))
    assert said(engine.pass_time(10**9)) == [("no", 10**6 + 10_000)]


def test_an_alarm_that_comes_late_is_raised_although_normal_was_heard_before():
    engine = Engine(rule(SMOKE, off_delay="10s"))
    engine.take(reading("smoke-1", "smoke", "normal", 2000, event_time=1900))
    assert said(engine.take(reading("smoke-1", "smoke", "alarm", 3000, event_time=1000))) == [("yes", 3000)]


def test_without_a_clock_of_the_device_the_order_of_arrival_counts():
    engine = Engine(rule(SMOKE))
    engine.take(reading("smoke-1", "smoke", "alarm", 2000))
    assert said(engine.take(reading("smoke-1", "smoke", "normal", 3000, event_time=1000))) == [("no", 3000)]
