"""Thinks. A button on the wall that says "taken": for whoever is on shift, and never more than that."""

import json
from copy import deepcopy
from typing import Any

import pytest
from sqlalchemy import select

from alerts.alert import Acknowledgement, Alert
from alerts.delivery.answering import answer
from alerts.delivery.message import Purpose
from alerts.duty.routing import problems
from tests.story.school import CAMPUS, START, School
from tocsin.database import Database

BUTTON = {"id": "take-3", "kind": "take_button", "place": "dorm-2", "zh": "3层按钮", "en": "Floor 3 button"}


def campus(**more: Any) -> dict[str, Any]:
    made = deepcopy(CAMPUS)
    made["devices"].append(BUTTON | more)
    return made


@pytest.fixture
def school(database: Database) -> School:
    return School(database, campus())


def press(school: School, retain: bool = False, **more: Any) -> None:
    said = json.dumps({"values": {"take": "pressed"}, **more}).encode()
    school.publish("campus/take-3/reading", said, retain, lane="all")


def fire(school: School) -> Alert:
    return next(alert for alert in school.open() if alert.device == "smoke-305")


def results(school: School) -> list[tuple[str, str]]:
    """What became of each press that was recorded, and for whom."""
    with school.database.read() as conn:
        rows = conn.execute(select(answer).where(answer.c.channel == "button").order_by(answer.c.id))
        return [(row.result, row.person) for row in rows]


def test_a_press_takes_what_sounds_for_whoever_is_on_shift_and_the_record_says_that_nobody_knows_who(
    school: School,
) -> None:
    school.say("smoke-305", smoke="alarm")
    school.forward(5)
    press(school)
    alert = fire(school)
    assert (alert.acknowledged_by, alert.acknowledged_via, alert.owner) == (
        "warden",
        "button:take-3",
        "warden",
    )
    assert alert.verification == "pending"
    assert alert.acknowledged_until is not None  # a promise like any other, that runs out
    assert results(school) == [("take", "warden")]
    school.forget()
    school.forward(100)
    assert not [text for text in school.texts if text.purpose is Purpose.ESCALATE]


def test_a_press_where_nothing_sounds_is_recorded_and_does_nothing_to_what_sounds_later(
    school: School,
) -> None:
    press(school)
    school.say("smoke-305", smoke="alarm")
    assert fire(school).acknowledgement is Acknowledgement.NO
    assert results(school) == [("nothing_open", "warden")]


def test_a_button_that_is_stuck_takes_no_alarm(school: School) -> None:
    for _ in range(20):
        press(school)
        school.forward(15)
    school.say("smoke-305", smoke="alarm")
    school.forward(10)
    press(school)
    school.forward(60)
    assert fire(school).acknowledgement is Acknowledgement.NO
    assert school.told("leader")
    assert results(school) == [*[("nothing_open", "warden")] * 5, ("stuck", "warden")]


def test_a_press_that_is_restored_or_late_takes_nothing(school: School) -> None:
    school.say("smoke-305", smoke="alarm")
    school.forward(5)
    press(school, retain=True)
    press(school, time=school.moment - 61_000)
    school.forward(15)
    school.house.all_since = lambda: school.moment - 1000  # what comes now, the broker may have kept for us
    press(school)
    assert fire(school).acknowledgement is Acknowledgement.NO
    assert results(school) == [("late", "warden"), ("late", "warden")]


def test_a_press_that_could_not_be_written_for_minutes_takes_nothing_and_one_of_a_moment_does(
    school: School,
) -> None:
    school.say("smoke-305", smoke="alarm")
    school.forward(5)
    with school.outage():
        press(school)
        school.forward(61)
    school.forward(1)
    assert fire(school).acknowledgement is Acknowledgement.NO
    with school.outage():
        press(school)
        school.forward(3)
    school.forward(1)
    assert fire(school).acknowledged_by == "warden"
    assert results(school) == [("late", "warden"), ("take", "warden")]


def test_a_restart_forgets_neither_the_press_nor_what_it_took(school: School) -> None:
    school.say("smoke-305", smoke="alarm")
    school.forward(5)
    press(school)
    school.restart()
    school.forward(1)
    press(school)  # leaning on it still
    assert fire(school).acknowledged_via == "button:take-3"
    assert results(school) == [("take", "warden")]


def test_with_nobody_on_shift_a_press_takes_nothing_and_the_ladder_goes_on(database: Database) -> None:
    made = campus(labels={"post": "night"})
    made["posts"].append({"id": "night", "zh": "夜班", "en": "Night post", "order": []})
    school = School(database, made)
    school.say("smoke-305", smoke="alarm")
    school.forward(5)
    press(school)
    assert fire(school).acknowledgement is Acknowledgement.NO
    assert results(school) == [("nobody_on_shift", "")]


def test_a_button_whose_post_or_place_is_not_registered_is_named(database: Database) -> None:
    school = School(database, campus(labels={"post": "dutty", "takes": "dorm2"}))
    found = [one for one in problems(school.house.directory, school.registry, START) if "take button" in one]
    assert found == [
        "take button take-3: there is no post 'dutty'; did you mean 'duty'?",
        "take button take-3: there is no place 'dorm2'; did you mean 'dorm-2'?",
    ]
    school.say("smoke-305", smoke="alarm")
    school.forward(5)
    press(school)
    assert results(school) == [("nobody_on_shift", "")]


def test_a_press_the_desk_fails_on_costs_no_alarm_of_the_same_batch(
    school: School, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise RuntimeError("ours")

    monkeypatch.setattr("alerts.delivery.pressing.hear", fails)
    said = json.dumps({"values": {"take": "pressed"}}).encode()
    school.publish("campus/take-3/reading", said, lane="all", turn=False)
    school.say("smoke-305", smoke="alarm")
    assert fire(school).open
    assert school.told("warden")
