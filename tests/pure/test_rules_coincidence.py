"""Thinks. What a coincidence promises: two detectors of one zone raise further, and hold nothing back."""

import msgspec
import pytest

from ingest.campus.device import Device, Place, Zone
from ingest.campus.registry import Registry
from rules.memory import Memories, Memory
from rules.verdict import Holds
from tests.fakes.engine import Engine, reading, rule

HALL = Registry.build(
    places=[Place("campus", "校园", "Campus"), Place("hall", "礼堂", "Hall", "campus")],
    zones=[Zone("z1", "一区", "Zone 1"), Zone("z2", "二区", "Zone 2")],
    devices=[
        *(Device(f"smoke-{n}", "smoke_detector", "hall", zone="z1") for n in range(1, 5)),
        Device("far", "smoke_detector", "hall", zone="z2"),
        Device("loose", "smoke_detector", "hall"),
        Device("call-1", "call_point", "hall", zone="z1"),
        Device("panic-1", "panic_button", "hall", zone="z1"),
    ],
)
FIRE = "{metric: [smoke, heat], is: [alarm], devices: 2, within: 5m}"
M = 60_000


def confirmed(**more: str) -> Engine:
    return Engine(rule(FIRE, "alarm", **more), registry=HALL)


def hear(engine: Engine, device: str, word: str, at: int, metric: str = "smoke", **more) -> list:
    return engine.take(reading(device, metric, word, at, **more))


def test_two_detectors_of_one_zone_confirm_and_both_are_the_evidence():
    engine = confirmed()
    assert hear(engine, "smoke-1", "alarm", 1000) == []
    (verdict,) = hear(engine, "smoke-2", "alarm", 9000)
    assert (verdict.holds, verdict.subject, verdict.device) == (Holds.YES, "z1", "smoke-2")
    assert (verdict.moment, verdict.life_safety) == (9000, True)
    assert [(one.device, one.metric, one.value, one.received) for one in verdict.evidence] == [
        ("smoke-1", "smoke", "alarm", 1000),
        ("smoke-2", "smoke", "alarm", 9000),
    ]


def test_one_detector_however_often_and_by_whichever_sensor_confirms_nothing():
    engine = confirmed()
    assert hear(engine, "smoke-1", "alarm", 0) == []
    assert hear(engine, "smoke-1", "alarm", 1, metric="heat") == []
    assert hear(engine, "smoke-1", "normal", 2) + hear(engine, "smoke-1", "alarm", 3) == []


def test_another_zone_and_a_detector_of_no_zone_confirm_nothing():
    engine = confirmed()
    told = [v for name in ("smoke-1", "far", "loose") for v in hear(engine, name, "alarm", 1)]
    assert told == []


def test_an_alarm_that_ended_counts_for_the_time_given_and_no_longer():
    for later, told in ((5 * M, []), (5 * M - 1, [Holds.YES])):
        engine = confirmed()
        hear(engine, "smoke-1", "alarm", 0)
        hear(engine, "smoke-1", "normal", 1000)
        assert [v.holds for v in hear(engine, "smoke-2", "alarm", 1000 + later)] == told


def test_an_alarm_that_stands_counts_however_old_it_is():
    engine = confirmed()
    hear(engine, "smoke-1", "alarm", 0)
    assert len(hear(engine, "smoke-2", "alarm", 10**9)) == 1


def test_a_detector_that_burns_through_still_counts():
    engine = confirmed()
    hear(engine, "smoke-1", "alarm", 0)
    hear(engine, "smoke-1", "fault", 1000)
    assert len(hear(engine, "smoke-2", "alarm", 10**9)) == 1


def test_it_ends_when_too_few_count_and_leaves_nothing_behind():
    engine = confirmed()
    hear(engine, "smoke-1", "alarm", 0)
    hear(engine, "smoke-2", "alarm", 1000)
    assert hear(engine, "smoke-1", "normal", 2000) == []
    (normal,) = engine.pass_time(10**7)
    assert (normal.holds, normal.moment) == (Holds.NO, 2000 + 5 * M)
    hear(engine, "smoke-2", "normal", 10**7)
    engine.pass_time(10**8)
    assert len(engine.memories) == 0


def test_each_further_device_joins_the_evidence_and_raises_no_second_alert():
    engine = confirmed()
    hear(engine, "smoke-1", "alarm", 0)
    hear(engine, "smoke-2", "alarm", 1)
    (third,) = hear(engine, "smoke-3", "alarm", 2)
    assert (third.holds, third.again, len(third.evidence)) == (Holds.YES, False, 3)
    assert hear(engine, "smoke-3", "alarm", 3) == []


def test_an_on_delay_holds_back_only_the_confirmation():
    engine = confirmed(on_delay="30s")
    hear(engine, "smoke-1", "alarm", 0)
    assert hear(engine, "smoke-2", "alarm", 1000) == []
    (verdict,) = engine.pass_time(10**6)
    assert (verdict.holds, verdict.moment, verdict.since) == (Holds.YES, 31_000, 1000)
    assert [one.device for one in verdict.evidence] == ["smoke-1", "smoke-2"]


def test_presses_count_from_when_they_happened():
    engine = Engine(
        rule("{metric: press, happens: [alarm], devices: 2, within: 1m}", subject="place"),
        registry=Registry.build(
            devices=[Device(name, "panic_button", "campus") for name in ("a", "b", "c")],
        ),
    )
    assert hear(engine, "a", "alarm", 100_000, metric="press", event_time=30_000) == []  # a minute ago
    assert hear(engine, "b", "alarm", 100_000, metric="press") == []
    (verdict,) = hear(engine, "c", "alarm", 159_999, metric="press")
    assert verdict.subject == "campus"


def test_a_zone_that_a_detector_left_is_not_confirmed_by_it():
    engine = confirmed()
    hear(engine, "smoke-1", "alarm", 0)
    moved = {d.id: d for d in HALL.devices.values()} | {
        "smoke-1": msgspec.structs.replace(HALL.devices["smoke-1"], zone="z2")
    }
    engine.registry = Registry(dict(HALL.places), dict(HALL.zones), moved)
    assert hear(engine, "smoke-2", "alarm", 1) == []
    assert [v.subject for v in hear(engine, "far", "alarm", 2)] == ["z2"]


@pytest.mark.parametrize("order", [("smoke-1", "smoke-2", "smoke-3"), ("smoke-3", "smoke-1", "smoke-2")])
def test_a_restart_between_two_detectors_changes_nothing(order):
    straight, restarted = confirmed(on_delay="5s"), confirmed(on_delay="5s")
    told, again = [], []
    for at, name in enumerate(order):
        told += hear(straight, name, "alarm", at * 3000)
        again += hear(restarted, name, "alarm", at * 3000)
        rows = msgspec.convert(msgspec.to_builtins(list(restarted.memories)), list[Memory])
        restarted.memories = Memories(rows)
    assert told + straight.pass_time(10**6) == again + restarted.pass_time(10**6)
