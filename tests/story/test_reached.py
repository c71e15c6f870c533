"""Touches. Who is told in the end, and who has it: races for an alert (N7); rosters without anybody (N8)."""

from msgspec.structs import replace
from sqlalchemy import select

from alerts.alert import Acknowledged, Reset, Verified
from alerts.delivery import outbox
from alerts.delivery.message import Purpose
from alerts.delivery.notification import State
from alerts.duty.routing import problems
from alerts.refusal import Refused
from tests.story.school import CAMPUS, School
from tocsin.database import Database


def take(school: School, person: str) -> None:
    school.act(lambda number: Acknowledged(number, person))


def test_n7_of_two_who_take_it_at_once_one_has_it_and_the_other_is_told_who(school: School) -> None:
    school.say("smoke-305", smoke="alarm")
    (alert,) = school.open()
    both = [school.writer.apply([Acknowledged(alert.id, person)]) for person in ("warden", "leader")]
    school.turn()
    assert both[0].exception(0) is None
    second = both[1].exception(0)
    assert second is None or isinstance(second, Refused)
    assert school.open()[0].acknowledged_by == "warden"
    assert school.open()[0].owner == "warden"


def test_n7_after_it_is_taken_no_further_step_is_owed_and_one_that_waits_to_be_sent_is_cancelled(
    school: School,
) -> None:
    school.say("smoke-305", smoke="alarm")
    late = replace(school.told("warden")[0], purpose=Purpose.ESCALATE, step=1, person="leader", id=None)
    future = school.writer.transact(lambda tx: outbox.owe(tx, [late], school.moment))
    school.turn()
    (row,) = future.result(0)
    take(school, "warden")
    school.forget()
    school.forward(100)
    assert not [text for text in school.texts if text.purpose is Purpose.ESCALATE]
    renewed = school.writer.transact(lambda tx: outbox.renew(tx, row.id or 0, school.moment))
    school.turn()
    assert renewed.result(0) is False
    with school.database.read() as conn:
        states = conn.execute(
            select(outbox.notification.c.state, outbox.notification.c.note).where(
                outbox.notification.c.id == row.id
            )
        )
        assert list(states) == [(State.CANCELLED, "taken")]


def test_n7_an_alert_that_is_closed_cannot_be_taken_any_more(school: School) -> None:
    school.say("smoke-305", smoke="alarm")
    number = school.open()[0].id
    take(school, "warden")
    school.act(lambda number: Verified(number, "warden", "false", "steam"))
    school.say("smoke-305", smoke="normal")
    school.forward(200)
    school.writer.apply([Reset(number, "warden")])
    school.turn()
    assert number not in [alert.id for alert in school.open()]
    future = school.writer.apply([Acknowledged(number, "leader")])
    school.turn()
    assert isinstance(future.exception(0), Refused)


def nobody_on(database: Database, **persons: list[dict[str, str]]) -> School:
    """A school where persons have these contacts."""
    people = [{**one, "contacts": persons.get(one["id"], one["contacts"])} for one in CAMPUS["persons"]]
    return School(database, {**CAMPUS, "persons": people})


def test_n8_where_the_roster_reaches_nobody_everybody_else_and_the_siren_are_told(database: Database) -> None:
    school = nobody_on(database, warden=[])
    school.say("smoke-305", smoke="alarm")
    assert school.sirens()
    school.forward(61)
    assert school.told("leader")


def test_n8_a_number_that_has_expired_is_found_beforehand_and_is_not_waited_for(database: Database) -> None:
    school = nobody_on(database, warden=[{"channel": "phone", "address": "1", "until": "2020-01-01"}])
    assert any(
        "warden" in found for found in problems(school.house.directory, school.registry, school.moment)
    )
    school.say("smoke-305", smoke="alarm")
    assert school.sirens()
    school.forward(61)
    assert school.told("leader")
    assert not school.told("warden")


def test_n8_with_nobody_at_all_the_siren_sounds_and_it_is_said_beforehand(database: Database) -> None:
    school = nobody_on(database, warden=[], leader=[])
    found = problems(school.house.directory, school.registry, school.moment)
    assert any("nobody who can be told" in problem for problem in found)
    school.say("smoke-305", smoke="alarm")
    assert school.sirens()
    school.forward(300)
    assert school.open()[0].step_due_at is not None  # and it is tried again for as long as it takes
