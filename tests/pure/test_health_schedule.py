"""Thinks. When the weekly report is due, and when a letter is tried again."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.health.schedule import FIRST_RETRY, LAST_RETRY, again, following, parse

HERE = "Asia/Shanghai"


def ms(text: str, zone: str = HERE) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp() * 1000)


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        ("2026-11-22T12:00", "2026-11-23T08:00"),  # a Sunday
        ("2026-11-23T07:59", "2026-11-23T08:00"),
        ("2026-11-23T08:00", "2026-11-30T08:00"),
    ],
)
def test_the_next_report_is_on_the_next_such_day_by_the_campus_clock(after: str, expected: str) -> None:
    assert following("Mon 08:00", HERE, ms(after)) == ms(expected)


def test_summer_time_moves_the_moment_with_the_clock_on_the_wall() -> None:
    berlin = "Europe/Berlin"
    first = following("Mon 08:00", berlin, ms("2026-03-23T09:00", berlin))
    assert first == ms("2026-03-30T08:00", berlin)
    assert first - ms("2026-03-23T08:00", berlin) == (7 * 24 - 1) * 3_600_000


@settings(max_examples=100)
@given(
    st.integers(1_700_000_000_000, 1_900_000_000_000),
    st.sampled_from(["Mon 08:00", "Sun 00:00", "Sat 23:59"]),
)
def test_it_is_always_ahead_and_never_more_than_a_week(after: int, weekly: str) -> None:
    assert 0 < following(weekly, HERE, after) - after <= 7 * 24 * 3_600_000


@pytest.mark.parametrize(
    "wrong", ["", "Mon", "Monday 08:00", "Mon 24:00", "Mon 08:60", "mon 08:00", "Mon 8:00"]
)
def test_what_is_no_day_and_time_is_refused_in_words(wrong: str) -> None:
    with pytest.raises(ValueError, match="like Mon 08:00"):
        parse(wrong)


def test_a_letter_is_tried_again_ever_more_slowly_up_to_an_hour() -> None:
    waits = [again(attempts, 0) for attempts in range(1, 12)]
    assert waits[:3] == [FIRST_RETRY, 2 * FIRST_RETRY, 4 * FIRST_RETRY]
    assert waits[-1] == LAST_RETRY
    assert waits == sorted(waits)
