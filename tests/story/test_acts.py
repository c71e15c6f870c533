"""Thinks. What people do on one alert: verify first, in twos, hand over, follow the plan; and all at once."""

import threading
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import msgspec
import pytest
from ruamel.yaml import YAML
from sqlalchemy import select

import alerts
from alerts.alert import (
    Accepted,
    Acknowledged,
    Alert,
    Arrived,
    Closed,
    Declined,
    Fact,
    Gone,
    HandedOver,
    Joined,
    Raised,
    Reset,
    Shelved,
    Ticked,
    Verified,
)
from alerts.delivery import outbox
from alerts.duty import roster
from alerts.limits import LIMITS
from alerts.refusal import Refused
from alerts.tables import alert_log
from ingest import bilingual
from rules.verdict import Class, Text
from tests.story.school import CAMPUS, School
from tocsin import apply as applying
from tocsin.database import Database

PLANS = YAML(typ="safe").load(Path(alerts.__file__).parent / "standard" / "plans.yaml")


@pytest.fixture
def school(database: Database) -> School:
    return School(database, {**CAMPUS, **PLANS})


def taken(alert: int) -> Acknowledged:
    return Acknowledged(alert, "warden", "wall", "")


def confirmed(alert: int) -> Verified:
    return Verified(alert, "warden", "confirmed")  # type: ignore[arg-type]


def do(school: School, fact: Fact) -> None:
    future = school.writer.apply([fact])
    school.turn()
    future.result(0)


def purposes(school: School, person: str) -> list[str]:
    return [str(text.purpose) for text in school.told(person)]


def of_305(school: School) -> Alert:
    (alert,) = (alert for alert in school.open() if alert.device == "smoke-305" and alert.life_safety)
    return alert


def log(school: School, fact: str) -> list[dict[str, Any]]:
    with school.database.read() as conn:
        query = select(alert_log).where(alert_log.c.fact == fact).order_by(alert_log.c.seq)
        rows = conn.execute(query).mappings().all()
    return [{**row, "detail": msgspec.json.decode(row["detail"])} for row in rows]


# ---- verify first ------------------------------------------------------------------------------------------


def test_a_false_alarm_needs_a_cause_and_leaves_what_has_to_be_mended(school: School) -> None:
    school.say("smoke-305", smoke="alarm")
    school.act(taken)
    with pytest.raises(Refused, match="needs a cause"):
        school.act(lambda alert: Verified(alert, "warden", "false"))  # type: ignore[arg-type]
    (alert,) = school.open()
    future = school.writer.apply([Verified(alert.id, "warden", "false", "steam")])  # type: ignore[arg-type]
    school.turn()
    (found,) = future.result(0).found
    assert (found.alert, found.device, found.place) == (alert.id, "smoke-305", "dorm-2-305")
    assert (found.source, found.cause, found.by) == ("false_alarm", "steam", "warden")


def test_a_confirmed_alarm_tells_everybody_the_policy_names_at_once(school: School) -> None:
    school.say("smoke-305", smoke="alarm")
    school.act(taken)
    school.forget()
    school.act(confirmed)
    assert purposes(school, "warden") == purposes(school, "leader") == ["confirmed"]
    assert [str(text.purpose) for text in school.sirens()] == ["confirmed"]
    (text,) = school.told("leader")
    assert "已确认属实" in text.short
    assert "按预案处置" in text.body


def test_a_confirmed_alarm_is_told_although_it_is_shelved(school: School) -> None:
    school.say("smoke-305", smoke="alarm")
    school.act(taken)
    school.act(lambda alert: Verified(alert, "warden", "false", "steam"))  # type: ignore[arg-type]
    school.act(lambda alert: Shelved(alert, "warden", "known_work", school.moment + 600_000))
    school.forget()
    school.act(confirmed)
    assert purposes(school, "leader") == ["confirmed"]


def test_nobody_shelves_an_alarm_of_which_nobody_knows_that_it_is_false(school: School) -> None:
    school.say("smoke-305", smoke="alarm")
    school.act(taken)
    shelve = lambda alert: Shelved(alert, "warden", "known_work", school.moment + 600_000)  # noqa: E731
    with pytest.raises(Refused, match="not verified"):
        school.act(shelve)
    school.act(lambda alert: Verified(alert, "warden", "undetermined"))  # type: ignore[arg-type]
    with pytest.raises(Refused, match="not verified"):
        school.act(shelve)
    school.act(confirmed)
    with pytest.raises(Refused, match="confirmed to be real"):
        school.act(shelve)


