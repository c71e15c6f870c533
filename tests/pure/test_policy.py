"""Policies by hour and role, teams told in turn, quiet hours, expired numbers; open alerts rerouted."""

from alerts.alert import Acknowledged, Alert, Effect, Rerouted
from alerts.delivery.message import Purpose
from alerts.duty.escalation import climb, escalate, personal
from alerts.duty.hours import When
from alerts.duty.people import Contact, Directory, Match, Person, Policy, Post, Step, Target, Team
from alerts.duty.routing import problems
from alerts.duty.shift import Shift
from alerts.lifecycle import step
from alerts.placing import placed
from alerts.reroute import due, rerouted
from ingest.campus.calendar import Calendar
from rules.verdict import Class
from tests.fakes.campus import FIRE, HOUR, MINUTE, SECOND, raised, registry
from tests.pure.test_rota import at
from tocsin import campusfile, campusrows
from tocsin.document import Document

CAMPUS = registry()
NOON, NIGHT = at("2026-11-20T12:00"), at("2026-11-20T23:00")
CN = Calendar("Asia/Shanghai", "none")


def person(id: str, **more: object) -> Person:
    return Person(id, id, id, "zh", (Contact("sms", id),), **more)  # type: ignore[arg-type]


def people(*policies: Policy, posts: tuple[Post, ...] = (), persons: tuple[Person, ...] = ()) -> Directory:
    staff = persons or (person("li"), person("wang"), person("zhang"), person("boss"))
    team = Team("guards", "保安", "Guards", ("li", "wang", "zhang"))
    return Directory(staff, [team], posts, policies, ("sms",), calendar=CN)


def trouble(now: int = NOON) -> Alert:
    made = raised(alert_class=Class.TROUBLE, moment=now)
    return placed(made, CAMPUS)


def fire(now: int = NOON) -> Alert:
    return placed(raised(moment=now), CAMPUS)


def climbed(alert: Alert, directory: Directory, *moments: int) -> list[tuple[int, list[str]]]:
    """Who is told at which second of the ladder."""
    policy = directory.policy_for(alert, CAMPUS, alert.raised_at)
    found = escalate(alert, [Effect.RAISED], policy, directory, alert.raised_at, alert.raised_at)
    told = [(0, [call.person.id for call in found.calls if call.person])]
    for seconds in moments:
        found = climb(found.alert, policy, directory, alert.raised_at + seconds * SECOND)
        told.append((seconds, [call.person.id for call in found.calls if call.person]))
    return [(seconds, names) for seconds, names in told if names]


def test_a_policy_is_chosen_by_the_hour_at_which_its_ladder_starts() -> None:
    night = Policy("night", Match(hours=(When(start="22:00", end="06:00"),)), FIRE.steps)
    both = people(night, Policy("day", steps=FIRE.steps))
    assert both.policy_for(fire(), CAMPUS, NOON).id == "day"
    assert both.policy_for(fire(), CAMPUS, NIGHT).id == "night"
    assert both.policy_for(fire(), CAMPUS, at("2026-11-20T05:59")).id == "night"


def test_a_ladder_that_has_started_stays_with_its_policy_when_the_hour_passes() -> None:
    night = Policy("night", Match(hours=(When(start="22:00", end="06:00"),)), FIRE.steps)
    both = people(night, Policy("day", steps=FIRE.steps))
    started = escalate(fire(NIGHT), [Effect.RAISED], night, both, NIGHT, NIGHT).alert
    assert both.policy_for(started, CAMPUS).id == "night"
    assert both.policy_for(started, CAMPUS, NIGHT + 8 * HOUR).id == "day"  # sounds anew by day


def test_a_role_is_told_by_those_whose_scope_has_the_place() -> None:
    policy = Policy("p", steps=(Step(notify=(Target("role", "manager"),)),))
    staff = (
        person("dorms", role="manager", scope=("dorm-2",)),
        person("labs", role="manager", scope=("lab",)),
        person("all", role="manager"),
        person("guard", role="guard"),
    )
    assert climbed(fire(), people(policy, persons=staff)) == [(0, ["dorms", "all"])]
    nobody = problems(people(policy, persons=staff[1:2]), CAMPUS, NOON)
    assert "policy p: nobody of the role manager has the place 'dorm-2-305' in scope" in nobody


