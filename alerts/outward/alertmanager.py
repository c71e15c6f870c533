"""Thinks. Our alerts as an Alertmanager takes them: POST /api/v2/alerts.

An Alertmanager knows an alert by its labels alone, so what can change while it is open is an annotation. What
came from an Alertmanager is never sent to one: it would come back.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from alerts.alert import Alert
from alerts.outward.prometheus import MARK, RULE
from alerts.outward.shown import counts, for_others, iso, shown
from alerts.placing import building
from ingest.campus.registry import Registry

LASTS = 4  # times `resend` that it is told to believe us: it hears of an end also when we cannot say it

Post = dict[str, Any]


def told(alert: Alert) -> bool:
    """Whether its routing should hear of this alert now: open, real, not hidden by anybody here."""
    return for_others(alert) and alert.rule != RULE and counts(alert)


def labels(alert: Alert, registry: Registry, more: Mapping[str, str]) -> dict[str, str]:
    """Empty ones are left out, as Alertmanager does itself."""
    path = registry.path(alert.place)
    found = {
        **more,
        "alertname": alert.rule or "raised-by-a-person",
        "severity": alert.alert_class.value,
        "priority": str(alert.priority),
        "life_safety": "true" if alert.life_safety else "",
        "building": building(alert.place, registry) if path else "",
        "place": alert.place,
        "device": alert.device,
        "kind": alert.device_kind,
        "code": alert.code,
        MARK: str(alert.id),
    }
    return {name: value for name, value in found.items() if value}


def firing(alert: Alert, known: Mapping[str, str], registry: Registry, until: int) -> Post:
    seen = shown(alert, registry)
    path = seen["path"][1:] or seen["path"]
    annotations = {
        "summary": f"{' '.join(one['en'] or one['id'] for one in path)}: {alert.title.en}",
        "summary_zh": f"{' '.join(one['zh'] or one['id'] for one in path)}：{alert.title.zh}",
        "activity": seen["activity"],
        "acknowledgement": seen["acknowledgement"],
        "verification": seen["verification"],
        "occurrence": str(alert.occurrence),
    }
    return {
        "labels": dict(known),
        "annotations": annotations,
        "startsAt": iso(alert.active_at),
        "endsAt": iso(until),
    }


def resolved(known: Mapping[str, str], started: int, ended: int) -> Post:
    return {"labels": dict(known), "startsAt": iso(min(started, ended)), "endsAt": iso(ended)}


class Standing:
    """What the Alertmanager believes, as far as we know, and what it has to be told next."""

    def __init__(self, more: Mapping[str, str], resend: int) -> None:
        self._more = more
        self._resend = resend * 1000
        self._alerts: dict[int, tuple[Alert, dict[str, str]]] = {}
        self._ended: dict[int, Post] = {}
        self._told_at: dict[int, int] = {}  # when each was told last; missing: not as it is now

    def follow(self, alerts: Iterable[Alert], registry: Registry, now: int) -> None:
        for alert in alerts:
            before = self._alerts.get(alert.id)
            if told(alert):
                known = before[1] if before else labels(alert, registry, self._more)
                self._ended.pop(alert.id, None)
                self._alerts[alert.id] = alert, known
                if before is None or before[0] != alert:
                    self._told_at.pop(alert.id, None)
            elif before is not None:
                del self._alerts[alert.id]
                self._told_at.pop(alert.id, None)
                self._ended[alert.id] = resolved(before[1], before[0].active_at, now)

    def due(self, registry: Registry, now: int, most: int) -> tuple[list[Post], list[int]]:
        """The next posts, and the ids they are of: for `taken`."""
        ids = [*self._ended, *(n for n in self._alerts if now >= self._told_at.get(n, 0) + self._resend)][
            :most
        ]
        until = now + LASTS * self._resend
        posts = [
            self._ended[number] if number in self._ended else firing(*self._alerts[number], registry, until)
            for number in ids
        ]
        return posts, ids

    def taken(self, ids: Iterable[int], now: int) -> None:
        for number in ids:
            if self._ended.pop(number, None) is None and number in self._alerts:
                self._told_at[number] = now

    def next_due(self, now: int) -> float:
        """Seconds until the next alert is to be told again."""
        soonest = min(
            (moment + self._resend for moment in self._told_at.values()), default=now + self._resend
        )
        return max(0.0, (soonest - now) / 1000)
