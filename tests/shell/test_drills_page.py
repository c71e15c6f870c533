"""Touches. The pages of drills: declared in two steps, agreed by another, ended, read, printed, as a file."""

import csv
import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from alerts import store
from alerts.alert import Mode
from alerts.drills import drillstore
from alerts.drills.drill import Drill
from dashboard.tables import ACCOUNT
from tests.fakes.browser import OURS, PAGE, signed_in
from tests.fakes.service import MINUTE, FakeHouse

SMOKE = "dorm-2-305-smoke"


@pytest.fixture
def house(tmp_path: Path) -> FakeHouse:
    return FakeHouse(tmp_path)


@pytest.fixture
def duty(house: FakeHouse) -> Iterator[TestClient]:
    with signed_in(house, "duty") as client:
        becomes(house, "li-wei")
        yield client


def becomes(house: FakeHouse, person: str) -> None:
    house.transact(lambda tx: tx.execute(ACCOUNT.update().values(person=person))).result()


def of_room(house: FakeHouse, **other: str) -> dict[str, str]:
    place = house.registry.devices[SMOKE].place
    ticked = (f"places:{place}", "kinds:smoke_detector", f"points:{SMOKE}", "people:li-wei")
    said = {"title": "疏散", "minutes": "20", "mode": "drill", "start": ""}
    return {**said, **dict.fromkeys(ticked, "1"), **other}


def declare(client: TestClient, form: dict[str, str]) -> int:
    answer = client.post("/api/v1/drills", data=form, headers=PAGE, follow_redirects=False)
    return int(answer.status_code)


def drill(house: FakeHouse, number: int = 1) -> Drill:
    with house.read() as conn:
        found = drillstore.read(conn, number)
    assert found is not None
    return found


def test_it_is_declared_in_two_steps_watched_ended_and_read(house: FakeHouse, duty: TestClient) -> None:
    place = house.registry.devices[SMOKE].place
    page = duty.get(f"/drills?place={place}&kind=smoke_detector", headers=PAGE).text
    assert f"points:{SMOKE}" in page
    assert declare(duty, of_room(house)) == 303
    house.now.moment += 5_000
    number = house.fires(SMOKE)
    with house.read() as conn:
        alert = store.read(conn, number)
    assert alert is not None
    assert alert.mode is Mode.DRILL
    snapshot = duty.get("/api/v1/snapshot").json()
    (shown,) = snapshot["drills"]
    assert (shown["state"], shown["ends_at"]) == ("running", drill(house).ends_at)
    assert "疏散" in duty.get("/", headers=PAGE).text
    assert duty.post(f"/api/v1/alerts/{number}/acknowledge", json={}, headers=OURS).status_code == 200
    house.now.moment += 10 * MINUTE
    assert duty.post("/api/v1/drills/1/end", data={}, headers=PAGE, follow_redirects=False).status_code == 303
    page = duty.get("/drills/1", headers=PAGE).text
    assert "1 / 1 个点位已报警" in page
    told = duty.get("/api/v1/drills/1").json()
    (answered,) = [line for line in told["answers"] if line["fact"] == "acknowledged"]
    assert (answered["by"], answered["after"]) == ("li-wei", 0)
    assert [line["fact"] for line in told["timeline"]][:2] == ["drill_declared", "raised"]
    rows = list(csv.reader(io.StringIO(duty.get("/drills/1/record.csv").text)))
    assert any(row[:1] == [SMOKE] for row in rows)
    assert "已完成" in duty.get("/drills", headers=PAGE).text


def test_a_whole_building_needs_another_person(house: FakeHouse, duty: TestClient) -> None:
    page = duty.get("/drills?place=dorm-2&kind=smoke_detector", headers=PAGE).text
    assert "另一个人同意后才生效" in page
    assert declare(duty, of_room(house, **{"places:dorm-2": "1"})) == 303
    assert duty.post("/api/v1/drills/1/agree", json={}, headers=OURS).status_code == 409
    becomes(house, "wang-fang")
    assert "等待第二人同意" in duty.get("/drills", headers=PAGE).text
    assert (
        duty.post("/api/v1/drills/1/agree", json={}, headers=OURS).json()["standing"][0]["state"] == "running"
    )
    assert drill(house).agreed_by == "wang-fang"


def test_this_is_real_is_one_button_for_whoever_may_act(house: FakeHouse, duty: TestClient) -> None:
    declare(duty, of_room(house))
    house.now.moment += 5_000
    number = house.fires(SMOKE)
    assert f"/api/v1/alerts/{number}/real" in duty.get(f"/alerts/{number}", headers=PAGE).text
    (card,) = duty.post(f"/api/v1/alerts/{number}/real", json={}, headers=OURS).json()["alerts"]
    assert card["mode"] == "real"
    assert drill(house).ending == "real"
    assert duty.post(f"/api/v1/alerts/{number}/real", json={}, headers=OURS).status_code == 409


def test_what_cannot_be_is_refused_with_a_sentence(house: FakeHouse, duty: TestClient) -> None:
    form = of_room(house)
    for wrong in ({"minutes": "61"}, {"title": " "}, {"points:tocsin": "1"}, {"kinds:moon": "1"}):
        assert declare(duty, {**form, **wrong}) == 409
    for wrong in ({"start": "noon"}, {"mode": "real"}, {"minutes": "many"}):
        assert declare(duty, {**form, **wrong}) == 422
    assert duty.post("/api/v1/drills/9/end", json={}, headers=OURS).status_code == 404
    assert duty.get("/drills/9", headers=PAGE).status_code == 404


def test_a_guard_may_end_a_drill_and_not_declare_one(house: FakeHouse, duty: TestClient) -> None:
    declare(duty, of_room(house))
    house.transact(lambda tx: tx.execute(ACCOUNT.update().values(role="guard"))).result()
    assert declare(duty, of_room(house)) == 403
    assert duty.post("/api/v1/drills/1/end", json={"broken_off": "1"}, headers=OURS).status_code == 200
    assert drill(house).ending == "broken_off"
