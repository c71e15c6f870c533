"""Thinks. Nothing can be written for a while: fires sound, ladders climb on, and nobody waits for ever."""

import pytest
from sqlalchemy.exc import DatabaseError, OperationalError

from alerts.alert import Acknowledged
from alerts.delivery.notification import Notification
from ingest.campus.device import OWN
from ingest.decode import Decoder
from ingest.message import Message
from ingest.reading import Reading
from tests.story.school import FULL, School


def said(rows: list[Notification]) -> list[str]:
    """Each notice's purpose, in brackets when it says that nothing could be written."""
    return [row.purpose if row.facts["recorded"] else f"({row.purpose})" for row in rows]


def test_a_transaction_that_cannot_begin_answers_everybody_who_waits_for_it(school: School) -> None:
    with school.outage():
        waiting = [school.writer.transact(lambda tx: 1), school.writer.transact_soon(lambda tx: 2)]
        school.say("smoke-305", smoke="alarm")
        assert all(isinstance(future.exception(0), OperationalError) for future in waiting)
        assert [entry.device for entry in school.emergency.open()] == ["smoke-305"]
        assert not school.life.settled
    school.turn()
    assert said(school.told("warden")) == ["(raise)", "raise"]
    assert len(school.life.settled) == 1


def test_a_fire_that_cannot_be_written_climbs_its_whole_ladder_and_repeats(school: School) -> None:
    with school.outage():
        school.say("smoke-305", smoke="alarm")
        school.forward(59)
        assert not school.told("leader")
        school.forward(1 + 2 * 120)
        assert said(school.told("leader")) == ["(escalate)"] * 3
        assert said(school.told("warden")) == ["(raise)"], "the first step is told once"


def test_a_ladder_begun_before_the_outage_climbs_on_in_it(school: School) -> None:
    school.say("smoke-305", smoke="alarm")
    with school.outage():
        school.forward(60 + 120)
        (first, again) = school.told("leader")
    assert said([first, again]) == ["(escalate)", "(escalate)"]
    assert "[NOT RECORDED]" in first.short or "【未记录】" in first.short
    assert first.code == school.told("warden")[0].code, "the wall shows it under this code"
    assert first.key != again.key


def test_after_the_outage_the_real_desk_does_its_own_steps_once_and_says_how_late(school: School) -> None:
    school.say("smoke-305", smoke="alarm")
    with school.outage():
        school.forward(60 + 120)
    school.forget()
    school.forward(1)
    (late,) = school.told("leader")
    assert said([late]) == ["escalate"]
    assert "2" in late.why, f"two minutes late and does not say so: {late.why!r}"
    school.forget()
    school.forward(120)
    assert said(school.told("leader")) == ["escalate"]


def test_a_fire_sounded_in_the_outage_is_recorded_after_it_with_all_it_owes(school: School) -> None:
    with school.outage():
        school.say("smoke-305", smoke="alarm")
        school.forward(90)
    school.forget()
    school.forward(1)
    assert "smoke-305" in [alert.device for alert in school.open()]
    assert said([row for row in school.told("warden") if row.life_safety]) == ["raise"]
    assert said(school.told("leader")) == ["escalate"]
    assert not school.emergency.open()


def test_a_promise_that_runs_out_in_the_outage_tells_the_first_step_again(school: School) -> None:
    school.say("smoke-305", smoke="alarm")
    school.act(lambda alert: Acknowledged(alert, "warden", "wall", ""))
    school.forget()
    with school.outage():
        school.forward(5 * 60 + 2)
        assert said(school.told("warden")) == ["(lapsed)"]


def test_what_was_taken_before_the_outage_is_not_escalated_in_it(school: School) -> None:
    school.say("smoke-305", smoke="alarm")
    school.act(lambda alert: Acknowledged(alert, "warden", "wall", ""))
    school.forget()
    with school.outage():
        school.forward(120)
        assert not school.texts


def test_a_second_outage_tells_anew_and_no_gateway_can_take_it_for_a_repeat(school: School) -> None:
    school.say("smoke-305", smoke="alarm")
    for _ in range(2):
        with school.outage():
            school.forward(190)  # in both of them the first repeat falls due
        school.forward(1)
    told = [row for row in school.told("leader") if not row.facts["recorded"]]
    assert [row.round for row in told] == [0, 1, 1]
    assert len({row.key for row in told}) == 3


def test_a_start_knows_what_was_open_before_although_nothing_can_be_written(school: School) -> None:
    school.say("smoke-305", smoke="alarm")
    school.restart()
    with school.outage():
        school.forward(61)
        assert said(school.told("leader")) == ["(escalate)"]


def test_sirens_started_in_the_outage_end_after_it_and_only_these(school: School) -> None:
    school.say("smoke-305", smoke="alarm")
    with school.outage():
        school.say("smoke-306", smoke="alarm")
    (first,) = (row for row in school.sirens() if row.facts["recorded"])
    school.forward(1)
    (ended,) = (row for row in school.sirens() if row.purpose == "clear")
    assert ended.facts["id"] == 0
    assert ended.code not in (first.code, *(alert.code for alert in school.open()))
    assert said(school.sirens())[-2:] in (["raise", "(clear)"], ["(clear)", "raise"])


