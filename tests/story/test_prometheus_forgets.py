"""Touches. An Alertmanager that lost its memory: what it raised is unknown, and at last over."""

from types import SimpleNamespace
from typing import Any

from alerts.alert import Activity
from alerts.outward.prometheus import OVER, QUIET, Webhook, heard
from alerts.outward.settings import InterfacesSettings
from tests.pure.test_prometheus import sent
from tests.story.school import School
from tocsin.outward import Outward


def test_what_prometheus_raised_and_alertmanager_forgot_is_found_by_the_service(school: School) -> None:
    said = Webhook.model_validate({"version": "4", "alerts": [sent()]})
    school.writer.apply([*heard(said, [], school.moment, ["campus"], "campus").verdicts])
    school.turn()
    later = 0
    settings: Any = SimpleNamespace(interfaces=InterfacesSettings())
    roof: Any = SimpleNamespace(
        house=school.house, writer=school.writer, settings=settings, now=lambda: school.moment + later
    )
    found = []
    for later in (QUIET, QUIET + 1, OVER + 1):  # noqa: B007
        Outward(roof).look()
        school.turn()
        found += [alert.activity for alert in school.open() if alert.rule == "alertmanager"]
    assert found == [
        Activity.ACTIVE,
        Activity.UNKNOWN,
        Activity.NORMAL,
    ]  # nobody took it: it stays to be seen
