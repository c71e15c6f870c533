"""Touches. Questions to the history: a metric over time, the words of a point, what is still to be sent."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import duckdb
import structlog

from ingest.history.sealed import DAY
from ingest.history.today import Today

log = structlog.get_logger("ingest.history")

LOOK_BACK_DAYS = 31  # how far back the word is looked for that stood when a span begins
MOST_WORDS = 10_000
TRIES = 5

T = TypeVar("T")
Span = dict[str, Any]
_HERE = """SELECT r.event_time, r.value, r.word FROM reading r
JOIN point p ON p.id = r.point AND p.device = $device AND p.metric = $metric
WHERE r.event_time BETWEEN $start AND $end"""
_SEALED = """SELECT event_time, value, word FROM read_parquet($files)
WHERE device = $device AND metric = $metric AND event_time BETWEEN $start AND $end"""
_NUMBERS = """SELECT min(event_time), min(value), avg(value), max(value) FROM ({rows}) WHERE isfinite(value)
GROUP BY (event_time - $start) // $width ORDER BY 1"""
_CHANGES = """SELECT event_time, word FROM (
  SELECT event_time, word, lag(word) OVER (ORDER BY event_time) AS past FROM ({rows}) WHERE word IS NOT NULL)
WHERE $each OR word IS DISTINCT FROM past ORDER BY event_time DESC LIMIT $most"""
_LAST = "SELECT event_time, word FROM ({rows}) WHERE word IS NOT NULL ORDER BY event_time DESC LIMIT 1"
_UNSENT = """SELECT r.number, p.device, p.metric, r.event_time, r.value, r.word
FROM reading r JOIN point p ON p.id = r.point WHERE r.number > $after AND r.number <= $upto"""
_UNSENT_FILES = "SELECT * FROM read_parquet($files) WHERE number > $after AND number <= $upto"


def numbers(
    today: Today, device: str, metric: str, start: int, end: int, points: int
) -> list[tuple[int, float, float, float]]:
    """(moment of the first, lowest, mean, highest) of each of at most `points` equal parts of a span."""
    span = {"device": device, "metric": metric, "start": start, "end": end}
    width = max(1, -(-(end - start + 1) // max(1, points)))

    def question(cursor: Any) -> list[tuple[int, float, float, float]]:
        files = today.sealed.files(cursor, start, end)
        return _rows(cursor, _NUMBERS, {**span, "width": width}, _HERE, files)

    return asked(today, question)


def words(today: Today, device: str, metric: str, start: int, end: int, each: bool) -> list[tuple[int, str]]:
    """(moment, word) of every change, or with `each` of every reading (a second press is no change), oldest
    first. A list of changes begins with the word that stood at `start`, at the moment it was read."""
    span: Span = {"device": device, "metric": metric, "start": start, "end": end}

    def question(cursor: Any) -> list[tuple[int, str]]:
        files = today.sealed.files(cursor, start, end)
        found = _rows(cursor, _CHANGES, {**span, "each": each, "most": MOST_WORDS}, _HERE, files)[::-1]
        if each or (found and found[0][0] == start):
            return found
        before = _standing(today, cursor, span)
        return before + (found[1:] if before and found and before[0][1] == found[0][1] else found)

    return asked(today, question)


def _standing(today: Today, cursor: Any, span: Span) -> list[tuple[int, str]]:
    """The last word before a span: in the table, else in the day files, one after the other backwards."""
    end = int(span["start"]) - 1
    span = {**span, "start": end - LOOK_BACK_DAYS * DAY, "end": end}
    if found := _rows(cursor, _LAST, span, _HERE, []):
        return found
    for file in today.sealed.files(cursor, span["start"], end)[::-1]:
        if found := _rows(cursor, _LAST, span, "", [file]):
            return found
    return []


def unsent(today: Today, after: int, limit: int) -> list[tuple[int, str, str, int, float | None, str | None]]:
    """The next readings in order of arrival: (number, device, metric, event time, value, word)."""

    def question(cursor: Any) -> list[Any]:
        files = today.sealed.unsent()
        span = {"after": after, "upto": after + limit}
        found = _rows(cursor, "SELECT * FROM ({rows}) ORDER BY number", span, _UNSENT, files)
        if found or after >= today.number:
            return found
        everything = {"after": after, "upto": today.number}
        first = _rows(cursor, "SELECT min(number) FROM ({rows})", everything, _UNSENT, files)[0][0]
        if first is None:
            return []
        span = {"after": first - 1, "upto": first - 1 + limit}
        return _rows(cursor, "SELECT * FROM ({rows}) ORDER BY number", span, _UNSENT, files)

    return asked(today, question)


def _rows(cursor: Any, question: str, span: Span, here: str, files: list[str]) -> list[Any]:
    parts = [here] if here else []
    if files:
        span = {**span, "files": files}
        parts.append(_UNSENT_FILES if here is _UNSENT else _SEALED)
    union = " UNION " if here is _UNSENT else " UNION ALL "  # a kill may have left a reading in both places
    return list(cursor.execute(question.format(rows=union.join(parts)), span).fetchall())


def asked(today: Today, question: Callable[[Any], T]) -> T:
    """Ask on one unchanging state; again where a day file was replaced or turned out to be unreadable."""
    for attempt in range(1, TRIES + 1):
        try:
            with today.reader() as cursor:
                return question(cursor)
        except duckdb.Error:
            if attempt == TRIES:
                raise
            if not find_unreadable(today):
                time.sleep(0.05 * attempt)
    raise AssertionError("not reached")


def find_unreadable(today: Today) -> bool:
    """Look through the day files; whether one more is now known to be bad."""
    before = len(today.sealed.unreadable)
    with today.reader() as cursor:
        files = [*today.sealed.files(cursor, 0, 1 << 62), *today.sealed.unsent()]
    for file in files:
        try:
            with today.reader() as cursor:
                cursor.execute("SELECT max(hash(COLUMNS(*))) FROM read_parquet(?)", [file]).fetchall()
        except duckdb.Error as error:
            if Path(file).exists() and "memory" not in str(error):
                log.error("file of the history cannot be read", file=file, error=str(error)[:300])
                today.sealed.unreadable.add(file)
    return len(today.sealed.unreadable) > before
