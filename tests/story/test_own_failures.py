"""Thinks. A part of Tocsin itself fails: the others' alarms go on, and it is said."""

import pkgutil
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from sqlalchemy import update

from alerts import desk
from alerts.alert import Acknowledged, Arrived, Fact
from alerts.delivery.emergency import AGAIN
from alerts.desk import Outcome
from ingest.tables import latest, spool
from rules.verdict import Verdict
from tests.bench.service import campus
from tests.story.school import School
from tocsin.house import Prepared
from tocsin.writer import SAVE_EVERY


def test_a_desk_that_fails_on_one_fact_takes_no_other_with_it(
    school: School, monkeypatch: pytest.MonkeyPatch
) -> None:
    apply = desk.apply

    def failing(tx: Any, facts: Sequence[Fact], *more: Any) -> Outcome:
        if any(isinstance(fact, Verdict) and fact.device == "smoke-306" for fact in facts):
            raise ZeroDivisionError("a mistake of ours")
        return apply(tx, facts, *more)

    monkeypatch.setattr(desk, "apply", failing)
    said = _heard(school, monkeypatch, lambda held, outcome: outcome.troubles)
    school.say("smoke-306", smoke="alarm")
    school.say("smoke-305", smoke="alarm")
    assert said == [("escalation", "fault", "the desk failed on 1 facts: see the log")]
    assert [alert.device for alert in school.open() if alert.alert_class == "alarm"] == ["smoke-305"]
    assert school.told("warden")
    assert [entry.device for entry in school.emergency.open()] == ["smoke-306"]
    assert all(message.acked for message in school.life.settled)


def test_a_batch_that_fails_where_the_desk_does_not_is_no_failure_of_the_desk(
    school: School, monkeypatch: pytest.MonkeyPatch
) -> None:
    troubles = _heard(school, monkeypatch, lambda held, outcome: outcome.troubles)
    failing = iter([True])
    _breaks(monkeypatch, "tocsin.pipeline.store.save", lambda *_: next(failing, False))
    school.say("smoke-305", smoke="alarm")
    assert [alert.device for alert in school.open()] == ["smoke-305"]
    assert troubles == []


def _fails_on(monkeypatch: pytest.MonkeyPatch, device: str) -> None:
    """The desk fails on whatever a rule says of this device."""

    def about(*given: Any) -> bool:
        return any(isinstance(fact, Verdict) and fact.device == device for fact in given[1])

    _breaks(monkeypatch, "alerts.desk.apply", about)


def test_what_the_desk_fails_on_climbs_its_ladder_and_is_over_when_its_cause_is(
    school: School, monkeypatch: pytest.MonkeyPatch
) -> None:
    _fails_on(monkeypatch, "smoke-305")
    school.say("smoke-305", smoke="alarm")
    assert not school.writer.failing
    school.forward(60 + 120)
    assert [row.purpose for row in school.told("leader") if row.facts["device"] == "smoke-305"] == [
        "escalate",
        "escalate",
    ]
    school.say("smoke-305", smoke="normal")
    school.forward(60)
    assert not school.emergency.open()
    (on, off) = school.sirens()
    assert (on.purpose, off.purpose) == ("raise", "clear")
    assert on.code == off.code
    school.forget()
    school.forward(300)
    assert not [row for row in school.texts if row.facts["device"] == "smoke-305"]


