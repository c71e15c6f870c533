"""Thinks. What has to stand, retained, on the broker: the topic of every open alert, sums, announcements."""

from collections.abc import Iterable
from typing import Any

import msgspec

from alerts.alert import Alert
from alerts.outward.homeassistant import announcements, place_topic, wildcards
from alerts.outward.settings import StatesSettings
from alerts.outward.shown import by_building, shown, summary
from ingest.campus.registry import Registry

_encode = msgspec.json.Encoder(order="deterministic").encode


class Wanted:
    """Keeps the topics in step with the open alerts, at the cost of what changed."""

    def __init__(self, settings: StatesSettings, version: str) -> None:
        self.settings = settings
        self.topics: dict[str, bytes] = {}
        self._version = version
        self._open: dict[int, Alert] = {}
        self.registry: Registry | None = None

    def follow(self, alerts: Iterable[Alert], registry: Registry) -> None:
        """These alerts are so now. Another registry: places may have other names, and buildings be gone."""
        changed = {alert.id: alert for alert in alerts}
        for alert in changed.values():
            self._open.pop(alert.id, None)
            if alert.open:
                self._open[alert.id] = alert
        if registry is not self.registry:
            self.registry = registry
            self.topics = {}
            changed = dict(self._open)
            self._announce(registry)
        for alert in changed.values():
            self._put(alert, registry)
        self._sum_up(registry)

    def ours(self) -> list[str]:
        """Filters of everything that may stand there of an earlier time."""
        base = self.settings.base
        return [f"{base}/alerts/+", f"{base}/places/+", *wildcards(self.settings)]

    def _put(self, alert: Alert, registry: Registry) -> None:
        topic = f"{self.settings.base}/alerts/{alert.code}"
        if alert.open:
            self.topics[topic] = _encode(shown(alert, registry))
        elif all(other.code != alert.code for other in self._open.values()):  # codes come back in time
            self.topics.pop(topic, None)

    def _sum_up(self, registry: Registry) -> None:
        known = self._open.values()
        self.topics[f"{self.settings.base}/state"] = _encode(summary(known))
        for place, alerts in by_building(known, registry).items():
            found: dict[str, Any] = {"place": place, **summary(alerts)}
            self.topics[place_topic(self.settings, place)] = _encode(found)

    def _announce(self, registry: Registry) -> None:
        for topic, config in announcements(self.settings, registry, self._version).items():
            self.topics[topic] = _encode(config)
