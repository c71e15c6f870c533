"""Thinks. What a rule about a change of state promises, and one about what happens too often."""

import pytest

from rules.verdict import Holds
from tests.fakes.engine import Engine, reading, rule
from tests.fakes.words import english

OPENED = "{metric: contact, changes: {from: closed, to: open}, hold: 60s}"
CHATTER = "{metric: smoke, is: [alarm], times: 3, within: 60s}"
PRESSES = "{metric: press, happens: [alarm], times: 3, within: 10s}"


def words(engine: Engine, *story: tuple[str, int], device: str = "door-1", metric: str = "contact") -> list:
    verdicts = [v for word, at in story for v in engine.take(reading(device, metric, word, at))]
    return [(verdict.holds.value, verdict.moment) for verdict in verdicts]


def test_a_change_is_told_and_says_from_what_to_what():
    engine = Engine(rule(OPENED))
    engine.take(reading("door-1", "contact", "closed", 1000))
    (verdict,) = engine.take(reading("door-1", "contact", "open", 5000))
    assert (verdict.holds, verdict.moment, verdict.again) == (Holds.YES, 5000, False)
    assert [(one.value, one.received) for one in verdict.evidence] == [("closed", 1000), ("open", 5000)]
    assert english(verdict.evidence[0].compared) == "changes from closed to open"


def test_a_first_word_is_no_change_and_neither_is_a_repeat():
    assert words(Engine(rule(OPENED)), ("open", 0), ("open", 1)) == []
    assert words(Engine(rule(OPENED)), ("closed", 0), ("closed", 1)) == []


def test_a_change_is_over_a_hold_later_although_the_word_stands():
    engine = Engine(rule(OPENED))
    words(engine, ("closed", 0), ("open", 1000))
    assert [(v.holds, v.moment) for v in engine.pass_time(10**9)] == [(Holds.NO, 61_000)]
    assert len(engine.memories) == 0
    assert words(engine, ("open", 10**9)) == []


def test_each_further_change_is_a_new_occurrence():
    engine = Engine(rule(OPENED))
    told = [
        v
        for word, at in (("closed", 0), ("open", 1), ("closed", 2), ("open", 3))
        for v in engine.take(reading("door-1", "contact", word, at))
    ]
    assert [(v.holds, v.moment, v.again) for v in told] == [(Holds.YES, 1, False), (Holds.YES, 3, True)]
    assert engine.memories.next_due() == 60_003


def test_what_the_device_does_not_know_is_no_change_and_is_looked_through():
    assert words(Engine(rule(OPENED)), ("closed", 0), ("unknown", 1)) == []
    assert words(Engine(rule(OPENED)), ("closed", 0), ("unknown", 1), ("open", 2)) == [("yes", 2)]


def test_a_change_that_happened_unheard_is_found_when_the_state_is_restored():
    engine = Engine(rule(OPENED))
    engine.take(reading("door-1", "contact", "closed", 0))
    (verdict,) = engine.take(reading("door-1", "contact", "open", 9000, retained=True))
    assert verdict.retained


def test_an_overtaken_word_is_no_change_back():
    engine = Engine(rule(OPENED))
    engine.take(reading("door-1", "contact", "closed", 1000, event_time=900))
    engine.take(reading("door-1", "contact", "open", 3000, event_time=2900))
    assert engine.take(reading("door-1", "contact", "closed", 4000, event_time=2000)) == []
    assert engine.take(reading("door-1", "contact", "open", 5000, event_time=4900)) == []


@pytest.mark.parametrize(
    ("changes", "story", "told"),
    [
        ("{to: open}", [("open", 0), ("closed", 1), ("open", 2)], [("yes", 2)]),
        ("{from: closed}", [("open", 0), ("closed", 1), ("open", 2)], [("yes", 2)]),
    ],
)
def test_one_side_of_a_change_is_enough(changes, story, told):
    assert words(Engine(rule(f"{{metric: contact, changes: {changes}}}")), *story) == told


def test_the_third_alarm_within_a_minute_is_chatter_and_one_alert_counts_on():
    engine = Engine(rule(CHATTER))
    told = []
    for at in range(0, 50_000, 10_000):
        told += engine.take(reading("smoke-1", "smoke", "alarm", at))
        told += engine.take(reading("smoke-1", "smoke", "normal", at + 5000))
    assert [(v.holds, v.moment, v.again) for v in told] == [
        (Holds.YES, 20_000, False), (Holds.YES, 30_000, False), (Holds.YES, 40_000, False),
    ]  # fmt: skip
    assert [english(v.evidence[0].note) for v in told] == [f"{n} activations" for n in (3, 4, 5)]
    assert {v.since for v in told} == {0}
    (normal,) = engine.pass_time(10**9)
    assert (normal.holds, normal.moment) == (Holds.NO, 100_000)
    assert english(normal.evidence[0].note) == "5 activations"
    assert len(engine.memories) == 0


