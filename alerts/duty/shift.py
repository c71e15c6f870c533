"""Thinks. What is written of a roster: shifts, exceptions for days, and swaps that two persons signed."""

from datetime import date, timedelta
from typing import Literal

import msgspec

from alerts.duty.hours import check, day_of, days_of, falls_on
from ingest.campus.calendar import Calendar

Who = tuple[str | tuple[str, ...], ...]


class Shift(
    msgspec.Struct,
    frozen=True,
    omit_defaults=True,
    forbid_unknown_fields=True,
    rename={"start": "from", "end": "to"},
):
    """Who is on duty in some hours of some days, first to last. With `turn` the entries of `who` (a person or
    a list of them) take turns, day by day or week by week; the first has the day or week of `since`. `term`
    says whether it is only for days in term, or only for others."""

    who: Who
    days: str = "daily"
    start: str = "00:00"
    end: str = "00:00"
    turn: Literal["day", "week"] | None = None
    since: str = ""
    term: bool | None = None

    def __post_init__(self) -> None:
        check(self.days, self.start, self.end)
        if self.turn and not self.since:
            raise ValueError("turn needs `since`: the day, or a day of the week, of the first in `who`")
        if self.since:
            day_of(self.since)
        if self.turn and not self.who:
            raise ValueError("who must name those who take turns")

    @property
    def members(self) -> tuple[str, ...]:
        """Everybody named, in order."""
        return tuple(dict.fromkeys(one for entry in self.who for one in _several(entry)))

    def on(self, day: date) -> tuple[str, ...]:
        """Who has this shift when it begins on this day."""
        if self.turn is None:
            return self.members
        first = day_of(self.since)
        if self.turn == "week":
            first, day = _monday(first), _monday(day)
        passed = (day - first).days // (7 if self.turn == "week" else 1)
        return _several(self.who[passed % len(self.who)])

    def begins_on(self, day: date, calendar: Calendar) -> bool:
        in_term = self.term is None or calendar.in_term(day) == self.term
        return in_term and falls_on(self.days, day, calendar)

    @property
    def for_holidays(self) -> bool:
        return "holidays" in days_of(self.days)


class Override(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """On the shifts that begin on these days others are on duty: in place of one person, or of all."""

    day: str
    who: tuple[str, ...]
    to: str = ""  # the last day; "" for one day
    instead_of: str = ""

    def __post_init__(self) -> None:
        if self.to and day_of(self.to) < day_of(self.day):
            raise ValueError(f"to: {self.to} is before {self.day}")
        day_of(self.day)

    def holds_on(self, day: date) -> bool:
        return day_of(self.day) <= day <= day_of(self.to or self.day)

    def applied(self, staff: tuple[str, ...]) -> tuple[str, ...]:
        if not self.instead_of:
            return self.who
        if self.instead_of not in staff:
            return staff
        place = staff.index(self.instead_of)
        return tuple(dict.fromkeys((*staff[:place], *self.who, *staff[place + 1 :])))


class Swap(msgspec.Struct, frozen=True):
    """`giver` asks `taker` to take over the shifts that begin on `day`; with `back`, the giver takes those of
    the taker on that day in return. It counts once both have signed."""

    id: int
    post: str
    day: str
    giver: str
    taker: str
    offered_at: int
    back: str = ""
    answered_at: int | None = None
    answer: Literal["", "accepted", "declined", "withdrawn"] = ""

    def overrides(self) -> tuple[Override, ...]:
        if self.answer != "accepted":
            return ()
        made = (Override(self.day, (self.taker,), "", self.giver),)
        return (*made, Override(self.back, (self.giver,), "", self.taker)) if self.back else made


def _several(entry: str | tuple[str, ...]) -> tuple[str, ...]:
    return (entry,) if isinstance(entry, str) else entry


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())
