"""Thinks. Shelved, suppressed, out of service: what is hidden, how long, what it hid, and its return."""

import msgspec
import pytest

from alerts import audit, store
from alerts.alert import (
    Acknowledged,
    Activity,
    Alert,
    Inhibition,
    Life,
    Raised,
    Shelved,
    Unshelved,
    Verified,
)
from alerts.delivery.notification import Notification
from alerts.desk import AnyFact
from alerts.hazards import register
from alerts.hazards.impairment import Agreed, Declared, Ended, Impairment, State, covers
from alerts.limits import Limits
from alerts.refusal import Refused
from rules.verdict import Class, Holds, Text
from tests.fakes.campus import raised, verdict
from tests.story.school import School
from tocsin.database import Database

MINUTE, HOUR = 60_000, 3_600_000


@pytest.fixture
def school(database: Database) -> School:
    return School(database)


def do(school: School, *facts: AnyFact) -> None:
    future = school.writer.apply(list(facts))
    school.turn()
    future.result(0)


def entries(school: School) -> list[Impairment]:
    with school.database.read() as conn:
        return register.standing(conn)


def alert(school: School, number: int) -> Alert:
    with school.database.read() as conn:
        found = store.read(conn, number)
    assert found is not None
    return found


def heard(school: School) -> list[str]:
    """What was sent of others than Tocsin itself, which hears nothing from a broker in these tests."""
    return [text.short for text in texts(school)]


def texts(school: School) -> list[Notification]:
    return [text for text in school.texts if text.facts.get("device") != "tocsin"]


def rewiring(school: School, scope: str = "place", target: str = "dorm-2", hours: float = 2) -> Declared:
    until = school.moment + int(hours * HOUR)
    return Declared("warden", scope, target, "leader", "rewiring", "warden, every hour", until)  # type: ignore[arg-type]


def out(school: School, **about: str) -> int:
    """A scope goes out of service, agreed to by a second person."""
    do(school, rewiring(school, **about))
    number = entries(school)[-1].id
    if entries(school)[-1].state is State.PROPOSED:
        do(school, Agreed(number, "leader"))
    return number


# ---- out of service ----------------------------------------------------------------------------------------


def test_where_life_safety_lies_in_it_a_second_person_agrees_before_it_hides_anything(school: School) -> None:
    do(school, rewiring(school))
    (entry,) = entries(school)
    assert (entry.state, entry.life_safety) == (State.PROPOSED, True)
    school.say("smoke-305", smoke="alarm")
    assert school.told("warden"), "nobody has agreed: it sounds"
    with pytest.raises(Refused, match="Somebody else"):
        do(school, Agreed(1, "warden"))
    do(school, Agreed(1, "leader"))
    (entry,) = entries(school)
    assert (entry.state, entry.agreed_by, entry.since) == (State.IN_FORCE, "leader", school.moment)
    school.forget()
    school.forward(600)
    assert heard(school) == [], "what was open is hidden from now on"


def test_a_door_goes_out_of_service_by_one_person(school: School) -> None:
    do(school, rewiring(school, "device", "door-1"))
    assert entries(school)[0].state is State.IN_FORCE


def test_an_alarm_inside_it_is_on_the_record_and_tells_nobody_and_one_outside_sounds(school: School) -> None:
    number = out(school, scope="zone", target="dorm-2-z1")
    school.say("smoke-305", smoke="alarm")
    assert heard(school) == []
    (hidden,) = school.open()
    assert (hidden.inhibition, hidden.impairment, hidden.hidden) == (Inhibition.OUT_OF_SERVICE, number, 1)
    assert (hidden.inhibited_by, hidden.inhibited_reason) == ("warden", "rewiring")
    school.say("smoke-306", smoke="alarm")
    assert school.told("warden")


