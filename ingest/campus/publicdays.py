"""Thinks. The public holidays and make-up workdays of a country, year by year, as libraries know them."""

from collections.abc import Iterator
from datetime import date, timedelta
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from typing import NamedTuple

import chinese_calendar

NONE = "none"  # a country without public holidays: only the week counts


class PublicDays(NamedTuple):
    """One year. `holidays`: days off that have a name; `workdays`: worked although they are a weekend's."""

    holidays: frozenset[date]
    workdays: frozenset[date]
    weekend: tuple[int, ...] = (5, 6)


def country_problem(country: str) -> str | None:
    """Why this is no country: CN, DE, DE-BY (with a part of it) or none."""
    if country in (NONE, "CN"):
        return None
    import holidays  # large, and needed only outside China

    code, _, part = country.partition("-")
    known = holidays.list_supported_countries()
    if code not in known:
        return "expected a country such as CN or DE, a part of one such as DE-BY, or none"
    if part and part not in known[code]:
        return f"{code} has no such part; expected one of: {', '.join(known[code]) or 'none'}"
    return None


@lru_cache(maxsize=256)
def public_days(country: str, year: int) -> PublicDays | None:
    """None where nobody knows the year: then the plain week counts. Never raises."""
    if country == NONE:
        return PublicDays(frozenset(), frozenset())
    try:
        return _chinese(year) if country == "CN" else _elsewhere(country, year)
    except Exception:  # whatever a library trips over, a year of it is one that it does not know
        return None


def knowledge(country: str) -> str:
    """Which edition of which library is asked."""
    name = {NONE: "", "CN": "chinesecalendar"}.get(country, "holidays")
    try:
        return f"{name} {version(name)}" if name else ""
    except PackageNotFoundError:
        return name


def _chinese(year: int) -> PublicDays | None:
    """The State Council announces a year in the November before: until then the library says that it does not
    know it, and it is right."""
    try:
        told = {day: chinese_calendar.get_holiday_detail(day) for day in _days(year)}
    except NotImplementedError:
        return None
    off = frozenset(day for day, (is_off, name) in told.items() if is_off and name)
    return PublicDays(off, frozenset(d for d, (is_off, _) in told.items() if not is_off and d.weekday() > 4))


def _elsewhere(country: str, year: int) -> PublicDays | None:
    import holidays

    code, _, part = country.partition("-")
    found = holidays.country_holidays(code, subdiv=part or None, years=year)
    if not found.start_year <= year <= found.end_year:
        return None
    return PublicDays(frozenset(found), frozenset(found.weekend_workdays), tuple(sorted(found.weekend)))


def _days(year: int) -> Iterator[date]:
    day = date(year, 1, 1)
    while day.year == year:
        yield day
        day += timedelta(days=1)
