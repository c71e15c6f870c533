"""Touches. The spool: the readings of each batch, stored with it, until the history has them."""

import contextlib
import secrets
from collections.abc import Sequence

import msgspec
from sqlalchemy import Connection, delete, func, insert, select

from ingest.reading import Reading
from ingest.seen import numbers
from ingest.tables import meta, spool

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list[Reading]).decode
_INSERT = insert(spool)


def epoch(tx: Connection) -> str:
    """The name of this spool: positions compare only within it. Made when the database is new."""
    found = tx.execute(select(meta.c.value).where(meta.c.name == "spool_epoch")).scalar()
    if found is None:
        found = secrets.token_hex(8)
        tx.execute(insert(meta).values(name="spool_epoch", value=found))
    return str(found)


def last(conn: Connection) -> int:
    """The highest position used; the spool never becomes empty again, since its last batches are kept."""
    return conn.execute(select(func.max(spool.c.position))).scalar() or 0


def last_moment(conn: Connection) -> int | None:
    """When the last batch was judged; None where there never was one."""
    newest = select(spool.c.moment).order_by(spool.c.position.desc()).limit(1)
    return conn.execute(newest).scalar()


def append(tx: Connection, position: int, moment: int, readings: Sequence[Reading], seen: bytes) -> None:
    row = {
        "position": position,
        "moment": moment,
        "count": len(readings),
        "readings": _encode(readings),
        "seen": seen,
    }
    tx.execute(_INSERT, row)


def read(conn: Connection, after: int, limit: int = 100) -> list[tuple[int, bytes]]:
    """Batches after a position, oldest first: (position, msgpack of list[Reading])."""
    query = select(spool.c.position, spool.c.readings).where(spool.c.position > after)
    rows = conn.execute(query.order_by(spool.c.position).limit(limit))
    return [(row.position, row.readings) for row in rows]


def encode(readings: Sequence[Reading]) -> bytes:
    return _encode(readings)


def decode(blob: bytes) -> list[Reading]:
    return _decode(blob)


def seen_blobs(conn: Connection, messages: int) -> list[bytes]:
    """What the last batches saw, oldest first, covering at least so many numbered messages where there are.

    Of the others only the last batch is asked (ingest/seen.py): a batch without any numbered counts as one.
    """
    blobs: list[bytes] = []
    counted = 0
    for (blob,) in conn.execute(select(spool.c.seen).order_by(spool.c.position.desc())):
        blobs.append(blob)
        with contextlib.suppress(msgspec.MsgspecError):  # who restores it says that it is unreadable
            counted += max(1, numbers(blob))
        if counted >= messages:
            break
    return blobs[::-1]


def trim(tx: Connection, upto: int, top: int, keep: int = 200, most: int = 200) -> bool:
    """Forget batches at or before a position, at most so many at once; whether there are more.

    The last `keep` of all stay: a restart needs to know what they saw. `top` is the last position.
    """
    first = tx.execute(select(func.min(spool.c.position))).scalar()
    edge = min(upto, top - keep)
    if first is None or first > edge:
        return False
    tx.execute(delete(spool).where(spool.c.position <= min(edge, first + most)))
    return bool(first + most < edge)
