"""Thinks. What thresholds, events and silence promise."""

import math

from rules.memory import State
from rules.verdict import Holds
from tests.fakes.engine import Engine, reading, rule
from tests.fakes.words import english

HOT = "{metric: temperature, above: 30, deadband: 2}"
LOW = "{metric: battery, below: 20, deadband: 5}"
PRESS = "{metric: press, happens: [alarm], hold: 60s}"
QUIET = "{metric: temperature, silent_for: 90s}"


def values(engine: Engine, metric: str, numbers: list, device: str = "store-1") -> list:
    verdicts = [v for at, n in enumerate(numbers) for v in engine.take(reading(device, metric, n, at))]
    return [(verdict.holds.value, verdict.moment) for verdict in verdicts]


def test_a_limit_itself_is_not_above_it():
    assert values(Engine(rule(HOT)), "temperature", [29.0, 30.0, 30.1]) == [("yes", 2)]


def test_a_threshold_lets_go_only_when_the_deadband_is_left():
    assert values(Engine(rule(HOT)), "temperature", [31.0, 29.0, 28.1, 28.0]) == [("yes", 0), ("no", 3)]


def test_a_value_inside_the_deadband_raises_nothing():
    assert values(Engine(rule(HOT)), "temperature", [29.0, 29.9]) == []


def test_below_is_the_mirror_of_above():
    numbers = [20.0, 19.9, 24.9, 25.0]
    assert values(Engine(rule(LOW)), "battery", numbers) == [("yes", 1), ("no", 3)]


def test_a_threshold_without_a_deadband_has_none():
    engine = Engine(rule("{metric: temperature, above: 30}"))
    assert values(engine, "temperature", [31.0, 30.0]) == [("yes", 0), ("no", 1)]


def test_a_number_that_is_none_makes_a_holding_threshold_unknown_and_never_normal():
    for nothing in (math.nan, "unknown"):
        assert values(Engine(rule(HOT)), "temperature", [31.0, nothing, nothing, 31.0]) == [
            ("yes", 0), ("unknown", 1), ("yes", 3),
        ]  # fmt: skip
        assert values(Engine(rule(HOT)), "temperature", [nothing]) == []


def test_every_press_is_a_new_occurrence():
    engine = Engine(rule(PRESS))
    (first,) = engine.take(reading("panic-1", "press", "alarm", 0))
    (second,) = engine.take(reading("panic-1", "press", "alarm", 30_000))
    assert (first.holds, first.again, first.since) == (Holds.YES, False, 0)
    assert (second.holds, second.again, second.since) == (Holds.YES, True, 30_000)


def test_an_event_is_normal_again_a_hold_after_the_last_press():
    engine = Engine(rule(PRESS))
    engine.take(reading("panic-1", "press", "alarm", 0))
    engine.take(reading("panic-1", "press", "alarm", 30_000))
    assert engine.pass_time(89_999) == []
    (normal,) = engine.pass_time(10**9)
    assert (normal.holds, normal.moment) == (Holds.NO, 90_000)
    assert len(engine.memories) == 0


def test_an_event_lasts_a_minute_where_no_hold_is_given():
    engine = Engine(rule("{metric: press, happens: alarm}"))
    engine.take(reading("panic-1", "press", "alarm", 0))
    assert engine.memories.next_due() == 60_000


def test_another_word_of_an_event_says_nothing():
    engine = Engine(rule(PRESS))
    assert engine.take(reading("panic-1", "press", "test", 0)) == []
    assert engine.take(reading("panic-1", "press", "unknown", 0)) == []
    engine.take(reading("panic-1", "press", "alarm", 0))
    assert engine.take(reading("panic-1", "press", "test", 1)) == []


def test_a_restored_press_rings_once_while_it_stands_and_never_after():
    engine = Engine(rule(PRESS))
    (verdict,) = engine.take(reading("panic-1", "press", "alarm", 50_000, event_time=1000, retained=True))
    assert verdict.retained
    assert engine.take(reading("panic-1", "press", "alarm", 51_000, event_time=1000, retained=True)) == []
    engine.pass_time(10**6)
    assert engine.take(reading("panic-1", "press", "alarm", 10**6, event_time=1000, retained=True)) == []
    assert engine.take(reading("panic-1", "press", "alarm", 10**6, retained=True)) == []  # of no known time


