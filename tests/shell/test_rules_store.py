"""Touches. Rule memory in a real database: what is saved with a batch is what a restart finds."""

import contextlib

import msgspec
from sqlalchemy import create_engine, func, select, text, update

from rules import store
from rules.memory import Memories, Memory, State
from rules.tables import metadata, rule_memory
from rules.verdict import Holds
from tests.fakes.engine import Engine, reading, rule
from tocsin.database import Database

RULES = (
    rule("{metric: smoke, is: [alarm]}", "alarm", name="smoke", off_delay="10s"),
    rule("{metric: temperature, above: 30}", name="hot", on_delay="1m"),
    rule("{metric: temperature, silent_for: 90s}", name="quiet", only="{device: store-1}"),
)


def rows(memories: Memories) -> list:
    return sorted(memories, key=lambda row: (row.rule, row.subject))


def save(database: Database, engine: Engine) -> None:
    with database.transaction() as tx:
        store.save(tx, engine.memories)
    engine.memories.committed()


def restarted(database: Database) -> Engine:
    with database.read() as connection:
        return Engine(*RULES, memories=store.load(connection))


def test_a_restart_finds_every_state_and_every_deadline(database):
    engine = Engine(*RULES)
    engine.arm(0)
    engine.take(reading("smoke-1", "smoke", "alarm", 1000, event_time=900))
    engine.take(reading("smoke-1", "smoke", "normal", 2000, retained=True, event_time=1900))
    engine.take(reading("smoke-2", "smoke", "alarm", 3000))
    engine.take(reading("smoke-2", "smoke", "unknown", 4000))
    engine.take(reading("store-1", "temperature", 30.5, 5000))
    save(database, engine)
    again = restarted(database)
    assert rows(again.memories) == rows(engine.memories)
    assert again.memories.next_due() == 12_000
    assert again.pass_time(200_000) == engine.pass_time(200_000)


def test_what_comes_to_rest_leaves_the_table(database):
    engine = Engine(*RULES)
    engine.take(reading("smoke-1", "smoke", "alarm", 0))
    save(database, engine)
    engine.take(reading("smoke-1", "smoke", "normal", 1))
    engine.pass_time(10_001)
    save(database, engine)
    with database.read() as connection:
        assert connection.scalar(select(func.count()).select_from(rule_memory)) == 0


def test_a_batch_that_changes_nothing_writes_nothing(database):
    engine = Engine(*RULES)
    engine.take(reading("smoke-1", "smoke", "normal", 0))
    with database.read() as connection:  # a connection that could not write
        store.save(connection, engine.memories)


def test_a_failed_commit_leaves_the_table_and_the_memory_as_they_were(database):
    engine = Engine(*RULES)
    engine.take(reading("smoke-1", "smoke", "alarm", 0))
    save(database, engine)
    before = rows(engine.memories)
    engine.memories.mark()
    engine.take(reading("smoke-1", "smoke", "normal", 1))
    engine.take(reading("smoke-2", "smoke", "alarm", 2))
    with contextlib.suppress(OSError), database.transaction() as tx:
        store.save(tx, engine.memories)
        raise OSError("disk full")
    engine.memories.rollback()
    assert rows(restarted(database).memories) == before == rows(engine.memories)
    assert [v.holds for v in engine.take(reading("smoke-2", "smoke", "alarm", 2))] == [Holds.YES]
    save(database, engine)
    assert rows(restarted(database).memories) == rows(engine.memories)


def test_a_row_that_cannot_be_read_is_left_out_and_the_rest_is_found(database):
    engine = Engine(*RULES)
    engine.take(reading("smoke-1", "smoke", "alarm", 0))
    engine.take(reading("smoke-2", "smoke", "alarm", 0))
    save(database, engine)
    with database.transaction() as tx:
        tx.execute(update(rule_memory).where(rule_memory.c.device == "smoke-1").values(state="newer"))
    assert [row.device for row in restarted(database).memories] == ["smoke-2"]


def test_a_stored_row_takes_at_most_300_bytes_with_its_index():
    engine = create_engine("sqlite://")
    metadata.create_all(engine)
    row = Memory(
        rule="emergency-light-on-battery",
        subject="dormitory-2-floor-3-light-0000/power",
        device="dormitory-2-floor-3-light-0000",
        state=State.ACTIVE,
        told=Holds.YES,
        since=1_795_337_000_123,
        due_at=1_795_337_005_123,
        version="0a1b2c3d",
        value="battery",
        event_time=1_795_337_000_123,
        received=1_795_337_000_456,
    )
    memories = Memories()
    for number in range(2000):
        device = f"dormitory-2-floor-3-light-{number:04}"
        memories.put(msgspec.structs.replace(row, device=device, subject=f"{device}/power"))
    with engine.begin() as tx:
        empty = tx.execute(text("PRAGMA page_count")).scalar_one()
        store.save(tx, memories)
        pages = tx.execute(text("PRAGMA page_count")).scalar_one() - empty
        assert pages * tx.execute(text("PRAGMA page_size")).scalar_one() / 2000 <= 300
