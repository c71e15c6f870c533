"""Thinks. What the simulated devices say: the same every time, and understood by our own decoder."""

import json
import re
from itertools import pairwise

import pytest

from ingest.campus.kinds import METRICS, Form
from ingest.interval import expected_interval
from ingest.reading import TimeQuality
from tests.fakes.school import MINUTE, SEED, START, School
from tocsin.simulate.campus import build
from tocsin.simulate.habits import AWAY
from tocsin.simulate.scenarios import SCENARIOS
from tocsin.simulate.speech import Saying, Topics
from tocsin.simulate.stage import Stage


def told(seed: int, start: int, rate: float = 1.0, until: int = 10 * MINUTE) -> list[Saying]:
    """Ten minutes of a campus on which every scenario happens, asked for in uneven portions."""
    stage = Stage(build(seed, 300), seed, start, rate)
    said = stage.due(20_000)
    for number, name in enumerate(SCENARIOS):
        stage.play(name, (20 + 60 * number) * 1000)
        said += stage.due((50 + 60 * number) * 1000)
    return said + stage.due(until)


def timeless(payload: bytes) -> bytes:
    times = rb'"(boot|time|response_time|uptime_sec)":("[^"]*"|\d+)'
    return re.sub(times, rb'"\1":0', payload)


def test_the_same_seed_tells_the_same_story_byte_for_byte():
    assert told(SEED, START) == told(SEED, START)


def test_only_boot_and_time_depend_on_when_the_story_is_told():
    today, tomorrow = told(SEED, START), told(SEED, START + 86_400_000)
    assert today != tomorrow
    stripped = [[s._replace(payload=timeless(s.payload)) for s in story] for story in (today, tomorrow)]
    assert stripped[0] == stripped[1]


def test_another_seed_tells_another_story():
    assert told(SEED, START) != told(SEED + 1, START)


def test_the_story_is_the_same_however_often_one_asks():
    often, once = Stage(build(SEED, 300), SEED, START), Stage(build(SEED, 300), SEED, START)
    said = [saying for offset in range(0, 3 * MINUTE, 70) for saying in often.due(offset)]
    assert said == once.due(3 * MINUTE // 70 * 70)


def test_every_message_is_understood_and_every_word_is_one_of_the_vocabulary():
    school = School()
    readings = school.pass_time(20_000)
    for number, name in enumerate(SCENARIOS):
        school.stage.play(name, 20_000 + 200_000 * number)
        readings += school.pass_time(20_000 + 200_000 * (number + 1))
    assert school.rejected == []
    assert all(reading.note == "" for reading in readings)
    for reading in readings:
        metric = METRICS[reading.metric]
        if metric.form is Form.NUMBER:
            assert isinstance(reading.value, float)
            assert metric.low <= reading.value <= metric.high
        else:
            assert reading.value in metric.words
    heard = {reading.device for reading in readings}
    assert heard | {"gw-library", "tocsin"} == set(school.registry.devices)


def test_gateways_are_heard_by_their_births_and_their_wills():
    school = School()
    for gateway in school.stage.gateways():
        (online,) = school.hear(school.stage.births(gateway, 0)[0])
        (offline,) = school.hear(Saying(0, gateway.id, *school.stage.will(gateway)))
        assert (online.device, online.metric, online.value) == (gateway.id, "link", "online")
        assert (offline.device, offline.metric, offline.value) == (gateway.id, "link", "offline")
    assert school.rejected == []


def test_the_zigbee_bridge_tells_of_each_of_its_devices():
    school = School()
    bridge = next(g for g in school.stage.gateways() if g.id == "gw-library")
    births = school.stage.births(bridge, 0)
    heard = [reading.device for birth in births for reading in school.hear(birth)]
    assert sorted(heard) == sorted(d.id for d in school.campus.devices if d.dialect == "zigbee2mqtt")
    assert all(birth.retain and birth.qos == 1 for birth in births)


def test_a_demo_lives_within_a_minute_and_a_slow_campus_is_still_supervised():
    assert len({saying.topic for saying in School().stage.due(MINUTE)}) >= 300
    slow = School(rate=0.001)
    slow.pass_time(3 * 3600 * 1000)
    moments: dict[str, list[int]] = {}
    for saying in slow.sayings:
        moments.setdefault(saying.topic, []).append(saying.offset)
    for device in slow.campus.devices:
        own = [0, *moments.get(f"campus/{device.id}/reading", ())]
        allowed = expected_interval(slow.registry.devices[device.id]) * 1000
        if len(own) > 1 and device.id != slow.campus.flaky:
            assert max(after - before for before, after in pairwise(own)) < allowed


def test_the_rate_multiplies_the_heartbeats():
    usual = len(Stage(build(SEED, 300), SEED, START).due(20 * MINUTE))
    tenfold = len(Stage(build(SEED, 300), SEED, START, rate=10).due(20 * MINUTE))
    assert 8 < tenfold / usual < 11


def test_an_event_is_never_retained_and_zigbee_states_never_are():
    for saying in told(SEED, START, rate=10):
        values = json.loads(saying.payload).get("values", {})
        assert not (saying.retain and {"press", "self_test"} & set(values))
        if saying.topic.startswith("zigbee2mqtt/") and "/bridge/" not in saying.topic:
            assert (saying.qos, saying.retain) == (0, False)


def test_sequence_numbers_rise_by_one_and_a_repeat_has_the_number_and_the_bytes_of_its_original():
    repeats = 0
    last: dict[str, tuple[int, bytes]] = {}
    for saying in told(SEED, START, rate=10):
        message = json.loads(saying.payload)
        if "seq" not in message:
            continue
        before = last.get(saying.topic)
        if before and message["seq"] == before[0]:
            assert saying.payload == before[1]
            repeats += 1
        elif before and message["seq"] != 1:
            assert message["seq"] == before[0] + 1
        last[saying.topic] = (message["seq"], saying.payload)
    assert repeats > 10


def test_one_device_has_a_wrong_clock_and_only_that_one_is_found_out():
    school = School()
    readings = school.pass_time(3 * MINUTE)
    wrong = {r.device for r in readings if r.time_quality is TimeQuality.IMPLAUSIBLE}
    assert wrong == {school.campus.wrong_clock}
    assert {r.time_quality for r in readings} == set(TimeQuality) - {TimeQuality.HISTORIC}


def test_the_flaky_device_drops_out_for_longer_than_supervision_allows_and_returns():
    school = School()
    readings = [r for r in school.pass_time(15 * MINUTE) if r.device == school.campus.flaky]
    gone, back, _ = AWAY
    assert not [r for r in readings if gone * 1000 <= r.received - START < back * 1000]
    assert [r for r in readings if r.received - START > back * 1000]
    assert back - gone > 1.5 * expected_interval(school.registry.devices[school.campus.flaky])


def test_one_battery_runs_low_within_a_quarter_of_an_hour_and_no_other_does():
    school = School()
    low = {r.device for r in school.pass_time(15 * MINUTE) if (r.metric, r.value) == ("battery_low", "low")}
    assert low == {school.campus.weak}


@pytest.mark.parametrize("base", ["campus", "site/north"])
def test_topics_lie_under_the_bases_asked_for(base):
    stage = Stage(build(SEED, 60), SEED, START, topics=Topics(base, "z"))
    assert all(saying.topic.startswith((f"{base}/", "z/")) for saying in stage.due(MINUTE))
