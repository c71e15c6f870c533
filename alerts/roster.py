"""Touches. The people in the database: load them as a Directory, replace them writing only what differs."""

from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

import msgspec
from sqlalchemy import Connection, RowMapping, Table, bindparam, delete, insert, select, update

from alerts import tables
from alerts.people import Contact, Directory, Person, Policy, Post, Team

Row = dict[str, Any]
T = TypeVar("T")


def load(tx: Connection, channels: Iterable[str] | None = None, zone: str = "Asia/Shanghai") -> Directory:
    """The directory as stored. `channels` are the configured channels, `zone` the campus's time zone."""
    return Directory(
        [_person(row) for row in _ranked(tx, tables.person)],
        [_members(row, Team, "members") for row in _ranked(tx, tables.team)],
        [_members(row, Post, "duty_order") for row in _ranked(tx, tables.post)],
        [msgspec.json.decode(row["body"], type=Policy) for row in _ranked(tx, tables.policy)],
        channels,
        zone,
    )


def replace(
    tx: Connection,
    persons: Iterable[Person] = (),
    teams: Iterable[Team] = (),
    posts: Iterable[Post] = (),
    policies: Iterable[Policy] = (),
) -> int:
    """Make the stored people equal to these; rows that are equal already are not written. Returns how many
    rows were added, changed or removed."""
    return (
        _replace(tx, tables.person, [_person_row(person) for person in persons])
        + _replace(tx, tables.team, [_row(t, members=_json(t.members)) for t in teams])
        + _replace(tx, tables.post, [_row(p, duty_order=_json(p.order)) for p in posts])
        + _replace(tx, tables.policy, [{"id": p.id, "body": _json(p)} for p in policies])
    )  # fmt: skip


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _person_row(person: Person) -> Row:
    return _row(person, language=person.language, contacts=_json(person.contacts))


def _row(named: Person | Team | Post, **columns: str) -> Row:
    return {"id": named.id, "zh": named.zh, "en": named.en, **columns}


def _ranked(tx: Connection, table: Table) -> Sequence[RowMapping]:
    return tx.execute(select(table).order_by(table.c.rank, table.c.id)).mappings().all()


def _person(row: RowMapping) -> Person:
    contacts = msgspec.json.decode(row["contacts"], type=tuple[Contact, ...])
    return Person(row["id"], row["zh"], row["en"], row["language"], contacts)


def _members(row: RowMapping, made: type[T], column: str) -> T:
    ids = msgspec.json.decode(row[column], type=tuple[str, ...])
    return msgspec.convert({"id": row["id"], "zh": row["zh"], "en": row["en"], _FIELD[column]: ids}, made)


_FIELD = {"members": "members", "duty_order": "order"}


def _replace(tx: Connection, table: Table, wanted: Iterable[Row]) -> int:
    stored = {row["id"]: dict(row) for row in tx.execute(select(table)).mappings()}
    new = {row["id"]: {**row, "rank": rank} for rank, row in enumerate(wanted)}
    added = [row for key, row in new.items() if key not in stored]
    changed = [{**row, "key": key} for key, row in new.items() if key in stored and row != stored[key]]
    removed = [{"key": key} for key in stored if key not in new]
    if removed:
        tx.execute(delete(table).where(table.c.id == bindparam("key")), removed)
    if changed:
        tx.execute(update(table).where(table.c.id == bindparam("key")), changed)
    if added:
        tx.execute(insert(table), added)
    return len(added) + len(changed) + len(removed)
