"""Thinks. Hours and days on the wall clock of the campus, and the moments (ms) at which they begin and end.

Stretches that share a wall time share its moment, on every day of every zone. A wall time that a change of
the clocks leaves out is the moment of the change; one that comes twice is the first of the two. So what ends
at 02:30 ends exactly when what starts at 02:30 starts, and later wall times are never earlier moments.
"""

import re
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import msgspec

from ingest.campus.calendar import Calendar

NAMES = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
WORDS = {  # and what the school's calendar calls them
    "daily": "", "workdays": "workday", "days-off": "day-off", "weekends": "weekend", "holidays": "holiday",
}  # fmt: skip
DAY_MINUTES = 24 * 60
_TIME = re.compile(r"([01]\d|2[0-3]):([0-5]\d)|24:00")
_DAY = timedelta(days=1)


class When(
    msgspec.Struct,
    frozen=True,
    omit_defaults=True,
    forbid_unknown_fields=True,
    rename={"start": "from", "end": "to"},
):
    """Some hours of some days. `to` that is not later than `from` is on the next day; equal ones are a whole
    day. A stretch belongs to the day on which it begins."""

    days: str = "daily"
    start: str = "00:00"
    end: str = "00:00"

    def __post_init__(self) -> None:
        check(self.days, self.start, self.end)


def check(days: str, start: str, end: str) -> None:
    """Raises ValueError in words."""
    days_of(days)
    for text in (start, end):
        minute(text)


def minute(text: str) -> int:
    """Minutes since midnight of `07:30`; 24:00 is the end of the day. Raises ValueError."""
    if not _TIME.fullmatch(text):
        raise ValueError(f"{text!r} is not a time of day such as 07:30")
    return int(text[:2]) * 60 + int(text[3:])


def day_of(text: str) -> date:
    """Raises ValueError in words."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text!r} is not a day such as 2026-12-24") from None


@lru_cache(maxsize=1024)
def days_of(text: str) -> frozenset[int | str]:
    """Of `mon-fri,sun` the numbers of the days, 0 is Monday; of `holidays` the word. Raises ValueError."""
    found: set[int | str] = set()
    for part in text.replace(" ", "").lower().split(","):
        first, dash, last = part.partition("-")
        if part in WORDS:
            found.add(part)
        elif first in NAMES and (last in NAMES or not dash):
            here, upto = NAMES.index(first), NAMES.index(last or first)
            found.update((here + n) % 7 for n in range((upto - here) % 7 + 1))
        else:
            raise ValueError(f"{part!r} is no day: write mon-fri or sat,sun, or {', '.join(WORDS)}")
    return frozenset(found)


def falls_on(days: str, day: date, calendar: Calendar) -> bool:
    wanted = days_of(days)
    if day.weekday() in wanted or "daily" in wanted:
        return True
    return any(calendar.day_is(day, WORDS[word]) for word in wanted if isinstance(word, str))


@lru_cache(maxsize=4096)
def moment(day: date, minutes: int, zone: ZoneInfo) -> int:
    """The moment (ms) of a wall time on a day; minutes may be 1440 or more."""
    day, minutes = day + timedelta(days=minutes // DAY_MINUTES), minutes % DAY_MINUTES
    wall = datetime(day.year, day.month, day.day, minutes // 60, minutes % 60, tzinfo=zone)
    seconds = int(wall.timestamp())
    if datetime.fromtimestamp(seconds, zone).replace(tzinfo=None) != wall.replace(tzinfo=None):
        seconds = _change(int(wall.replace(fold=1).timestamp()), seconds, zone)
    return seconds * 1000


def _change(before: int, after: int, zone: ZoneInfo) -> int:
    """The second at which the clock of the zone was changed, between these two."""
    offset = datetime.fromtimestamp(before, zone).utcoffset()
    while after - before > 1:
        middle = (before + after) // 2
        if datetime.fromtimestamp(middle, zone).utcoffset() == offset:
            before = middle
        else:
            after = middle
    return after


def local_day(at: int, zone: ZoneInfo) -> date:
    return datetime.fromtimestamp(at / 1000, zone).date()


def stretch(day: date, start: str, end: str, zone: ZoneInfo) -> tuple[int, int]:
    """From when to when (ms) the hours last that begin on this day."""
    first, last = minute(start), minute(end)
    return moment(day, first, zone), moment(day, last if last > first else last + DAY_MINUTES, zone)


def covers(whens: Sequence[When], at: int, zone: ZoneInfo, calendar: Calendar) -> bool:
    """Whether a moment lies in one of these hours."""
    if not whens:
        return False
    today = local_day(at, zone)
    for when in whens:
        for day in (today - _DAY, today):
            start, end = stretch(day, when.start, when.end, zone)
            if start <= at < end and falls_on(when.days, day, calendar):
                return True
    return False
