"""Touches. The quarantine: what could not be read, one row for each (reason, topic), bounded. A row keeps the
latest message and before it the latest of each other kind of mistake.

A flood of bad messages costs a statement a topic and batch, never memory without end: past the limit the
rows unseen for longest go.
"""

import re
from collections.abc import Iterable
from hashlib import blake2b

import msgspec
from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    LargeBinary,
    RowMapping,
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
MOST_SAMPLES = 8  # of one row
_TOPIC_CHARACTERS = 200
_DETAIL_CHARACTERS = 500
_SPARE = 0.1  # how much of the limit is freed at once, so that a flood does not delete for every row

_DIGITS = re.compile(r"\d+")  # a detail in which only a number is another is the same mistake

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
    Column("earlier", LargeBinary, nullable=False, server_default=""),
    comment="messages that could not be read: how often, when, why (the latest), and how the latest began",
)


class Sample(msgspec.Struct, frozen=True, array_like=True):
    """How one message began and why it was refused."""

    at: int
    detail: str
    sample: bytes

    @property
    def mistake(self) -> str:
        return _DIGITS.sub("", self.detail)


class Quarantined(msgspec.Struct, frozen=True):
    """One row: `count` messages with this reason on this topic, the latest with this detail and sample.
    `earlier`: one of each other mistake, the latest first."""

    reason: str
    topic: str
    count: int
    first: int
    last: int
    detail: str
    sample: bytes
    earlier: tuple[Sample, ...] = ()

    @property
    def samples(self) -> tuple[Sample, ...]:
        return Sample(self.last, self.detail, self.sample), *self.earlier


_decode = msgspec.json.Decoder(tuple[Sample, ...]).decode


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
    return [_read(row) for row in rows.mappings()]


def _read(row: RowMapping) -> Quarantined:
    earlier = _decode(row["earlier"]) if row["earlier"] else ()
    return Quarantined(**{**row, "earlier": earlier})


def _merged(batch: Iterable[Rejected]) -> Iterable[Quarantined]:
    rows: dict[tuple[str, str], Quarantined] = {}
    for one in batch:
        key = one.reason.value, _short(one.topic)
        detail, sample = _storable(one.detail)[:_DETAIL_CHARACTERS], one.sample[:SAMPLE_BYTES]
        new = Quarantined(*key, 1, one.received, one.received, detail, sample)
        rows[key] = _after(rows[key], new) if key in rows else new
    return rows.values()


def _after(before: Quarantined, new: Quarantined) -> Quarantined:
    """Both in one row."""
    kinds: dict[str, Sample] = {}
    for sample in (*new.samples, *before.samples):
        kinds.setdefault(sample.mistake, sample)
    earlier = tuple(kinds.values())[1:MOST_SAMPLES]
    count = before.count + new.count
    return msgspec.structs.replace(new, count=count, first=before.first, earlier=earlier)


def _count(tx: Connection, row: Quarantined) -> bool:
    """Add to the row or make it; True if it was made."""
    here = (quarantine.c.reason == row.reason) & (quarantine.c.topic == row.topic)
    found = tx.execute(select(quarantine).where(here)).mappings().first()
    whole = row if found is None else _after(_read(found), row)
    values = msgspec.structs.asdict(whole) | {"earlier": msgspec.json.encode(whole.earlier)}
    tx.execute(insert(quarantine) if found is None else update(quarantine).where(here), values)
    return found is None


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
