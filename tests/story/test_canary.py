"""Thinks. The test alert of a shift, from the message to the answer: to one person, once, and as a test."""

from copy import deepcopy
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace
from sqlalchemy import select

from alerts import desk
from alerts.alert import Acknowledged, Alert, Commented, Lapsed, MadeReal, Mode
from alerts.delivery import canaries, ledger, outbox
from alerts.delivery.answering import Ear
from alerts.delivery.canaries import Canary, Look
from alerts.delivery.channels.channel import Answer, Arrival, Progress
from alerts.delivery.message import Purpose
from alerts.delivery.notification import Notification, State
from alerts.duty.canary import Plan, due
from alerts.duty.people import EVERYONE, Directory, Match, Policy
from alerts.outward.shown import for_others
from alerts.refusal import Refused
from alerts.reroute import rerouted
from rules.verdict import Class, Evidence, Holds, Text, Verdict
from tests.story.school import CAMPUS, School
from tocsin.database import Database
from tocsin.hand_over import apply_facts

M = 60_000


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Asia/Shanghai")).timestamp()) * 1000


MORNING = at("2026-11-20T07:00")


def campus(**more: Any) -> dict[str, Any]:
    made = deepcopy(CAMPUS)
    made["posts"] = [
        {"id": "duty", "zh": "值班室", "en": "Security office", "order": [], "shifts": [
            {"who": ["warden"], "from": "08:00", "to": "20:00"},
            {"who": ["leader"], "from": "20:00", "to": "08:00"},
        ]}
    ]  # fmt: skip
    return made | more


class Shifts(School):
    """The school with what tocsin/canary.py does: looks, publishes, and lets the desk close what is over."""

    def __init__(self, database: Database, made: dict[str, Any] | None = None, **plan: Any) -> None:
        super().__init__(database, made or campus())
        self.moment = MORNING
        self.restart()
        self.plan = replace(Plan(), **plan)
        self.faults: tuple[str, ...] = ()
        self.until("2026-11-20T08:05", every=65)

    def looks(self) -> Look:
        directory = self.house.directory
        found = list(due(directory, self.plan, self.moment))
        done = self.writer.transact(
            lambda tx: canaries.look(tx, directory, self.plan, found, MORNING, self.moment)
        )
        self.turn()
        found = done.result(0)
        if found.over:
            self.writer.apply([Lapsed(alert, "drill", until) for alert, until in found.over])
            self.turn()
        self.faults = found.faults
        return found

    def publishes(self, one: Canary) -> None:
        said = f'{{"boot":{one.said_at},"seq":{one.id},"values":{{"canary_call":"{one.said()}"}}}}'
        self.publish("campus/tocsin/reading", said.encode())

    def until(self, text: str, every: int = 1) -> None:
        """Time goes on to this moment, with a look every so many minutes."""
        while self.moment < at(text):
            self.moment = min(at(text), self.moment + every * M)
            self.turn()
            for one in self.looks().publish:
                self.publishes(one)

    def rows(self) -> list[Canary]:
        with self.database.read() as conn:
            return canaries.latest(conn, 100)[::-1]

    def sent(self) -> list[Notification]:
        """Whatever was sent of canaries; the clock jumps, so that other things are amiss too."""
        return [text for text in self.texts if text.facts.get("rule") == "canary"]

    def alert(self) -> Alert:
        (alert,) = [one for one in self.open() if one.rule == "canary"]
        return alert

    def answers(self, words: str, address: str = "1") -> str:
        ear = Ear(
            lambda: self.house.directory,
            lambda tx, facts: apply_facts(self.house, tx, facts, self.moment),
            lambda: self.moment,
        )
        said = Answer(f"{self.moment}{words}", address, words, self.moment)
        done = self.writer.act(lambda tx: ear.hear(tx, "phone", said))
        self.turn()
        return done.result(0).owed[-1].body

    def receipt(self, arrival: Arrival) -> None:
        with self.database.read() as conn:
            number = conn.execute(
                select(outbox.notification.c.id).where(outbox.notification.c.alert == self.alert().id)
            ).scalar_one()
        self.writer.transact(lambda tx: outbox.settle(tx, number, Progress("1", arrival), self.moment))
        self.turn()


