"""Touches. The people in the database: load them as a Directory, replace them writing only what differs."""

from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

import msgspec
from sqlalchemy import Connection, RowMapping, Table, bindparam, delete, insert, select, update

from alerts import tables
from alerts.duty import postcalendars, swaps
from alerts.duty.hours import When
from alerts.duty.people import Contact, Directory, Person, Policy, Post, Team
from alerts.duty.shift import Override, Shift
from alerts.plan import Plan
from ingest.campus.calendar import Calendar

Row = dict[str, Any]
T = TypeVar("T")


def load(
    tx: Connection,
    channels: Iterable[str] | None = None,
    zone: str = "Asia/Shanghai",
    calendar: Calendar | None = None,
) -> Directory:
    """The directory as stored. `channels` are the configured channels, `zone` the campus's time zone."""
    return Directory(
        [_person(row) for row in _ranked(tx, tables.person)],
        [_team(row) for row in _ranked(tx, tables.team)],
        [_post(row) for row in _ranked(tx, tables.post)],
        [msgspec.json.decode(row["body"], type=Policy) for row in _ranked(tx, tables.policy)],
        channels,
        zone,
        calendar,
        swaps.every(tx),
        [msgspec.json.decode(row["body"], type=Plan) for row in _ranked(tx, tables.plan)],
        fetched=postcalendars.load(tx),
    )


def replace(
    tx: Connection,
    persons: Iterable[Person] = (),
    teams: Iterable[Team] = (),
    posts: Iterable[Post] = (),
    policies: Iterable[Policy] = (),
    plans: Iterable[Plan] = (),
) -> int:
    """Make the stored people equal to these; rows that are equal already are not written. Returns how many
    rows were added, changed or removed."""
    return (
        _replace(tx, tables.person, [_person_row(person) for person in persons])
        + _replace(tx, tables.team, [_row(t, members=_json(t.members)) for t in teams])
        + _replace(tx, tables.post, [_post_row(post) for post in posts])
        + _replace(tx, tables.policy, [{"id": p.id, "body": _json(p)} for p in policies])
        + _replace(tx, tables.plan, [{"id": p.id, "body": _json(p)} for p in plans])
    )  # fmt: skip


def replace_post(tx: Connection, old: Post, new: Post) -> bool:
    """Write the roster of one post, if it still is what somebody saw when they changed it."""
    row = tx.execute(select(tables.post).where(tables.post.c.id == old.id)).mappings().first()
    if row is None or _post(row) != old:
        return False
    tx.execute(update(tables.post).where(tables.post.c.id == old.id).values(_post_row(new)))
    return True


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _person_row(person: Person) -> Row:
    more = {"quiet": _json(person.quiet), "role": person.role or "", "scope": _json(person.scope)}
    return _row(person, language=person.language, contacts=_json(person.contacts), **more)


def _post_row(post: Post) -> Row:
    written = {"shifts": _json(post.shifts), "overrides": _json(post.overrides)}
    return _row(post, duty_order=_json(post.order), ics=post.ics, calendar=post.calendar, **written)


def _row(named: Person | Team | Post, **columns: str) -> Row:
    return {"id": named.id, "zh": named.zh, "en": named.en, **columns}


def _ranked(tx: Connection, table: Table) -> Sequence[RowMapping]:
    return tx.execute(select(table).order_by(table.c.rank, table.c.id)).mappings().all()


def _person(row: RowMapping) -> Person:
    return Person(
        row["id"],
        row["zh"],
        row["en"],
        row["language"],
        _from(row["contacts"], Contact),
        _from(row["quiet"], When),
        row["role"] or None,
        _from(row["scope"], str),
    )


def _team(row: RowMapping) -> Team:
    return Team(row["id"], row["zh"], row["en"], _from(row["members"], str))


def _post(row: RowMapping) -> Post:
    order, shifts = _from(row["duty_order"], str), _from(row["shifts"], Shift)
    overrides, calendars = _from(row["overrides"], Override), (row["ics"], row["calendar"])
    return Post(row["id"], row["zh"], row["en"], order, shifts, overrides, *calendars)


def _from(text: str, made: type[T]) -> tuple[T, ...]:
    found: tuple[T, ...] = msgspec.json.decode(text, type=tuple[made, ...])  # type: ignore[valid-type]
    return found


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
