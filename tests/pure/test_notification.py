"""Thinks. A notice: what its states may become, when it is moot, and what makes two one and the same."""

from functools import reduce

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from alerts.delivery.channels.channel import Arrival, Progress, Receipt
from alerts.delivery.message import Purpose
from alerts.delivery.notification import (
    COMES_FROM,
    DAY,
    HANDED_OVER,
    READ_FOR,
    SELDOM,
    STALE,
    STARTS,
    STEPS,
    UNDECIDED,
    Answered,
    Cancelled,
    Failed,
    Moot,
    Notification,
    Outcome,
    Standing,
    State,
    after,
    ask_again,
    moot,
    wants_another,
)

ROW = Notification(
    alert=7, occurrence=1, step=0, person="li-wei", channel="hook", address="1", purpose=Purpose.RAISE,
    code="A7K2", short="s", title="t", body="b", owed_at=1_000_000,
)  # fmt: skip
OPEN = Standing(open=True, taken=False, inhibited=False, replaced=False)
TAKEN = replace(OPEN, taken=True)
SHELVED = replace(OPEN, inhibited=True)
CLOSED = replace(OPEN, open=False)  # it was, when the notice was owed
ENDED = replace(CLOSED, ended=True)
NOW = 1_001_000
FIRST_NOTICES = sorted(set(Purpose) - STEPS - {Purpose.TEST, Purpose.CLEAR})


@pytest.mark.parametrize("purpose", FIRST_NOTICES)
@pytest.mark.parametrize("alert", [OPEN, TAKEN, SHELVED, CLOSED])
def test_a_first_notice_of_life_safety_is_always_sent(purpose: Purpose, alert: Standing) -> None:
    assert moot(replace(ROW, purpose=purpose, life_safety=True), alert, NOW) is None


@pytest.mark.parametrize("purpose", FIRST_NOTICES)
def test_another_first_notice_is_sent_unless_the_alert_is_hidden_by_then_and_it_only_looks_for_somebody(
    purpose: Purpose,
) -> None:
    for alert in (OPEN, TAKEN, CLOSED):
        assert moot(replace(ROW, purpose=purpose), alert, NOW) is None
    hidden = moot(replace(ROW, purpose=purpose), SHELVED, NOW)
    assert hidden is (Moot.INHIBITED if purpose in STARTS else None)


@pytest.mark.parametrize("purpose", FIRST_NOTICES)
def test_a_first_notice_of_an_alert_closed_for_long_is_no_news_any_more(purpose: Purpose) -> None:
    late = ROW.owed_at + STALE + 1
    assert moot(replace(ROW, purpose=purpose), CLOSED, late) is Moot.CLOSED
    assert moot(replace(ROW, purpose=purpose), OPEN, late) is None


@pytest.mark.parametrize("purpose", sorted(set(FIRST_NOTICES) - {Purpose.ANSWER}))
def test_nobody_runs_to_a_fire_that_is_over_nor_hears_of_it_after_the_all_clear(purpose: Purpose) -> None:
    assert moot(replace(ROW, purpose=purpose, life_safety=True), ENDED, NOW) is Moot.CLOSED


def test_a_person_who_answered_is_told_what_came_of_it_although_the_alert_has_ended() -> None:
    assert moot(replace(ROW, purpose=Purpose.ANSWER), ENDED, NOW) is None


@pytest.mark.parametrize("purpose", sorted(STEPS))
def test_a_step_of_the_ladder_is_not_sent_once_the_alert_is_closed_or_inhibited(purpose: Purpose) -> None:
    row = replace(ROW, purpose=purpose)
    assert moot(row, OPEN, NOW) is None
    assert moot(row, CLOSED, NOW) is Moot.CLOSED
    assert moot(row, SHELVED, NOW) is Moot.INHIBITED


def test_a_step_that_waits_for_the_acknowledgement_is_not_sent_after_it() -> None:
    assert moot(replace(ROW, purpose=Purpose.ESCALATE), TAKEN, NOW) is Moot.TAKEN
    assert moot(replace(ROW, purpose=Purpose.LAPSED), TAKEN, NOW) is Moot.TAKEN


def test_a_step_that_waits_for_the_arrival_is_sent_although_somebody_took_it() -> None:
    assert moot(replace(ROW, purpose=Purpose.OVERDUE), TAKEN, NOW) is None


def test_after_an_outage_only_the_newest_repeat_goes_to_a_person() -> None:
    repeat = replace(ROW, purpose=Purpose.ESCALATE, attempts=4)
    assert moot(repeat, replace(OPEN, replaced=True), NOW) is Moot.REPLACED
    assert moot(repeat, OPEN, NOW) is None
    assert moot(replace(repeat, attempts=0), replace(OPEN, replaced=True), NOW) is None


def test_a_siren_is_never_started_for_an_alert_that_is_closed() -> None:
    assert moot(replace(ROW, person=""), CLOSED, NOW) is Moot.CLOSED


def test_an_all_clear_is_tried_for_a_day_and_a_siren_is_stopped_however_late() -> None:
    clear = replace(ROW, purpose=Purpose.CLEAR)
    assert moot(clear, CLOSED, ROW.owed_at + DAY) is None
    assert moot(clear, CLOSED, ROW.owed_at + DAY + 1) is Moot.CLOSED
    assert moot(replace(clear, person=""), CLOSED, ROW.owed_at + 9 * DAY) is None