@pytest.fixture
def shifts(database: Database) -> Shifts:
    return Shifts(database)


def test_ten_minutes_into_a_shift_whoever_is_on_duty_is_sent_one_test_and_nobody_else_anything(
    shifts: Shifts,
) -> None:
    shifts.until("2026-11-20T08:09")
    assert shifts.sent() == []
    shifts.until("2026-11-20T08:15")
    shifts.until("2026-11-20T19:00", every=30)
    (text,) = shifts.sent()
    assert (text.person, text.channel, text.purpose) == ("warden", "phone", Purpose.RAISE)
    assert text.short.startswith("【测试】示范学校：值班通知测试。11-20 08:10")
    assert "无需前往，受理即可" in text.short
    assert len(text.short) <= 70
    assert text.facts["mode"] == "test"
    assert text.patience == 0  # another channel's receipt would hide that this one does not work


def test_while_it_is_open_it_is_a_test_that_no_other_system_hears_of_and_the_audit_has_nothing_to_mend(
    shifts: Shifts,
) -> None:
    shifts.until("2026-11-20T08:11")
    alert = shifts.alert()
    assert (alert.mode, alert.alert_class, alert.drill_people) == (Mode.TEST, "status", ("warden",))
    assert not for_others(alert)
    audit = shifts.writer.transact(lambda tx: desk.audit_escalations(tx, shifts.moment + M))
    shifts.turn()
    assert alert.code not in "".join(audit.result(0))
    shifts.say("call-3", call_point="alarm")
    assert [one.mode for one in shifts.open() if one.device == "call-3"] == [Mode.REAL]
    assert {text.person for text in shifts.texts if text.facts["rule"] != "canary"} >= {"warden"}


def test_an_answer_by_sms_proves_the_whole_chain_and_says_that_nobody_need_go(shifts: Shifts) -> None:
    shifts.until("2026-11-20T08:12")
    code = shifts.alert().code
    assert shifts.answers(f"1 {code}") == f"【测试】{code}已收到答复，通知可以到达您，无需前往。"
    assert not [one for one in shifts.open() if one.rule == "canary"]
    shifts.until("2026-11-20T09:00")
    (row,) = shifts.rows()
    assert (row.result, row.proof, row.person, row.channel) == ("proven", "answered", "warden", "phone")
    steps = (row.said_at, row.heard_at, row.queued_at, row.accepted_at, row.answered_at)
    assert None not in steps
    assert list(steps) == sorted(steps)  # type: ignore[type-var]
    assert shifts.faults == ()
    assert not [text for text in shifts.sent() if text.purpose is Purpose.CLEAR]


def test_a_press_on_the_wall_is_an_answer_of_the_person_alone(shifts: Shifts) -> None:
    shifts.until("2026-11-20T08:12")
    number = shifts.alert().id
    wrong = shifts.writer.apply([Acknowledged(number, "leader")])
    shifts.turn()
    with pytest.raises(Refused, match="warden"):
        wrong.result(0)
    shifts.writer.apply([Acknowledged(number, "warden")])
    shifts.until("2026-11-20T08:14")
    assert [row.result for row in shifts.rows()] == ["proven"]


def test_whoever_answers_that_they_cannot_come_was_reached(shifts: Shifts) -> None:
    shifts.until("2026-11-20T08:12")
    shifts.answers(f"2 {shifts.alert().code}")
    shifts.until("2026-11-20T08:14")
    assert [row.proof for row in shifts.rows()] == ["answered"]


