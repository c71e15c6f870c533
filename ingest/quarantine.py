"""Touches. The quarantine: what could not be read, one row for each (reason, topic), bounded.

A flood of bad messages costs a statement a topic and batch, never memory without end: past the limit the
rows unseen for longest go.
"""

from collections.abc import Iterable
from hashlib import blake2b

import msgspec
from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    LargeBinary,
    String,
    Table,
    Text,
    bindparam,
    delete,
    func,
    insert,
    select,
    update,
)

from ingest.reading import Rejected
from ingest.tables import metadata

SAMPLE_BYTES = 512
_TOPIC_CHARACTERS = 200
_DETAIL_CHARACTERS = 500
_SPARE = 0.1  # how much of the limit is freed at once, so that a flood does not delete for every row

quarantine = Table(
    "quarantine",
    metadata,
    Column("reason", String(20), primary_key=True),
    Column("topic", String(240), primary_key=True),
    Column("count", BigInteger, nullable=False),
    Column("first", BigInteger, nullable=False),
    Column("last", BigInteger, nullable=False, index=True),
    Column("detail", Text, nullable=False),
    Column("sample", LargeBinary, nullable=False),
    comment="messages that could not be read: how often, when, why (the latest), and how the latest began",
)


class Quarantined(msgspec.Struct, frozen=True):
    """One row: `count` messages with this reason on this topic, the latest with this detail and sample."""

    reason: str
    topic: str
    count: int
    first: int
    last: int
    detail: str
    sample: bytes


def keep_all(tx: Connection, batch: Iterable[Rejected], limit: int) -> None:
    """Count the rejected messages of a batch: one statement for each (reason, topic) among them."""
    added = False
    for row in _merged(batch):
        added |= _count(tx, row)
    if added:
        _bound(tx, limit)


def listing(tx: Connection, limit: int = 200) -> list[Quarantined]:
    """The rows that were added to last, the latest first."""
    rows = tx.execute(select(quarantine).order_by(quarantine.c.last.desc(), quarantine.c.topic).limit(limit))
    return [Quarantined(**row) for row in rows.mappings()]


def _merged(batch: Iterable[Rejected]) -> Iterable[Quarantined]:
    rows: dict[tuple[str, str], Quarantined] = {}
    for one in batch:
        key = one.reason.value, _short(one.topic)
        count, first = 1, one.received
        if key in rows:
            count, first = rows[key].count + 1, rows[key].first
        detail = _storable(one.detail)[:_DETAIL_CHARACTERS]
        rows[key] = Quarantined(*key, count, first, one.received, detail, one.sample[:SAMPLE_BYTES])
    return rows.values()


def _count(tx: Connection, row: Quarantined) -> bool:
    """Add to the row or make it; True if it was made."""
    found = tx.execute(
        update(quarantine)
        .where(quarantine.c.reason == row.reason, quarantine.c.topic == row.topic)
        .values(count=quarantine.c.count + row.count, last=row.last, detail=row.detail, sample=row.sample)
    )
    if found.rowcount:
        return False
    tx.execute(insert(quarantine), msgspec.structs.asdict(row))
    return True


def _bound(tx: Connection, limit: int) -> None:
    rows = tx.scalar(select(func.count()).select_from(quarantine)) or 0
    if rows <= limit:
        return
    too_many = rows - limit + int(limit * _SPARE)
    oldest = select(quarantine.c.reason, quarantine.c.topic).order_by(quarantine.c.last).limit(too_many)
    gone = [{"r": row.reason, "t": row.topic} for row in tx.execute(oldest)]
    here = (quarantine.c.reason == bindparam("r")) & (quarantine.c.topic == bindparam("t"))
    tx.execute(delete(quarantine).where(here), gone)


def _storable(text: str) -> str:
    """Text that every database takes: no NUL, no lone surrogate."""
    return text.encode("utf-8", "backslashreplace").decode().replace("\0", "\\x00")


def _short(topic: str) -> str:
    """The topic as a key: a longer one is cut and keeps its own fingerprint."""
    topic = _storable(topic)
    if len(topic) <= _TOPIC_CHARACTERS:
        return topic
    mark = blake2b(topic.encode(), digest_size=8).hexdigest()
    return f"{topic[:_TOPIC_CHARACTERS]}…{mark}"
