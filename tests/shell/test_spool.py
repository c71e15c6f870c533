"""Touches. What a restart reads of the spool to know a redelivery again."""

from ingest import spool
from ingest.message import Message
from ingest.reading import Decoded, Reading
from ingest.seen import Seen
from tests.pure.test_seen import LINE
from tocsin.database import Database


def stored(database: Database, messages: int, numbered: bool = True, metrics: int = 4) -> None:
    """So many batches of one message with a few readings each."""
    seen = Seen()
    with database.transaction() as tx:
        for number in range(messages):
            boot, sequence = (1, number) if numbered else (None, None)
            seen.is_new(Message(LINE, "campus/d/reading", b"", 0, epoch=1), Decoded("d", [], boot, sequence))
            readings = [Reading("d", f"m{metric}", 1.0, number, number) for metric in range(metrics)]
            spool.append(tx, number + 1, number, readings, seen.stored())
            seen.committed()


def test_what_a_restart_remembers_is_counted_in_messages_however_many_readings_they_had(
    database: Database,
) -> None:
    stored(database, 30)
    with database.read() as conn:
        blobs = spool.seen_blobs(conn, 20)
    again = Seen()
    for blob in blobs:
        again.restore(blob)
    old, new = (Decoded("d", [], 1, number) for number in (9, 10))
    assert len(blobs) == 20
    assert not again.is_new(Message(LINE, "campus/d/reading", b"", 0), new)
    assert again.is_new(Message(LINE, "campus/d/reading", b"", 0), old)


def test_a_restart_reads_no_spool_to_its_end_where_no_device_numbers_its_messages(database: Database) -> None:
    stored(database, 30, numbered=False)
    with database.read() as conn:
        assert len(spool.seen_blobs(conn, 20)) == 20
