"""Touches. The day files: one UTC day each, Parquet sorted by (device, metric, event_time).

`days/2026-11-22.0.parquet`: the number after the day grows when late readings are folded in. A new file is
written as `.part`, made safe on disk, named by the transaction that takes its readings out of the table, and
then renamed; so what a kill leaves behind is either finished or thrown away at the next opening.
`unsent/<first>-<last>.parquet` holds what left the table before the feed had sent it, in order of arrival.
"""

import os
import re
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import structlog

from ingest.history.batch import QUALITY_OF

log = structlog.get_logger("ingest.history")

DAY = 86_400_000
FORGET_AT_ONCE = 5
_EPOCH = date(1970, 1, 1)
_NAME = re.compile(r"(\d{4}-\d\d-\d\d)\.(\d+)\.parquet")
_UNSENT = re.compile(r"(\d+)-(\d+)\.parquet")
_NAMES = "SELECT device, metric FROM point {old}"
_OLD_NAMES = "UNION SELECT device, metric FROM read_parquet({file})"
_PREPARE = """
CREATE OR REPLACE TEMP TABLE name AS {names};
CREATE TEMP TYPE device_name AS ENUM (SELECT DISTINCT device FROM name ORDER BY device);
CREATE TEMP TYPE metric_name AS ENUM (SELECT DISTINCT metric FROM name ORDER BY metric);
CREATE OR REPLACE TEMP TABLE named AS SELECT id, device::device_name AS device, metric::metric_name AS metric
FROM point;
"""  # sorting 5 million readings by numbers costs 4 s and 64 MB; by the names themselves 14 s
_CLEAR = """
DROP TABLE IF EXISTS named; DROP TABLE IF EXISTS name;
DROP TYPE IF EXISTS device_name; DROP TYPE IF EXISTS metric_name;
"""
_READING = f"""
SELECT p.device, p.metric, r.event_time, r.received, r.value, r.word, {QUALITY_OF} AS time_quality,
       r.flags >= 8 AS retained, r.note
FROM reading r JOIN named p ON p.id = r.point WHERE r.event_time >= $low AND r.event_time < $high"""
_OLD = """UNION ALL SELECT device::device_name, metric::metric_name, event_time, received, value, word,
       time_quality, retained, note FROM read_parquet({file})"""


