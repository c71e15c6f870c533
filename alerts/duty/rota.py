"""Thinks. Who is on duty at a post at a moment, until when, and who comes next.

A shift belongs to the day on which it begins. Where shifts for holidays are written, a holiday has no others.
Exceptions of a day come after the grid, in their order, and then the swaps that both have signed. While no
shift stands, those of the post's `order` do. Nothing here knows the time: the same moment has one answer.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import date, timedelta
from itertools import pairwise
from typing import NamedTuple
from zoneinfo import ZoneInfo

from alerts.duty.hours import local_day, moment, stretch
from alerts.duty.shift import Override, Shift
from ingest.campus.calendar import Calendar

AHEAD = 35  # days in which the next change is looked for
_DAY = timedelta(days=1)
Events = Callable[[date], Iterable["Watch"]]  # those of an imported calendar that touch the month of a day


class Watch(NamedTuple):
    """Who is on duty from `start` until just before `end` (ms), first to last; nobody is a gap."""

    start: int
    end: int
    who: tuple[str, ...]


class Duty(NamedTuple):
    """Who is on duty, until when, and who then. `until` is None when nothing changes in AHEAD days."""

    who: tuple[str, ...]
    until: int | None = None
    then: tuple[str, ...] = ()


class Rota:
    """The roster of one post."""

    def __init__(
        self,
        order: tuple[str, ...],
        shifts: tuple[Shift, ...],
        overrides: Iterable[Override],
        zone: ZoneInfo,
        calendar: Calendar,
        events: Events | None = None,
    ) -> None:
        self.order, self.shifts, self.overrides = order, shifts, tuple(overrides)
        self.zone, self.calendar, self.events = zone, calendar, events
        self.shifted = bool(shifts or events)
        self._days: dict[date, tuple[Watch, ...]] = {}
        self._last: tuple[int, int, Duty] = (0, 0, Duty(()))  # from, until, answer

    def at(self, now: int) -> Duty:
        """Who is on duty at this moment."""
        if not self.shifted:
            return Duty(self.order)
        since, until, duty = self._last
        if since <= now < until:
            return duty
        who = self._who(now)
        for change in self._changes(now, local_day(now, self.zone) + AHEAD * _DAY):
            if (then := self._who(change)) != who:
                duty = Duty(who, change, then)
                self._last = (now, change, duty)
                return duty
        return Duty(who)

    def watches(self, start: int, end: int) -> list[Watch]:
        """What lies between two moments, without a hole and without an overlap; neighbours differ."""
        if not self.shifted:
            return [Watch(start, end, self.order)]
        edges = [start, *(m for m in self._changes(start, local_day(end, self.zone)) if m < end), end]
        found: list[Watch] = []
        for begin, over in pairwise(edges):
            who = self._who(begin)
            if found and found[-1].who == who:
                found[-1] = Watch(found[-1].start, over, who)
            else:
                found.append(Watch(begin, over, who))
        return found

    def staff(self, day: date) -> tuple[Watch, ...]:
        """The shifts that begin on this day."""
        if day not in self._days:
            if len(self._days) > 400:
                self._days.clear()
            self._days[day] = tuple(self._begun(day))
        return self._days[day]

    def _begun(self, day: date) -> Iterator[Watch]:
        shifts = [shift for shift in self.shifts if shift.begins_on(day, self.calendar)]
        if self.calendar.is_holiday(day) and any(shift.for_holidays for shift in self.shifts):
            shifts = [shift for shift in shifts if shift.for_holidays]
        for shift in shifts:
            start, end = stretch(day, shift.start, shift.end, self.zone)
            if start < end:
                yield Watch(start, end, self._excepted(day, shift.on(day)))
        if self.events is not None:
            midnight, next_one = moment(day, 0, self.zone), moment(day + _DAY, 0, self.zone)
            for start, end, who in self.events(day):
                if midnight <= start < next_one:
                    yield Watch(start, end, self._excepted(day, who))

    def _excepted(self, day: date, who: tuple[str, ...]) -> tuple[str, ...]:
        for override in self.overrides:
            if override.holds_on(day):
                who = override.applied(who)
        return who

    def _who(self, now: int) -> tuple[str, ...]:
        today = local_day(now, self.zone)
        found = (*self.staff(today - _DAY), *self.staff(today), *self._long(today))
        names = dict.fromkeys(name for start, end, who in found if start <= now < end for name in who)
        return tuple(names) or self.order

    def _long(self, day: date) -> Iterator[Watch]:
        """What an imported calendar began before yesterday and has not ended."""
        if self.events is not None:
            yesterday = moment(day - _DAY, 0, self.zone)
            for start, end, who in self.events(day):
                if start < yesterday < end:
                    yield Watch(start, end, self._excepted(local_day(start, self.zone), who))

    def _changes(self, after: int, last: date) -> Iterator[int]:
        """Every moment later than this one at which a shift begins or ends, up to the end of the last day."""
        day, waiting = local_day(after, self.zone), set[int]()
        for start, end, _ in (*self.staff(day - _DAY), *self._long(day)):
            waiting |= {start, end}
        while day <= last:
            for start, end, _ in self.staff(day):
                waiting |= {start, end}
            upto = moment(day + _DAY, 0, self.zone)
            yield from sorted(m for m in waiting if after < m < upto)
            waiting = {m for m in waiting if m >= upto}
            day += _DAY
