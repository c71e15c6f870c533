"""Hazards, the shelf and the impairment register, through the dashboard's own door, by role."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from alerts.alert import Acknowledged
from rules.verdict import Class
from tests.fakes.browser import OURS, PAGE, sign_in, signed_in
from tests.fakes.service import MINUTE, FakeHouse

SMOKE = "dorm-2-305-smoke"
HOUR = 60 * MINUTE


@pytest.fixture
def house(tmp_path: Path) -> FakeHouse:
    return FakeHouse(tmp_path)


@pytest.fixture
def manager(house: FakeHouse) -> Iterator[TestClient]:
    with signed_in(house, "manager") as client:
        yield client


@pytest.fixture
def duty(house: FakeHouse, manager: TestClient) -> TestClient:
    return beside(house, manager, "duty", "wang-fang", 50001)


def beside(house: FakeHouse, client: TestClient, role: str, person: str, port: int) -> TestClient:
    other = TestClient(
        client.app, base_url=client.base_url, client=("127.0.0.1", port), follow_redirects=False
    )
    sign_in(house, other, role, person)
    return other


def send(client: TestClient, path: str, **fields: object) -> tuple[int, str]:
    answer = client.post(path, json=fields, headers=OURS)
    return answer.status_code, "" if answer.status_code == 200 else str(answer.json()["detail"])


def page(client: TestClient, path: str) -> str:
    answer = client.get(path, headers=PAGE)
    assert answer.status_code == 200, answer.text
    before, _, after = answer.text.partition('id="reader"')  # the whole catalogue, for the scripts
    return before + after.split("</script>", 1)[1]


def test_a_hazard_goes_from_the_report_to_the_recheck_and_everything_is_on_its_page(
    house: FakeHouse, manager: TestClient, duty: TestClient
) -> None:
    said = {"cause": "covered", "device": SMOKE, "note": "=HYPERLINK a plastic bag", "life_safety": "1"}
    assert send(duty, "/api/v1/hazards", **said) == (200, "")
    assert send(duty, "/api/v1/hazards", cause="nonsense", device=SMOKE)[0] == 422
    assert send(duty, "/api/v1/hazards", cause="damaged", place="moon")[0] == 409
    listed = page(duty, "/hazards")
    assert "遮挡或拆除" in listed
    assert "2号宿舍楼" in listed
    assert "李伟" in listed, "the owner of the device"
    assert "1 条隐患未销号" in page(duty, f"/devices/{SMOKE}")
    assert send(manager, "/api/v1/hazards/1/mend")[0] == 409
    assert send(manager, "/api/v1/hazards/1/mend", evidence="bag taken off") == (200, "")
    assert "须由另一个人复查" in page(manager, "/hazards/1")
    status, sentence = send(manager, "/api/v1/hazards/1/recheck", passed="yes")
    assert (status, sentence) == (409, "整改的人不能自己复查：请另一个人来看。")
    assert send(duty, "/api/v1/hazards/1/recheck", passed="yes") == (200, "")
    shown = page(duty, "/hazards/1")
    for words in ("已销号", "bag taken off", "整改完成", "复查合格，销号", "a plastic bag"):
        assert words in shown, words
    assert "没有隐患" in page(duty, "/hazards")
    assert "遮挡或拆除" in page(duty, "/hazards?over=1")


def test_overdue_hazards_are_marked_first_and_are_a_file_without_formulas(
    house: FakeHouse, duty: TestClient
) -> None:
    send(duty, "/api/v1/hazards", cause="other", what="=1+1", place="lab")
    send(duty, "/api/v1/hazards", cause="damaged", device=SMOKE)
    house.now.moment += 9 * 24 * HOUR
    sign_in(house, duty, "duty", "wang-fang")
    assert "1 条已逾期" in page(duty, "/hazards")
    assert "=1+1" not in page(duty, "/hazards?building=dorm-2")
    file = duty.get("/hazards.csv").content.decode("utf-8-sig")
    assert "'=1+1" in file
    assert "整改逾期" in file
    assert [one["code"] for one in duty.get("/api/v1/hazards").json()["hazards"]] == ["H2", "H1"]


def test_a_scope_with_life_safety_goes_out_of_service_by_two_and_the_wall_counts_it_in_big(
    house: FakeHouse, manager: TestClient, duty: TestClient
) -> None:
    end = house.now() + 2 * HOUR
    asked = {"scope": "place", "target": "dorm-2", "owner": "li-wei", "reason": "rewiring"}
    status, said = send(manager, "/api/v1/impairments", **asked, until=end)
    assert (status, said) == (409, "请写明停用期间由谁怎样巡查。")
    assert send(manager, "/api/v1/impairments", **asked, patrol="hourly", until=end) == (200, "")
    assert "待同意 1" in page(duty, "/")
    assert send(manager, "/api/v1/impairments/1/agree")[0] == 409
    assert send(duty, "/api/v1/impairments/1/agree") == (200, "")
    house.now.moment += 30 * MINUTE
    number = house.fires(SMOKE)
    wall = page(duty, "/")
    strip = wall.split("data-inhibited")[1].split("</a>")[0]
    assert "hidden-vital" in wall
    assert "停用 1 处" in strip
    assert "个生命安全点位" in strip
    assert "30 分钟" in strip
    shown = page(duty, "/inhibited")
    for words in ("rewiring", "hourly", "2号宿舍楼", "王芳", "其间 1 条警情", "其中生命安全 1 条"):
        assert words in shown, words
    assert "停用登记" in page(duty, f"/alerts/{number}")
    assert "rewiring" in page(duty, f"/devices/{SMOKE}")
    house.now.moment = end
    house.time_passes()
    assert "没有停用。" in page(duty, "/inhibited")
    assert "到期" in page(duty, "/inhibited")


def test_what_is_shelved_is_listed_with_who_why_and_until_when_and_comes_back_by_a_button(
    house: FakeHouse, manager: TestClient, duty: TestClient
) -> None:
    number = house.fires(SMOKE, alert_class=Class.TROUBLE, life_safety=False, verify=False)
    house.apply([Acknowledged(number, "li-wei")]).result()
    assert "搁置" in page(duty, f"/alerts/{number}")
    until = house.now() + HOUR
    assert send(duty, f"/api/v1/alerts/{number}/shelve", reason="chattering", until=until)[0] == 200
    shown = page(duty, "/inhibited")
    assert "频繁抖动" in shown
    assert "王芳" in shown
    assert "搁置 1" in page(duty, "/").split("data-inhibited")[1].split("</a>")[0]
    assert send(duty, f"/api/v1/alerts/{number}/unshelve")[0] == 200
    assert "没有停用" in page(duty, "/inhibited")


def test_by_role_a_guard_reports_and_mends_and_takes_nothing_out_of_service(
    house: FakeHouse, manager: TestClient
) -> None:
    guard = beside(house, manager, "guard", "principal", 50002)
    assert send(guard, "/api/v1/hazards", cause="damaged", device=SMOKE) == (200, "")
    assert send(guard, "/api/v1/hazards/1/mend", evidence="mended") == (200, "")
    entry = {"scope": "device", "target": SMOKE, "owner": "li-wei", "reason": "x", "patrol": "y"}
    assert send(guard, "/api/v1/impairments", **entry, until=house.now() + HOUR)[0] == 403
    assert send(guard, "/api/v1/hazards/1/recheck", passed="yes")[0] == 403
    assert "停用此设备" not in page(guard, f"/devices/{SMOKE}")


@pytest.mark.parametrize("language", ["zh", "en"])
def test_no_word_is_missing_on_any_of_the_pages(house: FakeHouse, duty: TestClient, language: str) -> None:
    from dashboard.catalogue import CATALOGUE

    send(duty, "/api/v1/hazards", cause="damaged", device=SMOKE)
    duty.post("/preferences", data={"language": language, "next": "/"}, headers=OURS)
    for path in ("/hazards", "/hazards/1", "/inhibited", "/health", f"/devices/{SMOKE}"):
        text = page(duty, path)
        missing = [key for key in CATALOGUE if "_" in key and f">{key}<" in text]
        assert missing == [], path
        assert ">hazard_" not in text
        assert ">impair" not in text


def test_who_may_only_look_reports_nothing(house: FakeHouse) -> None:
    with signed_in(house, "viewer") as viewer:
        assert send(viewer, "/api/v1/hazards", cause="damaged", device=SMOKE)[0] == 403
        assert "上报隐患" not in page(viewer, "/hazards")
