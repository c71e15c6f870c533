"""Touches. Alarm, notice, answer, act, reply: through the real desk, on both databases; a played phone."""

from collections.abc import Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any, get_args

import pytest
from msgspec.structs import replace
from sqlalchemy import Connection, func, select, update

from alerts import desk, store
from alerts.alert import Acknowledgement, Alert
from alerts.delivery import outbox, unheard
from alerts.delivery.answering import Ear, Listeners, answer
from alerts.delivery.channels import ChannelSettings
from alerts.delivery.channels.channel import Answer, ChannelError
from alerts.delivery.notification import Notification, State
from alerts.desk import AnyFact, Outcome
from alerts.duty.people import Contact, Directory
from tests.fakes.service import FakeHouse
from tests.story.school import School
from tocsin.answers import WORDLESS
from tocsin.database import Database
from tocsin.hand_over import apply_facts


class Inbox:
    """A channel on which answers lie until they are heard."""

    listen_every = 10

    def __init__(self) -> None:
        self.lying: list[Answer] = []
        self.broken = False

    def answers(self) -> list[Answer]:
        if self.broken:
            raise ChannelError("the inbox is gone", False, zh="收件箱不见了")
        return list(self.lying)

    def heard(self, ids: Sequence[str]) -> None:
        self.lying = [one for one in self.lying if one.id not in ids]


class Night:
    def __init__(self, database: Database, wordless: Sequence[str] = ()) -> None:
        self.school = School(database)
        self.inbox = Inbox()
        self.reports: list[tuple[str, str, str]] = []
        self.fails = False
        self.ear = Ear(lambda: self.school.house.directory, self._apply, self._now, wordless)
        made = Listeners({"phone": self.inbox}, self.ear, self._act, self._report, self._now)
        (self.listener,) = made._all
        self.school.say("smoke-305", smoke="alarm")
        self.school.forward(61)
        self._sent = len(self.school.texts)

    def _now(self) -> int:
        return self.school.moment

    def _report(self, *report: str) -> None:
        self.reports.append(report)  # type: ignore[arg-type]

    def _apply(self, tx: Connection, facts: Sequence[AnyFact]) -> Outcome:
        if self.fails:
            raise RuntimeError("the desk fails")
        return apply_facts(self.school.house, tx, facts, self._now())

    def _act(self, fn: Any) -> "Future[Outcome]":
        future = self.school.writer.act(fn)
        self.school.turn()
        return future

    @property
    def alert(self) -> Alert:
        return next(one for one in self.school.open() if one.device == "smoke-305" and one.life_safety)

    def says(self, address: str, text: str, number: str = "", receipt: str = "") -> list[Notification]:
        """Everything that is sent because of it."""
        before = len(self.school.texts)
        mark = number or f"{address}/{text}"
        self.inbox.lying.append(Answer(mark, address, text, self._now(), receipt))
        self.listener.look()
        return self.school.texts[before:]

    def results(self) -> list[str]:
        with self.school.database.read() as conn:
            return list(conn.execute(select(answer.c.result).order_by(answer.c.id)).scalars())


@pytest.fixture
def night(database: Database) -> Night:
    return Night(database)


def replies(sent: list[Notification], person: str) -> list[str]:
    return [one.short for one in sent if one.person == person and one.purpose == "answer"]


def wide(text: str) -> str:
    return "".join(chr(ord(one) + 0xFEE0) if "!" <= one <= "~" else one for one in text)


def test_whoever_answers_first_has_it_and_the_second_hears_who(night: Night) -> None:
    code = night.alert.code
    sent = night.says("1", f"受理　{wide(code)}")
    assert (night.alert.owner, night.alert.acknowledgement) == ("warden", Acknowledgement.PROMISED)
    assert replies(sent, "warden") == [f"警情{code}由您受理，请前往。"]
    (said,) = replies(night.says("2", f"1{code}"), "leader")
    assert "李伟 已经受理" in said
    assert night.alert.owner == "warden"
    assert "已由您受理" in replies(night.says("1", "1 " + code), "warden")[0]
    assert night.inbox.lying == []
    assert night.results() == ["take", "refused", "repeat"]


def test_an_answer_that_is_fetched_twice_counts_and_is_answered_once(night: Night) -> None:
    assert night.says("1", "1 " + night.alert.code, "N1")
    assert night.says("1", "1 " + night.alert.code, "N1") == []
    assert night.results() == ["take"]


