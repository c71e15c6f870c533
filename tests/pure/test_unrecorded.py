"""Thinks. The desk in memory: what is told of an alert that cannot be written, and when."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from alerts.alert import Acknowledged, Alert, Arrived, HandedOver, Inhibition
from alerts.delivery import unrecorded
from alerts.delivery.notification import Notification
from alerts.duty.escalation import escalate
from alerts.duty.people import Directory, Match, Policy, Step, Target
from alerts.lifecycle import step
from rules.verdict import Class, Holds, Verdict
from tests.fakes.campus import FIRE, HOUR, MINUTE, NOW, SECOND, directory, registry, verdict

CAMPUS = registry()
PEOPLE = directory()
CODE = "UABCDE"


def raised(people: Directory = PEOPLE, now: int = NOW) -> unrecorded.Told:
    told = unrecorded.heard(None, verdict(), CODE, now, people, CAMPUS)
    assert told is not None
    return told


def recorded(*acts: object) -> Alert:
    """A fire of number 7 that was written before the outage, after these acts of people."""
    alert, _ = raised()
    alert = replace(alert, id=7, code="A7K")
    for act in acts:
        after, effects = step(alert, act, NOW)  # type: ignore[arg-type]
        assert after is not None
        alert = escalate(after, effects, FIRE, PEOPLE, NOW, NOW).alert
    return alert


def walk(
    alert: Alert, until: int, people: Directory = PEOPLE, every: int = SECOND
) -> list[tuple[int, Notification]]:
    """All that is told while time passes, each with the ms since NOW."""
    found: list[tuple[int, Notification]] = []
    for now in range(NOW, until + 1, every):
        alert, rows = unrecorded.passed(alert, CODE, now, people, CAMPUS)
        found += [(now - NOW, row) for row in rows]
    return found


def who(rows: list[Notification]) -> list[str]:
    return [f"{row.person}@{row.channel}" for row in rows]


def test_a_new_fire_tells_the_first_step_and_is_at_its_place() -> None:
    alert, rows = raised()
    assert who(rows) == ["li-wei@sms", "li-wei@push", "wang-fang@sms", "@siren"]
    assert (alert.id, alert.code, alert.place) == (0, CODE, "dorm-2-305")
    assert not any(row.facts["recorded"] for row in rows)


@pytest.mark.parametrize("holds", [Holds.NO, Holds.UNKNOWN])
def test_what_does_not_hold_makes_no_alert(holds: Holds) -> None:
    assert unrecorded.heard(None, verdict(holds), CODE, NOW, PEOPLE, CAMPUS) is None


@pytest.mark.parametrize("holds", list(Holds))
def test_a_verdict_heard_again_tells_nobody_twice_and_leaves_the_ladder_as_it_is(holds: Holds) -> None:
    alert, _ = raised()
    for _ in range(3):
        told = unrecorded.heard(alert, verdict(holds, again=True), CODE, NOW + SECOND, PEOPLE, CAMPUS)
        assert told is not None
        alert, rows = told
        assert rows == []
    assert (alert.step, alert.round, alert.step_due_at) == (1, 0, NOW + 60 * SECOND)


def test_sirens_of_later_steps_sound_at_once_once_and_only_those_the_settings_name() -> None:
    steps = (*FIRE.steps, Step(90 * SECOND, (), ("siren",)), Step(95 * SECOND, (), ("horn", "lamp")))
    people = directory(replace(FIRE, steps=steps), channels=("sms", "push", "siren", "horn", "null"))
    _, rows = raised(people)
    assert [row.channel for row in rows if not row.person] == ["siren", "horn"]


def test_the_ladder_of_a_fire_that_is_nowhere_written() -> None:
    alert, _ = raised()
    told = [
        (at // 1000, row.person, row.step, row.round, row.purpose.value)
        for at, row in walk(alert, NOW + 301_000)
    ]
    assert told == [
        (60, "principal", 1, 0, "escalate"),
        (180, "principal", 1, 1, "escalate"),
        (300, "principal", 1, 2, "escalate"),
    ]


def test_a_step_looked_at_late_is_told_once_and_says_how_late() -> None:
    _, rows = unrecorded.passed(recorded(), CODE, NOW + 10 * MINUTE, PEOPLE, CAMPUS)
    assert who(rows) == ["principal@sms"]
    assert "（迟发9分钟）" in rows[0].body


ACTS: dict[str, tuple[tuple[object, ...], list[tuple[int, str, str]]]] = {
    "nobody acted": ((), [(60, "principal", "escalate"), (180, "principal", "escalate")]),
    "taken: the promise runs out and the ladder starts anew": (
        (Acknowledged(7, "li-wei"),),
        [(300, "li-wei", "lapsed"), (300, "wang-fang", "lapsed"), (360, "principal", "escalate")],
    ),
    "somebody is there": ((Arrived(7, "li-wei"),), []),
    "a handover that is not accepted comes back to everybody": (
        (Arrived(7, "li-wei"), HandedOver(7, "li-wei", "principal")),
        [(120, "li-wei", "bounced"), (120, "wang-fang", "bounced"), (180, "principal", "escalate")],
    ),
}


@pytest.mark.parametrize("name", ACTS)
def test_what_stood_before_the_outage_goes_on_as_its_policy_says(name: str) -> None:
    acts, expected = ACTS[name]
    told = [
        (at // 1000, row.person, row.purpose.value)
        for at, row in walk(recorded(*acts), NOW + 400 * SECOND)
        if row.person and row.channel == "sms"
    ]
    assert told[: len(expected)] == expected
    assert expected or not told


NEWS: dict[str, tuple[Verdict, list[str]]] = {
    "a second press": (verdict(again=True), ["again"] * 4),
    "the same state once more": (verdict(), []),
    "a press that the broker restored": (verdict(again=True, retained=True), []),
}


@pytest.mark.parametrize("news", NEWS)
def test_of_what_somebody_has_taken_only_a_second_press_is_told(news: str) -> None:
    said, expected = NEWS[news]
    told = unrecorded.heard(recorded(Acknowledged(7, "li-wei")), said, CODE, NOW + SECOND, PEOPLE, CAMPUS)
    assert told is not None
    assert [row.purpose for row in told[1]] == expected


def test_what_was_out_of_service_and_comes_back_in_the_outage_is_told() -> None:
    away = replace(
        recorded(), inhibition=Inhibition.OUT_OF_SERVICE, inhibited_until=NOW + 100 * SECOND, step_due_at=None
    )
    assert not walk(away, NOW + 99 * SECOND)
    (at, first), *_ = walk(away, NOW + 101 * SECOND)
    assert (at, first.purpose) == (100 * SECOND, "released")


def test_an_alert_that_is_closed_tells_nothing() -> None:
    assert not walk(replace(recorded(), life="closed"), NOW + HOUR, every=MINUTE)  # type: ignore[arg-type]


def test_people_are_told_the_code_that_the_wall_shows_and_sirens_one_of_their_own() -> None:
    siren = Policy(
        "fire", Match(), (FIRE.steps[0], Step(60 * SECOND, (Target("person", "principal"),), ("siren",)))
    )
    people = directory(siren)
    (_, person), (_, sounder) = walk(recorded(), NOW + 61 * SECOND, people)
    assert (person.code, person.facts["id"], person.facts["code"]) == ("A7K", 7, "A7K")
    assert (sounder.code, sounder.facts["id"], sounder.facts["code"]) == (CODE, 0, CODE)
    assert {person.alert, sounder.alert} == {0}, "the outbox knows neither"


@given(
    steps=st.lists(st.integers(0, 600), min_size=1, max_size=4),
    repeat=st.integers(10, 300),
    every=st.integers(1, 40),
)
def test_nothing_is_told_twice_or_left_out_however_seldom_one_looks(
    steps: list[int], repeat: int, every: int
) -> None:
    ladder = tuple(Step(after * SECOND, (Target("person", "principal"),)) for after in sorted(steps))
    people = directory(Policy("fire", Match((Class.ALARM,)), ladder, repeat * SECOND))
    alert, first = raised(people)
    rows = first + [row for _, row in walk(alert, NOW + 1200 * SECOND, people, every * SECOND)]
    keys = [(row.step, row.round) for row in rows]
    assert len(set(keys)) == len(keys) == len({row.key for row in rows})
    assert {index for index, _ in keys} == set(range(len(ladder)))
    assert [number for _, number in keys[len(ladder) :]] == list(range(1, len(keys) - len(ladder) + 1))
