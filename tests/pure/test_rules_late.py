"""Thinks. What rules make of readings that were overtaken or come late, as docs/rules.md says."""

import pytest

from rules.baseline import Slot, Week
from tests.fakes.engine import Engine, reading, rule

S = 1000
USUAL = {Slot("store-1", "temperature", 0): (Week(1, 20.0, 1.0), Week(2, 20.0, 1.0))}
TEMPERATURE, CONTACT = ("store-1", "temperature"), ("door-1", "contact")
PRESS, SMOKE = ("panic-1", "press"), ("smoke-1", "smoke")
HOT, LATE_COLD = [(10 * S, 9 * S, 40.0)], (12 * S, 5 * S, 20.0)


def told(when: str, point: tuple[str, str], story: list) -> list:
    """What is said of readings (received, happened, value)."""
    engine = Engine(rule(when), baselines=USUAL)
    verdicts = [
        verdict
        for received, happened, value in story
        for verdict in engine.take(reading(*point, value, received, event_time=happened))
    ]
    return [(verdict.holds.value, verdict.moment) for verdict in verdicts]


@pytest.mark.parametrize(
    ("when", "point", "first", "late"),
    [
        ("{metric: smoke, is: [alarm]}", SMOKE, [(10 * S, 9 * S, "alarm")], (12 * S, 5 * S, "normal")),
        ("{metric: smoke, is: [alarm]}", SMOKE, [(10 * S, 9 * S, "alarm")], (12 * S, 5 * S, "unknown")),
        ("{metric: temperature, above: 30}", TEMPERATURE, HOT, LATE_COLD),
        ("{metric: temperature, past: {above: 5}}", TEMPERATURE, HOT, LATE_COLD),
        ('{metric: temperature, expression: "reading.value > 30.0"}', TEMPERATURE, HOT, LATE_COLD),
        (
            '{metric: temperature, expression: "reading.value > 30.0 && now.getHours() < 24"}',
            TEMPERATURE, HOT, LATE_COLD,
        ),
        (
            "{metric: temperature, rises: 8, within: 1m}",
            TEMPERATURE, [(5 * S, 4 * S, 20.0), *HOT], (12 * S, 8 * S, 39.0),
        ),
        (
            "{metric: contact, changes: {from: closed, to: open}, hold: 1h}",
            CONTACT, [(5 * S, 4 * S, "closed"), (10 * S, 9 * S, "open")], (12 * S, 5 * S, "closed"),
        ),
        (
            "{metric: temperature, same_for: 2s}",
            TEMPERATURE, [(5 * S, 4 * S, 20.0), (10 * S, 9 * S, 20.0)], (12 * S, 3 * S, 40.0),
        ),
    ],
)  # fmt: skip
def test_what_happened_before_it_does_not_end_what_holds(when, point, first, late):
    held = told(when, point, first)
    assert [holds for holds, _ in held] == ["yes"]
    assert told(when, point, [*first, late]) == held


@pytest.mark.parametrize(
    ("when", "point", "value", "resting"),
    [
        ("{metric: smoke, is: [alarm]}", SMOKE, "alarm", "normal"),
        ("{metric: temperature, above: 30}", TEMPERATURE, 40.0, 20.0),
        ("{metric: temperature, past: {above: 5}}", TEMPERATURE, 40.0, 20.0),
        ('{metric: temperature, expression: "reading.value > 30.0"}', TEMPERATURE, 40.0, 20.0),
        ("{metric: press, happens: [alarm]}", PRESS, "alarm", "test"),
    ],
)
def test_an_alarm_that_was_overtaken_is_raised_as_ever(when, point, value, resting):
    """From its receipt on: nobody may be told that a delay began before the message was there."""
    story = [(10 * S, 9 * S, resting), (12 * S, 5 * S, value)]
    assert told(when, point, story) == [("yes", 12 * S)]


def test_each_press_rings_in_whatever_order_they_come():
    presses = [(10 * S, 9 * S, "alarm"), (12 * S, 5 * S, "alarm")]
    assert told("{metric: press, happens: [alarm]}", PRESS, presses) == [("yes", 10 * S), ("yes", 12 * S)]


def test_a_state_that_was_overtaken_is_no_further_activation():
    chatters = "{metric: smoke, is: [alarm], times: 2, within: 1m}"
    story = [(10 * S, 9 * S, "alarm"), (12 * S, 5 * S, "normal"), (13 * S, 12 * S, "alarm")]
    assert told(chatters, SMOKE, story) == []
    in_order = [(10 * S, 9 * S, "alarm"), (12 * S, 11 * S, "normal"), (13 * S, 12 * S, "alarm")]
    assert told(chatters, SMOKE, in_order) == [("yes", 13 * S)]


def test_a_device_without_a_clock_is_taken_in_the_order_of_arrival():
    engine = Engine(rule("{metric: smoke, is: [alarm]}"))
    engine.take(reading("smoke-1", "smoke", "alarm", 10 * S))
    (verdict,) = engine.take(reading("smoke-1", "smoke", "normal", 12 * S))
    assert verdict.holds.value == "no"
