"""A roster as an iCalendar file: who is meant, repetitions over a change of clocks, mistakes in words."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from alerts.duty.icalfile import cleaned, feed, problems, watches
from alerts.duty.people import Contact, Directory, Person, Post
from alerts.duty.rota import Watch
from ingest.campus.calendar import Calendar

BERLIN = ZoneInfo("Europe/Berlin")
NAMES = {"li-wei": "li-wei", "王芳": "wang-fang", "wang@example.edu": "wang-fang"}


def ics(*events: str) -> str:
    body = "".join(f"BEGIN:VEVENT\r\nUID:{n}\r\n{event}END:VEVENT\r\n" for n, event in enumerate(events))
    return cleaned(f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n{body}END:VCALENDAR\r\n")


def event(**lines: str) -> str:
    return "".join(f"{name.replace('_', ';', 1)}:{value}\r\n" for name, value in lines.items())


NIGHTLY = event(
    **{"DTSTART_TZID=Europe/Berlin": "20261001T193000", "DTEND_TZID=Europe/Berlin": "20261002T073000"},
    RRULE="FREQ=DAILY", **{"EXDATE_TZID=Europe/Berlin": "20261027T193000"}, SUMMARY="li-wei、王芳",
)  # fmt: skip


def wall(at: int) -> str:
    return datetime.fromtimestamp(at / 1000, BERLIN).strftime("%m-%d %H:%M")


def test_repetitions_keep_their_wall_time_over_a_change_of_clocks_and_know_their_exceptions() -> None:
    found = watches(ics(NIGHTLY), date(2026, 10, 25), NAMES, BERLIN)
    shown = [(wall(watch.start), wall(watch.end)) for watch in found]
    assert ("10-24 19:30", "10-25 07:30") in shown
    assert ("10-25 19:30", "10-26 07:30") in shown
    assert ("10-27 19:30", "10-28 07:30") not in shown
    assert {watch.who for watch in found} == {("li-wei", "wang-fang")}


def test_attendees_count_before_the_summary() -> None:
    one = event(DTSTART="20261005T080000", DTEND="20261005T120000", SUMMARY="early",
                ATTENDEE="mailto:Wang@example.edu")  # fmt: skip
    (watch,) = watches(ics(one), date(2026, 10, 5), NAMES, BERLIN)
    assert (wall(watch.start), watch.who) == ("10-05 08:00", ("wang-fang",))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("nonsense", "not readable as iCalendar"),
        (ics(), "has no event"),
        (ics(event(DTSTART="20261005", SUMMARY="nobody known")), "there is no person 'nobody known'"),
        (ics(event(DTSTART="20261005", SUMMARY="")), "names nobody"),
        (ics(event(SUMMARY="li-wei")), "has no beginning"),
        (ics(event(DTSTART="20261005", SUMMARY="li-wei", RRULE="FREQ=SOMETIMES")), ""),
    ],
)
def test_a_mistake_in_a_calendar_is_told_in_words(text: str, said: str) -> None:
    found = problems(text, NAMES)
    assert found
    assert said in found[0]


def test_a_calendar_without_mistakes_has_none() -> None:
    assert problems(ics(NIGHTLY), NAMES) == []


def test_an_imported_calendar_staffs_its_post_and_a_week_of_duty_is_one_stretch() -> None:
    week = event(DTSTART="20261102", DTEND="20261109", SUMMARY="li-wei")
    person = Person("li-wei", "李伟", "Li Wei", "zh", (Contact("sms", "1"),))
    post = Post("duty", "值班室", "Office", (), (), (), ics(week))
    people = Directory([person], (), [post], zone="Europe/Berlin", calendar=Calendar("Europe/Berlin", "none"))

    def at(day: int) -> int:
        return int(datetime(2026, 11, day, 12, tzinfo=BERLIN).timestamp()) * 1000

    duty = people.duty("duty", at(6))
    assert (duty.who, wall(duty.until or 0), duty.then) == (("li-wei",), "11-09 00:00", ())
    assert people.duty("duty", at(1)).who == ()


def test_what_we_write_is_read_back() -> None:
    start = int(datetime(2026, 11, 6, 8, tzinfo=BERLIN).timestamp()) * 1000
    roster = [Watch(start, start + 3_600_000, ("li-wei",)), Watch(start + 3_600_000, start + 7_200_000, ())]
    text = cleaned(feed("duty", "值班室", roster, {}, start).decode())
    (watch,) = watches(text.replace("SUMMARY:值班室: ", "SUMMARY:"), date(2026, 11, 6), NAMES, BERLIN)
    assert watch == roster[0]


SHORT = "DTSTART:20200101T000000Z\r\nDURATION:PT1S\r\nRRULE:FREQ="
LONG = "DTSTART:20261123T000000Z\r\nDURATION:PT8H\r\nRRULE:FREQ="
BOMBS = {
    "each second": (f"{SHORT}SECONDLY\r\n", "repeats SECONDLY"),
    "each minute": (f"{SHORT}MINUTELY\r\n", "MINUTELY"),
    "each second of a day": (
        f"{SHORT}DAILY;BYHOUR=1,2,3,4,5;BYMINUTE=1,2,3,4,5\r\n",
        "25 times a day",
    ),
    "no interval": (f"{LONG}DAILY;INTERVAL=0\r\n", "less than 1"),
    "never": (f"{LONG}DAILY;BYMONTH=2;BYMONTHDAY=30\r\n", "no month"),
    "weeks": (f"{LONG}YEARLY;BYWEEKNO=54\r\n", "BYWEEKNO"),
    "the year one": ("DTSTART:00010101T000000Z\r\nDURATION:PT8H\r\nRRULE:FREQ=DAILY\r\n", "in the year 1"),
    "an age": ("DTSTART:20200101T000000Z\r\nDTEND:20990101T000000Z\r\n", "over 366 days"),
    "backwards": ("DTSTART:20261123T000000Z\r\nDURATION:-PT8H\r\n", "ends before it begins"),
    "a zone of nobody": (
        "DTSTART;TZID=Mars/Olympus:20261123T000000\r\nDTEND;TZID=Mars/Olympus:20261123T080000\r\n",
        "nobody knows the time zone 'Mars/Olympus'",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BOMBS)
def test_what_would_take_for_ever_to_work_out_is_refused_before_it_is_tried(name: str) -> None:
    lines, said = BOMBS[name]
    found = problems(ics(f"{lines}SUMMARY:li-wei\r\n"), NAMES)
    assert any(said in one for one in found), found


def test_a_crowd_of_repeating_events_is_refused() -> None:
    one = event(DTSTART="20261001T080000Z", DURATION="PT8H", RRULE="FREQ=DAILY", SUMMARY="li-wei")
    assert problems(ics(*[one] * 100), NAMES) == []
    assert "101 events that repeat" in problems(ics(*[one] * 101), NAMES)[0]