def test_a_team_is_told_one_after_another_and_at_last_together_and_that_repeats() -> None:
    turns = Target("team", "guards", "in_turn", 30 * SECOND)
    policy = Policy("p", steps=(Step(notify=(turns,)),), repeat=2 * MINUTE)
    assert climbed(fire(), people(policy), 29, 30, 60, 89, 90, 209, 210) == [
        (0, ["li"]), (30, ["wang"]), (60, ["zhang"]),
        (90, ["li", "wang", "zhang"]), (210, ["li", "wang", "zhang"]),
    ]  # fmt: skip


def test_a_last_step_that_must_answer_comes_in_time_and_stays_last_beside_a_team_in_turn() -> None:
    turns = Target("team", "guards", "in_turn", 60 * SECOND)
    last = Step(90 * SECOND, (Target("person", "boss"),))
    policy = Policy("p", steps=(Step(notify=(turns,)), last), repeat=MINUTE)
    assert climbed(fire(), people(policy), 60, 90, 120, 180) == [
        (0, ["li"]), (60, ["wang"]), (90, ["boss"]), (120, ["zhang", "boss"]), (180, ["boss"]),
    ]  # fmt: skip


def test_of_a_team_where_the_first_who_answers_comes_the_others_hear_that_they_need_not() -> None:
    for how, spared in (("first", {"wang", "zhang"}), ("all", set())):
        policy = Policy("p", steps=(Step(notify=(Target("team", "guards", how),)),))  # type: ignore[arg-type]
        directory = people(policy)
        told = escalate(fire(), [Effect.RAISED], policy, directory, NOON, NOON).alert
        taken, effects = step(told, Acknowledged(0, "li"), NOON + 20 * SECOND)
        assert taken is not None
        calls = personal(taken, effects, policy, directory, NOON + 20 * SECOND)
        assert {call.person.id for call in calls if call.person} == spared
        assert {call.purpose for call in calls} <= {Purpose.TAKEN}


QUIET = (When(start="22:00", end="07:00"),)


def test_quiet_hours_are_kept_for_trouble_and_never_for_life_safety() -> None:
    policy = Policy(
        "p", steps=(Step(notify=(Target("person", "li"),)), Step(HOUR, (Target("person", "boss"),)))
    )
    directory = people(policy, persons=(person("li", quiet=QUIET), person("boss")))
    assert climbed(trouble(NOON), directory) == [(0, ["li"])]
    assert climbed(trouble(NIGHT), directory) == [(0, ["boss"])]  # the next one, and at once
    assert climbed(fire(NIGHT), directory) == [(0, ["li"])]


def test_who_is_on_shift_is_told_in_their_quiet_hours_too() -> None:
    policy = Policy(
        "p", steps=(Step(notify=(Target("post", "duty"),)), Step(HOUR, (Target("person", "boss"),)))
    )
    staff = (person("li", quiet=QUIET), person("boss"))
    shift = Post("duty", "值班", "Duty", (), (Shift(("li",), "daily", "19:30", "07:30"),))
    assert climbed(trouble(NIGHT), people(policy, posts=(shift,), persons=staff)) == [(0, ["li"])]
    order = Post("duty", "值班", "Duty", ("li",))
    assert climbed(trouble(NIGHT), people(policy, posts=(order,), persons=staff)) == [(0, ["boss"])]


def test_where_only_persons_with_quiet_hours_are_left_they_are_woken_and_nobody_is_lost() -> None:
    policy = Policy("p", steps=(Step(notify=(Target("person", "li"),)),))
    alone = people(policy, persons=(person("li", quiet=QUIET),))
    assert climbed(trouble(NIGHT), alone) == [(0, ["li"])]


def test_a_number_that_has_expired_is_not_used_and_is_listed_from_a_week_before() -> None:
    contacts = (Contact("sms", "old", "2026-11-20"), Contact("sms", "new"))
    directory = people(FIRE, persons=(Person("li", "李", "Li", "zh", contacts), person("principal")),
                       posts=(Post("duty", "值班", "Duty", ("li",)),))  # fmt: skip
    step_of = Step(notify=(Target("person", "li"),))

    def numbers(now: int) -> list[str]:
        return [contact.address for _, contact in directory.reach(step_of, fire(), now)]

    assert numbers(at("2026-11-20T23:59")) == ["old", "new"]
    assert numbers(at("2026-11-21T00:00")) == ["new"]
    said = {day: "\n".join(problems(directory, CAMPUS, at(f"2026-11-{day}T12:00"))) for day in (12, 15, 21)}
    assert "expire" not in said[12]
    assert "person li can be told on sms only until 2026-11-20" in said[15]
    assert "person li cannot be told on sms any more: the number expired on 2026-11-20" in said[21]


