"""Thinks. Drills and tests: who hears of them, what breaks through, how they end, and what they show."""

from typing import Any

import pytest
from sqlalchemy import select, update

from alerts import audit, desk
from alerts.alert import Acknowledged, Alert, MadeReal, Mode, Raised, Reset, Shelved, Verified
from alerts.delivery.notification import Notification
from alerts.drills import drillstore
from alerts.drills.drill import Drill, DrillAgreed, DrillDeclared, DrillEnded, Ending
from alerts.hazards import hazardstore
from alerts.refusal import Refused
from alerts.tables import alert_log
from alerts.tables import drill as table
from ingest.campus.device import OWN
from rules.verdict import Class, Text
from tests.story.school import CAMPUS, School
from tocsin.database import Database

MINUTE = 60
MORE: list[dict[str, Any]] = [
    {"id": "smoke-305b", "kind": "smoke_detector", "place": "dorm-2-305", "zone": "dorm-2-z1"},
    {"id": "heat-305", "kind": "heat_detector", "place": "dorm-2-305", "zone": "dorm-2-z1"},
    {"id": "call-305", "kind": "call_point", "place": "dorm-2-305"},
    {"id": "lab-smoke", "kind": "smoke_detector", "place": "lab"},
]
THIRD = {
    "id": "principal",
    "zh": "周涛",
    "en": "Zhou Tao",
    "contacts": [{"channel": "phone", "address": "3"}],
}


@pytest.fixture
def school(database: Database) -> School:
    """Two buildings. The warden is on duty; the leader and the principal come after 60 s."""
    lab = {"id": "lab", "zh": "实验楼", "en": "Laboratories", "parent": "campus"}
    also = {"after": "60s", "notify": [{"person": "leader"}, {"person": "principal"}]}
    (fire,) = CAMPUS["policies"]
    policy = {**fire, "steps": [fire["steps"][0], also]}
    return School(
        database,
        {
            **CAMPUS,
            "places": [*CAMPUS["places"], lab],
            "devices": [*CAMPUS["devices"], *MORE],
            "persons": [*CAMPUS["persons"], THIRD],
            "policies": [policy],
        },
    )


def of_room(**other: Any) -> DrillDeclared:
    """Room 305, its smoke detector, for twenty minutes, with the warden."""
    said: dict[str, Any] = {
        "by": "leader",
        "mode": Mode.DRILL,
        "title": "305 室疏散",
        "places": ("dorm-2-305",),
        "kinds": ("smoke_detector", "call_point"),
        "minutes": 20,
        "people": ("warden",),
        "points": ("smoke-305",),
        "zones": ("dorm-2-z1",),
    }
    return DrillDeclared(**said | other)


def do(school: School, fact: desk.AnyFact) -> None:
    future = school.writer.apply([fact])
    school.turn()
    future.result(0)


def refused(school: School, fact: desk.AnyFact) -> str:
    with pytest.raises(Refused) as caught:
        do(school, fact)
    return caught.value.text.en


def declared(school: School, fact: DrillDeclared | None = None) -> None:
    school.forward(5)  # devices' clocks count whole milliseconds: nothing begins in the moment of the start
    do(school, fact or of_room())
    school.forward(5)


def drill(school: School, number: int = 1) -> Drill:
    with school.database.read() as conn:
        found = drillstore.read(conn, number)
    assert found is not None
    return found


def of(school: School, device: str) -> Alert:
    (alert,) = (one for one in school.open() if one.device == device and one.subject.startswith(device))
    return alert


def texts(school: School) -> list[Notification]:
    """Without what Tocsin says of itself: here no loop message is ever sent."""
    return [text for text in school.texts if text.facts["device"] != OWN]


def standing(school: School) -> list[Alert]:
    return [one for one in school.open() if one.device != OWN]


def people(school: School) -> set[str]:
    return {text.person for text in texts(school) if text.person}


def everybody_hears(school: School, device: str) -> None:
    """It is an alarm as on any other day."""
    alert = of(school, device)
    assert alert.mode is Mode.REAL
    school.forward(61)
    mine = [text for text in school.texts if text.alert == alert.id]
    assert {text.person for text in mine if text.person} == {"warden", "leader", "principal"}
    assert any(text.channel == "siren" for text in mine)
    assert not any("【" in text.short for text in mine)


def test_in_a_drill_only_those_who_take_part_are_told_and_every_message_says_drill(school: School) -> None:
    declared(school)
    school.say("smoke-305", smoke="alarm")
    school.forward(5 * MINUTE)
    do(school, Acknowledged(of(school, "smoke-305").id, "warden"))
    school.say("smoke-305", smoke="normal")
    school.forward(1 * MINUTE)
    assert people(school) == {"warden"}
    assert len(texts(school)) > 2
    for text in texts(school):
        for said in (text.short, text.title, text.body):
            assert said.startswith("【演练】"), said
    assert school.sirens() == []


