"""Touches. The buttons of one alert, through the dashboard's own HTTP door: each is one fact for the desk."""

import threading
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from starlette.testclient import TestClient

from alerts.duty.people import Directory
from ingest.campus.registry import Registry
from tests.fakes.browser import OURS, PAGE, sign_in, signed_in
from tests.fakes.service import MINUTE, FakeHouse
from tests.pure.test_plan import shipped

SMOKE = "dorm-2-305-smoke"


@pytest.fixture
def house(tmp_path: Path) -> FakeHouse:
    return equipped(FakeHouse(tmp_path))


def equipped(house: FakeHouse) -> FakeHouse:
    """With plans, and what to tell 119."""
    people, campus = house.directory, house.registry
    house.directory = Directory(
        people.persons.values(), (), people.posts.values(), people.policies, people.channels, plans=shipped()
    )
    root = msgspec.structs.replace(campus.root, address="示范路 1 号", phone="010-0000 0119")
    places = [root if place.parent is None else place for place in campus.places.values()]
    devices = [one for one in campus.devices.values() if one.id != "tocsin"]
    house.registry = Registry.build(places, campus.zones.values(), devices)
    return house


@pytest.fixture
def li(house: FakeHouse) -> Iterator[TestClient]:
    with signed_in(house, "guard") as client:
        yield client


@pytest.fixture
def wang(house: FakeHouse, li: TestClient) -> TestClient:
    """Another browser at the same dashboard."""
    client = TestClient(li.app, base_url=li.base_url, client=("127.0.0.1", 50001), follow_redirects=False)
    sign_in(house, client, "duty", "wang-fang")
    return client


def act(client: TestClient, number: int, name: str, **fields: str) -> str:
    """The sentence it was refused with; "" when it was done."""
    answer = client.post(f"/api/v1/alerts/{number}/{name}", json=fields, headers=OURS)
    assert answer.status_code in (200, 409), answer.text
    return "" if answer.status_code == 200 else str(answer.json()["detail"])


def page(client: TestClient, number: int) -> str:
    return str(client.get(f"/alerts/{number}", headers=PAGE).text)


def test_a_confirmed_alarm_is_one_screen_with_the_call_the_plan_and_who_was_told(
    house: FakeHouse, li: TestClient
) -> None:
    number = house.fires(SMOKE)
    act(li, number, "acknowledge")
    assert 'class="call"' not in page(li, number)
    house.now.moment += 30_000
    assert act(li, number, "verify", outcome="confirmed") == ""
    shown = page(li, number)
    for fact in ("示范学校，示范路 1 号", "2号宿舍楼 3层 305室", "1 个点位报警", "李伟，010-0000 0119"):
        assert fact in shown, fact
    assert "拨打 119" in shown
    assert "赵校长" in shown.split('class="called"')[1].split("</p>")[0]
    assert "还缺第二人：一人留守，一人到场" in shown
    for clock in ("报警至今", "受理至今", "确认至今"):
        assert clock in shown
    program = li.get(f"/api/v1/alerts/{number}").json()
    assert program["call"]["where"]["en"] == "Dormitory 2, Floor 3, Room 305"
    assert program["plan"]["steps"][0]["id"] == "call-119"


def test_a_step_is_ticked_by_name_and_time_and_only_once(house: FakeHouse, li: TestClient) -> None:
    number = house.fires(SMOKE)
    assert act(li, number, "tick", step="auto") == ""
    step = next(one for one in li.get(f"/api/v1/alerts/{number}").json()["plan"]["steps"] if one["by"])
    assert (step["id"], step["by"], step["at"]) == ("auto", "li-wei", house.now())
    assert "✓ 李伟" in page(li, number)
    assert act(li, number, "tick", step="auto") == "李伟 已经勾选了这一步。"
    assert act(li, number, "tick", step="nothing").startswith("预案中没有这一步")


def test_the_second_person_is_another_one(house: FakeHouse, li: TestClient, wang: TestClient) -> None:
    number = house.fires(SMOKE)
    assert act(wang, number, "join") == "还没有人受理：请您直接受理。"
    act(li, number, "acknowledge")
    assert act(li, number, "join") == "您已是第一人：第二人必须是另一个人。"
    assert f"/api/v1/alerts/{number}/join" not in page(li, number)
    assert f"/api/v1/alerts/{number}/join" in page(wang, number)
    assert act(wang, number, "join") == ""
    assert act(wang, number, "join") == "王芳 已经是第二人。"
    assert "第一人 李伟，第二人 王芳" in page(li, number)


