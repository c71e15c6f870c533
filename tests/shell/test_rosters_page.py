"""Touches. The pages of the posts: now and next, the grid as a manager edits it, swaps, the calendar feed."""

import re
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from icalendar import Calendar
from starlette.testclient import TestClient

from alerts.duty import roster
from alerts.duty.shift import Shift
from dashboard.tables import ACCOUNT
from tests.fakes.browser import PAGE, signed_in
from tests.fakes.service import FakeHouse

DAY = 86_400_000
GRID = (Shift(("li-wei",), "daily", "07:30", "19:30"), Shift(("wang-fang",), "daily", "19:30", "07:30"))


@pytest.fixture
def house(tmp_path: Path) -> FakeHouse:
    made = FakeHouse(tmp_path)
    made.now.moment += 6 * 3_600_000  # late in the evening of 2026-11-22
    duty = made.directory.posts["duty"]
    new = msgspec.structs.replace(duty, order=(), shifts=GRID)
    made.change_people(lambda tx: roster.replace_post(tx, duty, new), "admin")
    return made


@pytest.fixture
def manager(house: FakeHouse) -> Iterator[TestClient]:
    with signed_in(house, "manager") as client:
        client.post("/preferences", data={"language": "en", "next": "/posts"}, headers=PAGE)
        yield client


def becomes(house: FakeHouse, person: str) -> None:
    house.transact(lambda tx: tx.execute(ACCOUNT.update().values(person=person))).result()


def version(client: TestClient) -> str:
    found = re.search(r'name="version" value="(\w+)"', client.get("/posts/duty", headers=PAGE).text)
    assert found
    return found[1]


def shift(client: TestClient, **form: str) -> tuple[int, str]:
    sent = {"version": version(client), "row": "", "days": "daily", "start": "07:30", "end": "19:30", **form}
    answer = client.post("/posts/duty/shifts", data=sent, headers=PAGE)
    return answer.status_code, answer.text


def test_everybody_sees_who_is_on_now_until_when_and_who_is_next(house: FakeHouse) -> None:
    with signed_in(house, "viewer") as viewer:
        found = viewer.get("/api/v1/duty").json()["posts"]
        assert [(post["post"], post["who"], post["then"]) for post in found] == [
            ("duty", ["wang-fang"], ["li-wei"])
        ]
        for path in ("/", "/posts", "/posts/duty"):
            assert "王芳" in viewer.get(path, headers=PAGE).text
        assert viewer.get("/api/v1/snapshot").json()["duty"] == found


def test_a_manager_edits_the_grid_and_the_next_shift_is_by_the_new_one(
    house: FakeHouse, manager: TestClient
) -> None:
    assert shift(manager, row="1", start="19:30", end="07:30", who="Principal Zhao, wang-fang")[0] == 303
    assert house.directory.duty("duty", house.now()).who == ("principal", "wang-fang")
    assert shift(manager, row="0", remove="1")[0] == 303
    assert len(house.directory.posts["duty"].shifts) == 1
    page = manager.get("/posts/duty", headers=PAGE).text
    assert "Nobody can be told from" in page
    assert "post duty: nobody is on duty from" in manager.get("/posts", headers=PAGE).text


def test_what_cannot_be_is_said_in_words_and_nothing_is_written(
    house: FakeHouse, manager: TestClient
) -> None:
    before = house.directory.posts["duty"]
    for form, said in (
        ({"who": "nobody-such"}, "There is no person called"),
        ({"who": "li-wei", "days": "mon-fry"}, "is no day"),
        ({"who": "li-wei", "turn": "week"}, "turn needs"),
        ({"who": "li-wei", "row": "x"}, "This cannot be"),
        ({"who": "li-wei", "version": "of yesterday"}, "has just changed"),
    ):
        status, text = shift(manager, **form)
        assert (status in (409, 422), said in text) == (True, True), (form, status)
    assert house.directory.posts["duty"] == before


def test_an_exception_of_a_day_is_added_and_taken_back(house: FakeHouse, manager: TestClient) -> None:
    form = {"version": version(manager), "day": "2026-11-22", "who": "principal", "instead_of": "wang-fang"}
    assert manager.post("/posts/duty/overrides", data=form, headers=PAGE).status_code == 303
    assert house.directory.duty("duty", house.now()).who == ("principal",)
    form = {"version": version(manager), "row": "0", "remove": "1"}
    assert manager.post("/posts/duty/overrides", data=form, headers=PAGE).status_code == 303
    assert house.directory.duty("duty", house.now()).who == ("wang-fang",)


def test_a_swap_needs_both_names_and_keeps_who_signed_and_when(house: FakeHouse) -> None:
    with signed_in(house, "guard") as client:
        becomes(house, "wang-fang")
        offer = {"day": "2026-11-22", "taker": "principal", "back": ""}
        assert client.post("/posts/duty/swaps", data=offer, headers=PAGE).status_code == 303
        assert house.directory.duty("duty", house.now()).who == ("wang-fang",)
        refused = client.post("/swaps/1/accepted", headers=PAGE)
        assert (refused.status_code, "赵校长" in refused.text) == (409, True)
        becomes(house, "principal")
        house.now.moment += 60_000
        assert client.post("/swaps/1/accepted", headers=PAGE).status_code == 303
        assert client.post("/swaps/1/declined", headers=PAGE).status_code == 409
    assert house.directory.duty("duty", house.now()).who == ("principal",)
    (swap,) = house.directory.swaps
    assert (swap.giver, swap.taker, swap.answered_at) == ("wang-fang", "principal", house.now())


def test_nobody_gives_away_a_shift_they_do_not_have(house: FakeHouse) -> None:
    with signed_in(house, "guard") as client:
        becomes(house, "principal")
        offer = {"day": "2026-11-22", "taker": "li-wei"}
        assert client.post("/posts/duty/swaps", data=offer, headers=PAGE).status_code == 409
        for wrong in ({"day": "tomorrow", "taker": "li-wei"}, {"day": "2026-11-22", "taker": "ghost"}):
            assert client.post("/posts/duty/swaps", data=wrong, headers=PAGE).status_code in (409, 422)
    assert house.directory.swaps == ()


def test_a_guard_edits_no_roster(house: FakeHouse) -> None:
    with signed_in(house, "guard") as guard:
        for path in ("/posts/duty/shifts", "/posts/duty/overrides", "/posts/duty/feed"):
            assert guard.post(path, data={"version": "x"}, headers=PAGE).status_code == 403


def test_a_phones_calendar_subscribes_with_a_secret_address(house: FakeHouse, manager: TestClient) -> None:
    text = manager.post("/posts/duty/feed", headers=PAGE).text
    found = re.search(r"http://wall\.test(/feeds/duty\.ics\?token=[\w-]+)", text)
    assert found
    manager.cookies.clear()
    events = Calendar.from_ical(manager.get(found[1]).content).walk("VEVENT")
    assert len(events) > 150
    assert "王芳" in str(events[-1]["SUMMARY"]) or "李伟" in str(events[-1]["SUMMARY"])
    assert manager.get("/feeds/duty.ics").status_code == 404
    assert manager.get("/feeds/duty.ics?token=guessed").status_code == 404


def test_a_post_that_is_not_there_is_answered_in_words(house: FakeHouse, manager: TestClient) -> None:
    assert manager.get("/posts/nowhere", headers=PAGE).status_code == 404
    assert manager.post("/posts/nowhere/shifts", data={"version": "x"}, headers=PAGE).status_code == 404
    assert manager.post("/swaps/99/accepted", headers=PAGE).status_code == 404
