"""Touches. A question to the history: what points said at one hour of the weeks before."""

from collections.abc import Iterable
from typing import Any

from ingest.history.sealed import DAY
from ingest.history.series import asked
from ingest.history.today import Today

HOUR = 3_600_000
WEEK = 168  # hours
_HERE = """SELECT p.device, p.metric, r.event_time, r.value FROM reading r JOIN point p ON p.id = r.point"""
_SEALED = "SELECT device, metric, event_time, value FROM read_parquet($files)"
_FIGURES = """SELECT device, metric, ($hour - event_time // $length) // $week AS ago,
  avg(value), coalesce(stddev_pop(value), 0) FROM ({rows})
WHERE event_time BETWEEN $first AND $last AND ($hour - event_time // $length) % $week = 0
  AND isfinite(value) AND device || '/' || metric IN (SELECT unnest($points))
GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"""

Figure = tuple[str, str, int, float, float]


def figures(today: Today, points: Iterable[tuple[str, str]], hour: int, back: int) -> list[Figure]:
    """(device, metric, weeks ago, mean, standard deviation) of each week in which the point said a number in
    this hour (full hours since 1970 UTC); at most `back` weeks."""
    wanted = [f"{device}/{metric}" for device, metric in points]
    first, last = (hour - back * WEEK) * HOUR, (hour - WEEK + 1) * HOUR - 1

    def question(cursor: Any) -> list[Figure]:
        span = {
            "hour": hour, "length": HOUR, "week": WEEK, "first": first, "last": last, "points": wanted,
        }  # fmt: skip
        files = sorted({file for at in _hours(hour, back) for file in today.sealed.files(cursor, at, at)})
        parts = [_HERE, *([_SEALED] if files else [])]
        given = {**span, "files": files} if files else span
        question = _FIGURES.format(rows=" UNION ALL ".join(parts))
        return list(cursor.execute(question, given).fetchall())

    return asked(today, question)


def _hours(hour: int, back: int) -> list[int]:
    """A moment in this hour of each week: an hour never lies in two days."""
    assert DAY % HOUR == 0
    return [(hour - ago * WEEK) * HOUR for ago in range(1, back + 1)]
