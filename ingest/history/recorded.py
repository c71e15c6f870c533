"""Touches. What was recorded over a span, for whoever judges it again: files, and their readings in order.

Day files are read where they lie. What is not sealed yet stands in the one file that only its service can
open; `export` copies the span out of it. A `Recording` reads them with a DuckDB of its own, in any process,
and brings into Python only what somebody asked for.
"""

import contextlib
import tempfile
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Protocol
from uuid import uuid4

import duckdb

from ingest.history.batch import QUALITY_OF
from ingest.history.sealed import DAY
from ingest.history.series import asked
from ingest.history.today import Today
from ingest.history.weeks import HOUR, WEEK
from ingest.reading import Reading, TimeQuality

FOLDER = "replay"
STRAY = 3600  # seconds after which a file that nobody deleted is deleted
PART = 1_000_000  # readings of a day sorted at once: what they need fits the memory
SLICE = 50_000  # of these looked at for points of which something may start
_QUALITIES = ("device", "received", "implausible")  # the others are judged by no rule
_QUALITY = {name: TimeQuality(name) for name in _QUALITIES}
_EXPORT = f"""COPY (
  SELECT p.device, p.metric, r.event_time, r.received, r.value, r.word,
         {QUALITY_OF} AS time_quality,
         r.flags >= 8 AS retained, r.note
  FROM reading r JOIN point p ON p.id = r.point
  WHERE r.received >= {{start}} AND r.received < {{end}}
) TO {{target}} (FORMAT parquet, COMPRESSION zstd)"""
_WATCHED = """CREATE TEMP TABLE watched AS SELECT unnest($numbers) AS number,
unnest($devices) AS device, unnest($metrics) AS metric, unnest($words) AS words,
unnest($low) AS low, unnest($high) AS high, unnest($every) AS every"""
_STARTS = """w.every OR CASE WHEN r.word IS NULL THEN NOT (r.value BETWEEN w.low AND w.high)
ELSE list_contains(w.words, r.word) END"""
_ROWS = f"""
SELECT w.number, r.received, r.event_time, r.value, r.word, r.time_quality, r.retained,
       coalesce(r.note, '') AS note, {_STARTS} AS starts
FROM read_parquet($files) r JOIN watched w ON r.device = w.device AND r.metric = w.metric
WHERE r.received >= $start AND r.received < $end AND r.time_quality IN {_QUALITIES!r}"""
_PART = f"CREATE OR REPLACE TEMP TABLE part AS ({_ROWS}) ORDER BY received, event_time, number"
_LAST = f"""SELECT * EXCLUDE (starts) FROM ({_ROWS}) QUALIFY row_number() OVER (PARTITION BY number
ORDER BY received DESC, event_time DESC) = 1 ORDER BY received, number"""
_SLICE = """SELECT number, received, event_time, value, word, time_quality, retained, note FROM part
WHERE rowid >= $first AND rowid < $last AND number IN (
  SELECT number FROM part WHERE rowid >= $first AND rowid < $last AND starts UNION ALL SELECT unnest($awake))
ORDER BY rowid"""
_BLIND = """SELECT event_time, received FROM read_parquet($files) WHERE device = 'tocsin' AND metric = 'blind'
AND word = 'unknown' AND received >= $start AND received < $end ORDER BY received"""
_FIRST = "SELECT min(received) FROM read_parquet($files) WHERE received > $start AND received < $end"
_HOURLY = f"""CREATE OR REPLACE TEMP TABLE hourly AS
SELECT w.number, r.event_time // {HOUR} AS hour,
       avg(r.value) AS mean, coalesce(stddev_pop(r.value), 0) AS spread
FROM read_parquet($files) r JOIN watched w ON r.device = w.device AND r.metric = w.metric
WHERE w.number IN (SELECT unnest($numbers)) AND r.event_time >= $start AND r.event_time < $end
  AND isfinite(r.value) GROUP BY 1, 2"""
