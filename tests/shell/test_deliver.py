"""Touches. Delivery with a real database, threads and HTTP: what is owed goes out, whatever happens."""

import gc
import threading
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from sqlalchemy import Connection

from alerts import store
from alerts.alert import Acknowledgement
from alerts.delivery import channels, deliver, outbox, senders
from alerts.delivery.channels.channel import ChannelError, Notice, Receipt
from alerts.delivery.channels.webhook import WebhookSettings
from alerts.delivery.message import Purpose
from alerts.delivery.notification import State
from tests.fakes.outbox import FIRE, ROW, START, Desk, Phone, failing, waiting_for
from tests.fakes.webhook import Reply, WebhookSink
from tests.servers import wait_for


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    monkeypatch.setattr(deliver, "TICK", 0.02)
    monkeypatch.setattr(deliver, "CLAIM_EVERY", 0.1)
    monkeypatch.setattr(deliver, "GRACE", 1.0)
    made = Desk(tmp_path)
    yield made
    made.close()


DOWN = ChannelError("the gateway is down", False)


def test_what_is_owed_is_brought_and_its_outcome_recorded(desk: Desk) -> None:
    phone = Phone("a", lambda notice: Receipt(True, "SM1", "200"))
    desk.started(phone).send(desk.owe(ROW))
    desk.await_states(State.ACCEPTED)
    assert [notice.key for notice in phone.brought] == [ROW.key]
    assert (desk.rows()[0].receipt, desk.rows()[0].attempts) == ("SM1", 0)
    wait_for("the screens are told", lambda: desk.settled == {7})


def test_none_of_600_notices_is_lost_to_the_garbage_collector(desk: Desk) -> None:
    """Nobody but Delivery holds the futures here; a trial with forgotten ones lost 397 of 600."""

    def forgetful(fn: Callable[[Connection], Any]) -> "Future[Any]":
        future: Future[Any] = Future()
        remembered = weakref.ref(future)
        gate = threading.Event()

        def work() -> None:
            gate.wait(20)
            result = desk._commit(fn)
            gc.collect()
            alive = remembered()
            if alive is not None:
                alive.set_result(result)

        desk.writer.submit(work)
        gate.set()
        return future

    phone = Phone("a")
    delivery = desk.deliver(phone, transact=forgetful)
    gc.freeze()  # what other tests have left takes a second to look through, each time
    try:
        delivery.start()
        for row in desk.owe(*(replace(ROW, step=step) for step in range(600))):
            delivery.send([row])
            del row
        wait_for("all accepted", lambda: set(desk.states()) == {State.ACCEPTED}, 60)
    finally:
        gc.unfreeze()
    assert len(phone.brought) == 600


def test_one_hung_channel_delays_no_other(desk: Desk) -> None:
    release = threading.Event()
    hung, phone = Phone("a", waiting_for(release)), Phone("b")
    delivery = desk.started(hung, phone)
    delivery.send(desk.owe(*(replace(ROW, step=step) for step in range(50))))
    delivery.send(desk.owe(*(replace(ROW, step=step, channel="b") for step in range(50))))
    wait_for("the others are brought", lambda: len(phone.brought) == 50)
    assert hung.brought == []
    release.set()
    wait_for("all are brought", lambda: len(hung.brought) == 50)