def test_sirens_sound_in_a_drill_only_where_it_was_declared_so_and_a_test_says_test(school: School) -> None:
    declared(school, of_room(mode=Mode.TEST, sirens=True, people=("principal",)))
    school.say("smoke-305", smoke="alarm")
    school.forward(10)
    assert people(school) == {"principal"}, "he hears of it although the first step is another's"
    (siren,) = school.sirens()
    assert siren.facts["mode"] == "test"
    assert all(text.body.startswith("【测试】") for text in texts(school))


def test_what_lies_outside_its_places_is_real(school: School) -> None:
    declared(school)
    school.say("lab-smoke", smoke="alarm")
    school.say("smoke-306", smoke="alarm")
    everybody_hears(school, "lab-smoke")
    assert of(school, "smoke-306").mode is Mode.REAL


def test_another_kind_of_device_or_another_class_inside_it_is_real(school: School) -> None:
    declared(school)
    school.say("heat-305", heat="alarm")
    school.say("smoke-305b", smoke="prealarm")
    assert of(school, "smoke-305b").mode is Mode.REAL
    everybody_hears(school, "heat-305")


def test_a_call_point_that_was_not_listed_is_real_and_one_that_was_is_not(school: School) -> None:
    declared(school)
    school.say("call-305", call_point="alarm")
    everybody_hears(school, "call-305")
    school.say("call-305", call_point="normal")
    do(school, DrillEnded(1, "leader"))
    for alert in standing(school):
        do(school, Acknowledged(alert.id, "warden"))
    declared(school, of_room(points=("call-305",), zones=()))
    school.say("smoke-305b", smoke="alarm")
    assert of(school, "smoke-305b").mode is Mode.DRILL


def test_a_listed_call_point_is_part_of_the_drill(school: School) -> None:
    declared(school, of_room(points=("call-305",)))
    school.say("call-305", call_point="alarm")
    assert of(school, "call-305").mode is Mode.DRILL


def test_a_second_detector_of_a_zone_that_was_not_scheduled_is_real_and_makes_the_first_one_real(
    school: School,
) -> None:
    declared(school, of_room(zones=()))
    school.say("smoke-305", smoke="alarm")
    assert of(school, "smoke-305").mode is Mode.DRILL
    school.forget()
    school.say("smoke-305b", smoke="alarm")
    everybody_hears(school, "smoke-305b")
    first = of(school, "smoke-305")
    assert first.mode is Mode.REAL
    assert any(text.alert == first.id and text.person == "leader" for text in school.texts)
    (confirmed,) = (one for one in school.open() if one.rule == "fire-confirmed")
    assert confirmed.mode is Mode.REAL


def test_in_a_zone_that_was_scheduled_several_may_speak(school: School) -> None:
    declared(school)
    school.say("smoke-305", smoke="alarm")
    school.say("smoke-305b", smoke="alarm")
    school.forward(90)
    assert {one.mode for one in standing(school)} == {Mode.DRILL}
    assert {one.rule for one in standing(school)} >= {"fire-confirmed"}
    assert people(school) == {"warden"}


def test_a_confirmation_in_which_another_kind_has_a_part_is_real(school: School) -> None:
    declared(school)
    school.say("smoke-305", smoke="alarm")
    school.say("heat-305", heat="alarm")
    (confirmed,) = (one for one in school.open() if one.rule == "fire-confirmed")
    assert confirmed.mode is Mode.REAL
    assert of(school, "smoke-305").mode is Mode.DRILL


def test_what_people_raise_and_what_tocsin_says_of_itself_is_always_real(school: School) -> None:
    declared(school)
    do(school, Raised("warden", "dorm-2-305", Text("烟", "smoke"), Class.ALARM))
    (alert,) = standing(school)
    assert alert.mode is Mode.REAL


def test_what_began_before_the_drill_is_real_and_stays_so(school: School) -> None:
    school.say("smoke-305", smoke="alarm")
    declared(school)
    school.say("smoke-305", smoke="alarm")
    assert of(school, "smoke-305").mode is Mode.REAL
    everybody_hears(school, "smoke-305")


