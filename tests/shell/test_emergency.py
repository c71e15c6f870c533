"""The in-memory desk: when nothing can be written, a fire still sounds (P6)."""

import threading
import time
from collections.abc import Callable, Iterator

import pytest

from alerts import emergency
from alerts.channels.channel import ChannelError, Notice, Receipt
from alerts.emergency import Emergency
from alerts.people import Directory, Match, Policy, Step, Target
from rules.verdict import Holds
from tests.fakes.campus import FIRE, NOW, SECOND, directory, registry, verdict


class Far:
    """The far end of a channel: keeps what arrives, fails or hangs when told to."""

    workers = 1

    def __init__(self, name: str) -> None:
        self.name = name
        self.got: list[Notice] = []
        self.fails = 0
        self.permanent = False
        self.hang: threading.Event | None = None

    def send(self, notice: Notice) -> Receipt:
        if self.hang is not None:
            self.hang.wait(20)
        if self.fails:
            self.fails -= 1
            raise ChannelError("the gateway is down", self.permanent)
        self.got.append(notice)
        return Receipt()


class House:
    def __init__(self) -> None:
        self.far = {name: Far(name) for name in ("sms", "push", "siren")}
        self.people: Callable[[], Directory] = directory
        self.shown = 0
        self.desk = Emergency(self.far, lambda: self.people(), registry, self._shown)

    def _shown(self) -> None:
        self.shown += 1


@pytest.fixture
def house(monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    monkeypatch.setattr(emergency, "PAUSE", 0.01)
    made = House()
    yield made
    made.desk.stop()


def eventually(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not true():
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.005)


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


def test_after_the_outage_the_list_is_empty_and_a_new_outage_sounds_anew(house: House) -> None:
    (first,) = house.desk.sound([verdict()], NOW)
    house.desk.clear()
    assert house.desk.open() == []
    (second,) = house.desk.sound([verdict()], NOW + SECOND)
    assert first.code != second.code
    eventually(lambda: len(house.far["siren"].got) == 2)
    assert len({notice.key for notice in house.far["siren"].got}) == 2  # no gateway may take it for a repeat


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


def test_a_gateway_that_fails_is_tried_again_and_a_number_that_is_dead_is_not(house: House) -> None:
    house.far["siren"].fails = 2
    house.far["push"].fails, house.far["push"].permanent = 1, True
    house.desk.sound([verdict()], NOW)
    eventually(lambda: len(house.far["siren"].got) == 1 and house.far["push"].fails == 0)
    assert house.far["push"].got == []


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

    def broken() -> Directory:
        raise RuntimeError("no directory")

    house.people = broken
    assert len(house.desk.sound([verdict(device="lab-gas")], NOW)) == 1


def test_the_policy_of_the_fire_decides_who_is_told(house: House) -> None:
    assert FIRE.steps[1].notify == (Target("person", "principal"),)
    house.desk.sound([verdict()], NOW)
    eventually(lambda: len(house.far["sms"].got) == 2)
    assert {notice.person for notice in house.far["sms"].got} == {"li-wei", "wang-fang"}
