"""Touches. The outbox in a real database: what is owed is owed once, and is never lost between hands."""

from collections.abc import Iterator
from typing import Any

import pytest
from msgspec.structs import replace
from sqlalchemy import Connection, select, update

from alerts import store
from alerts.alert import Acknowledgement, Alert, Inhibition, Life
from alerts.delivery import outbox, receipts, stamps
from alerts.delivery.channels.channel import Arrival, Progress, Receipt
from alerts.delivery.message import Purpose
from alerts.delivery.nextcontact import overdue
from alerts.delivery.notification import Answered, Cancelled, Failed, Notification, State
from alerts.delivery.outbox import LEASE, notification
from alerts.delivery.setback import set_back
from alerts.duty.people import Contact
from alerts.tables import alert
from rules.verdict import Class, Text
from tocsin.database import Database

NOW = 1_795_337_000_000
ROOM = {"hook": 100, "siren": 100}
FIRE = Alert(
    id=7, code="A7K2", rule="smoke", subject="d1", title=Text("烟雾报警", "smoke alarm"),
    alert_class=Class.ALARM, raised_at=NOW, active_at=NOW,
)  # fmt: skip
ROW = Notification(
    alert=7, occurrence=1, step=0, person="li-wei", channel="hook", address="+8613800000001",
    purpose=Purpose.RAISE, code="A7K2", short="305室", title="t", body="b", why="首次通知",
    facts={"since": NOW, "class": "alarm", "occurrence": 1, "life_safety": True, "rule": None},
)  # fmt: skip


@pytest.fixture
def tx(database: Database) -> Iterator[Connection]:
    """One long transaction over a database with one open alert."""
    with database.transaction() as conn:
        store.add(conn, [FIRE])
        yield conn


def owe(tx: Connection, *rows: Notification) -> list[int]:
    return [row.id for row in outbox.owe(tx, rows, NOW) if row.id is not None]


def claim(tx: Connection, now: int, **room: int) -> list[Notification]:
    return outbox.claim(tx, now, room or ROOM)


def row_of(tx: Connection, row_id: int) -> Any:
    return tx.execute(select(notification).where(notification.c.id == row_id)).one()


def fail(tx: Connection, row_id: int, unknown: bool = False) -> None:
    outbox.settle(tx, row_id, Failed("the gateway is down", NOW + 1000, unknown), NOW)


def test_what_is_owed_comes_back_whole_and_claimed_by_whoever_owed_it(tx: Connection) -> None:
    (owed,) = outbox.owe(tx, [ROW], NOW)
    assert owed == replace(ROW, id=owed.id, owed_at=NOW)
    assert row_of(tx, owed.id or 0).state == State.CLAIMED
    assert claim(tx, NOW) == []
    assert claim(tx, NOW + LEASE) == [replace(owed, doubtful=0)]


def test_owing_the_same_twice_is_owing_it_once(tx: Connection) -> None:
    assert len(owe(tx, ROW, replace(ROW, short="other words"))) == 1
    assert owe(tx, ROW, replace(ROW, step=1)) == [row.id for row in tx.execute(
        select(notification.c.id).where(notification.c.step == 1))]  # fmt: skip
    assert tx.execute(select(notification.c.short).where(notification.c.step == 0)).scalars().all() == [
        "305室"
    ]


def test_what_is_owed_no_more_costs_no_turn_where_only_one_may_be_tried(tx: Connection) -> None:
    gone = [replace(ROW, step=n, purpose=Purpose.ESCALATE) for n in range(3)]
    owe(tx, *gone, replace(ROW, step=9))
    store.save(tx, [(FIRE, replace(FIRE, acknowledgement=Acknowledgement.PROMISED))])
    assert [row.step for row in claim(tx, NOW + LEASE, hook=1)] == [9]


def test_nothing_owed_writes_nothing(tx: Connection) -> None:
    assert outbox.owe(tx, [], NOW) == []


def test_a_thousand_rows_are_owed_in_the_order_they_were_given(tx: Connection) -> None:
    rows = outbox.owe(tx, [replace(ROW, step=step) for step in range(1000)], NOW)
    assert [row.step for row in rows] == list(range(1000))
    assert sorted(row.id or 0 for row in rows) == [row.id for row in rows]