def test_a_handover_is_offered_and_accepted_with_buttons(
    house: FakeHouse, li: TestClient, wang: TestClient
) -> None:
    number = house.fires(SMOKE)
    act(li, number, "acknowledge")
    assert act(wang, number, "handover", to="principal") == "只有负责人 李伟 可以移交。"
    assert act(li, number, "handover", to="nobody") == "没有这个人员：nobody。"
    assert act(li, number, "handover", to="wang-fang") == ""
    assert act(li, number, "accept") == "这次移交是给 王芳 的。"
    assert "李伟 请您接手这条警情" in page(wang, number)
    assert "正等待 王芳 接手" in page(li, number)
    assert act(wang, number, "decline") == ""
    act(li, number, "handover", to="wang-fang")
    assert act(wang, number, "accept") == ""
    (card,) = li.get("/api/v1/snapshot").json()["alerts"]
    assert (card["owner"], card["ownership"], card["acknowledged_by"]) == ("wang-fang", "owned", "wang-fang")


def test_a_reset_is_offered_and_refused_with_its_reason_while_the_cause_stands(
    house: FakeHouse, li: TestClient
) -> None:
    number = house.fires(SMOKE, latch=True)
    assert f"/api/v1/alerts/{number}/reset" in page(li, number)
    assert "原因还在（或点位失联），不能复位：先消除原因。" in page(li, number)
    assert act(li, number, "reset") == "原因还在（或点位失联），不能复位：先消除原因。"


def test_a_policy_says_how_long_a_promise_lasts(house: FakeHouse, li: TestClient) -> None:
    people = house.directory
    fire = msgspec.structs.replace(people.policies[0], promise=MINUTE)
    house.directory = Directory(people.persons.values(), (), people.posts.values(), (fire,), people.channels)
    number = house.fires(SMOKE)
    act(li, number, "acknowledge")
    (card,) = li.get("/api/v1/snapshot").json()["alerts"]
    assert card["acknowledged_until"] == house.now() + MINUTE


def test_a_viewer_sees_no_button_and_may_do_none_of_it(house: FakeHouse) -> None:
    number = house.fires(SMOKE)
    with signed_in(house, "viewer") as viewer:
        assert "/api/v1/alerts/" not in page(viewer, number)
        for name in ("acknowledge", "join", "tick", "handover", "accept", "decline"):
            answer = viewer.post(f"/api/v1/alerts/{number}/{name}", json={}, headers=OURS)
            assert answer.status_code == 403


def test_two_people_who_press_at_the_same_moment_leave_one_owner_and_the_other_is_told_who(
    house: FakeHouse, li: TestClient, wang: TestClient
) -> None:
    names = {"li-wei": "李伟", "wang-fang": "王芳"}
    for room in range(1, 9):
        number = house.fires(f"dorm-2-30{room}-smoke")
        ready, said = threading.Barrier(3), dict[str, str]()

        def press(person: str, client: TestClient, number: int = number, ready: threading.Barrier = ready,
                  said: dict[str, str] = said) -> None:  # fmt: skip
            ready.wait(20)
            said[person] = act(client, number, "acknowledge")

        threads = [threading.Thread(target=press, args=one) for one in (("li-wei", li), ("wang-fang", wang))]
        for thread in threads:
            thread.start()
        ready.wait(20)
        house.fires(f"dorm-2-30{room}-smoke")  # the machine says it again
        for thread in threads:
            thread.join(20)
        card = li.get(f"/api/v1/alerts/{number}").json()
        loser = next(person for person in names if person != card["owner"])
        assert said == {card["owner"]: "", loser: f"{names[card['owner']]} 已经受理。"}


def test_who_raises_an_alert_chooses_a_plan_of_this_hour(house: FakeHouse, li: TestClient) -> None:
    page = li.get("/raise", headers=PAGE).text
    night = house.directory.within(
        next(p for p in shipped() if p.id == "fire-night").match.hours, house.now()
    )
    assert ('value="fire-night"' in page) is night
    assert 'value="medical"' in page
    sent = {"place": "dorm-2-305", "what": "有人晕倒", "plan": "medical"}
    made = li.post("/api/v1/alerts", json=sent, headers=OURS).json()["alert"]
    assert "求助（伤病或人身危险）" in li.get(f"/alerts/{made}", headers=PAGE).text
    answer = li.post("/api/v1/alerts", json={**sent, "plan": "dance"}, headers=OURS)
    assert (answer.status_code, answer.json()["detail"]) == (409, "请从列表中选择预案。")
