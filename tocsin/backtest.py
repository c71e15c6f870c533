"""Touches. A backtest in one process: recorded readings from their files through one or two sets of rules.

`python -m tocsin.backtest` is what a running service starts for the dashboard, in a process of its own with
the lowest priority: a Job on standard input, one line of progress or answer at a time on standard output.
"""

import os
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from itertools import groupby
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import Connection

from ingest.campus.calendar import Calendar, Hours, Span
from ingest.campus.device import Device, Place, Zone
from ingest.campus.registry import Registry
from ingest.history.recorded import Files, Recording
from ingest.history.sealed import DAY
from ingest.reading import Reading
from rules.baseline import Slot, Week
from rules.conditions.past import MOST as WEEKS
from rules.firing import Tally
from rules.load import Texts, build
from rules.record import promoted
from rules.replay import Answer, Replay, around, compared, differing, needed, watched
from rules.ruleset import RuleSet
from rules.shadow import Kept, in_service

HOUR = 3_600_000
WARM = 24 * HOUR  # ms judged before the span, so that what held already and what was pending is known
STANDING = 3 * DAY  # before that: only what each point said last
BEFORE = WARM + STANDING + WEEKS * 7 * DAY  # what is asked of the history before the span, at most
MOST = 400 * DAY  # the longest span
Tell = Callable[[float], None]


class Campus(msgspec.Struct):
    """What rules ask of a registry, as it travels to another process."""

    places: list[Place]
    zones: list[Zone]
    devices: list[Device]
    zone: str
    country: str
    spans: list[Span]
    hours: list[Hours]

    def registry(self) -> Registry:
        calendar = Calendar(self.zone, self.country, self.spans, self.hours)
        return Registry.build(self.places, self.zones, self.devices, calendar=calendar, trusted=True)


def campus_of(registry: Registry) -> Campus:
    calendar = registry.calendar
    return Campus(
        list(registry.places.values()),
        list(registry.zones.values()),
        list(registry.devices.values()),
        calendar.zone,
        calendar.country,
        list(calendar.spans),
        list(calendar.own_hours),
    )


class Source(msgspec.Struct):
    """What an installation hands out: the files of what was recorded, its campus, and the rules in force."""

    files: Files
    campus: Campus
    present: Texts
    promoted: list[Kept]

    def plain(self) -> Any:
        return msgspec.to_builtins(self, str_keys=True)


def source(conn: Connection, files: Files | None, registry: Registry, present: Texts) -> Source:
    """Raises ValueError where the history cannot answer."""
    if files is None:
        raise ValueError("the history cannot answer now: see tocsin status")
    return Source(files, campus_of(registry), present, sorted(promoted(conn)))


def sourced(plain: Any) -> Source:
    return msgspec.convert(plain, Source, strict=False)


class Job(msgspec.Struct):
    """`proposed`: other rule files to compare with (None: none). `names`: only these rules are asked about
    (empty: all; with others proposed, those that differ)."""

    since: int
    until: int
    source: Source
    proposed: Texts | None = None
    names: list[str] = []


class Line(msgspec.Struct, omit_defaults=True):
    """What the other process says: how far it is (0 to 1), its answer, or what went wrong."""

    share: float = 0.0
    answer: Answer | None = None
    problem: str = ""


def run(job: Job, tell: Tell = lambda share: None) -> Answer:
    """Deletes what was copied for it. Raises RuleErrors; duckdb.Error where a file went away meanwhile."""
    try:
        return _run(job, tell)
    finally:
        if job.source.files.rest:
            with suppress(OSError):
                Path(job.source.files.rest).unlink()


def _run(job: Job, tell: Tell) -> Answer:
    registry, kept = job.source.campus.registry(), set(job.source.promoted)
    old = in_service(build(job.source.present).rules, kept)
    new = None if job.proposed is None else in_service(build(job.proposed).rules, kept)
    sets, asked = _sets(old, new, job.names)
    with Recording(job.source.files, watched(sets, registry)) as recording:
        begin, replays, played = _play(job, recording, sets, registry, tell)
        recorded = recording.count(job.since, job.until)
    was, *now = (_only(replay.tallies(), asked) for replay in replays)
    found = compared(sets[0], sets[1], was, now[0]) if now else []
    return Answer(
        job.since,
        job.until,
        begin,
        recorded,
        played,
        was,
        now[0] if now else was,
        [one for one in found if one.rule in asked],
        sorted({failure for replay in replays for failure in replay.failures()}),
    )


