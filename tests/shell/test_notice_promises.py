"""Touches. What a notice goes through with a real gateway at the other end of real HTTP: N1 to N5.

The numbers are those of the faults in the reliability study; N7 and N8 are in tests/story/test_reached.py.
"""

import threading
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path

import pytest
from msgspec.structs import replace

from alerts import store
from alerts.alert import Life
from alerts.delivery import channels, deliver, retry, senders, tracking
from alerts.delivery.channels.channel import Arrival, Channel, ChannelError, Progress
from alerts.delivery.channels.webhook import WebhookSettings
from alerts.delivery.notification import State
from alerts.duty.people import Contact
from tests.fakes.outbox import FIRE, ROW, START, Desk, Gateway, Phone, failing
from tests.fakes.webhook import Call, Reply, WebhookSink
from tests.servers import wait_for

OWED = replace(ROW, address="1", patience=60_000)
HTML = b"<html><body>Bad gateway</body></html>"


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    monkeypatch.setattr(deliver, "TICK", 0.02)
    monkeypatch.setattr(deliver, "CLAIM_EVERY", 0.1)
    monkeypatch.setattr(deliver, "GRACE", 0.5)
    monkeypatch.setattr(tracking, "IDLE", 0.05)
    made = Desk(tmp_path)
    made.contacts = [Contact("a", "1"), Contact("b", "li@example.org")]
    yield made
    made.close()


@pytest.fixture
def sink() -> Iterator[WebhookSink]:
    with WebhookSink() as made:
        yield made


def webhook(desk: Desk, url: str, name: str = "a") -> Channel:
    settings = {name: WebhookSettings(kind="webhook", url=url)}
    return channels.build(settings, lambda *told: Future(), lambda moment: None, desk.clock)[name]


