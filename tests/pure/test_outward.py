"""Thinks. What other systems are told of alerts: topics, Home Assistant, events, an Alertmanager."""

import json
from typing import Any

import pytest
from msgspec.structs import replace

from alerts.alert import Acknowledgement, Activity, Alert, Inhibition, Life, Mode
from alerts.outward import alertmanager, cloudevent, homeassistant, shown
from alerts.outward.settings import StatesSettings
from alerts.outward.topics import Wanted
from ingest.campus.device import Place
from ingest.campus.registry import Registry
from ingest.decode import Decoder
from ingest.dialects.dialect import IGNORED
from ingest.message import Message
from ingest.settings import BrokerSettings
from rules.verdict import Class, Text
from tests.fakes.campus import MINUTE, NOW, SECOND, SMOKE, registry

CAMPUS = registry()
STATES = StatesSettings()
PERSON = "li-wei-1380000"


def alert(number: int = 1, code: str = "A7K2", **fields: Any) -> Alert:
    known: dict[str, Any] = {
        "rule": "smoke-alarm", "subject": f"{SMOKE}/smoke", "title": Text("烟雾报警", "Smoke alarm"),
        "alert_class": Class.ALARM, "raised_at": NOW, "active_at": NOW - SECOND, "device": SMOKE,
        "device_kind": "smoke_detector", "place": "dorm-2-305", "life_safety": True,
    }  # fmt: skip
    return Alert(id=number, code=code, **{**known, **fields})


TROUBLE: dict[str, Any] = {"alert_class": Class.TROUBLE, "place": "lab", "device": "", "life_safety": False}


