"""Who says that they cannot come: the next step of the ladder comes sooner, and none is ever left out."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from alerts.alert import Acknowledged, Alert, CannotCome, Effect, Fact, Mode
from alerts.case import Case
from alerts.delivery.message import Purpose
from alerts.duty.escalation import Call, climb
from alerts.duty.people import Contact, Directory, Match, Person, Policy, Step, Target
from alerts.lifecycle import step
from tests.fakes.campus import MINUTE, NOW, SECOND, registry, verdict

CAMPUS = registry()
NAMES = ("ann", "bob", "cho", "dan")


def ladder(*rungs: tuple[int, tuple[str, ...]], until: str = "acknowledged") -> Directory:
    """Each rung: after so many ms these persons are told."""
    steps = tuple(
        Step(after, tuple(Target("person", name) for name in names), until=until)  # type: ignore[arg-type]
        for after, names in rungs
    )
    people = [Person(name, name, name, contacts=(Contact("sms", name),)) for name in NAMES]
    return Directory(people, policies=(Policy("fire", Match(), steps, MINUTE),), channels=("sms",))


ONE_BY_ONE = ladder((0, ("ann",)), (60 * SECOND, ("bob",)), (180 * SECOND, ("cho", "dan")))


class Night:
    """One alert under a directory; `told` are (ms since it sounded, who, purpose)."""

    def __init__(self, people: Directory) -> None:
        self.people, self.now = people, NOW
        self.keys: list[tuple[int, int, str]] = []
        self.told: list[tuple[int, str, Purpose]] = []
        self.calls: list[Call] = []
        after, effects = step(None, verdict(), NOW)
        assert after is not None
        self.alert = after
        self._befall(verdict(), after, effects)

    def _befall(self, fact: Fact, after: Alert, effects: list[Effect]) -> None:
        case = Case(self.alert)
        case.befall(fact, after, effects, self.people, CAMPUS, self.now)
        self.alert = case.alert
        self._note([call for _, call in case.calls])

    def _note(self, calls: list[Call]) -> None:
        self.calls += calls
        for call in calls:
            assert call.person is not None
            self.told.append((self.now - NOW, call.person.id, call.purpose))
            self.keys.append((call.step, call.round, call.person.id))

    def says(self, fact: Fact) -> None:
        after, effects = step(self.alert, fact, self.now)
        assert after is not None
        self._befall(fact, after, effects)

    def cannot(self, person: str, at: int) -> None:
        self.until(at)
        self.says(CannotCome(0, person))

    def until(self, at: int) -> None:
        """Time passes to so many ms after the alarm, and every step comes at its moment."""
        policy = self.people.policy_for(self.alert, CAMPUS)
        while self.alert.step_due_at is not None and self.alert.step_due_at <= NOW + at:
            self.now = max(self.now, self.alert.step_due_at)
            climbed = climb(self.alert, policy, self.people, self.now)
            self.alert = climbed.alert
            self._note(list(climbed.calls))
        self.now = max(self.now, NOW + at)

    def whom(self) -> list[tuple[int, str]]:
        return [(moment, person) for moment, person, _ in self.told]


def test_when_the_only_one_who_was_to_come_cannot_the_next_is_told_at_once_and_why() -> None:
    night = Night(ONE_BY_ONE)
    night.cannot("ann", 7 * SECOND)
    assert night.whom() == [(0, "ann"), (7 * SECOND, "bob")]
    assert night.calls[-1].purpose is Purpose.ESCALATE
    assert night.calls[-1].late == 0
    assert night.calls[-1].reason.zh == "升级第 2 步：ann 不能到"
    assert night.calls[-1].reason.en == "escalation step 2: ann cannot come"


def test_the_steps_after_the_one_that_came_sooner_keep_their_time() -> None:
    night = Night(ONE_BY_ONE)
    night.cannot("ann", 7 * SECOND)
    night.until(180 * SECOND)
    assert night.whom()[2:] == [(180 * SECOND, "cho"), (180 * SECOND, "dan")]


def test_each_who_cannot_come_brings_the_next_one_nearer() -> None:
    night = Night(ONE_BY_ONE)
    night.cannot("ann", 7 * SECOND)
    night.cannot("bob", 9 * SECOND)
    assert night.whom()[2:] == [(9 * SECOND, "cho"), (9 * SECOND, "dan")]


@pytest.mark.parametrize(
    ("rungs", "who"),
    [
        (((0, ("ann", "bob")), (MINUTE, ("cho",))), "ann"),  # another one may still come
        (((0, ("ann",)), (MINUTE, ("cho",))), "bob"),  # nobody waited for bob
        (((0, ("ann",)),), "ann"),  # the only step: its repeat would call ann again
    ],
)
def test_nothing_comes_sooner_while_another_may_come_or_there_is_nobody_else(
    rungs: tuple[tuple[int, tuple[str, ...]], ...], who: str
) -> None:
    night = Night(ladder(*rungs))
    before, due = list(night.told), night.alert.step_due_at
    night.cannot(who, 7 * SECOND)
    assert (night.told, night.alert.step_due_at) == (before, due)


def test_the_repeat_of_the_last_step_keeps_its_time() -> None:
    night = Night(ladder((0, ("ann",)), (MINUTE, ("bob",))))
    night.cannot("ann", 80 * SECOND)
    night.cannot("bob", 90 * SECOND)
    assert night.whom() == [(0, "ann"), (MINUTE, "bob")]
    night.until(2 * MINUTE)
    assert night.whom()[-1] == (2 * MINUTE, "bob")


def test_who_has_taken_it_and_cannot_come_brings_the_step_that_waits_for_somebody_to_be_there() -> None:
    people = ladder((0, ("ann",)), (10 * MINUTE, ("bob",)), until="arrived")
    night = Night(people)
    night.says(Acknowledged(0, "ann"))
    night.cannot("bob", SECOND)
    assert night.whom() == [(0, "ann")]
    night.cannot("ann", 2 * SECOND)
    assert night.whom()[1:] == [(2 * SECOND, "bob")]
    assert night.alert.owner == "ann"


def test_a_team_that_is_told_in_turn_is_passed_through_by_those_who_cannot_come() -> None:
    night = Night(ONE_BY_ONE)
    night.cannot("ann", SECOND)
    night.cannot("ann", 2 * SECOND)  # said twice: bob is the one who is waited for now
    assert night.whom() == [(0, "ann"), (SECOND, "bob")]


def test_what_is_taken_and_waits_for_nothing_more_wakes_nobody() -> None:
    night = Night(ONE_BY_ONE)
    night.says(Acknowledged(0, "ann"))
    night.cannot("ann", SECOND)
    assert night.whom() == [(0, "ann")]


def test_of_a_drill_only_those_who_take_part_are_waited_for() -> None:
    night = Night(ladder((0, ("ann", "bob")), (MINUTE, ("cho",))))
    night.alert = replace(night.alert, mode=Mode.DRILL, drill=1, drill_people=("ann", "cho"))
    night.cannot("ann", 7 * SECOND)
    assert night.whom()[2:] == [(7 * SECOND, "cho")]


RUNGS = st.lists(
    st.tuples(
        st.integers(0, 300).map(lambda seconds: seconds * SECOND),
        st.lists(st.sampled_from(NAMES), min_size=1, max_size=3, unique=True).map(tuple),
    ),
    min_size=1,
    max_size=5,
).map(lambda rungs: ((0, rungs[0][1]), *sorted(rungs[1:])))
SAID = st.lists(st.tuples(st.integers(0, 400), st.sampled_from(NAMES)), max_size=12).map(sorted)


@settings(max_examples=150)
@given(RUNGS, SAID)
def test_no_step_is_ever_skipped_told_late_or_told_twice_whoever_cannot_come(
    rungs: tuple[tuple[int, tuple[str, ...]], ...], said: list[tuple[int, str]]
) -> None:
    night = Night(ladder(*rungs))
    for second, person in said:
        night.cannot(person, second * SECOND)
    night.until(401 * SECOND)
    assert len(night.keys) == len(set(night.keys))
    first: dict[int, int] = {}
    for (moment, _, _), (number, _, _) in zip(night.told, night.keys, strict=True):
        first.setdefault(number, moment)
    assert list(first) == list(range(len(rungs)))
    assert all(moment <= rungs[number][0] for number, moment in first.items())
    assert night.alert.step_due_at is not None
    told = {(number, person) for number, _, person in night.keys}
    assert told == {(number, name) for number, (_, names) in enumerate(rungs) for name in names}
