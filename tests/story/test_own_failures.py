"""Thinks. A part of Tocsin itself fails: the others' alarms go on, and it is said."""

import pkgutil
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from sqlalchemy import update

from alerts import desk
from alerts.alert import Fact
from alerts.desk import Outcome
from ingest.tables import latest, spool
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
    assert [entry.device for entry in school.emergency.open()] == ["smoke-306"]
    assert all(message.acked for message in school.life.settled)


@pytest.mark.parametrize("step", ["rules.evaluate.read", "tocsin.pipeline.evaluate"])
def test_a_rule_that_fails_on_one_reading_takes_no_other_with_it(
    school: School, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    _breaks(monkeypatch, step, lambda *given: any(getattr(one, "device", "") == "smoke-306" for one in given))
    school.say("smoke-306", smoke="alarm")
    school.say("smoke-305", smoke="alarm")
    assert [alert.device for alert in school.open()] == ["smoke-305"]


def test_a_rule_that_fails_is_named_and_the_other_rules_of_its_point_are_heard(
    school: School, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    committed = school.writer._committed
    monkeypatch.setattr(
        school.writer, "_committed", lambda held, out: (said.extend(held.failed), committed(held, out))
    )
    _breaks(monkeypatch, "rules.evaluate.read", lambda rule, *_: rule.id == "smoke-alarm")
    school.say("smoke-306", smoke="fault")
    assert [alert.rule for alert in school.open()] == ["detector-fault"]
    assert said == ["the rule smoke-alarm failed on smoke-306/smoke: ZeroDivisionError('a mistake of ours')"]


def test_it_starts_although_what_it_stored_of_readings_and_redeliveries_cannot_be_read(
    school: School,
) -> None:
    school.say("smoke-306", smoke="alarm")
    with school.database.transaction() as tx:
        school.house.latest.save(tx, school.house.position)
        tx.execute(update(spool).values(seen=b"\xc1", readings=b"\xc1"))
        tx.execute(update(latest).values(readings=b"\xc1"))
    school.restart()
    school.say("smoke-305", smoke="alarm")
    assert [alert.device for alert in school.open()] == ["smoke-306", "smoke-305"]


def test_what_is_written_is_settled_and_answered_though_nobody_could_be_told_of_it(
    school: School, monkeypatch: pytest.MonkeyPatch
) -> None:
    _breaks(monkeypatch, "tests.story.school.School._deliver", lambda *_: True)
    asked = school.writer.transact(lambda tx: 1)
    school.say("smoke-305", smoke="alarm")
    assert asked.result(0) == 1
    assert len(school.life.settled) == 1
    assert school.open()


def _breaks(monkeypatch: pytest.MonkeyPatch, step: str, where: Callable[..., bool]) -> None:
    whole = pkgutil.resolve_name(step)

    def breaking(*given: Any) -> Any:
        if where(*given):
            raise ZeroDivisionError("a mistake of ours")
        return whole(*given)

    monkeypatch.setattr(step, breaking)