def test_the_key_tells_apart_all_that_policy_can_owe() -> None:
    others = [
        replace(ROW, alert=8), replace(ROW, occurrence=2), replace(ROW, step=1), replace(ROW, round=1),
        replace(ROW, person="wang-fang"), replace(ROW, channel="sms"), replace(ROW, purpose=Purpose.AGAIN),
        replace(ROW, address="2"), replace(ROW, alert=0), replace(ROW, alert=0, code="B8L3"),
    ]  # fmt: skip
    assert len({row.key for row in [ROW, *others]}) == 1 + len(others)


def test_the_key_does_not_give_the_address_away() -> None:
    assert "13800000001" not in replace(ROW, address="+8613800000001").key


def test_the_key_does_not_change_with_the_words_or_the_attempts() -> None:
    assert replace(ROW, short="x", body="y", attempts=3, id=9, owed_at=5).key == ROW.key


def progress(arrival: Arrival) -> Progress:
    return Progress("SM1", arrival)


SENT, ACCEPTED = Receipt(accepted=False), Receipt(id="SM1")
DELIVERED, READ, LOST = (progress(arrival) for arrival in (Arrival.DELIVERED, Arrival.READ, Arrival.LOST))
AGAIN, NEVER = Failed("busy", NOW + 1), Failed("answered 404", None)
OUTCOMES: list[Outcome] = [
    SENT, ACCEPTED, DELIVERED, READ, LOST, Answered(), AGAIN, NEVER, Cancelled("taken"),
    Failed("no answer", NOW + 1, unknown=True),
]  # fmt: skip
outcomes = st.sampled_from(OUTCOMES)


def heard(*told: Outcome, state: State = State.CLAIMED) -> State:
    return reduce(after, told, state)


def test_every_state_says_from_which_it_comes() -> None:
    assert set(COMES_FROM) == set(State)


@given(st.lists(outcomes, max_size=12), st.lists(outcomes, max_size=6))
def test_whatever_comes_in_whatever_order_what_is_proven_is_never_taken_back(
    before: list[Outcome], later: list[Outcome]
) -> None:
    known = heard(*before)
    then = heard(*later, state=known)
    if known in HANDED_OVER[2:]:
        assert then in HANDED_OVER[HANDED_OVER.index(known) :]
    if then in UNDECIDED:
        assert known in UNDECIDED
    if State.ANSWERED in (known, then):
        assert then is State.ANSWERED


@given(st.lists(outcomes, max_size=8), outcomes)
def test_hearing_the_same_twice_is_hearing_it_once(before: list[Outcome], last: Outcome) -> None:
    assert heard(*before, last, last) is heard(*before, last)


@given(st.permutations([DELIVERED, READ, Answered(), LOST, ACCEPTED]))
def test_receipts_in_any_order_end_at_what_proves_the_most(told: list[Outcome]) -> None:
    assert heard(ACCEPTED, *told) is State.ANSWERED
    assert heard(ACCEPTED, *(one for one in told if one != Answered())) is State.READ


@given(st.permutations([LOST, DELIVERED]))
def test_what_was_delivered_is_not_lost_whichever_the_gateway_says_first(told: list[Outcome]) -> None:
    assert heard(ACCEPTED, *told) is State.DELIVERED


def test_what_is_sent_again_is_not_lost_by_what_became_of_the_message_before() -> None:
    assert heard(AGAIN, LOST) is State.QUEUED
    assert heard(ACCEPTED, LOST) is State.FAILED


def test_what_was_accepted_is_neither_sent_again_nor_cancelled_nor_failed_by_an_attempt() -> None:
    for late in (AGAIN, NEVER, Cancelled("taken"), SENT):
        assert heard(ACCEPTED, late) is State.ACCEPTED


def test_what_was_under_way_when_it_was_cancelled_is_told_as_it_fared() -> None:
    assert heard(Cancelled("closed"), ACCEPTED) is State.ACCEPTED
    assert heard(Cancelled("closed"), NEVER) is State.CANCELLED


def test_a_gateway_is_asked_less_and_less_often_and_not_for_ever() -> None:
    assert [ask_again(5_000, age, None) for age in (0, 60_000, 3_600_000, DAY, DAY + 1)] == [
        5_000, 15_000, 900_000, SELDOM, None,
    ]  # fmt: skip
    assert ask_again(5_000, READ_FOR, Arrival.DELIVERED) == READ_FOR // 4
    assert ask_again(5_000, READ_FOR + 1, Arrival.DELIVERED) is None
    assert ask_again(5_000, 0, Arrival.READ) is None


@pytest.mark.parametrize("purpose", sorted({*STARTS, Purpose.ESCALATE, Purpose.LAPSED}))
def test_the_next_contact_is_told_while_nobody_has_the_alert_and_it_is_open(purpose: Purpose) -> None:
    row = replace(ROW, purpose=purpose)
    assert wants_another(row, OPEN)
    assert not any(wants_another(row, alert) for alert in (TAKEN, SHELVED, CLOSED))
    assert wants_another(replace(row, life_safety=True), SHELVED)


@pytest.mark.parametrize("purpose", [Purpose.CONFIRMED, Purpose.OFFERED, Purpose.OVERDUE, Purpose.TAKEN])
def test_what_is_for_one_person_goes_to_the_next_contact_although_somebody_has_the_alert(
    purpose: Purpose,
) -> None:
    assert wants_another(replace(ROW, purpose=purpose), TAKEN)
    assert not wants_another(replace(ROW, purpose=purpose), CLOSED)


def test_a_siren_an_all_clear_and_a_trial_have_no_next_contact() -> None:
    assert not wants_another(replace(ROW, person=""), OPEN)
    assert not wants_another(replace(ROW, purpose=Purpose.CLEAR), OPEN)
    assert not wants_another(replace(ROW, purpose=Purpose.TEST), OPEN)
