"""Touches. The one door that changes an alert: facts in; alerts, their log and what people are owed out.

`apply` first reads and thinks for all facts, then writes: a refused fact raises before anything is written.
Pipeline, timers, answers by SMS and the dashboard's buttons all come through here. `elapsed` gives the facts
that time alone has made true; `audit_escalations` mends an alert that has lost its next step.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import msgspec
from sqlalchemy import Connection, delete, select

from alerts import deadlines, log, outbox, refusal, store
from alerts.alert import (
    TOCSIN,
    Alert,
    Effect,
    Fact,
    HandedOver,
    Inhibition,
    Raised,
    Released,
    Removed,
    Suppressed,
)
from alerts.case import Case, Line
from alerts.lifecycle import step
from alerts.notices import notices
from alerts.notification import Notification
from alerts.people import LOOP, NOBODY, Directory
from alerts.placing import placed
from alerts.refusal import Refused
from alerts.tables import alert as table
from ingest.campus.registry import Registry
from rules.verdict import Holds, Verdict

GRACE = 30_000  # ms a deadline may have passed before the audit calls it broken


@dataclass
class Outcome:
    """What a call of `apply` did: the alerts it changed, their earliest deadline, the notices it owes
    (written, and already claimed by this process), and its troubles as (own point, word, note). `alerts` are
    those it changed, as they stand now."""

    changed: list[int] = field(default_factory=list)
    due_at: int | None = None
    owed: list[Notification] = field(default_factory=list)
    troubles: list[tuple[str, str, str]] = field(default_factory=list)
    alerts: list[Alert] = field(default_factory=list)

    def joined(self, other: "Outcome") -> "Outcome":
        changed = list(dict.fromkeys(self.changed + other.changed))
        due_at = min((one for one in (self.due_at, other.due_at) if one is not None), default=None)
        troubles, alerts = self.troubles + other.troubles, self.alerts + other.alerts
        return Outcome(changed, due_at, self.owed + other.owed, troubles, alerts)


def apply(
    tx: Connection, facts: Sequence[Fact], now: int, directory: Directory, registry: Registry
) -> Outcome:
    """Let the facts befall their alerts, in order. Raises Refused if one is illegal: then nothing changes."""
    if not facts:
        return Outcome()
    sitting = _Sitting(tx, facts, now, directory, registry)
    for fact in facts:
        sitting.hear(fact)
    return sitting.write()


class _Sitting:
    """The cases that one call of `apply` has on its table."""

    def __init__(
        self, tx: Connection, facts: Sequence[Fact], now: int, directory: Directory, registry: Registry
    ) -> None:
        self.tx, self.now, self.directory, self.registry = tx, now, directory, registry
        self.cases: list[Case] = []
        self.by_id: dict[int, Case] = {}
        self.by_subject: dict[tuple[str, str], Case] = {}
        ids = [number for fact in facts if (number := getattr(fact, "alert", None)) is not None]
        for alert in store.read_many(tx, ids) if ids else ():
            self._open(Case(alert))
        subjects = [fact.subject for fact in facts if isinstance(fact, Verdict)]
        for alert in store.open_about(tx, subjects) if subjects else ():
            self._open(Case(alert))

    def hear(self, fact: Fact) -> None:
        if isinstance(fact, Removed):
            for alert in store.open_with(self.tx, fact.rule, fact.device):
                self._befall(self.by_id.get(alert.id) or self._open(Case(alert)), fact)
            return
        if isinstance(fact, HandedOver) and fact.to not in self.directory.persons:
            raise Refused(refusal.UNKNOWN_PERSON, fact.to)
        if isinstance(fact, Raised) and fact.place not in self.registry.places:
            raise Refused(refusal.UNKNOWN_PLACE)
        if isinstance(fact, Verdict):
            case = self.by_subject.get((fact.rule, fact.subject))
            if case is not None and not case.alert.open:
                case = None
        else:
            case = None if isinstance(fact, Raised) else self.by_id.get(fact.alert)
        self._befall(case, fact)
        if isinstance(fact, Verdict) and case is not None:
            self._suppress(case, fact)

    def _suppress(self, case: Case, verdict: Verdict) -> None:
        """What a rule hides from now on, or no longer does, of an alert that is open already."""
        alert = case.alert
        if verdict.holds is Holds.NO or not alert.open:
            return
        if verdict.suppressed and alert.inhibition is Inhibition.NONE:
            self._befall(case, Suppressed(alert.id, TOCSIN, verdict.suppressed))
        elif not verdict.suppressed and alert.inhibition is Inhibition.SUPPRESSED:
            self._befall(case, Released(alert.id, TOCSIN))

    def _befall(self, case: Case | None, fact: Fact) -> None:
        after, effects = step(case.alert if case else None, fact, self.now)
        if after is None:
            return
        if case is None:
            case = self._open(Case(None, placed(after, self.registry)))
            after = case.alert
        case.befall(fact, after, effects, self.directory, self.registry, self.now)

    def _open(self, case: Case) -> Case:
        alert = case.alert
        if alert.id and alert.id in self.by_id:
            return self.by_id[alert.id]
        self.cases.append(case)
        if alert.id:
            self.by_id[alert.id] = case
        if alert.rule and alert.open:
            self.by_subject[alert.rule, alert.subject] = case
        return case

    def write(self) -> Outcome:
        cases = [case for case in self.cases if case.changed]
        new = [case for case in cases if case.stored is None]
        store.save(self.tx, [case.alert for case in cases if case.stored is not None])
        for case, alert in zip(new, store.numbered(self.tx, [case.alert for case in new]), strict=True):
            case.alert = alert
        store.add(self.tx, [case.alert for case in new])
        entries = [_entry(case.alert, line) for case in self.cases for line in case.lines]
        log.append(self.tx, sorted(entries, key=lambda entry: entry.moment))
        rows = [row for case in self.cases for row in self._notices(case)]
        rows.sort(key=lambda row: not row.life_safety)
        owed = outbox.owe(self.tx, rows, self.now) if rows else []
        due_at = min((one for case in cases if (one := case.alert.due_at) is not None), default=None)
        alerts = [case.alert for case in cases]
        return Outcome([alert.id for alert in alerts], due_at, owed, _troubles(cases), alerts)

    def _notices(self, case: Case) -> Iterable[Notification]:
        all_clear = Effect.CLOSED in case.effects and case.alert.ladder not in (LOOP, NOBODY, "")
        reached = outbox.reached(self.tx, case.alert.id) if all_clear else ()
        return notices(case, reached, self.directory, self.registry)


def _troubles(cases: Iterable[Case]) -> list[tuple[str, str, str]]:
    notes = list(dict.fromkeys(note for case in cases for note in case.notes))
    return [("routing", "fault", "; ".join(notes)[:500])] if notes else []


def _entry(alert: Alert, line: Line) -> log.Entry:
    named = {"code": alert.code} if line.fact == Effect.RAISED else {}
    return log.Entry(line.moment, alert.id, line.fact, line.by, line.detail | named)


def elapsed(tx: Connection, now: int) -> list[Fact]:
    """What time alone has made true: steps, promises, handovers and shelves overdue, in the order of their
    deadlines."""
    return deadlines.elapsed(store.due(tx, now), now)


def next_due(tx: Connection) -> int | None:
    """The earliest deadline of any alert."""
    return store.next_due(tx)


def audit_escalations(tx: Connection, now: int) -> list[str]:
    """Every open alert that waits for an acknowledgement, is not inhibited and whose policy pages somebody
    has a next step with a deadline that has not passed (by more than GRACE). One that has not is given one
    at once, and a sentence here."""
    broken = store.lost(tx, now - GRACE)
    store.save(tx, [_mended(alert, now) for alert in broken])
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
    tx.execute(delete(outbox.notification).where(outbox.notification.c.alert.in_(old)))
    tx.execute(delete(table).where(table.c.policy == LOOP, table.c.closed_at < before))