def test_a_receipt_proves_that_it_arrived_and_a_later_answer_is_noted_too(shifts: Shifts) -> None:
    shifts.until("2026-11-20T08:12")
    shifts.receipt(Arrival.DELIVERED)
    shifts.until("2026-11-20T08:14")
    assert [(row.result, row.proof) for row in shifts.rows()] == [("proven", "delivered")]
    shifts.answers(f"1 {shifts.alert().code}")
    shifts.until("2026-11-20T08:20")
    (row,) = shifts.rows()
    assert (row.result, row.proof) == ("proven", "answered")
    assert row.delivered_at is not None
    assert row.answered_at is not None


def test_no_proof_in_time_is_a_fault_that_lasts_until_a_later_one_is_proven(shifts: Shifts) -> None:
    shifts.until("2026-11-20T08:39")
    assert shifts.faults == ()
    shifts.until("2026-11-20T08:41")
    (fault,) = shifts.faults
    assert "值班室：李伟的通知测试经 phone 发出，没有回执或答复" in fault
    assert "Security office: the test to Li Wei went out by phone: no receipt and no answer" in fault
    assert not [one for one in shifts.open() if one.rule == "canary"]  # it ended by itself
    shifts.until("2026-11-20T20:09", every=30)
    shifts.until("2026-11-20T20:12")
    assert len(shifts.faults) == 1
    shifts.answers(f"1 {shifts.alert().code}", "2")
    shifts.until("2026-11-20T20:14")
    assert shifts.faults == ()
    assert [row.person for row in shifts.rows()] == ["warden", "leader"]


def test_a_message_that_does_not_come_back_is_a_fault_that_says_so(
    shifts: Shifts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shifts, "publishes", lambda one: None)
    shifts.until("2026-11-20T08:41")
    assert "did not come back from the broker" in shifts.faults[0]


def test_a_restart_in_the_middle_sends_neither_two_nor_none(shifts: Shifts) -> None:
    shifts.moment = at("2026-11-20T08:10")
    (owed,) = shifts.looks().publish
    shifts.restart()  # killed before it was published: the row stands, and is published after the start
    (again,) = shifts.looks().publish
    assert again == owed
    shifts.publishes(again)
    shifts.restart()  # and killed after it was heard: a copy of it, or of the first one, counts for nothing
    shifts.publishes(owed)
    shifts.until("2026-11-20T08:30")
    assert len(shifts.sent()) == 1
    assert len(shifts.rows()) == 1
    assert shifts.alert().occurrence == 1


def test_with_several_posts_each_has_its_own_one_after_another(database: Database) -> None:
    made = campus()
    made["posts"].append({"id": "gate", "zh": "门岗", "en": "Gate", "order": [], "shifts": [
        {"who": ["leader"], "from": "08:00", "to": "18:00"}]})  # fmt: skip
    shifts = Shifts(database, made)
    shifts.until("2026-11-20T08:12")
    assert [text.person for text in shifts.sent()] == ["warden"]
    shifts.receipt(Arrival.DELIVERED)  # that is proof enough to make room for the next
    shifts.until("2026-11-20T08:15")
    assert [text.person for text in shifts.sent()] == ["warden", "leader"]
    shifts.until("2026-11-20T08:46")
    assert [(row.post, row.result) for row in shifts.rows()] == [("duty", "proven"), ("gate", "missing")]
    assert len(shifts.faults) == 1


def test_one_right_after_another_is_no_proof_of_the_first(database: Database) -> None:
    made = campus()
    made["posts"].append({"id": "gate", "zh": "门岗", "en": "Gate", "order": [], "shifts": [
        {"who": ["leader"], "from": "08:00", "to": "18:00"}]})  # fmt: skip
    shifts = Shifts(database, made)
    shifts.moment = at("2026-11-20T08:10")
    shifts.publishes(shifts.looks().publish[0])
    shifts.looks()
    shifts.forward(11)
    shifts.answers(f"1 {shifts.alert().code}")
    shifts.forward(5)
    (second,) = shifts.looks().publish
    assert [row.alert is None for row in shifts.rows()] == [False, True]
    shifts.looks()  # its message has not come back: the alert of the first is not its own
    assert [row.alert is None for row in shifts.rows()] == [False, True]
    shifts.publishes(second)
    shifts.looks()
    first, other = shifts.rows()
    assert (first.result, other.result) == ("proven", "")
    assert other.alert not in (None, first.alert)