def test_a_planned_drill_counts_from_its_start(school: School) -> None:
    start = school.moment + 10 * 60_000
    do(school, of_room(starts_at=start))
    school.say("smoke-305", smoke="alarm")
    assert of(school, "smoke-305").mode is Mode.REAL
    school.say("smoke-305", smoke="normal")
    do(school, Acknowledged(of(school, "smoke-305").id, "warden"))
    do(school, Verified(of(school, "smoke-305").id, "warden", "false", "steam"))  # type: ignore[arg-type]
    school.forward(30)
    do(school, Reset(of(school, "smoke-305").id, "warden"))
    school.forward(11 * MINUTE)
    assert not [one for one in school.open() if one.device == "smoke-305"]
    school.say("smoke-305", smoke="alarm")
    assert of(school, "smoke-305").mode is Mode.DRILL
    assert of(school, "smoke-305").drill_until == start + 20 * 60_000


def test_a_drill_of_a_whole_building_counts_only_when_a_second_person_has_agreed(school: School) -> None:
    declared(school, of_room(places=("dorm-2",), zones=("dorm-2-z1", "dorm-2-z2")))
    school.say("smoke-305", smoke="alarm")
    assert of(school, "smoke-305").mode is Mode.REAL
    assert "Somebody else" in refused(school, DrillAgreed(1, "leader"))
    do(school, DrillAgreed(1, "warden"))
    school.forward(5)
    school.say("smoke-306", smoke="alarm")
    assert of(school, "smoke-306").mode is Mode.DRILL
    assert of(school, "smoke-305").mode is Mode.REAL, "it was before"
    assert "nobody else" in refused(school, DrillAgreed(1, "principal"))


def test_a_drill_to_which_nobody_agrees_ends_without_ever_having_counted(school: School) -> None:
    declared(school, of_room(places=("dorm-2",)))
    school.forward(21 * MINUTE)
    assert drill(school).ending is Ending.NEVER
    with school.database.read() as conn:
        assert hazardstore.every(conn) == []


def test_what_still_stands_when_the_drill_ends_is_real_at_once_and_told_as_such(school: School) -> None:
    declared(school)
    school.say("smoke-305", smoke="alarm")
    school.say("smoke-305b", smoke="alarm")
    school.say("smoke-305b", smoke="normal")
    do(school, Acknowledged(of(school, "smoke-305").id, "warden"))
    school.forward(19 * MINUTE)
    school.forget()
    school.forward(2 * MINUTE)
    alert = of(school, "smoke-305")
    assert alert.mode is Mode.REAL
    assert not alert.acknowledged, "it was taken as a drill"
    assert {"warden", "leader", "principal"} <= people(school)
    first = next(text for text in school.texts if text.alert == alert.id)
    assert first.purpose == "real"
    assert "这不是演练" in first.short
    assert "【" not in first.short
    assert school.sirens()
    assert not [one for one in school.open() if one.device == "smoke-305b"], "what is normal closes with it"
    assert all(one.mode is Mode.REAL for one in standing(school))


def test_the_end_comes_after_a_restart_too(school: School) -> None:
    declared(school)
    school.say("smoke-305", smoke="alarm")
    school.forward(60)
    school.restart()
    school.say("smoke-305b", smoke="alarm")
    assert of(school, "smoke-305b").mode is Mode.DRILL
    school.moment += 30 * 60_000  # nothing ran meanwhile
    school.forget()
    school.restart()
    school.forward(2)
    assert {one.mode for one in standing(school)} == {Mode.REAL}
    assert any(text.purpose == "real" for text in school.told("warden"))
    assert drill(school).ended_at == school.moment - 1000


def test_a_drill_can_be_ended_early_and_then_nothing_new_counts_as_drill(school: School) -> None:
    declared(school)
    school.say("smoke-305", smoke="alarm")
    do(school, DrillEnded(1, "warden"))
    assert of(school, "smoke-305").mode is Mode.REAL
    school.say("smoke-305b", smoke="alarm")
    assert of(school, "smoke-305b").mode is Mode.REAL
    assert drill(school).ending is Ending.DONE
    assert "over" in refused(school, DrillEnded(1, "warden"))


def test_a_shelf_of_the_drill_hides_nothing_that_became_real(school: School) -> None:
    declared(school)
    school.say("smoke-305", smoke="alarm")
    number = of(school, "smoke-305").id
    do(school, Acknowledged(number, "warden"))
    do(school, Verified(number, "warden", "false", "steam"))  # type: ignore[arg-type]
    do(school, Shelved(number, "warden", "known_work", school.moment + 50 * 60_000))
    school.forget()
    do(school, DrillEnded(1, "warden"))
    everybody_hears(school, "smoke-305")


