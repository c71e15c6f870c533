"""Thinks. The judge of the crash harness can fail: each promise is broken once, and it says so."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

import pytest

from tests.crash.figures import Extra, extras, figures
from tests.crash.judge import Arrival, Evidence, Look, Recorded, breaches, gaps

LADDER = (("warden",), ("leader", "principal"))
SECOND = 1_000_000_000
KILLS = [10 * SECOND, 20 * SECOND]
FIRE, PANIC = 1, 2  # alerts


def key(alert: int, occurrence: int, step: int, round_: int, person: str) -> str:
    return f"{alert}/{occurrence}/{step}/{round_}/{person}/hook#0a1b2c3d/raise"


def climb(alert: int, occurrence: int = 1, round_: int = 0) -> list[str]:
    """Every notice of one climb of the ladder."""
    return [key(alert, occurrence, step, round_, who) for step, told in enumerate(LADDER) for who in told]


def run(**changes: object) -> Evidence:
    """A run in which a detector alarmed and nobody took it, and a panic button was pressed, taken, pressed
    and taken; every promise was kept."""
    keys = [*climb(FIRE), *climb(PANIC), *climb(PANIC, occurrence=2)]
    kept = Evidence(
        LADDER,
        alarms=["smoke-1"],
        pressed=Counter({"panic-1": 2}),
        looks=[Look("panic-1", rings=True)],
        takes=Counter({PANIC: 2}),
        kills=KILLS,
        arrivals=[Arrival(text, SECOND) for text in keys],
        alerts=[Recorded(FIRE, "smoke-1"), Recorded(PANIC, "panic-1", 2, 2, taken=True, takes=2)],
        owed=dict.fromkeys(keys, ""),
    )
    return replace(kept, **changes)  # type: ignore[arg-type]


def broken(evidence: Evidence) -> list[str]:
    return [name for name, found in breaches(evidence).items() if found]


def without(keys: Iterable[str], *gone: str) -> dict[str, str]:
    return {text: "" for text in keys if text not in gone}


def recorded(**changes: object) -> list[Recorded]:
    """The panic button's alert is another one than it should be."""
    fire, panic = run().alerts
    return [fire, replace(panic, **changes)]  # type: ignore[arg-type]


def test_a_run_in_which_every_promise_was_kept_breaks_none() -> None:
    assert broken(run()) == []


def test_a_notice_that_is_owed_and_never_came_is_lost() -> None:
    came = [arrival for arrival in run().arrivals if arrival.key != key(FIRE, 1, 1, 0, "leader")]
    assert broken(run(arrivals=came)) == ["notices lost"]


def test_a_later_step_of_an_alert_that_was_taken_may_be_cancelled_and_a_first_notice_never() -> None:
    for alert, step, said in ((PANIC, 1, []), (PANIC, 0, ["notices lost"]), (FIRE, 1, ["notices lost"])):
        gone = {key(alert, 1, step, 0, who) for who in LADDER[step]}
        owed = {text: "taken" if text in gone else "" for text in run().owed}
        came = [arrival for arrival in run().arrivals if arrival.key not in gone]
        assert broken(run(owed=owed, arrivals=came)) == said


def test_an_alarm_without_an_alert_is_missing() -> None:
    assert broken(run(alarms=["smoke-1", "smoke-2"])) == ["alerts missing"]


def test_two_alerts_of_one_device_are_doubled() -> None:
    twin = Recorded(3, "smoke-1")
    owed = run().owed | dict.fromkeys(climb(3), "")
    came = [Arrival(text, SECOND) for text in owed]
    assert broken(run(alerts=[*run().alerts, twin], owed=owed, arrivals=came)) == ["alerts doubled"]


def test_a_press_that_was_not_recorded_is_lost() -> None:
    assert broken(run(alerts=recorded(activations=1))) == ["presses lost"]


def test_more_occurrences_than_presses_and_kills_are_too_many() -> None:
    owed = dict.fromkeys([*climb(FIRE), *(text for n in range(1, 6) for text in climb(PANIC, n))], "")
    came = [Arrival(text, SECOND) for text in owed]
    (said,) = broken(run(alerts=recorded(occurrence=5, activations=5), owed=owed, arrivals=came))
    assert said == "presses that rang more often than presses and kills"


def test_a_press_after_the_alert_was_taken_must_ring_again() -> None:
    (said,) = broken(run(looks=[*run().looks, Look("panic-1", rings=False)]))
    assert said == "presses after a take that rang for nobody"


def test_a_take_that_was_answered_must_be_recorded() -> None:
    assert broken(run(alerts=recorded(takes=1))) == ["takes that were answered and lost"]


def test_a_call_that_nobody_owed_is_told() -> None:
    stray = Arrival(key(FIRE, 1, 1, 7, "leader"), SECOND)
    assert broken(run(arrivals=[*run().arrivals, stray])) == ["notices that nobody owed"]


def test_a_notice_may_come_once_in_each_life_and_not_twice_in_one() -> None:
    text = climb(FIRE)[0]
    once_a_life = [Arrival(text, 12 * SECOND), Arrival(text, 22 * SECOND)]
    assert broken(run(arrivals=[*run().arrivals, *once_a_life])) == []
    twice = Arrival(text, 23 * SECOND)
    (said,) = broken(run(arrivals=[*run().arrivals, *once_a_life, twice]))
    assert said == "notices that came twice without a kill in between"


def test_a_broken_record_is_told() -> None:
    assert broken(run(broken=["log line 7 is missing"])) == ["contradictions in the record"]


def test_a_step_that_was_never_owed_is_skipped() -> None:
    owed = without(run().owed, *(key(FIRE, 1, 1, 0, who) for who in LADDER[1]))
    came = [Arrival(text, SECOND) for text in owed]
    assert broken(run(owed=owed, arrivals=came)) == ["escalation steps skipped"]


EVERYBODY = {0: {"warden"}, 1: {"leader", "principal"}}
REPEATED = {1: {"leader", "principal"}}


@pytest.mark.parametrize(
    ("rounds", "to_the_top", "found"),
    [
        ({0: EVERYBODY}, True, []),
        ({0: EVERYBODY, 1: REPEATED, 2: REPEATED}, True, []),
        ({0: {0: {"warden"}}, 1: EVERYBODY}, True, []),  # taken after the first step, and the promise lapsed
        ({0: {0: {"warden"}}}, False, []),
        ({}, False, ["rounds []"]),
        ({0: {0: {"warden"}}}, True, ["the last step was never done"]),
        ({0: EVERYBODY, 2: REPEATED}, False, ["rounds [0, 2]"]),
        ({0: {0: {"warden"}}, 1: REPEATED}, False, ["round 1 has steps [1]"]),
        ({0: REPEATED}, False, ["round 0 has steps [1]"]),
        ({0: {0: {"warden"}, 1: {"leader"}}}, False, ["round 0, step 1 does not tell principal"]),
    ],
)
def test_steps_form_a_ladder_without_a_gap(
    rounds: dict[int, dict[int, set[str]]], to_the_top: bool, found: list[str]
) -> None:
    assert list(gaps(rounds, LADDER, to_the_top)) == found


def test_an_extra_call_is_counted_to_the_kill_that_cut_the_one_before_it_off() -> None:
    text = climb(FIRE)[0]
    again = [Arrival(text, moment * SECOND) for moment in (9, 25)]
    assert extras(run(arrivals=again)) == [Extra(kill=0, held=SECOND)]
    lines = "\n".join(figures(run(arrivals=[*run().arrivals, *again]), answer=0.5))
    assert "11 calls for 9 notices: 2 extra calls in all" in lines