FLEETING = "{metric: smoke, is: [alarm], times: 2, within: 60s, shorter_than: 5s}"


@pytest.mark.parametrize(
    ("lasted", "expected"),
    [
        ((1, 1), [("yes", 31)]),
        ((4.999, 4.999), [("yes", 34.999)]),
        ((5, 1), []),  # it lasted
        ((1, 300), []),
        ((1, 1, 1), [("yes", 31), ("yes", 61)]),
        ((1, 20, 1), [("yes", 61)]),
    ],
)
def test_only_what_came_and_went_in_a_moment_is_fleeting_and_it_is_known_when_it_is_over(lasted, expected):
    engine, told = Engine(rule(FLEETING)), []
    for number, length in enumerate(lasted):
        at = number * 30_000
        told += engine.take(reading("smoke-1", "smoke", "alarm", at))
        told += engine.take(reading("smoke-1", "smoke", "alarm", at + 500))  # a repeat is nothing new
        told += engine.take(reading("smoke-1", "smoke", "normal", at + int(length * 1000)))
    assert [(v.holds.value, v.moment / 1000) for v in told] == expected
    for verdict in told:
        assert verdict.evidence[0].value == "alarm"
        assert verdict.evidence[0].event_time % 30_000 == 0  # when it began
    assert english(engine.rules.rules[0].compared) == "2 times in 60 s: is alarm, each for less than 5 s"
    engine.pass_time(10**9)
    assert len(engine.memories) == 0


def test_a_fleeting_alarm_that_then_stays_ends_the_count_and_is_not_forgotten():
    engine = Engine(rule(FLEETING))
    for at, word in ((0, "alarm"), (1000, "normal"), (2000, "alarm"), (3000, "normal"), (4000, "alarm")):
        told = engine.take(reading("smoke-1", "smoke", word, at))
    (normal,) = engine.pass_time(10**6)
    assert (normal.holds, normal.moment) == (Holds.NO, 63_000)
    assert engine.take(reading("smoke-1", "smoke", "alarm", 10**6 + 1)) == []
    assert engine.take(reading("smoke-1", "smoke", "normal", 10**6 + 2)) == []
    assert len(engine.memories) == 0
    assert told == []


def test_two_alarms_or_three_in_a_longer_time_are_no_chatter():
    for times in ((0, 30_000), (0, 30_000, 60_001)):
        engine = Engine(rule(CHATTER))
        for at in times:
            assert words(engine, ("alarm", at), ("normal", at + 1), device="smoke-1", metric="smoke") == []
        assert engine.pass_time(10**9) == []
        assert len(engine.memories) == 0


def test_an_alarm_that_stands_or_is_repeated_is_one_activation():
    engine = Engine(rule(CHATTER))
    story = [("alarm", at) for at in range(0, 60_000, 5000)] + [("unknown", 60_000), ("alarm", 60_001)]
    assert words(engine, *story, device="smoke-1", metric="smoke") == []


def test_chatter_ends_although_the_alarm_stands_and_what_stands_is_not_counted_again():
    engine = Engine(rule(CHATTER))
    story = [("alarm", 0), ("normal", 1), ("alarm", 2), ("normal", 3), ("alarm", 4)]
    assert words(engine, *story, device="smoke-1", metric="smoke") == [("yes", 4)]
    assert [(v.holds, v.moment) for v in engine.pass_time(10**6)] == [(Holds.NO, 60_004)]
    assert words(engine, ("alarm", 10**6), device="smoke-1", metric="smoke") == []
    assert words(engine, ("normal", 10**6 + 1), device="smoke-1", metric="smoke") == []
    assert engine.pass_time(10**9) == []
    assert len(engine.memories) == 0


def test_presses_and_limits_are_counted_too():
    assert words(
        Engine(rule(PRESSES)), *[("alarm", at) for at in (0, 1, 2)], device="panic-1", metric="press"
    ) == [("yes", 2)]
    engine = Engine(rule("{metric: temperature, above: 30, deadband: 2, times: 2, within: 60s}"))
    numbers = [31.0, 29.0, 31.0, 27.0, 31.0]
    told = [v for at, n in enumerate(numbers) for v in engine.take(reading("store-1", "temperature", n, at))]
    assert [(v.holds, v.moment) for v in told] == [(Holds.YES, 4)]


def test_activations_are_counted_by_when_they_happened():
    engine = Engine(rule(PRESSES))
    for at, happened in ((20_000, 1000), (20_001, 9600), (20_002, 19_500)):
        assert engine.take(reading("panic-1", "press", "alarm", at, event_time=happened)) == []
    (verdict,) = engine.take(reading("panic-1", "press", "alarm", 20_003, event_time=19_600))
    assert verdict.since == 9600


def test_a_restored_press_is_not_counted():
    engine = Engine(rule(PRESSES))
    for at in range(5):
        assert engine.take(reading("panic-1", "press", "alarm", at, retained=True)) == []
