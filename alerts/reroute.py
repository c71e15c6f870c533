"""Thinks. What a change of people and policies means for alerts that are open.

The next step is that of the new policy, at its own time counted from the start of the ladder, and at once
where that has passed. Steps already done are not done again, and a last step that repeats keeps its time.
"""

from collections.abc import Iterable, Iterator

from alerts.alert import Alert, Rerouted
from alerts.duty.people import LOOP, Directory, Policy
from ingest.campus.registry import Registry


def rerouted(
    alerts: Iterable[Alert], before: Directory, after: Directory, registry: Registry, by: str, now: int
) -> Iterator[Rerouted]:
    """A fact for each open alert whose policy, or those whom its next step tells, are others now."""
    for alert in alerts:
        if alert.policy == LOOP or alert.ladder == "":
            continue
        old, new = before.policy_for(alert, registry), after.policy_for(alert, registry)
        was, tells = _next(alert, old, before, now), _next(alert, new, after, now)
        if old != new or was != tells:
            yield Rerouted(alert.id, by, old.id, new.id, tells, due(alert, old, new, now))


def _next(alert: Alert, policy: Policy, directory: Directory, now: int) -> tuple[str, ...]:
    if not policy.steps:
        return ()
    step = policy.steps[min(alert.step, len(policy.steps) - 1)]
    reached = directory.reach(step, alert, now)
    return tuple(dict.fromkeys((*(person.id for person, _ in reached), *step.channels)))


def due(alert: Alert, old: Policy, new: Policy, now: int) -> int | None:
    """When the next step of the new policy comes."""
    planned, started = alert.step_due_at, alert.sounded_at
    if not new.steps or started is None or (planned is None and old.steps):
        return None
    if planned is None or not old.steps:
        return now
    its_time = started + new.steps[min(alert.step, len(new.steps) - 1)].after
    if alert.step >= len(old.steps) - 1 and planned > started + old.steps[-1].after and its_time <= now:
        return planned  # it repeats
    return max(its_time, now)