def test_a_metric_never_heard_is_silent_a_span_after_the_start():
    engine = Engine(rule(QUIET, only="{device: store-1}"))
    engine.arm(1000)
    (verdict,) = engine.pass_time(10**9)
    assert (verdict.holds, verdict.subject, verdict.moment) == (Holds.YES, "store-1/temperature", 91_000)
    assert verdict.since == 1000
    assert (verdict.evidence[0].value, english(verdict.evidence[0].note)) == ("unknown", "never heard")


def test_every_reading_puts_the_silence_off():
    engine = Engine(rule(QUIET))
    for at in range(0, 300_000, 60_000):
        assert engine.take(reading("store-1", "temperature", 20.0, at)) == []
    (verdict,) = engine.pass_time(10**9)
    assert (verdict.moment, verdict.since) == (330_000, 240_000)


def test_a_reading_ends_the_silence_and_the_wait_begins_again():
    engine = Engine(rule(QUIET))
    engine.take(reading("store-1", "temperature", 20.0, 0))
    engine.pass_time(90_000)
    (heard,) = engine.take(reading("store-1", "temperature", 20.0, 100_000))
    assert heard.holds is Holds.NO
    assert engine.memories.next_due() == 190_000


def test_what_is_heard_during_the_off_delay_counts_for_the_next_wait():
    engine = Engine(rule(QUIET, off_delay="80s"))
    engine.take(reading("store-1", "temperature", 20.0, 0))
    engine.pass_time(90_000)
    for at in (100_000, 170_000):
        assert engine.take(reading("store-1", "temperature", 20.0, at)) == []
    verdicts = engine.pass_time(259_999)
    assert [(v.holds, v.moment, v.since) for v in verdicts] == [(Holds.NO, 180_000, 100_000)]
    assert [v.moment for v in engine.pass_time(260_000)] == [260_000]


def test_silence_is_counted_from_when_a_reading_came_not_from_what_a_wrong_clock_says():
    engine = Engine(rule(QUIET))
    engine.take(reading("store-1", "temperature", 20.0, 100_000, event_time=40_000))
    assert engine.memories.next_due() == 190_000


def test_of_several_limits_on_one_metric_each_is_kept():
    engine = Engine(
        rule("{metric: temperature, above: 60}", name="z-hot"),
        rule("{metric: temperature, above: 30}", name="warm"),
        rule("{metric: temperature, below: 5}", name="cold"),
        rule("{metric: temperature, below: -10}", name="frost"),
    )
    raised = [
        {v.rule for v in engine.take(reading("store-1", "temperature", value, at)) if v.holds is Holds.YES}
        for at, value in enumerate([31.0, 61.0, 20.0, 4.0, -11.0])
    ]
    assert raised == [{"warm"}, {"z-hot"}, set(), {"cold"}, {"frost"}]


def test_a_restored_or_empty_reading_is_not_a_sign_of_life():
    engine = Engine(rule(QUIET))
    engine.take(reading("store-1", "temperature", 20.0, 0))
    engine.take(reading("store-1", "temperature", 20.0, 50_000, retained=True))
    engine.take(reading("store-1", "temperature", "unknown", 60_000))
    assert [verdict.moment for verdict in engine.pass_time(90_000)] == [90_000]


def test_our_own_absence_is_not_the_devices_silence():
    engine = Engine(rule(QUIET, only="{device: store-1}"))
    engine.arm(0)
    engine.arm(50_000)  # a quick restart leaves a running wait as it is
    assert engine.memories.next_due() == 90_000
    engine.arm(10**6)
    assert engine.memories.next_due() == 10**6 + 90_000


def test_only_devices_that_can_report_the_metric_are_waited_for():
    engine = Engine(rule(QUIET))
    engine.arm(0)
    assert {row.subject for row in engine.memories} == {
        f"{name}/temperature" for name in ("smoke-1", "smoke-2", "store-1")
    }
    assert {row.state for row in engine.memories} == {State.WAITING}


def test_deadlines_fire_in_order_of_moment_then_rule_then_subject():
    contact = "{metric: contact, is: [open]}"
    light = "{metric: power, is: [battery]}"
    engine = Engine(
        rule(contact, name="b", on_delay="10s"),
        rule(light, name="a", on_delay="10s"),
        rule(contact, name="c", on_delay="5s"),
    )
    engine.take(reading("door-1", "contact", "open", 0))
    engine.take(reading("light-1", "power", "battery", 0))
    assert [(v.moment, v.rule) for v in engine.pass_time(10**6)] == [
        (5000, "c"),
        (10_000, "a"),
        (10_000, "b"),
    ]
