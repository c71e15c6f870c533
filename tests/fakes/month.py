"""Touches. A recorded month, drawn quickly: sealed day files as the history writes them."""

from collections.abc import Iterable
from pathlib import Path

import duckdb

from ingest.campus.device import Device, Place
from ingest.campus.registry import Registry
from ingest.history.sealed import DAY, day_text
from ingest.reading import Reading

START = 1_793_577_600_000 // DAY * DAY  # 2026-11-02, the beginning of a UTC day
_COLUMNS = """'received' AS time_quality, false AS retained, NULL::VARCHAR AS note"""
_DAY = """
WITH beat AS (
  SELECT i, s, {start} + s * {every} + (hash(i) % {every})::BIGINT AS moment
  FROM range({devices}) a(i), range({beats}) b(s))
SELECT 'd-' || i AS device, m.metric, moment AS event_time, moment AS received,
  CASE m.metric WHEN 'temperature' THEN 20 + (hash(i * 7 + s + {day}) % 100)::DOUBLE / 20
                WHEN 'battery' THEN 90.0 - (hash(i) % 30)::DOUBLE END AS value,
  CASE m.metric WHEN 'smoke' THEN 'normal' END AS word, {columns}
FROM beat, (VALUES ('smoke'), ('temperature'), ('battery')) m(metric)
UNION ALL SELECT device, metric, event_time, received, value, word, {columns} FROM told
WHERE received >= {start} AND received < {start} + 86400000
ORDER BY device, metric, event_time"""


def campus(devices: int) -> Registry:
    """Smoke detectors, which also say how warm it is and how full their battery."""
    return Registry.build(
        places=[Place("campus", "校园", "Campus"), Place("dorm", "宿舍", "Dormitory", "campus")],
        devices=[Device(f"d-{number}", "smoke_detector", "dorm") for number in range(devices)],
    )


def record(
    folder: Path,
    days: int,
    devices: int,
    every: int = 600_000,
    told: Iterable[Reading] = (),
    start: int = START,
) -> dict[int, str]:
    """A heartbeat of every device each `every` ms, and what was `told` besides; the file of each UTC day."""
    folder.mkdir(parents=True, exist_ok=True)
    files = {}
    with duckdb.connect(config={"threads": 1}) as connection:  # type: ignore[arg-type]
        connection.execute(
            "CREATE TABLE told (device VARCHAR, metric VARCHAR, event_time BIGINT, received BIGINT,"
            " value DOUBLE, word VARCHAR)"
        )
        rows = [
            (r.device, r.metric, r.event_time, r.received,
             r.value if isinstance(r.value, float) else None, r.value if isinstance(r.value, str) else None)
            for r in told
        ]  # fmt: skip
        if rows:
            connection.executemany("INSERT INTO told VALUES (?, ?, ?, ?, ?, ?)", rows)
        for day in range(start // DAY, start // DAY + days):
            target = folder / f"{day_text(day)}.0.parquet"
            query = _DAY.format(
                start=day * DAY, every=every, devices=devices, beats=DAY // every, day=day, columns=_COLUMNS
            )
            connection.execute(f"COPY ({query}) TO '{target}' (FORMAT parquet, COMPRESSION zstd)")
            files[day] = str(target)
    return files
