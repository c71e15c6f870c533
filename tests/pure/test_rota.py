"""Who is on duty: grids, turns, holidays, exceptions, swaps; no gap and no overlap when the clocks change."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.duty.hours import When, covers, days_of, moment, stretch
from alerts.duty.rota import Duty, Rota
from alerts.duty.shift import Override, Shift, Swap
from ingest.campus.calendar import Calendar, Span

ZONES = ("Europe/Berlin", "America/New_York", "Asia/Shanghai")
CN = ZoneInfo("Asia/Shanghai")
DAY = 86_400_000
WEEK = (
    Shift(("li", "wang"), "mon-fri", "07:30", "19:30"),
    Shift(("zhang",), "daily", "19:30", "07:30"),
    Shift(("chen",), "sat,sun", "07:30", "19:30"),
)


def at(text: str, zone: ZoneInfo = CN) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=zone).timestamp()) * 1000


def rota(
    *shifts: Shift,
    overrides: tuple[Override, ...] = (),
    order: tuple[str, ...] = (),
    zone: str = "Asia/Shanghai",
    spans: tuple[Span, ...] = (),
) -> Rota:
    calendar = Calendar(zone, "none", spans)
    return Rota(order, shifts or WEEK, overrides, ZoneInfo(zone), calendar)


def test_a_post_with_a_simple_order_is_staffed_by_it_at_all_times() -> None:
    simple = Rota(("li", "wang"), (), (), CN, Calendar("Asia/Shanghai", "none"))
    assert simple.at(at("2026-11-20T03:00")) == Duty(("li", "wang"), None)


def test_a_weekly_grid_says_who_is_on_now_until_when_and_who_comes_next() -> None:
    friday = rota().at(at("2026-11-20T12:00"))
    assert friday == Duty(("li", "wang"), at("2026-11-20T19:30"), ("zhang",))


def test_a_shift_that_crosses_midnight_belongs_to_the_day_on_which_it_begins() -> None:
    assert rota().at(at("2026-11-21T03:00")).who == ("zhang",)
    only_friday = rota(Shift(("li",), "fri", "22:00", "06:00"))
    assert only_friday.at(at("2026-11-21T05:59")).who == ("li",)
    assert only_friday.at(at("2026-11-21T06:00")).who == ()
    assert only_friday.at(at("2026-11-20T05:00")).who == ()


def test_the_moment_of_a_change_belongs_to_who_comes_and_not_to_who_goes() -> None:
    assert rota().at(at("2026-11-20T19:30") - 1).who == ("li", "wang")
    assert rota().at(at("2026-11-20T19:30")).who == ("zhang",)


def test_persons_take_turns_by_weeks_and_by_days() -> None:
    weekly = rota(Shift((("li", "wang"), "zhang"), turn="week", since="2026-11-18"))
    assert weekly.at(at("2026-11-16T00:00")).who == ("li", "wang")
    assert weekly.at(at("2026-11-22T23:59")).who == ("li", "wang")
    assert weekly.at(at("2026-11-23T00:00")) == Duty(("zhang",), at("2026-11-30T00:00"), ("li", "wang"))
    daily = rota(Shift(("a", "b", "c"), "daily", "08:00", "08:00", turn="day", since="2026-11-20"))
    assert [daily.at(at(f"2026-11-{day}T12:00")).who for day in (19, 20, 21, 22, 23)] == [
        ("c",), ("a",), ("b",), ("c",), ("a",),
    ]  # fmt: skip


def test_on_a_holiday_the_shifts_for_holidays_stand_and_no_others() -> None:
    festival = (Span("spring", "holiday", "2027-02-04", "2027-02-12"),)
    grid = rota(*WEEK, Shift(("sun",), "holidays", "07:30", "07:30"), spans=festival)
    assert grid.at(at("2027-02-05T12:00")).who == ("sun",)
    assert grid.at(at("2027-02-05T23:00")).who == ("sun",)
    assert grid.at(at("2027-02-04T03:00")).who == ("zhang",)  # of the evening before
    assert rota(*WEEK, spans=festival).at(at("2027-02-05T12:00")).who == ("li", "wang")


def test_a_shift_may_be_for_term_only_or_for_the_rest_of_the_year() -> None:
    term = (Span("autumn", "term", "2026-09-01", "2027-01-20"),)
    grid = rota(Shift(("warden",), term=True), Shift(("porter",), term=False), spans=term)
    assert grid.at(at("2026-11-20T12:00")).who == ("warden",)
    assert grid.at(at("2027-01-21T12:00")).who == ("porter",)


def test_an_exception_puts_somebody_in_the_place_of_one_person_or_of_all() -> None:
    one = rota(overrides=(Override("2026-12-24", ("zhao",), instead_of="li"),))
    assert one.at(at("2026-12-24T12:00")).who == ("zhao", "wang")
    assert one.at(at("2026-12-25T12:00")).who == ("li", "wang")
    everyone = rota(overrides=(Override("2026-12-24", ("zhao",), "2026-12-25"),))
    assert everyone.at(at("2026-12-26T03:00")).who == ("zhao",)  # the night that began on the 25th
    assert everyone.at(at("2026-12-26T08:00")).who == ("chen",)


def test_a_swap_counts_when_both_have_signed_and_not_before() -> None:
    swap = Swap(1, "duty", "2026-11-20", "li", "chen", 0, "2026-11-21")
    signed = Swap(1, "duty", "2026-11-20", "li", "chen", 0, "2026-11-21", 5, "accepted")
    assert rota(overrides=swap.overrides()).at(at("2026-11-20T12:00")).who == ("li", "wang")
    swapped = rota(overrides=signed.overrides())
    assert swapped.at(at("2026-11-20T12:00")).who == ("chen", "wang")
    assert swapped.at(at("2026-11-21T12:00")).who == ("li",)


def test_while_no_shift_stands_those_of_the_order_do_and_without_them_it_is_a_gap() -> None:
    office = Shift(("li",), "mon-fri", "08:00", "17:00")
    assert rota(office, order=("boss",)).at(at("2026-11-20T20:00")).who == ("boss",)
    empty = rota(office).watches(at("2026-11-20T00:00"), at("2026-11-21T00:00"))
    assert [(w.start, w.end) for w in empty if not w.who] == [
        (at("2026-11-20T00:00"), at("2026-11-20T08:00")),
        (at("2026-11-20T17:00"), at("2026-11-21T00:00")),
    ]


def test_what_cannot_be_a_day_or_an_hour_is_refused_in_words() -> None:
    for made, said in (
        (lambda: Shift(("li",), "mon-fry"), "'mon-fry' is no day"),
        (lambda: Shift(("li",), "mon", "7:30"), "'7:30' is not a time of day"),
        (lambda: Shift(("li",), turn="week"), "turn needs `since`"),
        (lambda: Override("2026-13-01", ("li",)), "is not a day"),
        (lambda: Override("2026-12-24", ("li",), "2026-12-23"), "is before"),
    ):
        with pytest.raises(ValueError, match=said):
            made()
    assert days_of("fri-mon") == {4, 5, 6, 0}


CHANGES = {  # the days on which the clocks change, of ten years
    zone: [
        day
        for n in range(3653)
        if (day := date(2024, 1, 1) + timedelta(days=n))
        and datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone)).utcoffset()
        != datetime(day.year, day.month, day.day, 23, 59, tzinfo=ZoneInfo(zone)).utcoffset()
    ]
    for zone in ZONES
}


def test_ten_years_have_twenty_changes_of_clocks_where_there_are_any() -> None:
    assert [len(CHANGES[zone]) for zone in ZONES] == [20, 20, 0]


@pytest.mark.parametrize("zone", ZONES)
def test_later_wall_times_are_never_earlier_moments_on_any_day_of_change(zone: str) -> None:
    for day in CHANGES[zone] or [date(2026, 3, 29)]:
        found = [moment(day, minutes, ZoneInfo(zone)) for minutes in range(24 * 60 + 1)]
        assert found == sorted(found)
        assert found[-1] == moment(day + timedelta(days=1), 0, ZoneInfo(zone))


def _at_a_change(draw: st.DrawFn, zone: str) -> date:
    some = st.dates(date(2024, 1, 1), date(2033, 12, 31))
    near = st.sampled_from(CHANGES[zone] or [date(2026, 3, 29)])
    return draw(st.one_of(near, some)) + timedelta(days=draw(st.integers(-1, 1)))


@st.composite
def rings(draw: st.DrawFn) -> tuple[str, date, list[int]]:
    """A zone, a day, and wall times at which shifts follow one another round the clock."""
    zone = draw(st.sampled_from(ZONES))
    times = draw(st.lists(st.integers(0, 24 * 12 - 1), min_size=1, max_size=6, unique=True))
    return zone, _at_a_change(draw, zone), sorted(time * 5 for time in times)


def _text(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


@settings(max_examples=150, deadline=None)
@given(rings())
def test_shifts_that_follow_one_another_leave_no_gap_and_no_overlap_in_ten_years(
    ring: tuple[str, date, list[int]],
) -> None:
    name, day, times = ring
    zone = ZoneInfo(name)
    shifts = tuple(
        Shift((f"p{n}",), "daily", _text(start), _text(end))
        for n, (start, end) in enumerate(pairwise([*times, times[0]]))
    )
    grid = rota(*shifts, zone=name)
    start, end = moment(day, 0, zone), moment(day + timedelta(days=2), 0, zone)
    watches = grid.watches(start, end)
    assert all(len(watch.who) == 1 for watch in watches), watches
    assert (watches[0].start, watches[-1].end) == (start, end)
    assert all(one.end == other.start for one, other in pairwise(watches))
    for watch in watches:  # each moment has the answer that its stretch says, and is told its end
        assert grid.at(watch.start).who == watch.who == grid.at(watch.end - 1).who
        if watch.end < end and len(watches) > 1:
            assert grid.at(watch.start).until == watch.end


@settings(max_examples=100, deadline=None)
@given(rings(), st.integers(0, 2 * DAY))
def test_a_moment_lies_in_the_hours_of_its_wall_clock(ring: tuple[str, date, list[int]], after: int) -> None:
    name, day, times = ring
    zone, first, last = ZoneInfo(name), times[0], times[-1]
    now = moment(day, 0, zone) + after
    when = When(start=_text(first), end=_text(last))
    wall = datetime.fromtimestamp(now // 1000, UTC).astimezone(zone)
    minutes = wall.hour * 60 + wall.minute
    inside = first <= minutes < last if last > first else minutes >= first or minutes < last
    if wall.date() not in CHANGES[name] and wall.date() - timedelta(days=1) not in CHANGES[name]:
        assert covers([when], now, zone, Calendar(name, "none")) == inside


@pytest.mark.parametrize("zone", ZONES)
def test_a_night_shift_over_a_change_of_clocks_is_an_hour_longer_or_shorter(zone: str) -> None:
    hours = set()
    for day in CHANGES[zone] or [date(2026, 3, 29)]:
        start, end = stretch(day - timedelta(days=1), "22:00", "06:00", ZoneInfo(zone))
        hours.add((end - start) // 3_600_000)
    assert hours == ({8} if zone == "Asia/Shanghai" else {7, 9})
