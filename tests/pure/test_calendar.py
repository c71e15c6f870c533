"""Thinks. The school calendar: make-up workdays, what is written over the library, and what nobody knows."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from ingest.campus.calendar import Calendar, Hours, Span, parse_hours
from ingest.campus.calendarchecks import calendar_problems
from ingest.campus.publicdays import country_problem, public_days
from ingest.campus.registry import Registry, RegistryError

CHINA = Calendar()


def day(text: str) -> date:
    return date.fromisoformat(text)


def moment(text: str, zone: str = "Asia/Shanghai") -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp() * 1000)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("2026-02-14", ("workday", "saturday")),  # made up for the Spring Festival
        ("2026-02-16", ("day-off", "holiday", "monday")),
        ("2026-02-21", ("day-off", "holiday", "weekend", "saturday")),
        ("2026-03-02", ("workday", "monday")),
        ("2026-03-07", ("day-off", "weekend", "saturday")),
        ("2025-10-01", ("day-off", "holiday", "wednesday")),
        ("2025-09-28", ("workday", "sunday")),
    ],
)
def test_a_make_up_workday_is_no_weekend_and_a_holiday_is_no_workday(text, words):
    found = set(CHINA.names_at(moment(f"{text} 03:00")))
    assert set(words) <= found
    assert ("weekend" in found) == ("weekend" in words)
    assert CHINA.is_workday(day(text)) == ("workday" in words)
    assert CHINA.is_holiday(day(text)) == ("holiday" in words)


def test_what_the_campus_wrote_down_wins_over_the_library():
    own = Calendar(
        spans=[
            Span("sports", "holiday", "2026-03-02", "2026-03-03"),
            Span("make-up", "workday", "2026-03-07"),
            Span("festival", "workday", "2026-02-17"),
        ]
    )
    assert not own.is_workday(day("2026-03-02"))
    assert own.is_holiday(day("2026-03-03"))
    assert own.is_workday(day("2026-03-07"))
    assert own.is_workday(day("2026-02-17"))
    assert not own.is_holiday(day("2026-02-17"))


def test_a_year_that_nobody_knows_is_plain_weeks_and_is_said_two_weeks_before_it_begins():
    assert public_days("CN", 2099) is None
    assert CHINA.is_workday(day("2099-01-01"))  # a Thursday
    assert not CHINA.is_workday(day("2099-01-03"))
    assert CHINA.gaps(day("2026-06-01")) == []
    assert "2099 are not known" in CHINA.gaps(day("2099-05-01"))[0]
    known = Calendar(spans=[Span("y", "complete", "2098-01-01", "2098-12-31")])
    assert known.gaps(day("2098-12-10")) == []
    assert ["2099" in one for one in known.gaps(day("2098-12-18"))] == [True]


def test_where_a_year_is_written_down_whole_no_library_is_asked():
    own = Calendar(
        spans=[
            Span("whole", "complete", "2026-01-01", "2026-12-31"),
            Span("new-year", "holiday", "2026-01-01"),
        ]
    )
    assert not own.is_workday(day("2026-01-01"))
    assert own.is_workday(day("2026-02-17"))
    assert not own.is_workday(day("2026-02-14"))


def test_outside_china_the_holidays_of_a_country_or_of_a_part_of_it_count_or_none():
    corpus_christi = day("2026-06-04")
    assert not Calendar("Europe/Berlin", "DE-BY").is_workday(corpus_christi)
    assert Calendar("Europe/Berlin", "DE-BE").is_workday(corpus_christi)
    assert Calendar("Europe/Berlin", "none").is_workday(day("2026-12-25"))
    assert Calendar("Europe/Berlin", "none").gaps(day("2099-01-01")) == []
    friday = day("2026-05-15")
    assert not Calendar("Asia/Dubai", "IR").is_workday(friday)  # where Friday is the weekend
    assert [country_problem(one) for one in ("CN", "DE-BY", "none")] == [None, None, None]
    assert "no such part" in (country_problem("DE-XX") or "")
    assert "expected a country" in (country_problem("Atlantis") or "")


def test_without_any_term_it_is_always_term_and_a_list_that_ran_out_is_said():
    assert CHINA.in_term(day("2026-08-01"))
    own = Calendar(spans=[Span("autumn", "term", "2026-09-01", "2027-01-15")])
    assert not own.in_term(day("2026-08-31"))
    assert own.in_term(day("2027-01-15"))
    assert own.lies_in(day("2026-08-31"), "vacation")
    assert own.lies_in(day("2026-09-01"), "autumn")
    assert not any("no term" in one for one in own.gaps(day("2027-02-12")))
    assert any("no term is written down after 2027-01-15" in one for one in own.gaps(day("2027-02-13")))


def test_hours_past_midnight_belong_to_the_day_on_which_they_began():
    own = Calendar(hours=[Hours("watch", ("22:00-06:00",), ("friday",))])
    assert "watch" in own.names_at(moment("2026-03-06 22:00"))
    assert "watch" in own.names_at(moment("2026-03-07 05:59"))
    assert "watch" not in own.names_at(moment("2026-03-07 06:00"))
    assert "watch" not in own.names_at(moment("2026-03-07 22:00"))
    assert "watch" not in own.names_at(moment("2026-03-06 05:59"))


def test_after_hours_are_what_school_hours_leave_whatever_they_are():
    own = Calendar(hours=[Hours("school-hours", ("08:00-12:00", "14:00-17:00"), ("workday",))])
    told = [
        "after-hours" in own.names_at(moment(f"2026-03-02 {clock}"))
        for clock in ("07:59", "08:00", "12:00", "14:00", "17:00")
    ]
    assert told == [True, False, True, False, True]
    assert "after-hours" in own.names_at(moment("2026-03-07 10:00"))


@pytest.mark.parametrize(
    ("spans", "hours", "says"),
    [
        ([Span("a", "term", "2026-9-1")], [], "first '2026-9-1' is not a day such as 2026-09-01"),
        ([Span("a", "term", "2026-09-02", "2026-09-01")], [], "last '2026-09-01' is before '2026-09-02'"),
        ([Span("term", "event", "2026-09-01")], [], "this word has a meaning already"),
        ([Span("a", "holiday", "2026-09-01", "2026-09-05"), Span("b", "workday", "2026-09-05")], [],
         "calendar 'b': these workdays lie in the holiday 'a'"),
        ([], [Hours("a", ("7-8",))], "at '7-8' is no hours such as 07:30-18:00"),
        ([], [Hours("a", ())], "at is empty"),
        ([], [Hours("a", ("07:00-07:00",))], "at '07:00-07:00' is no hours"),
        ([], [Hours("a", ("07:00-08:00",), ("wrkday",))], "days 'wrkday' must be one of: workday, day-off"),
        ([], [Hours("after-hours", ("07:00-08:00",))], "change school-hours"),
    ],
)  # fmt: skip
def test_a_calendar_that_cannot_be_right_is_refused_with_what_is_wrong(spans, hours, says):
    assert any(says in one for one in calendar_problems(spans, hours))
    with pytest.raises(RegistryError, match=r"calendar|hours"):
        Registry.build(calendar=Calendar(spans=spans, hours=hours))


def test_hours_are_written_as_on_a_clock():
    assert parse_hours("22:00-06:00") == (1320, 360)
    assert parse_hours("0:00 - 24:00") == (0, 1440)
    assert [parse_hours(one) for one in ("24:00-06:00", "25:00-06:00", "22-6", "06:00-24:30", "")] == [
        None
    ] * 5


def test_the_version_says_whenever_an_answer_could_be_another_one():
    said = {
        Calendar(*args).version
        for args in (
            (), ("Europe/Berlin",), ("Asia/Shanghai", "none"),
            ("Asia/Shanghai", "CN", [Span("a", "term", "2026-09-01")]),
            ("Asia/Shanghai", "CN", [], [Hours("a", ("07:00-08:00",))]),
        )
    }  # fmt: skip
    assert len(said) == 5
    assert Calendar().version == CHINA.version
