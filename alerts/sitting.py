"""Touches. A sitting: what one call of the desk has on its table, from the facts to the rows.

Only alerts/desk.py opens one. It thinks for all facts first and writes at the end; what is written at once
(the register, incidents, drills) is undone with the transaction when a later fact is refused.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import msgspec
from sqlalchemy import Connection, insert

from alerts import log, refusal, store
from alerts.alert import (
    TOCSIN,
    Accepted,
    Acknowledged,
    Alert,
    CannotCome,
    Effect,
    Fact,
    Gone,
    HandedOver,
    Inhibition,
    Lapsed,
    MadeReal,
    Raised,
    Released,
    Removed,
    Shelved,
    Suppressed,
    Ticked,
)
from alerts.case import Case, Line
from alerts.delivery import outbox
from alerts.delivery.notices import notices
from alerts.delivery.notification import Notification
from alerts.drills.drill import DRILL_FACTS, DrillFact
from alerts.drills.drillbook import DrillBook
from alerts.due import next_due
from alerts.duty import canary
from alerts.duty.people import CANARY, LOOP, NOBODY, Directory
from alerts.factkind import FactKind, kind_of
from alerts.hazards import register
from alerts.hazards.found import Found
from alerts.hazards.hazard import HAZARD_FACTS, HazardFact
from alerts.hazards.hazardbook import HazardBook
from alerts.hazards.impairment import IMPAIRMENT_FACTS, Impairment, ImpairmentFact
from alerts.heads import Heads
from alerts.incidents import incidentbook
from alerts.incidents.incident import INCIDENT_FACTS, Formed, Grown, IncidentFact, Together
from alerts.lifecycle import step
from alerts.limits import Limits
from alerts.placing import placed
from alerts.reasons import PROMISE
from alerts.refusal import Refused
from alerts.tables import caller
from ingest.campus.registry import Registry
from rules.verdict import Class, Holds, Verdict

AnyFact = Fact | HazardFact | ImpairmentFact | IncidentFact | DrillFact


@dataclass
class Outcome:
    """What a call of `apply` did: the alerts it changed, their earliest deadline, the notices it owes
    (written, and already claimed by this process), and its troubles as (own point, word, note). `alerts` are
    those it changed, as they stand now; `found` is what somebody has to mend."""

    changed: list[int] = field(default_factory=list)
    due_at: int | None = None
    owed: list[Notification] = field(default_factory=list)
    troubles: list[tuple[str, str, str]] = field(default_factory=list)
    alerts: list[Alert] = field(default_factory=list)
    found: list[Found] = field(default_factory=list)

    def joined(self, other: "Outcome") -> "Outcome":
        changed = list(dict.fromkeys(self.changed + other.changed))
        due_at = min((one for one in (self.due_at, other.due_at) if one is not None), default=None)
        troubles, alerts = self.troubles + other.troubles, self.alerts + other.alerts
        return Outcome(changed, due_at, self.owed + other.owed, troubles, alerts, self.found + other.found)


class Sitting:
    """The cases that one call of `apply` has on its table."""

    def __init__(
        self,
        tx: Connection,
        facts: Sequence[AnyFact],
        now: int,
        directory: Directory,
        registry: Registry,
        limits: Limits,
    ) -> None:
        self.tx, self.now, self.directory, self.registry = tx, now, directory, registry
        self.limits = limits
        self.hazards = HazardBook(tx, now, directory, registry, limits)
        self.heads = Heads(tx)
        self.register = register.Register(tx, now, directory, registry, limits, self.heads)
        self.incidents = incidentbook.IncidentBook(tx, now, directory)
        self.drills = DrillBook(tx, now, directory, registry, self.heads)
        self.callers: list[tuple[Case, Raised]] = []
        self.cases: list[Case] = []
        self.by_id: dict[int, Case] = {}
        self.by_subject: dict[tuple[str, str], Case] = {}
        ids = [number for fact in facts if (number := getattr(fact, "alert", None)) is not None]
        for alert in store.read_many(tx, ids) if ids else ():
            self._open(Case(alert))
        subjects = [fact.subject for fact in facts if isinstance(fact, Verdict)]
        for alert in store.open_about(tx, subjects) if subjects else ():
            self._open(Case(alert))

    def hear(self, fact: AnyFact) -> None:
        if isinstance(fact, HAZARD_FACTS):
            self.hazards.hear(fact)
            return
        if isinstance(fact, IMPAIRMENT_FACTS):
            self._impair(self.register.hear(fact))
            return
        if isinstance(fact, INCIDENT_FACTS):
            self._together(fact)
            return
        if isinstance(fact, DRILL_FACTS):
            self._drill(fact)
            return
        if isinstance(fact, Removed):
            for alert in store.open_with(self.tx, fact.rule, fact.device):
                self._befall(self.by_id.get(alert.id) or self._open(Case(alert)), fact)
            return
        if isinstance(fact, Gone):
            self._leave(fact)
            return
        if isinstance(fact, HandedOver) and fact.to not in self.directory.persons:
            raise Refused(refusal.UNKNOWN_PERSON, fact.to)
        if isinstance(fact, Raised) and fact.place not in self.registry.places:
            raise Refused(refusal.UNKNOWN_PLACE)
        if isinstance(fact, Raised) and fact.plan and all(p.id != fact.plan for p in self.directory.plans):
            raise Refused(refusal.UNKNOWN_PLAN)
        if isinstance(fact, Verdict):
            case = self.by_subject.get((fact.rule, fact.subject))
            if case is not None and not case.alert.open:
                case = None
        else:
            case = None if isinstance(fact, Raised) else self.by_id.get(fact.alert)
        if isinstance(fact, Ticked) and case is not None:
            self._check_step(case.alert, fact)
        if isinstance(fact, Shelved) and case is not None:
            self._check_shelf(case.alert)
        self._befall(case, fact)
        if isinstance(fact, CannotCome) and case is not None and _given_up(case.alert, fact.by):
            self._befall(case, Lapsed(case.alert.id, "promise", case.alert.acknowledged_until or 0))
        if isinstance(fact, Verdict) and case is not None:
            self._suppress(case, fact)
        if isinstance(fact, MadeReal) and case and (over := self.drills.broken(case.alert.drill, fact.by)):
            self._drill(over, real=True)

    def _drill(self, fact: DrillFact, real: bool = False) -> None:
        """What still stands of a drill that is over is real; the rest closes with it."""
        drill = self.drills.hear(fact, self._alerts(), real)
        for alert in self.drills.inside(drill, self._alerts()) if drill.ended_at is not None else ():
            self._befall(self._case_of(alert), Lapsed(alert.id, "drill", alert.drill_until or 0))

    def _break_out(self, case: Case) -> None:
        """What a rule says may show that this alert is no part of its drill, or that another is not."""
        if self.drills.breaks_out(case.alert):
            self._befall(case, MadeReal(case.alert.id, TOCSIN))
        for alert in self.drills.woken(case.alert, self._alerts()):
            self._befall(self._case_of(alert), MadeReal(alert.id, TOCSIN))

    def _alerts(self) -> list[Alert]:
        return [case.alert for case in self.cases]

    def _case_of(self, alert: Alert) -> Case:
        """The case of an alert that is stored, or is new in this call."""
        return next((case for case in self.cases if case.alert is alert), None) or self._open(Case(alert))

    def _promise(self, case: Case | None, fact: Fact) -> Mapping[Class, int]:
        """How long whoever takes it has for the next proof."""
        if case is None or not isinstance(fact, Acknowledged | Accepted):
            return PROMISE
        own = self.directory.policy_for(case.alert, self.registry).promise
        return PROMISE if own is None else {**PROMISE, case.alert.alert_class: own}

    def _leave(self, fact: Gone) -> None:
        """Whoever is gone leaves every part they have on every open alert; and their hazards, if for good."""
        if fact.what == "removed":
            self.hazards.leave(fact.person, fact.by)
        self.incidents.leave(fact)
        for alert in store.open_naming(self.tx, fact.person):
            case = self.by_id.get(alert.id) or self._open(Case(alert))
            while kind_of(case.alert, fact) is not FactKind.STALE:
                self._befall(case, fact)

    def _together(self, fact: IncidentFact) -> None:
        """What is done for an incident befalls each of its alerts; those that need it not are left alone."""
        acts = self.incidents.hear(fact)
        cases = [self._case(act.alert) for act in acts]
        if isinstance(fact, Formed | Grown):
            self.incidents.check_modes(fact, [case.alert for case in cases if case])
        done = 0
        for act, case in zip(acts, cases, strict=True):
            try:
                self._befall(case, act)
            except Refused:
                if not isinstance(fact, Together):
                    raise
            else:
                done += 1
        if isinstance(fact, Together) and not done:
            raise Refused(refusal.NOTHING_WAITS)

    def _case(self, number: int) -> Case | None:
        if number not in self.by_id and (found := store.read(self.tx, number)) is not None:
            return self._open(Case(found))
        return self.by_id.get(number)

    def _impair(self, entry: Impairment) -> None:
        """What an entry of the register does to the alerts that are open."""
        alerts = [self._now(alert) for alert in store.all_open(self.tx)]
        for fact in register.on_alerts(entry, alerts, self.registry, self.now):
            alert = next(alert for alert in alerts if alert.id == fact.alert)
            self._befall(self.by_id.get(fact.alert) or self._open(Case(alert)), fact)

    def _now(self, stored: Alert) -> Alert:
        return self.by_id[stored.id].alert if stored.id in self.by_id else stored

    def _check_shelf(self, alert: Alert) -> None:
        shelved = {one.id for one in store.shelved(self.tx)} | {
            case.alert.id for case in self.cases if case.alert.inhibition is Inhibition.SHELVED
        }
        if len(shelved - {alert.id}) >= self.limits.shelved:
            raise Refused(refusal.SHELF_FULL)

    def _check_step(self, alert: Alert, fact: Ticked) -> None:
        plan = self.directory.plan_for(alert, self.registry)
        if plan is None or all(step.id != fact.step for step in plan.steps):
            raise Refused(refusal.NO_SUCH_STEP)

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
        fact = self.register.instead(case.alert if case else None, fact)
        before = case.alert if case else None
        after, effects = step(before, fact, self.now, self._promise(case, fact), self.limits)
        if after is None:
            return
        if case is None:
            after = self.register.inhibited(placed(after, self.registry))
            after = canary.marked(self.drills.drilled(after, self._alerts()), self.now)
            case = self._open(Case(None, after))
            if isinstance(fact, Raised) and (fact.caller or fact.callback):
                self.callers.append((case, fact))
        case.befall(fact, after, effects, self.directory, self.registry, self.now)
        if isinstance(fact, Verdict) and fact.holds is Holds.YES and not canary.is_canary(case.alert):
            self._break_out(case)

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
        store.save(self.tx, ((case.stored, case.alert) for case in cases if case.stored is not None))
        if new:
            made = store.numbered(self.tx, [case.alert for case in new], self.heads.alert)
            for case, alert in zip(new, made, strict=True):
                case.alert = alert
            store.add(self.tx, made)
        self.incidents.settle(case.alert for case in cases if Effect.CLOSED in case.effects)
        self._keep_callers()
        for number, call in self.incidents.letters:
            if (lead := self._case(number)) is not None:
                lead.calls.append((lead.alert, call))
        entries = [_entry(case.alert, line) for case in self.cases for line in case.lines]
        found = [_numbered(one, case.alert) for case in self.cases for one in case.found]
        found += self.drills.found
        for finding in found:
            self.hazards.hear(finding)
        of_hazards, owed_for_hazards = self.hazards.write()
        entries += [*self.register.lines, *of_hazards, *self.incidents.lines, *self.drills.lines]
        if entries:
            log.append(self.tx, sorted(entries, key=lambda entry: entry.moment), self.heads.log)
        rows = [row for case in self.cases for row in self._notices(case)]
        rows.sort(key=lambda row: not row.life_safety)
        rows += owed_for_hazards
        owed = outbox.owe(self.tx, rows, self.now) if rows else []
        deadlines = [case.alert.due_at for case in cases]
        if of_hazards or self.register.lines or self.incidents.lines or self.drills.lines:
            deadlines += [next_due(self.tx)]
        due_at = min((one for one in deadlines if one is not None), default=None)
        alerts = [case.alert for case in cases]
        return Outcome([alert.id for alert in alerts], due_at, owed, _troubles(cases), alerts, found)

    def _keep_callers(self) -> None:
        rows = [
            {"alert": case.alert.id, "name": fact.caller, "callback": fact.callback}
            for case, fact in self.callers
        ]
        if rows:
            self.tx.execute(insert(caller), rows)

    def _notices(self, case: Case) -> Iterable[Notification]:
        all_clear = Effect.CLOSED in case.effects and case.alert.ladder not in (LOOP, CANARY, NOBODY, "")
        reached = outbox.reached(self.tx, case.alert.id) if all_clear else ()
        return notices(case, reached, self.directory, self.registry)


def _troubles(cases: Iterable[Case]) -> list[tuple[str, str, str]]:
    notes = list(dict.fromkeys(note for case in cases for note in case.notes))
    return [("routing", "fault", "; ".join(notes)[:500])] if notes else []


def _numbered(found: Found, alert: Alert) -> Found:
    """A new alert has its number only now."""
    return msgspec.structs.replace(found, alert=alert.id)


def _entry(alert: Alert, line: Line) -> log.Entry:
    named = {"code": alert.code} if line.fact == Effect.RAISED else {}
    return log.Entry(line.moment, alert.id, line.fact, line.by, line.detail | named)


def _given_up(alert: Alert, person: str) -> bool:
    """Whoever took it cannot come, and no step is due that would call others: their promise ends now."""
    theirs = alert.open and alert.owner == person and alert.acknowledged_until is not None
    return theirs and alert.step_due_at is None
