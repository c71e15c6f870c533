"""Touches. A person who cannot be reached on a channel: told of as lost, and by their next contact."""

from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from alerts.delivery import deliver
from alerts.delivery.channels.channel import ChannelError
from alerts.delivery.notification import Lost, State
from alerts.duty.people import Contact
from tests.fakes.outbox import ROW, Desk, Phone, failing
from tests.servers import wait_for


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    monkeypatch.setattr(deliver, "TICK", 0.02)
    monkeypatch.setattr(deliver, "CLAIM_EVERY", 0.1)
    made = Desk(tmp_path)
    yield made
    made.close()


def test_that_a_person_can_never_be_reached_on_a_channel_is_told_once_an_hour(desk: Desk) -> None:
    delivery = desk.started(Phone("a", failing(9, ChannelError("no such number", permanent=True))))
    for step, hours in enumerate((0, 0, 2)):
        desk.clock.moment += hours * 3_600_000
        delivery.send(desk.owe(replace(ROW, step=step), replace(ROW, step=step, person="")))
        wait_for("both to fail", lambda: all(row.state == State.FAILED for row in desk.rows()))
    wait_for("the first and the last to be told", lambda: len(desk.lost) == 2)
    assert [(one.row.person, one.row.step) for one in desk.lost] == [("li-wei", 0), ("li-wei", 2)]


def test_what_a_dead_process_owed_on_a_channel_that_is_gone_goes_to_the_next_contact_at_once(
    desk: Desk,
) -> None:
    other = Phone("b")
    desk.contacts = [Contact("gone", "A"), Contact("b", "B")]
    desk.owe(replace(ROW, channel="gone", address="A", patience=120_000, life_safety=True))
    desk.clock.moment += 1_000
    desk.started(other)
    desk.await_states(State.FAILED, State.ACCEPTED)
    assert "'gone'" in desk.rows()[0].note
    assert [notice.address for notice in other.brought] == ["B"]
    wait_for("the person cannot be reached there", lambda: len(desk.lost) == 1)
    assert ("delivery", "fault") in {report[:2] for report in desk.reports}


def test_that_a_person_cannot_be_reached_is_told_again_where_telling_it_failed(desk: Desk) -> None:
    phone = Phone("a", failing(9, ChannelError("no such number", True, dead=True)))
    delivery = desk.deliver(phone)
    broken = [OSError("full")]

    def lost(found: Sequence[Lost]) -> "Future[Any] | None":
        if broken:
            raise broken.pop()
        desk.lost.extend(found)
        refused: Future[Any] = Future()
        if len(desk.lost) == 1:
            refused.set_exception(OSError("full"))
        else:
            refused.set_result(None)
        return refused

    delivery._lost = lost
    delivery.start()
    for number in range(4):
        delivery.send(desk.owe(replace(ROW, step=number, address="A")))
        desk.await_states(*[State.FAILED] * (number + 1))
    wait_for("it was told twice", lambda: len(desk.lost) == 2)


def test_that_one_number_has_had_its_share_holds_up_nobody_else_and_the_next_contact_is_told_at_once(
    desk: Desk,
) -> None:
    share = ChannelError("this number's limit a minute is reached", False, retry_after=60_000, personal=True)
    phone, other = Phone("a", failing(1, share)), Phone("b")
    desk.contacts = [Contact("a", "A"), Contact("b", "B")]
    delivery = desk.started(phone, other)
    delivery.send(desk.owe(replace(ROW, address="A", patience=600_000)))
    desk.await_states(State.QUEUED, State.ACCEPTED)
    assert [notice.address for notice in other.brought] == ["B"]
    delivery.send(desk.owe(replace(ROW, person="wang-fang", address="W")))
    desk.await_states(State.QUEUED, State.ACCEPTED, State.ACCEPTED)
    assert [notice.address for notice in phone.brought] == ["W"]
    assert "fault" not in {word for _, word, _ in desk.reports}
