"""Thinks. When a notice has become moot, and what makes two notices one and the same."""

import pytest
from msgspec.structs import replace

from alerts.delivery.message import Purpose
from alerts.delivery.notification import DAY, STALE, STEPS, Moot, Notification, Standing, moot

ROW = Notification(
    alert=7, occurrence=1, step=0, person="li-wei", channel="hook", address="1", purpose=Purpose.RAISE,
    code="A7K2", short="s", title="t", body="b", owed_at=1_000_000,
)  # fmt: skip
OPEN = Standing(open=True, taken=False, inhibited=False, replaced=False)
TAKEN = replace(OPEN, taken=True)
SHELVED = replace(OPEN, inhibited=True)
CLOSED = replace(OPEN, open=False)
NOW = 1_001_000
FIRST_NOTICES = sorted(set(Purpose) - STEPS - {Purpose.TEST, Purpose.CLEAR})


@pytest.mark.parametrize("purpose", FIRST_NOTICES)
@pytest.mark.parametrize("alert", [OPEN, TAKEN, SHELVED, CLOSED])
def test_a_first_notice_is_always_sent(purpose: Purpose, alert: Standing) -> None:
    assert moot(replace(ROW, purpose=purpose), alert, NOW) is None


@pytest.mark.parametrize("purpose", FIRST_NOTICES)
def test_a_first_notice_of_an_alert_closed_for_long_is_no_news_any_more(purpose: Purpose) -> None:
    late = ROW.owed_at + STALE + 1
    assert moot(replace(ROW, purpose=purpose), CLOSED, late) is Moot.CLOSED
    assert moot(replace(ROW, purpose=purpose), OPEN, late) is None


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
