"""Touches. Devices that nobody registered: they wait in the tray, and their fires are raised all the same."""

import json

from alerts.alert import Verified
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
    assert text.short.startswith("示范学校：烟雾「smoke-new」，未登记")
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


def more(school):
    return next(alert for alert in school.open() if alert.rule == "unregistered-alarms-more")


def test_the_others_in_alarm_stand_together_until_each_is_clear_and_a_person_has_verified(school: School):
    for number in range(8):
        say(school, f"ghost-{number}", smoke="alarm")
    school.forward(3600)
    alert = more(school)
    assert (alert.activity, alert.alert_class, alert.life_safety, alert.verify) == (
        "active",
        "alarm",
        True,
        True,
    )
    school.restart()
    school.forward(60)
    assert more(school).activity == "active"
    for number in range(8):
        say(school, f"ghost-{number}", smoke="normal")
    school.forward(30)
    assert (more(school).activity, more(school).open) == ("normal", True)


def test_whoever_verifies_the_others_has_looked_at_them_and_it_rings_for_the_next_one(school: School):
    for number in range(7):
        say(school, f"ghost-{number}", smoke="alarm")
    school.forward(20)
    number = more(school).id
    school.writer.apply([Verified(number, "warden", "false", "cooking")])
    school.turn()
    school.house.see_to_strangers(school.open(), school.moment)
    school.forward(1)
    assert more(school).activity == "normal"
    school.forget()
    say(school, "ghost-8", smoke="alarm")
    school.forward(15)
    assert more(school).activity == "active"
    assert any("更多未登记" in text.short for text in school.sirens())


def test_a_fire_that_hides_in_a_message_nobody_can_read_is_told_at_once(school: School):
    school.publish("campus/smoke-305/reading", b'{"values":{"smoke":"alarm","smoke":"normal"}}')
    (alert,) = school.open()
    assert (alert.rule, alert.place, alert.priority) == ("device-unreadable", "dorm-2-305", 1)
    school.say("smoke-305", smoke="normal")
    school.forward(15)
    assert school.open()[0].activity == "normal"


def test_a_fire_beside_a_number_that_is_none_is_a_fire(school: School):
    school.publish("campus/smoke-305/reading", b'{"values":{"smoke":"alarm","battery":NaN}}')
    assert [alert.rule for alert in school.open() if alert.alert_class == "alarm"]
    assert "305" in school.sirens()[0].short
