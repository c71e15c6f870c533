"""Touches. The append-only log: what befell every record, each line chained to the one before it by its hash.

A line holds seq, moment, alert, fact, by (a person's id, never a name or an address) and JSON detail; its
hash is the SHA-256 of the hash before it and of the line. A line of another record than an alert has alert 0
and names it: `record` is "hazard/12", "impairment/3". Contact data can be erased without breaking the
chain. A line that was altered, taken out, put in or moved is found by `verify`; that the newest lines were
cut off is found by comparing `head` with a copy kept elsewhere.
"""

import hashlib
from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, insert, select

from alerts.prepared import Prepared
from alerts.tables import alert_log

BEGINNING = "0" * 64  # stands for the hash before the first line


class Entry(msgspec.Struct, frozen=True):
    """One line to be written. `detail` holds plain values; `record` is "" for a line of an alert."""

    moment: int
    alert: int
    fact: str
    by: str
    detail: dict[str, Any]
    record: str = ""


_INSERT = Prepared(insert(alert_log), alert_log.c.keys())
_HEAD = select(alert_log.c.seq, alert_log.c.hash).order_by(alert_log.c.seq.desc()).limit(1)
_encode = msgspec.json.Encoder(order="deterministic").encode


def append(tx: Connection, entries: Sequence[Entry], end: tuple[int, str] | None = None) -> None:
    """Write lines at the end of the chain, in this order; `end` is its head, where that is known."""
    if not entries:
        return
    seq, previous = end or head(tx)
    rows = []
    for entry in entries:
        seq += 1
        row: dict[str, Any] = {
            "seq": seq,
            "moment": entry.moment,
            "alert": entry.alert,
            "fact": entry.fact,
            "by": entry.by,
            "detail": _encode(entry.detail).decode(),
            "record": entry.record,
        }
        previous = row["hash"] = chained(previous, row)
        rows.append(row)
    _INSERT(tx, rows)


def head(conn: Connection) -> tuple[int, str]:
    """Number and hash of the last line."""
    last = conn.execute(_HEAD).first()
    return (last.seq, last.hash) if last else (0, BEGINNING)


def verify(conn: Connection, since: int = 0) -> list[str]:
    """Walk the chain from line `since` + 1; one sentence for each break. Empty when all is as written."""
    problems: list[str] = []
    seq, previous = since, _hash_of(conn, since)
    lines = select(alert_log).where(alert_log.c.seq > since).order_by(alert_log.c.seq)
    for row in conn.execute(lines).mappings():
        seq += 1
        if row["seq"] != seq:
            problems.append(f"log line {seq} is missing" if row["seq"] == seq + 1 else
                            f"log lines {seq} to {row['seq'] - 1} are missing")  # fmt: skip
        elif chained(previous, row) != row["hash"]:
            about = row["record"] or f"alert {row['alert']}"
            problems.append(f"log line {seq} ({about}) is not what was written")
        seq, previous = row["seq"], row["hash"]
    return problems


def _hash_of(conn: Connection, seq: int) -> str:
    if seq == 0:
        return BEGINNING
    return str(conn.execute(select(alert_log.c.hash).where(alert_log.c.seq == seq)).scalar_one())


def chained(previous: str, row: Any) -> str:
    """The hash of a line (a mapping of its columns) that follows the line whose hash is `previous`."""
    line = [previous, *(row[name] for name in ("seq", "moment", "alert", "fact", "by", "detail"))]
    if row["record"]:  # lines of alerts are hashed as they were before there were others
        line.append(row["record"])
    return hashlib.sha256(_encode(line)).hexdigest()