def test_a_lease_that_runs_out_gives_the_row_to_the_next_claim_and_counts_as_perhaps_arrived(
    tx: Connection,
) -> None:
    (row_id,) = owe(tx, ROW)
    assert [row.id for row in claim(tx, NOW + LEASE)] == [row_id]
    assert row_of(tx, row_id).doubtful == 1
    assert claim(tx, NOW + LEASE + 1) == []


def test_a_row_this_process_still_has_in_hand_has_its_lease_renewed_without_doubt(tx: Connection) -> None:
    (row_id,) = owe(tx, ROW)
    (other,) = owe(tx, replace(ROW, step=1))
    assert [row.id for row in outbox.claim(tx, NOW + LEASE, {"hook": 1}, holding=[row_id])] == [other]
    assert row_of(tx, row_id).doubtful == 0
    assert row_of(tx, row_id).due_at == NOW + 2 * LEASE


def test_after_a_crash_everything_that_was_claimed_is_sent_again_at_once(tx: Connection) -> None:
    lost, mine = owe(tx, ROW, replace(ROW, step=1))
    done = owe(tx, replace(ROW, step=2))[0]
    outbox.settle(tx, done, Receipt(), NOW)
    assert outbox.release_all(tx, NOW + 1, holding=[mine]) == 1
    assert [row.id for row in claim(tx, NOW + 1)] == [lost]
    assert row_of(tx, lost).doubtful == 1


def test_a_temporary_failure_is_tried_again_when_its_time_has_come_and_remembers_its_reason(
    tx: Connection,
) -> None:
    (row_id,) = owe(tx, ROW)
    fail(tx, row_id, unknown=True)
    assert claim(tx, NOW + 999) == []
    (again,) = claim(tx, NOW + 1000)
    assert (again.id, again.attempts, again.doubtful) == (row_id, 1, 1)
    assert row_of(tx, row_id).note == "the gateway is down"


def test_a_permanent_failure_is_never_tried_again(tx: Connection) -> None:
    (row_id,) = owe(tx, ROW)
    outbox.settle(tx, row_id, Failed("answered 404", None), NOW)
    assert claim(tx, NOW + 10**9) == []
    assert (row_of(tx, row_id).state, row_of(tx, row_id).settled_at) == (State.FAILED, NOW)


def test_what_was_accepted_keeps_the_gateways_number_and_is_never_sent_again(tx: Connection) -> None:
    (row_id,) = owe(tx, ROW)
    outbox.settle(tx, row_id, Receipt(accepted=True, id="SM42", detail="202"), NOW + 5)
    fail(tx, row_id)
    outbox.settle(tx, row_id, Cancelled("taken"), NOW + 6)
    row = row_of(tx, row_id)
    assert (row.state, row.receipt, row.settled_at, row.due_at) == (State.ACCEPTED, "SM42", NOW + 5, None)
    assert claim(tx, NOW + 10**9) == []


def test_a_channel_that_proves_nothing_leaves_it_at_sent(tx: Connection) -> None:
    (row_id,) = owe(tx, ROW)
    outbox.settle(tx, row_id, Receipt(accepted=False), NOW)
    assert row_of(tx, row_id).state == State.SENT


def test_what_arrived_although_it_was_cancelled_is_told_as_arrived(tx: Connection) -> None:
    (row_id,) = owe(tx, ROW)
    outbox.settle(tx, row_id, Cancelled("closed"), NOW)
    outbox.settle(tx, row_id, Receipt(), NOW)
    assert row_of(tx, row_id).state == State.ACCEPTED


def marks(tx: Connection, row_id: int) -> list[tuple[str, int]]:
    return [(stamp["state"], stamp["at"] - NOW) for stamp in stamps.of(tx, [row_id])[row_id]]


def test_every_change_is_a_stamp_with_its_time_from_the_claim_to_the_answer(tx: Connection) -> None:
    (row_id,) = owe(tx, ROW)
    outbox.settle(tx, row_id, Failed("no answer", NOW + 10_000, unknown=True), NOW + 9_000, took=9_000)
    claim(tx, NOW + 10_000)
    outbox.settle(tx, row_id, Receipt(id="SM42"), NOW + 11_000, took=600, every=5_000)
    outbox.settle(tx, row_id, Progress("SM42", Arrival.READ, NOW + 20_000), NOW + 30_000)
    outbox.settle(tx, row_id, Progress("SM42", Arrival.DELIVERED, NOW + 15_000), NOW + 31_000)
    outbox.settle(tx, row_id, Answered("take"), NOW + 40_000)
    assert marks(tx, row_id) == [
        ("claimed", 0), ("sent", 0), ("queued", 9_000), ("claimed", 10_000), ("sent", 10_400),
        ("accepted", 11_000), ("read", 20_000), ("answered", 40_000),
    ]  # fmt: skip
    notes = [stamp["note"] for stamp in stamps.of(tx, [row_id])[row_id]]
    assert notes == ["", "", "no answer", "", "", "SM42", "", "take"]


