"""Touches. Gateways are asked what became of the messages they took: until it is known, at nobody's cost."""

import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from msgspec.structs import replace

from alerts.delivery import deliver, outbox, receipts, tracking
from alerts.delivery import send_test as trying
from alerts.delivery.channels.channel import Arrival, Asked, ChannelError, Progress, Receipt
from alerts.delivery.channels.rounds import Rounds
from alerts.delivery.notification import DAY, READ_FOR, State
from alerts.duty.people import Contact, Directory, Person
from tests.fakes.outbox import ROW, START, Clock, Desk, Gateway, Phone
from tests.servers import wait_for
from tocsin import trial

TAKEN = replace(ROW, address="+8613800000001")


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    monkeypatch.setattr(deliver, "TICK", 0.02)
    monkeypatch.setattr(deliver, "CLAIM_EVERY", 0.1)
    monkeypatch.setattr(deliver, "GRACE", 0.5)
    monkeypatch.setattr(tracking, "SOONEST", 0.01)
    monkeypatch.setattr(tracking, "IDLE", 0.05)
    made = Desk(tmp_path)
    yield made
    made.close()


def progress(arrival: Arrival, **said: object) -> "list[Progress]":
    return [Progress("SM1", arrival, **said)]  # type: ignore[arg-type]


def accepted(desk: Desk, gateway: Gateway) -> None:
    desk.started(gateway).send(desk.owe(TAKEN))
    desk.await_states(State.ACCEPTED)
    desk.clock.moment += 1000


def test_a_message_is_asked_about_until_it_is_delivered_and_read(desk: Desk) -> None:
    gateway = Gateway("a")
    accepted(desk, gateway)
    wait_for("a question", lambda: gateway.asked)
    assert gateway.asked[0] == [Asked("SM1", "+8613800000001", START)]
    gateway.answer = lambda asked: progress(Arrival.DELIVERED)
    desk.clock.moment += 1000
    desk.await_states(State.DELIVERED)
    gateway.answer = lambda asked: progress(Arrival.READ)
    desk.clock.moment += 2000
    desk.await_states(State.READ)
    assert gateway.asked[-1][0].known is Arrival.DELIVERED
    assert desk.stamps(1) == ["claimed", "sent", "accepted", "delivered", "read"]
    assert desk.rows()[0].ask_at is None
    assert desk.settled == {7}


def test_a_gateway_that_doubles_and_lies_about_others_changes_nothing(desk: Desk) -> None:
    gateway = Gateway("a")
    told = [
        *progress(Arrival.DELIVERED) * 3,
        Progress("SM9", Arrival.LOST, dead=True),
        Progress("", Arrival.READ),
    ]
    gateway.answer = lambda asked: told
    accepted(desk, gateway)
    desk.await_states(State.DELIVERED)
    assert desk.stamps(1) == ["claimed", "sent", "accepted", "delivered"]
    assert desk.lost == []


def test_it_goes_on_after_a_restart(desk: Desk) -> None:
    accepted(desk, Gateway("a"))
    desk.running.pop().stop()
    again = Gateway("a")
    again.answer = lambda asked: progress(Arrival.DELIVERED)
    desk.clock.moment += 60_000
    desk.started(again)
    desk.await_states(State.DELIVERED)


def test_a_question_that_hangs_delays_neither_sending_nor_other_gateways(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tracking, "HANGS", 0.05)
    release = threading.Event()

    def hangs(asked: Sequence[Asked]) -> list[Progress]:
        release.wait(30)
        return []

    stuck, good = Gateway("a"), Gateway("b")
    stuck.answer = hangs
    good.answer = lambda asked: progress(Arrival.DELIVERED)
    delivery = desk.started(stuck, good)
    delivery.send(desk.owe(TAKEN))
    desk.await_states(State.ACCEPTED)
    desk.clock.moment += 1000
    wait_for("it hangs", lambda: stuck.asked)
    delivery.send(desk.owe(replace(TAKEN, step=1), replace(TAKEN, channel="b")))
    wait_for("it is sent", lambda: len(stuck.brought) == 2 and len(good.brought) == 1)
    wait_for("both are recorded", lambda: State.CLAIMED not in desk.states())
    desk.clock.moment += 1000
    desk.await_states(State.ACCEPTED, State.ACCEPTED, State.DELIVERED)
    assert len(stuck.asked) == 1
    release.set()


