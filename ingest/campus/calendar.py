"""Thinks. The school calendar: what kind of day it is, which terms and exams there are, how hours are called.

What the campus wrote down wins; then the public holidays of its country as a library knows them; then the
plain week. A day is a local one of the campus's zone, and the time is what the clock on the wall says.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from hashlib import blake2b
from typing import Literal
from zoneinfo import ZoneInfo

import msgspec

from ingest.campus.publicdays import PublicDays, knowledge, public_days

What = Literal["term", "exam", "holiday", "workday", "event", "complete"]
Minutes = tuple[int, int]  # from and to, minutes of the day; to <= from: it ends on the next day

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
DAYS = ("workday", "day-off", "weekend", "holiday", *WEEKDAYS)  # what a day can be
PERIODS = ("term", "vacation", "exam")  # what a day can lie in; and the id of every row but workdays
_HOURS = re.compile(r"([01]?\d|2[0-4]):([0-5]\d)\s*-\s*([01]?\d|2[0-4]):([0-5]\d)", re.ASCII)
_ONE, _DAY = timedelta(days=1), 86_400_000
AHEAD = 14  # days before a year that nobody knows, when that is said
STALE = 28  # days after the last term, when it is said that none follows


class Span(msgspec.Struct, frozen=True):
    """A row of the calendar: what these days are, both included. `complete`: every day off and every make-up
    workday of these days is written here, so no library is asked. `event`: only a name."""

    id: str
    what: What
    first: str
    last: str = ""
    zh: str = ""
    en: str = ""

    @property
    def until(self) -> str:
        return self.last or self.first

    def has(self, day: date) -> bool:
        return self.first <= day.isoformat() <= self.until


class Hours(msgspec.Struct, frozen=True):
    """Hours that have a name: `at` such as "07:30-18:00" or "22:00-06:00", on these `days` (none given: on
    every day). Past midnight they belong to the day on which they began."""

    id: str
    at: tuple[str, ...]
    days: tuple[str, ...] = ()
    zh: str = ""
    en: str = ""


AFTER_HOURS = "after-hours"  # always what school-hours leave
USUAL = (
    Hours("school-hours", ("07:30-18:00",), ("workday",), "上课时间", "school hours"),
    Hours("night", ("22:00-06:00",), (), "夜间", "night"),
    Hours("night-boarders", ("00:00-06:00",), (), "住校生夜间", "boarders' night"),
)  # until the campus says otherwise under the same id


class Calendar:
    """The calendar of the campus. Never changes: a new one replaces it. Moments are ms since 1970 UTC.

    `version` is a short hash of all that its answers depend on."""

    def __init__(
        self,
        zone: str = "Asia/Shanghai",
        country: str = "CN",
        spans: Iterable[Span] = (),
        hours: Iterable[Hours] = (),
    ) -> None:
        self.zone, self.country = zone, country
        self.spans, self.own_hours = tuple(spans), tuple(hours)
        named = {one.id: one for one in (*USUAL, *self.own_hours)}
        self.hours: Mapping[str, Hours] = {name: one for name, one in named.items() if name != AFTER_HOURS}
        self._zone = ZoneInfo(zone)
        self._at = {
            name: tuple(at for text in one.at for at in _parsed(text)) for name, one in self.hours.items()
        }
        self._years: dict[int, PublicDays | None] = {}
        said = msgspec.json.encode([zone, country, knowledge(country), self.spans, self.own_hours])
        self.version = blake2b(said, digest_size=4).hexdigest()

    @property
    def written(self) -> bool:
        """Whether the campus wrote anything down."""
        return bool(self.spans or self.own_hours)

    def day_of(self, moment: int) -> date:
        """The local day."""
        return self.wall(moment)[0]

    def wall(self, moment: int) -> tuple[date, int]:
        """What calendar and clock on the wall say: the local day, and ms since its midnight."""
        local = datetime.fromtimestamp(moment // 1000, self._zone)
        seconds = local.hour * 3600 + local.minute * 60 + local.second
        return local.date(), seconds * 1000 + moment % 1000

    def is_workday(self, day: date) -> bool:
        """Whether school and offices work: make-up workdays do, public holidays and weekends do not."""
        if "workday" in (own := self._own(day)):
            return True
        public = self._public(day)
        if "holiday" in own or (public is not None and day in public.holidays):
            return False
        return day.weekday() not in self._weekend(day) or (public is not None and day in public.workdays)

    def is_holiday(self, day: date) -> bool:
        """Whether it is a public holiday or one of the school's own; an ordinary weekend is none."""
        own, public = self._own(day), self._public(day)
        if "workday" in own:
            return False
        return "holiday" in own or (public is not None and day in public.holidays)

    def in_term(self, day: date) -> bool:
        """Where no term at all is written down it is always term: a rule for term must not be dead."""
        return "term" in self._own(day) or not any(span.what == "term" for span in self.spans)

    def is_exam(self, day: date) -> bool:
        return "exam" in self._own(day)

    def day_is(self, day: date, word: str) -> bool:
        """Whether a day is this: one of DAYS."""
        if word in WEEKDAYS:
            return day.weekday() == WEEKDAYS.index(word)
        if word == "weekend":
            return day.weekday() in self._weekend(day) and not self.is_workday(day)
        if word == "holiday":
            return self.is_holiday(day)
        return self.is_workday(day) == (word == "workday")

    def lies_in(self, day: date, period: str) -> bool:
        """Whether a day lies in this: one of PERIODS, or a row of the calendar by its id."""
        if period in ("term", "vacation"):
            return self.in_term(day) == (period == "term")
        if period == "exam":
            return self.is_exam(day)
        return any(span.id == period and span.has(day) for span in self.spans)

    def begun(self, hours: str, day: date, clock: int) -> Iterator[date]:
        """The days on which these hours began, if they are now: a name, or "22:00-06:00". `clock`: ms since
        midnight. Past midnight that is the day before. Hours that nobody knows are never."""
        if hours == AFTER_HOURS:
            if not any(True for _ in self.begun("school-hours", day, clock)):
                yield day
            return
        known = self.hours.get(hours)
        for start, end in self.minutes_of(hours):
            for begun in _begun(start * 60_000, end * 60_000, day, clock):
                if known is None or not known.days or any(self.day_is(begun, word) for word in known.days):
                    yield begun

    def minutes_of(self, hours: str) -> tuple[Minutes, ...]:
        """When these hours begin and end, in minutes of the day: a name, or "22:00-06:00"."""
        name = "school-hours" if hours == AFTER_HOURS else hours
        return self._at[name] if name in self._at else _parsed(name)

    def names_at(self, moment: int) -> tuple[str, ...]:
        """Every word that is true at a moment: kinds of day, periods, rows of the calendar, named hours."""
        day, clock = self.wall(moment)
        found = [word for word in DAYS if self.day_is(day, word)]
        found += [word for word in PERIODS if self.lies_in(day, word)]
        found += [span.id for span in self.spans if span.what != "complete" and span.has(day)]
        return (*found, *(name for name in (*self.hours, AFTER_HOURS) if any(self.begun(name, day, clock))))

    def turns(self, day: date, minutes: Iterable[int]) -> list[int]:
        """Every moment of a local day at which it begins, the clock on the wall shows one of these minutes,
        or jumps: the only ones at which anything that hangs on day and clock can change. In their order."""
        midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
        found = {*self._jumps(int(midnight.timestamp()) * 1000 - _DAY, 3 * _DAY)}
        for minute in {0, *minutes} - {1440}:
            wall = midnight + timedelta(minutes=minute)
            found |= {int(wall.replace(tzinfo=self._zone, fold=fold).timestamp()) * 1000 for fold in (0, 1)}
        return [moment for moment in sorted(found) if self.day_of(moment) == day]

    def knows(self, word: str) -> bool:
        """Whether a rule may name this: a period, a row of the calendar or hours."""
        rows = (span.id for span in self.spans)
        return word in (*PERIODS, *rows, *self.hours, AFTER_HOURS) or bool(_parsed(word))

    def gaps(self, day: date) -> list[str]:
        """What is not known, a sentence each: the public holidays of now or soon, or the terms to come."""
        found = []
        for year in sorted({day.year, (day + AHEAD * _ONE).year}):
            if self._unknown(date(year, 1, 1)) and self._unknown(max(day, date(year, 1, 1))):
                found.append(
                    f"the public holidays of {year} are not known, Saturdays and Sundays count as days off: "
                    f"write them under calendar, or update Tocsin's holiday library ({self.country})"
                )
        last = max((span.until for span in self.spans if span.what == "term"), default="")
        if last and last < (day - STALE * _ONE).isoformat():
            found.append(f"no term is written down after {last}: every day counts as vacation")
        return found

    def _own(self, day: date) -> set[str]:
        return {span.what for span in self.spans if span.has(day)}

    def _unknown(self, day: date) -> bool:
        return self.country != "none" and "complete" not in self._own(day) and self._year(day.year) is None

    def _public(self, day: date) -> PublicDays | None:
        return None if "complete" in self._own(day) else self._year(day.year)

    def _weekend(self, day: date) -> tuple[int, ...]:
        public = self._year(day.year)
        return public.weekend if public is not None else (5, 6)

    def _year(self, year: int) -> PublicDays | None:
        if year not in self._years:
            self._years[year] = public_days(self.country, year)
        return self._years[year]

    def _jumps(self, start: int, length: int) -> Iterator[int]:
        """The moment in this time at which the zone changes its offset from UTC, if it does."""
        if self._offset(start) == self._offset(start + length):
            return
        low, high = start, start + length
        while high - low > 1000:
            middle = (low + high) // 2000 * 1000
            low, high = (middle, high) if self._offset(middle) == self._offset(start) else (low, middle)
        yield high

    def _offset(self, moment: int) -> timedelta | None:
        return datetime.fromtimestamp(moment // 1000, self._zone).utcoffset()


def _begun(start: int, end: int, day: date, clock: int) -> Iterator[date]:
    if start < end:
        if start <= clock < end:
            yield day
        return
    if clock >= start:
        yield day
    if clock < end:
        yield day - _ONE


def _parsed(text: str) -> tuple[Minutes, ...]:
    parsed = parse_hours(text)
    return () if parsed is None else (parsed,)


def parse_hours(text: str) -> Minutes | None:
    """ "22:00-06:00" in minutes of the day; None where it is none, and where it begins when it ends."""
    found = _HOURS.fullmatch(text.strip())
    if found is None:
        return None
    start, end = int(found[1]) * 60 + int(found[2]), int(found[3]) * 60 + int(found[4])
    return None if start == end or start >= 1440 or end > 1440 else (start, end)


def parse_day(text: str) -> date | None:
    """2026-09-01; None where it is none."""
    try:
        return date.fromisoformat(text) if re.fullmatch(r"\d{4}-\d\d-\d\d", text, re.ASCII) else None
    except ValueError:
        return None
