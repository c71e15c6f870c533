"""Thinks. How wrong the clocks of devices are."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.clocks import AGAIN, IMPLAUSIBLE, LEAST, SPAN, TOLERANCE, Clocks
from ingest.reading import Decoded, Reading, TimeQuality
from tests.fakes.words import english

START = 1_795_305_600_000
MINUTE = 60_000


def message(moment, lag=0, quality=TimeQuality.DEVICE):
    return Decoded("a", [Reading("a", "smoke", "normal", moment, moment - lag, quality)])


def hear(clocks, lags, start=START, every=MINUTE, quality=TimeQuality.DEVICE):
    """Messages a minute apart, each with its lag; what is told."""
    told = []
    for n, lag in enumerate(lags):
        moment = start + n * every
        told += clocks.hear(message(moment, lag, quality), moment)
    return told


SPANFUL = SPAN // MINUTE + 1


def test_a_clock_that_is_right_is_never_mentioned():
    assert hear(Clocks(), [0, 900, 300, TOLERANCE] * 50) == []


@pytest.mark.parametrize(("lag", "error"), [(7_000, -7.0), (-7_000, 7.0), (3_600_000, -3600.0)])
def test_a_clock_that_is_wrong_in_every_message_is_told_once_with_its_error(lag, error):
    (told,) = hear(Clocks(), [lag] * 60)
    assert (told.device, told.metric, told.value) == ("a", "clock_error", error)
    assert told.received == START + SPAN
    assert english(told.note).startswith("ahead" if error > 0 else "behind")


def test_messages_that_were_held_back_do_not_make_a_clock_wrong():
    held = [60_000] * 5
    assert hear(Clocks(), [*held, 100, *held]) == [], "one quick message shows that the clock is right"


def test_a_backlog_after_an_outage_does_not_make_a_clock_wrong():
    clocks = Clocks()
    assert hear(clocks, range(3_000_000, 0, -1000), every=1) == []
    assert hear(clocks, [50] * 60, START + 3000) == []


def test_one_single_message_from_the_future_does_not_make_a_clock_wrong():
    assert hear(Clocks(), [0] * 5 + [-200_000] + [0] * 5) == []


def test_a_clock_that_is_right_again_is_told():
    clocks = Clocks()
    hear(clocks, [9_000] * SPANFUL)
    (told,) = hear(clocks, [0] * SPANFUL * 2, START + SPANFUL * MINUTE)
    assert (told.value, english(told.note)) == (0.0, "right again")


def test_a_wrong_clock_is_told_again_only_when_it_is_much_more_wrong_or_after_hours():
    clocks = Clocks()
    hear(clocks, [20_000] * SPANFUL)
    assert hear(clocks, [24_000] * SPANFUL * 3, START + SPANFUL * MINUTE) == []
    (more,) = hear(clocks, [60_000] * SPANFUL, START + 100 * MINUTE)
    assert more.value == -60.0
    (again,) = hear(clocks, [60_000] * LEAST, START + 100 * MINUTE + AGAIN, every=SPAN)
    assert again.value == -60.0


def test_a_clock_that_says_1970_is_wrong_by_an_unknown_amount():
    clocks = Clocks()
    (told,) = hear(clocks, [0] * SPANFUL * 3, quality=TimeQuality.IMPLAUSIBLE)
    assert (told.value, told.note) == ("unknown", IMPLAUSIBLE)
    (right,) = hear(clocks, [0] * SPANFUL * 3, START + 100 * MINUTE)
    assert right.value == 0.0


@pytest.mark.parametrize("quality", [TimeQuality.RECEIVED, TimeQuality.HISTORIC])
def test_who_sends_no_time_or_an_old_one_says_nothing_about_its_clock(quality):
    assert hear(Clocks(), [86_000_000] * 60, quality=quality) == []
    assert not Clocks().hear(Decoded("a", []), START)


def test_after_a_restart_a_clock_that_was_wrong_is_told_to_be_right_and_one_still_wrong_is_not_told_again():
    stored = {"a": Reading("a", "clock_error", -20.0, START - 1, START - 1)}
    (told,) = hear(Clocks(stored, START), [0] * SPANFUL)
    assert told.value == 0.0
    assert hear(Clocks(stored, START), [20_000] * SPANFUL) == []
    right = {"a": Reading("a", "clock_error", 0.0, START - 1, START - 1)}
    assert hear(Clocks(right, START), [0] * SPANFUL) == []


@settings(max_examples=100)
@given(
    st.integers(-250_000, 80_000_000), st.lists(st.integers(0, 30_000), min_size=SPANFUL, max_size=SPANFUL)
)
def test_the_estimate_is_never_worse_than_the_quickest_messages_were_slow(error, slow):
    told = hear(Clocks(), [one + error for one in slow])
    quick, quicker = sorted(slow)[1] + error, min(slow) + error
    assert bool(told) == (quicker > TOLERANCE or quick < -TOLERANCE)
    for reading in told:
        assert -quick <= round(reading.value * 1000) <= -quicker
