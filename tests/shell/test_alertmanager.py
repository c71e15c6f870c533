"""Touches. Alertmanager both ways: what Prometheus raises comes in, our alerts go out to its API."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from alerts import store
from alerts.alert import Acknowledged, Alert, Inhibition, Life
from alerts.outward.alertmanagerpush import AlertmanagerPush
from alerts.outward.settings import AlertmanagerSettings
from tests.fakes.alertmanager import Alertmanager
from tests.fakes.browser import PAGE, signed_in
from tests.fakes.campus import MINUTE, NOW, registry
from tests.fakes.machine import beside, machine, token
from tests.fakes.service import FakeHouse
from tests.pure.test_outward import alert
from tests.pure.test_prometheus import sent
from tests.servers import wait_for

DOOR = "/api/v1/integrations/alertmanager"
CAMPUS = registry()


@pytest.fixture
def house(tmp_path: Path) -> FakeHouse:
    return FakeHouse(tmp_path)


@pytest.fixture
def prometheus(house: FakeHouse) -> Iterator[TestClient]:
    """A machine that acts in nobody's name."""
    with machine(house) as client:
        yield client


def post(client: TestClient, *alerts: dict[str, Any]) -> dict[str, int]:
    answer = client.post(
        DOOR, json={"version": "4", "alerts": alerts, "receiver": "tocsin", "status": "firing"}
    )
    assert answer.status_code == 200, answer.text
    fared: dict[str, int] = answer.json()
    return fared


def open_alerts(house: FakeHouse) -> list[Alert]:
    with house.read() as conn:
        return store.all_open(conn)


# ---- in


def test_what_prometheus_raises_lives_like_every_other_alert(
    house: FakeHouse, prometheus: TestClient
) -> None:
    assert post(prometheus, sent(place="dorm-2", severity="critical"))["firing"] == 1
    [raised] = open_alerts(house)
    assert (raised.place, raised.title.en, raised.rule) == (
        "dorm-2", "Prometheus: “Server room 34 °C”", "alertmanager",
    )  # fmt: skip
    assert raised.step_due_at is not None  # somebody is told, and then somebody else
    post(prometheus, sent(place="dorm-2", severity="critical"))  # Alertmanager repeats itself
    [same] = open_alerts(house)
    assert (same.id, same.occurrence) == (raised.id, 1)

    house.apply([Acknowledged(raised.id, "li-wei")])
    post(prometheus, sent(status="resolved"))
    assert open_alerts(house) == []
    post(prometheus, sent(place="dorm-2"))
    [new] = open_alerts(house)
    assert new.id != raised.id


def test_firing_again_after_it_was_resolved_sounds_again(house: FakeHouse, prometheus: TestClient) -> None:
    post(prometheus, sent())
    post(prometheus, sent(status="resolved"))
    [waits] = open_alerts(house)  # nobody took it: it stays to be seen
    assert waits.normal_at is not None
    post(prometheus, sent())
    [again] = open_alerts(house)
    assert (again.id, again.activations) == (waits.id, 2)


def test_its_page_shows_what_prometheus_said_as_text(house: FakeHouse) -> None:
    with signed_in(house, "guard") as client:
        post(beside(client, token(house)), sent(place="dorm-2", instance="<b>x</b>"))
        [raised] = open_alerts(house)
        page = client.get(f"/alerts/{raised.id}", headers=PAGE)
    assert page.status_code == 200
    assert "Prometheus：「Server room 34 °C」" in page.text
    assert "&lt;b&gt;x&lt;/b&gt;" in page.text
    assert "<b>x</b>" not in page.text


def test_a_machine_of_one_building_raises_there_and_nowhere_else(house: FakeHouse) -> None:
    with machine(house, scope=["lab"]) as client:
        post(client, sent("a", place="dorm-2"), sent("b", place="lab-101"))
    assert [one.place for one in open_alerts(house)] == ["lab", "lab-101"]


def test_without_a_token_or_with_a_wrong_payload_nothing_is_raised(
    house: FakeHouse, prometheus: TestClient
) -> None:
    refused = prometheus.post(
        DOOR, json={"version": "4", "alerts": []}, headers={"authorization": "Bearer x"}
    )
    assert refused.status_code == 401
    wrong = prometheus.post(DOOR, json={"version": "4", "alerts": [sent() | {"status": "maybe"}]})
    assert wrong.status_code == 422
    assert wrong.headers["content-type"].startswith("application/problem+json")
    assert "alerts.0.status" in str(wrong.json())
    deep = {"content": b"[" * 60_000, "headers": {"content-type": "application/json"}}
    assert prometheus.post(DOOR, **deep).status_code == 422
    viewer = beside(prometheus, token(house, role="viewer", name="v"))
    assert viewer.post(DOOR, json={"version": "4", "alerts": [sent()]}).status_code == 403
    assert open_alerts(house) == []


def test_a_large_group_is_taken_as_it_would_never_be_sent_again(
    house: FakeHouse, prometheus: TestClient
) -> None:
    many = [sent(f"f{n}", description="x" * 2000) for n in range(210)]
    fared = post(prometheus, *many)
    assert (fared["firing"], fared["no_room"]) == (200, 10)
    assert len(open_alerts(house)) == 201
    assert {one.place for one in open_alerts(house)} == {"campus"}


# ---- out


def pushing(far_end: Alertmanager, clock: list[int], reports: list[Any], **settings: Any) -> AlertmanagerPush:
    known = AlertmanagerSettings(url=far_end.url, resend=60, **settings)
    return AlertmanagerPush(
        known, lambda: CAMPUS, lambda: clock[0], lambda *report: reports.append(report), patience=0.001
    )


def test_our_alerts_fire_there_end_there_and_are_told_again_while_they_stand() -> None:
    clock, reports = [NOW], list[Any]()
    with Alertmanager() as far_end:
        push = pushing(far_end, clock, reports, labels={"campus": "north"})
        push.follow([alert(), alert(2, "B", inhibition=Inhibition.SHELVED)])
        push.start()
        wait_for("it fires", lambda: len(far_end.firing(NOW)) == 1)
        [one] = far_end.firing(NOW)
        assert (one["labels"]["alertname"], one["labels"]["campus"]) == ("smoke-alarm", "north")
        before = len(far_end.calls)
        clock[0] += MINUTE
        push.wake()
        far_end.wait_for(before + 1)
        push.follow([alert(life=Life.CLOSED)])
        wait_for("it has ended", lambda: far_end.firing(clock[0] + 1) == [])
        assert len(far_end.alerts) == 1
        push.stop()
    assert not [word for _, word, _ in reports if word == "fault"]


def test_an_alertmanager_that_is_away_is_a_fault_and_hears_how_it_stands_when_it_is_back() -> None:
    clock, reports = [NOW], list[Any]()
    with Alertmanager() as far_end:
        far_end.away = True
        push = pushing(far_end, clock, reports)
        push.follow([alert(), alert(2, "B3C4")])
        push.start()
        wait_for("a fault", lambda: any(word == "fault" for _, word, _ in reports))
        push.follow([alert(life=Life.CLOSED)])
        far_end.away = False
        wait_for("one fires", lambda: [o["labels"]["code"] for o in far_end.firing(NOW)] == ["B3C4"])
        wait_for("normal again", lambda: reports[-1][1] == "normal")
        push.stop()
