"""Touches. Hazards in the database: read, found by cause and subject, saved. Only the desk writes them."""

from collections.abc import Iterable
from typing import Any

import msgspec
from sqlalchemy import Connection, RowMapping, func, insert, select, update

from alerts.alert import Life
from alerts.hazards.hazard import Hazard, Mending, Missed, Recheck, Term
from alerts.tables import hazard as table
from rules.verdict import Text

NEXT_DUE = select(func.min(table.c.remind_at))
_ENUMS: dict[str, type[Life | Mending | Recheck | Term]] = {
    "life": Life,
    "mending": Mending,
    "recheck": Recheck,
    "term": Term,
}


def read(conn: Connection, number: int) -> Hazard | None:
    return _first(conn.execute(select(table).where(table.c.id == number)).mappings())


def known(conn: Connection, subject: str, cause: str) -> Hazard | None:
    """The hazard that this cause of this subject is, over or not."""
    wanted = select(table).where(table.c.subject == subject, table.c.cause == cause)
    return _first(conn.execute(wanted).mappings())


def every(conn: Connection, over: bool = False) -> list[Hazard]:
    """Those that stand, by their day; or with those that are over, these last."""
    wanted = select(table).order_by(table.c.life == Life.CLOSED.value, table.c.due_at, table.c.id)
    if not over:
        wanted = wanted.where(table.c.life == Life.OPEN.value)
    return [from_row(row) for row in conn.execute(wanted).mappings()]


def standing(conn: Connection) -> dict[str, int]:
    """device → how many hazards of it stand."""
    wanted = select(table.c.device, func.count()).where(table.c.life == Life.OPEN.value, table.c.device != "")
    return {device: int(count) for device, count in conn.execute(wanted.group_by(table.c.device))}


def owned(conn: Connection, owner: str) -> list[Hazard]:
    wanted = select(table).where(table.c.life == Life.OPEN.value, table.c.owner == owner)
    return [from_row(row) for row in conn.execute(wanted).mappings()]


def due(conn: Connection, now: int) -> list[Missed]:
    wanted = select(table.c.id, table.c.remind_at).where(table.c.remind_at <= now)
    rows = conn.execute(wanted.order_by(table.c.remind_at, table.c.id))
    return [Missed(row.id, row.remind_at) for row in rows]


def numbered(tx: Connection, new: Iterable[Hazard]) -> list[Hazard]:
    last: int = tx.execute(select(func.coalesce(func.max(table.c.id), 0))).scalar_one()
    return [msgspec.structs.replace(one, id=number) for number, one in enumerate(new, last + 1)]


def add(tx: Connection, new: Iterable[Hazard]) -> None:
    for one in new:
        tx.execute(insert(table).values(to_row(one)))


def save(tx: Connection, changed: Iterable[Hazard]) -> None:
    for one in changed:
        tx.execute(update(table).where(table.c.id == one.id).values(to_row(one)))


def to_row(one: Hazard) -> dict[str, Any]:
    plain: dict[str, Any] = msgspec.to_builtins(msgspec.structs.asdict(one))
    return plain | {"title": msgspec.json.encode(one.title).decode()}


def from_row(row: RowMapping) -> Hazard:
    fields = dict(row)
    fields["title"] = msgspec.json.decode(row["title"], type=Text)
    return Hazard(**fields | {name: words(row[name]) for name, words in _ENUMS.items()})


def _first(rows: Iterable[RowMapping]) -> Hazard | None:
    return next((from_row(row) for row in rows), None)
