"""Thinks. What has to be mended: found, owned, due, mended with evidence, rechecked by another, and back."""

from typing import Any

import msgspec
import pytest
from msgspec.structs import replace
from sqlalchemy import select

from alerts import audit
from alerts.alert import Acknowledged, Gone, Life, Verified
from alerts.delivery.notification import Lost
from alerts.desk import AnyFact
from alerts.hazards import hazardstore
from alerts.hazards.found import Found, of_failures
from alerts.hazards.hazard import Assigned, Hazard, Mended, Mending, Postponed, Rechecked, Term
from alerts.refusal import Refused
from alerts.tables import alert_log, hazard
from rules.verdict import Text
from tests.story.school import CAMPUS, School
from tocsin.database import Database

DAY = 86_400
OWNED = [{**one, "owner": "leader"} if one["id"] == "smoke-305" else one for one in CAMPUS["devices"]]


@pytest.fixture
def school(database: Database) -> School:
    return School(database, {**CAMPUS, "devices": OWNED})


def do(school: School, *facts: AnyFact) -> None:
    future = school.writer.apply(list(facts))
    school.turn()
    future.result(0)


def hazards(school: School, over: bool = False) -> list[Hazard]:
    with school.database.read() as conn:
        return hazardstore.every(conn, over)


def lines(school: School, number: int) -> list[str]:
    with school.database.read() as conn:
        wanted = select(alert_log.c.fact).where(alert_log.c.record == f"hazard/{number}")
        return list(conn.execute(wanted.order_by(alert_log.c.seq)).scalars())


def problems(school: School) -> list[str]:
    with school.database.read() as conn:
        return list(audit.problems(conn))


def wait(school: School, seconds: int) -> None:
    """Days pass at once: only what is due at their end."""
    school.moment += seconds * 1000
    school.turn()


def false_alarm(school: School, cause: str = "steam") -> None:
    school.say("smoke-305", smoke="alarm")
    alert = next(one for one in school.open() if one.life_safety)
    do(school, Acknowledged(alert.id, "warden"))
    do(school, Verified(alert.id, "warden", "false", cause))  # type: ignore[arg-type]
    school.say("smoke-305", smoke="normal")
    school.forward(60)  # until the rule says that it is over


def reminders(school: School) -> list[tuple[str, str]]:
    return [(text.person, text.short) for text in school.texts if text.purpose == "hazard"]


def test_a_false_alarm_leaves_a_hazard_that_falls_to_the_owner_of_the_device(school: School) -> None:
    false_alarm(school)
    (found,) = hazards(school)
    assert (found.subject, found.cause, found.source) == ("device/smoke-305", "steam", "false_alarm")
    assert (found.owner, found.found_by, found.alert) == ("leader", "warden", 1)
    assert found.life_safety
    assert found.due_at >= school.moment + 7 * DAY * 1000
    assert lines(school, found.id) == ["hazard_found"]
    assert problems(school) == []


def test_a_detector_that_chatters_is_one_alert_with_a_count_and_a_hazard(school: School) -> None:
    for _ in range(5):
        school.say("smoke-305", smoke="alarm")
        school.forward(3)
        school.say("smoke-305", smoke="normal")
        school.forward(3)
    (found,) = [one for one in hazards(school) if one.cause == "detector-chattering"]
    assert (found.source, found.device, found.owner) == ("rule", "smoke-305", "leader")
    assert [one.rule for one in school.open()].count("smoke-alarm") == 1


def test_it_is_over_when_it_was_mended_with_evidence_and_somebody_else_looked(school: School) -> None:
    false_alarm(school)
    with pytest.raises(Refused, match="Say what was done"):
        do(school, Mended(1, "leader", ""))
    with pytest.raises(Refused, match="not mended yet"):
        do(school, Rechecked(1, "warden", True))
    do(school, Mended(1, "leader", "moved it away from the shower"))
    with pytest.raises(Refused, match="somebody else must look"):
        do(school, Rechecked(1, "leader", True))
    do(school, Rechecked(1, "warden", True, "a hot shower: quiet"))
    assert hazards(school) == []
    (over,) = hazards(school, over=True)
    assert (over.life, over.mended_by, over.rechecked_by) == (Life.CLOSED, "leader", "warden")
    assert lines(school, 1) == ["hazard_found", "hazard_mended", "hazard_passed"]
    assert problems(school) == []


def test_the_same_cause_of_the_same_device_is_the_same_hazard_with_its_history(school: School) -> None:
    false_alarm(school)
    do(school, Mended(1, "leader", "moved it"), Rechecked(1, "warden", True))
    wait(school, 30 * DAY)
    false_alarm(school)
    (back,) = hazards(school)
    assert (back.id, back.times, back.reopened, back.evidence) == (1, 2, 1, "moved it")
    assert back.due_at > school.moment
    false_alarm(school, "insects")
    assert [one.cause for one in hazards(school)] == ["steam", "insects"], "another cause is another one"
    assert problems(school) == []


