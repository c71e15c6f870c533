"""Thinks. Tests beside rules: what a person writes, what passes, and what a failure says."""

from rules.trial import Trial, moment_text, parse_moment, run
from rules.trialfile import parse_trials
from tests.fakes.engine import rule, rules_from

WARM = rule(
    "{metric: temperature, above: 8, deadband: 1}",
    "supervisory",
    "warm",
    on_delay="10m",
    only="{kind: climate}",
)
SMOKE = rule("{metric: smoke, is: [alarm]}", "alarm", "smoke", latch="true")
SILENT = rule("{metric: temperature, silent_for: 30m}", "trouble", "no-data", only="{kind: climate}")
RULES = rules_from("rules:\n" + WARM + SMOKE)


def parsed(text: str, ids: tuple[str, ...] = ("warm", "smoke", "no-data")) -> tuple[list[Trial], list[str]]:
    mistakes: list[str] = []
    return parse_trials(text, "mine.test.yaml", ids, mistakes), mistakes


def failures(*rows: str, rules: object = RULES, more: str = "") -> list[str]:
    """What one test of these rows says; it is loaded without a mistake."""
    text = f"tests:\n- name: it works\n{more}  steps:\n" + "".join(f"  - {row}\n" for row in rows)
    trials, mistakes = parsed(text)
    assert mistakes == []
    return [line for trial in trials for line in run(trial, rules)]  # type: ignore[arg-type]


def test_what_is_raised_and_ended_at_the_moments_that_were_named_passes():
    assert (
        failures(
            "{at: 0s, climate/temperature: 8.1}",
            "{at: 10m, raises: warm on climate/temperature}",
            "{at: 20m, climate/temperature: 7, ends: warm}",
        )
        == []
    )


def test_a_verdict_at_another_moment_fails_and_the_failure_says_when_it_was():
    late, unexpected = failures("{at: 0s, climate/temperature: 9}", "{at: 9m, raises: warm}", "{at: 11m}")
    assert late == (
        "mine.test.yaml:5:22  “it works”, at 9m  expected warm raised"
        "  got raised on climate/temperature at 10m"
    )
    assert unexpected == (
        "mine.test.yaml:6:5  “it works”, at 11m  expected nothing else"
        "  got warm raised on climate/temperature at 10m (temperature 9.0, above 8, deadband 1)"
    )


def test_a_verdict_between_two_rows_is_not_the_one_that_the_later_row_expects():
    missed, early = failures("{at: 0s, climate/temperature: 9}", "{at: 11m, raises: warm}")
    assert missed.endswith("expected warm raised  got raised on climate/temperature at 10m")
    assert "expected nothing else  got warm raised on climate/temperature at 10m" in early


def test_what_is_not_raised_fails_and_the_failure_says_how_far_the_rule_has_come():
    (pending,) = failures("{at: 0s, climate/temperature: 9}", "{at: 1m, raises: warm}")
    assert pending.endswith("got nothing: climate/temperature is pending until 10m, last value 9.0")
    (resting,) = failures("{at: 0s, climate/temperature: 8}", "{at: 1m, raises: warm}")
    assert resting.endswith("got nothing: it is at rest, it looks for temperature above 8, deadband 1")


def test_a_verdict_on_another_subject_fails():
    missed, other = failures(
        "{at: 0s, smoke_detector-2/smoke: alarm, raises: smoke on smoke_detector-1/smoke}"
    )
    assert (
        "expected smoke raised on smoke_detector-1/smoke  got raised on smoke_detector-2/smoke at 0s"
        in missed
    )
    assert "expected nothing else  got smoke raised on smoke_detector-2/smoke" in other


def test_an_alert_unlike_what_the_test_says_of_it_fails():
    row = "{at: 0s, smoke_detector/smoke: alarm, raises: smoke}"
    assert failures(row, more="  alert: {class: alarm, latch: true, priority: 3, verify: false}\n") == []
    found = failures(row, more="  alert: {class: trouble, latch: false, policy: night}\n")
    assert [line.partition("expected smoke ")[2] for line in found] == [
        "with class trouble  got alarm",
        "with latch false  got true",
        "with policy night  got none",
    ]


def test_only_the_rules_a_test_looks_at_can_fail_it():
    row = "{at: 0s, smoke_detector/smoke: alarm}"
    assert len(failures(row)) == 1
    assert failures(row, more="  only: [warm]\n") == []


def test_a_wait_for_silence_begins_with_the_test_for_the_devices_that_are_there():
    rules = rules_from("rules:\n" + SILENT)
    rows = ("{at: 29m, climate/temperature: 5}", "{at: 59m, raises: no-data}")
    assert failures(*rows, rules=rules) == []
    campus = "campus: {devices: {store-1: {kind: climate}}}\n"
    text = campus + "tests:\n- {name: n, steps: [{at: 30m, raises: no-data}]}"
    (trial,), _ = parsed(text)
    assert run(trial, rules) == []


