"""Thinks. What a calendar may not ask of us: repetitions without end, or finer than a roster has.

A roster is looked at on the way to an alarm, so a calendar that would take long to work out is refused whole,
before any of it is worked out. What never fits is the worst: the libraries look for it up to the year 9999.
"""

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from typing import Any

EVENTS, REPEATING = 5_000, 100
FIRST, LAST = 2000, 2100  # years
LONGEST = timedelta(days=366)  # of one event
TIMES_A_DAY = 24
FREQUENCIES = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")
READ = frozenset({"FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST", "BYDAY", "BYMONTH", "BYMONTHDAY", "BYSETPOS"})
_TIMES = ("BYHOUR", "BYMINUTE", "BYSECOND")
_DAYS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)  # of the months
_RULES = ("RRULE", "EXRULE")


def problems(calendar: Any) -> list[str]:
    """A sentence for each thing that is more than a roster needs."""
    events = calendar.walk("VEVENT")
    found = []
    if len(events) > EVENTS:
        found.append(f"the calendar has {len(events)} events, over {EVENTS}: export fewer years")
    repeating = sum(1 for event in events if any(rules(event)))
    if repeating > REPEATING:
        found.append(f"the calendar has {repeating} events that repeat, over {REPEATING}")
    for zone in calendar.walk("VTIMEZONE"):
        if any(_frequency(rule) != "YEARLY" for part in zone.subcomponents for rule in rules(part)):
            found.append("a time zone of the calendar changes more than once a year")
    for event in events[:EVENTS]:
        found += (f"event {str(event.get('SUMMARY', ''))[:60]!r}: {said}" for said in _of_event(event))
    return list(dict.fromkeys(found))


def _of_event(event: Any) -> Iterator[str]:
    begins, ends = _moment(event, "DTSTART"), _moment(event, "DTEND")
    if begins is None:
        return
    if not FIRST <= begins.year < LAST:
        yield f"begins in the year {begins.year}; {FIRST} to {LAST - 1} are read"
    for name in ("DTSTART", "DTEND"):
        if unknown := _unknown_zone(event, name):
            yield f"nobody knows the time zone {unknown[:60]!r}: the calendar must describe it (VTIMEZONE)"
    if (lasts := _lasts(event, begins, ends)) is not None and not timedelta(0) < lasts <= LONGEST:
        yield "ends before it begins" if lasts <= timedelta(0) else f"lasts over {LONGEST.days} days"
    for rule in rules(event):
        yield from _of_rule(rule)


def _of_rule(rule: Any) -> Iterator[str]:
    if _frequency(rule) not in FREQUENCIES:
        yield f"repeats {_frequency(rule) or 'at no frequency'}: {', '.join(FREQUENCIES)} are read"
    if any(int(step) < 1 for step in _values(rule, "INTERVAL")):
        yield "repeats at an interval of less than 1"
    if unread := sorted({str(part).upper() for part in rule} - READ - set(_TIMES)):
        yield f"repeats by {', '.join(unread)}, which is not read"
    if _values(rule, "BYSETPOS") and _frequency(rule) not in ("MONTHLY", "YEARLY"):
        yield "repeats by BYSETPOS, which is for months and years"
    if not _has_a_day(rule):
        yield "repeats on a day that no month has"
    times = 1
    for name in _TIMES:
        times *= max(1, len(_values(rule, name)))
    if times > TIMES_A_DAY:
        yield f"repeats {times} times a day, over {TIMES_A_DAY}"


def _has_a_day(rule: Any) -> bool:
    months = [int(month) for month in _values(rule, "BYMONTH")] or range(1, 13)
    days = [abs(int(day)) for day in _values(rule, "BYMONTHDAY")] or [1]
    return any(1 <= month <= 12 and 1 <= day <= _DAYS[month - 1] for month in months for day in days)


def rules(part: Any) -> Iterator[Any]:
    for name in _RULES:
        found = part.get(name) or []
        yield from found if isinstance(found, list) else [found]


def _frequency(rule: Any) -> str:
    return str(next(iter(_values(rule, "FREQ")), "")).upper()


def _values(rule: Any, name: str) -> list[Any]:
    found = rule.get(name, [])
    return list(found) if isinstance(found, Iterable) and not isinstance(found, str) else [found]


def _moment(event: Any, name: str) -> date | None:
    found = getattr(event.get(name), "dt", None)
    return found if isinstance(found, date) else None


def _unknown_zone(event: Any, name: str) -> str:
    """A zone that is named and means nothing here: the time would be taken for that of the campus."""
    when = _moment(event, name)
    named = event[name].params.get("TZID", "") if when is not None else ""
    return str(named) if isinstance(when, datetime) and when.tzinfo is None else ""


def _lasts(event: Any, begins: date, ends: date | None) -> timedelta | None:
    """None: as long as the libraries say, a day or nothing."""
    length = getattr(event.get("DURATION"), "dt", None)
    if isinstance(length, timedelta):
        return length
    if ends is None or isinstance(begins, datetime) != isinstance(ends, datetime):
        return None
    if (
        isinstance(begins, datetime)
        and isinstance(ends, datetime)
        and bool(begins.tzinfo) != bool(ends.tzinfo)
    ):
        return None
    return ends - begins
