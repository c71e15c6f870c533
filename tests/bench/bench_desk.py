"""Touches. What the desk costs on SQLite with fsync: ms per fact, alone and in a batch.

`python -m tests.bench.bench_desk [facts]` prints one line a case. The promise is ≤ 1 ms a fact for apply();
the commit (one fsync) is shown apart.
"""

import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from alerts import desk
from alerts.alert import Acknowledged, Fact
from alerts.duty.people import Contact, Directory, Match, Person, Policy, Post, Step, Target
from ingest.campus.device import Device, Place
from ingest.campus.registry import Registry
from rules.verdict import Class, Evidence, Holds, Text, Verdict
from tocsin.database import Database

START = 1_795_300_000_000


def registry(devices: int) -> Registry:
    places = [
        Place("campus", "示范学校", "Demo School"),
        Place("dorm-2", "2号宿舍楼", "Dormitory 2", "campus"),
        Place("dorm-2-305", "305室", "Room 305", "dorm-2"),
    ]
    return Registry.build(
        places, (), [Device(f"smoke-{n}", "smoke_detector", "dorm-2-305") for n in range(devices)]
    )


def directory() -> Directory:
    persons = [Person(f"p{n}", f"人员{n}", f"Person {n}", "zh", (Contact("sms", str(n)),)) for n in range(3)]
    steps = (
        Step(0, (Target("post", "duty"),), ("siren",)),
        Step(60_000, (Target("person", "p2"),)),
    )
    fire = Policy("fire", Match(classes=(Class.ALARM,)), steps)
    return Directory(persons, (), [Post("duty", "值班室", "Office", ("p0", "p1"))], [fire])


def verdict(number: int, holds: Holds, moment: int, again: bool = False) -> Verdict:
    return Verdict(
        rule="std.smoke",
        version="1",
        subject=f"smoke-{number}/smoke",
        device=f"smoke-{number}",
        holds=holds,
        moment=moment,
        since=moment,
        title=Text("烟雾报警", "Smoke"),
        alert_class=Class.ALARM,
        priority=1,
        again=again,
        life_safety=True,
        verify=True,
        policy=None,
        evidence=(Evidence("smoke", "alarm", moment, moment, "= alarm"),),
    )


def measure(database: Database, name: str, batches: Sequence[Sequence[Fact]], now: int) -> None:
    people, campus = directory(), registry(len(batches) * len(batches[0]))
    apply_time, worst, whole = 0.0, 0.0, time.perf_counter()
    cpu: list[float] = []  # seconds of each call: a busy machine slows the median less than the mean
    for batch in batches:
        with database.transaction() as tx:
            begun, working = time.perf_counter(), time.thread_time()
            desk.apply(tx, batch, now, people, campus)
            took = time.perf_counter() - begun
            cpu.append(time.thread_time() - working)
            apply_time, worst = apply_time + took, max(worst, took)
    facts = sum(len(batch) for batch in batches)
    commits = (time.perf_counter() - whole - apply_time) / len(batches) * 1000
    each, own = apply_time / facts * 1000, statistics.median(cpu) / len(batches[0]) * 1000
    print(
        f"{name:42s} {each:6.3f} ms/fact (median {own:5.3f} of CPU)  worst call {worst * 1000:7.1f} ms"
        f"  commit {commits:5.2f} ms"
    )


def deadlines(database: Database, count: int) -> None:
    """All second steps fall due in the same moment; then the audit looks at every open alert."""
    later, people, campus = START + 60_005, directory(), registry(2 * count)
    with database.transaction() as tx:
        begun = time.perf_counter()
        due = desk.elapsed(tx, later)
        desk.apply(tx, due, later, people, campus)
        took = time.perf_counter() - begun
        print(f"{len(due)} steps due in the same moment: {took:.2f} s, {took / len(due) * 1000:.3f} ms/fact")
        begun = time.perf_counter()
        broken = desk.audit_escalations(tx, later)
        took = time.perf_counter() - begun
        print(f"audit of {2 * count} open alerts: {took * 1000:.1f} ms, broken: {len(broken)}")


def desk_costs(count: int = 1000) -> None:
    with tempfile.TemporaryDirectory() as folder:
        database = Database.open(f"sqlite:///{Path(folder) / 'state.db'}")
        database.create_all()

        def verdicts(holds: Holds, moment: int, again: bool = False) -> list[Fact]:
            return [verdict(number, holds, moment, again) for number in range(count)]

        alone: Callable[[Sequence[Fact]], list[list[Fact]]] = lambda facts: [[fact] for fact in facts]  # noqa: E731
        measure(database, "a new alarm with three notices, alone", alone(verdicts(Holds.YES, START)), START)
        repeats = verdicts(Holds.YES, START + 1, True)
        measure(database, "a repeat that is only counted, alone", alone(repeats), START + 1)
        taken: list[Fact] = [Acknowledged(number, "p0", "bench") for number in range(1, count + 1)]
        measure(database, "an acknowledgement, alone", alone(taken), START + 2)
        presses = verdicts(Holds.YES, START + 3, True)
        measure(database, "a second press after it, alone", alone(presses), START + 3)
        measure(database, "back to normal, alone", alone(verdicts(Holds.NO, START + 4)), START + 4)
        new: list[Fact] = [verdict(number, Holds.YES, START + 5) for number in range(count, 2 * count)]
        batches = [new[n : n + 100] for n in range(0, count, 100)]
        measure(database, "new alarms, a hundred in a batch", batches, START + 5)
        deadlines(database, count)
        database.close()


if __name__ == "__main__":
    desk_costs(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)
