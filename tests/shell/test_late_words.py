"""Touches. A notice that waited for its gateway says who has the alert by then, however it waited."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from msgspec.structs import replace
from sqlalchemy import Connection

from alerts import store
from alerts.alert import Acknowledged, Acknowledgement
from alerts.delivery import deliver, outbox, rewording, senders
from alerts.delivery.channels.channel import ChannelError
from alerts.delivery.message import Purpose
from alerts.delivery.notification import Notification, State
from alerts.delivery.rewording import reworded
from alerts.duty.people import Contact
from rules.verdict import Holds
from tests.fakes.outbox import FIRE, ROW, Desk, Phone, failing
from tests.fakes.service import FakeHouse, campus, people
from tests.servers import wait_for

DOWN = ChannelError("the gateway is down", False)


THEIRS = replace(ROW, channel="duty-webhook", address="+8613800000001")  # as people() has it


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    monkeypatch.setattr(deliver, "TICK", 0.02)
    monkeypatch.setattr(deliver, "CLAIM_EVERY", 0.1)
    made = Desk(tmp_path)
    yield made
    made.close()


def test_a_first_notice_that_failed_is_sent_again_with_the_name_of_whoever_took_it(desk: Desk) -> None:
    phone = Phone("duty-webhook", failing(1, DOWN))
    delivery = desk.deliver(phone)
    delivery._anew = lambda tx, rows: reworded(tx, rows, people(), campus(), desk.clock())
    delivery.start()
    delivery.send(desk.owe(THEIRS))
    desk.await_states(State.QUEUED)
    desk.transact(_taken).result()
    desk.clock.moment += 180_000
    desk.await_states(State.ACCEPTED)
    assert "李伟已受理" in phone.brought[-1].short
    assert "迟发3分钟" in phone.brought[-1].body
    assert phone.brought[-1].key == THEIRS.key


def test_what_stood_in_line_when_somebody_took_it_says_so_too(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(senders, "WAITED", -1.0)
    phone = Phone("duty-webhook")
    delivery = desk.deliver(phone)
    delivery._anew = lambda tx, rows: reworded(tx, rows, people(), campus(), desk.clock())
    rows = desk.owe(THEIRS)
    desk.transact(_taken).result()
    delivery.start()
    delivery.send(rows)
    wait_for("it is brought", lambda: bool(phone.brought))
    assert "李伟已受理" in phone.brought[0].short
    desk.await_states(State.ACCEPTED)


def _taken(tx: Connection) -> None:
    alert = store.read(tx, FIRE.id)
    assert alert is not None
    store.save(tx, [(alert, replace(alert, owner="li-wei", acknowledgement=Acknowledgement.PROMISED))])


@pytest.fixture
def house(tmp_path: Path) -> FakeHouse:
    house = FakeHouse(tmp_path)
    house.fires("dorm-2-305-smoke")
    house.apply([Acknowledged(1, "wang-fang")]).result()
    return house


def again(house: FakeHouse, row: Notification, late: int = 30_000) -> Notification:
    now = row.owed_at + late
    found = house.transact(lambda tx: reworded(tx, [row], house.directory, house.registry, now)).result()
    return found[0]


def first(house: FakeHouse) -> Notification:
    with house.read() as conn:
        return outbox.as_notification(conn.execute(outbox.WORK.order_by("id")).first())  # type: ignore[arg-type]


def test_only_first_notices_of_what_is_taken_get_new_words(house: FakeHouse) -> None:
    row = first(house)
    assert "王芳已受理" in again(house, row).body
    step = replace(row, purpose=Purpose.OVERDUE)
    assert again(house, step) == step
    house.fires("dorm-2-306-smoke")
    other = replace(row, alert=2)
    assert again(house, other) == other


def test_a_first_notice_says_by_how_many_minutes_it_is_late_also_where_nothing_has_changed(
    house: FakeHouse,
) -> None:
    house.fires("dorm-2-306-smoke")
    row = replace(first(house), alert=2)
    assert "（迟发3分钟）" in again(house, row, late=200_000).short
    assert again(house, row, late=59_000) == row


def test_a_late_first_notice_says_that_its_cause_is_gone_by_now(house: FakeHouse) -> None:
    house.fires("dorm-2-306-smoke")
    row = replace(first(house), alert=2)
    assert "现已恢复正常" not in again(house, row).body
    house.fires("dorm-2-306-smoke", holds=Holds.NO)
    assert "现已恢复正常" in again(house, row).body


def test_when_new_words_cannot_be_made_the_old_ones_go_out(
    house: FakeHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> Sequence[object]:
        raise RuntimeError("a mistake of ours")

    row = first(house)
    monkeypatch.setattr(rewording, "_changed", broken)
    assert again(house, row) == row


def test_a_notice_to_an_old_number_is_cancelled_and_the_persons_present_contact_told_at_once(
    desk: Desk,
) -> None:
    old, new = Phone("old", failing(1, DOWN)), Phone("duty-webhook")
    desk.contacts = [Contact("duty-webhook", "+8613800000001")]
    delivery = desk.deliver(old, new)
    delivery._anew = lambda tx, rows: reworded(tx, rows, people(), campus(), desk.clock())
    delivery.start()
    delivery.send(desk.owe(replace(ROW, channel="old", address="+8613899999999", patience=600_000)))
    desk.await_states(State.QUEUED)
    desk.clock.moment += 5_000
    desk.await_states(State.CANCELLED, State.ACCEPTED)
    assert (old.brought, [notice.address for notice in new.brought]) == ([], ["+8613800000001"])
    assert desk.rows()[0].note == "moved"


@pytest.mark.parametrize("purpose", [Purpose.CLEAR, Purpose.ANSWER, Purpose.TEST])
def test_what_follows_something_that_was_sent_goes_where_that_went(
    house: FakeHouse, purpose: Purpose
) -> None:
    row = replace(first(house), purpose=purpose, address="+8613899999999")
    assert again(house, row) == row
