"""Touches. What rules in shadow would have raised, in the state database: recorded, and told to nobody."""

from collections.abc import Iterable
from typing import Any

import structlog
from sqlalchemy import Connection, delete, insert, select, update
from sqlalchemy.exc import InterfaceError, OperationalError

from rules.firing import Firing, Ledger, Tally, fired
from rules.tables import rule_shadow
from rules.verdict import Holds, Verdict

log = structlog.get_logger("rules.shadowstore")

KEPT = 2_000  # activations of each rule; the oldest go first
_C = rule_shadow.c


def keep(tx: Connection, verdicts: Iterable[Verdict]) -> None:
    """Our own failure on these must never keep an alarm of the same batch from being written."""
    found = [one for one in verdicts if one.shadow]
    if not found:
        return
    try:
        with tx.begin_nested():
            for verdict in found:
                _keep(tx, verdict)
            for rule in sorted({one.rule for one in found}):
                _trim(tx, rule)
    except (OperationalError, InterfaceError):
        raise
    except Exception:
        log.exception("what a rule in shadow would have raised was not recorded")


def _keep(tx: Connection, verdict: Verdict) -> None:
    standing = (_C.rule == verdict.rule) & (_C.subject == verdict.subject) & _C.until.is_(None)
    if verdict.holds is Holds.NO:
        tx.execute(update(rule_shadow).where(standing).values(until=verdict.moment))
    elif verdict.holds is Holds.YES and (
        verdict.again or tx.execute(select(_C.id).where(standing).limit(1)).first() is None
    ):
        firing = fired(verdict)
        row = {name: getattr(firing, name) for name in _FIELDS}
        tx.execute(insert(rule_shadow).values(**row, version=verdict.version))


def _trim(tx: Connection, rule: str) -> None:
    mine = select(_C.id).where(_C.rule == rule).order_by(_C.id.desc()).offset(KEPT).limit(1)
    edge = tx.execute(mine).scalar()
    if edge is not None:
        tx.execute(delete(rule_shadow).where(_C.rule == rule, _C.id <= edge))


_FIELDS = ("rule", "subject", "device", "moment", "until", "said", "suppressed")


def tally(conn: Connection, rule: str, version: str) -> Tally:
    """What this version of a rule would have raised, the chatter in it marked."""
    wanted = select(rule_shadow).where(_C.rule == rule, _C.version == version).order_by(_C.id)
    ledger = Ledger(0)
    for row in conn.execute(wanted):
        ledger.count(_firing(row))
    return ledger.tallies().get(rule, Tally(rule))


def _firing(row: Any) -> Firing:
    return Firing(**{name: getattr(row, name) for name in _FIELDS})