_WEEKS = f"""SELECT number, hour + {WEEK} * ago, ago, mean, spread FROM hourly, range(1, $back + 1) w(ago)
WHERE hour + {WEEK} * ago BETWEEN $first AND $last ORDER BY 1, 2, 3"""
_COUNT = "SELECT count(*) FROM read_parquet($files) WHERE received >= $start AND received < $end"


class Watched(Protocol):
    """A point somebody asks for, and which of its values can start something."""

    @property
    def device(self) -> str: ...
    @property
    def metric(self) -> str: ...
    @property
    def words(self) -> Collection[str]: ...
    @property
    def low(self) -> float: ...
    @property
    def high(self) -> float: ...
    @property
    def every(self) -> bool: ...


class Files(NamedTuple):
    """`days`: the day files by their UTC day; `rest`: what is not sealed, one file ("" without any)."""

    days: dict[int, str]
    rest: str


def export(today: Today, folder: Path, start: int, end: int) -> Files:
    """The files that hold what was received between two moments. The one of the rest is the caller's, to
    read and to delete."""
    target = folder / FOLDER / f"{uuid4().hex}.parquet"
    target.parent.mkdir(exist_ok=True)

    def question(cursor: Any) -> Files:
        query = "SELECT day, file FROM day WHERE day BETWEEN ? AND ? ORDER BY day"
        rows = cursor.execute(query, [start // DAY - 1, end // DAY + 1]).fetchall()
        readable = {Path(file).name: file for file in today.sealed.files(cursor, start - DAY, end + DAY)}
        cursor.execute(_EXPORT.format(start=int(start), end=int(end), target=_quoted(target)))
        return Files({day: readable[name] for day, name in rows if name in readable}, str(target))

    target.touch()
    for path in target.parent.glob("*.parquet"):  # of readers that were killed
        if path.stat().st_mtime < target.stat().st_mtime - STRAY:
            path.unlink(missing_ok=True)
    return asked(today, question)


class Recording:
    """The readings of a span. `with` closes it; what it spills lies in a temporary folder meanwhile."""

    def __init__(self, files: Files, watched: Sequence[Watched], memory: str = "256MB") -> None:
        self._files, self._points = files, [(one.device, one.metric) for one in watched]
        self._spill = tempfile.TemporaryDirectory(prefix="tocsin-replay-")
        config = {"threads": 1, "memory_limit": memory, "temp_directory": self._spill.name}
        self._connection = duckdb.connect(":memory:", config=config)  # type: ignore[arg-type]
        self._numbers = {point: number for number, point in enumerate(self._points)}
        columns = {
            "numbers": list(range(len(watched))),
            "devices": [one.device for one in watched],
            "metrics": [one.metric for one in watched],
            "words": [list(one.words) for one in watched],
            "low": [one.low for one in watched],
            "high": [one.high for one in watched],
            "every": [one.every for one in watched],
        }
        if watched:
            self._connection.execute(_WATCHED, columns)

    def __enter__(self) -> "Recording":
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._connection.close()
        with contextlib.suppress(OSError):
            self._spill.cleanup()

    def count(self, start: int, end: int) -> int:
        """How many readings of anything were received."""
        return sum(int(row[0]) for row in self._ask(_COUNT, start, end))

    def first(self, start: int, end: int) -> int | None:
        """When the first reading after a moment was received."""
        found = [row[0] for row in self._ask(_FIRST, start, end) if row[0] is not None]
        return min(found) if found else None

    def downs(self, start: int, end: int) -> list[tuple[int, int]]:
        """The spans in which nothing was recorded because Tocsin itself did not run."""
        spans = self._ask(_BLIND, start, end)
        return [(since, self.first(since, until + 1) or until) for since, until in sorted(spans)]

    def standing(self, start: int, end: int) -> list[Reading]:
        """The last reading of each watched point between two moments, in order of receipt."""
        if not self._points:
            return []
        files = self._of_days(start, end)
        if not files:
            return []
        return self._readings(self._connection.execute(_LAST, self._span(start, end, files)).fetchall())

    def sum_up(self, points: Iterable[tuple[str, str]], start: int, end: int, back: int) -> None:
        """Take the mean of each hour of watched points, from so many weeks before the span on."""
        start = (start // HOUR - back * WEEK) * HOUR
        span = self._span(start, end, self._of_days(start, end))
        numbers = [self._numbers[point] for point in points]
        if span["files"]:
            self._connection.execute(_HOURLY, {**span, "numbers": numbers})

    def weeks(self, first: int, last: int, back: int) -> Iterator[tuple[str, str, int, int, float, float]]:
        """Of what was summed up, for these full hours since 1970 UTC: (device, metric, hour, weeks ago, mean,
        standard deviation)."""
        found = self._connection.execute(_WEEKS, {"first": first, "last": last, "back": back})
        while rows := found.fetchmany(SLICE):
            yield from ((*self._points[number], *figures) for number, *figures in rows)

    def pieces(
        self, start: int, end: int, awake: Callable[[], Iterable[tuple[str, str]]]
    ) -> Iterator[tuple[int, list[Reading]]]:
        """Readings in order of receipt, with the moment up to which nothing is missing. Of each piece those
        points are left out that are not `awake` and say nothing in it that can start something."""
        for low, high in self._parts(start, end):
            files = self._of_days(low, high)
            if not files or not self._points:
                yield high, []
                continue
            self._connection.execute(_PART, self._span(low, high, files))
            (number,) = self._one("SELECT count(*) FROM part")
            for first in range(0, number, SLICE):
                rows = self._slice(first, awake())
                yield (rows[-1].received if rows else low), rows
            yield high, []

    def _slice(self, first: int, awake: Iterable[tuple[str, str]]) -> list[Reading]:
        numbers = [self._numbers[point] for point in awake if point in self._numbers]
        query = {"first": first, "last": first + SLICE, "awake": numbers}
        return self._readings(self._connection.execute(_SLICE, query).fetchall())

    def _readings(self, rows: Iterable[Any]) -> list[Reading]:
        points, quality = self._points, _QUALITY
        return [
            Reading(
                points[number][0],
                points[number][1],
                value if word is None else word,
                received,
                moment,
                quality[said],
                retained,
                note,
            )
            for number, received, moment, value, word, said, retained, note in rows
        ]

    def _parts(self, start: int, end: int) -> Iterator[tuple[int, int]]:
        """The span in equal parts of a day, smaller where the day is large."""
        for day in range(start // DAY, (end - 1) // DAY + 1):
            low, high = max(start, day * DAY), min(end, day * DAY + DAY)
            files = self._of_days(low, high)
            total = (
                int(self._one("SELECT count(*) FROM read_parquet($files)", files=files)[0]) if files else 0
            )
            width = -(-(high - low) // max(1, -(-total // PART)))
            yield from ((at, min(high, at + width)) for at in range(low, high, width))

    def _of_days(self, start: int, end: int) -> list[str]:
        """What the device dates, it may date up to a day before it is received, or minutes after."""
        days = range(start // DAY - 1, (end - 1) // DAY + 2)
        found = [self._files.days[day] for day in days if day in self._files.days]
        return [*found, *([self._files.rest] if self._files.rest else [])]

    def _ask(self, query: str, start: int, end: int) -> list[Any]:
        files = self._of_days(start, end)
        span = self._span(start, end, files)
        return list(self._connection.execute(query, span).fetchall()) if files else []

    def _one(self, query: str, **values: Any) -> Any:
        return self._connection.execute(query, values).fetchone()

    def _span(self, start: int, end: int, files: list[str]) -> dict[str, Any]:
        return {"start": start, "end": end, "files": files}


def _quoted(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"