def _sets(old: RuleSet, new: RuleSet | None, names: list[str]) -> tuple[list[RuleSet], set[str]]:
    """What is judged, and the rules that are asked about (empty: all)."""
    if new is None:
        return [needed(old, names) if names else old], set(names)
    asked = set(names) or around(differing(old, new), old, new)
    return [needed(one, asked) for one in (old, new)], asked


def _only(tallies: Mapping[str, Tally], asked: set[str]) -> dict[str, Tally]:
    return {name: tally for name, tally in tallies.items() if not asked or name in asked}


def _play(
    job: Job, recording: Recording, sets: list[RuleSet], registry: Registry, tell: Tell
) -> tuple[int, list[Replay], int]:
    """Judge the span; from when on it was judged, by whom, and how many readings it took."""
    earliest = job.since - WARM - STANDING
    first = recording.first(earliest, job.until)
    begin = earliest if first is None else first
    warm = max(begin, job.since - WARM)
    replays = [Replay(rules, registry, begin, job.since) for rules in sets]
    downs, usual = recording.downs(begin, job.until), Usual(recording, sets, registry, begin, job.until)
    played = 0
    for day, standing in groupby(recording.standing(begin, warm), lambda reading: reading.received // DAY):
        usual.tell(replays, day)
        played += _feed(replays, [*standing], downs)

    def awake() -> set[tuple[str, str]]:
        return {point for replay in replays for point in replay.awake()}

    for upto, readings in recording.pieces(warm, job.until, awake):
        if readings:
            usual.tell(replays, readings[0].received // DAY)
        played += _feed(replays, readings, downs)
        _forward(replays, upto, downs)
        tell((upto - warm) / max(1, job.until - warm))
    return warm, replays, played


class Usual:
    """How the points that rules compare with their past were in the weeks before each day, by the same
    figures as in service: of the day and the hours beside it."""

    def __init__(
        self, recording: Recording, sets: list[RuleSet], registry: Registry, begin: int, until: int
    ) -> None:
        wanted = [rules.pasts(registry) for rules in sets]
        self._recording, self._day = recording, -1
        self._back = max((weeks for points in wanted for weeks in points.values()), default=0)
        if self._back:
            recording.sum_up({point for points in wanted for point in points}, begin, until, self._back)

    def tell(self, replays: list[Replay], day: int) -> None:
        if not self._back or day == self._day:
            return
        self._day = day
        found: dict[Slot, tuple[Week, ...]] = {}
        weeks = self._recording.weeks(day * 24 - 1, day * 24 + 24, self._back)
        for device, metric, hour, ago, mean, spread in weeks:
            slot = Slot(device, metric, hour)
            found[slot] = (*found.get(slot, ()), Week(ago, mean, spread))
        for replay in replays:
            replay.baselines = found


def _feed(replays: list[Replay], readings: list[Reading], downs: list[tuple[int, int]]) -> int:
    """Readings in order, and between them the times in which Tocsin did not run."""
    at = 0
    while downs and readings and downs[0][1] <= readings[-1].received:
        upto = next(place for place in range(at, len(readings)) if readings[place].received >= downs[0][1])
        for replay in replays:
            replay.play(readings[at:upto])
        _forward(replays, downs[0][1], downs)
        at = upto
    for replay in replays:
        replay.play(readings[at:] if at else readings)
    return len(readings)


def _forward(replays: list[Replay], moment: int, downs: list[tuple[int, int]]) -> None:
    while downs and downs[0][1] <= moment:
        since, until = downs.pop(0)
        for replay in replays:
            replay.down(since, until)
    for replay in replays:
        replay.forward(moment)


def main() -> int:
    """The process of a backtest that the dashboard has asked for."""
    os.nice(19)
    job = msgspec.json.decode(sys.stdin.buffer.read(), type=Job)
    said = [0.0]

    def say(line: Line) -> None:
        sys.stdout.buffer.write(msgspec.json.encode(line) + b"\n")
        sys.stdout.buffer.flush()

    def tell(share: float) -> None:
        if share >= said[0] + 0.01:
            said[0] = share
            say(Line(share))

    try:
        say(Line(1.0, run(job, tell)))
    except Exception as error:
        say(Line(problem=(str(error) or type(error).__name__).splitlines()[0][:500]))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
