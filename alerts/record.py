"""Thinks. What a fact writes on the record of an alert, beside the axes.

Who did it, when, and until when a promise, a handover or a shelf lasts. The axes themselves are moved by
alerts/lifecycle.py alone.
"""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from alerts import refusal
from alerts.alert import (
    TOCSIN,
    Accepted,
    Acknowledged,
    Acknowledgement,
    Activity,
    Alert,
    Arrived,
    Closed,
    Fact,
    Gone,
    HandedOver,
    Inhibition,
    Joined,
    Mode,
    Origin,
    OutOfService,
    Ownership,
    Pair,
    Raised,
    Registered,
    Removed,
    Shelved,
    Suppressed,
    Tick,
    Ticked,
    Verification,
    Verified,
)
from alerts.factkind import FactKind
from alerts.incidents.attached import PutIn
from alerts.reasons import HANDOVER
from alerts.refusal import Refused
from rules.verdict import Class, Holds, Text, Verdict


def of_verdict(verdict: Verdict) -> Alert:
    """The alert a verdict raises; the desk, which has the registry, adds place and kind of device."""
    alert = Alert(
        rule=verdict.rule,
        rule_version=verdict.version,
        subject=verdict.subject,
        device=verdict.device,
        place=verdict.place,
        title=verdict.title,
        alert_class=verdict.alert_class,
        priority=verdict.priority,
        life_safety=verdict.life_safety,
        policy=verdict.policy,
        plan=verdict.plan,
        verify=verdict.verify,
        latching=verdict.latch,
        evidence=verdict.evidence,
        raised_at=verdict.moment,
        active_at=verdict.since,
    )
    if verdict.suppressed:
        alert = msgspec.structs.replace(
            alert,
            inhibition=Inhibition.SUPPRESSED,
            inhibited_by=TOCSIN,
            inhibited_reason=verdict.suppressed,
            inhibited_at=verdict.moment,
            hidden=1,
        )
    return _at_first(alert)


def of_person(fact: Raised, now: int) -> Alert:
    """The alert a person raises. An alarm has to be verified before it can be closed. Raises Refused."""
    if not fact.title.zh.strip() and not fact.title.en.strip():
        raise Refused(refusal.REASON_MISSING)
    alert = Alert(
        rule="",
        subject=fact.place,
        place=fact.place,
        title=fact.title,
        alert_class=fact.alert_class,
        note=fact.note,
        plan=fact.plan,
        raised_by=fact.by,
        raised_at=now,
        active_at=now,
        origin=Origin.PERSON,
        verify=fact.alert_class is Class.ALARM,
        life_safety=fact.alert_class is Class.ALARM,
    )
    return _at_first(alert)


def _at_first(alert: Alert) -> Alert:
    return msgspec.structs.replace(
        alert,
        acknowledgement=alert.initial_acknowledgement,
        verification=alert.initial_verification,
        pair=alert.initial_pair,
        latch=alert.initial_latch,
    )


def person_of(sentence: Text, alert: Alert) -> str:
    """Whom a refusal speaks of."""
    if sentence == refusal.TAKEN:
        return alert.acknowledged_by
    if sentence == refusal.JOINED:
        return alert.joined_by
    return alert.offered_to if sentence == refusal.HANDOVER_WAITS else ""


def written(alert: Alert, kind: FactKind, fact: Fact, now: int) -> dict[str, Any]:
    """The fields beside the axes that the fact itself writes."""
    if kind is FactKind.STALE:
        return {}
    if isinstance(fact, Verdict):
        return _by_verdict(alert, kind, fact)
    return _WRITES[kind](alert, fact, now) if kind in _WRITES else {}


def _by_verdict(alert: Alert, kind: FactKind, verdict: Verdict) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    if verdict.evidence and verdict.holds is not Holds.NO:  # what ended it is not why it was raised
        changes["evidence"] = verdict.evidence
    if kind is FactKind.CLEARED and alert.activity is not Activity.NORMAL:
        changes["normal_at"] = verdict.moment
    if kind is FactKind.ACTIVATED:
        changes |= _activation(alert, verdict)
    return changes


def _activation(alert: Alert, verdict: Verdict) -> dict[str, Any]:
    changes: dict[str, Any] = {
        "activations": alert.activations + 1,
        "active_at": verdict.moment if verdict.again else verdict.since,
        "normal_at": None,
        "title": verdict.title,
        "rule_version": verdict.version,
        "hidden": alert.hidden + alert.inhibited,
    }
    if alert.acknowledge_needed:
        return changes  # people are being told already: it is only counted
    return changes | {"occurrence": alert.occurrence + 1, "arrived_by": "", "arrived_at": None}


def _taken(alert: Alert, by: str, now: int) -> dict[str, Any]:
    """Whoever is there or has verified it has taken it, if nobody had; and owns it, if nobody did."""
    changes: dict[str, Any] = {}
    if alert.acknowledge_needed:
        changes |= {"acknowledged_by": by, "acknowledged_at": now}
    if alert.ownership in (Ownership.NOBODY, Ownership.POST):
        changes["owner"] = by
    return changes


def _acknowledged(alert: Alert, fact: Acknowledged, now: int) -> dict[str, Any]:
    return {
        "acknowledged_by": fact.by,
        "acknowledged_via": fact.via,
        "acknowledged_at": now,
        "owner": fact.by,
    }


def _arrived(alert: Alert, fact: Arrived, now: int) -> dict[str, Any]:
    first = {"arrived_by": fact.by, "arrived_at": now} if alert.arrived_at is None else {}
    return _taken(alert, fact.by, now) | first


