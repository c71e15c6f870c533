"""Touches. The public API: lists with cursors, refusals in words, acts that are done once."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from alerts.tables import alert_log
from dashboard import actions
from dashboard.app import ROUTES, make_app
from dashboard.once import KEPT
from dashboard.permissions import LEAST
from dashboard.rest.document import document, public
from dashboard.tables import ANSWERED
from rules.verdict import Class
from tests.fakes.browser import OURS, PAGE, signed_in
from tests.fakes.machine import beside, machine, token
from tests.fakes.service import FakeHouse

SMOKE, LAB = "dorm-2-305-smoke", "lab-101-smoke"
KEY = {"idempotency-key": "3b1f-1"}


@pytest.fixture
def house(tmp_path: Path) -> FakeHouse:
    return FakeHouse(tmp_path)


@pytest.fixture
def guard(house: FakeHouse) -> Iterator[TestClient]:
    with machine(house, person="li-wei") as client:
        yield client


def _lines(house: FakeHouse, number: int) -> list[str]:
    with house.read() as conn:
        return list(conn.execute(select(alert_log.c.fact).where(alert_log.c.alert == number)).scalars())


# ---- lists


def test_alerts_are_filtered_by_state_class_place_device_and_age(house: FakeHouse, guard: TestClient) -> None:
    old = house.fires(SMOKE)
    house.settles(old, SMOKE)
    house.now.moment += 60_000
    since = house.now()
    fire = house.fires("dorm-2-306-smoke")
    fault = house.fires(LAB, "fault", alert_class=Class.TROUBLE, verify=False)

    def found(**query: Any) -> list[int]:
        answer = guard.get("/api/v1/alerts", params=query)
        assert answer.status_code == 200, answer.text
        return [card["id"] for card in answer.json()["alerts"]]

    everything = found()
    assert everything[:2] == [fault, fire]
    assert old in everything
    assert found(open=True) == [fault, fire, old] or found(open=True) == [fault, fire]
    assert found(**{"class": "trouble"}) == [fault]
    assert found(place="dorm-2-f3", since=since) == [fire]
    assert found(device=LAB) == [fault]


def test_a_cursor_loses_and_repeats_nothing_while_alerts_come_in(house: FakeHouse, guard: TestClient) -> None:
    known = [house.fires(f"lab-10{n}-smoke", f"rule-{m}") for n in range(1, 4) for m in range(4)]
    seen: list[int] = []
    cursor = ""
    while True:
        page = guard.get("/api/v1/alerts", params={"limit": 5, "cursor": cursor}).json()
        seen += [card["id"] for card in page["alerts"]]
        house.fires("lab-107-smoke", f"later-{len(seen)}")
        if page["next"] is None:
            break
        cursor = page["next"]
    assert seen == sorted(known, reverse=True)


def test_devices_come_by_pages_and_search(house: FakeHouse, guard: TestClient) -> None:
    first = guard.get("/api/v1/devices", params={"limit": 200}).json()
    rest = guard.get("/api/v1/devices", params={"limit": 500, "cursor": first["next"]}).json()
    ids = [one["id"] for one in (*first["devices"], *rest["devices"])]
    assert rest["next"] is None
    assert ids == sorted(set(house.registry.devices) - {"tocsin"})
    assert [one["id"] for one in guard.get("/api/v1/devices?q=305&place=dorm-2").json()["devices"]] == [SMOKE]


def test_one_device_comes_with_its_points_its_supervision_and_its_alerts(
    house: FakeHouse, guard: TestClient
) -> None:
    house.reads(SMOKE, "temperature", 24.5)
    number = house.fires(SMOKE)
    found = guard.get(f"/api/v1/devices/{SMOKE}").json()
    assert found["points"][0]["value"] == 24.5
    assert (found["place"], found["zone"], found["owner"]) == ("dorm-2-305", "z1", "li-wei")
    assert [card["id"] for card in found["alerts"]] == [number]


def test_the_log_and_the_notices_of_an_alert_come_by_pages(house: FakeHouse, guard: TestClient) -> None:
    number = house.fires(SMOKE)
    guard.post(f"/api/v1/alerts/{number}/acknowledge")
    first = guard.get(f"/api/v1/alerts/{number}/log?limit=1").json()
    rest = guard.get(f"/api/v1/alerts/{number}/log", params={"cursor": first["next"]}).json()
    assert [line["fact"] for line in (*first["log"], *rest["log"])] == ["raised", "acknowledged"]
    notices = guard.get(f"/api/v1/alerts/{number}/notices").json()["notices"]
    assert {one["person"] for one in notices} >= {"li-wei", "wang-fang"}
    assert "+8613800000001" not in str(notices)
    assert {stamp["state"] for one in notices for stamp in one["stamps"]} == {"claimed"}


def test_places_rules_duty_health_and_status_are_there(house: FakeHouse, guard: TestClient) -> None:
    house.fires(SMOKE)
    places = {one["id"]: one for one in guard.get("/api/v1/places").json()["places"]}
    assert places["dorm-2"]["state"] == "alarm"
    assert places["lab"]["state"] == "normal"
    assert guard.get("/api/v1/duty").json()["posts"][0]["who"] == ["li-wei", "wang-fang"]
    assert guard.get("/api/v1/rules").json()["version"] == "1a2b3c"
    assert guard.get("/api/v1/rules/unheard-of").status_code == 404
    assert guard.get("/api/v1/health-report?found=false").json()["total"]["devices"] > 100
    assert guard.get("/api/v1/status").json()["health"]["messages"] == 12345
    assert "acknowledge" in guard.get("/api/v1/me").json()["may"]


# ---- refusals


REFUSALS = [
    ("GET", "/api/v1/alerts/99", None, 404, "no_alert"),
    ("POST", "/api/v1/alerts/99/acknowledge", {}, 404, "no_alert"),
    ("GET", "/api/v1/devices/nothing", None, 404, "no_device"),
    ("GET", "/api/v1/alerts?place=nowhere", None, 404, "no_place"),
    ("GET", "/api/v1/alerts?cursor=rubbish", None, 422, "cursor_wrong"),
    ("GET", "/api/v1/alerts?limit=0", None, 422, "error_input"),
    ("GET", "/api/v1/alerts?class=loud", None, 422, "error_input"),
    ("POST", "/api/v1/alerts/1/comment", {}, 422, "error_input"),
    ("POST", "/api/v1/alerts/1/comment", {"note": "x", "by": "boss"}, 422, "error_input"),
    ("POST", "/api/v1/alerts/1/reset", {}, 409, "refused"),
    ("GET", f"/api/v1/series?device={SMOKE}&metric=smoke&from=5&to=5", None, 422, "series_span"),
    ("GET", "/api/v1/unheard-of", None, 404, "error_404"),
    ("PUT", "/api/v1/alerts", {}, 405, "error_405"),
]


@pytest.mark.parametrize(("method", "path", "body", "status", "key"), REFUSALS)
def test_every_refusal_is_a_problem_in_the_callers_language(
    house: FakeHouse, guard: TestClient, method: str, path: str, body: Any, status: int, key: str
) -> None:
    house.fires(SMOKE)
    said = []
    for language in ("zh-CN", "en"):
        answer = guard.request(method, path, json=body, headers={"accept-language": language})
        problem = answer.json()
        assert answer.headers["content-type"] == "application/problem+json"
        assert (answer.status_code, problem["status"], problem["type"]) == (
            status, status, f"urn:tocsin:problem:{key}",
        )  # fmt: skip
        assert problem["instance"] == path.partition("?")[0]
        assert problem["title"]
        said.append(problem["detail"])
    assert said[0] != said[1]


def test_a_mistake_says_where_it_is_and_what_to_do(house: FakeHouse, guard: TestClient) -> None:
    number = house.fires(SMOKE)
    sent = {"outcome": "maybe", "extra": 1}
    problem = guard.post(
        f"/api/v1/alerts/{number}/verify", json=sent, headers={"accept-language": "en"}
    ).json()
    assert {one["where"] for one in problem["errors"]} == {"body.outcome", "body.extra"}
    assert "body.extra: there is no such field" in problem["detail"]
    assert problem["detail"].endswith("Mend this and send it again.")


# ---- once


def test_the_same_key_and_body_act_once_and_are_answered_the_same(
    house: FakeHouse, guard: TestClient
) -> None:
    number = house.fires(SMOKE)
    path = f"/api/v1/alerts/{number}/comment"
    first = guard.post(path, json={"note": "a"}, headers=KEY)
    guard.post(f"/api/v1/alerts/{number}/acknowledge")
    again = guard.post(path, json={"note": "a"}, headers=KEY)
    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert again.headers["idempotency-replayed"] == "true"
    assert _lines(house, number).count("commented") == 1
    guard.post(path, json={"note": "a"})
    assert _lines(house, number).count("commented") == 2


def test_a_refusal_is_kept_as_well_and_the_key_is_good_for_one_request(
    house: FakeHouse, guard: TestClient
) -> None:
    number = house.fires(SMOKE)
    path = f"/api/v1/alerts/{number}/arrived"
    reset = f"/api/v1/alerts/{number}/reset"
    refused = guard.post(reset, json={}, headers=KEY)
    assert refused.status_code == 409
    assert guard.post(reset, json={}, headers=KEY).content == refused.content
    for other in (guard.post(reset, json={"next": "/"}, headers=KEY), guard.post(path, json={}, headers=KEY)):
        assert other.status_code == 422
        assert other.json()["type"] == "urn:tocsin:problem:key_reused"


def test_a_key_is_good_for_a_day_and_belongs_to_who_sent_it(house: FakeHouse, guard: TestClient) -> None:
    number = house.fires(SMOKE)
    path = f"/api/v1/alerts/{number}/comment"
    guard.post(path, json={"note": "a"}, headers=KEY)
    other = beside(guard, token(house, person="wang-fang", name="other"))
    other.post(path, json={"note": "a"}, headers=KEY)
    assert _lines(house, number).count("commented") == 2
    house.now.moment += KEPT - 3_600_000
    house.now.moment += 3_600_000 + 1
    late = beside(guard, token(house, person="li-wei", name="late"))
    late.post(path, json={"note": "b"}, headers=KEY)
    with house.read() as conn:
        assert len(conn.execute(select(ANSWERED)).all()) == 1


def test_an_act_that_is_not_written_keeps_no_answer(house: FakeHouse, guard: TestClient) -> None:
    number = house.fires(SMOKE)
    house.breaks_writing()
    path = f"/api/v1/alerts/{number}/acknowledge"
    assert guard.post(path, json={}, headers=KEY).status_code == 503
    house._unwritable = False
    done = guard.post(path, json={}, headers=KEY)
    assert (done.status_code, done.headers.get("idempotency-replayed")) == (200, None)


def test_whatever_goes_through_the_desk_is_done_once_even_if_its_answer_was_lost(
    house: FakeHouse, guard: TestClient
) -> None:
    sent = {"place": "lab", "what": "smoke from a bin"}
    first = guard.post("/api/v1/alerts", json=sent, headers=KEY)
    again = guard.post("/api/v1/alerts", json=sent, headers=KEY)
    assert (first.status_code, again.content) == (201, first.content)
    assert len(guard.get("/api/v1/alerts").json()["alerts"]) == 1
    lost = ANSWERED.update().values(status=0, body="")  # killed between the commit and the answer
    house.transact(lambda tx: tx.execute(lost)).result()
    told = guard.post("/api/v1/alerts", json=sent, headers=KEY)
    assert (told.status_code, told.json()["type"]) == (409, "urn:tocsin:problem:key_acted")
    assert len(guard.get("/api/v1/alerts").json()["alerts"]) == 1


def test_of_what_a_stranger_sends_with_a_key_nothing_is_read(house: FakeHouse) -> None:
    asked: list[str] = []
    sent = {"host": "wall.test", "origin": "http://wall.test", "idempotency-key": "k", "cookie": "tocsin=x"}
    headers = [(name.encode(), value.encode()) for name, value in sent.items()]
    scope = {"type": "http", "method": "POST", "path": "/api/v1/alerts/1/photos", "query_string": b"",
             "raw_path": b"/api/v1/alerts/1/photos", "root_path": "", "scheme": "http", "headers": headers,
             "client": ("127.0.0.1", 5), "server": ("wall.test", 80), "http_version": "1.1"}  # fmt: skip

    async def receive() -> dict[str, Any]:
        asked.append("more")
        return {"type": "http.request", "body": b"x" * 1000, "more_body": len(asked) < 50}

    async def send(message: Any) -> None:
        asked.extend([str(message["status"])] if "status" in message else [])

    asyncio.run(make_app(house.service)(scope, receive, send))
    assert asked == ["401"]


@pytest.mark.parametrize("key", ["", " ", "x" * 201])
def test_a_key_that_is_none_is_refused(house: FakeHouse, guard: TestClient, key: str) -> None:
    number = house.fires(SMOKE)
    answer = guard.post(f"/api/v1/alerts/{number}/acknowledge", headers={"idempotency-key": key})
    assert answer.json()["type"] == "urn:tocsin:problem:key_wrong"
    assert _lines(house, number) == ["raised"]


def test_two_people_and_a_machine_at_once_leave_one_owner(house: FakeHouse, guard: TestClient) -> None:
    numbers = [house.fires(f"lab-{floor}0{n}-smoke") for floor in (1, 2) for n in range(1, 6)]
    crowd = [
        guard,
        beside(guard, token(house, person="wang-fang", name="wang")),
        beside(guard, token(house, person="principal", name="machine")),
    ]
    for number in numbers:
        path = f"/api/v1/alerts/{number}/acknowledge"
        with ThreadPoolExecutor(3) as pool:
            answers = list(pool.map(lambda one, at=path: one.post(at).status_code, crowd))
        assert sorted(answers) == [200, 409, 409]
        assert _lines(house, number).count("acknowledged") == 1
        assert guard.get(f"/api/v1/alerts/{number}").json()["owner"]


def test_twins_of_one_request_act_once(house: FakeHouse, guard: TestClient) -> None:
    number = house.fires(SMOKE)
    path = f"/api/v1/alerts/{number}/comment"
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: guard.post(path, json={"note": "a"}, headers=KEY), range(6)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    assert _lines(house, number).count("commented") == 1


# ---- one table of acts


def test_every_act_of_the_buttons_has_a_role_an_address_and_a_line_in_the_documentation() -> None:
    paths = document(ROUTES, "0")["paths"]
    for act, (model, _) in actions.ACTS.items():
        assert act in LEAST
        operation = paths[f"/api/v1/alerts/{{number}}/{act}"]["post"]
        assert operation["x-least-role"] == LEAST[act]
        shape = operation["requestBody"]["content"]["application/json"]["schema"]["$ref"]
        assert shape.endswith(f"/{model.__name__}")
        assert actions.SAID.get(act), f"say in actions.SAID what {act} does"


def test_every_public_route_is_documented_with_its_problems() -> None:
    made = document(ROUTES, "0")
    assert made["openapi"].startswith("3.1")
    for route in public(ROUTES):
        for method in route.methods or ():
            operation = made["paths"][route.path_format][method.lower()]
            assert operation.get("description"), f"{route.path}: say in its docstring what it does"
            problem = operation["responses"]["403"]["content"]
            assert list(problem) == ["application/problem+json"]
            if method == "POST":
                assert any(one["name"] == "Idempotency-Key" for one in operation["parameters"])


def test_the_page_of_the_api_needs_nothing_from_elsewhere(house: FakeHouse) -> None:
    with signed_in(house, "viewer") as browser:
        page = browser.get("/api/v1/docs", headers=PAGE)
        assert page.status_code == 200
        assert "/api/v1/alerts/{number}/acknowledge" in page.text
        assert "http://" not in page.text.replace("http://www.w3.org", "")
        assert "<script>" not in page.text
        assert browser.get("/api/v1/openapi.json").json()["info"]["title"] == "Tocsin"


def test_the_sessions_of_the_browser_act_as_before(house: FakeHouse) -> None:
    with signed_in(house, "guard") as browser:
        number = house.fires(SMOKE)
        path = f"/api/v1/alerts/{number}/acknowledge"
        assert browser.post(path, json={}, headers={**OURS, **KEY}).status_code == 200
        assert browser.post(path, json={}, headers={**OURS, **KEY}).status_code == 200
        assert browser.post(path, json={}, headers=KEY).status_code == 403


def test_a_nul_which_no_postgresql_keeps_fails_no_act_and_is_not_looked_for(
    house: FakeHouse, guard: TestClient
) -> None:
    number = house.fires(SMOKE)
    assert guard.post(f"/api/v1/alerts/{number}/comment", json={"note": "a\0b"}).status_code == 200
    log = guard.get(f"/api/v1/alerts/{number}/log").json()["log"]
    assert log[-1]["detail"]["note"] == "ab"
    for path in ("/api/v1/alerts?device=%00", "/api/v1/devices/%00", "/api/v1/places/search?q=a%00b"):
        assert guard.get(path).status_code == 422, path
