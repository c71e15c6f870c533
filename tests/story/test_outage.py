"""Thinks. The database is away for a moment: nobody who waits for it waits for ever."""

from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from tests.story.school import School


def test_a_transaction_that_cannot_begin_answers_everybody_who_waits_for_it(
    school: School, monkeypatch: pytest.MonkeyPatch
) -> None:
    @contextmanager
    def locked() -> Any:
        raise OperationalError("BEGIN", {}, Exception("database is locked"))
        yield

    with monkeypatch.context() as away:
        away.setattr(school.database, "transaction", locked)
        waiting = [school.writer.transact(lambda tx: 1), school.writer.transact_soon(lambda tx: 2)]
        school.say("smoke-305", smoke="alarm")
        assert all(isinstance(future.exception(0), OperationalError) for future in waiting)
        assert {verdict.device for verdict in school.unrecorded.sounded} == {"smoke-305"}
        assert not school.life.settled
    school.turn()
    assert len(school.told("warden")) == 1
    assert len(school.life.settled) == 1


def test_a_detector_registered_a_moment_ago_is_heard_on_the_other_session_until_life_has_it(
    school: School,
) -> None:
    school.house.life_since = lambda: school.moment + 3000.0
    school.publish("campus/smoke-305/reading", b'{"values":{"smoke":"alarm"}}', lane="all")
    assert school.told("warden")
