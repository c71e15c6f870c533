"""Touches. The pending tray and what the dialects have learned, as they are stored."""

import json
from collections.abc import Mapping
from typing import Any

import msgspec
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    RowMapping,
    String,
    Table,
    Text,
    delete,
    func,
    insert,
    select,
)

from ingest.campus.device import Device
from ingest.campus.kinds import UNREGISTERED
from ingest.crowd import Crowd, Waiting
from ingest.reading import Reading
from ingest.tables import metadata
from ingest.tray import CHANGED, Pending, Tray

pending = Table(
    "pending",
    metadata,
    Column("device", String(64), primary_key=True),
    Column("dialect", String(40), nullable=False),
    Column("address", Text, nullable=False),
    Column("place", String(64), nullable=False),
    Column("kind", String(40), nullable=False),
    Column("name", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("note", Text, nullable=False),
    Column("document", Text, nullable=False),
    Column("first", BigInteger, nullable=False),
    Column("last", BigInteger, nullable=False),
    Column("count", BigInteger, nullable=False),
    Column("said", Text, nullable=False),
    Column("judged", Boolean, nullable=False),
    Column("crowd", Text, nullable=False, server_default=""),
    comment="devices that speak or are announced and are not registered: what they are said to be, and say",
)

learned = Table(
    "learned",
    metadata,
    Column("dialect", String(40), primary_key=True),
    Column("base", String(200), primary_key=True),
    Column("key", String(200), primary_key=True),
    Column("value", Text, nullable=False),
    comment="what a dialect needs to understand later messages: names, aliases; value as JSON",
)

Learned = Mapping[tuple[str, str, str], Any]


def load(tx: Connection) -> Tray:
    rows = tx.execute(select(pending)).mappings().all()
    tray = Tray([_read(row) for row in rows])
    for row in rows:
        kept = _kept(row)
        if kept.alarms:
            device = tray.rows[row["device"]].device
            alarms = [Reading(device.id, *one) for one in kept.alarms]
            tray.crowd.join(Waiting(device, row["last"], alarms, kept.looked))
    return tray


def save(tx: Connection, tray: Tray) -> None:
    """Store what changed; tell the tray `stored` once it is committed."""
    gone = [*tray.gone, *tray.changed]
    for start in range(0, len(gone), 500):
        tx.execute(delete(pending).where(pending.c.device.in_(gone[start : start + 500])))
    rows = [_row(tray.rows[name], tray.crowd) for name in sorted(tray.changed) if name in tray.rows]
    if rows:
        tx.execute(insert(pending), rows)


def rows(tx: Connection) -> list[dict[str, Any]]:
    """Who waits, those in alarm first and then the latest, as plain values."""
    order = pending.c.judged.desc(), pending.c.last.desc(), pending.c.device
    found = [dict(row) for row in tx.execute(select(pending).order_by(*order)).mappings()]
    for row in found:
        row["document"] = json.loads(row["document"]) if row["document"] else None
        row["changed"] = row["said"] == CHANGED
        row["alarm"] = bool(row["judged"] or msgspec.json.decode(row.pop("crowd") or "{}").get("alarms"))
    return sorted(found, key=lambda row: not row["alarm"])


def count(tx: Connection) -> int:
    return tx.scalar(select(func.count()).select_from(pending)) or 0


def load_learned(tx: Connection) -> dict[tuple[str, str, str], Any]:
    rows = tx.execute(select(learned))
    return {(row.dialect, row.base, row.key): json.loads(row.value) for row in rows}


def save_learned(tx: Connection, news: Learned) -> None:
    """In as few statements as may be: a batch can bring something new of a thousand nodes."""
    keys: dict[tuple[str, str], list[str]] = {}
    for dialect, base, key in news:
        keys.setdefault((dialect, base), []).append(key)
    for (dialect, base), some in keys.items():
        here = (learned.c.dialect == dialect) & (learned.c.base == base)
        for start in range(0, len(some), 500):
            tx.execute(delete(learned).where(here, learned.c.key.in_(some[start : start + 500])))
    rows = [
        {"dialect": dialect, "base": base, "key": key, "value": json.dumps(value, ensure_ascii=True)}
        for (dialect, base, key), value in news.items()
        if value is not None
    ]
    if rows:
        tx.execute(insert(learned), rows)


class _Kept(msgspec.Struct, omit_defaults=True):
    """What is stored of a stranger beside its row: who vouches for it, and as one of the crowd its alarms."""

    gateway: str | None = None
    looked: bool = False
    alarms: list[tuple[str, str, int, int]] = []  # metric, word, received, event time


def _kept(row: RowMapping) -> _Kept:
    return msgspec.json.decode(row["crowd"] or "{}", type=_Kept)


def _keep(row: Pending, crowd: Crowd) -> str:
    one = crowd.rows.get(row.device.id)
    alarms = [(r.metric, str(r.value), r.received, r.event_time) for r in one.alarms] if one else []
    return msgspec.json.encode(_Kept(row.device.gateway, bool(one and one.looked), alarms)).decode()


def _read(row: RowMapping) -> Pending:
    name = row["name"] or row["address"]
    device = Device(
        row["device"], UNREGISTERED, row["place"], dialect=row["dialect"], address=row["address"],
        zh=name, en=name, interval=0, gateway=_kept(row).gateway,
    )  # fmt: skip
    rest = {
        field: row[field] for field in ("kind", "name", "model", "note", "first", "last", "count", "said")
    }
    document = json.loads(row["document"]) if row["document"] else None
    return Pending(device, **rest, document=document, judged=row["judged"])


def _row(row: Pending, crowd: Crowd) -> dict[str, Any]:
    document = "" if row.document is None else json.dumps(row.document)
    return {
        "device": row.device.id,
        "dialect": row.device.dialect,
        "address": _storable(row.device.address),
        "place": row.device.place,
        "kind": row.kind[:40],
        "name": _storable(row.name[:200]),
        "model": _storable(row.model[:200]),
        "note": _storable(row.note[:1000]),
        "document": document,
        "first": row.first,
        "last": row.last,
        "count": row.count,
        "said": _storable(row.said),
        "judged": row.judged,
        "crowd": _keep(row, crowd),
    }


def _storable(text: str) -> str:
    """Text that every database takes: no NUL, no lone surrogate."""
    return text.encode("utf-8", "backslashreplace").decode().replace("\0", "\\x00")