def test_an_overdue_hazard_is_told_to_its_owner_each_day_until_it_is_mended(school: School) -> None:
    false_alarm(school)
    (found,) = hazards(school)
    school.forget()
    wait(school, 6 * DAY)
    assert reminders(school) == []
    school.moment = found.due_at
    school.restart()
    school.turn()
    ((person, text),) = reminders(school)
    assert (person, text) == ("leader", "【隐患】2号宿舍楼 305室：误报：水汽，整改已逾期。编号H1")
    assert hazards(school)[0].term is Term.OVERDUE
    wait(school, DAY)
    wait(school, DAY)
    assert len(reminders(school)) == 3
    do(school, Postponed(1, "leader", school.moment + 9 * DAY * 1000, "the part is on order"))
    assert hazards(school)[0].term is Term.RUNNING
    wait(school, 2 * DAY)
    assert len(reminders(school)) == 3


def test_one_that_is_mended_and_that_nobody_rechecks_is_told_to_the_post(school: School) -> None:
    false_alarm(school)
    do(school, Mended(1, "leader", "moved it"))
    school.forget()
    wait(school, 9 * DAY)
    ((person, text),) = reminders(school)
    assert person == "warden"
    assert "复查已逾期" in text


def test_a_number_that_cannot_be_reached_is_a_hazard_of_the_post(school: School) -> None:
    school.say("smoke-305", smoke="alarm")
    lost = school.told("warden")
    failed = [Lost(row, "answered 404") for row in (*lost, *lost)]
    do(school, *of_failures(failed, school.house.directory, school.moment))
    (found,) = hazards(school)
    assert (found.subject, found.cause, found.owner) == ("contact/warden/phone", "undelivered", "duty")
    assert (found.source, found.life_safety, found.times) == ("delivery", True, 2 * len(lost))


def test_a_number_that_does_not_exist_is_one_hazard_of_whoever_keeps_the_roster(school: School) -> None:
    school.say("smoke-305", smoke="alarm")
    lost, directory = school.told("warden")[0], school.house.directory
    directory.persons["leader"] = replace(directory.persons["leader"], role="manager")
    dead = Lost(replace(lost, address="+8613800000001"), "code 30005: +8613800000001 is unknown", dead=True)
    other = Lost(replace(lost, address="+8613800000002"), "unknown", dead=True)
    do(school, *of_failures([dead, other, dead], directory, school.moment))
    first, second = sorted(hazards(school), key=lambda hazard: -hazard.times)
    assert (first.times, second.times) == (2, 1)
    assert (first.cause, first.owner) == ("dead_address", "leader")
    assert first.title.zh == "号码或地址不存在：李伟（phone）"
    assert first.note == "code 30005: … is unknown"
    assert "1380000000" not in f"{first}"


def test_what_an_owner_who_is_removed_had_is_the_posts(school: School) -> None:
    false_alarm(school)
    do(school, Gone("leader", "admin", "removed"))
    assert hazards(school)[0].owner == "duty"


def test_a_person_reports_a_hazard_and_gives_it_to_somebody(school: School) -> None:
    blocked = Found(
        0,
        "person",
        "",
        "dorm-2-305",
        "passage",
        "warden",
        school.moment,
        Text("通道堆物", "Blocked"),
        "bicycles",
    )
    do(school, blocked)
    (found,) = hazards(school)
    assert (found.owner, found.place, found.note) == ("duty", "dorm-2-305", "bicycles")
    do(school, Assigned(found.id, "warden", "leader"))
    assert hazards(school)[0].owner == "leader"
    with pytest.raises(Refused, match="no person, team or post nobody"):
        do(school, Assigned(found.id, "warden", "nobody"))
    with pytest.raises(Refused, match="Choose a place"):
        do(school, msgspec.structs.replace(blocked, place="moon"))
    with pytest.raises(Refused, match="no such hazard"):
        do(school, Mended(99, "warden", "done"))


def test_a_hazard_that_was_altered_beside_the_log_or_removed_is_found(school: School) -> None:
    false_alarm(school)
    do(school, Mended(1, "leader", "moved it"))
    changes: list[Any] = [hazard.update().values(mended_by="warden"), hazard.delete()]
    said = ["hazard 1: mended_by is 'warden', and the log says 'leader'", "its record was removed"]
    for change, expected in zip(changes, said, strict=True):
        with school.database.transaction() as tx:
            tx.execute(change)
        assert any(expected in problem for problem in problems(school))


def test_a_hazard_of_a_mended_thing_that_was_found_again_before_the_recheck_stands_again(
    school: School,
) -> None:
    false_alarm(school)
    do(school, Mended(1, "leader", "moved it"))
    false_alarm(school)
    (back,) = hazards(school)
    assert (back.mending, back.reopened) == (Mending.STANDING, 1)
