"""Touches. An Alertmanager of the tests: takes alerts as its OpenAPI document says, and forgets them in time.

with Alertmanager() as far_end:
    far_end.url, far_end.firing(now)
"""

import json
from datetime import datetime
from typing import Any

from tests.fakes.webhook import Call, Reply, WebhookSink

PATH = "/api/v2/alerts"
_FIELDS = {"startsAt", "endsAt", "annotations", "labels", "generatorURL"}


class Alertmanager(WebhookSink):
    """postableAlerts: labels are required, all values are text, moments are date-times. An alert is known by
    its labels, so one with other labels is another one."""

    def __init__(self, **options: Any) -> None:
        super().__init__(reply=self._take, **options)
        self.url = self.url.removesuffix("/hook")
        self.alerts: dict[str, dict[str, Any]] = {}
        self.away = False

    def firing(self, now: int) -> list[dict[str, Any]]:
        return [one for one in self.alerts.values() if _ms(one["endsAt"]) > now]

    def _take(self, call: Call) -> Reply:
        if self.away:
            return Reply(500, b'"away"')
        if call.path != PATH or call.headers["content-type"] != "application/json":
            return Reply(404)
        wrong = [problem for one in call.json if (problem := _problem(one))]
        for one in call.json:
            if not _problem(one):
                self.alerts[json.dumps(one["labels"], sort_keys=True)] = one
        return Reply(400, json.dumps(wrong[0]).encode()) if wrong else Reply(200, b"")


def _problem(one: dict[str, Any]) -> str:
    if set(one) - _FIELDS or not one.get("labels"):
        return f"unexpected fields or no labels: {one}"
    for name, value in {**one["labels"], **one.get("annotations", {})}.items():
        if not isinstance(value, str) or not name.isidentifier():
            return f"not a label: {name}={value!r}"
    if _ms(one["endsAt"]) < _ms(one["startsAt"]):
        return "start time must be before end time"
    return ""


def _ms(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp() * 1000)
