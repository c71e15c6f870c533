"""Touches. The device-health report once more, by other code: plain loops over the raw rows on disk.

Nothing of Tocsin is imported; only what is in the files counts. Spans are UTC days.
"""

import sqlite3
import statistics
from datetime import date, datetime, timedelta, timezone
from itertools import pairwise
from pathlib import Path
from typing import Any

import duckdb
import msgspec

DAY = 86_400_000
EVENTS = {"press", "self_test", "function_test", "duration_test", "late_alarm", "loop", "blind"}
STANDING = {"fault", "tamper", "disabled", "missing"}
Raw = tuple[str, str, int, int, float | None, str | None]


def raw_readings(folder: Path) -> list[Raw]:
    """(device, metric, event time, received, value, word) of what counts: live, or with a time of its own."""
    rows: list[Any] = []
    with duckdb.connect(str(folder / "today.duckdb"), read_only=True) as connection:
        rows += connection.execute(
            "SELECT p.device, p.metric, r.event_time, r.received, r.value, r.word,"
            " r.flags >= 8, r.flags % 8 = 0"
            " FROM reading r JOIN point p ON p.id = r.point"
        ).fetchall()
    with duckdb.connect() as connection:
        for file in sorted((folder / "days").glob("*.parquet")):
            query = (
                "SELECT device, metric, event_time, received, value, word, retained, time_quality = 'device'"
            )
            rows += connection.execute(f"{query} FROM read_parquet('{file}')").fetchall()
    return [row[:6] for row in rows if not row[6] or row[7]]


def latest_points(database: Path) -> tuple[dict[str, dict[str, list[Any]]], dict[str, int]]:
    """device → metric → the stored reading as a plain list; device → heard."""
    points: dict[str, dict[str, list[Any]]] = {}
    heard: dict[str, int] = {}
    with sqlite3.connect(database) as connection:
        for device, moment, blob in connection.execute("SELECT device, heard, readings FROM latest"):
            points[device] = {reading[1]: reading for reading in msgspec.msgpack.decode(blob)}
            if moment is not None:
                heard[device] = moment
    return points, heard


def quarantined(database: Path) -> tuple[int, int]:
    with sqlite3.connect(database) as connection:
        counts = [count for (count,) in connection.execute("SELECT count FROM quarantine")]
    return len(counts), sum(counts)


