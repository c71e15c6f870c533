"""Thinks. An Alertmanager's webhook becomes verdicts: one alert a fingerprint, bounded, never life safety."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from alerts import lifecycle
from alerts.alert import Activity, Alert
from alerts.outward.prometheus import MORE, MOST, OVER, QUIET, Heard, Webhook, heard, unheard
from rules.verdict import Class, Holds
from tests.fakes.campus import NOW, registry

CAMPUS = registry()
PLACES = list(CAMPUS.places)


def sent(fingerprint: str = "1a30ba71cca2921f", status: str = "firing", **labels: str) -> dict[str, Any]:
    return {
        "status": status,
        "labels": {"alertname": "ServerRoomHot", **labels},
        "annotations": {"summary": "Server room 34 °C"},
        "startsAt": "2026-11-22T08:30:00.123+08:00",
        "endsAt": "0001-01-01T00:00:00Z",
        "generatorURL": "http://prometheus.example.edu/graph",
        "fingerprint": fingerprint,
    }


def hear(*alerts: dict[str, Any], standing: list[str] | None = None, **fields: Any) -> Heard:
    body = {"version": "4", "groupKey": "{}", "receiver": "tocsin", "status": "firing", "alerts": alerts}
    return heard(Webhook.model_validate(body | fields), standing or [], NOW, PLACES, "campus")


def test_a_firing_alert_holds_and_a_resolved_one_does_no_longer() -> None:
    [raised] = hear(sent(place="lab", severity="critical")).verdicts
    assert (raised.subject, raised.holds) == ("alertmanager/1a30ba71cca2921f", Holds.YES)
    assert (raised.place, raised.alert_class, raised.priority) == ("lab", Class.TROUBLE, 1)
    assert raised.title.zh == "Prometheus：「Server room 34 °C」"
    assert raised.since == 1795307400123
    [cleared] = hear(sent(status="resolved"), standing=[raised.subject]).verdicts
    assert (cleared.subject, cleared.holds) == (raised.subject, Holds.NO)


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        ({}, (Class.TROUBLE, 3)),
        ({"severity": "Warning"}, (Class.TROUBLE, 3)),
        ({"severity": "info"}, (Class.STATUS, 4)),
        ({"severity": "whatever"}, (Class.TROUBLE, 3)),
        ({"class": "alarm", "severity": "critical"}, (Class.ALARM, 1)),
        ({"class": "nonsense"}, (Class.TROUBLE, 3)),
    ],
)
def test_severity_says_how_grave_and_the_label_class_wins(labels: dict[str, str], expected: Any) -> None:
    [one] = hear(sent(**labels)).verdicts
    assert (one.alert_class, one.priority) == expected
    assert not one.life_safety


def test_a_place_that_nobody_registered_is_the_campus() -> None:
    [one] = hear(sent(place="mars")).verdicts
    assert one.place == "campus"


def test_what_we_sent_ourselves_and_what_ends_without_having_begun_is_left_alone() -> None:
    found = hear(sent(tocsin="7"), sent("b", "resolved"))
    assert (found.verdicts, found.ignored) == ([], 2)


def test_more_than_fit_are_one_alert_that_says_so_until_there_is_room() -> None:
    found = hear(*(sent(f"f{n}") for n in range(MOST + 5)))
    assert (found.firing, found.no_room) == (MOST, 5)
    assert found.verdicts[-1].subject == MORE
    standing = [one.subject for one in found.verdicts]
    again = hear(sent("f1"), sent("new"), standing=standing)
    assert [one.subject for one in again.verdicts] == ["alertmanager/f1", MORE]
    room = hear(sent("f2", "resolved"), standing=standing)
    assert [(one.subject, one.holds) for one in room.verdicts] == [
        ("alertmanager/f2", Holds.NO), (MORE, Holds.NO),
    ]  # fmt: skip


def test_what_alertmanager_itself_left_out_counts_as_left_out() -> None:
    assert [one.subject for one in hear(truncatedAlerts=3).verdicts] == [MORE]


def test_what_prometheus_says_is_quoted_so_that_no_chat_acts_on_it() -> None:
    loud = sent() | {"annotations": {"summary": "【演练】 @all\n[x](https://evil.example)"}}
    [one] = hear(loud).verdicts
    assert one.title.en == "Prometheus: “(演练) ＠all (x)(https: //evil.example)”"


@pytest.mark.parametrize(
    "wrong",
    [
        {"version": "3"},
        {"alerts": [sent() | {"status": "pending"}]},
        {"alerts": [sent() | {"fingerprint": "a/b"}]},
        {"alerts": [sent() | {"startsAt": "yesterday"}]},
        {"alerts": [sent() | {"startsAt": "2026-11-22T08:30:00"}]},
        {"alerts": [sent() | {"labels": {"a": 1}}]},
    ],
)
def test_what_is_no_such_payload_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Webhook.model_validate({"version": "4", "alerts": []} | wrong)


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.booleans()), max_size=30))
def test_whatever_comes_each_fingerprint_stands_once_and_ends_as_it_was_told_last(
    story: list[tuple[str, bool]],
) -> None:
    standing: set[str] = set()
    for name, fires in story:
        for one in hear(sent(name, "firing" if fires else "resolved"), standing=list(standing)).verdicts:
            standing = standing | {one.subject} if one.holds is Holds.YES else standing - {one.subject}
    last = dict(story)
    assert standing == {f"alertmanager/{name}" for name, fires in last.items() if fires}


def after(alert: Alert, moment: int) -> Alert:
    for verdict in unheard([alert], moment):
        alert = lifecycle.step(alert, verdict, moment)[0] or alert
    return alert


def test_what_alertmanager_does_not_repeat_is_unknown_and_at_last_over() -> None:
    [verdict] = hear(sent()).verdicts
    alert, _ = lifecycle.step(None, verdict, NOW)
    assert alert is not None
    assert after(alert, NOW + QUIET) == alert
    unknown = after(alert, NOW + QUIET + 1)
    assert unknown.activity is Activity.UNKNOWN
    assert "over a day" in unknown.evidence[0].note
    assert after(unknown, NOW + OVER) == unknown  # said once
    assert after(unknown, NOW + OVER + 1).activity is Activity.NORMAL
    again, effects = lifecycle.step(unknown, verdict, NOW + 2 * QUIET)
    assert again is not None
    assert (again.activity, again.occurrence, effects) == (Activity.ACTIVE, 1, [])
