"""Thinks. What rate of rise and a stuck number promise."""

import pytest

from rules.verdict import Holds
from tests.fakes.engine import Engine, reading, rule
from tests.fakes.words import english

RISES = "{metric: temperature, rises: 8, within: 1m, deadband: 2}"
STUCK = "{metric: temperature, same_for: 1h}"


def told(engine: Engine, samples: list, device: str = "store-1") -> list:
    verdicts = [v for at, n in samples for v in engine.take(reading(device, "temperature", n, at * 1000))]
    return [(verdict.holds.value, verdict.moment // 1000) for verdict in verdicts]


@pytest.mark.parametrize(
    ("samples", "expected"),
    [
        ([(0, 20.0), (60, 28.0)], [("yes", 60)]),
        ([(0, 20.0), (60, 27.9)], []),
        ([(0, 20.0), (67, 28.0)], [("yes", 67)]),
        ([(0, 20.0), (68, 28.0)], []),  # longer ago than the window and its eighth
        ([(at, 20.0 + at * 8 / 60) for at in range(0, 70, 10)], [("yes", 60)]),
        ([(at, 20.0 + at * 6 / 60) for at in range(0, 600, 10)], []),
        ([(0, 30.0), (10, 20.0), (20, 28.0)], [("yes", 20)]),
        ([(0, 20.0), (10, 12.0), (20, 5.0)], []),
        ([(at * 20, 20.0) for at in range(9)] + [(200, 28.0)], [("yes", 200)]),
    ],
)
def test_a_rise_within_the_window_is_told(samples, expected):
    assert told(Engine(rule(RISES)), samples) == expected


def test_the_evidence_says_from_where_to_where():
    engine = Engine(rule(RISES))
    engine.take(reading("store-1", "temperature", 20.0, 5000))
    (verdict,) = engine.take(reading("store-1", "temperature", 29.5, 50_000))
    assert [(one.value, one.event_time) for one in verdict.evidence] == [(20.0, 5000), (29.5, 50_000)]
    assert english(verdict.evidence[1].compared) == "rises by 8 within 60 s"


def test_falling_is_the_mirror_of_rising():
    engine = Engine(rule("{metric: temperature, falls: 5, within: 10m}"))
    assert told(engine, [(0, 20.0), (300, 25.0), (500, 20.0)]) == [("yes", 500)]


def test_a_rise_that_slows_down_ends_below_the_deadband():
    engine = Engine(rule(RISES))
    assert told(engine, [(0, 20.0), (30, 28.5), (50, 26.5), (55, 25.9)]) == [("yes", 30), ("no", 55)]


def test_a_value_that_is_none_makes_a_rise_unknown_and_is_no_sample():
    engine = Engine(rule(RISES))
    assert told(engine, [(0, 20.0), (30, 29.0), (40, "unknown"), (45, 29.0)]) == [
        ("yes", 30), ("unknown", 40), ("yes", 45),
    ]  # fmt: skip


def test_a_sample_overtaken_on_its_way_still_counts_in_the_window():
    engine = Engine(rule(RISES))
    engine.take(reading("store-1", "temperature", 25.0, 30_000, event_time=29_000))
    engine.take(reading("store-1", "temperature", 20.0, 31_000, event_time=10_000))
    (verdict,) = engine.take(reading("store-1", "temperature", 28.0, 40_000, event_time=39_000))
    assert verdict.evidence[0].value == 20.0


def test_a_restored_number_is_no_sample():
    engine = Engine(rule(RISES))
    engine.take(reading("store-1", "temperature", 20.0, 0, retained=True))
    assert told(engine, [(1, 40.0)]) == []


def test_a_window_is_a_handful_of_samples_whatever_comes():
    engine = Engine(rule(RISES))
    for at in range(2000):
        engine.take(reading("store-1", "temperature", 20.0 + (at * 7919 % 1000) / 200, at * 100))
        (row,) = engine.memories
        assert len(row.trail) <= 160


def test_a_window_waits_for_no_deadline_and_what_is_too_old_in_it_means_nothing():
    engine = Engine(rule(RISES))
    engine.take(reading("store-1", "temperature", 20.0, 0))
    assert (engine.pass_time(10**9), engine.memories.next_due()) == ([], None)
    assert told(engine, [(10**6, 60.0), (10**6 + 30, 68.0)]) == [("yes", 10**6 + 30)]
    (row,) = engine.memories
    assert len(row.trail) == 32  # the first sample is gone


def test_a_rise_waits_for_its_on_delay_and_ends_after_its_off_delay():
    engine = Engine(rule(RISES, on_delay="10s", off_delay="20s"))
    assert told(engine, [(0, 20.0), (30, 29.0)]) == []
    assert [(v.holds, v.moment) for v in engine.pass_time(40_000)] == [(Holds.YES, 40_000)]
    assert told(engine, [(50, 20.0)]) == []
    assert [(v.holds, v.moment) for v in engine.pass_time(10**9)] == [(Holds.NO, 70_000)]


def test_a_number_that_never_moves_is_stuck_and_one_that_moves_is_not():
    assert told(Engine(rule(STUCK)), [(0, 20.0), (1800, 20.0), (3600, 20.0), (5000, 20.0), (6000, 20.1)]) == [
        ("yes", 3600), ("no", 6000),
    ]  # fmt: skip
    assert told(Engine(rule(STUCK)), [(0, 20.0), (3000, 20.1), (3600, 20.0), (7199, 20.0)]) == []


def test_silence_is_not_stuck():
    engine = Engine(rule(STUCK))
    told(engine, [(0, 20.0)])
    assert engine.pass_time(10**12) == []


def test_within_its_deadband_a_number_has_not_moved():
    engine = Engine(rule("{metric: temperature, same_for: 1h, deadband: 0.5}"))
    assert told(engine, [(0, 20.0), (1800, 20.5), (3600, 19.5), (3700, 20.6)]) == [
        ("yes", 3600),
        ("no", 3700),
    ]