def test_nobody_on_duty_is_itself_said(database: Database) -> None:
    made = campus()
    made["posts"][0]["shifts"][0]["who"] = ["nobody-known"]
    made["persons"].append({"id": "nobody-known", "zh": "无电话", "en": "No phone", "contacts": []})
    shifts = Shifts(database, made)
    shifts.until("2026-11-20T08:11")
    assert "值班室：无人在班，或在班人员没有可用的联系方式" in shifts.faults[0]
    assert [row.result for row in shifts.rows()] == ["nobody"]
    assert shifts.sent() == []


def test_a_post_in_the_settings_that_is_none_is_named(database: Database) -> None:
    shifts = Shifts(database, posts=("dutty",))
    shifts.looks()
    assert "there is no post 'dutty'" in shifts.faults[0]


def test_nothing_that_befalls_it_later_sends_it_again(shifts: Shifts) -> None:
    shifts.until("2026-11-20T08:12")
    shifts.writer.apply([Commented(shifts.alert().id, "leader", "who is this for?")])
    shifts.until("2026-11-20T19:00", every=30)
    assert len(shifts.sent()) == 1


def test_in_an_outage_nobody_hears_of_it_either(database: Database) -> None:
    shifts = Shifts(database, within=2 * M)
    shifts.until("2026-11-20T08:11")
    with shifts.outage():
        shifts.say("call-3", call_point="alarm")
        shifts.forward(150)
    assert len(shifts.sent()) == 1
    assert not [one for one in shifts.emergency.open() if one.rule == "canary"]


def test_other_people_or_policies_change_nothing_about_it(shifts: Shifts) -> None:
    shifts.until("2026-11-20T08:12")
    directory = shifts.house.directory
    other = Directory(directory.persons.values(), policies=[Policy("new", Match(), (EVERYONE,))])
    assert list(rerouted([shifts.alert()], directory, other, shifts.registry, "leader", shifts.moment)) == []


def test_whoever_says_that_a_test_is_real_brings_it_to_nobody_else(shifts: Shifts) -> None:
    shifts.until("2026-11-20T08:12")
    shifts.writer.apply([MadeReal(shifts.alert().id, "leader")])
    shifts.until("2026-11-20T19:00", every=30)
    assert [text.person for text in shifts.sent()] == ["warden"]


def test_one_that_was_under_way_for_too_long_is_sent_to_nobody(shifts: Shifts) -> None:
    shifts.moment = at("2026-11-20T08:10")
    (owed,) = shifts.looks().publish
    shifts.moment = owed.until
    shifts.publishes(owed)
    assert shifts.sent() == []


def test_an_alarm_whose_rule_names_the_policy_by_mistake_is_no_test(shifts: Shifts) -> None:
    verdict = Verdict(
        "mine", "1", "smoke-305", "smoke-305", Holds.YES, shifts.moment, shifts.moment, Text("烟", "Smoke"),
        Class.ALARM, life_safety=True, policy="canary", evidence=(
            Evidence("smoke", "alarm", shifts.moment, shifts.moment, "", note="1 1795137000000000 leader"),
        ),
    )  # fmt: skip
    shifts.writer.apply([verdict])
    shifts.turn()
    (alert,) = [one for one in shifts.open() if one.rule == "mine"]
    assert (alert.mode, alert.ladder) == (Mode.REAL, "fire")
    assert for_others(alert)


def test_it_counts_in_the_ledger_as_any_notice_does(shifts: Shifts) -> None:
    shifts.until("2026-11-20T08:12")
    shifts.answers(f"1 {shifts.alert().code}")
    with shifts.database.read() as conn:
        (line,) = [one for one in ledger.ledger(conn, 0) if one.person == "warden"]
        states = conn.execute(select(outbox.notification.c.state)).scalars().all()
    assert line.answered == 1
    assert State.ANSWERED in states
