"""Touches. The registry in the database: load it whole, replace it by writing only what differs."""

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, RowMapping, Table, and_, bindparam, delete, insert, select, update

from ingest.campus import tables
from ingest.campus.calendar import Calendar, Hours, Span
from ingest.campus.definition import Definitions
from ingest.campus.device import OWN, Device, Place, Zone
from ingest.campus.registry import Registry, own_device

Row = dict[str, Any]


class Changes(msgspec.Struct, frozen=True):
    """How many rows of the campus a replacement added, changed and removed."""

    added: int = 0
    changed: int = 0
    removed: int = 0

    def __add__(self, other: "Changes") -> "Changes":
        return Changes(self.added + other.added, self.changed + other.changed, self.removed + other.removed)


def load(tx: Connection, zone: str = "Asia/Shanghai", country: str = "CN") -> Registry:
    """The registry as stored; of an empty database one with only the campus and Tocsin itself. Zone and
    country are the settings': the calendar hangs on them.

    Raises RegistryError if the stored parts do not fit together (written by another program).
    """
    return Registry.build(
        [Place(**{name: r[name] for name in Place.__struct_fields__}) for r in _ranked(tx, tables.place)],
        [Zone(r["id"], r["zh"], r["en"]) for r in _ranked(tx, tables.zone)],
        [_device(r) for r in _ranked(tx, tables.device)],
        _definitions(tx),
        trusted=True,
        calendar=Calendar(zone, country, _spans(tx), _hours(tx)),
    )


def replace(tx: Connection, registry: Registry) -> Changes:
    """Make the stored registry equal to this one; rows that are equal already are not written."""
    own = own_device(registry.root.id)
    devices = [d for d in registry.devices.values() if d.id != OWN or d != own]
    return (
        _replace(tx, tables.place, map(msgspec.structs.asdict, registry.places.values()))
        + _replace(tx, tables.zone, map(msgspec.structs.asdict, registry.zones.values()))
        + _replace(tx, tables.device, map(_row, devices))
        + _replace(tx, tables.definition, _definition_rows(registry.definitions))
        + _replace(tx, tables.calendar, map(msgspec.structs.asdict, registry.calendar.spans))
        + _replace(tx, tables.hours, map(_hours_row, registry.calendar.own_hours))
    )


def _ranked(tx: Connection, table: Table) -> Sequence[RowMapping]:
    return tx.execute(select(table).order_by(table.c.rank, *table.primary_key)).mappings().all()


def _device(row: RowMapping) -> Device:
    fields = {name: row[name] for name in Device.__struct_fields__}
    fields["labels"] = msgspec.json.decode(row["labels"], type=dict[str, str])
    if row["position"] is not None:
        fields["position"] = msgspec.json.decode(row["position"], type=tuple[float, float])
    return Device(**fields)


def _row(device: Device) -> Row:
    row = msgspec.structs.asdict(device)
    row["labels"] = msgspec.json.encode(device.labels, order="sorted").decode()
    row["position"] = device.position and msgspec.json.encode(device.position).decode()
    return row


def _spans(tx: Connection) -> Iterator[Span]:
    for row in _ranked(tx, tables.calendar):
        yield Span(**{name: row[name] for name in Span.__struct_fields__})


def _hours(tx: Connection) -> Iterator[Hours]:
    for row in _ranked(tx, tables.hours):
        lists = {name: msgspec.json.decode(row[name], type=tuple[str, ...]) for name in ("at", "days")}
        yield Hours(row["id"], zh=row["zh"], en=row["en"], **lists)


def _hours_row(hours: Hours) -> Row:
    lists = {name: msgspec.json.encode(getattr(hours, name)).decode() for name in ("at", "days")}
    return {**msgspec.structs.asdict(hours), **lists}


def _definitions(tx: Connection) -> Definitions:
    made: dict[str, dict[str, Any]] = {}
    for row in _ranked(tx, tables.definition):
        made.setdefault(row["dialect"], {})[row["name"]] = json.loads(row["document"])
    return made


def _definition_rows(definitions: Definitions) -> Iterator[Row]:
    for dialect, documents in definitions.items():
        for name, document in documents.items():
            yield {"dialect": dialect, "name": name, "document": json.dumps(document, ensure_ascii=False)}


def _replace(tx: Connection, table: Table, wanted: Iterable[Row]) -> Changes:
    keys = [column.name for column in table.primary_key]
    stored = {_key(keys, row): dict(row) for row in tx.execute(select(table)).mappings()}
    new = {_key(keys, row): {**row, "rank": rank} for rank, row in enumerate(wanted)}
    added = [row for key, row in new.items() if key not in stored]
    changed = [row for key, row in new.items() if key in stored and row != stored[key]]
    removed = [row for key, row in stored.items() if key not in new]
    this = and_(*(table.c[key] == bindparam(f"key_{key}") for key in keys))
    if removed:
        tx.execute(delete(table).where(this), [_named(keys, row) for row in removed])
    if changed:
        tx.execute(update(table).where(this), [{**row, **_named(keys, row)} for row in changed])
    if added:
        tx.execute(insert(table), added)
    return Changes(len(added), len(changed), len(removed))


def _key(keys: Sequence[str], row: Row | RowMapping) -> tuple[Any, ...]:
    return tuple(row[key] for key in keys)


def _named(keys: Sequence[str], row: Row) -> Row:
    return {f"key_{key}": row[key] for key in keys}
