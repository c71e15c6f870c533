"""Thinks. The calendar of a file of tests: the rows that a campus file would have, in Shanghai."""

from typing import get_args

from ingest.campus.calendar import Calendar, Hours, Span, What
from ingest.campus.calendarchecks import calendar_problems
from rules.schedule import as_written
from rules.section import Section


def calendar_of(campus: Section) -> Calendar:
    """`calendar:` and `hours:` of the section `campus`."""
    spans = [
        _span(one) for one in _rows(campus, "calendar", "a row: {id: finals, what: exam, first: 2026-03-02}")
    ]
    hours = [_hours(one) for one in _rows(campus, "hours", "a row: {id: school-hours, at: ['08:00-17:00']}")]
    for problem in calendar_problems(spans, hours):
        campus.wrong("calendar" if problem.startswith("calendar") else "hours", problem)
    return Calendar(spans=spans, hours=hours)


def _rows(campus: Section, key: str, what: str) -> list[Section]:
    return campus.each(key, what) if campus.has(key) else []


def _span(row: Section) -> Span:
    row.only(("id", "what", "first", "last", "zh", "en"))
    for key in ("first", "last"):
        if row.has(key):
            as_written(row, key)
    what = row.one_of("what", get_args(What), "event")
    last = row.text("last", "a day") if row.has("last") else ""
    return Span(
        row.text("id", "an id"),
        next(w for w in get_args(What) if w == what),
        row.text("first", "a day"),
        last,
    )


def _hours(row: Section) -> Hours:
    row.only(("id", "at", "days", "zh", "en"))
    days = row.some("days", None, "a kind of day") if row.has("days") else ()
    return Hours(row.text("id", "a name"), row.some("at", None, "hours such as 07:30-18:00"), days)
