"""Touches. The person's next contact: told too, once, when a notice failed or nothing proves it."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from alerts import store
from alerts.alert import Acknowledgement
from alerts.delivery import deliver, nextcontact, outbox, senders, tracking
from alerts.delivery.channels.channel import Arrival, ChannelError, Progress
from alerts.delivery.message import Purpose
from alerts.delivery.nextcontact import others
from alerts.delivery.notification import State
from alerts.duty.people import Contact
from ingest.bilingual import told
from tests.fakes.outbox import FIRE, ROW, Desk, Gateway, Phone, failing, waiting_for
from tests.servers import wait_for

OWED = replace(ROW, address="1", patience=60_000)
SMS, OTHER, MAIL = Contact("a", "1"), Contact("a", "2"), Contact("b", "li@example.org")


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    monkeypatch.setattr(deliver, "TICK", 0.02)
    monkeypatch.setattr(deliver, "CLAIM_EVERY", 0.1)
    monkeypatch.setattr(deliver, "GRACE", 0.5)
    monkeypatch.setattr(tracking, "IDLE", 0.05)
    made = Desk(tmp_path)
    made.contacts = [SMS, OTHER, MAIL]
    yield made
    made.close()


def test_the_next_contact_is_on_another_channel_unless_only_the_address_is_to_blame() -> None:
    assert others(OWED, [SMS, OTHER, MAIL], address_only=False) == [MAIL, OTHER]
    assert others(OWED, [SMS, OTHER, MAIL], address_only=True) == [OTHER, MAIL]
    assert others(replace(OWED, address="2"), [SMS, OTHER, MAIL], address_only=True) == [MAIL, SMS]
    assert others(replace(OWED, address="gone"), [SMS, MAIL], address_only=True) == [SMS, MAIL]
    assert others(OWED, [SMS], address_only=False) == []


def test_at_the_first_unknown_the_next_channel_starts_with_the_same_words_and_code(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(senders, "LIMIT", 0.2)
    release, mail = threading.Event(), Phone("b")
    desk.started(Phone("a", waiting_for(release)), mail).send(desk.owe(OWED))
    wait_for("the next channel", lambda: mail.brought)
    (notice,) = mail.brought
    assert (notice.code, notice.short, notice.address) == (OWED.code, OWED.short, "li@example.org")
    first, second = desk.rows()
    assert (first.doubtful, first.next_at) == (1, None)
    assert told(second.why, "zh") == "a 没有应答，改用下一联系方式"
    release.set()


def test_a_second_unknown_tells_nobody_else(desk: Desk) -> None:
    sms, mail = Phone("a", failing(3, ChannelError("cut off", False, unknown=True))), Phone("b")
    desk.started(sms, mail).send(desk.owe(OWED))

    def later() -> bool:
        desk.clock.moment += 60_000
        return bool(desk.rows()[0].state == State.ACCEPTED)

    wait_for("it worked", later)
    assert desk.rows()[0].attempts == 3
    assert [notice.address for notice in (*sms.brought, *mail.brought)] == ["1", "li@example.org"]


def test_a_temporary_failure_is_no_reason_before_the_time_for_a_receipt_is_over(desk: Desk) -> None:
    mail = Phone("b")
    desk.started(Phone("a", failing(9, ChannelError("down", False))), mail).send(desk.owe(OWED))
    wait_for("it failed", lambda: desk.rows()[0].attempts == 1)
    assert len(desk.rows()) == 1
    desk.clock.moment += OWED.patience
    wait_for("the next channel", lambda: mail.brought)
    assert "60 秒内没有回执" in told(desk.rows()[1].why, "zh")


def test_a_permanent_failure_tells_the_next_contact_at_once(desk: Desk) -> None:
    mail = Phone("b")
    desk.started(Phone("a", failing(9, ChannelError("refused", True))), mail).send(desk.owe(OWED))
    desk.await_states(State.FAILED, State.ACCEPTED)


def test_a_dead_number_is_told_once_with_the_gateways_words_is_no_fault_of_the_channel_and_the_next_is_tried(
    desk: Desk,
) -> None:
    dead = ChannelError("30005 unknown handset", True, dead=True)
    sms = Phone("a", failing(1, dead))
    desk.started(sms).send(desk.owe(OWED))
    desk.await_states(State.FAILED, State.ACCEPTED)
    assert [notice.address for notice in sms.brought] == ["2"]
    assert [(one.row.address, one.reason, one.dead) for one in desk.lost] == [
        ("1", "30005 unknown handset", True)
    ]
    assert all(word == "normal" for _, word, _ in desk.reports)


def test_each_dead_number_of_a_person_is_told(desk: Desk) -> None:
    desk.contacts = [SMS, OTHER]
    desk.started(Phone("a", failing(2, ChannelError("unknown", True, dead=True)))).send(desk.owe(OWED))
    desk.await_states(State.FAILED, State.FAILED)
    wait_for("both are told", lambda: [one.row.address for one in desk.lost] == ["1", "2"])


def test_what_the_gateway_lost_after_it_took_it_counts_as_not_delivered_and_the_next_channel_starts(
    desk: Desk,
) -> None:
    sms, mail = Gateway("a"), Phone("b")
    sms.answer = lambda asked: [Progress(one.receipt, Arrival.LOST, detail="phone off") for one in asked]
    desk.contacts = [SMS, MAIL]
    desk.started(sms, mail).send(desk.owe(OWED))
    desk.await_states(State.ACCEPTED)
    desk.clock.moment += 1000
    desk.await_states(State.FAILED, State.ACCEPTED)
    assert desk.rows()[0].note == "phone off"
    assert desk.lost == []


def test_without_a_receipt_in_the_policys_time_the_next_contact_is_told_once(desk: Desk) -> None:
    sms, mail = Gateway("a"), Phone("b")
    desk.contacts = [SMS, MAIL]
    desk.started(sms, mail).send(desk.owe(OWED))
    desk.await_states(State.ACCEPTED)
    desk.clock.moment += OWED.patience - 1
    wait_for("it was asked", lambda: sms.asked)
    assert len(desk.rows()) == 1
    desk.clock.moment += 1
    desk.await_states(State.ACCEPTED, State.ACCEPTED)
    desk.clock.moment += OWED.patience * 9

    def asked_again() -> bool:
        desk.clock.moment += OWED.patience
        return len(sms.asked) > 3

    wait_for("it is asked again and again", asked_again)
    assert len(desk.rows()) == 2


def test_what_was_delivered_in_time_tells_nobody_else(desk: Desk) -> None:
    sms = Gateway("a")
    sms.answer = lambda asked: [Progress(one.receipt, Arrival.DELIVERED) for one in asked]
    desk.started(sms, Phone("b")).send(desk.owe(OWED))
    desk.await_states(State.ACCEPTED)
    desk.clock.moment += 1000
    desk.await_states(State.DELIVERED)
    assert desk.rows()[0].next_at is None


def test_where_a_channel_gives_no_receipts_its_yes_is_the_proof(desk: Desk) -> None:
    desk.started(Phone("a"), Phone("b")).send(desk.owe(OWED))
    desk.await_states(State.ACCEPTED)
    assert desk.rows()[0].next_at is None


def test_nobody_else_is_told_once_somebody_has_taken_the_alert(desk: Desk) -> None:
    desk.contacts = [SMS, MAIL]
    desk.owe(OWED)
    taken = replace(FIRE, acknowledgement=Acknowledgement.PROMISED)
    desk.transact(lambda tx: store.save(tx, [(FIRE, taken)])).result(20)
    later = desk.clock() + OWED.patience
    look = lambda tx: nextcontact.overdue(tx, lambda person: desk.contacts, later)  # noqa: E731
    assert desk.transact(look).result(20) == ([], None)
    assert len(desk.rows()) == 1


def test_an_alarm_that_went_to_every_contact_at_once_is_not_told_again(desk: Desk) -> None:
    desk.contacts = [SMS, MAIL]
    sms, mail = Phone("a", failing(1, ChannelError("no", True))), Phone("b")
    rows = desk.owe(OWED, replace(OWED, channel="b", address=MAIL.address))
    desk.started(sms, mail).send(rows)
    desk.await_states(State.FAILED, State.ACCEPTED)
    assert len(mail.brought) == 1


def test_a_person_with_a_single_contact_is_told_again_there_and_nowhere_else(desk: Desk) -> None:
    desk.contacts = [SMS]
    sms = Phone("a", failing(1, ChannelError("cut off", False, unknown=True)))
    desk.started(sms).send(desk.owe(OWED))
    wait_for("it failed", lambda: desk.rows()[0].attempts == 1)
    desk.clock.moment += 2000
    desk.await_states(State.ACCEPTED)


def test_the_all_clear_goes_to_every_contact_that_was_or_may_have_been_reached(desk: Desk) -> None:
    desk.contacts = [SMS, MAIL]
    sms = Phone("a", failing(1, ChannelError("cut off", False, unknown=True)))
    desk.started(sms, Phone("b")).send(desk.owe(OWED))
    wait_for("both are told", lambda: [row.doubtful for row in desk.rows()] == [1, 0])
    desk.await_states(State.QUEUED, State.ACCEPTED)
    with desk.database.read() as conn:
        assert sorted(row.channel for row in outbox.reached(conn, 7)) == ["a", "b"]


def test_an_all_clear_that_fails_is_not_told_to_others(desk: Desk) -> None:
    row = replace(OWED, purpose=Purpose.CLEAR)
    desk.started(Phone("a", failing(1, ChannelError("no", True))), Phone("b")).send(desk.owe(row))
    desk.await_states(State.FAILED)
    assert len(desk.rows()) == 1
