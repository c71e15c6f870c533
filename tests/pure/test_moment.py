"""Thinks. When a reading happened: plausible device time, or the moment of receipt."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.moment import event_time, milliseconds
from ingest.reading import TimeQuality

RECEIVED = 1_795_305_600_000  # 2026-11-22T00:00:00Z
MINUTE = 60_000
HOUR = 60 * MINUTE
D, R, I = TimeQuality.DEVICE, TimeQuality.RECEIVED, TimeQuality.IMPLAUSIBLE  # noqa: E741


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (None, (RECEIVED, R)),
        (RECEIVED - 1000, (RECEIVED - 1000, D)),
        (float(RECEIVED), (RECEIVED, D)),
        (RECEIVED + 5 * MINUTE, (RECEIVED + 5 * MINUTE, D)),
        (RECEIVED + 5 * MINUTE + 1, (RECEIVED, I)),
        (RECEIVED - 24 * HOUR, (RECEIVED - 24 * HOUR, D)),  # a buffered reading: late, not wrong
        (RECEIVED - 24 * HOUR - 1, (RECEIVED, I)),
        ("2026-11-22T08:00:00+08:00", (RECEIVED, D)),
        ("2026-11-22T00:00:00Z", (RECEIVED, D)),
        ("2026-11-21T23:59:59.500+00:00", (RECEIVED - 500, D)),
        ("2026-11-22T08:00:00", (RECEIVED, I)),  # whose zone?
        ("1970-01-01T00:00:12Z", (RECEIVED, I)),
        (2.46, (RECEIVED, I)),  # an uptime
        (RECEIVED // 1000, (RECEIVED, I)),  # seconds are not milliseconds
        (0, (RECEIVED, I)),
        (-1, (RECEIVED, I)),
        (10**400, (RECEIVED, I)),
        (1e300, (RECEIVED, I)),
        (True, (RECEIVED, I)),
        ("", (RECEIVED, I)),
        ("0001-01-01T00:00:00+23:59", (RECEIVED, I)),
        ("9" * 50_000, (RECEIVED, I)),
        ([], (RECEIVED, I)),
    ],
)
def test_a_device_clock_is_believed_only_where_it_is_plausible(said, expected):
    assert event_time(said, RECEIVED) == expected


def test_a_retained_message_may_be_old_without_its_clock_being_called_wrong():
    assert event_time(RECEIVED - 72 * HOUR, RECEIVED, retained=True) == (RECEIVED, R)
    assert event_time(RECEIVED + HOUR, RECEIVED, retained=True) == (RECEIVED, I)
    assert event_time("rubbish", RECEIVED, retained=True) == (RECEIVED, I)


@given(st.none() | st.integers() | st.floats() | st.text() | st.booleans(), st.booleans())
def test_whatever_is_said_the_moment_is_near_the_receipt(said, retained):
    moment, quality = event_time(said, RECEIVED, retained)
    assert type(moment) is int
    assert RECEIVED - 24 * HOUR <= moment <= RECEIVED + 5 * MINUTE
    assert quality is D or moment == RECEIVED


@given(st.floats() | st.text() | st.dates().map(str) | st.datetimes().map(str))
def test_any_value_is_a_whole_number_of_ms_or_no_moment(said):
    assert type(milliseconds(said)) in (int, type(None))
