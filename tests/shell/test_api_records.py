"""The API of hazards, incidents, drills and the register: shapes as documented, pages, once, within reach."""

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from starlette.testclient import TestClient

from alerts.hazards import hazardstore
from alerts.incidents import photolines
from dashboard.app import ROUTES
from dashboard.rest import records
from dashboard.rest.document import document
from tests.fakes.browser import OURS, PAGE, signed_in
from tests.fakes.machine import beside, machine, token
from tests.fakes.service import FakeHouse

SMOKE, LAB = "dorm-2-305-smoke", "lab-101-smoke"
REPORT = {"cause": "other", "what": "Blocked exit", "place": "lab"}
DRILL = {
    "title": "Friday",
    "places": ["dorm-2"],
    "kinds": ["smoke_detector"],
    "people": ["li-wei"],
    "minutes": 10,
}


@pytest.fixture
def house(tmp_path: Path) -> FakeHouse:
    return FakeHouse(tmp_path)


@pytest.fixture
def duty(house: FakeHouse) -> Iterator[TestClient]:
    with machine(house, role="duty", person="li-wei") as client:
        yield client


def picture() -> bytes:
    out = BytesIO()
    Image.new("RGB", (64, 48), "red").save(out, "PNG")
    return out.getvalue()


def pages(client: TestClient, path: str, kind: str, **query: Any) -> list[int]:
    seen: list[int] = []
    cursor: str | None = ""
    while cursor is not None:
        page = client.get(path, params={"limit": 2, "cursor": cursor, **query})
        assert page.status_code == 200, page.text
        seen += [one["id"] for one in page.json()[kind]]
        cursor = page.json()["next"]
    return seen


def test_hazards_come_as_documented_by_pages_and_with_their_history(duty: TestClient) -> None:
    for number in range(5):
        told = duty.post("/api/v1/hazards", json={**REPORT, "what": f"Blocked exit {number}"})
        records.HazardChanged.model_validate(told.json())
        assert told.json()["hazard"]["title"]["en"] == f"Blocked exit {number}"
    assert pages(duty, "/api/v1/hazards", "hazards") == [5, 4, 3, 2, 1]
    duty.post("/api/v1/hazards/3/mend", json={"evidence": "Cleared"})
    one = duty.get("/api/v1/hazards/3").json()
    records.WholeHazard.model_validate(one)
    assert [line["fact"] for line in one["history"]] == ["hazard_found", "hazard_mended"]
    records.Hazards.model_validate(duty.get("/api/v1/hazards?over=1").json())
    assert duty.get("/api/v1/hazards/99").status_code == 404
    assert duty.get("/api/v1/hazards?cursor=x").status_code == 422


def test_a_hazard_is_reported_once_with_a_key_and_its_answer_is_written_with_it(
    house: FakeHouse, duty: TestClient
) -> None:
    key = {"idempotency-key": "h-1"}
    first = duty.post("/api/v1/hazards", json=REPORT, headers=key)
    again = duty.post("/api/v1/hazards", json=REPORT, headers=key)
    assert (first.status_code, again.json()) == (200, first.json())
    assert again.headers["idempotency-replayed"] == "true"
    with house.read() as conn:
        assert [one.times for one in hazardstore.every(conn)] == [1]
    assert duty.post("/api/v1/hazards", json={**REPORT, "what": "?"}, headers=key).status_code == 422


def test_photos_are_evidence_of_a_repair_and_whoever_may_not_see_the_hazard_sees_none(
    house: FakeHouse, duty: TestClient
) -> None:
    number = duty.post("/api/v1/hazards", json=REPORT).json()["hazard"]["id"]
    path = f"/api/v1/hazards/{number}/photos"
    kept = duty.post(path, files={"photo": ("x.png", picture(), "image/png")}, data={"note": "Cleared"})
    assert kept.status_code == 201, kept.text
    [photo] = duty.get(f"/api/v1/hazards/{number}").json()["photos"]
    assert duty.post(path, files={"photo": ("x.png", b"<svg>", "image/png")}).status_code == 409
    assert duty.post("/api/v1/hazards/99/photos", files={"photo": ("x", picture())}).status_code == 404
    elsewhere = beside(duty, token(house, "duty", ["dorm-2"], "wang-fang", "elsewhere"))
    assert elsewhere.post(path, files={"photo": ("x", picture())}).status_code == 404
    assert elsewhere.get(f"/api/v1/hazards/{number}").status_code == 404
    with house.read() as conn:
        assert list(photolines.problems(conn, house.photos)) == []
        house.photos.path(photo).unlink()
        assert list(photolines.problems(conn, house.photos)) == [
            f"hazard {number}: the photo {photo[:12]}… is gone"
        ]


