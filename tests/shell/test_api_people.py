"""The API of people and rosters: what the page of a post does, a program does as well."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from alerts.duty import roster
from alerts.duty.shift import Shift
from alerts.tables import shift_swap
from dashboard.rest import records
from tests.fakes.machine import beside, machine, token
from tests.fakes.service import FakeHouse

GRID = (Shift(("li-wei",), "daily", "07:30", "19:30"), Shift(("wang-fang",), "daily", "19:30", "07:30"))
POST = "/api/v1/posts/duty"


@pytest.fixture
def house(tmp_path: Path) -> FakeHouse:
    made = FakeHouse(tmp_path)
    made.now.moment += 6 * 3_600_000  # late in the evening of 2026-11-22
    duty = made.directory.posts["duty"]
    made.change_people(
        lambda tx: roster.replace_post(tx, duty, msgspec.structs.replace(duty, order=(), shifts=GRID)),
        "admin",
    )
    return made


@pytest.fixture
def manager(house: FakeHouse) -> Iterator[TestClient]:
    with machine(house, role="manager", person="principal") as client:
        yield client


def post(client: TestClient) -> dict[str, Any]:
    found: dict[str, Any] = client.get(POST).json()
    records.WholePost.model_validate(found)
    return found


def test_a_program_reads_the_roster_and_finds_no_number_in_it(house: FakeHouse) -> None:
    with machine(house, role="viewer") as viewer:
        found = post(viewer)
        assert [(one["from"], one["who"]) for one in found["shifts"]] == [
            ("07:30", ["li-wei"]), ("19:30", ["wang-fang"]),
        ]  # fmt: skip
        assert (found["who"], found["then"], found["gaps"]) == (["wang-fang"], ["li-wei"], [])
        assert len({watch["start"] for watch in found["watches"]}) >= 28
        persons = viewer.get("/api/v1/persons")
        records.Persons.model_validate(persons.json())
        assert {one["id"] for one in persons.json()["persons"]} >= {"li-wei", "wang-fang"}
        policies = viewer.get("/api/v1/policies")
        records.Policies.model_validate(policies.json())
        records.Posts.model_validate(viewer.get("/api/v1/posts").json())
        for text in (persons.text, policies.text, viewer.get(POST).text):
            assert "+86" not in text


def test_a_program_changes_shifts_and_exceptions_and_is_refused_in_words(
    house: FakeHouse, manager: TestClient
) -> None:
    sent = {"row": "1", "start": "19:30", "end": "07:30", "who": "principal+wang-fang"}
    changed = manager.post(f"{POST}/shifts", json={**sent, "version": post(manager)["version"]})
    assert changed.status_code == 200, changed.text
    assert changed.json()["who"] == ["principal", "wang-fang"]
    assert house.directory.duty("duty", house.now()).who == ("principal", "wang-fang")
    day = {"day": "2026-11-22", "who": "li-wei", "version": changed.json()["version"]}
    assert manager.post(f"{POST}/overrides", json=day).json()["who"] == ["li-wei"]
    for wrong, status in (
        ({"version": "of yesterday"}, 409), ({"who": "nobody-such"}, 422), ({"row": "7"}, 422),
        ({"row": "-1"}, 422), ({"days": "mon-fry"}, 422), ({"start": "24:61"}, 422), ({"what": "x"}, 422),
    ):  # fmt: skip
        answer = manager.post(f"{POST}/shifts", json={**sent, "version": post(manager)["version"], **wrong})
        assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert manager.get("/api/v1/posts/none").status_code == 404


def test_who_may_not_keep_the_roster_changes_nothing_of_it(house: FakeHouse, manager: TestClient) -> None:
    body = {"version": post(manager)["version"], "row": "0", "remove": "1"}
    for how in (
        {"role": "duty", "person": "li-wei"},
        {"role": "manager", "scope": ["lab"], "person": "principal"},
    ):
        other = beside(manager, token(house, name=str(how["role"]) + "x", **how))
        assert other.post(f"{POST}/shifts", json=body).status_code == 403
    assert len(post(manager)["shifts"]) == 2


def test_a_swap_is_offered_and_signed_by_programs_of_two_persons(
    house: FakeHouse, manager: TestClient
) -> None:
    giver = beside(manager, token(house, "guard", person="wang-fang", name="g"))
    taker = beside(manager, token(house, "guard", person="li-wei", name="t"))
    nobody = beside(manager, token(house, "guard", name="n"))
    wanted = {"day": "2026-11-22", "taker": "li-wei"}
    assert nobody.post(f"{POST}/swaps", json=wanted).status_code == 403
    assert (
        taker.post(f"{POST}/swaps", json={**wanted, "taker": "wang-fang", "day": "2031-02-30"}).status_code
        == 422
    )
    key = {"idempotency-key": "swap-1"}
    first = giver.post(f"{POST}/swaps", json=wanted, headers=key)
    assert giver.post(f"{POST}/swaps", json=wanted, headers=key).json() == first.json()
    with house.read() as conn:
        [number] = conn.execute(select(shift_swap.c.id)).scalars()
    assert giver.post(f"/api/v1/swaps/{number}/accepted").status_code == 409
    assert post(giver)["who"] == ["wang-fang"]
    signed = taker.post(f"/api/v1/swaps/{number}/accepted")
    assert signed.json()["who"] == ["li-wei"]
    assert [one["answer"] for one in signed.json()["swaps"]] == ["accepted"]
