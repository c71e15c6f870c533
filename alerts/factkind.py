"""Thinks. A fact as the tables of the life cycle know it: its kind, as seen by the alert that it befalls."""

from enum import StrEnum

from alerts.alert import (
    Accepted,
    Acknowledged,
    Activity,
    Alert,
    Arrived,
    CannotCome,
    Closed,
    Commented,
    Declined,
    Fact,
    Gone,
    HandedOver,
    Joined,
    Lapsed,
    MadeReal,
    Origin,
    OutOfService,
    Ownership,
    Registered,
    Released,
    Removed,
    Rerouted,
    Reset,
    Shelved,
    StepDue,
    Suppressed,
    Ticked,
    Unshelved,
    Verification,
    Verified,
)
from alerts.incidents.attached import Photographed, PutIn, TakenOut
from rules.verdict import Holds, Verdict


class FactKind(StrEnum):
    """A fact as the tables know it."""

    ACTIVATED = "activated"  # the rule holds anew: a second press, or active again after normal
    HELD = "held"  # the rule still holds
    CLEARED = "cleared"
    LOST = "lost"  # the rule cannot know
    ACKNOWLEDGED = "acknowledged"
    ARRIVED = "arrived"
    JOINED = "joined"
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
    TICKED = "ticked"
    COMMENTED = "commented"
    CANNOT_COME = "cannot_come"
    PHOTOGRAPHED = "photographed"
    PUT_IN = "put_in"
    TAKEN_OUT = "taken_out"
    CLOSED = "closed"
    PROMISE_LAPSED = "promise_lapsed"
    HANDOVER_LAPSED = "handover_lapsed"
    SHELF_LAPSED = "shelf_lapsed"
    DRILL_OVER = "drill_over"  # it is normal again, and the drill it belongs to is over
    STEP_DUE = "step_due"
    REMOVED = "removed"
    OWNER_GONE = "owner_gone"
    OFFER_GONE = "offer_gone"  # whom it was offered to
    SECOND_GONE = "second_gone"
    REROUTED = "rerouted"
    REGISTERED = "registered"  # its device was unknown and is in the registry now
    STALE = "stale"  # a deadline that was moved since it was read, or news of what is closed: means nothing


_KINDS: dict[type, FactKind] = {
    Acknowledged: FactKind.ACKNOWLEDGED,
    Arrived: FactKind.ARRIVED,
    Joined: FactKind.JOINED,
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
    Ticked: FactKind.TICKED,
    Commented: FactKind.COMMENTED,
    CannotCome: FactKind.CANNOT_COME,
    Photographed: FactKind.PHOTOGRAPHED,
    PutIn: FactKind.PUT_IN,
    TakenOut: FactKind.TAKEN_OUT,
    Closed: FactKind.CLOSED,
    StepDue: FactKind.STEP_DUE,
    Removed: FactKind.REMOVED,
    Rerouted: FactKind.REROUTED,
    Registered: FactKind.REGISTERED,
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
    "drill": (FactKind.DRILL_OVER, "drill_until"),
}
_GONE = (
    ("owner", FactKind.OWNER_GONE),
    ("offered_to", FactKind.OFFER_GONE),
    ("joined_by", FactKind.SECOND_GONE),
)
_UNBIDDEN = (
    Verdict,
    Lapsed,
    StepDue,
    Removed,
    Gone,
    Rerouted,
    Registered,
)  # what nobody decided: never refused
_NOT_OF_PEOPLE = (FactKind.STEP_DUE, FactKind.REMOVED, FactKind.REROUTED, FactKind.REGISTERED)
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
        if kind is FactKind.DRILL_OVER and not _normal(alert):
            kind = FactKind.MADE_REAL
        return kind if getattr(alert, field) == fact.due else FactKind.STALE
    if isinstance(fact, StepDue):
        return FactKind.STEP_DUE if alert.step_due_at == fact.due else FactKind.STALE
    if isinstance(fact, Gone):
        return _kind_of_gone(alert, fact.person)
    return _KINDS[type(fact)]


def _normal(alert: Alert) -> bool:
    """What may close with its drill; one whose rule is gone is closed by a person alone."""
    return alert.activity is Activity.NORMAL and alert.origin is Origin.RULE


def _kind_of_gone(alert: Alert, person: str) -> FactKind:
    """Who has several parts leaves them one by one: the desk tells it again until it is stale."""
    if not person or (alert.ownership is Ownership.POST and alert.owner == person):  # a post of that name
        return FactKind.STALE
    return next((kind for field, kind in _GONE if getattr(alert, field) == person), FactKind.STALE)


def _kind_of_verdict(alert: Alert, verdict: Verdict) -> FactKind:
    if verdict.holds is Holds.NO:
        return FactKind.CLEARED
    if verdict.holds is Holds.UNKNOWN:
        return FactKind.LOST
    # A state restored by the broker is never a second press. After "unknown" it is a new activation only if
    # the alert had returned to normal before.
    anew = alert.normal_at is not None or (verdict.again and not verdict.retained)
    return FactKind.ACTIVATED if anew else FactKind.HELD
