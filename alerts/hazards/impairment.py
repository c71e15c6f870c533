"""Thinks. The impairment register: what is out of service, why, until when, who covers it and who agreed.

An entry hides the alerts that rules raise in its scope, those that are open and those to come, and never
longer than its end. Where life safety lies in the scope a second person must agree before it is in force.
"""

from collections.abc import Iterable
from enum import StrEnum
from typing import Any, Literal, get_args

import msgspec
from msgspec.structs import replace

from alerts import refusal
from alerts.alert import TOCSIN, Alert, Origin, Verification
from alerts.limits import Limits
from alerts.refusal import Refused
from ingest.campus.device import OWN, Device
from ingest.campus.registry import Registry
from rules.verdict import Class, Text

Scope = Literal["device", "zone", "place"]


class State(StrEnum):
    PROPOSED = "proposed"  # waits for a second person to agree: hides nothing
    IN_FORCE = "in_force"
    OVER = "over"


class Impairment(msgspec.Struct, frozen=True, kw_only=True):
    """`target` is the id of the device, zone or place; `owner` the person who answers for it being mended;
    `since` when it came into force, None before. `id` 0 until it is stored."""

    scope: Scope
    target: str
    owner: str
    reason: str
    patrol: str
    declared_by: str
    declared_at: int
    until: int
    id: int = 0
    life_safety: bool = False
    state: State = State.PROPOSED
    agreed_by: str = ""
    since: int | None = None
    ended_by: str = ""
    ended_at: int | None = None
    end_reason: str = ""

    @property
    def due_at(self) -> int | None:
        return None if self.state is State.OVER else self.until


class Declared(msgspec.Struct, frozen=True):
    by: str
    scope: Scope
    target: str
    owner: str
    reason: str
    patrol: str
    until: int


class Agreed(msgspec.Struct, frozen=True):
    impairment: int
    by: str


class Ended(msgspec.Struct, frozen=True):
    """Back in service before its time; or somebody does not agree."""

    impairment: int
    by: str
    reason: str = ""


class RanOut(msgspec.Struct, frozen=True):
    """Its end has come. `due` is that deadline."""

    impairment: int
    due: int


ImpairmentFact = Declared | Agreed | Ended | RanOut
IMPAIRMENT_FACTS = (Declared, Agreed, Ended, RanOut)

# Fact → the new state, one cell for each state: proposed, in force, over. None: nothing happens.
MOVES: dict[type, tuple[State | Text | None, ...]] = {
    Agreed: (State.IN_FORCE, refusal.IN_FORCE, refusal.IMPAIRMENT_OVER),
    Ended: (State.OVER, State.OVER, refusal.IMPAIRMENT_OVER),
    RanOut: (State.OVER, State.OVER, None),
}


def declared(
    fact: Declared, registry: Registry, persons: Iterable[str], now: int, limits: Limits
) -> Impairment:
    """The new entry: in force at once where no life safety lies in it. Raises Refused."""
    check(fact, registry, persons, now, limits)
    made = Impairment(
        scope=fact.scope,
        target=fact.target,
        owner=fact.owner,
        reason=fact.reason,
        patrol=fact.patrol,
        declared_by=fact.by,
        declared_at=now,
        until=fact.until,
    )
    if any(one.life_safety for one in devices_in(made, registry)):
        return replace(made, life_safety=True)
    return replace(made, state=State.IN_FORCE, since=now)


def check(fact: Declared, registry: Registry, persons: Iterable[str], now: int, limits: Limits) -> None:
    known = {"device": registry.devices, "zone": registry.zones, "place": registry.places}
    if fact.scope not in get_args(Scope) or fact.target not in known[fact.scope] or fact.target == OWN:
        raise Refused(refusal.UNKNOWN_SCOPE)
    if fact.scope == "place" and fact.target == registry.root.id:
        raise Refused(refusal.NOT_THE_CAMPUS)
    if fact.owner not in persons:
        raise Refused(refusal.UNKNOWN_PERSON, fact.owner)
    for text, missing in ((fact.reason, refusal.REASON_MISSING), (fact.patrol, refusal.PATROL_MISSING)):
        if not text.strip():
            raise Refused(missing)
    if fact.until <= now:
        raise Refused(refusal.END_MISSING)
    if fact.until - now > limits.out_of_service:
        raise Refused(refusal.TOO_LONG)


def step(entry: Impairment, fact: Agreed | Ended | RanOut, now: int) -> Impairment:
    """What the entry becomes. Raises Refused; a deadline is never refused."""
    cell = MOVES[type(fact)][tuple(State).index(entry.state)]
    if isinstance(cell, Text):
        raise Refused(cell)
    if cell is None or (isinstance(fact, RanOut) and fact.due != entry.until):
        return entry
    if isinstance(fact, Agreed):
        if fact.by == entry.declared_by:
            raise Refused(refusal.AGREED_BY_ANOTHER)
        return replace(entry, state=cell, agreed_by=fact.by, since=now)
    over: dict[str, Any] = {"ended_by": TOCSIN, "end_reason": ""}
    if isinstance(fact, Ended):
        over = {"ended_by": fact.by, "end_reason": fact.reason}
    return replace(entry, state=cell, ended_at=now, **over)


def covers(entry: Impairment, alert: Alert, registry: Registry, now: int) -> bool:
    """Whether the entry hides this alert now. Never what a person raised, what Tocsin says of itself, or an
    alarm that somebody confirmed; and of what several devices say together only what lies whole in it."""
    if entry.state is not State.IN_FORCE or now >= entry.until:
        return False
    confirmed = alert.verification is Verification.CONFIRMED and alert.alert_class is Class.ALARM
    if alert.origin is Origin.PERSON or alert.device == OWN or confirmed:
        return False
    device = registry.device(alert.device)
    if device is not None and (alert.subject == device.id or alert.subject.startswith(f"{device.id}/")):
        return holds(entry, device, registry)
    if alert.subject in registry.zones:
        members = [one for one in registry.devices.values() if one.zone == alert.subject]
        return bool(members) and all(holds(entry, one, registry) for one in members)
    return entry.scope == "place" and within(alert.place, entry.target, registry)


def holds(entry: Impairment, device: Device, registry: Registry) -> bool:
    """Whether the device is out of service by this entry."""
    if device.id == OWN:
        return False
    match entry.scope:
        case "device":
            return device.id == entry.target
        case "zone":
            return device.zone == entry.target
        case _:
            return within(device.place, entry.target, registry)


def within(place: str, outer: str, registry: Registry) -> bool:
    return any(part.id == outer for part in registry.path(place))


def devices_in(entry: Impairment, registry: Registry) -> list[Device]:
    return [one for one in registry.devices.values() if holds(entry, one, registry)]
