"""Thinks. What time alone has made true: the facts of deadlines that have come."""

from collections.abc import Iterable

from alerts.alert import Alert, Fact, Lapsed, StepDue


def elapsed(alerts: Iterable[Alert], now: int) -> list[Fact]:
    """Steps, promises, handovers, shelves and drills of these alerts that are due by now, in the order of
    their deadlines."""
    facts: list[tuple[int, int, Fact]] = []
    for alert in alerts:
        deadlines: tuple[tuple[int | None, Fact], ...] = (
            (alert.acknowledged_until, Lapsed(alert.id, "promise", alert.acknowledged_until or 0)),
            (alert.offered_until, Lapsed(alert.id, "handover", alert.offered_until or 0)),
            (alert.inhibited_until, Lapsed(alert.id, "shelf", alert.inhibited_until or 0)),
            (alert.drill_until, Lapsed(alert.id, "drill", alert.drill_until or 0)),
            (alert.step_due_at, StepDue(alert.id, alert.step_due_at or 0)),
        )
        facts += [(due, alert.id, fact) for due, fact in deadlines if due is not None and due <= now]
    return [fact for _, _, fact in sorted(facts, key=lambda entry: entry[:2])]
