"""The in-memory desk and its senders: when nothing can be written, a fire still sounds and climbs (P6)."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from typing import Any

import pytest
from msgspec.structs import replace

from alerts.alert import Acknowledgement, Alert
from alerts.delivery import deliver, retry, unrecorded
from alerts.delivery.channels.channel import ChannelError, Notice, Receipt
from alerts.delivery.deliver import Delivery
from alerts.delivery.emergency import AGAIN, Emergency
from alerts.delivery.message import Purpose
from alerts.duty.people import Directory, Match, Policy, Step, Target
from rules.verdict import Holds
from tests.fakes.campus import FIRE, MINUTE, NOW, SECOND, directory, registry, verdict


class Far:
    """The far end of a channel: keeps what arrives, fails or hangs when told to."""

    workers = 1

    def __init__(self, name: str) -> None:
        self.name = name
        self.got: list[Notice] = []
        self.tried = 0
        self.fails = 0
        self.permanent = False
        self.hang: threading.Event | None = None

    def send(self, notice: Notice) -> Receipt:
        self.tried += 1
        if self.hang is not None:
            self.hang.wait(20)
        if self.fails:
            self.fails -= 1
            raise ChannelError("the gateway is down", self.permanent)
        self.got.append(notice)
        return Receipt()


def away(fn: Callable[[Any], Any]) -> "Future[Any]":
    raise OSError("no space left on device")


class House:
    """The desk in memory and the real delivery, on a database that is away."""

    def __init__(self) -> None:
        self.far = {name: Far(name) for name in ("sms", "push", "siren")}
        self.people: Callable[[], Directory] = directory
        self.shown = 0
        self.moment = NOW
        self.delivery = Delivery(self.far, away, lambda *report: None, lambda: self.moment)
        self.desk = Emergency(
            self.delivery.send, self.delivery.written_again, lambda: self.people(), registry, self._shown
        )

    def _shown(self) -> None:
        self.shown += 1

    def forward(self, ms: int) -> None:
        self.moment += ms
        self.desk.pass_time(self.moment)

    def got(self, far: str, purpose: str = "raise") -> list[Notice]:
        return [notice for notice in self.far[far].got if notice.purpose == purpose]


@pytest.fixture
def house(monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    settings = (deliver, "TICK", 0.01), (deliver, "TAKE_OVER", 0.05)
    for where, name, value in (*settings, (retry, "FIRST_RETRY", 10), (retry, "LAST_RETRY", 20)):
        monkeypatch.setattr(where, name, value)
    made = House()
    made.delivery.start()
    yield made
    made.delivery.stop()


def eventually(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not true():
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.005)


def recorded(number: int = 7, **changes: Any) -> Alert:
    """A fire that was written before the outage: its first step is told, its second due in a minute."""
    told = unrecorded.heard(None, verdict(), "A7K", NOW, directory(), registry())
    assert told is not None
    return replace(told[0], id=number, **changes)


def test_the_siren_and_the_first_people_are_told_at_once_marked_not_recorded(house: House) -> None:
    (entry,) = house.desk.sound([verdict()], NOW)
    assert (entry.place, entry.told) == ("dorm-2-305", 4)
    eventually(
        lambda: len(house.far["sms"].got) == 2 and bool(house.far["push"].got and house.far["siren"].got)
    )
    by_person = {notice.person: notice for notice in house.far["sms"].got}
    assert by_person["li-wei"].short.startswith("【未记录】")
    assert by_person["wang-fang"].short.startswith("[NOT RECORDED]")
    assert by_person["li-wei"].alert["recorded"] is False
    assert house.shown == 1


def test_each_cause_sounds_once_in_an_outage_however_often_the_batch_is_tried(house: House) -> None:
    assert len(house.desk.sound([verdict(), verdict(again=True)], NOW)) == 1
    assert house.desk.sound([verdict()], NOW + SECOND) == []
    assert len(house.desk.sound([verdict(device="lab-gas")], NOW + SECOND)) == 1
    assert [entry.device for entry in house.desk.open()] == ["dorm-2-305-smoke", "lab-gas"]


def test_a_detector_that_comes_and_goes_in_a_held_batch_is_no_storm(house: House) -> None:
    batch = [verdict(), verdict(Holds.NO, NOW + 1), verdict(moment=NOW + 2)]
    for turn in range(50):
        house.desk.sound(batch, NOW + 200 * turn)
    assert [(entry.told, entry.active) for entry in house.desk.open()] == [(4, True)]
    eventually(lambda: len(house.far["sms"].got) == 2)


def test_after_the_outage_the_list_is_empty_and_a_new_outage_sounds_anew(house: House) -> None:
    (first,) = house.desk.sound([verdict()], NOW)
    house.desk.clear()
    assert house.desk.open() == []
    (second,) = house.desk.sound([verdict()], NOW + SECOND)
    assert first.code != second.code
    eventually(lambda: len(house.got("siren")) == 2)
    assert len({notice.key for notice in house.got("siren")}) == 2  # no gateway may take it for a repeat


def test_what_no_longer_holds_is_shown_as_such_and_raises_nothing(house: House) -> None:
    assert house.desk.sound([verdict(Holds.NO)], NOW) == []
    house.desk.sound([verdict()], NOW)
    house.desk.sound([verdict(Holds.NO)], NOW + SECOND)
    assert [entry.active for entry in house.desk.open()] == [False]


def test_every_siren_of_the_policy_sounds_not_only_that_of_the_first_step(house: House) -> None:
    later = Policy("fire", Match(), (Step(0, (Target("post", "duty"),)), Step(60 * SECOND, (), ("siren",))))
    house.people = lambda: directory(later)
    house.desk.sound([verdict()], NOW)
    eventually(lambda: len(house.far["siren"].got) == 1)


def test_a_gateway_that_fails_is_tried_for_as_long_as_the_outage_lasts_and_a_dead_number_is_not(
    house: House,
) -> None:
    house.far["siren"].fails = 25
    house.far["push"].fails, house.far["push"].permanent = 1, True
    house.desk.sound([verdict()], NOW)
    eventually(lambda: len(house.far["siren"].got) == 1 and house.far["push"].fails == 0)
    assert house.far["push"].got == []


def test_when_commits_work_again_the_real_desk_tells_whom_a_dead_gateway_did_not_reach(house: House) -> None:
    house.far["sms"].hang, house.far["sms"].fails = threading.Event(), 1
    house.desk.sound([verdict()], NOW)
    eventually(lambda: house.far["sms"].tried == 1)
    house.moment += SECOND
    house.desk.clear()
    house.far["sms"].hang.set()
    eventually(lambda: bool(house.far["sms"].got and house.got("siren", "clear")))
    assert [notice.person for notice in house.far["sms"].got] == ["wang-fang"]


def test_after_a_long_failure_of_a_gateway_a_person_gets_the_newest_notice_not_all(house: House) -> None:
    house.people = lambda: directory(replace(FIRE, steps=FIRE.steps[:1]))
    house.far["sms"].fails = 1_000_000
    house.desk.sound([verdict()], NOW)
    for _ in range(20):
        house.forward(2 * MINUTE)
    eventually(lambda: house.far["sms"].tried > 40)
    house.far["sms"].fails = 0
    eventually(lambda: len({notice.person for notice in house.far["sms"].got}) == 2)
    house.forward(2 * MINUTE)
    eventually(lambda: len(house.far["push"].got) == 22)
    assert len(house.far["sms"].got) < 8


def test_a_newer_notice_that_arrives_ends_the_tries_of_the_older(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retry, "LAST_RETRY", 3_600_000)
    monkeypatch.setattr(retry, "FIRST_RETRY", 3_600_000)
    house.people = lambda: directory(replace(FIRE, steps=FIRE.steps[:1]))
    house.far["sms"].fails = 2
    house.desk.sound([verdict()], NOW)
    eventually(lambda: len(house.delivery._off_record._again) == 2)
    house.forward(2 * MINUTE)
    eventually(lambda: len(house.far["sms"].got) == 2)
    assert not house.delivery._off_record._again


def test_a_gateway_that_hangs_holds_up_neither_the_writer_nor_the_siren(house: House) -> None:
    house.far["sms"].hang = threading.Event()
    house.desk.sound([verdict()], NOW)
    eventually(lambda: len(house.far["siren"].got) == 1)
    house.far["sms"].hang.set()


def test_with_nobody_to_tell_the_wall_still_shows_it(house: House) -> None:
    house.people = Directory
    (entry,) = house.desk.sound([verdict()], NOW)
    assert entry.told == 0
    assert house.desk.open() == [entry]


def test_what_our_own_code_failed_on_is_shown_and_tried_again(house: House) -> None:
    tries: list[int] = []

    def broken() -> Directory:
        tries.append(house.moment)
        raise RuntimeError("no directory")

    house.people = broken
    (entry,) = house.desk.sound([verdict(device="lab-gas")], NOW)
    assert (entry.place, entry.told) == ("lab", 0)
    for _ in range(10):
        house.forward(AGAIN // 5)
    assert tries == [NOW, NOW + AGAIN, NOW + 2 * AGAIN], "not every turn, or the log fills the disk"
    house.people = directory
    house.forward(AGAIN)
    eventually(lambda: bool(house.far["siren"].got and len(house.far["sms"].got) == 2))


def test_the_policy_of_the_fire_decides_who_is_told_and_when(house: House) -> None:
    assert FIRE.steps[1].notify == (Target("person", "principal"),)
    house.desk.sound([verdict()], NOW)
    house.forward(59 * SECOND)
    eventually(lambda: len(house.far["sms"].got) == 2)
    assert {notice.person for notice in house.far["sms"].got} == {"li-wei", "wang-fang"}
    house.forward(SECOND)
    eventually(lambda: [notice.person for notice in house.got("sms", "escalate")] == ["principal"])
    assert [entry.told for entry in house.desk.open()] == [5]


def test_what_was_written_before_the_outage_climbs_on_and_what_ended_before_it_does_not(house: House) -> None:
    house.desk.follow(
        [recorded(7), recorded(8, code="B2C", subject="lab-gas/gas"), recorded(9, policy="loop")]
    )
    house.desk.follow([replace(recorded(8), life="closed")])  # type: ignore[arg-type]
    house.forward(60 * SECOND)
    house.forward(SECOND)
    eventually(lambda: bool(house.got("sms", "escalate")))
    (notice,) = house.got("sms", "escalate")
    assert (notice.person, notice.code, notice.alert["id"]) == ("principal", "A7K", 7)
    assert notice.short.startswith("【未记录】")
    assert house.desk.open() == [], "the wall shows it already"


def test_an_alert_that_our_own_code_fails_on_takes_no_other_with_it(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    passed, tries = unrecorded.passed, 0

    def failing(alert: Alert, *more: Any) -> Any:
        nonlocal tries
        if alert.id == 7:
            tries += 1
            raise ZeroDivisionError("a mistake of ours")
        return passed(alert, *more)

    monkeypatch.setattr(unrecorded, "passed", failing)
    house.desk.follow([recorded(7), recorded(8)])
    for _ in range(5):
        house.forward(60 * SECOND // 4)
    eventually(lambda: [notice.alert["id"] for notice in house.got("sms", "escalate")] == [8])
    assert tries == 2


def test_a_siren_started_in_the_outage_ends_after_it_however_long_it_takes_to_tell_it(house: House) -> None:
    sounding = Step(60 * SECOND, (), ("siren",))
    house.people = lambda: directory(replace(FIRE, steps=(FIRE.steps[0], sounding)))
    house.desk.follow([recorded(7)])
    house.forward(60 * SECOND)
    eventually(lambda: bool(house.got("siren", "escalate")))
    house.far["siren"].fails = 3
    house.desk.clear()
    house.desk.clear()  # as after another, short outage: what is still to be ended stays so
    eventually(lambda: bool(house.got("siren", Purpose.CLEAR)))
    (on,), (off,) = house.got("siren", "escalate"), house.got("siren", "clear")
    assert on.code == off.code != "A7K"
    assert on.alert["id"] == off.alert["id"] == 0, "ending it must not end what the record has started"


def test_a_verdict_about_a_recorded_alert_befalls_that_alert_and_raises_no_other(house: House) -> None:
    taken = {"acknowledgement": Acknowledgement.PROMISED, "step_due_at": None}
    house.desk.follow([recorded(7, acknowledged_until=NOW + 5 * MINUTE, **taken)])
    assert house.desk.sound([verdict(), verdict(again=True, retained=True)], NOW) == []
    house.forward(SECOND)
    assert not house.far["sms"].tried
    batch = [verdict(again=True), verdict(Holds.NO, NOW + 1), verdict(moment=NOW + 2)]
    for turn in range(20):
        assert house.desk.sound(batch, NOW + 200 * turn) == []
    eventually(lambda: len(house.got("sms", "again")) == 2)
    assert {notice.code for notice in house.got("sms", "again")} == {"A7K"}
    assert house.desk.open() == [], "the wall shows it already"
    house.forward(61 * SECOND)
    eventually(lambda: len(house.got("sms", "escalate")) == 1)


def test_a_verdict_of_a_recorded_alert_that_our_own_code_fails_on_fills_no_log(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard, tries = unrecorded.heard, 0

    def failing(*given: Any) -> Any:
        nonlocal tries
        tries += 1
        raise ZeroDivisionError("a mistake of ours")

    house.desk.follow([recorded(7)])
    monkeypatch.setattr(unrecorded, "heard", failing)
    for turn in range(20):
        house.desk.sound([verdict(again=True), verdict(device="lab-gas")], NOW + 200 * turn)
    assert tries == 2
    monkeypatch.setattr(unrecorded, "heard", heard)
    house.desk.sound([verdict(device="lab-gas")], NOW + AGAIN)
    assert [entry.device for entry in house.desk.open()] == ["lab-gas"]


def test_what_the_desk_failed_on_ends_alone_with_its_siren(house: House) -> None:
    gas = verdict(device="lab-gas")
    house.desk.judged([verdict(), gas], [verdict(), gas], NOW)
    eventually(lambda: len(house.got("siren")) == 2)
    house.desk.judged([replace(gas, holds=Holds.NO)], [], NOW + SECOND)
    assert [entry.device for entry in house.desk.open()] == ["dorm-2-305-smoke"]
    eventually(lambda: len(house.got("siren", "clear")) == 1)
    (off,) = house.got("siren", "clear")
    assert off.code == next(one.code for one in house.got("siren") if one.alert["device"] == "lab-gas")


def test_what_the_desk_failed_on_is_offered_to_it_again_and_ends_when_it_is_recorded(house: House) -> None:
    house.desk.judged([verdict()], [verdict()], NOW)
    assert house.desk.to_offer(NOW + AGAIN - 1) == []
    assert house.desk.to_offer(NOW + AGAIN) == [verdict()]
    assert house.desk.to_offer(NOW + AGAIN + SECOND) == [], "not every turn"
    house.desk.climb(NOW + 60 * SECOND)
    eventually(lambda: len(house.got("sms", "escalate")) == 1)
    house.desk.follow([recorded(7)])
    assert house.desk.open() == []
    eventually(lambda: len(house.got("siren", "clear")) == 1)
    house.desk.climb(NOW + 10 * MINUTE)
    assert house.desk.to_offer(NOW + 10 * MINUTE) == []


def test_a_verdict_the_desk_did_not_fail_on_sounds_nothing_here(house: House) -> None:
    house.desk.judged([verdict(), verdict(device="lab-gas")], [verdict(device="lab-gas")], NOW)
    assert [entry.device for entry in house.desk.open()] == ["lab-gas"]
