"""Thinks. What a person's act must bring with it, and whose act it is."""

from collections.abc import Callable
from typing import Any

from alerts import refusal
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
    Joined,
    Mode,
    OutOfService,
    Shelved,
    Suppressed,
    Ticked,
    Verification,
    Verified,
)
from alerts.duty.canary import is_canary
from alerts.incidents.attached import PutIn, TakenOut
from alerts.limits import Limits
from alerts.reasons import CAUSES, SHELVE_REASONS
from alerts.refusal import Refused


def check(alert: Alert, fact: Fact, now: int, limits: Limits) -> None:
    """Raise Refused when a person's act lacks something, or is another person's to do."""
    if isinstance(fact, Acknowledged | Arrived | Verified) and is_canary(alert):
        _check_tested(alert, fact.by)
    if type(fact) in _CHECKS:
        _CHECKS[type(fact)](alert, fact, now)
    if isinstance(fact, Shelved) and fact.until - now > limits.shelf[alert.alert_class]:
        raise Refused(refusal.TOO_LONG)


def _check_tested(alert: Alert, by: str) -> None:
    """It finds out whether this person can be reached: another one's answer would end it too early."""
    if alert.open and alert.mode is Mode.TEST and alert.drill_people and by not in alert.drill_people:
        raise Refused(refusal.TEST_OF_ANOTHER, alert.drill_people[0])


def _check_verified(alert: Alert, fact: Verified, now: int) -> None:
    if fact.outcome == Verification.FALSE and fact.cause not in CAUSES:
        raise Refused(refusal.CAUSE_MISSING)


def _check_shelved(alert: Alert, fact: Shelved, now: int) -> None:
    if fact.reason not in SHELVE_REASONS:
        raise Refused(refusal.REASON_UNKNOWN)
    if fact.until <= now:
        raise Refused(refusal.END_MISSING)


def _check_out_of_service(alert: Alert, fact: OutOfService, now: int) -> None:
    if not fact.reason.strip():
        raise Refused(refusal.REASON_MISSING)
    if fact.until <= now:
        raise Refused(refusal.END_MISSING)


def _check_reason(alert: Alert, fact: Closed | Suppressed, now: int) -> None:
    if not fact.reason.strip():
        raise Refused(refusal.REASON_MISSING)


def _check_comment(alert: Alert, fact: Commented, now: int) -> None:
    if not fact.note.strip():
        raise Refused(refusal.REASON_MISSING)


def _check_joined(alert: Alert, fact: Joined, now: int) -> None:
    if fact.by == alert.acknowledged_by:
        raise Refused(refusal.SECOND_IS_ANOTHER)


def _check_ticked(alert: Alert, fact: Ticked, now: int) -> None:
    done = next((tick for tick in alert.ticks if tick.step == fact.step), None)
    if done is not None:
        raise Refused(refusal.TICKED, done.by)


def _check_handed_over(alert: Alert, fact: HandedOver, now: int) -> None:
    if fact.by != alert.owner:
        raise Refused(refusal.NOT_THE_OWNER, alert.owner)
    if fact.to == alert.owner:
        raise Refused(refusal.OWN_HANDOVER)


def _check_answer(alert: Alert, fact: Accepted | Declined, now: int) -> None:
    if fact.by != alert.offered_to:
        raise Refused(refusal.OFFERED_TO_ANOTHER, alert.offered_to)


def _check_put_in(alert: Alert, fact: PutIn, now: int) -> None:
    if alert.incident:
        raise Refused(refusal.IN_AN_INCIDENT)


def _check_taken_out(alert: Alert, fact: TakenOut, now: int) -> None:
    if not alert.incident:
        raise Refused(refusal.IN_NO_INCIDENT)


_CHECKS: dict[type, Callable[[Alert, Any, int], None]] = {
    Verified: _check_verified,
    Shelved: _check_shelved,
    OutOfService: _check_out_of_service,
    Closed: _check_reason,
    Suppressed: _check_reason,
    Commented: _check_comment,
    Joined: _check_joined,
    Ticked: _check_ticked,
    HandedOver: _check_handed_over,
    PutIn: _check_put_in,
    TakenOut: _check_taken_out,
    Accepted: _check_answer,
    Declined: _check_answer,
}