def test_until_the_second_person_is_there_the_last_step_goes_on(school: School) -> None:
    school.say("smoke-305", smoke="alarm")
    school.act(taken)
    school.act(lambda alert: Arrived(alert, "warden"))
    school.act(confirmed)
    school.forget()
    school.forward(125)
    (text,) = school.told("leader")
    assert "还缺第二人" in text.short
    assert "第二人未到" in text.why
    number = of_305(school).id
    mine, theirs = (school.writer.apply([Joined(number, who)]) for who in ("warden", "leader"))
    school.turn()
    assert "must be somebody else" in str(mine.exception(0))
    assert theirs.exception(0) is None
    school.forget()
    school.forward(10 * 60)
    alert = of_305(school)
    assert not [text for text in school.texts if text.alert == alert.id]
    assert (alert.acknowledged_by, alert.joined_by) == ("warden", "leader")


def test_a_confirmed_fire_stays_open_for_the_second_person_although_it_is_out(school: School) -> None:
    school.say("smoke-305", smoke="alarm")
    school.act(taken)
    school.act(confirmed)
    number = of_305(school).id
    school.say("smoke-305", smoke="normal")
    school.forward(60)
    school.act(lambda alert: Reset(alert, "warden"))
    school.forget()
    school.forward(125)
    assert "还缺第二人" in school.told("leader")[0].short, "nobody is called any more"
    do(school, Joined(number, "leader"))
    assert number not in [one.id for one in school.open()]


def test_what_a_person_raised_and_confirmed_is_not_closed_by_one_alone(school: School) -> None:
    do(school, Raised("warden", "dorm-2", Text("着火", "Fire"), Class.ALARM))
    number = school.open()[0].id
    do(school, confirmed(number))
    with pytest.raises(Refused, match="second person"):
        do(school, Closed(number, "warden", "out"))
    do(school, Joined(number, "leader"))
    do(school, Closed(number, "warden", "out"))
    assert not school.open()


def test_what_a_person_raises_has_the_plan_that_they_chose(school: School) -> None:
    with pytest.raises(Refused, match="Choose a plan"):
        do(school, Raised("warden", "dorm-2", Text("病人", "Ill"), Class.ALARM, plan="dance"))
    do(school, Raised("warden", "dorm-2", Text("病人", "Ill"), Class.ALARM, plan="medical"))
    (alert,) = school.open()
    do(school, Ticked(alert.id, "warden", "reach"))
    assert [tick.step for tick in school.open()[0].ticks] == ["reach"]
    plan = school.house.directory.plan_for(alert, school.registry)
    assert plan is not None
    assert (plan.id, plan.call) == ("medical", "120")


def test_when_the_second_person_leaves_another_one_is_wanted_at_once(school: School) -> None:
    school.say("smoke-305", smoke="alarm")
    school.act(taken)
    school.act(confirmed)
    school.act(lambda alert: Joined(alert, "leader"))
    school.forward(300)
    school.forget()
    school.writer.apply([Gone("leader", "tocsin", "off_shift")])
    school.turn()
    assert "还缺第二人" in school.told("leader")[0].short


def test_a_second_person_who_accepts_the_handover_changes_places_with_the_first(school: School) -> None:
    school.say("smoke-305", smoke="alarm")
    school.act(taken)
    school.act(confirmed)
    school.act(lambda alert: Joined(alert, "leader"))
    school.act(lambda alert: HandedOver(alert, "warden", "leader"))
    school.act(lambda alert: Accepted(alert, "leader"))
    (alert,) = school.open()
    assert (alert.owner, alert.acknowledged_by, alert.joined_by) == ("leader", "leader", "warden")


def test_both_clocks_are_in_the_log(school: School) -> None:
    school.say("smoke-305", smoke="alarm")
    school.forward(40)
    school.act(taken)
    school.forward(20)
    school.act(confirmed)
    (line,) = log(school, "acknowledged")
    assert line["detail"]["clocks"] == {"alarm": 40_000}
    (line,) = log(school, "confirmed")
    assert line["detail"]["clocks"] == {"alarm": 60_000, "taken": 20_000}


