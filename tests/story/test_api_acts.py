"""Thinks. Acts of the API at the real writer: what is kept with an act is kept with it or not at all."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Connection, func, select

from alerts.alert import Acknowledged
from alerts.refusal import Refused
from dashboard.once import Once, Replay
from dashboard.tables import ANSWERED
from tests.story.school import School
from tocsin.database import Database

Act = Callable[[], Any]


@pytest.fixture
def school(database: Database) -> School:
    return School(database)


def _kept(school: School) -> int:
    with school.database.read() as conn:
        return int(conn.execute(select(func.count()).select_from(ANSWERED)).scalar() or 0)


def _send(school: School, fact: Acknowledged, once: Once, broken: bool = False) -> Any:
    def within(tx: Connection, act: Act) -> Any:
        once.look(tx, 1)
        outcome = act()
        once.keep(tx, 1, 200, "{}")
        if broken:
            raise OSError("killed")
        return outcome

    future = school.writer.apply([fact], within)
    school.turn()
    return future


def test_an_act_and_its_answer_are_written_together_and_once(school: School) -> None:
    school.say("smoke-305", smoke="alarm")
    (alert,) = school.open()
    taken = Acknowledged(alert.id, "warden", "api")
    assert _send(school, taken, Once("key", "body")).result(0).changed == [alert.id]
    assert _kept(school) == 1
    with pytest.raises(Replay):
        _send(school, taken, Once("key", "body")).result(0)
    with pytest.raises(Refused):
        _send(school, Acknowledged(alert.id, "leader", "api"), Once("other", "body")).result(0)
    assert _kept(school) == 1


def test_an_act_that_is_undone_keeps_nothing_and_delays_no_step_of_the_ladder(school: School) -> None:
    school.say("smoke-305", smoke="alarm")
    (alert,) = school.open()
    future = school.writer.apply([Acknowledged(alert.id, "warden", "api")], lambda tx, act: (act(), 1 // 0))
    school.turn()
    with pytest.raises(ZeroDivisionError):
        future.result(0)
    (still,) = school.open()
    assert (still.owner, _kept(school)) == ("", 0)
    school.forget()
    school.forward(600)
    assert school.told("leader"), "the next step was not lost with the act"
