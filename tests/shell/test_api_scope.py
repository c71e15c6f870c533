"""Touches. Who is limited to one building: every list, page, stream and act, walked route by route."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.routing import APIRoute
from sqlalchemy import insert
from starlette.testclient import TestClient

from alerts.alert import Acknowledged, HandedOver
from alerts.delivery.outbox import notification
from alerts.incidents.incident import Formed
from dashboard import views
from dashboard.app import ROUTES
from dashboard.gate import declared
from dashboard.permissions import LEAST, Permission, Role, may
from dashboard.reach import EVERYWHERE, Reach
from rules.verdict import Class, Text
from tests.fakes.browser import OURS, PAGE, signed_in
from tests.fakes.machine import limits, machine
from tests.fakes.service import FakeHouse

MINE, THEIRS = "dorm-2-305-smoke", "lab-101-smoke"
HIDDEN = ("lab-101", "Zq7-secret")  # what may never reach who is limited to dormitory 2
READING = [
    route
    for route in ROUTES
    if "GET" in (route.methods or ())
    and declared(route) != Permission.PUBLIC
    and route.path not in ("/api/v1/events", "/api/v1/openapi.json", "/api/v1/docs")
]


def _house(folder: Path) -> tuple[FakeHouse, int, int]:
    house = FakeHouse(folder)
    limits(house, "li-wei", ("dorm-2",))
    house.reads(THEIRS, "smoke", "fault")
    house.reads(THEIRS, "supervision", "silent")
    mine = house.fires(MINE, "fault", alert_class=Class.TROUBLE, life_safety=False, verify=False)
    theirs = house.fires(
        THEIRS, "fault", alert_class=Class.TROUBLE, life_safety=False, verify=False,
        title=Text("Zq7-secret", "Zq7-secret"),
    )  # fmt: skip
    return house, mine, theirs


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> tuple[FakeHouse, int, int]:
    return _house(tmp_path_factory.mktemp("scope"))


@pytest.fixture(scope="module")
def limited(scene: tuple[FakeHouse, int, int]) -> Iterator[TestClient]:
    """Somebody whom nobody told of the alert elsewhere."""
    house = scene[0]
    house.transact(lambda tx: tx.execute(notification.delete())).result()
    with signed_in(house, "manager") as client:
        yield client


def _paths(route: APIRoute, number: int) -> list[str]:
    given = {"number": str(number), "device": THEIRS, "name": "smoke-alarm", "post": "duty"}
    path = re.sub(r"{(\w+)(:\w+)?}", lambda found: given.get(found[1], "1"), route.path)
    return [
        path,
        f"{path}?place=lab",
        f"{path}?q=lab-101",
        f"{path}?device={THEIRS}&metric=smoke&from=0&to=9000000",
    ]


@pytest.mark.parametrize("route", READING, ids=lambda route: route.path)
def test_nothing_of_another_building_is_read_by_any_route(
    route: APIRoute, scene: tuple[FakeHouse, int, int], limited: TestClient
) -> None:
    for path in _paths(route, scene[2]):
        for headers in (PAGE, OURS):
            answer = limited.get(path, headers=headers)
            shown = answer.text.replace(path, "").replace("lab-101&#34;", "")
            if route.path in ("/", "/api/v1/snapshot"):  # the names of places are no secret: see docs/api.md
                shown = re.sub(r'"places": ?{.*?}}', "", shown)
            for secret in HIDDEN[1:] if _echoes(path) else HIDDEN:
                assert secret not in shown, f"{path} shows {secret}: {_around(shown, secret)}"


def _echoes(path: str) -> bool:
    """Whether what was asked for stands in the page again, as in a search field."""
    return "?" in path


def _around(text: str, secret: str) -> str:
    at = text.index(secret)
    return text[max(0, at - 200) : at + 100]


def test_one_alert_and_one_device_of_another_building_are_not_there(
    scene: tuple[FakeHouse, int, int], limited: TestClient
) -> None:
    _, mine, theirs = scene
    for path in (f"/api/v1/alerts/{theirs}", f"/api/v1/devices/{THEIRS}", f"/api/v1/alerts/{theirs}/log"):
        assert limited.get(path).status_code == 404
    assert limited.get(f"/api/v1/alerts/{mine}").status_code == 200
    for query in ("", "?place=lab", "?q=lab-101"):
        found = limited.get(f"/api/v1/devices{query}").json()["devices"]
        assert not [one for one in found if not one["place"].startswith("dorm-2")], query
        assert 'href="/devices/lab' not in limited.get(f"/devices{query}", headers=PAGE).text
    assert "lab-101" not in limited.get("/health.csv").text
    listed = limited.get("/api/v1/alerts").json()["alerts"]
    assert [card["id"] for card in listed] == [mine]


def test_nobody_acts_in_another_building(scene: tuple[FakeHouse, int, int], limited: TestClient) -> None:
    house, _, theirs = scene
    for act in ("acknowledge", "comment"):
        answer = limited.post(f"/api/v1/alerts/{theirs}/{act}", json={"note": "x"}, headers=OURS)
        assert answer.status_code == 404
    several = limited.post("/api/v1/acknowledge", json={"alerts": [theirs]}, headers=OURS).json()
    assert several["alerts"] == []
    assert list(several["problems"]) == [str(theirs)]
    with house.read() as conn:
        assert views.cards.cards(house.service, conn, [theirs], EVERYWHERE)[0]["acknowledgement"] == "no"


def test_a_stream_shows_what_lies_within_reach(scene: tuple[FakeHouse, int, int]) -> None:
    house, mine, theirs = scene
    with house.read() as conn:
        frame = views.frame(house.service, conn, {mine, theirs}, True)
    seen = views.narrowed(house.service, frame, Reach(("dorm-2",)))
    assert [card["id"] for card in seen["alerts"]] == [mine]
    assert "lab-101" not in str({**seen, "closed": []})
    assert [card["id"] for card in views.narrowed(house.service, frame, EVERYWHERE)["alerts"]] == [
        mine,
        theirs,
    ]


def test_an_alarm_of_life_safety_is_seen_by_all_and_acted_on_by_those_of_its_place(tmp_path: Path) -> None:
    house, _, _ = _house(tmp_path)
    with machine(house, scope=("dorm-2",), person="principal") as client:
        fire = house.fires("lab-102-smoke")
        assert client.get(f"/api/v1/alerts/{fire}").status_code == 200
        refused = client.post(f"/api/v1/alerts/{fire}/acknowledge")
        assert (refused.status_code, refused.json()["type"]) == (403, "urn:tocsin:problem:error_scope")
        assert client.get("/api/v1/devices/lab-102-smoke").status_code == 404


def test_whom_tocsin_told_or_who_is_offered_it_may_act_wherever_it_is(tmp_path: Path) -> None:
    house, _, theirs = _house(tmp_path)
    house.transact(lambda tx: tx.execute(notification.delete())).result()
    with signed_in(house, "guard") as client:
        path = f"/api/v1/alerts/{theirs}"
        assert client.get(path).status_code == 404
        house.apply([Acknowledged(theirs, "wang-fang"), HandedOver(theirs, "wang-fang", "li-wei")]).result()
        assert client.get(path).status_code == 200
        assert client.post(f"{path}/accept", json={}, headers=OURS).status_code == 200
    with machine(house, scope=("dorm-1",), person="principal") as told:
        other = house.fires("lab-103-smoke", "fault", alert_class=Class.TROUBLE, life_safety=False)
        assert told.get(f"/api/v1/alerts/{other}").status_code == 404
        house.transact(lambda tx: _tell(tx, other, "principal")).result()
        assert told.post(f"/api/v1/alerts/{other}/acknowledge").status_code == 200


def _tell(tx: Any, alert: int, person: str) -> None:
    row = {
        column.name: "" if "CHAR" in str(column.type) or "TEXT" in str(column.type) else 0
        for column in notification.c
    }
    tx.execute(
        insert(notification).values(
            {**row, "id": 9999, "key": "k", "alert": alert, "person": person, "state": "sent", "facts": "{}"}
        )
    )


def test_a_scope_that_was_changed_holds_on_open_streams_from_the_next_frame(tmp_path: Path) -> None:
    house, _, _ = _house(tmp_path)
    from dashboard.account import Account
    from dashboard.api import _reach

    account = Account(1, "li-wei", "li-wei", "guard", "zh", "auto")
    assert _reach(house.service, account) == Reach(("dorm-2",), "li-wei")
    limits(house, "li-wei", ("lab",), "guard")
    assert _reach(house.service, account) == Reach(("lab",), "li-wei")


# ---- the table of roles


def test_every_role_may_all_that_those_before_it_may() -> None:
    for what in LEAST:
        allowed = [may(role, what) for role in Role]
        assert allowed == sorted(allowed)
        assert allowed[-1], f"nobody may {what}"


def test_nobody_may_what_is_not_in_the_table() -> None:
    assert not any(may(role, "launch") for role in (*Role, "", "king"))
    assert not may("king", "see")


@pytest.mark.parametrize("role", list(Role))
def test_buttons_are_shown_to_those_who_may_press_them(role: Role, tmp_path: Path) -> None:
    house = FakeHouse(tmp_path)
    number = house.fires(MINE)
    with signed_in(house, role) as browser:
        page = browser.get(f"/alerts/{number}", headers=PAGE).text
        shown = set(re.findall(rf"/api/v1/alerts/{number}/(\w+)", page))
        assert shown <= {what for what in LEAST if may(role, what)} | {"photos"}
        assert ("acknowledge" in shown) == may(role, "acknowledge")


def test_who_sees_one_building_sees_its_part_of_an_incident_and_of_a_flood(tmp_path: Path) -> None:
    house, mine, theirs = _house(tmp_path)
    limits(house, "wang-fang", ("dorm-2",))
    trouble: dict[str, Any] = {"alert_class": Class.TROUBLE, "life_safety": False, "verify": False}
    for room in range(301, 307):
        for building in ("dorm-2", "lab"):
            house.fires(f"{building}-{room}-smoke", "fault", **trouble)
    house.apply([Formed("principal", (mine, theirs))]).result()
    with house.read() as conn:
        whole = views.snapshot(house.service, conn, EVERYWHERE)
        part = views.snapshot(house.service, conn, Reach(("dorm-2",), ""))
        leading = views.snapshot(house.service, conn, Reach(("dorm-2",), "principal"))
    assert [one["alerts"] for one in whole["incidents"]] == [[mine, theirs]]
    assert [one["alerts"] for one in part["incidents"]] == [[mine]]
    assert [one["alerts"] for one in leading["incidents"]] == [[mine, theirs]], (
        "who commands it sees all of it"
    )
    assert [group["place"] for group in whole["flood"]["groups"]] == ["dorm-2", "lab"]
    (group,) = part["flood"]["groups"]
    assert (group["place"], group["classes"]) == ("dorm-2", {"trouble": 5}), "one of six is in the incident"
    assert "lab-30" not in str(part["flood"]) + str(part["incidents"])
    away = {**whole, "incidents": [], "flood": {**whole["flood"], "groups": []}}
    assert views.narrowed(house.service, away, Reach(("gate",), ""))["flood"] is None