def test_a_step_of_the_plan_is_ticked_once_by_name_and_time(school: School) -> None:
    school.say("smoke-305", smoke="alarm")
    school.act(taken)
    school.act(lambda alert: Ticked(alert, "warden", "call-119", "on the phone"))
    (alert,) = school.open()
    (tick,) = alert.ticks
    assert (tick.step, tick.by, tick.at) == ("call-119", "warden", school.moment)
    with pytest.raises(Refused, match="warden has ticked this step already"):
        school.act(lambda alert: Ticked(alert, "leader", "call-119"))
    with pytest.raises(Refused, match="no such step"):
        school.act(lambda alert: Ticked(alert, "leader", "call-the-army"))
    (line,) = log(school, "ticked")
    assert (line["by"], line["detail"]["step"], line["detail"]["note"]) == (
        "warden",
        "call-119",
        "on the phone",
    )


def test_the_plan_of_an_alert_is_that_of_the_hour_at_which_it_was_raised(school: School) -> None:
    directory, registry = school.house.directory, school.registry
    school.say("smoke-305", smoke="alarm")
    (evening,) = school.open()
    night = msgspec.structs.replace(evening, raised_at=evening.raised_at + 4 * 3_600_000)
    names = [plan.id for one in (evening, night) if (plan := directory.plan_for(one, registry))]
    assert names == ["fire", "fire-night"]


# ---- the promise -------------------------------------------------------------------------------------------


def test_a_promise_that_ran_out_says_who_had_promised(school: School) -> None:
    school.say("smoke-305", smoke="alarm")
    school.act(taken)
    school.forget()
    school.forward(5 * 60 + 1)
    (text,) = (text for text in school.told("warden") if text.purpose == "lapsed")
    assert "李伟受理后超时" in text.short
    assert bilingual.told(text.why, "zh") == "李伟 受理后未在时限内到场或核实"


def test_a_second_activation_after_it_was_taken_says_so(school: School) -> None:
    school.say("call-3", call_point="alarm")
    school.act(taken)
    school.forget()
    school.say("call-3", call_point="alarm", pressed=2)
    school.say("call-3", call_point="normal")
    school.say("call-3", call_point="alarm")
    text = school.told("warden")[0]
    assert text.purpose == "again"
    assert "第2次" in text.short
    assert bilingual.told(text.why, "zh") == "受理后再次发生：第 2 次"


def test_what_has_returned_to_normal_untaken_stays_open_and_its_texts_say_so(school: School) -> None:
    school.say("smoke-305", smoke="alarm")
    school.say("smoke-305", smoke="normal")
    school.forward(65)
    (alert,) = school.open()
    assert (alert.activity, alert.acknowledgement) == ("normal", "no")
    (text,) = school.told("leader")
    assert "现已恢复正常" in text.short


def test_a_reset_is_refused_while_the_cause_stands(school: School) -> None:
    school.say("call-3", call_point="alarm")
    school.act(taken)
    with pytest.raises(Refused, match="The cause still stands"):
        school.act(lambda alert: Reset(alert, "warden"))


# ---- ownership ---------------------------------------------------------------------------------------------


def offered(school: School) -> None:
    school.say("smoke-305", smoke="alarm")
    school.act(taken)
    school.act(lambda alert: Arrived(alert, "warden"))
    school.forget()
    school.act(lambda alert: HandedOver(alert, "warden", "leader"))


def test_a_handover_is_the_others_only_when_they_accept_it(school: School) -> None:
    offered(school)
    assert purposes(school, "leader") == ["offered"]
    assert school.open()[0].owner == "warden"
    school.act(lambda alert: Accepted(alert, "leader"))
    assert school.open()[0].owner == "leader"


def test_a_handover_that_is_declined_is_told_to_its_owner(school: School) -> None:
    offered(school)
    school.act(lambda alert: Declined(alert, "leader"))
    assert purposes(school, "warden") == ["declined"]
    assert school.open()[0].owner == "warden"


