"""Touches. The weekly report in the database: what is planned, what past ones found, what is owed."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, delete, insert, or_, select, update

from dashboard.health.owners import Recipient
from dashboard.health.schedule import TROUBLE_AFTER
from dashboard.health.tables import LETTER, WEEK

KEPT = 60  # past reports kept


class Letter(msgspec.Struct, frozen=True):
    """One owed letter. `week` is when its report was due."""

    week: int
    person: str
    scope: str
    attempts: int
    owed_at: int

    @property
    def key(self) -> tuple[int, str, str]:
        return self.week, self.person, self.scope


class Past(msgspec.Struct, frozen=True):
    moment: int
    findings: dict[str, list[str]]


def plan(tx: Connection, due_at: int) -> None:
    """The next report is due then, and at no other time."""
    tx.execute(delete(WEEK).where(WEEK.c.made_at.is_(None)))
    if tx.execute(select(WEEK.c.due_at).where(WEEK.c.due_at == due_at)).first() is None:
        tx.execute(insert(WEEK).values(due_at=due_at, made_at=None, findings="{}"))


def planned(conn: Connection) -> int | None:
    found: int | None = conn.execute(select(WEEK.c.due_at).where(WEEK.c.made_at.is_(None))).scalar()
    return found


def make(
    tx: Connection, due_at: int, findings: Mapping[str, list[str]], told: Sequence[Recipient], now: int
) -> None:
    """The report of this week is made; its letters are owed, and those of earlier weeks are not any more."""
    body = msgspec.json.encode(findings).decode()
    tx.execute(update(WEEK).where(WEEK.c.due_at == due_at).values(made_at=now, findings=body))
    old = update(LETTER).where(LETTER.c.state == "queued", LETTER.c.week < due_at)
    tx.execute(old.values(state="replaced", due_at=None, settled_at=now))
    rows = [_owed(due_at, one, now) for one in told]
    if rows:
        tx.execute(insert(LETTER), rows)
    oldest = select(WEEK.c.due_at).order_by(WEEK.c.due_at.desc()).offset(KEPT).limit(1)
    if (limit := tx.execute(oldest).scalar()) is not None:
        tx.execute(delete(WEEK).where(WEEK.c.due_at <= limit))
        tx.execute(delete(LETTER).where(LETTER.c.week <= limit))


def _owed(due_at: int, one: Recipient, now: int) -> dict[str, Any]:
    row = {"week": due_at, "person": one.person.id, "scope": one.scope, "owed_at": now, "attempts": 0}
    if one.contact is None:
        note = "has no address on an e-mail channel"
        return {**row, "state": "no_address", "due_at": None, "settled_at": now, "note": note}
    return {**row, "state": "queued", "due_at": now, "settled_at": None, "note": ""}


def due(conn: Connection, now: int) -> list[Letter]:
    query = select(LETTER).where(LETTER.c.due_at <= now).order_by(LETTER.c.week, LETTER.c.person)
    return [Letter(r.week, r.person, r.scope, r.attempts, r.owed_at) for r in conn.execute(query)]


def settle(tx: Connection, letter: Letter, **outcome: Any) -> None:
    here = (LETTER.c.week == letter.week) & (LETTER.c.person == letter.person)
    values = {"attempts": letter.attempts + 1, **outcome}
    tx.execute(update(LETTER).where(here, LETTER.c.scope == letter.scope).values(values))


def past(conn: Connection, before: int | None = None) -> Past | None:
    """The last report made, or the last one before that of a week."""
    query = select(WEEK).where(WEEK.c.made_at.is_not(None)).order_by(WEEK.c.due_at.desc()).limit(1)
    if before is not None:
        query = query.where(WEEK.c.due_at < before)
    row = conn.execute(query).first()
    if row is None:
        return None
    return Past(row.made_at, msgspec.json.decode(row.findings, type=dict[str, list[str]]))


def troubles(conn: Connection, now: int) -> list[str]:
    """Letters of the last report that failed for good, or for a day: who, and why."""
    last = select(WEEK.c.due_at).where(WEEK.c.made_at.is_not(None)).order_by(WEEK.c.due_at.desc()).limit(1)
    late = (LETTER.c.state == "queued") & (LETTER.c.attempts > 0) & (LETTER.c.owed_at <= now - TROUBLE_AFTER)
    query = select(LETTER.c.person, LETTER.c.note).where(or_(LETTER.c.state == "failed", late))
    rows = conn.execute(query.where(LETTER.c.week == last.scalar_subquery()).order_by(LETTER.c.person))
    return [f"{row.person}: {row.note}" for row in rows]