def test_an_attempt_that_hangs_is_cut_recorded_as_unknown_and_made_again(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(senders, "LIMIT", 0.2)
    release = threading.Event()
    phone = Phone("a", waiting_for(release, times=4))
    desk.started(phone).send(desk.owe(*(replace(ROW, step=step) for step in range(6))))
    wait_for("the threads are replaced", lambda: len(phone.brought) == 2)
    wait_for("the cut ones wait", lambda: desk.states().count(State.QUEUED) == 4)
    assert {(row.attempts, row.doubtful) for row in desk.rows()} == {(1, 1), (0, 0)}
    desk.clock.moment += 60_000
    desk.await_states(*[State.ACCEPTED] * 6)
    release.set()
    wait_for("the hanging threads return", lambda: len(phone.brought) == 10)
    assert [row.attempts for row in desk.rows()].count(1) == 4


def test_a_server_that_trickles_its_answer_is_cut_too(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(senders, "LIMIT", 0.3)
    with WebhookSink(reply=Reply(trick="trickle")) as sink:
        settings = {"a": WebhookSettings(kind="webhook", url=sink.url)}
        made = channels.build(settings, lambda *told: Future(), lambda moment: None, desk.clock)
        desk.started(made["a"]).send(desk.owe(ROW))
        wait_for("it is cut", lambda: desk.rows()[0].doubtful == 1)
        sink.reply = Reply()
        desk.clock.moment += 2000
        desk.await_states(State.ACCEPTED)


def test_a_temporary_failure_is_tried_again_until_it_works(desk: Desk) -> None:
    phone = Phone("a", failing(3, DOWN))
    desk.started(phone).send(desk.owe(ROW))
    for attempts in (1, 2, 3):
        wait_for("it failed", lambda: desk.rows()[0].attempts == attempts)  # noqa: B023
        assert desk.rows()[0].note == "the gateway is down"
        desk.clock.moment += 60_000
    desk.await_states(State.ACCEPTED)
    assert len(phone.brought) == 1


@pytest.mark.parametrize(
    ("attempts", "asked", "least", "most"),
    [
        (0, None, 500, 1000),
        (1, None, 1000, 2000),
        (5, None, 16_000, 32_000),
        (6, None, 30_000, 60_000),
        (500, None, 30_000, 60_000),
        (0, 7000, 7000, 7000),
        (500, 7000, 30_000, 60_000),
        (0, 10**9, 300_000, 300_000),
    ],
)
def test_the_wait_doubles_up_to_a_minute_and_respects_what_the_gateway_asks(
    desk: Desk, attempts: int, asked: int | None, least: int, most: int
) -> None:
    phone = Phone("a", failing(1, ChannelError("busy", False, retry_after=asked)))
    delivery = desk.started(phone)
    (row,) = desk.owe(ROW)
    delivery.send([replace(row, attempts=attempts)])
    desk.await_states(State.QUEUED)
    assert least <= desk.rows()[0].due_at - START <= most


def test_a_permanent_failure_is_recorded_and_is_a_fault_at_once(desk: Desk) -> None:
    phone = Phone("a", failing(1, ChannelError("answered 404", True)))
    desk.started(phone).send(desk.owe(ROW))
    desk.await_states(State.FAILED)
    assert desk.reports == [("delivery", "fault", "a: answered 404")]


def test_a_test_that_fails_is_no_fault_and_one_that_works_ends_it(desk: Desk) -> None:
    trial = replace(ROW, purpose=Purpose.TEST, alert=0)
    delivery = desk.started(Phone("a", failing(2, ChannelError("answered 404", True))))
    delivery.send(desk.owe(trial))
    desk.await_states(State.FAILED)
    assert not desk.reports
    delivery.send(desk.owe(ROW))
    wait_for("the fault", lambda: desk.reports == [("delivery", "fault", "a: answered 404")])
    delivery.send(desk.owe(replace(trial, step=1)))
    wait_for("it is over", lambda: desk.reports[-1][:2] == ("delivery", "normal"))


def test_three_failures_of_a_channel_are_a_fault_and_its_next_success_ends_it(desk: Desk) -> None:
    phone, other = Phone("a", failing(3, DOWN)), Phone("b")
    delivery = desk.started(phone, other)
    delivery.send(desk.owe(ROW))
    for attempts in (1, 2):
        wait_for("it failed", lambda: desk.rows()[0].attempts == attempts)  # noqa: B023
        assert desk.reports == []
        desk.clock.moment += 60_000
    wait_for("it failed", lambda: desk.rows()[0].attempts == 3)
    assert desk.reports == [("delivery", "fault", "a: the gateway is down")]
    delivery.send(desk.owe(replace(ROW, channel="b")))
    wait_for("the other works", lambda: len(other.brought) == 1)
    assert len(desk.reports) == 1
    desk.clock.moment += 60_000
    wait_for("it works again", lambda: len(desk.reports) == 2)
    assert desk.reports[1] == ("delivery", "normal", "")


def test_our_own_mistake_in_a_channel_loses_nothing(desk: Desk) -> None:
    desk.started(Phone("a", failing(1, ZeroDivisionError("oops")))).send(desk.owe(ROW))
    desk.await_states(State.QUEUED)
    assert (desk.rows()[0].doubtful, desk.rows()[0].note) == (1, "our own code failed: ZeroDivisionError")
    desk.clock.moment += 2000
    desk.await_states(State.ACCEPTED)


def test_what_a_dead_process_was_sending_is_sent_by_the_next_start_once(desk: Desk) -> None:
    desk.owe(ROW, replace(ROW, step=1))
    phone = Phone("a")
    desk.started(phone)
    desk.await_states(State.ACCEPTED, State.ACCEPTED)
    assert sorted(notice.key for notice in phone.brought) == sorted({ROW.key, replace(ROW, step=1).key})


def test_what_is_owed_before_the_start_is_sent_once(desk: Desk) -> None:
    phone = Phone("a")
    delivery = desk.deliver(phone)
    delivery.send(desk.owe(ROW))
    delivery.start()
    desk.await_states(State.ACCEPTED)
    assert (len(phone.brought), desk.rows()[0].doubtful) == (1, 0)


def test_a_row_that_is_handed_over_twice_is_sent_once(desk: Desk) -> None:
    phone = Phone("a")
    rows = desk.owe(ROW)
    delivery = desk.deliver(phone)
    delivery.send(rows)
    delivery.send(rows)
    delivery.start()
    desk.await_states(State.ACCEPTED)
    assert len(phone.brought) == 1


def test_a_step_that_waited_in_line_is_not_sent_once_somebody_has_taken_the_alert(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(senders, "WAITED", 0.0)
    phone = Phone("a")
    delivery = desk.deliver(phone)
    delivery.send(desk.owe(ROW, replace(ROW, purpose=Purpose.ESCALATE, step=1)))
    taken = replace(FIRE, acknowledgement=Acknowledgement.PROMISED)
    desk.transact(lambda tx: store.save(tx, [(FIRE, taken)])).result(20)
    delivery.start()
    desk.await_states(State.ACCEPTED, State.CANCELLED)
    assert [notice.purpose for notice in phone.brought] == [Purpose.RAISE]


def test_life_safety_overtakes_the_line(desk: Desk) -> None:
    phone = Phone("a")
    phone.workers = 1
    delivery = desk.deliver(phone)
    rows = desk.owe(*(replace(ROW, step=n) for n in range(9)), replace(ROW, step=9, life_safety=True))
    delivery.send(rows)
    delivery.start()
    wait_for("all are brought", lambda: len(phone.brought) == 10)
    assert phone.brought[0].key == rows[-1].key


def test_what_finds_no_room_in_the_line_is_claimed_again_and_life_safety_always_finds_room(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(senders, "ROOM", 5)
    release = threading.Event()
    phone = Phone("a", waiting_for(release))
    delivery = desk.started(phone)
    delivery.send(desk.owe(*(replace(ROW, step=n, life_safety=n >= 20) for n in range(30))))
    release.set()
    wait_for("the line is brought", lambda: 15 <= len(phone.brought) < 30)
    desk.clock.moment += outbox.LEASE
    wait_for("the rest is brought", lambda: len(phone.brought) == 30)
    assert len({notice.key for notice in phone.brought}) == 30


def test_an_unknown_channel_fails_with_words_and_is_a_fault(desk: Desk) -> None:
    desk.started(Phone("a")).send(desk.owe(replace(ROW, channel="sms")))
    desk.await_states(State.FAILED)
    assert "no channel 'sms'" in desk.rows()[0].note
    assert desk.reports[0][:2] == ("delivery", "fault")


def test_outcomes_that_cannot_be_recorded_are_kept_until_they_can_and_nothing_is_sent_twice(
    desk: Desk,
) -> None:
    phone = Phone("a")
    delivery = desk.started(phone)
    rows = desk.owe(*(replace(ROW, step=n) for n in range(5)))

    def full(tx: Connection) -> None:
        raise OSError("no space left on device")

    desk.broken = full
    delivery.send(rows)
    wait_for("all are brought", lambda: len(phone.brought) == 5)
    assert set(desk.states()) == {State.CLAIMED}
    desk.clock.moment += 2 * outbox.LEASE
    desk.broken = lambda tx: None
    desk.await_states(*[State.ACCEPTED] * 5)
    assert len(phone.brought) == 5


def test_one_outcome_that_can_never_be_recorded_does_not_hold_up_the_others(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    settle = outbox.settle

    def poisoned(tx: Connection, row_id: int, *rest: Any) -> None:
        if row_id == 3:
            raise ValueError("poison")
        settle(tx, row_id, *rest)

    monkeypatch.setattr(outbox, "settle", poisoned)
    desk.started(Phone("a")).send(desk.owe(*(replace(ROW, step=n) for n in range(6))))
    wait_for("all the others", lambda: desk.states().count(State.ACCEPTED) == 5)


def test_a_notice_that_cannot_be_recorded_is_sent_all_the_same_and_tried_again(desk: Desk) -> None:
    phone = Phone("a", failing(1, DOWN))
    unrecorded = replace(ROW, alert=0, life_safety=True)
    desk.started(phone).send([unrecorded])
    wait_for("it is brought", lambda: len(phone.brought) == 1)
    assert phone.brought[0].key.startswith("unrecorded-A7K2/")
    assert desk.rows() == []


def test_stopping_lets_what_is_under_way_end_and_begins_nothing_new(desk: Desk) -> None:
    begun, release = threading.Event(), threading.Event()

    def act(notice: Notice) -> None:
        begun.set()
        release.wait(20)

    phone = Phone("a", act)
    phone.workers = 1
    delivery = desk.started(phone)
    delivery.send(desk.owe(ROW, replace(ROW, step=1)))
    assert begun.wait(20)
    threading.Timer(0.1, release.set).start()
    delivery.stop()
    desk.await_states(State.ACCEPTED, State.CLAIMED)
    assert len(phone.brought) == 1


class Siren(Phone):
    """A channel that leaves a state behind."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.restored: list[Notice] = []

    def restore(self, notices: list[Notice]) -> None:
        self.restored = notices


def test_a_start_tells_the_sirens_what_still_sounds(desk: Desk) -> None:
    siren = Siren("siren")
    desk.started(siren).send(desk.owe(replace(ROW, channel="siren", person="")))
    desk.await_states(State.ACCEPTED)
    again = Siren("siren")
    desk.started(again, Phone("a"))
    assert [notice.code for notice in again.restored] == ["A7K2"]


def test_a_database_that_hangs_at_the_start_keeps_no_notice_and_tells_the_sirens_when_it_goes_on(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deliver, "TAKE_OVER", 0.01)
    siren = Siren("siren")
    desk.started(siren).send(desk.owe(replace(ROW, channel="siren", person="")))
    desk.await_states(State.ACCEPTED)
    thawed, again, phone = threading.Event(), Siren("siren"), Phone("a")
    desk.writer.submit(thawed.wait, 30)
    try:
        desk.started(again, phone).send([replace(ROW, code="UNRECORDED")])
        wait_for("the notice that cannot be written", lambda: phone.brought)
        assert not again.restored
    finally:
        thawed.set()
    wait_for("the siren knows what still sounds", lambda: again.restored)


def test_a_database_that_is_down_at_the_start_does_not_keep_delivery_from_working(desk: Desk) -> None:
    def down(fn: Callable[[Connection], Any]) -> "Future[Any]":
        raise OSError("no space left on device")

    phone = Phone("a")
    delivery = desk.deliver(phone, transact=down)
    delivery.start()
    delivery.send([replace(ROW, alert=0, life_safety=True)])
    wait_for("it is brought", lambda: len(phone.brought) == 1)


def test_a_thread_that_cannot_tell_how_an_attempt_ended_goes_on_and_the_notice_is_sent_again(
    desk: Desk,
) -> None:
    wrong: list[Any] = [Receipt(True, 12345)]  # type: ignore[arg-type]  # a channel's mistake
    phone = Phone("a", lambda notice: wrong.pop() if wrong else None)
    phone.workers = 1
    delivery = desk.started(phone)
    delivery.send(desk.owe(ROW))
    wait_for("the mistake was made", lambda: not wrong and not delivery._held)
    desk.clock.moment += outbox.LEASE + 1
    desk.await_states(State.ACCEPTED)
    assert desk.rows()[0].doubtful == 1
    delivery.send(desk.owe(replace(ROW, step=1)))
    desk.await_states(State.ACCEPTED, State.ACCEPTED)


def test_that_a_gateway_works_again_is_not_forgotten_when_the_next_commit_fails(desk: Desk) -> None:
    phone = Phone("a", failing(1, ChannelError("slow down", False, retry_after=300_000)))
    delivery = desk.started(phone)
    delivery.send(desk.owe(ROW))
    desk.await_states(State.QUEUED)
    failures: list[int] = []

    def full(tx: Connection) -> None:
        if delivery._senders["a"].tries_at() is None and len(failures) < 3:
            failures.append(1)
            raise OSError("the disk is full")

    test = desk.owe(replace(ROW, step=3, purpose=Purpose.TEST, alert=0))
    desk.broken = full
    delivery.send(test)  # closes the breaker
    desk.await_states(State.ACCEPTED, State.ACCEPTED)
    assert len(failures) == 3


def test_whoever_stood_in_a_full_line_and_was_never_tried_is_owed_no_all_clear(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(senders, "ROOM", 2)
    released = threading.Event()
    phone = Phone("a", waiting_for(released))
    phone.workers = 1
    delivery = desk.started(phone)
    for row in desk.owe(*(replace(ROW, step=number, person=f"p{number}") for number in range(6))):
        delivery.send([row])
        wait_for("the first is in hand", delivery._senders["a"].busy)
    wait_for("the rest waits", lambda: desk.states().count(State.QUEUED) == 3)
    told = desk.transact(lambda tx: outbox.reached(tx, FIRE.id)).result()
    assert {row.person for row in told} == {"p0", "p1", "p2"}  # claimed: may be told at any moment
    released.set()
    desk.clock.moment += outbox.LEASE
    wait_for("all are told", lambda: set(desk.states()) == {State.ACCEPTED})
    assert {row.doubtful for row in desk.rows()} == {0}
