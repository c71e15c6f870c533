"""Touches. Digests: a day's readings summed up, one row a point, so that 90 days can be asked in a second.

`digests/<name of the day file>` is written when somebody first asks for the day; it can always be made again.
What is not sealed is summed up at each question. Readings the broker kept (retained) count only with a time
of the device's own: else each reconnection would be news.
"""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb
import structlog

from ingest.campus.kinds import METRICS, Form
from ingest.history.figures import DAY, LINKS, ORDINARY, REPLACED, Figures, Flap, Link, Since, Spans, Trend
from ingest.history.series import asked
from ingest.history.today import Today

log = structlog.get_logger("ingest.history")

PATIENCE = 1.0  # seconds in which days are summed up before a question is answered with what there is
_FORMAT = "v1"  # of the digests: another number makes all of them anew
NUMBERS = ("battery", *LINKS, "sequence_gap", "clock_error")
EVENTS = tuple(name for name, metric in METRICS.items() if metric.form is Form.EVENT)
_STATES = tuple(name for name, metric in METRICS.items() if metric.form is Form.STATE)
FLAPPING = tuple(name for name in _STATES if name not in ORDINARY)

_COLUMNS = """metric VARCHAR, device VARCHAR, day INTEGER, n BIGINT, total DOUBLE, low DOUBLE, high DOUBLE,
values DOUBLE[], first_word VARCHAR, last_word VARCHAR, changes BIGINT, first_at BIGINT, changed_at BIGINT"""
_HERE = """SELECT p.device, p.metric, r.event_time, r.received, r.value, r.word
FROM reading r JOIN point p ON p.id = r.point
WHERE r.event_time BETWEEN {low} AND {high} AND (r.flags < 8 OR r.flags % 8 = 0)"""
_FILE = """SELECT device, metric, event_time, received, value, word FROM read_parquet({file})
WHERE NOT retained OR time_quality = 'device'"""
_DIGEST = f"""
WITH rows AS MATERIALIZED ({{rows}})
SELECT metric, device, {{day}} AS day,
       count(*) AS n, sum(value) AS total, min(value) AS low, max(value) AS high,
       CASE WHEN metric IN {LINKS!r} THEN list(value) END AS values,
       NULL AS first_word, NULL AS last_word, 0 AS changes, min(event_time) AS first_at, NULL AS changed_at
FROM rows WHERE metric IN {NUMBERS!r} AND isfinite(value) GROUP BY metric, device
UNION ALL
SELECT metric, device, {{day}}, 0, NULL, NULL, NULL, NULL,
       max(word) FILTER (past IS NULL), max(word) FILTER (next IS NULL),
       count(*) FILTER (word <> past), min(event_time), max(event_time) FILTER (word <> past)
FROM (SELECT metric, device, event_time, word, lag(word) OVER told AS past, lead(word) OVER told AS next
      FROM rows WHERE word IS NOT NULL AND metric NOT IN {EVENTS!r}
      WINDOW told AS (PARTITION BY metric, device ORDER BY event_time, received))
GROUP BY metric, device
ORDER BY metric, device"""
# A number that could not be read is kept as a word: its day has a row of words, and of it n is 0.
_TREND = """SELECT device, regr_slope(total / n, day) * 30, count(*), min(day), max(day),
       max(total / n) - min(total / n)
FROM digest WHERE metric = 'battery' AND n > 0 AND day >= $quarter GROUP BY device"""
_RENEWED = f"""
WITH daily AS MATERIALIZED (SELECT device, day, total / n AS mean FROM digest
  WHERE metric = 'battery' AND n > 0 AND day >= $quarter AND device IN (SELECT unnest($devices))),
risen AS (SELECT device, day, mean - lag(mean) OVER (PARTITION BY device ORDER BY day) >= {REPLACED} AS new
          FROM daily),
replaced AS (SELECT device, max(day) AS since FROM risen WHERE new GROUP BY device)
SELECT device, regr_slope(mean, day) * 30, count(*), min(day), max(day)
FROM daily JOIN replaced USING (device) WHERE day >= since GROUP BY device"""
_LINK = f"""
SELECT device, metric, median(v) FILTER (day >= $week), min(v) FILTER (day >= $week),
       median(v) FILTER (day < $week), min(v) FILTER (day < $week)
FROM (SELECT device, metric, day, unnest(values) AS v FROM digest
      WHERE metric IN {LINKS!r} AND day >= $before)
GROUP BY device, metric"""
_FLAP = f"""
WITH moved AS (SELECT metric, device FROM digest WHERE metric IN {FLAPPING!r} AND day >= $month
               GROUP BY metric, device
               HAVING sum(changes) > 0 OR min(first_word) <> max(last_word)
                      OR max(first_word) <> min(last_word)),
joined AS (SELECT metric, device, day, changes + coalesce(first_word <> lag(last_word) OVER
             (PARTITION BY metric, device ORDER BY day), false)::INTEGER AS changes
           FROM digest SEMI JOIN moved USING (metric, device) WHERE day >= $month)
SELECT device, metric, sum(changes) FILTER (day >= $week), sum(changes) FROM joined GROUP BY device, metric"""
_GAPS = """SELECT device, sum(total) FILTER (day >= $week), sum(total) FROM digest
WHERE metric = 'sequence_gap' AND n > 0 AND day >= $month GROUP BY device"""
_CLOCKS = """SELECT device, min(low), max(high) FROM digest
WHERE metric = 'clock_error' AND n > 0 AND day >= $week GROUP BY device"""
_SINCE = """
WITH wanted AS (SELECT unnest($devices) AS device, unnest($metrics) AS metric),
told AS (SELECT *, lag(last_word) OVER (PARTITION BY metric, device ORDER BY day) AS past
         FROM digest SEMI JOIN wanted USING (metric, device) WHERE metric IN (SELECT metric FROM wanted)),
turned AS (SELECT *, coalesce(changed_at, CASE WHEN past <> first_word THEN first_at END) AS turn FROM told)
SELECT device, metric, arg_max(last_word, day), coalesce(max(turn), min(first_at)), max(turn) IS NOT NULL
FROM turned GROUP BY device, metric"""


