"""Touches. A commit that neither succeeds nor fails: what a dying disk does before it says anything."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection

from alerts.alert import Acknowledged
from ingest.message import Message
from tests.story.school import School


@contextmanager
def hanging(school: School, device: str) -> Iterator[None]:
    """An alarm of `device` is being written; the commit hangs until the end of the block."""
    working, (stuck, freed) = school.database.transaction, (threading.Event(), threading.Event())

    @contextmanager
    def transaction() -> Iterator[Connection]:
        with working() as tx:
            yield tx
            stuck.set()
            freed.wait(30)

    school.database.transaction = transaction  # type: ignore[method-assign]
    writing = threading.Thread(target=school.say, args=(device,), kwargs={"smoke": "alarm"})
    writing.start()
    assert stuck.wait(30)
    try:
        yield
    finally:
        freed.set()
        writing.join(30)
        school.database.transaction = working  # type: ignore[method-assign]


def arrive(school: School, device: str, word: str) -> None:
    payload = f'{{"values":{{"smoke":"{word}"}}}}'.encode()
    topic = f"campus/{device}/reading"
    school.writer.deliver_life([Message(school.life, topic, payload, school.moment, 1, False, False, 1, 9)])


def test_what_hangs_and_what_comes_meanwhile_sounds_unrecorded_and_is_written_after_it(
    school: School,
) -> None:
    with hanging(school, "smoke-305"):
        school.moment += 2900
        school.writer.look()
        assert not school.texts, "it may only be slow"
        school.moment += 200
        school.writer.look()
        assert "not answered" in school.writer.failing
        assert [one.device for one in school.emergency.open()] == ["smoke-305"]
        arrive(school, "smoke-306", "normal")
        arrive(school, "smoke-306", "alarm")
        school.writer.look()
        school.writer.look()
        assert [one.device for one in school.emergency.open()] == ["smoke-305", "smoke-306"]
        assert [row.facts["device"] for row in school.told("warden")] == ["smoke-305", "smoke-306"]
        assert not school.life.settled
    school.turn()
    assert not school.writer.failing
    assert not school.emergency.open()
    assert sorted(alert.device for alert in school.open()) == ["smoke-305", "smoke-306"]
    assert len(school.life.settled) == 3


def test_a_ladder_climbs_on_while_a_commit_hangs(school: School) -> None:
    school.say("smoke-305", smoke="alarm")
    with hanging(school, "smoke-306"):
        school.moment += 61_000
        school.writer.look()
        assert {row.facts["device"] for row in school.told("leader")} == {"smoke-305", "smoke-306"}


def test_a_transaction_that_ended_is_not_taken_for_one_that_hangs(school: School) -> None:
    school.say("smoke-305", smoke="alarm")
    school.forget()
    school.moment += 5_000
    school.writer.look()
    assert not school.texts
    assert not school.writer.failing


def test_a_known_alarm_that_is_repeated_while_a_commit_hangs_rings_nobody(school: School) -> None:
    school.say("smoke-305", smoke="alarm")
    school.act(lambda alert: Acknowledged(alert, "warden", "wall", ""))
    school.forget()
    with hanging(school, "smoke-306"):
        arrive(school, "smoke-305", "alarm")
        school.moment += 3_100
        school.writer.look()
        assert {row.facts["device"] for row in school.texts} == {"smoke-306"}
        assert [one.device for one in school.emergency.open()] == ["smoke-306"]


def test_what_is_left_from_before_a_commit_hangs_does_not_sound_in_it(school: School) -> None:
    arrive(school, "smoke-305", "alarm")
    school.writer._overheard.append(school.writer._life.pop())
    with hanging(school, "smoke-306"):
        school.moment += 3_100
        school.writer.look()
        assert [one.device for one in school.emergency.open()] == ["smoke-306"]