def test_a_handover_that_nobody_accepts_bounces_and_escalates(school: School) -> None:
    offered(school)
    school.forget()
    school.forward(2 * 60 + 1)
    assert "bounced" in purposes(school, "warden")
    assert school.open()[0].owner == "warden"
    school.forward(61)
    assert purposes(school, "leader") == ["escalate"]


@pytest.mark.parametrize("what", ["removed", "off_shift"])
def test_what_its_owner_leaves_is_the_posts_again_and_sounds(school: School, what: Any) -> None:
    offered(school)
    school.act(lambda alert: Declined(alert, "leader"))
    school.forget()
    school.writer.apply([Gone("warden", "tocsin", what)])
    school.turn()
    (alert,) = school.open()
    assert (alert.ownership, alert.owner, alert.left_by) == ("post", "duty", "warden")
    (text,) = school.told("warden")
    assert text.purpose == "gone"
    assert bilingual.told(text.why, "zh") == "责任人已离开，退回值班室"
    school.forward(61)
    assert purposes(school, "leader") == ["escalate"]
    school.act(lambda alert: Acknowledged(alert, "leader"))
    (alert,) = school.open()
    assert (alert.ownership, alert.owner, alert.left_by) == ("owned", "leader", "")


def test_who_is_struck_from_the_registry_while_nothing_runs_owns_nothing_when_it_runs_again(
    school: School,
) -> None:
    school.say("smoke-305", smoke="alarm")
    school.act(taken)
    with school.database.transaction() as tx:
        people = roster.load(tx)
        left = [one for one in people.persons.values() if one.id != "warden"]
        posts = [msgspec.structs.replace(post, order=("leader",)) for post in people.posts.values()]
        roster.replace(tx, left, (), posts, people.policies, people.plans)
        where = ("Asia/Shanghai", "CN")
        applying.befall(tx, people, ["phone", "siren"], where, LIMITS, school.moment)
        outbox.release_all(tx, school.moment)
        owed = outbox.claim(tx, school.moment, {"phone": 10, "siren": 0})
    school.restart()
    (alert,) = school.open()
    assert (alert.ownership, alert.owner, alert.left_by) == ("post", "duty", "warden")
    assert [(row.person, str(row.purpose)) for row in owed] == [("leader", "gone")]


def test_whoever_leaves_who_has_no_part_in_any_alert_changes_nothing(school: School) -> None:
    offered(school)
    (before,) = school.open()
    school.writer.apply([Gone("nobody", "tocsin", "removed"), Gone("", "tocsin", "removed")])
    school.turn()
    assert school.open() == [before]


# ---- all at the same moment --------------------------------------------------------------------------------


def test_two_people_and_a_machine_at_one_moment_leave_one_owner_and_no_step_that_waits(
    school: School,
) -> None:
    school.say("smoke-305", smoke="alarm")
    for _ in range(5):
        results = acted_at_once(school, of_305(school).id)
        now = of_305(school)
        won = [person for person, future in results.items() if future.exception() is None]
        lost = [problem for future in results.values() if (problem := future.exception())]
        assert won == [now.owner]
        assert [str(problem) for problem in lost] == [f"{now.owner} has taken it already."]
        school.restart()
        school.forget()
        school.forward(100)
        assert not [t for t in school.texts if t.alert == now.id and t.purpose == "escalate"]
        school.say("smoke-305", smoke="normal")
        school.forward(60)
        school.say("smoke-305", smoke="alarm")  # it is for somebody to take again


def acted_at_once(school: School, number: int) -> dict[str, Future[Any]]:
    """On the writer's own thread: two take it while its detector reports and its next step comes due."""
    ready, found = threading.Barrier(4), dict[str, Future[Any]]()

    def take(person: str) -> None:
        ready.wait()
        found[person] = school.writer.apply([Acknowledged(number, person, "wall", "")])

    def report() -> None:
        ready.wait()
        school.moment += 60_000
        school.publish("campus/smoke-306/reading", b'{"values": {"smoke": "normal"}}', turn=False)

    threads = [threading.Thread(target=take, args=(person,)) for person in ("warden", "leader")]
    threads.append(threading.Thread(target=report))
    school.writer.start()
    for thread in threads:
        thread.start()
    ready.wait()
    for thread in threads:
        thread.join(20)
    for future in found.values():
        future.exception(20)
    school.writer.stop()
    return found
