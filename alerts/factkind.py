"""Thinks. A fact as the tables of the life cycle know it: its kind, as seen by the alert that it befalls."""

from enum import StrEnum

from alerts.alert import (
    Accepted,
    Acknowledged,
    Alert,
    Arrived,
    Closed,
    Commented,
    Declined,
    Fact,
    HandedOver,
    Lapsed,
    MadeReal,
    OutOfService,
    Released,
    Removed,
    Reset,
    Shelved,
    StepDue,
    Suppressed,
    Unshelved,
    Verification,
    Verified,
)
from rules.verdict import Holds, Verdict


class FactKind(StrEnum):
    """A fact as the tables know it."""

    ACTIVATED = "activated"  # the rule holds anew: a second press, or active again after normal
    HELD = "held"  # the rule still holds
    CLEARED = "cleared"
    LOST = "lost"  # the rule cannot know
    ACKNOWLEDGED = "acknowledged"
    ARRIVED = "arrived"
    CONFIRMED = "confirmed"
    FALSE = "false"
    UNDETERMINED = "undetermined"
    RESET = "reset"
    SHELVED = "shelved"
    UNSHELVED = "unshelved"
    SUPPRESSED = "suppressed"
    OUT_OF_SERVICE = "out_of_service"
    RELEASED = "released"
    MADE_REAL = "made_real"
    HANDED_OVER = "handed_over"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    COMMENTED = "commented"
    CLOSED = "closed"
    PROMISE_LAPSED = "promise_lapsed"
    HANDOVER_LAPSED = "handover_lapsed"
    SHELF_LAPSED = "shelf_lapsed"
    STEP_DUE = "step_due"
    REMOVED = "removed"
    STALE = "stale"  # a deadline that was moved since it was read, or news of what is closed: means nothing


_KINDS: dict[type, FactKind] = {
    Acknowledged: FactKind.ACKNOWLEDGED,
    Arrived: FactKind.ARRIVED,
    Reset: FactKind.RESET,
    Shelved: FactKind.SHELVED,
    Unshelved: FactKind.UNSHELVED,
    Suppressed: FactKind.SUPPRESSED,
    OutOfService: FactKind.OUT_OF_SERVICE,
    Released: FactKind.RELEASED,
    MadeReal: FactKind.MADE_REAL,
    HandedOver: FactKind.HANDED_OVER,
    Accepted: FactKind.ACCEPTED,
    Declined: FactKind.DECLINED,
    Commented: FactKind.COMMENTED,
    Closed: FactKind.CLOSED,
    StepDue: FactKind.STEP_DUE,
    Removed: FactKind.REMOVED,
}
_OUTCOMES = {
    Verification.CONFIRMED: FactKind.CONFIRMED,
    Verification.FALSE: FactKind.FALSE,
    Verification.UNDETERMINED: FactKind.UNDETERMINED,
}
_LAPSES = {
    "promise": (FactKind.PROMISE_LAPSED, "acknowledged_until"),
    "handover": (FactKind.HANDOVER_LAPSED, "offered_until"),
    "shelf": (FactKind.SHELF_LAPSED, "inhibited_until"),
}
_UNBIDDEN = (Verdict, Lapsed, StepDue, Removed)  # what nobody decided: never refused
_NOT_OF_PEOPLE = (FactKind.STEP_DUE, FactKind.REMOVED)
PEOPLES = (*(kind for kind in _KINDS.values() if kind not in _NOT_OF_PEOPLE), *_OUTCOMES.values())


def kind_of(alert: Alert, fact: Fact) -> FactKind:
    """What the tables call this fact, seen by this alert. A closed one is deaf to rules and deadlines."""
    if not alert.open and isinstance(fact, _UNBIDDEN):
        return FactKind.STALE
    if isinstance(fact, Verdict):
        return _kind_of_verdict(alert, fact)
    if isinstance(fact, Verified):
        return _OUTCOMES[fact.outcome]
    if isinstance(fact, Lapsed):
        kind, field = _LAPSES[fact.what]
        return kind if getattr(alert, field) == fact.due else FactKind.STALE
    if isinstance(fact, StepDue):
        return FactKind.STEP_DUE if alert.step_due_at == fact.due else FactKind.STALE
    return _KINDS[type(fact)]


def _kind_of_verdict(alert: Alert, verdict: Verdict) -> FactKind:
    if verdict.holds is Holds.NO:
        return FactKind.CLEARED
    if verdict.holds is Holds.UNKNOWN:
        return FactKind.LOST
    # A state restored by the broker is never a second press. After "unknown" it is a new activation only if
    # the alert had returned to normal before.
    anew = alert.normal_at is not None or (verdict.again and not verdict.retained)
    return FactKind.ACTIVATED if anew else FactKind.HELD
