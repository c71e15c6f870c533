"""Who is told: policies, posts, contacts; and what is found wrong before it matters."""

import msgspec

from alerts import record
from alerts.alert import Alert
from alerts.duty.people import Contact, Directory, Match, Person, Policy, Post, Step, Target, Team
from alerts.duty.routing import problems
from alerts.placing import placed
from rules.verdict import Class
from tests.fakes.campus import FIRE, NOW, directory, persons, registry, verdict

CAMPUS = registry()


def alert(
    device: str = "dorm-2-305-smoke", alert_class: Class = Class.ALARM, policy: str | None = None
) -> Alert:
    return placed(record.of_verdict(verdict(device=device, alert_class=alert_class, policy=policy)), CAMPUS)


def chosen(*policies: Policy, of: Alert) -> str:
    return directory(*policies).policy_for(of, CAMPUS).id


def reached(people: Directory, step: Step, of: Alert) -> list[tuple[str, str]]:
    return [(person.id, contact.address) for person, contact in people.reach(step, of, NOW)]


def test_the_first_policy_that_matches_is_the_one() -> None:
    dorm = Policy("dorm", Match(places=("dorm-2",)), FIRE.steps)
    assert chosen(dorm, FIRE, of=alert()) == "dorm"
    assert chosen(FIRE, dorm, of=alert()) == "fire"
    assert chosen(dorm, FIRE, of=alert("lab-gas")) == "fire"


def test_a_place_means_everything_inside_it() -> None:
    assert chosen(Policy("all", Match(places=("campus",)), FIRE.steps), of=alert()) == "all"
    assert chosen(Policy("room", Match(places=("dorm-2-305",)), FIRE.steps), of=alert()) == "room"
    assert chosen(Policy("lab", Match(places=("lab",)), FIRE.steps), of=alert()) == "default"


def test_a_policy_matches_by_kind_and_by_rule() -> None:
    gas = Policy("gas", Match(kinds=("gas_detector",)), FIRE.steps)
    assert chosen(gas, of=alert("lab-gas")) == "gas"
    assert chosen(gas, of=alert()) == "default"
    assert chosen(Policy("ours", Match(rules=("std.smoke",)), FIRE.steps), of=alert()) == "ours"


def test_a_rule_may_name_its_policy() -> None:
    named = Policy("named", Match(rules=("no-other",)), FIRE.steps)
    assert chosen(FIRE, named, of=alert(policy="named")) == "named"
    assert chosen(FIRE, of=alert(policy="no-such-policy")) == "fire"


def test_without_a_policy_the_duty_post_is_told_or_else_everybody() -> None:
    duty = Directory(persons(), (), [Post("duty", "值班室", "Office", ("wang-fang",))])
    default = duty.policy_for(alert(), CAMPUS)
    assert reached(duty, default.steps[0], alert()) == [("wang-fang", "102")]
    for posts in ([], [Post("duty", "值班室", "Office", ("who-left",))]):
        everybody = Directory(persons(), (), posts)
        found = reached(everybody, everybody.policy_for(alert(), CAMPUS).steps[0], alert())
        assert [person for person, _ in found] == ["li-wei", "li-wei", "wang-fang", "principal"]


def test_a_status_is_only_shown_unless_a_policy_says_otherwise() -> None:
    status = alert("lab-door", Class.STATUS)
    assert directory().policy_for(status, CAMPUS).steps == ()


def test_the_loop_message_goes_to_the_null_channel_and_to_nobody() -> None:
    loop = directory().policy_for(alert(policy="loop"), CAMPUS)
    assert [(step.channels, step.notify) for step in loop.steps] == [(("null",), ())]


def test_an_alarm_goes_to_every_contact_and_anything_else_to_the_next_one_each_round() -> None:
    people, step = directory(), Step(0, (Target("person", "li-wei"),))
    assert reached(people, step, alert()) == [("li-wei", "101"), ("li-wei", "li")]
    trouble = alert(alert_class=Class.TROUBLE)
    assert reached(people, step, trouble) == [("li-wei", "101")]
    second = msgspec.structs.replace(trouble, round=1)
    assert reached(people, step, second) == [("li-wei", "li")]


def test_nobody_is_told_twice_by_one_step() -> None:
    step = Step(0, (Target("post", "duty"), Target("team", "security"), Target("person", "wang-fang")))
    assert [person for person, _ in reached(directory(), step, alert("lab-door", Class.TROUBLE))] == [
        "li-wei",
        "wang-fang",
    ]


def test_a_contact_on_a_channel_that_is_not_configured_is_left_out() -> None:
    people = directory(channels=("push", "siren"))
    assert reached(people, FIRE.steps[0], alert()) == [("li-wei", "li")]


def test_people_are_called_by_their_name_in_either_language() -> None:
    assert directory().name("li-wei") == "李伟"
    assert directory().name("li-wei", "en") == "Li Wei"
    assert directory().name("tocsin") == "tocsin"


def test_a_campus_in_order_has_no_problems() -> None:
    assert problems(directory(), CAMPUS, NOW) == ()


def test_what_would_keep_an_alert_from_its_people_is_said_at_load() -> None:
    people = Directory(
        [*persons(), Person("mute", "无", "Mute"), Person("far", "远", "Far", "zh", (Contact("fax", "9"),))],
        [Team("night", "夜班", "Night", ("li-wie",))],
        [Post("duty", "值班室", "Office")],
        [
            Policy("empty"),
            Policy("lost", Match(places=("dorm-3",), kinds=("smoke_detektor",)), FIRE.steps),
            Policy(
                "mixed",
                Match(),
                (Step(60_000, (Target("person", "mute"),)), Step(1, (Target("post", "dty"),))),
            ),
        ],
        ("sms", "push", "siren"),
    )
    found = "\n".join(problems(people, CAMPUS, NOW))
    for sentence in (
        "person mute has no contact",
        "person far has a contact on 'fax': the settings name no channel 'fax'",
        "team night: there is no person 'li-wie'; did you mean 'li-wei'?",
        "post duty has nobody in it",
        "policy empty has no steps",
        "policy lost: there is no place 'dorm-3'; did you mean 'dorm-2'?",
        "there is no kind of device 'smoke_detektor'; did you mean 'smoke_detector'?",
        "policy mixed, step 1 reaches nobody",
        "policy mixed, step 2 comes earlier than the step before it",
        "policy mixed, step 2: there is no post 'dty'; did you mean 'duty'?",
    ):
        assert sentence in found


def test_a_campus_with_nobody_to_tell_says_so() -> None:
    assert "there is nobody who can be told" in problems(Directory(), CAMPUS, NOW)[0]
