"""Thinks. A gateway dies at night, and the service is restarted meanwhile: what people are told, and see."""

from copy import deepcopy

import pytest

from tests.fakes.words import english
from tests.story.school import CAMPUS, School
from tocsin.database import Database


@pytest.fixture
def school(database: Database) -> School:
    campus = deepcopy(CAMPUS)
    for device in campus["devices"]:
        if device["id"] in ("smoke-305", "smoke-306", "call-3", "door-1"):
            device["gateway"] = "gw-dorm-2"
    campus["devices"].append({"id": "gw-dorm-2", "kind": "gateway", "place": "dorm-2"})
    campus["policies"][0]["match"] = {"class": ["alarm", "trouble"]}
    return School(database, campus)


def lost(school: School, device: str) -> None:
    school.publish(f"campus/{device}/link", b"offline", lane="all")


def test_a_dead_gateway_is_one_alert_that_says_how_many_are_unprotected_and_who(school: School) -> None:
    lost(school, "smoke-305")
    lost(school, "door-1")
    lost(school, "gw-dorm-2")
    school.forward(60)
    (alert,) = school.open()
    assert (alert.rule, alert.alert_class, alert.priority) == ("gateway-unprotected", "trouble", 1)
    assert "3 life-safety points unprotected: 2号宿舍楼 call-3" in english(alert.evidence[0].note)
    (first, *_) = school.told("warden")
    assert "2号宿舍楼 305室 smoke-305" in first.body
    assert "生命安全点位未受保护" in first.short
    assert "3 个生命安全点位未受保护：2号宿舍楼 call-3" in first.body
    assert "unprotected" not in first.body
    school.restart()
    school.forward(400)
    assert [one.rule for one in school.open() if one.device != "tocsin"] == ["gateway-unprotected"]


def test_the_alert_of_a_child_that_was_silent_before_stays_open_and_is_unknown(school: School) -> None:
    school.say("door-1")
    lost(school, "smoke-305")
    school.say("door-1")
    assert [(a.device, a.activity) for a in school.open()] == [("smoke-305", "active")]
    lost(school, "gw-dorm-2")
    school.forward(10)
    assert {(a.device, a.activity) for a in school.open()} == {
        ("smoke-305", "unknown"),
        ("gw-dorm-2", "active"),
    }
    school.forget()
    school.say("gw-dorm-2")
    activity = {alert.device: alert.activity for alert in school.open()}
    assert activity == {"smoke-305": "active", "gw-dorm-2": "normal"}
    assert not [text for text in school.texts if text.purpose == "raise"]


def test_after_a_restart_it_is_written_from_when_to_when_nothing_was_seen_and_what_had_changed(
    school: School,
) -> None:
    school.say("door-1", contact="closed")
    school.say("smoke-305", smoke="normal")
    school.moment += 480_000
    school.restart()
    school.say("door-1", contact="open")
    school.say("smoke-305", smoke="normal")
    school.forward(121)
    (alert,) = [one for one in school.open() if one.rule == "own-blind"]
    note = alert.evidence[0].note
    assert english(note).startswith("blind 2026-11-18 ")
    assert "1 changes found afterwards: door-1/contact: closed → open" in english(note)
    assert alert.alert_class == "status"


def test_messages_that_were_lost_while_we_were_down_are_counted_at_the_first_that_comes(
    school: School,
) -> None:
    school.publish("campus/door-1/reading", b'{"boot": 1, "seq": 4, "values": {}}', lane="all")
    school.say("smoke-305", smoke="normal")
    school.restart()
    school.publish("campus/door-1/reading", b'{"boot": 1, "seq": 9, "values": {}}', lane="all")
    assert school.house.latest.value("door-1", "sequence_gap") == 4.0
