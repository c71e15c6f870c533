"""Touches. The record of the rules in the state database: every change, and the files that were good last."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, delete, func, insert, select

from rules.changes import Change, Difference, Past
from rules.shadow import Kept
from rules.tables import rule_change, rule_file

_COLUMNS = rule_change.c


class Recorded(msgspec.Struct, frozen=True):
    """One change, and the load that made it: its moment, and the version of the whole set from then on."""

    id: int
    moment: int
    loaded: str
    change: Change


def newest(conn: Connection) -> dict[str, Recorded]:
    """The last change of every rule that is not removed: what was in force when this was last written."""
    last = select(func.max(_COLUMNS.id)).group_by(_COLUMNS.rule)
    rows = conn.execute(select(rule_change).where(_COLUMNS.id.in_(last), _COLUMNS.what != "removed"))
    return {row.rule: _recorded(row) for row in rows}


def past(conn: Connection) -> dict[str, Past]:
    found = newest(conn).items()
    return {name: Past(one.change.version, one.change.body, one.change.source) for name, one in found}


def keep(tx: Connection, found: Sequence[Change], moment: int, loaded: str) -> None:
    """Write what a load has changed."""
    if found:
        tx.execute(insert(rule_change), [_stored(one, moment, loaded) for one in found])


def history(
    conn: Connection, most: int, rule: str | None = None, before: int | None = None
) -> list[Recorded]:
    """The newest changes first."""
    wanted = select(rule_change).order_by(_COLUMNS.id.desc()).limit(most)
    if rule is not None:
        wanted = wanted.where(_COLUMNS.rule == rule)
    if before is not None:
        wanted = wanted.where(_COLUMNS.id < before)
    return [_recorded(row) for row in conn.execute(wanted)]


def version(conn: Connection, rule: str, wanted: str) -> Recorded | None:
    """The change that brought this version of a rule: what it said then."""
    found = select(rule_change).where(_COLUMNS.rule == rule, _COLUMNS.version == wanted)
    row = conn.execute(found.order_by(_COLUMNS.id.desc()).limit(1)).first()
    return None if row is None else _recorded(row)


def promoted(conn: Connection) -> frozenset[Kept]:
    """The versions of rules that a person put into service out of their shadow."""
    rows = conn.execute(select(_COLUMNS.rule, _COLUMNS.version).where(_COLUMNS.what == "promoted"))
    return frozenset((row.rule, row.version) for row in rows)


def unheard(conn: Connection) -> frozenset[Kept]:
    """The versions of rules that judged in shadow, as they were last written."""
    wanted = select(_COLUMNS.rule, _COLUMNS.version, _COLUMNS.body).where(_COLUMNS.body.contains('"shadow"'))
    found = (row for row in conn.execute(wanted) if "shadow" in msgspec.json.decode(row.body))
    return frozenset((row.rule, row.version) for row in found) - promoted(conn)


def keep_files(tx: Connection, files: Mapping[str, str]) -> None:
    """The user's rule files as they are in force: what a start falls back on."""
    tx.execute(delete(rule_file))
    if files:
        tx.execute(insert(rule_file), [{"name": name, "text": text} for name, text in files.items()])


def kept_files(conn: Connection) -> dict[str, str]:
    rows = conn.execute(select(rule_file).order_by(rule_file.c.name))
    return {row.name: row.text for row in rows}


def _stored(one: Change, moment: int, loaded: str) -> dict[str, Any]:
    fields = msgspec.structs.asdict(one)
    fields["difference"] = msgspec.json.encode(one.difference).decode()
    fields["body"] = msgspec.json.encode(one.body).decode()
    return {**fields, "moment": moment, "loaded": loaded}


def _recorded(row: Any) -> Recorded:
    fields = {name: getattr(row, name) for name in Change.__struct_fields__}
    fields["difference"] = msgspec.json.decode(row.difference, type=tuple[Difference, ...])
    fields["body"] = msgspec.json.decode(row.body)
    return Recorded(row.id, row.moment, row.loaded, Change(**fields))
