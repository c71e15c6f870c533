"""Touches. The impairment register in the database, and what its entries do to alerts in a call of the desk.

Only alerts/sitting.py opens it. An entry hides by the fact OutOfService on each alert of its scope; its end
releases them, unless another entry covers them still.
"""

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
from sqlalchemy import Connection, RowMapping, func, insert, select, update

from alerts import log, refusal
from alerts.alert import TOCSIN, Alert, Fact, Inhibition, Lapsed, OutOfService, Released, Unshelved
from alerts.duty.people import Directory
from alerts.factkind import FactKind, kind_of
from alerts.hazards.impairment import (
    Declared,
    Impairment,
    ImpairmentFact,
    RanOut,
    State,
    covers,
    declared,
    step,
)
from alerts.heads import Heads
from alerts.limits import Limits
from alerts.refusal import Refused
from alerts.tables import impairment as table
from ingest.campus.registry import Registry

_STANDING = select(table).where(table.c.state != State.OVER.value).order_by(table.c.id)
NEXT_DUE = select(func.min(table.c.due_at))
_FACTS = {"Declared": "declared", "Agreed": "agreed", "Ended": "ended", "RanOut": "ran_out"}


class Register:
    def __init__(
        self,
        tx: Connection,
        now: int,
        directory: Directory,
        registry: Registry,
        limits: Limits,
        heads: Heads,
    ) -> None:
        self.tx, self.now, self.limits = tx, now, limits
        self.directory, self.registry, self.heads = directory, registry, heads
        self._in_force: list[Impairment] | None = None
        self.lines: list[log.Entry] = []

    def hear(self, fact: ImpairmentFact) -> Impairment:
        """The entry as it is now; the desk lets it befall the alerts. Written at once: a fact that is refused
        later undoes the transaction. Raises Refused."""
        if isinstance(fact, Declared):
            new = declared(fact, self.registry, self.directory.persons, self.now, self.limits)
            last: int = self.tx.execute(select(func.coalesce(func.max(table.c.id), 0))).scalar_one()
            after = msgspec.structs.replace(new, id=last + 1)
            self.tx.execute(insert(table).values(to_row(after)))
        else:
            before = read(self.tx, fact.impairment)
            if before is None:
                raise Refused(refusal.NO_SUCH_IMPAIRMENT)
            after = step(before, fact, self.now)
            if after == before:
                return after
            self.tx.execute(update(table).where(table.c.id == after.id).values(to_row(after)))
        self._in_force = None
        self.lines.append(self._line(fact, after))
        return after

    def _line(self, fact: ImpairmentFact, after: Impairment) -> log.Entry:
        told = {"changed": msgspec.to_builtins(msgspec.structs.asdict(after))}
        name = f"impairment_{_FACTS[type(fact).__name__]}"
        return log.Entry(self.now, 0, name, getattr(fact, "by", TOCSIN), told, f"impairment/{after.id}")

    def over(self, alert: Alert) -> Impairment | None:
        """The entry that hides this alert, the one that lasts longest."""
        if self._in_force is None:
            known = standing(self.tx) if self.heads.impairments or self.lines else ()
            self._in_force = [one for one in known if one.state is State.IN_FORCE]
        found = [one for one in self._in_force if covers(one, alert, self.registry, self.now)]
        return max(found, key=lambda one: one.until, default=None)

    def inhibited(self, alert: Alert) -> Alert:
        """A new alert, hidden where its scope is out of service."""
        entry = self.over(alert)
        if entry is None:
            return alert
        return msgspec.structs.replace(
            alert,
            inhibition=Inhibition.OUT_OF_SERVICE,
            inhibited_by=entry.declared_by,
            inhibited_reason=entry.reason,
            inhibited_until=entry.until,
            inhibited_at=self.now,
            impairment=entry.id,
            hidden=1,
        )

    def instead(self, alert: Alert | None, fact: Fact) -> Fact:
        """What would let an alert sound again hides it on, where an entry (still) covers it."""
        if alert is None or not _lets_out(alert, fact):
            return fact
        entry = self.over(alert)
        return fact if entry is None else hides(entry, alert)


def _lets_out(alert: Alert, fact: Fact) -> bool:
    if not alert.inhibited or not alert.open:
        return False
    if isinstance(fact, Lapsed):
        return kind_of(alert, fact) is FactKind.SHELF_LAPSED
    return isinstance(fact, Released) or (
        isinstance(fact, Unshelved) and alert.inhibition is Inhibition.SHELVED
    )


def hides(entry: Impairment, alert: Alert) -> OutOfService:
    return OutOfService(alert.id, entry.declared_by, entry.reason, entry.until, entry.id)


def on_alerts(
    entry: Impairment, alerts: Iterable[Alert], registry: Registry, now: int
) -> Iterator[OutOfService | Released]:
    """What an entry that came into force, or ended, means for the alerts that are open."""
    for alert in alerts:
        out = alert.inhibition is Inhibition.OUT_OF_SERVICE
        if not out and covers(entry, alert, registry, now):
            yield hides(entry, alert)
        elif out and entry.state is State.OVER and alert.impairment == entry.id:
            yield Released(alert.id, entry.ended_by)


# ---- reading -----------------------------------------------------------------------------------------------


def read(conn: Connection, number: int) -> Impairment | None:
    row = conn.execute(select(table).where(table.c.id == number)).mappings().first()
    return None if row is None else from_row(row)


def standing(conn: Connection) -> list[Impairment]:
    """What is out of service now, or waits for somebody to agree."""
    return [from_row(row) for row in conn.execute(_STANDING).mappings()]


def past(conn: Connection, most: int = 100) -> list[Impairment]:
    wanted = select(table).where(table.c.state == State.OVER.value).order_by(table.c.ended_at.desc())
    return [from_row(row) for row in conn.execute(wanted.limit(most)).mappings()]


def due(conn: Connection, now: int) -> list[RanOut]:
    wanted = select(table.c.id, table.c.due_at).where(table.c.due_at <= now).order_by(table.c.due_at)
    return [RanOut(row.id, row.due_at) for row in conn.execute(wanted)]


def to_row(entry: Impairment) -> dict[str, Any]:
    plain: dict[str, Any] = msgspec.to_builtins(msgspec.structs.asdict(entry))
    return plain | {"due_at": entry.due_at}


def from_row(row: RowMapping) -> Impairment:
    fields = {name: row[name] for name in Impairment.__struct_fields__}
    return Impairment(**fields | {"state": State(row["state"])})
