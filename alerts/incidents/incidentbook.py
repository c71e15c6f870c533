"""Touches. Incidents in the database, and those that one call of the desk has on its table.

Only alerts/sitting.py opens it. An incident is written at once: a fact that is refused later undoes the
transaction. What it means for its alerts the desk lets befall them, one fact each.
"""

from collections.abc import Collection, Iterable
from typing import Any

import msgspec
from sqlalchemy import Connection, RowMapping, func, insert, select, text, update

from alerts import log, refusal, store, why
from alerts.alert import TOCSIN, Act, Alert, Gone, Life, Ownership
from alerts.delivery.message import Purpose
from alerts.duty.escalation import Call
from alerts.duty.people import Directory, Step, Target
from alerts.incidents import incident as thinking
from alerts.incidents.incident import (
    CommandLapsed,
    CommandLeft,
    Formed,
    Grown,
    Incident,
    IncidentFact,
    Kind,
    Over,
    Shrunk,
)
from alerts.refusal import Refused
from alerts.tables import alert, incident
from rules.verdict import Text

_OPEN = incident.c.life == Life.OPEN.value
NEXT_DUE = select(func.min(incident.c.offered_until))
_SAID = ("to", "note", "what", "alert", "alerts", "person")


def read(conn: Connection, number: int) -> Incident | None:
    found = conn.execute(select(incident).where(incident.c.id == number)).mappings().first()
    return from_row(found) if found else None


def standing(conn: Connection) -> list[Incident]:
    rows = conn.execute(select(incident).where(_OPEN).order_by(incident.c.id)).mappings()
    return [from_row(row) for row in rows]


def newest(conn: Connection, most: int | None = 100) -> list[Incident]:
    rows = conn.execute(select(incident).order_by(incident.c.id.desc()).limit(most)).mappings()
    return [from_row(row) for row in rows]


def members(conn: Connection, number: int) -> list[int]:
    """The ids of its alerts, open and closed, the first of them first."""
    wanted = select(alert.c.id).where(alert.c.incident == number, text("incident <> 0"))
    return list(conn.execute(wanted.order_by(alert.c.raised_at, alert.c.id)).scalars())


def places(conn: Connection, number: int) -> dict[int, str]:
    """Where each of its alerts is."""
    wanted = select(alert.c.id, alert.c.place).where(alert.c.incident == number, text("incident <> 0"))
    return {row.id: row.place for row in conn.execute(wanted)}


def due(conn: Connection, now: int) -> list[CommandLapsed]:
    wanted = select(incident.c.id, incident.c.offered_until).where(incident.c.offered_until <= now)
    rows = conn.execute(wanted.order_by(incident.c.offered_until))
    return [CommandLapsed(row.id, row.offered_until) for row in rows]


def from_row(row: RowMapping) -> Incident:
    fields = dict(row)
    return Incident(**fields | {"life": Life(row["life"]), "command": Ownership(row["command"])})


def to_row(one: Incident) -> dict[str, Any]:
    plain: dict[str, Any] = msgspec.to_builtins(msgspec.structs.asdict(one))
    return plain