def test_its_end_releases_what_still_stands_and_says_what_was_missed(school: School) -> None:
    out(school)
    for smoke in ("alarm", "normal", "alarm"):
        school.say("smoke-305", smoke=smoke)
        school.forward(60)
    school.forward(2 * 3600 - 181)
    assert heard(school) == []
    school.restart()
    school.forward(1)
    assert entries(school) == []
    text = texts(school)[0]
    assert (text.person, text.purpose) == ("warden", "released")
    assert "其间发生 2 次" in text.why
    assert school.sirens()
    assert [one.inhibition for one in school.open() if one.life_safety] == [Inhibition.NONE]


def test_it_ends_earlier_when_somebody_says_so(school: School) -> None:
    number = out(school)
    school.say("smoke-305", smoke="alarm")
    do(school, Ended(number, "leader", "the work is done"))
    assert school.told("warden")[0].purpose == "released"
    school.forget()
    school.say("smoke-306", smoke="alarm")
    assert school.told("warden")
    with school.database.read() as conn:
        (over,) = register.past(conn)
    assert (over.ended_by, over.end_reason) == ("leader", "the work is done")
    with pytest.raises(Refused, match="back in service already"):
        do(school, Ended(number, "leader"))


def test_where_two_overlap_the_later_end_counts(school: School) -> None:
    first = out(school)
    out(school, scope="device", target="smoke-305")
    school.say("smoke-305", smoke="alarm")
    do(school, Ended(first, "leader", "done"))
    assert heard(school) == []
    assert school.open()[0].impairment == 2
    do(school, Ended(2, "leader", "done"))
    assert school.told("warden")


def test_nobody_agreed_in_time_and_it_is_over_without_having_hidden_anything(school: School) -> None:
    do(school, rewiring(school, hours=0.1))
    school.forward(400)
    assert entries(school) == []
    with pytest.raises(Refused, match="back in service already"):
        do(school, Agreed(1, "leader"))


def test_a_fire_that_is_telephoned_and_one_that_is_confirmed_sound_there_all_the_same(school: School) -> None:
    out(school)
    do(school, Raised("warden", "dorm-2", Text("着火", "Fire"), Class.ALARM))
    assert school.told("warden")
    school.forget()
    school.say("smoke-305", smoke="alarm")
    hidden = next(one for one in school.open() if one.device == "smoke-305")
    assert heard(school) == []
    do(school, Verified(hidden.id, "leader", "confirmed"))  # type: ignore[arg-type]
    assert school.told("warden")


def test_what_two_detectors_say_together_is_hidden_only_when_both_are_out_of_service(school: School) -> None:
    out(school, scope="device", target="smoke-305")
    found = msgspec.structs.replace(school.house.registry.devices["smoke-306"], zone="dorm-2-z1")
    devices = {**school.house.registry.devices, "smoke-306": found}
    entry = entries(school)[0]

    both = msgspec.structs.replace(raised(), subject="dorm-2-z1", device="smoke-305", place="dorm-2-305")
    registry = school.registry
    assert covers(entry, both, registry, school.moment), "the only one of its zone"
    registry.devices = devices  # type: ignore[misc]
    assert not covers(entry, both, registry, school.moment)


def test_the_register_wants_an_owner_a_reason_a_patrol_and_an_end_that_is_not_too_far(school: School) -> None:
    good = rewiring(school)
    for change, why in (
        ({"reason": " "}, "Give a reason"),
        ({"patrol": ""}, "who patrols there"),
        ({"owner": "nobody"}, "no person nobody"),
        ({"until": school.moment}, "must lie in the future"),
        ({"until": school.moment + 73 * HOUR}, "too long"),
        ({"target": "campus"}, "whole campus"),
        ({"target": "moon"}, "Choose from the list"),
        ({"scope": "device", "target": "tocsin"}, "Choose from the list"),
    ):
        with pytest.raises(Refused, match=why):
            do(school, msgspec.structs.replace(good, **change))
    assert entries(school) == []