@pytest.mark.parametrize(("said", "told"), [(0, 9_000), (-(10**6), 5), (7_000, 7_000), (10**6, 9_000)])
def test_a_gateways_clock_puts_nothing_before_it_was_sent_or_into_the_future(
    tx: Connection, said: int, told: int
) -> None:
    (row_id,) = owe(tx, ROW)
    outbox.settle(tx, row_id, Receipt(id="SM42"), NOW + 5)
    outbox.settle(tx, row_id, Progress("SM42", Arrival.DELIVERED, NOW + said if said else 0), NOW + 9_000)
    assert marks(tx, row_id)[-1] == ("delivered", told)


def test_what_a_gateway_lost_after_it_took_it_has_failed_and_a_late_receipt_corrects_it(
    tx: Connection,
) -> None:
    (row_id,) = owe(tx, ROW)
    outbox.settle(tx, row_id, Receipt(id="SM42"), NOW, every=5_000)
    assert outbox.settle(tx, row_id, Progress("SM42", Arrival.LOST, detail="phone off"), NOW + 1)
    assert (row_of(tx, row_id).state, row_of(tx, row_id).note) == (State.FAILED, "phone off")
    assert row_of(tx, row_id).ask_at is None
    assert outbox.reached(tx, 7) == []
    assert not outbox.settle(tx, row_id, Progress("SM42", Arrival.LOST), NOW + 2)
    assert outbox.settle(tx, row_id, Progress("SM42", Arrival.DELIVERED), NOW + 3)
    assert [told.person for told in outbox.reached(tx, 7)] == ["li-wei"]


def test_what_no_receipt_proves_in_time_is_owed_to_the_next_contact_and_the_gateway_is_asked_meanwhile(
    tx: Connection,
) -> None:
    first, siren = owe(tx, replace(ROW, patience=60_000), replace(ROW, person="", channel="siren"))
    outbox.settle(tx, first, Receipt(id="SM42"), NOW, every=5_000)
    outbox.settle(tx, siren, Receipt(), NOW)
    (waiting,), due = receipts.take(tx, "hook", NOW + 5_000, 10, 5_000, lambda wait: wait)
    assert (waiting.asked.receipt, waiting.row.id, due) == ("SM42", first, NOW + 10_000)
    contacts = [Contact("hook", ROW.address), Contact("mail", "li@example.org")]
    assert overdue(tx, lambda person: contacts, NOW + 59_999) == ([], NOW + 60_000)
    (another,), next_at = overdue(tx, lambda person: contacts, NOW + 60_000)
    assert (another.channel, another.address, another.short) == ("mail", "li@example.org", ROW.short)
    assert next_at == NOW + 120_000
    assert overdue(tx, lambda person: contacts, NOW + 119_999)[0] == []


def test_an_answer_ends_the_attempts_to_tell_the_person_the_same_again(tx: Connection) -> None:
    (row_id,) = owe(tx, ROW)
    fail(tx, row_id, unknown=True)
    outbox.settle(tx, row_id, Answered(), NOW)
    assert claim(tx, NOW + 10**9) == []
    assert row_of(tx, row_id).state == State.ANSWERED


def test_life_safety_goes_first_then_the_oldest(tx: Connection) -> None:
    ids = owe(tx, ROW, replace(ROW, step=1), replace(ROW, step=2, life_safety=True), replace(ROW, step=3))
    assert [row.id for row in claim(tx, NOW + LEASE)] == [ids[2], ids[0], ids[1], ids[3]]


def test_a_channel_without_room_takes_nothing_and_holds_up_no_other(tx: Connection) -> None:
    owe(tx, *(replace(ROW, step=step) for step in range(5)), replace(ROW, channel="siren"))
    assert [row.channel for row in claim(tx, NOW + LEASE, hook=0, siren=9)] == ["siren"]
    assert [row.step for row in claim(tx, NOW + LEASE, hook=2, siren=9)] == [0, 1]


