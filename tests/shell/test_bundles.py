"""Touches. A storm of notices: few messages, in the order of the alerts, and every row has its outcome."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from alerts import store
from alerts.alert import Alert, Life
from alerts.delivery import deliver, outbox, senders
from alerts.delivery.breaker import LIFE_PAUSE
from alerts.delivery.bundle import AT_ONCE, GATHER, MOST
from alerts.delivery.channels.channel import ChannelError, Notice, Receipt
from alerts.delivery.notification import Failed, Notification, State
from tests.fakes.outbox import FIRE, ROW, START, Desk, Phone, Screen, waiting_for
from tests.servers import wait_for
from tocsin.database import Database

PEOPLE = ("li-wei", "wang-fang")
DOWN = ChannelError("the gateway is down", False)
COMMIT = 40  # rows
STORM = 500
SECOND = 1_000


@pytest.fixture
def desk(tmp_path: Path, database: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    monkeypatch.setattr(deliver, "TICK", 0.02)
    monkeypatch.setattr(deliver, "CLAIM_EVERY", 0.1)
    made = Desk(tmp_path, database)
    yield made
    made.close()


class Line(Screen):
    """One message after another."""

    workers = 1


def alerts(desk: Desk, count: int) -> list[Alert]:
    made = [replace(FIRE, id=100 + n, code=f"C{n:03d}", subject=f"s{n}") for n in range(count)]
    desk.transact(lambda tx: store.add(tx, made)).result(20)
    return made


def owed(about: list[Alert], alert_class: str = "trouble", **more: object) -> list[Notification]:
    facts = {"place_zh": "2号楼 305室", "title_zh": "烟雾报警", "class": alert_class, "since": START}
    return [replace(ROW, alert=one.id, code=one.code, facts=facts, **more) for one in about]


def mixed(about: list[Alert]) -> list[Notification]:
    """Of ten alerts one is about life safety, one an alarm, and the others neither; each for both people."""
    rows: list[Notification] = []
    for number, one in enumerate(about):
        turn = number % 10
        alert_class = "alarm" if turn < 2 else ("supervisory", "trouble", "status")[turn % 3]
        rows += [
            row
            for person in PEOPLE
            for row in owed([one], alert_class, person=person, address=person, life_safety=turn == 0)
        ]
    return rows


def codes(brought: list[Notice]) -> list[str]:
    return [code for notice in brought for code in str(notice.alert.get("codes", notice.code)).split()]


def every_row_is(desk: Desk, state: State) -> bool:
    """Where all that is left waits for its time, a second goes by."""
    states = set(desk.states())
    if states <= {state, State.QUEUED} and State.QUEUED in states:
        desk.clock.moment += SECOND
    return states == {state}


def test_five_hundred_alerts_in_a_minute_are_few_messages_life_safety_first_and_every_row_is_settled(
    desk: Desk,
) -> None:
    phone = Line("a", lambda notice: Receipt(id=notice.key[-12:]))
    about = alerts(desk, STORM)
    rows = mixed(about)
    delivery = desk.deliver(phone)
    for start in range(0, len(rows), COMMIT):
        delivery.send(desk.owe(*rows[start : start + COMMIT]))
        desk.clock.moment += 60 * SECOND * COMMIT // len(rows)
    delivery.start()
    wait_for("every row to be accepted", lambda: every_row_is(desk, State.ACCEPTED), 60)
    for person in PEOPLE:
        told = [notice for notice in phone.brought if notice.person == person]
        fires = [one.code for number, one in enumerate(about) if number % 10 == 0]
        alarms = [one.code for number, one in enumerate(about) if number % 10 == 1]
        rest = [one.code for number, one in enumerate(about) if number % 10 > 1]
        assert (told[0].code, told[0].short) == (fires[0], "305室")
        assert codes(told[:2]) == fires
        assert [code for code in codes(told) if code in alarms] == alarms
        assert [code for code in codes(told) if code in rest] == rest
        assert len(told) <= 3 + AT_ONCE + STORM // MOST
    assert [bool(notice.alert.get("life_safety", notice.code in fires)) for notice in phone.brought[:4]]
    recorded = desk.rows()
    assert len(recorded) == len(rows)
    assert all("条合为一条消息" in row.note for row in recorded[4:])
    stamps = desk.stamps(recorded[-1].id)
    assert (stamps[:2], stamps[-3:]) == (["claimed", "queued"], ["claimed", "sent", "accepted"])


def test_the_first_of_life_safety_goes_by_itself_and_what_waits_behind_it_is_one_message(
    desk: Desk,
) -> None:
    phone = Line("a")
    about = alerts(desk, 30)
    delivery = desk.deliver(phone)
    delivery.send(desk.owe(*owed(about[:20])))
    for row in owed(about[20:], "alarm", life_safety=True):
        delivery.send(desk.owe(row))
    delivery.start()
    wait_for("all are told", lambda: len(phone.brought) == 3)
    first, others, last = phone.brought
    assert (first.code, first.short) == (about[20].code, "305室")
    assert codes([others]) == [one.code for one in about[21:]]
    assert others.short.startswith("2号楼 305室（9条）：烟雾报警")
    assert codes([last]) == [one.code for one in about[:20]]


def test_while_the_first_is_being_sent_another_worker_sends_the_rest(desk: Desk) -> None:
    release = threading.Event()

    def act(notice: Notice) -> None:
        if "more" not in notice.alert:
            release.wait(20)

    phone = Screen("a", act)
    desk.started(phone).send(desk.owe(*owed(alerts(desk, 5), "alarm", life_safety=True)))
    wait_for("the others are told", lambda: [notice.alert.get("more") for notice in phone.brought] == [3])
    release.set()
    desk.await_states(*[State.ACCEPTED] * 5)


def test_on_a_channel_that_a_program_reads_each_is_a_message_and_none_waits(desk: Desk) -> None:
    receiver = Phone("a")
    desk.started(receiver).send(desk.owe(*owed(alerts(desk, 20))))
    desk.await_states(*[State.ACCEPTED] * 20)
    assert len(receiver.brought) == 20


def test_a_message_that_fails_is_tried_again_with_all_that_was_in_it(desk: Desk) -> None:
    left = [DOWN]

    def act(notice: Notice) -> Receipt:
        if left:
            raise left.pop()
        return Receipt(id="SM1")

    phone = Screen("a", act)
    desk.started(phone).send(desk.owe(*owed(alerts(desk, 5))))
    wait_for("it failed", lambda: [row.attempts for row in desk.rows()] == [1] * 5)
    desk.clock.moment += 2 * SECOND
    desk.await_states(*[State.ACCEPTED] * 5)
    assert [codes([notice]) for notice in phone.brought] == [[row.code for row in desk.rows()]]
    assert {row.receipt for row in desk.rows()} == {"SM1"}


def test_an_unknown_outcome_of_one_message_is_that_of_each_in_it(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(senders, "LIMIT", 0.2)
    release = threading.Event()
    desk.started(Line("a", waiting_for(release))).send(desk.owe(*owed(alerts(desk, 3))))
    wait_for("it is cut", lambda: [(row.attempts, row.doubtful) for row in desk.rows()] == [(1, 1)] * 3)
    release.set()
    assert all("3 条合为一条消息" in row.note and "no answer" in row.note for row in desk.rows())


def test_what_is_owed_no_more_leaves_the_message_at_the_moment_of_sending(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(senders, "WAITED", -1.0)
    phone = Line("a")
    about = alerts(desk, 4)
    delivery = desk.deliver(phone)
    delivery.send(desk.owe(*owed(about)))
    close(desk, about[:1])
    desk.clock.moment += 660 * SECOND
    delivery.start()
    desk.await_states(State.CANCELLED, *[State.ACCEPTED] * 3)
    assert codes(phone.brought) == [one.code for one in about[1:]]


def test_when_gateways_return_only_what_is_still_open_goes_out_and_together(desk: Desk) -> None:
    works = threading.Event()

    def act(notice: Notice) -> None:
        if not works.is_set():
            raise DOWN

    phone = Line("a", act)
    about = alerts(desk, 40)
    delivery = desk.started(phone)
    for row in owed(about, "alarm", life_safety=True):
        delivery.send(desk.owe(row))
    wait_for("all wait", lambda: set(desk.states()) == {State.QUEUED})
    close(desk, about[:30])
    works.set()
    desk.clock.moment += 660 * SECOND + LIFE_PAUSE
    wait_for("all are settled", lambda: set(desk.states()) == {State.ACCEPTED, State.CANCELLED})
    assert sorted(codes(phone.brought)) == [one.code for one in about[30:]]
    assert len(phone.brought) <= 4


def test_where_the_next_try_is_still_to_come_what_is_due_is_not_put_off(desk: Desk) -> None:
    (row,) = desk.owe(ROW)
    delivery = desk.deliver(Line("a"))
    failed = Failed("down", START)
    desk.transact(lambda tx: outbox.settle(tx, row.id or 0, failed, START)).result(20)
    assert desk.transact(lambda tx: delivery._take_due(tx, {"a": 0}, {"a": START}, ())).result(20) == []
    assert desk.rows()[0].due_at == START


def close(desk: Desk, about: list[Alert]) -> None:
    closed = [(one, replace(one, life=Life.CLOSED, closed_at=START)) for one in about]
    desk.transact(lambda tx: store.save(tx, closed)).result(20)


def test_a_person_who_has_had_several_messages_gets_the_next_when_some_have_gathered(desk: Desk) -> None:
    phone = Line("a")
    about = alerts(desk, AT_ONCE + 5)
    delivery = desk.started(phone)
    for number, row in enumerate(owed(about)):
        delivery.send(desk.owe(row))
        wanted = State.ACCEPTED if number < AT_ONCE else State.QUEUED
        wait_for("its turn", lambda: desk.states()[-1] == wanted)  # noqa: B023
    assert "many messages in a short time" in desk.rows()[-1].note
    desk.clock.moment += GATHER
    desk.await_states(*[State.ACCEPTED] * len(about))
    assert [len(codes([notice])) for notice in phone.brought] == [1] * AT_ONCE + [5]
