"""Thinks. What a person's act must bring with it, and whose act it is."""

from collections.abc import Callable
from typing import Any

from alerts import refusal
from alerts.alert import (
    Accepted,
    Alert,
    Closed,
    Commented,
    Declined,
    Fact,
    HandedOver,
    OutOfService,
    Shelved,
    Suppressed,
    Verification,
    Verified,
)
from alerts.reasons import CAUSES, SHELVE_LIMIT, SHELVE_REASONS
from alerts.refusal import Refused


def check(alert: Alert, fact: Fact, now: int) -> None:
    """Raise Refused when a person's act lacks something, or is another person's to do."""
    if type(fact) in _CHECKS:
        _CHECKS[type(fact)](alert, fact, now)


def _check_verified(alert: Alert, fact: Verified, now: int) -> None:
    if fact.outcome == Verification.FALSE and fact.cause not in CAUSES:
        raise Refused(refusal.CAUSE_MISSING)


def _check_shelved(alert: Alert, fact: Shelved, now: int) -> None:
    if fact.reason not in SHELVE_REASONS:
        raise Refused(refusal.REASON_UNKNOWN)
    if fact.until <= now:
        raise Refused(refusal.END_MISSING)
    if fact.until - now > SHELVE_LIMIT[alert.alert_class]:
        raise Refused(refusal.TOO_LONG)


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


def _check_handed_over(alert: Alert, fact: HandedOver, now: int) -> None:
    if fact.by != alert.owner:
        raise Refused(refusal.NOT_THE_OWNER, alert.owner)
    if fact.to == alert.owner:
        raise Refused(refusal.OWN_HANDOVER)


def _check_answer(alert: Alert, fact: Accepted | Declined, now: int) -> None:
    if fact.by != alert.offered_to:
        raise Refused(refusal.OFFERED_TO_ANOTHER, alert.offered_to)


_CHECKS: dict[type, Callable[[Alert, Any, int], None]] = {
    Verified: _check_verified,
    Shelved: _check_shelved,
    OutOfService: _check_out_of_service,
    Closed: _check_reason,
    Suppressed: _check_reason,
    Commented: _check_comment,
    HandedOver: _check_handed_over,
    Accepted: _check_answer,
    Declined: _check_answer,
}
