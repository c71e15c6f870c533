"""Thinks. Plans (预案): the ordered steps for a class of alert at these hours, and which of them are done."""

import msgspec

from alerts.alert import Alert, Tick
from alerts.duty.policy import Match


class PlanStep(msgspec.Struct, frozen=True):
    """`id` is what a tick names: it stays when the words are improved."""

    id: str
    zh: str
    en: str


class Plan(msgspec.Struct, frozen=True):
    """For the alerts that `match` takes, when they are raised in its hours. `call` is the number outside to
    be rung once it is confirmed: 119, 110, 120."""

    id: str
    zh: str
    en: str
    match: Match = Match()
    call: str = ""
    steps: tuple[PlanStep, ...] = ()


def followed(plan: Plan, alert: Alert) -> list[tuple[PlanStep, Tick | None]]:
    """Its steps in order, each with who has done it."""
    done = {tick.step: tick for tick in alert.ticks}
    return [(step, done.get(step.id)) for step in plan.steps]
