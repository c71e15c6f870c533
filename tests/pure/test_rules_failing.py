"""Thinks. A rule that breaks: the other rules are heard, and it is said which broke on what."""

import pytest

from ingest.reading import Reading
from rules import evaluate as evaluating
from rules.evaluate import AGAIN, Failure, due, evaluate
from rules.verdict import Verdict
from tests.fakes.engine import CAMPUS, Engine, reading, rule

SMOKE = "{metric: smoke, is: [alarm]}"
LATER = 60_000


class Broken:
    """Two rules on one point; `first`, which is asked before `second`, breaks as long as `broken`."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, step: str, **delays: str) -> None:
        self.engine = Engine(
            rule(SMOKE, "supervisory", "first", **delays), rule(SMOKE, "trouble", "second", **delays)
        )
        self.broken = True
        self.failures: list[Failure] = []
        whole = getattr(evaluating, step)

        def breaking(rule, *more):
            if rule.id == "first" and self.broken:
                raise ZeroDivisionError("a mistake of ours")
            return whole(rule, *more)

        monkeypatch.setattr(evaluating, step, breaking)

    def take(self, one: Reading) -> list[Verdict]:
        engine, device = self.engine, CAMPUS.devices[one.device]
        return evaluate(engine.rules, engine.memories, one, device, CAMPUS, self.failures)

    def pass_time(self, until: int) -> list[Verdict]:
        return due(self.engine.rules, self.engine.memories, until, CAMPUS, self.failures)

    def said(self) -> list[tuple[str, str, str]]:
        return [(rule, point, str(error)) for rule, point, error in self.failures]


def test_a_rule_that_breaks_on_a_reading_leaves_the_other_rules_of_the_point_alone(monkeypatch):
    school = Broken(monkeypatch, "read")
    verdicts = school.take(reading("smoke-1", "smoke", "alarm", 1000))
    assert [verdict.rule for verdict in verdicts] == ["second"]
    assert school.said() == [("first", "smoke-1/smoke", "a mistake of ours")]
    assert [row.rule for row in school.engine.memories] == ["second"]


def test_a_rule_that_breaks_on_a_deadline_is_tried_again_and_holds_up_no_other(monkeypatch):
    school = Broken(monkeypatch, "fire", on_delay="10s")
    school.take(reading("smoke-1", "smoke", "alarm", 1000))
    assert [verdict.rule for verdict in school.pass_time(LATER)] == ["second"]
    assert school.said() == [("first", "smoke-1/smoke", "a mistake of ours")]
    school.broken = False
    assert school.pass_time(LATER + AGAIN - 1) == []
    assert [verdict.rule for verdict in school.pass_time(LATER + AGAIN)] == ["first"]


def test_with_nobody_to_tell_it_to_the_mistake_is_raised(monkeypatch):
    school = Broken(monkeypatch, "read")
    with pytest.raises(ZeroDivisionError):
        school.engine.take(reading("smoke-1", "smoke", "alarm", 1000))
