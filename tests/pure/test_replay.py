"""Thinks. A backtest: what rules would have raised over what was recorded, by the engine in service."""

from typing import Any

import pytest

from ingest.reading import Reading
from rules import evaluate as evaluating
from rules.firing import Tally
from rules.replay import Replay, around, compared, differing, needed, watched
from rules.rule import Rule
from tests.fakes.engine import CAMPUS, Engine, reading, rule, rules_from
from tests.fakes.words import english

HOT = rule("{metric: temperature, above: 30, deadband: 2}", name="hot")
HOTTER = HOT.replace("above: 30", "above: 40")
SLOW = rule("{metric: temperature, above: 30}", name="slow", on_delay="10m")
QUIET = rule("{metric: temperature, silent_for: 30m}", name="quiet", only="{kind: climate}")
OPEN = rule("{metric: contact, is: [open]}", name="open")
PRESS = rule("{metric: press, happens: [alarm], hold: 1m}", name="press", only="{kind: panic_button}")
S, M = 1_000, 60_000


def warm(value: float, at: int) -> Reading:
    return reading("store-1", "temperature", value, at)


def replayed(*rules: str, said: list[Reading], since: int = 0, until: int = 1 << 40) -> dict[str, Tally]:
    replay = Replay(Engine(*rules).rules, CAMPUS, 0, since)
    replay.play(said)
    replay.forward(until)
    return replay.tallies()


def times(tally: Tally) -> list[tuple[int, int | None]]:
    return [(one.moment, one.until) for one in tally.firings]


def test_each_activation_is_counted_with_when_where_why_and_how_long() -> None:
    said = [warm(31, 1 * M), warm(33, 2 * M), warm(20, 5 * M), warm(35, 60 * M)]
    tally = replayed(HOT, said=said)["hot"]
    assert (tally.count, tally.devices, tally.chatter, tally.standing) == (2, 1, 0, 0)
    assert times(tally) == [(1 * M, 5 * M), (60 * M, None)]
    assert (tally.firings[0].subject, tally.firings[0].device) == ("store-1/temperature", "store-1")
    assert english(tally.firings[0].said).startswith("temperature 31 (above 30")


def test_deadlines_fire_in_virtual_time_also_after_the_last_reading() -> None:
    tally = replayed(SLOW, said=[warm(31, 1 * M)], until=60 * M)["slow"]
    assert times(tally) == [(11 * M, None)]
    assert "slow" not in replayed(SLOW, said=[warm(31, 1 * M)], until=10 * M)


def test_silence_is_found_where_nothing_is_recorded() -> None:
    tally = replayed(QUIET, said=[warm(20, 1 * M), warm(20, 90 * M)], until=100 * M)["quiet"]
    assert times(tally) == [(31 * M, 90 * M)]


def test_while_tocsin_itself_was_down_no_silence_is_counted() -> None:
    replay = Replay(Engine(QUIET).rules, CAMPUS, 0, 0)
    replay.play([warm(20, 1 * M)])
    replay.down(10 * M, 80 * M)
    replay.play([warm(20, 85 * M)])
    replay.forward(100 * M)
    assert replay.tallies() == {}


def test_what_held_before_the_span_began_is_no_activation_of_it() -> None:
    tally = replayed(HOT, said=[warm(31, 1 * M), warm(33, 20 * M), warm(20, 30 * M)], since=10 * M)["hot"]
    assert (tally.count, tally.standing) == (0, 1)
    tally = replayed(HOT, said=[warm(31, 1 * M), warm(20, 2 * M), warm(33, 20 * M)], since=10 * M)["hot"]
    assert (tally.count, tally.standing) == (1, 0)


def test_an_on_delay_that_ends_in_the_span_counts_although_it_began_before() -> None:
    tally = replayed(SLOW, said=[warm(31, 5 * M)], since=10 * M, until=20 * M)["slow"]
    assert (tally.count, tally.standing) == (1, 0)


@pytest.mark.parametrize(
    ("opened", "chatter"),
    [
        ([0, 20, 40], 3),
        ([0, 20, 60], 3),
        ([0, 20, 61], 0),
        ([0, 300, 320, 340, 900], 3),
        ([0, 50, 100, 110, 120], 4),
        ([0, 30, 60, 90, 120], 5),
    ],
)
def test_three_activations_in_a_minute_are_chatter_and_every_one_of_them_counts(
    opened: list[int], chatter: int
) -> None:
    said = []
    for second in opened:
        said += [
            reading("door-1", "contact", "open", second * S),
            reading("door-1", "contact", "closed", second * S + 500),
        ]
    tally = replayed(OPEN, said=said)["open"]
    assert (tally.count, tally.chatter) == (len(opened), chatter)


def test_each_press_of_a_button_is_an_activation() -> None:
    said = [reading("panic-1", "press", "alarm", at * S) for at in (0, 10, 600)]
    tally = replayed(PRESS, said=said)["press"]
    assert times(tally) == [(0, 70 * S), (10 * S, 70 * S), (600 * S, 660 * S)]


def test_two_sets_of_rules_are_compared_activation_by_activation() -> None:
    said = [warm(31, 1 * M), warm(45, 2 * M), warm(20, 5 * M), warm(35, 60 * M), warm(20, 70 * M)]
    old, new = (Engine(HOT), Engine(HOTTER))
    was, now = (replayed(text, said=said) for text in (HOT, HOTTER))
    (found,) = compared(old.rules, new.rules, was, now)
    assert (found.rule, found.what, found.both) == ("hot", "changed", 1)
    assert [one.moment for one in found.only_old] == [60 * M]
    assert found.only_new == []


def test_what_reads_otherwise_is_named_and_so_is_what_hangs_on_it() -> None:
    upper = rule("{all: [hot]}", name="upper")
    old = rules_from("rules:\n" + HOT + upper + OPEN)
    new = rules_from("rules:\n" + HOTTER + upper + SLOW)
    assert differing(old, new) == {"hot": "changed", "open": "removed", "slow": "added"}
    assert around(differing(old, new), old, new) == {"hot", "open", "slow", "upper"}
    assert sorted(needed(old, {"upper"}).by_id) == ["hot", "upper"]


def test_only_points_that_a_rule_looks_at_are_asked_for_and_only_values_that_start_something() -> None:
    found = {(one.device, one.metric): one for one in watched([Engine(HOT, OPEN).rules], CAMPUS)}
    assert ("smoke-1", "smoke") not in found
    assert found["door-1", "contact"].words == ("open",)
    assert (found["store-1", "temperature"].high, found["store-1", "temperature"].every) == (30, False)
    assert {one.every for one in watched([Engine(QUIET).rules], CAMPUS)} == {True}


def test_a_rule_that_fails_is_named_and_the_others_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = evaluating.read

    def breaking(rule: Rule, *more: Any) -> Any:
        return 1 / 0 if rule.id == "slow" else whole(rule, *more)

    monkeypatch.setattr(evaluating, "read", breaking)
    replay = Replay(Engine(HOT, SLOW).rules, CAMPUS, 0, 0)
    replay.play([warm(31, 1 * M)])
    assert replay.tallies()["hot"].count == 1
    (failure,) = replay.failures()
    assert failure.startswith("the rule slow failed on store-1/temperature")
