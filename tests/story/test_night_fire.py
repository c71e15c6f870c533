"""Thinks. The night fire: who is told, when it escalates, when it stops, what survives a restart."""

from alerts.alert import Acknowledged, Reset, Verified
from tests.story.school import School


def taken(alert: int) -> Acknowledged:
    return Acknowledged(alert, "warden", "wall", "")


def test_the_duty_warden_and_the_siren_are_told_at_once(school: School) -> None:
    school.say("smoke-305", smoke="alarm")
    (text,) = school.told("warden")
    assert "2号宿舍楼" in text.short
    assert text.code in text.short
    assert len(school.sirens()) == 1


def test_nobody_acknowledges_and_the_leader_is_told_after_a_minute(school: School) -> None:
    school.say("smoke-305", smoke="alarm")
    school.forward(59)
    assert not school.told("leader")
    school.forward(2)
    assert len(school.told("leader")) == 1


def test_a_step_is_met_though_nothing_or_something_later_was_planned_before_it(school: School) -> None:
    school.turn()
    assert school.house.desk_due is None
    school.say("smoke-305", smoke="alarm")
    school.act(taken)
    school.forward(70)
    assert not school.told("leader")
    school.say("smoke-306", smoke="alarm")
    school.forward(61)
    assert [text.facts["device"] for text in school.told("leader")] == ["smoke-306"]


def test_the_last_step_repeats_until_somebody_acts(school: School) -> None:
    school.say("smoke-305", smoke="alarm")
    school.forward(60 + 3 * 120 + 1)
    assert len(school.told("leader")) == 4


def test_an_acknowledgement_stops_the_escalation(school: School) -> None:
    school.say("smoke-305", smoke="alarm")
    school.forward(30)
    school.act(taken)
    school.forward(120)
    assert not school.told("leader")


def test_a_promise_that_is_not_kept_sounds_again(school: School) -> None:
    school.say("smoke-305", smoke="alarm")
    school.act(taken)
    school.forget()
    school.forward(5 * 60 + 2)
    assert school.texts, "nobody arrived within five minutes and it stayed quiet"


def test_a_restart_loses_no_step_and_says_how_late_it_is(school: School) -> None:
    school.say("smoke-305", smoke="alarm")
    school.moment += 10 * 60 * 1000
    school.restart()
    school.turn()
    (text,) = school.told("leader")
    assert "9" in text.why, f"nine minutes late and does not say so: {text.why!r}"


def test_a_second_detector_and_a_call_point_are_alerts_of_their_own(school: School) -> None:
    school.say("smoke-305", smoke="alarm")
    school.forward(8)
    school.say("smoke-306", smoke="alarm")
    school.forward(12)
    school.say("call-3", call_point="alarm")
    assert len(school.open()) == 3
    assert len(school.told("warden")) == 3


def test_the_same_state_reported_again_and_again_is_one_alert_and_one_notice(school: School) -> None:
    for _ in range(20):
        school.say("smoke-305", smoke="alarm")
    assert len(school.open()) == 1
    assert len(school.told("warden")) == 1


def test_a_false_alarm_closes_once_it_is_verified_normal_and_reset(
    school: School,
) -> None:
    school.say("smoke-305", smoke="alarm")
    school.act(taken)
    school.act(lambda alert: Verified(alert, "warden", "false", "steam", ""))
    assert school.open(), "it must not close while the detector still says alarm"
    school.say("smoke-305", smoke="normal")
    school.forward(60)
    school.act(lambda alert: Reset(alert, "warden"))
    (text,) = (t for t in school.told("warden") if t.purpose == "clear")
    assert text.code


def test_a_test_of_the_detector_pages_nobody(school: School) -> None:
    school.say("smoke-305", smoke="test")
    assert not school.told("warden")
    assert not school.sirens()


def test_an_unknown_word_is_never_taken_for_normal(school: School) -> None:
    school.say("smoke-305", smoke="alarm")
    school.say("smoke-305", smoke="brennt")
    school.forward(120)
    (alert,) = (a for a in school.open() if a.alert_class == "alarm")
    assert alert.activity == "unknown"


def test_the_evidence_stays_what_raised_the_alert_when_it_is_normal_again(school: School) -> None:
    school.say("smoke-305", smoke="alarm")
    school.say("smoke-305", smoke="normal")
    school.forward(60)
    (alert,) = school.open()
    assert alert.activity == "normal"
    assert [reading.value for reading in alert.evidence] == ["alarm"]
