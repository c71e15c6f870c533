"""Thinks. When a rule is asked at all: the modifiers `during` and `outside`, by the school's calendar.

What a schedule says is what calendar and clock on the wall say. So in the hour that a clock is put back over,
the same times are twice, and those that it jumps over are not at all that day.
"""

import re
from collections.abc import Iterator
from datetime import date, timedelta

import msgspec

from ingest.bilingual import both
from ingest.campus.calendar import DAYS, Calendar, parse_day, parse_hours
from rules.section import Section

KEYS = ("period", "days", "hours", "dates")
FAR = 400  # days that are searched for the next turn; then it is searched again
_NAME = re.compile(r"[A-Za-z0-9_.:-]{1,64}")
_EXAMPLE = "when the rule is asked: {days: workday, hours: '22:00-06:00'}"


class Window(msgspec.Struct, frozen=True):
    """All that is given must hold, of each one word. Hours past midnight belong to the day they began on."""

    period: tuple[str, ...] = ()
    days: tuple[str, ...] = ()
    hours: tuple[str, ...] = ()
    dates: tuple[str, ...] = ()

    def open(self, calendar: Calendar, day: date, clock: int) -> bool:
        if not self.hours:
            return self._has(calendar, day)
        return any(
            self._has(calendar, one) for name in self.hours for one in calendar.begun(name, day, clock)
        )

    def _has(self, calendar: Calendar, day: date) -> bool:
        return (
            (not self.period or any(calendar.lies_in(day, word) for word in self.period))
            and (not self.days or any(calendar.day_is(day, word) for word in self.days))
            and (not self.dates or any(_between(day, text) for text in self.dates))
        )

    @property
    def text(self) -> str:
        return " ".join(", ".join(words) for key in KEYS if (words := getattr(self, key)))


class Schedule(msgspec.Struct, frozen=True):
    """In one of `during` (none given: always), and in none of `outside`."""

    during: tuple[Window, ...] = ()
    outside: tuple[Window, ...] = ()

    def on(self, calendar: Calendar, moment: int) -> bool:
        day, clock = calendar.wall(moment)
        inside = not self.during or any(one.open(calendar, day, clock) for one in self.during)
        return inside and not any(one.open(calendar, day, clock) for one in self.outside)

    def turn(self, calendar: Calendar, moment: int) -> int:
        """The next moment after this one at which it begins or ends; where there is none for FAR days, the
        moment at which to look again."""
        minutes = {minute for name in self._hours for span in calendar.minutes_of(name) for minute in span}
        day, before = calendar.day_of(moment), self.on(calendar, moment)
        last = moment
        for ahead in range(FAR):
            for last in calendar.turns(day + timedelta(days=ahead), minutes):
                if last > moment and self.on(calendar, last) is not before:
                    return last
        return max(last, moment + 1)

    @property
    def names(self) -> tuple[str, ...]:
        """The periods and hours that it names."""
        windows = (*self.during, *self.outside)
        return tuple(dict.fromkeys(word for one in windows for word in (*one.period, *one.hours)))

    @property
    def text(self) -> str:
        """In words, its times as a rule file has them."""
        said = ((both("仅在", "during"), self.during), (both("除去", "outside"), self.outside))
        other = both(" 或 ", " or ")
        return "; ".join(f"{key} {other.join(one.text for one in found)}" for key, found in said if found)

    @property
    def _hours(self) -> Iterator[str]:
        return (name for one in (*self.during, *self.outside) for name in one.hours)


def _between(day: date, text: str) -> bool:
    first, _, last = text.partition("..")
    return first <= day.isoformat() <= (last or first)


def read(section: Section) -> Schedule | None:
    """What `during` and `outside` say; None where neither is given."""
    found = {key: tuple(_windows(section, key)) for key in ("during", "outside") if section.has(key)}
    return Schedule(**found) if found else None


def _windows(section: Section, key: str) -> Iterator[Window]:
    if section.node[key] == []:
        section.wrong(key, f"expected {_EXAMPLE}")
    for one in section.each(key, _EXAMPLE):
        one.only(KEYS)
        if not any(one.has(name) for name in KEYS):
            section.wrong(key, f"expected one or more of: {', '.join(KEYS)}")
        yield Window(
            _checked(one, "period", None, "term, vacation, exam or a row of the calendar", _NAME.fullmatch),
            _checked(one, "days", DAYS, "a kind of day or a list of them"),
            _checked(one, "hours", None, "hours such as 22:00-06:00, or their name", _hours),
            _checked(one, "dates", None, "days such as 2026-12-24 or 2026-12-24..2027-01-02", _dates),
        )


def _checked(
    one: Section, key: str, names: tuple[str, ...] | None, what: str, right: object = None
) -> tuple[str, ...]:
    if not one.has(key):
        return ()
    as_written(one, key)
    words = one.some(key, names, what)
    listed = isinstance(one.node[key], list)
    for place, word in enumerate(words):
        if callable(right) and not right(word):
            one.wrong(key, f"expected {what}", place if listed else None)
    return words


def as_written(one: Section, key: str) -> None:
    """YAML makes a date of 2026-12-24: here it stays what it reads."""
    value = one.node[key]
    if isinstance(value, date):
        one.node[key] = value.isoformat()[:10]
    elif isinstance(value, list):
        for place, item in enumerate(value):
            if isinstance(item, date):
                value[place] = item.isoformat()[:10]


def _hours(text: str) -> bool:
    return parse_hours(text) is not None if ":" in text and "-" in text else bool(_NAME.fullmatch(text))


def _dates(text: str) -> bool:
    first, dots, last = text.partition("..")
    return parse_day(first) is not None and (not dots or (parse_day(last) is not None and first <= last))