class IncidentBook:
    """`letters`: whom an incident's command concerns, by the alert through which they are told."""

    def __init__(self, tx: Connection, now: int, directory: Directory) -> None:
        self.tx, self.now, self.directory = tx, now, directory
        self.lines: list[log.Entry] = []
        self.letters: list[tuple[int, Call]] = []
        self.touched: set[int] = set()

    def hear(self, fact: IncidentFact) -> list[Act]:
        """What the fact means for the alerts. Raises Refused."""
        before = self._born(fact) if isinstance(fact, Formed) else read(self.tx, fact.incident)
        if before is None:
            raise Refused(refusal.NO_SUCH_INCIDENT)
        if isinstance(fact, thinking.CommandOffered) and fact.to not in self.directory.persons:
            raise Refused(refusal.UNKNOWN_PERSON, fact.to)
        here = members(self.tx, before.id)
        if isinstance(fact, Shrunk) and fact.alert not in here:
            raise Refused(refusal.NOT_OF_THIS_INCIDENT)
        if isinstance(fact, Formed):
            after = before
            self.tx.execute(insert(incident).values(to_row(after)))
        else:
            after = thinking.step(before, fact, self.now)
            if after != before:
                self.tx.execute(update(incident).where(incident.c.id == after.id).values(to_row(after)))
        self._note(before, after, fact)
        self._tell(after, fact, here)
        self.touched.add(after.id)
        return thinking.acts(after, fact, store.read_many(self.tx, here))

    def _born(self, fact: Formed) -> Incident:
        last: int = self.tx.execute(select(func.coalesce(func.max(incident.c.id), 0))).scalar_one()
        return msgspec.structs.replace(thinking.formed(fact, self.now), id=last + 1)

    def leave(self, fact: Gone) -> None:
        """Whoever is gone leaves the command of every incident, and what was offered to them of it."""
        for one in standing(self.tx):
            if fact.person and fact.person in (one.commander, one.offered_to):
                self.hear(CommandLeft(one.id, fact.person, fact.post, fact.by))

    def settle(self, closed: Iterable[Alert]) -> None:
        """After the alerts are saved: an incident none of whose alerts is open is over."""
        for number in self.touched | {one.incident for one in closed if one.incident}:
            standing_alerts = select(func.count()).where(
                alert.c.incident == number, text("incident <> 0"), alert.c.open
            )
            if not self.tx.execute(standing_alerts).scalar_one():
                self.hear(Over(number))

    def check_modes(self, fact: Formed | Grown, new: Iterable[Alert]) -> None:
        """What is real and what belongs to a drill are never handled as one."""
        known = members(self.tx, fact.incident) if isinstance(fact, Grown) else ()
        here, come = ({one.mode for one in group} for group in (store.read_many(self.tx, known), new))
        if len(come) > 1 or (here and not come <= here):
            raise Refused(refusal.REAL_AND_DRILL)

    def _note(self, before: Incident, after: Incident, fact: IncidentFact) -> None:
        if isinstance(fact, Formed):
            kind = Kind.FORMED
            changed = {name: value for name, value in to_row(after).items() if value not in ("", None, 0)}
        else:
            kind = thinking.kind_of(before, fact)
            old, new = to_row(before), to_row(after)
            changed = {name: new[name] for name in new if new[name] != old[name]}
        if kind is Kind.STALE:
            return
        said = msgspec.to_builtins(fact)
        detail = {name: said[name] for name in _SAID if said.get(name)} | {"changed": changed}
        by = getattr(fact, "by", TOCSIN)
        self.lines.append(log.Entry(self.now, 0, kind.value, by, detail, f"incident/{after.id}"))

    def _tell(self, after: Incident, fact: IncidentFact, here: Collection[int]) -> None:
        """Whom the command concerns hears of it, through the first of its alerts that is open."""
        reason = why.COMMAND.get(type(fact).__name__)
        lead = next((one for one in store.read_many(self.tx, here) if one.open), None) if reason else None
        if lead is None or reason is None:
            return
        who = Text(self.directory.name(after.commander, "zh"), self.directory.name(after.commander, "en"))
        words = Text(reason.zh.format(who=who.zh), reason.en.format(who=who.en))
        for target in _told(after, fact):
            step = Step(notify=(target,))
            for person, contact in self.directory.reach(step, lead, self.now, wake=True):
                turn = after.id * 1000 + 2 * after.handovers + isinstance(fact, thinking.CommandOffered)
                call = Call(0, turn, Purpose.COMMAND, contact.channel, words, person, contact.address)
                self.letters.append((lead.id, call))


def _told(after: Incident, fact: IncidentFact) -> tuple[Target, ...]:
    if isinstance(fact, thinking.CommandOffered):
        return (Target("person", after.offered_to),)
    if after.command is Ownership.POST:
        return (Target("post", after.commander),)
    return (Target("person", after.commander),)