def _joined(alert: Alert, fact: Joined, now: int) -> dict[str, Any]:
    return {"joined_by": fact.by, "joined_at": now}


def _ticked(alert: Alert, fact: Ticked, now: int) -> dict[str, Any]:
    return {"ticks": (*alert.ticks, Tick(fact.step, fact.by, now))}


def _verified(alert: Alert, fact: Verified, now: int) -> dict[str, Any]:
    cause = fact.cause if fact.outcome == Verification.FALSE else ""
    return _taken(alert, fact.by, now) | {"verified_by": fact.by, "verified_at": now, "cause": cause}


def _inhibited(alert: Alert, fact: Shelved | OutOfService | Suppressed, now: int) -> dict[str, Any]:
    until = None if isinstance(fact, Suppressed) else fact.until
    changes = {"inhibited_by": fact.by, "inhibited_reason": fact.reason, "inhibited_until": until}
    if not alert.inhibited:
        changes |= {"inhibited_at": now, "hidden": 0}
    return changes | ({"impairment": fact.impairment} if isinstance(fact, OutOfService) else {})


def _handed_over(alert: Alert, fact: HandedOver, now: int) -> dict[str, Any]:
    until = now + HANDOVER[alert.alert_class]
    return {"offered_to": fact.to, "offered_until": until, "handovers": alert.handovers + 1}


def _accepted(alert: Alert, fact: Accepted, now: int) -> dict[str, Any]:
    changes = {"owner": fact.by, "acknowledged_by": fact.by, "acknowledged_via": "", "acknowledged_at": now}
    if fact.by == alert.joined_by:  # the two change places: they stay two
        changes |= {"joined_by": alert.acknowledged_by, "joined_at": alert.acknowledged_at}
    return changes


def _owner_gone(alert: Alert, fact: Gone, now: int) -> dict[str, Any]:
    return {"owner": fact.post, "left_by": fact.person}


def _put_in(alert: Alert, fact: PutIn, now: int) -> dict[str, Any]:
    return {"incident": fact.incident}


def _closed(alert: Alert, fact: Closed, now: int) -> dict[str, Any]:
    return _taken(alert, fact.by, now) | {"closed_by": fact.by, "close_reason": fact.reason}


def _removed(alert: Alert, fact: Removed, now: int) -> dict[str, Any]:
    return {"removed_by": fact.by} if alert.origin is Origin.RULE else {}


def _registered(alert: Alert, fact: Registered, now: int) -> dict[str, Any]:
    found = fact.verdict
    known = {"device": fact.device, "device_kind": fact.kind, "place": fact.place, "title": fact.title}
    if found is None:
        return known
    names = ("rule", "subject", "title", "priority", "policy", "plan")
    return known | {name: getattr(found, name) for name in names} | {"rule_version": found.version}


_WRITES: dict[FactKind, Callable[[Alert, Any, int], dict[str, Any]]] = {
    FactKind.ACKNOWLEDGED: _acknowledged,
    FactKind.ARRIVED: _arrived,
    FactKind.JOINED: _joined,
    FactKind.TICKED: _ticked,
    FactKind.OWNER_GONE: _owner_gone,
    FactKind.CONFIRMED: _verified,
    FactKind.FALSE: _verified,
    FactKind.UNDETERMINED: _verified,
    FactKind.SHELVED: _inhibited,
    FactKind.SUPPRESSED: _inhibited,
    FactKind.OUT_OF_SERVICE: _inhibited,
    FactKind.HANDED_OVER: _handed_over,
    FactKind.ACCEPTED: _accepted,
    FactKind.CLOSED: _closed,
    FactKind.PUT_IN: _put_in,
    FactKind.TAKEN_OUT: lambda alert, fact, now: {"incident": 0},
    FactKind.REMOVED: _removed,
    FactKind.REGISTERED: _registered,
    FactKind.MADE_REAL: lambda alert, fact, now: {"arrived_by": "", "arrived_at": None, "ticks": ()},
    FactKind.REROUTED: lambda alert, fact, now: {"step_due_at": fact.due},
}


def tidied(alert: Alert, kind: FactKind, moment: int, promise: Mapping[Class, int]) -> Alert:
    """The fields that follow from the axes: clocks that start or stop, names that no longer apply."""
    changes: dict[str, Any] = {}
    if alert.acknowledgement is not Acknowledgement.PROMISED:
        changes["acknowledged_until"] = None
    elif kind in (FactKind.ACKNOWLEDGED, FactKind.ACCEPTED):
        lasts = promise.get(alert.alert_class)
        changes["acknowledged_until"] = None if lasts is None else moment + lasts
    if not alert.acknowledged:
        changes |= {"acknowledged_by": "", "acknowledged_via": "", "acknowledged_at": None}
    if alert.verification in (Verification.PENDING, Verification.NOT_NEEDED):
        changes |= {"verified_by": "", "verified_at": None, "cause": ""}
    if alert.pair is not Pair.COMPLETE:
        changes |= {"joined_by": "", "joined_at": None}
    if alert.ownership is not Ownership.POST:
        changes["left_by"] = ""
    if alert.ownership is not Ownership.OFFERED:
        changes |= {"offered_to": "", "offered_until": None}
    if not alert.inhibited:
        changes |= {"inhibited_by": "", "inhibited_reason": "", "inhibited_until": None, "inhibited_at": None}
    if alert.mode is Mode.REAL or not alert.open:
        changes["drill_until"] = None
    if not alert.open:
        changes |= {"closed_at": moment, "closed_by": alert.closed_by or TOCSIN, "step_due_at": None}
        changes["acknowledged_until"] = None
    return msgspec.structs.replace(alert, **changes)