def test_what_is_owed_to_a_channel_that_is_not_in_the_settings_is_taken_as_well_so_that_somebody_ends_it(
    tx: Connection,
) -> None:
    (row_id,) = owe(tx, replace(ROW, channel="sms"))
    assert [row.id for row in claim(tx, NOW + LEASE)] == [row_id]
    assert row_of(tx, row_id).state == State.CLAIMED


def test_a_step_is_cancelled_at_the_moment_of_sending_when_somebody_has_taken_the_alert(
    tx: Connection,
) -> None:
    first, step = owe(tx, ROW, replace(ROW, purpose=Purpose.ESCALATE, step=1))
    store.save(tx, [(FIRE, replace(FIRE, acknowledgement=Acknowledgement.PROMISED))])
    assert [row.id for row in claim(tx, NOW + LEASE)] == [first]
    assert (row_of(tx, step).state, row_of(tx, step).note) == (State.CANCELLED, "taken")


def test_a_step_of_an_alert_that_needs_no_acknowledgement_is_sent(tx: Connection) -> None:
    owe(tx, replace(ROW, purpose=Purpose.ESCALATE))
    store.save(tx, [(FIRE, replace(FIRE, acknowledgement=Acknowledgement.NOT_NEEDED))])
    assert len(claim(tx, NOW + LEASE)) == 1


@pytest.mark.parametrize("inhibition", [Inhibition.SHELVED, Inhibition.SUPPRESSED, Inhibition.OUT_OF_SERVICE])
def test_a_step_is_cancelled_at_the_moment_of_sending_when_the_alert_is_inhibited_by_then(
    tx: Connection, inhibition: Inhibition
) -> None:
    (step,) = owe(tx, replace(ROW, purpose=Purpose.ESCALATE))
    store.save(tx, [(FIRE, replace(FIRE, inhibition=inhibition))])
    assert claim(tx, NOW + LEASE) == []
    assert row_of(tx, step).note == "inhibited"


def test_after_a_long_outage_closed_alerts_are_silent_and_open_ones_speak(tx: Connection) -> None:
    store.add(tx, [replace(FIRE, id=8, code="B8L3", subject="d2", life=Life.CLOSED, closed_at=NOW)])
    closed, still_open = owe(tx, replace(ROW, alert=8), ROW)
    fail(tx, closed)
    fail(tx, still_open)
    assert [row.id for row in claim(tx, NOW + 3_600_000)] == [still_open]
    assert row_of(tx, closed).note == "closed"


def test_of_several_repeats_that_could_not_be_delivered_only_the_newest_goes_out(tx: Connection) -> None:
    ids = owe(tx, *(replace(ROW, purpose=Purpose.ESCALATE, round=n) for n in range(4)))
    for row_id in ids:
        fail(tx, row_id)
    assert [row.id for row in claim(tx, NOW + 1000)] == [ids[-1]]
    assert {row_of(tx, row_id).note for row_id in ids[:-1]} == {"replaced"}


def test_the_reply_to_an_answer_replaces_no_notice(tx: Connection) -> None:
    (step,) = owe(tx, replace(ROW, purpose=Purpose.ESCALATE, step=1))
    owe(tx, replace(ROW, purpose=Purpose.ANSWER, step=2))
    fail(tx, step)
    assert step in [row.id for row in claim(tx, NOW + LEASE)]


def test_a_row_that_waited_in_line_is_asked_about_again_right_before_it_is_sent(tx: Connection) -> None:
    step, gone = owe(tx, replace(ROW, purpose=Purpose.ESCALATE), replace(ROW, step=1))
    assert outbox.renew(tx, step, NOW + 10_000)
    assert row_of(tx, step).due_at == NOW + 10_000 + LEASE
    store.save(tx, [(FIRE, replace(FIRE, acknowledgement=Acknowledgement.KEPT))])
    assert not outbox.renew(tx, step, NOW + 11_000)
    assert row_of(tx, step).state == State.CANCELLED
    outbox.settle(tx, gone, Receipt(), NOW)
    assert not outbox.renew(tx, gone, NOW)


def test_the_all_clear_is_owed_to_exactly_those_who_were_or_may_have_been_reached(tx: Connection) -> None:
    rows = [replace(ROW, person=name) for name in ("accepted", "sending", "perhaps", "failed", "queued")]
    ids = dict(zip([row.person for row in rows], owe(tx, *rows), strict=True))
    outbox.settle(tx, ids["accepted"], Receipt(), NOW)
    again = owe(tx, replace(ROW, person="accepted", step=1))
    outbox.settle(tx, again[0], Receipt(), NOW)
    fail(tx, ids["perhaps"], unknown=True)
    outbox.settle(tx, ids["failed"], Failed("answered 404", None), NOW)
    fail(tx, ids["queued"])
    told = outbox.reached(tx, 7)
    assert sorted(row.person for row in told) == ["accepted", "perhaps", "sending"]
    assert next(row.step for row in told if row.person == "accepted") == 1