def told(wanted: Wanted, topic: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(wanted.topics[topic])
    return found


def after(*alerts: Alert, settings: StatesSettings = STATES) -> Wanted:
    wanted = Wanted(settings, "1.0")
    wanted.follow(alerts, CAMPUS)
    return wanted


# ---- topics ----------------------------------------------------------------------------------------------


def test_an_open_alert_has_a_topic_with_its_axes_its_path_and_since_when() -> None:
    body = told(after(alert()), "tocsin/alerts/A7K2")
    assert [part["id"] for part in body["path"]] == ["campus", "dorm-2", "dorm-2-305"]
    assert body["title"] == {"zh": "烟雾报警", "en": "Smoke alarm"}
    assert body["since"] == "2026-11-22T08:43:19.000Z"
    assert (body["activity"], body["acknowledgement"], body["mode"]) == ("active", "no", "real")
    assert (body["class"], body["life_safety"], body["device"]["kind"]) == ("alarm", True, "smoke_detector")


def test_nothing_that_is_published_names_a_person_or_repeats_what_a_person_typed() -> None:
    whoever = alert(
        owner=PERSON, acknowledged_by=PERSON, arrived_by=PERSON, verified_by=PERSON, joined_by=PERSON,
        raised_by=PERSON, offered_to=PERSON, left_by=PERSON, inhibited_by=PERSON, removed_by=PERSON,
        note=PERSON, inhibited_reason=PERSON, close_reason=PERSON, closed_by=PERSON,
    )  # fmt: skip
    for payload in after(whoever).topics.values():
        assert PERSON.encode() not in payload


def test_a_closed_alert_has_no_topic_and_its_code_may_be_given_again() -> None:
    wanted = after(alert())
    closed = alert(life=Life.CLOSED)
    wanted.follow([alert(2), closed], CAMPUS)
    assert told(wanted, "tocsin/alerts/A7K2")["id"] == 2
    wanted.follow([alert(2, life=Life.CLOSED)], CAMPUS)
    assert "tocsin/alerts/A7K2" not in wanted.topics


def test_the_sums_count_what_is_real_and_not_hidden_and_name_the_worst_class() -> None:
    drill, shelved = (
        alert(3, "C", mode=Mode.DRILL),
        alert(4, "D", inhibition=Inhibition.SHELVED),
    )
    taken = alert(2, "B", acknowledgement=Acknowledgement.KEPT, activity=Activity.NORMAL, **TROUBLE)
    wanted = after(drill, shelved, taken)
    state = told(wanted, "tocsin/state")
    assert (state["worst"], state["open"], state["alarm"], state["trouble"]) == ("trouble", 1, 0, 1)
    assert (state["unacknowledged"], state["active"], state["inhibited"], state["drill"]) == (0, 0, 1, 1)
    wanted.follow([alert()], CAMPUS)
    state = told(wanted, "tocsin/state")
    assert (state["worst"], state["open"], state["fire"], state["unacknowledged"]) == ("alarm", 2, 1, 1)
    assert told(wanted, "tocsin/places/dorm-2")["alarm"] == 1
    assert told(wanted, "tocsin/places/lab")["alarm"] == 0
    assert told(wanted, "tocsin/places/campus")["open"] == 0
    wanted.follow([alert(life=Life.CLOSED), replace(taken, life=Life.CLOSED)], CAMPUS)
    assert told(wanted, "tocsin/state")["worst"] == "none"


def test_the_loop_message_is_nobody_elses_business() -> None:
    assert not shown.for_others(alert(policy="loop"))


# ---- Home Assistant --------------------------------------------------------------------------------------


def configs(wanted: Wanted) -> dict[str, dict[str, Any]]:
    return {topic: json.loads(body) for topic, body in wanted.topics.items() if topic.endswith("/config")}


def test_every_building_has_a_sensor_a_class_that_goes_offline_with_tocsin() -> None:
    found = configs(after())
    fire = found["homeassistant/binary_sensor/tocsin/dorm_2_fire/config"]
    assert (fire["device_class"], fire["state_topic"]) == ("smoke", "tocsin/places/dorm-2")
    assert fire["value_template"] == "{{ 'ON' if value_json.fire > 0 else 'OFF' }}"
    assert fire["unique_id"] == "tocsin_dorm_2_fire"
    assert fire["device"]["name"] == "2号宿舍楼"
    classes = {key: found[f"homeassistant/binary_sensor/tocsin/lab_{key}/config"].get("device_class")
               for key in ("alarm", "supervisory", "trouble", "status")}  # fmt: skip
    assert classes == {"alarm": "safety", "supervisory": "problem", "trouble": "problem", "status": None}
    assert "homeassistant/sensor/tocsin/open/config" in found
    for config in found.values():
        assert config["availability_topic"] == "tocsin/availability"
        assert config["origin"]["name"] == "Tocsin"
    ids = [config["unique_id"] for config in found.values()]
    assert len(set(ids)) == len(ids) == 5 * 3 + 3


def test_the_sensors_of_a_building_that_is_gone_are_taken_back() -> None:
    wanted = after()
    less = Registry.build([place for place in CAMPUS.places.values() if place.id != "lab"], (), [])
    wanted.follow([], less)
    assert not any("lab" in topic for topic in wanted.topics)
    assert "tocsin/places/lab" not in wanted.topics


def test_home_assistant_hears_nothing_when_it_is_not_wanted() -> None:
    silent = StatesSettings(homeassistant="")
    assert configs(after(settings=silent)) == {}
    assert "homeassistant/sensor/tocsin/+/config" in Wanted(silent, "").ours()  # what an earlier start left


@pytest.mark.parametrize(("one", "other"), [("a.b", "a:b"), ("a-b", "a_b.x"), ("Lab", "lab")])
def test_places_of_other_names_have_other_entities(one: str, other: str) -> None:
    assert homeassistant.slug(one) != homeassistant.slug(other)
    assert homeassistant.slug(one).replace("_", "").isalnum()


def test_tocsin_takes_its_own_announcements_for_no_device_to_register() -> None:
    decoder = Decoder(Registry.build(), BrokerSettings(dialects={"homeassistant": None}))
    for topic, config in configs(after()).items():
        payload = json.dumps(config).encode()
        for body in (payload, b""):  # announced, and taken back
            assert decoder.decode(Message(None, topic, body, NOW, qos=1, retain=True)) is IGNORED
    strangers = json.loads(payload) | {"origin": {"name": "Somebody"}, "device_class": "smoke"}
    heard = decoder.decode(Message(None, topic, json.dumps(strangers).encode(), NOW, qos=1, retain=True))
    assert heard.announced


# ---- CloudEvents -----------------------------------------------------------------------------------------

LINE = {"seq": 41, "moment": NOW, "alert": 1, "fact": "raised", "by": "tocsin", "detail": '{"rule":"x"}',
        "record": ""}  # fmt: skip


def test_a_line_of_the_log_is_a_cloud_event_whose_id_is_the_lines_number() -> None:
    body = json.loads(cloudevent.event(LINE, alert(), "urn:tocsin:north", CAMPUS))
    data = body.pop("data")
    assert body == {
        "specversion": "1.0", "id": "41", "source": "urn:tocsin:north", "type": "tocsin.alert.raised",
        "subject": "alert/1", "time": "2026-11-22T08:43:20.000Z", "datacontenttype": "application/json",
    }  # fmt: skip
    assert (data["fact"], data["detail"], data["alert"]["code"]) == ("raised", {"rule": "x"}, "A7K2")


def test_a_line_of_another_record_is_named_after_it() -> None:
    line = {**LINE, "record": "hazard/12", "alert": 0, "fact": "fixed"}
    body = json.loads(cloudevent.event(line, None, "urn:tocsin", CAMPUS))
    assert (body["type"], body["subject"]) == ("tocsin.hazard.fixed", "hazard/12")
    assert "alert" not in body["data"]


# ---- to an Alertmanager ----------------------------------------------------------------------------------


def posts(standing: alertmanager.Standing, now: int) -> list[dict[str, Any]]:
    found, ids = standing.due(CAMPUS, now, 100)
    standing.taken(ids, now)
    return found


def test_an_alert_keeps_its_labels_while_it_is_open_and_ends_when_it_closes() -> None:
    standing = alertmanager.Standing({"campus": "north"}, 60)
    standing.follow([alert()], CAMPUS, NOW)
    [raised] = posts(standing, NOW)
    assert raised["labels"] == {
        "campus": "north", "alertname": "smoke-alarm", "severity": "alarm", "priority": "3",
        "life_safety": "true", "building": "dorm-2", "place": "dorm-2-305", "device": SMOKE,
        "kind": "smoke_detector", "code": "A7K2", "tocsin": "1",
    }  # fmt: skip
    assert raised["annotations"]["summary"] == "Dormitory 2 Room 305: Smoke alarm"
    assert (raised["startsAt"], raised["endsAt"]) == ("2026-11-22T08:43:19.000Z", "2026-11-22T08:47:20.000Z")
    standing.follow([alert(acknowledgement=Acknowledgement.KEPT, priority=1)], CAMPUS, NOW)
    [taken] = posts(standing, NOW)
    assert taken["labels"] == raised["labels"]
    assert taken["annotations"]["acknowledgement"] == "kept"
    standing.follow([alert(life=Life.CLOSED)], CAMPUS, NOW + SECOND)
    [closed] = posts(standing, NOW + SECOND)
    assert (closed["labels"], closed["endsAt"]) == (raised["labels"], "2026-11-22T08:43:21.000Z")
    assert posts(standing, NOW + MINUTE) == []


def test_what_stands_is_told_again_in_time_and_what_was_not_taken_at_once() -> None:
    standing = alertmanager.Standing({}, 60)
    standing.follow([alert()], CAMPUS, NOW)
    assert len(standing.due(CAMPUS, NOW, 100)[0]) == 1
    assert len(posts(standing, NOW)) == 1  # the first attempt was not taken
    assert posts(standing, NOW + 59 * SECOND) == []
    assert standing.next_due(NOW + 59 * SECOND) == 1
    assert len(posts(standing, NOW + 60 * SECOND)) == 1


@pytest.mark.parametrize(
    "fields",
    [{"mode": Mode.DRILL}, {"inhibition": Inhibition.SHELVED}, {"policy": "loop"}, {"rule": "alertmanager"}],
)
def test_drills_what_is_hidden_and_what_came_from_an_alertmanager_stay_here(fields: dict[str, Any]) -> None:
    standing = alertmanager.Standing({}, 60)
    standing.follow([alert(**fields)], CAMPUS, NOW)
    assert posts(standing, NOW) == []


def test_an_alert_that_is_shelved_ends_there_and_comes_back_with_the_end_of_the_shelf() -> None:
    standing = alertmanager.Standing({}, 60)
    standing.follow([alert()], CAMPUS, NOW)
    posts(standing, NOW)
    standing.follow([alert(inhibition=Inhibition.SHELVED)], CAMPUS, NOW + SECOND)
    assert posts(standing, NOW + SECOND)[0]["endsAt"] == shown.iso(NOW + SECOND)
    standing.follow([alert()], CAMPUS, NOW + MINUTE)
    assert posts(standing, NOW + MINUTE)[0]["endsAt"] == shown.iso(NOW + 5 * MINUTE)


def test_the_campus_itself_stands_for_what_lies_in_no_building() -> None:
    lost = alert(place="gone", device="gone")
    assert told(after(lost), "tocsin/places/campus")["alarm"] == 1
    assert "building" not in alertmanager.labels(lost, CAMPUS, {})
    assert shown.buildings(Registry.build([Place("campus", "校", "C")], (), []))[0].id == "campus"
