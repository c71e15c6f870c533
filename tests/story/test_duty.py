"""Thinks. Shifts and open alerts: who is told when, what happens to an alert when its owner goes home."""

import copy
import json
from typing import Any

import msgspec
import pytest
from sqlalchemy import select

from alerts.alert import Acknowledged, Ownership
from alerts.duty import roster
from alerts.duty.people import Contact, Directory, Person, Policy, Step, Target
from alerts.duty.shift import Override
from alerts.limits import LIMITS
from alerts.tables import alert_log
from tests.story.school import CAMPUS, School
from tocsin import apply as applying
from tocsin.campus import people_again
from tocsin.database import Database
from tocsin.hand_over import apply_facts

MINUTE = 60
TO_CHANGE = 3 * MINUTE  # seconds from the start of the story to the change of shifts, at 19:13


@pytest.fixture
def school(database: Database) -> School:
    campus: dict[str, Any] = copy.deepcopy(CAMPUS)
    campus["persons"].append(
        {"id": "night", "zh": "张强", "en": "Night", "contacts": [{"channel": "phone", "address": "3"}]}
    )
    campus["posts"] = [
        {
            "id": "duty",
            "zh": "值班室",
            "shifts": [
                {"from": "08:00", "to": "19:13", "who": ["warden"]},
                {"from": "19:13", "to": "08:00", "who": ["night"]},
            ],
        }
    ]
    made = School(database, campus)
    made.turn()
    return made


def taken(alert: int) -> Acknowledged:
    return Acknowledged(alert, "warden", "wall", "")


def lines(school: School, fact: str) -> list[dict[str, Any]]:
    with school.database.read() as conn:
        found = conn.execute(select(alert_log).where(alert_log.c.fact == fact).order_by(alert_log.c.seq))
        return [{**json.loads(row.detail), "by": row.by} for row in found]


def changed(school: School, people: Directory, by: str = "admin") -> None:
    """Somebody changes people and policies while the service runs."""

    def write(tx: Any) -> Any:
        everybody = people.persons, people.teams, people.posts
        roster.replace(tx, *(part.values() for part in everybody), people.policies)
        facts = people_again(school.house, tx, ("phone", "siren"), "Asia/Shanghai", school.moment, by)
        return apply_facts(school.house, tx, facts, school.moment)

    school.writer.act(write)
    school.turn()


def with_policy(school: School, policy: Policy) -> Directory:
    known = school.house.directory
    return Directory(known.persons.values(), known.teams.values(), known.posts.values(), [policy])


def test_who_is_on_shift_is_told_and_after_the_change_it_is_the_next(school: School) -> None:
    assert school.house.directory.duty("duty", school.moment).until == school.moment + TO_CHANGE * 1000
    school.say("smoke-305", smoke="alarm")
    assert (len(school.told("warden")), len(school.told("night"))) == (1, 0)
    school.forward(TO_CHANGE)
    school.forget()
    school.say("smoke-306", smoke="alarm")
    assert [text.facts["device"] for text in school.told("night")] == ["smoke-306"]


def test_when_the_owner_goes_off_shift_the_post_has_it_again_and_whoever_is_there_now_is_told(
    school: School,
) -> None:
    school.say("smoke-305", smoke="alarm")
    school.act(taken)
    school.forget()
    school.forward(TO_CHANGE - 1)
    assert not [text for text in school.texts if text.life_safety]
    school.forward(1)
    alert = next(alert for alert in school.open() if alert.life_safety)
    assert (alert.ownership, alert.owner, alert.left_by) == (Ownership.POST, "duty", "warden")
    assert [text.life_safety for text in school.told("night")] == [True]


def test_who_went_off_shift_while_nothing_ran_is_found_at_the_next_start(school: School) -> None:
    school.say("smoke-305", smoke="alarm")
    school.act(taken)
    school.moment += (TO_CHANGE + 5) * 1000
    school.forget()
    school.restart()
    school.turn()
    assert school.open()[0].ownership is Ownership.POST
    assert school.told("night")


def test_who_is_sent_home_by_a_change_of_the_roster_leaves_what_they_own(school: School) -> None:
    school.say("smoke-305", smoke="alarm")
    school.act(taken)
    school.forget()
    post = school.house.directory.posts["duty"]
    today = Override("2026-11-18", ("night",), "", "warden")
    known = school.house.directory
    posts = [msgspec.structs.replace(post, overrides=(today,))]
    changed(school, Directory(known.persons.values(), (), posts, known.policies))
    assert school.open()[0].owner == "duty"
    assert school.told("night")


def test_a_person_who_is_deleted_owns_nothing_any_more(school: School) -> None:
    school.say("smoke-305", smoke="alarm")
    school.act(taken)
    known = school.house.directory
    staff = [person for person in known.persons.values() if person.id != "warden"]
    changed(school, Directory(staff, (), known.posts.values(), known.policies))
    assert school.open()[0].owner != "warden"


def test_a_policy_that_changes_while_an_alert_is_open_holds_from_its_next_step_and_is_logged(
    school: School,
) -> None:
    school.say("smoke-305", smoke="alarm")
    school.forward(10)
    first = Step(0, (Target("post", "duty"),))
    changed(
        school,
        with_policy(school, Policy("fire", steps=(first, Step(20_000, (Target("person", "leader"),))))),
    )
    (line,) = lines(school, "rerouted")
    assert (line["was"], line["tells"], line["by"]) == ("fire", ["leader"], "admin")
    school.forward(9)
    assert not school.told("leader")
    school.forward(1)
    assert len(school.told("leader")) == 1


def test_a_policy_that_changes_while_nothing_runs_is_stated_and_holds_when_it_runs_again(
    school: School,
) -> None:
    school.say("smoke-305", smoke="alarm")
    school.forward(10)
    first, second = Step(0, (Target("post", "duty"),)), Step(20_000, (Target("person", "leader"),))
    before = school.house.directory
    after = with_policy(school, Policy("fire", steps=(first, second)))
    with school.database.transaction() as tx:
        roster.replace(
            tx,
            after.persons.values(),
            after.teams.values(),
            after.posts.values(),
            after.policies,
            after.plans,
        )
        where = ("Asia/Shanghai", "CN")
        applying.befall(tx, before, ["phone", "siren"], where, LIMITS, school.moment)
    (line,) = lines(school, "rerouted")
    assert (line["was"], line["tells"]) == ("fire", ["leader"])
    school.restart()
    school.forward(9)
    assert not school.told("leader")
    school.forward(1)
    assert len(school.told("leader")) == 1


def test_a_change_that_means_nothing_for_an_open_alert_is_not_written_to_it(school: School) -> None:
    school.say("smoke-305", smoke="alarm")
    known = school.house.directory
    more = Person("new", "新", "New", "zh", (Contact("phone", "9"),))
    changed(school, Directory([*known.persons.values(), more], (), known.posts.values(), known.policies))
    assert not lines(school, "rerouted")
