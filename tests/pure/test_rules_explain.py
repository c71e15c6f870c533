"""Thinks. Why rules did or did not fire for a device: every state a rule can be in, in words."""

from collections.abc import Iterable

from ingest.reading import Reading
from rules.baseline import Slot, Week
from rules.explain import lines, replayed, unwatched
from rules.trial import moment_text
from tests.fakes.engine import CAMPUS, reading, rule, rules_from
from tests.fakes.words import english

WARM = rule("{metric: temperature, above: 8}", "trouble", "warm", on_delay="10s", off_delay="10s")
SMOKE = rule("{metric: smoke, is: [alarm]}", "alarm", "smoke-alarm")
PAIR = rule("{metric: smoke, is: [alarm], devices: 2, within: 5m}", "alarm", "pair")
SILENT = rule("{metric: humidity, silent_for: 60s}", "trouble", "quiet")


def told(device: str, readings: Iterable[Reading], until: int, *rules: str) -> str:
    known = rules_from("rules:\n" + "".join(rules))
    found = replayed(known, CAMPUS.devices[device], CAMPUS, readings, until)
    return english("\n".join(line for one in found for line in lines(one, moment_text)))


def warm(*values: tuple[int, float | str]) -> list[Reading]:
    return [reading("store-1", "temperature", value, at) for at, value in values]


def test_each_state_of_a_rule_is_said_with_its_moments() -> None:
    def at(until: int, *values: tuple[int, float | str]) -> str:
        return told("store-1", warm(*values), until, WARM).splitlines()[-1].strip()

    assert at(5000, (0, 3.0)) == "at rest: what it heard last is not what it looks for, or it is over"
    assert at(5000, (1000, 9.0)) == ("not raised yet: it holds since 1s (9), its on-delay runs until 11s")
    assert at(20_000, (1000, 9.0)) == "raised: it holds since 1s (9)"
    assert at(30_000, (1000, 9.0), (25_000, 3.0)) == (
        "raised, and no longer holds (3): its off-delay runs until 35s"
    )
    assert at(30_000, (1000, 9.0), (25_000, "unknown")).startswith(
        "raised, and now unknown: it was told unknown"
    )


def test_what_was_said_before_is_said_with_what_it_heard_and_looks_for() -> None:
    text = told("store-1", warm((0, 9.0), (60_000, 3.0)), 90_000, WARM)
    assert "looks for temperature above 8, on-delay 10s, off-delay 10s" in text
    assert "heard temperature 3 at 1m" in text
    assert "raised at 10s, the condition began 0s" in text
    assert "ended at 1m10s" in text


def test_a_rule_that_heard_nothing_says_so() -> None:
    assert "heard no smoke\n  not raised: it was told nothing to judge" in told("smoke-1", [], 0, SMOKE)


def test_a_rule_about_several_devices_is_named_with_what_it_looks_for() -> None:
    text = told("smoke-1", [reading("smoke-1", "smoke", "alarm", 0)], 1000, SMOKE, PAIR)
    assert "looks for zone 2 devices within 300 s: is alarm" in text


def test_what_no_rule_looks_at_is_named() -> None:
    known = rules_from("rules:\n" + SMOKE)
    assert unwatched(known, CAMPUS.devices["smoke-1"], CAMPUS, ["smoke", "rssi", "voltage"]) == [
        "rssi",
        "voltage",
    ]


def test_what_a_rule_looks_at_besides_the_reading_is_said_also_where_it_did_not_fire() -> None:
    usual = {Slot("store-1", "temperature", 0): (Week(1, 20.0, 1.0), Week(2, 22.0, 1.0))}
    odd = rule("{metric: temperature, past: {above: 30}}", name="odd")
    one = rule("{metric: temperature, expression: \"reading.value > 90.0 && place.id == 'lab'\"}", name="one")
    bad = rule('{metric: temperature, expression: "1 / (int(reading.value) - 9) > 9"}', name="bad")
    few = rule("{metric: temperature, siblings: {above: 8}}", name="few")
    known = rules_from("rules:\n" + odd + one + bad + few)
    found = replayed(known, CAMPUS.devices["store-1"], CAMPUS, warm((0, 9.0)), 1000, usual)
    text = english("\n".join(line for one in found for line in lines(one, moment_text)))
    assert "beside it: at this hour usually 21 ± 1.4, 2 of 4 weeks" in text
    assert "beside it: place.id = lab" in text
    assert "it cannot be judged: division by zero" in text
    assert "beside it: only 0 others have spoken" in text
