"""Touches. The registry in the database: load it whole, replace it by writing only what differs."""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, RowMapping, Table, bindparam, delete, insert, select, update

from ingest.campus import tables
from ingest.campus.device import Device, Place, Zone
from ingest.campus.registry import OWN, Registry, own_device

Row = dict[str, Any]


class Changes(msgspec.Struct, frozen=True):
    """How many places, zones and devices a replacement added, changed and removed."""

    added: int = 0
    changed: int = 0
    removed: int = 0

    def __add__(self, other: "Changes") -> "Changes":
        return Changes(self.added + other.added, self.changed + other.changed, self.removed + other.removed)


def load(tx: Connection) -> Registry:
    """The registry as stored; of an empty database one with only the campus and Tocsin itself.

    Raises RegistryError if the stored parts do not fit together (written by another program).
    """
    return Registry.build(
        [Place(r["id"], r["zh"], r["en"], r["parent"]) for r in _ranked(tx, tables.place)],
        [Zone(r["id"], r["zh"], r["en"]) for r in _ranked(tx, tables.zone)],
        [_device(r) for r in _ranked(tx, tables.device)],
    )


def replace(tx: Connection, registry: Registry) -> Changes:
    """Make the stored registry equal to this one; rows that are equal already are not written."""
    own = own_device(registry.root.id)
    devices = [d for d in registry.devices.values() if d.id != OWN or d != own]
    return (
        _replace(tx, tables.place, map(msgspec.structs.asdict, registry.places.values()))
        + _replace(tx, tables.zone, map(msgspec.structs.asdict, registry.zones.values()))
        + _replace(tx, tables.device, map(_row, devices))
    )


def _ranked(tx: Connection, table: Table) -> Sequence[RowMapping]:
    return tx.execute(select(table).order_by(table.c.rank, table.c.id)).mappings().all()


def _device(row: RowMapping) -> Device:
    fields = {name: row[name] for name in Device.__struct_fields__}
    return Device(**{**fields, "labels": msgspec.json.decode(row["labels"], type=dict[str, str])})


def _row(device: Device) -> Row:
    labels = msgspec.json.encode(device.labels, order="sorted").decode()
    return {**msgspec.structs.asdict(device), "labels": labels}


def _replace(tx: Connection, table: Table, wanted: Iterable[Row]) -> Changes:
    stored = {row["id"]: dict(row) for row in tx.execute(select(table)).mappings()}
    new = {row["id"]: {**row, "rank": rank} for rank, row in enumerate(wanted)}
    added = [row for key, row in new.items() if key not in stored]
    changed = [row for key, row in new.items() if key in stored and row != stored[key]]
    removed = [key for key in stored if key not in new]
    if removed:
        tx.execute(delete(table).where(table.c.id == bindparam("key")), [{"key": key} for key in removed])
    if changed:
        statement = update(table).where(table.c.id == bindparam("key"))
        tx.execute(statement, [{**row, "key": row["id"]} for row in changed])
    if added:
        tx.execute(insert(table), added)
    return Changes(len(added), len(changed), len(removed))