def test_while_nothing_can_be_written_an_alarm_out_of_service_sounds_unrecorded(school: School) -> None:
    out(school)
    with school.outage():
        school.say("smoke-305", smoke="alarm")
        assert heard(school), "what cannot be placed is real"


def test_the_log_and_the_register_agree(school: School) -> None:
    number = out(school)
    school.say("smoke-305", smoke="alarm")
    do(school, Ended(number, "leader", "done"))
    with school.database.read() as conn:
        assert list(audit.problems(conn)) == []


# ---- shelved -----------------------------------------------------------------------------------------------


def at_the_door(school: School) -> Alert:
    (one,) = (one for one in school.open() if one.device == "door-1")
    return one


def shelf(school: School, hours: float = 1, reason: str = "chattering") -> None:
    one = at_the_door(school)
    do(school, Shelved(one.id, "warden", reason, school.moment + int(hours * HOUR)))


def taken(school: School) -> None:
    school.say("door-1", tamper="tamper")
    do(school, Acknowledged(at_the_door(school).id, "warden"))


def test_an_alert_is_shelved_for_a_reason_of_the_list_and_the_hours_of_its_class(school: School) -> None:
    taken(school)
    hours = Limits().shelf[school.open()[0].alert_class] / HOUR
    with pytest.raises(Refused, match="Choose a reason from the list"):
        shelf(school, reason="because")
    with pytest.raises(Refused, match="too long"):
        shelf(school, hours + 1)
    shelf(school, hours)
    school.house.limits = Limits(shelved=0)
    do(school, Unshelved(1, "warden"))
    with pytest.raises(Refused, match="Too many alerts are shelved"):
        shelf(school)


def test_it_comes_back_by_itself_and_its_owner_is_told(school: School) -> None:
    taken(school)
    shelf(school)
    school.forget()
    school.forward(3601)
    back = at_the_door(school)
    assert back.inhibition is Inhibition.NONE
    (text,) = (text for text in texts(school) if text.alert == back.id)
    assert (text.person, text.purpose) == ("warden", "released")


def test_on_the_shelf_it_does_not_close_and_it_closes_when_it_comes_back_to_nothing(school: School) -> None:
    taken(school)
    shelf(school)
    school.say("door-1", tamper="normal")
    school.forward(60)
    hidden = at_the_door(school)
    assert (hidden.activity, hidden.inhibition) == (Activity.NORMAL, Inhibition.SHELVED)
    do(school, Unshelved(hidden.id, "warden"))
    assert alert(school, hidden.id).life is Life.CLOSED


def test_what_happened_on_the_shelf_is_counted_and_sounds_when_it_comes_back(school: School) -> None:
    taken(school)
    shelf(school)
    school.forget()
    for state in ("normal", "tamper", "normal", "tamper"):
        school.say("door-1", tamper=state)
        school.forward(60)
    assert heard(school) == []
    hidden = at_the_door(school)
    assert (hidden.hidden, hidden.acknowledged) == (2, False), "underneath, the other axes keep moving"
    school.forward(3601)
    assert "其间发生 2 次" in next(text.why for text in texts(school) if text.alert == hidden.id)


# ---- suppressed --------------------------------------------------------------------------------------------


def test_what_a_rule_hides_closes_by_itself_when_it_is_normal_and_says_what_it_hid(school: School) -> None:

    base = msgspec.structs.replace(
        verdict(device="door-1", alert_class=Class.TROUBLE, moment=school.moment), suppressed="mains-lost"
    )
    do(school, base)
    do(school, msgspec.structs.replace(base, again=True))
    (hidden,) = school.open()
    assert (hidden.inhibition, hidden.hidden) == (Inhibition.SUPPRESSED, 2)
    do(school, msgspec.structs.replace(base, holds=Holds.NO, suppressed=""))
    over = alert(school, hidden.id)
    assert (over.life, over.hidden, over.acknowledged_by) == (Life.CLOSED, 2, "")
    assert heard(school) == []
