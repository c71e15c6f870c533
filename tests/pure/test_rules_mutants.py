"""Thinks. The standard pack's own tests are sharp: whatever is changed in one of its rules, one goes red."""

import json
from collections.abc import Iterator
from copy import deepcopy
from functools import cache
from typing import Any

import pytest

from ingest.campus.kinds import KINDS, METRICS
from rules.load import STANDARD, build, load_trials, read, trial_files
from rules.parse import parse
from rules.rule import Rule
from rules.ruleset import RuleSet
from rules.section import parse_duration
from rules.trial import Trial, run, untested
from rules.verdict import Class

LOADED = build(read())
DURATIONS = ("on_delay", "off_delay", "hold", "silent_for", "same_for", "within", "shorter_than")
WHOLE = ("times", "devices")
Mutant = tuple[str, dict[str, Any]]  # what was changed, and the rule as it is then


@cache
def trials() -> list[Trial]:
    return load_trials(trial_files([STANDARD]), LOADED.rules)


def test_every_test_of_the_pack_passes_and_every_rule_of_it_is_raised_by_one() -> None:
    assert [failure for trial in trials() for failure in run(trial, LOADED.rules)] == []
    assert untested(LOADED.rules.rules, trials()) == []


@pytest.mark.parametrize("name", sorted(LOADED.said))
def test_whatever_is_changed_in_a_rule_of_the_pack_one_of_its_tests_goes_red(name: str) -> None:
    mutants = [*_mutants(LOADED.said[name].body)]
    assert len(mutants) > 10
    assert [what for what, body in mutants if _survives(name, body)] == []


def _survives(name: str, body: dict[str, Any]) -> bool:
    """Whether the changed rule is loaded, means something else, and no test notices."""
    rule = _read(body)
    before = LOADED.rules.by_id[name]
    if rule is None or _meaning(rule) == _meaning(before):
        return False
    mutated = RuleSet([rule if one.id == name else one for one in LOADED.rules.rules])
    concerned = sorted(trials(), key=lambda trial: name not in trial.raises())  # the likely ones first
    return not any(run(trial, mutated) for trial in concerned)


def _read(body: dict[str, Any]) -> Rule | None:
    found, mistakes = dict[str, Rule](), list[str]()
    parse(json.dumps({"rules": [body]}), "mutant.yaml", found, mistakes)
    return next(iter(found.values())) if not mistakes else None


def _meaning(rule: Rule) -> object:
    places = ("version", "source", "delayed_at")
    return tuple(getattr(rule, field) for field in rule.__struct_fields__ if field not in places)


def _mutants(body: dict[str, Any]) -> Iterator[Mutant]:
    for section, key, values in _changes(body):
        for value in values:
            changed = deepcopy(body)
            into = changed[section] if section else changed
            if value is None:
                del into[key]
            else:
                into[key] = value
            yield f"{section or 'rule'}.{key} = {value}", changed


def _changes(body: dict[str, Any]) -> Iterator[tuple[str, str, list[Any]]]:
    """Which key of which part, and every other value it is given (None: the key is taken away)."""
    yield "", "class", [one.value for one in Class]
    yield "", "priority", [1, 2, 3, 4, 5]
    yield "", "latch", [True, False]
    yield "", "verify", [True, False]
    if "policy" in body:
        yield "", "policy", ["another", None]
    for key in ("on_delay", "off_delay"):
        yield "", key, _longer_and_shorter(body.get(key, "0s"))
    if "subject" in body:
        yield "", "subject", ["point"]
    when = body["when"]
    for key, value in when.items():
        if key in DURATIONS:
            yield "when", key, _longer_and_shorter(value)
        elif isinstance(value, int) and key in WHOLE:
            yield "when", key, [value + 1, value - 1]
        elif isinstance(value, int | float):
            yield "when", key, [value * 1.01, value * 0.99] if value else [1, -1]
        elif key in ("is", "happens"):
            first = when["metric"] if isinstance(when["metric"], str) else when["metric"][0]
            yield "when", key, _other_words(value, METRICS[first].words)
    for key in ("deadband", "hold"):
        if key in when:
            yield "when", key, [None]
    if "happens" in when:
        yield "when", "hold", ["59s", "61s"]
    if isinstance(when["metric"], list):
        yield "when", "metric", _each_missing(when["metric"])
    for key, value in body.get("for", {}).items():
        wanted = value if isinstance(value, list) else [value]
        known = KINDS if key == "kind" else ("life_safety", "others", "nothing")
        yield "for", key, [*_each_missing(wanted), *[[one] for one in known if [one] != wanted]]


def _longer_and_shorter(text: str) -> list[str]:
    length = parse_duration(text) or 0
    return [f"{length + 1000}ms", f"{length + 1}ms", *([f"{length - 1}ms", "0s"] if length else [])]


def _other_words(words: list[str], known: tuple[str, ...]) -> list[list[str]]:
    rest = [word for word in known if word not in words]
    return [[word] for word in rest] + [[*words, word] for word in rest]


def _each_missing(values: list[str]) -> list[list[str]]:
    return [[one for one in values if one != gone] for gone in values if len(values) > 1]
