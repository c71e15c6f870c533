"""Touches. Gateways that fail: their breaker, people's other contacts, and the rung on which we stand."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from alerts.delivery import deliver
from alerts.delivery.breaker import FIRST_PAUSE, LIFE_PAUSE
from alerts.delivery.channels.channel import ChannelError, Notice
from alerts.delivery.message import Purpose
from alerts.delivery.notification import Notification, State
from alerts.delivery.rungs import Rung
from alerts.duty.people import Contact
from tests.fakes.outbox import ROW, Desk, Phone
from tests.servers import wait_for

DOWN = ChannelError("the gateway is down", False)


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    monkeypatch.setattr(deliver, "TICK", 0.02)
    monkeypatch.setattr(deliver, "CLAIM_EVERY", 0.1)
    made = Desk(tmp_path)
    yield made
    made.close()


class Line(Phone):
    """A gateway that works or does not."""

    workers = 1

    def __init__(self, name: str, works: bool = False) -> None:
        super().__init__(name, self._answer)
        self.works = works
        self.tried: list[str] = []

    def _answer(self, notice: Notice) -> None:
        self.tried.append(notice.key)
        if not self.works:
            raise DOWN


class OwnLine(Line):
    local = True


def steps(count: int, **more: object) -> list[Notification]:
    """So many notices, each of a step of its own."""
    return [replace(ROW, step=number, **more) for number in range(count)]


def all_are(desk: Desk, state: State, count: int) -> None:
    wait_for(f"{count} to be {state}", lambda: desk.states().count(state) == count)


def test_a_gateway_that_does_not_work_is_left_alone_and_all_that_waits_for_it_goes_another_way(
    desk: Desk,
) -> None:
    sms, mail = Line("a"), Line("b", works=True)
    desk.contacts = [Contact("a", "1"), Contact("b", "li@example.edu")]
    delivery = desk.started(sms, mail)
    delivery.send(desk.owe(*steps(50, address="1", patience=60_000)))
    wait_for("the next contact to be told of all", lambda: len(mail.brought) == 50)
    all_are(desk, State.QUEUED, 50)
    assert len(sms.tried) == 3
    held = [row for row in desk.rows() if row.channel == "a" and not row.attempts]
    assert len(held) == 47
    assert all("it waits" in row.note and not row.doubtful for row in held)


def test_when_it_works_again_all_that_waited_goes_out_at_once(desk: Desk) -> None:
    sms = Line("a")
    desk.started(sms).send(desk.owe(*steps(20)))
    wait_for("it is left alone", lambda: len(sms.tried) == 3)
    all_are(desk, State.QUEUED, 20)
    sms.works = True
    desk.clock.moment += FIRST_PAUSE
    all_are(desk, State.ACCEPTED, 20)
    assert len(sms.tried) == 23


def test_one_message_tries_it_and_not_always_the_same(desk: Desk) -> None:
    """Or one that its gateway can never take would keep all others from it."""
    sms = Line("a")
    desk.started(sms).send(desk.owe(*steps(6, life_safety=True)))
    wait_for("it is left alone", lambda: len(sms.tried) == 3)
    for tries in range(4, 8):
        all_are(desk, State.QUEUED, 6)
        desk.clock.moment += LIFE_PAUSE
        wait_for("one more try", lambda: len(sms.tried) == tries)  # noqa: B023
    assert len(set(sms.tried)) == 6


def test_a_try_of_the_channel_by_hand_goes_through_and_proves_that_it_works(desk: Desk) -> None:
    sms = Line("a")
    delivery = desk.started(sms)
    delivery.send(desk.owe(*steps(5)))
    wait_for("it is left alone", lambda: len(sms.tried) == 3)
    all_are(desk, State.QUEUED, 5)
    sms.works = True
    delivery.send(desk.owe(replace(ROW, step=9, purpose=Purpose.TEST)))
    all_are(desk, State.ACCEPTED, 6)


def test_no_other_channel_is_held_up(desk: Desk) -> None:
    sms, mail = Line("a"), Line("b", works=True)
    delivery = desk.started(sms, mail)
    delivery.send(desk.owe(*steps(5)))
    wait_for("it is left alone", lambda: len(sms.tried) == 3)
    delivery.send(desk.owe(*steps(5, channel="b")))
    all_are(desk, State.ACCEPTED, 5)


def test_a_number_that_does_not_exist_says_nothing_against_its_gateway(desk: Desk) -> None:
    gone = ChannelError("no such number", True, dead=True)

    def act(notice: Notice) -> None:
        raise gone

    phone = Phone("a", act)
    delivery = desk.started(phone)
    desk.used = ["a"]
    delivery.send(desk.owe(*steps(6)))
    all_are(desk, State.FAILED, 6)
    assert delivery.gateways.rung is Rung.GATEWAYS


def test_the_rung_falls_with_the_gateways_and_rises_again_and_is_said(desk: Desk) -> None:
    sms, modem = Line("a"), OwnLine("b", works=True)
    desk.used = ["a", "b"]
    desk.contacts = [Contact("a", "1"), Contact("b", "1")]
    delivery = desk.started(sms, modem)
    delivery.send(desk.owe(*steps(4, address="1", patience=60_000)))
    wait_for("only our own line works", lambda: delivery.gateways.rung is Rung.LOCAL)
    all_are(desk, State.ACCEPTED, 4)
    assert ("gateways", "fault") not in [report[:2] for report in desk.reports]
    modem.works = False
    delivery.send(desk.owe(*steps(4, channel="b", occurrence=2)))
    wait_for("nothing works", lambda: delivery.gateways.rung is Rung.SCREEN)
    wait_for("it is said", lambda: ("gateways", "fault") in [report[:2] for report in desk.reports])
    modem.works = True
    desk.clock.moment += FIRST_PAUSE
    wait_for("our own line works again", lambda: delivery.gateways.rung is Rung.LOCAL)
    wait_for("it is said", lambda: ("gateways", "normal", "") in desk.reports)
