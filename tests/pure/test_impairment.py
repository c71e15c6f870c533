"""The impairment register: what an entry hides, what it never hides, and that no act is undefined."""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.alert import Alert, Origin, Verification
from alerts.hazards.impairment import (
    MOVES,
    Agreed,
    Ended,
    Impairment,
    RanOut,
    State,
    covers,
    devices_in,
    step,
)
from alerts.refusal import Refused
from rules.verdict import Class
from tests.fakes.campus import HOUR, LI, NOW, SMOKE, WANG, raised, registry
from tests.pure.test_lifecycle_walk import named, understood

CAMPUS = registry()


def entry(scope: str = "device", target: str = SMOKE, state: State = State.IN_FORCE) -> Impairment:
    return Impairment(
        scope=scope,  # type: ignore[arg-type]
        target=target,
        owner=LI,
        reason="rewiring",
        patrol="hourly",
        declared_by=LI,
        declared_at=NOW,
        until=NOW + HOUR,
        state=state,
    )


def alarm(device: str = SMOKE, **about: object) -> Alert:
    known = CAMPUS.devices.get(device)
    return msgspec.structs.replace(raised(device=device), place=known.place if known else "", **about)


def test_every_fact_in_every_state_is_defined_or_refused_with_a_sentence() -> None:
    assert all(len(row) == len(State) for row in MOVES.values())
    for state in State:
        for by in (LI, WANG):
            for fact in (Agreed(1, by), Ended(1, by, "done"), RanOut(1, NOW + HOUR), RanOut(1, 7)):
                try:
                    after = step(entry(state=state), fact, NOW)
                except Refused as problem:
                    assert not isinstance(fact, RanOut), "a deadline is never refused"
                    for language in ("zh", "en"):
                        understood(problem.sentence(language, named), language)
                else:
                    assert after.state is not State.PROPOSED or isinstance(fact, RanOut)
                    assert (after.due_at is None) == (after.state is State.OVER)


@pytest.mark.parametrize(
    ("scope", "target", "device", "hidden"),
    [
        ("device", SMOKE, SMOKE, True),
        ("device", SMOKE, "lab-gas", False),
        ("place", "dorm-2", SMOKE, True),
        ("place", "dorm-2-305", SMOKE, True),
        ("place", "lab", SMOKE, False),
        ("zone", "z9", SMOKE, False),
        ("place", "dorm-2", "a-stranger", False),
    ],
)
def test_an_entry_hides_what_lies_in_its_scope_and_nothing_beside_it(
    scope: str, target: str, device: str, hidden: bool
) -> None:
    assert covers(entry(scope, target), alarm(device), CAMPUS, NOW) is hidden


@settings(max_examples=100, deadline=None)
@given(st.integers(-HOUR, 3 * HOUR), st.sampled_from(list(State)))
def test_nothing_is_hidden_before_it_is_in_force_or_from_its_end_on(after: int, state: State) -> None:
    now = NOW + after
    hidden = covers(entry(state=state), alarm(), CAMPUS, now)
    assert hidden == (state is State.IN_FORCE and now < NOW + HOUR)


def test_what_a_person_raised_what_is_confirmed_and_tocsin_itself_are_never_hidden() -> None:
    campus = entry("place", "campus")
    assert not covers(entry(), alarm(origin=Origin.PERSON), CAMPUS, NOW)
    assert not covers(entry(), alarm(verification=Verification.CONFIRMED), CAMPUS, NOW)
    assert not covers(campus, alarm("tocsin"), CAMPUS, NOW)
    assert all(one.id != "tocsin" for one in devices_in(campus, CAMPUS))
    assert covers(entry(), alarm(alert_class=Class.TROUBLE, verification=Verification.CONFIRMED), CAMPUS, NOW)