def test_a_gateway_that_cannot_be_asked_is_a_fault_after_three_times_and_waits_longer_each_time(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    gateway = Gateway("a")

    def refuses(asked: Sequence[Asked]) -> list[Progress]:
        raise ChannelError("no permission to query", True)

    gateway.answer = refuses
    accepted(desk, gateway)

    def later() -> bool:
        desk.clock.moment += 60_000
        return bool([note for _, word, note in desk.reports if word == "fault"])

    wait_for("a fault", later)
    assert "a (receipts): no permission to query" in desk.reports[-1][2]
    assert desk.states() == [State.ACCEPTED]
    gateway.answer = lambda asked: []
    wait_for("all is well again", lambda: later() and desk.reports[-1][1] == "normal")


def test_how_long_a_failed_question_waits_respects_what_the_gateway_asks_and_is_bounded() -> None:
    gateway = Gateway("a")
    tracker = tracking.Tracker("a", gateway, lambda fn: fn, lambda new: None, lambda *say: None, lambda: 0)  # type: ignore[arg-type,return-value]
    assert tracker._failed(ChannelError("busy", False, retry_after=30_000)) == 30.0
    assert tracker._failed(ChannelError("busy", False, retry_after=10**9)) == tracking.LONGEST
    waits = [tracker._failed(ChannelError("down", False)) for _ in range(30)]
    assert max(waits) <= 0.02 * 2**10
    assert waits[-1] > waits[0]


def test_our_own_mistake_in_a_channel_ends_no_tracking(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tracking, "LONGEST", 0.01)
    gateway = Gateway("a")

    def breaks(asked: Sequence[Asked]) -> list[Progress]:
        raise ZeroDivisionError("oops")

    gateway.answer = breaks
    accepted(desk, gateway)
    wait_for("it broke", lambda: gateway.asked)
    gateway.answer = lambda asked: progress(Arrival.DELIVERED)
    desk.clock.moment += 60_000
    desk.await_states(State.DELIVERED)


def test_what_cannot_be_recorded_yet_is_kept_until_it_can(desk: Desk) -> None:
    gateway = Gateway("a")
    accepted(desk, gateway)
    wait_for("a question", lambda: gateway.asked)
    gateway.answer = lambda asked: progress(Arrival.DELIVERED)
    desk.clock.moment += 60_000
    desk.await_states(State.DELIVERED)


def test_a_dead_number_that_only_the_receipt_tells_is_told(desk: Desk) -> None:
    gateway = Gateway("a")
    gateway.answer = lambda asked: progress(Arrival.LOST, detail="30005 unknown handset", dead=True)
    accepted(desk, gateway)
    desk.await_states(State.FAILED)
    wait_for("it is told", lambda: desk.lost)
    (lost,) = desk.lost
    assert (lost.row.address, lost.reason, lost.dead) == ("+8613800000001", "30005 unknown handset", True)


def test_a_siren_that_keeps_silent_is_a_fault_of_its_channel(desk: Desk) -> None:
    gateway = Gateway("a")
    gateway.answer = lambda asked: progress(Arrival.LOST, detail="campus/siren-1 did not answer")
    desk.started(gateway).send(desk.owe(replace(ROW, person="", address="")))
    desk.await_states(State.ACCEPTED)
    desk.clock.moment += 1000
    desk.await_states(State.FAILED)
    wait_for("it is told", lambda: desk.reports and desk.reports[-1][1] == "fault")
    assert "campus/siren-1 did not answer" in desk.reports[-1][2]


def take(desk: Desk, most: int = 100) -> tuple[list[receipts.Waiting], int | None]:
    """What is due now, as a tracker takes it."""

    def work(tx: object) -> tuple[list[receipts.Waiting], int | None]:
        return receipts.take(tx, "a", desk.clock(), most, 5_000, lambda wait: wait)  # type: ignore[arg-type]

    return desk.transact(work).result(20)  # type: ignore[no-any-return]


def settle(desk: Desk, count: int) -> None:
    rows = desk.owe(*(replace(TAKEN, step=step) for step in range(count)))
    for row in rows:
        receipt = Receipt(id=f"SM{row.id}")
        desk.transact(lambda tx: outbox.settle(tx, row.id or 0, receipt, desk.clock(), 0, 5_000)).result(20)  # noqa: B023


def test_no_question_is_about_more_than_so_many_messages_and_each_has_its_turn(desk: Desk) -> None:
    settle(desk, 5)
    assert take(desk) == ([], START + 5_000)
    desk.clock.moment += 5_000
    turns = [[one.asked.receipt for one in take(desk, most=2)[0]] for _ in range(4)]
    assert turns == [["SM1", "SM2"], ["SM3", "SM4"], ["SM5"], []]


def test_nobody_asks_for_ever(desk: Desk) -> None:
    settle(desk, 1)
    questions = 0
    while (due := take(desk)[1]) is not None:
        desk.clock.moment, questions = due, questions + 1
    assert START + DAY < desk.clock() < START + DAY + READ_FOR * 7
    assert questions < 60


def test_a_channel_that_gives_no_receipts_is_never_asked(desk: Desk) -> None:
    desk.started(Phone("a")).send(desk.owe(TAKEN))
    desk.await_states(State.ACCEPTED)
    assert desk.rows()[0].ask_at is None


# ---- a try by hand, with no service running


def tried(gateway: Gateway, patience: float = 5) -> trying.Tested:
    return trying.send_test(gateway, "li-wei", "+8613800000001", "en", START, patience)


def test_a_try_at_rest_waits_until_the_gateway_says_that_it_arrived() -> None:
    gateway = Gateway("sms")
    said = [[], [Progress("SM9", Arrival.LOST)], progress(Arrival.DELIVERED)]
    gateway.answer = lambda asked: said.pop(0)
    assert tried(gateway) == trying.Tested(True, "sms: it arrived")
    assert gateway.asked[0] == [Asked("SM1", "+8613800000001", START)]


def test_a_try_at_rest_that_never_arrives_says_so_with_the_gateways_reason() -> None:
    gateway = Gateway("sms")
    gateway.answer = lambda asked: progress(Arrival.LOST, detail="no such number", zh="号码不存在")
    assert tried(gateway) == trying.Tested(False, "sms: it failed: no such number")
    gateway.answer = lambda asked: []
    silent = tried(gateway, 0.1)
    assert not silent.ok
    assert "no receipt within 60 s" in silent.said


def test_a_try_at_rest_goes_on_asking_a_gateway_that_stumbles() -> None:
    gateway = Gateway("sms")
    stumbles = [ChannelError("HTTP 502", False)]

    def answer(asked: Sequence[Asked]) -> list[Progress]:
        if stumbles:
            raise stumbles.pop()
        return progress(Arrival.READ)

    gateway.answer = answer
    assert tried(gateway).ok


# ---- a try by hand, with the service running


class Ticking(Clock):
    """Goes on a little at each look."""

    def __call__(self) -> int:
        self.moment += 20
        return self.moment


def running(desk: Desk, *gateways: Gateway) -> Any:
    desk.clock = Ticking()
    people = Directory(
        [Person("li-wei", "李伟", "Li Wei", "zh", (Contact("sms", "1"), Contact("call", "2")))]
    )
    return SimpleNamespace(
        house=SimpleNamespace(directory=people),
        channels={one.name: one for one in gateways},
        writer=SimpleNamespace(transact=desk.transact),
        delivery=desk.started(*gateways),
        database=desk.database,
        now=desk.clock,
    )


def test_a_try_with_the_service_running_goes_through_the_outbox_and_waits_for_each_receipt(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trial, "LOOK", 0.02)
    sms, call = Gateway("sms"), Gateway("call")
    sms.answer = lambda asked: progress(Arrival.DELIVERED)
    call.answer = lambda asked: progress(Arrival.LOST, detail="busy", zh="占线")
    service = running(desk, sms, call)
    assert trial.followed(service, "li-wei") == [
        trying.Tested(True, "sms: it arrived"),
        trying.Tested(False, "call: it failed: busy"),
    ]
    assert [row.purpose for row in desk.rows()] == ["test", "test"]
    assert desk.stamps(1) == ["claimed", "sent", "accepted", "delivered"]
    with pytest.raises(ValueError, match="li-wei was tried less than 30 s ago"):
        trial.followed(service, "li-wei")
    with pytest.raises(ValueError, match="there is no person or channel 'who'; there are: li-wei, sms, call"):
        trial.followed(service, "who")


def test_a_try_on_a_channel_that_the_settings_do_not_name_says_so(desk: Desk) -> None:
    sms = Gateway("sms")
    sms.answer = lambda asked: progress(Arrival.DELIVERED)
    found = trial.followed(running(desk, sms), "li-wei")
    assert not found[1].ok
    assert "the settings name no channel 'call'" in found[1].said


def test_a_message_that_cannot_be_asked_about_keeps_no_other_from_being_asked_about() -> None:
    def progress(asked: Asked) -> Progress | None:
        if not asked.address:
            raise ChannelError("not a number", True)
        return Progress(asked.receipt, Arrival.DELIVERED)

    messages = [Asked("SM1", "", START, None), Asked("SM2", "+8613800000001", START, None)]
    assert [one.receipt for one in Rounds(progress).ask(messages)] == ["SM2"]
    with pytest.raises(ChannelError):
        Rounds(progress).ask(messages[:1])
