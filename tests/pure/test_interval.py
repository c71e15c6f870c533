"""Thinks. How long a device may say nothing: what is registered, what it states, what its dialect knows."""

import pytest

from ingest.campus.device import Device
from ingest.campus.registry import Registry
from ingest.interval import Intervals
from ingest.supervision import Supervision

H = 3600


def device(**more):
    return Device("d", "smoke_detector", "campus", **more)


@pytest.mark.parametrize(
    ("registered", "seconds", "expected"),
    [(None, 2 * H, 2 * H), (600, 2 * H, 600), (0, 2 * H, 0), (None, 1, H), (None, 10**9, H), (None, -5, H)],
)
def test_what_a_device_states_counts_where_nothing_is_registered_and_it_can_be(registered, seconds, expected):
    intervals = Intervals([device(interval=registered)], {})
    intervals.state("d", seconds)
    assert intervals["d"] == expected * 1000


def test_a_device_that_nobody_knows_states_nothing():
    intervals = Intervals([device()], {"other": 2 * H})
    assert not intervals.state("other", 2 * H)
    assert set(intervals) == {"d"}


def test_a_stated_interval_is_told_once_kept_over_a_restart_and_judged_by():
    registry = Registry.build(devices=[device()])
    supervision = Supervision(registry, 0, {})
    supervision.hear("d", 1000)
    [told] = supervision.expect("d", 600, 1000)
    assert (told.metric, told.value) == ("interval", 600.0)
    assert supervision.expect("d", 600, 2000) == ()
    assert [r.value for r in supervision.due(1000 + 900_000)] == ["late", "silent"]
    after = Supervision(registry, 5000, {"d": 5000}, stated={"d": 600})
    assert after.replace(registry, 6000).next_due() == after.next_due() == 5000 + 660_000