def test_restored_and_measured_readings_are_what_the_engine_takes_them_for():
    presses = rules_from("rules:\n" + rule("{metric: press, happens: [alarm]}", "alarm", "smoke"))
    restored = "{at: 1m, restored: true, panic_button/press: alarm%s}"
    assert failures(restored % "", rules=presses) == []
    assert failures(restored % ", measured: 30s, raises: smoke", rules=presses) == []


def test_a_small_campus_gives_places_zones_gateways_and_labels():
    text = """
campus:
  places: {canteen: campus, store: canteen}
  devices:
    gw: {kind: gateway}
    cold-1: {kind: climate, place: store, zone: z1, gateway: gw, labels: {store: cold}}
tests:
- name: n
  steps: [{at: 0s, cold-1/temperature: 1}]
"""
    (trial,), mistakes = parsed(text)
    assert mistakes == []
    device = trial.registry.devices["cold-1"]
    assert (device.place, device.zone, device.gateway, device.labels) == (
        "store",
        "z1",
        "gw",
        {"store": "cold"},
    )
    assert [place.id for place in trial.registry.path("store")] == ["campus", "canteen", "store"]
    assert "tocsin" not in trial.registry.devices


def test_every_mistake_of_a_file_of_tests_names_its_place_and_what_to_do():
    text = """
campus: {devices: {cold-1: {kind: climat, place: nowhere}}}
tests:
- name: n
  step: []
- steps:
  - {at: 5, climate/temperature: 3}
  - {at: 9s, climate/smok: alarm, smoke_detector/smoke: alram}
  - {at: 9s, nothing/smoke: alarm, raises: warn}
  - {at: 10s, climate/temperature: warm, raises: [warm, 3]}
- just text
"""
    trials, mistakes = parsed(text)
    assert trials == []
    places = [
        line.split("  ")[0].removeprefix("mine.test.yaml:") + " " + line.split("  ")[1] for line in mistakes
    ]
    hints = [line.split("  ", 2)[2] for line in mistakes]
    assert "2:35 campus.devices.cold-1.kind" in places
    assert any("no place 'nowhere'" in hint or "nowhere" in hint for hint in hints)
    assert "5:3 tests[0].step" in places
    assert "7:10 tests[1].steps[0].at" in places
    assert any("expected a moment like 0s, 90s, 10m or 9m59s" in hint for hint in hints)
    assert any("a climate does not report 'smok'" in hint for hint in hints)
    assert any("did you mean 'alarm'?" in hint for hint in hints)
    assert any("expected later than the row before" in hint for hint in hints)
    assert any("no device 'nothing': list it under campus.devices" in hint for hint in hints)
    assert any("no rule has this id; did you mean 'warm'?" in hint for hint in hints)
    assert any("expected a number from -60 to 400" in hint for hint in hints)
    assert "11:3 tests[2]" in places


def test_text_that_is_no_yaml_is_a_mistake_and_an_empty_file_is_none():
    assert parsed("tests: [")[1][0].startswith("mine.test.yaml:1:9  tests  got text that is not YAML")
    assert parsed("- 1")[1] == [
        "mine.test.yaml:1:1  tests  got nothing  expected a list: `tests:` and its entries"
    ]
    assert parsed("") == ([], [])


def test_a_moment_is_read_and_written_the_same():
    for text in ("0s", "250ms", "90s", "9m59s", "2h10m", "1d"):
        assert moment_text(parse_moment(text) or 0) == {"90s": "1m30s"}.get(text, text)
    assert [parse_moment(text) for text in ("", "5", "10 m", "m", "5x", "1m1")] == [None] * 6


def test_what_was_usual_in_the_weeks_before_is_written_beside_the_steps():
    odd = rules_from("rules:\n" + rule("{metric: temperature, past: {above: 3, weeks: 2}}", name="warm"))
    steps = ("{at: 0s, climate/temperature: 8}", "{at: 90m, climate/temperature: 8.1, raises: warm}")
    assert failures(*steps, rules=odd, more="  usual: {climate/temperature: 5}\n") == []
    stated = "  usual: {climate/temperature: {mean: 5, spread: 1, weeks: 2}}\n"
    assert failures(*steps, rules=odd, more=stated) == []
    assert len(failures(*steps, rules=odd)) == 1


def test_a_rule_that_fails_in_a_test_is_said_by_name_and_not_by_a_traceback():
    bad = rules_from(
        "rules:\n"
        + rule('{metric: temperature, expression: "1 / (int(reading.value) - 7) > 9"}', name="warm")
    )
    (line,) = failures("{at: 0s, climate/temperature: 7}", rules=bad)
    assert line == (
        "mine.test.yaml:2:3  “it works”  the rule warm failed on climate/temperature:"
        " division by zero in CEL expression"
    )