def test_n1_a_gateway_that_hangs_is_given_up_the_fallback_is_tried_and_no_other_channel_waits(
    desk: Desk, sink: WebhookSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert senders.LIMIT <= 10
    assert senders.LIMIT + 2 * deliver.TICK + 0.5 < 15  # cut, recorded and handed on
    monkeypatch.setattr(senders, "LIMIT", 0.3)
    sink.reply = Reply(trick="hang")
    mail, other = Phone("b"), Phone("c")
    delivery = desk.started(webhook(desk, sink.url), mail, other)
    delivery.send(desk.owe(OWED))
    sink.wait_for(1)
    delivery.send(desk.owe(*(replace(OWED, step=step, channel="c", patience=0) for step in range(20))))
    wait_for("the others, while it hangs", lambda: len(other.brought) == 20)
    wait_for("the fallback", lambda: bool(mail.brought))
    assert desk.stamps(1)[:3] == ["claimed", "sent", "queued"]
    assert desk.rows()[0].doubtful == 1


@pytest.mark.parametrize(
    ("reply", "state", "doubtful"),
    [
        (Reply(500, HTML), State.QUEUED, 0),
        (Reply(503, b""), State.QUEUED, 0),
        (Reply(429, b"slow down", {"Retry-After": "90"}), State.QUEUED, 0),
        (Reply(404, HTML), State.FAILED, 0),
        (Reply(401, b""), State.FAILED, 0),
        (Reply(302, b"", {"Location": "http://127.0.0.1/"}), State.FAILED, 0),
        (Reply(200, HTML), State.ACCEPTED, 0),
        (Reply(200, b""), State.ACCEPTED, 0),
        (Reply(200, b"x" * 10_000_000), State.ACCEPTED, 0),
        (Reply(trick="half status"), State.QUEUED, 1),
        (Reply(trick="close"), State.QUEUED, 1),
    ],
    ids=lambda value: f"{value.status} {value.trick}" if isinstance(value, Reply) else "",
)
def test_n2_what_a_gateway_answers_is_told_apart_temporary_permanent_or_unknown(
    desk: Desk, sink: WebhookSink, reply: Reply, state: State, doubtful: int
) -> None:
    sink.reply = reply
    desk.contacts = []
    desk.started(webhook(desk, sink.url)).send(desk.owe(OWED))
    wait_for("it ended", lambda: desk.rows()[0].state not in (State.CLAIMED,))
    row = desk.rows()[0]
    assert (row.state, row.doubtful) == (state, doubtful)
    if reply.status == 429:
        assert row.due_at >= START + 90_000


@pytest.mark.parametrize("url", ["http://nowhere.invalid/", "http://127.0.0.1:1/"])
def test_n2_a_gateway_that_cannot_be_reached_is_tried_again_certain_that_nothing_went_out(
    desk: Desk, url: str
) -> None:
    desk.started(webhook(desk, url)).send(desk.owe(OWED))
    wait_for("it failed", lambda: desk.rows()[0].attempts == 1)
    assert (desk.rows()[0].state, desk.rows()[0].doubtful) == (State.QUEUED, 0)


def test_n2_a_gateway_that_keeps_failing_is_a_fault_of_our_own(desk: Desk, sink: WebhookSink) -> None:
    sink.reply = Reply(503, HTML)
    desk.contacts = []
    desk.started(webhook(desk, sink.url)).send(desk.owe(OWED))

    def later() -> bool:
        desk.clock.moment += 5_000
        return bool(desk.reports)

    wait_for("the fault", later)
    assert desk.reports[0][:2] == ("delivery", "fault")
    assert "503" in desk.reports[0][2]


def test_n3_what_the_gateway_took_without_an_answer_is_sent_again_once_recognisable_and_logged_as_unknown(
    desk: Desk, sink: WebhookSink
) -> None:
    tricks = [Reply(trick="close")]

    def first_cut_off(call: Call) -> Reply:
        return tricks.pop() if tricks else Reply(body=b'{"id": "SM2"}')

    sink.reply = first_cut_off
    desk.contacts = []
    desk.started(webhook(desk, sink.url)).send(desk.owe(OWED))
    wait_for("it is unknown", lambda: desk.rows()[0].doubtful == 1)
    desk.clock.moment += 2_000
    desk.await_states(State.ACCEPTED)
    first, again = sink.wait_for(2)
    assert first.headers["idempotency-key"] == again.headers["idempotency-key"]
    assert first.json["code"] == again.json["code"] == OWED.code
    assert desk.stamps(1) == ["claimed", "sent", "queued", "claimed", "sent", "accepted"]
    desk.clock.moment += 3_600_000
    wait_for("nothing is due", lambda: desk.rows()[0].due_at is None)
    assert len(sink.calls) == 2


@pytest.mark.parametrize("says", [Arrival.LOST, None], ids=["failed", "nothing"])
def test_n4_what_a_gateway_took_and_nothing_proves_counts_as_not_delivered_and_the_next_channel_starts(
    desk: Desk, says: Arrival | None
) -> None:
    liar, mail = Gateway("a"), Phone("b")
    liar.answer = lambda asked: [Progress(one.receipt, says) for one in asked] if says else []
    desk.started(liar, mail).send(desk.owe(OWED))
    desk.await_states(State.ACCEPTED)
    desk.clock.moment += 1000 if says else OWED.patience
    wait_for("the next channel, in the policy's time", lambda: bool(mail.brought))
    assert desk.rows()[0].state == (State.FAILED if says else State.ACCEPTED)


def test_n5_while_all_gateways_are_down_it_is_queued_and_a_fault_and_on_return_only_what_is_open_is_sent(
    desk: Desk,
) -> None:
    over = replace(FIRE, id=8, code="B8L3", subject="d2")
    desk.transact(lambda tx: store.add(tx, [over])).result(20)
    down = threading.Event()

    def act(notice: object) -> None:
        if not down.is_set():
            raise ChannelError("down", False)

    phone, mail = Phone("a", act), Phone("b", act)
    rows = [replace(OWED, alert=number, code=code) for number, code in ((7, "A7K2"), (8, "B8L3"))]
    desk.started(phone, mail).send(desk.owe(*rows, *(replace(row, channel="b") for row in rows)))
    wait_for("all failed", lambda: all(row.attempts for row in desk.rows()))
    closed = replace(over, life=Life.CLOSED, closed_at=START)
    desk.transact(lambda tx: store.save(tx, [(over, closed)])).result(20)
    desk.clock.moment += 660_000  # an all-clear is due for nobody: nobody was reached
    down.set()
    wait_for("it is settled", lambda: not {State.QUEUED, State.CLAIMED} & set(desk.states()))
    assert {notice.code for notice in (*phone.brought, *mail.brought)} == {"A7K2"}
    assert {row.note for row in desk.rows() if row.alert == 8} == {"closed"}


def test_life_safety_is_sent_although_a_gateway_asks_to_wait_longer_than_is_right(desk: Desk) -> None:
    phone = Phone("a", failing(1, ChannelError("busy", False, retry_after=86_400_000)))
    desk.started(phone).send(desk.owe(OWED))
    wait_for("it failed", lambda: desk.rows()[0].attempts == 1)
    assert desk.rows()[0].due_at <= START + retry.PATIENCE