def test_what_the_desk_failed_on_is_written_as_soon_as_it_can_be(
    school: School, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        _fails_on(broken, "smoke-305")
        school.say("smoke-305", smoke="alarm")
        school.forward(60)
        assert [entry.device for entry in school.emergency.open()] == ["smoke-305"]
    began = school.moment
    while school.emergency.open() and school.moment < began + 60_000:
        school.forward(1)
    assert school.moment <= began + AGAIN
    (alert,) = (alert for alert in school.open() if alert.device == "smoke-305")
    assert alert.raised_at < began - 50_000
    (first, recorded, end) = school.sirens()
    assert (first.code, recorded.code) == (end.code, alert.code)
    assert end.purpose == "clear"
    school.forget()
    school.say("smoke-305", smoke="normal")
    school.forward(20)
    assert not school.emergency.open()


def test_what_the_desk_failed_on_outlives_an_outage(school: School, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as broken:
        _fails_on(broken, "smoke-305")
        school.say("smoke-305", smoke="alarm")
        (before,) = school.emergency.open()
        with school.outage():
            school.say("store-1", temperature=20)
            school.forward(60)
        school.forward(1)
        assert [entry.code for entry in school.emergency.open()] == [before.code]
        assert [row.purpose for row in school.sirens()] == ["raise"]
        assert "escalate" in [row.purpose for row in school.told("leader")]
    school.forward(11)
    assert not school.emergency.open()
    assert "smoke-305" in [alert.device for alert in school.open()]


def test_a_second_press_that_the_desk_fails_on_sounds_and_ends_only_when_it_is_written(
    school: School, monkeypatch: pytest.MonkeyPatch
) -> None:
    school.say("panic-1", press=True)
    with monkeypatch.context() as broken:
        _fails_on(broken, "panic-1")
        school.say("panic-1", press=True)
        assert not school.emergency.open(), "people are being told by the ladder of the first"
        school.writer.apply([Acknowledged(school.open()[0].id, "warden", "wall", "")])
        school.turn()
        school.forget()
        school.say("panic-1", press=True)
        assert [row.purpose for row in school.told("warden") if row.facts["device"] == "panic-1"] == ["raise"]
        school.writer.apply([Arrived(school.open()[0].id, "warden")])
        school.turn()
        assert [entry.device for entry in school.emergency.open()] == ["panic-1"]
    school.forward(11)
    assert not school.emergency.open()
    assert [alert.occurrence for alert in school.open() if alert.device == "panic-1"] == [2]


@pytest.mark.parametrize("step", ["rules.evaluate.read", "rules.evaluate.evaluate"])
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
    said = _heard(school, monkeypatch, lambda held, outcome: held.failed)
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


def test_a_kill_between_two_pieces_of_a_saving_forgets_no_latest_reading(school: School) -> None:
    full = School(school.database, campus(150))
    for number in range(150):
        full.publish(f"campus/d{number}/reading", b'{"values":{"temperature":21.5}}', turn=False)
    full.turn()
    for _ in range(210):  # more batches than a restart needs to know what they saw
        full.moment += 50
        full.publish("campus/d0/reading", b'{"values":{"temperature":22.5}}')
    full.writer.consumed(full.house.position)
    full.moment += SAVE_EVERY
    full.turn()
    full.restart()
    assert len(full.house.latest.of("temperature")) == 150


def test_what_is_written_is_settled_and_answered_though_nobody_could_be_told_of_it(
    school: School, monkeypatch: pytest.MonkeyPatch
) -> None:
    _breaks(monkeypatch, "tests.story.school.School._deliver", lambda *_: True)
    asked = school.writer.transact(lambda tx: 1)
    school.say("smoke-305", smoke="alarm")
    assert asked.result(0) == 1
    assert len(school.life.settled) == 1
    assert school.open()


def _heard(
    school: School, monkeypatch: pytest.MonkeyPatch, part: Callable[[Prepared, Outcome], list[Any]]
) -> list[Any]:
    """What is told after each commit from now on."""
    heard: list[Any] = []
    committed = school.writer._committed
    monkeypatch.setattr(
        school.writer, "_committed", lambda held, out: (heard.extend(part(held, out)), committed(held, out))
    )
    return heard


def _breaks(monkeypatch: pytest.MonkeyPatch, step: str, where: Callable[..., bool]) -> None:
    whole = pkgutil.resolve_name(step)

    def breaking(*given: Any) -> Any:
        if where(*given):
            raise ZeroDivisionError("a mistake of ours")
        return whole(*given)

    monkeypatch.setattr(step, breaking)