def test_nobody_who_is_not_registered_is_heard_or_answered(night: Night) -> None:
    assert night.says("999", "1 " + night.alert.code) == []
    assert night.alert.acknowledgement is Acknowledgement.NO
    with night.school.database.read() as conn:
        assert unheard.counted(conn, 0) == {"unknown_sender": 1}
        (kept,) = unheard.latest(conn, 10)
    assert (kept.person, kept.sender, kept.words) == ("", "***99", "1 " + night.alert.code)


def test_of_what_nobody_is_known_to_have_said_the_newest_are_kept_for_a_while(
    night: Night, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unheard, "MOST", 3)
    for n in range(5):
        night.says("999", f"buy {n}")
    with night.school.database.read() as conn:
        assert [row.words for row in unheard.latest(conn, 10)] == ["buy 4", "buy 3", "buy 2"]
    night.school.moment += unheard.KEPT + 1
    night.says("999", "buy more")
    with night.school.database.read() as conn:
        assert [row.words for row in unheard.latest(conn, 10)] == ["buy more"]


def test_what_is_not_understood_does_nothing_and_says_what_would_be(night: Night) -> None:
    (said,) = replies(night.says("1", "收到"), "warden")
    assert "1受理" in said
    assert night.alert.acknowledgement is Acknowledgement.NO
    (said,) = replies(night.says("1", "1 ZZZ"), "warden")
    assert "ZZZ" in said


def test_an_answer_is_a_receipt_of_the_notice_it_answers(night: Night) -> None:
    with night.school.database.transaction() as tx:
        tx.execute(update(outbox.notification).values(state=State.SENT, receipt="CA1"))
    night.says("1", "1", receipt="CA1")
    states = select(func.count()).where(
        outbox.notification.c.person == "warden", outbox.notification.c.state == State.ANSWERED
    )
    with night.school.database.read() as conn:
        assert conn.execute(states).scalar() == 1
    assert night.alert.owner == "warden"


def test_to_a_message_for_several_alerts_it_is_asked_which_until_one_is_left(night: Night) -> None:
    night.school.say("smoke-306", smoke="alarm")
    rows = update(outbox.notification).where(outbox.notification.c.person == "warden")
    with night.school.database.transaction() as tx:
        tx.execute(rows.values(state=State.SENT, receipt="SM1"))
    (said,) = replies(night.says("1", "1", receipt="SM1"), "warden")
    assert "您有多条警情" in said
    assert night.alert.acknowledgement is Acknowledgement.NO
    other = next(one for one in night.school.open() if one.device == "smoke-306" and one.life_safety)
    with night.school.database.transaction() as tx:
        tx.execute(rows.where(outbox.notification.c.alert != other.id).values(receipt="SM2"))
    night.says("1", "1", number="again", receipt="SM1")
    assert [one.owner for one in night.school.open() if one.id == other.id] == ["warden"]


def test_what_cannot_be_recorded_is_not_heard_and_comes_again(night: Night) -> None:
    night.fails = True
    with pytest.raises(RuntimeError):
        night.says("1", "1 " + night.alert.code)
    assert len(night.inbox.lying) == 1
    assert night.results() == []
    night.fails = False
    night.listener.look()
    assert night.alert.owner == "warden"
    assert night.results() == ["take"]


def test_no_reply_goes_out_where_it_would_read_like_another_alarm(database: Database) -> None:
    night = Night(database, ["phone"])
    assert replies(night.says("1", "1 " + night.alert.code), "warden") == []
    assert night.alert.owner == "warden"


@pytest.mark.parametrize(
    ("sender", "said", "result"),
    [
        ("1", "1 {code}", "take"),
        ("+86 1", "１ {wide}", ""),  # a number is compared whole: this is somebody else's
        ("1", "１　{wide}", "take"),
        ("1", "1 ZZZ", "wrong_code"),
        ("1", "{code}", "unknown_words"),
        ("999", "1 {code}", "unknown_sender"),
        ("", "1 {code}", "unknown_sender"),
        ("warden", "1 {code}", "unknown_sender"),  # a sender may call itself what it likes
    ],
)
def test_n6_only_a_known_number_with_a_valid_code_takes_and_all_else_is_answered_or_limited_and_kept(
    night: Night, sender: str, said: str, result: str
) -> None:
    code = night.alert.code
    sent = night.says(sender, said.format(code=code, wide=wide(code)))
    taken = night.alert.acknowledgement is Acknowledgement.PROMISED
    assert taken is (result == "take")
    with night.school.database.read() as conn:
        kept = [*night.results(), *unheard.counted(conn, 0)]
    assert len(kept) >= 1
    if result:
        assert result in kept
    assert bool(replies(sent, "warden")) is (sender == "1")


