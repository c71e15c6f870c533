"""Thinks. A case: one alert on the desk while facts befall it, what is to be logged and who is told."""

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from alerts.alert import TOCSIN, Alert, CannotCome, Effect, Fact, Mode, Rerouted, StepDue
from alerts.duty.escalation import SOUNDS, Call, escalate, hastened, personal
from alerts.duty.people import LOOP, Directory
from alerts.factkind import kind_of
from alerts.hazards.found import Found, of_false_alarm, of_rule
from alerts.lifecycle import WORDS
from ingest.campus.registry import Registry
from rules.verdict import Verdict


class Line(msgspec.Struct, frozen=True):
    """A line for the log, before the alert has its number. `detail` holds plain values."""

    moment: int
    fact: str
    by: str
    detail: dict[str, Any]


class Case:
    """`stored` is the alert as the database has it (None for a new one), `alert` as it is by now. `calls` are
    to be told, each with the alert as it was then."""

    def __init__(self, stored: Alert | None, alert: Alert | None = None) -> None:
        found = stored or alert
        assert found is not None
        self.stored = stored
        self.alert: Alert = found
        self.effects: list[Effect] = []
        self.calls: list[tuple[Alert, Call]] = []
        self.notes: list[str] = []
        self.lines: list[Line] = []
        self.found: list[Found] = []

    @property
    def changed(self) -> bool:
        return self.alert != self.stored

    def befall(
        self,
        fact: Fact,
        after: Alert,
        effects: Sequence[Effect],
        directory: Directory,
        registry: Registry,
        now: int,
    ) -> None:
        """`fact` made `after` of the alert, with these effects: climb the ladder, and note it all."""
        before = self.alert
        if (
            after is before
            and not effects
            and not isinstance(fact, StepDue | Rerouted)
            and _said_by_nobody(fact)
        ):
            return
        moment = fact.moment if isinstance(fact, Verdict) else now
        policy = directory.policy_for(after, registry, now if not SOUNDS.keys().isdisjoint(effects) else None)
        climb = escalate(after, effects, policy, directory, moment, now)
        if isinstance(fact, CannotCome):
            climb = hastened(climb, fact.by, policy, directory, now)
        calls = [*climb.calls, *personal(climb.alert, effects, policy, directory, now)]
        self.alert = climb.alert
        self.effects += effects
        self.calls += [(climb.alert, call) for call in calls]
        self.notes += climb.notes
        if Effect.FOUND in effects and after.mode is Mode.REAL:
            self.found.append(of_false_alarm(after, now))
        if isinstance(fact, Verdict) and Effect.RAISED in effects and (found := of_rule(after, fact)):
            self.found.append(found)
        if Effect.RAISED in effects and after.policy not in (None, policy.id):
            self.notes.append(f"rule {after.rule} names the policy {after.policy!r}, which does not exist")
        if Effect.RAISED in effects and after.plan and all(one.id != after.plan for one in directory.plans):
            self.notes.append(f"rule {after.rule} names the plan {after.plan!r}, which does not exist")
        if climb.alert.ladder != LOOP and (calls or not _only_counted(fact, before, climb.alert, effects)):
            self.lines.append(_line(fact, before, climb.alert, effects, calls, moment))


def _said_by_nobody(fact: Fact) -> bool:
    return getattr(fact, "by", TOCSIN) == TOCSIN


def _only_counted(fact: Fact, before: Alert, after: Alert, effects: Sequence[Effect]) -> bool:
    """Repeats of an alert that people are being told of already, and deadlines that mean nothing any more."""
    same = all(getattr(before, axis) is getattr(after, axis) for axis in WORDS)
    return same and not effects and _said_by_nobody(fact) and not isinstance(fact, Rerouted)


def _line(
    fact: Fact, before: Alert, after: Alert, effects: Sequence[Effect], calls: Sequence[Call], moment: int
) -> Line:
    detail: dict[str, Any] = {}
    if isinstance(fact, Verdict):
        detail["rule"], detail["version"] = fact.rule, fact.version
    else:
        said = msgspec.to_builtins(fact)
        detail |= {name: said[name] for name in _SAID if said.get(name)}
        if not _said_by_nobody(fact):
            detail["clocks"] = _clocks(before, moment)
    kind = Effect.RAISED.value if Effect.RAISED in effects else kind_of(before, fact).value
    changed = _everything(after) if Effect.RAISED in effects else dict(_changes(before, after))
    detail |= {"changed": changed} if changed else {}
    if calls:
        detail |= {"policy": after.ladder, "told": [_told(call) for call in calls]}
    return Line(moment, kind, getattr(fact, "by", TOCSIN), detail)


# Of a fact, what its changes do not tell already.
_SAID = ("via", "note", "reason", "cause", "to", "what", "person", "step", "was", "tells", "photo")


def _clocks(before: Alert, moment: int) -> dict[str, int]:
    """How long (ms) the alarm had lasted when a person acted, and since when somebody had it."""
    clocks = {"alarm": moment - before.active_at}
    if before.acknowledged_at is not None:
        clocks["taken"] = moment - before.acknowledged_at
    return clocks


def _everything(alert: Alert) -> dict[str, Any]:
    """All that a new alert says, without what is empty."""
    fields = msgspec.to_builtins(msgspec.structs.asdict(alert))
    return {name: value for name, value in fields.items() if value not in ("", None, [], False, 0)}


def _changes(before: Alert, after: Alert) -> Iterator[tuple[str, Any]]:
    for name in Alert.__struct_fields__:
        value = getattr(after, name)
        if value != getattr(before, name):
            yield name, msgspec.to_builtins(value)


def _told(call: Call) -> dict[str, Any]:
    who = {"person": call.person.id} if call.person else {}
    late = {"late": call.late} if call.late else {}
    return {
        **who,
        "channel": call.channel,
        "purpose": call.purpose.value,
        "step": call.step,
        "round": call.round,
        **late,
    }
