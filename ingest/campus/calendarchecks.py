"""Thinks. What is wrong with the rows of a calendar: a sentence for each mistake."""

from collections.abc import Iterable, Iterator
from typing import get_args

from ingest.campus.calendar import AFTER_HOURS, DAYS, PERIODS, Hours, Span, What, parse_day, parse_hours


def calendar_problems(spans: Iterable[Span], hours: Iterable[Hours]) -> Iterator[str]:
    """What is wrong with the rows of a calendar, a sentence for each mistake."""
    spans = tuple(spans)
    for span in spans:
        yield from (f"calendar {span.id!r}: {problem}" for problem in _span_problems(span))
    off = [span for span in spans if span.what == "holiday"]
    for work in (span for span in spans if span.what == "workday"):
        for other in off:
            if work.first <= other.until and other.first <= work.until:
                yield f"calendar {work.id!r}: these workdays lie in the holiday {other.id!r}; split that"
    for one in hours:
        yield from (f"hours {one.id!r}: {problem}" for problem in _hours_problems(one))


def _span_problems(span: Span) -> Iterator[str]:
    if span.id in (*DAYS, *PERIODS):
        yield "this word has a meaning already; choose another id"
    if span.what not in get_args(What):
        yield f"what {span.what!r} must be one of: {', '.join(get_args(What))}"
    for name, text in (("first", span.first), *([("last", span.last)] if span.last else [])):
        if parse_day(text) is None:
            yield f"{name} {text!r} is not a day such as 2026-09-01"
    if span.until < span.first:
        yield f"last {span.last!r} is before {span.first!r}"


def _hours_problems(one: Hours) -> Iterator[str]:
    if one.id == AFTER_HOURS:
        yield "these are what school-hours leave; change school-hours"
    if not one.at:
        yield "at is empty; write hours such as 07:30-18:00"
    if parse_hours(one.id) is not None:
        yield "an id is a name, not hours"
    for text in one.at:
        if parse_hours(text) is None:
            yield f"at {text!r} is no hours such as 07:30-18:00 or 22:00-06:00"
    for word in one.days:
        if word not in DAYS:
            yield f"days {word!r} must be one of: {', '.join(DAYS)}"