def test_a_start_learns_what_each_siren_was_last_told_of_alerts_that_are_open(tx: Connection) -> None:
    store.add(tx, [replace(FIRE, id=8, code="B8L3", subject="d2", life=Life.CLOSED)])
    siren = replace(ROW, channel="siren", person="", address="")
    rows = [siren, replace(siren, step=1), replace(siren, alert=8), replace(ROW, channel="siren")]
    for row_id in owe(tx, *rows):
        outbox.settle(tx, row_id, Receipt(), NOW)
    owe(tx, replace(siren, step=2))
    assert [row.step for row in outbox.sounding(tx, ["siren"])] == [1]
    assert outbox.sounding(tx, []) == []


def test_text_of_any_length_and_script_fits(tx: Connection) -> None:
    wide = replace(ROW, address="x" * 5000, code="很长的代码" * 50, body="长" * 50_000, why="🔥" * 500)
    (owed,) = outbox.owe(tx, [wide], NOW)
    assert claim(tx, NOW + LEASE) == [replace(owed)]


def test_a_newer_notice_that_failed_or_went_to_another_number_takes_the_place_of_none(tx: Connection) -> None:
    step = replace(ROW, purpose=Purpose.ESCALATE, step=1, address="A")
    first, other, dead = owe(tx, step, replace(step, address="B"), replace(step, round=1))
    fail(tx, first)
    outbox.settle(tx, dead, Failed("no such number", None), NOW)
    assert {row.id for row in claim(tx, NOW + LEASE)} == {first, other}
    owe(tx, replace(step, round=2))
    fail(tx, first)
    assert first not in {row.id for row in claim(tx, NOW + 2 * LEASE)}
    assert row_of(tx, first).note == "replaced"


def test_what_was_owed_before_the_alert_was_closed_is_cancelled_and_what_tells_of_its_end_is_not(
    tx: Connection,
) -> None:
    raised, answer = owe(tx, ROW, replace(ROW, purpose=Purpose.ANSWER))
    tx.execute(update(alert).values(open=False, closed_at=NOW + 5))
    outbox.owe(tx, [replace(ROW, purpose=Purpose.CLEAR)], NOW + 5)
    came = {row.purpose for row in claim(tx, NOW + 5 + LEASE)}
    assert came == {Purpose.CLEAR, Purpose.ANSWER}
    assert (row_of(tx, raised).state, row_of(tx, raised).note) == (State.CANCELLED, "closed")
    assert row_of(tx, answer).state == State.CLAIMED


def test_a_clock_that_is_set_back_leaves_the_time_until_retries_and_receipts_as_it_was(
    tx: Connection,
) -> None:
    hour = 3_600_000
    retried, waiting = owe(tx, ROW, replace(ROW, step=1, patience=120_000))
    fail(tx, retried)
    before = [(row_of(tx, row).due_at, row_of(tx, row).next_at) for row in (retried, waiting)]
    set_back(tx, hour)
    after = [(row_of(tx, row).due_at, row_of(tx, row).next_at) for row in (retried, waiting)]
    assert after == [tuple(one and one - hour for one in row) for row in before]
    assert before[0] != (None, None)


def test_a_sounder_that_never_said_so_is_told_the_all_clear_and_remembered_over_a_restart(
    tx: Connection,
) -> None:
    (row_id,) = owe(tx, replace(ROW, channel="siren", person="", address=""))
    outbox.settle(tx, row_id, Receipt(accepted=True, id="5f0c"), NOW, every=1)
    outbox.settle(tx, row_id, Progress("5f0c", Arrival.LOST), NOW)
    assert row_of(tx, row_id).state == State.FAILED
    assert [row.id for row in outbox.reached(tx, FIRE.id)] == [row_id]
    assert [row.id for row in outbox.sounding(tx, ["siren"])] == [row_id]
    (never,) = owe(tx, replace(ROW, channel="siren", person="", address="", step=1))
    outbox.settle(tx, never, Failed("no such topic", None), NOW)
    assert never not in [row.id for row in outbox.reached(tx, FIRE.id)]
