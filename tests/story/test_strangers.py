"""Touches. Devices that nobody registered: they wait in the tray, and their fires are raised all the same."""

import json

from ingest import pending
from tests.story.school import School


def say(school, device, **values):
    payload = json.dumps({"values": values}).encode()
    return school.publish(f"campus/{device}/reading", payload, lane="all")


def tray(school):
    with school.database.read() as conn:
        return pending.load(conn)


def test_the_fire_of_an_unregistered_detector_is_told_to_people_at_once(school: School):
    message = say(school, "smoke-new", smoke="alarm")
    (alert,) = school.open()
    assert (alert.device_kind, alert.place, alert.rule) == ("unregistered", "campus", "unregistered-alarm")
    (text,) = school.sirens()
    assert "未登记" in text.short
    assert message.acked


def test_a_restart_forgets_neither_the_stranger_nor_its_alert(school: School):
    say(school, "smoke-new", smoke="alarm")
    school.restart()
    school.forward(61)
    assert "smoke-new" in school.told("leader")[0].body
    say(school, "smoke-new", smoke="normal")
    school.forward(15)
    assert school.open()[0].activity == "normal"


def test_a_hundred_invented_fires_are_six_alerts(school: School):
    for number in range(100):
        say(school, f"fake-{number}", smoke="alarm")
    alerts = school.open()
    assert sorted(a.rule for a in alerts) == ["unregistered-alarm"] * 5 + ["unregistered-alarms-more"]


def test_a_real_fire_is_raised_while_strangers_shout(school: School):
    for number in range(100):
        say(school, f"fake-{number}", smoke="alarm")
    school.forget()
    school.say("smoke-305", smoke="alarm")
    assert "305" in school.sirens()[0].short


def test_a_stranger_that_only_speaks_waits_in_the_tray_and_disturbs_nobody(school: School):
    say(school, "door-new", contact="open", battery=3)
    school.forward(20)
    assert school.open() == []
    (row,) = tray(school).rows.values()
    assert (row.device.dialect, row.device.address, row.count) == ("tocsin", "door-new", 1)
    assert row.said == "contact open, battery 3.0"
