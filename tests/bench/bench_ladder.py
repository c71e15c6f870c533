"""Touches. A thousand open alerts on one ladder: how long after its deadline each step is on disk.

The virtual clock goes on by what the work really takes, so a step that waits for others is as late here as it
would be in service. The promise is 2 s; the desk's is 1 ms a fact.
"""

import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from alerts import desk
from alerts.alert import Fact, StepDue
from rules.verdict import Holds
from tests.bench.bench_desk import START, directory, registry, verdict
from tocsin.database import Database

STEP = 60_000  # ms from an alarm to the second step of the bench's policy
LOOK = 5  # ms between two looks at the deadlines


def ladder(count: int = 1000) -> None:
    """All deadlines in the same moment, or spread over ten seconds; after each a restart ten minutes late."""
    for name, spread in (("in the same moment", 0), ("within ten seconds", 10_000)):
        with tempfile.TemporaryDirectory() as folder:
            database = Database.open(f"sqlite:///{Path(folder) / 'state.db'}")
            database.create_all()
            _raise(database, count, spread)
            late, facts, spent = _climb(database, count, spread, START + STEP)
            print(
                f"{count} deadlines {name}: on disk after {statistics.median(late):.0f} ms (median),"
                f" {max(late):.0f} ms (latest); {spent / facts:.3f} ms/fact with its commit"
            )
            begun = time.perf_counter()
            with database.transaction() as tx:
                due = desk.elapsed(tx, START + STEP + 600_000)
                desk.apply(tx, due, START + STEP + 600_000, *_known(count))
            print(f"{len(due)} overdue steps after a restart: {time.perf_counter() - begun:.2f} s")
            database.close()


def _known(count: int) -> tuple[Any, Any]:
    return directory(), registry(count)


def _raise(database: Database, count: int, spread: int) -> None:
    people, campus = _known(count)
    for start in range(0, count, 100):
        facts: Sequence[Fact] = [
            verdict(n, Holds.YES, START + n * spread // count) for n in range(start, min(count, start + 100))
        ]
        with database.transaction() as tx:
            desk.apply(tx, facts, START + spread, people, campus)


def _climb(database: Database, count: int, spread: int, clock: float) -> tuple[list[float], int, float]:
    """Every step from this moment on until all are done; how late each was committed, in ms."""
    people, campus = _known(count)
    late: list[float] = []
    facts, spent = 0, 0.0
    while len(late) < count:
        begun = time.perf_counter()
        with database.transaction() as tx:
            due = desk.elapsed(tx, int(clock))
            desk.apply(tx, due, int(clock), people, campus)
        took = (time.perf_counter() - begun) * 1000
        clock += max(took, LOOK)
        spent, facts = spent + took * bool(due), facts + len(due)
        late += [clock - one.due for one in due if isinstance(one, StepDue)]
    return late, max(facts, 1), spent


if __name__ == "__main__":
    ladder()
