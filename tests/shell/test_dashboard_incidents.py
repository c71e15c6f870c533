"""Incidents and alerts that people raise, through the dashboard's own HTTP door."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from alerts.audit import problems
from rules.verdict import Class
from tests.fakes.browser import OURS, PAGE, sign_in, signed_in
from tests.fakes.service import MINUTE, FakeHouse
from tests.fakes.xss import PAYLOADS

SMOKE, BESIDE = "dorm-2-305-smoke", "dorm-2-306-smoke"


@pytest.fixture
def house(tmp_path: Path) -> FakeHouse:
    return FakeHouse(tmp_path)


@pytest.fixture
def li(house: FakeHouse) -> Iterator[TestClient]:
    with signed_in(house, "guard") as client:
        yield client


@pytest.fixture
def wang(house: FakeHouse, li: TestClient) -> TestClient:
    client = another(li)
    sign_in(house, client, "duty", "wang-fang")
    return client


def another(client: TestClient) -> TestClient:
    """A browser at the same dashboard that nobody has signed in."""
    return TestClient(
        client.app, base_url=client.base_url, client=("127.0.0.1", 50001), follow_redirects=False
    )


def post(client: TestClient, path: str, **fields: Any) -> Any:
    return client.post(f"/api/v1/{path}", json=fields, headers=OURS)


def said(client: TestClient, path: str, **fields: Any) -> str:
    answer = post(client, path, **fields)
    assert answer.status_code in (200, 201, 409), answer.text
    return "" if answer.status_code < 300 else str(answer.json()["detail"])


def test_an_incident_is_suggested_made_by_a_person_and_has_one_timeline(
    house: FakeHouse, li: TestClient, wang: TestClient
) -> None:
    first, second = house.fires(SMOKE), house.fires(BESIDE)
    assert li.get("/api/v1/snapshot").json()["suggested"] == [{"alerts": [first, second], "incident": 0}]
    answer = post(li, "incidents", alerts=[first, second])
    assert (answer.status_code, answer.json()["incident"]) == (201, 1)
    snapshot = li.get("/api/v1/snapshot").json()
    assert snapshot["suggested"] == []
    (shown,) = snapshot["incidents"]
    assert (shown["commander"], shown["alerts"]) == ("li-wei", [first, second])
    third = house.fires("dorm-2-307-smoke")
    assert li.get("/api/v1/snapshot").json()["suggested"] == [{"alerts": [third], "incident": 1}]
    assert said(wang, "incidents/1/put-in", alerts=[third]) == ""
    assert said(wang, "incidents/1/together", what="acknowledge") == ""
    assert said(li, "incidents/1/handover", to="wang-fang") == ""
    assert "正等待 王芳 接任指挥" in li.get("/incidents/1", headers=PAGE).text
    assert "李伟 请您接任这个事件的指挥" in wang.get("/incidents/1", headers=PAGE).text
    assert said(li, "incidents/1/command") == "这次移交是给 王芳 的。"
    assert said(wang, "incidents/1/command") == ""
    assert said(li, "incidents/1/remark", note="消防队已到") == ""
    page = li.get("/incidents/1", headers=PAGE).text
    for word in ("合为事件", "并入事件", "全部受理", "接过指挥", "消防队已到", "事件 1"):
        assert word in page, word
    assert said(li, "incidents/1/take-out", alert=str(third)) == ""
    assert len(li.get("/api/v1/incidents/1").json()["alerts"]) == 2
    assert "事件 1" in li.get("/incidents", headers=PAGE).text
    assert "/incidents/1" in li.get(f"/alerts/{first}", headers=PAGE).text
    with house.read() as conn:
        assert list(problems(conn)) == []


def test_what_cannot_be_is_refused_in_a_sentence(house: FakeHouse, li: TestClient) -> None:
    first, second = house.fires(SMOKE), house.fires(BESIDE)
    assert said(li, "incidents", alerts=[first]) == "至少选两条警情，才能合为事件。"
    assert said(li, "incidents", alerts=[first, 99]) != ""
    post(li, "incidents", alerts=[first, second])
    assert said(li, "incidents", alerts=[first, second]) == "这条警情已在一个事件中：先移出。"
    assert said(li, "incidents/9/command") == "没有这个事件。"
    assert said(li, "incidents/1/command") == "李伟 正在指挥。"
    assert post(li, "incidents/1/take-out", alert="x").status_code == 422
    assert post(li, "incidents/1/nothing").status_code == 404
    assert li.get("/incidents/9", headers=PAGE).status_code == 404
    stranger = another(li)
    assert post(stranger, "incidents", alerts=[first, second]).status_code == 401
    sign_in(house, stranger, "viewer", "principal")
    assert post(stranger, "incidents", alerts=[first, second]).status_code == 403
    assert "take-out" not in stranger.get("/incidents/1", headers=PAGE).text


def test_a_person_raises_an_alert_and_it_has_the_same_life(house: FakeHouse, li: TestClient) -> None:
    assert "登记警情" in li.get("/raise", headers=PAGE).text
    (place, *_) = li.get("/api/v1/places/search", params={"q": "2号宿舍 305"}).json()["places"]
    assert (place["id"], place["zh"]) == ("dorm-2-305", "2号宿舍楼 3层 305室")
    called = {"caller": "张三", "callback": "138 0000 0000", "q": "305", "note": ""}
    form = {"place": place["id"], "kind": "alarm", "what": "有烟味", **called}
    answer = li.post("/api/v1/alerts", data=form, headers=PAGE)
    assert answer.status_code == 303, answer.text
    number = int(answer.headers["location"].rpartition("/")[2])
    page = li.get(f"/alerts/{number}", headers=PAGE).text
    assert "来电：张三" in page
    assert "回拨 138 0000 0000" in page
    (card,) = li.get("/api/v1/snapshot").json()["alerts"]
    assert (card["origin"], card["raised_by"], card["life_safety"]) == ("person", "li-wei", True)
    assert card["told"]
    assert "caller" not in card
    assert said(li, f"alerts/{number}/acknowledge") == ""
    assert said(li, f"alerts/{number}/close", reason="已处理") == "先核实：确认或误报。"
    assert said(li, f"alerts/{number}/verify", outcome="false", cause="cooking") == ""
    assert li.get("/api/v1/snapshot").json()["alerts"] != []
    assert said(li, f"alerts/{number}/close", reason="厨房油烟，已通风") == ""
    assert li.get("/api/v1/snapshot").json()["alerts"] == []


def test_a_form_that_lacks_something_says_so_and_words_of_strangers_are_only_words(
    house: FakeHouse, li: TestClient
) -> None:
    assert said(li, "alerts", place="nowhere", what="有烟味") == "请从地点列表中选择。"
    assert post(li, "alerts", place="lab", what="").status_code == 422
    assert post(li, "alerts", place="lab", what="x", kind="fire").status_code == 422
    for payload in PAYLOADS:
        made = post(li, "alerts", place="lab", what=payload[:120], note=payload, caller=payload[:80])
        assert made.status_code == 201
        number = made.json()["alert"]
        assert payload not in li.get(f"/alerts/{number}", headers=PAGE).text or "<" not in payload
    assert li.get("/raise", params={"q": PAYLOADS[0][:100]}, headers=PAGE).status_code == 200
    stranger = another(li)
    sign_in(house, stranger, "viewer", "principal")
    assert post(stranger, "alerts", place="lab", what="x").status_code == 403


def faults(house: FakeHouse, building: str, count: int) -> list[int]:
    about: Any = {"alert_class": Class.TROUBLE, "life_safety": False, "verify": False}
    return [house.fires(f"{building}-10{n}-smoke", "fault", **about) for n in range(1, count + 1)]


def test_the_api_says_that_there_is_a_flood_and_what_stands_together(
    house: FakeHouse, li: TestClient
) -> None:
    assert li.get("/api/v1/snapshot").json()["flood"] is None
    numbers = faults(house, "dorm-1", 8)
    house.now.moment += 1000
    numbers += faults(house, "lab", 4)
    fire = house.fires(SMOKE)
    flood = li.get("/api/v1/snapshot").json()["flood"]
    assert [(group["place"], group["first"]) for group in flood["groups"]] == [("dorm-1", 1), ("lab", 9)]
    assert fire not in [number for group in flood["groups"] for number in group["alerts"]]
    assert flood["posts"] == {"duty": 13}
    house.now.moment += 11 * MINUTE
    assert li.get("/api/v1/snapshot").json()["flood"] is None
    assert len(numbers) == 12