def test_whoever_says_that_it_is_real_ends_the_drill(school: School) -> None:
    declared(school)
    school.say("smoke-305", smoke="alarm")
    school.say("smoke-305b", smoke="alarm")
    school.forget()
    do(school, MadeReal(of(school, "smoke-305").id, "warden"))
    assert {one.mode for one in standing(school)} == {Mode.REAL}
    assert drill(school).ending is Ending.REAL
    everybody_hears(school, "smoke-305")
    with school.database.read() as conn:
        assert hazardstore.every(conn) == [], "nobody is judged by a drill that a fire has ended"


def test_what_cannot_be_written_is_real_although_a_drill_runs(school: School) -> None:
    declared(school)
    with school.outage():
        school.say("smoke-305", smoke="alarm")
        school.forward(70)
        assert {"warden", "leader", "principal"} <= people(school)
        assert all("【演练】" not in text.short for text in texts(school))
        assert school.sirens()


def test_a_drill_that_ends_while_nothing_can_be_written_ends_all_the_same(school: School) -> None:
    declared(school)
    school.say("smoke-305", smoke="alarm")
    school.forget()
    with school.outage():
        school.forward(19 * MINUTE)
        assert people(school) <= {"warden"}
        school.forget()
        school.forward(3 * MINUTE)
        assert {"warden", "leader", "principal"} <= people(school)
        assert any("【未记录】" in text.short and "这不是演练" in text.short for text in school.texts)
    school.forward(10)
    assert of(school, "smoke-305").mode is Mode.REAL


def test_points_that_were_to_speak_and_did_not_are_hazards_and_the_record_says_which(school: School) -> None:
    declared(school, of_room(points=("smoke-305", "smoke-305b", "call-305")))
    school.say("smoke-305", smoke="alarm")
    school.say("smoke-305", smoke="normal")
    school.say("call-305", call_point="alarm")
    school.forward(21 * MINUTE)
    done = drill(school)
    assert done.ending is Ending.DONE
    assert done.spoke == ("smoke-305", "call-305")
    assert done.silent == ("smoke-305b",)
    with school.database.read() as conn:
        (hazard,) = hazardstore.every(conn)
        lines = list(
            conn.execute(select(alert_log.c.fact, alert_log.c.by).where(alert_log.c.record == "drill/1"))
        )
    assert (hazard.device, hazard.source, hazard.life_safety) == ("smoke-305b", "drill", True)
    assert [(line.fact, line.by) for line in lines] == [
        ("drill_declared", "leader"),
        ("drill_ended", "tocsin"),
    ]


def test_a_drill_that_was_broken_off_judges_nobody(school: School) -> None:
    declared(school)
    do(school, DrillEnded(1, "leader", broken_off=True))
    assert drill(school).ending is Ending.BROKEN_OFF
    with school.database.read() as conn:
        assert hazardstore.every(conn) == []


def test_a_false_alarm_of_a_drill_is_no_hazard(school: School) -> None:
    declared(school)
    school.say("smoke-305", smoke="alarm")
    number = of(school, "smoke-305").id
    do(school, Acknowledged(number, "warden"))
    do(school, Verified(number, "warden", "false", "steam"))  # type: ignore[arg-type]
    with school.database.read() as conn:
        assert hazardstore.every(conn) == []


def test_a_record_that_was_altered_is_found(school: School) -> None:
    declared(school, of_room(points=("smoke-305", "smoke-305b")))
    school.say("smoke-305", smoke="alarm")
    school.forward(21 * MINUTE)
    with school.database.transaction() as tx:
        assert list(audit.problems(tx)) == []
        tx.execute(update(table).values(spoke='["smoke-305","smoke-305b"]'))
        (problem,) = audit.problems(tx)
    assert problem.startswith("drill 1: spoke is")


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"minutes": 61}, "1 to 60"),
        ({"minutes": 0}, "1 to 60"),
        ({"places": ()}, "place"),
        ({"places": ("moon",)}, "place"),
        ({"kinds": ("service",)}, "kinds"),
        ({"zones": ("z9",)}, "zones"),
        ({"people": ()}, "takes part"),
        ({"people": ("nobody",)}, "no person"),
        ({"points": ("lab-smoke",)}, "outside"),
        ({"points": ("heat-305",)}, "kind"),
        ({"points": ("smoke-305", "smoke-305b"), "zones": ()}, "zone"),
        ({"title": " "}, "reason"),
        ({"starts_at": 1}, "after now"),
        ({"mode": Mode.REAL}, "drill or test"),
    ],
)
def test_a_drill_that_cannot_be_is_refused_with_a_sentence(
    school: School, wrong: dict[str, Any], why: str
) -> None:
    assert why in refused(school, of_room(**wrong))