def test_a_gap_is_told_a_week_before_it_comes() -> None:
    weekdays = Post("duty", "值班", "Duty", (), (Shift(("li",), "mon-sat"), Shift(("ghost",), "sun")))
    found = problems(people(FIRE, posts=(weekdays,)), CAMPUS, at("2026-11-16T12:00"))
    assert "post duty: there is no person 'ghost'" in found
    assert "post duty: ghost cannot be told from 2026-11-22 00:00 to 2026-11-23 00:00" in found
    assert not [one for one in problems(people(FIRE, posts=(weekdays,)), CAMPUS, at("2026-11-14T23:00"))
                if "2026-11-22" in one]  # fmt: skip


def test_a_last_step_that_nobody_must_answer_and_a_place_without_a_policy_are_found() -> None:
    siren = Policy("siren", Match(places=("lab",)), (Step(channels=("sms",)),))
    found = "\n".join(problems(people(siren), CAMPUS, NOON))
    assert "policy siren, step 1 is the last and tells no person" in found
    assert "place dorm-2-305 has no policy for alarm of smoke_detector at every hour" in found
    night = Policy("night", Match(hours=(When(start="22:00", end="06:00"),)), FIRE.steps)
    day = Policy("day", Match(hours=(When(start="06:00", end="22:00"),)), FIRE.steps)
    assert "at every hour" in "\n".join(problems(people(night), CAMPUS, NOON))
    assert "at every hour" not in "\n".join(problems(people(night, day), CAMPUS, NOON))


def _ladder(*afters: int, who: str = "li") -> Policy:
    return Policy("fire", steps=tuple(Step(after * SECOND, (Target("person", who),)) for after in afters))


def test_a_policy_that_changes_while_an_alert_is_open_counts_from_the_start_of_its_ladder() -> None:
    old = _ladder(0, 1800)
    started = escalate(fire(), [Effect.RAISED], old, people(old), NOON, NOON).alert
    assert due(started, old, _ladder(0, 60), NOON + 10 * SECOND) == NOON + 60 * SECOND
    assert due(started, old, _ladder(0, 60), NOON + 5 * MINUTE) == NOON + 5 * MINUTE
    assert due(started, old, _ladder(0, 7200), NOON + 5 * MINUTE) == NOON + 2 * HOUR
    assert due(started, old, Policy("fire"), NOON + MINUTE) is None


def test_a_last_step_that_repeats_keeps_its_time_when_the_policy_changes() -> None:
    old = _ladder(0, 60)
    alert = escalate(fire(), [Effect.RAISED], old, people(old), NOON, NOON).alert
    alert = climb(alert, old, people(old), NOON + 60 * SECOND).alert
    assert due(alert, old, _ladder(0, 30), NOON + 70 * SECOND) == alert.step_due_at


def test_an_open_alert_is_told_of_another_policy_or_of_other_people_and_of_nothing_else() -> None:
    old, other = people(_ladder(0, 60)), people(_ladder(0, 60, who="boss"))
    alert = escalate(fire(), [Effect.RAISED], old.policies[0], old, NOON, NOON).alert
    assert list(rerouted([alert], old, people(_ladder(0, 60)), CAMPUS, "admin", NOON)) == []
    (fact,) = rerouted([alert], old, other, CAMPUS, "admin", NOON)
    assert fact == Rerouted(0, "admin", "fire", "fire", ("boss",), NOON + 60 * SECOND)
    after, _ = step(alert, fact, NOON)
    assert after is not None
    climbed_on = climb(after, other.policies[0], other, NOON + MINUTE)
    assert [call.person.id for call in climbed_on.calls if call.person] == ["boss"]


def test_how_long_a_receipt_is_waited_for_is_read_and_written_as_it_was() -> None:
    document = Document()
    rung = {"after": "0s", "notify": ["everyone"]}
    document.value = {"policies": [{"id": "p", "match": {}, "steps": [rung], "receipt": "60s"}]}
    parts = campusfile.parse(document)
    _, directory = campusfile.whole(parts)
    assert directory.policies[0].receipt == 60_000
    (row,) = campusrows.plain(*campusfile.whole(parts))["policies"]
    assert row["receipt"] == "1m"
