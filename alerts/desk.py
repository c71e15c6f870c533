"""Touches. The one door that changes an alert: facts in; alerts, their log and what people are owed out.

`apply` first reads and thinks for all facts, then writes (alerts/sitting.py); a refused fact raises, and
nothing is kept. Pipeline, timers, answers by SMS and the dashboard's buttons all come through here; so does
what is done to hazards (alerts/hazards/hazardbook.py) and to the impairment register
(alerts/hazards/register.py). `elapsed` gives the facts that time alone has made true; `audit_escalations`
mends an alert that has lost its next step.
"""

from collections.abc import Sequence

import msgspec
from sqlalchemy import Connection, delete, select

from alerts import log, store
from alerts.alert import TOCSIN, Alert, Effect
from alerts.delivery import outbox, stamps
from alerts.due import elapsed as elapsed
from alerts.due import next_due as next_due
from alerts.duty.people import LOOP, Directory
from alerts.limits import LIMITS, Limits
from alerts.sitting import AnyFact as AnyFact
from alerts.sitting import Outcome as Outcome
from alerts.sitting import Sitting
from alerts.tables import alert as table
from ingest.campus.registry import Registry

GRACE = 30_000  # ms a deadline may have passed before the audit calls it broken


def apply(
    tx: Connection,
    facts: Sequence[AnyFact],
    now: int,
    directory: Directory,
    registry: Registry,
    limits: Limits = LIMITS,
) -> Outcome:
    """Let the facts befall what they are about, in order. Raises Refused if one is illegal: the transaction
    (or savepoint) is then to be undone."""
    if not facts:
        return Outcome()
    sitting = Sitting(tx, facts, now, directory, registry, limits)
    for fact in facts:
        sitting.hear(fact)
    return sitting.write()


def audit_escalations(tx: Connection, now: int) -> list[str]:
    """Every open alert that waits for an acknowledgement, is not inhibited and whose policy pages somebody
    has a next step with a deadline that has not passed (by more than GRACE). One that has not is given one
    at once, and a sentence here."""
    broken = store.lost(tx, now - GRACE)
    store.save(tx, ((alert, _mended(alert, now)) for alert in broken))
    entries = [
        log.Entry(now, alert.id, "escalation_mended", TOCSIN, {"step_due_at": alert.step_due_at})
        for alert in broken
    ]
    log.append(tx, entries)
    return [_sentence(alert, now) for alert in broken]


def _mended(alert: Alert, now: int) -> Alert:
    if alert.step_due_at is not None:
        return alert  # it is due, and will be as soon as the deadlines are looked at
    sounded = now if alert.sounded_at is None else alert.sounded_at
    reason = alert.sound_reason or Effect.RAISED.value
    return msgspec.structs.replace(
        alert, step_due_at=now, sounded_at=sounded, sound_reason=reason, round=alert.round + 1
    )


def _sentence(alert: Alert, now: int) -> str:
    if alert.step_due_at is None:
        return f"alert {alert.code} had no next escalation step; it is due now"
    return f"the next escalation step of alert {alert.code} was {(now - alert.step_due_at) // 1000} s overdue"


def forget_loops(tx: Connection, before: int) -> None:
    """The loop message raises an alert a minute: those closed before a moment (ms) have proved their point.
    No other alert is ever forgotten."""
    old = select(table.c.id).where(table.c.policy == LOOP, table.c.closed_at < before)
    notices = outbox.notification.c.alert.in_(old)
    stamps.forget(tx, select(outbox.notification.c.id).where(notices))
    tx.execute(delete(outbox.notification).where(notices))
    tx.execute(delete(table).where(table.c.policy == LOOP, table.c.closed_at < before))
