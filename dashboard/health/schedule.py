"""Thinks. When the weekly report is due, and when a letter that failed is tried again."""

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
FIRST_RETRY, LAST_RETRY = 60_000, 3_600_000  # ms; doubled from the first to the last
TROUBLE_AFTER = 24 * 3_600_000  # ms a letter may fail before it is trouble of Tocsin's own


def parse(weekly: str) -> tuple[int, int, int]:
    """ "Mon 08:00" as day of the week, hour, minute. Raises ValueError with a sentence."""
    found = re.fullmatch(r"(\w{3}) (\d\d):(\d\d)", weekly)
    if not found or found[1] not in DAYS or int(found[2]) > 23 or int(found[3]) > 59:
        raise ValueError(f"must be a day and a time like Mon 08:00 (days: {', '.join(DAYS)})")
    return DAYS.index(found[1]), int(found[2]), int(found[3])


def following(weekly: str, zone: str, after: int) -> int:
    """The first such moment after this one, by the clock at the campus."""
    day, hour, minute = parse(weekly)
    here = ZoneInfo(zone)
    start = datetime.fromtimestamp(after / 1000, UTC).astimezone(here).date()
    for ahead in range(9):
        one = start + timedelta(days=ahead)
        if one.weekday() != day:
            continue
        moment = int(datetime(one.year, one.month, one.day, hour, minute, tzinfo=here).timestamp() * 1000)
        if moment > after:
            return moment
    raise AssertionError("nine days hold every day of the week")


def again(attempts: int, now: int) -> int:
    """When to try once more after so many attempts that failed."""
    return now + min(LAST_RETRY, FIRST_RETRY << min(attempts - 1, 10))
