"""Thinks. A part of Tocsin itself fails: the others' alarms go on, and it is said."""

from collections.abc import Sequence
from typing import Any

import pytest

from alerts import desk
from alerts.alert import Fact
from alerts.desk import Outcome
from rules.verdict import Verdict
from tests.story.school import School


def test_a_desk_that_fails_on_one_fact_takes_no_other_with_it(
    school: School, monkeypatch: pytest.MonkeyPatch
) -> None:
    apply = desk.apply

    def failing(tx: Any, facts: Sequence[Fact], *more: Any) -> Outcome:
        if any(isinstance(fact, Verdict) and fact.device == "smoke-306" for fact in facts):
            raise ZeroDivisionError("a mistake of ours")
        return apply(tx, facts, *more)

    monkeypatch.setattr(desk, "apply", failing)
    school.say("smoke-306", smoke="alarm")
    school.say("smoke-305", smoke="alarm")
    assert [alert.device for alert in school.open() if alert.alert_class == "alarm"] == ["smoke-305"]
    assert school.told("warden")
    assert [verdict.device for verdict in school.unrecorded.sounded] == ["smoke-306"]
    assert all(message.acked for message in school.life.settled)


def test_a_rule_that_fails_on_one_reading_takes_no_other_with_it(
    school: School, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tocsin import pipeline

    evaluate = pipeline.evaluate

    def failing(rules: Any, memories: Any, reading: Any, *more: Any) -> list[Verdict]:
        if reading.device == "smoke-306":
            raise ZeroDivisionError("a mistake of ours")
        return evaluate(rules, memories, reading, *more)

    monkeypatch.setattr(pipeline, "evaluate", failing)
    school.say("smoke-306", smoke="alarm")
    school.say("smoke-305", smoke="alarm")
    assert [alert.device for alert in school.open()] == ["smoke-305"]