class Sealed:
    """The day files of one history, as the table `day` names them."""

    def __init__(self, folder: Path) -> None:
        self._days = folder / "days"
        self._unsent = folder / "unsent"
        self.unreadable: set[str] = set()  # found bad by a question, until the history's thread moves them

    def files(self, cursor: Any, start: int, end: int) -> list[str]:
        """The day files that may hold moments from start to end, oldest first."""
        query = "SELECT file FROM day WHERE day BETWEEN ? AND ? ORDER BY day"
        rows = cursor.execute(query, [start // DAY, end // DAY]).fetchall()
        files = [str(self._days / name) for (name,) in rows]
        return [file for file in files if file not in self.unreadable]

    def unsent(self) -> list[str]:
        """The files of what the feed still has to send, oldest first."""
        files = [str(path) for path in sorted(self._unsent.glob("*.parquet"))]
        return [file for file in files if file not in self.unreadable]

    def seal(self, connection: Any, day: int, sent: int | None) -> None:
        """Write the day's file anew and take its readings out of the table. `sent`: how far the feed is."""
        found = connection.execute("SELECT file FROM day WHERE day = ?", [day]).fetchone()
        number = int(_parts(found[0])[1]) + 1 if found else 0
        name = f"{day_text(day)}.{number}.parquet"
        part = self._days / f"{name}.part"
        span = {"low": day * DAY, "high": day * DAY + DAY}
        if sent is not None:
            self._keep_unsent(connection, span, sent)
        self._write(connection, span, self._days / found[0] if found else None, part)
        connection.execute("BEGIN")
        connection.execute("DELETE FROM reading WHERE event_time >= $low AND event_time < $high", span)
        connection.execute("DELETE FROM day WHERE day = ?", [day])
        connection.execute("INSERT INTO day VALUES (?, ?)", [day, name])
        connection.execute("COMMIT")
        part.rename(self._days / name)
        _sync(self._days)
        if found:
            (self._days / found[0]).unlink(missing_ok=True)
        log.info("day sealed", day=day_text(day), file=name)

    def _write(self, connection: Any, span: dict[str, int], old: Path | None, part: Path) -> None:
        file = _quoted(old) if old else ""
        connection.execute(_CLEAR)
        names = _NAMES.format(old=_OLD_NAMES.format(file=file) if old else "")
        connection.execute(_PREPARE.format(names=names))
        before = _OLD.format(file=file) if old else ""
        _copy(connection, f"{_READING} {before} ORDER BY device, metric, event_time, received", span, part)
        connection.execute(_CLEAR)

    def _keep_unsent(self, connection: Any, span: dict[str, int], sent: int) -> None:
        where = "event_time >= $low AND event_time < $high AND number > $sent"
        values = {**span, "sent": sent}
        query = f"SELECT min(number), max(number) FROM reading WHERE {where}"
        first, last = connection.execute(query, values).fetchone()
        if first is None:
            return
        target = self._unsent / f"{first:015}-{last:015}.parquet"
        rows = f"""SELECT r.number, p.device, p.metric, r.event_time, r.value, r.word
                   FROM reading r JOIN point p ON p.id = r.point WHERE {where} ORDER BY r.number"""
        part = target.with_suffix(".part")
        _copy(connection, rows, values, part)
        part.rename(target)
        _sync(self._unsent)

    def drop_sent(self, sent: int) -> None:
        """Delete the files of which the feed has sent everything."""
        for path in self._unsent.glob("*.parquet"):
            found = _UNSENT.fullmatch(path.name)
            if found and int(found[2]) <= sent:
                path.unlink(missing_ok=True)

    def forget(self, connection: Any, before: int) -> None:
        """Delete day files older than a UTC day, the oldest few at once: should the clock ever be wrong by
        years, an hour of that must not cost the whole history."""
        query = "SELECT day, file FROM day WHERE day < ? ORDER BY day LIMIT ?"
        for day, name in connection.execute(query, [before, FORGET_AT_ONCE]).fetchall():
            connection.execute("DELETE FROM day WHERE day = ?", [day])
            (self._days / name).unlink(missing_ok=True)
            log.info("day forgotten", day=day_text(day))

    def set_aside(self, connection: Any) -> list[str]:
        """Rename the files that cannot be read, so that everything else goes on; their names."""
        files, names = list(self.unreadable), []
        for path in map(Path, files):
            connection.execute("DELETE FROM day WHERE file = ?", [path.name])
            if path.exists():
                path.rename(path.with_name(f"{path.name}.corrupt"))
                names.append(path.name)
                log.error("file of the history was set aside", file=path.name)
        self.unreadable.difference_update(files)
        return names

    def sent_range(self) -> tuple[int, int]:
        """Before the first and up to the last reading in the files for the feed; (0, 0) without any."""
        found = [m for path in self._unsent.glob("*.parquet") if (m := _UNSENT.fullmatch(path.name))]
        return (min(int(m[1]) for m in found) - 1, max(int(m[2]) for m in found)) if found else (0, 0)

    def agree(self, connection: Any) -> None:
        """After opening: finish or throw away what a kill interrupted, take in files that somebody added."""
        named = dict(connection.execute("SELECT file, day FROM day").fetchall())
        for name, day in named.items():
            part, final = self._days / f"{name}.part", self._days / name
            if part.exists():
                part.rename(final)
            elif not final.exists():
                log.warning("a day file is gone", file=name)
                connection.execute("DELETE FROM day WHERE day = ?", [day])
        for stray in [*self._days.glob("*.part"), *self._unsent.glob("*.part")]:
            stray.unlink(missing_ok=True)
        days = set(named.values())
        for path in sorted(self._days.glob("*.parquet"), key=lambda p: _parts(p.name), reverse=True):
            text, number = _parts(path.name)
            if number < 0 or path.name in named:
                continue
            day = (date.fromisoformat(text) - _EPOCH).days
            if day in days:
                path.unlink(missing_ok=True)  # an older number of a day that was folded
            else:
                days.add(day)
                connection.execute("INSERT INTO day VALUES (?, ?)", [day, path.name])
                log.info("day file taken in", file=path.name)


def day_text(day: int) -> str:
    """The number of a UTC day since 1970 as 2026-11-22."""
    return (_EPOCH + timedelta(days=day)).isoformat()


def _parts(name: str) -> tuple[str, int]:
    found = _NAME.fullmatch(name)
    return (found[1], int(found[2])) if found else ("", -1)


def _copy(connection: Any, query: str, values: dict[str, int], target: Path) -> None:
    plain = re.sub(r"\$(\w+)", lambda found: str(values[found[1]]), query)
    connection.execute(f"COPY ({plain}) TO {_quoted(target)} (FORMAT parquet, COMPRESSION zstd)")
    _sync(target)
    _sync(target.parent)


def _quoted(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
