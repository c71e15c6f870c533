"""Thinks. What the comparison with a point's own past promises: this hour of the weeks before, or unknown."""

import pytest

from rules.baseline import HOUR, Baselines, Slot, Typical, Week, typical
from rules.parse import parse
from rules.verdict import Holds
from tests.fakes.engine import Engine, reading, rule
from tests.fakes.words import english

WEEKS = (Week(1, 20.0, 1.0), Week(2, 22.0, 1.0), Week(3, 24.0, 1.0), Week(5, 99.0, 0.0))
LATER = 3 * HOUR


def known(weeks: tuple[Week, ...] = WEEKS, hours: int = 6) -> Baselines:
    return {Slot("store-1", "temperature", hour): weeks for hour in range(hours)}


def told(past: str, values: list, baselines: Baselines | None = None, deadband: str = "") -> list:
    engine = Engine(
        rule(f"{{metric: temperature, past: {past}{deadband}}}"),
        baselines=known() if baselines is None else baselines,
    )
    verdicts = [
        v for at, n in enumerate(values) for v in engine.take(reading("store-1", "temperature", n, at))
    ]
    return [(verdict.holds.value, verdict.moment) for verdict in verdicts]


def test_every_week_counts_the_same_and_only_those_that_are_asked_for():
    assert typical(WEEKS, 4) == Typical(22.0, pytest.approx((1 + 8 / 3) ** 0.5), 3)
    assert typical(WEEKS, 1) == Typical(20.0, 1.0, 1)
    assert typical((), 4) is None


@pytest.mark.parametrize(
    ("past", "values", "expected"),
    [
        ("{above: 3}", [25.0, 25.1, 25.0], [("yes", 1), ("no", 2)]),
        ("{below: 3}", [19.0, 18.9, 19.0], [("yes", 1), ("no", 2)]),
        ("{above: 1.5, by: times}", [33.0, 33.1], [("yes", 1)]),
        ("{below: 0.5, by: times}", [11.0, 10.9], [("yes", 1)]),
        ("{above: 2, by: deviations}", [25.8, 25.9], [("yes", 1)]),
        ("{below: 2, by: deviations}", [18.2, 18.1], [("yes", 1)]),
        ("{above: 3, weeks: 1, at_least: 1}", [23.0, 23.1], [("yes", 1)]),
    ],
)
def test_it_holds_beyond_the_limit_of_this_hour(past, values, expected):
    assert told(past, values) == expected


def test_it_lets_go_by_the_whole_deadband():
    assert told("{above: 3}", [26.0, 24.1, 24.0], deadband=", deadband: 1") == [("yes", 0), ("no", 2)]


@pytest.mark.parametrize(
    ("past", "weeks"),
    [
        ("{above: 3}", ()),
        ("{above: 3}", (Week(1, 20.0, 1.0),)),
        ("{above: 3, weeks: 12, at_least: 5}", WEEKS),
        ("{above: 2, by: times}", (Week(1, -5.0, 0.0), Week(2, -5.0, 0.0))),
        ("{above: 2, by: deviations}", (Week(1, 20.0, 0.0), Week(2, 20.0, 0.0))),
    ],
)
def test_a_past_that_says_too_little_raises_nothing_and_is_never_normal(past, weeks):
    assert told(past, [300.0], known(weeks)) == []
    holding = {Slot("store-1", "temperature", 0): WEEKS, Slot("store-1", "temperature", 1): weeks}
    engine = Engine(rule(f"{{metric: temperature, past: {past}}}"), baselines=holding)
    if engine.take(reading("store-1", "temperature", 300.0, 0)):
        (verdict,) = engine.take(reading("store-1", "temperature", 20.0, HOUR))
        assert verdict.holds is Holds.UNKNOWN


def test_the_evidence_says_what_it_was_compared_with_and_on_how_many_weeks_it_stands():
    engine = Engine(rule("{metric: temperature, past: {above: 3}}", on_delay="10m"), baselines=known(hours=1))
    engine.take(reading("store-1", "temperature", 30.0, HOUR - 1))
    (verdict,) = engine.pass_time(LATER)
    assert (
        english(verdict.evidence[0].compared) == "above 3 beside its own past: this hour of the last 4 weeks"
    )
    assert english(verdict.evidence[0].note).startswith("at this hour usually 22 ± 1.9, 3 of 4 weeks")


def test_a_reading_is_compared_with_the_hour_in_which_it_happened():
    engine = Engine(rule("{metric: temperature, past: {above: 3}}"), baselines=known(hours=1))
    assert engine.take(reading("store-1", "temperature", 30.0, LATER)) == []
    assert engine.take(reading("store-1", "temperature", 30.0, LATER, event_time=HOUR - 1))


@pytest.mark.parametrize(
    ("past", "wrong"),
    [
        ("3", "expected above or below, such as {above: 3}"),
        ("{}", "expected exactly one of: above, below"),
        ("{above: 3, below: 3}", "expected exactly one of: above, below"),
        ("{above: 0}", "expected more than 0"),
        ("{above: 3, by: percent}", "difference"),
        ("{above: 3, weeks: 13}", "expected a whole number from 1 to 12"),
        ("{above: 3, at_least: 5}", "expected a whole number from 1 to 4"),
        ("{abov: 3}", "did you mean 'above'?"),
    ],
)
def test_a_mistake_is_said_with_what_to_do(past, wrong):
    found: list[str] = []
    parse("rules:\n" + rule(f"{{metric: temperature, past: {past}}}"), "lab.yaml", {}, found)
    assert found
    assert all(one.startswith("lab.yaml:4:") for one in found)
    assert wrong in "\n".join(found)
