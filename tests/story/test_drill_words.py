"""Thinks. What a point says in a drill short of the alarm that is awaited of it: test, pre-alarm, fault."""

from alerts.alert import Mode
from alerts.drills import drillstore
from rules.verdict import Class
from tests.story.school import CAMPUS, School
from tests.story.test_drills import MINUTE, declared, do, drill, of, of_room, school, standing
from tocsin.database import Database

__all__ = ["school"]


def test_the_word_test_is_told_to_nobody_outside_the_test_and_the_point_has_spoken(
    database: Database,
) -> None:
    everything = {"id": "all", "match": {}, "steps": [{"after": "0s", "notify": [{"person": "leader"}]}]}
    school = School(database, {**CAMPUS, "policies": [everything]})
    do(school, of_room(mode=Mode.TEST, kinds=("smoke_detector",), people=("warden",)))
    school.say("smoke-305", smoke="test")
    assert [one.mode for one in school.open()] == [Mode.TEST]
    assert not school.told("leader")
    assert all(text.short.startswith("【测试】") for text in school.told("warden"))
    school.say("smoke-306", smoke="test")
    assert school.told("leader"), "what is tested elsewhere was not declared"
    school.say("smoke-305", smoke="normal")
    school.forward(20 * MINUTE)
    with school.database.read() as conn:
        found = drillstore.read(conn, 1)
    assert found is not None
    assert found.spoke == ("smoke-305",)


def test_an_alarm_in_a_test_of_another_class_is_never_hidden_as_a_test(school: School) -> None:
    do(school, of_room(mode=Mode.TEST, alert_class=Class.TROUBLE))
    school.say("smoke-305", smoke="alarm")
    assert {one.mode for one in school.open()} == {Mode.REAL}


def test_the_pre_alarm_of_a_listed_point_is_part_of_the_drill_and_its_fault_is_not(school: School) -> None:
    declared(school)
    school.say("smoke-305", smoke="prealarm")
    assert of(school, "smoke-305").mode is Mode.DRILL
    assert not school.told("leader") + school.told("principal")
    school.say("smoke-305", smoke="fault")
    assert [one.mode for one in standing(school) if one.alert_class is Class.TROUBLE] == [Mode.REAL]


def test_a_point_that_only_reports_a_fault_has_not_spoken(school: School) -> None:
    declared(school)
    school.say("smoke-305", smoke="fault")
    school.forward(20 * MINUTE)
    assert drill(school).silent == ("smoke-305",)