@pytest.mark.parametrize("error", [FULL, DatabaseError("INSERT", {}, Exception("disk image is malformed"))])
def test_whatever_keeps_a_batch_from_being_written_the_fire_sounds(school: School, error: Exception) -> None:
    with school.outage(error):
        school.say("smoke-305", smoke="alarm")
        school.forward(1)
        assert said(school.told("warden")) == ["(raise)"]
    school.forward(1)
    assert said(school.told("warden")) == ["(raise)", "raise"]


def test_a_press_written_together_with_the_take_before_it_is_not_forgotten_in_the_outage(
    school: School,
) -> None:
    school.say("panic-1", press=True)
    (alert,) = school.open()
    taken = school.writer.apply([Acknowledged(alert.id, "warden", "wall", "")])
    school.say("panic-1", press=True)
    assert taken.done()
    (alert,) = school.open()
    assert (alert.occurrence, alert.acknowledgement) == (2, "no")
    school.forget()
    with school.outage():
        school.forward(70)
        assert said(school.told("leader")) == ["(escalate)"]


def test_a_detector_registered_a_moment_ago_is_heard_on_the_other_session_until_life_has_it(
    school: School,
) -> None:
    school.house.life_grant = lambda: 0
    school.publish("campus/smoke-305/reading", b'{"values":{"smoke":"alarm"}}', lane="all")
    assert school.told("warden")


def overhear(school: School, device: str, word: str, retain: bool = False, turn: bool = True) -> None:
    payload = f'{{"values":{{{word}}}}}'.encode()
    heard = Message(school.life, f"campus/{device}/reading", payload, school.moment, 0, retain, False, 1, 0)
    school.writer.overhear([heard])
    if turn:
        school.turn()


@pytest.mark.parametrize("retain", [True, False])
def test_a_state_that_is_only_repeated_in_the_outage_rings_nobody_who_has_taken_it(
    school: School, retain: bool
) -> None:
    school.say("smoke-305", smoke="alarm")
    school.act(lambda alert: Acknowledged(alert, "warden", "wall", ""))
    school.forget()
    with school.outage():
        school.turn()
        school.say("store-1", temperature=20)
        overhear(school, "smoke-305", '"smoke":"alarm"', retain)
        school.forward(130)
        assert not school.texts
        assert not school.emergency.open()


def test_a_second_press_that_only_the_ear_hears_sounds_again_once(school: School) -> None:
    school.say("panic-1", press=True)
    school.act(lambda alert: Acknowledged(alert, "warden", "wall", ""))
    (alert,) = school.open()
    school.forget()
    with school.outage():
        school.say("store-1", temperature=20)
        overhear(school, "panic-1", '"press":true')
        assert said(school.told("warden")) == ["(again)"]
        assert school.told("warden")[0].code == alert.code
        overhear(school, "panic-1", '"press":true')
        school.say("panic-1", press=True)
        school.forward(61)
        assert said(school.told("warden")) == ["(again)"]
        assert said(school.told("leader")) == ["(escalate)"]
        assert not school.emergency.open(), "the wall shows it already"
    school.forget()
    school.forward(1)
    assert said(school.told("warden")) == ["again"]


def test_a_message_our_own_code_fails_on_takes_nothing_with_it_that_the_ear_heard(
    school: School, monkeypatch: pytest.MonkeyPatch
) -> None:
    decode = Decoder.decode

    def failing(decoder: Decoder, message: Message) -> object:
        if "smoke-306" in message.topic:
            raise ZeroDivisionError("a mistake of ours")
        return decode(decoder, message)

    monkeypatch.setattr(Decoder, "decode", failing)
    with school.outage():
        school.say("store-1", temperature=20)
        overhear(school, "smoke-306", '"smoke":"alarm"', turn=False)
        overhear(school, "smoke-305", '"smoke":"alarm"')
        assert [entry.device for entry in school.emergency.open()] == ["smoke-305"]


def test_a_new_activation_of_what_is_open_has_no_second_ladder_in_the_outage(school: School) -> None:
    school.say("panic-1", press=True)
    school.forget()
    with school.outage():
        school.say("panic-1", press=True)
        assert not school.texts
        school.forward(60)
        assert said(school.told("leader")) == ["(escalate)"]
        assert not school.emergency.open()


def test_what_the_ear_heard_when_commits_worked_again_does_not_sound_in_the_next_outage(
    school: School,
) -> None:
    with school.outage():
        school.say("store-1", temperature=20)
    school.turn()
    overhear(school, "smoke-305", '"smoke":"alarm"')
    with school.outage():
        school.say("store-1", temperature=21)
        school.forward(1)
        assert not school.sirens()
        assert not school.emergency.open()


def own_commit(school: School, word: str) -> None:
    school.writer.report(Reading(OWN, "commit", word, school.moment, school.moment))
    school.turn()


def test_that_nothing_can_be_written_is_told_before_a_fire_finds_it_out(school: School) -> None:
    with school.outage():
        own_commit(school, "fault")
        school.forward(9)
        assert not school.texts
        school.forward(2)
        assert [entry.rule for entry in school.emergency.open()] == ["own-commit"]
        assert said(school.texts) == ["(raise)"]
    own_commit(school, "normal")
    (alert,) = school.open()
    assert (alert.rule, alert.activity) == ("own-commit", "normal")


def test_a_hiccup_of_the_database_is_worth_no_message(school: School) -> None:
    with school.outage():
        own_commit(school, "fault")
        school.forward(5)
    own_commit(school, "normal")
    school.forward(30)
    assert not school.texts
    assert not school.open()