def trend(rows: list[Raw], device: str, today: int) -> tuple[float | None, int]:
    """(points in 30 days, days it is from), by least squares over the means of the days."""
    days: dict[int, list[float]] = {}
    for name, metric, at, _, value, _ in rows:
        if name == device and metric == "battery" and value is not None and today - 90 <= at // DAY <= today:
            days.setdefault(at // DAY, []).append(value)
    means = [(day, sum(values) / len(values)) for day, values in sorted(days.items())]
    first = 0
    for place in range(1, len(means)):
        if means[place][1] - means[place - 1][1] >= 20:
            first = place
    means = means[first:]
    if len(means) < 8 or means[-1][0] - means[0][0] < 14:
        return None, len(means)
    x, y = statistics.fmean(d for d, _ in means), statistics.fmean(v for _, v in means)
    rise = sum((d - x) * (v - y) for d, v in means) / sum((d - x) ** 2 for d, _ in means)
    return rise * 30, len(means)


def link(rows: list[Raw], device: str, today: int) -> tuple[Any, ...] | None:
    for metric in ("rssi", "link_quality"):
        mine = [(r[2] // DAY, r[4]) for r in rows if r[0] == device and r[1] == metric and r[4] is not None]
        week = [value for day, value in mine if today - 7 <= day <= today]
        before = [value for day, value in mine if today - 14 <= day < today - 7]
        if week or before:
            sides = [
                (statistics.median(side), min(side)) if side else (None, None) for side in (week, before)
            ]
            return metric, *sides[0], *sides[1]
    return None


def flaps(rows: list[Raw], device: str, today: int) -> tuple[str, int, int] | None:
    points: dict[str, list[tuple[int, int, str]]] = {}
    for name, metric, at, received, _, word in rows:
        usual = metric in EVENTS or metric in ("contact", "running", "control")
        if name == device and word is not None and not usual and today - 30 <= at // DAY <= today:
            points.setdefault(metric, []).append((at, received, word))
    counts = []
    for metric, said in points.items():
        said.sort()
        changed = [b[0] // DAY for a, b in pairwise(said) if a[2] != b[2]]
        if changed:
            counts.append((-sum(day >= today - 7 for day in changed), -len(changed), metric))
    if not counts:
        return None
    week, month, metric = min(counts)
    return metric, -week, -month


def gaps(rows: list[Raw], device: str, today: int) -> tuple[int, int]:
    mine = [(r[2] // DAY, r[4] or 0) for r in rows if r[0] == device and r[1] == "sequence_gap"]
    week = sum(value for day, value in mine if today - 7 <= day <= today)
    month = sum(value for day, value in mine if today - 30 <= day <= today)
    return int(week), int(month)


def worst_clock(rows: list[Raw], device: str, today: int) -> float | None:
    mine = [
        r[4] for r in rows if r[0] == device and r[1] == "clock_error" and today - 7 <= r[2] // DAY <= today
    ]
    return max((value for value in mine if value is not None), key=abs, default=None)


def standing(rows: list[Raw], device: str, points: dict[str, list[Any]], today: int) -> set[tuple[Any, ...]]:
    """(metric, word, since, exact)."""
    found = set()
    for metric, reading in points.items():
        if reading[2] not in STANDING or metric in EVENTS:
            continue
        said = sorted(
            (r[2], r[3], r[5])
            for r in rows
            if r[0] == device and r[1] == metric and r[5] is not None and today - 90 <= r[2] // DAY <= today
        )
        if not said or said[-1][2] != reading[2]:
            found.add((metric, reading[2], reading[4], False))
            continue
        start = len(said) - 1
        while start and said[start - 1][2] == said[start][2]:
            start -= 1
        found.add((metric, reading[2], said[start][0], start > 0))
    return found


def reporting(points: dict[str, list[Any]], heard: int | None, interval: int) -> tuple[str, int | None]:
    said = points.get("supervision")
    if heard is None and interval and (said is None or said[2] != "unknown"):
        return "never", None
    if said and said[2] in ("late", "silent", "unknown"):
        return said[2], said[4]
    if heard is None or not interval:
        return "unsupervised", None
    return "reporting", said[4] if said else None


def test(
    points: dict[str, list[Any]], metrics: tuple[str, ...], days: int, installed: str | None, now: int
) -> Any:
    """(last, result, due, overdue) of a luminaire."""
    best = None
    for metric in metrics:
        reading = points.get(metric)
        known = reading and reading[2] in ("passed", "failed") and (not reading[6] or reading[5] == "device")
        if known and reading and (best is None or reading[4] > best[4]):
            best = reading
    if best:
        due = best[4] + days * DAY
        return best[4], best[2], due, due < now
    if installed:
        due = ((date.fromisoformat(installed) - date(1970, 1, 1)).days + days) * DAY
        return None, "", due, due < now
    return None, "", None, False


def days_left(expires: str | None, now: int) -> int | None:
    if expires is None:
        return None
    here = datetime.fromtimestamp(now / 1000, timezone(timedelta(hours=8))).date()  # Asia/Shanghai
    return (date.fromisoformat(expires) - here).days


def building(campus: dict[str, Any], place: str) -> str:
    parents = {one["id"]: one.get("parent") for one in campus["places"]}
    while parents[place] is not None and parents[parents[place]] is not None:
        place = parents[place]
    return place


def owner_state(campus: dict[str, Any], owner: str | None, channels: set[str] | None) -> str:
    if not owner:
        return "none"
    persons = {one["id"]: one for one in campus["persons"]}
    teams = {one["id"]: one for one in campus.get("teams", ())}
    if owner not in persons and owner not in teams:
        return "unknown"
    members = [owner] if owner in persons else teams[owner]["members"]
    contacts = [contact for member in members for contact in persons[member].get("contacts", ())]
    usable = [c for c in contacts if channels is None or c["channel"] in channels]
    return "reachable" if usable else "unreachable"