def test_a_photo_stands_in_the_history_of_the_page_of_its_hazard_and_of_no_other(house: FakeHouse) -> None:
    with signed_in(house, "guard") as browser:
        for what in ("a", "b"):
            assert (
                browser.post("/api/v1/hazards", json={**REPORT, "what": what}, headers=OURS).status_code
                == 200
            )
        sent = browser.post("/api/v1/hazards/1/photos", files={"photo": ("x", picture())}, headers=OURS)
        assert sent.status_code == 201
        [photo] = browser.get("/api/v1/hazards/1").json()["photos"]
        shown = browser.get("/hazards/1", headers=PAGE).text
        assert f"/hazards/1/photos/{photo}.thumb.jpg" in shown
        assert 'enctype="multipart/form-data"' in shown
        found = browser.get(f"/hazards/1/photos/{photo}.jpg")
        assert (found.status_code, found.headers["content-type"]) == (200, "image/jpeg")
        assert browser.get(f"/hazards/2/photos/{photo}.jpg").status_code == 404
        assert browser.get(f"/alerts/1/photos/{photo}.jpg").status_code == 404


def test_incidents_drills_and_the_register_come_as_documented(house: FakeHouse, duty: TestClient) -> None:
    made: list[int] = []
    for _ in range(3):
        alerts = [house.fires(SMOKE, f"r{len(made)}"), house.fires("dorm-2-306-smoke", f"r{len(made)}")]
        formed = duty.post("/api/v1/incidents", json={"alerts": alerts})
        records.IncidentChanged.model_validate(formed.json())
        made.append(formed.json()["incident"])
    assert pages(duty, "/api/v1/incidents", "incidents") == sorted(made, reverse=True)
    records.Incidents.model_validate(duty.get("/api/v1/incidents").json())
    records.WholeIncident.model_validate(duty.get(f"/api/v1/incidents/{made[0]}").json())
    ended = []
    for _ in range(3):
        told = duty.post("/api/v1/drills", json={**DRILL, "places": ["dorm-2-f3"]})
        records.DrillsStanding.model_validate(told.json())
        number = told.json()["standing"][-1]["id"]
        duty.post(f"/api/v1/drills/{number}/end", json={"broken_off": "1"})
        ended.append(number)
    assert pages(duty, "/api/v1/drills", "over") == sorted(ended, reverse=True)
    records.Drills.model_validate(duty.get("/api/v1/drills").json())
    records.WholeDrill.model_validate(duty.get(f"/api/v1/drills/{ended[0]}").json())
    manager = beside(duty, token(house, "manager", person="principal", name="m2"))
    body = {"scope": "device", "target": LAB, "owner": "li-wei", "reason": "Dust", "patrol": "hourly"}
    until = house.now() + 3_600_000
    impaired = manager.post("/api/v1/impairments", json={**body, "until": until})
    assert impaired.status_code == 200, impaired.text
    records.Inhibited.model_validate(impaired.json())
    assert [one["target"] for one in impaired.json()["entries"]] == [LAB]


def test_a_drill_elsewhere_is_neither_seen_nor_agreed_to_nor_ended(
    house: FakeHouse, duty: TestClient
) -> None:
    told = duty.post("/api/v1/drills", json=DRILL)
    number = told.json()["standing"][0]["id"]
    elsewhere = beside(duty, token(house, "duty", ["lab"], "wang-fang", "lab"))
    part = beside(duty, token(house, "duty", ["dorm-2-f3"], "wang-fang", "part"))
    assert elsewhere.get("/api/v1/drills").json()["standing"] == []
    assert elsewhere.get(f"/api/v1/drills/{number}").status_code == 404
    for act in ("agree", "end"):
        assert elsewhere.post(f"/api/v1/drills/{number}/{act}").status_code == 404
    assert part.post(f"/api/v1/drills/{number}/agree").status_code in (403, 404)
    assert duty.get(f"/api/v1/drills/{number}").json()["agreed_by"] == ""


def test_every_route_says_what_is_sent_to_it_and_what_it_answers() -> None:
    plain = []
    for path, operations in document(ROUTES, "0")["paths"].items():
        for method, operation in operations.items():
            good = next(one for status, one in operation["responses"].items() if status.startswith("2"))
            shape = good.get("content", {}).get("application/json", {}).get("schema", {})
            if "$ref" not in shape:
                plain.append(f"{method} {path}")
    # what a screen lives on, photos, and what only the dashboard's own pages and the demo use
    assert sorted(plain) == [
        "get /api/v1/events",
        "get /api/v1/snapshot",
        "post /api/v1/alerts/{number}/photos",
        "post /api/v1/rules/{name}/backtest",
        "post /api/v1/rules/{name}/promote",
        "post /api/v1/scenarios/{name}",
    ]
