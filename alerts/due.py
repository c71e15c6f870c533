"""Touches. What is due by itself: the deadlines of alerts, hazards, incidents, drills and the register."""

from sqlalchemy import Connection, select

from alerts import deadlines, store
from alerts.alert import Fact
from alerts.drills import drillstore
from alerts.drills.drill import DrillOver
from alerts.hazards import hazardstore, register
from alerts.hazards.hazard import Missed
from alerts.hazards.impairment import RanOut
from alerts.incidents import incidentbook
from alerts.incidents.incident import CommandLapsed

Due = Fact | Missed | RanOut | CommandLapsed | DrillOver
_BOOKS = (register, hazardstore, incidentbook, drillstore)
_NEXT = select(*(book.NEXT_DUE.scalar_subquery() for book in (store, *_BOOKS)))


def elapsed(tx: Connection, now: int) -> list[Due]:
    """What time alone has made true: steps, promises, handovers and shelves overdue, in the order of their
    deadlines; then terms out of service, hazards, commands and drills."""
    first, *others = (moment is not None and moment <= now for moment in tx.execute(_NEXT).one())
    facts: list[Due] = [*deadlines.elapsed(store.due(tx, now), now)] if first else []
    for book, some in zip(_BOOKS, others, strict=True):
        facts += book.due(tx, now) if some else ()
    return facts


def next_due(tx: Connection) -> int | None:
    """The earliest deadline of all."""
    return min((moment for moment in tx.execute(_NEXT).one() if moment is not None), default=None)