def test_n6_the_same_answer_again_a_late_one_and_one_without_a_code_to_two_alerts_take_nothing(
    night: Night,
) -> None:
    night.school.say("smoke-306", smoke="alarm")
    assert replies(night.says("1", "1"), "warden")
    assert night.results() == ["which"]
    code = night.alert.code
    night.says("1", f"1 {code}", "N1")
    assert night.says("1", f"1 {code}", "N1") == []
    assert night.says("1", f"1 {code}", "N2")
    assert night.results() == ["which", "take", "repeat"]


def test_whoever_has_it_and_cannot_come_gives_it_up_and_others_are_called_at_once(night: Night) -> None:
    code = night.alert.code
    night.says("1", f"1{code}")
    assert (night.alert.owner, night.alert.acknowledgement) == ("warden", Acknowledgement.PROMISED)
    sent = night.says("1", f"2{code}")
    assert night.alert.acknowledgement is Acknowledgement.NO
    assert night.alert.step_due_at is not None
    assert {one.purpose for one in sent if one.person} >= {"lapsed", "answer"}


def test_whoever_is_there_and_says_that_they_cannot_come_hears_that_it_is_still_theirs(night: Night) -> None:
    code = night.alert.code
    night.says("1", f"3{code}")
    (said,) = replies(night.says("1", f"2{code}"), "warden")
    assert (night.alert.owner, "仍由您负责" in said) == ("warden", True)


def test_an_answer_over_our_own_modem_counts_for_whoever_has_the_number(tmp_path: Path) -> None:
    house = FakeHouse(tmp_path)
    house.fires("dorm-2-305-smoke")
    ear = Ear(
        lambda: house.directory,
        lambda tx, facts: desk.apply(tx, facts, house.now(), house.directory, house.registry),
        house.now,
    )
    with house.read() as conn:
        fire = store.read(conn, 1)
    assert fire is not None
    said = Answer("N1", "+86 138 0000 0001", f"1 {fire.code}", house.now())
    outcome = house.transact(lambda tx: ear.hear(tx, "modem", said)).result()
    with house.read() as conn:
        taken = store.read(conn, 1)
    assert taken is not None
    assert (taken.owner, taken.acknowledged_via) == ("li-wei", "modem")
    assert [(row.channel, row.address) for row in outcome.owed if row.purpose == "answer"] == [
        ("modem", "+86 138 0000 0001")
    ]


def test_a_number_that_another_has_on_another_channel_is_still_theirs_on_this_one(night: Night) -> None:
    people = night.school.house.directory
    warden = people.persons["warden"]
    shared = [Contact("phone", "+8613800000001"), *warden.contacts]
    other = replace(people.persons["leader"], contacts=(Contact("voice", "+8613800000001"),))
    known = {**people.persons, "warden": replace(warden, contacts=tuple(shared)), "leader": other}
    changed = Directory(
        known.values(), (), people.posts.values(), people.policies, ("phone", "voice", "modem")
    )
    ear = Ear(lambda: changed, night._apply, night._now)
    assert [one.id for one in ear._senders("phone", "+8613800000001", night._now())] == ["warden"]
    assert len(ear._senders("modem", "+8613800000001", night._now())) == 2


def test_a_machine_that_answers_every_message_is_not_answered_for_ever(night: Night) -> None:
    said = [replies(night.says("1", f"开车中，稍后联系 {n}"), "warden") for n in range(7)]
    assert [len(one) for one in said] == [1, 1, 1, 0, 0, 0, 0]
    assert replies(night.says("1", "1 " + night.alert.code), "warden") != []
    night.school.moment += 600_001
    assert replies(night.says("1", "?"), "warden") != []
    assert night.results().count("unknown_words") == 8


def test_every_wordless_kind_is_a_kind_of_channel() -> None:
    known = get_args(get_args(ChannelSettings)[0])
    kinds = {get_args(one.model_fields["kind"].annotation)[0] for one in known}
    assert kinds >= WORDLESS
    assert {kind for kind in kinds if kind.endswith("voice")} <= WORDLESS
