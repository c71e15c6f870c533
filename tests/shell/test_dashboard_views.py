"""Touches. What the dashboard shows and does, through its own HTTP door and the real desk."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import update
from starlette.testclient import TestClient

from alerts.delivery.notification import State
from alerts.delivery.outbox import notification
from dashboard import cards
from rules.verdict import Class, Holds, Text
from tests.fakes.browser import OURS, PAGE, signed_in
from tests.fakes.service import MINUTE, FakeHouse

SMOKE = "dorm-2-305-smoke"
XSS = "<script>window.__xss=1</script>"


@pytest.fixture
def house(tmp_path: Path) -> FakeHouse:
    return FakeHouse(tmp_path)


@pytest.fixture
def guard(house: FakeHouse) -> Iterator[TestClient]:
    with signed_in(house, "guard") as client:
        yield client


def _act(client: TestClient, number: int, act: str, **fields: str) -> tuple[int, dict[str, object]]:
    answer = client.post(f"/api/v1/alerts/{number}/{act}", json=fields, headers=OURS)
    return answer.status_code, answer.json()


def test_the_snapshot_orders_alerts_by_class_then_priority_then_life_safety_then_the_newest_first(
    house: FakeHouse, guard: TestClient
) -> None:
    trouble = house.fires("lab-101-smoke", "fault", alert_class=Class.TROUBLE, priority=1)
    older = house.fires("lab-102-smoke", priority=2)
    house.now.moment += 1000
    first = house.fires("lab-103-smoke", priority=1)
    house.now.moment += 1000
    newer = house.fires("lab-104-smoke", priority=2)
    house.now.moment += 1000
    other = house.fires("lab-105-smoke", priority=2, life_safety=False)
    found = guard.get("/api/v1/snapshot").json()
    assert [card["id"] for card in found["alerts"]] == [first, newer, older, other, trouble]


def test_a_drill_stands_below_every_real_alert_of_its_class(house: FakeHouse, guard: TestClient) -> None:
    real = house.fires("lab-101-smoke", priority=3)
    house.drills("dorm-2-305-smoke")
    first, second = guard.get("/api/v1/snapshot").json()["alerts"]
    assert (first["id"], second["mode"]) == (real, "drill")


def test_strangers_stand_below_their_equals_and_not_below_what_matters_less() -> None:
    def card(number: int, kind: str, priority: int = 1) -> dict[str, object]:
        same = {"class": "alarm", "mode": "real", "life_safety": True}
        return {**same, "priority": priority, "kind": kind, "active_at": number, "id": number}

    shown = [card(8, "unregistered"), card(9, "unregistered"), card(1, "smoke_detector"), card(7, "door", 2)]
    assert [one["id"] for one in sorted(shown, key=cards.order)] == [1, 9, 8, 7]


def test_the_wall_counts_those_who_report_and_those_never_heard_as_the_health_report_does(
    house: FakeHouse, guard: TestClient
) -> None:
    everybody = guard.get("/api/v1/snapshot").json()["counts"]
    assert everybody["reporting"] == 0
    assert everybody["never"] > 5
    assert f"{everybody['never']} 个从未上报" in guard.get("/", headers=PAGE).text
    house.reads(SMOKE, "smoke", "normal")
    house.reads("lab-101-smoke", "supervision", "silent")
    house.reads("lab-102-smoke", "supervision", "late")
    found = guard.get("/api/v1/snapshot").json()["counts"]
    assert (found["reporting"], found["silent"], found["late"]) == (1, 1, 1)
    assert found["never"] == everybody["never"] - 3


def test_tocsins_own_loop_message_never_disturbs_the_wall(house: FakeHouse, guard: TestClient) -> None:
    house.fires("tocsin", "loop", alert_class=Class.STATUS, policy="loop", life_safety=False, verify=False)
    assert guard.get("/api/v1/snapshot").json()["alerts"] == []
    assert guard.get("/api/v1/alerts").json()["alerts"] == []


def test_an_alert_says_who_was_told_and_who_is_next(house: FakeHouse, guard: TestClient) -> None:
    house.fires(SMOKE)
    card = guard.get("/api/v1/snapshot").json()["alerts"][0]
    assert {line["person"] for line in card["told"]} == {"li-wei", "wang-fang", ""}
    assert card["next"] == ["principal"]
    assert card["step_due_at"] == house.now() + MINUTE


def test_many_notices_to_one_person_are_one_line(house: FakeHouse, guard: TestClient) -> None:
    number = house.fires(SMOKE)
    for _ in range(5):
        house.now.moment += 3 * MINUTE
        house.time_passes()
    card = guard.get(f"/api/v1/alerts/{number}").json()
    principal = [line for line in card["told"] if line["person"] == "principal"]
    assert len(principal) == 1
    assert principal[0]["notices"] == 5


def test_a_person_told_by_two_channels_is_one_line_and_what_failed_another(
    house: FakeHouse, guard: TestClient
) -> None:
    number = house.fires(SMOKE)
    row = notification.c

    def also_by_mail(hook: State, mail: State) -> list[tuple[str, str]]:
        change = update(notification).where(row.alert == number)
        first = change.where(row.person == "li-wei", row.channel != "mail").values(state=hook)
        house.transact(lambda tx: tx.execute(first))
        second = change.where((row.person == "wang-fang") | (row.channel == "mail"))
        also = second.values(person="li-wei", channel="mail", state=mail)
        house.transact(lambda tx: tx.execute(also))
        told = guard.get(f"/api/v1/alerts/{number}").json()["told"]
        return [(line["channel"], line["state"]) for line in told if line["person"] == "li-wei"]

    ((channels, state),) = also_by_mail(State.ACCEPTED, State.DELIVERED)
    assert set(channels.split(", ")) == {"duty-webhook", "mail"}
    assert state == "delivered"
    assert sorted(also_by_mail(State.ACCEPTED, State.FAILED)) == [
        ("duty-webhook", "accepted"),
        ("mail", "failed"),
    ]


def test_acknowledging_is_by_the_person_who_is_signed_in(house: FakeHouse, guard: TestClient) -> None:
    number = house.fires(SMOKE)
    status, body = _act(guard, number, "acknowledge")
    assert status == 200
    card = body["alerts"][0]  # type: ignore[index]
    assert card["acknowledged_by"] == "li-wei"
    assert card["acknowledgement"] == "promised"


def test_what_cannot_be_done_now_is_said_in_the_readers_words(house: FakeHouse, guard: TestClient) -> None:
    number = house.fires(SMOKE)
    _act(guard, number, "acknowledge")
    status, body = _act(guard, number, "acknowledge")
    assert status == 409
    assert body["detail"] == "李伟 已经受理。"


def test_an_alert_goes_its_whole_way_from_the_dashboard(house: FakeHouse, guard: TestClient) -> None:
    number = house.fires(SMOKE, latch=True)
    for act, fields in (
        ("acknowledge", {}),
        ("arrived", {"note": "在 305 门口"}),
        ("verify", {"outcome": "false", "cause": "cooking"}),
        ("comment", {"note": "面条"}),
    ):
        assert _act(guard, number, act, **fields)[0] == 200
    assert _act(guard, number, "reset")[0] == 409
    house.fires(SMOKE, holds=Holds.NO)
    assert _act(guard, number, "reset")[0] == 200
    card = guard.get(f"/api/v1/alerts/{number}").json()
    assert card["open"] is False
    assert [line["fact"] for line in card["timeline"] if line["what"] == "fact"] == [
        "raised", "acknowledged", "arrived", "false", "commented", "cleared", "reset",
    ]  # fmt: skip


def test_a_false_alarm_needs_its_cause(house: FakeHouse, guard: TestClient) -> None:
    number = house.fires(SMOKE)
    assert _act(guard, number, "verify", outcome="false")[0] == 409


def test_a_form_without_scripts_does_the_same(house: FakeHouse, guard: TestClient) -> None:
    number = house.fires(SMOKE)
    answer = guard.post(f"/api/v1/alerts/{number}/acknowledge", data={"next": "/"}, headers=PAGE)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert "李伟 已受理" in guard.get("/", headers=PAGE).text


def test_unknown_fields_are_refused(house: FakeHouse, guard: TestClient) -> None:
    number = house.fires(SMOKE)
    assert _act(guard, number, "acknowledge", by="principal")[0] == 422
    assert _act(guard, number, "comment", note="x" * 2001)[0] == 422
    assert _act(guard, number, "verify", outcome="nonsense")[0] == 422


def test_taking_several_together_stops_at_none_that_is_refused(house: FakeHouse, guard: TestClient) -> None:
    numbers = [house.fires(f"lab-10{n}-smoke", "fault", alert_class=Class.TROUBLE) for n in (1, 2, 3)]
    _act(guard, numbers[1], "acknowledge")
    answer = guard.post("/api/v1/acknowledge", json={"alerts": numbers}, headers=OURS).json()
    assert list(answer["problems"]) == [str(numbers[1])]
    assert all(card["acknowledged_by"] == "li-wei" for card in answer["alerts"])


def test_an_alert_that_does_not_exist_is_a_sentence(guard: TestClient) -> None:
    assert guard.get("/alerts/99", headers=PAGE).status_code == 404
    status, body = _act(guard, 99, "acknowledge")
    assert status == 404
    assert "没有这条警情" in str(body["detail"])


def test_the_wall_is_useful_before_its_scripts_run(house: FakeHouse, guard: TestClient) -> None:
    house.all_report()
    assert "一切正常" in guard.get("/", headers=PAGE).text
    number = house.fires(SMOKE)
    page = guard.get("/", headers=PAGE).text
    assert "烟感报警" in page
    assert f'action="/api/v1/alerts/{number}/acknowledge"' in page
    assert 'class="window window-alarm" href="/devices?place=dorm-2-305"' in page
    assert "绝不能替代它" in page


def test_a_viewer_is_offered_no_button(house: FakeHouse) -> None:
    house.fires(SMOKE)
    with signed_in(house, "viewer") as viewer:
        assert "/acknowledge" not in viewer.get("/", headers=PAGE).text


def test_a_silent_device_marks_its_place_and_is_counted(house: FakeHouse, guard: TestClient) -> None:
    house.all_report()
    house.reads("dorm-1-402-smoke", "supervision", "silent")
    found = guard.get("/api/v1/snapshot").json()
    assert found["silent"] == ["dorm-1-402"]
    assert found["counts"]["silent"] == 1
    assert "window-silent" in guard.get("/", headers=PAGE).text


def test_what_could_not_be_recorded_is_in_the_snapshot(house: FakeHouse, guard: TestClient) -> None:
    house.cannot_write("canteen-101-smoke")
    lost = guard.get("/api/v1/snapshot").json()["unrecorded"]
    assert [(one["place"], one["zh"]) for one in lost] == [("canteen-101", "烟感报警")]


def test_a_guard_who_takes_an_alert_while_nothing_can_be_written_reads_why_it_was_not_kept(
    house: FakeHouse, guard: TestClient
) -> None:
    number = house.fires(SMOKE)
    house.breaks_writing()
    status, said = _act(guard, number, "acknowledge")
    assert status == 503
    assert "现在无法记录" in str(said["detail"])
    many = guard.post("/api/v1/acknowledge", json={"alerts": [number]}, headers=OURS)
    assert (many.status_code, many.json()["detail"]) == (503, said["detail"])
    page = guard.post(f"/api/v1/alerts/{number}/acknowledge", data={}, headers={**OURS, **PAGE})
    assert page.status_code == 503
    assert "现在无法记录" in page.text
    assert guard.get("/", headers=PAGE).status_code == 200, "the wall stays"


def test_refused_rules_are_a_banner(house: FakeHouse, guard: TestClient) -> None:
    house.refuses_rules("rules.yaml:3:5  on  got 'smok'  did you mean 'smoke'?")
    assert "新的规则未被采用" in guard.get("/", headers=PAGE).text
    assert "smok" in guard.get("/system", headers=PAGE).text


def test_a_device_page_shows_points_supervision_and_open_alerts(house: FakeHouse, guard: TestClient) -> None:
    house.fires(SMOKE)
    house.reads(SMOKE, "temperature", 24.26)
    house.reads(SMOKE, "supervision", "late")
    page = guard.get(f"/devices/{SMOKE}", headers=PAGE).text
    for expected in ("24.3 °C", "迟报", "烟感报警", "1区", "李伟"):
        assert expected in page


def test_devices_are_found_by_place_kind_name_and_oddness(house: FakeHouse, guard: TestClient) -> None:
    house.all_report()
    house.reads(SMOKE, "smoke", "fault")

    def found(**query: str) -> str:
        return guard.get("/devices", params=query, headers=PAGE).text

    assert "1 / 1 个设备" in found(q="305", place="dorm-2")
    assert "11 / 11 个设备" in found(place="dorm-2-f3")
    assert "1 / 1 个设备" in found(kind="panic_button")
    assert SMOKE in found(odd="1")
    assert "100 / " in found()


def test_a_chart_is_numbers_for_a_measure_and_words_for_a_state(house: FakeHouse, guard: TestClient) -> None:
    span = {"device": SMOKE, "from": 0, "to": 3_600_000}
    numbers = guard.get("/api/v1/series", params={**span, "metric": "temperature"}).json()
    words = guard.get("/api/v1/series", params={**span, "metric": "smoke"}).json()
    assert len(numbers["points"][0]) == 4
    assert numbers["unit"] == "°C"
    assert words["words"][0] == [0, "normal"]


def test_a_history_that_is_away_breaks_nothing_else(house: FakeHouse, guard: TestClient) -> None:
    house.history.broken = True
    span = {"device": SMOKE, "metric": "temperature", "from": 0, "to": 1000}
    assert guard.get("/api/v1/series", params=span).status_code == 503
    assert guard.get(f"/devices/{SMOKE}", headers=PAGE).status_code == 200


def test_the_quarantine_shows_the_reason_and_a_harmless_sample(house: FakeHouse, guard: TestClient) -> None:
    house.quarantines(f"campus/{XSS}/reading", XSS.encode() + b"\xff\x00")
    page = guard.get("/quarantine", headers=PAGE).text
    assert "格式错误" in page
    assert XSS not in page


def test_hostile_titles_and_notes_are_text_on_every_page(house: FakeHouse, guard: TestClient) -> None:
    number = house.fires(SMOKE, title=Text(XSS, XSS))
    _act(guard, number, "comment", note=XSS)
    for path in ("/", "/alerts", f"/alerts/{number}", f"/devices/{SMOKE}"):
        assert XSS not in guard.get(path, headers=PAGE).text


def test_only_an_administrator_starts_a_scenario(house: FakeHouse) -> None:
    with signed_in(house, "administrator") as boss:
        assert boss.post("/api/v1/scenarios/gas", headers=OURS).status_code == 202
        assert boss.post("/api/v1/scenarios/unheard-of", headers=OURS).status_code == 404
    assert house.scenarios_started == ["gas"]


def test_closed_alerts_stay_in_the_list_a_page_at_a_time(house: FakeHouse, guard: TestClient) -> None:
    for number in range(103):
        house.fires(
            f"lab-10{number % 7 + 1}-smoke", f"status-{number}", alert_class=Class.STATUS, verify=False
        )
    first = guard.get("/api/v1/alerts").json()
    rest = guard.get("/api/v1/alerts", params={"cursor": first["next"]}).json()
    assert (len(first["alerts"]), len(rest["alerts"])) == (100, 3)


def test_an_alerts_page_has_its_evidence_first_then_the_newest_and_folds_what_repeats(
    house: FakeHouse, guard: TestClient
) -> None:
    number = house.fires(SMOKE)
    for _ in range(6):
        house.now.moment += 3 * MINUTE
        house.time_passes()
    page = guard.get(f"/alerts/{number}", headers=PAGE).text
    assert (
        page.index("<h2>依据</h2>") < page.index("<h2>经过</h2>") < page.index('<li class="line line-fact">')
    )
    assert page.index("次，自 ") < page.index('<li class="line line-fact">')
    assert page.count('<li class="line line-notice">') < 5


def test_a_device_page_says_how_it_reports_in_the_words_of_the_health_report(
    house: FakeHouse, guard: TestClient
) -> None:
    assert "从未上报" in guard.get(f"/devices/{SMOKE}", headers=PAGE).text
    house.reads(SMOKE, "interval", 7200.0)
    page = guard.get(f"/devices/{SMOKE}", headers=PAGE).text
    assert "2 小时" in page
    assert "警钟自有协议" in page