def figures(today: Today, folder: Path, now: int, standing: Sequence[tuple[str, str]]) -> Figures:
    """The figures as of a moment. `standing`: the (device, metric) of which it is asked since when they say
    what they say."""

    def question(cursor: Any) -> Figures:
        spans = Spans(now // DAY)
        missing = _gather(cursor, today, folder, spans)
        found = _answers(cursor, spans)
        return Figures(spans, missing, **found, since=_since(cursor, standing))

    try:
        return asked(today, question)
    except duckdb.Error:  # a digest may be torn: all can be made again
        for path in _folder(folder).glob("*"):
            path.unlink(missing_ok=True)
        return asked(today, question)


def _gather(cursor: Any, today: Today, folder: Path, spans: Spans) -> int:
    """The view `digest` of the quarter; how many sealed days are not in it yet."""
    fresh, sealed = _days(cursor, today, spans)
    cursor.execute(f"CREATE OR REPLACE TEMP TABLE fresh ({_COLUMNS})")
    for day, file in fresh.items():
        cursor.execute("INSERT INTO fresh " + _DIGEST.format(rows=_rows_of(day, file), day=day))
    done = _summed_up(cursor, folder, sealed)
    _tidy(folder, sealed, fresh)
    parts = ["SELECT * FROM fresh"]
    if done:
        parts.append(f"SELECT * FROM read_parquet([{', '.join(map(_quoted, done))}])")
    cursor.execute("CREATE OR REPLACE TEMP VIEW digest AS " + " UNION ALL ".join(parts))
    return len(sealed) - len(done)


def _days(cursor: Any, today: Today, spans: Spans) -> tuple[dict[int, Path | None], list[tuple[int, Path]]]:
    """The days of which something is in the table (with the day's file, if there is one already), and the
    days that are in their files alone, the latest first."""
    low, high = spans.quarter * DAY, spans.today * DAY + DAY - 1
    named = cursor.execute("SELECT day, file FROM day").fetchall()
    readable = set(today.sealed.files(cursor, low, high))
    files = {day: path for day, name in named for path in map(Path, readable) if path.name == name}
    query = f"SELECT DISTINCT event_time // {DAY} FROM reading WHERE event_time BETWEEN {low} AND {high}"
    here = {int(day) for (day,) in cursor.execute(query).fetchall()}
    alone = sorted((item for item in files.items() if item[0] not in here), reverse=True)
    return {day: files.get(day) for day in sorted(here)}, alone


def _rows_of(day: int, file: Path | None) -> str:
    here = _HERE.format(low=day * DAY, high=day * DAY + DAY - 1)
    return f"{here} UNION ALL {_FILE.format(file=_quoted(file))}" if file else here


def _summed_up(cursor: Any, folder: Path, sealed: list[tuple[int, Path]]) -> list[Path]:
    """The digests there are, after making as many of those that are not as there is patience for."""
    until = time.monotonic() + PATIENCE
    done = []
    for day, file in sealed:
        target = _digest_of(folder, file)
        if not target.exists():
            if time.monotonic() >= until:
                continue
            _write(cursor, day, file, target)
        done.append(target)
    return done


def _write(cursor: Any, day: int, file: Path, target: Path) -> None:
    target.parent.mkdir(exist_ok=True)
    part = target.with_suffix(".part")
    rows = _FILE.format(file=_quoted(file))
    digest = _DIGEST.format(rows=rows, day=day)
    cursor.execute(
        f"COPY ({digest}) TO {_quoted(part)} (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 8192)"
    )
    part.rename(target)


def _tidy(folder: Path, sealed: list[tuple[int, Path]], fresh: dict[int, Path | None]) -> None:
    """Delete the digests of files that are gone or too old to be asked for."""
    kept = {_digest_of(folder, file) for _, file in sealed}
    kept |= {_digest_of(folder, file) for file in fresh.values() if file}
    for path in set(_folder(folder).glob("*.parquet")) - kept:
        path.unlink(missing_ok=True)


def _folder(folder: Path) -> Path:
    return folder / "digests"


def _digest_of(folder: Path, file: Path) -> Path:
    return _folder(folder) / f"{file.stem}.{_FORMAT}.parquet"


def _answers(cursor: Any, spans: Spans) -> dict[str, Any]:
    def ask(query: str, *names: str) -> list[Any]:
        return list(cursor.execute(query, {name: getattr(spans, name) for name in names}).fetchall())

    clocks = ((device, low, high) for device, low, high in ask(_CLOCKS, "week"))
    return {
        "trends": _trends(cursor, spans),
        "links": {row[0]: Link(*row[1:]) for row in sorted(ask(_LINK, "week", "before"))},  # rssi wins
        "flaps": _flaps(ask(_FLAP, "week", "month")),
        "gaps": {device: (int(week or 0), int(month)) for device, week, month in ask(_GAPS, "week", "month")},
        "clocks": {device: low if -low > high else high for device, low, high in clocks},
    }


def _trends(cursor: Any, spans: Spans) -> dict[str, Trend]:
    """Of every battery; where it varied so much that it may have been replaced, since then."""
    rows = cursor.execute(_TREND, {"quarter": spans.quarter}).fetchall()
    trends = {row[0]: Trend(*row[1:5]) for row in rows}
    varied = [row[0] for row in rows if row[5] >= REPLACED]
    if varied:
        found = cursor.execute(_RENEWED, {"quarter": spans.quarter, "devices": varied}).fetchall()
        trends |= {row[0]: Trend(*row[1:]) for row in found}
    return trends


def _flaps(rows: list[tuple[str, str, int | None, int]]) -> dict[str, Flap]:
    """The worst point of each device."""
    best: dict[str, Flap] = {}
    for device, metric, week, month in rows:
        flap = Flap(metric, int(week or 0), int(month))
        if not flap.month:
            continue
        known = best.get(device)
        if known is None or (-flap.week, -flap.month, metric) < (-known.week, -known.month, known.metric):
            best[device] = flap
    return best


def _since(cursor: Any, standing: Sequence[tuple[str, str]]) -> dict[tuple[str, str], Since]:
    if not standing:
        return {}
    devices, metrics = ([pair[side] for pair in standing] for side in (0, 1))
    rows = cursor.execute(_SINCE, {"devices": devices, "metrics": metrics}).fetchall()
    return {(device, metric): Since(word, moment, exact) for device, metric, word, moment, exact in rows}


def _quoted(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"
