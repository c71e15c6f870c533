"""Thinks. A post's roster as an iCalendar file: read with all its repetitions, and written for subscribers.

An event is a stretch of duty. Its persons are those who attend it (by mail address or name), or else the
names in its summary. Repetition, exceptions and time zones are the libraries' to work out, never ours.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from alerts.duty import icalbounds
from alerts.duty.hours import moment
from alerts.duty.rota import Watch

LONGEST = 500_000  # characters
_BETWEEN = re.compile(r"\s*[,;、，；/+&]\s*|\s+and\s+|\s*和\s*")


def cleaned(text: str) -> str:
    """As it is kept: one line ending, folded lines unfolded."""
    text = text.lstrip("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    return re.sub(r"\n[ \t]", "", text).strip() + "\n"


def problems(text: str, names: Mapping[str, str]) -> list[str]:
    """What is wrong with it, a sentence each. `names` are those of the persons, in small letters."""
    if len(text) > LONGEST:
        return [f"the calendar is over {LONGEST} characters"]
    try:
        calendar = _calendar(text)
        events, too_much = calendar.walk("VEVENT"), icalbounds.problems(calendar)
    except Exception as error:  # the libraries raise whatever they meet
        return [f"is not readable as iCalendar: {str(error)[:200]}"]
    if not events:
        return ["the calendar has no event"]
    if too_much:
        return too_much
    found = [problem for event in events for problem in _event_problems(event, names)]
    if not found:
        try:
            _occurrences(text, datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))
        except Exception as error:  # the libraries raise whatever they meet
            found = [f"its repetitions cannot be worked out: {error}"]
    return list(dict.fromkeys(found))


def _event_problems(event: Any, names: Mapping[str, str]) -> Iterable[str]:
    summary = str(event.get("SUMMARY", ""))[:60]
    if event.get("DTSTART") is None:
        yield f"event {summary!r} has no beginning"
    said = _said(event)
    if not said:
        yield f"event {summary!r} names nobody: a summary such as 'li-wei, wang-fang', or attendees"
    for name in said:
        if name.lower() not in names:
            yield f"event {summary!r}: there is no person {name[:60]!r} (an id, a name or a mail address)"


def watches(text: str, day: date, names: Mapping[str, str], zone: ZoneInfo) -> tuple[Watch, ...]:
    """What touches the month of this day, or the day before or after it, in order of time."""
    first = date(day.year, day.month, 1)
    start, end = first - timedelta(days=2), first + timedelta(days=34)
    found = []
    for event in _occurrences(text, *(_midnight(one, zone) for one in (start, end))):
        who = tuple(dict.fromkeys(names[one.lower()] for one in _said(event) if one.lower() in names))
        begin, over = _at(event.start, zone), _at(event.end, zone)
        if begin < over:
            found.append(Watch(begin, over, who))
    return tuple(sorted(found))


@lru_cache(maxsize=32)
def _calendar(text: str) -> Any:
    import icalendar  # a tenth of a second that a start without such calendars does not wait for

    return icalendar.Calendar.from_ical(text)


@lru_cache(maxsize=256)
def _occurrences(text: str, start: datetime, end: datetime) -> tuple[Any, ...]:
    import recurring_ical_events

    return tuple(recurring_ical_events.of(_calendar(text)).between(start, end))


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.fromtimestamp(moment(day, 0, zone) / 1000, UTC)


def _at(when: date, zone: ZoneInfo) -> int:
    """A time without a zone, and a day, are of the campus."""
    if not isinstance(when, datetime):
        return moment(when, 0, zone)
    if when.tzinfo is None:
        return moment(when.date(), when.hour * 60 + when.minute, zone)
    return int(when.timestamp()) * 1000


def _said(event: Any) -> list[str]:
    attendees = event.get("ATTENDEE") or []
    attendees = attendees if isinstance(attendees, list) else [attendees]
    said = [_attendee(one) for one in attendees]
    return [one for one in said or _BETWEEN.split(str(event.get("SUMMARY", "")).strip()) if one]


def _attendee(value: Any) -> str:
    address = str(value)
    return address[7:] if address.lower().startswith("mailto:") else str(value.params.get("CN", address))


def feed(post: str, title: str, roster: Iterable[Watch], called: Mapping[str, str], now: int) -> bytes:
    """The roster as a calendar to subscribe to. `called` are the names of the persons."""
    import icalendar

    calendar = icalendar.Calendar()
    calendar.add("prodid", "-//Tocsin//duty roster//")
    calendar.add("version", "2.0")
    calendar.add("x-wr-calname", title)
    for start, end, who in roster:
        if who:
            event = icalendar.Event()
            event.add("uid", f"{post}-{start}@tocsin")
            event.add("dtstamp", _utc(now))
            event.add("dtstart", _utc(start))
            event.add("dtend", _utc(end))
            event.add("summary", f"{title}: " + ", ".join(called.get(one, one) for one in who))
            calendar.add_component(event)
    return bytes(calendar.to_ical())


def _utc(at: int) -> datetime:
    return datetime.fromtimestamp(at // 1000, UTC)
